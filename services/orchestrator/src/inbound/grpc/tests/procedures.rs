//! Procedures that follow a case: who may begin one, where a correction goes, and payments that nobody owed.

use proto::bus as wire;
use serde_json::{Value, json};

use super::{
    levels::clerk,
    line::{Line, child_number, gives, payment},
    *,
};
use crate::{
    coordinator::work::{Done, Notice},
    store::SagaNumber,
};

fn correction(case: &str, corrections: &Value) -> v1::StartProcedureRequest {
    v1::StartProcedureRequest {
        case_id: case.to_owned(),
        procedure: "correction".to_owned(),
        corrections_json: corrections.to_string(),
        actor: Some(applicant(1)),
        reason: "登记有误".to_owned(),
        idempotency_key: "correction-0001".to_owned(),
        ..Default::default()
    }
}

impl Line {
    async fn start(&mut self, request: v1::StartProcedureRequest) -> Result<v1::StartProcedureResponse, Status> {
        let api = self.world.api.clone();
        let told = self.call(async move { Applications::start_procedure(&api, Request::new(request)).await }).await;
        told.map(tonic::Response::into_inner)
    }

    /// The saga of a case's only procedure.
    async fn only_procedure(&self, case: &str) -> (String, SagaNumber) {
        let procedures = self.get(case).await.procedures;
        assert_eq!(procedures.len(), 1, "{procedures:?}");
        let id = procedures[0].case_id.clone();
        let number = self.number_of(&id).await;
        (id, number)
    }

    async fn notice(&mut self, id: u8, voucher: &str, subject: &str, area: &str) -> Done {
        self.paid(id, payment(voucher), subject, area).await
    }

    async fn paid(&mut self, id: u8, fields: Value, subject: &str, area: &str) -> Done {
        let notice = Notice {
            id: [id; 16],
            endpoint: format!("{area}.tax"),
            kind: "PremiumPaid".to_owned(),
            subject: self.world.secrets.blind.of("subject", subject),
            fields,
        };
        self.work(Work::Notice(Box::new(notice))).await
    }
}

/// The steps of a procedure that were sent and wait, with what each was told.
fn told(line: &Line, number: SagaNumber) -> Vec<(String, Value)> {
    let of_it = line.sent.iter().filter(|sent| sent.number == number && sent.step.is_some());
    let mut told: Vec<_> = of_it.map(|sent| (line::step_of(sent), line.opened(sent))).collect();
    told.sort_by(|one, other| one.0.cmp(&other.0));
    told
}

/// Anybody could otherwise have a child's name changed; and the mother or the counter be kept from it.
#[tokio::test]
async fn a_procedure_is_begun_by_the_applicant_or_a_clerk_and_by_nobody_else() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let asked = correction(&case, &json!({"child.weight_g": 3_333}));
    let as_ = |actor: Option<v1::Actor>, key: &str| v1::StartProcedureRequest {
        actor,
        idempotency_key: key.to_owned(),
        ..asked.clone()
    };
    for actor in
        [father(1), applicant(2), clerk(""), v1::Actor { role: "operator".to_owned(), id_number: "1".to_owned() }]
    {
        let refused = line.start(as_(Some(actor), "stranger-0001")).await.expect_err("a stranger");
        assert_eq!(super::told(&refused), (Code::PermissionDenied, "YJ-0212".to_owned()));
    }
    assert_eq!(line.start(as_(None, "nobody-0001")).await.expect_err("nobody").code(), Code::InvalidArgument);
    assert!(line.get(&case).await.procedures.is_empty());
    assert_eq!(line.world.buried().await.len(), 4);
    line.start(as_(Some(applicant(1)), "mother-0001")).await.expect("the mother");
    line.start(as_(Some(clerk("OFFICER-1")), "counter-0001")).await.expect("the counter");
    assert_eq!(line.get(&case).await.procedures.len(), 2);
}

