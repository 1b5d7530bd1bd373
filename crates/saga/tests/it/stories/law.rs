//! Questions to the law: answered, or standing where operators see them.

use std::sync::Arc;

use saga::{
    Answer, End, Explained, Fact, Input, Objection, Status,
    definition::OnRefusal,
    input::{Question, Timer, Verdict},
    legal::ASK_AGAIN_MS,
};

use crate::{
    case::Case,
    definitions::{BACK, DAY},
    draft::{Draft, definition, department, law},
};

/// A law that answers only when a story says so, and a pivot that waits for it.
fn eligibility() -> Vec<Draft> {
    vec![
        department("record").undone_for(&BACK),
        law("never-known").after(&["record"]),
        department("pivot").after(&["never-known"]).pivot(),
    ]
}

fn asked() -> Case {
    let mut case = Case::of(definition("eligibility", eligibility())).started();
    case.succeed(&["record"]);
    assert_eq!(case.status("never-known"), Status::Deciding);
    case
}

/// A registered child, and a question about what comes after.
fn asked_after(draft: Draft) -> Case {
    let drafts = vec![department("pivot").pivot(), draft.after(&["pivot"]).forward()];
    let mut case = Case::of(definition("benefit", drafts)).started();
    case.succeed(&["pivot"]).undecided("never-known");
    case
}

/// If it failed, a family would wait for an answer that nobody knows to be missing, or be answered with a guess.
#[test]
fn a_question_that_the_law_cannot_answer_stands_where_operators_see_it_and_is_asked_again_later() {
    let mut case = asked();
    assert!(!case.is_stuck("never-known"), "it is only being asked");
    case.undecided("never-known");
    assert!(case.is_stuck("never-known") && case.status("never-known") == Status::Deciding);
    assert_eq!(case.legal_row("never-known").unwrap().due_at, case.now + ASK_AGAIN_MS);
    case.later(ASK_AGAIN_MS - 1).due("never-known", Timer::Legal);
    assert_eq!(case.answer, Answer::Repeated, "not before its time");
    let step = case.step("never-known");
    case.later(1).due("never-known", Timer::Legal);
    assert_eq!(case.last(), [Fact::AskedAgain { step }]);
    assert!(!case.is_stuck("never-known") && case.legal_row("never-known").is_none());
    case.undecided("never-known");
    assert!(case.is_stuck("never-known"), "and as often as it takes");
    case.decided("never-known", Question::Performance, Verdict::Yes);
    assert_eq!((case.sent(), case.is_stuck("never-known")), (vec!["Act pivot 1".to_owned()], false));
    assert_eq!(case.legal_row("never-known"), None);
}

/// If it failed, each repeat of "not yet" would push back the moment at which the law is asked again, for ever.
#[test]
fn not_yet_said_twice_is_said_once() {
    let mut case = asked();
    case.undecided("never-known").later(DAY / 8).undecided("never-known");
    assert_eq!(case.answer, Answer::Repeated);
    assert_eq!(case.legal_row("never-known").unwrap().due_at, case.now - DAY / 8 + ASK_AGAIN_MS);
    case.decided("never-known", Question::Performance, Verdict::Yes).undecided("never-known");
    assert_eq!(case.answer, Answer::Repeated, "nothing is asked any more");
}

/// If it failed, an operator who has brought the missing calendar would have to wait for six hours.
#[test]
fn an_operators_retry_asks_the_law_at_once() {
    let mut case = asked();
    case.retry("never-known");
    assert_eq!(case.answer, Answer::Refused(Objection::NotWaiting), "the law has not said that it cannot answer");
    let step = case.step("never-known");
    case.undecided("never-known").retry("never-known");
    assert_eq!(case.last(), [Fact::AskedAgain { step }]);
    case.undecided("never-known").freeze().retry("never-known");
    assert_eq!(case.last(), [Fact::AskedAgain { step }], "nothing is sent by asking");
    case.decided("never-known", Question::Performance, Verdict::Yes);
    assert_eq!(case.sent().len(), 0, "what follows waits for the thaw");
    case.unfreeze();
    assert_eq!(case.sent(), ["Act pivot 1"]);
}

