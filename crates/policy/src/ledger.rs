//! The fund's books in double entry: who paid in, what was paid out, what was put right, to the 分.
//!
//! ```text
//!   subsidy booked   财政专户-省补/市补/县补  ──debit   credit── 个人缴费收入
//!   premium paid     财政专户-缴费           ──debit   credit── 个人缴费收入
//!   year settled     应收结算款              ──debit   credit── 财政专户-省补/市补/县补      (too little was pre-allocated)
//!                    财政专户-…             ──debit   credit── 应付结算款                 (too much was)
//!   benefit paid     待遇支出-…             ──debit   credit── 支出户
//!   refund           退款                  ──debit   credit── 支出户
//!   no cause known   财政专户-缴费           ──debit   credit── 暂收款
//! ```
//!
//! An [`Entry`] can only be made by a constructor that balances it, and only be read back if it balances. Nothing is ever
//! changed or deleted: what was wrong is put right by [`reverse`] (冲帐) and a new entry. A [`Ledger`] takes each entry
//! once, however often it is told. An entry holds no name and no ID number.
//!
//! Articles: [004] 篇10 第10章 arts 2, 3, 6, 9 to 12 (income, refunds, 暂收, payments and 冲帐); 晋医保发〔2026〕4号 五.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

/// Where money lies or what it was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Account {
    /// 财政专户-省补: the province's part of a subsidy in the city's special account.
    ProvinceSubsidy,
    /// 财政专户-市补: the city's part.
    CitySubsidy,
    /// 财政专户-县补: the county's part.
    CountySubsidy,
    /// 财政专户-缴费: premiums that tax collected and transferred.
    PremiumDeposits,
    /// 支出户: the agency's account from which it pays.
    Disbursement,
    /// 个人缴费收入.
    PersonalPremiums,
    /// 待遇支出-生育医疗.
    MaternityMedical,
    /// 待遇支出-生育津贴.
    MaternityAllowance,
    /// 退款: premiums paid back.
    Refunds,
    /// 暂收款: money whose cause is not yet known.
    Suspense,
    /// 应收结算款: what the public funds still owe a city after a year.
    SettlementReceivable,
    /// 应付结算款: what a city received too much.
    SettlementPayable,
}

/// The three accounts of the levels that share a subsidy, province first.
pub const LEVELS: [Account; 3] = [Account::ProvinceSubsidy, Account::CitySubsidy, Account::CountySubsidy];

/// What an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A child's premium, borne by the public funds.
    Subsidy,
    /// A child's premium, paid by the family.
    Premium,
    /// The difference between what was pre-allocated and what was due.
    Settlement,
    /// A benefit paid out.
    Benefit,
    /// A benefit paid again after its transfer had bounced.
    Repayment,
    /// A premium paid back.
    Refund,
    /// 暂收: money without a known cause.
    Suspense,
    /// 暂收 of which the cause was found: it was a premium.
    SuspenseCleared,
    /// 暂收 sent back.
    SuspenseReturned,
    /// A reversal because the reason for the entry fell away.
    Reversal,
    /// 冲帐: a reversal because the bank returned the money.
    Bounce,
}

/// One line of an entry. One of the two sums is zero, neither is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// Which account.
    pub account: Account,
    /// 借, in 分.
    pub debit_fen: i64,
    /// 贷, in 分.
    pub credit_fen: i64,
}

/// A sum at one account, in 分.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Which account.
    pub account: Account,
    /// How much; not negative.
    pub fen: i64,
}

/// A booking: its debits and credits are equal, always.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Entry {
    reference: Arc<str>,
    period: i16,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    reverses: Option<Arc<str>>,
    postings: Vec<Posting>,
}

/// An entry as it was written down, before it is believed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    reference: Arc<str>,
    period: i16,
    kind: Kind,
    #[serde(default)]
    reverses: Option<Arc<str>>,
    postings: Vec<Posting>,
}

