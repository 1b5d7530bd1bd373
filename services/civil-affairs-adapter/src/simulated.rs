//! Civil affairs that do not exist: every mother is married, to whom the register says, or to the husband that
//! [`magic::spouse_of`] derives. What can be made otherwise: `README.md`.

use adapter::{
    Reply, Unknown,
    simulated::{Desk, Ended, Error, answer, magic},
};
use async_trait::async_trait;
use identifiers::{CitizenId, ELicenceId, PersonName};

use crate::{
    MarriageRegister,
    contract::{QueryMarriage, QueryMarriageLicence, QueryMarriageLicenceOutput, QueryMarriageOutput},
};

/// Marriages registered by hand, by the wife's number.
const MARRIAGES: &str = "marriage";

/// The type of marriage licences, as printed on published samples.
const LICENCE_TYPE: &str = "11100000000013338W009";

/// The simulated marriage register and licence store.
pub struct SimulatedCivilAffairs {
    desk: Desk,
}

impl SimulatedCivilAffairs {
    /// The register at this desk.
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// The desk: its ledger, and how its commands are treated.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Registers a marriage; it is the answer for this wife from now on.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub async fn register_marriage(
        &self,
        wife: &CitizenId,
        husband: &CitizenId,
        husband_name: &PersonName,
    ) -> Result<(), Error> {
        let marriage = QueryMarriageOutput {
            found: true,
            spouse_id_number: Some(husband.clone()),
            spouse_name: Some(husband_name.clone()),
        };
        self.desk.ledger().put(MARRIAGES, wife.as_str(), serde_json::to_value(marriage)?).await
    }

    async fn marriage(
        &self,
        key: &str,
        request: &QueryMarriage,
    ) -> Result<Reply<QueryMarriageOutput>, Ended<QueryMarriageOutput>> {
        self.desk.ask("QueryMarriage", key).await?;
        let wife = &request.mother.id_number;
        if let Some(marriage) = self.desk.ledger().get(MARRIAGES, wife.as_str()).await? {
            return Ok(Reply::succeeded(serde_json::from_value(marriage)?));
        }
        if matches!(magic::scenario(wife.as_str()), Some(magic::NOT_MARRIED | magic::SEVERAL)) {
            return Ok(Reply::succeeded(QueryMarriageOutput::default()));
        }
        let spouse_id_number = Some(magic::spouse_of(wife));
        Ok(Reply::succeeded(QueryMarriageOutput { found: true, spouse_id_number, spouse_name: None }))
    }

    async fn licence(
        &self,
        key: &str,
        request: &QueryMarriageLicence,
    ) -> Result<Reply<QueryMarriageLicenceOutput>, Ended<QueryMarriageLicenceOutput>> {
        self.desk.ask("QueryMarriageLicence", key).await?;
        let wife = &request.mother.id_number;
        if matches!(magic::scenario(wife.as_str()), Some(magic::LICENCE_NOT_CLAIMED | magic::SEVERAL)) {
            return Ok(Reply::succeeded(QueryMarriageLicenceOutput::default()));
        }
        Ok(Reply::succeeded(QueryMarriageLicenceOutput { claimed: true, licence: Some(licence(wife)) }))
    }
}

#[async_trait]
impl MarriageRegister for SimulatedCivilAffairs {
    async fn find_marriage(&self, key: &str, request: &QueryMarriage) -> Result<Reply<QueryMarriageOutput>, Unknown> {
        answer(self.marriage(key, request).await)
    }

    async fn find_licence(
        &self,
        key: &str,
        request: &QueryMarriageLicence,
    ) -> Result<Reply<QueryMarriageLicenceOutput>, Unknown> {
        answer(self.licence(key, request).await)
    }
}

/// The identifier of her licence, with the check character that makes it valid.
fn licence(wife: &CitizenId) -> String {
    let body = format!("1.2.156.3005.2.{LICENCE_TYPE}.{}.J{}.001", wife.area(), wife.as_str());
    let valid = |check: &char| ELicenceId::parse(&format!("{body}.{check}")).is_ok();
    let check = ('0'..='9').chain('A'..='Z').find(valid).expect("one of 36 check characters is right");
    format!("{body}.{check}")
}