/// A slip would otherwise begin something else than was meant, or nothing, silently.
#[tokio::test]
async fn what_no_pack_has_and_no_form_takes_is_refused_by_name() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let sound = correction(&case, &json!({"child.weight_g": 3_333}));
    let unknown = v1::StartProcedureRequest { procedure: "adoption".to_owned(), ..sound.clone() };
    assert_eq!(super::told(&line.start(unknown).await.expect_err("none")), (Code::NotFound, "YJ-0206".to_owned()));
    for corrections in
        [json!({"child.nickname": "x"}), json!({"child.weight_g": 9}), json!({"mother.id_number": "1"}), json!([1])]
    {
        let refused = line.start(correction(&case, &corrections)).await.expect_err("unsound");
        assert_eq!(refused.code(), Code::InvalidArgument, "{corrections}");
        assert!(!format!("{refused:?}").contains("nickname"), "what came from outside is not repeated");
    }
    for request_json in ["[1]", "{", "7"] {
        let request = v1::StartProcedureRequest { request_json: request_json.to_owned(), ..sound.clone() };
        assert_eq!(line.start(request).await.expect_err("no object").code(), Code::InvalidArgument);
    }
    for (procedure, corrections_json) in
        [("correction", ""), ("correction", "{}"), ("refund", r#"{"child.weight_g": 3333}"#)]
    {
        let request = v1::StartProcedureRequest {
            procedure: procedure.to_owned(),
            corrections_json: corrections_json.to_owned(),
            ..sound.clone()
        };
        let refused = line.start(request).await.expect_err("a correction of nothing, or by what corrects nothing");
        assert_eq!(refused.code(), Code::InvalidArgument, "{procedure} {corrections_json}");
    }
    let silent = v1::StartProcedureRequest { reason: " ".to_owned(), ..sound.clone() };
    assert_eq!(line.start(silent).await.expect_err("why").code(), Code::InvalidArgument);
    assert!(line.get(&case).await.procedures.is_empty());
}

/// A platform that asks again after a broken connection would otherwise begin two corrections, or lose a second one.
#[tokio::test]
async fn one_key_begins_one_procedure() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let asked = correction(&case, &json!({"child.weight_g": 3_333}));
    assert!(!line.start(asked.clone()).await.expect("begun").repeated_request);
    line.restart().await;
    let again = line.start(asked.clone()).await.expect("known");
    assert!(again.repeated_request);
    assert_eq!(again.case.expect("shown").procedures.len(), 1);
    let other = correction(&case, &json!({"child.weight_g": 3_334}));
    assert_eq!(
        super::told(&line.start(other).await.expect_err("another")),
        (Code::AlreadyExists, "YJ-0202".to_owned())
    );
    let second = v1::StartProcedureRequest { idempotency_key: "correction-0002".to_owned(), ..asked };
    assert_eq!(line.start(second).await.expect("another key").case.expect("shown").procedures.len(), 2);
}

