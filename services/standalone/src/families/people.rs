//! Who a family is: derived from the installation's seed and the family's number, the same after every restart.

use adapter::simulated::magic;
use identifiers::{AreaCode, CitizenId, Sex, synthetic};
use jiff::{
    Span, Timestamp,
    civil::{Date, date},
    tz::{Offset, TimeZone},
};
use proto::v1;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    register::Line,
    story::{SHANXI, Story},
};

/// Urban districts and counties in which families live and file: one of each city.
const ANHUI_AREAS: [&str; 16] = [
    "340104", "340202", "340302", "340402", "340503", "340602", "340705", "340802", "341002", "341102", "341202",
    "341302", "341502", "341602", "341702", "341802",
];
const SHANXI_AREAS: [&str; 8] = ["140105", "140302", "140502", "140602", "140702", "140802", "140826", "140902"];

/// Births that Shanxi's pack of 2026 is for.
const SHANXI_FROM: Date = date(2026, 1, 1);
const SHANXI_LAST: Date = date(2026, 12, 31);

/// Synthetic parents are born in these years, outside the year whose numbers are magic.
const PARENTS_BORN_FROM: Date = date(1986, 1, 1);
const PARENTS_BORN_DAYS: u64 = 6_500;

/// A parent.
#[derive(Clone)]
pub struct Parent {
    /// The name.
    pub name: String,
    /// The citizen ID number.
    pub id_number: String,
    /// The telephone.
    pub phone: String,
}

/// A family and what it files.
#[derive(Clone)]
pub struct Family {
    /// What happens to it.
    pub story: Story,
    /// Where it files.
    pub area: String,
    /// The mother, who applies.
    pub mother: Parent,
    /// The father.
    pub father: Parent,
    /// The newborn: name and sex.
    pub children: Vec<(String, Sex)>,
    /// When they were born: `2026-11-01T09:30`.
    pub born_at: String,
    /// How its members decide where nothing else says: small and fixed.
    pub temper: u64,
}

