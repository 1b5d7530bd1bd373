//! What operators are answered.

use proto::v1::operations_server::Operations;

use super::*;

async fn search(world: &World, request: v1::SearchCasesRequest) -> v1::SearchCasesResponse {
    world.api.search_cases(Request::new(request)).await.expect("searched").into_inner()
}

/// An operator with a mother at the counter would otherwise have to guess which case is hers.
#[tokio::test]
async fn cases_are_found_by_state_and_by_whom_they_are_about() {
    let world = World::new().await;
    for seed in 1..=3 {
        world.submit(samples::shanxi(seed, 1)).await.expect("filed");
    }
    let subject = identifiers::synthetic::father(2).citizen_id.as_str().to_owned();
    let found = search(&world, v1::SearchCasesRequest { subject, ..Default::default() }).await;
    assert_eq!((found.cases.len(), found.total), (1, 1));
    let states = vec![v1::CaseState::Running.into()];
    let first = v1::SearchCasesRequest { states: states.clone(), page_size: 2, ..Default::default() };
    let first = search(&world, first).await;
    let rest = v1::SearchCasesRequest { states, page_size: 2, page_token: first.next_page_token, ..Default::default() };
    let rest = search(&world, rest).await;
    assert_eq!((first.cases.len(), first.total, rest.cases.len()), (2, 3, 1));
    assert!(rest.next_page_token.is_empty());
    let ended = vec![v1::CaseState::Completed.into()];
    assert_eq!(search(&world, v1::SearchCasesRequest { states: ended, ..Default::default() }).await.total, 0);
    let unknown = v1::SearchCasesRequest { states: vec![77], ..Default::default() };
    assert_eq!(world.api.search_cases(Request::new(unknown)).await.expect_err("77").code(), Code::InvalidArgument);
}

/// Nobody could otherwise say afterwards who did what to a case; and a name in the history would outlive its key.
#[tokio::test]
async fn the_history_names_every_event_and_actor_and_no_person() {
    let world = World::new().await;
    let case_id = world.submit(samples::shanxi(1, 1)).await.expect("filed").case_ids.remove(0);
    let task = world.tasks(&case_id).await.remove(0);
    world.complete(signed(&task, 1)).await.expect("signed");
    let history = world.api.get_history(Request::new(v1::GetHistoryRequest { case_id })).await.expect("read");
    let events = history.into_inner().events;
    assert_eq!((&*events[0].event, &*events[0].actor), ("Started", "person:applicant"));
    let answered = events.iter().find(|event| event.event == "TaskAnswered").expect("answered");
    assert_eq!((&*answered.step, &*answered.actor), ("signature", "person:applicant"));
    assert!(events.iter().map(|event| event.sequence).eq(1..=events.len() as u64));
    let mother = identifiers::synthetic::mother(1);
    let secret = [mother.name.as_str(), mother.citizen_id.as_str(), mother.phone.as_str()];
    assert!(events.iter().all(|event| secret.iter().all(|secret| !event.json.contains(secret))));
}

/// An operator who reads an old page would otherwise order something about another revision than the one under way.
#[tokio::test]
async fn an_order_names_the_revision_that_it_means() {
    let world = World::new().await;
    let case_id = world.submit(samples::shanxi(1, 1)).await.expect("filed").case_ids.remove(0);
    world.complete(signed(&world.tasks(&case_id).await.remove(0), 1)).await.expect("signed");
    let retry = |revision, reason: &str, step: &str| {
        let (case_id, reason, step) = (case_id.clone(), reason.to_owned(), step.to_owned());
        world.api.retry_step(Request::new(v1::RetryStepRequest { case_id, step, revision, reason }))
    };
    let stale = retry(7, "部门已恢复", "certificate").await.expect_err("stale");
    assert_eq!(told(&stale), (Code::FailedPrecondition, "YJ-0217".to_owned()));
    assert_eq!(metadata(&stale, "current_revision").as_deref(), Some("1"));
    assert_eq!(retry(1, " ", "certificate").await.expect_err("why").code(), Code::InvalidArgument);
    assert_eq!(retry(1, "部门已恢复", "nothing").await.expect_err("what").code(), Code::NotFound);
    let case = retry(1, "部门已恢复", "certificate").await.expect("sent again").into_inner().case.expect("shown");
    assert_eq!(case.steps[1].state(), v1::StepState::InDoubt);
}

