//! Whether belief and ledger agree: each effect exactly once, or compensated exactly once; none lost, none that nobody
//! ordered.
//!
//! The ids that the departments were called under are computed anew from case, step and revision, so an effect is
//! compared with the very command that asked for it. Queries leave no effect and are passed over.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proto::{associated::command_id, bus::CommandKind};
use saga::{
    Definition, Fact, MessageStatus, Saga, Status, StepIndex,
    definition::{Performer, Scope, Step},
    event::Command,
};

use crate::evidence::{Case, Done, Evidence};

/// Commands that are named so only ask.
const QUERY: &str = "Query";

/// How a message to a person is named on the wire, before its place in the saga, and its one revision.
const MESSAGE_STEP: &str = "message/";
const MESSAGE_REVISION: u32 = 1;

/// Revisions beyond those ordered for which effects are looked for: an effect under one of them was ordered by nobody.
const REVISIONS_BEYOND: u32 = 4;

/// What the comparison found, besides what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Everything that is wrong, one sentence each, without personal data.
    pub wrongs: Vec<String>,
    /// Cases read.
    pub cases: usize,
    /// Of these, cases that have not ended.
    pub open: usize,
    /// Effects read.
    pub effects: usize,
    /// Of these, effects that were undone.
    pub undone: usize,
    /// Commands sent again before any answer had come (attempts above the first): crashes, losses, slow departments.
    pub resent: usize,
    /// Commands sent again to ask how something accepted stands.
    pub asked: usize,
    /// How many cases ended each way, by the end's name.
    pub ends: BTreeMap<String, usize>,
}

impl Report {
    /// Fails with everything that is wrong, or if a case is open.
    ///
    /// # Errors
    /// With one line for each wrong.
    pub fn all_well(&self) -> anyhow::Result<()> {
        anyhow::ensure!(self.wrongs.is_empty(), "belief and ledgers disagree:\n{}", self.wrongs.join("\n"));
        anyhow::ensure!(self.open == 0, "{} of {} cases have not ended", self.open, self.cases);
        Ok(())
    }
}

/// Compares every case with every ledger.
pub fn compare(evidence: &Evidence) -> Report {
    let mut report = Report { cases: evidence.cases.len(), effects: evidence.effects.len(), ..Report::default() };
    let mut by_id: HashMap<&str, Vec<&Done>> = HashMap::new();
    for done in &evidence.effects {
        by_id.entry(&done.effect.call_id).or_default().push(done);
        report.undone += usize::from(done.effect.undone_at_ms.is_some());
    }
    // A procedure that follows a case is a case of its own, of another definition.
    let mut groups: BTreeMap<([u8; 16], &str), Vec<&Case>> = BTreeMap::new();
    for case in &evidence.cases {
        groups.entry((case.application, &case.definition.name)).or_default().push(case);
        report.count(case);
    }
    let superseded = superseded(evidence);
    let ledgers = Ledgers { by_id: &by_id, superseded: &superseded };
    let mut claimed = HashSet::new();
    for group in groups.values() {
        for step in group[0].definition.indices() {
            if group[0].definition.step(step).scope == Scope::Family {
                judge(group, step, &ledgers, &mut claimed, &mut report.wrongs);
            } else {
                group.iter().for_each(|case| judge(&[*case], step, &ledgers, &mut claimed, &mut report.wrongs));
            }
        }
    }
    for case in &evidence.cases {
        messages(case, &by_id, &mut claimed, &mut report.wrongs);
    }
    for done in evidence.effects.iter().filter(|done| !claimed.contains(done.effect.call_id.as_str())) {
        let (endpoint, effect) = (&done.endpoint, &done.effect);
        report.wrongs.push(format!("{endpoint}: {} {} belongs to no command of any case", effect.act, effect.call_id));
    }
    report
}

