//! The names of topics: how they are composed, and what a name may be.
//!
//! Composing does not check: the carrier refuses a name that is not valid when it is used.

use std::sync::Arc;

use crate::Error;

/// Kafka's own limit on a topic's name.
pub const LENGTH_MAX: usize = 249;

/// Where a department of an area (a province or city code) reads its commands: `<area>.<department>.commands`.
pub fn commands(area: &str, department: &str) -> Arc<str> {
    format!("{area}.{department}.commands").into()
}

/// Where an orchestrator reads replies: `<orchestrator>.replies`.
pub fn replies(orchestrator: &str) -> Arc<str> {
    format!("{orchestrator}.replies").into()
}

/// Where an orchestrator reads notices: `<orchestrator>.notices`.
pub fn notices(orchestrator: &str) -> Arc<str> {
    format!("{orchestrator}.notices").into()
}

/// Refuses a name that Kafka would not take: [`Error::TopicName`].
pub fn check(name: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let valid =
        !name.is_empty() && name.len() <= LENGTH_MAX && name != "." && name != ".." && name.bytes().all(allowed);
    if valid { Ok(()) } else { Err(Error::TopicName { name: name.chars().take(LENGTH_MAX).collect() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a department in the field reads a topic that nobody writes.
    #[test]
    fn a_department_finds_its_commands_by_area_and_name() {
        assert_eq!(&*commands("340000", "police"), "340000.police.commands");
        assert_eq!(&*replies("yijian"), "yijian.replies");
        assert_eq!(&*notices("yijian"), "yijian.notices");
    }

    /// If this fails, a name taken by the carrier in memory breaks the day that Kafka is switched on.
    #[test]
    fn a_name_is_valid_exactly_where_kafka_takes_it() {
        for good in ["a", "340000.police.commands", "A_b-9.c", &"x".repeat(LENGTH_MAX)] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "公安", "a/b", "a\n", &"x".repeat(LENGTH_MAX + 1)] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
