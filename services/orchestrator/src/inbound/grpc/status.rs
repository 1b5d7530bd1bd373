//! The one place in which refusals become gRPC statuses.
//!
//! Each has a code with a page in `docs/errors`, said in the message and in `google.rpc.ErrorInfo`; a form's violations
//! follow as `google.rpc.BadRequest`. Internal detail is logged here and not returned.

use std::{collections::HashMap, error::Error, time::Duration};

use saga::Objection;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};
use uuid::Uuid;

use crate::{
    coordinator::work::Rejected,
    inbound::form::{Violation, Violations},
    store::{self, PublicId},
};

/// Whose codes they are.
const DOMAIN: &str = "yijian";

/// Bytes of field violations in one answer. They travel in the trailers, for which common clients allow 16 KiB in
/// base64 (a third more), message and framing included.
const VIOLATION_BYTES_MAX: usize = 9_000;

/// When to come back after an overload. The coordinator's queue holds about two seconds of work.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a call is not answered as it was asked.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The form or the request breaks rules.
    Invalid(Violations),
    /// The idempotency key belongs to another form or act.
    KeyTaken,
    /// The child has a live case, named since the form names the same mother.
    ChildLive(PublicId),
    /// Too much is waiting.
    Overloaded,
    /// The service is shutting down.
    Stopping,
    /// There is no such thing.
    NotFound(Missing),
    /// The case cannot be read; an operator has been told.
    Quarantined,
    /// Something of ours failed.
    Internal(Box<dyn Error + Send + Sync>),
    /// The task has been answered.
    TaskAnswered,
    /// The actor is not the one who is asked.
    WrongPerson,
    /// The task has another version by now.
    OldVersion(u32),
    /// The task's time is over.
    TaskOver,
    /// The saga does not take it as it stands.
    Objection(Objection),
}

/// What was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Case,
    Application,
    Task,
    /// A message to a person.
    Message,
    Step,
    Department,
    /// A procedure of the case's pack.
    Procedure,
    /// A policy pack.
    Pack,
}

impl Refusal {
    /// A single violation of a request.
    pub(crate) fn invalid(field: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Invalid(Violations::one(field, "YJ-0209", zh, en))
    }

    /// Its code, with a page in `docs/errors`.
    pub(crate) fn code(&self) -> &'static str {
        self.told().1
    }

    /// The status, the code, and the sentence in both languages.
    fn told(&self) -> (Code, &'static str, &'static str, &'static str) {
        match self {
            Self::Invalid(_) => (
                Code::InvalidArgument,
                "YJ-0201",
                "请求有误,逐项见详情",
                "the request has violations, each in the details",
            ),
            Self::KeyTaken => (
                Code::AlreadyExists,
                "YJ-0202",
                "幂等键已用于另一请求",
                "the idempotency key belongs to another request",
            ),
            Self::ChildLive(_) => (Code::AlreadyExists, "YJ-0203", "该婴儿已有在办件", "this child has a live case"),
            Self::Overloaded => {
                (Code::ResourceExhausted, "YJ-0204", "系统繁忙,请稍后再试", "overloaded: try again later")
            }
            Self::Stopping => (Code::Unavailable, "YJ-0205", "服务正在停止", "the service is stopping"),
            Self::NotFound(missing) => {
                let (zh, en) = missing.told();
                (Code::NotFound, "YJ-0206", zh, en)
            }
            Self::Internal(_) => (Code::Internal, "YJ-0207", "内部错误", "internal error"),
            Self::Quarantined => (
                Code::Internal,
                "YJ-0208",
                "办件无法读取,已通知运维",
                "the case cannot be read; operators have been told",
            ),
            Self::TaskAnswered => (Code::FailedPrecondition, "YJ-0211", "该待办已答复", "the task has been answered"),
            Self::WrongPerson => {
                (Code::PermissionDenied, "YJ-0212", "操作人与办件不符", "not the person who may do this")
            }
            Self::OldVersion(_) => {
                (Code::FailedPrecondition, "YJ-0213", "该待办已有新版本", "the task has another version by now")
            }
            Self::TaskOver => (Code::FailedPrecondition, "YJ-0214", "该待办已过期或已关闭", "the task is over"),
            Self::Objection(objection) => objected(*objection),
        }
    }

    fn metadata(&self) -> HashMap<String, String> {
        let (_, code, ..) = self.told();
        let mut metadata = HashMap::from([("page".to_owned(), format!("docs/errors/{code}.md"))]);
        match self {
            Self::ChildLive(case) => {
                metadata.insert("case_id".to_owned(), Uuid::from_bytes(*case).to_string());
            }
            Self::OldVersion(current) => {
                metadata.insert("current_version".to_owned(), current.to_string());
            }
            Self::Objection(Objection::OtherRevision { current }) => {
                metadata.insert("current_revision".to_owned(), current.to_string());
            }
            Self::Objection(Objection::Ending(ending)) => {
                metadata.insert("ending".to_owned(), super::view::ending_word(*ending).to_owned());
            }
            _ => {}
        }
        metadata
    }
}

