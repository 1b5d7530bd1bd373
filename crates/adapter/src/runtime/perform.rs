//! Making the calls: the department's functions, side by side and bounded, and what they answer, sealed.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures::{FutureExt, StreamExt, stream};
use proto::associated::{Direction, bus_associated, command_id};
use vault::SealingKey;

use super::{
    Error, Runtime,
    arrival::{self, kind_on_the_bus},
    batch::Work,
};
use crate::{
    Call, Effects, Reply, Retry, Stopped, Undone, Unknown,
    call::UndoParts,
    record::{CallResult, Calling, Detail, Kind, Outcome, What},
};

/// One call with everything it needs.
pub(super) struct Job {
    /// Which step of the batch.
    pub(super) index: usize,
    pub(super) call: Calling,
    /// `None` if the command that it was made for cannot be read any more.
    ready: Option<Ready>,
}

struct Ready {
    command: usize,
    local: bool,
    told: Call,
    fields: Vec<u8>,
    undo: Option<(String, Option<Vec<u8>>)>,
    seal: Seal,
}

/// Seals what an act says for the saga whose command was called.
struct Seal {
    key: SealingKey,
    saga: u64,
    associated: Vec<u8>,
}

impl Seal {
    fn detail(&self, json: &[u8]) -> Detail {
        Detail { sealed: self.key.seal(&self.associated, json), saga: self.saga, kind: Kind::Act }
    }

    fn reason(&self, reason: &str) -> Detail {
        self.detail(serde_json::json!({ "reason": reason }).to_string().as_bytes())
    }
}

/// How a call ended, and the effect that commits with it.
pub(super) struct Performed {
    pub(super) result: CallResult,
    pub(super) effects: Effects,
}

impl Performed {
    fn unknown() -> Self {
        Performed { result: CallResult::Unknown, effects: Effects::none() }
    }

    /// True if calling on in the same batch would only repeat it.
    pub(super) fn came_to_nothing(&self) -> bool {
        matches!(self.result, CallResult::Unknown)
    }
}

impl Runtime {
    /// The data of a call: the act's command and, for an undoing, what the act gave.
    pub(super) fn job(&self, index: usize, call: Calling, work: &Work) -> Result<Job, Error> {
        let unready = Job { index, call, ready: None };
        let Some(act) = work.acts.get(&call.revision) else {
            tracing::error!(step.name = %work.row.key.step, "the command of a call cannot be read any more");
            return Ok(unready);
        };
        let Some(command) = self.department.find(&act.name) else {
            tracing::error!(step.name = %work.row.key.step, "a call is due that this department does not know any more");
            return Ok(unready);
        };
        let id =
            |kind| hex::encode(command_id(work.row.key.effect_key, self.call_step(&work.row.key), kind, call.revision));
        let act_id = id(kind_on_the_bus(Kind::Act));
        let undo = match call.what {
            What::Undo => Some((act_id.clone(), self.output(work, call.revision)?)),
            What::Act | What::Stop => None,
        };
        let own_id = match call.what {
            What::Act | What::Stop => act_id,
            What::Undo => id(kind_on_the_bus(Kind::Compensate)),
        };
        let told = Call {
            id: self.mutate_call_id(own_id, call.times),
            revision: call.revision,
            attempt: act.attempt,
            not_after_ms: act.not_after_ms,
            now_ms: self.clock.now_ms(),
            first: call.times == 1,
        };
        let step = self.step_name(&work.row.key);
        let associated = bus_associated(act.saga, step, kind_on_the_bus(Kind::Act), Direction::Reply);
        let seal = Seal { key: act.sealing.clone(), saga: act.saga, associated };
        let traits = self.department.traits(command);
        let local = match call.what {
            What::Act => traits.local,
            What::Undo => traits.undo_local,
            What::Stop => false,
        };
        let ready = Ready { command, local, told, fields: act.fields.clone(), undo, seal };
        Ok(Job { index, call, ready: Some(ready) })
    }

