//! One child's block of the form of annex 3, and what its items need.

use std::collections::BTreeSet;

use identifiers::{Ethnicity, LocalMinute, PersonName, Phone, Relation, Sex};
use jiff::civil::Date;
use policy::Pack;
use proto::v1;
use saga::limits::GROUP_MAX;
use serde_json::{Value, json};

use super::{
    Check, Choice, Context,
    birth::{CODE_CHARACTERS_MAX, INSTITUTION_CHARACTERS_MAX, filled},
};

/// Weeks of gestation. No child born before the 20th week has lived; none was carried beyond the 45th.
pub(super) const GESTATION_WEEKS: std::ops::RangeInclusive<u32> = 20..=45;

/// Days beyond the whole weeks.
pub(super) const GESTATION_DAYS: std::ops::RangeInclusive<u32> = 0..=6;

/// Grams at birth. The lightest child that lived had 212 g; above 9 kg a digit too many is likelier than the child.
pub(super) const WEIGHT_G: std::ops::RangeInclusive<u32> = 200..=9_000;

/// Centimetres at birth: the shortest that lived had 23, the longest about 65; a little more on either side.
pub(super) const LENGTH_CM: std::ops::RangeInclusive<u32> = 20..=70;

/// The items that an applicant may tick, by their number in the form.
const ITEMS: [(i32, &str); 5] = [
    (1, "social-security-card"),
    (2, "insurance-enrolment"),
    (3, "insurance-premium"),
    (4, "maternity-reimbursement"),
    (5, "parenting-guidance"),
];

/// What a child's block is compared with.
pub(super) struct Parents {
    pub(super) father_given: bool,
    /// Theirs, where both could be read.
    pub(super) ethnicities: Option<Vec<Ethnicity>>,
}

