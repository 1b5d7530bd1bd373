//! A small world around one saga: departments, the mail between, people, operators and a clock.
//!
//! Departments answer truthfully with respect to their own ledgers. Everything else may go wrong: a command or a reply
//! is lost, comes twice, late, or in another order; any input ever given may be given again.

use std::{collections::BTreeSet, sync::Arc};

use saga::{
    Definition, Fact, Input, MessageStatus, Outcome, PendingKind, Saga, Status, StepIndex, decide,
    definition::Selection,
    event::{Because, Command},
    input::{Found, Question, Says, Verdict},
    legal::Limit,
    pending,
    pending::NEVER,
};

use super::{
    ledger::{Ledger, Mood},
    legal,
};
use crate::case::{MORNING, reason};

/// Rounds in which a fair world must come to rest. Nine steps, each under way a few times, need far fewer.
const ROUNDS_MAX: usize = 1_000;

pub struct World {
    definition: Arc<Definition>,
    saga: Saga,
    now: i64,
    ledgers: Vec<Ledger>,
    commands: Vec<(StepIndex, Command, u32)>,
    replies: Vec<Input>,
    given: Vec<Input>,
    met: BTreeSet<String>,
}

impl World {
    pub fn new(definition: Arc<Definition>, group_size: u8) -> Self {
        let items = definition.steps.iter().filter_map(|step| step.item.clone());
        // Every other item is ticked.
        let chosen = items.enumerate().filter(|(at, _)| at % 2 == 0).map(|(_, item)| item).collect();
        let mut world = Self {
            saga: Saga::new(&definition),
            now: MORNING,
            ledgers: vec![Ledger::default(); definition.steps.len()],
            commands: Vec::new(),
            replies: Vec::new(),
            given: Vec::new(),
            met: BTreeSet::new(),
            definition,
        };
        world.give(Input::Start { chosen, group_size }, 1);
        world
    }

    /// Everything that this world met, for the shares.
    pub fn met(self) -> BTreeSet<String> {
        self.met
    }

    fn meet(&mut self, what: &str) {
        if !self.met.contains(what) {
            self.met.insert(what.to_owned());
        }
    }

    /// Gives an input, has it judged, and lets the world take notice; the law answers at once.
    fn give(&mut self, input: Input, choice: u16) {
        let decision = decide(&self.definition, &self.saga, &input, self.now);
        legal::judge(&self.definition, &self.saga, &input, self.now, &decision);
        for event in &decision.events {
            let before = self.saga.clone();
            self.saga.apply(&self.definition, self.now, event);
            self.take_notice(&before, &event.fact);
            self.take_notice_of_what_is_told(&before, &event.fact);
        }
        if self.saga.is_stuck(&self.definition) {
            self.meet("stuck");
        }
        self.given.push(input);
        self.law_answers(choice);
    }

    /// The law answers in the batch in which it is asked, if only that it cannot.
    fn law_answers(&mut self, choice: u16) {
        let asks = |step: &StepIndex| self.saga.asks(*step);
        if let Some(step) = self.definition.indices().find(asks) {
            let is = self.definition.step(step);
            let selects = matches!(is.selection, Selection::Rule(_)) && self.saga.run(step).selected.is_none();
            let question = if selects { Question::Selection } else { Question::Performance };
            let verdict = if choice % 11 == 10 { Verdict::No { reasons: Vec::new() } } else { Verdict::Yes };
            let decided = Input::Decided { step, question, verdict, explained: None };
            let unknown = Input::Undecided { step, code: "LAW-002".into() };
            return self.give(if choice % 11 == 9 { unknown } else { decided }, choice / 11);
        }
        let wants = |step: &StepIndex| self.saga.wants_times(&self.definition, *step);
        if let Some(step) = self.definition.indices().find(wants) {
            let is = self.definition.step(step);
            let unknown = (choice % 7 == 6).then(|| "LAW-003".into());
            let near_at = self.now + i64::from(choice % 5) * 20_000;
            let limit = Limit { near_at, due_at: near_at + 30_000, escalate_at: near_at + 40_000 };
            let limit = Some(limit).filter(|_| is.has_limit() && unknown.is_none());
            let reminders = if is.remind_on.is_some() { vec![near_at + 5_000, near_at + 35_000] } else { Vec::new() };
            self.give(Input::Times { step, limit, unknown, reminders }, choice / 7);
        }
    }

