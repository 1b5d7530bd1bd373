//! Domain table D13: the tricky cases that only a running saga can show, under the shipped packs.

use saga::{Input, Status, input::Found, state::End};
use serde_json::json;

#[path = "shared/family.rs"]
mod family;

use family::{DAY, Family, answers, form};

const MONEY: [&str; 2] = ["insurance-enrolment", "insurance-premium"];

fn in_anhui(chosen: &[&str]) -> Family {
    Family::under("anhui-2024", chosen, form(), answers())
}

/// X2: a father who does not answer would otherwise cost the family a certificate that has to be taken back.
#[test]
fn x2_when_the_father_does_not_answer_nothing_has_been_done_that_must_be_undone() {
    let mut family = in_anhui(&MONEY);
    family.silent.insert("father-authorisation", i64::MAX);
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Expired));
    assert_eq!(family.sent, ["delivery", "household", "marriage", "marriage-licence"], "questions only");
    assert!(family.text("N05").contains("填报信息为您保留30天"));
}

/// X4: one payment that tax tells twice would otherwise be two, or be paid back.
#[test]
fn x4_the_same_payment_told_twice_is_one() {
    let family = in_anhui(&MONEY).settles();
    assert_eq!(family.sent.iter().filter(|step| *step == "benefit-window").count(), 1);
    let again = json!({"payment": family.facts["premium"]});
    let refund = family.follows("refund", again, json!({})).settles();
    assert_eq!((&*refund.rows["refund"], refund.status("refund-payment")), ("C0", Status::Skipped));
}

/// X5: a family that has paid would otherwise wait for cover until the tax office's interface is built.
#[test]
fn x5_a_voucher_seen_at_the_counter_stands_for_the_taxs_message() {
    let mut family = in_anhui(&MONEY);
    family.silent.insert("premium", i64::MAX);
    let mut family = family.settles_before("premium");
    let premium = family.definition.find("premium").expect("a step");
    let revision = family.saga.run(premium).revision;
    family.facts["premium"] =
        json!({"voucher": "V1", "paid_at": "2026-03-07T10:00", "amount_fen": 40_000, "years": [2026]});
    family.input(Input::Resolve { step: premium, revision, found: Found::Done });
    let family = family.settles();
    assert_eq!((&*family.rows["benefit"], family.saga.end), ("D3-1", Some(End::Completed)));
    assert!(family.messages().contains(&"N17"));
}

/// X6: a name that the police corrected would otherwise stay wrong on the card and with the insurance.
#[test]
fn x6_a_name_corrected_at_the_police_goes_to_everybody_who_had_it_and_the_certificate_is_not_voided() {
    let family = in_anhui(&["social-security-card", "insurance-enrolment", "insurance-premium"]).settles();
    let correction = family.follows("correction", json!({}), json!({"child.name": "测试丁"})).settles();
    assert_eq!(
        correction.sent,
        [
            "health-correction",
            "police-correction",
            "insurance-correction",
            "social-security-correction",
            "tax-correction"
        ]
    );
    assert_eq!((correction.saga.end, correction.messages()), (Some(End::Completed), vec!["N27"]));
    assert_eq!(family.status("certificate"), Status::Succeeded, "re-issued by health's own rule only");
}

/// X9: a family in mourning would otherwise be sent advice, or a machine go on with the registration.
#[test]
fn x9_after_a_death_nothing_goes_on_by_itself_nobody_is_written_to_and_claims_are_taken_up_by_persons() {
    let mut family = in_anhui(&["maternity-reimbursement", "parenting-guidance", "social-security-card"]);
    family = family.settles_before("certificate");
    let told = family.told.len();
    family.input(Input::Bereaved { by: "clerk".into() });
    family.silent.clear();
    let mut family = family.pauses();
    assert!(!family.sent.contains(&"registration".to_owned()), "{:?}", family.sent);
    let registration = family.definition.find("registration").expect("a step");
    assert!(family.saga.step_is_stuck(&family.definition, registration), "visibly waiting for a person");
    for step in ["registration", "maternity-status", "maternity-route"] {
        let step = family.definition.find(step).expect("a step");
        let revision = family.saga.run(step).revision;
        family.input(Input::Retry { step, revision });
        family = family.pauses();
    }
    assert_eq!(family.status("maternity-status"), Status::Succeeded, "the mother's claim goes on");
    for step in ["guidance", "card"] {
        assert!(!family.sent.contains(&step.to_owned()), "{step} is for a child that lives");
    }
    assert_eq!(family.told.len(), told, "{:?}", family.messages());
}

/// X10: parents of whom the registers know nothing would otherwise be let in, or be left without a word of where to go.
#[test]
fn x10_a_parent_who_is_abroad_or_in_custody_is_sent_to_the_counters() {
    let mut family = in_anhui(&MONEY);
    family.answers["household"]["father"] = json!({"found": false});
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Rejected));
    let eligibility = family.definition.find("eligibility").expect("a step");
    let reasons = &family.saga.run(eligibility).reasons;
    assert!(reasons.iter().any(|reason| &*reason.code == "PRE-104"), "{reasons:?}");
    assert!(reasons.iter().all(|reason| !reason.offline_route.is_empty()), "each with where to go");
}

/// X12: a machine would otherwise say no, or yes, where a crime is suspected.
#[test]
fn x12_a_suspicion_freezes_the_case_and_decides_nothing() {
    let mut family = in_anhui(&MONEY).settles_before("signature");
    family.input(Input::Freeze);
    family.silent.clear();
    let (sent, told) = (family.sent.len(), family.told.len());
    family.now += 3 * DAY;
    let mut family = family.pauses();
    assert_eq!((family.sent.len(), family.told.len(), family.saga.end), (sent, told, None));
    family.input(Input::Unfreeze);
    assert_eq!(family.settles().saga.end, Some(End::Completed));
}

/// X16: a mother who withdraws would otherwise lose the certificate of her child, or still be given what she gave up.
#[test]
fn x16_after_a_withdrawal_what_is_done_stays_and_what_is_optional_is_not_done() {
    let mut family = in_anhui(&["social-security-card", "insurance-enrolment", "insurance-premium"]);
    family = family.settles_before("registration");
    family.input(Input::Withdraw { by: "applicant".into() });
    family.silent.clear();
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Withdrawn));
    assert_eq!(family.status("registration"), Status::Cancelled, "it was asked for and not done yet");
    assert_eq!(family.status("certificate"), Status::Succeeded, "a medical fact is not undone");
    for step in ["card", "enrolment", "premium"] {
        assert!(!family.sent.contains(&step.to_owned()), "{step}");
    }
}
