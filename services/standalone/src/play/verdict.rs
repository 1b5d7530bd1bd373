//! Whether a play has ended as its script says: states, reasons, messages, procedures.

use std::collections::BTreeSet;

use proto::v1::{self, CaseState};

use super::script::{self, Script};

/// How a play has ended.
#[derive(Debug)]
pub(super) struct Found {
    /// In the children's order.
    pub(super) states: Vec<CaseState>,
    /// Every code that stands in a step, of the cases and of the procedures that follow them.
    pub(super) reasons: BTreeSet<String>,
    /// The messages to the family in the order in which they were called for: each case's, then its procedures'.
    pub(super) messages: Vec<String>,
    /// Every procedure and its end.
    pub(super) procedures: Vec<(String, CaseState)>,
}

/// Who is told of the family; the others are officials, who are told when something is late.
const FAMILY: [&str; 2] = ["applicant", "father"];

impl Found {
    /// What these cases show, each with the cases of the procedures that follow it.
    pub(super) fn of(cases: &[(v1::Case, Vec<v1::Case>)]) -> Self {
        let mut found = Self {
            states: cases.iter().map(|(case, _)| case.state()).collect(),
            reasons: BTreeSet::new(),
            messages: Vec::new(),
            procedures: Vec::new(),
        };
        for (case, procedures) in cases {
            let named = case.procedures.iter().map(|follow_up| (follow_up.procedure.clone(), follow_up.state()));
            found.procedures.extend(named);
            for one in std::iter::once(case).chain(procedures) {
                let codes = one.steps.iter().flat_map(|step| step.reasons.iter().map(|reason| reason.code.clone()));
                found.reasons.extend(codes);
                let told = one.messages.iter().filter(|message| FAMILY.contains(&&*message.to));
                found.messages.extend(told.map(|message| message.template.clone()));
            }
        }
        found
    }

    /// Everything that is not as the script says, one sentence each.
    pub(super) fn differences(&self, script: &Script) -> Vec<String> {
        let mut wrong = Vec::new();
        for (order, state) in (1..).zip(&self.states) {
            if *state != script.ends {
                let (is, expected) = (script::name(*state), script::name(script.ends));
                wrong.push(format!(
                    "第{order}名婴儿办件为 {is},应为 {expected} / the case of child {order} ended otherwise"
                ));
            }
        }
        if self.reasons != script.reasons {
            let (is, expected) = (listed(&self.reasons), listed(&script.reasons));
            wrong.push(format!("原因为 [{is}],应为 [{expected}] / the reasons are not those of the script"));
        }
        if let Some(expected) = &script.messages
            && !said(&self.messages, expected)
        {
            let (is, expected) = (self.messages.join(", "), groups(expected));
            wrong.push(format!("短信为 [{is}],应为 [{expected}] / the messages are not those of the script"));
        }
        wrong
    }
}

/// True where these are the messages, group by group; within a group in any order, since departments work side by side.
fn said(messages: &[String], expected: &[Vec<String>]) -> bool {
    let mut rest = messages;
    for group in expected {
        if rest.len() < group.len() {
            return false;
        }
        let (mut these, after) = (rest[..group.len()].to_vec(), &rest[group.len()..]);
        let mut group = group.clone();
        these.sort();
        group.sort();
        if these != group {
            return false;
        }
        rest = after;
    }
    rest.is_empty()
}

fn listed(codes: &BTreeSet<String>) -> String {
    codes.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn groups(expected: &[Vec<String>]) -> String {
    let group =
        |group: &Vec<String>| if group.len() == 1 { group[0].clone() } else { format!("{{{}}}", group.join(" ")) };
    expected.iter().map(group).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a play that told a family something else, or told it twice, counts as right.
    #[test]
    fn messages_are_those_of_the_script_and_no_others() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let expected = [words("N01"), words("N11 N13 N25"), words("N29")];
        assert!(said(&words("N01 N13 N25 N11 N29"), &expected));
        for wrong in ["N01 N13 N25 N11", "N01 N13 N25 N11 N29 N29", "N13 N01 N25 N11 N29", "N01 N13 N13 N11 N29", ""] {
            assert!(!said(&words(wrong), &expected), "{wrong}");
        }
    }
}
