//! The desk of a simulated department: what every command meets, whatever it asks for.
//!
//! One call is one *sitting*: outages and faults first, then what is known under the call's id, then the department's
//! own decision, which ends the sitting and commits effect and answer together. The same id is given the same answer
//! for ever, so the department's code need not think of repetition.

use std::sync::Arc;

use identifiers::LocalMinute;
use jiff::{Timestamp, civil::Date};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use service::clock::Clock;

use super::{
    behaviour::{Behaviour, Behaviours, spread},
    books::Books,
    ledger::{Effect, Error, Ledger},
    undoing::{BegunUndoing, Undoing},
};
use crate::{Fact, Reply, Retry, Stopped, Undone, Unknown};

/// Registers of the desk's own, by call id.
const FIRST_CALLED: &str = "desk.first-called";
const ANSWERED: &str = "desk.answered";
const STOPPED: &str = "desk.stopped";
const FAILED: &str = "desk.failed";
const LOST: &str = "desk.lost";
/// By command and subject.
const CORRECTED: &str = "desk.corrected";

/// A call that came to its end before the department decided: it has its answer, or none is known.
pub enum Ended<Output> {
    /// The answer.
    Answer(Reply<Output>),
    /// No answer.
    Unknown(Unknown),
}

impl<Output> From<Error> for Ended<Output> {
    fn from(error: Error) -> Self {
        Ended::Unknown(Unknown::from(error))
    }
}

impl<Output> From<serde_json::Error> for Ended<Output> {
    fn from(error: serde_json::Error) -> Self {
        Ended::Unknown(Unknown::from(error))
    }
}

/// What a handler answers for a call that was decided or ended before.
///
/// # Errors
/// [`Unknown`] where no answer is known.
pub fn answer<Output>(result: Result<Reply<Output>, Ended<Output>>) -> Result<Reply<Output>, Unknown> {
    match result {
        Ok(reply) | Err(Ended::Answer(reply)) => Ok(reply),
        Err(Ended::Unknown(unknown)) => Err(unknown),
    }
}

/// Where a simulated department takes its calls.
#[derive(Clone)]
pub struct Desk {
    ledger: Ledger,
    behaviours: Behaviours,
    clock: Arc<dyn Clock>,
}

impl Desk {
    /// A desk with this ledger.
    pub fn new(ledger: Ledger, behaviours: Behaviours, clock: Arc<dyn Clock>) -> Self {
        Self { ledger, behaviours, clock }
    }

    /// The department's ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How its commands are treated; may be changed while it works.
    pub fn behaviours(&self) -> &Behaviours {
        &self.behaviours
    }

    /// The present moment, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Begins to handle an act called under `key`. The department's own decision comes after this.
    ///
    /// # Errors
    /// Ended: with the answer that the same key was given before, or that the behaviour prescribes; or with none.
    pub async fn sit<Output: DeserializeOwned>(
        &self,
        act: &str,
        key: &str,
        subject: &str,
        fields: &(impl Serialize + Sync),
    ) -> Result<Sitting, Ended<Output>> {
        let behaviour = self.behaviours.of(act);
        let now_ms = self.reached(&behaviour).map_err(Ended::Unknown)?;
        let mut books = self.ledger.begin().await?;
        if let Some(effect) = books.effect(key).await? {
            if lose_again(&mut books, key, &behaviour).await? {
                books.commit().await?;
                return Err(Ended::Unknown(LOST_ANSWER));
            }
            books.commit().await?;
            return Err(Ended::Answer(Reply::succeeded(serde_json::from_value(effect.outputs)?)));
        }
        if let Some(answered) = books.get(ANSWERED, key).await? {
            books.commit().await?;
            return Err(Ended::Answer(no_of(&answered)));
        }
        if books.get(STOPPED, key).await?.is_some() {
            books.commit().await?;
            return Err(Ended::Answer(Reply::refused("SIM-STOPPED", "该申请已撤回。", "departments")));
        }
        if let Some((code, retry)) = fails(&mut books, key, &behaviour).await? {
            books.commit().await?;
            return Err(Ended::Answer(Reply::failed(code, retry)));
        }
        let sitting = Sitting {
            books,
            act: act.to_owned(),
            key: key.to_owned(),
            subject: subject.to_owned(),
            fields: serde_json::to_value(fields)?,
            behaviour,
            now_ms,
        };
        sitting.prescribed().await
    }

