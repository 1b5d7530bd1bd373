//! The pages, asked as a browser asks.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use policy::Packs;
use saga::{Definition, Input};
use service::clock::VirtualClock;
use tower::ServiceExt;

use super::{is_this_machine, router};
use crate::{
    definitions::Definitions,
    fold,
    store::{Change, NewApplication, Store, Summary, Unit, memory::MemoryStore},
};

const NOW_MS: i64 = 1_795_000_000_000;
const CASE: [u8; 16] = [7; 16];

/// A store with one running case of Anhui.
async fn opened() -> (Arc<dyn Store>, Arc<Definitions>) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let packs = Arc::new(Packs::shipped());
    let definitions = Arc::new(Definitions::keep_all(store.clone(), packs.clone()).await.expect("kept"));
    let pack = packs.get("anhui-2024").expect("shipped");
    let definition: &Definition = &pack.definition;
    let input = Input::Start { chosen: Default::default(), group_size: 1 };
    let decision = saga::decide(definition, &saga::Saga::new(definition), &input, NOW_MS);
    let entry = fold::entry(1, NOW_MS, &decision.events);
    let summary = Summary {
        case: CASE,
        application: [8; 16],
        child_order: 1,
        pack: "anhui-2024".into(),
        definition: pack.hash,
        state: "running",
        stuck: false,
        frozen: false,
        bereaved: false,
        submitted_at: NOW_MS,
        changed_at: NOW_MS,
    };
    let number = store.reserve_numbers(1).await.expect("a number");
    let change = Change {
        number,
        expected_version: 0,
        entries: vec![entry],
        summary,
        awaits: Vec::new(),
        awaits_no_more: Vec::new(),
        seals: Vec::new(),
        found_by: Vec::new(),
        child: None,
    };
    let opens = NewApplication {
        id: [8; 16],
        key: [1; 32],
        form: [2; 32],
        wrapped_key: Vec::new(),
        sealed_form: Vec::new(),
        at: NOW_MS,
    };
    store.append(&[Unit { opens: Some(opens), sagas: vec![change], act: None }]).await.expect("stored");
    (store, definitions)
}

async fn asked(path: &str, host: &str) -> (StatusCode, String, String) {
    let (store, definitions) = opened().await;
    let pages = router(store, definitions, Arc::new(VirtualClock::at(NOW_MS)));
    let request = Request::get(path).header(header::HOST, host).body(Body::empty()).expect("a request");
    let response = pages.oneshot(request).await.expect("answered");
    let status = response.status();
    let policy = response.headers().get(header::CONTENT_SECURITY_POLICY).map(|value| format!("{value:?}"));
    let body = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("UTF-8"), policy.unwrap_or_default())
}

/// If this fails, whoever starts the program cannot see that families come forward.
#[tokio::test]
async fn the_list_shows_a_case_with_its_steps_by_name_and_state_by_word() {
    let (status, body, policy) = asked("/", "127.0.0.1:7070").await;
    assert_eq!(status, StatusCode::OK);
    for shown in ["lang=\"zh-CN\"", "办理中", "分娩信息查询", "待答复", "/cases/07070707-", "scope=\"col\""]
    {
        assert!(body.contains(shown), "{shown}");
    }
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
}

/// If this fails, the counts above the list and the list below it speak of different cases.
#[tokio::test]
async fn the_list_can_be_narrowed_to_one_state() {
    let (_, body, _) = asked("/?state=completed", "localhost").await;
    assert!(body.contains("没有办件") && !body.contains("分娩信息查询"), "{body}");
}

/// If this fails, nobody can see why a case stands where it stands.
#[tokio::test]
async fn a_case_shows_every_step_and_what_happened() {
    let (status, body, _) = asked("/cases/07070707-0707-0707-0707-070707070707", "localhost:7070").await;
    assert_eq!(status, StatusCode::OK);
    for shown in
        ["出生登记", "未到", "Started", "Ordered", "definition", "health", "按部门公布的承诺时限", "20个工作日"]
    {
        assert!(body.contains(shown), "{shown}");
    }
}

/// If this fails, a mistyped address is a stack trace or an empty page.
#[tokio::test]
async fn what_is_not_there_is_told_so() {
    for path in ["/cases/00000000-0000-0000-0000-000000000000", "/cases/x", "/nothing"] {
        let (status, body, _) = asked(path, "localhost").await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(body.contains("没有这个"), "{body}");
    }
}

/// If this fails, any web page that is open in the operator's browser can read cases by pointing its name here.
#[tokio::test]
async fn only_this_machine_is_answered() {
    assert_eq!(asked("/", "cases.example").await.0, StatusCode::MISDIRECTED_REQUEST);
    for host in ["localhost", "LOCALHOST:7070", "127.0.0.1:7070", "[::1]:7070", "127.9.9.9"] {
        assert!(is_this_machine(host), "{host}");
    }
    for host in ["", "example.org", "127.0.0.1.example.org:7070", "10.0.0.1", "localhost.example:7070"] {
        assert!(!is_this_machine(host), "{host}");
    }
}
