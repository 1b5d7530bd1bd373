//! Domain table D13: the tricky cases that functions of the law decide. Those that only the running saga can show are
//! its tests.

use std::sync::Arc;

use identifiers::{CitizenId, LocalMinute, Sex};
use policy::{
    Calendar, Decision, Outcome, Pack, Packs, facts, law,
    legal_time::{Counting, Span, deadline},
    message,
};
use saga::definition::{Kind, OnRefusal, StartWhen};
use serde_json::{Value, json};

fn pack(name: &str) -> Arc<Pack> {
    Arc::clone(Packs::shipped().get(name).expect("shipped"))
}

fn asked(rule: &str, pack: &Pack, facts: &Value) -> Decision {
    let at = LocalMinute::parse("2026-04-10T09:00").expect("a minute");
    policy::decide(rule, pack, &Calendar::shipped(), facts, &at).expect("decidable")
}

/// A child whose registration is refused would otherwise lose its certificate, or in Shanxi stay without insurance.
#[test]
fn x1_a_refused_registration_leaves_the_certificate_and_in_shanxi_the_way_to_insurance() {
    for name in ["anhui-2024", "shanxi-2026"] {
        let pack = pack(name);
        let registration = pack.definition.find("registration").expect("a step");
        let step = pack.definition.step(registration);
        assert_eq!((step.kind, step.refused), (Kind::Pivot, OnRefusal::Offline), "{name}");
        let certificate = pack.definition.step(pack.definition.find("certificate").expect("a step"));
        let undone = &certificate.compensation.as_ref().expect("for a correction").on;
        let causes = serde_json::to_value(undone).expect("JSON");
        assert_eq!(causes, json!(["corrected", "revoked"]), "{name}: a refusal of the police is no cause");
    }
    let shanxi = pack("shanxi-2026");
    let registration = shanxi.definition.find("registration").expect("a step");
    let provisional = shanxi.definition.step(shanxi.definition.find("provisional").expect("a step"));
    assert!(provisional.start_when.contains(&StartWhen::Offline { step: registration }), "by certificate");
    let anhui = pack("anhui-2024");
    assert!(anhui.definition.find("provisional").is_none(), "in Anhui enrolment needs the ID number: offline");
}

/// A premium paid before the enrolment is known would otherwise be lost, or the enrolment be taken for missing.
#[test]
fn x3_a_payment_that_comes_first_leaves_the_enrolment_to_be_attached() {
    let facts = json!({"application": {"area": "140802"}, "premium": {"voucher": "V1", "paid_at": "2026-04-01T09:00"},
        "certificate": {"number": "K140000001"}});
    let decision = asked("provisional", &pack("shanxi-2026"), &facts);
    assert_eq!((&*decision.row, decision.gives["action"].as_str()), ("D12-0", Some("wait")));
    assert!(!decision.inputs.keys().any(|path| path.starts_with("premium")), "a payment decides nothing here");
}

/// A girl would otherwise bear a boy's number for life. The 17th digit says the sex (GB 11643).
#[test]
fn x7_a_number_whose_sex_is_not_the_childs_goes_to_a_person() {
    let number = CitizenId::parse("340104202601010023").expect("a vector");
    assert_eq!(number.sex(), Sex::Female);
    assert_ne!(number.sex(), CitizenId::parse("340104202601010015").expect("a vector").sex());
    let facts = |sex: &str| {
        json!({"child": {"sex": "2"}, "provisional": {"person_number": "P1", "enrolled_on": "2026-01-05"},
            "registration": {"id_number": number.as_str(), "area": "140826", "sex": sex}})
    };
    assert_eq!(asked("provisional", &pack("shanxi-2026"), &facts("1")).gives["action"], "person");
    assert_eq!(asked("provisional", &pack("shanxi-2026"), &facts("2")).gives["action"], "attach");
}

/// One twin's premium or subsidy would otherwise be taken for both, or twins over midnight be given one policy.
#[test]
fn x8_each_twin_has_its_own_answer_and_over_midnight_its_own_pack() {
    let packs = Packs::shipped();
    let of = |born_at: &str| {
        let born_at = LocalMinute::parse(born_at).expect("a minute");
        packs.choice("140826", &born_at, None).expect("a pack").0.name.to_string()
    };
    assert_eq!((&*of("2025-12-31T23:58"), &*of("2026-01-01T00:04")), ("shanxi-2025", "shanxi-2026"));
    let chosen = |child: &Value| {
        asked("item-chosen:social-security-card", &pack("anhui-2024"), &json!({"child": child})).outcome
    };
    assert_eq!(chosen(&json!({"order": 1, "items": ["social-security-card"]})), Outcome::Yes);
    assert_eq!(chosen(&json!({"order": 2, "items": []})), Outcome::No);
}

/// A girl of seventeen without a marriage would otherwise be asked why by a machine.
#[test]
fn x11_a_mother_who_cannot_be_married_is_sent_offline_and_told_that_no_right_is_lost() {
    let anhui = pack("anhui-2024");
    let decision = asked("eligibility", &anhui, &json!({"marriage": {"found": false}}));
    let reason = decision.reasons.iter().find(|reason| &*reason.code == "PRE-106").expect("no marriage");
    assert_eq!(&*reason.offline_route, "departments");
    assert!(anhui.reasons["PRE-106"].text.zh.contains("不影响您的权利"));
}

