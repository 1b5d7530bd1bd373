//! The social security card centre (人社): a card for the child.
//!
//! How the centre's system is reached is a [`CardCentre`]; by default a [simulated](simulated) one. The contract in
//! words, with codes and times: `README.md`.

pub mod contract;

mod centre;

pub mod simulated;

use std::sync::Arc;

use adapter::{
    Adapter, Call, Department, Reply, Stopped, Undo, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
};

pub use crate::centre::CardCentre;
use crate::contract::{ApplyCard, ApplyCardOutput};

type System = Arc<dyn CardCentre>;

/// 人社: 社会保障卡.
pub fn adapter(centre: System) -> Department {
    Adapter::for_department("social-security")
        .remote("ApplyCard", apply_for_card)
        .undone_by("WithdrawCard", withdraw_card)
        .stopped_by(stop_application)
        .remote("CorrectRecord", correct_record)
        .serving(centre)
}

/// 社会保障卡申领, 皖 附件2 二.4. The answer comes when the card can be collected, days later.
async fn apply_for_card(centre: &System, request: ApplyCard, call: Call) -> Result<Reply<ApplyCardOutput>, Unknown> {
    centre.apply(call.id(), &request).await
}

async fn withdraw_card(centre: &System, undo: Undo<ApplyCard, ApplyCardOutput>, call: Call) -> Result<Undone, Unknown> {
    centre.withdraw(&undo.act_id, call.id()).await
}

async fn stop_application(centre: &System, _: ApplyCard, call: Call) -> Result<Stopped, Unknown> {
    centre.stop(call.id()).await
}

/// 更正: the holder of a card.
async fn correct_record(
    centre: &System,
    request: CorrectRecord,
    call: Call,
) -> Result<Reply<CorrectRecordOutput>, Unknown> {
    centre.correct_record(call.id(), &request).await
}
