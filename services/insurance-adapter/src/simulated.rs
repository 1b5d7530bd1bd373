//! A medical insurance agency that is not there: the rules of a real one, on a ledger of its own.
//!
//! Its registers hold only the key of the call that did something; what stands is read from the ledger's effects, so an
//! enrolment that was undone is not found any more.

use adapter::{
    Reply, Retry, Stopped, Undone, Unknown,
    simulated::{Books, Desk, Effect, Ended, Error, Sitting, answer, magic},
};
use async_trait::async_trait;
use identifiers::{AreaCode, CitizenId, LocalMinute};
use jiff::{Timestamp, civil::Date};
use serde_json::json;

use crate::{
    InsuranceAgency,
    contract::{
        Child, ClaimMaternity, ClaimMaternityOutput, EnrolProvisionally, EnrolProvisionallyOutput, EnrolResident,
        EnrolResidentOutput, InsuranceYear, MaternityDecision, MaternityRoute, Missing, RecordSubsidy,
        RecordSubsidyOutput,
    },
};

/// Where a family goes that is refused: a key of the packs' offline routes.
const OFFLINE_ROUTE: &str = "insurance";

/// The levels of a maternity claim (base pack, 篇10 9章 art. 3).
const LEVELS: [&str; 3] = ["初审", "复核", "审批"];

/// The personal premium of one year in fen. An assumption (400 yuan): the sources name no figure.
pub const PREMIUM_FEN: i64 = 40_000;

/// What every claim is worth here, in fen: a made-up figure.
pub const MATERNITY_FEN: i64 = 350_000;

/// Who is subsidised is born from here on ("2026年1月1日零时以后", read as including it).
const SUBSIDISED_FROM: &str = "2026-01-01T00:00";

/// The province that pays the subsidy: Shanxi.
const SUBSIDISING_PROVINCE: &str = "14";

// Registers: what is looked up, and the key of the call that did it.
const BY_ID_NUMBER: &str = "insured-by-id-number";
const BY_CERTIFICATE: &str = "insured-by-certificate-and-mother";
const BY_PERSON_NUMBER: &str = "insured-by-person-number";
const BY_DELIVERY: &str = "claim-by-delivery";
const SUBSIDISED: &str = "subsidised-by-id-number";

/// A simulated medical insurance agency.
pub struct SimulatedInsurance {
    desk: Desk,
}

