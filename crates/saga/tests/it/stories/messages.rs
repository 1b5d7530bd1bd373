//! Messages to people: each once, in its time, and never to mourners.

use saga::{Answer, End, MessageStatus, Objection, Outcome, PendingKind, definition::Retry, pending::NEVER};

use crate::{
    case::{Case, reason},
    definitions::{DAY, HOUR},
    draft::{definition, department},
};

fn case() -> Case {
    Case::of(definition("message", vec![department("pivot").pivot()])).started()
}

/// One message, sent.
fn sent() -> Case {
    let mut case = case();
    case.message("N01", "submitted@1", case.now).message_due(0).and(&Answer::Taken);
    case
}

fn accepted() -> Outcome {
    Outcome::Accepted { department_case: "M-1".into() }
}

fn failed(retryable: bool) -> Outcome {
    Outcome::Failed { code: "DOWN".into(), retryable }
}

fn refused() -> Outcome {
    Outcome::Refused { reason: reason("NO-PHONE") }
}

/// If it failed, a family would be told the same thing twice after every crash.
#[test]
fn a_template_is_sent_once_under_one_key() {
    let mut case = case();
    case.message("N01", "submitted@1", 0).and(&Answer::Taken).message("N01", "submitted@1", 0).and(&Answer::Repeated);
    case.message("N01", "submitted@7", 0).and(&Answer::Taken).message("N02", "submitted@1", 0).and(&Answer::Taken);
    assert_eq!((case.saga.messages.len(), case.message_rows().len()), (3, 3));
    let found = case.saga.message("N01", "submitted@7");
    assert_eq!(found.map(|message| &*message.key), Some("submitted@7"));
    case.message_due(0).sender_says(0, 1, Outcome::Succeeded).message("N01", "submitted@1", 0);
    assert_eq!(case.answer, Answer::Repeated, "delivered is sent, too");
}

/// If it failed, families would be woken at night, or never be told.
#[test]
fn a_message_first_goes_out_at_its_time_and_not_before() {
    let mut case = case();
    let eight = case.now + 5 * HOUR;
    case.message("N01", "a", eight);
    assert_eq!((case.message_status(0), case.message_rows()[0].due_at), (MessageStatus::Waiting, eight));
    case.later(5 * HOUR - 1).message_due(0);
    assert_eq!((case.answer.clone(), case.message_status(0)), (Answer::Repeated, MessageStatus::Waiting));
    case.later(1).message_due(0);
    assert_eq!((case.answer.clone(), case.message_status(0)), (Answer::Taken, MessageStatus::Out));
    assert_eq!((case.saga.messages[0].sent_at, case.saga.messages[0].attempts), (eight, 1));
}

/// If it failed, a sender that is down would be flooded, or a message be given up without a person's knowing.
#[test]
fn a_message_without_an_answer_is_sent_again_after_rising_pauses() {
    let mut case = sent();
    let first = case.now;
    let mut pauses = Vec::new();
    for _ in 0..6 {
        let row = case.message_rows()[0].clone();
        pauses.push(row.due_at - case.now);
        case.now = row.due_at;
        case.message_due(0).and(&Answer::Taken);
    }
    let inquiry = Retry::default().inquiry_ms;
    assert_eq!(pauses, [2_000, 4_000, 8_000, 16_000, inquiry, inquiry]);
    assert_eq!((case.saga.messages[0].attempts, case.saga.messages[0].sent_at), (7, first));
    assert_eq!(case.message_rows()[0].kind, PendingKind::Message { attempts: 7 });
}

/// If it failed, the gateway that has taken a message over would be asked every two seconds.
#[test]
fn an_accepted_message_is_asked_after_at_the_inquirys_pace() {
    let mut case = sent();
    case.sender_says(0, 1, accepted());
    let inquiry = Retry::default().inquiry_ms;
    assert_eq!((case.message_status(0), case.message_rows()[0].due_at), (MessageStatus::Out, case.now + inquiry));
    case.later(inquiry).message_due(0);
    assert_eq!(case.message_rows()[0].due_at, case.now + inquiry);
    case.sender_says(0, 2, Outcome::Succeeded);
    assert_eq!((case.message_status(0), case.message_rows().len()), (MessageStatus::Delivered, 0));
    case.message_due(0).and(&Answer::Repeated);
    assert_eq!(case.messages_sent(), 2, "what has arrived is not sent again");
}

