//! What the law would say to a family that is not in the system, and which cases another pack would decide otherwise.

use futures::StreamExt;
use proto::v1::{operations_server::Operations, replay_policy_response::Told};
use serde_json::{Value, json};

use super::{
    line::{Line, payment},
    *,
};

fn facts(area: &str, born_at: &str) -> Value {
    json!({"application": {"area": area, "channel": "app", "submitted_on": "2026-11-02"},
           "child": {"born_at": born_at, "insurance": {"years": ["birth-year"], "kind": "390", "place": "340104"}}})
}

async fn preview(world: &World, facts: &Value, pack: &str) -> Result<v1::PreviewChoicesResponse, Status> {
    let request = v1::PreviewChoicesRequest { facts_json: facts.to_string(), pack: pack.to_owned(), at: String::new() };
    world.api.preview_choices(Request::new(request)).await.map(tonic::Response::into_inner)
}

fn fields(refused: &Status) -> Vec<String> {
    let violations = refused.get_details_bad_request().expect("named").field_violations;
    violations.into_iter().map(|violation| violation.field).collect()
}

/// A family would otherwise tick a box without knowing which days it leaves uncovered; and nothing of it may be kept.
#[tokio::test]
async fn a_family_is_told_what_each_choice_would_mean() {
    let world = World::new().await;
    let told = preview(&world, &facts("340104", "2026-11-01T09:31"), "").await.expect("told");
    assert_eq!(&*told.pack, "anhui-2024");
    assert!(told.choices.len() >= 2, "{told:?}");
    let today = told.choices.iter().find(|choice| choice.start_on == "2026-11-01").expect("paid today: from birth");
    assert!(!today.means_zh.is_empty() && !today.means_en.is_empty());
    let request = v1::GetDeadlinesRequest {
        facts_json: facts("340104", "2026-11-01T09:31").to_string(),
        ..v1::GetDeadlinesRequest::default()
    };
    let days = world.api.get_deadlines(Request::new(request)).await.expect("told").into_inner().last_days;
    let nominal: Vec<&str> = days.iter().map(|day| &*day.nominal).collect();
    assert!(nominal.contains(&"2027-01-30"), "the ninetieth day: {days:?}");
    let last = days.iter().find(|day| day.nominal == "2027-01-30").expect("named");
    assert!(last.warnings.iter().any(|warning| warning.contains("2027")), "2027 is not published: {last:?}");
    let cases = v1::SearchCasesRequest::default();
    assert_eq!(world.api.search_cases(Request::new(cases)).await.expect("searched").into_inner().total, 0);
}

/// Parents of twins over midnight would otherwise be told one child's law for both, or nothing.
#[tokio::test]
async fn each_twin_over_midnight_is_answered_for_under_its_own_pack() {
    let world = World::new().await;
    let twins = json!({
        "application": {"area": "140105", "channel": "app", "submitted_on": "2026-01-05"},
        "children": [
            {"order": 1, "born_at": "2025-12-31T23:58"},
            {"order": 2, "born_at": "2026-01-01T00:03"},
        ],
    });
    let choices = preview(&world, &twins, "").await.expect("told").choices;
    let packs: std::collections::BTreeSet<(u32, String)> =
        choices.into_iter().map(|choice| (choice.child_order, choice.pack)).collect();
    assert_eq!(packs, [(1, "shanxi-2025".to_owned()), (2, "shanxi-2026".to_owned())].into());
}