impl SimulatedInsurance {
    /// An agency at this desk.
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// Its desk, with ledger and behaviours.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    async fn enrolled(&self, key: &str, request: &EnrolResident) -> Answered<EnrolResidentOutput> {
        let id_number = request.registration.id_number.as_str();
        let subject = format!("{} {id_number}", request.child.name.as_str());
        let mut sitting = self.desk.sit("EnrolResident", key, &subject, request).await?;
        if place_refused(&request.mother.id_number) {
            return sitting.refuse("INS-902", PLACE_REFUSED, OFFLINE_ROUTE).await;
        }
        if let Some(standing) = standing(sitting.books(), BY_ID_NUMBER, id_number).await? {
            return sitting.stands_already(&standing).await; // INS-901
        }
        let mut sitting = sitting.waited(&[]).await?;
        let earlier = match self.earlier(sitting.books(), request).await? {
            Earlier::None => None,
            Earlier::Record(record) => Some(record),
            Earlier::Unknown => return sitting.fail("INS-905", Retry::Never).await,
        };
        let output = match earlier {
            Some(record) => completed(record, &request.child),
            None => EnrolResidentOutput {
                person_number: new_person_number(sitting.books(), &request.registration.id_number).await?,
                area: place(&request.child, &request.registration.id_number),
                enrolled_on: today(&sitting),
                years: years(&request.child),
            },
        };
        sitting.books().put(BY_ID_NUMBER, id_number, json!(key)).await?;
        sitting.books().put(BY_PERSON_NUMBER, &output.person_number, json!(key)).await?;
        if let Some(certificate) = &request.certificate {
            let place = certificate_and_mother(certificate.number.as_str(), &request.mother.id_number);
            sitting.books().put(BY_CERTIFICATE, &place, json!(key)).await?;
        }
        sitting.succeed(output).await
    }

    /// The provisional record that this enrolment completes.
    async fn earlier(&self, books: &mut Books, request: &EnrolResident) -> Result<Earlier, Ended<EnrolResidentOutput>> {
        let effect = match (&request.provisional, &request.certificate) {
            (Some(provisional), _) => match standing(books, BY_PERSON_NUMBER, &provisional.person_number).await? {
                Some(effect) => effect,
                None => return Ok(Earlier::Unknown),
            },
            (None, Some(certificate)) => {
                let place = certificate_and_mother(certificate.number.as_str(), &request.mother.id_number);
                match standing(books, BY_CERTIFICATE, &place).await? {
                    Some(effect) => effect,
                    None => return Ok(Earlier::None),
                }
            }
            (None, None) => return Ok(Earlier::None),
        };
        Ok(Earlier::Record(serde_json::from_value(effect.outputs)?))
    }

    async fn enrolled_provisionally(
        &self,
        key: &str,
        request: &EnrolProvisionally,
    ) -> Answered<EnrolProvisionallyOutput> {
        let place_of_record = certificate_and_mother(request.certificate.number.as_str(), &request.mother.id_number);
        let subject = format!("{} {}", request.child.name.as_str(), request.certificate.number.as_str());
        let mut sitting = self.desk.sit("EnrolProvisionally", key, &subject, request).await?;
        if place_refused(&request.mother.id_number) {
            return sitting.refuse("INS-902", PLACE_REFUSED, OFFLINE_ROUTE).await;
        }
        if let Some(standing) = standing(sitting.books(), BY_CERTIFICATE, &place_of_record).await? {
            return sitting.stands_already(&standing).await;
        }
        let mut sitting = sitting.waited(&[]).await?;
        let output = EnrolProvisionallyOutput {
            person_number: new_person_number(sitting.books(), &request.mother.id_number).await?,
            area: place(&request.child, &request.mother.id_number),
            enrolled_on: today(&sitting),
            missing: vec![Missing::IdNumber, Missing::Household],
        };
        sitting.books().put(BY_CERTIFICATE, &place_of_record, json!(key)).await?;
        sitting.books().put(BY_PERSON_NUMBER, &output.person_number, json!(key)).await?;
        sitting.succeed(output).await
    }

    async fn claimed(&self, key: &str, request: &ClaimMaternity) -> Answered<ClaimMaternityOutput> {
        let subject = request.mother.name.as_str();
        let mut sitting = self.desk.sit("ClaimMaternity", key, subject, request).await?;
        if let Some(standing) = standing(sitting.books(), BY_DELIVERY, &request.delivery.record).await? {
            return sitting.stands_already(&standing).await;
        }
        let scenario = magic::scenario(request.mother.id_number.as_str());
        if scenario == Some(magic::MATERNITY_SETTLED) {
            sitting.books().put(BY_DELIVERY, &request.delivery.record, json!(key)).await?;
            let (route, decision) = (MaternityRoute::SettledByNetwork, MaternityDecision::NoneNeeded);
            return sitting.succeed(ClaimMaternityOutput { route, decision, amount_fen: 0, paid_on: None }).await;
        }
        let mut sitting = sitting.waited(&LEVELS).await?;
        if scenario == Some(magic::MATERNITY_REFUSED) {
            return sitting.refuse("MAT-1101", FACILITY_REFUSED, OFFLINE_ROUTE).await;
        }
        sitting.books().put(BY_DELIVERY, &request.delivery.record, json!(key)).await?;
        let (route, decision) = (MaternityRoute::Application, MaternityDecision::Approved);
        let paid_on = Some(today(&sitting));
        sitting.succeed(ClaimMaternityOutput { route, decision, amount_fen: MATERNITY_FEN, paid_on }).await
    }

    async fn recorded(&self, key: &str, request: &RecordSubsidy) -> Answered<RecordSubsidyOutput> {
        let id_number = request.registration.id_number.as_str();
        let mut sitting = self.desk.sit("RecordSubsidy", key, id_number, request).await?;
        if request.child.born_at.as_str() < SUBSIDISED_FROM {
            return sitting.refuse("INS-911", BORN_TOO_EARLY, OFFLINE_ROUTE).await;
        }
        if request.enrolment.area.province() != SUBSIDISING_PROVINCE {
            return sitting.refuse("INS-912", ENROLLED_ELSEWHERE, OFFLINE_ROUTE).await;
        }
        if let Some(standing) = standing(sitting.books(), SUBSIDISED, id_number).await? {
            return sitting.stands_already(&standing).await; // one subsidy per child
        }
        let mut sitting = sitting.waited(&[]).await?;
        let year = request.child.born_at.date().year();
        let number = sitting.books().next("subsidy").await?;
        sitting.books().put(SUBSIDISED, id_number, json!(key)).await?;
        let ledger_entry = format!("ZZ{}{year}{number:06}", request.enrolment.area.as_str());
        sitting.succeed(RecordSubsidyOutput { ledger_entry, year, amount_fen: PREMIUM_FEN }).await
    }
}

#[async_trait]
impl InsuranceAgency for SimulatedInsurance {
    async fn enrol(&self, key: &str, request: &EnrolResident) -> Result<Reply<EnrolResidentOutput>, Unknown> {
        answer(self.enrolled(key, request).await)
    }

