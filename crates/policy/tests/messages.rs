//! The catalogue of messages: each text's length, what is refused in one, and when it may go out.

use std::sync::Arc;

use identifiers::LocalMinute;
use policy::{
    Pack, Packs, Problems,
    message::{self, ComposeError, Moment, Occasion, Provider, forbidden::Forbidden},
};
use serde_json::{Value, json};

fn pack(name: &str) -> Arc<Pack> {
    Arc::clone(Packs::shipped().get(name).expect("shipped"))
}

/// Every text of the catalogue with the pack that has it, and its length as the catalogue's table says it: UTF-16 units
/// with the signature and usual values, and segments.
const CATALOGUE: [(&str, &str, usize, usize); 35] = [
    ("N01", "anhui-2024", 63, 1),
    ("N02", "anhui-2024", 69, 1),
    ("N03", "anhui-2024", 66, 1),
    ("N04", "anhui-2024", 61, 1),
    ("N05", "anhui-2024", 58, 1),
    ("N06", "anhui-2024", 53, 1),
    ("N07", "anhui-2024", 62, 1),
    ("N08", "anhui-2024", 61, 1),
    // The place that the family chose, in three characters, where the catalogue has room for the name of a town.
    ("N09", "anhui-2024", 39, 1),
    ("N10", "anhui-2024", 67, 1),
    ("N11", "anhui-2024", 44, 1),
    ("N12", "anhui-2024", 53, 1),
    ("N13", "anhui-2024", 123, 2),
    ("N14a", "shanxi-2026", 54, 1),
    ("N14b", "shanxi-2025", 56, 1),
    ("N15", "anhui-2024", 68, 1),
    ("N16", "anhui-2024", 68, 1),
    ("N17", "anhui-2024", 33, 1),
    ("N18", "anhui-2024", 64, 1),
    ("N19", "anhui-2024", 38, 1),
    ("N20", "anhui-2024", 51, 1),
    ("N21", "anhui-2024", 56, 1),
    ("N22", "anhui-2024", 47, 1),
    ("N23", "anhui-2024", 59, 1),
    ("N24", "anhui-2024", 57, 1),
    ("N25", "anhui-2024", 41, 1),
    ("N26", "anhui-2024", 49, 1),
    ("N27", "anhui-2024", 48, 1),
    ("N28", "anhui-2024", 46, 1),
    ("N29", "anhui-2024", 42, 1),
    ("N30", "anhui-2024", 52, 1),
    ("O01", "anhui-2024", 51, 1),
    ("O02", "anhui-2024", 47, 1),
    ("O03", "anhui-2024", 38, 1),
    ("O04", "anhui-2024", 34, 1),
];

/// A budget for messages would otherwise be made for half of what is sent.
///
/// Table 4.2, all rows, and 4.1 for N13.
#[test]
fn every_text_is_as_long_as_the_catalogue_says() {
    for (id, name, units, segments) in CATALOGUE {
        let pack = pack(name);
        let template = pack.messages.get(id).unwrap_or_else(|| panic!("{name} has no {id}"));
        let lengths = message::lengths(template, "皖事通");
        let parts = if lengths.typical <= message::UNITS_ALONE_MAX {
            1
        } else {
            lengths.typical.div_ceil(message::UNITS_PER_PART_MAX)
        };
        assert_eq!((lengths.typical, parts), (units, segments), "{id} {}", template.text);
        assert!(lengths.longest >= lengths.typical, "{id}");
    }
}

/// A message that is one in the plan would otherwise be charged and arrive as several without anybody having known.
#[test]
fn the_checker_knows_the_longest_of_each() {
    let anhui = pack("anhui-2024");
    let of = |wanted: &str| {
        let found = anhui.message_lengths().find(|(template, _)| &*template.id == wanted);
        let (_, lengths) = found.expect("in the catalogue");
        (lengths.typical, lengths.longest, lengths.segments)
    };
    assert_eq!(of("N13"), (123, 145, 3));
    assert_eq!(of("N29"), (42, 42, 1));
    assert_eq!(of("N17"), (33, 35, 1));
    assert_eq!(anhui.message_lengths().count(), 38);
    for (template, lengths) in anhui.message_lengths() {
        assert!(lengths.segments <= 3, "{}: {lengths:?}", template.id);
    }
}