    /// Begins to answer a query, which leaves nothing behind.
    ///
    /// # Errors
    /// Ended, with what the behaviour prescribes.
    pub async fn ask<Output>(&self, command: &str, key: &str) -> Result<(), Ended<Output>> {
        let behaviour = self.behaviours.of(command);
        self.reached(&behaviour).map_err(Ended::Unknown)?;
        if behaviour.fail.is_some() {
            let mut books = self.ledger.begin().await?;
            let failed = fails(&mut books, key, &behaviour).await?;
            books.commit().await?;
            if let Some((code, retry)) = failed {
                return Err(Ended::Answer(Reply::failed(code, retry)));
            }
        }
        match behaviour.refuse {
            Some(code) => Err(Ended::Answer(Reply::refused(code, REFUSED_BY_BEHAVIOUR, "departments"))),
            None => Ok(()),
        }
    }

    /// Undoes what the act called under `act_key` did, and stops it where it was accepted and not finished. The same
    /// undoing called again changes nothing.
    ///
    /// # Errors
    /// [`Unknown`] during an outage, or where the behaviour loses the answer.
    pub async fn undo(&self, command: &str, act_key: &str, key: &str) -> Result<Undone, Unknown> {
        match self.begin_undo(command, act_key, key).await? {
            Undoing::Failed { code, retry } => Ok(Undone::Failed { code, retry }),
            Undoing::Begun(begun) => begun.finish().await,
        }
    }

    /// As [`undo`](Self::undo), for a department that has more to take back than the effect: books of its own. What it
    /// takes back counts together with the undoing.
    ///
    /// # Errors
    /// [`Unknown`] during an outage.
    pub async fn begin_undo(&self, command: &str, act_key: &str, key: &str) -> Result<Undoing, Unknown> {
        let behaviour = self.behaviours.of(command);
        let now_ms = self.reached(&behaviour)?;
        let mut books = self.ledger.begin().await?;
        if let Some((code, retry)) = fails(&mut books, key, &behaviour).await? {
            books.commit().await?;
            return Ok(Undoing::Failed { code, retry });
        }
        let effect = books.effect(act_key).await?;
        if effect.is_some() {
            books.mark_undone(act_key, now_ms).await?;
        } else {
            books.put(STOPPED, act_key, json!(now_ms)).await?;
        }
        let taken_back = effect.filter(|effect| effect.undone_at_ms.is_none());
        let begun = BegunUndoing { books, taken_back, key: key.to_owned(), behaviour, now_ms };
        Ok(Undoing::Begun(Box::new(begun)))
    }

    /// Stops the handling of the act called under `act_key`, if it is not finished.
    ///
    /// # Errors
    /// [`Unknown`] during an outage.
    pub async fn stop(&self, act: &str, act_key: &str) -> Result<Stopped, Unknown> {
        let now_ms = self.reached(&self.behaviours.of(act))?;
        let mut books = self.ledger.begin().await?;
        let decided = books.effect(act_key).await?.is_some() || books.get(ANSWERED, act_key).await?.is_some();
        if !decided {
            books.put(STOPPED, act_key, json!(now_ms)).await?;
        }
        books.commit().await?;
        Ok(if decided { Stopped::TooLate } else { Stopped::Stopped })
    }

    /// The department's unasked facts that nobody has acknowledged. An outage of `*` keeps them back.
    ///
    /// # Errors
    /// [`Unknown`] during an outage.
    pub async fn notices(&self) -> Result<Vec<Fact>, Unknown> {
        self.reached(&self.behaviours.of("notices"))?;
        Ok(self.ledger.untold().await?)
    }

    /// These facts are safely recorded elsewhere.
    ///
    /// # Errors
    /// [`Unknown`] during an outage.
    pub async fn acknowledged(&self, ids: &[[u8; 16]]) -> Result<(), Unknown> {
        self.reached(&self.behaviours.of("notices"))?;
        Ok(self.ledger.acknowledged(ids).await?)
    }

    /// The present moment, if the department can be reached at it.
    fn reached(&self, behaviour: &Behaviour) -> Result<i64, Unknown> {
        let now_ms = self.clock.now_ms();
        if now_ms < behaviour.outage_until_ms { Err(Unknown::because("the department is down")) } else { Ok(now_ms) }
    }
}

/// The date in Beijing.
pub(super) fn date_of(now_ms: i64) -> Date {
    let moment = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    LocalMinute::from_timestamp(moment).date()
}

pub(super) const LOST_ANSWER: Unknown = Unknown::because("the answer was lost");
const REFUSED_BY_BEHAVIOUR: &str = "模拟部门按配置不予办理。";

/// One call at the desk. It ends with one of its answers, or is dropped and has left nothing.
pub struct Sitting {
    books: Books,
    act: String,
    key: String,
    subject: String,
    fields: Value,
    behaviour: Behaviour,
    now_ms: i64,
}

