//! Messages to people from a running case: once each, at their hour, and a telephone call where none can be written.

use proto::{bus as wire, v1::operations_server::Operations};
use serde_json::{Value, json};

use super::{
    levels::clerk,
    line::{Line, gives, step_of},
    *,
};
use crate::coordinator::work::{Clear, Done, Order};

const HOUR_MS: i64 = 3_600_000;

fn told<'l>(line: &'l Line, template: &str) -> Vec<&'l Value> {
    line.messages.iter().filter(|message| message["template"] == template).collect()
}

fn text(message: &Value) -> &str {
    message["text"].as_str().expect("a text")
}

async fn states(line: &Line, case: &str) -> Vec<(String, String)> {
    line.get(case).await.messages.into_iter().map(|sent| (sent.template, sent.state)).collect()
}

async fn state(line: &Line, case: &str, template: &str) -> String {
    let states = states(line, case).await;
    let found = states.iter().find(|(known, _)| known == template);
    found.unwrap_or_else(|| panic!("no {template} among {states:?}")).1.clone()
}

/// A shipped pack whose law says something else in one place.
fn changed(name: &str, from: &str, to: &str) -> Packs {
    let shipped = Packs::shipped();
    let files = shipped.get(name).expect("shipped").files.clone();
    let changed: Vec<(String, String)> =
        files.iter().map(|(file, text)| (file.to_string(), text.replace(from, to))).collect();
    let files: Vec<(&str, &str)> = changed.iter().map(|(file, text)| (&**file, &**text)).collect();
    let mut packs = Packs::shipped();
    packs.insert(policy::Pack::parse(&files).unwrap_or_else(|problems| panic!("{problems}")));
    packs
}

/// [`NOW_MS`] is eight in the morning.
const MIDNIGHT_MS: i64 = NOW_MS - 8 * HOUR_MS;

/// A mother would otherwise read twice that her child is enrolled, or never, when a machine is killed at the wrong
/// moment.
#[tokio::test]
async fn one_message_per_occasion_although_everything_comes_twice_and_a_kill_comes_in_between() {
    let mut line = Line::new().await;
    let case = line.anhui_signed(1).await;
    let number = line.number_of(&case).await;
    line.departments_answer(1, &["enrolment", "premium"]).await;
    let enrolment = line.taken(number, "enrolment");
    let reply = line.gave(&enrolment, &gives("enrolment", 1));
    line.work(Work::Reply(Box::new(reply.clone()))).await;
    let first = line.sent.iter().find(|sent| sent.step.is_none()).cloned().expect("N13 goes out");
    line.restart().await;
    line.work(Work::Reply(Box::new(reply.clone()))).await;
    line.work(Work::Reply(Box::new(reply))).await;
    assert_eq!(told(&line, "N13").len(), 1);
    assert!(text(told(&line, "N13")[0]).contains("城乡居民参保登记"));
    // The kill came after the commit and before the bus: the row is due again, and the same message goes out.
    line.world.store.make_all_due(None, line.world.clock.now_ms(), 1_000).await.expect("as at a start");
    line.later(60_000).await;
    assert_eq!(told(&line, "N13").len(), 1, "the same words");
    let sent = line.sent.iter().rfind(|sent| step_of(sent) == step_of(&first)).expect("sent again");
    assert_eq!((sent.id, &sent.payload), (first.id, &first.payload), "under the same id, by which its sender knows it");
    assert!(sent.attempt > first.attempt);
    line.does(number, &step_of(&first), &json!({})).await;
    assert_eq!(state(&line, &case, "N13").await, "delivered");
    let queued = line.get(&case).await.messages.into_iter().filter(|sent| sent.template == "N13").count();
    assert_eq!(queued, 1);
}

