//! Domain table D8 (§2.8): each row, each worked example, and the calendar of an agreement.

use std::sync::{Arc, LazyLock};

use identifiers::LocalMinute;
use jiff::{ToSpan, civil::date};
use policy::{
    Decision, Outcome, Pack, Packs, Undecidable,
    rules::hospital::{AGREEMENT, Agreement, Standing},
};
use serde_json::{Value, json};

/// Read once: the property below asks thousands of times.
static ANHUI: LazyLock<Arc<Pack>> = LazyLock::new(|| Arc::clone(Packs::shipped().get("anhui-2024").expect("shipped")));
static CALENDAR: LazyLock<policy::Calendar> = LazyLock::new(policy::Calendar::shipped);

fn asked(facts: &Value) -> Result<Decision, Undecidable> {
    let at = LocalMinute::parse("2026-12-01T09:00").expect("a minute");
    policy::decide("hospital", &ANHUI, &CALENDAR, facts, &at)
}

fn decided(facts: &Value) -> Decision {
    asked(facts).unwrap_or_else(|undecidable| panic!("{undecidable}: {facts}"))
}

fn codes(decision: &Decision) -> Vec<&str> {
    decision.reasons.iter().map(|reason| &*reason.code).collect()
}

/// One cost of 1000.00 yuan on a day, at a hospital with this agreement.
fn stay(agreement: &Value, on: &str, emergency: bool, own_area: bool) -> Value {
    json!({"maternity-status": {
        "agreement": agreement, "designated": !agreement.is_null(), "emergency": emergency, "own_area": own_area,
        "costs": [{"on": on, "amount_fen": 100_000}],
    }})
}

fn in_force() -> Value {
    json!({"from": "2026-01-01", "until": "2026-12-31"})
}

/// The worked example's hospital: suspended 2026-05-10…2026-08-08.
fn suspended() -> Value {
    json!({"from": "2026-01-01", "until": "2026-12-31",
           "suspensions": [{"from": "2026-05-10", "until": "2026-08-08", "own_request": true}]})
}

/// A mother would otherwise pay for a delivery that the fund owes her, or the fund for one that art. 33 or 42 excludes.
#[test]
fn each_row_of_table_d8_decides_a_cost_by_its_day() {
    let terminated = json!({"from": "2026-01-01", "until": "2026-12-31", "terminated_on": "2026-03-01"});
    let expired = json!({"from": "2024-01-01", "until": "2025-12-31"});
    let later = json!({"from": "2026-06-01", "until": "2026-12-31"});
    let none = Value::Null;
    // agreement, emergency, own area, row, result, code
    let rows = [
        (&in_force(), false, true, "D8-1", "settle", ""),
        (&in_force(), true, true, "D8-1", "settle", ""),
        (&in_force(), false, false, "D8-2", "apply", ""),
        (&suspended(), false, true, "D8-3", "not-settled", "MAT-1102"),
        (&suspended(), false, false, "D8-3", "not-settled", "MAT-1102"),
        (&suspended(), true, true, "D8-4", "person", ""),
        (&terminated, false, true, "D8-5", "not-settled", "MAT-1101"),
        (&expired, false, true, "D8-5", "not-settled", "MAT-1101"),
        (&none, false, false, "D8-5", "not-settled", "MAT-1101"),
        (&later, false, true, "D8-5", "not-settled", "MAT-1101"),
        (&none, true, true, "D8-6", "person", ""),
        (&expired, true, false, "D8-6", "person", ""),
    ];
    for (agreement, emergency, own_area, row, result, code) in rows {
        let decision = decided(&stay(agreement, "2026-05-12", emergency, own_area));
        let what = format!("{row}: {agreement}, emergency {emergency}, own area {own_area}");
        assert_eq!(&*decision.row, row, "{what}");
        assert_eq!(codes(&decision).concat(), code, "{what}");
        assert_eq!(decision.outcome == Outcome::No, !code.is_empty(), "{what}");
        assert_eq!(decision.gives["lines"][0]["result"], result, "{what}");
        assert_eq!(decision.gives["needs_person"], result == "person", "{what}");
        assert!(decision.reasons.iter().all(|reason| &*reason.offline_route == "insurance-agency"), "{what}");
        assert!(decision.excluded.iter().all(|excluded| &*excluded.row != row), "{what}");
        assert!(decision.excluded.iter().any(|excluded| excluded.row.starts_with("D8-")), "{what}");
    }
}

