//! The fund's books: every entry balances, every entry can be taken back, no entry counts twice.

use policy::ledger::{Account, Entry, Error, Kind, Ledger, Line, Posted, bounce, reverse};
use serde_json::json;

const SUMS: [i64; 6] = [1, 2, 99, 40_000, 123_456_789, i64::MAX];

fn level(account: Account, fen: i64) -> Line {
    Line { account, fen }
}

/// One of every kind that money takes, for one sum.
fn every_kind(fen: i64) -> Vec<Entry> {
    let province = [level(Account::ProvinceSubsidy, fen)];
    [
        Entry::subsidy("subsidy", 2026, &province),
        Entry::settlement_owed("owed", 2026, &province),
        Entry::settlement_excess("excess", 2026, &province),
        Entry::premium("premium", 2026, fen),
        Entry::benefit("benefit", 2026, Account::MaternityMedical, fen),
        Entry::repayment("repayment", 2026, Account::MaternityAllowance, fen),
        Entry::refund("refund", 2026, fen),
        Entry::suspense("suspense", 2026, fen),
        Entry::suspense_cleared("cleared", 2026, fen),
        Entry::suspense_returned("returned", 2026, fen),
    ]
    .into_iter()
    .map(|entry| entry.unwrap_or_else(|why| panic!("{fen}: {why}")))
    .collect()
}

const ACCOUNTS: [Account; 12] = [
    Account::ProvinceSubsidy,
    Account::CitySubsidy,
    Account::CountySubsidy,
    Account::PremiumDeposits,
    Account::Disbursement,
    Account::PersonalPremiums,
    Account::MaternityMedical,
    Account::MaternityAllowance,
    Account::Refunds,
    Account::Suspense,
    Account::SettlementReceivable,
    Account::SettlementPayable,
];

/// Money would otherwise appear from nowhere or be gone.
#[test]
fn every_entry_balances_and_so_do_the_books() {
    for fen in SUMS {
        let mut ledger = Ledger::default();
        for entry in every_kind(fen) {
            let debit: i128 = entry.postings().iter().map(|posting| i128::from(posting.debit_fen)).sum();
            let credit: i128 = entry.postings().iter().map(|posting| i128::from(posting.credit_fen)).sum();
            assert_eq!((debit, credit), (i128::from(fen), i128::from(fen)));
            assert_eq!(ledger.post(entry), Ok(Posted::New));
        }
        assert_eq!(ACCOUNTS.into_iter().map(|account| ledger.balance(account)).sum::<i128>(), 0);
    }
}

/// A booking put right would otherwise leave a trace in some account.
#[test]
fn an_entry_and_its_reversal_come_to_nothing() {
    for fen in SUMS {
        for (entry, taken_back) in every_kind(fen).into_iter().map(|entry| (entry.clone(), reverse(&entry))) {
            let taken_back = taken_back.expect("no reversal itself");
            assert_eq!((taken_back.kind(), taken_back.reverses()), (Kind::Reversal, Some(entry.reference())));
            assert_eq!(reverse(&taken_back), Err(Error::ReversalOfReversal));
            let mut ledger = Ledger::default();
            assert_eq!(ledger.post(entry.clone()), Ok(Posted::New));
            assert_eq!(ledger.post(taken_back.clone()), Ok(Posted::New));
            assert_eq!(ledger.post(taken_back), Ok(Posted::Already));
            assert!(ACCOUNTS.into_iter().all(|account| ledger.balance(account) == 0));
            assert_eq!(ledger.post(entry), Err(Error::AlreadyReversed(ledger_reference(&ledger))));
        }
    }
}

/// The reference of the entry that is no reversal.
fn ledger_reference(ledger: &Ledger) -> std::sync::Arc<str> {
    ledger.iter().find(|entry| entry.reverses().is_none()).expect("one").reference().into()
}

/// A sum of nothing, a negative sum, or one beyond what the books hold would otherwise be booked.
#[test]
fn what_is_no_sum_of_money_is_not_booked() {
    for fen in [0, -1, i64::MIN] {
        assert!(Entry::premium("p", 2026, fen).is_err(), "{fen}");
        assert!(Entry::refund("r", 2026, fen).is_err(), "{fen}");
        assert!(Entry::subsidy("s", 2026, &[level(Account::CitySubsidy, fen)]).is_err(), "{fen}");
    }
    let too_large = [level(Account::ProvinceSubsidy, i64::MAX), level(Account::CitySubsidy, 1)];
    assert_eq!(Entry::subsidy("s", 2026, &too_large), Err(Error::TooLarge));
    let twice = [level(Account::CitySubsidy, 1), level(Account::CitySubsidy, 1)];
    assert_eq!(Entry::subsidy("s", 2026, &twice), Err(Error::Account(Account::CitySubsidy)));
    assert_eq!(Entry::subsidy("s", 2026, &[level(Account::Suspense, 1)]), Err(Error::Account(Account::Suspense)));
    assert_eq!(Entry::benefit("b", 2026, Account::Refunds, 1), Err(Error::Account(Account::Refunds)));
    assert_eq!(Entry::premium(" ", 2026, 1), Err(Error::NoReference));
}