/// A family with a newborn would otherwise be woken in the night.
#[tokio::test]
async fn a_message_of_the_night_waits_until_eight_in_the_morning() {
    let mut line = Line::at(MIDNIGHT_MS - 2 * HOUR_MS, Packs::shipped()).await;
    let case = line.file(samples::shanxi(1, 1)).await.remove(0);
    assert_eq!(states(&line, &case).await, [("N01".to_owned(), "waiting".to_owned())]);
    line.until(MIDNIGHT_MS + 8 * HOUR_MS - 60_000).await;
    line.restart().await;
    assert!(line.messages.is_empty());
    line.until(MIDNIGHT_MS + 8 * HOUR_MS).await;
    assert_eq!(told(&line, "N01").len(), 1);
    assert_eq!(state(&line, &case, "N01").await, "out");
}

/// A family would otherwise be flooded, at once or on the next morning.
#[tokio::test]
async fn no_more_messages_a_day_than_the_cap_and_the_others_on_the_days_after() {
    let packs = changed("shanxi-2026", "daily_cap   = { value = 10", "daily_cap   = { value = 1");
    let mut line = Line::at(NOW_MS, packs).await;
    let case = line.file(samples::shanxi(1, 1)).await.remove(0);
    line.family_signs(&case, 1).await;
    line.departments_answer(1, &[]).await;
    let all = line.get(&case).await.messages.len();
    assert!(all >= 3, "filed, certified, enrolled, done: {:?}", states(&line, &case).await);
    let mut days = std::collections::BTreeMap::<i64, usize>::new();
    let mut known = 0;
    for day in 0..=i64::try_from(all).expect("few") {
        line.until(NOW_MS + day * DAY_MS + HOUR_MS).await;
        line.departments_answer(1, &[]).await;
        days.insert(day, line.messages.len() - known);
        known = line.messages.len();
    }
    assert_eq!(known, all, "each goes out");
    assert!(days.values().all(|sent| *sent <= 1), "{days:?}");
}

/// The mother of twins would otherwise read everything twice that is the family's.
#[tokio::test]
async fn twins_are_told_once_of_what_is_their_familys_and_each_of_its_own() {
    let mut line = Line::new().await;
    let cases = line.file(samples::shanxi(1, 2)).await;
    line.family_signs(&cases[0], 1).await;
    line.departments_answer(1, &[]).await;
    assert_eq!((told(&line, "N01").len(), told(&line, "N06").len()), (1, 2));
}

/// A case would otherwise stop because the father has no telephone, or he never learn that he is asked.
#[tokio::test]
async fn a_father_without_a_telephone_is_called_upon_by_a_person_and_the_case_goes_on() {
    let mut line = Line::new().await;
    let case = line.file(samples::anhui(1)).await.remove(0);
    let number = line.number_of(&case).await;
    let clear = Clear { step: saga::StepIndex(0), correction: true, value: json!({"father.phone": null}) };
    let lost = Order { inputs: vec![(number, saga::Input::Freeze)], clear: Some(clear), ..Order::default() };
    line.work(Work::Order(Box::new(lost))).await;
    let lifted = Order { inputs: vec![(number, saga::Input::Unfreeze)], ..Order::default() };
    line.work(Work::Order(Box::new(lifted))).await;
    line.later(60_000).await;
    line.departments_answer(1, &[]).await;
    assert_eq!(state(&line, &case, "N03").await, "to-call");
    assert!(told(&line, "N03").is_empty());
    let stored = line.stored_events(number).await;
    assert!(stored.contains("YJ-0311") && stored.contains("father.phone"), "the record says what is missing");
    assert_eq!(
        line.step(&case, "father-authorisation").await.state(),
        v1::StepState::TaskOpen,
        "he may sign all the same"
    );
    let call = line.world.tasks(&case).await.into_iter().find(|task| task.role == "clerk").expect("a call");
    assert!(call.title.starts_with("电话通知") && call.task_id.ends_with(&call.step), "{call:?}");
    line.family_signs(&case, 1).await;
    assert_eq!(line.step(&case, "father-authorisation").await.state(), v1::StepState::Succeeded);
    let done = v1::CompleteTaskRequest {
        task_id: call.task_id.clone(),
        actor: Some(clerk("OFFICER-1")),
        outcome: v1::TaskOutcome::Done.into(),
        idempotency_key: "call-0001".to_owned(),
        ..v1::CompleteTaskRequest::default()
    };
    line.complete(done).await.expect("telephoned");
    assert_eq!(state(&line, &case, "N03").await, "called");
}

