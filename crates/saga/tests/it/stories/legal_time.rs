//! Legal limits and reminders: stated by the law, told by the clock, paused while nobody may act.

use saga::{
    Answer, Cause, Fact, Input, Status,
    definition::OnRefusal,
    event::Command,
    input::{Found, Says, Timer},
    legal::{ASK_AGAIN_MS, Stage},
};

use crate::{
    case::{Case, law_and_messages::limit},
    definitions::{BACK, DAY, HOUR},
    draft::{definition, department, person},
};

const ALL: [Stage; 3] = [Stage::Near, Stage::Passed, Stage::Escalated];

/// A review with a limit, which can be undone, before a pivot that has one too; then a payment and a task.
fn review() -> Case {
    let mut back = BACK.to_vec();
    back.push(Cause::Corrected);
    let drafts = vec![
        department("review").undone_for(&back).limited("20 working days"),
        department("pivot").after(&["review"]).pivot().limited("1 month"),
        department("payment")
            .after(&["pivot"])
            .forward()
            .noticed()
            .expires(200 * DAY, OnRefusal::Offline)
            .limited("30 working days"),
        person("book", "applicant")
            .after(&["pivot"])
            .forward()
            .expires(300 * DAY, OnRefusal::Close)
            .declined(OnRefusal::Close)
            .closed_by_bereavement()
            .limited("5 working days"),
        department("open-ended").after(&["pivot"]).forward().limited("unspecified"),
    ];
    Case::of(definition("review", drafts)).started()
}

/// With the limit of the review stated: yellow after 18 days, red after 20, escalated after 21.
fn stated() -> Case {
    let mut case = review();
    case.states("review", limit(case.now, 18 * DAY, 20 * DAY, 21 * DAY)).and(&Answer::Taken);
    case
}

fn registered() -> Case {
    let mut case = review();
    case.succeed(&["review", "pivot"]);
    case
}

/// If it failed, a limit would be computed twice, or for a step whose source leaves it open.
#[test]
fn a_limit_is_asked_for_once_a_stretch_and_only_where_the_law_sets_one() {
    let mut case = review();
    assert!(case.wants_times("review") && !case.wants_times("pivot"), "only what is under way");
    case.states("review", limit(case.now, DAY, 2 * DAY, 3 * DAY));
    assert!(!case.wants_times("review"));
    case.states("review", limit(case.now, 5 * DAY, 6 * DAY, 7 * DAY));
    assert_eq!((case.answer.clone(), case.legal_row("review").unwrap().due_at), (Answer::Repeated, case.now + DAY));
    case.succeed(&["review", "pivot"]);
    assert!(case.wants_times("payment") && case.wants_times("book"), "a task's too");
    assert!(!case.wants_times("open-ended"), "the source leaves it open");
}

/// If it failed, a clerk would be warned twice or never, or be red before being yellow.
#[test]
fn a_limit_turns_yellow_then_red_and_is_escalated_each_once_and_in_its_time() {
    let mut case = stated();
    case.later(18 * DAY - 1).due("review", Timer::Legal);
    assert_eq!(case.answer, Answer::Repeated, "not before its time");
    case.later(1).due("review", Timer::Legal).due("review", Timer::Legal);
    assert_eq!((case.answer.clone(), case.stages("review")), (Answer::Repeated, vec![Stage::Near]));
    case.later(2 * DAY).due("review", Timer::Legal);
    assert_eq!(case.stages("review"), ALL[..2]);
    case.passes(100 * DAY);
    assert_eq!((case.stages("review"), case.legal_row("review")), (ALL.to_vec(), None));
    assert_eq!(case.status("review"), Status::InDoubt, "a limit that is over settles nothing");
}

/// If it failed, a limit that was over while we were down would skip the yellow, or tell one stage for ever.
#[test]
fn what_is_overdue_at_once_is_told_in_its_order_all_the_same() {
    let mut case = stated();
    case.later(50 * DAY);
    for _ in 0..5 {
        case.due("review", Timer::Legal);
    }
    assert_eq!((case.stages("review"), case.answer.clone()), (ALL.to_vec(), Answer::Repeated));
}

