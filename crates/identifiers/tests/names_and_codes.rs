//! Stories of names, codes, phones and times of birth.
#![allow(clippy::unwrap_used)]

use identifiers::{
    AreaCode, CitizenId, Ethnicity, LocalMinute, PersonName, Phone, Relation, Sex, Violation, normalise_for_comparison,
};

/// The code of the violation, or `ok`.
fn code<T>(parsed: Result<T, Violation>) -> &'static str {
    parsed.map_or_else(|violation| violation.code, |_| "ok")
}

#[test]
fn names_with_rare_characters_are_names() {
    // Otherwise a child could not be given the character that its family chose and the register can hold.
    let longest = "王".repeat(50);
    let twenty_five = "䶮".repeat(25); // 民委发〔2016〕33号: 25 Hanzi
    let with_separator = format!("{}·{}", "王".repeat(24), "𬭩".repeat(25));
    for name in [
        "王小明",
        "王",
        "𬭩",
        "䶮",
        "阿依古丽·买买提",
        "王〇一",
        &twenty_five,
        &with_separator,
        "\u{FA0E}",
        "\u{FA29}",
        "\u{9FFF}",
        "\u{2EBF0}",
        "\u{323AF}",
        &longest,
    ] {
        assert_eq!(PersonName::parse(name).unwrap().as_str(), name, "{name}");
    }
}

#[test]
fn what_another_system_could_not_read_back_is_no_name() {
    // Otherwise a card or certificate would be printed with a box, a blank or another character in a child's name.
    let too_long = "王".repeat(51);
    let huge = "王".repeat(2_000_000);
    for (name, expected) in [
        ("", "NM-001"),
        (too_long.as_str(), "NM-001"),
        (huge.as_str(), "NM-001"),
        ("Wang", "NM-002"),
        ("王 明", "NM-002"),
        ("王　明", "NM-002"),
        ("王1", "NM-002"),
        ("王１", "NM-002"),
        ("王😀", "NM-002"),
        ("王\u{E000}", "NM-002"),
        ("王\u{F0000}", "NM-002"),
        ("王\u{2A6E0}", "NM-002"),  // unassigned, between two blocks
        ("王\u{FE00}", "NM-002"),   // variation selector
        ("王\u{202E}明", "NM-002"), // turns the writing direction
        ("⺩", "NM-002"),           // a radical, not an ideograph
        ("王\u{F900}", "NM-003"),
        ("王\u{FA10}", "NM-003"),
        ("王\u{2F800}", "NM-003"),
        ("·王", "NM-004"),
        ("王·", "NM-004"),
        ("王··明", "NM-004"),
        ("·", "NM-004"),
        ("王•明", "NM-005"),
        ("王．明", "NM-005"),
    ] {
        assert_eq!(code(PersonName::parse(name)), expected, "{:?}", name.chars().take(5).collect::<String>());
    }
}

#[test]
fn the_same_name_from_two_systems_matches_and_another_does_not() {
    // Otherwise a father would be refused for the dot that his marriage register uses, or a stranger accepted.
    let name = PersonName::parse("阿依古丽·买买提").unwrap();
    for spelling in ["阿依古丽•买买提", "阿依古丽．买买提", " 阿依古丽 · 买买提\u{3000}"] {
        assert!(name.matches(spelling), "{spelling}");
    }
    assert!(!name.matches("阿依古丽买买提"));
    assert_eq!(normalise_for_comparison("\u{F900}"), "\u{8C48}");
    assert_ne!(normalise_for_comparison("王𬭩"), normalise_for_comparison("王𬭚"));
    assert_ne!(normalise_for_comparison("王𬭩"), normalise_for_comparison("王"));
}

#[test]
fn personal_values_are_masked_where_programs_print_them() {
    // Otherwise one careless log line would publish who had a child, when, and how to call them.
    assert_eq!(format!("{:?}", PersonName::parse("王小明").unwrap()), "PersonName(王**)");
    assert_eq!(format!("{:?}", PersonName::parse("王").unwrap()), "PersonName(*)");
    assert_eq!(format!("{:?}", Phone::parse("13812341234").unwrap()), "Phone(138****1234)");
    assert_eq!(format!("{:?}", LocalMinute::parse("2026-01-01T08:30").unwrap()), "LocalMinute(***)");
}

#[test]
fn a_phone_is_a_mobile_number() {
    // Otherwise the family would never learn that a task waits for them.
    assert_eq!(Phone::parse("13812341234").unwrap().as_str(), "13812341234");
    for wrong in ["", "1381234123", "138123412345", "12812341234", "23812341234", "+8613812341", "138 1234123"] {
        assert_eq!(code(Phone::parse(wrong)), "PH-001", "{wrong}");
    }
}

#[test]
fn each_ethnicity_has_the_code_of_its_standard() {
    // Otherwise a child of one people would be registered as of another. GB/T 3304, codes 01 to 56 in order, 97, 98.
    const NAMES: &str = "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 \
        纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京 \
        塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺 其他 外国血统";
    let codes = (1..=56).chain([97, 98]);
    for (code, name) in codes.zip(NAMES.split_whitespace()) {
        assert_eq!(Ethnicity::parse(&format!("{code:02}")).unwrap().name_zh(), name, "{code}");
    }
    assert_eq!(NAMES.split_whitespace().count(), 58);
}

