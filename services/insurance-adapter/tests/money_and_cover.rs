//! What the insurance agency promises of money and cover: one payment for a delivery, books that balance, windows and
//! records whose history is kept, one record for a child.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use adapter::{
    Reply, Retry, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
    simulated::{Behaviour, magic},
    testing::{self, Trial},
};
use identifiers::{AreaCode, CitizenId, synthetic};
use insurance_adapter::{
    InsuranceAgency,
    contract::{
        EnrolProvisionally, EnrolProvisionallyOutput, EnrolResident, EnrolResidentOutput, Insured, NotifyDenial,
        NotifyDenialOutput, OpenBenefits, OpenBenefitsOutput, PayMaternity, PayMaternityOutput, PayRefund,
        PayRefundOutput, QueryMaternity, QueryMaternityOutput, RecordSubsidy, ReverseSubsidy, ReverseSubsidyOutput,
        TerminateEnrolment, TerminateEnrolmentOutput,
    },
    simulated::{
        WAGE_FEN,
        accounts::{EXPENDITURE, MATERNITY_ALLOWANCE, MATERNITY_MEDICAL, PREMIUMS, REFUNDS, balances},
    },
};
use jiff::civil::date;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[path = "shared/world.rs"]
mod world;

use world::{NOW_MS, World};

const DAY_MS: i64 = 86_400_000;

impl World {
    /// An act twice is once, in the state that the world is in.
    async fn once(&self, command: &str, fields: Value) {
        testing::act_twice_is_once(&self.department(), command, fields, || self.standing()).await;
    }

    async fn balance(&self, account: &str) -> i64 {
        let journal = self.agency.journal().await.unwrap();
        let balances: BTreeMap<String, i64> = balances(&journal);
        assert_eq!(balances.values().sum::<i64>(), 0, "the books do not balance");
        balances.get(account).copied().unwrap_or(0)
    }

    async fn enrol(&self, key: &str, fields: Value) -> EnrolResidentOutput {
        done(self.agency.enrol(key, &typed::<EnrolResident>(fields)).await)
    }

    async fn pay(&self, key: &str, fields: Value) -> Result<Reply<PayMaternityOutput>, Unknown> {
        self.agency.pay_maternity(key, &typed::<PayMaternity>(fields)).await
    }

    async fn open(&self, key: &str, start_on: &str) -> OpenBenefitsOutput {
        done(self.agency.open_benefits(key, &typed::<OpenBenefits>(cover(start_on))).await)
    }

    async fn correct(&self, key: &str, fields: Value) -> Result<Reply<CorrectRecordOutput>, Unknown> {
        self.agency.correct_record(key, &typed::<CorrectRecord>(fields)).await
    }
}

fn typed<Fields: DeserializeOwned>(fields: Value) -> Fields {
    serde_json::from_value(fields).unwrap()
}

