//! Domain table D9 (§2.9): each row, the allowance, the steps that a route selects, and the review of a claim.

use std::{collections::BTreeSet, sync::LazyLock};

use identifiers::LocalMinute;
use policy::{Decision, Outcome, Pack, Packs, Undecidable};
use serde_json::{Value, json};

/// Read once: the property below asks thousands of times.
static PACKS: LazyLock<Packs> = LazyLock::new(Packs::shipped);
static CALENDAR: LazyLock<policy::Calendar> = LazyLock::new(policy::Calendar::shipped);

fn pack(name: &str) -> &'static Pack {
    PACKS.get(name).expect("shipped")
}

fn asked_of(pack: &Pack, rule: &str, facts: &Value) -> Result<Decision, Undecidable> {
    let at = LocalMinute::parse("2026-12-01T09:00").expect("a minute");
    policy::decide(rule, pack, &CALENDAR, facts, &at)
}

fn asked(rule: &str, facts: &Value) -> Result<Decision, Undecidable> {
    asked_of(pack("anhui-2024"), rule, facts)
}

fn decided(rule: &str, facts: &Value) -> Decision {
    asked(rule, facts).unwrap_or_else(|undecidable| panic!("{undecidable}: {facts}"))
}

fn missing(rule: &str, facts: &Value) -> Vec<String> {
    match asked(rule, facts) {
        Err(Undecidable::Missing(paths)) => paths,
        other => panic!("{other:?}"),
    }
}

fn codes(decision: &Decision) -> Vec<&str> {
    decision.reasons.iter().map(|reason| &*reason.code).collect()
}

/// The answer of the status query, with a planned delivery on 2026-05-12 at a hospital whose agreement is in force.
fn status(insured: &str, settled: bool, own_area: bool) -> Value {
    json!({
        "delivery": {"delivered_on": "2026-05-12"},
        "maternity-status": {
            "insured": insured, "settled": settled, "own_area": own_area, "emergency": false,
            "difficult_birth": false, "babies": 1,
            "agreement": {"from": "2026-01-01", "until": "2026-12-31"},
            "costs": [{"on": "2026-05-12", "amount_fen": 500_000}],
        },
    })
}

fn with(mut facts: Value, changes: &[(&str, Value)]) -> Value {
    for (field, value) in changes {
        facts["maternity-status"][*field] = value.clone();
    }
    facts
}

fn suspended() -> Value {
    json!({"from": "2026-01-01", "until": "2026-12-31",
           "suspensions": [{"from": "2026-05-10", "until": "2026-08-08", "own_request": true}]})
}

/// A mother would otherwise be sent to a counter for what is settled, or wait for money for which nobody applied.
#[test]
fn each_row_of_table_d9_gives_its_route_and_its_allowance() {
    let rows = [
        ("D9-1", "employee", true, true, "inform", "automatic"),
        ("D9-2", "employee", true, false, "inform", "automatic"),
        ("D9-4", "employee", false, true, "apply", "after-decision"),
        ("D9-5", "employee", false, false, "apply-cross-area", "after-decision"),
        ("D9-6", "resident", true, true, "inform", "none"),
        ("D9-6", "resident", true, false, "inform", "none"),
        ("D9-7", "resident", false, true, "apply", "none"),
        ("D9-7", "resident", false, false, "apply-cross-area", "none"),
        ("D9-8", "spouse-of-employee", true, true, "inform", "none"),
        ("D9-8", "spouse-of-employee", false, true, "apply", "none"),
        ("D9-8", "spouse-of-employee", false, false, "apply-cross-area", "none"),
        ("D9-9", "none", false, true, "none", "employer"),
    ];
    for (row, insured, settled, own_area, route, allowance) in rows {
        let what = format!("{row}: {insured}, settled {settled}, own area {own_area}");
        let decision = decided("maternity-route", &status(insured, settled, own_area));
        assert_eq!((&*decision.row, decision.outcome), (row, Outcome::Yes), "{what}");
        assert_eq!(decision.gives["route"], route, "{what}");
        assert_eq!(decision.gives["allowance"], allowance, "{what}");
        assert_eq!(decision.gives.contains_key("allowance_days"), insured == "employee", "{what}");
        assert_eq!(decision.gives["needs_person"], false, "{what}");
        assert!(!decision.excluded.is_empty(), "{what}");
    }
}

