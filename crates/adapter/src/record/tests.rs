//! The department's side of the protocol as stories over one step's record, with a department that is a list of calls.

use super::*;

const NOW: i64 = 1_000_000;

/// One step's record and what was called for it.
struct Step {
    record: StepRecord,
    context: Context,
    group_size: u32,
    called: Vec<(What, u32)>,
    pending: Option<Calling>,
}

/// The answers of one turn as (saga, kind, revision, number, word).
type Told = Vec<(u64, Kind, u32, u32, &'static str)>;

impl Step {
    fn new(group_size: u32) -> Self {
        let context = Context {
            now_ms: NOW,
            undo: true,
            stop: true,
            asked_again_ms: 60_000,
            called_again_ms: 5_000,
            called_again_max_ms: 300_000,
            may_call: true,
            #[cfg(feature = "mutations")]
            mutation: None,
        };
        Step { record: StepRecord::default(), context, group_size, called: Vec::new(), pending: None }
    }

    fn of_one_child() -> Self {
        Self::new(1)
    }

    fn of_twins() -> Self {
        Self::new(2)
    }

    fn send(&mut self, saga: u64, kind: Kind, revision: u32) -> Told {
        let incoming = Incoming {
            ask: Ask { saga, kind, revision },
            command: "Do".to_owned(),
            family: self.group_size > 1,
            group_size: self.group_size,
            not_after_ms: 0,
            address: Address::default(),
        };
        let plan = self.record.plan(&incoming, &self.context);
        self.take(plan)
    }

    fn act(&mut self, revision: u32) -> Told {
        self.send(1, Kind::Act, revision)
    }

    fn compensate(&mut self, revision: u32) -> Told {
        self.send(1, Kind::Compensate, revision)
    }

    fn cancel(&mut self, revision: u32) -> Told {
        self.send(1, Kind::Cancel, revision)
    }

    fn end(&mut self, result: CallResult) -> Told {
        let call = self.pending.take().expect("a call is under way");
        let plan = self.record.finish(&call, result, &self.context);
        self.take(plan)
    }

    /// What is kept in memory is lost; what is stored comes back.
    fn adapter_dies(&mut self) {
        self.pending = None;
        self.record = StepRecord::from_bytes(&self.record.to_bytes()).expect("a record reads what it wrote");
    }

    fn time_passes(&mut self, ms: i64) -> Told {
        self.context.now_ms += ms;
        let plan = self.record.call_again(&self.context);
        self.take(plan)
    }

    fn take(&mut self, plan: Plan) -> Told {
        let stored = StepRecord::from_bytes(&self.record.to_bytes()).expect("a record reads what it wrote");
        assert_eq!(stored, self.record, "a stored record is the record");
        if let Some(call) = plan.call {
            assert!(self.pending.is_none(), "one call at a time");
            self.called.push((call.what, call.revision));
            self.pending = Some(call);
        }
        plan.answers.iter().map(told).collect()
    }
}

fn told(answer: &Answer) -> (u64, Kind, u32, u32, &'static str) {
    let word = match &answer.outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Progress { .. } => "progress",
        Outcome::NeedsCorrection { .. } => "correct",
        Outcome::Succeeded { .. } => "succeeded",
        Outcome::Refused { code, .. } if code == CODE_TOMBSTONE => "too late for that",
        Outcome::Refused { .. } => "refused",
        Outcome::Compensated => "compensated",
        Outcome::Cancelled => "cancelled",
        Outcome::Failed { .. } => "failed",
    };
    (answer.ask.saga, answer.ask.kind, answer.ask.revision, answer.number, word)
}

fn detail() -> Detail {
    Detail { sealed: vec![1, 2, 3], saga: 1, kind: Kind::Act }
}

fn succeeded() -> CallResult {
    CallResult::Acted(Outcome::Succeeded { detail: detail() })
}

fn accepted() -> CallResult {
    CallResult::Acted(Outcome::Accepted { number: "A-1".to_owned() })
}

