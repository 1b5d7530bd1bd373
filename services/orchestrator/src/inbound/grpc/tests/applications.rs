//! What the government platform is answered.

use futures::StreamExt;

use super::*;

/// A platform that asks again after a broken connection would otherwise file the family twice.
#[tokio::test]
async fn the_same_request_again_finds_the_same_case() {
    let world = World::new().await;
    let first = world.submit(samples::shanxi(1, 2)).await.expect("filed");
    let again = world.submit(samples::shanxi(1, 2)).await.expect("known");
    assert_eq!((&first.application_id, &first.case_ids), (&again.application_id, &again.case_ids));
    assert_eq!((first.case_ids.len(), first.repeated_request, again.repeated_request), (2, false, true));
    let case = world.case(&first.case_ids[1]).await;
    assert_eq!((case.state(), case.child_order, &*case.pack), (v1::CaseState::Running, 2, "shanxi-2026"));
    assert_eq!(case.steps[0].state(), v1::StepState::TaskOpen);
    assert!(case.steps[0].next_at.is_some(), "a reminder is due");
}

/// Two forms under one key: the second would silently be taken for the first, and its family forgotten.
#[tokio::test]
async fn a_key_belongs_to_one_form_and_a_child_to_one_live_case() {
    let world = World::new().await;
    let first = world.submit(samples::shanxi(1, 1)).await.expect("filed");
    let mut other_form = samples::shanxi(1, 1);
    samples::form(&mut other_form).notice_version = "2025-01".to_owned();
    let refused = world.submit(other_form).await.expect_err("another form");
    assert_eq!(told(&refused), (Code::AlreadyExists, "YJ-0202".to_owned()));
    let mut other_key = samples::shanxi(1, 1);
    other_key.idempotency_key = "another-key".to_owned();
    let refused = world.submit(other_key).await.expect_err("a live case");
    assert_eq!(told(&refused), (Code::AlreadyExists, "YJ-0203".to_owned()));
    assert_eq!(metadata(&refused, "case_id").as_ref(), Some(&first.case_ids[0]));
}

/// Anybody whom the platform has signed in could otherwise sign for the mother, or twice, or what has changed since.
#[tokio::test]
async fn a_task_is_answered_once_by_the_right_person_in_the_present_version() {
    let world = World::new().await;
    let case = world.submit(samples::shanxi(1, 1)).await.expect("filed").case_ids.remove(0);
    let task = world.tasks(&case).await.remove(0);
    let sign = signed(&task, 1);
    let refusals = [
        (v1::CompleteTaskRequest { actor: Some(father(1)), ..sign.clone() }, Code::PermissionDenied, "YJ-0212"),
        (v1::CompleteTaskRequest { actor: Some(applicant(2)), ..sign.clone() }, Code::PermissionDenied, "YJ-0212"),
        (v1::CompleteTaskRequest { version: 7, ..sign.clone() }, Code::FailedPrecondition, "YJ-0213"),
    ];
    for (request, code, page) in refusals {
        assert_eq!(told(&world.complete(request).await.expect_err(page)), (code, page.to_owned()));
    }
    let done = world.complete(sign.clone()).await.expect("signed");
    assert!(!done.repeated_request);
    assert_eq!(done.case.expect("shown").steps[0].state(), v1::StepState::Succeeded);
    assert!(world.complete(sign.clone()).await.expect("the same answer").repeated_request);
    let twice = v1::CompleteTaskRequest { idempotency_key: "another-key".to_owned(), ..sign.clone() };
    assert_eq!(told(&world.complete(twice).await.expect_err("twice")).1, "YJ-0211");
    let other = v1::CompleteTaskRequest { outcome: v1::TaskOutcome::Declined.into(), ..sign };
    assert_eq!(told(&world.complete(other).await.expect_err("key taken")).1, "YJ-0202");
    assert_eq!(world.buried().await, ["YJ-0212", "YJ-0212", "YJ-0213", "YJ-0211"]);
}