/// "Done" without evidence would turn a step nobody did into a certificate nobody has.
#[tokio::test]
async fn a_resolution_needs_evidence_and_an_object() {
    let world = World::new().await;
    let case_id = world.submit(samples::shanxi(1, 1)).await.expect("filed").case_ids.remove(0);
    world.complete(signed(&world.tasks(&case_id).await.remove(0), 1)).await.expect("signed");
    let resolve = |evidence: &str, output: &str| {
        let request = v1::ResolveStepRequest {
            case_id: case_id.clone(),
            step: "certificate".to_owned(),
            revision: 1,
            resolution: v1::Resolution::Done.into(),
            evidence: evidence.to_owned(),
            reason: "电话核实".to_owned(),
            output_json: output.to_owned(),
        };
        world.api.resolve_step(Request::new(request))
    };
    let output = r#"{"number":"K140000001","issued_on":"2026-11-20","issuer":"样例","licence":"L"}"#;
    assert_eq!(resolve("", output).await.expect_err("evidence").code(), Code::InvalidArgument);
    assert_eq!(resolve("台账第7页", "[1]").await.expect_err("an object").code(), Code::InvalidArgument);
    let case = resolve("台账第7页", output).await.expect("resolved").into_inner().case.expect("shown");
    assert_eq!(case.steps[1].state(), v1::StepState::Succeeded);
}

/// A case under investigation would otherwise go on by itself.
#[tokio::test]
async fn a_frozen_case_is_shown_so_and_goes_on_when_lifted() {
    let world = World::new().await;
    let case_id = world.submit(samples::shanxi(1, 1)).await.expect("filed").case_ids.remove(0);
    let freeze = v1::FreezeCaseRequest { case_id: case_id.clone(), reason: "核查".to_owned() };
    let case = world.api.freeze_case(Request::new(freeze)).await.expect("frozen").into_inner().case.expect("shown");
    assert!(case.frozen && case.steps.iter().all(|step| step.next_at.is_none()));
    let lift = v1::UnfreezeCaseRequest { case_id, reason: "核查完毕".to_owned() };
    let case = world.api.unfreeze_case(Request::new(lift)).await.expect("lifted").into_inner().case.expect("shown");
    assert!(!case.frozen);
}

/// A department under maintenance would otherwise be flooded, and one with a mistyped name seem to be held.
#[tokio::test]
async fn a_department_is_held_and_resumed_by_its_name() {
    let world = World::new().await;
    let hold = |name: &str| {
        let request = v1::HoldDepartmentRequest { department: name.to_owned(), reason: "检修".to_owned() };
        world.api.hold_department(Request::new(request))
    };
    assert!(hold("police").await.expect("held").into_inner().held);
    assert_eq!(hold("polcie").await.expect_err("none").code(), Code::NotFound);
    let resume = v1::ResumeDepartmentRequest { department: "police".to_owned(), ramp_per_second: 10 };
    assert!(!world.api.resume_department(Request::new(resume)).await.expect("resumed").into_inner().held);
}

/// A refused act would otherwise be seen by nobody.
#[tokio::test]
async fn refused_acts_are_listed_with_the_dead_letters() {
    let world = World::new().await;
    let case_id = world.submit(samples::shanxi(1, 1)).await.expect("filed").case_ids.remove(0);
    let sign = signed(&world.tasks(&case_id).await.remove(0), 1);
    let wrong = v1::CompleteTaskRequest { actor: Some(father(1)), ..sign };
    world.complete(wrong).await.expect_err("not the mother");
    let listed = world.api.list_dead_letters(Request::new(Default::default())).await.expect("listed").into_inner();
    let letter = &listed.dead_letters[0];
    assert_eq!((&*letter.topic, &*letter.code, &*letter.step), ("grpc", "YJ-0212", "signature"));
    let unmatched = world.api.list_unmatched_notices(Request::new(Default::default())).await.expect("listed");
    assert!(unmatched.into_inner().notices.is_empty());
}