/// If it failed, an old or doubled answer would overturn a newer one.
#[test]
fn the_senders_answers_count_by_their_numbers() {
    let mut case = sent();
    case.sender_says(0, 2, accepted()).and(&Answer::Taken);
    for (number, outcome) in [(2, refused()), (1, refused()), (0, failed(false))] {
        case.sender_says(0, number, outcome).and(&Answer::Repeated);
    }
    case.sender_says(0, 3, Outcome::Succeeded).and(&Answer::Taken).sender_says(0, 4, refused()).and(&Answer::Repeated);
    assert_eq!(case.message_status(0), MessageStatus::Delivered);
    case.sender_says(7, 1, Outcome::Succeeded).and(&Answer::Refused(Objection::NotWaiting));

    let mut failing = sent();
    failing.sender_says(0, 9, failed(true)).and(&Answer::Taken);
    assert_eq!((failing.message_status(0), failing.saga.messages[0].numbered), (MessageStatus::Out, 0));
    failing.sender_says(0, 1, Outcome::Succeeded);
    assert_eq!(failing.message_status(0), MessageStatus::Delivered, "a failure uses up no number");

    let mut early = self::case();
    early.message("N01", "a", early.now + HOUR).sender_says(0, 1, Outcome::Succeeded);
    assert_eq!((early.answer.clone(), early.message_status(0)), (Answer::Repeated, MessageStatus::Waiting));
}

/// If it failed, a family without a telephone that works would never learn of its deadline.
#[test]
fn what_cannot_be_delivered_is_telephoned_by_a_person_once() {
    for outcome in [refused(), failed(false)] {
        let mut case = sent();
        let number = u32::from(!matches!(outcome, Outcome::Failed { .. }));
        case.sender_says(0, number, outcome);
        assert_eq!(case.message_status(0), MessageStatus::ToCall);
        let rows = case.message_rows();
        assert_eq!((rows.len(), &rows[0].kind, rows[0].due_at), (1, &PendingKind::Call, NEVER));
        case.message_due(0).and(&Answer::Repeated);
        case.called(0).and(&Answer::Taken).called(0).and(&Answer::Repeated);
        assert_eq!((case.message_status(0), case.message_rows().len()), (MessageStatus::Called, 0));
        case.sender_says(0, 5, Outcome::Succeeded).and(&Answer::Repeated);
    }
    sent().called(0).and(&Answer::Refused(Objection::NotWaiting)).called(9);
}

/// If it failed, a person would telephone although the message has arrived after all.
#[test]
fn a_receipt_counts_although_a_call_was_due() {
    let mut case = sent();
    case.sender_says(0, 1, refused()).sender_says(0, 2, accepted()).and(&Answer::Repeated);
    assert_eq!(case.message_status(0), MessageStatus::ToCall, "only a receipt does");
    case.sender_says(0, 1, Outcome::Succeeded).and(&Answer::Repeated);
    case.sender_says(0, 2, Outcome::Succeeded).and(&Answer::Taken);
    assert_eq!((case.message_status(0), case.message_rows().len()), (MessageStatus::Delivered, 0));
    case.called(0).and(&Answer::Refused(Objection::NotWaiting));
}

/// If it failed, the last message of a case, that it is done, would be the one that is never sent.
#[test]
fn messages_outlive_the_case() {
    let mut case = sent();
    case.message("N02", "b", case.now + DAY).succeed(&["pivot"]);
    assert_eq!(case.end(), Some(End::Completed), "no message holds up the end");
    case.message("N30", "ended@9", case.now).and(&Answer::Taken);
    assert_eq!(case.message_rows().len(), 3);
    case.message_due(2).and(&Answer::Taken).later(DAY).message_due(1).and(&Answer::Taken);
    case.sender_says(0, 1, refused()).called(0).and(&Answer::Taken);
    case.sender_says(1, 1, Outcome::Succeeded).sender_says(2, 1, Outcome::Succeeded);
    assert_eq!((case.message_rows().len(), case.pending().len()), (0, 0));
}