    async fn cancel_enrolment(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        self.desk.undo("CancelEnrolment", act, key).await
    }

    async fn stop_enrolment(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("EnrolResident", act).await
    }

    async fn enrol_provisionally(
        &self,
        key: &str,
        request: &EnrolProvisionally,
    ) -> Result<Reply<EnrolProvisionallyOutput>, Unknown> {
        answer(self.enrolled_provisionally(key, request).await)
    }

    async fn cancel_provisional_enrolment(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        self.desk.undo("CancelProvisionalEnrolment", act, key).await
    }

    async fn stop_provisional_enrolment(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("EnrolProvisionally", act).await
    }

    async fn claim_maternity(
        &self,
        key: &str,
        request: &ClaimMaternity,
    ) -> Result<Reply<ClaimMaternityOutput>, Unknown> {
        answer(self.claimed(key, request).await)
    }

    async fn withdraw_claim(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("ClaimMaternity", act).await
    }

    async fn record_subsidy(&self, key: &str, request: &RecordSubsidy) -> Result<Reply<RecordSubsidyOutput>, Unknown> {
        answer(self.recorded(key, request).await)
    }

    async fn reverse_subsidy(&self, act: &str, key: &str) -> Result<Undone, Unknown> {
        self.desk.undo("ReverseSubsidy", act, key).await
    }

    async fn stop_subsidy(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("RecordSubsidy", act).await
    }
}

type Answered<Output> = Result<Reply<Output>, Ended<Output>>;

const PLACE_REFUSED: &str = "参保地不符合规定,请到户籍地或父母常住地医保经办窗口办理。";
const FACILITY_REFUSED: &str =
    "分娩的医疗机构不是定点医疗机构,生育医疗费用不能由生育保险支付。如属急诊、抢救,请携材料到医保经办窗口办理。";
const BORN_TOO_EARLY: &str = "孩子出生在2026年1月1日零时以前,不属于本项资助范围。";
const ENROLLED_ELSEWHERE: &str = "孩子未在本省参加居民医保,不属于本项资助范围。";

/// What is known of the child before it is enrolled in full.
enum Earlier {
    None,
    Record(EnrolProvisionallyOutput),
    /// A provisional number was sent that the register does not know.
    Unknown,
}

/// The full record of a child that was enrolled provisionally: person number, place and date stay.
fn completed(record: EnrolProvisionallyOutput, child: &Child) -> EnrolResidentOutput {
    let EnrolProvisionallyOutput { person_number, area, enrolled_on, missing: _ } = record;
    EnrolResidentOutput { person_number, area, enrolled_on, years: years(child) }
}

/// What stands under an entry of a register.
async fn standing(books: &mut Books, register: &str, place: &str) -> Result<Option<Effect>, Error> {
    let Some(entry) = books.get(register, place).await? else { return Ok(None) };
    let effect = books.effect(entry.as_str().unwrap_or_default()).await?;
    Ok(effect.filter(Effect::stands))
}

fn place_refused(mother: &CitizenId) -> bool {
    magic::scenario(mother.as_str()) == Some(magic::ENROLMENT_REFUSED)
}

fn certificate_and_mother(certificate: &str, mother: &CitizenId) -> String {
    format!("{certificate} {}", mother.as_str())
}

/// 14 digits behind the province, as persons are numbered.
async fn new_person_number(books: &mut Books, of: &CitizenId) -> Result<String, Error> {
    Ok(format!("{}{:014}", &of.area()[..2], books.next("person-number").await?))
}

/// 参保地: what the family chose, else the area of the household.
fn place(child: &Child, household: &CitizenId) -> AreaCode {
    let chosen = child.insurance.as_ref().and_then(|insurance| insurance.place.clone());
    chosen.unwrap_or_else(|| {
        AreaCode::parse(household.area()).expect("the province of a citizen ID number is a known one")
    })
}

/// The calendar years that the family chose; the birth year, if none.
fn years(child: &Child) -> Vec<i16> {
    let birth_year = child.born_at.date().year();
    let mut chosen = child.insurance.as_ref().map(|insurance| insurance.years.clone()).unwrap_or_default();
    chosen.sort_unstable();
    chosen.dedup();
    if chosen.is_empty() {
        chosen.push(InsuranceYear::BirthYear);
    }
    let calendar_year = |year| match year {
        InsuranceYear::BirthYear => birth_year,
        InsuranceYear::NextYear => birth_year + 1,
    };
    chosen.into_iter().map(calendar_year).collect()
}

/// The date of the call in Beijing.
fn today(sitting: &Sitting) -> Date {
    let moment = Timestamp::from_millisecond(sitting.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
    LocalMinute::from_timestamp(moment).date()
}
