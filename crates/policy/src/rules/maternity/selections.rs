//! Which steps of a maternity claim are done, by the route that `maternity-route` gave.
//!
//! The step's answer counts where it is there; for a family that is not in the system the route is decided here.

use crate::{
    case::Case,
    decision::Undecidable,
    rules::{Argument, Rule, Ruling},
};

/// A claim is made, in either area.
pub(super) const TO_APPLY: Rule = Rule {
    zh: "是否申请生育医疗费用报销",
    en: "whether a claim is made",
    decide: |case| taken(case, &["apply", "apply-cross-area"]),
    ..selection("maternity-to-apply")
};

/// An official handles a claim: one is made, or a person must look first.
pub(super) const HANDLED: Rule = Rule {
    zh: "生育医疗费用是否须经办",
    en: "whether an official handles the claim",
    decide: |case| taken(case, &["apply", "apply-cross-area", "person"]),
    ..selection("maternity-handled")
};

/// A person decides first.
pub(super) const BY_PERSON: Rule = Rule {
    zh: "生育医疗费用是否由人工审核",
    en: "whether a person decides on the claim",
    decide: |case| taken(case, &["person"]),
    ..selection("maternity-by-person")
};

/// The mother is only told: that it is settled, how to apply, or that she has no entitlement.
pub(super) const INFORM: Rule = Rule {
    zh: "生育医疗费用是否仅需告知",
    en: "whether the mother is only told",
    decide: |case| taken(case, &["inform", "tell-route", "none"]),
    ..selection("maternity-inform")
};

/// The originals go to the window.
pub(super) const CROSS_AREA: Rule = Rule {
    zh: "是否跨统筹区报销",
    en: "whether the claim crosses pooling areas",
    decide: |case| taken(case, &["apply-cross-area"]),
    ..selection("maternity-cross-area")
};

const fn selection(name: &'static str) -> Rule {
    Rule {
        name,
        table: "D9",
        zh: "",
        en: "",
        argument: Argument::None,
        article: super::ARTICLE,
        codes: &[],
        needs: &[],
        gives: &[],
        decide: |case| taken(case, &[]),
    }
}

/// The route of the case, as [`super::route`] words it.
pub(super) fn route_of(case: &Case<'_>) -> Result<String, Undecidable> {
    if let Some(route) = case.text("maternity-route.route") {
        return Ok(route.to_owned());
    }
    let ruling = super::route(case)?;
    Ok(ruling.gives.get("route").and_then(|route| route.as_str()).unwrap_or_default().to_owned())
}

fn taken(case: &Case<'_>, routes: &[&str]) -> Result<Ruling, Undecidable> {
    super::cite_source(case);
    let route = route_of(case)?;
    let (zh, en) = (format!("办理途径为{route}"), format!("the route is {route}"));
    Ok(if routes.contains(&route.as_str()) { Ruling::yes("D9", zh, en) } else { Ruling::no("D9", Vec::new(), zh, en) })
}
