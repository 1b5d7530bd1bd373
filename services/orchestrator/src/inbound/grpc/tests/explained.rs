//! What the law decides in a running case, how it is told, how its limits run, and what happens when it cannot decide.

use saga::{Fact, legal};
use serde_json::json;

use super::{
    line::{Line, payment},
    *,
};
use crate::coordinator::work::{Done, Order};

/// A calendar of these years without holidays of their own, for questions about years whose notice is not out.
fn calendar(years: &[i16]) -> Arc<policy::Calendar> {
    let texts: Vec<(String, String)> = years
        .iter()
        .map(|year| {
            (format!("{year}.toml"), format!("year = {year}\nnotice = \"测试{year}\"\noff = [\"01-01\"]\nwork = []\n"))
        })
        .collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (&**name, &**text)).collect();
    Arc::new(policy::Calendar::parse(&files).unwrap_or_else(|problems| panic!("{problems}")))
}

/// Moments are written as people read them, in Beijing time.
fn minute(at: &Option<prost_types::Timestamp>) -> String {
    at.as_ref().map(|at| crate::coordinator::beijing(at.seconds * 1_000).as_str().to_owned()).unwrap_or_default()
}

fn moment(minute: &str) -> i64 {
    let minute = identifiers::LocalMinute::parse(minute).expect("a minute");
    minute.to_timestamp().as_millisecond()
}

/// What would tell a stranger who the family is.
fn secrets(seed: u64) -> Vec<String> {
    let (mother, father) = (identifiers::synthetic::mother(seed), identifiers::synthetic::father(seed));
    let child = identifiers::synthetic::child_name(seed + 1, &mother.name);
    [&mother, &father]
        .iter()
        .flat_map(|person| [person.name.as_str(), person.citizen_id.as_str(), person.phone.as_str()])
        .chain([child.as_str(), &*line::child_number(seed), "样例路1号", "样例妇幼保健院", "2026-11-01T09:31"])
        .map(str::to_owned)
        .collect()
}

async fn explain(line: &Line, case: &str) -> v1::ExplainCaseResponse {
    let request = v1::ExplainCaseRequest { case_id: case.to_owned() };
    line.world.api.explain_case(Request::new(request)).await.expect("explained").into_inner()
}

/// Whoever has the database file and no key would otherwise read in it who was born where; and nobody could say ten
/// years later by which row and article a family was decided on.
#[tokio::test]
async fn a_decision_is_an_event_with_its_row_articles_and_names_of_facts_and_without_a_value() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let number = line.number_of(&case).await;
    let events = line.events(number).await;
    let decided = |rule: &str| {
        let is = |event: &&saga::Event| matches!(&event.fact, Fact::Decided { explained: Some(explained), .. } if &*explained.rule == rule);
        let found = events.iter().find(is).unwrap_or_else(|| panic!("{rule} was not decided"));
        match &found.fact {
            Fact::Decided { explained: Some(explained), .. } => explained.clone(),
            _ => panic!("a decision"),
        }
    };
    let eligible = decided("eligibility");
    assert!(eligible.inputs.iter().any(|path| &**path == "household.mother.area"), "{:?}", eligible.inputs);
    assert!(eligible.articles.iter().any(|article| article.contains("二(三)")), "{:?}", eligible.articles);
    for rule in ["eligibility", "premium-payer", "benefit-deadlines", "maternity-route"] {
        let explained = decided(rule);
        assert!(explained.pack.starts_with("anhui-2024"), "{}", explained.pack);
        assert!(!explained.articles.is_empty(), "{rule}");
    }
    assert_eq!((&*decided("premium-payer").row, &*decided("maternity-route").row), ("D5-0", "D9-4"));
    let stored = line.stored_events(number).await;
    for secret in secrets(1) {
        assert!(!stored.contains(&secret), "{secret}");
    }
}

/// A mother at the counter would otherwise be shown nothing of why, or everything to whoever looks over her shoulder.
#[tokio::test]
async fn an_explanation_opens_what_was_sealed_and_masks_every_value_of_a_person() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let told = explain(&line, &case).await;
    assert!(told.calendar.iter().any(|year| year.starts_with("2026: ")), "{:?}", told.calendar);
    let first = &told.decisions[0];
    assert_eq!((&*first.step, &*first.outcome, first.pack.starts_with("anhui-2024")), ("", "yes", true));
    assert!(first.inputs.contains_key("application.area") && first.at.is_some(), "{first:?}");
    let eligibility = told.decisions.iter().find(|decision| decision.rule == "eligibility").expect("decided");
    assert_eq!((&*eligibility.step, &*eligibility.outcome), ("eligibility", "yes"));
    assert!(!eligibility.text_zh.is_empty(), "the sealed half has opened");
    assert_eq!(eligibility.inputs["household.mother.area"], "3***");
    assert_eq!((&*eligibility.inputs["delivery.place"], &*eligibility.inputs["delivery.found"]), ("facility", "是"));
    let days = told.decisions.iter().find(|decision| decision.rule == "benefit-deadlines").expect("decided");
    assert!(days.warnings.iter().any(|warning| warning.contains("2027")), "{days:?}");
    let whole = format!("{told:?}");
    for secret in secrets(1) {
        assert!(!whole.contains(&secret), "{secret}");
    }
}

