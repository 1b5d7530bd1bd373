//! A health department that does not exist: it knows a delivery of every mother, and issues certificates from its own
//! ledger. What it can be made to refuse: `README.md`.

use adapter::{
    CODE_FIELDS, Reply, Retry, Stopped, Undone, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
    simulated::{Books, Desk, Effect, Ended, Error, answer, magic, records},
};
use async_trait::async_trait;
use identifiers::{AreaCode, CertificateNumber, CitizenId, ELicenceId, LocalMinute};
use jiff::{Timestamp, civil::Date};
use serde_json::json;

use crate::{
    DeliveryRegister,
    contract::{
        BirthPlace, HandOverCertificate, HandOverCertificateOutput, IssueBirthCertificate, IssueBirthCertificateOutput,
        QueryDelivery, QueryDeliveryOutput, RegisterGuidance, RegisterGuidanceOutput, Way,
    },
};

/// Registers: deliveries entered by hand, by mother; certificates, by child, with the call that issued each.
const DELIVERIES: &str = "delivery";
const CERTIFICATES: &str = "certificate";
/// Certificates by number, with the call that issued each.
const BY_NUMBER: &str = "certificate-by-number";

/// The letter before the nine digits; nothing may be concluded from it.
const SERIES: &str = "X";

/// Certificates of one province and series: seven digits.
const SERIAL_MAX: u64 = 9_999_999;

/// The licence type of birth certificates is not published; this one says that it is simulated.
const LICENCE_TYPE: &str = "11100000SIMULATED0002";

/// The simulated health department of one area.
pub struct SimulatedHealth {
    desk: Desk,
    area: AreaCode,
}

impl SimulatedHealth {
    /// The health department of this area at this desk.
    pub fn new(desk: Desk, area: AreaCode) -> Self {
        Self { desk, area }
    }

    /// The desk: its ledger, and how its commands are treated.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Enters a delivery as a facility does; it is the answer for this mother from now on.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub async fn enter_delivery(
        &self,
        mother: &CitizenId,
        delivery: &QueryDeliveryOutput,
    ) -> Result<(), adapter::simulated::Error> {
        let value = serde_json::to_value(delivery)?;
        self.desk.ledger().put(DELIVERIES, mother.as_str(), value).await
    }

    fn today(&self) -> Date {
        date_of(self.desk.now_ms())
    }

    async fn deliver(
        &self,
        key: &str,
        request: &QueryDelivery,
    ) -> Result<Reply<QueryDeliveryOutput>, Ended<QueryDeliveryOutput>> {
        self.desk.ask("QueryDelivery", key).await?;
        let mother = &request.mother.id_number;
        if let Some(entered) = self.desk.ledger().get(DELIVERIES, mother.as_str()).await? {
            return Ok(Reply::succeeded(serde_json::from_value(entered)?));
        }
        let scenario = magic::scenario(mother.as_str());
        if scenario == Some(magic::NO_DELIVERY) {
            return Ok(Reply::succeeded(QueryDeliveryOutput::default()));
        }
        let too_late = matches!(scenario, Some(magic::TOO_LATE | magic::SEVERAL));
        Ok(Reply::succeeded(QueryDeliveryOutput {
            found: true,
            live_birth: Some(true),
            in_province: Some(true),
            place: Some(BirthPlace::Facility),
            mother_id_number: Some(mother.clone()),
            within_window: Some(!too_late),
            collected_offline: Some(false),
            record: Some(format!("FM{}{}", self.area.as_str(), mother.as_str())),
            facility_code: Some(format!("H{}00001", self.area.as_str())),
            delivered_on: Some(self.today()),
            children: Vec::new(),
        }))
    }

    async fn certify(
        &self,
        key: &str,
        request: &IssueBirthCertificate,
    ) -> Result<Reply<IssueBirthCertificateOutput>, Ended<IssueBirthCertificateOutput>> {
        let child = child_of(request);
        let sitting = self.desk.sit("IssueBirthCertificate", key, &child, request).await?;
        let mut sitting = sitting.waited(&[]).await?;
        match magic::scenario(request.mother.id_number.as_str()) {
            Some(magic::CERTIFICATE_CORRECTION) => {
                let why = "出生体重与分娩记录不一致,请核对。";
                sitting = sitting.corrected_once("HLT-401", &["child.weight_g"], why).await?;
            }
            Some(magic::CERTIFICATE_REFUSED) => {
                let reason = "出生超过一个月首次申领,须先提供亲子鉴定证明。";
                return sitting.refuse("HLT-403", reason, "facility").await;
            }
            Some(_) | None => {}
        }
        // HLT-405: the medical fact is attested once. Another application for the same child gets what stands.
        if let Some(issued) = sitting.books().get(CERTIFICATES, &child).await? {
            let standing = sitting.books().effect(issued.as_str().unwrap_or_default()).await?;
            if let Some(standing) = standing.filter(Effect::stands) {
                return sitting.stands_already(&standing).await;
            }
        }
        let serial = sitting.books().next("certificate-number").await?;
        if serial > SERIAL_MAX {
            return sitting.fail("HLT-404", adapter::Retry::Never).await;
        }
        let number = format!("{SERIES}{}{serial:07}", self.area.province());
        let number = CertificateNumber::parse(&number).expect("a letter, two digits of province, seven of serial");
        sitting.books().put(CERTIFICATES, &child, json!(key)).await?;
        sitting.books().put(BY_NUMBER, number.as_str(), json!(key)).await?;
        let output = IssueBirthCertificateOutput {
            issued_on: date_of(sitting.now_ms()),
            issuer: request.child.facility_name.clone(),
            licence: licence(&self.area, number.as_str()),
            number,
        };
        sitting.succeed(output).await
    }

    async fn hand(
        &self,
        key: &str,
        request: &HandOverCertificate,
    ) -> Result<Reply<HandOverCertificateOutput>, Ended<HandOverCertificateOutput>> {
        let certificate = request.certificate.number.as_str();
        let sitting = self.desk.sit("HandOverCertificate", key, certificate, request).await?;
        let mut sitting = sitting.waited(&[]).await?;
        let handed_over_on = date_of(sitting.now_ms());
        let tracking_number = match request.hand_over.certificate {
            Way::Mail => Some(format!("EMS{:010}CN", sitting.books().next("tracking-number").await?)),
            Way::Collect => None,
        };
        sitting.succeed(HandOverCertificateOutput { handed_over_on, tracking_number }).await
    }

    async fn guide(
        &self,
        key: &str,
        request: &RegisterGuidance,
    ) -> Result<Reply<RegisterGuidanceOutput>, Ended<RegisterGuidanceOutput>> {
        let child = format!("{} {}", request.child.name.as_str(), request.mother.phone.as_str());
        let sitting = self.desk.sit("RegisterGuidance", key, &child, request).await?;
        let mut sitting = sitting.waited(&[]).await?;
        let number = sitting.books().next("guidance-number").await?;
        let registration_number = format!("YE{}{number:08}", self.area.as_str());
        sitting.succeed(RegisterGuidanceOutput { registration_number }).await
    }
}

