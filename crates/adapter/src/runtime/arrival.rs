//! What comes from the bus, parsed at the edge: a command whose every part is checked and whose fields are open, or the
//! reason why it is none.

use bus::{Received, header};
use prost::Message as _;
use proto::{
    associated::{Direction, bus_associated, command_id},
    bus::{Command, CommandKind},
};
use vault::{ChannelKeys, SealingKey};

use super::Error;
use crate::{
    inbox::StepKey,
    record::{Address, Ask, Incoming, Kind},
    settings::{GROUP_SIZE_MAX, REVISION_MAX, STEP_NAME_BYTES_MAX},
};

/// A command that can be worked on.
pub(super) struct Arrival {
    pub(super) key: StepKey,
    pub(super) incoming: Incoming,
    pub(super) command: ActCommand,
}

/// A command with its data: what a call needs to know of it.
pub(super) struct ActCommand {
    pub(super) saga: u64,
    pub(super) name: String,
    pub(super) attempt: u32,
    pub(super) not_after_ms: i64,
    /// The fields in clear, as JSON; in memory only.
    pub(super) fields: Vec<u8>,
    pub(super) sealing: SealingKey,
    /// The command as it came, to be kept.
    pub(super) encoded: Vec<u8>,
}

/// What became of a received message.
pub(super) enum Parsed {
    Command(Box<Arrival>),
    /// It cannot be read, for this reason.
    DeadLetter(&'static str),
}

/// The word for a kind on the bus.
pub(super) fn kind_on_the_bus(kind: Kind) -> CommandKind {
    match kind {
        Kind::Act => CommandKind::Act,
        Kind::Compensate => CommandKind::Compensate,
        Kind::Cancel => CommandKind::Cancel,
    }
}

fn kind_from_the_bus(kind: i32) -> Option<Kind> {
    match CommandKind::try_from(kind).ok()? {
        CommandKind::Unspecified => None,
        CommandKind::Act => Some(Kind::Act),
        CommandKind::Compensate => Some(Kind::Compensate),
        CommandKind::Cancel => Some(Kind::Cancel),
    }
}

/// Reads one message. A wrong channel key is an error, not a dead letter: every message would be one.
pub(super) fn parse(received: &Received, endpoint: &str, keys: &ChannelKeys) -> Result<Parsed, Error> {
    let Ok(command) = Command::decode(received.message.payload.clone()) else {
        return Ok(Parsed::DeadLetter("not a command"));
    };
    let (effect_key, kind) = match check(&command) {
        Ok(checked) => checked,
        Err(reason) => return Ok(Parsed::DeadLetter(reason)),
    };
    let sealing = unwrap(&command.channel_key_id, &command.wrapped_key, endpoint, keys)?;
    let Some(fields) = open_fields(&command, kind, &sealing) else {
        return Ok(Parsed::DeadLetter("its fields do not open"));
    };
    let traceparent = header::find(&received.message.headers, header::TRACEPARENT);
    let address = Address {
        wrapped_key: command.wrapped_key.to_vec(),
        channel_key_id: command.channel_key_id,
        reply_topic: command.reply_topic,
        traceparent: traceparent.map(|value| value.to_vec()).unwrap_or_default(),
    };
    let incoming = Incoming {
        ask: Ask { saga: command.saga, kind, revision: command.revision },
        command: command.name.clone(),
        family: command.family,
        group_size: command.group_size.max(1),
        not_after_ms: command.not_after_ms,
        address,
    };
    let key = StepKey { effect_key, step: command.step.into() };
    let command = ActCommand {
        saga: command.saga,
        name: command.name,
        attempt: command.attempt,
        not_after_ms: command.not_after_ms,
        fields,
        sealing,
        encoded: received.message.payload.to_vec(),
    };
    Ok(Parsed::Command(Box::new(Arrival { key, incoming, command })))
}

/// Reads a command that was kept. `None` if it is damaged.
pub(super) fn parse_kept(encoded: Vec<u8>, endpoint: &str, keys: &ChannelKeys) -> Result<Option<ActCommand>, Error> {
    let Ok(command) = Command::decode(&encoded[..]) else { return Ok(None) };
    let sealing = unwrap(&command.channel_key_id, &command.wrapped_key, endpoint, keys)?;
    let Some(fields) = open_fields(&command, Kind::Act, &sealing) else { return Ok(None) };
    Ok(Some(ActCommand {
        saga: command.saga,
        name: command.name,
        attempt: command.attempt,
        not_after_ms: command.not_after_ms,
        fields,
        sealing,
        encoded,
    }))
}

/// The key of (case, endpoint) out of its wrapping.
pub(super) fn unwrap(id: &str, wrapped: &[u8], endpoint: &str, keys: &ChannelKeys) -> Result<SealingKey, Error> {
    let wrong = || Error::ChannelKey { id: id.chars().take(64).collect() };
    let channel = keys.get(id).filter(|key| key.endpoint() == endpoint).ok_or_else(wrong)?;
    channel.unwrap(wrapped).map_err(|_| wrong())
}

fn check(command: &Command) -> Result<([u8; 16], Kind), &'static str> {
    let effect_key: [u8; 16] = command.effect_key[..].try_into().map_err(|_| "its effect key is not 16 bytes")?;
    let kind = kind_from_the_bus(command.kind).ok_or("its kind is unknown")?;
    if command.step.is_empty() || command.step.len() > STEP_NAME_BYTES_MAX {
        return Err("its step has no name or too long a one");
    }
    if !(1..=REVISION_MAX).contains(&command.revision) {
        return Err("its revision is out of range");
    }
    if command.group_size > GROUP_SIZE_MAX {
        return Err("its group is too large");
    }
    if bus::topic::check(&command.reply_topic).is_err() {
        return Err("its reply topic is no topic");
    }
    let id = command_id(effect_key, &command.step, kind_on_the_bus(kind), command.revision);
    if command.id[..] != id {
        return Err("its id does not follow from its effect key, step, kind and revision");
    }
    Ok((effect_key, kind))
}

/// An act always carries fields; a compensation or a cancel may carry none.
fn open_fields(command: &Command, kind: Kind, sealing: &SealingKey) -> Option<Vec<u8>> {
    if command.sealed_fields.is_empty() {
        return (kind != Kind::Act).then(|| b"{}".to_vec());
    }
    let associated = bus_associated(command.saga, &command.step, kind_on_the_bus(kind), Direction::Command);
    sealing.open(&associated, &command.sealed_fields).ok()
}