fn done<Output>(reply: Result<Reply<Output>, Unknown>) -> Output {
    match reply {
        Ok(Reply::Succeeded(output)) => output,
        Ok(other) => panic!("not done: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

fn refused<Output>(reply: Result<Reply<Output>, Unknown>) -> String {
    match reply {
        Ok(Reply::Refused { code, .. }) => code,
        Ok(other) => panic!("not refused: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

fn asking_for(scenario: u16) -> CitizenId {
    magic::mother(&AreaCode::parse("340104").unwrap(), scenario, 1)
}

fn mother() -> Value {
    let mother = synthetic::mother(1);
    json!({ "name": mother.name, "id_number": mother.citizen_id, "phone": mother.phone })
}

fn child() -> Value {
    let name = synthetic::child_name(1, &synthetic::mother(1).name);
    json!({ "name": name, "sex": "1", "born_at": "2026-11-01T09:30" })
}

fn enrolment() -> Value {
    let id_number = synthetic::citizen_id(7, identifiers::Sex::Male);
    json!({ "child": child(), "registration": { "id_number": id_number }, "mother": mother() })
}

fn with_certificate(mut fields: Value) -> Value {
    fields["certificate"] = json!({ "number": "X140000001" });
    fields
}

fn provisional() -> Value {
    with_certificate(json!({ "child": child(), "mother": mother() }))
}

fn payment(amount_fen: i64, allowance_fen: i64) -> Value {
    json!({ "mother": mother(), "delivery": { "record": "FM202611010001" },
            "approval": { "amount_fen": amount_fen, "allowance_fen": allowance_fen } })
}

/// To a mother whose first bank transfer comes back.
fn bouncing(mut fields: Value, account: Option<&str>) -> Value {
    fields["mother"]["id_number"] = json!(asking_for(magic::TRANSFER_BOUNCED));
    if let Some(account) = account {
        fields["mother"]["bank_account"] = json!(account);
    }
    fields
}

/// The first person number that this agency gives in Anhui.
const PERSON: &str = "3400000000000001";

fn cover(start_on: &str) -> Value {
    json!({ "enrolment": { "person_number": PERSON },
            "benefit": { "start_on": start_on, "end_on": "2026-12-31" } })
}

fn refund() -> Value {
    json!({ "premium": { "voucher": "P34BANK0001", "amount_fen": 40_000 }, "mother": mother() })
}

fn denial() -> Value {
    json!({ "mother": mother(), "delivery": { "record": "FM202611010001" },
            "approval": { "reason": "分娩的医疗机构不是定点医疗机构" } })
}

fn correction(name: &str) -> Value {
    json!({ "enrolment": { "person_number": PERSON }, "corrections": { "child.name": name } })
}

fn termination(from: &str) -> Value {
    json!({ "enrolment": { "person_number": PERSON },
            "termination": { "from": from, "reason": "other-province" } })
}

/// Money would otherwise be paid twice after a crash, or a paper sent out twice.
#[tokio::test]
async fn every_act_sent_twice_is_done_once() {
    let world = World::new();
    world.once("PayMaternity", payment(350_000, 0)).await;
    assert_eq!(world.balance(EXPENDITURE).await, -350_000);
    World::new().once("NotifyDenial", denial()).await;
    World::new().once("PayRefund", refund()).await;
    let world = World::new();
    let enrolled = world.enrol("01", enrolment()).await;
    assert!(enrolled.person_number == PERSON, "the tables below name another number");
    world.once("OpenBenefits", cover("2026-11-01")).await;
    world.once("CorrectRecord", correction("例安然")).await;
    world.once("TerminateEnrolment", termination("2026-12-01")).await;
    let subsidised = World::new();
    let booked = done(subsidised.agency.record_subsidy("01", &typed(subsidy(json!([])))).await);
    let entry = json!({ "ledger_entry": booked.ledger_entry });
    let taken_back = json!({ "registration": enrolment()["registration"],
                             "enrolment": { "person_number": "1400000000000001" }, "subsidy-entry": entry });
    subsidised.once("ReverseSubsidy", taken_back).await;
}

/// A payment whose answer was lost would otherwise be made again.
#[tokio::test]
async fn a_lost_answer_does_not_pay_again() {
    let world = World::new();
    let losing = Behaviour { lose_answers: 1, ..Behaviour::default() };
    world.agency.desk().behaviours().set("PayMaternity", losing);
    assert!(world.pay("01", payment(350_000, 0)).await.is_err());
    assert_eq!(done(world.pay("01", payment(350_000, 0)).await).amount_fen, 350_000);
    assert_eq!(world.balance(EXPENDITURE).await, -350_000);
}

/// The route would otherwise be decided by an insurance that the mother does not have (D8, D9).
#[tokio::test]
async fn mothers_who_ask_for_a_status_have_it() {
    let world = World::new();
    let status = async |mother: CitizenId| -> QueryMaternityOutput {
        let delivery = json!({ "record": "FM1", "facility_code": "H34010400001", "delivered_on": "2026-05-12" });
        let request: QueryMaternity = typed(json!({ "mother": { "id_number": mother }, "delivery": delivery }));
        done(world.agency.find_maternity("01", &request).await)
    };
    let usual = status(synthetic::mother(1).citizen_id).await;
    assert_eq!((usual.insured, usual.settled, usual.own_area), (Insured::Employee, false, true));
    assert_eq!((usual.babies, usual.average_monthly_wage_fen), (1, Some(WAGE_FEN)));
    let agreement = usual.agreement.unwrap();
    assert!(agreement.from < date(2026, 5, 12) && agreement.until > date(2026, 5, 12));

    assert!(status(asking_for(magic::MATERNITY_SETTLED)).await.settled);
    assert!(!status(asking_for(magic::OTHER_POOLING_AREA)).await.own_area);
    for (scenario, insured) in [
        (magic::INSURED_RESIDENT, Insured::Resident),
        (magic::SPOUSE_INSURED, Insured::SpouseOfEmployee),
        (magic::NOT_INSURED, Insured::None),
    ] {
        let found = status(asking_for(scenario)).await;
        assert_eq!((found.insured, found.average_monthly_wage_fen), (insured, None), "{scenario}");
    }
    let ended = status(asking_for(magic::MATERNITY_REFUSED)).await.agreement.unwrap();
    assert_eq!(ended.terminated_on, Some(date(2026, 4, 12)));
    let suspended = |status: &QueryMaternityOutput| status.agreement.as_ref().unwrap().suspensions[0].clone();
    let planned = status(asking_for(magic::AGREEMENT_SUSPENDED)).await;
    assert_eq!((suspended(&planned).from, suspended(&planned).until), (date(2026, 5, 10), Some(date(2026, 8, 8))));
    assert!(!planned.emergency && status(asking_for(magic::SUSPENDED_EMERGENCY)).await.emergency);
    let split = status(asking_for(magic::COSTS_SPLIT)).await;
    assert!(split.costs[0].on < suspended(&split).from && split.costs[1].on >= suspended(&split).from);
    let twins = status(asking_for(magic::DIFFICULT_TWINS)).await;
    assert_eq!((twins.difficult_birth, twins.babies), (true, 2));
    world.agency.enter_status(&synthetic::mother(1).citizen_id, &twins).await.unwrap();
    assert_eq!(status(synthetic::mother(1).citizen_id).await, twins);
    assert_eq!(world.standing(), 0, "a query leaves nothing behind");
}

/// A mother would otherwise lose what the bank sent back, or have it twice (篇10 10章 art. 9(三), C8).
#[tokio::test]
async fn a_transfer_that_comes_back_is_reversed_corrected_and_paid_once() {
    let world = World::new();
    let trial = Trial::of(world.department());
    let step = trial.step(1, "PayMaternity", &bouncing(payment(350_000, 50_000), None));
    let told = trial.act(&step, 1).await;
    assert_eq!(told[0].sealed["fields"], Value::Null, "the fields that are to be corrected are no secret");
    let outcome = format!("{:?}", told[0].outcome);
    assert!(outcome.contains("MAT-1106") && outcome.contains("mother.bank_account"), "{outcome}");
    let journal = world.agency.journal().await.unwrap();
    assert_eq!((journal.len(), journal[1].reverses), (2, Some(journal[0].number)));
    assert_eq!((world.standing(), world.balance(EXPENDITURE).await), (0, 0));

    let corrected = step.with(&bouncing(payment(350_000, 50_000), Some("6228480000001234")));
    for _ in 0..2 {
        let told = trial.act(&corrected, 2).await;
        assert!(told[0].succeeded(), "{:?}", told[0].outcome);
        assert_eq!(told[0].sealed["account_tail"], "1234");
    }
    trial.act(&step, 1).await; // the first sending, late: answered by what stands
    assert_eq!((world.standing(), world.balance(EXPENDITURE).await), (1, -350_000));
    assert_eq!(world.balance(MATERNITY_ALLOWANCE).await, 50_000);
    assert_eq!(world.balance(MATERNITY_MEDICAL).await, 300_000);
}

/// An account that the bank does not know would otherwise be paid to because it was given twice.
#[tokio::test]
async fn the_same_wrong_account_bounces_again() {
    let world = World::new();
    for key in ["01", "02"] {
        let reply = world.pay(key, bouncing(payment(350_000, 0), Some("6228480000009999"))).await;
        assert!(matches!(reply, Ok(Reply::NeedsCorrection { .. })), "{key}");
    }
    assert_eq!((world.agency.journal().await.unwrap().len(), world.balance(EXPENDITURE).await), (4, 0));
}

/// One delivery would otherwise be paid for once by the claim and once by the approval, or once for each twin.
#[tokio::test]
async fn one_delivery_is_paid_once_and_after_a_recalculation_the_difference() {
    let world = World::new();
    let first = done(world.pay("01", payment(350_000, 0)).await);
    assert!(first == done(world.pay("02", payment(350_000, 0)).await));
    let more = done(world.pay("03", payment(400_000, 20_000)).await);
    assert_eq!((more.amount_fen, more.total_fen), (50_000, 400_000));
    assert_eq!(refused(world.pay("04", payment(100_000, 0)).await), "MAT-1109");
    assert_eq!(world.balance(EXPENDITURE).await, -400_000);
    assert_eq!(world.balance(MATERNITY_ALLOWANCE).await, 20_000);
    let claim = json!({ "mother": mother(), "delivery": { "record": "FM202611010001",
                        "facility_code": "H34010400001", "delivered_on": "2026-11-01" } });
    assert_eq!(refused(world.agency.claim_maternity("05", &typed(claim)).await), "MAT-1107");
    assert_eq!(refused(world.agency.notify_denial("06", &typed(denial())).await), "MAT-1107");

    let world = World::new();
    for wrong in [payment(0, 0), payment(-1, 0), payment(100, 101), payment(100, -1)] {
        assert!(world.pay("01", wrong).await == Ok(Reply::failed("MAT-1108", Retry::Never)));
    }
    assert_eq!(world.standing(), 0);
}

/// A mother who is refused would otherwise have no paper to contest (篇10 9章 art. 3).
#[tokio::test]
async fn a_denial_has_a_number_and_two_copies_and_is_issued_once() {
    let world = World::new();
    let request: NotifyDenial = typed(denial());
    let paper = done(world.agency.notify_denial("01", &request).await);
    assert_eq!((paper.copies, &*paper.document_number), (2, "生育不予支付〔2026〕000001号"));
    assert!(paper == done(world.agency.notify_denial("02", &request).await));
    // A recalculation may still find for her.
    done(world.pay("03", payment(350_000, 0)).await);
}

/// A corrected window would otherwise stand beside the old one, or the old one would be forgotten.
#[tokio::test]
async fn a_window_with_other_dates_is_a_new_version_and_the_old_one_is_kept() {
    let world = World::new();
    world.enrol("01", enrolment()).await;
    let first = world.open("02", "2026-11-22").await;
    assert_eq!((first.start_on, first.end_on, first.version), (date(2026, 11, 22), date(2026, 12, 31), 1));
    assert_eq!(world.open("03", "2026-11-22").await, first);
    let before = world.standing();
    let second = world.open("04", "2026-11-01").await;
    assert!(second.version == 2 && second.window_id != first.window_id);
    assert_eq!(world.standing(), before, "two windows stand");
    let history = world.agency.windows(PERSON).await.unwrap();
    assert_eq!(history.iter().map(|window| window.is.start_on).collect::<Vec<_>>(), [first.start_on, second.start_on]);
}

/// A child without a day of cover would otherwise be covered from nowhere, or another person's window opened.
#[tokio::test]
async fn a_window_has_a_person_and_a_first_day_before_its_last() {
    let world = World::new();
    let open = async |key: &str, fields: Value| world.agency.open_benefits(key, &typed(fields)).await;
    assert_eq!(refused(open("01", cover("2026-11-01")).await), "INS-906");
    world.enrol("02", enrolment()).await;
    let undecided = Ok(Reply::failed("INS-921", Retry::Never));
    let mut without = cover("2026-11-01");
    without["benefit"] = json!({ "end_on": "2026-12-31" });
    assert!(open("03", without.clone()).await == undecided && open("04", cover("2027-01-01")).await == undecided);
    without["benefit-choice"] = json!({ "start_on": "2026-11-05" });
    assert_eq!(done(open("05", without).await).start_on, date(2026, 11, 5));
    // All of it a person's decision.
    let chosen = json!({ "enrolment": { "person_number": PERSON },
                         "benefit-choice": { "start_on": "2026-11-06", "end_on": "2026-11-30" } });
    let window = done(open("06", chosen).await);
    assert_eq!((window.start_on, window.end_on), (date(2026, 11, 6), date(2026, 11, 30)));
}

/// A child that moves away would otherwise stay covered here, or its used cover be claimed back (D12, X15).
#[tokio::test]
async fn an_enrolment_ends_from_a_day_and_what_lies_before_stays() {
    let world = World::new();
    let terminate = async |key: &str, from: &str| -> Result<Reply<TerminateEnrolmentOutput>, Unknown> {
        world.agency.terminate_enrolment(key, &typed::<TerminateEnrolment>(termination(from))).await
    };
    assert_eq!(refused(terminate("01", "2026-12-01").await), "INS-906");
    world.enrol("02", enrolment()).await;
    world.open("03", "2026-11-01").await;
    let ended = done(terminate("04", "2026-12-01").await);
    assert_eq!(ended.terminated_from, date(2026, 12, 1));
    let window = world.agency.windows(PERSON).await.unwrap().remove(0);
    assert_eq!((window.is.start_on, window.cut_on), (date(2026, 11, 1), Some(date(2026, 11, 30))));
    assert_eq!(done(terminate("05", "2026-12-01").await), ended);
    assert_eq!(refused(terminate("06", "2026-12-15").await), "INS-908");
    let opened = world.agency.open_benefits("07", &typed(cover("2026-12-05"))).await;
    assert_eq!(refused(opened), "INS-908");
    world.clock.advance_to(NOW_MS + 30 * DAY_MS);
    let back = world.enrol("08", enrolment()).await;
    assert!(back.person_number == PERSON, "a person has one number");
    assert_eq!(back.enrolled_on, date(2026, 12, 22));
}

/// A family's refund would otherwise be paid twice, or exceed what it had paid (篇10 10章 art. 3).
#[tokio::test]
async fn a_premium_is_refunded_once_and_never_beyond_what_was_paid() {
    let world = World::new();
    let refund_of = async |key: &str, fields: Value| -> Result<Reply<PayRefundOutput>, Unknown> {
        world.agency.pay_refund(key, &typed::<PayRefund>(fields)).await
    };
    let mut too_much = refund();
    too_much["refund"] = json!({ "amount_fen": 40_001 });
    assert_eq!(refused(refund_of("01", too_much).await), "INS-922");
    let bounced = refund_of("02", bouncing(refund(), None)).await;
    assert!(matches!(bounced, Ok(Reply::NeedsCorrection { fields, .. }) if fields == ["mother.bank_account"]));
    assert_eq!(world.balance(REFUNDS).await, 0);
    let paid = done(refund_of("03", bouncing(refund(), Some("6228480000001234"))).await);
    assert_eq!((paid.amount_fen, &*paid.account_tail), (40_000, "1234"));
    assert!(done(refund_of("04", refund()).await) == paid);
    assert_eq!((world.balance(REFUNDS).await, world.balance(EXPENDITURE).await), (40_000, -40_000));
}

fn subsidy(lines: Value) -> Value {
    json!({ "child": { "born_at": "2026-11-01T09:30" }, "registration": enrolment()["registration"],
            "enrolment": { "person_number": "1400000000000001", "area": "140826" },
            "subsidy": { "amount_fen": 40_000, "year": 2026, "lines": lines } })
}

/// A city would otherwise bear another share than the law says, or a subsidy taken back would stay in its books (D7).
#[tokio::test]
async fn a_subsidy_is_booked_by_its_shares_and_reversed_in_the_books() {
    let world = World::new();
    let uneven = json!([{ "account": "财政专户-省补", "fen": 24_000 }, { "account": "财政专户-市补", "fen": 8_000 }]);
    let record =
        async |key: &str, fields: Value| world.agency.record_subsidy(key, &typed::<RecordSubsidy>(fields)).await;
    assert!(record("01", subsidy(uneven)).await == Ok(Reply::failed("INS-913", Retry::Never)));
    let shares = json!([{ "account": "财政专户-省补", "fen": 24_000 }, { "account": "财政专户-市补", "fen": 8_000 },
                        { "account": "财政专户-县补", "fen": 8_000 }]);
    let entry = done(record("02", subsidy(shares.clone())).await);
    assert_eq!((entry.year, entry.amount_fen), (2026, 40_000));
    assert!(done(record("03", subsidy(shares.clone())).await) == entry);
    assert_eq!((world.balance("财政专户-省补").await, world.balance(PREMIUMS).await), (24_000, -40_000));
    for key in ["04", "04", "05"] {
        assert_eq!(world.agency.reverse_subsidy("02", key).await, Ok(Undone::Done));
    }
    assert_eq!((world.balance("财政专户-省补").await, world.balance(PREMIUMS).await), (0, 0));
    let journal = world.agency.journal().await.unwrap();
    assert_eq!((journal.len(), journal[1].reverses), (2, Some(1)), "one entry and its reversal");
    // Corrected back across the line, the child is subsidised again, under another entry.
    assert!(done(record("06", subsidy(shares)).await).ledger_entry != entry.ledger_entry);
}

/// A case that ended years ago would otherwise keep a subsidy that its corrected birth does not earn, or lose it twice;
/// or another child's entry would be taken back (D7, "据实结算").
#[tokio::test]
async fn a_subsidy_is_taken_back_by_a_step_of_its_own_once_and_by_its_own_number() {
    let world = World::new();
    let entry = done(world.agency.record_subsidy("01", &typed(subsidy(json!([])))).await);
    let take_back = async |key: &str, ledger_entry: &str| -> Result<Reply<ReverseSubsidyOutput>, Unknown> {
        let fields = json!({ "registration": enrolment()["registration"],
                             "enrolment": { "person_number": "1400000000000001" },
                             "subsidy-entry": { "ledger_entry": ledger_entry } });
        world.agency.take_back_subsidy(key, &typed::<ReverseSubsidy>(fields)).await
    };
    assert_eq!(refused(take_back("02", "ZZ1408262026000009").await), "INS-914");
    let taken = done(take_back("03", &entry.ledger_entry).await);
    assert_eq!(taken.amount_fen, 40_000);
    assert!(done(take_back("03", &entry.ledger_entry).await) == taken);
    assert!(done(take_back("04", &entry.ledger_entry).await) == taken);
    assert_eq!((world.balance(PREMIUMS).await, world.agency.journal().await.unwrap().len()), (0, 2));
    // Corrected back across the line, the child is subsidised again, under another entry.
    let again = done(world.agency.record_subsidy("05", &typed(subsidy(json!([])))).await);
    assert!(again.ledger_entry != entry.ledger_entry);
    assert_eq!(world.balance(PREMIUMS).await, -40_000);
}

/// A child's first bills would otherwise hang on a number that nobody looks under any more (D12 row 1).
#[tokio::test]
async fn completing_a_provisional_record_keeps_number_start_and_cover() {
    let world = World::new();
    let request: EnrolProvisionally = typed(provisional());
    let early: EnrolProvisionallyOutput = done(world.agency.enrol_provisionally("01", &request).await);
    let mut window = cover("2026-11-01");
    window["enrolment"]["person_number"] = json!(early.person_number);
    let window = done(world.agency.open_benefits("02", &typed(window)).await);
    world.clock.advance_to(NOW_MS + 30 * DAY_MS);
    let mut full = enrolment();
    full["provisional"] = json!({ "person_number": early.person_number });
    let full = world.enrol("03", full).await;
    assert!(full.person_number == early.person_number && full.area == early.area);
    assert_eq!(full.enrolled_on, early.enrolled_on);
    assert_eq!(world.agency.windows(&full.person_number).await.unwrap()[0].is, window);
}

/// One child would otherwise have two records, each with half of its bills (D12 row 2).
#[tokio::test]
async fn of_two_records_the_older_one_stays_and_takes_over_the_cover() {
    // The provisional record is the older one; the full one was opened at a counter, without a certificate.
    let world = World::new();
    let early = done(world.agency.enrol_provisionally("01", &typed(provisional())).await);
    world.clock.advance_to(NOW_MS + DAY_MS);
    let younger = world.enrol("02", enrolment()).await;
    assert!(younger.person_number != early.person_number);
    let mut window = cover("2026-11-01");
    window["enrolment"]["person_number"] = json!(younger.person_number);
    let window = done(world.agency.open_benefits("03", &typed(window)).await);
    let merged = world.enrol("04", with_certificate(enrolment())).await;
    assert!(merged.person_number == early.person_number && merged.enrolled_on == early.enrolled_on);
    assert_eq!(world.agency.windows(&merged.person_number).await.unwrap()[0].is, window);
    assert!(world.enrol("05", with_certificate(enrolment())).await == merged);
    // Who asks under the void number finds the child's record.
    let void = json!({ "enrolment": { "person_number": younger.person_number },
                       "corrections": { "mother.phone": "13800000000" } });
    assert_eq!(done(world.correct("06", void).await).record_version, 2);

    // The other way round: the full record is the older one.
    let world = World::new();
    let full = world.enrol("01", enrolment()).await;
    world.clock.advance_to(NOW_MS + DAY_MS);
    let late = done(world.agency.enrol_provisionally("02", &typed(provisional())).await);
    assert!(late.person_number != full.person_number);
    let merged = world.enrol("03", with_certificate(enrolment())).await;
    assert!(merged == full);
    assert_eq!(world.standing(), 1, "the younger record is void");
}

/// Another child's record would otherwise be completed with this child's number (D12 row 3).
#[tokio::test]
async fn a_record_under_another_name_needs_a_person_until_it_is_corrected() {
    let world = World::new();
    let early = done(world.agency.enrol_provisionally("01", &typed(provisional())).await);
    let mut renamed = with_certificate(enrolment());
    renamed["child"]["name"] = json!("例安然");
    let reply = world.agency.enrol("02", &typed(renamed.clone())).await;
    assert!(reply == Ok(Reply::failed("INS-907", Retry::Never)));
    let correction = json!({ "provisional": { "person_number": early.person_number },
                             "corrections": { "child.name": "例安然" } });
    done(world.correct("03", correction).await);
    assert!(world.enrol("04", renamed).await.person_number == early.person_number);
}

/// A corrected name would otherwise be forgotten at the agency, or corrected for a record that nobody has (X6).
#[tokio::test]
async fn a_correction_makes_a_version_and_the_same_again_makes_none() {
    let world = World::new();
    assert_eq!(refused(world.correct("01", correction("例安然")).await), "INS-931");
    world.enrol("02", enrolment()).await;
    let second = done(world.correct("03", correction("例安然")).await);
    assert_eq!((second.record_version, second.corrected_on), (2, date(2026, 11, 22)));
    assert_eq!(done(world.correct("03", correction("例安然")).await), second);
    assert_eq!(done(world.correct("04", correction("例安然")).await), second);
    assert_eq!(done(world.correct("05", correction("例安宁")).await).record_version, 3);
    assert_eq!(refused(world.correct("06", correction("例冻")).await), "INS-932");
    let keyless = json!({ "corrections": { "child.name": "例安然" } });
    assert!(world.correct("07", keyless).await == Ok(Reply::failed(adapter::CODE_FIELDS, Retry::Never)));
}

/// A correction that says nothing, or whose path leads nowhere, would otherwise be confirmed.
#[test]
fn corrections_have_one_to_64_well_formed_paths() {
    let many: BTreeMap<String, &str> = (0..65).map(|number| (format!("child.p{number}"), "x")).collect();
    for wrong in [json!({}), json!(many), json!({ "": 1 }), json!({ "child..name": 1 }), json!({ "Child": 1 })] {
        let fields = json!({ "enrolment": { "person_number": "1" }, "corrections": wrong });
        assert!(serde_json::from_value::<CorrectRecord>(fields).is_err(), "{wrong}");
    }
}

/// An account number would otherwise be written to a log whole.
#[test]
fn an_account_shows_its_tail_only_and_has_8_to_32_digits() {
    let account = insurance_adapter::contract::BankAccount::parse("6228480000001234").unwrap();
    assert_eq!(format!("{account:?}"), "BankAccount(*1234)");
    for wrong in ["1234567", "622848000000123X", "", &"1".repeat(33)] {
        assert!(insurance_adapter::contract::BankAccount::parse(wrong).is_none(), "{wrong}");
    }
}

/// The proto would otherwise describe a contract that nobody keeps, to whoever writes an adapter in another language.
#[test]
fn the_names_and_shapes_are_those_of_the_proto() {
    use testing::contract::has_the_protos_names as same;
    let delivery = json!({ "record": "FM1", "facility_code": "H34010400001", "delivered_on": "2026-11-01" });
    same::<QueryMaternity>(
        "QueryMaternity",
        &json!({ "mother": { "id_number": asking_for(900) }, "delivery": delivery }),
    );
    let suspension = json!({ "from": "2026-05-10", "until": "2026-08-08", "own_request": true,
                             "resume_applied_on": "2026-08-01" });
    same::<QueryMaternityOutput>(
        "QueryMaternityOutput",
        &json!({ "insured": "spouse-of-employee", "settled": true, "own_area": true, "emergency": true,
                 "difficult_birth": true, "babies": 2, "designated": true,
                 "agreement": { "from": "2026-01-01", "until": "2026-12-31", "terminated_on": "2026-11-30",
                                "suspensions": [suspension] },
                 "costs": [{ "on": "2026-11-01", "amount_fen": 1 }], "average_monthly_wage_fen": 1 }),
    );
    let payee = json!({ "name": "例安", "id_number": asking_for(900), "bank_account": "62284800" });
    let record = json!({ "record": "FM1" });
    let approval = json!({ "amount_fen": 2, "allowance_fen": 1 });
    same::<PayMaternity>("PayMaternity", &json!({ "mother": payee, "delivery": record, "approval": approval }));
    let (on, tail, order) = ("2026-11-22", "1234", "TF20261122000001");
    same::<PayMaternityOutput>(
        "PayMaternityOutput",
        &json!({ "amount_fen": 1, "total_fen": 1, "paid_on": on, "account_tail": tail, "payment_order": order }),
    );
    let why = json!({ "reason": "不符合规定" });
    same::<NotifyDenial>(
        "NotifyDenial",
        &json!({ "mother": { "name": "例安", "id_number": asking_for(900) }, "delivery": record, "approval": why,
                 "maternity-route": why }),
    );
    same::<NotifyDenialOutput>("NotifyDenialOutput", &json!({ "document_number": "1", "copies": 2, "issued_on": on }));
    let person = json!({ "person_number": PERSON });
    same::<OpenBenefits>(
        "OpenBenefits",
        &json!({ "enrolment": person, "benefit": { "start_on": on, "end_on": on }, "benefit-choice": { "start_on": on, "end_on": on } }),
    );
    let number = json!({ "id_number": asking_for(900) });
    let entry = json!({ "ledger_entry": "ZZ1408262026000001" });
    same::<ReverseSubsidy>(
        "ReverseSubsidy",
        &json!({ "registration": number, "enrolment": person, "subsidy-entry": entry }),
    );
    same::<ReverseSubsidyOutput>("ReverseSubsidyOutput", &json!({ "ledger_entry": "CZ-1", "amount_fen": 1 }));
    same::<OpenBenefitsOutput>(
        "OpenBenefitsOutput",
        &json!({ "start_on": on, "end_on": on, "window_id": "DY1", "version": 1 }),
    );
    same::<TerminateEnrolment>("TerminateEnrolment", &termination(on));
    same::<TerminateEnrolmentOutput>(
        "TerminateEnrolmentOutput",
        &json!({ "person_number": PERSON, "terminated_from": on }),
    );
    same::<PayRefund>(
        "PayRefund",
        &json!({ "premium": { "voucher": "P1", "amount_fen": 2 }, "refund": { "amount_fen": 1 },
                 "overcollection": { "proof_number": "DSZM1" }, "mother": payee }),
    );
    same::<PayRefundOutput>(
        "PayRefundOutput",
        &json!({ "refunded_on": on, "payment_order": order, "amount_fen": 1, "account_tail": tail }),
    );
    same::<CorrectRecord>(
        "CorrectRecord",
        &json!({ "certificate": { "number": "X340000001" }, "registration": { "id_number": asking_for(900) },
                 "enrolment": person, "provisional": person,
                 "corrections": { "child.name": "例安然", "child.insurance.years": ["birth-year"] } }),
    );
    same::<CorrectRecordOutput>("CorrectRecordOutput", &json!({ "corrected_on": on, "record_version": 2 }));
}