/// If it failed, a family could not withdraw until the State Council has published a calendar.
#[test]
fn a_case_that_ends_does_not_wait_for_a_question_that_the_law_cannot_answer() {
    let mut case = asked();
    case.undecided("never-known").withdraw();
    assert_eq!((case.status("never-known"), case.sent()), (Status::Closed, vec!["Compensate record 1".to_owned()]));
    assert_eq!(case.legal_row("never-known"), None);
    case.compensated("record");
    assert_eq!(case.end(), Some(End::Withdrawn));

    let mut optional = asked_after(law("never-known"));
    optional.withdraw();
    assert_eq!((optional.status("never-known"), optional.end()), (Status::Closed, Some(End::Withdrawn)));
}

/// If it failed, a right that a registered child has would be dropped because the law was slow and its mother withdrew.
#[test]
fn what_is_mandatory_is_asked_on_after_the_pivot_although_the_applicant_withdrew() {
    let mut case = asked_after(law("never-known").mandatory());
    case.withdraw();
    assert_eq!((case.status("never-known"), case.end()), (Status::Deciding, None));
    case.retry("never-known");
    assert_eq!(case.answer, Answer::Taken, "asking again brings nothing back that ends");
    case.decided("never-known", Question::Performance, Verdict::Yes);
    assert_eq!(case.end(), Some(End::Withdrawn));
}

/// If it failed, mourners would keep a case open for a question about what nobody wants any more.
#[test]
fn after_a_bereavement_a_question_about_what_is_closed_is_closed() {
    let mut case = asked_after(law("never-known").closed_by_bereavement());
    case.bereaved();
    assert_eq!((case.status("never-known"), case.end()), (Status::Closed, Some(End::Completed)));
}

/// If it failed, a selection that the law could not make would be made by silence.
#[test]
fn a_selection_that_the_law_cannot_make_is_not_made() {
    let drafts =
        vec![department("pivot").pivot(), department("never-known").selected_by("rule").after(&["pivot"]).forward()];
    let mut case = Case::of(definition("selection", drafts)).started();
    case.succeed(&["pivot"]).undecided("never-known").passes(3 * ASK_AGAIN_MS);
    assert_eq!((case.status("never-known"), case.end()), (Status::Deciding, None));
    case.undecided("never-known").decided("never-known", Question::Selection, Verdict::Yes);
    assert_eq!((case.sent(), case.is_stuck("never-known")), (vec!["Act never-known 1".to_owned()], false));
}

/// If it failed, a family could not be told by which rule, row and article it was decided.
#[test]
fn how_a_decision_was_found_stands_in_its_event() {
    let mut case = asked();
    let explained = Some(Arc::new(Explained {
        rule: "eligibility".into(),
        row: "D1-1".into(),
        pack: "anhui-2024@1".into(),
        articles: vec!["[001] art. 4".into()],
        inputs: vec!["mother.nationality".into()],
        excluded: vec!["D1-2".into()],
    }));
    let (step, question) = (case.step("never-known"), Question::Performance);
    case.give(&Input::Decided { step, question, verdict: Verdict::Yes, explained: explained.clone() });
    assert_eq!(case.last()[0], Fact::Decided { step, question, verdict: Verdict::Yes, explained });
}

/// If it failed, a no of the law after the pivot would end a registered child's case.
#[test]
fn a_no_of_the_law_after_an_undecided_while_means_what_the_definition_says() {
    let no = Verdict::No { reasons: Vec::new() };
    let mut before = asked();
    before.undecided("never-known").decided("never-known", Question::Performance, no.clone());
    assert_eq!(before.saga.ending, Some(saga::event::Ending::Rejected));
    let mut after = asked_after(law("never-known").refused(OnRefusal::Offline));
    after.decided("never-known", Question::Performance, no);
    assert_eq!((after.status("never-known"), after.end()), (Status::Offline, Some(End::PartiallyCompleted)));
}
