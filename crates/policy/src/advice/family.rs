//! The children of a family, each with the facts that hold for it and the pack that it falls under.
//!
//! Of twins over midnight each has a pack of its own, so nothing can be told of the family as a whole.

use std::{borrow::Cow, sync::Arc};

use identifiers::LocalMinute;
use serde_json::Value;

use super::{Words, per_child};
use crate::{
    Pack, Packs,
    facts::{self, known::FactProblem},
};

/// One child of a family that asks for advice.
#[derive(Clone, Debug)]
pub struct Child<'f> {
    /// As the facts count it, else by its place among them; from 1.
    pub order: u32,
    /// The family's facts, `child` being this one.
    pub facts: Cow<'f, Value>,
    /// The pack that holds for it.
    pub pack: Arc<Pack>,
}

/// Each child of a family: under the pack that is named, else under the one that its own minute of birth chooses.
///
/// # Errors
/// If the facts do not say enough to choose, or no pack or more than one holds; named by path, never by value.
pub fn children<'f>(packs: &Packs, named: Option<&Arc<Pack>>, facts: &'f Value) -> Result<Vec<Child<'f>>, FactProblem> {
    let mut found = Vec::new();
    for (at, facts) in per_child(facts).into_iter().enumerate() {
        let pack = match named {
            Some(pack) => Arc::clone(pack),
            None => chosen(packs, &facts)?,
        };
        let stated = facts::at(&facts, "child.order").and_then(Value::as_u64).and_then(|order| order.try_into().ok());
        let order = stated.unwrap_or_else(|| u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1));
        found.push(Child { order, facts, pack });
    }
    Ok(found)
}

fn chosen(packs: &Packs, facts: &Value) -> Result<Arc<Pack>, FactProblem> {
    let wrong = |path: &str, zh: String, en: String| FactProblem { path: path.to_owned(), what: Words::new(zh, en) };
    let (area, born_at) = (facts::text(facts, "application.area"), facts::text(facts, "child.born_at"));
    let born_at = born_at
        .map(LocalMinute::parse)
        .transpose()
        .map_err(|violation| wrong("child.born_at", violation.zh.to_string(), violation.en.to_string()))?;
    let (Some(area), Some(born_at)) = (area, born_at) else {
        return Err(wrong(
            "",
            "须写明pack,或application.area与每个孩子的born_at".to_owned(),
            "give pack, or application.area and the born_at of each child".to_owned(),
        ));
    };
    let submitted_on = facts::text(facts, "application.submitted_on").and_then(|day| day.parse().ok());
    packs.choice(area, &born_at, submitted_on).map(|(pack, _)| pack).map_err(|refused| {
        let why = refused.0;
        wrong("application.area", why.zh, why.en)
    })
}
