//! The shipped packs run: each through the core, with the law asked, every command composed from the facts that are
//! known by then, and every message written.

use policy::facts;
use saga::{Status, state::End};
use serde_json::{Value, json};

#[path = "shared/family.rs"]
mod family;

use family::{CLERKS, DAY, Family, answers, answers_in_shanxi, form, form_in_shanxi, moment};

const ALL: [&str; 5] = [
    "social-security-card",
    "insurance-enrolment",
    "insurance-premium",
    "maternity-reimbursement",
    "parenting-guidance",
];

/// Steps that stand in for others, or that only some routes have.
const ONLY_SOMETIMES: [&str; 8] = [
    "benefit-choice",
    "originals",
    "first-review",
    "review-questions",
    "second-review",
    "approval",
    "maternity-payment",
    "maternity-denial",
];

fn in_anhui(chosen: &[&str]) -> Family {
    Family::under("anhui-2024", chosen, form(), answers())
}

fn in_shanxi() -> Family {
    Family::under("shanxi-2026", &[], form_in_shanxi(), answers_in_shanxi())
}

/// A mother of Anhui with this answer of the status query on top of the usual one.
fn a_mother(status: &[(&str, Value)]) -> Family {
    let mut family = in_anhui(&["maternity-reimbursement"]);
    for (field, value) in status {
        family.answers["maternity-status"][*field] = value.clone();
    }
    family
}

fn suspended() -> Value {
    json!({"from": "2026-01-01", "until": "2026-12-31",
           "suspensions": [{"from": "2026-02-20", "until": "2026-05-20", "own_request": true}]})
}

/// A family that does everything right would otherwise not get everything it asked for.
#[test]
fn in_anhui_a_family_gets_every_item_it_chose() {
    let family = in_anhui(&ALL).settles();
    assert_eq!(family.saga.end, Some(End::Completed), "{:#?}", family.saga.steps);
    for step in &family.definition.steps {
        let skipped = ONLY_SOMETIMES.contains(&&*step.name);
        assert!(skipped || family.status(&step.name) == Status::Succeeded, "{}", step.name);
        assert!(!skipped || matches!(family.status(&step.name), Status::Unselected | Status::Skipped), "{}", step.name);
    }
    let mut told = family.messages();
    told.sort_unstable();
    assert_eq!(told, ["N01", "N03", "N06", "N08", "N09", "N11", "N13", "N17", "N20", "N25", "N29"]);
    assert_eq!(family.rows["benefit"], "D3-1");
    assert!(family.text("N17").contains("待遇自2026年3月2日起享受"));
}

/// A family that wants only what it must have would otherwise be given more, or wait for it for ever.
#[test]
fn in_anhui_what_was_not_chosen_is_not_done() {
    let family = in_anhui(&[]).settles();
    assert_eq!(family.saga.end, Some(End::Completed), "{:#?}", family.saga.steps);
    for name in ["card", "enrolment", "premium-payer", "payment-deadlines", "premium", "benefit", "benefit-window"] {
        assert_eq!(family.status(name), Status::Unselected, "{name}");
    }
    for name in ["maternity-status", "maternity-route", "guidance"] {
        assert_eq!(family.status(name), Status::Unselected, "{name}");
    }
    assert!(!family.messages().contains(&"N13"));
}

/// A family that is not eligible would otherwise be asked to sign, or be issued a certificate it cannot use.
#[test]
fn in_anhui_who_is_not_eligible_is_told_at_once() {
    let mut family = in_anhui(&ALL);
    family.facts["father"]["id_number"] = json!("340104198805050036");
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Rejected));
    assert_eq!(family.sent, ["delivery", "household", "marriage", "marriage-licence"]);
    let eligibility = family.definition.find("eligibility").expect("a step");
    let codes: Vec<&str> = family.saga.run(eligibility).reasons.iter().map(|reason| &*reason.code).collect();
    assert_eq!(codes, ["PRE-106"]);
    assert_eq!(family.messages(), ["N01", "N02"]);
}

/// A father who never answers would otherwise leave the mother waiting without an end.
#[test]
fn in_anhui_a_father_who_never_answers_ends_the_case() {
    let mut family = in_anhui(&ALL);
    let filed = family.now;
    family.silent.insert("father-authorisation", i64::MAX);
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Expired));
    assert_eq!(family.now, filed + 7 * DAY);
    assert_eq!(family.messages(), ["N01", "N03", "N04", "N04", "N04", "N05"]);
}