/// Why something cannot be booked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Debits and credits differ.
    #[error("debits of {debit_fen} fen do not equal credits of {credit_fen} fen")]
    Unbalanced {
        /// All debits.
        debit_fen: i64,
        /// All credits.
        credit_fen: i64,
    },
    /// A sum is zero or negative where money moves, or a line has both a debit and a credit.
    #[error("{0} fen cannot be booked")]
    Amount(i64),
    /// A sum is larger than 64 bits hold.
    #[error("a sum exceeds what the books hold")]
    TooLarge,
    /// An entry without a reference could not be found again.
    #[error("an entry needs a reference")]
    NoReference,
    /// A subsidy is shared by the three levels only, each once; a benefit is a benefit's account.
    #[error("{0:?} does not belong into this entry")]
    Account(Account),
    /// A reversal without what it reverses, or what is no reversal with it.
    #[error("a reversal, and only a reversal, names what it reverses")]
    Reverses,
    /// A reversal is not itself reversed: the thing is booked anew.
    #[error("a reversal is not reversed; book anew")]
    ReversalOfReversal,
    /// Another entry has this reference.
    #[error("another entry has the reference `{0}`")]
    ReferenceTaken(Arc<str>),
    /// What is to be reversed was never booked, or not so.
    #[error("there is no such entry `{0}` to reverse")]
    NothingToReverse(Arc<str>),
    /// It was reversed before; booking it again needs a reference of its own.
    #[error("the entry `{0}` is reversed")]
    AlreadyReversed(Arc<str>),
}

impl Account {
    /// As the books name it.
    pub fn zh(self) -> &'static str {
        match self {
            Self::ProvinceSubsidy => "财政专户-省补",
            Self::CitySubsidy => "财政专户-市补",
            Self::CountySubsidy => "财政专户-县补",
            Self::PremiumDeposits => "财政专户-缴费",
            Self::Disbursement => "支出户",
            Self::PersonalPremiums => "个人缴费收入",
            Self::MaternityMedical => "待遇支出-生育医疗",
            Self::MaternityAllowance => "待遇支出-生育津贴",
            Self::Refunds => "退款",
            Self::Suspense => "暂收款",
            Self::SettlementReceivable => "应收结算款",
            Self::SettlementPayable => "应付结算款",
        }
    }
}

impl Posting {
    fn debit(account: Account, fen: i64) -> Self {
        Self { account, debit_fen: fen, credit_fen: 0 }
    }

    fn credit(account: Account, fen: i64) -> Self {
        Self { account, debit_fen: 0, credit_fen: fen }
    }
}

impl Entry {
    /// A child's premium of one year, borne by the levels of the public funds as `lines` say. 晋医保发〔2026〕4号 五.
    ///
    /// # Errors
    /// If a line is not one of [`LEVELS`], stands twice, is negative, or nothing is left to book.
    pub fn subsidy(reference: &str, year: i16, lines: &[Line]) -> Result<Self, Error> {
        let total = total_of_levels(lines)?;
        let mut postings = on_levels(lines, Posting::debit);
        postings.push(Posting::credit(Account::PersonalPremiums, total));
        Self::new(reference, year, Kind::Subsidy, postings)
    }

    /// After a year: the public funds owe this much more than was pre-allocated, level by level. 晋医保发〔2026〕4号 五:
    /// 次年据实结算.
    ///
    /// # Errors
    /// As [`Entry::subsidy`].
    pub fn settlement_owed(reference: &str, year: i16, lines: &[Line]) -> Result<Self, Error> {
        let total = total_of_levels(lines)?;
        let mut postings = vec![Posting::debit(Account::SettlementReceivable, total)];
        postings.extend(on_levels(lines, Posting::credit));
        Self::new(reference, year, Kind::Settlement, postings)
    }

    /// After a year: this much more was pre-allocated than was due, level by level.
    ///
    /// # Errors
    /// As [`Entry::subsidy`].
    pub fn settlement_excess(reference: &str, year: i16, lines: &[Line]) -> Result<Self, Error> {
        let total = total_of_levels(lines)?;
        let mut postings = on_levels(lines, Posting::debit);
        postings.push(Posting::credit(Account::SettlementPayable, total));
        Self::new(reference, year, Kind::Settlement, postings)
    }

    /// A premium that the family paid and tax transferred. [004] 10章 art. 2.
    ///
    /// # Errors
    /// If the sum is not positive.
    pub fn premium(reference: &str, year: i16, fen: i64) -> Result<Self, Error> {
        Self::moved(reference, year, Kind::Premium, Account::PremiumDeposits, Account::PersonalPremiums, fen)
    }

    /// A benefit paid from the 支出户. [004] 10章 arts 9 to 11.
    ///
    /// # Errors
    /// If the account is none of a benefit, or the sum is not positive.
    pub fn benefit(reference: &str, year: i16, account: Account, fen: i64) -> Result<Self, Error> {
        Self::paid(reference, year, Kind::Benefit, account, fen)
    }

