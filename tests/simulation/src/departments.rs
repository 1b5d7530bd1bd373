//! The departments of the proving saga: real adapters over simulated desks, each with a ledger of its own.

use std::sync::{Arc, Mutex, PoisonError};

use adapter::{
    Adapter, Call, Department, Effects, Fact, Local, Reply, Stopped, Subject, Undo, Undone, Unknown,
    simulated::{Desk, Effect, Ended, Error, Ledger, answer},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What every act gives: the number that the department's own system has given.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Given {
    /// E.g. `Issue-3`.
    pub number: String,
}

/// A department with its desk, and what its local handler has done.
struct Office {
    desk: Desk,
    local: LocalLedger,
    /// Broken on purpose: what is called again is done again.
    repeats: bool,
}

impl Office {
    /// What a department without idempotency keys would do when it is called again: all of it, once more.
    async fn done_again(&self, act: &'static str, call: &Call) -> Result<(), Error> {
        let known = self.desk.ledger().effect(call.id()).await?;
        let Some(first) = known.filter(|_| self.repeats) else { return Ok(()) };
        let call_id = format!("{}-{}", call.id(), self.desk.ledger().effects().await?.len());
        self.desk.ledger().do_once(Effect { call_id, act: act.to_owned(), ..first }).await?;
        Ok(())
    }
}

/// What local handlers have done: each commit of the inbox adds to it, so a second effect would show.
pub type LocalLedger = Arc<Mutex<Vec<Effect>>>;

/// The adapter of this department; with `repeats` its acts are broken: called again, they are done again.
pub fn department(name: &str, desk: Desk, local: LocalLedger, repeats: bool) -> Department {
    let office = Office { desk, local, repeats };
    match name {
        "alpha" => Adapter::for_department(name)
            .remote("Reserve", reserve)
            .undone_by("Release", release)
            .remote("Issue", issue)
            .undone_by("Void", void)
            .serving(office),
        "beta" => Adapter::for_department(name)
            .remote("Badge", badge)
            .undone_by("Unbadge", unbadge)
            .remote("StandIn", stand_in)
            .local("Card", card)
            .remote("Claim", claim)
            .serving(office),
        "gamma" => Adapter::for_department(name)
            .remote("Register", register)
            .stopped_by(stop_registering)
            .remote("AwaitPremium", await_premium)
            .stopped_by(stop_awaiting)
            .notices(notices)
            .acknowledged(acknowledged)
            .serving(office),
        "sms" => Adapter::for_department(name).remote("SendMessage", send_message).serving(office),
        other => panic!("the proving pack has no department {other}"),
    }
}

type Replied = Result<Reply<Given>, Unknown>;

async fn plain(office: &Office, act: &'static str, fields: Value, call: &Call) -> Result<Reply<Given>, Ended<Given>> {
    office.done_again(act, call).await?;
    let sitting = office.desk.sit(act, call.id(), "child", &fields).await?;
    let mut sitting = sitting.waited(&["初审", "复核"]).await?;
    let number = sitting.books().next(act).await?;
    sitting.succeed(Given { number: format!("{act}-{number}") }).await
}

async fn reserve(office: &Office, fields: Value, call: Call) -> Replied {
    answer(plain(office, "Reserve", fields, &call).await)
}

async fn release(office: &Office, undo: Undo<Value, Given>, call: Call) -> Result<Undone, Unknown> {
    office.desk.undo("Release", &undo.act_id, call.id()).await
}

async fn issue(office: &Office, fields: Value, call: Call) -> Replied {
    answer(plain(office, "Issue", fields, &call).await)
}

async fn void(office: &Office, undo: Undo<Value, Given>, call: Call) -> Result<Undone, Unknown> {
    office.desk.undo("Void", &undo.act_id, call.id()).await
}

async fn badge(office: &Office, fields: Value, call: Call) -> Replied {
    answer(plain(office, "Badge", fields, &call).await)
}

async fn unbadge(office: &Office, undo: Undo<Value, Given>, call: Call) -> Result<Undone, Unknown> {
    office.desk.undo("Unbadge", &undo.act_id, call.id()).await
}

async fn stand_in(office: &Office, fields: Value, call: Call) -> Replied {
    answer(plain(office, "StandIn", fields, &call).await)
}

async fn claim(office: &Office, fields: Value, call: Call) -> Replied {
    answer(plain(office, "Claim", fields, &call).await)
}

/// The one local handler: its effect commits with the inbox.
fn card(office: &Office, _fields: Value, call: Call) -> Local<Given> {
    let given = Given { number: format!("Card-{}", &call.id()[..8]) };
    let effect = Effect {
        call_id: call.id().to_owned(),
        act: "Card".to_owned(),
        subject: "child".to_owned(),
        done_at_ms: call.now_ms(),
        undone_at_ms: None,
        same_as: None,
        fields: json!({}),
        outputs: json!({ "number": given.number }),
    };
    let ledger = office.local.clone();
    // A local effect has no idempotency key of its own: it is done as often as it is committed.
    let effects = Effects::none().in_memory(move || {
        ledger.lock().unwrap_or_else(PoisonError::into_inner).push(effect);
    });
    Local::new(Reply::succeeded(given), effects)
}

