//! What a form may not be, and what it becomes.

use jiff::Timestamp;
use policy::Packs;
use prost::Message;
use proto::v1;
use serde_json::json;

use super::{
    Violations, correction, facts_corrected, parse,
    samples::{self, NOW_MS, anhui, form, shanxi},
};
use crate::coordinator::work::Filing;

type Spoil = fn(&mut v1::SubmitApplicationRequest);

fn parsed(request: v1::SubmitApplicationRequest, packs: &Packs) -> Result<Filing, Violations> {
    let size = request.encoded_len();
    parse(request, size, packs, &samples::blind(), NOW_MS)
}

/// Field and code of each violation.
fn violations(request: v1::SubmitApplicationRequest, packs: &Packs) -> Vec<(String, &'static str)> {
    let found = parsed(request, packs).err().map(|violations| violations.0).unwrap_or_default();
    found.into_iter().map(|violation| (violation.field, violation.code)).collect()
}

/// Every bad input that is named in the service's promises, and what it gets.
const BAD: &[(&str, Spoil, &str, &str)] = &[
    ("wrong check digit", |r| swap_last(&mut mother(r).id_number), "mother.id_number", "ID-008"),
    ("impossible date", |r| mother(r).id_number = "340104199002300029".into(), "mother.id_number", "ID-005"),
    ("parent born in the future", |r| mother(r).id_number = future_id(), "mother.id_number", "ID-007"),
    ("birth in the future", |r| child(r).born_at = "2026-12-01T09:30".into(), "children[0].born_at", "TM-003"),
    ("birth on no day", |r| child(r).born_at = "2026-02-30T09:30".into(), "children[0].born_at", "TM-002"),
    (
        "child's name not in the register's repertoire",
        |r| child(r).name = "王\u{e000}".into(),
        "children[0].name",
        "FRM-302",
    ),
    ("parent's name in letters", |r| mother(r).name = "Wang".into(), "mother.name", "NM-002"),
    ("unknown ethnicity", |r| mother(r).ethnicity = "77".into(), "mother.ethnicity", "ET-001"),
    (
        "ethnicity of neither parent",
        |r| registration(r).ethnicity = "03".into(),
        "children[0].registration.ethnicity",
        "POL-604",
    ),
    ("household not chosen", |r| registration(r).follow = 0, "children[0].registration.follow", "FRM-303"),
    (
        "relation of the other sex",
        |r| registration(r).relation_to_head = "20".into(),
        "children[0].registration.relation_to_head",
        "FRM-301",
    ),
    ("mail without address", |r| hand_over(r).recipient_address.clear(), "hand_over.recipient_address", "YJ-FORM-07"),
    ("mail without phone", |r| hand_over(r).recipient_phone.clear(), "hand_over.recipient_phone", "YJ-FORM-07"),
    ("premium without enrolment", |r| child(r).items = vec![3], "children[0].items[0]", "YJ-FORM-06"),
    ("an item that is none", |r| child(r).items.push(9), "children[0].items[5]", "FRM-301"),
    ("no idempotency key", |r| r.idempotency_key.clear(), "idempotency_key", "YJ-FORM-01"),
    ("idempotency key with a space", |r| r.idempotency_key = "family 00000001".into(), "idempotency_key", "YJ-FORM-01"),
    ("no form", |r| r.form = None, "form", "YJ-FORM-03"),
    ("no channel", |r| r.channel = 0, "channel", "FRM-301"),
    ("unknown channel", |r| r.channel = 77, "channel", "FRM-301"),
    ("no child", |r| form(r).children.clear(), "children", "YJ-FORM-04"),
    ("nine children", |r| nine(r), "children", "YJ-FORM-04"),
    ("two children with one order number", |r| twins(r, 1), "children[1].order", "YJ-FORM-05"),
    ("a gap in the order numbers", |r| twins(r, 3), "children[1].order", "YJ-FORM-05"),
    ("foreign nationality", |r| mother(r).nationality = "FRA".into(), "mother.nationality", "YJ-FORM-12"),
    ("a passport", |r| mother(r).document_type = "14".into(), "mother.document_type", "YJ-FORM-13"),
    ("implausible weight", |r| child(r).weight_g = 32_500, "children[0].weight_g", "FRM-301"),
    ("implausible gestation", |r| child(r).gestation_weeks = 19, "children[0].gestation_weeks", "FRM-301"),
    ("eight days in a week", |r| child(r).gestation_days = 7, "children[0].gestation_days", "FRM-301"),
    ("implausible length", |r| child(r).length_cm = 71, "children[0].length_cm", "FRM-301"),
    ("enrolment without its block", |r| child(r).insurance = None, "children[0].insurance", "YJ-FORM-08"),
    ("card without its block", |r| child(r).card = None, "children[0].card", "YJ-FORM-09"),
    ("no father where he must agree", |r| form(r).father = None, "father", "YJ-FORM-11"),
    (
        "parents with one number",
        |r| form(r).father.as_mut().expect("given").id_number = mother_id(r),
        "father.id_number",
        "YJ-FORM-17",
    ),
    ("a province without the service", |r| form(r).area = "110101".into(), "area", "PACK-001"),
    ("an area of no province", |r| form(r).area = "990101".into(), "area", "AR-002"),
    ("a birth before the pack", |r| child(r).born_at = "2023-01-01T00:00".into(), "children[0].born_at", "PACK-002"),
    ("notice not read", |r| form(r).notice_version.clear(), "notice_version", "FRM-301"),
    ("no residence of a mother", |r| mother(r).household_address.clear(), "mother.household_address", "FRM-301"),
    ("hand-over not chosen", |r| form(r).hand_over = None, "hand_over.certificate", "FRM-301"),
    (
        "control characters",
        |r| mother(r).household_address = "样例\u{0}路".into(),
        "mother.household_address",
        "FRM-301",
    ),
    ("an endless address", |r| mother(r).household_address = "路".repeat(201), "mother.household_address", "FRM-301"),
];