/// A mother with a rare character in her name would otherwise read half of it at the end of one part.
#[test]
fn a_rare_name_counts_two_units_and_is_not_split() {
    let anhui = pack("anhui-2024");
    let rare = "𠀀".repeat(25);
    let facts = json!({"mother": {"name": rare, "phone": "15400000002"}});
    let composed = message::compose(&anhui, "N13", &facts).expect("a template").expect("all facts");
    let text = composed["text"].as_str().expect("a text");
    assert_eq!((message::units(text), &composed["segments"]), (170, &json!(3)));
    assert_eq!(message::segments(text).concat(), text);
}

fn minute(text: &str) -> LocalMinute {
    LocalMinute::parse(text).expect("a minute")
}

/// A family would otherwise be woken at night by a message that could wait, or wait for one that cannot.
#[test]
fn nothing_goes_out_from_nine_in_the_evening_to_eight_in_the_morning_but_what_is_urgent() {
    let anhui = pack("anhui-2024");
    for (now, urgent, sent_today, goes) in [
        ("2026-11-22T20:59", false, 0, "2026-11-22T20:59"),
        ("2026-11-22T21:00", false, 0, "2026-11-23T08:00"),
        ("2026-11-22T23:59", false, 0, "2026-11-23T08:00"),
        ("2026-12-31T22:00", false, 0, "2027-01-01T08:00"),
        ("2026-11-22T00:00", false, 0, "2026-11-22T08:00"),
        ("2026-11-22T07:59", false, 0, "2026-11-22T08:00"),
        ("2026-11-22T08:00", false, 0, "2026-11-22T08:00"),
        ("2026-11-22T03:00", true, 0, "2026-11-22T03:00"),
        // The tenth of a day still goes, the eleventh the next morning, the urgent one whatever was sent.
        ("2026-11-22T10:00", false, 9, "2026-11-22T10:00"),
        ("2026-11-22T10:00", false, 10, "2026-11-23T08:00"),
        ("2026-11-22T22:00", false, 10, "2026-11-23T08:00"),
        ("2026-11-22T10:00", true, 50, "2026-11-22T10:00"),
    ] {
        let found = message::not_before(&anhui, &minute(now), urgent, sent_today);
        assert_eq!(found.as_str(), goes, "{now} urgent: {urgent}, sent: {sent_today}");
    }
}

// ── What is refused when a pack is read ──────────────────────────────────────────────────────────────────────────────

const HEADER: &str = r#"
name          = "test"
title         = "测试"
version       = "1"
form          = "birth"
departments   = ["health", "sms"]
sms_signature = "测试"
sources       = ["测试"]
[selector]
areas = ["34"]
[items.certificate]
zh     = "证明"
en     = "certificate"
source = "条"
"#;

const SAGA: &str = r#"
[[step]]
name      = "certificate"
title     = "证明"
performer = "health"
command   = "Issue"
kind      = "pivot"
gives     = ["number", "issuer"]
source    = "条"
"#;

/// A message of this text, its variables on the seventh line.
fn texts(text: &str, variables: &str) -> String {
    format!(
        "[[message]]\nid = \"T1\"\ntitle = \"测试\"\nto = \"applicant\"\nwhen = [\"certificate.succeeded\"]\n\
         text = \"{text}\"\nvariables = [{variables}]\nsource = \"条\"\n"
    )
}

fn read(messages: &str) -> Result<Pack, Vec<String>> {
    let files = [("pack.toml", HEADER), ("saga.toml", SAGA), ("messages.toml", messages), ("law.toml", "")];
    Pack::parse(&files).map_err(|Problems(found)| found.iter().map(ToString::to_string).collect())
}

fn problems(messages: &str) -> Vec<String> {
    read(messages).err().unwrap_or_default()
}

