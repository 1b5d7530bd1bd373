//! The work that is measured: the saga, the department that does nothing, and the application that asks for it.

use adapter::{Adapter, Call, Department, Effects, Local, Reply};
use anyhow::Context;
use policy::{Pack, Packs};
use proto::v1::{self, submit_application_request::Form};
use serde::{Deserialize, Serialize};

/// The area where applications are filed: it must be one that exists; the department is of no use to it.
const AREA: &str = "340000";

/// The department and its area, as its topic and keys are named.
pub(super) const ENDPOINT: &str = "340000.bench";

/// Bytes that are handed to the department with each call and come back with its answer.
const PAYLOAD_BYTES: usize = 1_000;

/// The pack of the benchmark.
///
/// # Errors
/// If the pack that is built in has mistakes.
pub(super) fn packs() -> anyhow::Result<Packs> {
    let files = [
        ("pack.toml", include_str!("pack/pack.toml")),
        ("saga.toml", include_str!("pack/saga.toml")),
        ("messages.toml", include_str!("pack/messages.toml")),
    ];
    let pack = Pack::parse(&files).map_err(|problems| anyhow::anyhow!("{problems}")).context("read the pack")?;
    let mut packs = Packs::default();
    packs.insert(pack);
    Ok(packs)
}

#[derive(Serialize, Deserialize)]
struct Payload {
    payload: String,
}

/// The department: it does nothing, and answers with what it was given.
pub(super) fn department() -> Department {
    Adapter::for_department("bench").local("Echo", echo).serving(())
}

fn echo(_: &(), given: Payload, _: Call) -> Local<Payload> {
    Local::new(Reply::succeeded(given), Effects::none())
}

/// One application; its key is made of the benchmark's own name and a number.
pub(super) fn application(bench: &str, number: u64) -> v1::SubmitApplicationRequest {
    let payload = Payload { payload: "x".repeat(PAYLOAD_BYTES) };
    v1::SubmitApplicationRequest {
        idempotency_key: format!("{bench}-{number}"),
        channel: v1::Channel::Web.into(),
        form: Some(Form::General(v1::GeneralForm {
            pack: "bench".to_owned(),
            area: AREA.to_owned(),
            fields_json: serde_json::to_string(&payload).expect("a string is JSON"),
            items: Vec::new(),
        })),
    }
}