/// A family would otherwise learn weeks later, at a counter, what the form could have told them at once.
#[test]
fn each_bad_input_is_told_with_its_field_and_code_and_nothing_else() {
    let packs = Packs::shipped();
    for (seed, (name, spoil, field, code)) in (1..).zip(BAD) {
        let mut request = anhui(seed);
        assert!(parsed(request.clone(), &packs).is_ok(), "{name}: the form was sound before");
        spoil(&mut request);
        assert_eq!(violations(request, &packs), [((*field).to_owned(), *code)], "{name}");
    }
}

/// A family would otherwise correct one field after the other, refused each time.
#[test]
fn all_violations_are_told_at_once() {
    let mut request = anhui(1);
    request.idempotency_key = "short".into();
    mother(&mut request).phone = "12345".into();
    child(&mut request).weight_g = 1;
    child(&mut request).name = "A".into();
    hand_over(&mut request).recipient.clear();
    let expected = [
        ("idempotency_key", "YJ-FORM-01"),
        ("mother.phone", "PH-001"),
        ("children[0].name", "FRM-302"),
        ("children[0].weight_g", "FRM-301"),
        ("hand_over.recipient", "YJ-FORM-07"),
    ];
    let found = violations(request, &Packs::shipped());
    assert_eq!(found, expected.map(|(field, code)| (field.to_owned(), code)));
}

/// A form of megabytes would otherwise be read field by field before it is refused.
#[test]
fn a_form_of_5_mb_has_one_violation() {
    let mut request = anhui(1);
    mother(&mut request).household_address = "路".repeat(1_700_000);
    request.channel = 77;
    assert_eq!(violations(request, &Packs::shipped()), [("form".to_owned(), "YJ-FORM-02")]);
}

/// A violation that quotes the value would carry a name into the platform's logs.
#[test]
fn a_violation_never_repeats_what_was_typed() {
    let mut request = anhui(1);
    child(&mut request).name = "UnmistakableName".into();
    mother(&mut request).phone = "98765432101".into();
    mother(&mut request).household_address = "UnmistakableRoad\u{1}".into();
    let violations = parsed(request, &Packs::shipped()).expect_err("spoilt");
    let told = format!("{violations:?} {violations}");
    assert!(!told.contains("Unmistakable") && !told.contains("98765432101"), "{told}");
}

/// Twins of two policies would be filed under one, and one of them would get the other's rights.
#[test]
fn children_of_different_policies_are_filed_separately() {
    let mut request = shanxi(3, 2);
    form(&mut request).area = "340104".into();
    let mut packs = Packs::shipped();
    let mut later = (**packs.get("anhui-2024").expect("shipped")).clone();
    later.name = "anhui-later".into();
    later.selector.born_from = Some(identifiers::LocalMinute::parse("2026-11-01T09:32").expect("a minute"));
    let mut earlier = (**packs.get("anhui-2024").expect("shipped")).clone();
    earlier.selector.born_until = later.selector.born_from.clone();
    packs.insert(earlier);
    packs.insert(later);
    assert_eq!(violations(request, &packs), [("children[1].born_at".to_owned(), "YJ-FORM-10")]);
}

