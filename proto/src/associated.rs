//! What both ends of the bus must compute alike: a command's id, and the data that a sealed payload is bound to.
//!
//! The orchestrator and the adapter SDK know nothing of each other; what they have to agree on to the byte stands here
//! once. Nothing here is secret and nothing here is personal.

use sm3::{Digest, Sm3};

use crate::bus::CommandKind;

/// Which way a sealed payload travels; part of what it is bound to, so that a command can never pass as its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the orchestrator to a department.
    Command,
    /// From a department back.
    Reply,
}

/// The associated data of a command's or a reply's sealed payload: `saga|step|kind|direction`.
///
/// `saga` is the orchestrator's number of the saga that sent the command. A family's step that answers several sagas
/// seals its reply for each of them under that saga's own key and number.
pub fn bus_associated(saga: u64, step: &str, kind: CommandKind, direction: Direction) -> Vec<u8> {
    let direction = match direction {
        Direction::Command => "command",
        Direction::Reply => "reply",
    };
    let kind = kind_word(kind);
    let mut text = String::with_capacity(24 + step.len() + kind.len() + direction.len());
    text.push_str(&saga.to_string());
    for part in [step, kind, direction] {
        text.push('|');
        text.push_str(part);
    }
    text.into_bytes()
}

/// The associated data of a sealed notice: `endpoint|kind|id` with the id in hexadecimal digits.
pub fn notice_associated(endpoint: &str, kind: &str, id: &[u8; 16]) -> Vec<u8> {
    let mut text = format!("{endpoint}|{kind}|");
    for byte in id {
        for digit in [byte >> 4, byte & 0x0f] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text.into_bytes()
}

/// The id of a command: the first 16 bytes of the SM3 digest of effect key, step, kind and revision.
///
/// The effect key is the case's, or for a family's step the birth group's (protocol, rule 1). Sending again keeps the
/// id; the twins' copies of a family's command share it, and their saga numbers tell them apart.
pub fn command_id(effect_key: [u8; 16], step: &str, kind: CommandKind, revision: u32) -> [u8; 16] {
    let mut digest = Sm3::new();
    digest.update(b"yijian command 1\0");
    digest.update(effect_key);
    // The length goes first so that no two different inputs give the same bytes.
    digest.update((step.len() as u64).to_be_bytes());
    digest.update(step.as_bytes());
    digest.update((kind as i32).to_be_bytes());
    digest.update(revision.to_be_bytes());
    let full = digest.finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&full[..16]);
    id
}

fn kind_word(kind: CommandKind) -> &'static str {
    match kind {
        CommandKind::Unspecified => "unspecified",
        CommandKind::Act => "act",
        CommandKind::Compensate => "compensate",
        CommandKind::Cancel => "cancel",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_commands_identity_changes_its_id() {
        // If two commands shared an id, a department would take one for a repeat of the other and not do it.
        let id = command_id([1; 16], "card", CommandKind::Act, 1);
        assert_eq!(id, command_id([1; 16], "card", CommandKind::Act, 1));
        assert_ne!(id, command_id([2; 16], "card", CommandKind::Act, 1));
        assert_ne!(id, command_id([1; 16], "cards", CommandKind::Act, 1));
        assert_ne!(id, command_id([1; 16], "card", CommandKind::Cancel, 1));
        assert_ne!(id, command_id([1; 16], "card", CommandKind::Act, 2));
    }

    #[test]
    fn a_payload_is_bound_to_saga_step_kind_and_direction() {
        // If this changed, payloads under way during an upgrade could not be opened by the other side.
        let bound = bus_associated(7, "card", CommandKind::Act, Direction::Reply);
        assert_eq!(bound, b"7|card|act|reply");
        let mut id = [0; 16];
        id[0] = 0xab;
        assert_eq!(notice_associated("340000.tax", "Paid", &id), b"340000.tax|Paid|ab000000000000000000000000000000");
    }
}
