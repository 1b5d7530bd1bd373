//! The questions that a reviewer of a maternity claim answers ([004] 篇10 第9章 art. 3), and what follows from the
//! answers. A refusal names every question that failed and the paper that has to be handed over.
//!
//! The rule is named with the step whose answer holds them, e.g. `maternity-review:maternity-first-review`.

use super::terms::{ASKS_POLICY, COPIES, ORIGINALS, PAPER};
use crate::{
    case::Case,
    decision::Undecidable,
    law::Value,
    rules::{Argument, Rule, Ruling},
};

/// Whether the fund pays.
pub(super) const RULE: Rule = Rule {
    name: "maternity-review",
    table: "D9",
    zh: "生育保险待遇审核",
    en: "the review of a maternity claim",
    argument: Argument::Word,
    article: "篇10 第九章第三条",
    codes: &["MAT-1103", "MAT-1104", "MAT-1105", "MAT-1107", "MAT-1108", "MAT-1109"],
    needs: &[PAPER, COPIES],
    gives: &["paper", "copies", "failing"],
    decide: review,
};

/// A question, when it is asked, and the code of a no.
struct Question {
    field: &'static str,
    code: &'static str,
    is_asked: fn(&Case<'_>) -> Result<bool, Undecidable>,
}

/// In order of code.
const QUESTIONS: [Question; 6] = [
    // Residents have no employer; an employee's spouse claims from what his employer paid.
    Question { field: "employer_paid", code: "MAT-1103", is_asked: |case| Ok(!is_resident(case)?) },
    Question { field: "within_claim_period", code: "MAT-1104", is_asked: |_| Ok(true) },
    Question { field: "originals_received", code: "MAT-1105", is_asked: originals_are_asked },
    Question { field: "materials_genuine", code: "MAT-1107", is_asked: |_| Ok(true) },
    Question { field: "insured", code: "MAT-1108", is_asked: |_| Ok(true) },
    Question {
        field: "policy_compliant",
        code: "MAT-1109",
        is_asked: |case| Ok(case.says(ASKS_POLICY, super::law_day(case)?) == Some(true)),
    },
];

fn review(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let (mut asked, mut not_asked) = (Vec::new(), Vec::new());
    for question in &QUESTIONS {
        if (question.is_asked)(case)? { asked.push(question) } else { not_asked.push(question.field) }
    }
    // Only now the answers: whether a question is asked must not fail for want of an answer to another.
    let failing: Vec<&Question> = asked
        .into_iter()
        .filter(|question| {
            let path = format!("{}.{}", case.argument, question.field);
            case.needed(&path, case.truth(&path)) == Some(false)
        })
        .collect();
    case.complete()?;
    let mut ruling = if failing.is_empty() {
        Ruling::yes("D9-review", "审核各项均符合", "every question is answered with yes")
    } else {
        refusal(case, &failing)?
    };
    for field in not_asked {
        ruling = ruling.excluding(field, "本件不审核此项", "not asked in this case");
    }
    Ok(ruling)
}

fn refusal(case: &Case<'_>, failing: &[&Question]) -> Result<Ruling, Undecidable> {
    let on = super::law_day(case)?;
    let paper = match case.provision(PAPER, on).map(|provision| &provision.value) {
        Some(Value::Text(paper)) => Ok(paper.to_string()),
        Some(_) | None => Err(Undecidable::NotSet(PAPER)),
    }?;
    let copies = case.set(COPIES, case.count(COPIES, on))?;
    let codes = failing.iter().map(|question| question.code).collect();
    let fields: Vec<serde_json::Value> = failing.iter().map(|question| question.field.into()).collect();
    Ok(Ruling::no(
        "D9-review",
        codes,
        format!("不予支付,出具{paper}一式{copies}份"),
        format!("not paid; {paper} is issued, {copies} copies"),
    )
    .giving("paper", paper)
    .giving("copies", copies)
    .giving("failing", fields))
}

fn is_resident(case: &Case<'_>) -> Result<bool, Undecidable> {
    let path = "maternity-status.insured";
    Ok(case.must(path, case.text(path))? == "resident")
}

fn originals_are_asked(case: &Case<'_>) -> Result<bool, Undecidable> {
    if case.says(ORIGINALS, super::law_day(case)?) != Some(true) {
        return Ok(false);
    }
    Ok(super::selections::route_of(case)? == "apply-cross-area")
}
