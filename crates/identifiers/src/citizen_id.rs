//! The citizen ID number (公民身份号码), GB 11643-1999: area, birth date, order with sex, check character.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::area_code::{self, AreaCode};
use crate::masked::masked;
use crate::{Sex, Violation, check_character};

/// The first year of birth accepted. GB 11643 sets none; nobody born earlier can be a parent or a child here, so an
/// earlier year is a typing error that happens to fit the check digit.
const FIRST_YEAR: i16 = 1900;

/// The highest order number (顺序码), three digits.
const ORDER_MAX: u16 = 999;

/// A citizen ID number whose province, date and check character are right.
///
/// Its area is where it was first issued, which may have been renamed or dissolved since, so only the province is
/// checked; 81, 82 and 83 are the residence permits of Hong Kong, Macao and Taiwan residents.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CitizenId {
    text: String,
    birth_date: Date,
}

impl CitizenId {
    /// Parses an 18-character number.
    ///
    /// # Errors
    /// `ID-001` not 18 characters, `ID-002` other characters than digits and a last X, `ID-003` a small x, `ID-004`
    /// unknown province, `ID-005` impossible date, `ID-006` born before 1900, `ID-008` wrong check character.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let bytes = <&[u8; 18]>::try_from(text.as_bytes())
            .map_err(|_| Violation::new("ID-001", "公民身份号码应为18位", "a citizen ID number has 18 characters"))?;
        let (digits, last) = check_alphabet(bytes)?;
        if !area_code::is_known_province(&text[..2]) {
            return Err(Violation::new(
                "ID-004",
                "公民身份号码前两位不是有效的省级行政区划代码",
                "the first two digits of the citizen ID number are not a known province",
            ));
        }
        let birth_date = parse_date(&text[6..14])?;
        if check_character::mod_11_2(digits) != last {
            return Err(Violation::new(
                "ID-008",
                "公民身份号码校验码不正确,请核对是否有误",
                "the check character of the citizen ID number is wrong: please look for a typing error",
            ));
        }
        Ok(CitizenId { text: text.to_owned(), birth_date })
    }

    /// Parses a number and refuses one whose birth date is after `today`, a civil date in China.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and `ID-007` born in the future.
    pub fn parse_not_after(text: &str, today: Date) -> Result<Self, Violation> {
        let id = CitizenId::parse(text)?;
        if id.birth_date > today {
            return Err(Violation::new(
                "ID-007",
                "公民身份号码中的出生日期晚于今天",
                "the birth date in the citizen ID number is in the future",
            ));
        }
        Ok(id)
    }

    /// Issues a number: `order` is odd for a male, even for a female (GB 11643 §4.2.3).
    ///
    /// # Errors
    /// `ID-006` born before 1900, `ID-009` order above 999.
    pub fn assemble(area: &AreaCode, birth_date: Date, order: u16) -> Result<Self, Violation> {
        check_year(birth_date)?;
        if order > ORDER_MAX {
            return Err(Violation::new("ID-009", "顺序码应在0至999之间", "the order number must be 0 to 999"));
        }
        let text = format!("{}{}{order:03}", area.as_str(), birth_date.strftime("%Y%m%d"));
        let digits = <&[u8; 17]>::try_from(text.as_bytes()).expect("6 digits of area, 8 of date, 3 of order");
        let check = check_character::mod_11_2(digits);
        Ok(CitizenId { text: format!("{text}{check}"), birth_date })
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The date of birth that the number states.
    pub fn birth_date(&self) -> Date {
        self.birth_date
    }

    /// The sex that the number states.
    pub fn sex(&self) -> Sex {
        if self.text.as_bytes()[16] % 2 == 1 { Sex::Male } else { Sex::Female }
    }

    /// The six digits of the area in which the number was first issued, as it was then.
    pub fn area(&self) -> &str {
        &self.text[..6]
    }
}

/// `CitizenId(3401**********0015)`.
impl fmt::Debug for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CitizenId({})", masked(&self.text, 4, 4))
    }
}

impl TryFrom<String> for CitizenId {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        CitizenId::parse(&text)
    }
}

impl From<CitizenId> for String {
    fn from(id: CitizenId) -> String {
        id.text
    }
}

/// The 17 digits and the check character, each of its alphabet.
fn check_alphabet(bytes: &[u8; 18]) -> Result<(&[u8; 17], char), Violation> {
    let digits = bytes.first_chunk::<17>().expect("18 bytes begin with 17");
    let last = bytes[17];
    if !digits.iter().all(u8::is_ascii_digit) || !(last.is_ascii_digit() || matches!(last, b'X' | b'x')) {
        return Err(Violation::new(
            "ID-002",
            "公民身份号码前17位应为数字,最后一位应为数字或大写字母X",
            "a citizen ID number is 17 digits and a last digit or capital X",
        ));
    }
    if last == b'x' {
        return Err(Violation::new(
            "ID-003",
            "公民身份号码末位的x请用大写字母X",
            "the last character of the citizen ID number must be a capital X",
        ));
    }
    Ok((digits, char::from(last)))
}

/// The date that eight ASCII digits state.
fn parse_date(digits: &str) -> Result<Date, Violation> {
    let date = Date::strptime("%Y%m%d", digits).map_err(|_| {
        Violation::new(
            "ID-005",
            "公民身份号码中的出生日期不存在",
            "the birth date in the citizen ID number does not exist",
        )
    })?;
    check_year(date)?;
    Ok(date)
}

fn check_year(date: Date) -> Result<(), Violation> {
    if date.year() < FIRST_YEAR {
        return Err(Violation::new(
            "ID-006",
            "公民身份号码中的出生日期早于1900年",
            "the birth date in the citizen ID number is before 1900",
        ));
    }
    Ok(())
}