/// What the departments did, to be looked up.
struct Ledgers<'a, 'e> {
    by_id: &'a HashMap<&'e str, Vec<&'e Done>>,
    superseded: &'a HashSet<&'e str>,
}

/// The effects that a later one of the same kind has taken the place of: the next version of a window of cover.
fn superseded(evidence: &Evidence) -> HashSet<&str> {
    fn place(done: &Done) -> (&str, &str, &str) {
        (&done.endpoint, &done.effect.act, &done.effect.subject)
    }
    let standing = evidence.effects.iter().filter(|done| done.effect.stands());
    let standing: HashSet<(&str, &str, &str)> = standing.map(place).collect();
    let undone = evidence.effects.iter().filter(|done| done.effect.undone_at_ms.is_some());
    undone.filter(|done| standing.contains(&place(done))).map(|done| &*done.effect.call_id).collect()
}

impl Report {
    fn count(&mut self, case: &Case) {
        match case.saga.end {
            Some(end) => *self.ends.entry(format!("{end:?}")).or_default() += 1,
            None => self.open += 1,
        }
        let mut saga = Saga::new(&case.definition);
        for (at, event) in &case.events {
            if let Fact::SentAgain { step } = &event.fact {
                let accepted = saga.run(*step).out.as_ref().is_some_and(|out| out.accepted.is_some());
                if accepted { self.asked += 1 } else { self.resent += 1 }
            }
            saga.apply(&case.definition, *at, event);
        }
    }
}

/// One step of all cases that share its effect: one case's own, or a family's.
struct Shared<'a> {
    name: String,
    cases: &'a [&'a Case],
    step: StepIndex,
}

impl Shared<'_> {
    /// Under which revisions this command was ordered by one of the cases.
    fn ordered(&self, which: Command) -> BTreeSet<u32> {
        let facts = self.cases.iter().flat_map(|case| case.events.iter().map(|(_, event)| &event.fact));
        let ordered = facts.filter_map(|fact| match fact {
            Fact::Ordered { step, command, revision, .. } if *step == self.step && *command == which => Some(*revision),
            _ => None,
        });
        ordered.collect()
    }

    /// A notice or an operator told it, so that the ledger need not show it.
    fn told_otherwise(&self) -> bool {
        let mut facts = self.cases.iter().flat_map(|case| case.events.iter().map(|(_, event)| &event.fact));
        facts.any(|fact| match fact {
            Fact::Noticed { step } | Fact::Resolved { step, .. } => *step == self.step,
            _ => false,
        })
    }

    fn any(&self, status: Status) -> bool {
        self.cases.iter().any(|case| case.saga.run(self.step).status == status)
    }

    /// No case waits for an answer about it.
    fn is_settled(&self) -> bool {
        self.cases.iter().all(|case| case.saga.run(self.step).status.is_settled())
    }
}

fn judge<'e>(
    cases: &[&Case],
    index: StepIndex,
    ledgers: &Ledgers<'_, 'e>,
    claimed: &mut HashSet<&'e str>,
    wrongs: &mut Vec<String>,
) {
    let definition: &Definition = &cases[0].definition;
    let step = definition.step(index);
    let Performer::Department { department, command } = &step.performer else { return };
    if command.starts_with(QUERY) {
        return;
    }
    let key = if step.scope == Scope::Family { cases[0].application } else { cases[0].case };
    let numbers: Vec<String> = cases.iter().map(|case| case.number.to_string()).collect();
    let shared = Shared { name: format!("saga {} {}", numbers.join("+"), step.name), cases, step: index };
    let (acts, undoings) = (shared.ordered(Command::Act), shared.ordered(Command::Compensate));
    let last = acts.last().copied().unwrap_or(0) + REVISIONS_BEYOND;
    let mut mine = Vec::new();
    for revision in 1..=last {
        let id = hex::encode(command_id(key, &step.name, CommandKind::Act, revision));
        for done in ledgers.by_id.get(id.as_str()).into_iter().flatten() {
            claimed.insert(&done.effect.call_id);
            mine.push(*done);
            one_effect(&shared, step, department, command, done, wrongs);
            if !acts.contains(&revision) {
                wrongs.push(format!("{}: done under revision {revision}, which nobody ordered", shared.name));
            }
            let superseded = ledgers.superseded.contains(&*done.effect.call_id);
            if done.effect.undone_at_ms.is_some() && !undoings.contains(&revision) && !superseded {
                wrongs.push(format!("{}: undone under revision {revision}, which nobody ordered", shared.name));
            }
        }
    }
    let standing = mine.iter().filter(|done| done.effect.stands()).count();
    let superseded = mine.iter().any(|done| ledgers.superseded.contains(&*done.effect.call_id));
    if standing == 0 && superseded && shared.any(Status::Succeeded) {
        // It was done, and a procedure that followed had the department do it otherwise.
        return;
    }
    belief(&shared, &mine, wrongs);
}

