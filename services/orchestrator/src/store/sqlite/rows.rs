//! Between rows and our types: what cannot be read is damaged, and said so without its content.

use std::fmt::Write as _;

use sqlx::{Row, sqlite::SqliteRow};

use super::Error;
use crate::store::{
    DeadLetter, Entry, PendingKey, PendingKindName, PendingRow, STATES, SagaNumber, SealedKind, SealedRow, Summary,
    UnmatchedNotice,
};

/// The columns that [`summary`] reads, in its order.
pub(super) const SUMMARY: &str = "number, version, case_id, application, child_order, pack, definition, state, stuck, \
                                  frozen, bereaved, submitted_at, changed_at";

/// The columns that [`pending`] reads, in its order.
pub(super) const PENDING: &str = "saga, kind, step, revision, due_at, whom, person, attempts, since, message";

/// The columns that [`dead_letter`] reads, in its order.
pub(super) const DEAD_LETTER: &str = "id, at, topic, code, what, saga, step, size, sealed";

/// The columns that [`notice`] reads, in its order.
pub(super) const NOTICE: &str = "id, notice, at, endpoint, kind, subject, why, waits, sealed";

/// A row with the name of its table, for errors.
pub(super) struct Read<'r> {
    pub(super) row: &'r SqliteRow,
    pub(super) table: &'static str,
    /// Where the wanted columns begin.
    pub(super) from: usize,
}

impl<'r> Read<'r> {
    pub(super) fn new(row: &'r SqliteRow, table: &'static str) -> Self {
        Self { row, table, from: 0 }
    }

    pub(super) fn get<T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>>(
        &self,
        column: usize,
    ) -> Result<T, Error> {
        self.row.try_get(self.from + column).map_err(|_| self.damaged("unexpected type", column))
    }

    /// An integer that must fit a smaller type.
    pub(super) fn integer<T: TryFrom<i64>>(&self, column: usize) -> Result<T, Error> {
        T::try_from(self.get(column)?).map_err(|_| self.damaged("number out of range", column))
    }

    /// Bytes of a fixed length.
    pub(super) fn bytes<const N: usize>(&self, column: usize) -> Result<[u8; N], Error> {
        self.get::<&[u8]>(column)?.try_into().map_err(|_| self.damaged("wrong length", column))
    }

    /// One of [`STATES`].
    pub(super) fn state(&self, column: usize) -> Result<&'static str, Error> {
        let stored = self.get::<&str>(column)?;
        STATES.into_iter().find(|state| *state == stored).ok_or_else(|| self.damaged("unknown state", column))
    }

    pub(super) fn damaged(&self, what: &str, column: usize) -> Error {
        Error::Damaged { table: self.table, what: format!("{what} in column {}", self.from + column) }
    }
}

/// Number, version and summary of a row of `saga`.
pub(super) fn summary(read: &Read<'_>) -> Result<(SagaNumber, u64, Summary), Error> {
    let summary = Summary {
        case: read.bytes(2)?,
        application: read.bytes(3)?,
        child_order: read.integer(4)?,
        pack: read.get::<&str>(5)?.into(),
        definition: read.bytes(6)?,
        state: read.state(7)?,
        stuck: read.get(8)?,
        frozen: read.get(9)?,
        bereaved: read.get(10)?,
        submitted_at: read.get(11)?,
        changed_at: read.get(12)?,
    };
    Ok((read.integer(0)?, read.integer(1)?, summary))
}

/// Saga number and row of a row of `pending`.
pub(super) fn pending(read: &Read<'_>) -> Result<(SagaNumber, PendingRow), Error> {
    let kind = match read.get(1)? {
        0 => PendingKindName::Command,
        1 => PendingKindName::Task,
        2 => PendingKindName::Expiry,
        3 => PendingKindName::Late,
        4 => PendingKindName::Legal,
        5 => PendingKindName::Message,
        6 => PendingKindName::Call,
        i64::MIN..0 | 7.. => return Err(read.damaged("unknown kind", 1)),
    };
    let person = match read.get::<Option<&[u8]>>(6)? {
        Some(_) => Some(read.bytes(6)?),
        None => None,
    };
    let row = PendingRow {
        key: PendingKey { kind, step: read.integer(2)? },
        revision: read.integer(3)?,
        due_at: read.get(4)?,
        whom: read.get::<&str>(5)?.into(),
        person,
        message: read.get(9)?,
        attempts: read.integer(7)?,
        since: read.get(8)?,
    };
    Ok((read.integer(0)?, row))
}