/// A message would otherwise tell whoever holds the telephone where the child was born.
#[tokio::test]
async fn what_no_message_may_say_is_told_by_a_person() {
    let mut line = Line::new().await;
    let case = line.anhui_signed(1).await;
    let number = line.number_of(&case).await;
    line.departments_answer(1, &["card", "premium"]).await;
    line.does(number, "card", &json!({"card": "C-1", "bank": "102", "outlet": "样例妇幼保健院"})).await;
    assert_eq!((state(&line, &case, "N11").await, told(&line, "N11").len()), ("to-call".to_owned(), 0));
    assert_eq!(line.step(&case, "card").await.state(), v1::StepState::Succeeded);
    assert!(!line.stored_events(number).await.contains("样例妇幼保健院"), "nor does the record say it");
}

fn refused() -> wire::reply::Outcome {
    let refused = wire::Refused { code: "SMS-1503".to_owned(), offline_route: String::new() };
    wire::reply::Outcome::Refused(refused)
}

/// A mother whose number is out of service would otherwise be told nothing by anybody, or be telephoned twice.
#[tokio::test]
async fn what_the_sender_cannot_deliver_becomes_a_call_that_a_clerk_makes_once() {
    let mut line = Line::new().await;
    let case = line.file(samples::shanxi(1, 1)).await.remove(0);
    let number = line.number_of(&case).await;
    let sent = line.taken(number, "message/0");
    let reply = line.answer(&sent, 1, refused(), None);
    assert_eq!(line.work(Work::Reply(Box::new(reply))).await, Done::Answered(vec![saga::Answer::Taken]));
    let tasks = line.world.tasks(&case).await;
    assert_eq!(tasks.iter().map(|task| &*task.role).collect::<Vec<_>>(), ["applicant", "clerk"]);
    let call = tasks[1].clone();
    assert_eq!((&*call.title, &*call.step, call.version), ("电话通知:申请已提交", "message/0", 0));
    let filter = v1::ListTasksRequest { role: "clerk".to_owned(), page_size: 1, ..Default::default() };
    let listed = line.world.api.list_tasks(Request::new(filter)).await.expect("listed").into_inner();
    assert_eq!((listed.tasks.len(), &*listed.tasks[0].task_id), (1, &*call.task_id));
    let next = v1::ListTasksRequest { page_token: listed.next_page_token, page_size: 1, ..Default::default() };
    let next = line.world.api.list_tasks(Request::new(next)).await.expect("listed").into_inner();
    assert!(next.tasks.is_empty() && next.next_page_token.is_empty());

    let done = v1::CompleteTaskRequest {
        task_id: call.task_id.clone(),
        actor: Some(clerk("OFFICER-1")),
        outcome: v1::TaskOutcome::Done.into(),
        idempotency_key: "call-0001".to_owned(),
        ..v1::CompleteTaskRequest::default()
    };
    let declined = v1::CompleteTaskRequest { outcome: v1::TaskOutcome::Declined.into(), ..done.clone() };
    assert_eq!(line.complete(declined).await.expect_err("not done").code(), Code::InvalidArgument);
    let with_fields = v1::CompleteTaskRequest { fields_json: "{}".to_owned(), ..done.clone() };
    assert_eq!(line.complete(with_fields).await.expect_err("fields").code(), Code::InvalidArgument);
    let stranger = v1::CompleteTaskRequest { actor: Some(father(1)), ..done.clone() };
    assert_eq!(super::told(&line.complete(stranger).await.expect_err("no clerk")).1, "YJ-0212");
    let nothing = v1::CompleteTaskRequest { task_id: format!("{case}/message/9"), ..done.clone() };
    assert_eq!(super::told(&line.complete(nothing).await.expect_err("none")), (Code::NotFound, "YJ-0206".to_owned()));
    let called = line.complete(done.clone()).await.expect("telephoned");
    assert_eq!((called.repeated_request, &*called.case.expect("shown").messages[0].state), (false, "called"));
    assert!(line.complete(done.clone()).await.expect("the same request").repeated_request);
    let twice = v1::CompleteTaskRequest { idempotency_key: "call-0002".to_owned(), ..done };
    assert_eq!(super::told(&line.complete(twice).await.expect_err("twice")).1, "YJ-0211");
    assert_eq!(line.world.tasks(&case).await.len(), 1, "the mother's signature");
}

