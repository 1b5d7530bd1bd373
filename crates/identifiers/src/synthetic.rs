//! People who do not exist, for tests and for the demonstration families: the same seed gives the same person.
//!
//! Every value is valid where validity can be computed (check digits, dates, alphabets) and plainly invented where a
//! person reads it: surnames like 测 (test) and 例 (example), and mobile numbers beginning with 154, which no public
//! operator was known to use, so that even a message sent by mistake should reach nobody.

use jiff::civil::{Date, date};

use crate::{AreaCode, CertificateNumber, CitizenId, PersonName, Phone, Sex};

/// Urban districts of Anhui and Shanxi and the county of Jiang, the areas of the shipped packs.
const AREAS: [&str; 4] = ["340104", "340202", "140105", "140826"];

/// First and last-plus-one day of birth of synthetic parents.
const PARENTS_BORN_FROM: Date = date(1985, 1, 1);
const PARENTS_BORN_DAYS: u64 = 7305; // to the end of 2004

/// Order numbers of one sex on one day in one area.
const ORDERS: u64 = 500;

/// How many different parents of one sex there are.
const PARENTS: u64 = AREAS.len() as u64 * PARENTS_BORN_DAYS * ORDERS;

/// A prime that does not divide [`PARENTS`], so that multiplying by it permutes them: different seeds below `PARENTS`
/// never share a number, and neighbouring seeds are not alike.
const STRIDE: u64 = 1_000_003;

const SURNAMES: [char; 8] = ['测', '试', '例', '拟', '样', '演', '练', '虚'];
const GIVEN: [char; 24] = [
    '安', '宁', '和', '平', '春', '秋', '山', '川', '云', '林', '月', '星', '晨', '朗', '青', '禾', '知', '行', '言',
    '书', '远', '舟', '鸣', '溪',
];

/// A parent: name, number and mobile phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name.
    pub name: PersonName,
    /// The citizen ID number.
    pub citizen_id: CitizenId,
    /// The mobile number.
    pub phone: Phone,
}

/// A mother born 1985 to 2004. Seeds below 14,610,000 have different ID numbers.
pub fn mother(seed: u64) -> Person {
    Person { name: name(seed), citizen_id: citizen_id(seed, Sex::Female), phone: phone(seed.wrapping_mul(2)) }
}

/// A father born 1985 to 2004. Seeds below 14,610,000 have different ID numbers.
pub fn father(seed: u64) -> Person {
    Person {
        name: name(mixed(seed)),
        citizen_id: citizen_id(seed, Sex::Male),
        phone: phone(seed.wrapping_mul(2).wrapping_add(1)),
    }
}

/// The ID number of a parent born 1985 to 2004 in one of four areas. Seeds below 14,610,000 have different numbers.
pub fn citizen_id(seed: u64, sex: Sex) -> CitizenId {
    let index = seed % PARENTS * STRIDE % PARENTS;
    let area = AREAS[(index / ORDERS / PARENTS_BORN_DAYS) as usize];
    let days = (index / ORDERS % PARENTS_BORN_DAYS) as i64;
    let birth_date = PARENTS_BORN_FROM
        .checked_add(jiff::Span::new().days(days))
        .expect("twenty years after 1985 are within the calendar");
    let area = AreaCode::parse(area).expect("the areas above have known provinces");
    citizen_id_of(&area, birth_date, sex, index % ORDERS)
}

/// The ID number of somebody born on a day in an area; `seed` chooses one of the 500 of that sex.
///
/// # Panics
/// If the date is before 1900.
pub fn citizen_id_of(area: &AreaCode, birth_date: Date, sex: Sex, seed: u64) -> CitizenId {
    let order = (seed % ORDERS) as u16 * 2 + u16::from(sex == Sex::Male);
    CitizenId::assemble(area, birth_date, order).expect("synthetic people are born after 1900, with orders up to 999")
}

/// A name of two or three characters.
pub fn name(seed: u64) -> PersonName {
    let bits = mixed(seed);
    let surname = SURNAMES[(bits % SURNAMES.len() as u64) as usize];
    named(surname, bits >> 8)
}

/// A name for the child of somebody, with the same first character.
pub fn child_name(seed: u64, parent: &PersonName) -> PersonName {
    let surname = parent.as_str().chars().next().expect("a name has at least one character");
    named(surname, mixed(!seed))
}

/// A mobile number. Seeds below 100,000,000 have different numbers.
pub fn phone(seed: u64) -> Phone {
    let text = format!("154{:08}", seed % 100_000_000);
    Phone::parse(&text).expect("154 and eight digits are a mobile number")
}

/// A certificate number. Seeds below 1,000,000,000 have different numbers.
pub fn certificate_number(seed: u64) -> CertificateNumber {
    let text = format!("X{:09}", seed % 1_000_000_000);
    CertificateNumber::parse(&text).expect("X and nine digits are a certificate number")
}

fn named(surname: char, bits: u64) -> PersonName {
    let given = |bits: u64| GIVEN[(bits % GIVEN.len() as u64) as usize];
    let mut text = String::from(surname);
    text.push(given(bits));
    // Three of four have two given characters, as in life.
    if bits >> 16 & 0b11 != 0 {
        text.push(given(bits >> 24));
    }
    PersonName::parse(&text).expect("two or three Han ideographs are a name")
}

/// The bits of the seed, spread (the finaliser of SplitMix64).
fn mixed(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
