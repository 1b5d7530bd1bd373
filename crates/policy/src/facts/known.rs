//! Which facts there are, so that a file of facts written by hand is told its slips instead of being half read.
//!
//! A field that no form and no step knows is an error with its path, and so is a day that does not exist. A pack's own
//! steps are known by the fields that the pack says they give; a pack of another one thing brings facts of its own, of
//! which only the days are looked at.

use serde_json::{Map, Value};

use super::kinds;
use crate::{Form, Pack, advice::Words, rules};

/// A fact that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactProblem {
    /// Which one, e.g. `child.insurance.yeers` or `maternity-status.costs[1].on`.
    pub path: String,
    /// What is wrong; never the value.
    pub what: Words,
}

/// What the form of a birth holds, and what well-known steps answer. `*`: anything may stand below.
const KNOWN: &[&str] = &[
    "application.area application.channel application.submitted_on",
    "mother.name mother.id_number mother.ethnicity mother.nationality mother.document_type mother.household_address",
    "mother.phone mother.birth_date",
    "father.name father.id_number father.ethnicity father.nationality father.document_type father.household_address",
    "father.phone father.birth_date",
    "residence.police_station residence.address",
    "child.order child.name child.sex child.born_at child.gestation_weeks child.gestation_days child.weight_g",
    "child.length_cm child.birth_place child.facility_name child.items child.registration.follow",
    "child.registration.relation_to_head child.registration.ethnicity child.registration.native_place",
    "child.insurance.years child.insurance.kind child.insurance.place child.card.bank child.card.phone",
    "hand_over.certificate hand_over.household_register hand_over.card hand_over.recipient hand_over.recipient_phone",
    "hand_over.recipient_address notice_version marriage_licence_claimed",
    "delivery.found delivery.live_birth delivery.in_province delivery.place delivery.mother_id_number",
    "delivery.within_window delivery.collected_offline delivery.record delivery.facility_code delivery.delivered_on",
    "delivery.children.* household.mother.* household.father.* marriage.found marriage.spouse_id_number",
    "marriage.spouse_name marriage.registered_on marriage.status marriage-licence.claimed marriage-licence.licence",
    "certificate.number certificate.issued_on certificate.issuer certificate.licence registration.id_number",
    "registration.registered_on registration.area registration.address registration.household_number",
    "registration.household_head registration.police_station provisional.person_number provisional.area",
    "provisional.enrolled_on provisional.missing enrolment.person_number enrolment.area enrolment.enrolled_on",
    "enrolment.years enrolment.already_subsidised premium.voucher premium.paid_at premium.amount_fen premium.years maternity-status.*",
    "benefit-choice.start_on hand-over.handed_over_on hand-over.tracking_number",
];

/// Roots below which anything may stand in every pack of a birth: they are read by rules and given by steps that not
/// every pack has.
const OPEN: [&str; 2] = ["maternity-status", "maternity"];

/// What a department may ask a parent for beside the form: it is there only once it was asked for.
const ASKED_FOR: &str = "mother.bank_account";

/// Every field of a birth's form, by its path.
pub(crate) fn of_the_form() -> impl Iterator<Item = &'static str> {
    let known = KNOWN.iter().flat_map(|line| line.split_whitespace());
    known.filter(|path| super::ROOTS.contains(&super::split(path).0)).chain([ASKED_FOR])
}

