//! How a simulated department corrects a record and keeps what stood before: one history for each record.
//!
//! The record as it was first entered is version 1. A correction is confirmed under the version that it made; the same
//! values told under another key make no new one.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{books::Books, desk::Ended, desk::Sitting, ledger::Error, magic};
use crate::{
    Reply,
    correction::{CorrectRecord, CorrectRecordOutput},
};

/// The register of histories, by record.
const HISTORY: &str = "record-history";

/// One correction that a record has seen.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordVersion {
    /// 2 for the first correction.
    pub version: u32,
    /// When it was confirmed.
    pub corrected_on: Date,
    /// The key of the call that made it.
    pub call_id: String,
    /// What was corrected.
    pub corrections: BTreeMap<String, Value>,
}

/// Every correction of a record, the first one first.
///
/// # Errors
/// If the ledger cannot be used.
pub async fn history(books: &mut Books, record: &str) -> Result<Vec<RecordVersion>, Error> {
    let history = books.get(HISTORY, record).await?;
    Ok(history.map(serde_json::from_value).transpose()?.unwrap_or_default())
}

/// The value to which a path of a record was last corrected.
///
/// # Errors
/// If the ledger cannot be used.
pub async fn corrected_value(books: &mut Books, record: &str, path: &str) -> Result<Option<Value>, Error> {
    let history = history(books, record).await?;
    Ok(history.into_iter().rev().find_map(|mut version| version.corrections.remove(path)))
}

/// Whether the department may not touch the record: asked for by [`magic::FROZEN_NAME`].
pub fn is_frozen(request: &CorrectRecord) -> bool {
    let name = request.corrections.get("child.name").and_then(Value::as_str);
    name.is_some_and(|name| name.ends_with(magic::FROZEN_NAME))
}

/// Ends the sitting with the record's next version. The caller has made sure that the record exists.
///
/// # Errors
/// Ended without answer where the ledger cannot be used, or the behaviour loses the answer.
pub async fn correct(
    mut sitting: Sitting,
    record: &str,
    request: &CorrectRecord,
) -> Result<Reply<CorrectRecordOutput>, Ended<CorrectRecordOutput>> {
    let mut history = history(sitting.books(), record).await?;
    let corrections: BTreeMap<String, Value> = request.corrections.clone().into();
    if let Some(last) = history.last().filter(|last| last.corrections == corrections) {
        let made = sitting.books().effect(&last.call_id).await?;
        if let Some(made) = made {
            return sitting.stands_already(&made).await;
        }
    }
    let version = history.last().map_or(2, |last| last.version + 1);
    let corrected_on = sitting.today();
    let call_id = sitting.key().to_owned();
    history.push(RecordVersion { version, corrected_on, call_id, corrections });
    sitting.books().put(HISTORY, record, serde_json::to_value(&history)?).await?;
    sitting.succeed(CorrectRecordOutput { corrected_on, record_version: version }).await
}
