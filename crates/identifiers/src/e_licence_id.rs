//! The identifier of an electronic licence (电子证照标识), GB/T 36904-2018.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::masked::masked;
use crate::{Violation, check_character};

/// The arc under which China's electronic licences are numbered.
const PREFIX: &str = "1.2.156.3005.2.";

/// Characters of the licence type: the credit code of the authority that defines it, and three digits.
const TYPE_LENGTH: usize = 21;

/// Characters of the issuer: a credit code, or the code of an area.
const ISSUER_LENGTHS: [usize; 2] = [18, 6];

/// The longest serial accepted. The standard leaves its length to the issuer; samples have 9 to 11 characters, and a
/// column has to end somewhere.
const SERIAL_LENGTH_MAX: usize = 40;

const VERSION_LENGTH: usize = 3;

/// `1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>` with a right check character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ELicenceId(String);

impl ELicenceId {
    /// Parses an identifier.
    ///
    /// # Errors
    /// `EL-001` another form, `EL-002` wrong check character (ISO 7064 MOD 37,36).
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let parts = Parts::of(text).ok_or_else(|| {
            Violation::new(
                "EL-001",
                "电子证照标识格式不正确,应为1.2.156.3005.2.证照类型.颁发机构.流水号.版本号.校验位",
                "an e-licence identifier is 1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>",
            )
        })?;
        let checked = [parts.licence_type, parts.issuer, parts.serial, parts.version];
        let expected = check_character::mod_37_36(checked.iter().flat_map(|part| part.bytes()));
        if expected.is_none() || expected != parts.check.chars().next() {
            return Err(Violation::new(
                "EL-002",
                "电子证照标识校验位不正确,请核对是否有误",
                "the check character of the e-licence identifier is wrong: please look for a typing error",
            ));
        }
        Ok(ELicenceId(text.to_owned()))
    }

    /// The whole identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 21 characters of the licence type, which say what kind of licence it is.
    pub fn licence_type(&self) -> &str {
        &self.0[PREFIX.len()..PREFIX.len() + TYPE_LENGTH]
    }
}

/// Shows the type of licence and hides which one it is.
impl fmt::Debug for ELicenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ELicenceId({})", masked(&self.0, PREFIX.len() + TYPE_LENGTH, 0))
    }
}

impl TryFrom<String> for ELicenceId {
    type Error = Violation;

    fn try_from(text: String) -> Result<Self, Violation> {
        ELicenceId::parse(&text)
    }
}

impl From<ELicenceId> for String {
    fn from(id: ELicenceId) -> String {
        id.0
    }
}

/// The parts of an identifier, each of the right length and alphabet.
struct Parts<'a> {
    licence_type: &'a str,
    issuer: &'a str,
    serial: &'a str,
    version: &'a str,
    check: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.strip_prefix(PREFIX)?.split('.').collect();
        let &[licence_type, issuer, serial, version, check] = parts.as_slice() else { return None };
        let right_alphabet =
            parts.iter().flat_map(|part| part.bytes()).all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        let right_lengths = licence_type.len() == TYPE_LENGTH
            && ISSUER_LENGTHS.contains(&issuer.len())
            && (1..=SERIAL_LENGTH_MAX).contains(&serial.len())
            && version.len() == VERSION_LENGTH
            && check.len() == 1;
        (right_alphabet && right_lengths).then_some(Parts { licence_type, issuer, serial, version, check })
    }
}