    /// A benefit paid again, after the bank had returned it and the account was corrected. [004] 10章 art. 9(三).
    ///
    /// # Errors
    /// As [`Entry::benefit`].
    pub fn repayment(reference: &str, year: i16, account: Account, fen: i64) -> Result<Self, Error> {
        Self::paid(reference, year, Kind::Repayment, account, fen)
    }

    /// A premium paid back from the 支出户. [004] 10章 art. 3.
    ///
    /// # Errors
    /// If the sum is not positive.
    pub fn refund(reference: &str, year: i16, fen: i64) -> Result<Self, Error> {
        Self::moved(reference, year, Kind::Refund, Account::Refunds, Account::Disbursement, fen)
    }

    /// Money that arrived without a known cause. [004] 10章 art. 6: 先作暂收科目核算处理.
    ///
    /// # Errors
    /// If the sum is not positive.
    pub fn suspense(reference: &str, year: i16, fen: i64) -> Result<Self, Error> {
        Self::moved(reference, year, Kind::Suspense, Account::PremiumDeposits, Account::Suspense, fen)
    }

    /// 暂收 that turned out to be a child's premium.
    ///
    /// # Errors
    /// If the sum is not positive.
    pub fn suspense_cleared(reference: &str, year: i16, fen: i64) -> Result<Self, Error> {
        Self::moved(reference, year, Kind::SuspenseCleared, Account::Suspense, Account::PersonalPremiums, fen)
    }

    /// 暂收 sent back to where it came from. [004] 10章 art. 6: 待查明原因后,按程序审批退回.
    ///
    /// # Errors
    /// If the sum is not positive.
    pub fn suspense_returned(reference: &str, year: i16, fen: i64) -> Result<Self, Error> {
        Self::moved(reference, year, Kind::SuspenseReturned, Account::Suspense, Account::Disbursement, fen)
    }

    /// Under which reference it is booked; a [`Ledger`] takes each reference once.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// The operating year (1 January to 31 December).
    pub fn period(&self) -> i16 {
        self.period
    }

    /// What it is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Which entry it takes back; `None` where it is no reversal.
    pub fn reverses(&self) -> Option<&str> {
        self.reverses.as_deref()
    }

    /// Its lines.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// The sum of its debits, which is the sum of its credits, in 分.
    pub fn total_fen(&self) -> i64 {
        // Invariant: `new` has added them up without overflow.
        self.postings.iter().map(|posting| posting.debit_fen).sum()
    }

    fn paid(reference: &str, year: i16, kind: Kind, account: Account, fen: i64) -> Result<Self, Error> {
        match account {
            Account::MaternityMedical | Account::MaternityAllowance => {
                Self::moved(reference, year, kind, account, Account::Disbursement, fen)
            }
            Account::ProvinceSubsidy
            | Account::CitySubsidy
            | Account::CountySubsidy
            | Account::PremiumDeposits
            | Account::Disbursement
            | Account::PersonalPremiums
            | Account::Refunds
            | Account::Suspense
            | Account::SettlementReceivable
            | Account::SettlementPayable => Err(Error::Account(account)),
        }
    }

    fn moved(reference: &str, year: i16, kind: Kind, debit: Account, credit: Account, fen: i64) -> Result<Self, Error> {
        Self::new(reference, year, kind, vec![Posting::debit(debit, fen), Posting::credit(credit, fen)])
    }

    fn new(reference: &str, period: i16, kind: Kind, postings: Vec<Posting>) -> Result<Self, Error> {
        Self::try_from(Written { reference: reference.into(), period, kind, reverses: None, postings })
    }
}

impl TryFrom<Written> for Entry {
    type Error = Error;

    /// The one place where an entry comes to be: it balances, or it is none.
    fn try_from(written: Written) -> Result<Self, Error> {
        let Written { reference, period, kind, reverses, postings } = written;
        if reference.trim().is_empty() {
            return Err(Error::NoReference);
        }
        if matches!(kind, Kind::Reversal | Kind::Bounce) != reverses.is_some() {
            return Err(Error::Reverses);
        }
        let (mut debit_fen, mut credit_fen) = (0_i64, 0_i64);
        for posting in &postings {
            let larger = posting.debit_fen.max(posting.credit_fen);
            if larger <= 0 || posting.debit_fen.min(posting.credit_fen) != 0 {
                return Err(Error::Amount(posting.debit_fen.min(posting.credit_fen)));
            }
            debit_fen = debit_fen.checked_add(posting.debit_fen).ok_or(Error::TooLarge)?;
            credit_fen = credit_fen.checked_add(posting.credit_fen).ok_or(Error::TooLarge)?;
        }
        if debit_fen != credit_fen {
            return Err(Error::Unbalanced { debit_fen, credit_fen });
        }
        if debit_fen == 0 {
            return Err(Error::Amount(0));
        }
        Ok(Self { reference, period, kind, reverses, postings })
    }
}

