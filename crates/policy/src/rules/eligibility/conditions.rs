//! Conditions E1 to E8: what the answers of health, police, civil affairs and the licence store must say.

use serde_json::Value;

use super::{
    Condition,
    Standing::{self, Fails, Holds, Moot, NotTold},
    each_child, elsewhere, window,
};
use crate::{case::Case, facts, rules::Ruling};

/// The steps whose answers say that an e-licence was claimed, where the pack does not say: 附1 row 1.
const LICENCES: [&str; 1] = ["marriage-licence"];

/// All rows, in order of the table.
pub(super) const ALL: [Condition; 12] = [
    Condition {
        row: "E1",
        code: "PRE-102",
        zh: "在本省助产机构出生,或在家中、途中分娩后即送助产机构处理的活产婴儿(卫生健康部门)",
        en: "a live birth in, or brought at once to, a midwifery facility of the province (health)",
        stands: |case, ruling| Ok(born_in_a_facility_here(case, ruling)),
    },
    Condition {
        row: "E2",
        code: "PRE-108",
        zh: "申请人为婴儿母亲(卫生健康部门)",
        en: "the applicant is the baby's mother (health)",
        stands: |case, _| Ok(applicant_is_the_mother(case)),
    },
    Condition {
        row: "E3",
        code: "PRE-104",
        zh: "母亲为本省户籍居民(公安部门)",
        en: "the mother is registered in the province (police)",
        stands: |case, _| Ok(registered(case, "household.mother.area")),
    },
    Condition {
        row: "E4",
        code: "PRE-104",
        zh: "父亲为本省户籍居民(公安部门)",
        en: "the father is registered in the province (police)",
        stands: |case, _| Ok(registered(case, "household.father.area")),
    },
    Condition {
        row: "E5",
        code: "PRE-105",
        zh: "父母双方同民族(公安部门)",
        en: "the parents are of one ethnicity (police)",
        stands: |case, ruling| Ok(of_one_ethnicity(case, ruling)),
    },
    Condition {
        row: "E6",
        code: "PRE-106",
        zh: "婚内生育(民政部门)",
        en: "born in wedlock (civil affairs)",
        stands: |case, _| Ok(married_to_each_other(case)),
    },
    Condition {
        row: "E7",
        code: "PRE-107",
        zh: "随父(母)在家庭户内申报出生登记(公安部门)",
        en: "the child joins the family household of a parent (police)",
        stands: |case, ruling| Ok(joins_a_family_household(case, ruling)),
    },
    Condition {
        row: "E8",
        code: "PRE-101",
        zh: "相关电子证照已领取(电子证照库)",
        en: "the e-licences have been claimed (licence store)",
        stands: |case, _| Ok(licences_claimed(case)),
    },
    Condition {
        row: "E9",
        code: "PRE-103",
        zh: "分娩在规定期限内且出生医学证明未线下领取(卫生健康部门)",
        en: "within the window after the delivery, and no certificate collected offline (health)",
        stands: window::open,
    },
    Condition {
        row: "E10",
        code: "PRE-110",
        zh: "婴儿出生后在规定期限内申请",
        en: "the application comes soon enough after the birth",
        stands: elsewhere::young_enough,
    },
    Condition {
        row: "E11",
        code: "PRE-111",
        zh: "婴儿随父姓或母姓",
        en: "the child bears the surname of its father or mother",
        stands: |case, _| Ok(elsewhere::surname_of_a_parent(case)),
    },
    Condition {
        row: "E12",
        code: "PRE-112",
        zh: "父亲已通过电子身份证件授权",
        en: "the father has authorised by granting his e-licence",
        stands: |case, _| Ok(elsewhere::father_has_authorised(case)),
    },
];

/// Whether health found a delivery at all; without one, nothing else is said about it.
pub(super) fn delivery_found(case: &Case<'_>) -> bool {
    case.holds("delivery.found")
}

/// E1: 在全域助产机构内出生,或在家中、途中分娩后即送助产机构处理的活产婴儿.
fn born_in_a_facility_here(case: &Case<'_>, ruling: &mut Ruling) -> Standing {
    if case.truth("delivery.found") == Some(false) {
        return Fails;
    }
    let told = ["delivery.found", "delivery.live_birth", "delivery.in_province"].map(|path| case.truth(path));
    if told[2] == Some(false) {
        // G18: the plan knows no birth outside the province; the neighbours' cross-province service may.
        ruling.warnings.push((
            "G18: 省外出生不属本方案范围;可咨询长三角“出生一件事”跨省办理。".into(),
            "G18: a birth outside the province is not in this plan; the cross-province service may help".into(),
        ));
    }
    let place = case.text("delivery.place").map(|place| matches!(place, "facility" | "brought-at-once"));
    all(told.into_iter().chain([place]))
}