/// A family whose card is refused would otherwise lose its insurance with it.
#[test]
fn in_anhui_one_refused_branch_touches_no_other() {
    let mut family = in_anhui(&ALL);
    family.refuses("card");
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::PartiallyCompleted), "{:#?}", family.saga.steps);
    assert_eq!(family.status("card"), Status::Offline);
    for name in ["enrolment", "premium", "benefit-window", "maternity-route", "guidance", "hand-over", "close"] {
        assert_eq!(family.status(name), Status::Succeeded, "{name}");
    }
    assert!(family.messages().contains(&"N12") && family.messages().contains(&"N30"));
}

/// A family whose registration goes to the counter would otherwise not be handed its certificate.
#[test]
fn in_anhui_a_refused_registration_leaves_the_certificate() {
    let mut family = in_anhui(&ALL);
    family.refuses("registration");
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Offline), "{:#?}", family.saga.steps);
    assert_eq!((family.status("certificate"), family.status("hand-over")), (Status::Succeeded, Status::Succeeded));
    assert!(!family.sent.contains(&"enrolment".to_owned()));
    assert!(family.messages().contains(&"N10"));
}

/// A family would otherwise be told a last day that the law does not know, or be reminded of what it has paid.
#[test]
fn a_family_that_has_not_paid_is_reminded_of_the_nominal_day_and_no_more_once_it_has() {
    let mut family = in_anhui(&ALL);
    family.silent.insert("premium", moment("2026-05-25T10:00"));
    family.answers["premium"]["paid_at"] = json!("2026-05-25T10:00");
    let family = family.settles();
    // Days 30, 60 and 83 of 30, 60, 83, 89, 90; day 90 is Sunday 2026-05-31, and the rolled day is no part of the text.
    let reminders: Vec<_> = family.told.iter().filter(|(id, _)| id == "N16").collect();
    assert_eq!(reminders.len(), 3, "{:?}", family.messages());
    assert!(reminders.iter().all(|(_, text)| text.contains("满90天为2026年5月31日,")), "{reminders:?}");
    assert_eq!((&*family.rows["benefit"], family.saga.end), ("D3-1", Some(End::Completed)));
}

/// A payment on which the law is silent would otherwise open a window that no law knows, or none at all. D3-2.
#[test]
fn a_payment_in_the_gap_waits_for_a_person_and_opens_the_window_that_she_chose() {
    let mut family = in_anhui(&["insurance-enrolment", "insurance-premium"]);
    family.answers["premium"]["paid_at"] = json!("2026-06-02T10:00");
    let family = family.settles();
    assert_eq!(family.rows["benefit"], "D3-2");
    assert_eq!(family.status("benefit-choice"), Status::Succeeded);
    let window = &family.fields["benefit-window"];
    assert_eq!(window["benefit-choice"], json!({"start_on": "2026-03-02", "end_on": "2026-12-31"}));
    assert_eq!(window["benefit"].get("start_on"), None, "the law leaves it open");
    assert_eq!(family.saga.end, Some(End::Completed));
    assert!(family.text("N17").contains("待遇自2026年3月2日起享受"));
}

/// A mother would otherwise wait for money for which she had to apply, or be paid by one clerk alone. D9-4.
#[test]
fn a_claim_goes_through_three_persons_within_twenty_working_days_and_is_paid() {
    let family = a_mother(&[("settled", json!(false))]);
    let due = |family: &Family, name: &str| {
        let step = family.definition.find(name).expect("a step");
        family.saga.run(step).legal.limit.expect("a limit").due_at
    };
    let mut waiting = family.settles_before("first-review");
    // Accepted on Thursday 2026-03-05: twenty working days, the first of them a Friday, end on 2026-04-02.
    let last = due(&waiting, "first-review");
    assert_eq!(last, moment("2026-04-03T00:00"));
    for level in ["second-review", "approval"] {
        waiting.now += 3 * DAY;
        waiting.silent.clear();
        waiting = waiting.settles_before(level);
        assert_eq!(due(&waiting, level), last, "the twenty working days are those of all three levels");
    }
    waiting.silent.clear();
    let family = waiting.settles();
    assert_eq!((&*family.rows["maternity-route"], family.saga.end), ("D9-4", Some(End::Completed)));
    let officers = ["first-review", "second-review", "approval"].map(|step| family.facts[step]["officer"].clone());
    assert_eq!(officers, CLERKS.map(Value::from), "no one acts at two levels");
    assert_eq!(family.status("maternity-denial"), Status::Skipped);
    assert_eq!(family.status("originals"), Status::Unselected);
    assert!(family.text("N22").contains("金额3120.50元,将发放至您的社会保障卡金融账户(尾号1234)"));
}