    fn take_notice_of_what_is_told(&mut self, before: &Saga, fact: &Fact) {
        match fact {
            Fact::Undecided { .. } => self.meet("undecided"),
            Fact::AskedAgain { .. } => self.meet("asked again"),
            Fact::TimesStated { unknown: Some(_), .. } => self.meet("limit unknown"),
            Fact::TimesStated { step, .. } => {
                let again = !before.run(*step).legal.pauses.is_empty();
                self.meet(if again { "limit stated anew" } else { "limit stated" });
            }
            Fact::LimitReached { stage, .. } => self.meet(&format!("limit reached {stage:?}")),
            Fact::Reminded { step } if before.run(*step).status == Status::InDoubt => self.meet("legal reminder"),
            Fact::Followed { .. } => self.meet("followed"),
            Fact::MessageSent { .. } if before.end.is_some() => self.meet("message after the end"),
            Fact::MessageReplied { outcome: Outcome::Succeeded, .. } => self.meet("message delivered"),
            Fact::MessageCalled { .. } => self.meet("message called"),
            Fact::MessageDropped { .. } => self.meet("message dropped"),
            Fact::Bereaved if before.end.is_some() => self.meet("bereaved after the end"),
            Fact::Ended { .. } if self.definition.procedure => self.meet("procedure"),
            _ => {}
        }
    }

    /// An occasion calls for a message, perhaps at night.
    fn message_is_called_for(&mut self, choice: u16) {
        let key = (choice % 13).to_string().into();
        let not_before = self.now + i64::from(choice / 13 % 3) * 15_000;
        self.give(Input::Message { template: "N01".into(), key, to: "mother".into(), not_before }, choice);
    }

    /// The sender of messages says something of one that it was given, perhaps again or in another order.
    fn sender_answers(&mut self, choice: u16) {
        let messages = self.saga.messages.len();
        let Ok(message) = u8::try_from(usize::from(choice) % messages.max(1)) else { return };
        let Some(run) = self.saga.messages.get(usize::from(message)).filter(|run| run.attempts > 0) else { return };
        let number = (run.numbered + 1).saturating_sub(u32::from(choice / 200 % 3 == 2));
        let failed = |retryable| Outcome::Failed { code: "DOWN".into(), retryable };
        let (number, outcome) = match choice / 600 % 7 {
            0 | 1 => (number, Outcome::Accepted { department_case: "M".into() }),
            2 | 3 => (number, Outcome::Succeeded),
            4 => (number, Outcome::Refused { reason: reason("NO-PHONE") }),
            5 => (0, failed(true)),
            _ => (0, failed(false)),
        };
        self.give(Input::MessageReply { by: "messenger".into(), message, number, outcome }, choice);
    }

    /// A person telephones, or a procedure begins.
    fn person_calls_or_follows(&mut self, choice: u16) {
        let message = u8::try_from(choice / 2 % 16).unwrap_or_default();
        self.give(
            match choice % 2 {
                0 => Input::Called { message },
                _ => Input::Follow { procedure: "correction".into(), key: (choice / 2 % 5).to_string().into() },
            },
            choice,
        );
    }

    fn take_notice(&mut self, before: &Saga, fact: &Fact) {
        match fact {
            Fact::Ordered { step, command, revision, why } => {
                self.commands.push((*step, *command, *revision));
                match (command, why) {
                    (Command::Compensate, saga::event::Why::Corrected) => self.meet("redo"),
                    (Command::Compensate, _) => self.meet("compensation"),
                    (Command::Cancel, _) if Some(*step) == self.definition.pivot() => self.meet("pivot cancelled"),
                    (Command::Act | Command::Cancel, _) => {}
                }
            }
            Fact::SentAgain { step } => {
                let run = self.saga.run(*step);
                let command = run.out.as_ref().unwrap().command;
                self.commands.push((*step, command, run.revision));
            }
            Fact::EndingLifted => self.meet("rejection lifted"),
            Fact::Frozen => self.meet("frozen"),
            Fact::Bereaved => self.meet("bereaved"),
            Fact::Late { .. } => self.meet("late stand-in"),
            Fact::Ended { end } => self.meet(&format!("end {end:?}")),
            Fact::Reopened { step } if matches!(before.run(*step).because, Some(Because::Of(_))) => {
                self.meet("offline healed");
            }
            _ => {}
        }
        if self.saga.pivot_succeeded(&self.definition) {
            self.meet("pivot succeeded");
        }
    }

    /// One thing happens.
    pub fn play(&mut self, kind: u8, choice: u16) {
        match kind {
            0..=89 => self.department_reads(choice, kind % 5),
            90..=149 => self.reply_comes(choice, kind % 5),
            150..=174 => self.person_answers(choice),
            175..=206 => self.clock_speaks(choice),
            207..=210 => self.message_is_called_for(choice),
            211..=214 => self.sender_answers(choice),
            215..=216 => self.person_calls_or_follows(choice),
            217..=222 => self.time_passes(choice),
            223..=229 => self.something_comes_again(choice),
            230..=233 => self.operator_orders(choice),
            234..=236 => self.counter_reports(choice),
            237..=244 => self.operator_redoes(choice),
            245 => self.give(Input::Withdraw { by: "mother".into() }, choice),
            246 => self.give(Input::Bereaved { by: "clerk".into() }, choice),
            247 | 248 => self.give(Input::Freeze, choice),
            249..=255 => self.give(Input::Unfreeze, choice),
        }
    }

