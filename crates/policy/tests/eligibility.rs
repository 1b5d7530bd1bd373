//! The conditions of the joint process, E1 to E9, row by row.

use std::sync::Arc;

use policy::{Outcome, Pack, Packs};
use serde_json::{Value, json};

fn asked(rule: &str, pack: &Pack, facts: &Value) -> Result<policy::Decision, policy::Undecidable> {
    let at = identifiers::LocalMinute::parse("2026-03-01T09:00").expect("a minute");
    policy::decide(rule, pack, &policy::Calendar::shipped(), facts, &at)
}

fn anhui() -> Arc<Pack> {
    Arc::clone(Packs::shipped().get("anhui-2024").expect("shipped"))
}

const MOTHER: &str = "340104199003070021";
const FATHER: &str = "34010419880505001X";

/// A family that fulfils every condition.
fn eligible() -> Value {
    json!({
        "application": {"area": "340104", "channel": "app"},
        "mother": {"name": "测试甲", "id_number": MOTHER, "ethnicity": "01"},
        "father": {"name": "测试乙", "id_number": FATHER, "ethnicity": "01"},
        "child": {"order": 1, "born_at": "2026-11-01T09:30", "registration": {"follow": "father"}, "items": ["social-security-card"]},
        "marriage_licence_claimed": true,
        "delivery": {"found": true, "live_birth": true, "in_province": true, "place": "facility",
                     "mother_id_number": MOTHER, "within_window": true, "collected_offline": false},
        "household": {"mother": {"area": "340104", "ethnicity": "01", "household_type": "family"},
                      "father": {"area": "341502", "ethnicity": "01", "household_type": "family"}},
        "marriage": {"found": true, "spouse_id_number": FATHER},
        "marriage-licence": {"claimed": true},
    })
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut facts = eligible();
    for (pointer, value) in changes {
        *facts.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value.clone();
    }
    facts
}

fn codes(facts: &Value) -> Vec<String> {
    let verdict = asked("eligibility", &anhui(), facts).expect("a known rule");
    assert_eq!(verdict.outcome == Outcome::Yes, verdict.reasons.is_empty());
    verdict.reasons.iter().map(|reason| reason.code.to_string()).collect()
}

/// A family with every right to the joint process would otherwise be sent from counter to counter.
#[test]
fn a_family_that_fulfils_every_condition_is_eligible() {
    let verdict = asked("eligibility", &anhui(), &eligible()).expect("a known rule");
    assert_eq!((verdict.outcome, &*verdict.rule), (Outcome::Yes, "eligibility"));
    assert_eq!(&*verdict.articles[0], "二(三); 附件2 一; 附件2 二.1 智能验证");
    assert_eq!(saga::input::Verdict::from(verdict), saga::input::Verdict::Yes);
}

/// A machine would otherwise register a child whom the plan leaves to a person, or tell the family a wrong reason.
#[test]
fn each_condition_that_fails_has_its_own_reason() {
    let rows: [(&str, &str, Value, &str); 21] = [
        ("E1 no delivery", "/delivery/found", json!(false), "PRE-102"),
        ("E1 stillbirth", "/delivery/live_birth", json!(false), "PRE-102"),
        ("E1 outside the province", "/delivery/in_province", json!(false), "PRE-102"),
        ("E1 at home, brought five days later", "/delivery/place", json!("elsewhere"), "PRE-102"),
        ("E2 another woman", "/delivery/mother_id_number", json!("340104199003070048"), "PRE-108"),
        ("E2 the answer names nobody", "/delivery/mother_id_number", Value::Null, "PRE-108"),
        ("E3 mother from elsewhere", "/household/mother/area", json!("320102"), "PRE-104"),
        ("E4 father from elsewhere", "/household/father/area", json!("140826"), "PRE-104"),
        ("E4 father not found", "/household/father/area", Value::Null, "PRE-104"),
        ("E5 mother 汉, father 回", "/household/father/ethnicity", json!("03"), "PRE-105"),
        ("E6 no marriage", "/marriage/found", json!(false), "PRE-106"),
        ("E6 married to another", "/marriage/spouse_id_number", json!("340104198805050036"), "PRE-106"),
        ("E6 the answer names nobody", "/marriage/spouse_id_number", Value::Null, "PRE-106"),
        ("E7 a collective household", "/household/father/household_type", json!("collective"), "PRE-107"),
        ("E7 not told", "/household/father/household_type", Value::Null, "PRE-107"),
        ("E7 follows nobody", "/child/registration/follow", Value::Null, "PRE-107"),
        ("E8 not claimed", "/marriage-licence/claimed", json!(false), "PRE-101"),
        ("E9 after the window", "/delivery/within_window", json!(false), "PRE-103"),
        ("E9 not told", "/delivery/within_window", Value::Null, "PRE-103"),
        ("E9 collected at the facility", "/delivery/collected_offline", json!(true), "PRE-103"),
        ("E1 not told where", "/delivery/place", Value::Null, "PRE-102"),
    ];
    for (row, pointer, value, code) in rows {
        assert_eq!(codes(&with(&[(pointer, value)])), [code], "{row}");
    }
}

