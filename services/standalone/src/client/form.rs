//! A form from a file: proto JSON of `SubmitApplicationRequest`, as `grpcurl -d @` takes it.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use prost_reflect::{DeserializeOptions, DynamicMessage};
use proto::v1;

use super::json;
use crate::program::Failure;

/// Bytes of a file that are read: what the server would take at most.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// Reads the request from a file, `-` for standard input.
///
/// # Errors
/// [`Failure::Usage`] with the place, if the file cannot be read, is not JSON, or has a field that no form has.
pub fn read(path: &Path) -> Result<v1::SubmitApplicationRequest, Failure> {
    let named = path.display().to_string();
    let unreadable = |error: io::Error| Failure::Usage(format!("{named}: 无法读取 / cannot be read: {error}"));
    let source: Box<dyn Read> =
        if named == "-" { Box::new(io::stdin()) } else { Box::new(fs::File::open(path).map_err(unreadable)?) };
    // One byte more, so that a file that is cut off is not mistaken for one that ends there.
    let mut bytes = Vec::new();
    source.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::Usage(format!("{named}: 超过 8 MiB,不是申请表 / has more than 8 MiB: not a form")));
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| unreadable(io::Error::new(io::ErrorKind::InvalidData, error.utf8_error())))?;
    parse(&named, &text)
}

fn parse(named: &str, text: &str) -> Result<v1::SubmitApplicationRequest, Failure> {
    let wrong = |error: serde_json::Error| {
        // serde_json says the place at the end of its sentence; people look for it in front.
        let what = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let what = what.strip_suffix(&place).unwrap_or(&what).to_owned();
        let kind = if error.is_syntax() || error.is_eof() {
            "不是有效的 JSON / not JSON"
        } else {
            "申请表有误 / not a form"
        };
        Failure::Usage(format!("{named}:{}:{}: {kind}: {what}", error.line(), error.column()))
    };
    // Some editors put a mark in front that says nothing here.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let descriptor = json::descriptor("yijian.v1.SubmitApplicationRequest");
    let dynamic = DynamicMessage::deserialize_with_options(descriptor, &mut deserializer, &options).map_err(wrong)?;
    deserializer.end().map_err(wrong)?;
    dynamic.transcode_to().map_err(|error| Failure::Usage(format!("{named}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        match parse("form.json", text) {
            Err(Failure::Usage(words)) => words,
            Err(Failure::Refused(words)) => panic!("not a matter of usage: {words}"),
            Ok(_) => panic!("taken: {text}"),
        }
    }

    /// If this fails, who mistypes a field's name files a form without it and is told something else.
    #[test]
    fn a_file_that_is_no_form_is_refused_with_the_place() {
        let words = refused("{\n  \"idempotency_key\": \"k\",\n  \"birth\": { \"aera\": \"340104\" }\n}");
        assert!(words.starts_with("form.json:3:") && words.contains("aera"), "{words}");
        let words = refused("{\n  idempotency_key\n}");
        assert!(words.starts_with("form.json:2:") && words.contains("JSON"), "{words}");
        let words = refused("{ \"channel\": \"CHANNEL_PIGEON\" }");
        assert!(words.starts_with("form.json:1:") && words.contains("not a form"), "{words}");
        assert!(refused("").contains("not JSON"));
        assert!(refused("{} {}").contains("not JSON"));
    }

    /// If this fails, who files a form that is far too large is told of a mistake in the middle of it that is not there.
    #[test]
    fn a_file_that_is_too_large_is_told_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("large.json");
        fs::write(&path, vec![b' '; usize::try_from(FILE_BYTES_MAX).expect("megabytes") + 1]).expect("written");
        let Err(Failure::Usage(words)) = read(&path) else { panic!("not refused") };
        assert!(words.contains("8 MiB"), "{words}");
    }

    /// If this fails, a form that an editor of Windows has saved is "not JSON" at a place where nothing is to be seen.
    #[test]
    fn a_byte_order_mark_is_passed_over() {
        assert!(parse("form.json", "\u{FEFF}{}").is_ok());
    }

    /// If this fails, a form that grpcurl takes is refused here.
    #[test]
    fn both_spellings_of_proto_json_are_taken() {
        for text in [
            r#"{"idempotency_key": "k", "birth": {"area": "340104", "children": [{"born_at": "2026-01-01T00:00"}]}}"#,
            r#"{"idempotencyKey": "k", "birth": {"area": "340104", "children": [{"bornAt": "2026-01-01T00:00"}]}}"#,
        ] {
            let request = parse("form.json", text).map_err(|failure| format!("{failure:?}")).expect("a form");
            let Some(v1::submit_application_request::Form::Birth(form)) = request.form else { panic!("no form") };
            assert_eq!((&*request.idempotency_key, &*form.children[0].born_at), ("k", "2026-01-01T00:00"));
        }
    }
}