impl Sitting {
    /// The ledger's registers, in the transaction in which the sitting ends.
    pub fn books(&mut self) -> &mut Books {
        &mut self.books
    }

    /// The moment of the call, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// The date of the call in Beijing.
    pub fn today(&self) -> Date {
        date_of(self.now_ms)
    }

    /// The idempotency key of the call.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// When the act was first called under this key, in milliseconds since 1970; this moment, if it never was. Counts
    /// only if the sitting ends with an answer.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub async fn first_called_ms(&mut self) -> Result<i64, Error> {
        match self.books.get(FIRST_CALLED, &self.key).await?.and_then(|value| value.as_i64()) {
            Some(first_ms) => Ok(first_ms),
            None => {
                self.books.put(FIRST_CALLED, &self.key, json!(self.now_ms)).await?;
                Ok(self.now_ms)
            }
        }
    }

    /// Goes on once the behaviour's time is over, counted from when this was first reached.
    ///
    /// # Errors
    /// Ended with `Accepted` at first, then with the stage that the time has come to, or `Accepted` without stages.
    pub async fn waited<Output>(mut self, stages: &[&str]) -> Result<Self, Ended<Output>> {
        let delay_ms = self.behaviour.finished_after_ms(&self.key);
        if delay_ms == 0 {
            return Ok(self);
        }
        let accepted = self.books.get(ACCEPTED, &self.key).await?.and_then(|value| value.as_i64());
        let Some(accepted_ms) = accepted else {
            self.books.put(ACCEPTED, &self.key, json!(self.now_ms)).await?;
            return Err(self.accepted().await);
        };
        let elapsed_ms = u64::try_from(self.now_ms - accepted_ms).unwrap_or(0);
        if elapsed_ms >= delay_ms {
            return Ok(self);
        }
        let stage = elapsed_ms.saturating_mul(stages.len() as u64) / delay_ms;
        match stages.get(usize::try_from(stage).unwrap_or(usize::MAX)) {
            Some(stage) => Err(Ended::Answer(self.progress(stage).await?)),
            None => Err(self.accepted().await),
        }
    }

    /// Goes on if this act was asked to correct this subject before.
    ///
    /// # Errors
    /// Ended with `NeedsCorrection` the first time. The same key is given that answer again; the next revision has
    /// another key and goes on.
    pub async fn corrected_once<Output>(
        mut self,
        code: &str,
        fields: &[&str],
        why: &str,
    ) -> Result<Self, Ended<Output>> {
        let place = format!("{} {}", self.act, self.subject);
        if self.books.get(CORRECTED, &place).await?.is_some() {
            return Ok(self);
        }
        self.books.put(CORRECTED, &place, json!(self.now_ms)).await?;
        Err(Ended::Answer(self.correct(code, fields, why).await?))
    }

    /// 办结: records the effect and answers with its output.
    ///
    /// # Errors
    /// Ended without answer where the ledger cannot be used, or the behaviour loses the answer after the effect.
    pub async fn succeed<Output: Serialize>(mut self, output: Output) -> Result<Reply<Output>, Ended<Output>> {
        let effect = self.effect(serde_json::to_value(&output)?, None);
        self.books.record(&effect).await?;
        let lost = lose_again(&mut self.books, &self.key, &self.behaviour).await?;
        self.books.commit().await?;
        if lost { Err(Ended::Unknown(LOST_ANSWER)) } else { Ok(Reply::succeeded(output)) }
    }

    /// The same fact stands already by another call (protocol: done outside): answers with it, without a new effect.
    ///
    /// # Errors
    /// Ended without answer where the ledger cannot be used or holds something else.
    pub async fn stands_already<Output: DeserializeOwned>(
        mut self,
        standing: &Effect,
    ) -> Result<Reply<Output>, Ended<Output>> {
        let effect = self.effect(standing.outputs.clone(), Some(standing.call_id.clone()));
        self.books.record(&effect).await?;
        self.books.commit().await?;
        Ok(Reply::succeeded(serde_json::from_value(effect.outputs)?))
    }

    /// 不予办理, for ever under this key.
    ///
    /// # Errors
    /// Ended without answer where the ledger cannot be used.
    pub async fn refuse<Output>(
        mut self,
        code: &str,
        reason: &str,
        offline_route: &str,
    ) -> Result<Reply<Output>, Ended<Output>> {
        let no = json!({ "refused": code, "reason": reason, "offline_route": offline_route });
        self.books.put(ANSWERED, &self.key, no).await?;
        self.books.commit().await?;
        Ok(Reply::refused(code, reason, offline_route))
    }

    /// 补正, for ever under this key; the next revision has another.
    ///
    /// # Errors
    /// Ended without answer where the ledger cannot be used.
    pub async fn correct<Output>(
        mut self,
        code: &str,
        fields: &[&str],
        why: &str,
    ) -> Result<Reply<Output>, Ended<Output>> {
        self.books.put(ANSWERED, &self.key, json!({ "correct": code, "fields": fields, "why": why })).await?;
        self.books.commit().await?;
        Ok(Reply::needs_correction(code, fields.iter().copied(), why))
    }

    /// Nothing was done by this call; another may succeed, or a person must look.
    ///
    /// # Errors
    /// Ended without answer where the ledger cannot be used.
    pub async fn fail<Output>(self, code: &str, retry: Retry) -> Result<Reply<Output>, Ended<Output>> {
        self.books.commit().await?;
        Ok(Reply::failed(code, retry))
    }

    /// 受理 under the department's own case number, which is the same each time: the result comes when the act is
    /// called again later.
    ///
    /// # Errors
    /// Ended without answer where the ledger cannot be used.
    pub async fn accept<Output>(self) -> Result<Reply<Output>, Ended<Output>> {
        let number = format!("SL{:010}", spread(&self.key) % 10_000_000_000);
        self.books.commit().await?;
        Ok(Reply::accepted(number))
    }

    /// The stage that the accepted act has reached.
    ///
    /// # Errors
    /// Ended without answer where the ledger cannot be used.
    pub async fn progress<Output>(self, stage: &str) -> Result<Reply<Output>, Ended<Output>> {
        self.books.commit().await?;
        Ok(Reply::progress(stage))
    }

    async fn accepted<Output>(self) -> Ended<Output> {
        match self.accept().await {
            Ok(reply) => Ended::Answer(reply),
            Err(ended) => ended,
        }
    }

    /// What the behaviour prescribes for every act, before the department thinks.
    async fn prescribed<Output>(self) -> Result<Self, Ended<Output>> {
        if let Some(code) = self.behaviour.refuse.clone() {
            return Err(Ended::Answer(self.refuse(&code, REFUSED_BY_BEHAVIOUR, "departments").await?));
        }
        if let Some(correction) = self.behaviour.needs_correction.clone() {
            let fields: Vec<&str> = correction.fields.iter().map(String::as_str).collect();
            return self.corrected_once(&correction.code, &fields, "模拟部门按配置要求补正。").await;
        }
        Ok(self)
    }

    fn effect(&self, outputs: Value, same_as: Option<String>) -> Effect {
        Effect {
            call_id: self.key.clone(),
            act: self.act.clone(),
            subject: self.subject.clone(),
            done_at_ms: self.now_ms,
            undone_at_ms: None,
            same_as,
            fields: self.fields.clone(),
            outputs,
        }
    }
}