/// Families whom the plan includes would otherwise be turned away by too strict a reading.
#[test]
fn what_the_plan_allows_is_not_refused() {
    let brought = with(&[("/delivery/place", json!("brought-at-once"))]);
    assert_eq!(codes(&brought), [""; 0], "born in a taxi, brought at once");
    let other_parent = with(&[("/household/mother/household_type", json!("collective"))]);
    assert_eq!(codes(&other_parent), [""; 0], "the child joins the father's household");
    let by_form = with(&[("/household/mother/ethnicity", Value::Null), ("/household/father/ethnicity", Value::Null)]);
    assert_eq!(codes(&by_form), [""; 0], "the query names no ethnicity, the form does");
    let by_platform = with(&[("/marriage-licence/claimed", Value::Null)]);
    assert_eq!(codes(&by_platform), [""; 0], "the licence store gives no answer, the platform has checked");
    assert_eq!(codes(&with(&[("/delivery/collected_offline", Value::Null)])), [""; 0], "not collected as far as known");
}

/// A mother would otherwise come back with one reason put right, only to be told the next.
#[test]
fn all_reasons_are_given_at_once_in_order() {
    let facts = with(&[
        ("/marriage/found", json!(false)),
        ("/household/mother/area", json!("320102")),
        ("/household/father/area", json!("320102")),
        ("/household/father/ethnicity", json!("03")),
        ("/household/father/household_type", json!("collective")),
        ("/marriage-licence/claimed", json!(false)),
        ("/delivery/within_window", json!(false)),
        ("/delivery/in_province", json!(false)),
        ("/delivery/mother_id_number", json!("340104199003070048")),
    ]);
    let all = ["PRE-102", "PRE-108", "PRE-104", "PRE-105", "PRE-106", "PRE-107", "PRE-101", "PRE-103"];
    assert_eq!(codes(&facts), all);
}

/// A family would otherwise be told that its delivery was too late though none was found.
#[test]
fn without_a_delivery_nothing_is_said_about_it() {
    let nothing = with(&[("/delivery", json!({"found": false}))]);
    assert_eq!(codes(&nothing), ["PRE-102"]);
}

/// An answer that never came would otherwise count as a yes.
#[test]
fn where_nothing_is_known_nothing_is_granted() {
    assert_eq!(codes(&Value::Null), ["PRE-102", "PRE-104", "PRE-105", "PRE-106", "PRE-107", "PRE-101"]);
}

/// An applicant would otherwise read a code that nobody explains, or not know where to go.
#[test]
fn every_reason_is_explained_and_has_a_way_out() {
    let anhui = anhui();
    let verdict = asked("eligibility", &anhui, &with(&[("/household/father/ethnicity", json!("03"))])).expect("known");
    assert_eq!(&*verdict.reasons[0].offline_route, "police");
    for (code, reason) in &anhui.reasons {
        assert!(anhui.offline_routes.contains_key(&reason.offline_route), "{code}");
    }
}

/// A family's question would otherwise be answered for one of its twins only.
#[test]
fn of_twins_each_must_join_a_family_household() {
    let mut facts = with(&[("/household/mother/household_type", json!("collective"))]);
    let object = facts.as_object_mut().expect("an object");
    object.remove("child");
    object.insert(
        "children".into(),
        json!([{"registration": {"follow": "father"}}, {"registration": {"follow": "mother"}}]),
    );
    assert_eq!(codes(&facts), ["PRE-107"]);
}