/// A mother without costs on record would otherwise never learn where to apply (三(三)1: 没有享受报销的告知办理途径).
#[test]
fn table_d9_row_3_who_is_not_settled_and_claims_nothing_yet_is_told_the_way_first() {
    for insured in ["employee", "resident", "spouse-of-employee"] {
        for costs in [Value::Null, json!([])] {
            let decision = decided("maternity-route", &with(status(insured, false, true), &[("costs", costs)]));
            assert_eq!((&*decision.row, &decision.gives["route"]), ("D9-3", &json!("tell-route")), "{insured}");
        }
    }
}

/// The hospital's standing would otherwise not reach the claim, or would take away an allowance that no source ties to it.
#[test]
fn a_claim_follows_table_d8_and_an_employee_keeps_her_allowance() {
    let closed = [("agreement", suspended())];
    for insured in ["resident", "spouse-of-employee"] {
        let refused = decided("maternity-route", &with(status(insured, false, true), &closed));
        assert_eq!((&*refused.row, refused.outcome, codes(&refused)), ("D8-3", Outcome::No, vec!["MAT-1102"]));
        assert_eq!(refused.gives["medical"], "refused");
    }
    let employee = decided("maternity-route", &with(status("employee", false, true), &closed));
    assert_eq!((&*employee.row, employee.outcome), ("D9-4", Outcome::Yes));
    assert_eq!(employee.gives["route"], "apply");
    assert_eq!((&employee.gives["medical"], &employee.gives["refused"]), (&json!("refused"), &json!(["MAT-1102"])));
    let never = [("agreement", Value::Null), ("designated", json!(false))];
    assert_eq!(codes(&decided("maternity-route", &with(status("resident", false, true), &never))), ["MAT-1101"]);

    let emergency = [("agreement", suspended()), ("emergency", json!(true))];
    let split = [("agreement", suspended()), ("costs", json!([{"on": "2026-05-09"}, {"on": "2026-05-10"}]))];
    for (changes, row) in [(&emergency, "D8-4"), (&split, "D8-split")] {
        for insured in ["employee", "resident"] {
            let person = decided("maternity-route", &with(status(insured, false, true), changes));
            assert_eq!((&*person.row, &person.gives["route"]), (row, &json!("person")), "{insured}");
            assert_eq!((person.outcome, &person.gives["needs_person"]), (Outcome::Yes, &json!(true)), "{insured}");
        }
    }
}

/// A settled mother would otherwise wait for answers that change nothing for her.
#[test]
fn only_the_facts_that_matter_to_the_route_are_demanded() {
    let only = |fields: Value| json!({"maternity-status": fields});
    let rule = "maternity-route";
    assert_eq!(missing(rule, &json!({})), ["maternity-status.insured"]);
    assert_eq!(missing(rule, &only(json!({"insured": "resident"}))), ["maternity-status.settled"]);
    assert_eq!(decided(rule, &only(json!({"insured": "none"}))).gives["route"], "none");
    assert_eq!(decided(rule, &only(json!({"insured": "resident", "settled": true}))).gives["route"], "inform");
    let employee = decided(rule, &only(json!({"insured": "employee", "settled": true})));
    assert_eq!(&*employee.row, "D9-1-2", "either area gives the same");
    assert!(!employee.gives.contains_key("allowance_days"), "the days are not guessed");
    let claim = only(json!({"insured": "resident", "settled": false, "costs": [{"on": "2026-05-12"}],
                            "agreement": {"from": "2026-01-01", "until": "2026-12-31"}}));
    assert_eq!(missing(rule, &claim), ["maternity-status.own_area"]);
    let wrong = asked(rule, &only(json!({"insured": "student"})));
    assert!(matches!(wrong, Err(Undecidable::Impossible { path, .. }) if path == "maternity-status.insured"));
}