/// Saga number and entry of a row of `event`.
pub(super) fn entry(read: &Read<'_>) -> Result<(SagaNumber, Entry), Error> {
    let entry = Entry { seq: read.integer(1)?, at: read.get(2)?, schema: read.integer(3)?, body: read.get(4)? };
    Ok((read.integer(0)?, entry))
}

/// A row of `sealed`: step, kind, revision, sealed.
pub(super) fn sealed(read: &Read<'_>) -> Result<SealedRow, Error> {
    let kind = match read.get(1)? {
        0 => SealedKind::Output,
        1 => SealedKind::Correction,
        2 => SealedKind::Words,
        3 => SealedKind::Stated,
        4 => SealedKind::Decision,
        5 => SealedKind::Selection,
        6 => SealedKind::Facts,
        i64::MIN..0 | 7.. => return Err(read.damaged("unknown kind", 1)),
    };
    Ok(SealedRow { step: read.integer(0)?, kind, revision: read.integer(2)?, sealed: read.get(3)? })
}

/// A row of `dead_letter`.
pub(super) fn dead_letter(read: &Read<'_>) -> Result<DeadLetter, Error> {
    Ok(DeadLetter {
        id: read.integer(0)?,
        at: read.get(1)?,
        topic: read.get(2)?,
        code: read.get(3)?,
        what: read.get(4)?,
        saga: unsigned(read.get(5)?),
        step: read.get(6)?,
        size: unsigned(read.get(7)?),
        sealed: read.get(8)?,
    })
}

/// A row of `unmatched_notice`.
pub(super) fn notice(read: &Read<'_>) -> Result<UnmatchedNotice, Error> {
    Ok(UnmatchedNotice {
        id: read.integer(0)?,
        notice: read.bytes(1)?,
        at: read.get(2)?,
        endpoint: read.get(3)?,
        kind: read.get(4)?,
        subject: read.bytes(5)?,
        why: read.get(6)?,
        waits: read.get(7)?,
        sealed: read.get(8)?,
    })
}

/// A number that we count up ourselves, as SQLite keeps it.
///
/// # Errors
/// Where it does not fit: SQLite's integers are signed.
pub(super) fn integer(number: u64) -> Result<i64, Error> {
    i64::try_from(number).map_err(|source| Error::Database { doing: "number a row", source: source.into() })
}

/// Any 64 bits, as SQLite keeps them: a dead letter may name whatever number it likes.
pub(super) fn signed(number: u64) -> i64 {
    i64::from_ne_bytes(number.to_ne_bytes())
}

fn unsigned(number: i64) -> u64 {
    u64::from_ne_bytes(number.to_ne_bytes())
}

/// Numbers as one value for `json_each`; what no row can have is left out.
pub(super) fn list(numbers: impl IntoIterator<Item = SagaNumber>) -> String {
    let mut text = String::from("[");
    for number in numbers.into_iter().filter_map(|number| i64::try_from(number).ok()) {
        let comma = if text.len() > 1 { "," } else { "" };
        write!(text, "{comma}{number}").expect("a string takes every text");
    }
    text.push(']');
    text
}

/// HMACs as one value for `json_each` and `unhex`.
pub(super) fn hex_list<'a>(blinds: impl IntoIterator<Item = &'a [u8; 32]>) -> String {
    let quoted: Vec<_> = blinds.into_iter().map(|blind| format!("\"{}\"", hex::encode(blind))).collect();
    format!("[{}]", quoted.join(","))
}