/// A case would otherwise go on after a restart on other facts than it was decided on before: the day from which a
/// child is covered could change with a power cut.
#[tokio::test]
async fn what_the_law_gives_is_sent_to_the_next_step_and_is_the_same_after_a_restart() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let number = line.number_of(&case).await;
    let before = line.facts(number).await;
    line.restart().await;
    assert_eq!(line.facts(number).await, before, "as it stood when the child was enrolled");
    line.does(number, "premium", &payment("V-1")).await;
    let window = line.taken(number, "benefit-window");
    assert_eq!(line.opened(&window)["benefit"]["start_on"], json!("2026-11-01"), "paid in time: from birth");
    let before = line.facts(number).await;
    assert_eq!(before["benefit"]["row"], json!("D3-1"));
    line.restart().await;
    assert_eq!(line.facts(number).await, before, "as it stood when the premium was paid");
}

/// What a law refused would otherwise stand among the facts after a restart and not before it.
#[tokio::test]
async fn a_refusal_of_the_law_leaves_the_same_facts_before_and_after_a_restart() {
    let mut line = Line::new().await;
    let case = line.file(samples::anhui(1)).await.remove(0);
    let number = line.number_of(&case).await;
    line.departments_answer(1, &["marriage", "premium"]).await;
    line.does(number, "marriage", &json!({"found": false})).await;
    assert_eq!(line.get(&case).await.state(), v1::CaseState::Rejected);
    let before = line.facts(number).await;
    line.restart().await;
    assert_eq!(line.facts(number).await, before);
}

/// A question that reaches into a year without calendar would otherwise be guessed, or stay open for ever once the
/// State Council has published it.
#[tokio::test]
async fn what_the_law_cannot_decide_stands_where_operators_see_it_and_goes_on_when_the_calendar_comes() {
    let late = json!({"voucher": "V-1", "paid_at": "2027-01-31T10:00", "amount_fen": 40_000, "years": [2026]});
    for ordered in [false, true] {
        let mut line = Line::new().await;
        let case = line.anhui_enrolled(1).await;
        let number = line.number_of(&case).await;
        line.world.clock.advance_to(moment("2027-01-31T12:00"));
        line.does(number, "premium", &late).await;
        let step = line.step(&case, "benefit").await;
        assert!(step.stuck && line.get(&case).await.stuck, "an operator sees it");
        let undecided = explain(&line, &case).await.decisions.pop().expect("told");
        assert_eq!((&*undecided.rule, &*undecided.outcome, &*undecided.step), ("LAW-002", "undecided", "benefit"));
        assert!(undecided.text_zh.contains("2027"), "{}", undecided.text_zh);
        let asked =
            |events: &[saga::Event]| events.iter().filter(|event| matches!(event.fact, Fact::Undecided { .. })).count();
        line.later(legal::ASK_AGAIN_MS - 60_000).await;
        assert_eq!(asked(&line.events(number).await), 1, "not before six hours");
        line.later(60_000).await;
        assert_eq!(asked(&line.events(number).await), 2, "asked again, still unknown");
        line.world.parts.calendar = calendar(&[2026, 2027]);
        line.restart().await;
        if ordered {
            let revision = line.step(&case, "benefit").await.revision;
            let request = v1::RetryStepRequest {
                case_id: case.clone(),
                step: "benefit".to_owned(),
                revision,
                reason: "日历已载入".to_owned(),
            };
            let api = line.world.api.clone();
            let told = line.call(async move {
                proto::v1::operations_server::Operations::retry_step(&api, Request::new(request)).await
            });
            told.await.expect("asked at once");
        } else {
            line.later(legal::ASK_AGAIN_MS).await;
        }
        let step = line.step(&case, "benefit").await;
        assert_eq!((step.state(), step.stuck), (v1::StepState::Succeeded, false));
        assert!(!line.get(&case).await.stuck);
    }
}