/// Every message that is believed to have arrived left a gateway once, and none left that was not to be sent.
fn messages<'e>(
    case: &Case,
    by_id: &HashMap<&str, Vec<&'e Done>>,
    claimed: &mut HashSet<&'e str>,
    wrongs: &mut Vec<String>,
) {
    for (place, message) in case.saga.messages.iter().enumerate() {
        let name = format!("saga {} message {place} ({})", case.number, message.template);
        let step = format!("{MESSAGE_STEP}{place}");
        let id = hex::encode(command_id(case.case, &step, CommandKind::Act, MESSAGE_REVISION));
        let mine: Vec<&Done> = by_id.get(id.as_str()).into_iter().flatten().copied().collect();
        claimed.extend(mine.iter().map(|done| done.effect.call_id.as_str()));
        let left = mine.iter().filter(|done| done.effect.stands()).count();
        if left > 1 {
            wrongs.push(format!("{name}: it left {left} times"));
        }
        if message.status == MessageStatus::Delivered && left == 0 {
            wrongs.push(format!("{name}: believed to have arrived, and no gateway knows it"));
        }
        if message.sent_at == 0 && left > 0 {
            wrongs.push(format!("{name}: it left and was never sent"));
        }
    }
}

/// The effect is what the step asks for, at the department that performs it.
fn one_effect(shared: &Shared, step: &Step, department: &str, command: &str, done: &Done, wrongs: &mut Vec<String>) {
    if done.effect.act != command {
        wrongs.push(format!("{}: {} was done for {}", shared.name, done.effect.act, step.name));
    }
    if !done.endpoint.ends_with(&format!(".{department}")) {
        wrongs.push(format!("{}: done at {}", shared.name, done.endpoint));
    }
}

/// What the cases believe of the step is what the ledger shows.
fn belief(shared: &Shared, mine: &[&Done], wrongs: &mut Vec<String>) {
    let name = &shared.name;
    let standing = mine.iter().filter(|done| done.effect.stands()).count();
    let same_as_another = mine.iter().any(|done| done.effect.same_as.is_some());
    if standing > 1 {
        wrongs.push(format!("{name}: the effect stands {standing} times"));
    }
    if shared.any(Status::Succeeded) {
        if standing == 0 && !same_as_another && !shared.told_otherwise() {
            let lost = if mine.is_empty() { "the ledger does not know it" } else { "it was undone" };
            wrongs.push(format!("{name}: believed done, and {lost}"));
        }
        return;
    }
    // While an answer is out it may be done or not; a family's effect stands until all its cases have released it.
    let released_by_some = shared.any(Status::Compensated)
        && !shared.cases.iter().all(|case| case.saga.run(shared.step).status == Status::Compensated);
    if standing > 0 && shared.is_settled() && !released_by_some && !shared.told_otherwise() {
        let believed = shared.cases[0].saga.run(shared.step).status;
        wrongs.push(format!("{name}: believed {believed:?}, and the effect stands"));
    }
}