/// A corrected weight would otherwise stay wrong at one department for life, or be told to one that never had it.
#[tokio::test]
async fn a_correction_goes_to_exactly_the_departments_that_were_told_the_fact() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let number = line.number_of(&case).await;
    for (corrections, departments) in [
        (json!({"child.weight_g": 3_333}), &["health-correction"][..]),
        (json!({"child.registration.native_place": "340105"}), &["police-correction"]),
        (json!({"mother.phone": "13800000001"}), &["health-correction", "insurance-correction"]),
        (
            json!({"child.sex": "1"}),
            &["health-correction", "insurance-correction", "police-correction", "social-security-correction"],
        ),
    ] {
        let request = v1::StartProcedureRequest {
            idempotency_key: format!("correction-{}", departments.join("-")),
            ..correction(&case, &corrections)
        };
        let before = line.get(&case).await.procedures.len();
        line.start(request).await.expect("begun");
        let procedures = line.get(&case).await.procedures;
        let procedure = &procedures[before];
        let it = line.number_of(&procedure.case_id).await;
        let told = told(&line, it);
        assert_eq!(told.iter().map(|(step, _)| &**step).collect::<Vec<_>>(), departments, "{corrections}");
        assert!(told.iter().all(|(_, fields)| fields["corrections"] == corrections), "{told:?}");
        let waits: Vec<String> = departments.iter().map(|step| step.replace("-correction", "")).collect();
        assert_eq!(procedure.waits_for, waits, "the case shows who has not confirmed");
    }
    let last = line.get(&case).await.procedures.pop().expect("begun");
    let it = line.number_of(&last.case_id).await;
    line.does(it, "police-correction", &gives("police-correction", 1)).await;
    let waits = line.get(&case).await.procedures.pop().expect("begun").waits_for;
    assert_eq!(waits, ["health", "insurance", "social-security"]);
    line.departments_answer(1, &["premium"]).await;
    let ended = line.get(&case).await.procedures;
    assert!(
        ended.iter().all(|procedure| procedure.state() == v1::CaseState::Completed && procedure.waits_for.is_empty())
    );
    assert_eq!(line.get(&case).await.state(), v1::CaseState::Running, "the case itself goes on");
    let before = line.facts(number).await;
    assert_eq!((&before["child"]["sex"], &before["mother"]["phone"]), (&json!("1"), &json!("13800000001")));
    line.restart().await;
    assert_eq!(line.facts(number).await, before, "corrected after a restart too");
}

/// The next department would otherwise be told the mistake that was corrected before its turn.
#[tokio::test]
async fn what_the_case_sends_afterwards_is_corrected_too() {
    for killed in [false, true] {
        let mut line = Line::new().await;
        let case = line.anhui_signed(1).await;
        let number = line.number_of(&case).await;
        line.departments_answer(1, &["registration"]).await;
        let asked = correction(&case, &json!({"mother.phone": "13800000002", "child.sex": "1"}));
        line.start(asked).await.expect("begun");
        if killed {
            line.restart().await;
        }
        line.does(number, "registration", &gives("registration", 1)).await;
        let enrolment = line.taken(number, "enrolment");
        let fields = line.opened(&enrolment);
        assert_eq!((&fields["mother"]["phone"], &fields["child"]["sex"]), (&json!("13800000002"), &json!("1")));
    }
}

/// A family whose case has long ended could otherwise correct nothing any more.
#[tokio::test]
async fn a_correction_begins_after_the_end_of_the_case_too() {
    let mut line = Line::new().await;
    let case = line.file(samples::shanxi(1, 1)).await.remove(0);
    line.family_signs(&case, 1).await;
    line.departments_answer(1, &[]).await;
    assert_eq!(line.get(&case).await.state(), v1::CaseState::Completed);
    line.later(300 * DAY_MS).await;
    line.restart().await;
    line.start(correction(&case, &json!({"child.weight_g": 3_333}))).await.expect("begun");
    let (id, number) = line.only_procedure(&case).await;
    assert_eq!(told(&line, number).len(), 1, "health had the weight");
    line.departments_answer(1, &[]).await;
    assert_eq!(line.get(&id).await.state(), v1::CaseState::Completed);
    assert_eq!(line.get(&case).await.state(), v1::CaseState::Completed);
}

