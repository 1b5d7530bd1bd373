//! 参保: full and provisional records, how two of one child become one, and how a record ends.
//!
//! One child has one person number. A provisional record is completed under its number (晋医保发〔2026〕4号 三(二)); where
//! a second record was opened meanwhile, the older one stays, takes over what the younger one had, and the younger one
//! is void.

use adapter::{
    Retry,
    simulated::{Books, Effect, Error, records},
};
use identifiers::{AreaCode, CitizenId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answered, BY_PERSON_NUMBER, OFFLINE_ROUTE, SimulatedInsurance, benefits, standing, transfer::output};
use crate::contract::{
    Child, EnrolProvisionally, EnrolProvisionallyOutput, EnrolResident, EnrolResidentOutput, InsuranceYear, Missing,
    TerminateEnrolment, TerminateEnrolmentOutput,
};

/// Registers of what is looked up, each with the key of the call that did it.
const BY_ID_NUMBER: &str = "insured-by-id-number";
const BY_CERTIFICATE: &str = "insured-by-certificate-and-mother";
/// Registers by person number: under which name and sex; into which record it was merged; since when it has ended.
const NAMED: &str = "insured-name";
const MERGED: &str = "merged-into";
pub(super) const TERMINATED: &str = "terminated";

const PLACE_REFUSED: &str = "参保地不符合规定,请到户籍地或父母常住地医保经办窗口办理。";
pub(super) const NO_RECORD: &str = "未找到该人员编号的参保记录,请到医保经办窗口核实。";
const ENDED_ALREADY: &str = "该参保关系已自另一日期终止。";

/// A record as it stands, and the effect that made it so.
struct Record {
    effect: Effect,
    is: EnrolProvisionallyOutput,
}

/// What is known of the child before it is enrolled in full.
enum Earlier {
    None,
    Record(Box<Record>),
    /// A provisional number was sent that the register does not know.
    Unknown,
}

/// What a record and a later application must agree in (D12): a difference is for a person (C3).
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Named {
    name: String,
    sex: String,
}

impl Named {
    fn of(child: &Child) -> Self {
        Self { name: child.name.as_str().to_owned(), sex: child.sex.as_str().to_owned() }
    }
}

impl SimulatedInsurance {
    pub(super) async fn enrolled(&self, key: &str, request: &EnrolResident) -> Answered<EnrolResidentOutput> {
        let id_number = request.registration.id_number.as_str();
        let subject = format!("{} {id_number}", request.child.name.as_str());
        let mut sitting = self.desk.sit("EnrolResident", key, &subject, request).await?;
        if place_refused(&request.mother.id_number) {
            return sitting.refuse("INS-902", PLACE_REFUSED, OFFLINE_ROUTE).await;
        }
        let full = full_record(sitting.books(), id_number).await?;
        let earlier = earlier(sitting.books(), request).await?;
        if let Some((effect, full)) = &full {
            let other = match &earlier {
                Earlier::Record(other) if other.is.person_number != full.person_number => Some(other),
                Earlier::Record(_) | Earlier::None | Earlier::Unknown => None,
            };
            let Some(other) = other else {
                return sitting.stands_already(effect).await; // INS-901
            };
            if other.effect.done_at_ms > effect.done_at_ms {
                let now_ms = sitting.now_ms();
                merge(sitting.books(), (&other.is.person_number, &other.effect), &full.person_number, now_ms).await?;
                self.file(sitting.books(), request, &full.person_number, &effect.call_id).await?;
                return sitting.stands_already(effect).await;
            }
        }
        let mut sitting = sitting.waited(&[]).await?;
        let output = match earlier {
            Earlier::Unknown => return sitting.fail("INS-905", Retry::Never).await,
            Earlier::Record(record) => {
                if is_another(sitting.books(), &record.is.person_number, &request.child).await? {
                    return sitting.fail("INS-907", Retry::Never).await;
                }
                let ended = sitting.books().get(TERMINATED, &record.is.person_number).await?.is_some();
                let again = EnrolProvisionallyOutput { enrolled_on: sitting.today(), ..record.is.clone() };
                completed(if ended { again } else { record.is }, &request.child)
            }
            Earlier::None => EnrolResidentOutput {
                person_number: person_number(sitting.books(), &request.registration.id_number).await?,
                area: place(&request.child, &request.registration.id_number),
                enrolled_on: sitting.today(),
                years: years(&request.child),
            },
        };
        if let Some((effect, younger)) = &full {
            let now_ms = sitting.now_ms();
            merge(sitting.books(), (&younger.person_number, effect), &output.person_number, now_ms).await?;
            sitting.books().put(BY_PERSON_NUMBER, &younger.person_number, json!(key)).await?;
        }
        sitting.books().remove(TERMINATED, &output.person_number).await?;
        self.file(sitting.books(), request, &output.person_number, key).await?;
        sitting.succeed(output).await
    }