/// Story 9: if it failed, mourners would be congratulated.
#[test]
fn after_a_bereavement_messages_are_dropped_and_none_is_queued_or_sent() {
    let mut case = sent();
    case.message("N02", "b", case.now + DAY).message("N03", "c", 0).message_due(2).sender_says(2, 1, refused());
    case.bereaved();
    assert_eq!((case.message_status(0), case.message_status(1)), (MessageStatus::Dropped, MessageStatus::Dropped));
    assert_eq!(case.message_status(2), MessageStatus::ToCall, "a person may speak with them");
    case.message("N04", "d", case.now).and(&Answer::Repeated);
    case.later(2 * DAY).message_due(0).and(&Answer::Repeated).message_due(1).and(&Answer::Repeated);
    case.sender_says(0, 1, Outcome::Succeeded).and(&Answer::Repeated);
    assert_eq!((case.message_rows().len(), case.messages_sent()), (1, 2));
    case.called(2).and(&Answer::Taken);
}

/// If it failed, a death reported a week after the case was done would stop none of the messages still on their way.
#[test]
fn a_bereavement_after_the_end_silences_too() {
    let mut case = sent();
    case.message("N02", "b", case.now + DAY).succeed(&["pivot"]);
    assert_eq!(case.end(), Some(End::Completed));
    case.bereaved().and(&Answer::Taken);
    assert_eq!((case.message_status(0), case.message_status(1)), (MessageStatus::Dropped, MessageStatus::Dropped));
    assert_eq!((case.end(), case.pending().len()), (Some(End::Completed), 0), "and it stays ended as it did");
    case.message("N30", "e", case.now).and(&Answer::Repeated).bereaved().and(&Answer::Repeated);
}

/// If it failed, a frozen case would write to the family, or keep for ever what it had to say (16).
#[test]
fn frozen_sends_no_message_and_the_thaw_lets_them_go() {
    let mut case = sent();
    case.message("N02", "b", case.now + HOUR).freeze().message("N03", "c", 0).and(&Answer::Taken);
    assert!(case.message_rows().iter().all(|row| row.due_at == NEVER));
    case.later(DAY);
    for message in 0..3 {
        case.message_due(message).and(&Answer::Repeated);
    }
    let mut mourned = case.clone();
    mourned.bereaved().message_due(0).and(&Answer::Repeated).unfreeze();
    assert!((0..3).all(|message| mourned.message_status(message) == MessageStatus::Dropped));
    case.unfreeze();
    assert!(case.message_rows().iter().all(|row| row.due_at <= case.now));
    for message in 0..3 {
        case.message_due(message).and(&Answer::Taken);
    }
}

/// If it failed, a loop in a pack would write to a family without end.
#[test]
fn a_case_sends_so_many_messages_and_no_more() {
    let mut case = case();
    for key in 0..saga::limits::MESSAGES_MAX {
        case.message("N01", &key.to_string(), 0).and(&Answer::Taken);
    }
    case.message("N01", "one more", 0).and(&Answer::Repeated);
    let last = u8::try_from(saga::limits::MESSAGES_MAX - 1).unwrap();
    case.message_due(last).and(&Answer::Taken).bereaved();
    assert!(case.saga.messages.iter().all(|message| message.status == MessageStatus::Dropped));
}

/// If it failed, a family would act on what was wrong, or be told of an error that it never saw.
#[test]
fn a_wrong_message_that_waits_is_not_sent_and_of_one_that_went_out_its_reader_is_told_once() {
    let mut waits = case();
    waits.message("N01", "a", waits.now + HOUR).retract(0).and(&Answer::Taken).retract(0).and(&Answer::Repeated);
    assert_eq!((waits.message_status(0), waits.saga.messages[0].retracted), (MessageStatus::Dropped, false));
    waits.later(HOUR).message_due(0).and(&Answer::Repeated);

    let mut to_call = sent();
    to_call.sender_says(0, 1, refused()).retract(0).and(&Answer::Taken);
    assert_eq!((to_call.message_status(0), to_call.message_rows().len()), (MessageStatus::Dropped, 0), "nobody calls");

    let mut read = sent();
    read.sender_says(0, 1, Outcome::Succeeded).succeed(&["pivot"]);
    assert_eq!(read.saga.end, Some(End::Completed), "also when the case has ended");
    read.retract(0).and(&Answer::Taken).retract(0).and(&Answer::Repeated);
    assert_eq!((read.message_status(0), read.saga.messages[0].retracted), (MessageStatus::Delivered, true));
    read.retract(7).and(&Answer::Refused(Objection::NotWaiting));

    let mut mourning = sent();
    mourning.sender_says(0, 1, Outcome::Succeeded).bereaved();
    mourning.retract(0).and(&Answer::Refused(Objection::Silent));
    assert!(!mourning.saga.messages[0].retracted);
}