impl SimulatedHealth {
    async fn corrected(
        &self,
        key: &str,
        request: &CorrectRecord,
    ) -> Result<Reply<CorrectRecordOutput>, Ended<CorrectRecordOutput>> {
        let Some(record) = &request.certificate else { return Ok(Reply::failed(CODE_FIELDS, Retry::Never)) };
        let record = record.number.as_str();
        let mut sitting = self.desk.sit("CorrectRecord", key, record, request).await?;
        if !is_issued(sitting.books(), record).await? {
            return sitting.refuse("HLT-411", NO_RECORD, "facility").await;
        }
        if records::is_frozen(request) {
            return sitting.refuse("HLT-412", FROZEN, "facility").await;
        }
        records::correct(sitting.waited(&[]).await?, record, request).await
    }
}

const NO_RECORD: &str = "未找到该出生医学证明,请到签证机构核实。";
const FROZEN: &str = "该出生医学证明的记录已被冻结,暂不能更正,请到签证机构核实。";

#[async_trait]
impl DeliveryRegister for SimulatedHealth {
    async fn find_delivery(&self, key: &str, request: &QueryDelivery) -> Result<Reply<QueryDeliveryOutput>, Unknown> {
        answer(self.deliver(key, request).await)
    }

    async fn issue(
        &self,
        key: &str,
        request: &IssueBirthCertificate,
    ) -> Result<Reply<IssueBirthCertificateOutput>, Unknown> {
        answer(self.certify(key, request).await)
    }

    async fn void(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        // Where the act was answered with a certificate that stood, it is that one that must go.
        if let Some(standing) = self.desk.ledger().effect(act).await?.and_then(|effect| effect.same_as) {
            self.desk.undo("VoidBirthCertificate", &standing, key).await?;
        }
        self.desk.undo("VoidBirthCertificate", act, key).await
    }

    async fn stop_issuing(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("IssueBirthCertificate", act).await
    }

    async fn hand_over(
        &self,
        key: &str,
        request: &HandOverCertificate,
    ) -> Result<Reply<HandOverCertificateOutput>, Unknown> {
        answer(self.hand(key, request).await)
    }

    async fn stop_hand_over(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("HandOverCertificate", act).await
    }

    async fn register_guidance(
        &self,
        key: &str,
        request: &RegisterGuidance,
    ) -> Result<Reply<RegisterGuidanceOutput>, Unknown> {
        answer(self.guide(key, request).await)
    }

    async fn cancel_guidance(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        self.desk.undo("CancelGuidance", act, key).await
    }

    async fn stop_guidance(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("RegisterGuidance", act).await
    }

    async fn correct_record(&self, key: &str, request: &CorrectRecord) -> Result<Reply<CorrectRecordOutput>, Unknown> {
        answer(self.corrected(key, request).await)
    }
}

/// Whether a certificate of this number stands; a voided one does not.
async fn is_issued(books: &mut Books, number: &str) -> Result<bool, Error> {
    let Some(call) = books.get(BY_NUMBER, number).await? else { return Ok(false) };
    let effect = books.effect(call.as_str().unwrap_or_default()).await?;
    Ok(effect.as_ref().is_some_and(Effect::stands))
}

/// Which child, by what no correction of a name or a weight changes.
fn child_of(request: &IssueBirthCertificate) -> String {
    let child = &request.child;
    format!("{} {} #{}", request.mother.id_number.as_str(), child.born_at.as_str(), child.order)
}

/// The civil date in Beijing.
fn date_of(now_ms: i64) -> Date {
    let now = Timestamp::from_millisecond(now_ms).expect("the clock shows a year of four digits");
    LocalMinute::from_timestamp(now).date()
}

/// The identifier of the electronic certificate, with the check character that makes it valid.
fn licence(area: &AreaCode, serial: &str) -> String {
    let body = format!("1.2.156.3005.2.{LICENCE_TYPE}.{}.{serial}.001", area.as_str());
    let valid = |check: &char| ELicenceId::parse(&format!("{body}.{check}")).is_ok();
    let check = ('0'..='9').chain('A'..='Z').find(valid).expect("one of 36 check characters is right");
    format!("{body}.{check}")
}