/// One twin's papers would otherwise keep the mother's wrong number; or both be given the weight of one.
#[tokio::test]
async fn a_familys_fact_is_corrected_for_each_twin_and_a_childs_own_for_it_alone() {
    let mut line = Line::new().await;
    let cases = line.file(samples::shanxi(1, 2)).await;
    line.family_signs(&cases[0], 1).await;
    line.departments_answer(1, &[]).await;
    let asked = correction(&cases[1], &json!({"mother.household_address": "样例路2号", "child.weight_g": 2_222}));
    line.start(asked).await.expect("begun");
    for (case, own) in [(&cases[0], None), (&cases[1], Some(json!(2_222)))] {
        let (_, procedure) = line.only_procedure(case).await;
        let told = told(&line, procedure);
        let health = &told.iter().find(|(step, _)| step == "health-correction").expect("health had it").1;
        assert_eq!(health["corrections"]["mother.household_address"], json!("样例路2号"));
        assert_eq!(health["corrections"].get("child.weight_g").cloned(), own, "{case}");
        let number = line.number_of(case).await;
        let weight = line.facts(number).await["child"]["weight_g"].clone();
        assert_eq!(weight == json!(2_222), own.is_some());
    }
    let alone = v1::StartProcedureRequest {
        idempotency_key: "correction-0002".to_owned(),
        ..correction(&cases[0], &json!({"child.length_cm": 48}))
    };
    line.start(alone).await.expect("begun");
    let count = |case: v1::Case| case.procedures.len();
    assert_eq!((count(line.get(&cases[0]).await), count(line.get(&cases[1]).await)), (2, 1));
}

/// Procedures of procedures would otherwise grow without end, and none of them would know the child's case.
#[tokio::test]
async fn a_procedure_of_a_procedure_is_refused() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    line.start(correction(&case, &json!({"child.weight_g": 3_333}))).await.expect("begun");
    let (procedure, _) = line.only_procedure(&case).await;
    let asked = v1::StartProcedureRequest {
        idempotency_key: "correction-0002".to_owned(),
        ..correction(&procedure, &json!({"child.weight_g": 3_334}))
    };
    assert_eq!(super::told(&line.start(asked).await.expect_err("none")), (Code::NotFound, "YJ-0206".to_owned()));
}

/// A family that withdraws would otherwise lose the money that it is to be paid back.
#[tokio::test]
async fn withdrawing_the_application_leaves_its_procedures_alone() {
    let mut line = Line::new().await;
    let case = line.file(samples::shanxi(1, 1)).await.remove(0);
    line.family_signs(&case, 1).await;
    line.start(correction(&case, &json!({"child.weight_g": 3_333}))).await.expect("begun");
    let (procedure, _) = line.only_procedure(&case).await;
    let withdraw = v1::WithdrawApplicationRequest {
        application_id: line.get(&case).await.application_id,
        actor: Some(applicant(1)),
        idempotency_key: "withdraw-0001".to_owned(),
    };
    let api = line.world.api.clone();
    let told =
        line.call(async move { api.withdraw_application(Request::new(withdraw)).await }).await.expect("withdrawn");
    assert_eq!(told.into_inner().cases.len(), 1, "a procedure is no case of a child");
    assert_eq!(line.get(&procedure).await.state(), v1::CaseState::Running);
}

/// A premium that the state pays would otherwise be kept, or paid back twice to a family whose bank told it twice.
#[tokio::test]
async fn a_premium_that_nobody_owed_begins_one_refund_however_often_it_is_told() {
    let mut line = Line::new().await;
    let case = line.file(samples::shanxi(1, 1)).await.remove(0);
    line.family_signs(&case, 1).await;
    line.departments_answer(1, &[]).await;
    let child = child_number(1);
    assert_eq!(line.notice(9, "V-1", &child, "340000").await, Done::Buried, "another province's tax has no say");
    assert!(line.get(&case).await.procedures.is_empty());
    for id in [1, 1, 2] {
        line.notice(id, "V-1", &child, "140000").await;
        line.restart().await;
    }
    let (refund, number) = line.only_procedure(&case).await;
    assert_eq!(line.get(&refund).await.steps[0].name, "overcollection");
    line.does(number, "overcollection", &gives("overcollection", 1)).await;
    for (step, officer) in [("refund-review", "OFFICER-1"), ("refund-approval", "OFFICER-2")] {
        let task = line.task(&refund, step).await;
        line.complete(levels::clerks(&task, officer, "")).await.expect(step);
    }
    let paid = line.taken(number, "refund-payment");
    let fields = line.opened(&paid);
    assert_eq!((&fields["refund"]["amount_fen"], &fields["premium"]["voucher"]), (&json!(40_000), &json!("V-1")));
    line.notice(3, "V-2", &child, "140000").await;
    assert_eq!(line.get(&case).await.procedures.len(), 2, "another payment, another refund");
    let stored = line.stored_events(line.number_of(&case).await).await;
    assert!(!stored.contains("V-1"), "vouchers are not kept in clear");
}

