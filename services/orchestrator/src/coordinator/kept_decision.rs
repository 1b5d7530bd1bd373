//! A decision as it is kept: what it used by name, in clear, and two payloads sealed one behind the other, so that what
//! decides can be opened without the words that explain it, and neither where the names show that it does not matter.
//!
//! ```text
//!   4 bytes: length of the names | the names | 4 bytes: length of the first | what decides, sealed | the words, sealed
//! ```
//!
//! Names are of values of the law and of fields of the form; the saga's history holds the latter in clear too.

use policy::{Decision, decision::Explanation, replay::Used};

use super::application::{Application, Error, stored_at};
use crate::store::PublicId;

/// What is said where a kept decision cannot be read.
const WHAT: &str = "a decision";

/// Seals a decision of this case.
pub(crate) fn seal(keys: &Application, case: PublicId, decision: Decision) -> Vec<u8> {
    let names = Used::by(&decision).text();
    let (decides, words) = decision.split();
    let json = "a decision consists of what JSON can say";
    let first = keys.seal(&stored_at(case, "decision"), &serde_json::to_vec(&decides).expect(json));
    let second = keys.seal(&stored_at(case, "explanation"), &serde_json::to_vec(&words).expect(json));
    let named = u32::try_from(names.len()).expect("a decision uses some dozen names");
    let length = u32::try_from(first.len()).expect("a decision has some kilobytes");
    let mut kept = named.to_be_bytes().to_vec();
    kept.extend_from_slice(names.as_bytes());
    kept.extend_from_slice(&length.to_be_bytes());
    kept.extend_from_slice(&first);
    kept.extend_from_slice(&second);
    kept
}

/// What the decision used, by name; nothing is opened.
pub(crate) fn used(kept: &[u8]) -> Result<Used, Error> {
    let (names, _) = first_part(kept)?;
    std::str::from_utf8(names).ok().and_then(Used::read).ok_or(Error::Json { what: WHAT })
}

/// Opens what decides; its words are empty.
pub(crate) fn open(keys: &Application, case: PublicId, kept: &[u8]) -> Result<Decision, Error> {
    let (first, _) = parts(kept)?;
    let plain = keys.unseal_bytes(WHAT, &stored_at(case, "decision"), first)?;
    serde_json::from_slice(&plain).map_err(|_| Error::Json { what: WHAT })
}

/// Opens the words.
pub(crate) fn words(keys: &Application, case: PublicId, kept: &[u8]) -> Result<Explanation, Error> {
    let (_, second) = parts(kept)?;
    let plain = keys.unseal_bytes(WHAT, &stored_at(case, "explanation"), second)?;
    serde_json::from_slice(&plain).map_err(|_| Error::Json { what: WHAT })
}

fn parts(kept: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let (_, rest) = first_part(kept)?;
    first_part(rest)
}

/// What stands behind its length in four bytes, and the rest.
fn first_part(kept: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let damaged = Error::Json { what: WHAT };
    let Some((length, rest)) = kept.split_first_chunk::<4>() else { return Err(damaged) };
    usize::try_from(u32::from_be_bytes(*length)).ok().and_then(|at| rest.split_at_checked(at)).ok_or(damaged)
}
