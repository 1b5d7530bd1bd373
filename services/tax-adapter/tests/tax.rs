//! What tax promises: its contract, a payment that counts once whenever it comes, and a feedback that is never lost.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use adapter::{
    Department, Fact, MemoryInbox, Reply, Retry, Settings, Stopped, Undone, Unknown,
    simulated::{Behaviours, Desk, Ledger},
    testing::{self, Trial},
};
use identifiers::{AreaCode, CitizenId, PersonName, Sex, synthetic};
use jiff::civil::date;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use service::clock::VirtualClock;
use tax_adapter::{
    PremiumCollection, adapter,
    contract::{
        AwaitPremium, Child, ConfirmOvercollection, ConfirmOvercollectionOutput, Enrolment, PremiumPaid, RefundPremium,
        RefundPremiumOutput, Registration,
    },
    simulated::{Imported, LATE_MS, PREMIUM_FEN, Payment, PaymentsFile, SimulatedTax, read_payments},
};

/// 2026-11-22 00:00 in Beijing.
const NOW_MS: i64 = 1_795_276_800_000;

struct World {
    tax: Arc<SimulatedTax>,
    clock: VirtualClock,
}

impl World {
    fn new() -> Self {
        let clock = VirtualClock::at(NOW_MS);
        let desk = Desk::new(Ledger::in_memory(), Behaviours::default(), Arc::new(clock.clone()));
        Self { tax: Arc::new(SimulatedTax::new(desk)), clock }
    }

    fn department(&self) -> Department {
        adapter(Arc::clone(&self.tax) as Arc<dyn PremiumCollection>)
    }

    fn standing(&self) -> usize {
        self.tax.desk().ledger().standing_in_memory()
    }

    async fn facts(&self) -> Vec<Fact> {
        self.tax.untold_payments().await.unwrap()
    }

    /// A payment of the right sum for one year.
    async fn paid(&self) -> PremiumPaid {
        match self.tax.pay(&child_id(), PREMIUM_FEN).await.unwrap() {
            Payment::Taken(premium) => premium,
            Payment::Reversed | Payment::PaidBefore(_) | Payment::WrongAmount { .. } => {
                panic!("the payment was not taken")
            }
        }
    }
}

fn child_id() -> CitizenId {
    synthetic::citizen_id_of(&AreaCode::parse("340104").unwrap(), date(2026, 11, 1), Sex::Female, 7)
}

fn premium_of(name: &str) -> AwaitPremium {
    AwaitPremium {
        child: Child { name: PersonName::parse(name).unwrap() },
        registration: Registration { id_number: child_id() },
        enrolment: Enrolment {
            person_number: "3400000000000001".to_owned(),
            area: AreaCode::parse("340104").unwrap(),
            years: vec![2026],
        },
    }
}

fn premium() -> AwaitPremium {
    premium_of("例安宁")
}

fn accepted(reply: Result<Reply<PremiumPaid>, Unknown>) -> bool {
    matches!(reply, Ok(Reply::Accepted { .. }))
}

/// A premium would otherwise be waited for twice, or paid for twice.
#[tokio::test]
async fn waiting_twice_is_waiting_once() {
    let world = World::new();
    world.paid().await;
    testing::act_twice_is_once(&world.department(), "AwaitPremium", premium(), || world.standing()).await;
}

/// A family would otherwise be refunded twice.
#[tokio::test]
async fn a_refund_ordered_twice_is_one() {
    let world = World::new();
    world.paid().await;
    testing::compensate_twice_is_once(&world.department(), "AwaitPremium", premium(), || world.standing()).await;
}

/// A payment would otherwise be taken for a case that has given it up.
#[tokio::test]
async fn waiting_that_was_given_up_first_never_begins() {
    let world = World::new();
    world.paid().await;
    testing::compensate_then_act_is_refused(&world.department(), "AwaitPremium", premium(), || world.standing()).await;
}