/// A clerk would otherwise take a misspelt fact for one that does not matter.
#[tokio::test]
async fn slips_in_the_facts_are_named_by_field() {
    let world = World::new().await;
    let mut misspelt = facts("340104", "2026-11-01T09:31");
    misspelt["child"]["bron_at"] = json!("2026-11-01T09:31");
    misspelt["mohter"] = json!({});
    let refused = preview(&world, &misspelt, "").await.expect_err("misspelt");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let named = fields(&refused);
    assert!(
        named.iter().any(|field| field.contains("bron_at")) && named.iter().any(|field| field.contains("mohter")),
        "{named:?}"
    );
    let impossible = preview(&world, &facts("340104", "2026-02-30T09:31"), "").await.expect_err("no such day");
    assert_eq!(
        (impossible.code(), fields(&impossible)),
        (Code::InvalidArgument, vec!["facts_json: child.born_at".to_owned()])
    );
    let impossible =
        preview(&world, &facts("340104", "2026-02-30T09:31"), "anhui-2024").await.expect_err("no such day");
    assert!(fields(&impossible).iter().any(|field| field.contains("born_at")), "{impossible:?}");
    assert_eq!(preview(&world, &json!({}), "").await.expect_err("nothing").code(), Code::InvalidArgument);
    for text in ["[]", "{", "\"x\""] {
        let request = v1::PreviewChoicesRequest { facts_json: text.to_owned(), ..Default::default() };
        assert_eq!(
            world.api.preview_choices(Request::new(request)).await.expect_err(text).code(),
            Code::InvalidArgument
        );
    }
    let request = v1::PreviewChoicesRequest {
        facts_json: facts("340104", "2026-11-01T09:31").to_string(),
        at: "2026-13-01T00:00".to_owned(),
        ..Default::default()
    };
    let refused = world.api.preview_choices(Request::new(request)).await.expect_err("no such minute");
    assert_eq!(fields(&refused), ["at"]);
}

/// A family would otherwise be told what another province's law gives.
#[tokio::test]
async fn a_pack_that_is_not_there_or_holds_no_more_is_refused_by_name() {
    let world = World::new().await;
    let refused = preview(&world, &facts("340104", "2026-11-01T09:31"), "anhui-2042").await.expect_err("none");
    assert_eq!(told(&refused), (Code::NotFound, "YJ-0206".to_owned()));
    let refused = preview(&world, &facts("140105", "2027-01-01T00:00"), "").await.expect_err("the plan ends");
    assert_eq!(
        (refused.code(), fields(&refused)),
        (Code::InvalidArgument, vec!["facts_json: application.area".to_owned()])
    );
    let last = preview(&world, &facts("140105", "2026-12-31T23:59"), "").await.expect("the last minute");
    assert_eq!(&*last.pack, "shanxi-2026");
    let refused = preview(&world, &facts("990000", "2026-11-01T09:31"), "").await.expect_err("nowhere");
    assert_eq!(refused.code(), Code::InvalidArgument);
}

fn pack_files(change: impl Fn(&str, &str) -> String) -> Vec<v1::PackFile> {
    let packs = Packs::shipped();
    let pack = packs.get("anhui-2024").expect("shipped");
    pack.files.iter().map(|(name, text)| v1::PackFile { name: name.to_string(), text: change(name, text) }).collect()
}

async fn replay(line: &Line, request: v1::ReplayPolicyRequest) -> (Vec<v1::CaseDifference>, v1::ReplaySummary) {
    let mut stream = line.world.api.replay_policy(Request::new(request)).await.expect("begun").into_inner();
    let (mut differences, mut summary) = (Vec::new(), None);
    while let Some(told) = stream.next().await {
        match told.expect("told").told.expect("something") {
            Told::Difference(difference) => differences.push(difference),
            Told::Summary(total) => summary = Some(total),
        }
    }
    (differences, summary.expect("a summary at the end"))
}

