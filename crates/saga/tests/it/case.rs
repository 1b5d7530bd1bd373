//! One case under test: give it inputs in the words of the domain, then look at what it became.
//!
//! Every input, in every story, is also held to what must always hold: the same decision twice, a log that folds to the
//! same saga, no event without a taken input.

pub mod law_and_messages;

use std::sync::Arc;

use saga::{
    Answer, Definition, End, Event, Fact, Input, Outcome, Pending, Saga, Status, StepIndex, decide,
    event::Command,
    input::{Found, Question, Reason, Says, Timer, Verdict},
    pending,
};

pub const MORNING: i64 = 1_700_000_000_000;

/// A case, its clock and its log.
#[derive(Clone)]
pub struct Case {
    pub definition: Arc<Definition>,
    pub saga: Saga,
    pub now: i64,
    pub log: Vec<(i64, Vec<Event>)>,
    pub answer: Answer,
}

pub fn reason(code: &str) -> Reason {
    Reason { code: code.into(), offline_route: "counter".into() }
}

impl Case {
    pub fn of(definition: Arc<Definition>) -> Self {
        assert_eq!(definition.problems(), [], "a story is told about a definition that can be run");
        let saga = Saga::new(&definition);
        Self { definition, saga, now: MORNING, log: Vec::new(), answer: Answer::Repeated }
    }

    /// Filed with every item ticked, one child.
    pub fn started(self) -> Self {
        let items: Vec<Arc<str>> = self.definition.steps.iter().filter_map(|step| step.item.clone()).collect();
        let names: Vec<&str> = items.iter().map(|item| &**item).collect();
        self.started_with(&names, 1)
    }

    pub fn started_with(mut self, items: &[&str], group_size: u8) -> Self {
        let chosen = items.iter().map(|item| Arc::from(*item)).collect();
        self.give(&Input::Start { chosen, group_size });
        self
    }

    /// Gives one input and holds the decision to what must always hold.
    pub fn give(&mut self, input: &Input) -> &mut Self {
        let decision = decide(&self.definition, &self.saga, input, self.now);
        assert_eq!(decision, decide(&self.definition, &self.saga, input, self.now), "decided twice, differently");
        let mut folded = self.saga.clone();
        for event in &decision.events {
            folded.apply(&self.definition, self.now, event);
        }
        assert_eq!(folded, decision.saga, "the events do not tell the whole story");
        assert_eq!(decision.answer == Answer::Taken, !decision.events.is_empty(), "{:?}", decision.answer);
        let events_max = 8 * self.definition.steps.len() + self.saga.messages.len();
        assert!(decision.events.len() <= events_max, "the rules do not come to rest: {:?}", decision.events);
        self.saga = decision.saga;
        self.answer = decision.answer;
        self.log.push((self.now, decision.events));
        self.law_decides()
    }

    /// The law says yes to whatever it is asked, as the coordinator would have it do in the same batch.
    fn law_decides(&mut self) -> &mut Self {
        let asked = self.last().into_iter().find_map(|fact| match fact {
            Fact::Asked { step, question } if self.saga.run(step).status == Status::Deciding => Some((step, question)),
            _ => None,
        });
        let says_no = |step: StepIndex| self.definition.step(step).name.starts_with("never");
        if let Some((step, question)) = asked.filter(|(step, _)| !says_no(*step)) {
            let answer = self.answer.clone();
            self.give(&Input::Decided { step, question, verdict: Verdict::Yes, explained: None });
            self.answer = answer;
        }
        self
    }

    pub fn step(&self, name: &str) -> StepIndex {
        self.definition.find(name).unwrap_or_else(|| panic!("no step {name}"))
    }

    pub fn revision(&self, name: &str) -> u32 {
        self.saga.run(self.step(name)).revision
    }

    fn out(&self, name: &str) -> Command {
        let out = self.saga.run(self.step(name)).out.as_ref();
        out.unwrap_or_else(|| panic!("{name} waits for nobody: {:?}", self.status(name))).command
    }

    /// The next reply to the command that is out.
    pub fn says(&mut self, name: &str, outcome: Outcome) -> &mut Self {
        let command = self.out(name);
        self.replies(name, command, outcome)
    }

    /// The next reply to this command, whether it is out or not.
    pub fn replies(&mut self, name: &str, command: Command, outcome: Outcome) -> &mut Self {
        let run = self.saga.run(self.step(name));
        let failed = matches!(outcome, Outcome::Failed { .. });
        let number = if failed { 0 } else { run.numbered[command as usize] + 1 };
        self.reply(name, command, run.revision, number, outcome)
    }

    pub fn reply(&mut self, name: &str, command: Command, revision: u32, number: u32, outcome: Outcome) -> &mut Self {
        let step = self.step(name);
        self.give(&Input::Reply { step, command, revision, number, outcome })
    }

    pub fn succeed(&mut self, names: &[&str]) -> &mut Self {
        for name in names {
            self.says(name, Outcome::Succeeded);
            assert_eq!(self.answer, Answer::Taken, "{name}");
        }
        self
    }

    pub fn refuses(&mut self, name: &str) -> &mut Self {
        self.says(name, Outcome::Refused { reason: reason("NO-1") })
    }

