//! 征缴信息 as a file, for as long as there is no interface ("根据国家部署推进数据对接", 皖 附2 第6行): what the bank or the
//! authority reports, line by line, taken as if it had been paid at the counter.
//!
//! A line is `voucher,id_number,paid_at,amount_fen`, e.g. `P34BANK0001,<18 digits>,2026-11-22T09:30,40000`; empty lines
//! and lines that begin with `#` are passed over. A file with a line that cannot be read is taken not at all: half a
//! file taken would leave nobody knowing which half. A file read twice is one file, since a voucher is one payment.

use adapter::simulated::Error;
use identifiers::{CitizenId, LocalMinute};

use super::{Handed, Payment, SimulatedTax};

/// More lines than one day of a province has births; a longer file is a mistake.
const LINES_MAX: usize = 100_000;

/// Longer than any bank's voucher.
const VOUCHER_MAX: usize = 64;

/// One payment of the file. No `Debug`: it says who has paid.
#[derive(Clone, PartialEq, Eq)]
pub struct PaymentLine {
    /// 缴费凭证号.
    pub voucher: String,
    /// The child.
    pub child: CitizenId,
    /// When the payment succeeded.
    pub paid_at: LocalMinute,
    /// In fen.
    pub amount_fen: i64,
}

/// Why a file of payments cannot be read; the first wrong line, and never what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentsFile {
    /// The line does not have four fields.
    #[error("line {line}: voucher, id_number, paid_at and amount_fen were expected, with commas between them")]
    Fields {
        /// Counted from 1.
        line: usize,
    },
    /// A field is not what its column says.
    #[error("line {line}: {column} is not valid")]
    Column {
        /// Counted from 1.
        line: usize,
        /// Which column.
        column: &'static str,
    },
    /// There are too many lines.
    #[error("the file has more than {LINES_MAX} lines")]
    TooLong,
}

/// What became of the lines of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Taken, or known by their voucher.
    pub taken: usize,
    /// The bank took them back.
    pub reversed: usize,
    /// The year was paid for before: to be refunded (TAX-1003).
    pub paid_before: usize,
    /// Another sum than what is due (TAX-1004).
    pub wrong_amount: usize,
}

/// Reads a file of payments.
///
/// # Errors
/// The first line that is wrong.
pub fn read_payments(text: &str) -> Result<Vec<PaymentLine>, PaymentsFile> {
    let mut payments = Vec::new();
    for (index, text) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if index >= LINES_MAX {
            return Err(PaymentsFile::TooLong);
        }
        let text = text.trim();
        if !text.is_empty() && !text.starts_with('#') {
            payments.push(payment(index + 1, text)?);
        }
    }
    Ok(payments)
}

fn payment(line: usize, text: &str) -> Result<PaymentLine, PaymentsFile> {
    let fields: Vec<&str> = text.split(',').map(str::trim).collect();
    let [voucher, child, paid_at, amount_fen] = fields[..] else { return Err(PaymentsFile::Fields { line }) };
    let wrong = |column| PaymentsFile::Column { line, column };
    if voucher.is_empty() || voucher.len() > VOUCHER_MAX || !voucher.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(wrong("voucher"));
    }
    let amount_fen = amount_fen.parse().ok().filter(|fen| *fen > 0).ok_or(wrong("amount_fen"))?;
    Ok(PaymentLine {
        voucher: voucher.to_owned(),
        child: CitizenId::parse(child).map_err(|_| wrong("id_number"))?,
        paid_at: LocalMinute::parse(paid_at).map_err(|_| wrong("paid_at"))?,
        amount_fen,
    })
}

impl SimulatedTax {
    /// Takes every payment of a file, each in a transaction of its own; a file taken twice is taken once.
    ///
    /// # Errors
    /// If the ledger cannot be used; what was taken before stays taken, and the file may be given again.
    pub async fn import(&self, payments: &[PaymentLine]) -> Result<Imported, Error> {
        let mut imported = Imported::default();
        for PaymentLine { voucher, child, paid_at, amount_fen } in payments {
            let paid_at_ms = paid_at.to_timestamp().as_millisecond();
            let handed = Handed { voucher: Some(voucher), child, amount_fen: *amount_fen, paid_at_ms };
            match self.take(handed).await? {
                Payment::Taken(_) => imported.taken += 1,
                Payment::Reversed => imported.reversed += 1,
                Payment::PaidBefore(_) => imported.paid_before += 1,
                Payment::WrongAmount { .. } => imported.wrong_amount += 1,
            }
        }
        Ok(imported)
    }
}