/// A premium paid would otherwise expire because its notice was lost.
#[tokio::test]
async fn a_payment_is_told_twice_over_and_can_no_longer_be_stopped() {
    let world = World::new();
    assert!(accepted(world.tax.await_premium("01", &premium()).await));
    assert_eq!(world.tax.due_fen(&child_id()).await.unwrap(), Some(PREMIUM_FEN));
    world.clock.advance_to(NOW_MS + 61_000);
    let paid = world.paid().await;
    assert_eq!(paid.paid_at, "2026-11-22T00:01:01+08:00");

    // Before anybody has asked again: the act is done and stays done.
    assert_eq!(world.standing(), 1);
    assert_eq!(world.tax.stop_waiting("01", &premium()).await, Ok(Stopped::TooLate));
    assert!(world.tax.await_premium("01", &premium()).await == Ok(Reply::succeeded(paid.clone())));

    let facts = world.facts().await;
    assert_eq!((facts.len(), facts[0].kind.as_str(), facts[0].subject.kind.as_str()), (1, "PremiumPaid", "id-number"));
    assert!(facts[0].subject.value == child_id().as_str());
    assert!(serde_json::from_value::<PremiumPaid>(facts[0].fields.clone()).unwrap() == paid);
}

/// A saga would otherwise wait for a premium that was paid three weeks ago, or cancel it.
#[tokio::test]
async fn on_the_bus_a_payment_arrives_as_a_notice_and_as_the_answer_and_outlives_its_cancellation() {
    let world = World::new();
    let inbox = Arc::new(MemoryInbox::new());
    let trial = Trial::on(world.department(), inbox, world.clock.clone(), Settings::default());
    let step = trial.step(1, "AwaitPremium", &premium());
    assert!(!trial.act(&step, 1).await[0].succeeded());
    let paid = serde_json::to_value(world.paid().await).unwrap();

    let cancelled = trial.cancel(&step, 1).await;
    assert!(cancelled.iter().any(|told| told.succeeded() && told.sealed["voucher"] == paid["voucher"]));
    let notices = trial.notices().await;
    assert!(notices.len() == 1 && notices[0].0 == "PremiumPaid" && notices[0].1["fields"] == paid);
    assert_eq!(world.standing(), 1);
}

/// A fact would otherwise be told once into a crash and never again, or for ever.
#[tokio::test]
async fn a_payment_is_told_under_one_id_until_it_is_acknowledged() {
    let world = World::new();
    world.paid().await;
    let (first, second) = (world.facts().await, world.facts().await);
    assert!(first == second && first.len() == 1);
    world.tax.payments_told(&[first[0].id]).await.unwrap();
    assert!(world.facts().await.is_empty());
}

/// A family that pays early would otherwise be asked to pay again.
#[tokio::test]
async fn a_payment_before_the_enrolment_is_kept_for_it() {
    let world = World::new();
    let paid = world.paid().await;
    assert_eq!((world.standing(), world.facts().await.len()), (0, 1));
    assert!(world.tax.await_premium("01", &premium()).await == Ok(Reply::succeeded(paid)));
    assert_eq!(world.standing(), 1);
    // It answers one act, not every later one.
    assert!(accepted(world.tax.await_premium("02", &premium()).await));
}

/// A bank that reports a payment twice would otherwise make the family pay for two years.
#[tokio::test]
async fn the_same_voucher_twice_is_one_payment() {
    let world = World::new();
    for _ in 0..2 {
        let payment = world.tax.pay_by_bank("P34BANK0001", &child_id(), PREMIUM_FEN).await.unwrap();
        assert!(matches!(payment, Payment::Taken(premium) if premium.voucher == "P34BANK0001"));
    }
    assert_eq!(world.facts().await.len(), 1);
    assert!(matches!(world.tax.await_premium("01", &premium()).await, Ok(Reply::Succeeded(_))));
    assert!(accepted(world.tax.await_premium("02", &premium()).await));
}