    pub fn accepts(&mut self, name: &str) -> &mut Self {
        self.says(name, Outcome::Accepted { department_case: "A-1".into() })
    }

    pub fn fails(&mut self, name: &str, retryable: bool) -> &mut Self {
        self.says(name, Outcome::Failed { code: "DOWN".into(), retryable })
    }

    pub fn needs_correction(&mut self, name: &str) -> &mut Self {
        self.says(name, Outcome::NeedsCorrection { fields: vec!["child.name".into()], reason: reason("COR-1") })
    }

    pub fn cancelled(&mut self, name: &str) -> &mut Self {
        self.says(name, Outcome::Cancelled)
    }

    pub fn compensated(&mut self, name: &str) -> &mut Self {
        self.says(name, Outcome::Compensated)
    }

    pub fn decided(&mut self, name: &str, question: Question, verdict: Verdict) -> &mut Self {
        let step = self.step(name);
        self.give(&Input::Decided { step, question, verdict, explained: None })
    }

    pub fn notice(&mut self, name: &str) -> &mut Self {
        let step = self.step(name);
        self.give(&Input::Notice { step })
    }

    pub fn person_says(&mut self, name: &str, says: Says) -> &mut Self {
        let (step, revision) = (self.step(name), self.revision(name));
        self.give(&Input::Answered { step, revision, says })
    }

    pub fn withdraw(&mut self) -> &mut Self {
        self.give(&Input::Withdraw { by: "mother".into() })
    }

    pub fn bereaved(&mut self) -> &mut Self {
        self.give(&Input::Bereaved { by: "clerk".into() })
    }

    pub fn freeze(&mut self) -> &mut Self {
        self.give(&Input::Freeze)
    }

    pub fn unfreeze(&mut self) -> &mut Self {
        self.give(&Input::Unfreeze)
    }

    pub fn retry(&mut self, name: &str) -> &mut Self {
        let (step, revision) = (self.step(name), self.revision(name));
        self.give(&Input::Retry { step, revision })
    }

    pub fn resolve(&mut self, name: &str, found: Found) -> &mut Self {
        let (step, revision) = (self.step(name), self.revision(name));
        self.give(&Input::Resolve { step, revision, found })
    }

    pub fn redo(&mut self, name: &str) -> &mut Self {
        let (step, revision) = (self.step(name), self.revision(name));
        self.give(&Input::Redo { step, revision })
    }

    pub fn due(&mut self, name: &str, timer: Timer) -> &mut Self {
        let (step, revision) = (self.step(name), self.revision(name));
        self.give(&Input::Due { step, timer, revision })
    }

    pub fn later(&mut self, ms: i64) -> &mut Self {
        self.now += ms;
        self
    }

    /// Lets time pass and the clock speak whenever it has something to say, for so long.
    pub fn passes(&mut self, ms: i64) -> &mut Self {
        let until = self.now + ms;
        while let Some(next) = self.pending().into_iter().filter(|row| row.due_at <= until).min_by_key(|row| row.due_at)
        {
            self.now = self.now.max(next.due_at);
            self.give(&Input::Due { step: next.step, timer: next.timer(), revision: next.revision });
            assert_eq!(self.answer, Answer::Taken, "a row that is due and changes nothing would be due for ever");
        }
        self.now = until;
        self
    }

    pub fn pending(&self) -> Vec<Pending> {
        pending(&self.definition, &self.saga)
    }

    pub fn status(&self, name: &str) -> Status {
        self.saga.run(self.step(name)).status
    }

    pub fn statuses(&self, names: &[&str]) -> Vec<Status> {
        names.iter().map(|name| self.status(name)).collect()
    }

    pub fn is_stuck(&self, name: &str) -> bool {
        self.saga.step_is_stuck(&self.definition, self.step(name))
    }

    pub fn end(&self) -> Option<End> {
        self.saga.end
    }

    /// The facts that the last input led to.
    pub fn last(&self) -> Vec<Fact> {
        self.log.last().map(|(_, events)| events.iter().map(|event| event.fact.clone()).collect()).unwrap_or_default()
    }

    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.log.iter().flat_map(|(_, events)| events).map(|event| &event.fact)
    }

    /// What the last input had sent, e.g. `Compensate record 1`.
    pub fn sent(&self) -> Vec<String> {
        self.last().iter().filter_map(|fact| self.order(fact)).collect()
    }

    /// Every cancel and compensation ordered so far.
    pub fn undone(&self) -> Vec<String> {
        let undoes = |order: &String| order.starts_with("Cancel") || order.starts_with("Compensate");
        self.facts().filter_map(|fact| self.order(fact)).filter(undoes).collect()
    }

    fn order(&self, fact: &Fact) -> Option<String> {
        let name = |step: &StepIndex| self.definition.step(*step).name.clone();
        match fact {
            Fact::Ordered { step, command, revision, .. } => Some(format!("{command:?} {} {revision}", name(step))),
            Fact::SentAgain { step } => {
                let out = self.saga.run(*step).out.as_ref();
                out.map(|out| format!("again {:?} {}", out.command, name(step)))
            }
            _ => None,
        }
    }
}