/// The last message of a case, that it has ended, would otherwise never be told to have arrived, nor its call be made.
#[tokio::test]
async fn messages_and_calls_outlive_their_case() {
    let mut line = Line::new().await;
    let case = line.file(samples::shanxi(1, 1)).await.remove(0);
    let number = line.number_of(&case).await;
    line.family_signs(&case, 1).await;
    line.departments_answer(1, &["message/0"]).await;
    assert_eq!(line.get(&case).await.state(), v1::CaseState::Completed);
    assert_eq!(
        (state(&line, &case, "N01").await, state(&line, &case, "N29").await),
        ("out".to_owned(), "delivered".to_owned())
    );
    line.restart().await;
    let sent = line.taken(number, "message/0");
    let reply = line.answer(&sent, 1, refused(), None);
    line.work(Work::Reply(Box::new(reply))).await;
    assert_eq!(state(&line, &case, "N01").await, "to-call");
    let call = line.world.tasks(&case).await.remove(0);
    let done = v1::CompleteTaskRequest {
        task_id: call.task_id,
        actor: Some(clerk("OFFICER-1")),
        outcome: v1::TaskOutcome::Done.into(),
        idempotency_key: "call-0001".to_owned(),
        ..v1::CompleteTaskRequest::default()
    };
    line.complete(done).await.expect("telephoned");
    assert_eq!(line.get(&case).await.state(), v1::CaseState::Completed, "it changes nothing of the end");
}

/// A family in mourning would otherwise be congratulated by a machine.
#[tokio::test]
async fn after_a_bereavement_no_machine_writes_to_the_family() {
    let mut line = Line::at(MIDNIGHT_MS - 2 * HOUR_MS, Packs::shipped()).await;
    let case = line.file(samples::shanxi(1, 1)).await.remove(0);
    assert_eq!(state(&line, &case, "N01").await, "waiting");
    let report = v1::ReportBereavementRequest {
        application_id: case.clone(),
        reported_by: "health".to_owned(),
        idempotency_key: "bereaved-1".to_owned(),
        ..Default::default()
    };
    let api = line.world.api.clone();
    line.call(async move { api.report_bereavement(Request::new(report)).await }).await.expect("reported");
    assert_eq!(state(&line, &case, "N01").await, "dropped");
    line.later(40 * DAY_MS).await;
    assert!(line.messages.is_empty(), "{:?}", line.messages);
    assert!(line.world.tasks(&case).await.iter().all(|task| !task.title.starts_with("电话通知")));
}

async fn retract(line: &mut Line, case: &str, message: &str) -> Result<(), Status> {
    let request = v1::RetractMessageRequest {
        case_id: case.to_owned(),
        message: message.to_owned(),
        reason: "wrong template".to_owned(),
    };
    let api = line.world.api.clone();
    line.call(async move { api.retract_message(Request::new(request)).await }).await.map(drop)
}