fn correct() -> CallResult {
    let (code, fields) = ("X-1".to_owned(), vec!["photo".to_owned()]);
    CallResult::Acted(Outcome::NeedsCorrection { code, fields, detail: detail() })
}

fn refused() -> CallResult {
    let (code, offline_route) = ("X-2".to_owned(), "counter".to_owned());
    CallResult::Acted(Outcome::Refused { code, offline_route, detail: Some(detail()) })
}

fn failed() -> CallResult {
    CallResult::Failed { code: "X-3".to_owned(), retryable: true }
}

const ACT: Kind = Kind::Act;
const UNDO: Kind = Kind::Compensate;
const CANCEL: Kind = Kind::Cancel;

#[test]
fn an_act_sent_twice_is_done_once_and_answered_with_the_same_number() {
    // A family would get two cards, or its saga would wait for an answer that looks old to it.
    let mut step = Step::of_one_child();
    assert!(step.act(1).is_empty());
    assert_eq!(step.end(succeeded()), [(1, ACT, 1, 1, "succeeded")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 1, "succeeded")]);
    assert_eq!(step.called, [(What::Act, 1)]);
}

#[test]
fn the_pivot_published_twice_fails_first_and_the_withdrawn_family_is_not_registered_by_the_second_copy() {
    // Story 1: the certificate is given back, then the second copy registers the child.
    let mut step = Step::of_one_child();
    step.act(1);
    assert_eq!(step.end(failed()), [(1, ACT, 1, 0, "failed")]);
    assert_eq!(step.cancel(1), [(1, CANCEL, 1, 1, "cancelled")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 1, "too late for that")]);
    assert_eq!(step.cancel(1), [(1, CANCEL, 1, 1, "cancelled")]);
    assert_eq!(step.called, [(What::Act, 1)]);
}

#[test]
fn a_failure_has_no_number_and_is_forgotten_so_the_success_after_it_is_heard() {
    // Story 2: `Failed` no. 1, asked again, `Succeeded` no. 1: the saga waits for ever.
    let mut step = Step::of_one_child();
    step.act(1);
    assert_eq!(step.end(failed()), [(1, ACT, 1, 0, "failed")]);
    assert!(step.act(1).is_empty());
    assert_eq!(step.end(succeeded()), [(1, ACT, 1, 1, "succeeded")]);
}

#[test]
fn a_cancel_leaves_a_finished_effect_and_says_so_for_ever() {
    // Story 4: the card is made, its answer is under way; "cancel" undoes a finished card.
    let mut step = Step::of_one_child();
    step.act(1);
    step.end(succeeded());
    assert_eq!(step.cancel(1), [(1, CANCEL, 1, 1, "succeeded")]);
    assert_eq!(step.cancel(1), [(1, CANCEL, 1, 1, "succeeded")]);
    assert_eq!(step.called, [(What::Act, 1)]);
}

#[test]
fn a_cancel_answered_with_success_says_so_even_after_the_effect_was_undone() {
    // A repeated cancel would contradict what the saga has already acted on.
    let mut step = Step::of_one_child();
    step.act(1);
    step.end(succeeded());
    step.cancel(1);
    step.compensate(1);
    step.end(CallResult::Undone);
    assert_eq!(step.cancel(1), [(1, CANCEL, 1, 1, "succeeded")]);
}

#[test]
fn an_accepted_card_is_stopped_by_a_cancel_unless_it_is_made_already() {
    // Story 4 for a department that takes its time: what it goes on handling would be done after the case has ended.
    let mut step = Step::of_one_child();
    step.act(1);
    step.end(accepted());
    assert!(step.cancel(1).is_empty());
    assert_eq!(step.end(CallResult::Stopped), [(1, CANCEL, 1, 1, "cancelled")]);
    assert_eq!(step.called, [(What::Act, 1), (What::Stop, 1)]);
    assert_eq!(step.act(1), [(1, ACT, 1, 2, "too late for that")]);

    let mut made = Step::of_one_child();
    made.act(1);
    made.end(accepted());
    made.cancel(1);
    assert!(made.end(CallResult::TooLate).is_empty());
    assert_eq!(made.end(succeeded()), [(1, CANCEL, 1, 1, "succeeded")]);
    assert_eq!(made.called, [(What::Act, 1), (What::Stop, 1), (What::Act, 1)]);
}

