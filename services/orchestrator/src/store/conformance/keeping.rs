//! Stories of what is kept beside the sagas: values, definitions, numbers, dead letters, notices.

use std::{collections::BTreeSet, sync::Arc};

use super::{Store, blind, id, tell};
use crate::store::{DeadLetter, UnmatchedNotice};

/// Tells them all.
pub async fn run(open: &impl AsyncFn() -> Arc<dyn Store>) {
    tell(open, a_value_is_read_as_it_was_last_written).await;
    tell(open, a_definition_never_changes_under_its_hash).await;
    tell(open, a_number_is_never_given_twice).await;
    tell(open, a_department_is_held_and_resumed).await;
    tell(open, dead_letters_are_listed_newest_first).await;
    tell(open, a_notice_is_kept_once_and_waits_for_its_subject).await;
}

/// If this failed, a key would be probed against another store's probe.
async fn a_value_is_read_as_it_was_last_written(store: Arc<dyn Store>) {
    assert_eq!(store.meta("probe").await.expect("meta"), None);
    store.set_meta("probe", b"one").await.expect("set meta");
    store.set_meta("probe", b"").await.expect("set meta");
    store.set_meta("Probe", &[0, 255]).await.expect("set meta");
    assert_eq!(store.meta("probe").await.expect("meta"), Some(vec![]));
    assert_eq!(store.meta("Probe").await.expect("meta"), Some(vec![0, 255]));
}

/// If this failed, a running saga would go on under another law than it began.
async fn a_definition_never_changes_under_its_hash(store: Arc<dyn Store>) {
    assert_eq!(store.definition([1; 32]).await.expect("definition"), None);
    store.keep_definition([1; 32], b"body").await.expect("keep");
    store.keep_definition([1; 32], b"another body").await.expect("keep");
    assert_eq!(store.definition([1; 32]).await.expect("definition"), Some(b"body".to_vec()));
}

/// If this failed, two families would write into one saga.
async fn a_number_is_never_given_twice(store: Arc<dyn Store>) {
    assert_eq!(store.reserve_numbers(3).await.expect("reserve"), 1, "0 stands for no saga");
    assert_eq!(store.reserve_numbers(1).await.expect("reserve"), 4);
    let takers: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.reserve_numbers(5).await.expect("reserve") })
        })
        .collect();
    let mut given = BTreeSet::new();
    for taker in takers {
        let first = taker.await.expect("a taker ends");
        given.extend(first..first + 5);
    }
    assert!(given.into_iter().eq(5..105));
}

/// If this failed, a department would stay held after it was resumed, or nobody could say why it is.
async fn a_department_is_held_and_resumed(store: Arc<dyn Store>) {
    assert!(store.departments().await.expect("departments").is_empty());
    let mut row = crate::store::DepartmentRow { name: "tax".into(), held: true, reason: "年终结算".into() };
    store.set_department(&row).await.expect("hold");
    assert_eq!(store.departments().await.expect("departments"), [row.clone()]);
    (row.held, row.reason) = (false, String::new());
    store.set_department(&row).await.expect("resume");
    assert_eq!(store.departments().await.expect("departments"), [row]);
}

/// If this failed, an operator would not see what could not be read.
async fn dead_letters_are_listed_newest_first(store: Arc<dyn Store>) {
    let letter = |id: u64, number: u64| DeadLetter {
        id,
        at: 5,
        topic: "replies".into(),
        code: "SG0301".into(),
        what: "封套无法解码".into(),
        saga: if number == 2 { u64::MAX } else { number },
        step: String::new(),
        size: number,
        sealed: vec![0, 159, 146, 150],
    };
    store.bury(&[]).await.expect("bury");
    store.bury(&(1..=70).map(|number| letter(0, number)).collect::<Vec<_>>()).await.expect("bury");
    store.bury(&[letter(0, 71)]).await.expect("bury");
    let newest = store.dead_letters(None, 2).await.expect("list");
    assert_eq!(newest, [letter(71, 71), letter(70, 70)]);
    assert_eq!(store.dead_letters(Some(3), 9).await.expect("list"), [letter(2, 2), letter(1, 1)]);
}

/// If this failed, a payment reported before enrolment would be counted twice or never.
async fn a_notice_is_kept_once_and_waits_for_its_subject(store: Arc<dyn Store>) {
    let notice = |number: u64, subject: u64, waits: bool| UnmatchedNotice {
        id: 0,
        notice: id(b'o', number),
        at: 7,
        endpoint: "340000.tax".into(),
        kind: "PremiumPaid".into(),
        subject: blind(b's', subject),
        why: "no case yet".into(),
        waits,
        sealed: vec![1, 0, 2],
    };
    store.keep_notices(&[notice(1, 1, true), notice(2, 1, true), notice(1, 2, true)]).await.expect("keep");
    store.keep_notices(&[notice(2, 9, false), notice(3, 1, false), notice(4, 4, true)]).await.expect("keep");
    store.keep_notices(&[]).await.expect("keep");
    let known = store.notices(None, 9).await.expect("list");
    let told: Vec<_> = known.iter().map(|notice| notice.notice).collect();
    assert_eq!(told, [id(b'o', 4), id(b'o', 3), id(b'o', 2), id(b'o', 1)]);
    assert!(known.is_sorted_by_key(|notice| std::cmp::Reverse(notice.id)));
    assert_eq!(known[3], UnmatchedNotice { id: known[3].id, ..notice(1, 1, true) }, "kept as it came first");
    let page = store.notices(Some(known[1].id), 1).await.expect("list");
    assert_eq!(page, [known[2].clone()]);

    let waiting = store.notices_for(&[blind(b's', 1), blind(b's', 7)]).await.expect("find");
    assert_eq!(waiting, [known[3].clone(), known[2].clone()]);
    assert!(store.notices_for(&[]).await.expect("find").is_empty());
    store.notices_matched(&[known[3].id, 9_999]).await.expect("match");
    assert_eq!(store.notices_for(&[blind(b's', 1)]).await.expect("find"), [known[2].clone()]);
    assert_eq!(store.notices(None, 9).await.expect("list").len(), 3);
    let refused = UnmatchedNotice { why: "the case has ended".into(), ..notice(4, 4, false) };
    store.keep_notices(&[refused.clone(), notice(4, 4, true)]).await.expect("keep");
    let told = store.notices(None, 1).await.expect("list").remove(0);
    assert_eq!(told, UnmatchedNotice { id: told.id, ..refused }, "it waits no longer");
    store.notices_matched(&[]).await.expect("match");
}