/// A file that somebody touched would otherwise be believed.
#[test]
fn an_entry_read_back_balances_or_is_none() {
    for entry in every_kind(40_000) {
        let written = serde_json::to_value(&entry).expect("written");
        assert_eq!(serde_json::from_value::<Entry>(written.clone()).expect("read"), entry);
        let mut touched = written.clone();
        touched["postings"][0]["debit_fen"] = json!(39_999);
        assert!(serde_json::from_value::<Entry>(touched).is_err());
        let mut a_reversal_of_nothing = written;
        a_reversal_of_nothing["kind"] = json!("reversal");
        assert!(serde_json::from_value::<Entry>(a_reversal_of_nothing).is_err());
    }
    let entry = Entry::premium("p", 2026, 40_000).expect("booked");
    assert_eq!(
        serde_json::to_value(entry).expect("written"),
        json!({"reference": "p", "period": 2026, "kind": "premium", "postings": [
            {"account": "premium-deposits", "debit_fen": 40_000, "credit_fen": 0},
            {"account": "personal-premiums", "debit_fen": 0, "credit_fen": 40_000},
        ]})
    );
}

/// A mother whose account number was wrong would otherwise get nothing, or get it twice (C8).
#[test]
fn c8_a_bounced_payment_is_taken_back_and_paid_again() {
    let mut ledger = Ledger::default();
    let paid = Entry::benefit("claim-1", 2026, Account::MaternityMedical, 350_000).expect("paid");
    assert_eq!(ledger.post(paid.clone()), Ok(Posted::New));
    assert_eq!(ledger.post(bounce(&paid).expect("bounced")), Ok(Posted::New));
    assert_eq!(ledger.balance(Account::Disbursement), 0);
    assert_eq!(ledger.post(paid.clone()), Err(Error::AlreadyReversed("claim-1".into())));
    let again = Entry::repayment("claim-1/2", 2026, Account::MaternityMedical, 350_000).expect("paid again");
    assert_eq!(ledger.post(again.clone()), Ok(Posted::New));
    assert_eq!(ledger.post(again), Ok(Posted::Already));
    assert_eq!(ledger.balance(Account::MaternityMedical), 350_000);
    assert_eq!(ledger.post(reverse(&paid).expect("made")), Err(Error::AlreadyReversed("claim-1".into())));
}

/// Money that nobody can place would otherwise count as somebody's premium, or lie for ever (C9).
#[test]
fn c9_money_without_a_cause_waits_in_suspense() {
    let mut ledger = Ledger::default();
    for entry in [
        Entry::suspense("in-1", 2026, 40_000),
        Entry::suspense("in-2", 2026, 38_000),
        Entry::suspense_cleared("in-1/premium", 2026, 40_000),
        Entry::suspense_returned("in-2/returned", 2026, 38_000),
    ] {
        assert_eq!(ledger.post(entry.expect("an entry")), Ok(Posted::New));
    }
    assert_eq!(ledger.balance(Account::Suspense), 0);
    assert_eq!(ledger.balance(Account::PersonalPremiums), -40_000);
    assert_eq!(ledger.balance(Account::Disbursement), -38_000);
}

/// One reference would otherwise stand for two sums, or a reversal take back more than was booked.
#[test]
fn one_reference_is_one_entry_and_a_reversal_is_of_just_that() {
    let mut ledger = Ledger::default();
    let known = Entry::premium("p", 2026, 40_000).expect("booked");
    let other = Entry::premium("p", 2026, 50_000).expect("booked");
    assert_eq!(ledger.post(reverse(&known).expect("made")), Err(Error::NothingToReverse("p".into())));
    assert_eq!(ledger.post(known), Ok(Posted::New));
    assert_eq!(ledger.post(reverse(&other).expect("made")), Err(Error::NothingToReverse("p".into())));
    assert_eq!(ledger.post(other), Err(Error::ReferenceTaken("p".into())));
}

/// A clerk would otherwise read a code instead of the account.
#[test]
fn every_account_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<&str> = ACCOUNTS.into_iter().map(Account::zh).collect();
    assert_eq!(names.len(), ACCOUNTS.len());
}