async fn register(office: &Office, fields: Value, call: Call) -> Replied {
    answer(registered(office, fields, &call).await)
}

async fn registered(office: &Office, fields: Value, call: &Call) -> Result<Reply<Given>, Ended<Given>> {
    let certificate = fields["certificate"]["number"].as_str().unwrap_or_default().to_owned();
    let sitting = office.desk.sit("Register", call.id(), &certificate, &fields).await?;
    let mut sitting = sitting.waited(&[]).await?;
    // Done at a counter already (protocol.md 9): answered with what stands.
    let at_counter = sitting.books().get("counter", &certificate).await?;
    if let Some(standing) = at_counter.and_then(|value| value.as_str().map(str::to_owned))
        && let Some(effect) = sitting.books().effect(&standing).await?
    {
        return sitting.stands_already(&effect).await;
    }
    let number = sitting.books().next("Register").await?;
    let given = Given { number: format!("R-{number}") };
    sitting.books().put("registered", &certificate, json!(given.number)).await?;
    sitting.succeed(given).await
}

async fn stop_registering(office: &Office, _fields: Value, call: Call) -> Result<Stopped, Unknown> {
    office.desk.stop("Register", call.id()).await
}

async fn await_premium(office: &Office, fields: Value, call: Call) -> Replied {
    answer(awaited(office, fields, &call).await)
}

async fn awaited(office: &Office, fields: Value, call: &Call) -> Result<Reply<Given>, Ended<Given>> {
    let number = fields["registration"]["number"].as_str().unwrap_or_default().to_owned();
    let mut sitting = office.desk.sit("AwaitPremium", call.id(), &number, &fields).await?;
    if sitting.books().get("paid", &number).await?.is_none() {
        return sitting.accept().await;
    }
    sitting.succeed(Given { number: format!("V-{number}") }).await
}

/// A premium that was paid is not stopped any more, whoever has heard of the payment.
async fn stop_awaiting(office: &Office, fields: Value, call: Call) -> Result<Stopped, Unknown> {
    let number = fields["registration"]["number"].as_str().unwrap_or_default();
    if office.desk.ledger().get("paid", number).await?.is_some() {
        return Ok(Stopped::TooLate);
    }
    office.desk.stop("AwaitPremium", call.id()).await
}

async fn send_message(office: &Office, fields: Value, call: Call) -> Replied {
    answer(plain(office, "SendMessage", fields, &call).await)
}

async fn notices(office: &Office) -> Result<Vec<Fact>, Unknown> {
    office.desk.notices().await
}

async fn acknowledged(office: &Office, ids: Vec<[u8; 16]>) -> Result<(), Unknown> {
    office.desk.acknowledged(&ids).await
}

/// A parent pays at the tax counter: a fact that the department tells of its own.
pub async fn pay(ledger: &Ledger, number: &str) -> Result<(), Error> {
    let mut books = ledger.begin().await?;
    if books.get("paid", number).await?.is_none() {
        books.put("paid", number, json!(true)).await?;
        books.tell(&fact("Paid", number)).await?;
    }
    books.commit().await
}

/// A parent has the child registered at a police counter, unless it is registered already.
pub async fn register_at_counter(ledger: &Ledger, certificate: &str, now_ms: i64) -> Result<bool, Error> {
    let mut books = ledger.begin().await?;
    let done = books.get("registered", certificate).await?.is_some();
    if !done {
        let call_id = format!("counter-{certificate}");
        let outputs = json!({ "number": format!("R-{certificate}") });
        books.put("counter", certificate, json!(call_id)).await?;
        books.put("registered", certificate, outputs["number"].clone()).await?;
        books
            .record(&Effect {
                call_id,
                act: "Register".to_owned(),
                subject: certificate.to_owned(),
                done_at_ms: now_ms,
                undone_at_ms: None,
                same_as: None,
                fields: json!({}),
                outputs,
            })
            .await?;
        books.tell(&fact("Registered", certificate)).await?;
    }
    books.commit().await?;
    Ok(!done)
}

fn fact(kind: &str, subject: &str) -> Fact {
    let mut id = [0_u8; 16];
    for (at, byte) in kind.bytes().chain(subject.bytes()).enumerate() {
        id[at % 16] = id[at % 16].rotate_left(3) ^ byte;
    }
    Fact {
        id,
        kind: kind.to_owned(),
        subject: Subject { kind: "number".to_owned(), value: subject.to_owned() },
        fields: json!({ "number": format!("{kind}-{subject}") }),
    }
}
