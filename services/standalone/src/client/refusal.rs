//! A server's refusal in words for a terminal: the sentence, then one line for each violation.

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::program::Failure;

/// A refusal in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The lines.
    pub text: String,
    /// What gRPC calls it.
    pub code: Code,
}

impl From<Status> for Words {
    fn from(status: Status) -> Self {
        let mut lines = vec![match status.code() {
            Code::Unavailable => {
                format!("无法连接服务,或服务正在停止 / the server cannot be reached: {}", status.message())
            }
            _ => status.message().to_owned(),
        }];
        if let Some(request) = status.get_details_bad_request() {
            let width = request.field_violations.iter().map(|violation| violation.field.chars().count()).max();
            for violation in request.field_violations {
                lines.push(format!(
                    "  {:width$}  {}",
                    violation.field,
                    violation.description,
                    width = width.unwrap_or(0)
                ));
            }
        }
        if let Some(case) = status.get_details_error_info().and_then(|info| info.metadata.get("case_id").cloned()) {
            lines.push(format!("  办件 / case  {case}"));
        }
        if let Some(delay) = status.get_details_retry_info().and_then(|info| info.retry_delay) {
            lines.push(format!("  {} 秒后再试 / try again in {} s", delay.as_secs(), delay.as_secs()));
        }
        Words { text: lines.join("\n"), code: status.code() }
    }
}

impl From<Words> for Failure {
    fn from(words: Words) -> Self {
        Failure::Refused(words.text)
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::{ErrorDetails, FieldViolation};

    use super::*;

    /// If this fails, who filed a form with three mistakes learns of none of them.
    #[test]
    fn every_violation_has_its_line() {
        let mut details = ErrorDetails::new();
        details.set_bad_request(vec![
            FieldViolation::new("mother.id_number", "ID-004 · 校验码错误 · wrong check digit"),
            FieldViolation::new("channel", "YJ-FORM-14 · 未选择 · must be chosen"),
        ]);
        let status = Status::with_error_details(Code::InvalidArgument, "YJ-0201 · 请求有误 · violations", details);
        let words = Words::from(status).text;
        let lines: Vec<&str> = words.lines().collect();
        assert_eq!(lines[0], "YJ-0201 · 请求有误 · violations");
        assert_eq!(lines[1], "  mother.id_number  ID-004 · 校验码错误 · wrong check digit");
        assert_eq!(lines[2], "  channel           YJ-FORM-14 · 未选择 · must be chosen");
    }
}