/// Families that this table did not think of would otherwise wait for ever, or get two routes.
#[test]
fn every_combination_of_inputs_has_one_route_that_selects_the_right_steps() {
    let mut routes = BTreeSet::new();
    let agreements = [
        (json!({"from": "2026-01-01", "until": "2026-12-31"}), true),
        (suspended(), true),
        (json!({"from": "2025-01-01", "until": "2025-12-31"}), true),
        (Value::Null, false),
    ];
    let costs = [Value::Null, json!([{"on": "2026-05-12"}]), json!([{"on": "2026-05-09"}, {"on": "2026-05-10"}])];
    for insured in ["employee", "resident", "spouse-of-employee", "none"] {
        for (agreement, designated) in &agreements {
            for costs in &costs {
                for (settled, own_area, emergency) in
                    (0..8).map(|bits: u8| (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0))
                {
                    let changes = [
                        ("agreement", agreement.clone()),
                        ("designated", json!(designated)),
                        ("costs", costs.clone()),
                        ("emergency", json!(emergency)),
                    ];
                    let facts = with(status(insured, settled, own_area), &changes);
                    let decision = decided("maternity-route", &facts);
                    let route = decision.gives["route"].as_str().expect("a route").to_owned();
                    assert!(decision.row.starts_with("D8-") || decision.row.starts_with("D9-"), "{facts}");
                    assert_eq!(decision.outcome == Outcome::No, !decision.reasons.is_empty(), "{facts}");
                    assert_eq!(selected(&facts), selects(&route), "{facts}");
                    let from_the_step = json!({"maternity-route": {"route": route}});
                    assert_eq!(selected(&from_the_step), selects(&route), "the step's own answer counts");
                    routes.insert(route);
                }
            }
        }
    }
    let all = ["apply", "apply-cross-area", "inform", "none", "person", "tell-route"];
    assert_eq!(routes.iter().map(String::as_str).collect::<Vec<_>>(), all);
}

const SELECTIONS: [&str; 4] = ["maternity-to-apply", "maternity-by-person", "maternity-inform", "maternity-cross-area"];

fn selected(facts: &Value) -> Vec<&'static str> {
    SELECTIONS.into_iter().filter(|rule| decided(rule, facts).outcome == Outcome::Yes).collect()
}

fn selects(route: &str) -> &'static [&'static str] {
    match route {
        "apply" => &["maternity-to-apply"],
        "apply-cross-area" => &["maternity-to-apply", "maternity-cross-area"],
        "person" => &["maternity-by-person"],
        "inform" | "tell-route" | "none" => &["maternity-inform"],
        other => panic!("no route {other}"),
    }
}

