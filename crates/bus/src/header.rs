//! The headers of a message: W3C trace context, and the attributes of the CloudEvents Kafka binding.
//!
//! Made for the hot path: names are static, and values that repeat (source, type) are made once by the caller and shared.
//! Nothing here may be personal data: headers are not sealed.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use crate::Header;

/// W3C trace context, level 1.
pub const TRACEPARENT: &str = "traceparent";
/// CloudEvents: the event's id, unique within its source.
pub const CE_ID: &str = "ce_id";
/// CloudEvents: who sent it.
pub const CE_SOURCE: &str = "ce_source";
/// CloudEvents: what kind of event it is.
pub const CE_TYPE: &str = "ce_type";
/// CloudEvents: the version of the specification.
pub const CE_SPECVERSION: &str = "ce_specversion";
/// CloudEvents: what within the source it is about; here the step.
pub const CE_SUBJECT: &str = "ce_subject";
/// CloudEvents' `datacontenttype`, which the Kafka binding (binary mode) carries under this name.
pub const CONTENT_TYPE: &str = "content-type";

/// The attributes of one message in CloudEvents' words.
#[derive(Clone, Debug)]
pub struct CloudEvent {
    /// The command's, reply's or notice's id, e.g. by [`hexadecimal`].
    pub id: Bytes,
    /// Who sends it, e.g. `/orchestrator/yijian` or `/department/340000.police`.
    pub source: Bytes,
    /// What it is, e.g. `yijian.bus.v1.Command`.
    pub kind: Bytes,
    /// The step, where there is one; never a person.
    pub subject: Option<Bytes>,
}

impl CloudEvent {
    /// The headers of a protobuf message in the binding's binary mode, with the trace context first if there is one.
    pub fn headers(self, trace: Option<TraceParent>) -> Vec<Header> {
        let mut headers = Vec::with_capacity(7);
        if let Some(trace) = trace {
            headers.push(header(TRACEPARENT, trace.to_bytes()));
        }
        headers.push(header(CE_SPECVERSION, Bytes::from_static(b"1.0")));
        headers.push(header(CE_ID, self.id));
        headers.push(header(CE_SOURCE, self.source));
        headers.push(header(CE_TYPE, self.kind));
        if let Some(subject) = self.subject {
            headers.push(header(CE_SUBJECT, subject));
        }
        headers.push(header(CONTENT_TYPE, Bytes::from_static(b"application/protobuf")));
        headers
    }
}

/// A header with a static name.
pub fn header(name: &'static str, value: Bytes) -> Header {
    Header { name: Cow::Borrowed(name), value }
}

/// A name as read from the wire: without an allocation if it is one of ours.
pub(crate) fn name(text: &str) -> Cow<'static, str> {
    let ours = [TRACEPARENT, CE_SPECVERSION, CE_ID, CE_SOURCE, CE_TYPE, CE_SUBJECT, CONTENT_TYPE];
    ours.into_iter().find(|known| *known == text).map_or_else(|| Cow::Owned(text.to_owned()), Cow::Borrowed)
}

/// The value of the first header of this name.
pub fn find<'a>(headers: &'a [Header], name: &str) -> Option<&'a Bytes> {
    headers.iter().find(|header| header.name == name).map(|header| &header.value)
}

/// Bytes as lower-case hexadecimal digits: the form of an id in a header.
pub fn hexadecimal(bytes: &[u8]) -> Bytes {
    let mut digits = Vec::with_capacity(bytes.len() * 2);
    push_hexadecimal(&mut digits, bytes);
    digits.into()
}

fn push_hexadecimal(digits: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        digits.push(DIGITS[usize::from(byte >> 4)]);
        digits.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// A W3C `traceparent` of version 00.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The whole case's trace; not all zeros.
    pub trace: [u8; 16],
    /// The span that sent the message; not all zeros.
    pub parent: [u8; 8],
    /// Whether the sender records this trace.
    pub sampled: bool,
}

impl TraceParent {
    /// Its form in a header: `00-<32 digits>-<16 digits>-<2 digits>`.
    pub fn to_bytes(self) -> Bytes {
        let mut text = Vec::with_capacity(55);
        text.extend_from_slice(b"00-");
        push_hexadecimal(&mut text, &self.trace);
        text.push(b'-');
        push_hexadecimal(&mut text, &self.parent);
        text.extend_from_slice(if self.sampled { b"-01" } else { b"-00" });
        text.into()
    }

    /// Reads a header's value. `None` for what the specification says to ignore: another shape, upper-case digits, ids
    /// of zeros, version ff. A later version is read by its first four parts.
    pub fn parse(value: &[u8]) -> Option<TraceParent> {
        let (known, rest) = value.split_at_checked(55)?;
        let version = digits::<1>(&known[..2])?[0];
        let dashes = known[2] == b'-' && known[35] == b'-' && known[52] == b'-';
        let ends = rest.is_empty() || (version > 0 && rest[0] == b'-');
        let trace = digits::<16>(&known[3..35])?;
        let parent = digits::<8>(&known[36..52])?;
        let flags = digits::<1>(&known[53..])?[0];
        let valid = dashes && ends && version != 0xff && trace != [0; 16] && parent != [0; 8];
        valid.then_some(TraceParent { trace, parent, sampled: flags & 1 == 1 })
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

fn digits<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a reply that comes next week does not join the trace of its case.
    #[test]
    fn a_trace_parent_written_is_the_one_read() {
        let text = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let trace = TraceParent::parse(text).expect("the specification's own example");
        assert!(trace.sampled);
        assert_eq!(&trace.to_bytes()[..], text);
    }

    /// If this fails, a department's broken trace header is taken as a trace, or breaks the reader.
    #[test]
    fn a_trace_parent_of_another_shape_is_ignored() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(TraceParent::parse(format!("01{}-more", &good[2..]).as_bytes()).is_some());
        let bad = [
            String::new(),
            good[..54].to_string(),
            format!("{good}-more"),
            format!("ff{}", &good[2..]),
            good.to_uppercase(),
            good.replace('-', "_"),
            good.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            good.replace("b7ad6b7169203331", &"0".repeat(16)),
        ];
        for text in bad {
            assert_eq!(TraceParent::parse(text.as_bytes()), None, "{text}");
        }
    }

    /// If this fails, tools that read CloudEvents do not see our messages as such.
    #[test]
    fn a_command_carries_the_attributes_that_cloud_events_require() {
        let event = CloudEvent {
            id: hexadecimal(&[0x0a, 0xff]),
            source: Bytes::from_static(b"/orchestrator/yijian"),
            kind: Bytes::from_static(b"yijian.bus.v1.Command"),
            subject: Some(Bytes::from_static(b"registration")),
        };
        let headers = event.headers(None);
        let value = |name| find(&headers, name).map(|value| String::from_utf8_lossy(value).into_owned());
        assert_eq!(value(CE_SPECVERSION).as_deref(), Some("1.0"));
        assert_eq!(value(CE_ID).as_deref(), Some("0aff"));
        assert_eq!(value(CE_SOURCE).as_deref(), Some("/orchestrator/yijian"));
        assert_eq!(value(CE_TYPE).as_deref(), Some("yijian.bus.v1.Command"));
        assert_eq!(value(CE_SUBJECT).as_deref(), Some("registration"));
        assert_eq!(value(CONTENT_TYPE).as_deref(), Some("application/protobuf"));
        assert_eq!(value(TRACEPARENT), None);
    }
}
