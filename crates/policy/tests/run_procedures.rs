//! Procedures that follow a case run: a refund, a correction once and everywhere, a recalculation; each through the core,
//! with the law asked and every command composed.

use std::sync::Arc;

use policy::Pack;
use saga::{Status, state::End};
use serde_json::{Value, json};

#[path = "shared/family.rs"]
mod family;
#[path = "shared/packs.rs"]
mod packs;

use family::{CLERKS, Family, answers, answers_in_shanxi, form, form_in_shanxi};

fn done_in_anhui(chosen: &[&str], change: fn(&mut Value)) -> Family {
    let mut answers = answers();
    change(&mut answers);
    let family = Family::under("anhui-2024", chosen, form(), answers).settles();
    assert_eq!(family.saga.end, Some(End::Completed), "{:#?}", family.saga.steps);
    family
}

/// Shanxi's pack with the sum and the shares that were published after it.
fn with_shares() -> Arc<Pack> {
    let mut files = packs::with_values("shanxi-2026", &[("premium.personal_standard", "\"400.00\"")]).files.to_vec();
    let law = files.iter_mut().find(|(name, _)| &**name == "law.toml").expect("a file of the pack");
    law.1 = format!(
        "{}\n[[share]]\narea = \"140000\"\nprovince = \"60.00\"\ncity = \"20.00\"\ncounty = \"20.00\"\nsource = \"测试\"\n",
        law.1
    )
    .into();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    Arc::new(Pack::parse(&files).unwrap_or_else(|problems| panic!("{problems}")))
}

fn done_in_shanxi(pack: Arc<Pack>) -> Family {
    let family = Family::under_pack(pack, &[], form_in_shanxi(), answers_in_shanxi()).settles();
    assert_eq!(family.saga.end, Some(End::Completed), "{:#?}", family.saga.steps);
    family
}

fn paid(voucher: &str, year: i64) -> Value {
    json!({"payment": {"voucher": voucher, "paid_at": "2026-04-01T10:00", "amount_fen": 40_000, "years": [year]}})
}

/// A family that paid although the state pays would otherwise never see its 400 yuan again, or one clerk alone could
/// take them out.
#[test]
fn a_premium_that_nobody_owed_is_proved_looked_at_by_two_persons_and_paid_back() {
    let case = done_in_shanxi(with_shares());
    let begins = &case.pack.on_notice["PremiumPaid"];
    assert_eq!((&*begins.department, &*begins.procedure), ("tax", "refund"));
    let refund = case.follows("refund", paid("V9", 2026), json!({})).settles();
    assert_eq!((&*refund.rows["refund"], refund.saga.end), ("C7", Some(End::Completed)), "tax's proof: tax's fault");
    assert_eq!(refund.sent, ["overcollection", "refund-payment"]);
    let [first, second] = ["refund-review", "refund-approval"].map(|step| refund.facts[step]["officer"].clone());
    assert_eq!((first, second), (json!(CLERKS[0]), json!(CLERKS[1])));
    assert_eq!(refund.fields["refund-payment"]["refund"], json!({"amount_fen": 40_000}));
    assert_eq!(refund.messages(), ["N19"], "and nobody is told that the case is all done (N29)");
    assert!(refund.text("N19").contains("多缴保费400.00元已提交退款"));

    let mut alone = case.follows("refund", paid("V9", 2026), json!({}));
    alone.clerks.truncate(1);
    assert_eq!(alone.settles().status("refund-approval"), Status::Open);
}

/// A second payment for one year would otherwise be kept, or the first be paid back with it.
#[test]
fn a_second_voucher_is_paid_back_and_a_payment_that_is_owed_is_not() {
    let case = done_in_anhui(&["insurance-enrolment", "insurance-premium"], |_| {});
    let twice = case.follows("refund", paid("V2", 2026), json!({})).settles();
    assert_eq!(twice.saga.end, Some(End::Completed));
    assert_eq!(twice.facts["refund"]["refunds"][0]["voucher"], "V2");
    let next_year = case.follows("refund", paid("V3", 2027), json!({})).settles();
    assert_eq!(next_year.rows["refund"], "C0");
    assert_eq!((next_year.status("refund"), next_year.status("refund-payment")), (Status::Offline, Status::Skipped));
    assert_eq!(next_year.messages(), [""; 0]);
}

/// Money would otherwise stay booked for a child born before the scheme, or a department go on with the old minute.
#[test]
fn a_birth_corrected_across_the_line_reaches_everybody_who_had_it_and_takes_the_subsidy_back() {
    let case = done_in_shanxi(with_shares());
    assert_eq!(case.rows["subsidy"], "D7-1");
    let across = case.follows("correction", json!({}), json!({"child.born_at": "2025-12-31T23:50"})).settles();
    assert_eq!(across.saga.end, Some(End::Completed), "{:#?}", across.saga.steps);
    assert_eq!(across.sent, ["health-correction", "police-correction", "insurance-correction", "subsidy-reversal"]);
    assert_eq!(across.fields["health-correction"]["corrections"], json!({"child.born_at": "2025-12-31T23:50"}));
    assert_eq!(across.rows["reversal-due"], "D7-R1");
    let reversed = &across.fields["subsidy-reversal"];
    assert_eq!(reversed["subsidy-entry"]["ledger_entry"], "ZZ1408022026000001");
    assert_eq!(reversed["reversal-due"]["entry"]["reverses"], case.facts["subsidy"]["entry"]["reference"]);
    assert_eq!(across.messages(), ["N27"]);
}