/// A limit that reaches into an unknown year would otherwise be shown with a day that is wrong.
#[tokio::test]
async fn a_limit_that_cannot_be_counted_is_shown_as_unknown_until_it_can() {
    let mut line = Line::new().await;
    line.world.parts.calendar = calendar(&[2025]);
    line.restart().await;
    let case = line.anhui_enrolled(1).await;
    let step = line.step(&case, "first-review").await;
    assert_eq!((&*step.limit_stage, step.limit_due_at, step.stuck), ("unknown", None, true));
    assert_eq!(&*step.limit, "20个工作日");
    line.world.parts.calendar = Arc::new(policy::Calendar::shipped());
    line.restart().await;
    line.later(legal::ASK_AGAIN_MS).await;
    let step = line.step(&case, "first-review").await;
    assert_eq!((&*step.limit_stage, &*minute(&step.limit_due_at)), ("", "2026-12-19T00:00"), "from when it began");
}

/// The office would otherwise be late without anybody being told: yellow one working day before, red when due, and the
/// next level one working day later.
#[tokio::test]
async fn a_limit_of_20_working_days_turns_yellow_and_red_and_is_escalated() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    line.departments_answer(1, &["premium"]).await;
    let step = line.step(&case, "first-review").await;
    assert_eq!((&*minute(&step.limit_near_at), &*minute(&step.limit_due_at)), ("2026-12-17T09:00", "2026-12-19T00:00"));
    let stages = [
        ("2026-12-17T08:59", ""),
        ("2026-12-17T09:00", "near"),
        ("2026-12-18T23:59", "near"),
        ("2026-12-19T00:00", "passed"),
        ("2026-12-21T08:59", "passed"),
        ("2026-12-21T09:00", "escalated"),
    ];
    for (at, stage) in stages {
        line.until(moment(at)).await;
        assert_eq!(line.step(&case, "first-review").await.limit_stage, stage, "{at}");
    }
    line.departments_answer(1, &["premium"]).await;
    line.until(moment("2026-12-21T10:00")).await;
    let told =
        |template: &str| line.messages.iter().filter(|message| message["template"] == template).collect::<Vec<_>>();
    assert_eq!((told("O01").len(), told("O02").len(), told("N26").len()), (1, 2, 1), "{:?}", line.messages);
    assert!(told("O01")[0]["text"].as_str().expect("a text").contains("2026年12月18日"), "the last day in time");
    let missing: Vec<_> =
        line.get(&case).await.messages.into_iter().filter(|message| message.state == "to-call").collect();
    assert!(missing.is_empty(), "each can be written: {missing:?}");
}

/// An office would otherwise be late by the days on which it was forbidden to act.
#[tokio::test]
async fn the_days_of_a_freeze_do_not_count() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let number = line.number_of(&case).await;
    let order = |input| Work::Order(Box::new(Order { inputs: vec![(number, input)], ..Order::default() }));
    line.until(moment("2026-11-24T12:00")).await;
    assert_eq!(line.work(order(saga::Input::Freeze)).await, Done::Answered(vec![saga::Answer::Taken]));
    line.until(moment("2027-01-05T12:00")).await;
    assert_eq!(line.step(&case, "first-review").await.limit_stage, "", "it stands still");
    line.world.parts.calendar = calendar(&[2026, 2027]);
    line.restart().await;
    line.work(order(saga::Input::Unfreeze)).await;
    let frozen = line.step(&case, "first-review").await;
    let due = minute(&frozen.limit_due_at);
    assert!(due.as_str() > "2027-01-26" && due.as_str() < "2027-02-03", "as many working days later: {due}");
    let pauses =
        line.events(number).await.into_iter().filter_map(|event| event.note).any(|note| note.contains("中止1次"));
    assert!(pauses, "the record says that it stood still");
}

/// Each of three levels would otherwise have twenty days of its own, and a family wait for sixty.
#[tokio::test]
async fn one_limit_spans_all_levels_of_a_review() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let first = minute(&line.step(&case, "first-review").await.limit_due_at);
    line.until(moment("2026-12-01T10:00")).await;
    let task = line.task(&case, "first-review").await;
    line.complete(levels::reviewed(&task, "OFFICER-1")).await.expect("reviewed");
    let second = line.step(&case, "second-review").await;
    assert_eq!((second.state(), minute(&second.limit_due_at)), (v1::StepState::TaskOpen, first));
}

/// A child would otherwise fall under another province's law and nobody could say why.
#[tokio::test]
async fn which_pack_holds_is_recorded_when_the_case_is_filed() {
    let mut line = Line::new().await;
    for (request, pack) in [(samples::anhui(1), "anhui-2024"), (samples::shanxi(2, 1), "shanxi-2026")] {
        let case = line.file(request).await.remove(0);
        let number = line.number_of(&case).await;
        let events = line.events(number).await;
        let under = events.iter().find_map(|event| match &event.fact {
            Fact::UnderPack { explained } => Some(explained.clone()),
            _ => None,
        });
        let under = under.expect("recorded");
        assert!(under.pack.starts_with(pack) && !under.row.is_empty(), "{under:?}");
        assert_eq!(explain(&line, &case).await.decisions.iter().filter(|taken| taken.step.is_empty()).count(), 1);
    }
}