/// A signature that proves nothing would otherwise start the certificate.
#[tokio::test]
async fn an_answer_needs_a_method_and_evidence() {
    let world = World::new().await;
    let case = world.submit(samples::shanxi(1, 1)).await.expect("filed").case_ids.remove(0);
    let sign = signed(&world.tasks(&case).await.remove(0), 1);
    let spoilt = v1::CompleteTaskRequest { method: "telepathy".into(), evidence_digest: "ab".into(), ..sign.clone() };
    let refused = world.complete(spoilt).await.expect_err("spoilt");
    let fields = refused.get_details_bad_request().expect("named").field_violations;
    let fields: Vec<&str> = fields.iter().map(|violation| &*violation.field).collect();
    assert_eq!((refused.code(), fields), (Code::InvalidArgument, vec!["evidence_digest", "method"]));
    let corrected = v1::CompleteTaskRequest { outcome: v1::TaskOutcome::Corrected.into(), ..sign };
    assert_eq!(world.complete(corrected).await.expect_err("nothing to correct").code(), Code::InvalidArgument);
    assert!(world.buried().await.is_empty(), "a mistake in the request is the caller's to see");
}

/// A mother would otherwise be told that she signed, weeks after her time was over and the case had ended.
#[tokio::test]
async fn an_answer_after_the_expiry_is_refused_and_kept() {
    let world = World::new().await;
    let case = world.submit(samples::shanxi(1, 1)).await.expect("filed").case_ids.remove(0);
    let sign = signed(&world.tasks(&case).await.remove(0), 1);
    world.later(400 * DAY_MS).await;
    assert_eq!(world.case(&case).await.state(), v1::CaseState::Expired);
    let refused = world.complete(sign).await.expect_err("too late");
    assert_eq!(told(&refused), (Code::FailedPrecondition, "YJ-0214".to_owned()));
    assert_eq!(world.buried().await, ["YJ-0214"]);
}

/// The mother of twins would otherwise sign twice, and one twin would wait for ever.
#[tokio::test]
async fn a_familys_answer_counts_for_all_children() {
    let world = World::new().await;
    let cases = world.submit(samples::shanxi(1, 2)).await.expect("filed").case_ids;
    let task = world.tasks(&cases[0]).await.remove(0);
    world.complete(signed(&task, 1)).await.expect("signed");
    for case in &cases {
        assert_eq!(world.case(case).await.steps[0].state(), v1::StepState::Succeeded);
        assert!(world.tasks(case).await.is_empty());
    }
}