/// A family would otherwise go on believing what was wrong, or read of an error that it never saw.
#[tokio::test]
async fn of_a_wrong_message_that_went_out_its_reader_is_told_and_one_that_waits_is_not_sent() {
    let mut line = Line::new().await;
    let case = line.file(samples::anhui(1)).await.remove(0);
    line.departments_answer(1, &[]).await;
    let messages = line.get(&case).await.messages;
    let named = |template: &str| {
        let found = messages.iter().find(|sent| sent.template == template);
        found.unwrap_or_else(|| panic!("no {template} among {messages:?}")).name.clone()
    };
    let (filed, father) = (named("N01"), named("N03"));
    for message in [&filed, &father, &filed] {
        retract(&mut line, &case, message).await.expect("retracted");
    }
    line.restart().await;
    retract(&mut line, &case, &father).await.expect("again");
    assert_eq!(
        (state(&line, &case, "N01").await, state(&line, &case, "N03").await),
        ("retracted".into(), "retracted".into())
    );
    let texts = |template| told(&line, template).into_iter().map(text).collect::<Vec<_>>();
    assert_eq!(
        (texts("N28"), texts("N28-father")),
        (
            vec!["【皖事通】此前关于办件的通知有误,请以皖事通APP显示为准,给您带来不便敬请谅解。"],
            vec!["【皖事通】此前关于办件的通知有误,请以皖事通APP显示为准,给您带来不便敬请谅解。"]
        ),
        "each its own reader, once"
    );
    let history = line.stored_events(line.number_of(&case).await).await;
    assert!(history.contains("MessageRetracted") && history.contains("wrong template"));

    let mut night = Line::at(MIDNIGHT_MS - 2 * HOUR_MS, Packs::shipped()).await;
    let case = night.file(samples::shanxi(1, 1)).await.remove(0);
    retract(&mut night, &case, "message/0").await.expect("retracted");
    night.until(MIDNIGHT_MS + 9 * HOUR_MS).await;
    assert!(night.messages.is_empty(), "{:?}", night.messages);
    assert_eq!(states(&night, &case).await, [("N01".to_owned(), "dropped".to_owned())]);
    for (message, code) in [("message/1", "YJ-0206"), ("message", "YJ-0201"), ("message/256", "YJ-0201")] {
        assert_eq!(super::told(&retract(&mut night, &case, message).await.expect_err(message)).1, code, "{message}");
    }
}

/// Operators would otherwise learn of a department's outage from families, or from ten thousand messages.
#[tokio::test]
async fn of_a_department_that_does_not_answer_operators_are_told_once_a_day_with_how_many_cases_wait() {
    let mut line = Line::new().await;
    let mut cases = Vec::new();
    for seed in 1..=3 {
        cases.push(line.file(samples::shanxi(seed, 1)).await.remove(0));
        line.family_signs(cases.last().expect("filed"), seed).await;
    }
    line.later(HOUR_MS).await;
    let words: Vec<&str> = told(&line, "O03").into_iter().map(text).collect();
    assert_eq!(words, ["【三晋通】出生医学证明接口连续失败或积压,影响办件3件,请处置。"]);
    assert_eq!(told(&line, "O03")[0]["to"], "operator");
    line.later(5 * DAY_MS).await;
    assert_eq!(told(&line, "O03").len(), 1, "the same silence of the same cases is told of once");
    let later = line.file(samples::shanxi(4, 1)).await.remove(0);
    line.family_signs(&later, 4).await;
    line.later(HOUR_MS).await;
    assert_eq!(told(&line, "O03").len(), 2, "another case on another day is news");
}

/// A family that overlooked a correction would otherwise wait for ever for what waits for the family.
#[tokio::test]
async fn who_is_to_correct_is_told_and_reminded_until_it_is_corrected() {
    let mut line = Line::new().await;
    let case = line.file(samples::shanxi(1, 1)).await.remove(0);
    let number = line.number_of(&case).await;
    line.family_signs(&case, 1).await;
    line.departments_answer(1, &["registration"]).await;
    let sent = line.taken(number, "registration");
    let needs = wire::NeedsCorrection { fields: vec!["child.name".to_owned()], code: "POL-501".to_owned() };
    let reply = line.answer(&sent, 1, wire::reply::Outcome::NeedsCorrection(needs), None);
    line.work(Work::Reply(Box::new(reply))).await;
    line.restart().await;
    line.later(40 * DAY_MS).await;
    let texts: Vec<&str> = told(&line, "N07-item").into_iter().map(text).collect();
    assert_eq!(texts.len(), 4, "at once, and after 3, 7 and 14 days: {texts:?}");
    assert!(texts.iter().all(|text| text.starts_with("【三晋通】您申请的户籍办理(出生登记)需补正,原因:")), "{texts:?}");
}