/// The entry that takes another back because its reason fell away: every debit becomes a credit.
///
/// # Errors
/// If the other is itself a reversal.
pub fn reverse(entry: &Entry) -> Result<Entry, Error> {
    mirrored(entry, Kind::Reversal)
}

/// 冲帐: the entry that takes a payment back because the bank returned the money. [004] 10章 arts 9(三), 10(三), 12(三).
///
/// # Errors
/// If the other is itself a reversal.
pub fn bounce(payment: &Entry) -> Result<Entry, Error> {
    mirrored(payment, Kind::Bounce)
}

fn mirrored(entry: &Entry, kind: Kind) -> Result<Entry, Error> {
    if entry.reverses.is_some() {
        return Err(Error::ReversalOfReversal);
    }
    let postings = entry
        .postings
        .iter()
        .map(|posting| Posting { debit_fen: posting.credit_fen, credit_fen: posting.debit_fen, ..*posting })
        .collect();
    let prefix = if kind == Kind::Bounce { "bounce" } else { "reversal" };
    Entry::try_from(Written {
        reference: format!("{prefix}:{}", entry.reference).into(),
        period: entry.period,
        kind,
        reverses: Some(Arc::clone(&entry.reference)),
        postings,
    })
}

/// The sum of the lines, which must all be of the three levels, each at most once, none negative.
fn total_of_levels(lines: &[Line]) -> Result<i64, Error> {
    let mut total = 0_i64;
    for (at, line) in lines.iter().enumerate() {
        if !LEVELS.contains(&line.account) || lines[..at].iter().any(|earlier| earlier.account == line.account) {
            return Err(Error::Account(line.account));
        }
        if line.fen < 0 {
            return Err(Error::Amount(line.fen));
        }
        total = total.checked_add(line.fen).ok_or(Error::TooLarge)?;
    }
    if total == 0 { Err(Error::Amount(0)) } else { Ok(total) }
}

/// A level that bears nothing gets no line.
fn on_levels(lines: &[Line], posting: fn(Account, i64) -> Posting) -> Vec<Posting> {
    lines.iter().filter(|line| line.fen != 0).map(|line| posting(line.account, line.fen)).collect()
}

/// What became of an entry that a ledger was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is booked now.
    New,
    /// It was booked before; nothing changed.
    Already,
}

/// All entries, each once, in order of reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: BTreeMap<Arc<str>, Entry>,
    /// Which entries are taken back, and by which entry.
    reversed: BTreeMap<Arc<str>, Arc<str>>,
}

impl Ledger {
    /// Books an entry. The same entry told twice is booked once.
    ///
    /// # Errors
    /// If another entry has its reference, if it was reversed, or if it reverses what is not booked just so.
    pub fn post(&mut self, entry: Entry) -> Result<Posted, Error> {
        if let Some(known) = self.entries.get(&entry.reference) {
            return if self.reversed.contains_key(&entry.reference) {
                Err(Error::AlreadyReversed(entry.reference))
            } else if *known == entry {
                Ok(Posted::Already)
            } else {
                Err(Error::ReferenceTaken(entry.reference))
            };
        }
        if let Some(taken_back) = &entry.reverses {
            let known = self.entries.get(taken_back).ok_or_else(|| Error::NothingToReverse(Arc::clone(taken_back)))?;
            if self.reversed.contains_key(taken_back) {
                return Err(Error::AlreadyReversed(Arc::clone(taken_back)));
            }
            if mirrored(known, entry.kind).as_ref() != Ok(&entry) {
                return Err(Error::NothingToReverse(Arc::clone(taken_back)));
            }
            self.reversed.insert(Arc::clone(taken_back), Arc::clone(&entry.reference));
        }
        self.entries.insert(Arc::clone(&entry.reference), entry);
        Ok(Posted::New)
    }

    /// Debits less credits of an account, in 分. Wider than one entry's sums, so that no number of entries overflows it.
    pub fn balance(&self, account: Account) -> i128 {
        let postings = self.entries.values().flat_map(|entry| &entry.postings);
        postings
            .filter(|posting| posting.account == account)
            .map(|posting| i128::from(posting.debit_fen) - i128::from(posting.credit_fen))
            .sum()
    }

    /// All entries, in order of reference.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }
}