#[test]
fn codes_are_those_of_their_standards() {
    // Otherwise a child would be registered with an ethnicity, sex or relation that no department knows.
    assert_eq!(Ethnicity::parse("01").unwrap().name_zh(), "汉");
    assert_eq!(Ethnicity::parse("56").unwrap().name_zh(), "基诺");
    assert_eq!(Ethnicity::parse("98").unwrap().name_zh(), "外国血统");
    let known = (0..100).filter(|number| Ethnicity::parse(&format!("{number:02}")).is_ok()).count();
    assert_eq!(known, 58);
    for wrong in ["00", "57", "96", "99", "1", "001", "汉"] {
        assert_eq!(code(Ethnicity::parse(wrong)), "ET-001", "{wrong}");
    }

    assert_eq!(Sex::parse("1").unwrap(), Sex::Male);
    assert_eq!(Sex::parse("2").unwrap().name_zh(), "女");
    for wrong in ["0", "9", "男", ""] {
        assert_eq!(code(Sex::parse(wrong)), "SX-001", "{wrong}");
    }

    let area = AreaCode::parse("340104").unwrap();
    assert_eq!((area.province(), area.city(), area.province_name_zh()), ("34", "3401", "安徽省"));
    assert_eq!(code(AreaCode::parse("34010")), "AR-001");
    assert_eq!(code(AreaCode::parse("34010a")), "AR-001");
    assert_eq!(code(AreaCode::parse("990104")), "AR-002");
    assert_eq!(code(AreaCode::parse("830000")), "AR-002"); // residence permits only, no area
}

#[test]
fn a_newborn_is_a_child_or_grandchild_of_the_head_of_the_household() {
    // Otherwise a newborn could be registered as somebody's husband.
    let accepted: Vec<_> =
        (0..100).map(|number| format!("{number:02}")).filter(|text| Relation::parse(text).is_ok()).collect();
    assert_eq!(accepted.len(), 26);
    assert_eq!((accepted.first().unwrap().as_str(), accepted.last().unwrap().as_str()), ("20", "49"));
    for wrong in ["01", "02", "10", "28", "38", "45", "46", "50", "99"] {
        assert_eq!(code(Relation::parse(wrong)), "RE-002", "{wrong}");
    }
    assert_eq!(code(Relation::parse("2")), "RE-001");

    for (text, sex) in [("22", Some(Sex::Male)), ("32", Some(Sex::Female)), ("43", Some(Sex::Male)), ("40", None)] {
        assert_eq!(Relation::parse(text).unwrap().sex(), sex, "{text}");
    }
}

#[test]
fn a_time_of_birth_is_beijing_time_to_the_minute() {
    // Otherwise a birth around midnight would fall on the wrong day, and in the wrong year of insurance.
    let minute = LocalMinute::parse("2026-01-01T00:30").unwrap();
    assert_eq!(minute.to_timestamp().to_string(), "2025-12-31T16:30:00Z");
    assert_eq!(minute.date().to_string(), "2026-01-01");
    assert_eq!(LocalMinute::from_timestamp("2025-12-31T16:30:59Z".parse().unwrap()), minute);
    for (text, expected) in [
        ("2026-01-01", "TM-001"),
        ("2026-01-01 00:30", "TM-001"),
        ("2026-01-01T00:30:00", "TM-001"),
        ("2026-01-01T00:30Z", "TM-001"),
        ("2026-1-01T000:30", "TM-001"),
        ("2026-02-30T00:30", "TM-002"),
        ("2026-01-01T24:00", "TM-002"),
        ("2026-01-01T23:60", "TM-002"),
        ("1899-12-31T23:59", "TM-004"),
        ("1900-01-01T00:00", "ok"),
        ("0000-01-01T00:00", "TM-004"),
        ("2999-12-31T23:59", "ok"),
        ("9999-12-30T00:00", "TM-004"),
    ] {
        let parsed = LocalMinute::parse(text);
        if let Ok(minute) = &parsed {
            minute.to_timestamp();
        }
        assert_eq!(code(parsed), expected, "{text}");
    }
}

#[test]
fn a_birth_in_the_future_is_refused() {
    // Otherwise a certificate could be asked for before there is a child.
    let minute = LocalMinute::parse("2026-01-01T00:30").unwrap();
    assert!(minute.clone().not_after("2025-12-31T16:30:00Z".parse().unwrap()).is_ok());
    assert_eq!(code(minute.not_after("2025-12-31T16:29:59Z".parse().unwrap())), "TM-003");
}

#[test]
fn what_is_read_from_json_is_checked_like_what_is_typed() {
    // Otherwise a stored or transmitted value would carry a proof that nobody made.
    let id: CitizenId = serde_json::from_str("\"11010519491231002X\"").unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"11010519491231002X\"");
    assert_eq!(serde_json::to_string(&Ethnicity::parse("05").unwrap()).unwrap(), "\"05\"");

    let refused = serde_json::from_str::<CitizenId>("\"110105194912310021\"").unwrap_err().to_string();
    assert!(refused.contains("ID-008") && !refused.contains("1949"), "{refused}");
    assert!(serde_json::from_str::<Sex>("\"3\"").is_err());
    assert!(serde_json::from_str::<PersonName>("\"\"").is_err());
}
