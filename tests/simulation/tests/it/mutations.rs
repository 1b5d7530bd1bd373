//! Each rule of the protocol, broken on purpose: the judges must see it, or they are no judges.

use simulation::Mutation;

use crate::worlds::world;

/// Worlds until a broken rule must have shown.
const WITHIN: u64 = 600;

fn is_noticed(mutation: Mutation) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let noticed = (1..=WITHIN).find(|seed| !runtime.block_on(world(*seed, Some(mutation))).1.is_empty());
    match noticed {
        Some(seed) => println!("{mutation:?} noticed in world {seed}"),
        None => panic!("{mutation:?} went unnoticed in {WITHIN} worlds"),
    }
}

macro_rules! noticed {
    ($($name:ident: $mutation:expr;)*) => { $(
        /// If this fails, the judges are blind to this broken rule.
        #[test]
        fn $name() {
            is_noticed($mutation);
        }
    )* };
}

noticed! {
    no_tombstone: Mutation::Adapter(adapter::Mutation::NoTombstone);
    inbox_by_command_id: Mutation::Adapter(adapter::Mutation::InboxByCommandId);
    new_call_key_after_a_crash: Mutation::Adapter(adapter::Mutation::NewCallKeyAfterACrash);
    family_key_per_saga: Mutation::Adapter(adapter::Mutation::FamilyKeyPerSaga);
    finishing_despite_a_tombstone: Mutation::Adapter(adapter::Mutation::FinishingDespiteATombstone);
    compensation_while_the_pivot_is_out: Mutation::CompensationWhileThePivotIsOut;
    no_version_check: Mutation::NoVersionCheck;
    no_resend: Mutation::NoResend;
    no_asking_after_accepted: Mutation::NoAskingAfterAccepted;
    in_doubt_taken_as_not_done: Mutation::InDoubtTakenAsNotDone;
    failed_compensation_taken_as_done: Mutation::FailedCompensationTakenAsDone;
    old_revision_counts: Mutation::OldRevisionCounts;
    sending_while_frozen: Mutation::SendingWhileFrozen;
    deadlines_before_replies: Mutation::DeadlinesBeforeReplies;
    acknowledging_before_commit: Mutation::AcknowledgingBeforeCommit;
    forgetting_the_pending_row: Mutation::ForgettingThePendingRow;
}