#[test]
fn a_department_that_cannot_stop_is_waited_for() {
    // "Cancelled" said while the department goes on would be a lie as soon as it finishes.
    let mut step = Step::of_one_child();
    step.context.stop = false;
    step.act(1);
    step.end(accepted());
    assert!(step.cancel(1).is_empty());
    assert!(step.pending.is_none());
    assert!(step.time_passes(5_000).is_empty());
    assert_eq!(step.end(succeeded()), [(1, CANCEL, 1, 1, "succeeded")]);
}

#[test]
fn a_not_done_said_by_an_operator_holds_when_the_command_arrives_after_it() {
    // Story 5: an operator reads the ledger rightly, says "not done", and the command is still on its way.
    let mut step = Step::of_one_child();
    assert_eq!(step.cancel(1), [(1, CANCEL, 1, 1, "cancelled")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 1, "too late for that")]);
    assert!(step.called.is_empty());
}

#[test]
fn a_call_cut_off_by_a_crash_is_finished_before_its_compensation() {
    // Story 6: the department is asked, knows nothing yet, a tombstone is laid; then the call lands.
    for kind in [UNDO, CANCEL] {
        let mut step = Step::of_one_child();
        step.act(1);
        step.adapter_dies();
        assert!(step.send(1, kind, 1).is_empty());
        assert_eq!(step.called, [(What::Act, 1), (What::Act, 1)], "{kind:?}");
        assert!(step.end(CallResult::Unknown).is_empty());
        assert!(step.send(1, kind, 1).is_empty());
        let told = step.end(succeeded());
        if kind == CANCEL {
            assert_eq!(told, [(1, CANCEL, 1, 1, "succeeded")]);
        } else {
            assert!(told.is_empty());
            assert_eq!(step.end(CallResult::Undone), [(1, UNDO, 1, 1, "compensated")]);
        }
    }
}

#[test]
fn a_failure_says_nothing_of_an_earlier_copy_that_may_still_land() {
    // Story 6 with a department that fails when asked again: a tombstone now, and the first copy lands after it.
    let mut step = Step::of_one_child();
    step.act(1);
    step.adapter_dies();
    step.compensate(1);
    assert!(step.end(failed()).is_empty());
    assert!(step.pending.is_none());
    assert!(step.record.due_ms().is_some(), "it is called again by itself");
    step.time_passes(300_000);
    assert!(step.end(succeeded()).is_empty());
    assert_eq!(step.end(CallResult::Undone), [(1, UNDO, 1, 1, "compensated")]);
}

#[test]
fn a_call_without_result_is_made_again_by_itself_with_growing_pauses() {
    // An answer lost between department and adapter would leave the step in doubt until an operator looks.
    let mut step = Step::of_one_child();
    step.act(1);
    step.end(CallResult::Unknown);
    assert_eq!(step.record.due_ms(), Some(NOW + 5_000));
    step.time_passes(5_000);
    step.end(CallResult::Unknown);
    assert_eq!(step.record.due_ms(), Some(NOW + 5_000 + 10_000));
    step.time_passes(10_000);
    assert_eq!(step.end(succeeded()), [(1, ACT, 1, 1, "succeeded")]);
    assert_eq!(step.record.due_ms(), None);
}

#[test]
fn an_accepted_act_is_asked_about_until_it_is_decided_and_a_lost_decision_is_repeated() {
    // Story 14: the decision comes after three weeks, and its reply is lost.
    let mut step = Step::of_one_child();
    step.act(1);
    assert_eq!(step.end(accepted()), [(1, ACT, 1, 1, "accepted")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 1, "accepted")]);
    step.time_passes(60_000);
    assert!(step.end(accepted()).is_empty(), "nothing new is not told");
    step.time_passes(60_000);
    let progress = CallResult::Acted(Outcome::Progress { stage: "复核".to_owned() });
    assert_eq!(step.end(progress), [(1, ACT, 1, 2, "progress")]);
    step.time_passes(60_000);
    assert_eq!(step.end(succeeded()), [(1, ACT, 1, 3, "succeeded")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 3, "succeeded")]);
}

