//! Stories of numbers with check characters: what is accepted, what is refused, and that no typing error passes.
#![allow(clippy::unwrap_used)]

use identifiers::{AreaCode, CertificateNumber, CitizenId, CreditCode, ELicenceId, Sex, synthetic};
use jiff::civil::date;
use proptest::prelude::*;

const CREDIT_CODES: [&str; 3] = ["91350100M000100Y43", "11100000000013338W", "11100000MB03271699"];

const E_LICENCES: [&str; 3] = [
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
];

/// The code of the violation, or `ok`.
fn citizen_id(text: &str) -> &'static str {
    CitizenId::parse(text).map_or_else(|violation| violation.code, |_| "ok")
}

#[test]
fn a_citizen_id_number_is_accepted_and_says_what_it_states() {
    // Otherwise a family with a right number would be turned away, or a child registered with the wrong sex or date.
    let boy = CitizenId::parse("340104202601010015").unwrap();
    assert_eq!(boy.as_str(), "340104202601010015");
    assert_eq!((boy.area(), boy.birth_date(), boy.sex()), ("340104", date(2026, 1, 1), Sex::Male));

    let girl = CitizenId::parse("11010519491231002X").unwrap();
    assert_eq!((girl.area(), girl.birth_date(), girl.sex()), ("110105", date(1949, 12, 31), Sex::Female));

    for valid in ["140105202512310023", "140826202602280032", "340104202601010023"] {
        assert_eq!(citizen_id(valid), "ok", "{valid}");
    }
}

#[test]
fn each_fault_of_a_citizen_id_number_has_its_own_code() {
    // Otherwise a parent would be told to look for the wrong mistake.
    for (text, code) in [
        ("", "ID-001"),
        ("34010420260101001", "ID-001"),
        ("3401042026010100155", "ID-001"),
        ("34010420260101安5", "ID-002"), // 18 bytes, fewer characters
        ("340104202601O10015", "ID-002"),
        ("34010420260101001Y", "ID-002"),
        ("X40104202601010015", "ID-002"),
        ("11010519491231002x", "ID-003"),
        ("000104202601010015", "ID-004"),
        ("990104202601010015", "ID-004"),
        ("340104202602300013", "ID-005"),
        ("340104202513010013", "ID-005"),
        ("340104202500010013", "ID-005"),
        ("340104189912310019", "ID-006"),
        ("14100020260101001X", "ID-008"),
        ("340104202601010016", "ID-008"),
        ("110105194912310021", "ID-008"),
    ] {
        assert_eq!(citizen_id(text), code, "{text}");
    }
}

#[test]
fn somebody_born_tomorrow_has_no_number_today() {
    // Otherwise an application could be made for, or by, somebody not born yet.
    let text = "340104202601010015";
    assert!(CitizenId::parse_not_after(text, date(2026, 1, 1)).is_ok());
    assert_eq!(CitizenId::parse_not_after(text, date(2025, 12, 31)).unwrap_err().code, "ID-007");
}

#[test]
fn an_assembled_number_is_the_one_that_parses() {
    // Otherwise the police would issue numbers that every other department refuses.
    let area = AreaCode::parse("340104").unwrap();
    let issued = CitizenId::assemble(&area, date(2026, 1, 1), 1).unwrap();
    assert_eq!(issued, CitizenId::parse("340104202601010015").unwrap());
    assert_eq!(CitizenId::assemble(&area, date(2026, 1, 1), 1000).unwrap_err().code, "ID-009");
    assert_eq!(CitizenId::assemble(&area, date(1899, 12, 31), 1).unwrap_err().code, "ID-006");
}

#[test]
fn a_citizen_id_number_is_masked_where_programs_print_it() {
    // Otherwise one careless log line would publish a child's birth date.
    let id = CitizenId::parse("340104202601010015").unwrap();
    assert_eq!(format!("{id:?}"), "CitizenId(3401**********0015)");
    for refused in ["340104202601010016", "340104202602300013"] {
        let shown = format!("{:?}", CitizenId::parse(refused).unwrap_err());
        assert!(!shown.contains(refused) && !shown.contains("20260"), "{shown}");
    }
}

#[test]
fn a_certificate_number_is_a_capital_letter_and_nine_digits() {
    // Otherwise a mistyped certificate would be sent to the police and come back as a refusal days later.
    assert_eq!(CertificateNumber::parse("X320101001").unwrap().as_str(), "X320101001");
    for wrong in ["", "x320101001", "3320101001", "X32010100", "X3201010011", "XX20101001", "X32010100１"] {
        assert_eq!(CertificateNumber::parse(wrong).unwrap_err().code, "CN-001", "{wrong}");
    }
    assert_eq!(format!("{:?}", CertificateNumber::parse("X320101001").unwrap()), "CertificateNumber(X3******01)");
}

#[test]
fn a_credit_code_is_checked_by_its_own_alphabet() {
    // Otherwise a hospital's certificate would name an issuer that does not exist.
    for valid in CREDIT_CODES {
        assert_eq!(CreditCode::parse(valid).unwrap().as_str(), valid);
    }
    for (wrong, code) in [
        ("91350100M000100Y4", "CC-001"),
        ("91350100I000100Y43", "CC-001"),
        ("91350100m000100Y43", "CC-001"),
        ("9135M100M000100Y43", "CC-002"),
        ("91350100M000100Y44", "CC-003"),
        ("91350100M000100Y34", "CC-003"),
    ] {
        assert_eq!(CreditCode::parse(wrong).unwrap_err().code, code, "{wrong}");
    }
}