/// An item would otherwise be done for a family that did not ask, or left undone for one that did.
#[test]
fn an_item_is_chosen_where_it_was_ticked_or_cannot_be_unticked() {
    let outcome =
        |rule: &str| asked(rule, &anhui(), &eligible()).map(|verdict| (verdict.outcome, verdict.reasons.len()));
    assert_eq!(outcome("item-chosen:social-security-card"), Ok((Outcome::Yes, 0)));
    assert_eq!(outcome("item-chosen:parenting-guidance"), Ok((Outcome::No, 0)));
    assert_eq!(outcome("item-chosen:birth-certificate"), Ok((Outcome::Yes, 0)));
    assert_eq!(outcome("all-settled"), Ok((Outcome::Yes, 0)));
    for unknown in ["item-chosen", "eligibility:x", "no-such-rule", ""] {
        assert!(outcome(unknown).is_err(), "{unknown:?}");
    }
}

/// A decision in Shanxi would otherwise cite a document of Anhui.
#[test]
fn an_item_is_chosen_by_the_articles_of_its_own_pack() {
    let articles = |name: &str| {
        let facts = json!({"child": {"items": ["insurance-premium", "insurance-enrolment"]}});
        let packs = Packs::shipped();
        let decision = asked("item-chosen:insurance-premium", packs.get(name).expect("shipped"), &facts);
        decision.expect("decided").articles.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(articles("anhui-2024").contains(&"附件2 二.5".to_owned()), "{:?}", articles("anhui-2024"));
    let shanxi = articles("shanxi-2025");
    assert!(shanxi.iter().any(|article| article.contains("出生次年缴纳")), "{shanxi:?}");
    assert!(shanxi.iter().all(|article| !article.contains("附件2")), "{shanxi:?}");
}

/// A case would otherwise run under a pack that is not for it.
#[test]
fn the_pack_rule_looks_at_area_and_birth() {
    let codes = |facts: &Value| -> Vec<String> {
        let verdict = asked("pack", &anhui(), facts).expect("a known rule");
        verdict.reasons.iter().map(|reason| reason.code.to_string()).collect()
    };
    assert_eq!(codes(&eligible()), [""; 0]);
    assert_eq!(codes(&with(&[("/application/area", json!("140826"))])), ["PACK-001"]);
    assert_eq!(codes(&with(&[("/child/born_at", json!("2024-06-06T23:59"))])), ["PACK-002"]);
    assert_eq!(codes(&with(&[("/child/born_at", json!("yesterday"))])), ["PACK-002"]);
}

/// The Anhui pack with other lines in its `[eligibility]`, and more reasons.
fn with_law(lines: &str, reasons: &str) -> Result<Pack, policy::Problems> {
    let shipped = anhui();
    let with_lines = |law: &str| {
        let start = law.find("[eligibility]").expect("a section");
        let end = law[start..].find("\n# ──").map_or(law.len(), |at| start + at);
        format!("{}[eligibility]\n{lines}\n{}", &law[..start], &law[end..])
    };
    let texts: Vec<(&str, String)> = shipped
        .files
        .iter()
        .map(|(name, text)| match &**name {
            "law.toml" => (&**name, with_lines(text)),
            "pack.toml" => (&**name, format!("{text}\n{reasons}")),
            _ => (&**name, text.to_string()),
        })
        .collect();
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, &**text)).collect();
    Pack::parse(&files)
}

fn decided(pack: &Pack, facts: &Value) -> policy::Decision {
    asked("eligibility", pack, facts).expect("decidable")
}

/// Two families would otherwise be told of a reason that is not theirs, or a rule that is not explained. D1, the
/// table's examples.
#[test]
fn d1_the_examples_of_the_table() {
    let anhui = anhui();
    let hui = decided(&anhui, &with(&[("/household/father/ethnicity", json!("03"))]));
    assert_eq!((&*hui.row, &*hui.reasons[0].code, &*hui.reasons[0].offline_route), ("E5", "PRE-105", "police"));
    let jiangsu = decided(&anhui, &with(&[("/household/father/area", json!("320102"))]));
    assert_eq!((&*jiangsu.row, &*jiangsu.reasons[0].code), ("E4", "PRE-104"));
    assert!(jiangsu.zh.contains("E4") && !jiangsu.zh.contains("E3"), "{}", jiangsu.zh);
    let taxi = decided(&anhui, &with(&[("/delivery/place", json!("brought-at-once"))]));
    assert_eq!((&*taxi.row, taxi.outcome), ("D1", Outcome::Yes));
    let late = decided(&anhui, &with(&[("/delivery/place", json!("elsewhere"))]));
    assert_eq!((&*late.row, &*late.reasons[0].offline_route), ("E1", "health-commission"));
    let unmarried = decided(&anhui, &with(&[("/marriage/found", json!(false))]));
    assert_eq!((&*unmarried.row, &*unmarried.reasons[0].code), ("E6", "PRE-106"));
}