/// A booking that is right would otherwise be taken back with every correction of a name, and departments be told what
/// they never had.
#[test]
fn a_corrected_name_or_telephone_goes_to_those_who_had_it_and_moves_no_money() {
    let case = done_in_shanxi(with_shares());
    let name = case.follows("correction", json!({}), json!({"child.name": "测试丁"})).settles();
    assert_eq!(name.saga.end, Some(End::Completed));
    assert_eq!(name.sent, ["health-correction", "police-correction", "insurance-correction"]);
    assert_eq!(name.status("subsidy-reversal"), Status::Skipped);
    let phone = case.follows("correction", json!({}), json!({"mother.phone": "13900000000"})).settles();
    assert_eq!(phone.sent, ["insurance-correction"], "the others never had it");

    let inside = case.follows("correction", json!({}), json!({"child.born_at": "2026-03-02T08:31"})).settles();
    assert_eq!((&*inside.rows["reversal-due"], inside.saga.end), ("D7-R2", Some(End::Completed)));
}

/// A child's cover would otherwise keep running from a day of birth that was wrong, or from what a clerk had chosen for
/// the wrong day.
#[test]
fn in_anhui_a_corrected_birth_opens_the_window_anew_by_the_law_alone() {
    // Born 2026-03-02 and paid on 2026-06-02: the gap of which the law is silent; a clerk chose.
    let case = done_in_anhui(&["insurance-enrolment", "insurance-premium"], |answers| {
        answers["premium"]["paid_at"] = json!("2026-06-02T10:00");
    });
    assert_eq!(case.rows["benefit"], "D3-2");
    let corrected = case.follows("correction", json!({}), json!({"child.born_at": "2026-03-05T08:30"})).settles();
    assert_eq!(corrected.saga.end, Some(End::Completed), "{:#?}", corrected.saga.steps);
    assert_eq!(corrected.sent, ["health-correction", "police-correction", "insurance-correction", "benefit-window"],);
    assert_eq!((&*corrected.rows["benefit"], corrected.status("benefit-choice")), ("D3-1", Status::Unselected));
    let window = &corrected.fields["benefit-window"];
    assert_eq!(window["benefit"]["start_on"], "2026-03-05");
    assert_eq!(window.get("benefit-choice"), None, "what was chosen for another day of birth counts no more");
    let unpaid = done_in_anhui(&["social-security-card"], |_| {});
    let unpaid = unpaid.follows("correction", json!({}), json!({"child.born_at": "2026-03-05T08:30"})).settles();
    assert_eq!(unpaid.sent, ["health-correction", "police-correction", "social-security-correction"]);
    assert_eq!((unpaid.status("benefit-window"), unpaid.saga.end), (Status::Skipped, Some(End::Completed)));
}

/// A mother who disagrees would otherwise be answered by those who had decided, be paid twice, or get no paper.
#[test]
fn a_recalculation_is_three_persons_in_twenty_working_days_and_tops_up_or_denies_on_paper() {
    let case = done_in_anhui(&["maternity-reimbursement"], |answers| {
        answers["maternity-status"]["settled"] = json!(false);
    });
    let mut again = case.follows("recalculation", json!({}), json!({}));
    again.answers["approval"] = json!({"amount_fen": 400_000, "allowance_fen": 0});
    let granted = again.settles();
    assert_eq!(granted.saga.end, Some(End::Completed), "{:#?}", granted.saga.steps);
    assert_eq!(granted.sent, ["top-up"]);
    assert_eq!(granted.fields["top-up"]["approval"], json!({"amount_fen": 400_000, "allowance_fen": 0}));
    assert!(granted.text("N22-top-up").contains("补发金额100.00元"), "{}", granted.text("N22-top-up"));
    let levels = ["recalculation-first-review", "recalculation-second-review", "approval"];
    assert_eq!(levels.map(|step| granted.facts[step]["officer"].clone()), CLERKS.map(Value::from));

    let mut small = case.follows("recalculation", json!({}), json!({}));
    small.clerks.truncate(2);
    assert_eq!(small.settles().status("approval"), Status::Open, "no third person");

    let mut denied = case.follows("recalculation", json!({}), json!({}));
    denied.refuses("recalculation-second-review");
    let denied = denied.settles();
    assert_eq!(denied.sent, ["recalculation-denial"]);
    assert_eq!(denied.status("top-up"), Status::Skipped);
    assert_eq!((denied.messages(), granted.messages()), (vec!["N24-recalculation"], vec!["N22-top-up"]));
}
