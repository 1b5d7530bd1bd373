//! Magic values: what to write into a form to see a department say no.
//!
//! The scenario is the order code (digits 15 to 17) of the **mother's** ID number, and counts only if she was born in
//! 1984, so that nobody meets one by chance: the synthetic people of `identifiers` are born from 1985 on. All scenarios
//! are even, as a woman's order code is. Commands that are not given the mother's number have magic names instead.
//!
//! The father of a hand-written form: unless a marriage is registered with the simulated civil affairs, the mother's
//! husband has her own number with the order code plus one, and the check digit that follows ([`spouse_of`]). The
//! synthetic parents of one seed fulfil that.

use identifiers::{AreaCode, CitizenId};
use jiff::{ToSpan, civil::date};

/// The year of birth of mothers whose order code is a scenario.
pub const YEAR: i16 = 1984;

/// No live birth is found for the mother (PRE-102).
pub const NO_DELIVERY: u16 = 900;
/// The mother's household is outside the province (PRE-104).
pub const MOTHER_ELSEWHERE: u16 = 902;
/// The police know another ethnicity of the father (PRE-105).
pub const OTHER_ETHNICITY: u16 = 904;
/// No marriage is found (PRE-106).
pub const NOT_MARRIED: u16 = 906;
/// The mother's household is a collective one (PRE-107).
pub const COLLECTIVE_HOUSEHOLD: u16 = 908;
/// The delivery is more than thirty days ago (PRE-103).
pub const TOO_LATE: u16 = 910;
/// The marriage licence is not claimed (PRE-101).
pub const LICENCE_NOT_CLAIMED: u16 = 912;
/// 902, 904, 906, 910 and 912 at once.
pub const SEVERAL: u16 = 914;

/// The child's weight differs from the delivery record: HLT-401 once.
pub const CERTIFICATE_CORRECTION: u16 = 920;
/// Parentage must be proved first: HLT-403.
pub const CERTIFICATE_REFUSED: u16 = 922;

/// The child cannot join this household: POL-605.
pub const REGISTRATION_REFUSED: u16 = 930;
/// The name has a character that the police's font library lacks: POL-603 once.
pub const REGISTRATION_CORRECTION: u16 = 932;

/// A card exists already: HRS-801.
pub const CARD_REFUSED: u16 = 940;
/// The bank does not serve the area: HRS-802 once, on `child.card.bank`.
pub const CARD_CORRECTION: u16 = 942;

/// Enrolment is not allowed at this place: INS-902.
pub const ENROLMENT_REFUSED: u16 = 950;

/// The hospital is not designated: MAT-1101.
pub const MATERNITY_REFUSED: u16 = 960;
/// The costs were settled by the network already: the family is only informed.
pub const MATERNITY_SETTLED: u16 = 962;

/// The first bank transfer to her comes back: MAT-1106 on `mother.bank_account`, until another account is given.
pub const TRANSFER_BOUNCED: u16 = 964;
/// The hospital's agreement is suspended on the day of the delivery.
pub const AGREEMENT_SUSPENDED: u16 = 966;
/// The same, and the delivery was an emergency.
pub const SUSPENDED_EMERGENCY: u16 = 968;
/// The costs arose partly before the suspension and partly during it.
pub const COSTS_SPLIT: u16 = 970;
/// The delivery was in another pooling area than the mother's.
pub const OTHER_POOLING_AREA: u16 = 972;
/// The mother is insured as a resident.
pub const INSURED_RESIDENT: u16 = 974;
/// The mother has no insurance of her own; her husband is an insured employee.
pub const SPOUSE_INSURED: u16 = 976;
/// Nobody is insured.
pub const NOT_INSURED: u16 = 978;
/// A difficult birth of two.
pub const DIFFICULT_TWINS: u16 = 980;

/// A child whose name is corrected to one that ends so: the department has frozen its record and does not correct it.
pub const FROZEN_NAME: char = '冻';

/// The scenario that a mother's ID number asks for.
pub fn scenario(mother_id_number: &str) -> Option<u16> {
    let year = mother_id_number.get(6..10)?;
    let order = mother_id_number.get(14..17)?;
    if year.parse() != Ok(YEAR) {
        return None;
    }
    order.parse().ok().filter(|order| *order >= NO_DELIVERY)
}

/// The number of a mother in this area who asks for the scenario; 366 different ones by `seed`.
///
/// # Panics
/// If the scenario is above 999.
pub fn mother(area: &AreaCode, scenario: u16, seed: u64) -> CitizenId {
    let day = date(YEAR, 1, 1).saturating_add(i64::try_from(seed % 366).unwrap_or(0).days());
    CitizenId::assemble(area, day, scenario).expect("1984 is after 1900, and scenarios have three digits")
}

/// The number of her husband where no marriage is registered: her own with the order code plus one.
pub fn spouse_of(mother_id_number: &CitizenId) -> CitizenId {
    let order: u16 =
        mother_id_number.as_str()[14..17].parse().expect("digits 15 to 17 of a citizen ID number are digits");
    let area = AreaCode::parse(mother_id_number.area()).expect("the province of a citizen ID number is known");
    CitizenId::assemble(&area, mother_id_number.birth_date(), order | 1).expect("an odd order is at most 999")
}