impl Missing {
    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Case => ("没有此办件", "no such case"),
            Self::Application => ("没有此申请", "no such application"),
            Self::Message => ("没有此通知", "no such message"),
            Self::Task => ("没有此待办", "no such task"),
            Self::Step => ("没有此环节", "no such step"),
            Self::Department => ("没有此部门", "no such department"),
            Self::Procedure => ("该办件的政策包没有此程序", "the case's pack has no such procedure"),
            Self::Pack => ("没有此政策包", "no such policy pack"),
        }
    }
}

fn objected(objection: Objection) -> (Code, &'static str, &'static str, &'static str) {
    let (code, zh, en) = match objection {
        Objection::Ended => ("YJ-0215", "办件已办结", "the case has ended"),
        Objection::Ending(_) => ("YJ-0216", "办件正在终止", "the case is ending"),
        Objection::OtherRevision { .. } => ("YJ-0217", "指令所指的版本不是当前版本", "another revision is under way"),
        Objection::NotWaiting => ("YJ-0218", "该环节当前不接受此操作", "the step waits for nothing of the kind"),
        Objection::Finished => ("YJ-0219", "该环节已办成或已撤销", "the step has succeeded or was compensated"),
        Objection::TooManyRevisions => ("YJ-0220", "该环节重办次数已达上限", "the step was tried too often"),
        Objection::Started => ("YJ-0221", "办件已经开始", "the case has been started before"),
        Objection::Followed => ("YJ-0222", "后续环节已在办理", "what follows the step is already under way"),
        Objection::SamePerson => {
            ("YJ-0224", "同一人不得办理同一事项的两级审核", "no one acts at two levels of one review")
        }
        Objection::Silent => {
            ("YJ-0225", "已登记身故,不再自动发送通知", "a death was reported: no message is sent by a machine")
        }
        Objection::Frozen => ("YJ-0223", "办件已冻结", "the case is frozen"),
    };
    (Code::FailedPrecondition, code, zh, en)
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let (status, code, zh, en) = refusal.told();
        let mut details = ErrorDetails::with_error_info(code, DOMAIN, refusal.metadata());
        match &refusal {
            Refusal::Invalid(violations) => {
                details.set_bad_request(fields(&violations.0));
            }
            Refusal::Overloaded => {
                details.set_retry_info(Some(RETRY_AFTER));
            }
            Refusal::Internal(error) => {
                let error: &(dyn Error + 'static) = &**error;
                tracing::error!(error, "{code} 请求未能完成 / a call could not be answered");
            }
            _ => {}
        }
        Status::with_error_details(status, format!("{code} · {zh} · {en}"), details)
    }
}

