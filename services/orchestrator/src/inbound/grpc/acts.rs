//! Hands orders to the coordinator and says what became of them; keeps refused acts where an operator finds them.

use saga::{Answer, StepIndex};
use serde_json::Value;

use super::{
    Api,
    status::{Missing, Refusal},
};
use crate::{
    coordinator::work::{Clear, Done, Order, Work},
    store::{Act, DeadLetter, SagaNumber},
};

/// Whether an order changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ordered {
    /// It did.
    Taken,
    /// It had been said before.
    Repeated,
}

impl Api {
    /// Whether this very act is recorded; refuses a key that belongs to another.
    pub(crate) async fn known_act(&self, act: &Act) -> Result<bool, Refusal> {
        match self.parts.store.find_act(act.key).await? {
            Some(what) if what == act.what => Ok(true),
            Some(_) => Err(Refusal::KeyTaken),
            None => Ok(false),
        }
    }

    /// Tells these sagas, all in one transaction. What one of several sagas takes counts for all: a twin whose case has
    /// ended does not keep its sibling's from being withdrawn.
    pub(crate) async fn order(&self, order: Order) -> Result<Ordered, Refusal> {
        match self.parts.handle.ask(Work::Order(Box::new(order))).await? {
            Done::Answered(answers) => answered(&answers),
            Done::ActRepeated => Ok(Ordered::Repeated),
            Done::KeyTaken => Err(Refusal::KeyTaken),
            Done::Unknown => Err(Refusal::NotFound(Missing::Case)),
            Done::Quarantined => Err(Refusal::Quarantined),
            Done::Filed { .. } | Done::ChildLive { .. } | Done::Followed { .. } | Done::NoProcedure | Done::Buried => {
                Err(Refusal::Internal("an order was answered as something else".into()))
            }
        }
    }

    /// Keeps a refused act with the dead letters and gives the refusal back. Its content is not kept: it is the
    /// platform's, and there is nothing to send again.
    pub(crate) async fn bury(
        &self,
        saga: SagaNumber,
        step: &str,
        size: usize,
        refusal: Refusal,
    ) -> Result<Refusal, Refusal> {
        let letter = DeadLetter {
            id: 0,
            at: self.parts.clock.now_ms(),
            topic: "grpc".to_owned(),
            code: refusal.code().to_owned(),
            what: "一项操作未被接受 / an act was refused".to_owned(),
            saga,
            step: step.to_owned(),
            size: size as u64,
            sealed: Vec::new(),
        };
        self.parts.store.bury(&[letter]).await?;
        tracing::warn!(
            saga.id = saga,
            step.name = step,
            error.code = refusal.code(),
            "答复未被接受 / an answer was refused"
        );
        Ok(refusal)
    }
}

fn answered(answers: &[Answer]) -> Result<Ordered, Refusal> {
    if answers.contains(&Answer::Taken) {
        return Ok(Ordered::Taken);
    }
    if answers.contains(&Answer::Repeated) {
        return Ok(Ordered::Repeated);
    }
    match answers.first() {
        Some(Answer::Refused(objection)) => Err((*objection).into()),
        Some(Answer::Taken | Answer::Repeated) | None => Err(Refusal::NotFound(Missing::Case)),
    }
}

/// Corrected form data that come with an answer.
pub(crate) fn corrected(step: StepIndex, value: Value) -> Clear {
    Clear { step, correction: true, value }
}

/// What an operator states that a step gave.
pub(crate) fn stated(step: StepIndex, value: Value) -> Clear {
    Clear { step, correction: false, value }
}

#[cfg(test)]
mod tests {
    use saga::Objection;

    use super::*;

    /// One twin's finished case would otherwise keep the family from withdrawing the other's.
    #[test]
    fn what_one_saga_takes_counts_for_all() {
        let ended = Answer::Refused(Objection::Ended);
        assert_eq!(answered(&[ended.clone(), Answer::Taken]).expect("taken"), Ordered::Taken);
        assert_eq!(answered(&[ended.clone(), Answer::Repeated]).expect("said"), Ordered::Repeated);
        assert!(matches!(answered(&[ended.clone(), ended]), Err(Refusal::Objection(Objection::Ended))));
    }
}
