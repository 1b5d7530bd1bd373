//! The rules by which a waiting command is answered, leads to a call, or goes on waiting. One function for each of the
//! three commands, read from top to bottom; the sentences are those of the protocol.

use super::{
    ActState, Answer, Ask, Asker, CODE_NO_COMPENSATION, CODE_TOMBSTONE, CODE_TOO_LATE, Calling, Context, Fixed, Kind,
    Open, Outcome, Plan, STAMP_SETTLED, STAMP_TOMBSTONE, StepRecord, Waiting, What,
};

/// What a waiting command leads to.
enum Next {
    /// This answer; it waits no longer.
    Answer(Answer),
    /// This call; it waits for its end.
    Call(Calling),
    /// Nothing now.
    Wait,
}

impl StepRecord {
    /// Goes through the waiting commands in the order they came. Once one needs a call, those after it are only looked
    /// up: a twin's release need not wait for a call that does not concern it.
    pub(super) fn settle(&mut self, context: &Context) -> Plan {
        let mut context = *context;
        let mut plan = Plan::default();
        let mut at = 0;
        while let Some(&waiting) = self.waiting.get(at) {
            let next = match waiting.ask.kind {
                Kind::Act => self.next_of_act(waiting, &context),
                Kind::Compensate => self.next_of_compensation(waiting.ask, &context),
                Kind::Cancel => self.next_of_cancel(waiting.ask, &context),
            };
            match next {
                Next::Answer(answer) => {
                    self.waiting.remove(at);
                    plan.answers.push(answer);
                }
                Next::Call(call) => {
                    plan.call = Some(call);
                    context.may_call = false;
                    at += 1;
                }
                Next::Wait => at += 1,
            }
        }
        plan
    }

    /// Tells a new outcome of the act to every saga that asked and has not let go (protocol, rule 19). One that waits
    /// for the end of a compensation or a cancel hears that end instead.
    pub(super) fn tell_all(&mut self, answers: &mut Vec<Answer>) {
        let gives_up = |saga: u64| self.waiting.iter().any(|one| one.ask.saga == saga && one.ask.kind != Kind::Act);
        let wanting = |(saga, asker): (&u64, &Asker)| {
            let wants = asker.acted > 0 && !asker.has_let_go() && !gives_up(*saga);
            wants.then_some(Ask { saga: *saga, kind: Kind::Act, revision: asker.acted })
        };
        let asks: Vec<Ask> = self.askers.iter().filter_map(wanting).collect();
        for ask in asks {
            let told = self.number_of(ask);
            let waits = self.waiting.iter().any(|waiting| waiting.ask == ask);
            if let Some(answer) = self.known_answer(ask)
                && (waits || answer.number != told)
            {
                answers.push(answer);
                self.waiting.retain(|waiting| waiting.ask != ask);
            }
        }
    }

    /// The number last given to this command's replies; 0: none.
    fn number_of(&self, ask: Ask) -> u32 {
        let answered = self.askers.get(&ask.saga).and_then(|asker| asker.answered.get(&(ask.kind, ask.revision)));
        answered.map_or(0, |answered| answered.number)
    }

    fn next_of_act(&mut self, Waiting { ask, not_after_ms }: Waiting, context: &Context) -> Next {
        let (own, tombstone) = self.askers.get(&ask.saga).map_or((0, 0), |asker| (asker.acted, asker.tombstone));
        let covered = ask.revision <= tombstone && keeps_tombstones(context);
        if covered && own <= tombstone {
            return Next::Answer(self.tombstone(ask));
        }
        // "An act whose call has no result is first called again under the same id until its result is known."
        if self.open.is_some() {
            return self.first_finish_what_is_open(ask, context);
        }
        if let Some(answer) = self.known_answer(ask) {
            return Next::Answer(answer);
        }
        let ended = self.acts.range(ask.revision..).any(|(_, act)| !matches!(act.state, ActState::Answered(_)));
        if covered || (ended && keeps_tombstones(context)) {
            return Next::Answer(self.tombstone(ask));
        }
        if not_after_ms > 0 && context.now_ms > not_after_ms {
            self.record_outcome(ask.revision, refusal(CODE_TOO_LATE), context);
            return self.known_answer(ask).map_or(Next::Wait, Next::Answer);
        }
        self.call(What::Act, ask, ask.revision, context)
    }