/// E2: 申请人(婴儿母亲).
fn applicant_is_the_mother(case: &Case<'_>) -> Standing {
    if !delivery_found(case) {
        return Moot;
    }
    same(case.text("delivery.mother_id_number"), case.text("mother.id_number"))
}

/// E3, E4: 父母双方均为本省户籍居民. A pack of one city may name the whole province.
fn registered(case: &Case<'_>, path: &str) -> Standing {
    let areas = case.texts("eligibility.household_areas", None);
    match (case.text(path), areas) {
        (None, _) => NotTold,
        (Some(area), Some(areas)) => truth(areas.iter().any(|prefix| area.starts_with(&**prefix))),
        (Some(area), None) => truth(case.pack.covers_area(area)),
    }
}

/// E5: 父母双方同民族. The police's data count; the query's published fields do not name ethnicity, so where they give
/// none the form's does.
fn of_one_ethnicity(case: &Case<'_>, ruling: &mut Ruling) -> Standing {
    let of = |registered, declared| match case.text(registered) {
        Some(ethnicity) => (Some(ethnicity), false),
        None => (case.text(declared), true),
    };
    let (mother, mother_declared) = of("household.mother.ethnicity", "mother.ethnicity");
    let (father, father_declared) = of("household.father.ethnicity", "father.ethnicity");
    if mother_declared || father_declared {
        ruling.warnings.push((
            "G11: 户籍信息查询未列民族(附1 第3行),按申请表所填判断。".into(),
            "G11: the household query names no ethnicity (附1 row 3); the form's was taken".into(),
        ));
    }
    same(mother, father)
}

/// E6: 婚内生育: the register names the father as the mother's spouse. The query's published fields hold neither status
/// nor date; where a register tells the date, it is not after the birth.
fn married_to_each_other(case: &Case<'_>) -> Standing {
    let found = case.truth("marriage.found");
    if found != Some(true) {
        return all([found]);
    }
    let married = same(case.text("marriage.spouse_id_number"), case.text("father.id_number"));
    let Ok(Some(registered)) = case.day("marriage.registered_on") else { return married };
    let before = |child: &Value| {
        let born = facts::text(child, "born_at").and_then(|text| identifiers::LocalMinute::parse(text).ok());
        born.is_none_or(|born| registered <= born.date())
    };
    if each_child(case).into_iter().all(before) { married } else { Fails }
}

/// E7: 随父(母)在家庭户内申报: the household of the parent whom each child follows is a family's.
fn joins_a_family_household(case: &Case<'_>, ruling: &mut Ruling) -> Standing {
    let children = each_child(case);
    let mut told = children.iter().map(|child| {
        let path = match facts::text(child, "registration.follow") {
            Some("mother") => "household.mother.household_type",
            Some("father") => "household.father.household_type",
            Some(_) | None => return None,
        };
        let kind = case.text(path);
        if kind.is_none() {
            ruling.warnings.push((
                "G11: 户籍信息查询未列户别(附1 第3行),请由专人核实。".into(),
                "G11: the household query names no kind of household (附1 row 3); a person looks".into(),
            ));
        }
        Some(kind? == "family")
    });
    if children.is_empty() { NotTold } else { all(&mut told) }
}

/// E8: 经系统验证相关电子证照已领取. The licence store's answer counts; of the marriage licence the platform's own check
/// does without one.
fn licences_claimed(case: &Case<'_>) -> Standing {
    let claimed = |licence: &str| {
        let told = case.truth(&format!("{licence}.claimed"));
        if told.is_none() && licence == LICENCES[0] { case.truth("marriage_licence_claimed") } else { told }
    };
    match case.texts("eligibility.licences", None) {
        Some(licences) => all(licences.iter().map(|licence| claimed(licence))),
        None => all(LICENCES.iter().map(|licence| claimed(licence))),
    }
}

/// One that fails settles it; else one that is not told.
fn all(told: impl IntoIterator<Item = Option<bool>>) -> Standing {
    let mut standing = Holds;
    for one in told {
        match one {
            Some(true) => {}
            Some(false) => return Fails,
            None => standing = NotTold,
        }
    }
    standing
}

fn truth(holds: bool) -> Standing {
    if holds { Holds } else { Fails }
}

fn same(one: Option<&str>, other: Option<&str>) -> Standing {
    match (one, other) {
        (Some(one), Some(other)) => truth(one == other),
        (None, _) | (_, None) => NotTold,
    }
}
