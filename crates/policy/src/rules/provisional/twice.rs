//! Domain case X15: one child enrolled in two provinces. One stays, the other ends, and its money goes back.
//!
//! The other enrolment is known to a person, or by the departments' exchange: fact `other-enrolment` {person_number,
//! area, enrolled_on, first_used_on?}, the family's choice `enrolment-choice` {area}.

use crate::{
    case::Case,
    decision::Undecidable,
    rules::{Argument, Rule, Ruling},
};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "enrolled-twice",
    table: "D13",
    zh: "两省重复参保",
    en: "enrolled in two provinces",
    argument: Argument::None,
    article: "unspecified: 来源未写明重复参保的处理",
    codes: &[],
    needs: &[],
    gives: &["action", "stays", "ends", "reverses"],
    decide,
};

fn decide(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let (here, there) = (case.text("enrolment.area"), case.text("other-enrolment.area"));
    let Some((here, there)) = here.zip(there) else {
        return Ok(Ruling::yes("X15-0", "没有重复参保", "not enrolled twice").giving("action", "none"));
    };
    let ends = |stays: &str| if stays == here { there } else { here }.to_owned();
    let settled = |row, stays: &str, zh: &str, en: &str| {
        Ruling::yes(row, zh, en)
            .giving("action", "terminate-other")
            .giving("stays", stays)
            .giving("ends", ends(stays))
            .giving("reverses", vec![serde_json::Value::from("premium"), "subsidy".into()])
    };
    if let Some(chosen) = case.text("enrolment-choice.area").filter(|chosen| [here, there].contains(chosen)) {
        return Ok(settled("X15-1", chosen, "保留家庭选定的参保地", "the one that the family chose stays").excluding(
            "X15-2",
            "家庭已选定",
            "the family has chosen",
        ));
    }
    let used = match case.word("provisional.duplicate", None) {
        Some("first-enrolled") => ["enrolled_on", "enrolled_on"],
        Some(_) | None => ["first_used_on", "enrolled_on"],
    };
    for field in used {
        let own = case.day(&format!("enrolment.{field}"))?;
        let other = case.day(&format!("other-enrolment.{field}"))?;
        let stays = match (own, other) {
            (Some(own), Some(other)) if own == other => continue,
            (Some(own), Some(other)) => Some(if own < other { here } else { there }),
            // Used here and never there is used first here. Of an enrolment's day both must be known.
            (Some(_), None) if field == "first_used_on" => Some(here),
            (None, Some(_)) if field == "first_used_on" => Some(there),
            (Some(_), None) | (None, Some(_)) | (None, None) => None,
        };
        if let Some(stays) = stays {
            return Ok(settled(
                "X15-2",
                stays,
                "保留先享受待遇(或先参保)的参保地",
                "the first used, or enrolled, stays",
            )
            .excluding("X15-1", "家庭未选定", "the family has not chosen"));
        }
    }
    Ok(Ruling::yes("X15-3", "无从判断先后,由专人与家庭商定", "which came first is not known: a person asks the family")
        .giving("action", "person"))
}