/// A child whose block was read.
pub(super) struct Child {
    /// `children[0]`.
    pub(super) field: String,
    pub(super) order: Option<u8>,
    pub(super) born_at: Option<LocalMinute>,
    /// The items ticked, with the field of each.
    pub(super) items: Vec<(String, &'static str)>,
    pub(super) facts: Value,
}

impl Child {
    pub(super) fn ticks(&self, item: &str) -> bool {
        self.items.iter().any(|(_, ticked)| *ticked == item)
    }
}

/// Where a child was born: the form's number and the fact's word.
pub(super) const BIRTH_PLACES: [(i32, &str); 3] = [(1, "facility"), (2, "brought-at-once"), (3, "elsewhere")];

/// Reads all children; sorted by their order, so that facts and cases stand in it.
pub(super) fn all(check: &mut Check, children: &[v1::Child], parents: &Parents, context: &Context<'_>) -> Vec<Child> {
    let many = usize::from(GROUP_MAX);
    if children.is_empty() || children.len() > many {
        let (zh, en) = (format!("婴儿应为1至{many}名"), format!("1 to {many} children"));
        check.note("children", "YJ-FORM-04", zh, en);
    }
    let mut read: Vec<Child> = children
        .iter()
        .take(many)
        .enumerate()
        .map(|(at, child)| one(check, format!("children[{at}]"), child, parents, context))
        .collect();
    orders(check, &mut read, children.len());
    read.sort_by_key(|child| child.order);
    read
}

/// Orders are 1, 2, 3, … without a gap, and no two children share one.
fn orders(check: &mut Check, children: &mut [Child], count: usize) {
    let mut seen = BTreeSet::new();
    for child in children.iter_mut() {
        let Some(order) = child.order else { continue };
        if !seen.insert(order) {
            let (zh, en) = ("两名婴儿的顺序号相同", "two children have this order number");
            check.note(format!("{}.order", child.field), "YJ-FORM-05", zh, en);
            child.order = None;
        } else if usize::from(order) > count {
            let (zh, en) = (format!("顺序号应为1至{count}"), format!("order numbers run from 1 to {count}"));
            check.note(format!("{}.order", child.field), "YJ-FORM-05", zh, en);
            child.order = None;
        }
    }
}

fn one(check: &mut Check, field: String, child: &v1::Child, parents: &Parents, context: &Context<'_>) -> Child {
    let at = |name: &str| format!("{field}.{name}");
    let order = u8::try_from(child.order).ok().filter(|order| *order >= 1);
    if order.is_none() {
        check.note(at("order"), "YJ-FORM-05", "顺序号应自1起", "order numbers begin with 1");
    }
    let name = match PersonName::parse(&child.name) {
        Ok(name) => Some(name),
        Err(violation) => {
            check.note(at("name"), "FRM-302", violation.zh, violation.en);
            None
        }
    };
    // Departments are given the code of GB/T 2261.1, which is the form's own number.
    let sex = check.choice(&at("sex"), child.sex, &[(1, "1"), (2, "2")], Choice::Needed);
    let born_at = LocalMinute::parse(&child.born_at).and_then(|born_at| born_at.not_after(context.now));
    let born_at = check.take(&at("born_at"), born_at);
    let birth_place = check.choice(&at("birth_place"), child.birth_place, &BIRTH_PLACES, Choice::Needed);
    let facility = match birth_place {
        Some("facility" | "brought-at-once") => {
            check.text(&at("facility_name"), &child.facility_name, INSTITUTION_CHARACTERS_MAX)
        }
        _ => check.optional_text(&at("facility_name"), &child.facility_name, INSTITUTION_CHARACTERS_MAX),
    };
    let items = items(check, &field, &child.items);
    let mut facts = json!({
        "order": order,
        "name": name,
        "sex": sex,
        "born_at": born_at,
        "gestation_weeks": check.number(&at("gestation_weeks"), child.gestation_weeks, GESTATION_WEEKS),
        "gestation_days": check.number(&at("gestation_days"), child.gestation_days, GESTATION_DAYS),
        "weight_g": check.number(&at("weight_g"), child.weight_g, WEIGHT_G),
        "length_cm": check.number(&at("length_cm"), child.length_cm, LENGTH_CM),
        "birth_place": birth_place,
        "facility_name": facility,
        "items": items.iter().map(|(_, item)| *item).collect::<BTreeSet<_>>(),
    });
    let registration = registration(check, &at("registration"), child.registration.as_ref(), sex, parents);
    let ticks = |item: &str| items.iter().any(|(_, ticked)| *ticked == item);
    let insurance = match &child.insurance {
        Some(block) => Some(insurance(check, &at("insurance"), block, context.today)),
        None => {
            if ticks("insurance-enrolment") {
                let (zh, en) = ("选择参保须填写医保参保信息", "enrolment needs the insurance block");
                check.note(at("insurance"), "YJ-FORM-08", zh, en);
            }
            None
        }
    };
    let card = match &child.card {
        Some(block) => Some(filled([
            ("bank", check.text(&at("card.bank"), &block.bank, CODE_CHARACTERS_MAX)),
            ("phone", check.take(&at("card.phone"), Phone::parse(&block.phone)).map(String::from)),
        ])),
        None => {
            if ticks("social-security-card") {
                let (zh, en) = ("选择申领须填写社会保障卡信息", "the card needs the card block");
                check.note(at("card"), "YJ-FORM-09", zh, en);
            }
            None
        }
    };
    for (name, block) in [("registration", registration), ("insurance", insurance), ("card", card)] {
        if let Some(block) = block {
            facts[name] = block;
        }
    }
    Child { field, order, born_at, items, facts }
}

fn registration(
    check: &mut Check,
    field: &str,
    block: Option<&v1::BirthRegistration>,
    sex: Option<&str>,
    parents: &Parents,
) -> Option<Value> {
    let at = |name: &str| format!("{field}.{name}");
    let Some(block) = block else {
        check.note(field, "FRM-301", "必填项未填写", "must be filled in");
        return None;
    };
    let follow = match block.follow {
        1 => Some("mother"),
        2 => Some("father"),
        _ => None,
    };
    if follow.is_none() || (follow == Some("father") && !parents.father_given) {
        let (zh, en) = ("须选定婴儿户口随父亲或母亲", "choose whose household the child joins");
        check.note(at("follow"), "FRM-303", zh, en);
    }
    let relation = check.take(&at("relation_to_head"), Relation::parse(&block.relation_to_head));
    let stated = relation.as_ref().and_then(Relation::sex).map(|sex| match sex {
        Sex::Male => "1",
        Sex::Female => "2",
    });
    if let (Some(stated), Some(sex)) = (stated, sex)
        && stated != sex
    {
        let (zh, en) = ("与户主关系和婴儿性别不符", "the relation does not fit the child's sex");
        check.note(at("relation_to_head"), "FRM-301", zh, en);
    }
    let ethnicity = check.take(&at("ethnicity"), Ethnicity::parse(&block.ethnicity));
    if let (Some(ethnicity), Some(parents)) = (ethnicity, &parents.ethnicities)
        && !parents.contains(&ethnicity)
    {
        let (zh, en) = ("婴儿民族应为父母一方的民族", "the child's ethnicity is one of the parents'");
        check.note(at("ethnicity"), "POL-604", zh, en);
    }
    let native_place = check.area(&at("native_place"), &block.native_place);
    Some(json!({
        "follow": follow,
        "relation_to_head": relation,
        "ethnicity": ethnicity,
        "native_place": native_place,
    }))
}

fn insurance(check: &mut Check, field: &str, block: &v1::Insurance, today: Date) -> Value {
    let at = |name: &str| format!("{field}.{name}");
    let mut years = BTreeSet::new();
    if block.years.is_empty() {
        check.note(at("years"), "FRM-301", "必选项未选择", "must be chosen");
    }
    // Two can be ticked; a few more are the same ones again.
    for (index, year) in block.years.iter().enumerate().take(4) {
        let words = [(1, "birth-year"), (2, "next-year")];
        years.extend(check.choice(&format!("{field}.years[{index}]"), *year, &words, Choice::Needed));
    }
    let kind = Some(block.kind.as_str()).filter(|kind| kind.len() == 3 && kind.bytes().all(|b| b.is_ascii_digit()));
    if kind.is_none() {
        check.note(at("kind"), "FRM-301", "参保类型应为3位代码", "a code of 3 digits");
    }
    let place = check.area_in_force(&at("place"), &block.place, today);
    json!({"years": years, "kind": kind, "place": place})
}

fn items(check: &mut Check, field: &str, numbers: &[i32]) -> Vec<(String, &'static str)> {
    let mut ticked: Vec<(String, &'static str)> = Vec::new();
    // There are five; whoever sends more repeats them, which means the same.
    for (index, number) in numbers.iter().enumerate().take(ITEMS.len() * 2) {
        let at = format!("{field}.items[{index}]");
        if let Some(item) = check.choice(&at, *number, &ITEMS, Choice::Needed)
            && !ticked.iter().any(|(_, known)| *known == item)
        {
            ticked.push((at, item));
        }
    }
    ticked
}

/// Every item ticked is one that the pack offers, and what it needs is ticked too, or is always done.
pub(super) fn items_fit(check: &mut Check, pack: &Pack, items: &[(String, &str)]) {
    for (at, item) in items {
        let Some(offered) = pack.items.get(*item) else {
            let (zh, en) = ("本地不办理该事项", "this item is not offered here");
            check.note(at, "YJ-FORM-16", zh, en);
            continue;
        };
        for needed in &offered.needs {
            let always = pack.items.get(needed).is_some_and(|item| item.mandatory);
            if !always && !items.iter().any(|(_, ticked)| *ticked == &**needed) {
                let (zh, en) =
                    pack.items.get(needed).map_or((&**needed, &**needed), |item| (&item.name.zh, &item.name.en));
                check.note(at, "YJ-FORM-06", format!("须同时选择“{zh}”"), format!("needs “{en}” as well"));
            }
        }
    }
}
