//! What clerks decide: fields that a step asks for, and three levels of a review by three persons.

use super::{line::Line, *};

pub(super) fn clerk(number: &str) -> v1::Actor {
    v1::Actor { role: "clerk".to_owned(), id_number: number.to_owned() }
}

/// A clerk answers a task with these fields.
pub(super) fn clerks(task: &v1::Task, officer: &str, fields: &str) -> v1::CompleteTaskRequest {
    v1::CompleteTaskRequest {
        actor: Some(clerk(officer)),
        idempotency_key: format!("{officer}-{}-{}", task.step, task.version),
        fields_json: fields.to_owned(),
        ..signed(task, 1)
    }
}

/// What a first level finds where nothing is wrong.
pub(super) const SOUND: &str = r#"{"materials_genuine": true, "insured": true, "employer_paid": true,
    "within_claim_period": true, "originals_received": true}"#;

/// The first level finds nothing wrong.
pub(super) fn reviewed(task: &v1::Task, officer: &str) -> v1::CompleteTaskRequest {
    clerks(task, officer, SOUND)
}

fn fields(refused: &Status) -> Vec<String> {
    let violations = refused.get_details_bad_request().expect("named").field_violations;
    violations.into_iter().map(|violation| format!("{}: {}", violation.field, violation.description)).collect()
}

/// A step would otherwise be done without what the next one needs, or with what nobody asked for.
#[tokio::test]
async fn a_clerk_gives_every_field_that_the_step_asks_for_and_no_other() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let task = line.task(&case, "first-review").await;
    let all = |without: &str, with: &str| SOUND.replace(&format!("\"{without}\""), &format!("\"{with}\""));
    let spoilt = [
        ("", "缺少 materials_genuine"),
        (r#"{"insured": true}"#, "缺少 originals_received"),
        (&*all("insured", "remark"), "缺少 insured"),
        (&*all("insured", "remark"), "可填写的为"),
        (&*SOUND.replace("\"insured\": true", "\"insured\": \"是\""), "应为 true 或 false"),
        (&*SOUND.replace("\"insured\": true", "\"insured\": null"), "须填写一个值"),
        ("[true]", "应为一个JSON对象"),
        ("{", "应为一个JSON对象"),
    ];
    for (given, expected) in spoilt {
        let refused = line.complete(clerks(&task, "OFFICER-1", given)).await.expect_err(expected);
        assert_eq!(refused.code(), Code::InvalidArgument, "{given}");
        let told = fields(&refused);
        assert!(told.iter().any(|told| told.starts_with("fields_json") && told.contains(expected)), "{told:?}");
        assert!(told.iter().all(|told| !told.contains("remark")), "what came from outside is not repeated: {told:?}");
    }
    let large = format!("{{\"insured\": \"{}\"}}", "x".repeat(20_000));
    assert_eq!(
        line.complete(clerks(&task, "OFFICER-1", &large)).await.expect_err("large").code(),
        Code::InvalidArgument
    );
    assert!(line.world.buried().await.is_empty(), "a slip is the caller's to see");
    line.complete(reviewed(&task, "OFFICER-1")).await.expect("sound");
    let number = line.number_of(&case).await;
    assert_eq!(line.facts(number).await["first-review"]["employer_paid"], true);
}

/// One person would otherwise approve what she has reviewed herself ([004] 篇10 第九章第三条: three levels).
#[tokio::test]
async fn no_person_acts_at_two_levels_of_one_review() {
    let mut line = Line::new().await;
    let case = line.anhui_enrolled(1).await;
    let first = line.task(&case, "first-review").await;
    for nobody in ["", "\u{200b} "] {
        let answer = v1::CompleteTaskRequest { idempotency_key: "nobody-0001".to_owned(), ..reviewed(&first, nobody) };
        let refused = line.complete(answer).await.expect_err("nobody");
        assert!(fields(&refused)[0].starts_with("actor.id_number"), "{nobody:?}: {:?}", fields(&refused));
    }
    line.complete(reviewed(&first, "OFFICER-1")).await.expect("first");
    let second = line.task(&case, "second-review").await;
    let nobody = line.complete(clerks(&second, "", "")).await.expect_err("nobody");
    assert_eq!(
        (nobody.code(), &*fields(&nobody)[0].split(": ").next().unwrap_or_default().to_owned()),
        (Code::InvalidArgument, "actor.id_number")
    );
    let same = line.complete(clerks(&second, "OFFICER-1", "")).await.expect_err("the same");
    assert_eq!(told(&same), (Code::FailedPrecondition, "YJ-0224".to_owned()));
    assert_eq!(line.world.buried().await, ["YJ-0224"]);
    for spelt in [" OFFICER-1", "officer-1", "OFFICER-1", "OFFICER-1\u{200b}"] {
        let answer = v1::CompleteTaskRequest {
            idempotency_key: format!("spelt-{:x?}", spelt.as_bytes()).replace([' ', ','], ""),
            ..clerks(&second, spelt, "")
        };
        assert_eq!(told(&line.complete(answer).await.expect_err(spelt)).1, "YJ-0224", "{spelt:?}");
    }
    line.restart().await;
    let again =
        v1::CompleteTaskRequest { idempotency_key: "again-0001".to_owned(), ..clerks(&second, "OFFICER-1", "") };
    assert_eq!(told(&line.complete(again).await.expect_err("after a restart too")).1, "YJ-0224");
    line.complete(clerks(&second, "OFFICER-2", "")).await.expect("another person");
    let third = line.task(&case, "approval").await;
    let approval = r#"{"amount_fen": 500000, "allowance_fen": 0}"#;
    for officer in ["OFFICER-1", "OFFICER-2"] {
        assert_eq!(told(&line.complete(clerks(&third, officer, approval)).await.expect_err(officer)).1, "YJ-0224");
    }
    for spoilt in
        [r#"{"amount_fen": -5, "allowance_fen": 0}"#, r#"{"amount_fen": 9223372036854775807, "allowance_fen": 0}"#]
    {
        let refused = line.complete(clerks(&third, "OFFICER-3", spoilt)).await.expect_err(spoilt);
        assert!(fields(&refused)[0].starts_with("fields_json.amount_fen"), "{:?}", fields(&refused));
    }
    line.complete(clerks(&third, "OFFICER-3", approval)).await.expect("a third person");
    let number = line.number_of(&case).await;
    let paid = line.taken(number, "maternity-payment");
    assert_eq!(line.opened(&paid)["approval"]["amount_fen"], 500_000);
    let stored = line.stored_events(number).await;
    assert!(!stored.contains("OFFICER-"), "who they are is not kept");
}