#[test]
fn an_accepted_act_stays_accepted_when_asking_about_it_fails() {
    // A department that is down for a night would make the case look as if nothing had been taken up.
    let mut step = Step::of_one_child();
    step.act(1);
    step.end(accepted());
    for result in [failed(), CallResult::Unknown] {
        step.time_passes(60_000);
        assert!(step.end(result).is_empty());
        assert_eq!(step.act(1), [(1, ACT, 1, 1, "accepted")]);
    }
}

#[test]
fn a_correction_is_done_under_the_next_revision_and_old_copies_hear_its_answer() {
    // Story 16 and rule 2: attempt 1's copies are still on their way when the corrected form has succeeded.
    let mut step = Step::of_one_child();
    step.act(1);
    assert_eq!(step.end(correct()), [(1, ACT, 1, 1, "correct")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 1, "correct")]);
    step.act(2);
    assert_eq!(step.end(succeeded()), [(1, ACT, 2, 1, "succeeded")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 2, "succeeded")]);
    assert_eq!(step.called, [(What::Act, 1), (What::Act, 2)]);
}

#[test]
fn a_later_revision_of_what_stands_gets_its_answer_and_no_second_effect() {
    // Rule 2: the family would have two registrations.
    let mut step = Step::of_one_child();
    step.act(1);
    step.end(succeeded());
    assert_eq!(step.act(2), [(1, ACT, 2, 1, "succeeded")]);
    assert_eq!(step.called, [(What::Act, 1)]);
}

#[test]
fn a_refusal_is_repeated_and_an_operators_retry_is_done() {
    // A retry that is answered with the old refusal can never succeed.
    let mut step = Step::of_one_child();
    step.act(1);
    assert_eq!(step.end(refused()), [(1, ACT, 1, 1, "refused")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 1, "refused")]);
    step.act(2);
    assert_eq!(step.end(succeeded()), [(1, ACT, 2, 1, "succeeded")]);
}

#[test]
fn a_compensation_undoes_once_and_is_answered_the_same_again() {
    // A certificate voided twice, or a saga that never hears that it was.
    let mut step = Step::of_one_child();
    step.act(1);
    step.end(succeeded());
    assert!(step.compensate(1).is_empty());
    assert_eq!(step.end(CallResult::Undone), [(1, UNDO, 1, 1, "compensated")]);
    assert_eq!(step.compensate(1), [(1, UNDO, 1, 1, "compensated")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 2, "too late for that")]);
    assert_eq!(step.called, [(What::Act, 1), (What::Undo, 1)]);
}

#[test]
fn a_compensation_that_comes_first_refuses_every_revision_up_to_its_own() {
    // The act would be done after the case has ended.
    let mut step = Step::of_one_child();
    assert_eq!(step.compensate(2), [(1, UNDO, 2, 1, "compensated")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 1, "too late for that")]);
    assert_eq!(step.act(2), [(1, ACT, 2, 1, "too late for that")]);
    assert!(step.called.is_empty());
}

#[test]
fn an_undoing_without_result_is_made_again_and_a_failed_one_is_not_taken_as_done() {
    // What stands would be believed gone.
    let mut step = Step::of_one_child();
    step.act(1);
    step.end(succeeded());
    step.compensate(1);
    assert_eq!(step.end(failed()), [(1, UNDO, 1, 0, "failed")]);
    step.compensate(1);
    assert!(step.end(CallResult::Unknown).is_empty());
    step.adapter_dies();
    step.time_passes(5_000);
    assert_eq!(step.end(CallResult::Undone), [(1, UNDO, 1, 1, "compensated")]);
}