/// A hospital found cheating would otherwise be paid, or its patient made to pay for it (D8 row 7, art. 32). D13, X17.
#[test]
fn table_d8_row_7_an_irregular_claim_is_withheld_from_the_hospital_and_seen_by_a_person() {
    let mut facts = stay(&in_force(), "2026-05-12", false, true);
    facts["maternity-status"]["costs"][0]["irregular"] = json!(true);
    let decision = decided(&facts);
    assert_eq!((&*decision.row, decision.outcome), ("D8-7", Outcome::Yes));
    assert_eq!(decision.gives["settled_fen"], 0);
    assert_eq!(decision.gives["refused_fen"], 0, "nothing is refused to the mother");
    assert_eq!(decision.gives["needs_person"], true);
    facts["maternity-status"]["agreement"] = suspended();
    assert_eq!(&*decided(&facts).row, "D8-3", "a suspension excludes it anyway");
}

/// A cost that the insurance's rules do not cover would otherwise be settled unseen (附件2 二.6: 且符合生育保险政策规定).
#[test]
fn table_d8_row_1_settles_only_what_meets_the_insurance_rules() {
    let mut facts = stay(&in_force(), "2026-05-12", false, true);
    facts["maternity-status"]["costs"][0]["meets_rules"] = json!(false);
    let decision = decided(&facts);
    assert_eq!((&*decision.row, &decision.gives["needs_person"]), ("D8-1-rules", &json!(true)));
}

/// A planned delivery in a suspension would otherwise be settled, or an emergency refused without anybody looking.
#[test]
fn the_examples_of_table_d8_suspended_from_may_10_to_august_8() {
    let planned = decided(&stay(&suspended(), "2026-05-12", false, true));
    assert_eq!((&*planned.row, codes(&planned)), ("D8-3", vec!["MAT-1102"]));
    let emergency = decided(&stay(&suspended(), "2026-05-12", true, true));
    assert_eq!((&*emergency.row, &emergency.gives["needs_person"]), ("D8-4", &json!(true)));
    assert!(emergency.warnings.iter().any(|(zh, _)| zh.contains("第三十三条")));
}

/// A stay over the first day of a suspension would otherwise be paid whole or refused whole.
#[test]
fn the_example_of_table_d8_a_stay_from_may_8_to_13_is_split_by_the_day_of_each_cost() {
    let mut facts = stay(&suspended(), "2026-05-08", false, true);
    let days = ["2026-05-08", "2026-05-09", "2026-05-10", "2026-05-11", "2026-05-12", "2026-05-13"];
    let costs: Vec<Value> =
        days.iter().zip(1..).map(|(on, yuan)| json!({"on": on, "amount_fen": yuan * 100_000})).collect();
    facts["maternity-status"]["costs"] = json!(costs);
    let decision = decided(&facts);
    assert_eq!(
        (&*decision.row, decision.outcome),
        ("D8-split", Outcome::Yes),
        "nothing is refused before a person looks"
    );
    assert_eq!(decision.gives["needs_person"], true);
    let lines = decision.gives["lines"].as_array().expect("lines");
    let results: Vec<&str> = lines.iter().filter_map(|line| line["result"].as_str()).collect();
    assert_eq!(results, ["settle", "settle", "not-settled", "not-settled", "not-settled", "not-settled"]);
    assert_eq!(decision.gives["settled_fen"], 300_000);
    assert_eq!(decision.gives["refused_fen"], 1_800_000);
}

/// A stay over the end of an agreement's first suspension into its termination is refused for both reasons, not one.
#[test]
fn costs_refused_for_different_reasons_name_each_reason_once() {
    let mut agreement = suspended();
    agreement["terminated_on"] = json!("2026-05-13");
    let mut facts = stay(&agreement, "2026-05-12", false, true);
    facts["maternity-status"]["costs"] = json!([{"on": "2026-05-12"}, {"on": "2026-05-13"}, {"on": "2026-05-14"}]);
    let decision = decided(&facts);
    assert_eq!(codes(&decision), ["MAT-1101", "MAT-1102"]);
    assert!(!decision.gives.contains_key("refused_fen"), "no sum of amounts that nobody told");
}