    /// What the act gave, in clear.
    fn output(&self, work: &Work, revision: u32) -> Result<Option<Vec<u8>>, Error> {
        let Some(detail) = work.record.output(revision) else { return Ok(None) };
        let Some(address) = work.record.address(detail.saga) else { return Ok(None) };
        let key = arrival::unwrap(&address.channel_key_id, &address.wrapped_key, &self.endpoint, &self.keys)?;
        let step = self.step_name(&work.row.key);
        let associated = bus_associated(detail.saga, step, kind_on_the_bus(detail.kind), Direction::Reply);
        let output = key.open(&associated, &detail.sealed).map_err(|source| Error::OwnOutput { source })?;
        Ok(Some(output))
    }

    /// Makes the calls, at most so many at once as the settings say; results come back in the order of the steps.
    pub(super) async fn perform(&self, jobs: Vec<Job>, _now_ms: i64) -> Vec<(Job, Performed)> {
        let running = jobs.into_iter().map(|job| self.perform_one(job));
        let mut ended: Vec<(Job, Performed)> =
            stream::iter(running).buffer_unordered(self.settings.calls_max.max(1)).collect().await;
        ended.sort_by_key(|(job, _)| job.index);
        ended
    }

    async fn perform_one(&self, mut job: Job) -> (Job, Performed) {
        let Some(ready) = job.ready.take() else { return (job, Performed::unknown()) };
        let limit = (!ready.local).then_some(self.settings.call_time_max);
        let Ready { command, told, fields, undo, seal, .. } = ready;
        let served = self.department.served();
        let performed = match (job.call.what, undo) {
            (What::Act, _) => bounded(limit, || served.act(command, fields, told))
                .await
                .map(|(reply, effects)| Performed { result: acted(reply, &seal), effects }),
            (What::Undo, Some((act_id, output))) => {
                let parts = UndoParts { act_id, fields, output };
                bounded(limit, || served.undo(command, parts, told))
                    .await
                    .map(|(undone, effects)| Performed { result: undone_result(undone), effects })
            }
            (What::Undo, None) => Ok(Performed::unknown()),
            (What::Stop, _) => bounded(limit, || served.stop(command, fields, told))
                .await
                .map(|stopped| Performed { result: stopped_result(stopped), effects: Effects::none() }),
        };
        let performed = performed.unwrap_or_else(|unknown| {
            tracing::warn!(cause = unknown.cause(), "a call ended without a result and will be made again");
            Performed::unknown()
        });
        (job, performed)
    }
}

/// Runs a department's function: what takes too long or panics has an unknown outcome.
pub(super) async fn bounded<T, F>(limit: Option<Duration>, start: impl FnOnce() -> F) -> Result<T, Unknown>
where
    F: Future<Output = Result<T, Unknown>>,
{
    let running = AssertUnwindSafe(async move { start().await }).catch_unwind();
    let ended = match limit {
        Some(limit) => tokio::time::timeout(limit, running).await.map_err(|_| Unknown::because("it took too long"))?,
        None => running.await,
    };
    ended.unwrap_or_else(|_| {
        tracing::error!("a department's function panicked");
        Err(Unknown::because("the department's function panicked"))
    })
}

fn acted(reply: Reply<Vec<u8>>, seal: &Seal) -> CallResult {
    CallResult::Acted(match reply {
        Reply::Accepted { number } => Outcome::Accepted { number },
        Reply::Progress { stage } => Outcome::Progress { stage },
        Reply::NeedsCorrection { code, fields, why } => {
            Outcome::NeedsCorrection { code, fields, detail: seal.reason(&why) }
        }
        Reply::Succeeded(output) => Outcome::Succeeded { detail: seal.detail(&output) },
        Reply::Refused { code, reason, offline_route } => {
            Outcome::Refused { code, offline_route, detail: Some(seal.reason(&reason)) }
        }
        Reply::Failed { code, retry } => return failed(code, retry),
    })
}

fn undone_result(undone: Undone) -> CallResult {
    match undone {
        Undone::Done => CallResult::Undone,
        Undone::Failed { code, retry } => failed(code, retry),
    }
}

fn stopped_result(stopped: Stopped) -> CallResult {
    match stopped {
        Stopped::Stopped => CallResult::Stopped,
        Stopped::TooLate => CallResult::TooLate,
        Stopped::Failed { code, retry } => failed(code, retry),
    }
}

fn failed(code: String, retry: Retry) -> CallResult {
    CallResult::Failed { code, retryable: retry == Retry::Later }
}