/// An official would otherwise see a refusal and not what was looked at, or a family one reason of two first.
#[test]
fn d1_the_first_failing_row_is_shown_first_and_every_other_row_says_why_it_is_not_the_ground() {
    let anhui = anhui();
    let both = decided(
        &anhui,
        &with(&[("/marriage-licence/claimed", json!(false)), ("/household/mother/area", json!("320102"))]),
    );
    let codes: Vec<&str> = both.reasons.iter().map(|reason| &*reason.code).collect();
    assert_eq!((&*both.row, codes), ("E3", vec!["PRE-104", "PRE-101"]), "in order of rows, not of codes");
    let rows: Vec<&str> = both.excluded.iter().map(|excluded| &*excluded.row).collect();
    assert_eq!(rows, ["E1", "E2", "E4", "E5", "E6", "E7", "E9", "E10", "E11", "E12", "D1"]);
    let of = |row: &str| both.excluded.iter().find(|excluded| &*excluded.row == row).expect("there").zh.clone();
    assert_eq!((of("E1"), of("E10")), ("条件成立".to_owned(), "本包不要求此条件".to_owned()));
    assert!(both.articles.iter().any(|article| article.contains("附1 第2行: 原则上30日内")), "{:?}", both.articles);
}

/// A family would otherwise be turned away though health tells the day, or let in on its own word. E9, 原则上30日.
#[test]
fn d1_e9_the_days_are_counted_only_where_health_gives_the_day_and_no_answer() {
    let anhui = anhui();
    let row = |delivered: Value, filed: &str, answer: Value| {
        let mut facts = with(&[("/delivery/within_window", answer)]);
        facts["delivery"]["delivered_on"] = delivered;
        facts["application"]["submitted_on"] = json!(filed);
        facts["child"]["born_at"] = json!("2026-03-02T08:00");
        decided(&anhui, &facts)
    };
    // 2026-03-02 + 30 days = 2026-04-01, a Wednesday.
    assert_eq!(&*row(json!("2026-03-02"), "2026-04-01", Value::Null).row, "D1");
    assert_eq!(&*row(json!("2026-03-02"), "2026-04-02", Value::Null).row, "E9");
    assert_eq!(&*row(Value::Null, "2026-03-03", Value::Null).row, "E9", "the form's time of birth proves nothing");
    let lenient = row(json!("2026-03-02"), "2026-04-20", json!(true));
    assert_eq!((&*lenient.row, lenient.warnings.len()), ("D1", 1), "in principle: health's answer is followed");
    assert_eq!(lenient.deadlines["delivery-window"].nominal.to_string(), "2026-04-01");
    // 2026-12-20 + 30 days lies in a year without calendar: asked only where the day matters.
    let early = row(json!("2026-12-20"), "2027-01-05", Value::Null);
    assert_eq!(&*early.row, "D1", "in time whatever the calendar of 2027 says");
}

/// A person would otherwise be told "no" where the register cannot say (G11), or to try Anhui where the child is not
/// Anhui's (G18).
#[test]
fn d1_holes_in_the_sources_are_named() {
    let anhui = anhui();
    let warned =
        |facts: &Value| decided(&anhui, facts).warnings.iter().map(|(zh, _)| zh[..3].to_owned()).collect::<Vec<_>>();
    assert_eq!(warned(&with(&[("/household/father/ethnicity", Value::Null)])), ["G11"]);
    assert_eq!(warned(&with(&[("/household/father/household_type", Value::Null)])), ["G11"]);
    assert_eq!(warned(&with(&[("/delivery/in_province", json!(false))])), ["G18"]);
    assert_eq!(warned(&eligible()), [""; 0]);
}

/// A couple that married after the birth would otherwise be registered by a machine. E6, where the register tells.
#[test]
fn d1_e6_a_marriage_after_the_birth_is_not_in_wedlock() {
    let married = |day: &str| {
        let mut facts = eligible();
        facts["marriage"]["registered_on"] = json!(day);
        codes(&facts)
    };
    assert_eq!(married("2026-11-01"), [""; 0], "on the day of birth");
    assert_eq!(married("2026-11-02"), ["PRE-106"]);
}