    fn any_step(&self, choice: u16) -> StepIndex {
        StepIndex(u8::try_from(usize::from(choice) % self.definition.steps.len()).unwrap())
    }

    /// Mostly something that is done and may be redone.
    fn operator_redoes(&mut self, choice: u16) {
        let redoable = |step: &StepIndex| {
            let done = self.saga.run(*step).status == Status::Succeeded;
            done && self.definition.step(*step).is_undone_for(saga::Cause::Corrected)
        };
        let step = self.definition.indices().rev().find(redoable).unwrap_or(self.any_step(choice));
        self.give(Input::Redo { step, revision: self.saga.run(step).revision }, choice);
    }

    /// A command reaches its department; of five, one is lost and one comes again later.
    fn department_reads(&mut self, choice: u16, fate: u8) {
        if self.commands.is_empty() {
            return;
        }
        let at = usize::from(choice) % self.commands.len();
        let (step, command, revision) = if fate == 0 { self.commands[at] } else { self.commands.swap_remove(at) };
        if fate != 1 {
            self.handle(step, command, revision, Mood::of(choice / 7));
        }
    }

    fn handle(&mut self, step: StepIndex, command: Command, revision: u32, mood: Mood) {
        if let Some((number, outcome)) = self.ledgers[step.at()].handle(command, revision, mood) {
            self.replies.push(Input::Reply { step, command, revision, number, outcome });
        }
    }

    fn reply_comes(&mut self, choice: u16, fate: u8) {
        if self.replies.is_empty() {
            return;
        }
        let at = usize::from(choice) % self.replies.len();
        let reply = if fate == 0 { self.replies[at].clone() } else { self.replies.swap_remove(at) };
        if fate != 1 {
            self.give(reply, choice);
        }
    }

    fn person_answers(&mut self, choice: u16) {
        let rows = pending(&self.definition, &self.saga);
        let tasks: Vec<_> = rows.iter().filter(|row| matches!(row.kind, PendingKind::Task { .. })).collect();
        let Some(row) = tasks.get(usize::from(choice) % tasks.len().max(1)) else { return };
        let correction = matches!(row.kind, PendingKind::Task { correction: true, .. });
        let says = match choice / 16 % 5 {
            0 => Says::Declined,
            _ if correction => Says::Corrected,
            _ => Says::Done,
        };
        self.give(Input::Answered { step: row.step, revision: row.revision, says }, choice);
    }

    /// The next time that is waited for comes, or a timer is early.
    fn clock_speaks(&mut self, choice: u16) {
        let rows = pending(&self.definition, &self.saga);
        let Some(row) = rows.get(usize::from(choice) % rows.len().max(1)) else { return };
        if !(choice / 64).is_multiple_of(4) && row.due_at != NEVER {
            self.now = self.now.max(row.due_at);
        }
        self.give(Input::Due { step: row.step, timer: row.timer(), revision: row.revision }, choice);
    }

    fn time_passes(&mut self, choice: u16) {
        self.now += i64::from(choice) * 2;
    }

    fn something_comes_again(&mut self, choice: u16) {
        let again = self.given[usize::from(choice) % self.given.len()].clone();
        self.give(again, choice);
    }

    fn operator_orders(&mut self, choice: u16) {
        let stuck = |step: &StepIndex| self.saga.step_is_stuck(&self.definition, *step);
        let step = self
            .definition
            .indices()
            .find(stuck)
            .filter(|_| choice.is_multiple_of(2))
            .unwrap_or(self.any_step(choice / 2));
        let revision = self.saga.run(step).revision;
        let input = match choice / 128 % 3 {
            0 => Input::Retry { step, revision },
            1 => Input::Resolve { step, revision, found: Found::NotDone },
            _ => match self.found(step) {
                Some(found) => Input::Resolve { step, revision, found },
                None => return,
            },
        };
        self.give(input, choice);
    }

    /// What the department's records show of a step, if they show anything.
    fn found(&self, step: StepIndex) -> Option<Found> {
        let ledger = &self.ledgers[step.at()];
        let stands = ledger.standing.is_some() || ledger.outside;
        let undone = ledger.standing.is_none() && ledger.undos > 0;
        match self.saga.run(step).status {
            Status::Compensating | Status::Compensated => undone.then_some(Found::Undone),
            _ => stands.then_some(Found::Done),
        }
    }

