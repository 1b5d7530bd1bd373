//! Spans of machine time as people write them: `8 hours`, `30 days`, `90 seconds`, `250 ms`.
//!
//! Legal time (working days, months) is never written so; the law counts it.

const UNITS: [(&str, i64); 9] = [
    ("ms", 1),
    ("second", 1_000),
    ("seconds", 1_000),
    ("minute", 60_000),
    ("minutes", 60_000),
    ("hour", 3_600_000),
    ("hours", 3_600_000),
    ("day", 86_400_000),
    ("days", 86_400_000),
];

/// Ten years: longer than any case may live, and far from overflow when added to a time.
const LONGEST_MS: i64 = 3_660 * 86_400_000;

/// The span in milliseconds; `None` if it is not a positive whole number, a space and a unit, or longer than ten years.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (number, unit) = text.split_once(' ')?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let span_ms = number.parse::<i64>().ok()?.checked_mul(*unit_ms)?;
    (1..=LONGEST_MS).contains(&span_ms).then_some(span_ms)
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// A father given seven days would otherwise be expired after seven of something else.
    #[test]
    fn spans_mean_what_they_say() {
        assert_eq!(parse("7 days"), Some(604_800_000));
        assert_eq!(parse("1 day"), Some(86_400_000));
        assert_eq!(parse("8 hours"), Some(28_800_000));
        assert_eq!(parse("90 seconds"), Some(90_000));
        assert_eq!(parse("250 ms"), Some(250));
    }

    /// A typing error would otherwise become a deadline.
    #[test]
    fn what_is_not_a_span_is_refused() {
        for text in [
            "",
            "7",
            "days",
            "7days",
            "-7 days",
            "+7 days",
            "0 days",
            "7 working days",
            "1.5 hours",
            "7  days",
            "99999999 days",
            "99999999999999999999 ms",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