/// A mother of twins would otherwise be paid for one child, or with last year's 分 lost in rounding.
#[test]
fn the_allowance_is_the_national_minimum_with_what_a_hard_birth_and_each_further_baby_add() {
    let rows = [
        // babies, difficult, monthly wage, days, amount: 9000 yuan / 30 × 98 = 29,400.00
        (1, false, 900_000, 98, 2_940_000),
        (1, true, 900_000, 113, 3_390_000),
        (2, false, 900_000, 113, 3_390_000),
        (3, true, 900_000, 143, 4_290_000),
        // 10,000.01 / 30 × 98 = 32,666.6993…: rounded once, up
        (1, false, 1_000_001, 98, 3_266_670),
        // 0.15 × 113 / 30 = 0.565: half a 分 goes up
        (1, true, 15, 113, 57),
        (1, false, 0, 98, 0),
    ];
    for (babies, difficult, wage, days, amount) in rows {
        let changes = [
            ("babies", json!(babies)),
            ("difficult_birth", json!(difficult)),
            ("average_monthly_wage_fen", json!(wage)),
        ];
        let facts = with(status("employee", true, true), &changes);
        let decision = decided("maternity-allowance", &facts);
        let what = format!("{babies} babies, difficult {difficult}, {wage} 分");
        assert_eq!((&decision.gives["days"], &decision.gives["amount_fen"]), (&json!(days), &json!(amount)), "{what}");
        assert!(
            decision.warnings.iter().any(|(zh, _)| zh.contains("国家规定的最低天数")),
            "the province's days are open"
        );
        assert_eq!(decision.terms["maternity.province_days"], policy::law::UNSPECIFIED_ZH);
        assert_eq!(decided("maternity-route", &facts).gives["allowance_days"], days, "{what}");
    }
    let named = missing("maternity-allowance", &json!({}));
    assert_eq!(
        named,
        ["average_monthly_wage_fen", "babies", "difficult_birth", "insured"]
            .map(|field| format!("maternity-status.{field}"))
    );
    for (field, value) in [("babies", 0), ("babies", -1), ("average_monthly_wage_fen", -1)] {
        let changes = [("average_monthly_wage_fen", json!(1)), (field, json!(value))];
        let refused = asked("maternity-allowance", &with(status("employee", true, true), &changes));
        assert!(
            matches!(refused, Err(Undecidable::Impossible { path, .. }) if path.ends_with(field)),
            "{field} {value}"
        );
    }
}

/// A mother in a province whose plan does not promise it would otherwise wait for money that comes only on application.
#[test]
fn the_allowance_is_automatic_only_where_the_pack_says_so() {
    let decision = asked_of(pack("shanxi-2026"), "maternity-route", &status("employee", true, true)).expect("decided");
    assert_eq!((&decision.gives["route"], &decision.gives["allowance"]), (&json!("inform"), &json!("after-decision")));
    assert!(decision.warnings.iter().any(|(zh, _)| zh.contains("申领")));
}

/// A resident or an uninsured mother would otherwise be promised an allowance (附件2 二.6: 参保女职工).
#[test]
fn table_d9_only_an_insured_employee_has_an_allowance() {
    let rule = "maternity-allowance";
    let rows = [
        ("resident", true, "D9-6"),
        ("resident", false, "D9-7"),
        ("spouse-of-employee", true, "D9-8"),
        ("none", false, "D9-9"),
    ];
    for (insured, settled, row) in rows {
        let wage = [("average_monthly_wage_fen", json!(900_000))];
        let decision = decided(rule, &with(status(insured, settled, true), &wage));
        assert_eq!((&*decision.row, decision.outcome), (row, Outcome::No), "{insured}");
        assert!(!decision.gives.contains_key("days") && !decision.gives.contains_key("amount_fen"), "{insured}");
        let bare = decided(rule, &json!({"maternity-status": {"insured": insured}}));
        assert_eq!(bare.outcome, Outcome::No, "nothing else matters");
    }
}

/// A mother in Shanxi would otherwise be sent with her originals to a window of which no source speaks, by articles of
/// another province.
#[test]
fn another_provinces_window_and_documents_are_named_only_in_that_province() {
    let texts = |decision: &Decision| format!("{} {} {:?}", decision.zh, decision.en, decision.articles);
    for rule in ["maternity-route", "hospital", "maternity-to-apply"] {
        let facts = status("employee", false, false);
        let here = texts(&decided(rule, &facts));
        assert!(here.contains("附件2 二.6"), "{rule}: {here}");
        let there = texts(&asked_of(pack("shanxi-2026"), rule, &facts).expect("decided"));
        assert!(!there.contains("附件2") && !there.contains("三(三)1"), "{rule}: {there}");
        assert!(!there.contains("窗口") && !there.contains("线上") && !there.contains("window"), "{rule}: {there}");
        if rule != "maternity-to-apply" {
            assert!(here.contains("窗口") && here.contains("window"), "{rule}: {here}");
        }
    }
}

