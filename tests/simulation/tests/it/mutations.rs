//! Each rule of the protocol, broken on purpose: the judges must see it, or they are no judges.

use simulation::Mutation;

use crate::worlds::world;

/// Worlds until a broken rule must have shown.
const WITHIN: u64 = 600;

fn is_noticed(mutation: Mutation) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let noticed = (1..=WITHIN).find_map(|seed| {
        let wrongs = runtime.block_on(world(seed, Some(mutation))).1;
        wrongs.first().map(|wrong| (seed, wrong.clone()))
    });
    let Some((seed, wrong)) = noticed else { panic!("{mutation:?} went unnoticed in {WITHIN} worlds") };
    println!("{mutation:?} noticed in world {seed}: {wrong}");
    let unbroken = runtime.block_on(world(seed, None)).1;
    assert!(unbroken.is_empty(), "world {seed} is wrong without {mutation:?} too: {unbroken:?}");
}

/// If this fails, the judges do not see a missing tombstone, by which an act overtaken by its cancellation is done after all.
#[test]
fn no_tombstone() {
    is_noticed(Mutation::Adapter(adapter::Mutation::NoTombstone));
}

/// If this fails, the judges do not see an inbox that forgets a step's other commands.
#[test]
fn inbox_by_command_id() {
    is_noticed(Mutation::Adapter(adapter::Mutation::InboxByCommandId));
}

/// If this fails, the judges do not see a call made again under another key, and so done twice.
#[test]
fn new_call_key_after_a_crash() {
    is_noticed(Mutation::Adapter(adapter::Mutation::NewCallKeyAfterACrash));
}

/// If this fails, the judges do not see a call that is finished after it was undone.
#[test]
fn finishing_despite_a_tombstone() {
    is_noticed(Mutation::Adapter(adapter::Mutation::FinishingDespiteATombstone));
}

/// If this fails, the judges do not see twins for whom what the family shares is done twice.
#[test]
fn family_key_per_saga() {
    is_noticed(Mutation::Adapter(adapter::Mutation::FamilyKeyPerSaga));
}

/// If this fails, the judges do not see a department that does again what it is asked again.
#[test]
fn an_act_that_is_not_idempotent() {
    is_noticed(Mutation::ActNotIdempotent);
}

/// If this fails, the judges do not see a certificate given back while the child is being registered.
#[test]
fn compensation_while_the_pivot_is_out() {
    is_noticed(Mutation::CompensationWhileThePivotIsOut);
}

/// If this fails, the judges do not see two orchestrators that write over each other.
#[test]
fn no_version_check() {
    is_noticed(Mutation::NoVersionCheck);
}

/// If this fails, the judges do not see a family that waits for ever because one message was lost.
#[test]
fn no_resend() {
    is_noticed(Mutation::NoResend);
}

/// If this fails, the judges do not see a family that waits for ever because one decision was lost.
#[test]
fn no_asking_after_accepted() {
    is_noticed(Mutation::NoAskingAfterAccepted);
}

/// If this fails, the judges do not see an effect that nobody believes in.
#[test]
fn in_doubt_taken_as_not_done() {
    is_noticed(Mutation::InDoubtTakenAsNotDone);
}

/// If this fails, the judges do not see an effect that is believed undone and stands.
#[test]
fn failed_compensation_taken_as_done() {
    is_noticed(Mutation::FailedCompensationTakenAsDone);
}

/// If this fails, the judges do not see an old answer that settles a new question.
#[test]
fn old_revision_counts() {
    is_noticed(Mutation::OldRevisionCounts);
}

/// If this fails, the judges do not see a command that leaves although the case is frozen.
#[test]
fn sending_while_frozen() {
    is_noticed(Mutation::SendingWhileFrozen);
}

/// If this fails, the judges do not see an answer that was there in time and is overtaken by its own deadline.
#[test]
fn deadlines_before_replies() {
    is_noticed(Mutation::DeadlinesBeforeReplies);
}

/// If this fails, the judges do not see an answer that is lost with the process that had acknowledged it.
#[test]
fn acknowledging_before_commit() {
    is_noticed(Mutation::AcknowledgingBeforeCommit);
}

/// If this fails, the judges do not see a saga that waits for what nobody watches.
#[test]
fn forgetting_the_pending_row() {
    is_noticed(Mutation::ForgettingThePendingRow);
}
