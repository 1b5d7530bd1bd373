//! Domain table D2, and what the engine itself asks: which items are done, whether a pack holds, whether all is settled.

use identifiers::LocalMinute;
use saga::definition::Performer;
use serde_json::Value;

use super::{Argument, Rule, Ruling};
use crate::{case::Case, decision::Undecidable};

/// The rules of this table.
pub const RULES: &[Rule] = &[
    Rule {
        name: "item-chosen",
        table: "D2",
        zh: "事项是否办理",
        en: "whether an item is done",
        argument: Argument::Item,
        article: "办理事项 (pack.toml items)",
        codes: &[],
        needs: &[],
        gives: &[],
        decide: item_chosen,
    },
    Rule {
        name: "pack",
        table: "",
        zh: "适用的政策",
        en: "whether this pack holds",
        argument: Argument::None,
        article: "适用范围 (pack.toml selector)",
        codes: &["PACK-001", "PACK-002"],
        needs: &[],
        gives: &[],
        decide: within_pack,
    },
    Rule {
        name: "all-settled",
        table: "",
        zh: "各事项均已了结",
        en: "every item is settled",
        argument: Argument::None,
        article: "办结 (saga.toml)",
        codes: &[],
        needs: &[],
        gives: &[],
        decide: |case| {
            cite_step(case, "all-settled");
            Ok(Ruling::yes("", "各事项均已了结", "every item is settled"))
        },
    },
];

/// What cannot be unticked is chosen, whatever the form says.
fn item_chosen(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let item = case.pack.items.get(case.argument);
    if let Some(item) = item {
        case.cite(item.source.clone());
    }
    if item.is_some_and(|item| item.mandatory) {
        return Ok(Ruling::yes("D2-1", "默认必选事项", "mandatory, cannot be unticked"));
    }
    // A form without a tick has an empty list; without a list nobody has seen the form.
    let items = case.must("child.items", case.fact("child.items").and_then(Value::as_array))?;
    let ticked = |item: &str| items.iter().any(|ticked| ticked.as_str() == Some(item));
    if !ticked(case.argument) {
        return Ok(Ruling::no("D2-3", Vec::new(), "申请人未勾选", "not ticked by the applicant"));
    }
    // The form refuses this; facts that come another way are held to the same.
    if let Some((zh, en)) = lacking(case, &ticked) {
        let (zh, en) = (format!("须同时选择“{zh}”"), format!("needs “{en}” as well"));
        return Ok(Ruling::no("D2-4", Vec::new(), zh.clone(), en.clone()).excluding("D2-2", zh, en));
    }
    Ok(Ruling::yes("D2-2", "申请人已勾选", "ticked by the applicant"))
}

/// The first item that the asked one needs and that is neither ticked nor always done.
fn lacking<'q>(case: &Case<'q>, ticked: &dyn Fn(&str) -> bool) -> Option<(&'q str, &'q str)> {
    let done = |item: &str| ticked(item) || case.pack.items.get(item).is_some_and(|item| item.mandatory);
    let needs = &case.pack.items.get(case.argument)?.needs;
    let lacking = case.pack.items.get(needs.iter().find(|needed| !done(needed))?)?;
    Some((&lacking.name.zh, &lacking.name.en))
}

/// Whether the application falls under this pack: its area, and the birth of the child, or of each child.
fn within_pack(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let mut against = Vec::new();
    if !case.text("application.area").is_some_and(|area| case.pack.covers_area(area)) {
        against.push("PACK-001");
    }
    let born_within = |child: &Value| {
        let born_at = crate::facts::text(child, "born_at").and_then(|text| LocalMinute::parse(text).ok());
        born_at.is_some_and(|born_at| case.pack.covers_birth(&born_at))
    };
    let children = children(case);
    if children.is_empty() || !children.into_iter().all(born_within) {
        against.push("PACK-002");
    }
    if case.pack.selector.submitted_from.is_some() || case.pack.selector.submitted_until.is_some() {
        let submitted_on = case.day("application.submitted_on")?;
        if !case.pack.covers_filing(case.must("application.submitted_on", submitted_on)?) {
            against.push("PACK-004");
        }
    }
    Ok(if against.is_empty() {
        Ruling::yes("", "地区与出生时间均在适用范围内", "area and time of birth are within its scope")
    } else {
        Ruling::no("", against, "地区或出生时间不在适用范围内", "area or time of birth is outside its scope")
    })
}

/// Names the articles of the pack's step that this rule performs; none where the pack has no such step. A document of
/// one province is thereby cited only where the pack is built on it.
pub(crate) fn cite_step(case: &Case<'_>, rule: &str) {
    let performs = |step: &&saga::Step| matches!(&step.performer, Performer::Law { rule: named } if **named == *rule);
    if let Some(step) = case.pack.definition.steps.iter().find(performs) {
        case.cite(step.source.clone());
    }
}

/// The child whose case it is; for the family's step, all children of the application.
pub(crate) fn children<'q>(case: &Case<'q>) -> Vec<&'q Value> {
    match (case.fact("child"), case.fact("children").and_then(Value::as_array)) {
        (Some(child), _) => vec![child],
        (None, Some(children)) => children.iter().collect(),
        (None, None) => Vec::new(),
    }
}