/// A family that pays the next year's premium, as it must, would otherwise be told that it paid too much, and tax be asked
/// for a proof of that.
#[tokio::test]
async fn a_premium_of_another_year_that_is_owed_begins_no_refund_and_is_kept_for_a_person() {
    for area in ["140000", "340000"] {
        let mut line = Line::new().await;
        let child = child_number(1);
        let case = if area == "340000" {
            let case = line.anhui_enrolled(1).await;
            line.notice(1, "V-1", &child, area).await;
            case
        } else {
            let case = line.file(samples::shanxi(1, 1)).await.remove(0);
            line.family_signs(&case, 1).await;
            line.departments_answer(1, &[]).await;
            case
        };
        let mut next = payment("V-2");
        next["years"] = json!([2027]);
        assert_eq!(line.paid(2, next, &child, area).await, Done::Buried, "{area}");
        assert!(line.get(&case).await.procedures.is_empty(), "{area}");
        let kept = line.world.store.notices(None, 10).await.expect("read");
        assert!(kept.len() == 1 && kept[0].why.contains("依法应缴"), "{area}: {kept:?}");
    }
}

/// A family that paid before the law had said who pays would otherwise wait for its money for ever.
#[tokio::test]
async fn a_refund_of_what_was_paid_too_early_goes_on_when_the_law_has_said_who_pays() {
    let mut line = Line::new().await;
    let case = line.file(samples::shanxi(1, 1)).await.remove(0);
    let mother = identifiers::synthetic::mother(1).citizen_id.as_str().to_owned();
    line.notice(1, "V-1", &mother, "140000").await;
    let (refund, number) = line.only_procedure(&case).await;
    line.does(number, "overcollection", &gives("overcollection", 1)).await;
    assert_eq!(line.step(&refund, "refund").await.state(), v1::StepState::Deciding);
    line.family_signs(&case, 1).await;
    line.departments_answer(1, &[]).await;
    line.restart().await;
    line.later(saga::legal::ASK_AGAIN_MS).await;
    assert_eq!(line.step(&refund, "refund").await.state(), v1::StepState::Succeeded);
}

/// A family would otherwise be taken to have paid twice because tax told it twice, or keep paying for nothing.
#[tokio::test]
async fn one_voucher_is_one_payment_and_another_begins_a_refund() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let number = line.number_of(&case).await;
    let child = child_number(1);
    assert_eq!(line.notice(1, "V-1", &child, "340000").await, Done::Answered(vec![saga::Answer::Taken]));
    assert_eq!(line.step(&case, "premium").await.state(), v1::StepState::Succeeded);
    let version = line.version(number).await;
    assert_eq!(line.notice(2, "V-1", &child, "340000").await, Done::Answered(vec![saga::Answer::Repeated]));
    assert_eq!((line.version(number).await, line.get(&case).await.procedures.len()), (version, 0));
    line.notice(3, "V-2", &child, "340000").await;
    let (refund, procedure) = line.only_procedure(&case).await;
    line.does(procedure, "overcollection", &gives("overcollection", 1)).await;
    assert_eq!(line.step(&refund, "refund").await.state(), v1::StepState::Succeeded);
    let facts = line.facts(procedure).await;
    assert_eq!(facts["refund"]["amount_fen"], json!(40_000), "{}", facts["refund"]);
    assert_eq!(line.facts(number).await["premium"]["voucher"], json!("V-1"), "the first payment stands");
}