    /// Files a full record under everything by which it is looked up.
    async fn file(&self, books: &mut Books, request: &EnrolResident, number: &str, call: &str) -> Result<(), Error> {
        books.put(BY_ID_NUMBER, request.registration.id_number.as_str(), json!(call)).await?;
        books.put(BY_PERSON_NUMBER, number, json!(call)).await?;
        books.put(NAMED, number, serde_json::to_value(Named::of(&request.child))?).await?;
        if let Some(certificate) = &request.certificate {
            let place = certificate_and_mother(certificate.number.as_str(), &request.mother.id_number);
            books.put(BY_CERTIFICATE, &place, json!(call)).await?;
        }
        Ok(())
    }

    pub(super) async fn enrolled_provisionally(
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
        let named = serde_json::to_value(Named::of(&request.child))?;
        if let Some(standing) = standing(sitting.books(), BY_CERTIFICATE, &place_of_record).await? {
            // Sent again after a correction, it says under which name the record goes from now on.
            let is: EnrolProvisionallyOutput = output(standing.outputs.clone())?;
            sitting.books().put(NAMED, &is.person_number, named).await?;
            return sitting.stands_already(&standing).await;
        }
        let mut sitting = sitting.waited(&[]).await?;
        let output = EnrolProvisionallyOutput {
            person_number: person_number(sitting.books(), &request.mother.id_number).await?,
            area: place(&request.child, &request.mother.id_number),
            enrolled_on: sitting.today(),
            missing: vec![Missing::IdNumber, Missing::Household],
        };
        sitting.books().put(BY_CERTIFICATE, &place_of_record, json!(key)).await?;
        sitting.books().put(BY_PERSON_NUMBER, &output.person_number, json!(key)).await?;
        sitting.books().put(NAMED, &output.person_number, named).await?;
        sitting.succeed(output).await
    }

    pub(super) async fn terminated(
        &self,
        key: &str,
        request: &TerminateEnrolment,
    ) -> Answered<TerminateEnrolmentOutput> {
        let number = &request.enrolment.person_number;
        let mut sitting = self.desk.sit("TerminateEnrolment", key, number, request).await?;
        if standing(sitting.books(), BY_PERSON_NUMBER, number).await?.is_none() {
            return sitting.refuse("INS-906", NO_RECORD, OFFLINE_ROUTE).await;
        }
        let from = request.termination.from;
        if let Some(ended) = standing(sitting.books(), TERMINATED, number).await? {
            let before: TerminateEnrolmentOutput = output(ended.outputs.clone())?;
            if before.terminated_from == from {
                return sitting.stands_already(&ended).await;
            }
            return sitting.refuse("INS-908", ENDED_ALREADY, OFFLINE_ROUTE).await;
        }
        let mut sitting = sitting.waited(&[]).await?;
        benefits::cut(sitting.books(), number, from).await?;
        sitting.books().put(TERMINATED, number, json!(key)).await?;
        sitting.succeed(TerminateEnrolmentOutput { person_number: number.clone(), terminated_from: from }).await
    }
}