/// A mother whose costs are settled, or who is not insured, would otherwise be told to claim, or that the fund pays.
#[test]
fn what_the_status_query_says_of_settlement_and_insurance_holds_here_too() {
    let told = |own_area: bool, agreement: &Value, fields: &[(&str, Value)]| {
        let mut facts = stay(agreement, "2026-05-12", false, own_area);
        for (field, value) in fields {
            facts["maternity-status"][*field] = value.clone();
        }
        decided(&facts)
    };
    let settled = |yes: bool| [("settled", json!(yes))];
    let elsewhere = told(false, &in_force(), &settled(true));
    assert_eq!((&*elsewhere.row, &elsewhere.gives["settled_fen"]), ("D8-2", &json!(100_000)));
    assert!(elsewhere.zh.contains("无需申请") && !elsewhere.zh.contains("可申请报销"), "{}", elsewhere.zh);
    let open = told(true, &in_force(), &settled(false));
    assert_eq!((&*open.row, &open.gives["claimable_fen"]), ("D8-1", &json!(100_000)));
    assert!(open.zh.contains("尚未联网结算"), "{}", open.zh);
    let closed = told(true, &suspended(), &settled(true));
    assert_eq!((&*closed.row, closed.outcome, &closed.gives["needs_person"]), ("D8-3", Outcome::Yes, &json!(true)));
    assert!(!closed.zh.contains("不予结算"), "{}", closed.zh);
    let uninsured = told(true, &in_force(), &[("insured", json!("none"))]);
    assert_eq!((&*uninsured.row, uninsured.outcome), ("D9-9", Outcome::No));
    assert!(uninsured.zh.contains("未参保") && !uninsured.zh.contains("结算"), "{}", uninsured.zh);
    let bare = decided(&json!({"maternity-status": {"insured": "none"}}));
    assert_eq!(&*bare.row, "D9-9", "the costs do not matter");
}

/// A hospital that gave notice would otherwise be called one that was punished.
#[test]
fn a_termination_whose_cause_is_not_told_is_not_laid_to_a_sanction() {
    let mut agreement = in_force();
    agreement["terminated_on"] = json!("2026-05-01");
    let decision = decided(&stay(&agreement, "2026-05-12", false, true));
    assert_eq!(decision.gives["lines"][0]["agreement"], "terminated");
    assert!(decision.articles.iter().all(|article| !article.contains("第三十八条")), "{:?}", decision.articles);
    assert_eq!(decision.gives["lines"][0]["article"], "《医疗机构医疗保障定点管理暂行办法》第三十三条");
}

/// A fact that decides nothing would otherwise keep a mother waiting for a department's answer.
#[test]
fn only_the_facts_that_matter_are_demanded() {
    let missing = |facts: &Value| match asked(facts) {
        Err(Undecidable::Missing(paths)) => paths,
        other => panic!("{other:?}"),
    };
    let bare =
        |agreement: Value, on: &str| json!({"maternity-status": {"agreement": agreement, "costs": [{"on": on}]}});
    assert_eq!(missing(&bare(in_force(), "2026-05-12")), ["maternity-status.own_area"]);
    assert_eq!(missing(&bare(suspended(), "2026-05-12")), ["maternity-status.emergency"]);
    let mut both = bare(suspended(), "2026-05-12");
    both["maternity-status"]["costs"] = json!([{"on": "2026-05-09"}, {"on": "2026-05-10"}]);
    assert_eq!(missing(&both), ["maternity-status.emergency", "maternity-status.own_area"]);
    assert_eq!(missing(&json!({"maternity-status": {}})), ["maternity-status.costs"]);
    assert_eq!(missing(&bare(Value::Null, "2026-05-12")), ["maternity-status.agreement"], "silence is not 'never'");
}

