//! Pages of lists: how long they are, and where the next one begins.
//!
//! A token is the place of the last row in hexadecimal digits: opaque to callers, without personal data, and valid for
//! as long as the rows are.

use super::status::Refusal;
use crate::store::{PendingKey, PendingKindName, SagaNumber};

/// Rows of a page whose size is not given.
const ROWS_DEFAULT: u32 = 100;

/// Rows of the longest page. A case with its steps has about 4 kB; more than this belongs on the next page.
pub(crate) const ROWS_MAX: u32 = 1_000;

/// How many rows are wanted.
pub(crate) fn size(wanted: u32) -> Result<u32, Refusal> {
    match wanted {
        0 => Ok(ROWS_DEFAULT),
        1..=ROWS_MAX => Ok(wanted),
        _ => Err(Refusal::invalid("page_size", "应为0至1000", "must be 0 to 1,000")),
    }
}

/// The token of a row that is known by one number.
pub(crate) fn token(number: u64) -> String {
    hex::encode(number.to_be_bytes())
}

/// The number in a token; `None` for the first page.
pub(crate) fn number(token: &str) -> Result<Option<u64>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let mut bytes = [0; 8];
    hex::decode_to_slice(token, &mut bytes).map_err(|_| broken())?;
    Ok(Some(u64::from_be_bytes(bytes)))
}

/// The token of what waits for a person.
pub(crate) fn task_token(saga: SagaNumber, key: &PendingKey) -> String {
    format!("{}{}", token(saga), hex::encode([key.kind as u8, key.step]))
}

/// What waits for a person, from a token; `None` for the first page.
pub(crate) fn task(token: &str) -> Result<Option<(SagaNumber, PendingKey)>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let mut bytes = [0; 10];
    hex::decode_to_slice(token, &mut bytes).map_err(|_| broken())?;
    let [saga @ .., kind, step] = bytes;
    let kinds = [PendingKindName::Task, PendingKindName::Call];
    let kind = kinds.into_iter().find(|known| *known as u8 == kind).ok_or_else(broken)?;
    Ok(Some((u64::from_be_bytes(saga), PendingKey { kind, step })))
}

fn broken() -> Refusal {
    Refusal::invalid("page_token", "不是上一页给出的标记", "not a token of the last page")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list whose tokens did not lead back to their rows would show some cases twice and others never.
    #[test]
    fn a_token_leads_back_to_its_row() {
        for kind in [PendingKindName::Task, PendingKindName::Call] {
            let row = (0x1234_5678_9abc, PendingKey { kind, step: 7 });
            assert_eq!(task(&task_token(row.0, &row.1)).expect("ours"), Some(row));
        }
        assert_eq!(number(&token(u64::MAX)).expect("ours"), Some(u64::MAX));
        assert_eq!((task("").expect("first"), number("").expect("first")), (None, None));
    }

    /// A token made up by a caller would otherwise be a panic or a page from nowhere.
    #[test]
    fn what_is_no_token_is_refused() {
        for broken in ["x", "00", "zz00000000000000", "00000000000000010900", "000000000000000001ff00"] {
            assert!(matches!(number(broken), Err(Refusal::Invalid(_))), "{broken}");
            assert!(matches!(task(broken), Err(Refusal::Invalid(_))), "{broken}");
        }
    }

    /// A page of a million cases would be made in memory before anybody reads it.
    #[test]
    fn a_page_has_at_most_a_thousand_rows() {
        assert_eq!((size(0).expect("default"), size(1_000).expect("most")), (100, 1_000));
        assert!(size(1_001).is_err());
    }
}
