//! What a broken orchestrator does in a world: one rule of the protocol at a time, for the mutations.

use orchestrator::{
    outbound::Outgoing,
    store::{Due, Store},
};
use proto::bus as wire;
use rand::Rng;
use saga::StepIndex;

use super::{MINUTE, World};
use crate::Mutation;

impl World {
    /// The answers that a broken orchestrator gives itself.
    pub(super) fn forged(&self, command: &wire::Command) -> Option<wire::Reply> {
        let cancels = command.kind() == wire::CommandKind::Cancel;
        let forges = match self.mutation {
            Some(Mutation::CompensationWhileThePivotIsOut) => cancels && command.step == "registration",
            Some(Mutation::InDoubtTakenAsNotDone) => cancels && command.step != "registration",
            _ => false,
        };
        forges.then(|| wire::Reply {
            command_id: command.id.clone(),
            saga: command.saga,
            effect_key: command.effect_key.clone(),
            step: command.step.clone(),
            kind: command.kind,
            revision: command.revision,
            number: 1,
            endpoint: format!("990000.{}", self.department_of(&command.step)),
            outcome: Some(wire::reply::Outcome::Cancelled(wire::Cancelled {})),
            sealed: Default::default(),
        })
    }

    fn department_of(&self, step: &str) -> String {
        let index = self.pack.definition.find(step).expect("a step of the proving saga");
        self.pack.definition.step(index).department().map(|name| name.to_string()).unwrap_or_default()
    }

    /// A reply as a broken orchestrator reads it; `None` where it loses it.
    pub(super) async fn misread(&mut self, mut reply: wire::Reply) -> Option<wire::Reply> {
        let Some(mutation) = self.mutation else { return Some(reply) };
        let saga = self.saga(reply.saga).await;
        let Some(step) = self.pack.definition.find(&reply.step) else { return Some(reply) };
        match mutation {
            // Acknowledged, and dead before the commit. Nobody asks again either.
            Mutation::AcknowledgingBeforeCommit if self.lots.random_bool(0.1) => return None,
            Mutation::OldRevisionCounts if saga.run(step).revision != reply.revision => {
                reply.revision = saga.run(step).revision;
                reply.number += 1;
            }
            Mutation::FailedCompensationTakenAsDone
                if reply.kind() == wire::CommandKind::Compensate
                    && matches!(reply.outcome, Some(wire::reply::Outcome::Failed(_))) =>
            {
                reply.number = 1;
                reply.outcome = Some(wire::reply::Outcome::Compensated(wire::Compensated {}));
            }
            _ => {}
        }
        Some(reply)
    }

    /// The due rows that a broken orchestrator still looks at.
    pub(super) async fn overlook(&mut self, due: Vec<Due>, now: i64) -> Vec<Due> {
        let mut kept = Vec::new();
        for row in due {
            let step = (row.number, row.row.key.step);
            if self.is_silenced(&row).await {
                self.store.make_due(&[step], i64::MAX).await.expect("the store answers");
            } else if self.mutation == Some(Mutation::SendingWhileFrozen) && self.send_frozen(&row).await {
                self.store.make_due(&[step], now + 15 * MINUTE).await.expect("the store answers");
            } else {
                kept.push(row);
            }
        }
        kept
    }

    async fn is_silenced(&self, row: &Due) -> bool {
        let command = row.row.message.is_some();
        match self.mutation {
            Some(Mutation::NoResend | Mutation::AcknowledgingBeforeCommit) => command,
            Some(Mutation::NoAskingAfterAccepted) if command => {
                let saga = self.saga(row.number).await;
                saga.run(StepIndex(row.row.key.step)).out.as_ref().is_some_and(|out| out.accepted.is_some())
            }
            _ => false,
        }
    }

    /// Sends the command of a frozen saga's row, as a program would that does not know of freezing.
    async fn send_frozen(&mut self, row: &Due) -> bool {
        let (Some(message), step) = (row.row.message.clone(), StepIndex(row.row.key.step)) else { return false };
        if self.saga(row.number).await.frozen_since.is_none() {
            return false;
        }
        self.send(Outgoing {
            number: row.number,
            step: Some(step),
            area: "990101".into(),
            department: row.row.whom.clone(),
            case: [0; 16],
            id: [0; 16],
            attempt: row.row.attempts + 1,
            payload: message.into(),
        })
        .await;
        true
    }
}
