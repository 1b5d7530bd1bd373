//! Which units of a batch may be written, and what they come to together. Pure: reads were done before, writes follow.
//!
//! A unit later in the list sees what earlier ones wrote, so what is known grows while the list is walked, and changes
//! of one saga by several units are folded into one row each before anything reaches the database.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use crate::store::{
    Act, Appended, Blind, Change, Entry, NewApplication, PendingKindName, PendingRow, PublicId, STATES, SagaNumber,
    SealedRow, Unit,
};

/// How a stored saga stood before the batch.
pub(super) struct Standing {
    pub(super) version: u64,
    pub(super) state: &'static str,
    pub(super) stuck: bool,
}

/// All that the database says about what the batch touches.
#[derive(Default)]
pub(super) struct Known {
    pub(super) sagas: FxHashMap<SagaNumber, Standing>,
    pub(super) keys: FxHashMap<Blind, (PublicId, Blind)>,
    pub(super) acts: FxHashMap<Blind, Blind>,
    pub(super) children: FxHashMap<Blind, (SagaNumber, PublicId)>,
}

/// Where a pending row stands.
pub(super) type Place = (SagaNumber, PendingKindName, u8);

/// Everything that a batch writes, in the order of the keys.
#[derive(Default)]
pub(super) struct Writes<'a> {
    pub(super) applications: Vec<&'a NewApplication>,
    pub(super) acts: Vec<&'a Act>,
    pub(super) entries: Vec<(SagaNumber, &'a Entry)>,
    pub(super) sagas: BTreeMap<SagaNumber, SagaWrite<'a>>,
    /// Stored sagas whose state or stuckness changes.
    pub(super) turned: Vec<(SagaNumber, &'static str, bool)>,
    /// Stored sagas that end.
    pub(super) ended: Vec<SagaNumber>,
    /// Executed before `awaits`.
    pub(super) awaits_no_more: BTreeSet<Place>,
    /// With the message to write; `None` keeps what is there.
    pub(super) awaits: BTreeMap<Place, (&'a PendingRow, Option<&'a [u8]>)>,
    pub(super) sealed: Vec<(SagaNumber, &'a SealedRow)>,
    pub(super) subjects: Vec<(Blind, SagaNumber)>,
    pub(super) children: BTreeMap<Blind, SagaNumber>,
}

/// The row of one saga.
pub(super) struct SagaWrite<'a> {
    pub(super) version: u64,
    pub(super) change: &'a Change,
    pub(super) child: Option<Blind>,
}

/// Decides on each unit in order; answers for each, and what those that may be written come to.
pub(super) fn admit<'a>(units: &'a [Unit], mut known: Known) -> (Vec<Appended>, Writes<'a>) {
    let mut writes = Writes::default();
    let mut answers = Vec::with_capacity(units.len());
    for unit in units {
        let answer = known.refuse(unit, &writes).unwrap_or(Appended::Committed);
        if answer == Appended::Committed {
            known.learn(unit);
            writes.add(unit);
        }
        answers.push(answer);
    }
    writes.compare(&known);
    (answers, writes)
}

impl Known {
    /// Why the unit may not be written, if so. What a repetition meets first speaks first: its own key, then its child.
    fn refuse(&self, unit: &Unit, writes: &Writes<'_>) -> Option<Appended> {
        if let Some(&(application, form)) = unit.opens.as_ref().and_then(|new| self.keys.get(&new.key)) {
            return Some(Appended::KeyKnown { application, form });
        }
        if let Some(&what) = unit.act.as_ref().and_then(|act| self.acts.get(&act.key)) {
            return Some(Appended::ActKnown { what });
        }
        for (index, change) in unit.sagas.iter().enumerate() {
            let Some(child) = change.child else { continue };
            if let Some(&(number, case)) = self.children.get(&child)
                && number != change.number
            {
                return Some(Appended::ChildLive { case });
            }
            if let Some(twin) = unit.sagas[..index].iter().find(|twin| twin.child == Some(child)) {
                return Some(Appended::ChildLive { case: twin.summary.case });
            }
        }
        let version = |number| match writes.sagas.get(&number) {
            Some(written) => written.version,
            None => self.sagas.get(&number).map_or(0, |standing| standing.version),
        };
        unit.sagas.iter().any(|change| version(change.number) != change.expected_version).then_some(Appended::Stale)
    }

    /// What later units must see of this one.
    fn learn(&mut self, unit: &Unit) {
        if let Some(new) = &unit.opens {
            self.keys.insert(new.key, (new.id, new.form));
        }
        if let Some(Act { key, what }) = unit.act {
            self.acts.insert(key, what);
        }
        for change in &unit.sagas {
            if !is_running(change) {
                self.children.retain(|_, (number, _)| *number != change.number);
            } else if let Some(child) = change.child {
                self.children.insert(child, (change.number, change.summary.case));
            }
        }
    }
}

impl<'a> Writes<'a> {
    fn add(&mut self, unit: &'a Unit) {
        self.applications.extend(&unit.opens);
        self.acts.extend(&unit.act);
        for change in &unit.sagas {
            self.change(change);
        }
    }

    fn change(&mut self, change: &'a Change) {
        let number = change.number;
        self.entries.extend(change.entries.iter().map(|entry| (number, entry)));
        let version = change.expected_version + change.entries.len() as u64;
        let child = change.child.or(self.sagas.get(&number).and_then(|written| written.child));
        self.sagas.insert(number, SagaWrite { version, change, child });
        if !is_running(change) {
            self.children.retain(|_, claimed| *claimed != number);
        } else if let Some(child) = change.child {
            self.children.insert(child, number);
        }
        for key in &change.awaits_no_more {
            let place = (number, key.kind, key.step);
            self.awaits.remove(&place);
            self.awaits_no_more.insert(place);
        }
        for row in &change.awaits {
            let place = (number, row.key.kind, row.key.step);
            let earlier = self.awaits.get(&place).and_then(|(_, message)| *message);
            self.awaits.insert(place, (row, row.message.as_deref().or(earlier)));
        }
        self.sealed.extend(change.seals.iter().map(|row| (number, row)));
        self.subjects.extend(change.found_by.iter().map(|subject| (*subject, number)));
    }

    /// Which stored sagas stand otherwise after the batch.
    fn compare(&mut self, known: &Known) {
        for (&number, written) in &self.sagas {
            let Some(before) = known.sagas.get(&number) else { continue };
            let after = &written.change.summary;
            if (before.state, before.stuck) != (after.state, after.stuck) {
                self.turned.push((number, after.state, after.stuck));
            }
            if before.state == STATES[0] && !is_running(written.change) {
                self.ended.push(number);
            }
        }
        // B-trees take rows in order best, and the same batch should always write the same pages.
        self.entries.sort_by_key(|(number, entry)| (*number, entry.seq));
        self.sealed.sort_by_key(|(number, row)| (*number, row.step, row.kind, row.revision));
        self.subjects.sort_unstable();
    }
}

fn is_running(change: &Change) -> bool {
    change.summary.state == STATES[0]
}
