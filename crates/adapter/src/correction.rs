//! 更正: what every department that holds a record is told when a fact in it was corrected, and what it answers.
//!
//! The same contract for health, police, social security, insurance and tax, so that a corrected fact can go to all of
//! them: `yijian/departments/v1/correction.proto`. A department reads the key of its own record and no other. Types
//! that hold corrected values have no `Debug`.

use std::collections::BTreeMap;

use identifiers::{CertificateNumber, CitizenId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// So many facts of one record can be corrected at once. A whole form has fewer; more is a mistake of the sender.
pub const CORRECTIONS_MAX: usize = 64;

/// A path such as `child.registration.ethnicity` is shorter.
const PATH_MAX: usize = 128;

/// One correction of one record.
#[derive(Clone, Serialize, Deserialize)]
pub struct CorrectRecord {
    /// Health: the birth certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateKey>,
    /// Police, social security and tax: the child's registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationKey>,
    /// Insurance: the enrolment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<PersonKey>,
    /// Insurance: the provisional enrolment, where there is no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisional: Option<PersonKey>,
    /// What is corrected.
    pub corrections: Corrections,
}

/// A record at the health department.
#[derive(Clone, Serialize, Deserialize)]
pub struct CertificateKey {
    /// 出生医学证明编号.
    pub number: CertificateNumber,
}

/// A record at the police, the card centre or the tax authority.
#[derive(Clone, Serialize, Deserialize)]
pub struct RegistrationKey {
    /// 公民身份号码.
    pub id_number: CitizenId,
}

/// A record at the insurance agency.
#[derive(Clone, Serialize, Deserialize)]
pub struct PersonKey {
    /// 人员编号.
    pub person_number: String,
}

/// Corrected values by their paths, at least one and at most [`CORRECTIONS_MAX`].
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Value>", into = "BTreeMap<String, Value>")]
pub struct Corrections(BTreeMap<String, Value>);

impl Corrections {
    /// The corrected value at a path.
    pub fn get(&self, path: &str) -> Option<&Value> {
        self.0.get(path)
    }

    /// Every path with its corrected value, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(path, value)| (&**path, value))
    }
}

/// Why values are no corrections. Says nothing of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoCorrections {
    /// There are none.
    #[error("nothing is corrected")]
    Empty,
    /// There are more than [`CORRECTIONS_MAX`].
    #[error("more than {CORRECTIONS_MAX} facts are corrected at once")]
    TooMany,
    /// A path is empty, too long, or not written in lower case with points between its names.
    #[error("a path of a correction is malformed")]
    Path,
}

impl TryFrom<BTreeMap<String, Value>> for Corrections {
    type Error = NoCorrections;

    fn try_from(values: BTreeMap<String, Value>) -> Result<Self, NoCorrections> {
        if values.is_empty() {
            return Err(NoCorrections::Empty);
        }
        if values.len() > CORRECTIONS_MAX {
            return Err(NoCorrections::TooMany);
        }
        if values.keys().all(|path| is_path(path)) { Ok(Self(values)) } else { Err(NoCorrections::Path) }
    }
}

impl From<Corrections> for BTreeMap<String, Value> {
    fn from(corrections: Corrections) -> Self {
        corrections.0
    }
}

/// What a department confirms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectRecordOutput {
    /// 更正日期.
    pub corrected_on: Date,
    /// The version of the record from now on; as it was first entered it was version 1.
    pub record_version: u32,
}

fn is_path(path: &str) -> bool {
    let is_name = |name: &str| {
        let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter);
        !name.is_empty() && name.chars().all(letters)
    };
    path.len() <= PATH_MAX && path.split('.').all(is_name)
}