/// Everything that is wrong with these facts, all at once and in order of path; empty where they can be used.
pub fn problems(pack: &Pack, facts: &Value) -> Vec<FactProblem> {
    let mut found = Vec::new();
    let Some(fields) = facts.as_object() else {
        let what = Words::new("应为一个 JSON 对象", "must be one JSON object");
        return vec![FactProblem { path: String::new(), what }];
    };
    if pack.form == Form::Birth {
        let known = Known::of(pack);
        known.check(fields, "", "", &mut found);
    }
    found.extend(of_other_kinds(pack.form, facts));
    if let Some(area) = super::text(facts, "application.area")
        && (area.len() != 6 || !area.bytes().all(|byte| byte.is_ascii_digit()))
    {
        let what = Words::new("应为六位行政区划代码", "must be six digits of GB/T 2260");
        found.push(FactProblem { path: "application.area".to_owned(), what });
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The paths that may stand in the facts of one pack.
struct Known(Vec<String>);

impl Known {
    fn of(pack: &Pack) -> Self {
        let mut paths: Vec<String> = KNOWN.iter().flat_map(|line| line.split_whitespace()).map(str::to_owned).collect();
        paths.extend(OPEN.map(|root| format!("{root}.*")));
        for step in &pack.definition.steps {
            match pack.gives.get(&step.name) {
                Some(given) => paths.extend(given.iter().map(|field| format!("{}.{field}.*", step.name))),
                None => paths.push(format!("{}.*", step.name)),
            }
        }
        // What a law step gives stands under its name, also where another pack's facts are tried.
        paths.extend(rules::all().filter(|rule| !rule.gives.is_empty()).map(|rule| format!("{}.*", rule.name)));
        Self(paths)
    }

    /// Each field of an object; `shown` is its path for people, `path` the one that is looked up.
    fn check(&self, fields: &Map<String, Value>, path: &str, shown: &str, found: &mut Vec<FactProblem>) {
        for (name, value) in fields {
            let here = join(path, if path.is_empty() && name == "children" { "child" } else { name });
            let shown = join(shown, name);
            if self.is_open(&here) {
                continue;
            }
            let below = format!("{here}.");
            let has_fields = self.0.iter().any(|known| known.starts_with(&below));
            if !has_fields && !self.0.contains(&here) {
                found.push(FactProblem { path: shown, what: self.unknown(path) });
                continue;
            }
            match value {
                Value::Object(inner) if has_fields => self.check(inner, &here, &shown, found),
                Value::Array(entries) if has_fields => {
                    for (at, entry) in entries.iter().enumerate() {
                        if let Value::Object(inner) = entry {
                            self.check(inner, &here, &format!("{shown}[{at}]"), found);
                        }
                    }
                }
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_) => {}
            }
        }
    }

    /// True where anything may stand below this path.
    fn is_open(&self, path: &str) -> bool {
        self.0.iter().any(|known| known.strip_suffix(".*").is_some_and(|open| open == path || is_below(path, open)))
    }

    fn unknown(&self, parent: &str) -> Words {
        let below = if parent.is_empty() { String::new() } else { format!("{parent}.") };
        let mut names: Vec<&str> = self
            .0
            .iter()
            .filter_map(|known| known.strip_prefix(&below))
            .filter_map(|rest| rest.split('.').next())
            .collect();
        names.sort_unstable();
        names.dedup();
        let names = names.join(", ");
        Words::new(format!("没有这一项;可用: {names}"), format!("no such field; known are {names}"))
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn is_below(path: &str, open: &str) -> bool {
    path.strip_prefix(open).is_some_and(|rest| rest.starts_with('.'))
}

/// Every value that is not of its name's kind, wherever it stands: a day that does not exist, a sum below nothing.
pub fn of_other_kinds(form: Form, facts: &Value) -> Vec<FactProblem> {
    let mut found = Vec::new();
    kinds_of(form, "", facts, "", &mut found);
    found
}

fn kinds_of(form: Form, parent: &str, value: &Value, path: &str, found: &mut Vec<FactProblem>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let path = join(path, name);
                match kinds::problem(form, parent, name, field) {
                    Some(what) => found.push(FactProblem { path, what }),
                    None => kinds_of(form, name, field, &path, found),
                }
            }
        }
        Value::Array(entries) => {
            for (at, entry) in entries.iter().enumerate() {
                kinds_of(form, parent, entry, &format!("{path}[{at}]"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
