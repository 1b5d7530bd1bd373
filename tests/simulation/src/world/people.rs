//! The people of a world: the family, who answer, pay, withdraw and mourn; and operators, who look after what is stuck.

use adapter::simulated::Effect;
use orchestrator::{
    coordinator::work::{Done, Order, Work},
    store::{OpenTask, PendingKindName, SagaNumber, Store, TaskFilter},
};
use rand::Rng;
use saga::{
    Input, MessageStatus, Status, StepIndex,
    definition::Scope,
    input::{Found, Says},
};
use service::clock::Clock;

use super::{Chaos, Flight, HOUR, MINUTE, World};
use crate::departments;

/// What people do to a case, and what happens to those who serve it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doing {
    /// The mother withdraws.
    Withdraw,
    /// A death is reported.
    Bereave,
    /// An operator freezes the first child's case.
    Freeze,
    /// And lifts it.
    Unfreeze,
    /// An operator says "not done" of whatever is in doubt.
    NotDone,
    /// An operator retries whatever can be.
    Retry,
    /// An operator has the certificate voided and issued again.
    Redo,
    /// A parent registers the first child at a counter.
    Counter,
    /// A parent pays.
    Pay,
    /// The orchestrator crashes and is back at once.
    Crash,
    /// The orchestrator is down for so many hours.
    Down(i64),
}

impl Doing {
    /// Whether it is done through the orchestrator, which must be there for it.
    pub(super) fn needs_us(self) -> bool {
        match self {
            Self::Withdraw
            | Self::Bereave
            | Self::Freeze
            | Self::Unfreeze
            | Self::NotDone
            | Self::Retry
            | Self::Redo
            | Self::Crash
            | Self::Down(_) => true,
            Self::Counter | Self::Pay => false,
        }
    }
}

impl World {
    /// New tasks reach their persons, who answer in their own time, or never: twice as many say nothing as say no.
    pub(super) async fn notice_tasks(&mut self) {
        let filter = TaskFilter { limit: 100, ..TaskFilter::default() };
        let tasks = self.store.tasks(&filter).await.expect("the store answers");
        for OpenTask { number, row, .. } in tasks {
            // Whom a clerk should telephone is no step of the case.
            let is_a_task = row.key.kind == PendingKindName::Task;
            if !is_a_task || !self.people_answer || !self.seen_tasks.insert((number, row.key.step, row.revision)) {
                continue;
            }
            // A task that belongs to a department's step is a correction.
            let correcting = self.pack.definition.step(StepIndex(row.key.step)).department().is_some();
            let says = match (self.lots.random_bool(self.declines), correcting) {
                (true, _) => Says::Declined,
                (false, true) => Says::Corrected,
                (false, false) => Says::Done,
            };
            let silent = self.lots.random_bool(self.declines * 2.0);
            if !silent {
                // Half of them wait with the phone in their hand.
                let within = if self.lots.random_bool(0.5) { 2 * MINUTE } else { 10 * HOUR };
                let after = self.lots.random_range(1_000..within);
                self.fly(after, Flight::Answer(number, StepIndex(row.key.step), row.revision, says));
            }
        }
    }

    /// A person answers a version of a task; the family's tasks for all children at once. What the coordinator says to
    /// it; nothing where no such task is open.
    pub(super) async fn answer(
        &mut self,
        number: SagaNumber,
        step: StepIndex,
        revision: u32,
        says: Says,
    ) -> Option<Done> {
        let family = self.pack.definition.step(step).scope == Scope::Family;
        let sagas = if family { self.sagas.clone() } else { vec![number] };
        let mut inputs = Vec::new();
        for number in sagas {
            let run = self.saga(number).await;
            let run = run.run(step);
            if matches!(run.status, Status::Open | Status::Correcting) && run.revision == revision {
                inputs.push((number, Input::Answered { step, revision, says }));
            }
        }
        if inputs.is_empty() {
            return None;
        }
        self.tell(Work::Order(Box::new(Order { inputs, act: None, clear: None, note: None }))).await
    }

    /// A person answers this task of a child's case now.
    pub async fn answer_task(&mut self, child: usize, step: &str, says: Says) -> Option<Done> {
        let step = self.step(step);
        let revision = self.saga(self.sagas[child]).await.run(step).revision;
        self.answer(self.sagas[child], step, revision, says).await
    }

    /// A person answers this task of a child's case in so many milliseconds, and again if nobody is there.
    pub async fn answer_later(&mut self, child: usize, step: &str, says: Says, after_ms: i64) {
        let (number, step) = (self.sagas[child], self.step(step));
        let revision = self.saga(number).await.run(step).revision.max(1);
        self.fly(after_ms, Flight::Answer(number, step, revision, says));
    }

    /// Gives one order to all sagas of the family, in one transaction.
    pub async fn order(&mut self, input: Input) {
        let inputs = self.sagas.iter().map(|number| (*number, input.clone())).collect();
        self.tell(Work::Order(Box::new(Order { inputs, act: None, clear: None, note: None }))).await;
    }

