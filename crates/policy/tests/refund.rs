//! Refunds of premiums, rows C6 and C7: whether one is due, of which voucher, why, and by which way.

use identifiers::LocalMinute;
use policy::{Calendar, Decision, Outcome, Pack, Undecidable};
use serde_json::{Value, json};

fn asked(facts: &Value) -> Result<Decision, Undecidable> {
    let base = Pack::parse(&[
        ("pack.toml", include_str!("packs/test-minimal/pack.toml")),
        ("saga.toml", include_str!("packs/test-minimal/saga.toml")),
        ("messages.toml", include_str!("packs/test-minimal/messages.toml")),
        ("law.toml", include_str!("../../../deploy/policies/base/law.toml")),
    ]);
    let base = base.unwrap_or_else(|problems| panic!("{problems}"));
    let at = LocalMinute::parse("2026-06-01T09:00").expect("a minute");
    policy::decide("refund", &base, &Calendar::shipped(), facts, &at)
}

fn decided(facts: &Value) -> Decision {
    asked(facts).unwrap_or_else(|why| panic!("{why}"))
}

/// A child born in 2026 whose premium `payer` owes, enrolled in 合肥, with these payments.
fn family(payer: &str, payments: Value) -> Value {
    json!({
        "child": {"born_at": "2026-03-05T08:00"},
        "enrolment": {"area": "340104"},
        "premium-payer": {"payer": payer, "year": 2026},
        "payments": payments,
    })
}

fn paid(voucher: &str, at: &str, year: i16) -> Value {
    json!({"voucher": voucher, "paid_at": at, "amount_fen": 40_000, "year": year})
}

fn vouchers(decision: &Decision) -> Vec<(String, String)> {
    let refunds = decision.gives["refunds"].as_array().expect("refunds");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    refunds.iter().map(|refund| (text(&refund["voucher"]), text(&refund["code"]))).collect()
}

fn due(voucher: &str, code: &str) -> Vec<(String, String)> {
    vec![(voucher.to_owned(), code.to_owned())]
}

/// A family that owed nothing would otherwise never see its 400 yuan again.
#[test]
fn tax_1005_paid_although_nothing_was_owed() {
    for payer in ["fiscal", "none"] {
        let decision = decided(&family(payer, json!([paid("V1", "2026-04-01T10:00", 2026)])));
        assert_eq!((decision.outcome, vouchers(&decision)), (Outcome::Yes, due("V1", "TAX-1005")), "{payer}");
        assert_eq!(decision.gives["amount_fen"], json!(40_000));
    }
    let next_year = decided(&family("fiscal", json!([paid("V1", "2026-12-01T10:00", 2027)])));
    assert_eq!((next_year.outcome, &*next_year.row), (Outcome::No, "C0"));
}

/// A premium that is owed in the province of enrolment would otherwise be called one that nobody owed.
#[test]
fn a_premium_of_another_province_is_not_called_one_that_was_not_owed() {
    let there = decided(&family("other-province", json!([paid("V1", "2026-04-01T10:00", 2026)])));
    assert_eq!((there.outcome, &*there.row), (Outcome::No, "C0"));
    let mut here = paid("V2", "2026-04-02T10:00", 2026);
    here["area"] = json!("140105");
    let wrong_place = decided(&family("other-province", json!([here])));
    assert_eq!(vouchers(&wrong_place), due("V2", "TAX-1004"));
}

/// A father and a mother who both paid would otherwise have paid twice; the first payment must stay.
#[test]
fn tax_1003_two_vouchers_for_one_year_and_the_later_one_is_refunded() {
    let payments = json!([paid("A-late", "2026-04-02T10:00", 2026), paid("B-early", "2026-04-01T10:00", 2026)]);
    let decision = decided(&family("family", payments));
    assert_eq!(vouchers(&decision), due("A-late", "TAX-1003"));
}

/// One payment that tax told twice would otherwise be paid back, and the child be without cover.
#[test]
fn the_same_voucher_told_twice_is_one_payment() {
    let once = paid("V1", "2026-04-01T10:00", 2026);
    let mut facts = family("family", json!([once, once]));
    facts["premium"] = once;
    assert_eq!((decided(&facts).outcome, &*decided(&facts).row), (Outcome::No, "C0"));
}

