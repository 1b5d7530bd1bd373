//! Decisions for people at a terminal: Chinese first. What names a person is masked.

use identifiers::LocalMinute;
use policy::{
    Decision, Outcome,
    advice::{self, Choice, LastDay},
    legal_time::Deadline,
};
use serde_json::Value;

use super::decide::Told;

/// The last names of facts that are never printed.
const MASKED: [&str; 12] = [
    "name",
    "spouse_name",
    "id_number",
    "mother_id_number",
    "spouse_id_number",
    "phone",
    "household_address",
    "address",
    "facility_name",
    "recipient",
    "recipient_phone",
    "recipient_address",
];

/// Everything told of one child.
pub(super) fn told(told: &Told, at: &LocalMinute) -> String {
    let child = told.order.map(|order| format!(" · 第 {order} 个孩子 child {order}")).unwrap_or_default();
    let at = at.as_str().replace('T', " ");
    let mut lines =
        vec![format!("{} {} {}{child} · 提问于 asked at {at}", told.pack.name, told.pack.version, told.pack.title)];
    for advised in &told.decisions {
        match &advised.answer {
            Ok(decision) => lines.extend(self::decision(&advised.title, decision)),
            Err(undecidable) => {
                let why = advice::why(undecidable);
                lines.push(String::new());
                lines.push(format!(
                    "? {} ({}): 尚不能判断 not decidable yet [{}]",
                    advised.title,
                    advised.rule,
                    undecidable.code()
                ));
                lines.push(format!("  {}", why.zh));
                lines.push(format!("  {}", why.en));
            }
        }
    }
    if !told.choices.is_empty() {
        lines.push("\n如果这样选 · what each choice would mean".to_owned());
        lines.extend(told.choices.iter().flat_map(choice));
    }
    if !told.last_days.is_empty() {
        lines.push("\n最后一日 · last days".to_owned());
        lines.extend(told.last_days.iter().flat_map(last_day));
    }
    lines.join("\n")
}

fn decision(title: &str, decision: &Decision) -> Vec<String> {
    let word = match decision.outcome {
        Outcome::Yes => "是 yes",
        Outcome::No => "否 no",
    };
    let row = if decision.row.is_empty() { String::new() } else { format!(" [{}]", decision.row) };
    let mut lines = vec![String::new(), format!("{word} {title} ({}){row}", decision.rule)];
    lines.push(format!("  {}", decision.zh));
    lines.push(format!("  {}", decision.en));
    for reason in &decision.reasons {
        lines.push(format!("  原因 reason: {} → {}", reason.code, reason.offline_route));
    }
    lines.push(format!("  条款 articles: {}", decision.articles.join("; ")));
    let inputs: Vec<String> =
        decision.inputs.iter().map(|(path, value)| format!("{path} = {}", masked(path, value))).collect();
    if !inputs.is_empty() {
        lines.push(format!("  事实 inputs: {}", inputs.join(", ")));
    }
    let terms: Vec<String> = decision.terms.iter().map(|(term, value)| format!("{term} = {value}")).collect();
    if !terms.is_empty() {
        lines.push(format!("  规定 law: {}", terms.join(", ")));
    }
    if !decision.gives.is_empty() {
        let gives: Vec<String> =
            decision.gives.iter().map(|(field, value)| format!("{field} = {}", masked(field, value))).collect();
        lines.push(format!("  得出 gives: {}", gives.join(", ")));
    }
    lines.extend(
        decision
            .deadlines
            .iter()
            .map(|(name, deadline)| format!("  期限 deadline {name}: {}", self::deadline(deadline))),
    );
    lines.extend(decision.warnings.iter().map(|(zh, en)| format!("  注意 warning: {zh}\n    {en}")));
    for excluded in &decision.excluded {
        lines.push(format!("  不适用 excluded {}: {}\n    {}", excluded.row, excluded.zh, excluded.en));
    }
    lines
}

fn deadline(deadline: &Deadline) -> String {
    let moved = if deadline.rolled == deadline.nominal {
        String::new()
    } else {
        format!(" → {} 顺延 moved", deadline.rolled)
    };
    let pauses: Vec<String> =
        deadline.pauses.iter().map(|pause| format!("{}..{}", pause.from.as_str(), pause.until.as_str())).collect();
    let pauses = if pauses.is_empty() { String::new() } else { format!(", 中止 pauses {}", pauses.join(" ")) };
    let from = deadline.from.as_str().replace('T', " ");
    format!(
        "{}{moved} (自 from {from}, {} {}{pauses}; {})",
        deadline.nominal,
        deadline.span.zh(),
        deadline.span,
        deadline.article
    )
}

fn choice(choice: &Choice) -> Vec<String> {
    let mut lines = vec![
        format!("  {} / {}", choice.choice.zh, choice.choice.en),
        format!("    {}", choice.means.zh),
        format!("    {}", choice.means.en),
    ];
    lines.extend(
        choice.warnings.iter().map(|warning| format!("    注意 warning: {}\n      {}", warning.zh, warning.en)),
    );
    lines
}

fn last_day(card: &LastDay) -> Vec<String> {
    let date = card.date.map_or_else(|| "——".to_owned(), |date| date.to_string());
    let passed = if card.passed { " (已过 passed)" } else { "" };
    let mut lines = vec![
        format!("  {date}{passed}  {} / {}", card.name.zh, card.name.en),
        format!("    {} / {} [{}]", card.why.zh, card.why.en, card.article),
    ];
    lines.extend(card.warning.iter().map(|warning| format!("    注意 warning: {}\n      {}", warning.zh, warning.en)));
    lines
}

/// The value of a fact; that of one that names a person, wherever it stands within, is masked.
fn masked(path: &str, value: &Value) -> String {
    let name = path.rsplit('.').next().unwrap_or(path);
    match value {
        Value::Null => "(无 none)".to_owned(),
        _ if MASKED.contains(&name) => "***".to_owned(),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}: {}", masked(name, value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(entries) => {
            format!("[{}]", entries.iter().map(|entry| masked(path, entry)).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
