//! Who may use the joint online process: conditions E1 to E9 of the province's plan, all failing ones at once.
//!
//! A condition that the answers of the departments do not establish has failed: the family is then sent to a counter,
//! where a person looks, rather than registered by a machine on a guess. A department that could not answer is another
//! matter; its step has not succeeded, and this rule is not asked.

use serde_json::Value;

use super::children;
use crate::{Pack, facts};

/// What a no may say.
pub(super) const CODES: [&str; 8] =
    ["PRE-101", "PRE-102", "PRE-103", "PRE-104", "PRE-105", "PRE-106", "PRE-107", "PRE-108"];

/// A condition and the code of its failing.
struct Condition {
    code: &'static str,
    holds: fn(&Pack, &Value) -> bool,
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
pub(super) fn failing(pack: &Pack, facts: &Value) -> Vec<&'static str> {
    CONDITIONS.iter().filter(|condition| !(condition.holds)(pack, facts)).map(|condition| condition.code).collect()
}

/// E8: 经系统验证相关电子证照已领取. The licence store's answer counts; the platform's own check only without one.
fn licence_claimed(_: &Pack, facts: &Value) -> bool {
    if facts::at(facts, "marriage-licence.claimed").is_some() {
        return facts::holds(facts, "marriage-licence.claimed");
    }
    facts::holds(facts, "marriage_licence_claimed")
}

/// E1: 在全域助产机构内出生,或在家中、途中分娩后即送助产机构处理的活产婴儿.
fn born_in_a_facility_here(_: &Pack, facts: &Value) -> bool {
    let place = facts::text(facts, "delivery.place");
    delivery_found(facts)
        && facts::holds(facts, "delivery.live_birth")
        && facts::holds(facts, "delivery.in_province")
        && matches!(place, Some("facility" | "brought-at-once"))
}

/// E9: 原则上30日内未线下领取出生医学证明. Says nothing where there is no delivery to be late with.
fn within_the_window(_: &Pack, facts: &Value) -> bool {
    !delivery_found(facts)
        || facts::holds(facts, "delivery.within_window") && !facts::holds(facts, "delivery.collected_offline")
}

/// E3, E4: 父母双方均为本省户籍居民.
fn both_registered_in_the_province(pack: &Pack, facts: &Value) -> bool {
    let registered = |path| facts::text(facts, path).is_some_and(|area| pack.covers_area(area));
    registered("household.mother.area") && registered("household.father.area")
}

/// E5: 父母双方同民族. The police's data count; the query's published fields do not name ethnicity, so where they give
/// none the form's does.
fn of_one_ethnicity(_: &Pack, facts: &Value) -> bool {
    let of = |registered, declared| facts::text(facts, registered).or_else(|| facts::text(facts, declared));
    let mother = of("household.mother.ethnicity", "mother.ethnicity");
    let father = of("household.father.ethnicity", "father.ethnicity");
    mother.is_some() && mother == father
}

/// E6: 婚内生育: the register names the father as the mother's spouse.
fn married_to_each_other(_: &Pack, facts: &Value) -> bool {
    let spouse = facts::text(facts, "marriage.spouse_id_number");
    facts::holds(facts, "marriage.found") && spouse.is_some() && spouse == facts::text(facts, "father.id_number")
}

/// E7: 随父(母)在家庭户内申报: the household of the parent whom each child follows is a family's.
fn joins_a_family_household(_: &Pack, facts: &Value) -> bool {
    let children = children(facts);
    let joins = |child: &Value| {
        let path = match facts::text(child, "registration.follow") {
            Some("mother") => "household.mother.household_type",
            Some("father") => "household.father.household_type",
            Some(_) | None => return false,
        };
        facts::text(facts, path) == Some("family")
    };
    !children.is_empty() && children.into_iter().all(joins)
}

/// E2: 申请人(婴儿母亲). Says nothing where there is no delivery to compare with.
fn applicant_is_the_mother(_: &Pack, facts: &Value) -> bool {
    let delivered = facts::text(facts, "delivery.mother_id_number");
    !delivery_found(facts) || delivered.is_some() && delivered == facts::text(facts, "mother.id_number")
}

fn delivery_found(facts: &Value) -> bool {
    facts::holds(facts, "delivery.found")
}
