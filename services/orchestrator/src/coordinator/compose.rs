//! From an ordered command to the message that goes out: fields from the opened facts, sealed once.
//!
//! The pending row keeps the message, so that sending again is publishing again.

use std::sync::Arc;

use policy::facts::Missing;
use prost::Message;
use proto::{
    associated::{Direction, bus_associated, command_id},
    bus as wire,
};
use saga::{
    Definition, MessageIndex, StepIndex,
    definition::{Performer, Scope},
    event::Command,
};
use serde_json::{Value, json};

use super::{
    application::{Application, Error as SealError, endpoint},
    working::{Cached, MESSENGER},
};

/// Milliseconds after which a message to a family must not be sent any more: a day-old text about a step that has moved
/// on confuses more than it tells.
const MESSAGE_NOT_AFTER_MS: i64 = 86_400_000;

/// Before the number of a message, where a command names its step.
const MESSAGE_STEP: &str = "message/";

/// A message is composed once and never revised.
pub(crate) const MESSAGE_REVISION: u32 = 1;

/// The command of the department that sends messages.
const SEND_MESSAGE: &str = "SendMessage";

/// Why a command cannot be composed: the definition and the facts do not fit. The saga is quarantined.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The definition asks for what is not there.
    #[error("compose the fields of step {step}")]
    Missing {
        /// Of which step.
        step: String,
        /// What is missing: paths, never values.
        #[source]
        source: Missing,
    },
    /// A key is missing or does not open.
    #[error("seal the fields of step {step}")]
    Seal {
        /// Of which step.
        step: String,
        /// Why.
        #[source]
        source: SealError,
    },
    /// The step is no department's.
    #[error("step {step} cannot be sent: {why}")]
    Definition {
        /// Which step.
        step: String,
        /// Why.
        why: &'static str,
    },
}

/// One command to compose.
pub(crate) struct Ordered<'a> {
    pub(crate) number: u64,
    pub(crate) cached: &'a Cached,
    pub(crate) step: StepIndex,
    pub(crate) command: Command,
    pub(crate) revision: u32,
    pub(crate) reply_topic: &'a str,
}

/// One message to compose.
pub(crate) struct Letter<'a> {
    pub(crate) number: u64,
    pub(crate) cached: &'a Cached,
    pub(crate) place: MessageIndex,
    /// `Act` sends it, `Cancel` calls it back.
    pub(crate) kind: wire::CommandKind,
    pub(crate) fields: &'a Value,
    pub(crate) now: i64,
    pub(crate) reply_topic: &'a str,
}

/// The encoded `yijian.bus.v1.Command`.
pub(crate) fn compose(
    ordered: &Ordered<'_>,
    application: &mut Application,
    channels: &vault::ChannelKeys,
) -> Result<Vec<u8>, Error> {
    let is = ordered.cached.definition.step(ordered.step);
    let name = || is.name.to_string();
    let Performer::Department { department, command } = &is.performer else {
        return Err(Error::Definition { step: name(), why: "it is not a department's" });
    };
    let fields = match ordered.command {
        Command::Act => fields_of(ordered, is)?,
        // What is undone or cancelled was composed with the act; a department that never saw it has nothing to undo.
        Command::Compensate | Command::Cancel => json!({}),
    };
    let at = endpoint(area_of(&ordered.cached.facts), department);
    let key = application.endpoint(channels, &at).map_err(|source| Error::Seal { step: name(), source })?;
    let kind = kind_of(ordered.command);
    let bound = bus_associated(ordered.number, &is.name, kind, Direction::Command);
    let effect_key = effect_key(&ordered.cached.definition, ordered.step, ordered.cached);
    let family = is.scope == Scope::Family;
    let message = wire::Command {
        id: command_id(effect_key, &is.name, kind, ordered.revision).to_vec().into(),
        saga: ordered.number,
        effect_key: effect_key.to_vec().into(),
        group_size: if family { u32::from(ordered.cached.saga.group_size) } else { 1 },
        family,
        step: name(),
        kind: kind.into(),
        revision: ordered.revision,
        name: command.to_string(),
        compensation: is.compensation.as_ref().map(|undo| undo.command.to_string()).unwrap_or_default(),
        wrapped_key: key.wrapped.clone().into(),
        channel_key_id: key.channel.clone(),
        sealed_fields: key.key.seal(&bound, fields.to_string().as_bytes()).into(),
        not_after_ms: 0,
        attempt: 0,
        reply_topic: ordered.reply_topic.to_owned(),
    };
    Ok(message.encode_to_vec())
}

