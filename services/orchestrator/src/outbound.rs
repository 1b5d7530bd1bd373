//! The one way out: every command to a department is published here, after it was committed.
//!
//! A failed delivery makes its row due at once, the first times; whatever is lost on the way is sent again when its row is due. So the
//! relay keeps nothing of its own, and a crash between commit and publish costs a moment.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use bus::{
    Bus, Message,
    header::{CloudEvent, TraceParent, header, hexadecimal},
};
use bytes::Bytes;
use saga::StepIndex;
use service::clock::Clock;
use tokio::sync::mpsc;

use crate::{
    coordinator::application::endpoint,
    store::{DepartmentRow, Error, PublicId, SagaNumber, Store},
};

/// Sendings whose failed delivery makes their row due at once. A carrier that takes nothing three times in a row is down
/// or full: from then on the growing pauses count, or a night of it would write an event a moment for every case.
const AT_ONCE_MAX: u32 = 3;

/// One command on its way out.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Of which saga; the message's key.
    pub number: SagaNumber,
    /// Of which step; none for a message, whose pauses are short anyway.
    pub step: Option<StepIndex>,
    /// The area where the application was filed.
    pub area: Arc<str>,
    /// To which department.
    pub department: Arc<str>,
    /// The case's public id: also the trace that everything about the case belongs to.
    pub case: PublicId,
    /// The command's id.
    pub id: [u8; 16],
    /// How often it was sent, this time included; for people.
    pub attempt: u32,
    /// The encoded `yijian.bus.v1.Command`.
    pub payload: Bytes,
}

/// Publishes commands.
pub struct Relay {
    /// The carrier.
    pub bus: Arc<dyn Bus>,
    /// Where rows become due when their delivery failed.
    pub store: Arc<dyn Store>,
    /// Machine time.
    pub clock: Arc<dyn Clock>,
    /// Who is held.
    pub departments: Arc<Departments>,
}

impl Relay {
    /// Publishes until the coordinator is gone, everything that has queued at once.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn run(self, mut queue: mpsc::Receiver<Vec<Outgoing>>) -> Result<(), Error> {
        let mut batches = Vec::new();
        while queue.recv_many(&mut batches, 64).await > 0 {
            self.publish(batches.drain(..).flatten().collect()).await?;
        }
        Ok(())
    }

    /// Publishes these; what a held department would get stays in the store, and what fails is due at once.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn publish(&self, commands: Vec<Outgoing>) -> Result<usize, Error> {
        let held = self.departments.held();
        let sendable: Vec<Outgoing> =
            commands.into_iter().filter(|command| !held.iter().any(|name| **name == *command.department)).collect();
        let messages = sendable.iter().map(message_of).collect();
        let results = self.bus.publish(messages).await;
        let mut failed = Vec::new();
        let mut undelivered = 0;
        for (command, result) in sendable.iter().zip(results) {
            if let Err(error) = result {
                undelivered += 1;
                tracing::warn!(
                    saga.number = command.number,
                    department = &*command.department,
                    "a command was not delivered and will be sent again: {error}"
                );
                if let Some(step) = command.step.filter(|_| command.attempt <= AT_ONCE_MAX) {
                    failed.push((command.number, step.0));
                }
            }
        }
        if !failed.is_empty() {
            self.store.make_due(&failed, self.clock.now_ms()).await?;
        }
        Ok(sendable.len() - undelivered)
    }
}

fn message_of(command: &Outgoing) -> Message {
    let endpoint = endpoint(&command.area, &command.department);
    let mut parent = [0; 8];
    parent.copy_from_slice(&command.id[..8]);
    let event = CloudEvent {
        id: hexadecimal(&command.id),
        source: Bytes::from_static(b"/orchestrator/yijian"),
        kind: Bytes::from_static(b"yijian.bus.v1.Command"),
        subject: None,
    };
    // A case's id is its trace's id, so that an answer that comes next week joins the same trace.
    let mut headers = event.headers(Some(TraceParent { trace: command.case, parent, sampled: true }));
    headers.push(header("yijian-attempt", command.attempt.to_string().into()));
    Message {
        topic: format!("{endpoint}.commands").into(),
        key: command.number,
        payload: command.payload.clone(),
        headers,
    }
}

/// Which departments are held: nothing is sent to them until they are resumed.
pub struct Departments {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    rows: RwLock<BTreeMap<String, DepartmentRow>>,
}

impl Departments {
    /// What the store knows.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn load(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let rows = store.departments().await?;
        let rows = RwLock::new(rows.into_iter().map(|row| (row.name.clone(), row)).collect());
        Ok(Self { store, clock, rows })
    }

    fn held(&self) -> Vec<String> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.values().filter(|row| row.held).map(|row| row.name.clone()).collect()
    }

    /// Sends nothing more to this department.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn hold(&self, name: &str, reason: &str) -> Result<DepartmentRow, Error> {
        self.set(DepartmentRow { name: name.to_owned(), held: true, reason: reason.to_owned() }).await
    }

    /// Sends to it again: what waits for its answer is due from now on, so many a second (0: all at once).
    ///
    /// # Errors
    /// If the store fails.
    pub async fn resume(&self, name: &str, ramp_per_second: u32) -> Result<DepartmentRow, Error> {
        let row = self.set(DepartmentRow { name: name.to_owned(), held: false, reason: String::new() }).await?;
        let rate = if ramp_per_second == 0 { u32::MAX } else { ramp_per_second };
        self.store.make_all_due(Some(name), self.clock.now_ms(), rate).await?;
        Ok(row)
    }

    async fn set(&self, row: DepartmentRow) -> Result<DepartmentRow, Error> {
        self.store.set_department(&row).await?;
        self.rows.write().unwrap_or_else(PoisonError::into_inner).insert(row.name.clone(), row.clone());
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bus::memory::{Limits, MemoryBus};
    use service::clock::VirtualClock;

    use super::{AT_ONCE_MAX, Bytes, Departments, Outgoing, Relay, StepIndex, Store};
    use crate::store::{
        conformance::{commit, new_case, timetable},
        memory::MemoryStore,
    };

    /// A night in which the carrier takes nothing would otherwise write an event a moment for every open command.
    #[tokio::test(start_paused = true)]
    async fn a_delivery_that_fails_again_and_again_keeps_its_growing_pauses() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let row = |at| [(1, crate::store::PendingKindName::Command, 1, at)];
        commit(&*store, &[new_case(1)]).await;
        let clock = Arc::new(VirtualClock::at(1_500));
        let departments = Arc::new(Departments::load(store.clone(), clock.clone()).await.expect("read"));
        let full = MemoryBus::new(1, Limits { messages_max: 0, ..Limits::default() });
        let relay = Relay { bus: Arc::new(full), store: store.clone(), clock, departments };
        let command = |attempt| Outgoing {
            number: 1,
            step: Some(StepIndex(1)),
            area: "340104".into(),
            department: "health".into(),
            case: [1; 16],
            id: [2; 16],
            attempt,
            payload: Bytes::from_static(b"sealed"),
        };
        assert_eq!(relay.publish(vec![command(AT_ONCE_MAX + 1)]).await.expect("stored"), 0);
        assert_eq!(timetable(&*store).await, row(2_000), "as its pauses say");
        assert_eq!(relay.publish(vec![command(1)]).await.expect("stored"), 0);
        assert_eq!(timetable(&*store).await, row(1_500), "at once");
    }
}