/// Two clerks would otherwise do the work of three, and nobody would look at the money a third time.
#[test]
fn without_a_third_person_nobody_approves() {
    let mut family = a_mother(&[("settled", json!(false))]);
    family.clerks.pop();
    let family = family.settles();
    assert_eq!((family.status("second-review"), family.status("approval")), (Status::Succeeded, Status::Open));
    assert!(!family.sent.contains(&"maternity-payment".to_owned()));
}

/// A claim from another area would otherwise be reviewed before its originals are there. D9-5.
#[test]
fn a_claim_across_areas_is_reviewed_once_the_originals_are_at_the_window() {
    let family = a_mother(&[("settled", json!(false)), ("own_area", json!(false))]);
    let mut waiting = family.settles_before("originals");
    assert_eq!(waiting.status("first-review"), Status::Waiting, "selected, and it waits");
    assert!(waiting.text("N21").contains("统筹区外"));
    waiting.silent.clear();
    let family = waiting.settles();
    assert_eq!((&*family.rows["maternity-route"], family.saga.end), ("D9-5", Some(End::Completed)));
    assert!(family.messages().contains(&"N22"));
}

/// An emergency at a hospital that had stopped would otherwise be refused by a machine. D8-4.
#[test]
fn an_emergency_at_a_suspended_hospital_is_looked_at_by_persons() {
    let family = a_mother(&[
        ("insured", json!("resident")),
        ("settled", json!(false)),
        ("emergency", json!(true)),
        ("agreement", suspended()),
    ]);
    let family = family.settles();
    assert_eq!((&*family.rows["maternity-route"], family.saga.end), ("D8-4", Some(End::Completed)));
    assert_eq!(family.facts["maternity-route"]["route"], "person");
    assert_eq!(family.facts["first-review"]["officer"], CLERKS[0]);
    assert_eq!(family.status("originals"), Status::Unselected);
}

/// A mother whose hospital had stopped would otherwise get no money and no paper against which to appeal. D8-3.
#[test]
fn what_the_law_does_not_pay_at_a_suspended_hospital_is_denied_on_paper() {
    let family =
        a_mother(&[("insured", json!("resident")), ("settled", json!(false)), ("agreement", suspended())]).settles();
    assert_eq!(family.rows["maternity-route"], "D8-3");
    assert_eq!(family.status("maternity-denial"), Status::Succeeded);
    assert!(family.messages().contains(&"N24"));
    assert!(!family.sent.contains(&"maternity-payment".to_owned()));
    assert_eq!(family.saga.end, Some(End::PartiallyCompleted));
}

/// A claim that fails a question would otherwise be paid, or refused without the paper and its reasons.
#[test]
fn a_claim_that_fails_a_question_or_a_level_is_denied_on_paper() {
    type Change = fn(&mut Family);
    let unpaid = |change: Change| {
        let mut family = a_mother(&[("settled", json!(false))]);
        change(&mut family);
        let family = family.settles();
        assert_eq!(family.status("maternity-denial"), Status::Succeeded, "{:#?}", family.saga.steps);
        assert_eq!(family.saga.end, Some(End::PartiallyCompleted));
        assert_eq!(family.messages().iter().filter(|id| **id == "N24").count(), 1);
        assert!(!family.sent.contains(&"maternity-payment".to_owned()));
        family
    };
    let late = unpaid(|family| family.answers["first-review"]["within_claim_period"] = json!(false));
    let questions = late.definition.find("review-questions").expect("a step");
    let codes: Vec<&str> = late.saga.run(questions).reasons.iter().map(|reason| &*reason.code).collect();
    assert_eq!(codes, ["MAT-1104"]);
    assert_eq!(late.status("second-review"), Status::Skipped);
    let declined: [(&str, Change); 3] = [
        ("first-review", |family| family.refuses("first-review")),
        ("second-review", |family| family.refuses("second-review")),
        ("approval", |family| family.refuses("approval")),
    ];
    for (level, change) in declined {
        assert_eq!(unpaid(change).status(level), Status::Offline, "{level}");
    }
}

