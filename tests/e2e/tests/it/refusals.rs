//! Bad input over a real connection: everything that is wrong at once, in both languages, and nothing stored.

use harness::{
    compare::compare,
    evidence::Evidence,
    family,
    parents::Parents,
    process::{Launch, Running},
};
use proto::v1;
use standalone::client::{Says, complete};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{PROGRAM, root};

type Spoil = fn(&mut v1::SubmitApplicationRequest);

fn child(request: &mut v1::SubmitApplicationRequest) -> &mut v1::Child {
    &mut family::form_mut(request).children[0]
}

fn mother(request: &mut v1::SubmitApplicationRequest) -> &mut v1::Parent {
    family::form_mut(request).mother.as_mut().expect("the families here have mothers")
}

/// What the service promises to refuse, with the field and the code that say so.
const BAD: [(&str, Spoil, &str, &str); 10] = [
    ("wrong check digit", |request| spoil_last(&mut mother(request).id_number), "mother.id_number", "ID-008"),
    (
        "impossible date",
        |request| mother(request).id_number = "340104199002300029".to_owned(),
        "mother.id_number",
        "ID-005",
    ),
    (
        "birth in the future",
        |request| child(request).born_at = "2999-01-01T09:30".to_owned(),
        "children[0].born_at",
        "TM-003",
    ),
    ("name outside GB 18030", |request| child(request).name = "样\u{e000}".to_owned(), "children[0].name", "FRM-302"),
    ("unknown ethnicity", |request| mother(request).ethnicity = "77".to_owned(), "mother.ethnicity", "ET-001"),
    (
        "mail without address",
        |request| {
            let hand_over = family::form_mut(request).hand_over.as_mut().expect("given");
            hand_over.recipient_address.clear();
        },
        "hand_over.recipient_address",
        "YJ-FORM-07",
    ),
    ("an item without what it needs", |request| child(request).items = vec![3], "children[0].items[0]", "YJ-FORM-06"),
    ("no idempotency key", |request| request.idempotency_key.clear(), "idempotency_key", "YJ-FORM-01"),
    ("5 MB", |request| mother(request).household_address = "路".repeat(1_700_000), "form", "YJ-FORM-02"),
    (
        "two children with one order number",
        |request| {
            let twin = child(request).clone();
            family::form_mut(request).children.push(twin);
        },
        "children[1].order",
        "YJ-FORM-05",
    ),
];

fn spoil_last(number: &mut String) {
    let last = number.pop().expect("18 characters");
    number.push(if last == '0' { '1' } else { '0' });
}

async fn submit(
    running: &Running,
    request: v1::SubmitApplicationRequest,
) -> Result<v1::SubmitApplicationResponse, Status> {
    let mut client = running.client().expect("it serves gRPC");
    client.applications.submit_application(request).await.map(tonic::Response::into_inner)
}

/// Field and description of each violation.
fn violations(status: &Status) -> Vec<(String, String)> {
    let request = status.get_details_bad_request().expect("the violations are in the details");
    request.field_violations.into_iter().map(|violation| (violation.field, violation.description)).collect()
}

/// If this fails, a family is told of one mistake after the other, or in words that nobody understands; or a refused
/// form leaves something behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_forms_are_told_everything_that_is_wrong_and_nothing_is_stored() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let running = Launch::serve(PROGRAM, folder.path(), &[]).start().await?;
    for (seed, (name, spoil, field, code)) in (1..).zip(BAD) {
        let mut request = family::anhui(seed);
        spoil(&mut request);
        let status = submit(&running, request).await.expect_err(name);
        assert_eq!(status.code(), Code::InvalidArgument, "{name}: {status}");
        let told = violations(&status);
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        assert_eq!(told[0].0, field, "{name}");
        let parts: Vec<&str> = told[0].1.split(" · ").collect();
        let chinese = |text: &str| text.chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character));
        assert_eq!(parts[0], code, "{name}");
        assert!(chinese(parts[1]) && !chinese(parts[2]), "{name}: both languages in {parts:?}");
    }
    let mut several = family::anhui(99);
    several.idempotency_key.clear();
    mother(&mut several).ethnicity = "77".to_owned();
    child(&mut several).born_at = "2999-01-01T09:30".to_owned();
    let status = submit(&running, several).await.expect_err("three mistakes");
    let fields: Vec<String> = violations(&status).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["idempotency_key", "mother.ethnicity", "children[0].born_at"], "all at once");
    assert!(running.stop().await?.success());
    assert!(Evidence::of(&folder.path().join("data")).await?.cases.is_empty(), "nothing is stored");
    Ok(())
}