/// The record under an ID number that stands and has not ended.
async fn full_record(books: &mut Books, id_number: &str) -> Result<Option<(Effect, EnrolResidentOutput)>, Error> {
    let Some(effect) = standing(books, BY_ID_NUMBER, id_number).await? else { return Ok(None) };
    let record: EnrolResidentOutput = output(effect.outputs.clone())?;
    let ended = standing(books, TERMINATED, &record.person_number).await?.is_some();
    Ok((!ended).then_some((effect, record)))
}

/// The record that this enrolment completes: a provisional one, or the child's own that has ended.
async fn earlier(books: &mut Books, request: &EnrolResident) -> Result<Earlier, Error> {
    let effect = match (&request.provisional, &request.certificate) {
        (Some(provisional), _) => match by_person_number(books, &provisional.person_number).await? {
            Some(effect) => Some(effect),
            None => return Ok(Earlier::Unknown),
        },
        (None, Some(certificate)) => {
            let place = certificate_and_mother(certificate.number.as_str(), &request.mother.id_number);
            standing(books, BY_CERTIFICATE, &place).await?
        }
        (None, None) => None,
    };
    let effect = match effect {
        Some(effect) => Some(effect),
        None => standing(books, BY_ID_NUMBER, request.registration.id_number.as_str()).await?,
    };
    let Some(effect) = effect else { return Ok(Earlier::None) };
    let is = output(effect.outputs.clone())?;
    Ok(Earlier::Record(Box::new(Record { effect, is })))
}

/// The record that stands under a person number, also where it was merged into another.
pub(super) async fn by_person_number(books: &mut Books, number: &str) -> Result<Option<Effect>, Error> {
    let merged = books.get(MERGED, number).await?;
    let number = merged.as_ref().and_then(|survivor| survivor.as_str()).unwrap_or(number);
    standing(books, BY_PERSON_NUMBER, number).await
}

/// Whether a record goes under another name or sex than the child's. A correction of the record counts.
async fn is_another(books: &mut Books, number: &str, child: &Child) -> Result<bool, Error> {
    let Some(named) = books.get(NAMED, number).await? else { return Ok(false) };
    let mut named: Named = output(named)?;
    for (path, place) in [("child.name", &mut named.name), ("child.sex", &mut named.sex)] {
        let corrected = records::corrected_value(books, number, path).await?;
        if let Some(corrected) = corrected.as_ref().and_then(|value| value.as_str()) {
            corrected.clone_into(place);
        }
    }
    Ok(named != Named::of(child))
}

/// The younger record is void; what it had goes to the survivor, and whoever asks for it finds the survivor.
async fn merge(
    books: &mut Books,
    (number, younger): (&str, &Effect),
    survivor: &str,
    now_ms: i64,
) -> Result<(), Error> {
    books.mark_undone(&younger.call_id, now_ms).await?;
    benefits::take_over(books, number, survivor).await?;
    books.put(MERGED, number, json!(survivor)).await
}

/// The full record of a child that was enrolled provisionally: person number, place and date stay.
fn completed(record: EnrolProvisionallyOutput, child: &Child) -> EnrolResidentOutput {
    let EnrolProvisionallyOutput { person_number, area, enrolled_on, missing: _ } = record;
    EnrolResidentOutput { person_number, area, enrolled_on, years: years(child) }
}

fn place_refused(mother: &CitizenId) -> bool {
    use adapter::simulated::magic;
    magic::scenario(mother.as_str()) == Some(magic::ENROLMENT_REFUSED)
}

fn certificate_and_mother(certificate: &str, mother: &CitizenId) -> String {
    format!("{certificate} {}", mother.as_str())
}

/// 14 digits behind the province, as persons are numbered.
async fn person_number(books: &mut Books, of: &CitizenId) -> Result<String, Error> {
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