/// The step at which the questions of the review are answered, all with yes.
fn reviewed(insured: &str, own_area: bool, changes: &[(&str, Value)]) -> Value {
    let mut facts = status(insured, false, own_area);
    facts["first-review"] = json!({"materials_genuine": true, "insured": true, "employer_paid": true,
                                   "within_claim_period": true, "originals_received": true});
    for (field, value) in changes {
        facts["first-review"][*field] = value.clone();
    }
    facts
}

const REVIEW: &str = "maternity-review:first-review";

/// A refused mother would otherwise learn one reason at a time, or get no paper against which she can ask for a 重核.
#[test]
fn a_review_names_every_question_that_failed_and_the_paper_of_the_refusal() {
    assert_eq!(decided(REVIEW, &reviewed("employee", false, &[])).outcome, Outcome::Yes);
    let rows = [
        ("employer_paid", "MAT-1103"),
        ("within_claim_period", "MAT-1104"),
        ("originals_received", "MAT-1105"),
        ("materials_genuine", "MAT-1107"),
        ("insured", "MAT-1108"),
    ];
    for (field, code) in rows {
        let refused = decided(REVIEW, &reviewed("employee", false, &[(field, json!(false))]));
        assert_eq!((refused.outcome, codes(&refused)), (Outcome::No, vec![code]), "{field}");
        assert_eq!(refused.gives["paper"], "《不予支付生育保险待遇告知书》");
        assert_eq!(refused.gives["copies"], 2);
        assert_eq!(refused.gives["failing"], json!([field]));
        assert!(refused.articles.iter().any(|article| article.contains("第九章第三条")));
    }
    let all = rows.map(|(field, _)| (field, json!(false)));
    let refused = decided(REVIEW, &reviewed("employee", false, &all));
    assert_eq!(codes(&refused), rows.map(|(_, code)| code), "all at once, in order of code");
}

/// A resident would otherwise be refused for the arrears of an employer she does not have, and a family by a repealed
/// policy (hole G14).
#[test]
fn a_review_asks_only_what_the_case_is_about() {
    let resident = reviewed("resident", true, &[("employer_paid", Value::Null), ("originals_received", Value::Null)]);
    let decision = decided(REVIEW, &resident);
    assert_eq!(decision.outcome, Outcome::Yes, "no employer, and no originals in the own area");
    let not_asked: Vec<&str> = decision.excluded.iter().map(|excluded| &*excluded.row).collect();
    assert_eq!(not_asked, ["employer_paid", "originals_received", "policy_compliant"]);
    let historic = reviewed("employee", true, &[("policy_compliant", json!(false))]);
    assert_eq!(decided(REVIEW, &historic).outcome, Outcome::Yes, "off by default");
    let mut unanswered = reviewed("employee", false, &[]);
    unanswered["first-review"] = json!({});
    let fields = ["employer_paid", "insured", "materials_genuine", "originals_received", "within_claim_period"];
    assert_eq!(missing(REVIEW, &unanswered), fields.map(|field| format!("first-review.{field}")));
}

/// An applicant would otherwise read a bare code.
#[test]
fn every_reason_of_these_rules_is_explained_with_its_offline_route() {
    let anhui = pack("anhui-2024");
    for rule in ["hospital", "maternity-route", "maternity-review:x"] {
        let (rule, _) = policy::rules::find(rule).expect("a rule");
        for code in rule.codes {
            let reason = anhui.reasons.get(*code).unwrap_or_else(|| panic!("no words for {code}"));
            assert!(anhui.offline_routes.contains_key(&reason.offline_route), "{code}");
        }
    }
}