/// A repeat would otherwise be taken for another form, or another form for a repeat.
#[test]
fn the_digest_is_that_of_what_was_said_not_of_when() {
    let packs = Packs::shipped();
    let first = parsed(anhui(5), &packs).expect("sound");
    let size = anhui(5).encoded_len();
    let later = parse(anhui(5), size, &packs, &samples::blind(), NOW_MS + 5 * 86_400_000).expect("sound");
    assert_eq!((first.key, first.form), (later.key, later.form));
    let mut other = anhui(5);
    child(&mut other).items.pop();
    let other = parsed(other, &packs).expect("sound");
    assert_eq!(first.key, other.key);
    assert_ne!(first.form, other.form);
    assert_eq!(first.children[0].child, other.children[0].child, "the same child");
}

/// Departments are sent paths of the facts: a word that is not the agreed one reaches nobody.
#[test]
fn the_facts_have_the_agreed_words() {
    let mut request = anhui(6);
    child(&mut request).sex = v1::Sex::Female.into();
    let filing = parsed(request, &Packs::shipped()).expect("sound");
    let facts = &filing.facts;
    assert_eq!(facts["application"], json!({"area": "340104", "channel": "app", "submitted_on": "2026-11-20"}));
    let child = &facts["children"][0];
    assert_eq!((&child["sex"], &child["birth_place"]), (&json!("2"), &json!("facility")));
    assert_eq!(child["registration"]["follow"], "mother");
    assert_eq!(child["insurance"]["years"], json!(["birth-year"]));
    assert_eq!(facts["hand_over"]["certificate"], "mail");
    assert_eq!(facts["hand_over"]["household_register"], "household-place");
    assert_eq!(facts["marriage_licence_claimed"], true);
    assert_eq!(filing.children[0].chosen.len(), 5);
}