/// A mother who pays on the way home from hospital would otherwise have paid for nothing.
#[tokio::test]
async fn a_payment_before_the_enrolment_is_kept_and_attached() {
    let mut line = Line::new().await;
    let case = line.file(samples::anhui(1)).await.remove(0);
    let number = line.number_of(&case).await;
    line.departments_answer(1, &[]).await;
    let mother = identifiers::synthetic::mother(1).citizen_id.as_str().to_owned();
    assert_eq!(line.notice(1, "V-1", &mother, "340000").await, Done::Answered(vec![saga::Answer::Taken]));
    line.restart().await;
    line.family_signs(&case, 1).await;
    line.family_signs(&case, 1).await;
    line.departments_answer(1, &["benefit-window"]).await;
    assert_eq!(line.step(&case, "premium").await.state(), v1::StepState::Succeeded);
    let window = line.taken(number, "benefit-window");
    assert_eq!(line.opened(&window)["benefit"]["start_on"], json!("2026-11-01"), "enrolled and paid: from birth");
    assert!(line.get(&case).await.procedures.is_empty());
}

/// The agency's forty working days would otherwise run while it waits for the family's papers.
#[tokio::test]
async fn the_days_on_which_the_family_corrects_do_not_count() {
    let mut line = Line::at(NOW_MS - 60 * DAY_MS, Packs::shipped()).await;
    let mut request = samples::anhui(1);
    samples::form(&mut request).children[0].born_at = "2026-09-15T09:31".to_owned();
    let case = line.file(request).await.remove(0);
    line.departments_answer(1, &[]).await;
    line.family_signs(&case, 1).await;
    line.family_signs(&case, 1).await;
    line.departments_answer(1, &["premium"]).await;
    line.start(correction(&case, &json!({"child.name": "测试甲"}))).await.expect("begun");
    let (procedure, number) = line.only_procedure(&case).await;
    let due = line.step(&procedure, "insurance-correction").await.limit_due_at.expect("forty working days");
    let sent = line.taken(number, "insurance-correction");
    let needs = wire::NeedsCorrection { fields: vec!["child.name".to_owned()], code: "INS-1206".to_owned() };
    let needs = line.answer(&sent, 1, wire::reply::Outcome::NeedsCorrection(needs), None);
    assert_eq!(line.work(Work::Reply(Box::new(needs))).await, Done::Answered(vec![saga::Answer::Taken]));
    assert_eq!(line.step(&procedure, "insurance-correction").await.limit_due_at, None, "it stands still");
    line.later(7 * DAY_MS).await;
    let task = line.task(&procedure, "insurance-correction").await;
    let corrected = v1::CompleteTaskRequest {
        outcome: v1::TaskOutcome::Corrected.into(),
        corrected_json: r#"{"child.name": "测试乙"}"#.to_owned(),
        idempotency_key: "corrected-0001".to_owned(),
        evidence_digest: String::new(),
        method: String::new(),
        ..signed(&task, 1)
    };
    line.complete(corrected).await.expect("corrected");
    let later = line.step(&procedure, "insurance-correction").await.limit_due_at.expect("goes on");
    // 22, 23, 24 and 28 September are working days on which the family had it; 25 to 27 is a holiday.
    assert_eq!((later.seconds - due.seconds) / 86_400, 4);
    line.until((later.seconds + 6 * 86_400) * 1_000).await;
    let told = line.get(&procedure).await;
    let step = told.steps.iter().find(|step| step.name == "insurance-correction").expect("the step");
    assert_eq!(&*step.limit_stage, "escalated");
    let called: Vec<_> = told.messages.iter().filter(|message| message.state == "to-call").collect();
    assert!(told.messages.len() >= 4 && called.is_empty(), "each can be written: {called:?}");
}
