//! Who may use the joint online process: conditions E1 to E9 of the province's plan, all failing ones at once.
//!
//! A condition that the answers of the departments do not establish has failed: the family is then sent to a counter,
//! where a person looks, rather than registered by a machine on a guess. A department that could not answer is another
//! matter; its step has not succeeded, and this rule is not asked.

use serde_json::Value;

use super::{Argument, Rule, Ruling, selection::children};
use crate::{case::Case, decision::Undecidable, facts, law::Term};

/// The rules of this table.
pub const RULES: &[Rule] = &[Rule {
    name: "eligibility",
    table: "D1",
    zh: "线上联办条件",
    en: "who may use the joint online process",
    argument: Argument::None,
    article: "二(三); 附件2 一; 附件2 二.1 智能验证",
    codes: &CODES,
    needs: &[],
    gives: &[],
    decide: |case| {
        let failing = failing(case);
        Ok::<_, Undecidable>(if failing.is_empty() {
            Ruling::yes("D1", "符合全部条件", "every condition holds")
        } else {
            Ruling::no("D1", failing, "有条件不符合", "some conditions do not hold")
        })
    },
}];

/// The values that a pack may set for it.
pub const TERMS: &[Term] = &[];

/// What a no may say.
const CODES: [&str; 8] = ["PRE-101", "PRE-102", "PRE-103", "PRE-104", "PRE-105", "PRE-106", "PRE-107", "PRE-108"];

/// A condition and the code of its failing.
struct Condition {
    code: &'static str,
    holds: fn(&Case<'_>) -> bool,
}

/// In order of code, so that the applicant always reads them in the same order.
const CONDITIONS: [Condition; 8] = [
    Condition { code: "PRE-101", holds: licence_claimed },
    Condition { code: "PRE-102", holds: born_in_a_facility_here },
    Condition { code: "PRE-103", holds: within_the_window },
    Condition { code: "PRE-104", holds: both_registered_in_the_province },
    Condition { code: "PRE-105", holds: of_one_ethnicity },
    Condition { code: "PRE-106", holds: married_to_each_other },
    Condition { code: "PRE-107", holds: joins_a_family_household },
    Condition { code: "PRE-108", holds: applicant_is_the_mother },
];

/// The codes of all conditions that fail; none means that the family may go on.
fn failing(case: &Case<'_>) -> Vec<&'static str> {
    CONDITIONS.iter().filter(|condition| !(condition.holds)(case)).map(|condition| condition.code).collect()
}

/// E8: 经系统验证相关电子证照已领取. The licence store's answer counts; the platform's own check only without one.
fn licence_claimed(case: &Case<'_>) -> bool {
    if case.fact("marriage-licence.claimed").is_some() {
        return case.holds("marriage-licence.claimed");
    }
    case.holds("marriage_licence_claimed")
}

/// E1: 在全域助产机构内出生,或在家中、途中分娩后即送助产机构处理的活产婴儿.
fn born_in_a_facility_here(case: &Case<'_>) -> bool {
    let place = case.text("delivery.place");
    delivery_found(case)
        && case.holds("delivery.live_birth")
        && case.holds("delivery.in_province")
        && matches!(place, Some("facility" | "brought-at-once"))
}

/// E9: 原则上30日内未线下领取出生医学证明. Says nothing where there is no delivery to be late with.
fn within_the_window(case: &Case<'_>) -> bool {
    !delivery_found(case) || case.holds("delivery.within_window") && !case.holds("delivery.collected_offline")
}

/// E3, E4: 父母双方均为本省户籍居民.
fn both_registered_in_the_province(case: &Case<'_>) -> bool {
    let registered = |path| case.text(path).is_some_and(|area| case.pack.covers_area(area));
    registered("household.mother.area") && registered("household.father.area")
}

/// E5: 父母双方同民族. The police's data count; the query's published fields do not name ethnicity, so where they give
/// none the form's does.
fn of_one_ethnicity(case: &Case<'_>) -> bool {
    let of = |registered, declared| case.text(registered).or_else(|| case.text(declared));
    let mother = of("household.mother.ethnicity", "mother.ethnicity");
    let father = of("household.father.ethnicity", "father.ethnicity");
    mother.is_some() && mother == father
}

/// E6: 婚内生育: the register names the father as the mother's spouse.
fn married_to_each_other(case: &Case<'_>) -> bool {
    let spouse = case.text("marriage.spouse_id_number");
    case.holds("marriage.found") && spouse.is_some() && spouse == case.text("father.id_number")
}

/// E7: 随父(母)在家庭户内申报: the household of the parent whom each child follows is a family's.
fn joins_a_family_household(case: &Case<'_>) -> bool {
    let children = children(case);
    let joins = |child: &Value| {
        let path = match facts::text(child, "registration.follow") {
            Some("mother") => "household.mother.household_type",
            Some("father") => "household.father.household_type",
            Some(_) | None => return false,
        };
        case.text(path) == Some("family")
    };
    !children.is_empty() && children.into_iter().all(joins)
}

/// E2: 申请人(婴儿母亲). Says nothing where there is no delivery to compare with.
fn applicant_is_the_mother(case: &Case<'_>) -> bool {
    let delivered = case.text("delivery.mother_id_number");
    !delivery_found(case) || delivered.is_some() && delivered == case.text("mother.id_number")
}

fn delivery_found(case: &Case<'_>) -> bool {
    case.holds("delivery.found")
}