    fn next_of_compensation(&mut self, ask: Ask, context: &Context) -> Next {
        let Some(asker) = self.askers.get_mut(&ask.saga) else { return Next::Wait };
        let superseded = ask.revision < asker.acted;
        if self.family && keeps_tombstones(context) {
            // "Compensating a family's step is a release; its tombstone binds that saga only; the department undoes
            // when all sagas of the group have released."
            asker.tombstone = asker.tombstone.max(ask.revision);
            if superseded || self.is_claimed() {
                return self.settled(ask, Outcome::Compensated);
            }
        }
        let meant = |revision: u32| self.family || revision <= ask.revision;
        match self.open {
            Some(Open { what: What::Act, revision, .. }) if !meant(revision) => {}
            Some(Open { what: What::Act, .. }) if finishes_despite_tombstones(context) => {}
            Some(_) => return self.first_finish_what_is_open(ask, context),
            None => {}
        }
        if let Some(revision) = self.standing().filter(|revision| meant(*revision)) {
            return match context.undo {
                true => self.call(What::Undo, ask, revision, context),
                false => Next::Answer(cannot_be_undone(ask)),
            };
        }
        if let Some(revision) = self.under_way().filter(|revision| meant(*revision)) {
            return match (context.stop, context.undo) {
                (true, _) => self.call(What::Stop, ask, revision, context),
                (false, true) => self.call(What::Undo, ask, revision, context),
                (false, false) => self.wait_for_the_end_of_the_handling(context),
            };
        }
        self.lay_tombstone(ask, context);
        self.settled(ask, Outcome::Compensated)
    }

    fn next_of_cancel(&mut self, ask: Ask, context: &Context) -> Next {
        if let Some(answer) = self.fixed_answer(ask) {
            return Next::Answer(answer);
        }
        match self.open {
            Some(Open { what: What::Act, .. }) if finishes_despite_tombstones(context) => {}
            Some(_) => return self.first_finish_what_is_open(ask, context),
            None => {}
        }
        // "Where the effect was done, answers `Succeeded` and changes nothing." What stands for the twin alone is not this
        // saga's any more once it has released it.
        let released = self.family && self.askers.get(&ask.saga).is_some_and(Asker::has_let_go);
        if let Some(succeeded) = self.standing().filter(|_| !released) {
            self.fix(ask, succeeded);
            return self.fixed_answer(ask).map_or(Next::Wait, Next::Answer);
        }
        // What another saga of the group has asked for goes on for that one. What only this saga has asked for, and another
        // may still ask for, is neither stopped, which would refuse it to the other, nor left behind with nobody who
        // believes in it: its end is the answer.
        if let Some(revision) = self.under_way()
            && !released
            && !self.is_asked_for_by_others_than(ask.saga)
        {
            return match context.stop && !self.is_claimed_by_others_than(ask.saga) {
                true => self.call(What::Stop, ask, revision, context),
                false => self.wait_for_the_end_of_the_handling(context),
            };
        }
        self.lay_tombstone(ask, context);
        self.fix(ask, 0);
        self.fixed_answer(ask).map_or(Next::Wait, Next::Answer)
    }

    /// What the record itself can answer an act with: what stands, what is under way, or the newest definite answer
    /// of this or a later revision.
    fn known_answer(&mut self, ask: Ask) -> Option<Answer> {
        // "Where an earlier revision succeeded and was not compensated, a later one gets its answer."
        // "An earlier revision that arrives after a later one gets the later one's newest answer."
        let revision = self
            .standing()
            .or_else(|| self.under_way())
            .or_else(|| self.acts.range(ask.revision..).next_back().map(|(revision, _)| *revision))?;
        let act = self.acts.get(&revision)?;
        let ActState::Answered(outcome) = &act.state else { return None };
        let (outcome, stamp) = (outcome.clone(), act.stamp);
        Some(self.answer(ask, outcome, stamp))
    }