#[test]
fn an_e_licence_identifier_is_checked_as_published_ones_are() {
    // Otherwise a real licence would be refused, or a mistyped one looked up and not found.
    for valid in E_LICENCES {
        assert_eq!(ELicenceId::parse(valid).unwrap().as_str(), valid);
    }
    assert_eq!(ELicenceId::parse(E_LICENCES[2]).unwrap().licence_type(), "11100000MB03271699022");
    for (wrong, code) in [
        ("", "EL-001"),
        ("1.2.156.3005.3.11100000MB03271699022.340100.000000016.001.9", "EL-001"),
        ("1.2.156.3005.2.11100000MB03271699022.340100..001.9", "EL-001"),
        ("1.2.156.3005.2.11100000MB03271699022.34010.000000016.001.9", "EL-001"),
        ("1.2.156.3005.2.11100000mb03271699022.340100.000000016.001.9", "EL-001"),
        ("1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9.9", "EL-001"),
        ("1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.8", "EL-002"),
    ] {
        assert_eq!(ELicenceId::parse(wrong).unwrap_err().code, code, "{wrong}");
    }
}

#[test]
fn synthetic_parents_have_numbers_of_their_own() {
    // Otherwise two demonstration families would be taken for one, and one turned away.
    let mut numbers: Vec<_> = (0..20_000)
        .flat_map(|seed| [Sex::Male, Sex::Female].map(|sex| synthetic::citizen_id(seed, sex).as_str().to_owned()))
        .collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 40_000);
    assert_eq!(synthetic::mother(7), synthetic::mother(7));
    assert_eq!(synthetic::mother(u64::MAX).citizen_id.sex(), Sex::Female);
    assert_eq!(synthetic::father(u64::MAX).citizen_id.sex(), Sex::Male);
}

proptest! {
    #[test]
    fn every_single_wrong_digit_of_a_citizen_id_number_is_caught(
        seed: u64, male: bool, position in 0_usize..18, other in 0_usize..11,
    ) {
        // Otherwise one slip of a finger would name another person.
        let id = synthetic::citizen_id(seed, if male { Sex::Male } else { Sex::Female });
        prop_assert!(CitizenId::parse(id.as_str()).is_ok());
        let mut bytes = id.as_str().as_bytes().to_vec();
        let replacement = b"0123456789X"[other];
        prop_assume!(bytes[position] != replacement);
        bytes[position] = replacement;
        prop_assert!(CitizenId::parse(&String::from_utf8(bytes).unwrap()).is_err());
    }

    #[test]
    fn every_two_neighbouring_digits_swapped_are_caught(seed: u64, position in 0_usize..17) {
        // Otherwise the commonest slip after a wrong digit would name another person.
        let mut bytes = synthetic::citizen_id(seed, Sex::Female).as_str().as_bytes().to_vec();
        prop_assume!(bytes[position] != bytes[position + 1]);
        bytes.swap(position, position + 1);
        prop_assert!(CitizenId::parse(&String::from_utf8(bytes).unwrap()).is_err());
    }

    #[test]
    fn every_number_that_is_issued_reads_back(day in 0_i64..73_000, order in 0_u16..1000) {
        // Otherwise one child in some thousand would get a number that is refused for life.
        let born = date(1900, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
        let id = CitizenId::assemble(&AreaCode::parse("140826").unwrap(), born, order).unwrap();
        let read = CitizenId::parse(id.as_str()).unwrap();
        prop_assert_eq!(read.birth_date(), born);
        prop_assert_eq!(read.sex() == Sex::Male, order % 2 == 1);
    }

    #[test]
    fn every_single_wrong_character_of_a_credit_code_is_caught(
        which in 0_usize..3, position in 0_usize..18, other in 0_usize..36,
    ) {
        // Otherwise a hospital could be mistaken for another.
        let mut bytes = CREDIT_CODES[which].as_bytes().to_vec();
        let replacement = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[other];
        prop_assume!(bytes[position] != replacement);
        bytes[position] = replacement;
        prop_assert!(CreditCode::parse(&String::from_utf8(bytes).unwrap()).is_err());
    }

    #[test]
    fn every_single_wrong_character_of_an_e_licence_identifier_is_caught(
        which in 0_usize..3, position in 0_usize..73, other in 0_usize..36,
    ) {
        // Otherwise one licence could be mistaken for another.
        let mut bytes = E_LICENCES[which].as_bytes().to_vec();
        let replacement = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[other];
        prop_assume!(position < bytes.len() && bytes[position] != replacement);
        bytes[position] = replacement;
        prop_assert!(ELicenceId::parse(&String::from_utf8(bytes).unwrap()).is_err());
    }

    #[test]
    fn no_text_whatever_breaks_a_parser(text in "\\PC{0,40}|[0-9Xx]{16,20}") {
        // Otherwise a form with garbage in it would take the service down.
        let _ = (CitizenId::parse(&text), CreditCode::parse(&text), ELicenceId::parse(&text));
        let _ = (CertificateNumber::parse(&text), AreaCode::parse(&text), identifiers::PersonName::parse(&text));
        let _ = (identifiers::LocalMinute::parse(&text), identifiers::Phone::parse(&text));
    }
}