/// The step under which a message of the saga travels.
pub(crate) fn message_step(message: MessageIndex) -> String {
    format!("{MESSAGE_STEP}{message}")
}

/// The message that a step on the wire means.
pub(crate) fn message_of(step: &str) -> Option<MessageIndex> {
    step.strip_prefix(MESSAGE_STEP)?.parse().ok()
}

/// A message to a person, as an encoded `yijian.bus.v1.Command` to the department that sends messages.
pub(crate) fn compose_message(
    letter: &Letter<'_>,
    application: &mut Application,
    channels: &vault::ChannelKeys,
) -> Result<Vec<u8>, SealError> {
    let Letter { number, cached, place, kind, fields, now, reply_topic } = *letter;
    let step = message_step(place);
    let key = application.endpoint(channels, &endpoint(area_of(&cached.facts), MESSENGER))?;
    let bound = bus_associated(number, &step, kind, Direction::Command);
    let effect_key = cached.summary.case;
    let message = wire::Command {
        id: command_id(effect_key, &step, kind, MESSAGE_REVISION).to_vec().into(),
        saga: number,
        effect_key: effect_key.to_vec().into(),
        group_size: 1,
        family: false,
        step,
        kind: kind.into(),
        revision: MESSAGE_REVISION,
        name: SEND_MESSAGE.to_owned(),
        compensation: String::new(),
        wrapped_key: key.wrapped.clone().into(),
        channel_key_id: key.channel.clone(),
        sealed_fields: key.key.seal(&bound, fields.to_string().as_bytes()).into(),
        not_after_ms: now + MESSAGE_NOT_AFTER_MS,
        attempt: 0,
        reply_topic: reply_topic.to_owned(),
    };
    Ok(message.encode_to_vec())
}

fn fields_of(ordered: &Ordered<'_>, is: &saga::Step) -> Result<Value, Error> {
    let missing = |source| Error::Missing { step: is.name.to_string(), source };
    policy::facts::compose(&is.send, &ordered.cached.facts).map_err(missing)
}

/// Whose effect a step's is: the case's, or the birth group's.
pub(crate) fn effect_key(definition: &Definition, step: StepIndex, cached: &Cached) -> [u8; 16] {
    match definition.step(step).scope {
        Scope::Child => cached.summary.case,
        Scope::Family => cached.summary.application,
    }
}

/// The area where the application was filed.
pub(crate) fn area_of(facts: &Value) -> &str {
    policy::facts::text(facts, "application.area").unwrap_or("000000")
}

/// The command on the wire.
pub(crate) fn kind_of(command: Command) -> wire::CommandKind {
    match command {
        Command::Act => wire::CommandKind::Act,
        Command::Compensate => wire::CommandKind::Compensate,
        Command::Cancel => wire::CommandKind::Cancel,
    }
}

/// The command from the wire.
pub(crate) fn command_of(kind: wire::CommandKind) -> Option<Command> {
    match kind {
        wire::CommandKind::Act => Some(Command::Act),
        wire::CommandKind::Compensate => Some(Command::Compensate),
        wire::CommandKind::Cancel => Some(Command::Cancel),
        wire::CommandKind::Unspecified => None,
    }
}

/// The outcome from the wire; `None` where it says nothing that this program knows.
pub(crate) fn outcome_of(outcome: Option<wire::reply::Outcome>) -> Option<saga::Outcome> {
    use wire::reply::Outcome as Said;
    let reason = |code: String, route: String| saga::Reason { code: code.into(), offline_route: route.into() };
    Some(match outcome? {
        Said::Accepted(said) => saga::Outcome::Accepted { department_case: said.department_case.into() },
        Said::Progress(said) => saga::Outcome::Progress { stage: said.stage.into() },
        Said::NeedsCorrection(said) => saga::Outcome::NeedsCorrection {
            fields: said.fields.into_iter().map(Arc::from).collect(),
            reason: reason(said.code, String::new()),
        },
        Said::Succeeded(_) => saga::Outcome::Succeeded,
        Said::Refused(said) => saga::Outcome::Refused { reason: reason(said.code, said.offline_route) },
        Said::Compensated(_) => saga::Outcome::Compensated,
        Said::Cancelled(_) => saga::Outcome::Cancelled,
        Said::Failed(said) => saga::Outcome::Failed { code: said.code.into(), retryable: said.retryable },
    })
}