/// A newborn in Shanxi would otherwise not be insured by itself, or its subsidy not be booked.
#[test]
fn in_shanxi_enrolment_and_subsidy_follow_registration_by_themselves() {
    let family = in_shanxi().settles();
    assert_eq!(family.saga.end, Some(End::Completed), "{:#?}", family.saga.steps);
    assert_eq!(family.sent, ["certificate", "registration", "enrolment", "subsidy-entry"]);
    assert_eq!((&*family.rows["premium-payer"], &*family.rows["subsidy"]), ("D6-1", "D7-3"));
    assert_eq!(family.fields["subsidy-entry"]["subsidy"], json!({"year": 2026, "lines": []}), "no sum is guessed");
    assert_eq!(family.messages(), ["N01", "N06", "N14a", "N29"]);
}

/// The public funds of one province would otherwise pay for a child that is insured in another.
#[test]
fn in_shanxi_no_subsidy_is_booked_for_who_is_enrolled_elsewhere() {
    let mut family = in_shanxi();
    family.answers["enrolment"]["area"] = json!("340104");
    let family = family.settles();
    assert_eq!(family.rows["premium-payer"], "D6-3");
    assert_eq!(family.status("subsidy"), Status::Unselected);
    assert!(!family.sent.contains(&"subsidy-entry".to_owned()) && !family.messages().contains(&"N14a"));
}

/// A newborn whose registration is refused would otherwise lie in hospital without insurance.
#[test]
fn in_shanxi_a_child_without_registration_is_enrolled_provisionally() {
    let mut family = in_shanxi();
    family.refuses("registration");
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Offline), "{:#?}", family.saga.steps);
    assert_eq!(family.sent, ["certificate", "registration", "provisional"]);
    assert_eq!(family.messages(), ["N01", "N06", "N10", "N15", "N30"]);
}

/// D12: a newborn in intensive care would otherwise be without insurance when its bill is settled, before its registration.
#[test]
fn in_shanxi_a_registration_that_is_not_done_the_next_day_starts_provisional_enrolment_and_the_other_knows_of_it() {
    let mut family = in_shanxi();
    // Filed on 5 March at nine.
    family.silent.insert("registration", moment("2026-03-06T12:00"));
    let early = family.settles();
    assert_eq!(early.sent[..3], ["certificate", "provisional", "registration"]);

    let mut family = in_shanxi();
    family.silent.insert("registration", i64::MAX);
    let mut family = family.settles();
    assert_eq!(family.saga.end, None, "the department is asked on");
    assert_eq!(family.sent, ["certificate", "provisional"]);
    family.silent.clear();
    let family = family.settles();
    assert_eq!(family.saga.end, Some(End::Completed), "{:#?}", family.saga.steps);
    let enrolment = family.definition.find("enrolment").expect("a step");
    let sent = facts::compose(&family.definition.step(enrolment).send, &family.facts).expect("all facts");
    assert_eq!(sent["provisional"], json!({"person_number": "P0"}));
}

/// A family of the older scheme would otherwise be asked for a year that is free, or hear no day for the next.
#[test]
fn in_shanxi_before_2026_the_birth_year_is_free_and_the_family_is_told_of_the_next() {
    let mut form = form_in_shanxi();
    form["application"]["submitted_on"] = json!("2025-12-22");
    form["child"]["born_at"] = json!("2025-12-20T08:30");
    let mut answers = answers_in_shanxi();
    answers["enrolment"]["enrolled_on"] = json!("2025-12-23");
    answers["premium"] = json!({"voucher": "V1", "paid_at": "2026-01-05T10:00", "amount_fen": 40_000, "years": [2026]});
    let family = Family::under("shanxi-2025", &["insurance-premium"], form, answers).settles();
    assert_eq!((&*family.rows["premium-payer"], family.saga.end), ("D5-1", Some(End::Completed)));
    // Born at the end of the year: 90 days run to 2026-03-20, beyond what is known of the collection period.
    assert_eq!(
        family.text("N14b"),
        "【山西政务】您的孩子已完成居民医保参保登记,出生当年无需缴费。2026年居民医保费请于2026年3月20日前缴纳。"
    );
}
