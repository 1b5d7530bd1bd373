//! What happens to a family: which turn its application takes, and how its parents behave.

use adapter::simulated::magic;
use serde::{Deserialize, Serialize};

/// The turn that a family's application takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Story {
    /// Everything is done.
    Plain,
    /// Only what cannot be unticked, and the insurance without the premium.
    FewItems,
    /// Two children.
    Twins,
    /// A department or the law says no, or asks for a correction, as the simulated departments know by this number.
    Scenario(u16),
    /// The mother withdraws after the father has agreed.
    Withdrawn,
    /// The father says no.
    FatherDeclines,
    /// The father never answers.
    FatherSilent,
}

/// Which province, by its first two digits.
pub(super) type Province = &'static str;

pub(super) const ANHUI: Province = "34";
pub(super) const SHANXI: Province = "14";

/// Reasons for which the pre-check says no, one after the other.
const PRE_CHECKS: [u16; 8] = [
    magic::NO_DELIVERY,
    magic::MOTHER_ELSEWHERE,
    magic::OTHER_ETHNICITY,
    magic::NOT_MARRIED,
    magic::COLLECTIVE_HOUSEHOLD,
    magic::TOO_LATE,
    magic::LICENCE_NOT_CLAIMED,
    magic::SEVERAL,
];

/// Turns that a claim for the costs of the delivery takes, one after the other.
const CLAIMS: [u16; 7] = [
    magic::MATERNITY_SETTLED,
    magic::TRANSFER_BOUNCED,
    magic::AGREEMENT_SUSPENDED,
    magic::OTHER_POOLING_AREA,
    magic::INSURED_RESIDENT,
    magic::MATERNITY_REFUSED,
    magic::NOT_INSURED,
];

/// The story of the family of this number: a round of twenty, in which every turn is taken.
pub(super) fn of(number: u64, silent_allowed: bool) -> (Province, Story) {
    let round = number / 20;
    match number % 20 {
        1 | 11 => (SHANXI, Story::Plain),
        2 => (ANHUI, Story::Twins),
        4 => (ANHUI, Story::Scenario(PRE_CHECKS[(round % 8) as usize])),
        5 => (SHANXI, Story::Scenario(magic::REGISTRATION_CORRECTION)),
        6 => (ANHUI, Story::Scenario(magic::CERTIFICATE_CORRECTION)),
        7 => (ANHUI, Story::Scenario(magic::CARD_REFUSED)),
        8 => (SHANXI, Story::Twins),
        9 => (ANHUI, Story::Withdrawn),
        12 => (if round.is_multiple_of(2) { ANHUI } else { SHANXI }, Story::Scenario(magic::REGISTRATION_REFUSED)),
        13 => (ANHUI, Story::FatherDeclines),
        14 => (ANHUI, Story::Scenario(magic::CARD_CORRECTION)),
        15 => (ANHUI, Story::FewItems),
        16 if silent_allowed => (ANHUI, Story::FatherSilent),
        17 => (ANHUI, Story::Scenario(magic::ENROLMENT_REFUSED)),
        10 | 18 => (ANHUI, Story::Scenario(CLAIMS[(number / 10 % 7) as usize])),
        19 if round % 4 == 3 => (ANHUI, Story::Scenario(magic::CERTIFICATE_REFUSED)),
        _ => (ANHUI, Story::Plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, who watches the trickle never sees one of the turns that an application can take.
    #[test]
    fn every_turn_is_taken_within_a_few_rounds() {
        let stories: Vec<_> = (0..160).map(|number| of(number, true)).collect();
        for expected in [
            (ANHUI, Story::Plain),
            (SHANXI, Story::Plain),
            (ANHUI, Story::Twins),
            (SHANXI, Story::Twins),
            (ANHUI, Story::Withdrawn),
            (ANHUI, Story::FatherDeclines),
            (ANHUI, Story::FatherSilent),
            (SHANXI, Story::Scenario(magic::REGISTRATION_REFUSED)),
            (ANHUI, Story::Scenario(magic::SEVERAL)),
            (ANHUI, Story::Scenario(magic::TRANSFER_BOUNCED)),
            (ANHUI, Story::Scenario(magic::OTHER_POOLING_AREA)),
        ] {
            assert!(stories.contains(&expected), "{expected:?}");
        }
        assert!((0..160).all(|number| of(number, false).1 != Story::FatherSilent));
    }
}