/// A mistyped day would otherwise put a cost outside an agreement and refuse it.
#[test]
fn an_impossible_day_or_sum_is_refused_by_the_path_of_its_field() {
    let path = |change: &dyn Fn(&mut Value)| {
        let mut facts = stay(&suspended(), "2026-05-12", false, true);
        change(&mut facts["maternity-status"]);
        match asked(&facts) {
            Err(Undecidable::Impossible { path, .. }) => path,
            other => panic!("{other:?}"),
        }
    };
    let set = |pointer: &'static str, value: Value| {
        move |status: &mut Value| match status.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => panic!("no {pointer}"),
        }
    };
    let cases: [(&str, Value, &str); 9] = [
        ("/agreement/from", json!("2026-02-30"), "agreement.from"),
        ("/agreement/until", json!("2025-12-31"), "agreement.until"),
        ("/agreement/suspensions/0/from", json!("2026-13-01"), "agreement.suspensions[0].from"),
        ("/agreement/suspensions/0/until", json!("2026-05-09"), "agreement.suspensions[0].until"),
        ("/agreement/suspensions/0/own_request", json!("yes"), "agreement.suspensions[0].own_request"),
        ("/agreement/suspensions", json!({}), "agreement.suspensions"),
        ("/costs/0/on", json!("2026-5-12"), "costs[0].on"),
        ("/costs/0/amount_fen", json!(-1), "costs[0].amount_fen"),
        ("/costs/0/amount_fen", json!("1000.00"), "costs[0].amount_fen"),
    ];
    for (pointer, value, expected) in cases {
        assert_eq!(path(&set(pointer, value)), format!("maternity-status.{expected}"));
    }
}

/// The standing of an agreement on a day, as a cost of that day shows it.
fn standing(agreement: &Value, on: &str) -> String {
    decided(&stay(agreement, on, false, true)).gives["lines"][0]["agreement"].as_str().expect("a word").to_owned()
}

/// A hospital that forgot to apply would otherwise be paid for ever after, and one that applied be cut off (art. 42).
#[test]
fn art_42_a_suspension_ends_the_agreement_by_the_missing_application_not_the_missing_resumption() {
    let agreement = |until: Option<&str>, applied: Option<&str>, own: Option<bool>| {
        json!({"from": "2025-01-01", "until": "2027-12-31", "suspensions": [
            {"from": "2026-01-10", "until": until, "own_request": own, "resume_applied_on": applied}]})
    };
    // 2026-01-10 is not counted (民法典 art. 201): the 180th day is 2026-07-09.
    let rows = [
        ("not over the limit", agreement(None, None, Some(true)), "2026-07-09", "suspended"),
        ("no application", agreement(None, None, Some(true)), "2026-07-10", "terminated"),
        ("applied on day 180, not resumed", agreement(None, Some("2026-07-09"), Some(true)), "2026-08-01", "suspended"),
        ("applied on day 181", agreement(None, Some("2026-07-10"), Some(true)), "2026-08-01", "terminated"),
        ("ended on day 180", agreement(Some("2026-07-09"), None, Some(true)), "2026-07-10", "in-force"),
        ("ended on day 181 unapplied", agreement(Some("2026-07-10"), None, Some(true)), "2026-09-01", "terminated"),
        (
            "applied, ended later",
            agreement(Some("2026-08-31"), Some("2026-07-01"), Some(true)),
            "2026-09-01",
            "in-force",
        ),
        ("ordered by the agency", agreement(None, None, Some(false)), "2026-12-01", "suspended"),
        ("before it began", agreement(None, None, Some(true)), "2026-01-09", "in-force"),
        ("its first day", agreement(None, None, Some(true)), "2026-01-10", "suspended"),
        ("who asked does not matter yet", agreement(None, None, None), "2026-07-09", "suspended"),
    ];
    for (what, agreement, on, expected) in rows {
        assert_eq!(standing(&agreement, on), expected, "{what}");
    }
    let untold = asked(&stay(&agreement(None, None, None), "2026-07-10", false, true));
    let path = "maternity-status.agreement.suspensions[0].own_request".to_owned();
    assert_eq!(untold, Err(Undecidable::Missing(vec![path])), "here it matters who asked");
    let ended = decided(&stay(&agreement(None, None, Some(true)), "2026-07-10", false, true));
    assert_eq!(codes(&ended), ["MAT-1101"]);
    assert!(ended.warnings.iter().any(|(zh, _)| zh.contains("原则上")), "the article says so only in principle");
    assert_eq!(ended.terms["hospital.suspension_max"], "180日");
}