/// A parent who presses the button twice would otherwise pay twice (TAX-1003).
#[tokio::test]
async fn a_year_is_paid_for_once_until_it_is_refunded() {
    let world = World::new();
    let paid = world.paid().await;
    let child = child_id();
    let pay_again = || world.tax.pay(&child, PREMIUM_FEN);
    assert!(pay_again().await.unwrap() == Payment::PaidBefore(paid.clone()));
    assert!(world.tax.await_premium("01", &premium()).await == Ok(Reply::succeeded(paid.clone())));
    assert!(pay_again().await.unwrap() == Payment::PaidBefore(paid));
    assert_eq!(world.facts().await.len(), 1);
    assert_eq!(world.tax.refund("01", "02").await, Ok(Undone::Done));
    assert!(matches!(pay_again().await.unwrap(), Payment::Taken(_)));
}

/// A family would otherwise lose money that is not the premium.
#[tokio::test]
async fn another_sum_than_what_is_due_is_not_taken() {
    let world = World::new();
    let mut two_years = premium();
    two_years.enrolment.years = vec![2026, 2027];
    assert!(accepted(world.tax.await_premium("01", &two_years).await));
    let refused = world.tax.pay(&child_id(), PREMIUM_FEN).await.unwrap();
    assert!(refused == Payment::WrongAmount { due_fen: 2 * PREMIUM_FEN });
    assert_eq!((world.standing(), world.facts().await.len()), (0, 0));
    let taken = world.tax.pay(&child_id(), 2 * PREMIUM_FEN).await.unwrap();
    assert!(matches!(taken, Payment::Taken(premium) if premium.years == [2026, 2027]));
}

/// Money paid after the case gave up would otherwise vanish, or count for a case that has ended.
#[tokio::test]
async fn a_payment_after_the_waiting_was_stopped_is_told_and_kept() {
    let world = World::new();
    assert!(accepted(world.tax.await_premium("01", &premium()).await));
    assert_eq!(world.tax.stop_waiting("01", &premium()).await, Ok(Stopped::Stopped));
    world.paid().await;
    assert_eq!((world.standing(), world.facts().await.len()), (0, 1));
    assert!(matches!(world.tax.await_premium("01", &premium()).await, Ok(Reply::Refused { .. })));
    // A new case for the same child finds it.
    assert!(matches!(world.tax.await_premium("02", &premium()).await, Ok(Reply::Succeeded(_))));
}

/// A payment that the bank took back would otherwise count as paid (TAX-1002).
#[tokio::test]
async fn a_reversed_payment_does_not_count_and_the_next_one_does() {
    let world = World::new();
    let request = premium_of("例冲");
    assert!(accepted(world.tax.await_premium("01", &request).await));
    assert!(world.tax.pay(&child_id(), PREMIUM_FEN).await.unwrap() == Payment::Reversed);
    assert!(matches!(world.tax.await_premium("01", &request).await, Ok(Reply::Progress { .. })));
    assert_eq!((world.standing(), world.facts().await.len()), (0, 0));
    world.paid().await;
    assert!(matches!(world.tax.await_premium("01", &request).await, Ok(Reply::Succeeded(_))));
}

/// A family would otherwise lose its premium item to a lag between two systems (TAX-1001).
#[tokio::test]
async fn a_child_that_tax_does_not_know_yet_is_a_failure_that_passes() {
    let world = World::new();
    let request = premium_of("例迟");
    assert!(world.tax.await_premium("01", &request).await == Ok(Reply::failed("TAX-1001", Retry::Later)));
    world.clock.advance_to(NOW_MS + LATE_MS);
    assert!(accepted(world.tax.await_premium("01", &request).await));
}

/// A refund that was ordered would otherwise leave the premium standing.
#[tokio::test]
async fn a_refund_takes_back_what_was_paid() {
    let world = World::new();
    assert!(accepted(world.tax.await_premium("01", &premium()).await));
    world.paid().await;
    assert_eq!(world.tax.refund("01", "02").await, Ok(Undone::Done));
    assert_eq!(world.standing(), 0);
}

fn by_voucher(voucher: &str) -> Value {
    json!({ "premium": { "voucher": voucher } })
}

fn typed<Fields: DeserializeOwned>(fields: Value) -> Fields {
    serde_json::from_value(fields).unwrap()
}