/// Parents would otherwise be refused because their hospital was an hour late.
#[test]
fn x13_an_upload_in_the_ninth_hour_is_the_hospitals_breach_and_not_the_parents() {
    let born = LocalMinute::parse("2026-03-02T04:10").expect("a minute");
    let eight = Span::parse("8 hours").expect("a span");
    let limit = deadline(&born, eight, Counting::default(), &[], "附件2 二.2", &Calendar::shipped()).expect("hours");
    assert!(LocalMinute::parse("2026-03-02T13:10").expect("a minute") > limit.last_minute, "breached");
    let answered = json!({"delivery": {"found": true, "within_window": true, "uploaded_at": "2026-03-02T13:10"}});
    let decision = asked("eligibility", &pack("anhui-2024"), &answered);
    assert!(!decision.inputs.keys().any(|path| path.contains("uploaded")), "no condition asks when it was uploaded");
    assert!(!decision.reasons.iter().any(|reason| &*reason.code == "PRE-103"));
}

/// A city's funds would otherwise arrive on a Monday, after the end of October.
#[test]
fn x14_the_end_of_october_2026_is_a_saturday_so_funds_are_due_on_the_friday() {
    let end = jiff::civil::date(2026, 10, 31);
    let calendar = Calendar::shipped();
    assert_eq!(calendar.is_working(end), Ok(false));
    assert_eq!(calendar.working_day_before(end), Ok(jiff::civil::date(2026, 10, 30)));
}

/// A child would otherwise be subsidised in two provinces, or lose the cover that it is using.
#[test]
fn x15_of_two_provinces_the_chosen_stays_else_the_first_used_else_a_person_asks() {
    let twice = |here: Value, there: Value, chosen: Value| {
        let mut facts = json!({"enrolment": {"area": "140826", "enrolled_on": "2026-03-10"},
            "other-enrolment": {"area": "340104", "enrolled_on": "2026-03-05"}, "enrolment-choice": {"area": chosen}});
        facts["enrolment"]["first_used_on"] = here;
        facts["other-enrolment"]["first_used_on"] = there;
        asked("enrolled-twice", &pack("shanxi-2026"), &facts)
    };
    let stays = |decision: &Decision| decision.gives.get("stays").and_then(Value::as_str).map(str::to_owned);
    let none = || Value::Null;
    let chosen = twice(none(), json!("2026-03-06"), json!("140826"));
    assert_eq!((&*chosen.row, stays(&chosen).as_deref()), ("X15-1", Some("140826")));
    assert_eq!((&chosen.gives["ends"], &chosen.gives["reverses"]), (&json!("340104"), &json!(["premium", "subsidy"])));
    let used_here = twice(json!("2026-03-11"), none(), none());
    assert_eq!((&*used_here.row, stays(&used_here).as_deref()), ("X15-2", Some("140826")));
    let used_there = twice(json!("2026-03-11"), json!("2026-03-06"), none());
    assert_eq!(stays(&used_there).as_deref(), Some("340104"));
    assert_eq!(stays(&twice(none(), none(), none())).as_deref(), Some("340104"), "nowhere used: enrolled first");
    let unknown = json!({"enrolment": {"area": "140826"}, "other-enrolment": {"area": "340104"}});
    assert_eq!(asked("enrolled-twice", &pack("shanxi-2026"), &unknown).gives["action"], "person");
    let single = json!({"enrolment": {"area": "140826"}});
    assert_eq!(asked("enrolled-twice", &pack("shanxi-2026"), &single).gives["action"], "none");
}

/// A stranger who has inherited the number would otherwise learn a child's name, its hospital or a diagnosis.
#[test]
fn x18_no_message_names_the_child_an_id_number_or_the_hospital() {
    let secret = json!({
        "mother": {"name": "测试甲", "phone": "13800000000", "id_number": "340104199003070021"},
        "father": {"name": "测试乙", "phone": "13800000001", "id_number": "34010419880505001X"},
        "child": {"name": "婴儿的名字", "facility_name": "某某妇幼保健院", "born_at": "2026-03-02T04:10"},
        "registration": {"id_number": "340104202601010015"},
    });
    for pack in Packs::shipped().iter() {
        for id in pack.messages.keys() {
            let Some(Ok(composed)) = message::compose(pack, id, &secret) else { continue };
            let text = facts::text(&composed, "text").unwrap_or_default();
            for hidden in ["婴儿的名字", "某某妇幼保健院", "340104199003070021", "340104202601010015"] {
                assert!(!text.contains(hidden), "{} {id}", pack.name);
            }
        }
    }
}

/// A sum would otherwise be off by a hundred when a pack is written.
#[test]
fn money_is_written_in_yuan_and_kept_in_fen() {
    assert_eq!(law::money("400.00"), Some(40_000));
    assert_eq!((law::money("400"), law::money("400.0"), law::money("-1.00")), (None, None, None));
}