#[test]
fn a_certificate_voided_and_issued_again_is_a_new_one_and_the_old_voiding_does_not_touch_it() {
    // Story 12: the new revision is answered with the old success, or an old copy voids the new certificate.
    let mut step = Step::of_one_child();
    step.act(1);
    step.end(succeeded());
    step.compensate(1);
    step.end(CallResult::Undone);
    assert!(step.act(2).is_empty());
    assert_eq!(step.end(succeeded()), [(1, ACT, 2, 1, "succeeded")]);
    assert_eq!(step.compensate(1), [(1, UNDO, 1, 1, "compensated")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 2, "succeeded")]);
    step.compensate(2);
    assert_eq!(step.end(CallResult::Undone), [(1, UNDO, 2, 1, "compensated")]);
    assert_eq!(step.called, [(What::Act, 1), (What::Undo, 1), (What::Act, 2), (What::Undo, 2)]);
}

#[test]
fn what_cannot_be_undone_is_never_said_to_be() {
    // An operator must see it; "compensated" would hide it.
    let mut step = Step::of_one_child();
    step.context.undo = false;
    step.act(1);
    step.end(succeeded());
    assert_eq!(step.compensate(1), [(1, UNDO, 1, 0, "failed")]);
    assert_eq!(step.act(1), [(1, ACT, 1, 1, "succeeded")]);
}

#[test]
fn after_its_last_moment_an_effect_is_refused_unless_it_was_done() {
    // Story 9: a message goes out after the death was reported.
    let send = |step: &mut Step, not_after_ms| {
        let ask = Ask { saga: 1, kind: ACT, revision: 1 };
        let address = Address::default();
        let command = "Do".to_owned();
        let incoming = Incoming { ask, command, family: false, group_size: 1, not_after_ms, address };
        let plan = step.record.plan(&incoming, &step.context);
        step.take(plan)
    };
    let mut late = Step::of_one_child();
    assert_eq!(send(&mut late, NOW - 1), [(1, ACT, 1, 1, "refused")]);
    assert_eq!(send(&mut late, NOW - 1), [(1, ACT, 1, 1, "refused")]);
    assert!(late.called.is_empty());

    let mut done = Step::of_one_child();
    send(&mut done, NOW + 1);
    done.end(succeeded());
    done.context.now_ms = NOW + 10;
    assert_eq!(send(&mut done, NOW + 1), [(1, ACT, 1, 1, "succeeded")]);
}

#[test]
fn twins_share_one_effect_and_both_hear_of_it() {
    // Rule 19: two maternity claims for one birth, or a twin that waits for ever.
    let mut step = Step::of_twins();
    step.send(1, ACT, 1);
    step.end(CallResult::Unknown);
    assert!(step.send(2, ACT, 1).is_empty());
    let mut told = step.end(succeeded());
    told.sort();
    assert_eq!(told, [(1, ACT, 1, 1, "succeeded"), (2, ACT, 1, 1, "succeeded")]);
    assert_eq!(step.called, [(What::Act, 1), (What::Act, 1)]);
}

#[test]
fn a_twins_older_copy_is_answered_with_the_corrected_success() {
    // Story 11: the claim is corrected by one twin and succeeds; the other twin's older copy is refused.
    let mut step = Step::of_twins();
    step.send(1, ACT, 1);
    step.end(correct());
    step.send(1, ACT, 2);
    step.end(succeeded());
    assert_eq!(step.send(2, ACT, 1), [(2, ACT, 1, 1, "succeeded")]);
}

#[test]
fn what_the_family_shares_is_undone_only_when_every_saga_has_released_it() {
    // Story 10: twin 0 undoes what twin 1 still uses.
    let mut step = Step::of_twins();
    step.send(1, ACT, 1);
    step.end(succeeded());
    step.send(2, ACT, 1);
    assert_eq!(step.send(1, UNDO, 1), [(1, UNDO, 1, 1, "compensated")]);
    assert_eq!(step.send(1, UNDO, 1), [(1, UNDO, 1, 1, "compensated")]);
    assert_eq!(step.called, [(What::Act, 1)]);
    assert_eq!(step.send(2, ACT, 1), [(2, ACT, 1, 1, "succeeded")]);
    assert_eq!(step.send(1, ACT, 1), [(1, ACT, 1, 2, "too late for that")]);
    assert!(step.send(2, UNDO, 1).is_empty());
    assert_eq!(step.end(CallResult::Undone), [(2, UNDO, 1, 1, "compensated")]);
    assert_eq!(step.called, [(What::Act, 1), (What::Undo, 1)]);
}