impl Family {
    /// The family of this line.
    pub(super) fn of(seed: u64, line: &Line) -> Self {
        let mut lots = ChaCha8Rng::seed_from_u64(seed ^ line.number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let areas: &[&str] = if line.province == SHANXI { &SHANXI_AREAS } else { &ANHUI_AREAS };
        let area = areas[lots.random_range(0..areas.len())];
        let (mother, father) = parents(area, scenario_of(line.story), seed.wrapping_add(line.number), &mut lots);
        let many = if line.story == Story::Twins { 2 } else { 1 };
        let surname = synthetic::name(lots.random());
        let children = (0..many)
            .map(|_| {
                let sex = if lots.random() { Sex::Male } else { Sex::Female };
                (synthetic::child_name(lots.random(), &surname).as_str().to_owned(), sex)
            })
            .collect();
        let born_at = born_at(line, &mut lots);
        Self { story: line.story, area: area.to_owned(), mother, father, children, born_at, temper: lots.random() }
    }
}

fn scenario_of(story: Story) -> Option<u16> {
    match story {
        Story::Scenario(scenario) => Some(scenario),
        Story::Plain
        | Story::FewItems
        | Story::Twins
        | Story::Withdrawn
        | Story::FatherDeclines
        | Story::FatherSilent => None,
    }
}

/// A couple of this area; the simulated civil affairs know every mother's husband by her number.
fn parents(area: &str, scenario: Option<u16>, telephones: u64, lots: &mut ChaCha8Rng) -> (Parent, Parent) {
    let area = AreaCode::parse(area).expect("the areas above are of known provinces");
    let mother = match scenario {
        Some(scenario) => magic::mother(&area, scenario, lots.random()),
        None => {
            let days = i64::try_from(lots.random_range(0..PARENTS_BORN_DAYS)).expect("a few thousand");
            let born = PARENTS_BORN_FROM.checked_add(Span::new().days(days)).expect("before 2004");
            synthetic::citizen_id_of(&area, born, Sex::Female, lots.random())
        }
    };
    let father = magic::spouse_of(&mother);
    let mut parent = |number: &CitizenId, telephone: u64| Parent {
        name: synthetic::name(lots.random()).as_str().to_owned(),
        id_number: number.as_str().to_owned(),
        phone: telephone_of(telephone),
    };
    (parent(&mother, telephones.wrapping_mul(2)), parent(&father, telephones.wrapping_mul(2).wrapping_add(1)))
}

/// A telephone that answers: two endings mean trouble to the simulated gateway.
fn telephone_of(number: u64) -> String {
    let phone = synthetic::phone(number).as_str().to_owned();
    if phone.ends_with("0000") || phone.ends_with("0001") { format!("{}1234", &phone[..7]) } else { phone }
}

/// A birth one to ten days before filing; in Shanxi within the year that its pack is for.
fn born_at(line: &Line, lots: &mut ChaCha8Rng) -> String {
    let filed = Timestamp::from_millisecond(line.filed_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    let filed = filed.to_zoned(TimeZone::fixed(Offset::constant(8))).date();
    let mut day = filed.saturating_sub(Span::new().days(lots.random_range(1..=10)));
    if line.province == SHANXI {
        let fits = |day: Date| (SHANXI_FROM..=SHANXI_LAST).contains(&day);
        if !fits(day) {
            day = SHANXI_FROM.saturating_add(Span::new().days(lots.random_range(0..=364)));
        }
    }
    format!("{day}T{:02}:{:02}", lots.random_range(0..24), lots.random_range(0..60))
}

/// The same form filed by other people: parents of the same kind, everything else as it stands.
///
/// A mother whose number asks the simulated departments for something is replaced by one whose number asks for the
/// same.
pub fn replaced(mut form: v1::BirthForm, seed: u64) -> v1::BirthForm {
    let mut lots = ChaCha8Rng::seed_from_u64(seed);
    let scenario = form.mother.as_ref().and_then(|mother| magic::scenario(&mother.id_number));
    let areas: &[&str] = if form.area.starts_with(SHANXI) { &SHANXI_AREAS } else { &ANHUI_AREAS };
    let area = areas[lots.random_range(0..areas.len())];
    let (mother, father) = parents(area, scenario, lots.random(), &mut lots);
    let phones: Vec<(String, String)> = [(&form.mother, &mother), (&form.father, &father)]
        .into_iter()
        .filter_map(|(was, is)| Some((was.as_ref()?.phone.clone(), is.phone.clone())))
        .collect();
    let renamed: Vec<(String, String)> = [(&form.mother, &mother), (&form.father, &father)]
        .into_iter()
        .filter_map(|(was, is)| Some((was.as_ref()?.name.clone(), is.name.clone())))
        .collect();
    let exchange = |text: &mut String, pairs: &[(String, String)]| {
        if let Some((_, new)) = pairs.iter().find(|(old, _)| old == text) {
            text.clone_from(new);
        }
    };
    for (was, is) in [(&mut form.mother, mother), (&mut form.father, father)] {
        if let Some(was) = was {
            (was.name, was.id_number, was.phone) = (is.name, is.id_number, is.phone);
        }
    }
    for card in form.children.iter_mut().filter_map(|child| child.card.as_mut()) {
        exchange(&mut card.phone, &phones);
    }
    if let Some(hand_over) = &mut form.hand_over {
        exchange(&mut hand_over.recipient_phone, &phones);
        exchange(&mut hand_over.recipient, &renamed);
    }
    form
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{super::story, *};

    fn line(number: u64) -> Line {
        let (province, story) = story::of(number, true);
        Line { number, filed_ms: 1_795_000_000_000, province: province.to_owned(), story }
    }

    /// If this fails, after a restart the parents of an open case are strangers to it and it never ends.
    #[test]
    fn the_same_line_is_the_same_family() {
        for number in 0..40 {
            let (one, other) = (Family::of(7, &line(number)), Family::of(7, &line(number)));
            assert_eq!(one.mother.id_number, other.mother.id_number);
            assert_eq!((one.born_at, one.children.len()), (other.born_at, other.children.len()));
        }
    }

    /// If this fails, families share numbers or telephones and get each other's messages.
    #[test]
    fn families_have_numbers_and_telephones_of_their_own() {
        let families: Vec<Family> = (0..400).map(|number| Family::of(7, &line(number))).collect();
        let phones: HashSet<_> =
            families.iter().flat_map(|family| [&family.mother.phone, &family.father.phone]).collect();
        assert_eq!(phones.len(), 800);
        for family in &families {
            let mother = CitizenId::parse(&family.mother.id_number).expect("a right check digit");
            assert_eq!(mother.sex(), Sex::Female);
            assert_eq!(CitizenId::parse(&family.father.id_number).expect("right").sex(), Sex::Male);
            assert_eq!(mother.area()[..2], family.area[..2]);
            assert!(magic::scenario(&family.mother.id_number) == scenario_of(family.story));
        }
    }

    /// If this fails, a varied example no longer shows what it is an example of.
    #[test]
    fn replaced_parents_ask_the_departments_for_the_same() {
        let area = AreaCode::parse("340104").expect("Hefei");
        let mother = magic::mother(&area, magic::CARD_REFUSED, 1);
        let person = |number: &CitizenId, phone: &str| {
            Some(v1::Parent { id_number: number.as_str().to_owned(), phone: phone.to_owned(), ..Default::default() })
        };
        let form = v1::BirthForm {
            area: "340104".to_owned(),
            mother: person(&mother, "15400000002"),
            father: person(&magic::spouse_of(&mother), "15400000003"),
            children: vec![v1::Child {
                card: Some(v1::Card { bank: "ICBC".to_owned(), phone: "15400000003".to_owned() }),
                ..Default::default()
            }],
            ..Default::default()
        };
        let varied = replaced(form, 5);
        let (new_mother, new_father) = (varied.mother.expect("kept"), varied.father.expect("kept"));
        assert_ne!(new_mother.id_number, mother.as_str());
        assert_eq!(magic::scenario(&new_mother.id_number), Some(magic::CARD_REFUSED));
        let new_number = CitizenId::parse(&new_mother.id_number).expect("right");
        assert_eq!(new_father.id_number, magic::spouse_of(&new_number).as_str());
        assert_eq!(varied.children[0].card.as_ref().map(|card| &card.phone), Some(&new_father.phone));
    }
}