/// A province with other conditions would otherwise need code of its own: Fujian (six months, surname, the father's
/// e-licence), Gansu (one year) [§8].
#[test]
fn d1_another_province_drops_and_adds_conditions_by_its_pack_alone() {
    let source = "source = \"x\"";
    let lines = format!(
        "require = {{ value = [\"E1\", \"E2\", \"E6\", \"E10\", \"E11\", \"E12\"], {source} }}\n\
         max_age = {{ value = \"6 months\", {source} }}\nsurname_of_parent = {{ value = true, {source} }}\n\
         father_authorisation = {{ value = \"e-licence-grant\", {source} }}"
    );
    let unexplained = with_law(&lines, "").expect_err("PRE-110 to PRE-112 are not explained").to_string();
    for code in ["PRE-110", "PRE-111", "PRE-112"] {
        assert!(unexplained.contains(code), "{unexplained}");
    }
    assert!(!unexplained.contains("PRE-105"), "what is not required need not be explained: {unexplained}");

    let reasons = ["PRE-110", "PRE-111", "PRE-112"]
        .map(|code| format!("[reasons.{code}]\nzh = \"x\"\nen = \"x\"\nsource = \"x\"\n"))
        .concat();
    let pack = with_law(&lines, &reasons).expect("a pack that explains all its reasons");
    let fujian = |filed: &str, child: &str, granted: Value| {
        let mut facts =
            with(&[("/household/father/ethnicity", json!("03")), ("/child/born_at", json!("2026-03-02T08:00"))]);
        facts["application"]["submitted_on"] = json!(filed);
        facts["child"]["name"] = json!(child);
        facts["father"]["licence_granted"] = granted;
        facts["father"]["name"] = json!("欧阳测试");
        decided(&pack, &facts).row.to_string()
    };
    assert_eq!(fujian("2026-09-02", "欧阳一", json!(true)), "D1", "ethnicity is not asked; the father's surname");
    assert_eq!(fujian("2026-09-02", "测一", json!(true)), "D1", "the mother's");
    assert_eq!(fujian("2026-09-03", "测一", json!(true)), "E10", "six months and a day");
    assert_eq!(fujian("2026-09-02", "王一", json!(true)), "E11");
    assert_eq!(fujian("2026-09-02", "欧一", json!(true)), "E11", "half a surname is another");
    assert_eq!(fujian("2026-09-02", "测一", Value::Null), "E12");
}

/// A misspelt condition would otherwise be one that nobody asks for.
#[test]
fn a_condition_that_does_not_exist_is_refused_when_the_pack_is_read() {
    for wrong in ["[\"E1\", \"E99\"]", "[\"E1\", \"E1\"]", "\"E1\"", "true"] {
        assert!(with_law(&format!("require = {{ value = {wrong}, source = \"x\" }}"), "").is_err(), "{wrong}");
    }
    assert!(with_law("require = { value = [\"E1\"], source = \"x\" }", "").is_ok());
}

/// An item would otherwise be done without the one that it rests on. D2: a premium follows an enrolment.
#[test]
fn d2_an_item_whose_needed_item_is_not_chosen_is_not_done() {
    let of = |items: Value| {
        let decision =
            asked("item-chosen:insurance-premium", &anhui(), &with(&[("/child/items", items)])).expect("known");
        (decision.row.to_string(), decision.outcome)
    };
    assert_eq!(of(json!(["insurance-premium", "insurance-enrolment"])), ("D2-2".to_owned(), Outcome::Yes));
    assert_eq!(of(json!(["insurance-premium"])), ("D2-4".to_owned(), Outcome::No));
    assert_eq!(of(json!([])), ("D2-3".to_owned(), Outcome::No));
}

/// A family whose form nobody has seen would otherwise be said to have left an item unticked.
#[test]
fn d2_without_the_form_nobody_says_what_was_ticked() {
    let unknown = asked("item-chosen:social-security-card", &anhui(), &with(&[("/child/items", Value::Null)]));
    assert_eq!(unknown, Err(policy::Undecidable::Missing(vec!["child.items".to_owned()])));
    let mandatory = asked("item-chosen:birth-certificate", &anhui(), &json!({}));
    assert_eq!(mandatory.map(|decision| decision.outcome), Ok(Outcome::Yes), "ticked or not");
}