#[test]
fn a_twin_that_never_asked_releases_too_and_then_nothing_is_left() {
    // The effect would stand for a family that has withdrawn.
    let mut step = Step::of_twins();
    step.send(1, ACT, 1);
    step.end(succeeded());
    assert_eq!(step.send(2, UNDO, 1), [(2, UNDO, 1, 1, "compensated")]);
    assert!(step.send(1, UNDO, 1).is_empty());
    assert_eq!(step.end(CallResult::Undone), [(1, UNDO, 1, 1, "compensated")]);
}

#[test]
fn the_last_release_waits_for_a_call_without_result() {
    // Stories 6 and 10 together: the claim lands after both twins are gone.
    let mut step = Step::of_twins();
    step.send(1, ACT, 1);
    step.adapter_dies();
    assert_eq!(step.send(1, UNDO, 1), [(1, UNDO, 1, 1, "compensated")]);
    assert!(step.send(2, UNDO, 1).is_empty());
    assert!(step.end(succeeded()).is_empty(), "nobody wants to hear of it");
    assert_eq!(step.end(CallResult::Undone), [(2, UNDO, 1, 1, "compensated")]);
}

#[test]
fn a_twins_cancel_binds_that_twin_only() {
    // One child's unticked item would stop the other child's.
    let mut step = Step::of_twins();
    step.send(1, ACT, 1);
    step.end(accepted());
    step.send(2, ACT, 1);
    assert_eq!(step.send(1, CANCEL, 1), [(1, CANCEL, 1, 1, "cancelled")]);
    step.time_passes(60_000);
    assert_eq!(step.end(succeeded()), [(2, ACT, 1, 2, "succeeded")]);
    assert_eq!(step.send(1, CANCEL, 1), [(1, CANCEL, 1, 1, "cancelled")]);
    assert_eq!(step.called, [(What::Act, 1), (What::Act, 1)]);
}

#[test]
fn an_old_release_does_not_count_for_what_was_done_anew() {
    // A doubled release from before the redo would take the new claim away.
    let mut step = Step::of_twins();
    step.send(1, ACT, 1);
    step.end(succeeded());
    step.send(1, UNDO, 1);
    step.send(2, UNDO, 1);
    step.end(CallResult::Undone);
    step.send(1, ACT, 2);
    assert_eq!(step.end(succeeded()), [(1, ACT, 2, 1, "succeeded")]);
    assert_eq!(step.send(1, UNDO, 1), [(1, UNDO, 1, 1, "compensated")]);
    assert_eq!(step.send(2, UNDO, 1), [(2, UNDO, 1, 1, "compensated")]);
    assert_eq!(step.called.len(), 3, "nothing was undone again");
}

#[test]
fn a_command_that_came_while_a_call_was_out_is_done_after_it() {
    // A correction would be lost because the first form's answer was slow.
    let mut step = Step::of_one_child();
    step.act(1);
    step.end(CallResult::Unknown);
    step.act(2);
    assert!(step.end(correct()).contains(&(1, ACT, 1, 1, "correct")));
    assert_eq!(step.end(succeeded()), [(1, ACT, 2, 1, "succeeded")]);
    assert_eq!(step.called, [(What::Act, 1), (What::Act, 1), (What::Act, 2)]);
}

#[test]
fn a_damaged_or_newer_record_is_not_taken_for_an_empty_one() {
    // An adapter that forgets what it did does it again.
    assert_eq!(StepRecord::from_bytes(&[]), Some(StepRecord::default()));
    assert_eq!(StepRecord::from_bytes(&[2, 0]), None);
    assert_eq!(StepRecord::from_bytes(&[1, 0xff]), None);
}
