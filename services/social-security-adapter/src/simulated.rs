//! A card centre that is not there: new numbers that take their time to arrive, applications, finished cards.

use std::time::Duration;

use adapter::{
    CODE_FIELDS, Reply, Retry, Stopped, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
    simulated::{Books, Desk, Effect, Ended, Error, answer, magic, records},
};
use async_trait::async_trait;
use serde_json::json;

use crate::{
    CardCentre,
    contract::{ApplyCard, ApplyCardOutput, Delivery},
};

/// Where a family goes that is refused: a key of the packs' offline routes.
const OFFLINE_ROUTE: &str = "departments";

/// The register of cards by ID number; an entry is the key of the call that made the card.
const BY_ID_NUMBER: &str = "card-by-id-number";

/// How long a demonstration makes a new ID number wait for the population base: long enough to be seen, short enough
/// to watch. In life it is hours.
pub const REPLICATION_LAG: Duration = Duration::from_secs(2);

/// A simulated card centre.
pub struct SimulatedSocialSecurity {
    desk: Desk,
    replicated_after_ms: i64,
}

impl SimulatedSocialSecurity {
    /// A card centre at this desk, whose population base has every number at once.
    pub fn new(desk: Desk) -> Self {
        Self { desk, replicated_after_ms: 0 }
    }

    /// A new ID number reaches the population base only so long after it was first asked for. Until then HRS-804.
    pub fn replicated_after(mut self, lag: Duration) -> Self {
        self.replicated_after_ms = i64::try_from(lag.as_millis()).unwrap_or(i64::MAX);
        self
    }

    /// Its desk, with ledger and behaviours.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    async fn applied(&self, key: &str, request: &ApplyCard) -> Result<Reply<ApplyCardOutput>, Ended<ApplyCardOutput>> {
        let id_number = request.registration.id_number.as_str();
        let subject = format!("{} {id_number}", request.child.name.as_str());
        let mut sitting = self.desk.sit("ApplyCard", key, &subject, request).await?;
        if sitting.now_ms() < sitting.first_called_ms().await?.saturating_add(self.replicated_after_ms) {
            return sitting.fail("HRS-804", Retry::Later).await;
        }
        let scenario = magic::scenario(request.mother.id_number.as_str());
        if scenario == Some(magic::CARD_REFUSED) || has_card(sitting.books(), id_number).await? {
            return sitting.refuse("HRS-801", HAS_CARD, OFFLINE_ROUTE).await;
        }
        if scenario == Some(magic::CARD_CORRECTION) {
            sitting = sitting.corrected_once("HRS-802", &["child.card.bank"], BANK_NOT_SERVING).await?;
        }
        let mut sitting = sitting.waited(&["制卡"]).await?;
        let number = sitting.books().next("card").await?;
        sitting.books().put(BY_ID_NUMBER, id_number, json!(key)).await?;
        sitting
            .succeed(ApplyCardOutput {
                card: format!("{}{number:07}", &id_number[..2]),
                bank: request.child.card.bank.clone(),
                outlet: outlet(request),
            })
            .await
    }
}

impl SimulatedSocialSecurity {
    async fn corrected(
        &self,
        key: &str,
        request: &CorrectRecord,
    ) -> Result<Reply<CorrectRecordOutput>, Ended<CorrectRecordOutput>> {
        let Some(record) = &request.registration else { return Ok(Reply::failed(CODE_FIELDS, Retry::Never)) };
        let record = record.id_number.as_str();
        let mut sitting = self.desk.sit("CorrectRecord", key, record, request).await?;
        if !has_card(sitting.books(), record).await? {
            return sitting.refuse("HRS-811", NO_RECORD, OFFLINE_ROUTE).await;
        }
        if records::is_frozen(request) {
            return sitting.refuse("HRS-812", FROZEN, OFFLINE_ROUTE).await;
        }
        records::correct(sitting.waited(&[]).await?, record, request).await
    }
}

const NO_RECORD: &str = "未找到该公民身份号码的社会保障卡,请到社会保障卡网点核实。";
const FROZEN: &str = "该社会保障卡的记录已被冻结,暂不能更正,请到社会保障卡网点核实。";

#[async_trait]
impl CardCentre for SimulatedSocialSecurity {
    async fn apply(&self, key: &str, request: &ApplyCard) -> Result<Reply<ApplyCardOutput>, Unknown> {
        answer(self.applied(key, request).await)
    }

    async fn withdraw(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        self.desk.undo("WithdrawCard", act, key).await
    }

    async fn stop(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("ApplyCard", act).await
    }

    async fn correct_record(&self, key: &str, request: &CorrectRecord) -> Result<Reply<CorrectRecordOutput>, Unknown> {
        answer(self.corrected(key, request).await)
    }
}

const HAS_CARD: &str = "该公民身份号码已申领社会保障卡,请携身份证件到社会保障卡网点核实。";
const BANK_NOT_SERVING: &str = "所选服务银行不在本地提供社会保障卡服务,请改选其他银行。";

async fn has_card(books: &mut Books, id_number: &str) -> Result<bool, Error> {
    let Some(entry) = books.get(BY_ID_NUMBER, id_number).await? else { return Ok(false) };
    let effect = books.effect(entry.as_str().unwrap_or_default()).await?;
    Ok(effect.as_ref().is_some_and(Effect::stands))
}

/// Where the family finds the card: a counter of the bank it chose, or its letter box.
fn outlet(request: &ApplyCard) -> String {
    match request.hand_over.as_ref().and_then(|hand_over| hand_over.card) {
        Some(Delivery::Mail) => "邮寄".to_owned(),
        Some(Delivery::Collect) | None => format!("服务银行{}社会保障卡网点", request.child.card.bank),
    }
}