    /// The same thing was done at a counter.
    fn counter_reports(&mut self, choice: u16) {
        let noticed = |step: &StepIndex| {
            let is = self.definition.step(*step);
            Some(*step) == self.definition.pivot() || !is.notices.is_empty()
        };
        let steps: Vec<StepIndex> = self.definition.indices().filter(noticed).collect();
        let Some(step) = steps.get(usize::from(choice) % steps.len().max(1)).copied() else { return };
        self.ledgers[step.at()].outside = true;
        self.give(Input::Notice { step }, choice);
    }

    /// Everybody is fair from now on: the mail arrives, departments say yes, people answer, operators look.
    pub fn settle(&mut self) {
        self.give(Input::Unfreeze, 1);
        for _ in 0..ROUNDS_MAX {
            let somebody = self.mail_arrives()
                || self.messages_arrive()
                || self.people_answer()
                || self.clock_goes_on()
                || self.operators_look();
            if !somebody {
                break;
            }
        }
        assert!(
            self.saga.end.is_some(),
            "fair answers, and yet it waits: {}",
            legal::tell(&self.definition, &self.saga)
        );
        assert_eq!(pending(&self.definition, &self.saga), [], "fair answers, and yet something is awaited");
        self.compare_with_the_ledgers();
    }

    /// What is out is delivered, and who is to be called is called.
    fn messages_arrive(&mut self) -> bool {
        let open = |status| matches!(status, MessageStatus::Out | MessageStatus::ToCall);
        let Some(at) = self.saga.messages.iter().position(|run| open(run.status)) else { return false };
        let (message, run) = (u8::try_from(at).unwrap(), &self.saga.messages[at]);
        let number = run.numbered + 1;
        let input = match run.status {
            MessageStatus::ToCall => Input::Called { message },
            _ => Input::MessageReply { by: "messenger".into(), message, number, outcome: Outcome::Succeeded },
        };
        self.give(input, 1);
        true
    }

    fn mail_arrives(&mut self) -> bool {
        let (commands, replies) = (std::mem::take(&mut self.commands), std::mem::take(&mut self.replies));
        let any = !commands.is_empty() || !replies.is_empty();
        for (step, command, revision) in commands {
            self.handle(step, command, revision, Mood::Yes);
        }
        for reply in replies {
            self.give(reply, 1);
        }
        any
    }

    fn people_answer(&mut self) -> bool {
        let rows = pending(&self.definition, &self.saga);
        let task = rows.iter().find(|row| matches!(row.kind, PendingKind::Task { .. }));
        let Some(row) = task else { return false };
        let correction = matches!(row.kind, PendingKind::Task { correction: true, .. });
        let says = if correction { Says::Corrected } else { Says::Done };
        self.give(Input::Answered { step: row.step, revision: row.revision, says }, 1);
        true
    }

    fn clock_goes_on(&mut self) -> bool {
        let rows = pending(&self.definition, &self.saga);
        let Some(row) = rows.iter().filter(|row| row.due_at != NEVER).min_by_key(|row| row.due_at) else {
            return false;
        };
        self.now = self.now.max(row.due_at);
        let before = self.saga.clone();
        self.give(Input::Due { step: row.step, timer: row.timer(), revision: row.revision }, 1);
        assert_ne!(before, self.saga, "{row:?} is due and changes nothing: it would be due for ever");
        true
    }

    fn operators_look(&mut self) -> bool {
        let stuck = |step: &StepIndex| self.saga.step_is_stuck(&self.definition, *step);
        let Some(step) = self.definition.indices().find(stuck) else { return false };
        let run = self.saga.run(step);
        let revision = run.revision;
        self.give(
            match run.status {
                Status::NotDone => Input::Resolve { step, revision, found: Found::NotDone },
                Status::Compensated => Input::Resolve { step, revision, found: Found::Undone },
                _ => Input::Retry { step, revision },
            },
            1,
        );
        true
    }

    /// What the saga believes of each step is what its department's records show.
    fn compare_with_the_ledgers(&self) {
        for step in self.definition.indices().filter(|step| self.definition.step(*step).department().is_some()) {
            let (ledger, status) = (&self.ledgers[step.at()], self.saga.run(step).status);
            assert!(ledger.acts <= ledger.undos + 1 && ledger.undos <= ledger.acts, "done or undone twice: {ledger:?}");
            let stands = ledger.standing.is_some();
            match status {
                Status::Succeeded => assert!(stands || ledger.outside, "{step:?} believed done: {ledger:?}"),
                _ => assert!(!stands, "{step:?} believed {status:?}: {ledger:?}"),
            }
        }
    }
}