    /// Gives one order to one saga.
    pub async fn order_one(&mut self, child: usize, input: Input) -> Option<Done> {
        let inputs = vec![(self.sagas[child], input)];
        self.tell(Work::Order(Box::new(Order { inputs, act: None, clear: None, note: None }))).await
    }

    /// What people do.
    pub async fn act(&mut self, doing: Doing) {
        match doing {
            Doing::Withdraw => self.order(Input::Withdraw { by: "applicant".into() }).await,
            Doing::Bereave => {
                self.bereaved_at.get_or_insert(self.clock.now_ms());
                self.order(Input::Bereaved { by: "health".into() }).await;
            }
            Doing::Freeze => {
                self.order_one(0, Input::Freeze).await;
            }
            Doing::Unfreeze => {
                self.order_one(0, Input::Unfreeze).await;
            }
            Doing::Crash => self.crash().await,
            Doing::Down(hours) => self.go_down(hours).await,
            Doing::NotDone => self.operate(false).await,
            Doing::Retry => self.operate(true).await,
            Doing::Redo => {
                let step = self.step("certificate");
                let revision = self.saga(self.sagas[0]).await.run(step).revision;
                self.order_one(0, Input::Redo { step, revision }).await;
            }
            Doing::Counter => self.register_at_counter().await,
            Doing::Pay => self.pay().await,
        }
    }

    async fn operate(&mut self, retry: bool) {
        for child in 0..self.sagas.len() {
            let saga = self.saga(self.sagas[child]).await;
            let step = StepIndex(self.lots.random_range(0..self.pack.definition.steps.len() as u8));
            let revision = saga.run(step).revision;
            let found = Found::NotDone;
            let input = if retry { Input::Retry { step, revision } } else { Input::Resolve { step, revision, found } };
            self.order_one(child, input).await;
        }
    }

    async fn register_at_counter(&mut self) {
        let Some(certificate) = self.given("alpha", "Issue").await else { return };
        let (ledger, now) = (self.place("gamma").desk.ledger().clone(), self.clock.now_ms());
        departments::register_at_counter(&ledger, &certificate, now).await.expect("the ledger answers");
        self.poll(2).await;
    }

    async fn pay(&mut self) {
        let Some(number) = self.given("gamma", "Register").await else { return };
        let ledger = self.place("gamma").desk.ledger().clone();
        departments::pay(&ledger, &number).await.expect("the ledger answers");
        self.poll(2).await;
    }

    /// The newest number that a department has given for an act.
    pub async fn given(&self, name: &str, act: &str) -> Option<String> {
        let effects = self.place(name).desk.ledger().effects().await.expect("the ledger answers");
        let newest = effects.iter().rev().find(|effect| effect.act == act && effect.stands())?;
        newest.outputs["number"].as_str().map(str::to_owned)
    }

    /// Everything that the departments have done, each in its own ledger.
    pub async fn effects(&self) -> Vec<Effect> {
        let mut effects = Vec::new();
        for place in &self.places {
            effects.extend(place.desk.ledger().effects().await.expect("the ledger answers"));
            effects.extend(place.local.lock().expect("no test panics with it").iter().cloned());
        }
        effects
    }

    /// The weather clears: nothing is lost any more, departments are up, people answer, freezes are lifted, and whoever
    /// operates looks after what is stuck; until every case has ended or a hundred days have passed.
    pub async fn settle(&mut self) {
        self.chaos = Chaos::NONE;
        self.let_go();
        self.declines = 0.0;
        self.people_answer = true;
        self.other = None;
        for place in &self.places {
            place.desk.behaviours().outage_until(0);
        }
        if self.down_until.is_some() {
            self.come_back().await;
        }
        for _ in 0..200 {
            self.run_for(12 * HOUR).await;
            let mut open = false;
            for child in 0..self.sagas.len() {
                open |= self.look_after(child).await;
            }
            if !open {
                break;
            }
        }
        // Whatever is still in the air lands, and finds nothing to change.
        self.run_for(24 * HOUR).await;
    }

    /// What an operator does for a case that cannot go on by itself. True while it is open.
    async fn look_after(&mut self, child: usize) -> bool {
        let saga = self.saga(self.sagas[child]).await;
        if saga.end.is_some() {
            return saga.messages.iter().any(|run| matches!(run.status, MessageStatus::Waiting | MessageStatus::Out));
        }
        if saga.frozen_since.is_some() {
            self.order_one(child, Input::Unfreeze).await;
        }
        self.seen_tasks.clear();
        self.notice_tasks().await;
        let definition = self.definition();
        for step in definition.indices() {
            let run = saga.run(step);
            let revision = run.revision;
            if run.for_operator {
                self.order_one(child, Input::Resolve { step, revision, found: Found::Undone }).await;
            } else if run.status == Status::NotDone {
                self.order_one(child, Input::Resolve { step, revision, found: Found::NotDone }).await;
            } else if saga.step_is_stuck(&definition, step) {
                self.order_one(child, Input::Retry { step, revision }).await;
            }
        }
        true
    }
}