/// A payment for a year long past or for another city would otherwise be taken for this child's.
#[test]
fn tax_1004_another_year_or_another_city() {
    let wrong_year = decided(&family("family", json!([paid("V1", "2026-04-01T10:00", 2025)])));
    assert_eq!(vouchers(&wrong_year), due("V1", "TAX-1004"));
    let mut elsewhere = paid("V2", "2026-04-01T10:00", 2026);
    elsewhere["area"] = json!("340202");
    assert_eq!(vouchers(&decided(&family("family", json!([elsewhere])))), due("V2", "TAX-1004"));
    let mut a_county_of_the_same_city = paid("V3", "2026-04-01T10:00", 2026);
    a_county_of_the_same_city["area"] = json!("340111");
    assert_eq!(decided(&family("family", json!([a_county_of_the_same_city]))).outcome, Outcome::No);
}

/// A family would otherwise be sent for tax's proof though the agency was at fault, or the money go without any proof.
#[test]
fn c6_and_c7_the_way_depends_on_whose_fault_it_was() {
    let mut facts = family("fiscal", json!([paid("V1", "2026-04-01T10:00", 2026)]));
    let unknown = decided(&facts);
    assert_eq!((&*unknown.row, &unknown.gives["path"]), ("C6/C7", &json!("to-be-found")));
    assert!(unknown.warnings.iter().any(|(zh, _)| zh.contains("未查明")));
    for (fault, row, path, proof, excluded) in
        [("agency", "C6", "agency-fault", false, "C7"), ("tax", "C7", "tax-fault", true, "C6")]
    {
        facts["refund-finding"] = json!({"fault": fault});
        let decision = decided(&facts);
        assert_eq!((&*decision.row, &decision.gives["path"]), (row, &json!(path)));
        assert_eq!(&*decision.excluded[0].row, excluded);
        let papers = decision.gives["papers"].as_array().expect("papers");
        assert!(papers.contains(&json!("《社会保险基金拨付审批表》")), "{fault}");
        assert_eq!(papers.contains(&json!("税务部门出具的多收、重收证明")), proof, "{fault}");
        assert!(decision.gives["steps"].as_array().is_some_and(|steps| steps.len() == 5), "{fault}");
        assert!(decision.articles.iter().any(|article| article.contains("10章第三条")), "{fault}");
        assert!(decision.warnings.iter().any(|(zh, _)| zh.contains("类推")), "{fault}");
    }
}

/// Tax would otherwise prove its mistake, and a clerk be asked whose it was.
#[test]
fn c7_taxs_own_proof_settles_whose_fault_it_was_unless_a_clerk_found_otherwise() {
    let mut facts = family("none", json!([paid("V1", "2026-04-01T10:00", 2026)]));
    facts["overcollection"] = json!({"proof_number": "T-1"});
    assert_eq!(&*decided(&facts).row, "C7");
    facts["refund-finding"] = json!({"fault": "agency"});
    assert_eq!(&*decided(&facts).row, "C6");
}

/// A voucher for two years would otherwise be paid back whole though half of it was owed.
#[test]
fn a_voucher_for_two_years_is_split_by_a_clerk() {
    let mut facts = family("fiscal", Value::Null);
    facts["premium"] = json!({"voucher": "V1", "paid_at": "2026-04-01T10:00", "amount_fen": 80_000, "years": ["birth-year", "next-year"]});
    let decision = decided(&facts);
    assert_eq!(vouchers(&decision), due("V1", "TAX-1005"));
    assert_eq!(decision.gives["amount_fen"], Value::Null);
    assert!(decision.warnings.iter().any(|(zh, _)| zh.contains("逐年核定")));
}

/// A clerk would otherwise be asked for one missing thing after the other, or a negative sum be paid out.
#[test]
fn what_is_missing_or_cannot_be_is_named() {
    let missing = asked(&json!({})).expect_err("nothing is known");
    let all = ["premium", "premium-payer.payer", "premium-payer.year"].map(str::to_owned).to_vec();
    assert_eq!(missing, Undecidable::Missing(all));
    let no_year = asked(&family("family", json!([{"voucher": "V1", "amount_fen": 1}]))).expect_err("no year");
    assert_eq!(no_year, Undecidable::Missing(vec!["payments[].years".into()]));
    for wrong in [
        family("nobody", json!([paid("V1", "2026-04-01T10:00", 2026)])),
        family("family", json!([{"voucher": "V1", "amount_fen": -1, "year": 2026}])),
        family("family", json!([paid("V1", "2026-02-30T10:00", 2026)])),
        family("family", json!([{"voucher": "V1", "amount_fen": 1, "years": ["some-year"]}])),
    ] {
        assert_eq!(asked(&wrong).expect_err("cannot be").code(), "LAW-004");
    }
}