/// As many as the answer has room for; how many more there are, where there are.
fn fields(violations: &[Violation]) -> Vec<FieldViolation> {
    let mut told = Vec::new();
    let mut room = VIOLATION_BYTES_MAX;
    for violation in violations {
        let description = format!("{} · {} · {}", violation.code, violation.zh, violation.en);
        let size = violation.field.len() + description.len() + 8;
        if size > room {
            let more = violations.len() - told.len();
            told.push(FieldViolation::new("", format!("YJ-FORM-00 · 另有{more}处 · {more} more")));
            break;
        }
        room -= size;
        told.push(FieldViolation::new(violation.field.clone(), description));
    }
    told
}

impl From<Violations> for Refusal {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl From<Rejected> for Refusal {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Overloaded => Self::Overloaded,
            Rejected::Stopping => Self::Stopping,
        }
    }
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Closed => Self::Stopping,
            store::Error::Database { .. } | store::Error::Damaged { .. } => Self::Internal(Box::new(error)),
        }
    }
}

impl From<Objection> for Refusal {
    fn from(objection: Objection) -> Self {
        Self::Objection(objection)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use saga::event::Ending;

    use super::*;

    fn all() -> Vec<Refusal> {
        let objections = [
            Objection::Ended,
            Objection::Ending(Ending::Withdrawn),
            Objection::OtherRevision { current: 2 },
            Objection::NotWaiting,
            Objection::Finished,
            Objection::TooManyRevisions,
            Objection::Started,
            Objection::Followed,
            Objection::Frozen,
            Objection::SamePerson,
            Objection::Silent,
        ];
        let mut all = vec![
            Refusal::invalid("field", "", ""),
            Refusal::KeyTaken,
            Refusal::ChildLive([0; 16]),
            Refusal::Overloaded,
            Refusal::Stopping,
            Refusal::NotFound(Missing::Case),
            Refusal::Quarantined,
            Refusal::Internal("a secret detail".into()),
            Refusal::TaskAnswered,
            Refusal::WrongPerson,
            Refusal::OldVersion(2),
            Refusal::TaskOver,
        ];
        all.extend(objections.map(Refusal::Objection));
        all
    }

    /// Whoever looks up a code would find no page, or two meanings under one code.
    #[test]
    fn each_refusal_has_a_code_of_its_own_with_a_page() {
        let mut codes: Vec<&str> = all().iter().map(Refusal::code).collect();
        for code in &codes {
            let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/errors/{code}.md"));
            assert!(page.is_file(), "{code} has no page");
        }
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    /// The database's own words, a path or a statement, would otherwise reach every caller.
    #[test]
    fn internal_detail_is_not_returned() {
        let status = Status::from(Refusal::Internal("a secret detail".into()));
        let told = format!("{:?} {:?}", status, status.get_error_details());
        assert_eq!(status.code(), Code::Internal);
        assert!(!told.contains("secret") && !String::from_utf8_lossy(status.details()).contains("secret"), "{told}");
    }

    /// An operator would otherwise have to ask which revision to name, and a caller why the case does not go on.
    #[test]
    fn a_refusal_names_what_the_caller_needs_next() {
        let metadata = |refusal: Refusal, name: &str| {
            let info = Status::from(refusal).get_details_error_info().expect("said");
            assert_eq!(info.domain, DOMAIN);
            info.metadata.get(name).cloned()
        };
        let other = Refusal::Objection(Objection::OtherRevision { current: 7 });
        assert_eq!(metadata(other, "current_revision").as_deref(), Some("7"));
        assert_eq!(metadata(Refusal::OldVersion(3), "current_version").as_deref(), Some("3"));
        let ending = Refusal::Objection(Objection::Ending(Ending::Expired));
        assert_eq!(metadata(ending, "ending").as_deref(), Some("expired"));
        assert_eq!(metadata(Refusal::KeyTaken, "page").as_deref(), Some("docs/errors/YJ-0202.md"));
    }
}