/// If it failed, departments would be escalated for what they had done, refused, or been told to leave.
#[test]
fn a_limit_stops_when_its_step_settles_however_it_settles() {
    type Way = (&'static str, fn(&mut Case));
    let ways: [Way; 6] = [
        ("done", |case| {
            case.succeed(&["review"]);
        }),
        ("refused", |case| {
            case.refuses("review");
        }),
        ("withdrawn and undone", |case| {
            case.withdraw();
        }),
        ("withdrawn and undone, answered", |case| {
            case.withdraw().compensated("review");
        }),
        ("an operator's not done", |case| {
            case.resolve("review", Found::NotDone);
        }),
        ("found done", |case| {
            case.resolve("review", Found::Done);
        }),
    ];
    for (way, settle) in ways {
        let mut case = stated();
        case.later(19 * DAY).due("review", Timer::Legal);
        settle(&mut case);
        assert!(case.legal_row("review").is_none() && !case.wants_times("review"), "{way}");
        case.later(100 * DAY).due("review", Timer::Legal);
        assert_eq!((case.answer.clone(), case.stages("review")), (Answer::Repeated, vec![Stage::Near]), "{way}");
        case.states("review", limit(case.now, 0, 0, 0));
        assert_eq!((case.answer.clone(), case.legal_row("review")), (Answer::Repeated, None), "{way}");
    }
}

/// If it failed, a person would be warned of a task that is answered, closed or over, or a payer of what is paid.
#[test]
fn the_limits_of_tasks_and_of_what_is_noticed_stop_too() {
    let mut case = registered();
    for step in ["payment", "book"] {
        case.states(step, limit(case.now, DAY, 2 * DAY, 3 * DAY)).and(&Answer::Taken);
    }
    let mut answered = case.clone();
    answered.person_says("book", Says::Done).notice("payment").passes(10 * DAY);
    assert_eq!((answered.stages("book").len(), answered.stages("payment").len()), (0, 0));
    let mut mourned = case.clone();
    mourned.bereaved().passes(10 * DAY);
    assert_eq!((mourned.status("book"), mourned.stages("book").len()), (Status::Closed, 0));
    case.passes(10 * DAY);
    assert_eq!((case.stages("book"), case.stages("payment")), (ALL.to_vec(), ALL.to_vec()));
    let mut expired = registered();
    expired.later(200 * DAY).due("payment", Timer::Expiry).states("payment", limit(0, 0, 0, 0));
    assert_eq!((expired.status("payment"), expired.answer.clone()), (Status::Cancelling, Answer::Repeated));
    expired.due("payment", Timer::Legal).and(&Answer::Repeated);
}

/// If it failed, a department would be held to days on which it waited for the applicant (补正).
#[test]
fn while_a_correction_is_with_the_applicant_the_limit_stands_and_is_stated_anew_with_the_pause_kept() {
    let mut case = stated();
    let began = case.now;
    case.later(10 * DAY).needs_correction("review");
    assert!(case.legal_row("review").is_none() && !case.wants_times("review"), "nobody is warned meanwhile");
    case.later(100 * DAY).due("review", Timer::Legal);
    assert_eq!((case.answer.clone(), case.stages("review").len()), (Answer::Repeated, 0));
    case.person_says("review", Says::Corrected);
    assert_eq!((case.sent(), case.wants_times("review")), (vec!["Act review 2".to_owned()], true));
    assert_eq!(case.legal("review").began, began, "its time began with the first act");
    assert_eq!(case.legal("review").pauses, [(began + 10 * DAY, began + 110 * DAY)]);
    case.due("review", Timer::Legal);
    assert_eq!(case.answer, Answer::Repeated, "what was stated before does not speak");
    case.states("review", limit(began, 118 * DAY, 120 * DAY, 121 * DAY)).passes(20 * DAY);
    assert_eq!(case.stages("review"), ALL);

    let mut twice = stated();
    for _ in 0..2 {
        twice.later(DAY).needs_correction("review").later(DAY).person_says("review", Says::Corrected);
    }
    assert_eq!(twice.legal("review").pauses.len(), 2);
}

/// If it failed, a yellow warning would come again after each correction.
#[test]
fn a_stage_that_was_told_is_not_told_again_when_the_limit_is_stated_anew() {
    let mut case = stated();
    let began = case.now;
    case.passes(19 * DAY);
    case.needs_correction("review").later(DAY).person_says("review", Says::Corrected);
    case.states("review", limit(began, 19 * DAY, 21 * DAY, 22 * DAY)).passes(5 * DAY);
    assert_eq!(case.stages("review"), ALL);
}

/// If it failed, a limit stated before a court's freeze would turn red for the days of the freeze.
#[test]
fn a_freeze_pauses_the_limit_and_it_is_stated_anew() {
    let mut case = stated();
    let began = case.now;
    case.later(10 * DAY).freeze();
    assert_eq!(case.legal_row("review").unwrap().due_at, saga::pending::NEVER);
    case.later(50 * DAY).due("review", Timer::Legal);
    assert_eq!((case.answer.clone(), case.stages("review").len()), (Answer::Repeated, 0));
    case.unfreeze();
    assert!(case.wants_times("review"));
    assert_eq!(case.legal("review").began, began, "the beginning is never moved: pauses are kept apart");
    assert_eq!(case.legal("review").pauses, [(began + 10 * DAY, began + 60 * DAY)]);
    case.due("review", Timer::Legal);
    assert_eq!((case.answer.clone(), case.legal_row("review")), (Answer::Repeated, None), "the old limit is void");
    case.states("review", limit(began, 68 * DAY, 70 * DAY, 71 * DAY)).passes(9 * DAY);
    assert_eq!(case.stages("review"), ALL[..1]);
}

/// If it failed, a family whose correction met a freeze would find its department held to days of one or the other.
#[test]
fn a_correction_and_a_freeze_that_overlap_pause_for_both() {
    let covers = |case: &Case, from: i64, until: i64| {
        let mut pauses = case.legal("review").pauses.clone();
        pauses.sort_unstable();
        let reached =
            pauses.iter().try_fold(from, |reached, (begin, end)| (*begin <= reached).then_some(reached.max(*end)));
        reached == Some(until)
    };
    let mut inside = stated();
    let began = inside.now;
    inside.needs_correction("review").later(DAY).freeze().later(DAY).unfreeze().later(DAY);
    assert!(!inside.wants_times("review") && inside.legal_row("review").is_none(), "still with the applicant");
    inside.person_says("review", Says::Corrected);
    assert!(inside.wants_times("review") && covers(&inside, began, began + 3 * DAY), "{:?}", inside.legal("review"));

    let mut into = stated();
    into.needs_correction("review").later(DAY).freeze().later(DAY).person_says("review", Says::Corrected);
    assert!(!into.wants_times("review"), "nothing is under way in a freeze");
    into.later(DAY).unfreeze();
    assert!(into.wants_times("review") && covers(&into, began, began + 3 * DAY), "{:?}", into.legal("review"));

    let mut out_of = stated();
    out_of.freeze().later(DAY).needs_correction("review").later(DAY).unfreeze().later(DAY);
    out_of.person_says("review", Says::Corrected);
    assert!(covers(&out_of, began, began + 3 * DAY), "{:?}", out_of.legal("review"));
}

/// If it failed, a pause that a notice ended would not count where a later step's limit spans this one.
#[test]
fn a_pause_ends_with_whatever_ends_the_correction() {
    let mut case = registered();
    let began = case.now;
    case.later(DAY).needs_correction("payment").later(DAY).notice("payment");
    assert_eq!(case.legal("payment").pauses, [(began + DAY, began + 2 * DAY)]);
    assert_eq!(case.legal("payment").paused_since, None);

    let mut withdrawn = registered();
    withdrawn.needs_correction("payment").later(DAY).withdraw();
    assert_eq!((withdrawn.status("payment"), withdrawn.legal("payment").paused_since), (Status::Closed, None));
}

/// If it failed, what is done again would be red, late or expired by the time of what was voided.
#[test]
fn what_is_done_again_has_its_limit_from_the_beginning() {
    let ways: [fn(&mut Case); 2] = [
        |case| {
            case.compensated("review");
        },
        |case| {
            case.resolve("review", Found::Undone);
        },
    ];
    for undo in ways {
        let drafts = vec![
            department("review").undone_for(&[Cause::Corrected]).limited("20 working days"),
            department("photo"),
            department("pivot").after(&["review", "photo"]).pivot(),
        ];
        let mut case = Case::of(definition("again", drafts)).started();
        case.states("review", limit(case.now, HOUR, 2 * HOUR, 3 * HOUR)).passes(DAY).succeed(&["review"]);
        case.redo("review").and(&Answer::Taken).later(DAY);
        undo(&mut case);
        assert_eq!((case.status("review"), case.wants_times("review")), (Status::InDoubt, true));
        let legal = case.legal("review");
        assert_eq!((legal.began, legal.reached, legal.pauses.len()), (case.now, None, 0));
        assert_eq!(case.saga.run(case.step("review")).since, case.now);
    }
}

/// If it failed, an item brought back from the counter would be red by the days that it lay there.
#[test]
fn what_is_tried_again_has_its_limit_from_the_beginning() {
    let mut case = registered();
    case.states("payment", limit(case.now, DAY, 2 * DAY, 3 * DAY)).passes(10 * DAY).refuses("payment");
    case.later(DAY).retry("payment");
    let legal = case.legal("payment");
    assert_eq!((legal.began, legal.reached, case.wants_times("payment")), (case.now, None, true));

    let mut asked_again = stated();
    let began = asked_again.now;
    asked_again.passes(19 * DAY).retry("review");
    assert_eq!(asked_again.legal("review").began, began, "sending the same command again begins nothing");
    assert_eq!((asked_again.wants_times("review"), asked_again.stages("review").len()), (false, 1));
}

/// If it failed, a limit that reaches into a year without a calendar would be guessed, or silently not be there.
#[test]
fn a_limit_that_cannot_be_computed_stands_where_operators_see_it_and_is_asked_for_again() {
    let mut case = review();
    let step = case.step("review");
    case.cannot_state("review");
    assert!(case.is_stuck("review") && !case.wants_times("review"));
    assert_eq!(case.legal_row("review").unwrap().due_at, case.now + ASK_AGAIN_MS);
    case.accepts("review").later(ASK_AGAIN_MS).due("review", Timer::Legal);
    assert_eq!(case.last(), [Fact::AskedAgain { step }]);
    assert!(case.wants_times("review") && !case.is_stuck("review"));
    case.cannot_state("review").retry("review");
    assert_eq!(case.last(), [Fact::AskedAgain { step }], "an operator has brought the calendar");
    case.states("review", limit(case.now, DAY, 2 * DAY, 3 * DAY)).passes(DAY);
    assert_eq!((case.stages("review"), case.is_stuck("review")), (vec![Stage::Near], false));

    let mut open = registered();
    open.cannot_state("book").retry("book");
    assert_eq!(open.answer, Answer::Taken, "a task's limit is asked for again too");
    let mut failed = review();
    failed.cannot_state("review").fails("review", false).retry("review");
    assert!(matches!(failed.last()[..], [Fact::Retried { .. }]), "the command is sent again first");
}

/// If it failed, people would be reminded of a premium that is paid, or not of one that is not.
#[test]
fn legal_reminders_come_in_their_order_and_stop_when_the_notice_comes() {
    let drafts = vec![
        department("pivot").pivot(),
        department("premium")
            .after(&["pivot"])
            .forward()
            .noticed()
            .expires(120 * DAY, OnRefusal::Offline)
            .reminded_on(&[30, 60, 89]),
    ];
    let mut case = Case::of(definition("premium", drafts)).started();
    case.succeed(&["pivot"]);
    let born = case.now;
    assert!(case.wants_times("premium"));
    case.states_reminders("premium", &[born + 30 * DAY, born + 60 * DAY, born + 89 * DAY]).accepts("premium");
    case.later(30 * DAY - 1).due("premium", Timer::Legal).and(&Answer::Repeated);
    let mut unpaid = case.clone();
    unpaid.passes(119 * DAY);
    assert_eq!(unpaid.reminders("premium"), [born + 30 * DAY, born + 60 * DAY, born + 89 * DAY]);
    assert_eq!(unpaid.legal_row("premium"), None);
    case.passes(10 * DAY).notice("premium").passes(119 * DAY);
    assert_eq!(case.reminders("premium"), [born + 30 * DAY]);
}

/// If it failed, a family whose case was frozen, or corrected, would miss a reminder or be reminded again of what is past.
#[test]
fn no_reminder_is_lost_or_repeated_when_the_times_are_stated_anew() {
    let drafts =
        vec![department("pivot").pivot(), department("premium").after(&["pivot"]).forward().reminded_on(&[30, 60, 89])];
    for still_to_come_only in [true, false] {
        let mut case = Case::of(definition("premium", drafts.clone())).started();
        case.succeed(&["pivot"]).accepts("premium");
        let all = [30, 60, 89].map(|days| case.now + days * DAY);
        case.states_reminders("premium", &all).passes(40 * DAY).freeze().later(DAY).unfreeze();
        let rest = if still_to_come_only { &all[1..] } else { &all[..] };
        case.states_reminders("premium", rest).passes(25 * DAY).needs_correction("premium");
        case.passes(DAY).person_says("premium", Says::Corrected);
        let rest = if still_to_come_only { &all[2..] } else { &all[..] };
        case.states_reminders("premium", rest).passes(100 * DAY);
        assert_eq!(case.reminders("premium"), all);
        assert_eq!(case.legal("premium").reminded, 3);
    }
}

/// If it failed, a pack's mistake would remind a family a thousand times.
#[test]
fn reminders_are_put_in_order_and_have_a_limit() {
    let drafts = vec![department("pivot").pivot().reminded_on(&[1])];
    let mut case = Case::of(definition("many", drafts)).started();
    let filed = case.now;
    let moments: Vec<i64> = (1..=300).rev().map(|hours| filed + hours * HOUR).collect();
    let step = case.step("pivot");
    case.give(&Input::Times { step, limit: None, unknown: None, reminders: moments }).passes(30 * DAY);
    let earliest = i64::try_from(saga::limits::REMINDERS_MAX).unwrap();
    let expected: Vec<i64> = (1..=earliest).map(|hours| filed + hours * HOUR).collect();
    assert_eq!(case.reminders("pivot"), expected);
}

/// If it failed, the answer to a cancel would be hurried by the limit of what was cancelled.
#[test]
fn a_cancelled_step_has_no_limit() {
    let mut case = stated();
    case.succeed(&["review"]);
    case.states("pivot", limit(case.now, DAY, 2 * DAY, 3 * DAY)).and(&Answer::Taken).withdraw();
    assert_eq!(case.sent(), ["Cancel pivot 1"]);
    assert!(case.legal_row("pivot").is_none() && !case.wants_times("pivot"));
    case.freeze().later(DAY).unfreeze();
    assert!(!case.wants_times("pivot"), "nor after a freeze");
    case.replies("pivot", Command::Cancel, saga::Outcome::Cancelled);
    assert!(!case.wants_times("pivot") && !case.wants_times("review"), "nor what is being undone");
}