fn refused<Output>(reply: Result<Reply<Output>, Unknown>) -> String {
    match reply {
        Ok(Reply::Refused { code, .. }) => code,
        Ok(other) => panic!("not refused: {other:?}"),
        Err(unknown) => panic!("not known: {unknown:?}"),
    }
}

/// A family that owed nothing would otherwise have no paper for its refund, or two (篇10 10章 art. 3(二), C7).
#[tokio::test]
async fn a_proof_of_overcollection_is_given_once_for_a_voucher() {
    let world = World::new();
    let proof = async |key: &str, voucher: &str| {
        world.tax.confirm_overcollection(key, &typed::<ConfirmOvercollection>(by_voucher(voucher))).await
    };
    assert_eq!(refused(proof("01", "P34NOBODY").await), "TAX-1005");
    let paid = world.paid().await;
    let Ok(Reply::Succeeded(given)) = proof("02", &paid.voucher).await else { panic!("no proof") };
    assert!(proof("03", &paid.voucher).await == Ok(Reply::succeeded(given)));
    let world = World::new();
    let voucher = by_voucher(&world.paid().await.voucher);
    testing::act_twice_is_once(&world.department(), "ConfirmOvercollection", voucher, || world.standing()).await;
}

/// A family would otherwise get more back than it had paid, or the year would count as paid after its refund.
#[tokio::test]
async fn a_payment_is_refunded_in_parts_up_to_what_was_paid() {
    let world = World::new();
    let paid = world.paid().await;
    let refund = async |key: &str, amount_fen: Option<i64>| -> Result<Reply<RefundPremiumOutput>, Unknown> {
        let mut fields = by_voucher(&paid.voucher);
        if let Some(amount_fen) = amount_fen {
            fields["refund"] = json!({ "amount_fen": amount_fen });
        }
        world.tax.refund_premium(key, &typed::<RefundPremium>(fields)).await
    };
    assert!(refund("01", Some(0)).await == Ok(Reply::failed("TAX-1007", Retry::Never)));
    assert_eq!(refused(refund("02", Some(PREMIUM_FEN + 1)).await), "TAX-1006");
    assert!(matches!(refund("03", Some(10_000)).await, Ok(Reply::Succeeded(part)) if part.amount_fen == 10_000));
    let Ok(Reply::Succeeded(rest)) = refund("04", None).await else { panic!("the rest was not refunded") };
    assert_eq!(rest.amount_fen, PREMIUM_FEN - 10_000);
    assert!(refund("04", None).await == Ok(Reply::succeeded(rest)));
    assert_eq!(refused(refund("05", None).await), "TAX-1006");
    // What was refunded answers no act and hinders no payment.
    assert!(accepted(world.tax.await_premium("06", &premium()).await));
    assert!(matches!(world.tax.pay(&child_id(), PREMIUM_FEN).await.unwrap(), Payment::Taken(_)));
    let world = World::new();
    let voucher = by_voucher(&world.paid().await.voucher);
    testing::act_twice_is_once(&world.department(), "RefundPremium", voucher, || world.standing()).await;
}

/// A premium that was refunded because its act was undone would otherwise be refunded again by a step.
#[tokio::test]
async fn a_refund_by_compensation_counts_for_the_step_too() {
    let world = World::new();
    assert!(accepted(world.tax.await_premium("01", &premium()).await));
    let paid = world.paid().await;
    assert_eq!(world.tax.refund("01", "02").await, Ok(Undone::Done));
    let again = world.tax.refund_premium("03", &typed::<RefundPremium>(by_voucher(&paid.voucher))).await;
    assert_eq!(refused(again), "TAX-1006");
}

