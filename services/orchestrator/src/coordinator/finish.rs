//! From a decided batch to what is written and what goes out: one unit per application, one message per command.

use std::collections::BTreeMap;

use bytes::Bytes;
use proto::{associated::command_id, bus::CommandKind};
use saga::{Status, StepIndex};

use super::{Batch, Coordinator, Working, compose, take::ordered_in, working::MESSENGER};
use crate::{
    outbound::Outgoing,
    store::{Blind, PublicId, SagaNumber, Unit},
};

impl Coordinator {
    /// One unit per application that the batch has changed, and the messages that may go out once they are committed.
    pub(super) fn units(&mut self, batch: &mut Batch, now: i64) -> (Vec<Unit>, BTreeMap<SagaNumber, Vec<Outgoing>>) {
        let mut units: BTreeMap<PublicId, Unit> = BTreeMap::new();
        let mut outgoing = BTreeMap::new();
        let changed: Vec<SagaNumber> =
            batch.sagas.values().filter(|working| working.changed()).map(|working| working.number).collect();
        for number in changed {
            let Some(mut working) = batch.sagas.remove(&number) else { continue };
            self.notify(&mut working, now);
            self.call_back(&mut working, now);
            match self.messages(&working) {
                Ok(messages) => {
                    working.summarise(now);
                    let facts = std::mem::take(&mut working.now.facts);
                    let person = persons(&facts, |value| self.parts.secrets.blind.of("person", value));
                    let application = working.now.summary.application;
                    let sent = self.outgoing(&working, &messages, compose::area_of(&facts));
                    let change = working.change(now, &messages, person, &self.parts.downtimes);
                    working.now.facts = facts;
                    units.entry(application).or_default().sagas.push(change);
                    outgoing.insert(number, sent);
                    batch.sagas.insert(number, working);
                }
                Err(why) => {
                    // The whole unit falls: what one act tells several sagas is told to all of them or to none.
                    batch.failed.insert(working.now.summary.application);
                    // A notice comes at any time, too early too: it is at fault, and the case goes on without it.
                    if !batch.noticed.contains(&number) {
                        self.quarantine(number, &why, batch);
                    }
                }
            }
        }
        for (application, opens) in std::mem::take(&mut batch.opens) {
            if let Some(unit) = units.get_mut(&application) {
                unit.opens = Some(opens);
            }
        }
        units.retain(|application, _| !batch.failed.contains(application));
        for (application, act) in std::mem::take(&mut batch.acts) {
            units.entry(application).or_default().act = Some(act);
        }
        (units.into_values().filter(|unit| !unit.sagas.is_empty()).collect(), outgoing)
    }

    /// The messages of the commands that this batch ordered and that still wait for their answer.
    fn messages(&mut self, working: &Working) -> Result<BTreeMap<StepIndex, Vec<u8>>, compose::Error> {
        let mut messages = BTreeMap::new();
        for (step, command, revision) in ordered_in(&working.events) {
            let out = working.now.saga.run(step).out.as_ref();
            if out.is_none_or(|out| out.command != command) {
                continue;
            }
            let application = self.applications.get_mut(&working.now.summary.application);
            let application = application.expect("a saga is put into a batch with its application");
            let reply_topic = &*self.parts.reply_topic;
            let cached = &working.now;
            let ordered = compose::Ordered { number: working.number, cached, step, command, revision, reply_topic };
            messages.insert(step, compose::compose(&ordered, application, &self.parts.secrets.channels)?);
        }
        Ok(messages)
    }

    fn outgoing(&self, working: &Working, messages: &BTreeMap<StepIndex, Vec<u8>>, area: &str) -> Vec<Outgoing> {
        let again = working.again.iter().filter(|(step, _)| {
            let status = working.now.saga.run(**step).status;
            let out = matches!(status, Status::InDoubt | Status::Cancelling | Status::Compensating);
            out && !messages.contains_key(step)
        });
        messages
            .iter()
            .chain(again)
            .filter_map(|(step, message)| {
                let is = working.now.definition.step(*step);
                let run = working.now.saga.run(*step);
                let out = run.out.as_ref()?;
                let effect_key = compose::effect_key(&working.now.definition, *step, &working.now);
                Some(Outgoing {
                    case: working.now.summary.case,
                    id: command_id(effect_key, &is.name, compose::kind_of(out.command), run.revision),
                    number: working.number,
                    step: Some(*step),
                    area: area.into(),
                    department: is.department()?.clone(),
                    attempt: out.attempts,
                    payload: Bytes::copy_from_slice(message),
                })
            })
            .chain(to_people(working, area))
            .collect()
    }
}

/// The messages to people that go out with this batch, and those that are called back.
fn to_people<'w>(working: &'w Working, area: &'w str) -> impl Iterator<Item = Outgoing> + 'w {
    let case = working.now.summary.case;
    let is_out = |place: &u8| working.now.saga.messages.get(usize::from(*place)).is_some_and(|run| run.is_out());
    let out = working.messages.iter().filter(move |(place, _)| is_out(place)).map(|sent| (CommandKind::Act, sent));
    let back = working.recalls.iter().map(|recalled| (CommandKind::Cancel, recalled));
    out.chain(back).filter_map(move |(kind, (place, message))| {
        let run = working.now.saga.messages.get(usize::from(*place))?;
        Some(Outgoing {
            case,
            id: command_id(case, &compose::message_step(*place), kind, compose::MESSAGE_REVISION),
            number: working.number,
            step: None,
            area: area.into(),
            department: MESSENGER.into(),
            attempt: run.attempts,
            payload: Bytes::copy_from_slice(message),
        })
    })
}

/// The person who may answer a role's tasks, by the form.
fn persons(facts: &serde_json::Value, blind: impl Fn(&str) -> Blind) -> impl Fn(&str) -> Option<Blind> {
    move |role| {
        let paths: &[&str] = match role {
            "applicant" => &["mother.id_number", "applicant.id_number"],
            "father" => &["father.id_number"],
            _ => &[],
        };
        paths.iter().find_map(|path| policy::facts::text(facts, path)).map(&blind)
    }
}