/// If this fails, who mistypes a file is left without the place, or files something else than was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_not_json_or_has_an_unknown_field_is_refused_with_its_place() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let running = Launch::serve(PROGRAM, folder.path(), &[]).start().await?;
    let server = format!("http://{}", running.grpc.expect("it serves gRPC"));
    let good = std::fs::read_to_string(root().join("examples/applications/shanxi-completed.json"))?;
    let cases = [
        ("not JSON", good.replacen(':', "", 1), "JSON"),
        ("an unknown field", good.replacen("\"area\"", "\"aera\"", 1), "aera"),
    ];
    for (name, text, says) in cases {
        let file = folder.path().join("form.json");
        std::fs::write(&file, text)?;
        let file = file.display().to_string();
        let arguments = ["submit", &file, "--server", &server];
        let output = Launch::new(PROGRAM, "submit", folder.path(), &arguments).run().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(says), "{name}: {said}");
    }
    assert!(running.stop().await?.success());
    assert!(Evidence::of(&folder.path().join("data")).await?.cases.is_empty(), "nothing is stored");
    Ok(())
}

/// If this fails, a platform that repeats itself files a child twice, or a child gets two cases that both register it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_has_one_live_case_however_often_and_under_whatever_key_it_is_filed() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let running = Launch::serve(PROGRAM, folder.path(), &[]).start().await?;
    let request = family::shanxi(5, 1);
    let filed = submit(&running, request.clone()).await?;
    assert!(!filed.repeated_request);
    let again = submit(&running, request.clone()).await?;
    assert!(again.repeated_request && again.case_ids == filed.case_ids, "the same key and form");

    let mut other_form = request.clone();
    child(&mut other_form).weight_g += 1;
    let status = submit(&running, other_form).await.expect_err("another form under the same key");
    assert_eq!((status.code(), info(&status).0), (Code::AlreadyExists, "YJ-0202".to_owned()));

    let mut other_key = request.clone();
    other_key.idempotency_key = "another-key".to_owned();
    let status = submit(&running, other_key).await.expect_err("the child has a live case");
    assert_eq!(
        (status.code(), info(&status)),
        (Code::AlreadyExists, ("YJ-0203".to_owned(), Some(filed.case_ids[0].clone())))
    );

    let mut another = family::shanxi(6, 1);
    let (name, born_at) = (child(&mut request.clone()).name.clone(), child(&mut request.clone()).born_at.clone());
    (child(&mut another).name, child(&mut another).born_at) = (name, born_at);
    assert!(!submit(&running, another).await?.repeated_request, "a namesake of another mother is another child");

    assert!(running.stop().await?.success());
    assert_eq!(Evidence::of(&folder.path().join("data")).await?.cases.len(), 2);
    Ok(())
}

/// Code and case of a refusal.
fn info(status: &Status) -> (String, Option<String>) {
    let info = status.get_details_error_info().expect("the code is in the details");
    (info.reason, info.metadata.get("case_id").cloned())
}

/// If this fails, a stranger can sign for a family, or an answer given twice counts twice, and no operator hears of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_answered_once_by_its_person_and_every_other_answer_is_kept_for_an_operator() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let running = Launch::serve(PROGRAM, folder.path(), &[]).start().await?;
    let (parents, request) = (Parents::new(running.client()?), family::shanxi(8, 1));
    let filed = parents.file(&request).await?;
    let task = parents.task(&filed.case_ids[0], "signature").await?;
    let mut client = running.client()?;
    let yes = |key: &str| complete(&task, family::applicant(&request), Says::yes(), key.to_owned());

    let stranger =
        v1::CompleteTaskRequest { actor: Some(family::applicant(&family::shanxi(9, 1))), ..yes("stranger-1") };
    let status = client.applications.complete_task(stranger).await.expect_err("a stranger");
    assert_eq!((status.code(), info(&status).0), (Code::PermissionDenied, "YJ-0212".to_owned()));
    let old = v1::CompleteTaskRequest { version: task.version + 1, ..yes("version-1") };
    let status = client.applications.complete_task(old).await.expect_err("another version");
    assert_eq!((status.code(), info(&status).0), (Code::FailedPrecondition, "YJ-0213".to_owned()));

    assert!(!client.applications.complete_task(yes("answer-1")).await?.into_inner().repeated_request);
    assert!(client.applications.complete_task(yes("answer-1")).await?.into_inner().repeated_request, "the same answer");
    let status = client.applications.complete_task(yes("answer-2")).await.expect_err("answered before");
    assert_eq!((status.code(), info(&status).0), (Code::FailedPrecondition, "YJ-0211".to_owned()));

    let letters = client.operations.list_dead_letters(v1::ListDeadLettersRequest::default()).await?.into_inner();
    let mut codes: Vec<String> = letters.dead_letters.into_iter().map(|letter| letter.code).collect();
    codes.sort();
    assert_eq!(codes, ["YJ-0211", "YJ-0212", "YJ-0213"], "an operator finds each");
    parents.end_of(&filed.case_ids[0]).await?;
    assert!(running.stop().await?.success());
    compare(&Evidence::of(&folder.path().join("data")).await?).all_well()
}