/// A weight that was typed wrongly would otherwise stay wrong for life, or a correction change what nobody asked about.
#[tokio::test]
async fn a_correction_is_asked_of_the_applicant_and_starts_the_next_revision() {
    let world = World::new().await;
    let case = world.submit(samples::shanxi(1, 1)).await.expect("filed").case_ids.remove(0);
    world.complete(signed(&world.tasks(&case).await.remove(0), 1)).await.expect("signed");
    let needs = proto::bus::NeedsCorrection { fields: vec!["child.weight_g".into()], code: "HLT-401".into() };
    let reply = proto::bus::Reply {
        saga: world
            .store
            .find_case(uuid::Uuid::parse_str(&case).expect("an id").into_bytes())
            .await
            .expect("read")
            .expect("filed"),
        effect_key: uuid::Uuid::parse_str(&case).expect("an id").into_bytes().to_vec().into(),
        step: "certificate".to_owned(),
        kind: proto::bus::CommandKind::Act.into(),
        revision: 1,
        number: 1,
        endpoint: "140000.health".to_owned(),
        outcome: Some(proto::bus::reply::Outcome::NeedsCorrection(needs)),
        ..Default::default()
    };
    let done = world.parts.handle.ask(Work::Reply(Box::new(reply))).await.expect("taken");
    assert_eq!(done, crate::coordinator::work::Done::Answered(vec![saga::Answer::Taken]));
    let task = world.tasks(&case).await.remove(0);
    assert_eq!(
        (&*task.role, &*task.step, &*task.correct_fields),
        ("applicant", "certificate", &["child.weight_g".to_owned()][..])
    );
    assert_eq!((&*task.reasons[0].code, task.expires_at), ("HLT-401", None));
    let correct = |json: &str, key: &str| v1::CompleteTaskRequest {
        outcome: v1::TaskOutcome::Corrected.into(),
        corrected_json: json.to_owned(),
        evidence_digest: String::new(),
        idempotency_key: key.to_owned(),
        ..signed(&task, 1)
    };
    let other = world.complete(correct(r#"{"child.name": "测试"}"#, "correction-1")).await;
    assert_eq!(other.expect_err("not asked for").code(), Code::InvalidArgument);
    let done = world.complete(correct(r#"{"child.weight_g": 3300}"#, "correction-2")).await.expect("corrected");
    let step = &done.case.expect("shown").steps[1];
    assert_eq!((step.state(), step.revision), (v1::StepState::InDoubt, 2));
    assert!(world.buried().await.is_empty(), "what was corrected can be sent");
    let late = world.complete(correct(r#"{"child.weight_g": 3400}"#, "correction-3")).await.expect_err("corrected");
    assert_eq!(told(&late).1, "YJ-0213");
}

/// A person would otherwise see the tasks of others, or miss those on the second page.
#[tokio::test]
async fn a_persons_tasks_are_listed_page_by_page_and_nobody_elses() {
    let world = World::new().await;
    for seed in 1..=3 {
        world.submit(samples::shanxi(seed, 1)).await.expect("filed");
    }
    let own = v1::ListTasksRequest { id_number: applicant(2).id_number, ..Default::default() };
    let own = world.api.list_tasks(Request::new(own)).await.expect("listed").into_inner().tasks;
    assert_eq!((own.len(), &*own[0].role, &*own[0].step), (1, "applicant", "signature"));
    assert_eq!(own[0].methods, ["e-signature", "counter"]);
    assert!(own[0].expires_at.is_some_and(|at| at.seconds > NOW_MS / 1_000));
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let page = v1::ListTasksRequest { page_size: 2, page_token, role: "applicant".into(), ..Default::default() };
        let page = world.api.list_tasks(Request::new(page)).await.expect("listed").into_inner();
        seen.extend(page.tasks.into_iter().map(|task| task.task_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 3);
}

/// A father, or a stranger, could otherwise withdraw what the mother has applied for.
#[tokio::test]
async fn only_the_applicant_withdraws_and_twice_is_once() {
    let world = World::new().await;
    let filed = world.submit(samples::shanxi(1, 2)).await.expect("filed");
    let withdraw = |actor: v1::Actor, id: &str, key: &str| {
        let request = v1::WithdrawApplicationRequest {
            application_id: id.to_owned(),
            actor: Some(actor),
            idempotency_key: key.to_owned(),
        };
        world.api.withdraw_application(Request::new(request))
    };
    let pretending = v1::Actor { role: "applicant".to_owned(), ..father(1) };
    for actor in [father(1), pretending, applicant(2)] {
        let refused = withdraw(actor, &filed.application_id, "withdrawal-1").await.expect_err("not the applicant");
        assert_eq!(told(&refused), (Code::PermissionDenied, "YJ-0212".to_owned()));
    }
    let done = withdraw(applicant(1), &filed.case_ids[1], "withdrawal-1").await.expect("withdrawn").into_inner();
    assert!(!done.repeated_request);
    assert!(done.cases.iter().all(|case| case.state() == v1::CaseState::Withdrawn && !case.case_id.is_empty()));
    assert_eq!(done.cases.len(), 2);
    let again = withdraw(applicant(1), &filed.case_ids[1], "withdrawal-1").await.expect("known").into_inner();
    assert!(again.repeated_request);
    assert_eq!(again.cases, done.cases);
}

/// A family in mourning would otherwise be reminded of the other child's case as if nothing had happened.
#[tokio::test]
async fn a_bereavement_concerns_all_children_unless_one_is_named() {
    let world = World::new().await;
    let report = |id: &str, case: &str, by: &str| {
        let request = v1::ReportBereavementRequest {
            application_id: id.to_owned(),
            case_id: case.to_owned(),
            reported_by: by.to_owned(),
            idempotency_key: format!("bereavement-{id}"),
        };
        world.api.report_bereavement(Request::new(request))
    };
    let one = world.submit(samples::shanxi(1, 2)).await.expect("filed");
    let cases = report(&one.application_id, &one.case_ids[1], "health").await.expect("told").into_inner().cases;
    assert_eq!(cases.iter().map(|case| case.bereaved).collect::<Vec<_>>(), [false, true]);
    let all = world.submit(samples::shanxi(2, 2)).await.expect("filed");
    let cases = report(&all.application_id, "", "father").await.expect("told").into_inner().cases;
    assert!(cases.iter().all(|case| case.bereaved));
    let other = report(&all.application_id, &one.case_ids[0], "father").await.expect_err("another family's");
    assert_eq!(other.code(), Code::NotFound);
    assert_eq!(report(&all.application_id, "", "neighbour").await.expect_err("who").code(), Code::InvalidArgument);
}

/// A platform would otherwise show yesterday's state, or wait for a change for ever after the end.
#[tokio::test]
async fn a_watch_shows_each_state_and_ends_with_the_case() {
    let world = World::new().await;
    let filed = world.submit(samples::shanxi(1, 1)).await.expect("filed");
    let watch = |only_the_end| {
        let request = v1::WatchCaseRequest { case_id: filed.case_ids[0].clone(), only_the_end };
        world.api.watch_case(Request::new(request))
    };
    let mut all = watch(false).await.expect("watched").into_inner();
    let end = watch(true).await.expect("watched").into_inner();
    let first = all.next().await.expect("at once").expect("the case");
    assert_eq!(first.state(), v1::CaseState::Running);
    let request = v1::WithdrawApplicationRequest {
        application_id: filed.application_id.clone(),
        actor: Some(applicant(1)),
        idempotency_key: "withdrawal-1".to_owned(),
    };
    world.api.withdraw_application(Request::new(request)).await.expect("withdrawn");
    let rest: Vec<_> = all.collect().await;
    let last = rest.last().expect("told").as_ref().expect("the case");
    assert!(last.state() == v1::CaseState::Withdrawn && last.version > first.version);
    let end: Vec<_> = end.collect().await;
    assert_eq!(end.len(), 1);
    assert_eq!(end[0].as_ref().expect("the case"), last);
    // A case that has ended is told once.
    let after: Vec<_> = watch(false).await.expect("watched").into_inner().collect().await;
    assert_eq!(after.len(), 1);
}

/// A service that stops would otherwise wait for its watchers, who wait for it.
#[tokio::test]
async fn watches_end_when_the_service_stops() {
    let world = World::new().await;
    let filed = world.submit(samples::shanxi(1, 1)).await.expect("filed");
    let request = v1::WatchCaseRequest { case_id: filed.case_ids[0].clone(), only_the_end: true };
    let watch = world.api.watch_case(Request::new(request)).await.expect("watched").into_inner();
    world.stop.cancel();
    let told_last = watch.collect::<Vec<_>>().await.pop().expect("a last word").expect_err("stopping");
    assert_eq!(told(&told_last), (Code::Unavailable, "YJ-0205".to_owned()));
}

/// A flood of applications would otherwise fill the memory, and then nobody is served.
#[tokio::test]
async fn overload_is_said_with_a_hint_when_to_come_back() {
    let (work, queue) = mpsc::channel(1);
    let (world, _coordinator) = World::with(Handle::new(work)).await;
    let waiting = world.parts.handle.give(Work::Due(Box::new(due()))).await.expect("room for one");
    let refused = world.submit(samples::shanxi(1, 1)).await.expect_err("full");
    assert_eq!(told(&refused), (Code::ResourceExhausted, "YJ-0204".to_owned()));
    assert!(refused.get_details_retry_info().and_then(|retry| retry.retry_delay).is_some());
    drop((waiting, queue));
    let refused = world.submit(samples::shanxi(1, 1)).await.expect_err("closed");
    assert_eq!(told(&refused), (Code::Unavailable, "YJ-0205".to_owned()));
}

/// A mistyped id would otherwise be an internal error, and somebody would be called at night.
#[tokio::test]
async fn what_is_not_there_is_said_to_be_missing() {
    let world = World::new().await;
    let get = |case_id: &str| world.api.get_case(Request::new(v1::GetCaseRequest { case_id: case_id.to_owned() }));
    assert_eq!(get("no id").await.expect_err("none").code(), Code::InvalidArgument);
    let missing = get("01234567-89ab-7cde-8f01-23456789abcd").await.expect_err("none");
    assert_eq!(told(&missing), (Code::NotFound, "YJ-0206".to_owned()));
}

fn due() -> crate::store::Due {
    use crate::store::{PendingKey, PendingKindName, PendingRow};
    let key = PendingKey { kind: PendingKindName::Command, step: 0 };
    let row = PendingRow {
        key,
        revision: 1,
        due_at: 0,
        whom: "police".into(),
        person: None,
        message: None,
        attempts: 1,
        since: 0,
    };
    crate::store::Due { number: 1, row }
}