const ACCEPTED: &str = "desk.accepted";

/// Whether another answer to this call is to be lost; counts it.
pub(super) async fn lose_again(books: &mut Books, key: &str, behaviour: &Behaviour) -> Result<bool, Error> {
    Ok(behaviour.lose_answers > 0 && counted(books, LOST, key, Some(behaviour.lose_answers)).await?)
}

/// The failure that this call meets, if one more is due; counts it.
async fn fails(books: &mut Books, key: &str, behaviour: &Behaviour) -> Result<Option<(String, Retry)>, Error> {
    let Some(failing) = &behaviour.fail else { return Ok(None) };
    let due = counted(books, FAILED, key, failing.times).await?;
    Ok(due.then(|| (failing.code.clone(), failing.retry.into())))
}

/// Counts one more for the call, up to a limit; false once the limit was reached.
async fn counted(books: &mut Books, register: &str, key: &str, limit: Option<u32>) -> Result<bool, Error> {
    let Some(limit) = limit else { return Ok(true) };
    let count = books.get(register, key).await?.and_then(|value| value.as_u64()).unwrap_or(0);
    if count >= u64::from(limit) {
        return Ok(false);
    }
    books.put(register, key, json!(count + 1)).await?;
    Ok(true)
}

/// The no that was given before.
fn no_of<Output>(answered: &Value) -> Reply<Output> {
    let text = |name: &str| answered[name].as_str().unwrap_or_default();
    if answered.get("refused").is_some() {
        return Reply::refused(text("refused"), text("reason"), text("offline_route"));
    }
    let fields = answered["fields"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Reply::needs_correction(text("correct"), fields, text("why"))
}
