//! Domain table D10: who looks at a business of the agency, in how many levels, how long it may take, on which paper it
//! ends, and that no person acts twice.
//!
//! The rows are `[[procedure]]` of `law.toml`; `docs/law/base-procedure.md` names the article of each.

use serde_json::{Value, json};

mod procedure;

pub use procedure::Procedure;
pub(crate) use procedure::read_procedures;

use super::{Argument, Rule, Ruling};
use crate::{case::Case, decision::Undecidable, law::Term};

/// The rules of this table.
pub const RULES: &[Rule] = &[
    Rule {
        name: "procedure",
        table: "D10",
        zh: "经办时限、权限层级与文书",
        en: "limit, levels and papers of a business",
        argument: Argument::Word,
        article: "[004] 篇10",
        codes: &[],
        needs: &[],
        gives: &["business", "limit", "limit_max", "levels", "persons", "paper", "refusal_paper", "copies"],
        decide: procedure,
    },
    Rule {
        name: "levels",
        table: "D10",
        zh: "该业务是否有此级审核",
        en: "whether the business has so many levels of review",
        argument: Argument::Word,
        article: "[004] 篇10",
        codes: &[],
        needs: &[],
        gives: &[],
        decide: levels,
    },
    Rule {
        name: "different-persons",
        table: "D10",
        zh: "各级由不同的人办理",
        en: "each level is another person",
        argument: Argument::Word,
        article: "[004] 篇10: 初审、复核、审批分级经办权限管理",
        codes: &["REV-001"],
        needs: &[],
        gives: &[],
        decide: different_persons,
    },
    Rule {
        name: "persons",
        table: "D10",
        zh: "在场人数",
        en: "whether enough people were there",
        argument: Argument::Word,
        article: "[004] 7章第二十条; 12章第二、三、六条",
        codes: &["REV-002"],
        needs: &[],
        gives: &["present", "wanted"],
        decide: persons,
    },
];

/// The values that a pack may set for them: none, the rows are a table of their own.
pub const TERMS: &[Term] = &[];

/// What a pack lacks when it names a business that has no row.
const PROCEDURE: &str = "procedure";

fn of<'q>(case: &Case<'q>, business: &str) -> Result<&'q Procedure, Undecidable> {
    let found = case.set(PROCEDURE, case.pack.law.procedure(business))?;
    case.cite(found.source.clone());
    Ok(found)
}

fn procedure(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let found = of(case, case.argument)?;
    let limit = found.limit.map_or_else(|| crate::law::UNSPECIFIED_ZH.to_owned(), |limit| limit.zh());
    let limit_en = found.limit.map_or_else(|| crate::law::UNSPECIFIED_EN.to_owned(), |limit| limit.to_string());
    let levels = if found.levels.is_empty() { "来源未规定层级".to_owned() } else { found.levels.join("、") };
    let mut ruling = Ruling::yes(
        "D10",
        format!("{}:时限{limit};层级:{levels}", found.zh),
        format!("{}: within {limit_en}; {} levels of review", found.business, found.levels.len()),
    )
    .giving("business", &*found.business)
    .giving("limit", found.limit.map(|limit| limit.to_string()))
    .giving("limit_max", found.limit_max.map(|limit| limit.to_string()))
    .giving("levels", json!(found.levels))
    .giving("persons", found.persons)
    .giving("paper", found.paper.as_deref())
    .giving("refusal_paper", found.refusal_paper.as_deref())
    .giving("copies", found.copies);
    if let Some(overridden) = &found.overrides {
        ruling = ruling.excluding("D10", overridden.to_string(), "an older limit that a later document overrides");
    }
    Ok(ruling)
}

/// `levels:<business>:<n>`.
fn levels(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let unknown = || Undecidable::UnknownRule(format!("levels:{}", case.argument));
    let (business, wanted) = case.argument.rsplit_once(':').ok_or_else(unknown)?;
    let wanted: usize = wanted.parse().ok().filter(|wanted| *wanted > 0).ok_or_else(unknown)?;
    let found = of(case, business)?;
    Ok(match found.levels.get(wanted - 1) {
        Some(role) => Ruling::yes(
            "D10",
            format!("{}第{wanted}级:{role}", found.zh),
            format!("level {wanted} of {business} is done"),
        ),
        None => Ruling::no(
            "D10",
            Vec::new(),
            format!("{}只有{}级", found.zh, found.levels.len()),
            format!("{business} has {} levels only", found.levels.len()),
        ),
    })
}

/// `different-persons:<step>+<step>+…`. Who acted twice is not said: the sealed inputs hold it.
fn different_persons(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let steps: Vec<&str> = case.argument.split('+').collect();
    if steps.len() < 2 || steps.iter().any(|step| step.is_empty()) {
        return Err(Undecidable::UnknownRule(format!("different-persons:{}", case.argument)));
    }
    let mut officers = Vec::new();
    for step in steps {
        let path = format!("{step}.officer");
        officers.extend(case.needed(&path, case.text(&path)));
    }
    case.complete()?;
    let twice = (1..officers.len()).any(|at| officers[..at].contains(&officers[at]));
    Ok(if twice {
        Ruling::no("D10-P2", vec!["REV-001"], "同一人办理了两级", "one person acted at two levels")
    } else {
        Ruling::yes("D10-P1", "各级由不同的人办理", "each level was another person").excluding(
            "D10-P2",
            "没有人办理两级",
            "nobody acted at two levels",
        )
    })
}

/// `persons:<business>`: as many different people were there as the business asks for, by `<business>.officers`.
fn persons(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let found = of(case, case.argument)?;
    let path = format!("{}.officers", case.argument);
    let present: std::collections::BTreeSet<&str> = case
        .must(&path, case.fact(&path).and_then(Value::as_array))?
        .iter()
        .filter_map(Value::as_str)
        .filter(|officer| !officer.is_empty())
        .collect();
    let wanted = usize::try_from(found.persons).unwrap_or(usize::MAX);
    let ruling = if present.len() >= wanted {
        Ruling::yes("D10-N1", format!("在场{}人", present.len()), format!("{} people were there", present.len()))
    } else {
        Ruling::no("D10-N2", vec!["REV-002"], format!("应有{wanted}人在场"), format!("{wanted} people must be there"))
    };
    Ok(ruling.giving("present", present.len()).giving("wanted", found.persons))
}