/// A pack could otherwise send the child's name, an ID number or the hospital to whoever has the telephone now.
///
/// Table 2.13 X18, and design rule 4 of 4.2.
#[test]
fn a_pack_that_names_a_forbidden_fact_is_refused_with_its_line_and_cure() {
    for (path, word) in [
        ("child.name", "孩子的姓名"),
        ("children", "孩子的姓名"),
        ("mother.id_number", "身份证件号码"),
        ("father.id_number", "身份证件号码"),
        ("child.facility_name", "医疗机构名称"),
        ("certificate.issuer", "医疗机构名称"),
        ("delivery.record", "诊断或分娩信息"),
        ("certificate.diagnosis", "诊断或分娩信息"),
        ("marriage.spouse_name", "婚姻信息"),
        ("marriage-licence.licence", "婚姻信息"),
        ("child.card.account", "完整账号"),
        ("certificate.number", "证照、户口簿或参保编号"),
        ("registration.household_number", "证照、户口簿或参保编号"),
        ("enrolment.person_number", "证照、户口簿或参保编号"),
        ("mother.phone", "住址、电话或家庭成员姓名"),
        ("mother.household_address", "住址、电话或家庭成员姓名"),
    ] {
        let found = problems(&texts(
            "关于{x}的通知",
            &format!(r#"{{ mark = "{{x}}", kind = "text(max=20)", path = "{path}" }}"#),
        ));
        let told = found.iter().find(|problem| problem.contains(word)).unwrap_or_else(|| panic!("{path}: {found:#?}"));
        assert!(told.starts_with("messages.toml:7: ") && told.contains(path) && told.contains("登录查看"), "{told}");
    }
    for text in ["证件号码11010119900307002X", "账号6222 0210 0112 2334 455", "请到样例妇幼保健院", "因离婚不能办理"]
    {
        let found = problems(&texts(text, ""));
        assert!(found.len() == 1 && found[0].starts_with("messages.toml:6: "), "{text}: {found:#?}");
    }
}

/// A mistyped variable, step or kind would otherwise be found when a family is not told.
#[test]
fn what_a_text_names_must_be_there() {
    let found = |text: &str, variables: &str| problems(&texts(text, variables));
    for (text, variables, line, word) in [
        ("关于{x}的通知", "", 6, "unknown variable `{x}`"),
        ("通知", r#"{ mark = "{x}", kind = "name", path = "mother.name" }"#, 7, "the text has no `{x}`"),
        ("关于{x}", r#"{ mark = "{x}", kind = "nmae", path = "mother.name" }"#, 7, "does not know `nmae`"),
        (
            "关于{x}",
            r#"{ mark = "{x}", kind = "text(max=a)", path = "mother.name" }"#,
            7,
            "does not know `text(max=a)`",
        ),
        (
            "关于{x}",
            r#"{ mark = "{x}", kind = "text(max=99999999999999)", path = "mother.name" }"#,
            7,
            "does not know `text(max=99999999999999)`",
        ),
        ("关于{x}", r#"{ mark = "{x}", kind = "name" }"#, 7, "neither `path` nor `value`"),
        ("关于{x}", r#"{ mark = "{x}", kind = "name", path = "mohter.name" }"#, 7, "no such fact: `mohter.name`"),
        ("关于{x}", r#"{ mark = "{x}", kind = "name", path = "certificate.nubmer" }"#, 7, "no such fact"),
        ("关于{x}", r#"{ mark = "{x}", kind = "case-number", path = "mother.phone" }"#, 7, "`occasion.case_number`"),
        (
            "关于{x}",
            r#"{ mark = "{x}", kind = "reason-class", path = "occasion.reason_code" }"#,
            7,
            "classes of reasons",
        ),
        (
            "关于{x}",
            r#"{ mark = "{x}", kind = "department", path = "occasion.department" }"#,
            7,
            "names of departments",
        ),
        ("关于{x}", r#"{ mark = "{x}", kind = "word", path = "mother.name" }"#, 7, "`words`"),
    ] {
        let found = found(text, variables);
        let told = found.iter().any(|told| told.starts_with(&format!("messages.toml:{line}: ")) && told.contains(word));
        assert!(told, "{text} {variables}: {found:#?}");
    }
    for (when, word) in [
        ("certificat.succeeded", "unknown step `certificat`"),
        ("certificate.succeded", "unknown occasion"),
        ("ended.happily", "unknown occasion"),
    ] {
        let found = problems(&texts("通知", "").replace("certificate.succeeded", when));
        assert!(found.len() == 1 && found[0].starts_with("messages.toml:5: ") && found[0].contains(word), "{found:#?}");
    }
    let departments = problems(&format!("[departments]\npolcie = \"公安\"\n{}", texts("通知", "")));
    assert!(departments[0].contains("unknown department `polcie`"), "{departments:#?}");
    assert_eq!(found("通知", ""), [""; 0]);
}

/// A text that no provider registers would otherwise be found on the day it is to be sent.
#[test]
fn the_limits_of_the_providers_are_problems() {
    let name = |at: usize| format!(r#"{{ mark = "{{n{at}}}", kind = "name", path = "mother.name" }}"#);
    let many: Vec<usize> = (0..21).collect();
    let marks: String = many.iter().map(|at| format!("{{n{at}}},")).collect();
    let all: Vec<String> = many.iter().map(|at| name(*at)).collect();
    let long = r#"{ mark = "{x}", kind = "text(max=36)", path = "occasion.topic" }"#;
    for (text, variables, word) in [
        ("通知【签名】".to_owned(), String::new(), "【"),
        ("通知★".to_owned(), String::new(), "★"),
        ("{n0}{n1}".to_owned(), [name(0), name(1)].join(","), "side by side"),
        (marks, all.join(","), "more than 20 variables"),
        ("关于{x}".to_owned(), long.to_owned(), "36"),
        ("长".repeat(501), String::new(), "at most 500"),
    ] {
        let found = problems(&texts(&text, &variables));
        assert!(found.iter().any(|told| told.starts_with("messages.toml:6: ") && told.contains(word)), "{found:#?}");
    }
    assert_eq!(problems(&texts("{n0},{n1}", &[name(0), name(1)].join(","))), [""; 0]);
}

/// A template registered with a provider would otherwise be filled with the wrong values.
#[test]
fn each_provider_is_given_its_own_form_of_one_text() {
    let anhui = pack("anhui-2024");
    let form = |id: &str, provider| message::provider_form(&anhui.messages[id], provider);
    assert_eq!(
        form("N27", Provider::Aliyun),
        "您申请更正的${item}信息已更正,相关部门数据将同步更新,请登录${portal}核对。"
    );
    assert_eq!(form("N27", Provider::Tencent), "您申请更正的{1}信息已更正,相关部门数据将同步更新,请登录{2}核对。");
    assert_eq!(form("N27", Provider::Huawei), "您申请更正的${1}信息已更正,相关部门数据将同步更新,请登录${2}核对。");
    assert_eq!(form("N27", Provider::Plain), &*anhui.messages["N27"].text);
    assert!(form("N13", Provider::Aliyun).starts_with("${name}先生(女士),"));
    assert!(form("N13", Provider::Tencent).starts_with("{1}先生(女士),"));

    let facts = json!({
        "mother": {"phone": "15400000002"},
        "occasion": {"item": "birth-registration", "key": "N27:corrected#1"},
    });
    let composed = message::compose(&anhui, "N27", &facts).expect("a template").expect("all facts");
    assert_eq!(
        composed["parameters"],
        json!([
            {"name": "item", "value": "出生登记"},
            {"name": "portal", "value": "皖事通APP"},
        ])
    );
    assert_eq!(composed["providers"]["tencent"], form("N27", Provider::Tencent).as_str());
    assert_eq!((&composed["to"], &composed["key"]), (&json!("applicant"), &json!("N27:corrected#1")));
    assert_eq!(composed["channels"], json!(["app", "sms"]));
}

// ── What is refused when a text is filled in ─────────────────────────────────────────────────────────────────────────

/// A text into which anything may be filled.
fn open() -> Pack {
    let variables = r#"{ mark = "{x}", kind = "text(max=30)", path = "occasion.topic" }, { mark = "{n}", kind = "name", path = "mother.name" }"#;
    read(&texts("{n}您好,祝孩子成长,关于{x}请登录查看", variables)).unwrap_or_else(|found| panic!("{found:#?}"))
}

fn said(topic: &str) -> Result<Value, ComposeError> {
    let facts = json!({
        "mother": {"name": "测试安", "phone": "15400000002"},
        "child": {"name": "测试宝宝", "facility_name": "样例妇幼保健院"},
        "children": [{"name": "测试宝宝"}, {"name": "测试贝贝"}],
        "certificate": {"issuer": "样例第二医院"},
        "occasion": {"topic": topic},
    });
    message::compose(&open(), "T1", &facts).expect("a template")
}

/// A department's answer, copied into a text, would otherwise tell a stranger what only the family may know.
///
/// Table 2.13 X18.
#[test]
fn a_filled_in_text_that_says_what_is_forbidden_is_not_sent() {
    for (topic, what) in [
        ("测试宝宝的参保登记", Forbidden::ChildName),
        ("测试 贝贝的参保登记", Forbidden::ChildName),
        ("样例妇幼保健院的记录", Forbidden::Hospital),
        ("样例第二医院的记录", Forbidden::Hospital),
        ("证件34010420260930002X", Forbidden::IdNumber),
        ("证件340104202609300022号", Forbidden::IdNumber),
        ("账号6222021001122334455", Forbidden::Account),
        ("账号6222 0210 0112", Forbidden::Account),
    ] {
        assert_eq!(said(topic), Err(ComposeError::Forbidden { what }), "{topic}");
    }
    assert!(said("参保登记").is_ok());
    // The words of an error are no leak either.
    let refused = said("测试宝宝的参保登记").expect_err("refused");
    assert_eq!(refused.to_string(), "a message may not contain 孩子的姓名 the child's name");
}

/// A child called as a text's own words are would otherwise never have its family told anything.
#[test]
fn a_child_named_like_the_texts_own_words_stops_nothing() {
    let facts = json!({
        "mother": {"name": "成长安", "phone": "15400000002"},
        "child": {"name": "成长"},
        "occasion": {"topic": "参保登记"},
    });
    assert!(message::compose(&open(), "T1", &facts).expect("a template").is_ok());
    let mut named = facts;
    named["occasion"]["topic"] = json!("成长的参保登记");
    assert!(message::compose(&open(), "T1", &named).expect("a template").is_err());
}

/// A value too long for its place would otherwise be cut by a network in the middle of a word.
#[test]
fn a_value_that_does_not_fit_is_named_and_not_sent() {
    let facts = json!({"mother": {"name": "测试安", "phone": "15400000002"}, "occasion": {"topic": "长".repeat(31)}});
    let refused = message::compose(&open(), "T1", &facts).expect("a template").expect_err("refused");
    assert_eq!(refused, ComposeError::Unfit { paths: vec!["occasion.topic".into()] });
}

/// The first words of a family's messages would otherwise differ from what was agreed: each text, with the facts of its
/// occasion, letter by letter.
#[test]
fn texts_are_filled_in_as_people_write() {
    let anhui = pack("anhui-2024");
    let text = |id: &str, facts: Value| {
        let composed = message::compose(&anhui, id, &facts).expect("a template");
        composed.unwrap_or_else(|error| panic!("{id}: {error}"))["text"].as_str().expect("a text").to_owned()
    };
    let family = |occasion: Value| {
        json!({
            "mother": {"name": "测试安", "phone": "15400000002"},
            "father": {"name": "测试平", "phone": "15400000003"},
            "hand_over": {"certificate": "mail"},
            "payment-deadlines": {"on_time_nominal": "2026-11-30", "on_time_until": "2026-11-30"},
            "benefit-window": {"start_on": "2026-09-01"},
            "refund-payment": {"amount_fen": 40_000},
            "maternity-payment": {"amount_fen": 312_050, "account_tail": "1234"},
            "occasion": occasion,
        })
    };
    assert_eq!(
        text("N01", family(json!({"case_number": "AH20260930000001"}))),
        "【皖事通】您申请的新生儿出生“一件事”已提交,办件编号AH20260930000001。可登录皖事通APP查看各环节审核结果。"
    );
    assert_eq!(
        text("N02", family(json!({"reason_code": "PRE-106"}))),
        "【皖事通】您的新生儿出生“一件事”申请未通过验证,原因:有关信息核验不一致,请登录查看。可更正后重提,或到各部门窗口线下办理。"
    );
    assert_eq!(
        text("N03", family(json!({"deadline": "2026-09-30T23:59"}))),
        "【皖事通】测试安正在申请新生儿出生“一件事”,需您本人授权确认。请于2026年9月30日前登录皖事通APP办理,如非本人事项请忽略。"
    );
    assert!(text("N06", family(json!({}))).contains("领取方式:邮寄。"));
    assert_eq!(
        text("N16", family(json!({}))),
        "【皖事通】孩子出生满90天为2026年11月30日,当日前缴纳居民医保费,可自出生之日起享受待遇。渠道:皖事通APP“城乡居民两险缴费”。"
    );
    assert_eq!(text("N17", family(json!({}))), "【皖事通】孩子的居民医保缴费成功,待遇自2026年9月1日起享受。");
    assert_eq!(text("N19", family(json!({}))), "【皖事通】居民医保重复缴费400.00元已提交退款,将原路退回,请留意到账。");
    assert_eq!(
        text("N20", family(json!({}))),
        "【皖事通】经查询,您本次生育医疗费用已在定点医疗机构直接结算,无需另行申请,明细可在皖事通APP查看。"
    );
    assert_eq!(
        text("N21", family(json!({}))),
        "【皖事通】您的生育医疗费用发生在统筹区外,请在皖事通APP申请并将原始材料递交医保经办窗口,或携材料到窗口办理。"
    );
    assert_eq!(
        text("N22", family(json!({}))),
        "【皖事通】生育待遇已核定,金额3120.50元,将发放至您的社会保障卡金融账户(尾号1234)。"
    );
    assert_eq!(
        text("N23", family(json!({}))),
        "【皖事通】生育待遇发放未成功,请于规定时限前登录皖事通APP核对社会保障卡金融账户状态,更新后将重新发放。"
    );
    assert_eq!(
        text("N24", family(json!({"reason_code": "MAT-1104"}))),
        "【皖事通】生育待遇未予支付,原因:有关信息核验不一致,请登录查看。告知书可在皖事通APP查看,如有异议可申请重核。"
    );
    assert_eq!(
        text("N27", family(json!({}))),
        "【皖事通】您申请更正的登记信息已更正,相关部门数据将同步更新,请登录皖事通APP核对。"
    );
    assert_eq!(
        text(
            "O02",
            json!({"occasion": {"item": "birth-registration", "case_number": "AH20260930000001", "department": "police"}})
        ),
        "【皖事通】出生登记办件AH20260930000001已超期,责任单位公安机关,请督办。"
    );
}

/// A family would otherwise hear nothing where a department named no reason, or the law no day.
#[test]
fn what_nobody_said_is_told_in_general_words() {
    let anhui = pack("anhui-2024");
    let told = |id: &str, occasion: Value, words: &str| {
        let facts = json!({"mother": {"name": "测试安", "phone": "15400000002"}, "occasion": occasion});
        let composed = message::compose(&anhui, id, &facts).expect("a template");
        let text = composed.unwrap_or_else(|error| panic!("{id}: {error}"))["text"].to_string();
        assert!(text.contains(words), "{id}: {text}");
    };
    told("N02", json!({}), "原因:有关信息核验不一致,请登录查看。");
    told("N07", json!({"reason_code": "HLT-101"}), "请于规定时限前登录");
    told("N30", json!({}), "另有若干项需线下办理");
    // The public id of a case stands in for a printed number, long as it is.
    told(
        "N01",
        json!({"case_number": "0192f3a4b5c67d8e9f0123456789abcd"}),
        "办件编号0192f3a4b5c67d8e9f0123456789abcd。",
    );
}

/// A condition that is not read would send both of two texts, or neither.
#[test]
fn conditions_on_facts_choose_between_texts() {
    let with = |id: &str, condition: &str| {
        texts("通知", "").replace("T1", id).replace("source =", &format!("if = [{condition}]\nsource ="))
    };
    let messages = [
        with("T1", r#"{ path = "certificate.number", is = "fiscal" }"#),
        with("T2", r#"{ path = "certificate.number", not = "fiscal" }"#),
        with("T3", r#"{ path = "certificate.number", is = true }"#),
    ];
    let pack = read(&messages.concat()).unwrap_or_else(|found| panic!("{found:#?}"));
    let due = |facts: Value| {
        let occasion = Occasion::new(Moment::Succeeded, Some("certificate"));
        message::due(&pack, &occasion, &facts).into_iter().map(|due| due.template.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(due(json!({"certificate": {"number": "fiscal"}})), ["T1"]);
    assert_eq!(due(json!({"certificate": {"number": "family"}})), ["T2"]);
    assert_eq!(due(json!({"certificate": {"number": true}})), ["T2", "T3"]);
    assert_eq!(due(json!({})), ["T2"]);
    let found = problems(&with("T1", r#"{ path = "certificate.number" }"#));
    assert!(found.len() == 1 && found[0].contains("what a fact is"), "{found:#?}");
}