    /// The answer to this saga's cancel, if one was given that still speaks of this revision.
    fn fixed_answer(&mut self, ask: Ask) -> Option<Answer> {
        let asker = self.askers.get(&ask.saga)?;
        let fixed = asker.cancelled?;
        if ask.revision > fixed.revision && asker.acted > fixed.revision {
            return None;
        }
        let outcome = match fixed.succeeded {
            0 => Outcome::Cancelled,
            revision => Outcome::Succeeded { detail: self.output(revision)?.clone() },
        };
        Some(self.answer(ask, outcome, STAMP_SETTLED))
    }

    fn fix(&mut self, ask: Ask, succeeded: u32) {
        let asker = self.askers.entry(ask.saga).or_default();
        asker.cancelled = Some(Fixed { revision: ask.revision, succeeded });
    }

    fn lay_tombstone(&mut self, ask: Ask, context: &Context) {
        if keeps_tombstones(context) {
            let asker = self.askers.entry(ask.saga).or_default();
            asker.tombstone = asker.tombstone.max(ask.revision);
        }
    }

    fn tombstone(&mut self, ask: Ask) -> Answer {
        self.answer(ask, refusal(CODE_TOMBSTONE), STAMP_TOMBSTONE)
    }

    fn settled(&mut self, ask: Ask, outcome: Outcome) -> Next {
        Next::Answer(self.answer(ask, outcome, STAMP_SETTLED))
    }

    /// True if some saga of the group has not let go. One that never asked has not.
    fn is_claimed(&self) -> bool {
        let gone = self.askers.values().filter(|asker| asker.has_let_go()).count();
        gone < usize::try_from(self.group_size).unwrap_or(usize::MAX)
    }

    fn is_asked_for_by_others_than(&self, saga: u64) -> bool {
        let asks = |(other, asker): (&u64, &Asker)| *other != saga && asker.acted > 0 && !asker.has_let_go();
        self.family && self.askers.iter().any(asks)
    }

    fn is_claimed_by_others_than(&self, saga: u64) -> bool {
        let others = self.askers.iter().filter(|(other, asker)| **other != saga && asker.has_let_go()).count();
        self.family && others + 1 < usize::try_from(self.group_size).unwrap_or(usize::MAX)
    }

    fn first_finish_what_is_open(&mut self, ask: Ask, context: &Context) -> Next {
        self.call_open_again(Some(ask), context).map_or(Next::Wait, Next::Call)
    }

    /// The call without result, once more and under the same id.
    pub(super) fn call_open_again(&mut self, asked_by: Option<Ask>, context: &Context) -> Option<Calling> {
        let open = self.open.as_mut().filter(|_| context.may_call)?;
        open.times += 1;
        let Open { what, revision, times, .. } = *open;
        Some(Calling { what, revision, times, needs_intent: false, asked_by })
    }

    /// A department that cannot stop its handling is asked about it at the next look instead.
    fn wait_for_the_end_of_the_handling(&mut self, context: &Context) -> Next {
        if context.may_call {
            self.ask_again_ms = self.ask_again_ms.min(context.now_ms.saturating_add(context.called_again_ms));
        }
        Next::Wait
    }

    fn call(&mut self, what: What, ask: Ask, revision: u32, context: &Context) -> Next {
        if !context.may_call {
            return Next::Wait;
        }
        let due_ms = context.now_ms.saturating_add(context.called_again_ms);
        self.open = Some(Open { what, revision, times: 1, due_ms });
        Next::Call(Calling { what, revision, times: 1, needs_intent: true, asked_by: Some(ask) })
    }
}

fn refusal(code: &str) -> Outcome {
    Outcome::Refused { code: code.to_owned(), offline_route: String::new(), detail: None }
}

fn cannot_be_undone(ask: Ask) -> Answer {
    let outcome = Outcome::Failed { code: CODE_NO_COMPENSATION.to_owned(), retryable: false };
    Answer { ask, number: 0, outcome }
}

#[cfg(not(feature = "mutations"))]
fn keeps_tombstones(_: &Context) -> bool {
    true
}

#[cfg(feature = "mutations")]
fn keeps_tombstones(context: &Context) -> bool {
    context.mutation != Some(crate::Mutation::NoTombstone)
}

#[cfg(not(feature = "mutations"))]
fn finishes_despite_tombstones(_: &Context) -> bool {
    false
}

#[cfg(feature = "mutations")]
fn finishes_despite_tombstones(context: &Context) -> bool {
    context.mutation == Some(crate::Mutation::FinishingDespiteATombstone)
}