/// A family that paid where no interface reaches would otherwise count as not having paid (X4, X5).
#[tokio::test]
async fn a_file_of_payments_is_taken_line_by_line_and_once() {
    let world = World::new();
    assert!(accepted(world.tax.await_premium("01", &premium()).await));
    let child = child_id();
    let line = |voucher: &str| format!("{voucher},{},2026-11-20T16:05,{PREMIUM_FEN}\n", child.as_str());
    let file = format!("# 征缴信息\n\n{}{}{}", line("P34BANK0001"), line("P34BANK0001"), line("P34BANK0002"));
    let payments = read_payments(&file).unwrap();
    let imported = world.tax.import(&payments).await.unwrap();
    assert_eq!(imported, Imported { taken: 2, paid_before: 1, ..Imported::default() });
    let known = Imported { taken: 3, ..Imported::default() };
    assert_eq!(world.tax.import(&payments).await.unwrap(), known);
    // The second voucher has been paid, too: it is told, so that it is refunded.
    assert_eq!((world.facts().await.len(), world.standing()), (2, 1));
    let answer = world.tax.await_premium("01", &premium()).await;
    assert!(matches!(answer, Ok(Reply::Succeeded(paid)) if paid.paid_at == "2026-11-20T16:05:00+08:00"));
}

/// Half a file would otherwise be taken, or a log would quote a child's number.
#[test]
fn a_file_with_a_wrong_line_is_not_read_and_says_which_line() {
    let child = child_id();
    let right = format!("P1,{},2026-11-20T16:05,40000", child.as_str());
    let number = |text: &str| right.replace(child.as_str(), text);
    for (wrong, error) in [
        ("P1,2026".to_owned(), PaymentsFile::Fields { line: 2 }),
        (number("340104202611010070"), PaymentsFile::Column { line: 2, column: "id_number" }),
        (right.replace("P1", "P 1"), PaymentsFile::Column { line: 2, column: "voucher" }),
        (right.replace("-20T", "-31T"), PaymentsFile::Column { line: 2, column: "paid_at" }),
        (right.replace("40000", "400.00"), PaymentsFile::Column { line: 2, column: "amount_fen" }),
        (right.replace("40000", "-1"), PaymentsFile::Column { line: 2, column: "amount_fen" }),
    ] {
        assert_eq!(read_payments(&format!("{right}\n{wrong}")).err(), Some(error), "{error}");
    }
}

/// A corrected name would otherwise never reach the register of payers (X6).
#[tokio::test]
async fn a_payers_record_is_corrected_once_tax_has_heard_of_it() {
    let world = World::new();
    let fields =
        |name: &str| json!({ "registration": { "id_number": child_id() }, "corrections": { "child.name": name } });
    let correct = async |key: &str, name: &str| world.tax.correct_record(key, &typed(fields(name))).await;
    assert_eq!(refused(correct("01", "例安然").await), "TAX-1011");
    assert!(accepted(world.tax.await_premium("02", &premium()).await));
    assert_eq!(refused(correct("03", "例冻").await), "TAX-1012");
    assert!(matches!(correct("04", "例安然").await, Ok(Reply::Succeeded(told)) if told.record_version == 2));
    testing::act_twice_is_once(&world.department(), "CorrectRecord", fields("例安宁"), || world.standing()).await;
}

/// The proto would otherwise describe a contract that nobody keeps, to whoever writes an adapter in another language.
#[test]
fn the_names_and_shapes_are_those_of_the_proto() {
    testing::contract::is_the_protos("AwaitPremium", premium());
    let paid = PremiumPaid {
        voucher: "P34000000000001".to_owned(),
        paid_at: "2026-11-22T09:30:05+08:00".to_owned(),
        amount_fen: PREMIUM_FEN,
        years: vec![2026],
    };
    testing::contract::is_the_protos("AwaitPremiumOutput", &paid);
    testing::contract::is_the_protos("PremiumPaid", &paid);
    use testing::contract::has_the_protos_names as same;
    same::<ConfirmOvercollection>("ConfirmOvercollection", &by_voucher("P1"));
    same::<ConfirmOvercollectionOutput>("ConfirmOvercollectionOutput", &json!({ "proof_number": "DSZM2026000001" }));
    same::<RefundPremium>("RefundPremium", &json!({ "premium": { "voucher": "P1" }, "refund": { "amount_fen": 1 } }));
    same::<RefundPremiumOutput>(
        "RefundPremiumOutput",
        &json!({ "refund_voucher": "TF34000000000001", "refunded_on": "2026-11-22", "amount_fen": 1 }),
    );
}