/// Twin 2, filed first, would otherwise get twin 1's name.
#[test]
fn children_stand_in_the_order_of_their_numbers() {
    let mut request = shanxi(7, 2);
    form(&mut request).children.reverse();
    let filing = parsed(request, &Packs::shipped()).expect("sound");
    assert_eq!(filing.children.iter().map(|child| child.order).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(filing.facts["children"][0]["order"], 1);
    assert_ne!(filing.children[0].child, filing.children[1].child);
}

/// A one thing that is not a birth would otherwise need a form of its own in this program.
#[test]
fn a_general_form_is_merged_into_the_facts() {
    let packs = samples::general_pack();
    let request =
        general(r#"{"payload":{"text":"x"},"applicant":{"id_number":"34010419900307002X"}}"#, &["copy", "post"]);
    let filing = parsed(request, &packs).expect("sound");
    assert_eq!(filing.facts["payload"], json!({"text": "x"}));
    assert_eq!(filing.facts["children"], json!([{"order": 1, "items": ["copy", "post"]}]));
    assert_eq!((filing.children.len(), filing.found_by.len()), (1, 2));
}

/// A general form would otherwise be filed under a pack that cannot read it, or overwrite what steps have answered.
#[test]
fn a_bad_general_form_is_told_what_is_wrong() {
    let packs = samples::general_pack();
    let told = |json: &str, items: &[&str]| violations(general(json, items), &packs);
    let one = |field: &str, code| vec![(field.to_owned(), code)];
    assert_eq!(told("not JSON", &[]), one("fields_json", "YJ-FORM-15"));
    assert_eq!(told("[]", &[]), one("fields_json", "YJ-FORM-15"));
    assert_eq!(told(r#"{"application":{}}"#, &[]), one("fields_json", "YJ-FORM-18"));
    assert_eq!(told(r#"{"file":{}}"#, &[]), one("fields_json", "YJ-FORM-18"));
    assert_eq!(told("{}", &["burn"]), one("items[0]", "YJ-FORM-16"));
    assert_eq!(told("{}", &["post"]), one("items[0]", "YJ-FORM-06"));
    assert_eq!(violations(general("{}", &[]), &Packs::shipped()), one("pack", "YJ-FORM-14"));
}

/// A correction would otherwise change what nobody asked about, or bring in what the form refuses.
#[test]
fn a_correction_holds_the_asked_fields_only_and_sound_values() {
    let asked = ["child.weight_g".into(), "child.card.bank".into()];
    let now = Timestamp::from_millisecond(NOW_MS).expect("a time");
    let taken = correction(r#"{"child.weight_g": 3300, "child.card.bank": "103"}"#, &asked, now).expect("sound");
    assert_eq!(taken, json!({"child.weight_g": 3300, "child.card.bank": "103"}));
    for refused in
        [r#"{"child.name": "测试"}"#, r#"{"child.weight_g": 33000}"#, "{}", "[]", r#"{"child.card.bank": 7}"#]
    {
        assert!(correction(refused, &asked, now).is_err(), "{refused}");
    }
}

/// A department would otherwise be told a word that it does not know, under the family's name.
#[test]
fn a_corrected_fact_is_as_sound_as_the_forms_own() {
    let now = Timestamp::from_millisecond(NOW_MS).expect("a time");
    for sound in
        [r#"{"child.sex": "1"}"#, r#"{"child.birth_place": "elsewhere"}"#, r#"{"mother.phone": "13800000001"}"#]
    {
        facts_corrected(sound, now).unwrap_or_else(|violations| panic!("{sound}: {violations:?}"));
    }
    for (refused, field) in [
        (r#"{"child.sex": "male"}"#, "child.sex"),
        (r#"{"child.sex": 1}"#, "child.sex"),
        (r#"{"child.birth_place": "home"}"#, "child.birth_place"),
        (r#"{"child.born_at": "2999-01-01T00:00"}"#, "child.born_at"),
        (r#"{"child.order": 2}"#, "corrections_json"),
        ("[]", "corrections_json"),
    ] {
        let violations = facts_corrected(refused, now).expect_err(refused);
        assert_eq!(violations.0.iter().map(|violation| &*violation.field).collect::<Vec<_>>(), [field], "{refused}");
    }
}

fn general(fields_json: &str, items: &[&str]) -> v1::SubmitApplicationRequest {
    let form = v1::GeneralForm {
        pack: "test-general".to_owned(),
        area: "340104".to_owned(),
        fields_json: fields_json.to_owned(),
        items: items.iter().map(|item| (*item).to_owned()).collect(),
    };
    v1::SubmitApplicationRequest {
        idempotency_key: "general-00000001".to_owned(),
        channel: v1::Channel::Web.into(),
        form: Some(v1::submit_application_request::Form::General(form)),
    }
}

fn mother(request: &mut v1::SubmitApplicationRequest) -> &mut v1::Parent {
    form(request).mother.as_mut().expect("given")
}

fn mother_id(request: &mut v1::SubmitApplicationRequest) -> String {
    mother(request).id_number.clone()
}

fn child(request: &mut v1::SubmitApplicationRequest) -> &mut v1::Child {
    &mut form(request).children[0]
}

fn registration(request: &mut v1::SubmitApplicationRequest) -> &mut v1::BirthRegistration {
    child(request).registration.as_mut().expect("given")
}

fn hand_over(request: &mut v1::SubmitApplicationRequest) -> &mut v1::HandOver {
    form(request).hand_over.as_mut().expect("given")
}

fn swap_last(number: &mut String) {
    let last = number.pop();
    number.push(if last == Some('1') { '2' } else { '1' });
}

fn future_id() -> String {
    let area = identifiers::AreaCode::parse("340104").expect("an area");
    let born = jiff::civil::date(2027, 1, 1);
    identifiers::synthetic::citizen_id_of(&area, born, identifiers::Sex::Female, 1).as_str().to_owned()
}

fn twins(request: &mut v1::SubmitApplicationRequest, second: u32) {
    let mut other = child(request).clone();
    other.order = second;
    form(request).children.push(other);
}

fn nine(request: &mut v1::SubmitApplicationRequest) {
    let one = child(request).clone();
    form(request).children = (1..=9).map(|order| v1::Child { order, ..one.clone() }).collect();
}

/// Whoever looks up the code of a violation would find nothing.
#[test]
fn every_code_of_a_violation_is_explained() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let page = std::fs::read_to_string(folder.join("YJ-0201.md")).expect("the page");
    let sources = [
        include_str!("../form.rs"),
        include_str!("birth.rs"),
        include_str!("child.rs"),
        include_str!("correction.rs"),
        include_str!("general.rs"),
        include_str!("needed.rs"),
    ];
    let quoted = sources.iter().flat_map(|source| source.split('"'));
    let codes = quoted.filter(|text| ["YJ-FORM-", "FRM-", "POL-", "PACK-"].iter().any(|code| text.starts_with(code)));
    let mut count = 0;
    for code in codes {
        count += 1;
        // Of a range the page names the ends.
        assert!(page.contains(&format!("`{code}`")) || code == "PACK-002", "{code} is not explained");
    }
    assert!(count > 20, "{count}");
}