/// A government that thinks of 60 days would otherwise not know whom it would cost how many days of cover, or change
/// running cases by asking.
#[tokio::test]
async fn a_replay_names_the_case_that_a_changed_pack_decides_otherwise_and_changes_none() {
    let mut line = Line::new().await;
    let mut numbers = Vec::new();
    for seed in 1..=3 {
        let case = line.anhui_enrolled(seed).await;
        let number = line.number_of(&case).await;
        numbers.push((number, case));
    }
    // Day 23 for the first, day 80 for the second; the third has not paid.
    line.does(numbers[0].0, "premium", &payment("V-1")).await;
    let late = json!({"voucher": "V-2", "paid_at": "2027-01-20T10:00", "amount_fen": 40_000, "years": [2026]});
    line.does(numbers[1].0, "premium", &late).await;
    assert_eq!(
        line.step(&numbers[1].1, "benefit").await.state(),
        v1::StepState::Succeeded,
        "in time whatever 2027 brings"
    );
    let before: Vec<String> = {
        let mut stored = Vec::new();
        for (number, _) in &numbers {
            stored.push(line.stored_events(*number).await);
        }
        stored
    };
    let same = v1::ReplayPolicyRequest { files: pack_files(|_, text| text.to_owned()), ..Default::default() };
    let (differences, summary) = replay(&line, same).await;
    assert_eq!((differences.len(), summary.cases, summary.differing, summary.unreadable), (0, 3, 0, 0));

    let sixty = pack_files(|name, text| match name {
        "law.toml" => {
            text.replace("on_time              = { value = \"90 days\"", "on_time              = { value = \"60 days\"")
        }
        _ => text.to_owned(),
    });
    let request = v1::ReplayPolicyRequest { files: sixty.clone(), ..Default::default() };
    let (differences, summary) = replay(&line, request).await;
    assert_eq!((summary.cases, summary.unreadable), (3, 0));
    let paid_late = differences.iter().find(|difference| difference.case_id == numbers[1].1).expect("named");
    let benefit = paid_late.decisions.iter().find(|decision| decision.rule == "benefit").expect("of its benefit");
    assert_eq!(&*benefit.old_row, "D3-1");
    assert_ne!(benefit.new_row, benefit.old_row);
    let paid_early = differences.iter().find(|difference| difference.case_id == numbers[0].1);
    let benefits = paid_early.iter().flat_map(|case| &case.decisions).filter(|decision| decision.rule == "benefit");
    let alike = |decision: &v1::DecisionDifference| decision.old_row == decision.new_row && decision.covered_days == 0;
    assert!(benefits.into_iter().all(alike), "day 23 is in time under both: {paid_early:?}");
    assert!(benefit.covered_days < 0 && summary.covered_days <= benefit.covered_days, "{benefit:?} {summary:?}");
    let only = v1::ReplayPolicyRequest { files: sixty, case_ids: vec![numbers[0].1.clone()], ..Default::default() };
    assert_eq!(replay(&line, only).await.1.cases, 1);
    for ((number, _), before) in numbers.iter().zip(before) {
        assert_eq!(line.stored_events(*number).await, before, "nothing is written");
    }
}

/// A pack with a slip would otherwise be replayed half, and its result believed.
#[tokio::test]
async fn a_broken_pack_is_refused_with_file_and_line() {
    let line = Line::new().await;
    let broken = pack_files(|name, text| match name {
        "law.toml" => {
            text.replace("on_time              = { value = \"90 days\"", "on_tiem              = { value = \"90 days\"")
        }
        _ => text.to_owned(),
    });
    let request = v1::ReplayPolicyRequest { files: broken, ..Default::default() };
    let refused = line.world.api.replay_policy(Request::new(request)).await.expect_err("refused");
    let described = refused.get_details_bad_request().expect("named").field_violations.remove(0);
    assert_eq!((refused.code(), &*described.field), (Code::InvalidArgument, "files"));
    let at_line = described.description.split("law.toml:").nth(1).and_then(|rest| rest.chars().next());
    assert!(at_line.is_some_and(|digit| digit.is_ascii_digit()), "{}", described.description);
    let sound = pack_files(|_, text| text.to_owned());
    let nobodys = v1::ReplayPolicyRequest { files: sound, born_under: "nobody".to_owned(), ..Default::default() };
    assert_eq!(
        line.world.api.replay_policy(Request::new(nobodys)).await.expect_err("no such pack, no case").code(),
        Code::NotFound
    );
    let nothing = v1::ReplayPolicyRequest::default();
    assert_eq!(
        line.world.api.replay_policy(Request::new(nothing)).await.expect_err("no pack").code(),
        Code::InvalidArgument
    );
}
