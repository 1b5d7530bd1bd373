//! The agency's accounts: a journal of balanced entries in fen, in which nothing is rubbed out.
//!
//! What was booked wrongly or came back from the bank is reversed by an entry of its own (冲帐, 篇10 10章). Balances are
//! added up from the journal and stored nowhere.

use std::collections::BTreeMap;

use adapter::simulated::{Books, Error};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// 支出户: what the agency pays from.
pub const EXPENDITURE: &str = "支出户";
/// 待遇支出-生育医疗.
pub const MATERNITY_MEDICAL: &str = "待遇支出-生育医疗";
/// 待遇支出-生育津贴.
pub const MATERNITY_ALLOWANCE: &str = "待遇支出-生育津贴";
/// 退款.
pub const REFUNDS: &str = "退款";
/// 个人缴费收入.
pub const PREMIUMS: &str = "个人缴费收入";
/// Where a subsidy is borne whose shares nobody has told.
pub const SUBSIDIES: &str = "财政专户";

/// The journal, by number of twelve digits; which entry reverses which; which call booked which.
const JOURNAL: &str = "journal";
const REVERSED: &str = "journal-reversed";
const BY_CALL: &str = "journal-by-call";

/// One side of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The account.
    pub account: String,
    /// 借, in fen.
    pub debit_fen: i64,
    /// 贷, in fen.
    pub credit_fen: i64,
}

impl Line {
    /// 借.
    pub fn debit(account: &str, fen: i64) -> Self {
        Self { account: account.to_owned(), debit_fen: fen, credit_fen: 0 }
    }

    /// 贷.
    pub fn credit(account: &str, fen: i64) -> Self {
        Self { account: account.to_owned(), debit_fen: 0, credit_fen: fen }
    }
}

/// One balanced entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// 1, 2, 3 …
    pub number: u64,
    /// When it was booked.
    pub on: Date,
    /// Which order, ledger entry or voucher it belongs to.
    pub reference: String,
    /// Its lines; debits and credits are equal.
    pub lines: Vec<Line>,
    /// 冲帐: the entry that it reverses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverses: Option<u64>,
}

/// Books an entry and gives its number.
///
/// # Panics
/// If it is not balanced: a mistake of this program.
///
/// # Errors
/// If the ledger cannot be used.
pub(super) async fn post(books: &mut Books, on: Date, reference: &str, lines: Vec<Line>) -> Result<u64, Error> {
    assert!(is_balanced(&lines), "an entry of the journal is balanced");
    enter(books, Entry { number: 0, on, reference: reference.to_owned(), lines, reverses: None }).await
}

/// As [`post`], and remembers which call booked it, so that [`reverse_of_call`] finds it.
pub(super) async fn post_for_call(
    books: &mut Books,
    on: Date,
    (reference, call): (&str, &str),
    lines: Vec<Line>,
) -> Result<(), Error> {
    let number = post(books, on, reference, lines).await?;
    books.put(BY_CALL, call, json!(number)).await
}

/// 冲帐: books the same lines the other way round, once.
pub(super) async fn reverse(books: &mut Books, on: Date, number: u64) -> Result<(), Error> {
    let key = key_of(number);
    let Some(entry) = books.get(JOURNAL, &key).await? else { return Ok(()) };
    if books.get(REVERSED, &key).await?.is_some() {
        return Ok(());
    }
    let entry: Entry = serde_json::from_value(entry)?;
    let swapped = entry.lines.into_iter().map(|line| Line {
        account: line.account,
        debit_fen: line.credit_fen,
        credit_fen: line.debit_fen,
    });
    let lines = swapped.collect();
    let by = enter(books, Entry { number: 0, on, reference: entry.reference, lines, reverses: Some(number) }).await?;
    books.put(REVERSED, &key, json!(by)).await
}

/// Reverses what the call of this key booked, if it booked anything.
pub(super) async fn reverse_of_call(books: &mut Books, on: Date, call: &str) -> Result<(), Error> {
    match books.get(BY_CALL, call).await?.and_then(|number| number.as_u64()) {
        Some(number) => reverse(books, on, number).await,
        None => Ok(()),
    }
}

/// Every entry, the first one first.
pub(super) async fn journal(books: &mut Books) -> Result<Vec<Entry>, Error> {
    let entries = books.entries(JOURNAL).await?;
    entries.into_iter().map(|(_, entry)| Ok(serde_json::from_value(entry)?)).collect()
}

/// Debits less credits of every account, in fen.
pub fn balances(journal: &[Entry]) -> BTreeMap<String, i64> {
    let mut balances = BTreeMap::new();
    for line in journal.iter().flat_map(|entry| &entry.lines) {
        *balances.entry(line.account.clone()).or_insert(0) += line.debit_fen - line.credit_fen;
    }
    balances
}

async fn enter(books: &mut Books, entry: Entry) -> Result<u64, Error> {
    let number = books.next("journal").await?;
    let entry = Entry { number, ..entry };
    books.put(JOURNAL, &key_of(number), serde_json::to_value(&entry)?).await?;
    Ok(number)
}

fn is_balanced(lines: &[Line]) -> bool {
    let debits: i64 = lines.iter().map(|line| line.debit_fen).sum();
    let credits: i64 = lines.iter().map(|line| line.credit_fen).sum();
    debits == credits && lines.iter().all(|line| line.debit_fen >= 0 && line.credit_fen >= 0)
}

/// So that the entries stand in the order of their numbers.
fn key_of(number: u64) -> String {
    format!("{number:012}")
}