/// A hospital whose validity ran out would otherwise be paid because a suspension hid it, or not be paid though it goes
/// on (arts 41, 42).
#[test]
fn art_42_an_agreement_that_ends_in_a_suspension_is_terminated_and_one_that_does_not_goes_on() {
    let until = |until: &str| {
        let mut agreement = suspended();
        agreement["until"] = json!(until);
        agreement
    };
    let rows = [
        ("ended in the suspension", until("2026-06-30"), "2026-07-01", "terminated"),
        ("on its last day still suspended", until("2026-06-30"), "2026-06-30", "suspended"),
        ("ended on the suspension's last day", until("2026-08-08"), "2026-08-09", "terminated"),
        ("ended the day after", until("2026-08-09"), "2026-08-10", "expired"),
        ("goes on within its validity", until("2026-12-31"), "2026-08-09", "in-force"),
        ("on the suspension's last day", until("2026-12-31"), "2026-08-08", "suspended"),
    ];
    for (what, agreement, on, expected) in rows {
        assert_eq!(standing(&agreement, on), expected, "{what}");
    }
}

/// A birth over New Year would otherwise fall between two yearly agreements, or a new one undo an old suspension.
#[test]
fn art_41_yearly_agreements_follow_one_another_and_a_termination_counts_from_its_day() {
    let yearly = json!([
        {"from": "2026-01-01", "until": "2026-12-31", "terminated_on": "2026-10-01"},
        {"from": "2025-01-01", "until": "2025-12-31",
         "suspensions": [{"from": "2025-12-30", "own_request": true}]},
    ]);
    let rows = [
        ("before both", "2024-12-31", "never"),
        ("in the first", "2025-12-29", "in-force"),
        ("suspended in the first", "2025-12-31", "suspended"),
        ("the second is another agreement", "2026-01-01", "in-force"),
        ("the day before its termination", "2026-09-30", "in-force"),
        ("the day of its termination", "2026-10-01", "terminated"),
        ("after its validity would have ended", "2027-01-01", "terminated"),
    ];
    for (what, on, expected) in rows {
        assert_eq!(standing(&yearly, on), expected, "{what}");
    }
    assert_eq!(standing(&json!([]), "2026-05-12"), "never", "an empty list says so");
    let wrong = asked(&stay(&json!([{"from": "2026-01-01", "until": "2025-12-31"}]), "2026-05-12", false, true));
    assert!(matches!(wrong, Err(Undecidable::Impossible { path, .. }) if path == format!("{AGREEMENT}[0].until")));
}

/// The fund would otherwise pay for a day on which art. 42 forbids it, or a case would end without any answer.
#[test]
fn no_cost_in_a_suspension_is_settled_without_emergency_and_every_combination_has_a_row() {
    let agreements = [
        in_force(),
        suspended(),
        Value::Null,
        json!({"from": "2026-06-01", "until": "2026-07-15",
        "suspensions": [{"from": "2026-07-01", "own_request": true}]}),
    ];
    let mut rows = std::collections::BTreeSet::new();
    for agreement in &agreements {
        let parsed = (!agreement.is_null()).then(|| Agreement::parse(agreement, AGREEMENT).expect("an agreement"));
        for day in (0..300).step_by(3) {
            let on = date(2026, 3, 1).saturating_add(day.days());
            for (emergency, own_area, irregular) in (0..8).map(|bits: u8| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0))
            {
                let mut facts = stay(agreement, &on.to_string(), emergency, own_area);
                facts["maternity-status"]["costs"][0]["irregular"] = json!(irregular);
                let decision = decided(&facts);
                let line = &decision.gives["lines"][0];
                rows.insert(decision.row.to_string());
                let covered = parsed.as_ref().is_some_and(|found| found.suspensions.iter().any(|one| one.covers(on)));
                if covered || line["agreement"] != Standing::InForce.word() {
                    assert_eq!(decision.gives["settled_fen"], 0, "{facts}");
                    assert_eq!(decision.gives["claimable_fen"], 0, "{facts}");
                    assert_eq!(decision.gives["needs_person"], emergency, "{facts}");
                }
                let whole: i64 = ["settled_fen", "claimable_fen", "refused_fen", "undecided_fen"]
                    .iter()
                    .filter_map(|field| decision.gives[*field].as_i64())
                    .sum();
                assert_eq!(whole, 100_000, "every cost is in exactly one sum: {facts}");
            }
        }
    }
    assert_eq!(rows.into_iter().collect::<Vec<_>>(), ["D8-1", "D8-2", "D8-3", "D8-4", "D8-5", "D8-6", "D8-7"]);
}
