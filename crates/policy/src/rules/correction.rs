//! Corrections (更正): who received what was corrected, and what the law must decide anew because of it.

use serde_json::Value;

use super::{Argument, Rule, Ruling};
use crate::{case::Case, decision::Undecidable};

/// The rules of corrections; the facts are those of the procedure, with `correction {paths, values, received}`.
pub const RULES: &[Rule] = &[
    Rule {
        name: "received",
        table: "",
        zh: "该部门是否收到过被更正的信息",
        en: "whether a department was sent what is corrected",
        argument: Argument::Word,
        article: "个人信息保护法第四十六条",
        codes: &[],
        needs: &[],
        gives: &[],
        decide: received,
    },
    Rule {
        name: "corrects",
        table: "",
        zh: "更正是否涉及某项信息",
        en: "whether the correction concerns a fact",
        argument: Argument::Word,
        article: "个人信息保护法第四十六条",
        codes: &[],
        needs: &[],
        gives: &[],
        decide: corrects,
    },
];

fn received(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    Ok(if names(case, "correction.received", case.argument) {
        Ruling::yes("", "该部门收到过被更正的信息", "it was sent what is corrected")
    } else {
        Ruling::no("", Vec::new(), "该部门未收到过", "it was not")
    })
}

/// `corrects:child.born_at`, and with `+` and a fact that must be there besides: `corrects:child.born_at+benefit`.
fn corrects(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let (path, besides) =
        case.argument.split_once('+').map_or((case.argument, None), |(path, fact)| (path, Some(fact)));
    let there = besides.is_none_or(|fact| case.fact(fact).is_some());
    Ok(if there && names(case, "correction.paths", path) {
        Ruling::yes("", "更正涉及此项,须重新认定", "it is corrected, and the law decides anew")
    } else {
        Ruling::no("", Vec::new(), "更正不涉及此项", "it is not corrected")
    })
}

fn names(case: &Case<'_>, path: &str, name: &str) -> bool {
    let named = case.fact(path).and_then(Value::as_array);
    named.is_some_and(|named| named.iter().any(|known| known.as_str() == Some(name)))
}
