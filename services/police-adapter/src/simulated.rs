//! Police that do not exist: they know every parent's household from the ID number, and issue numbers to newborns from
//! their own ledger. What they can be made to refuse: `README.md`.

use adapter::{
    CODE_FIELDS, Fact, Reply, Retry, Stopped, Subject, Unknown,
    correction::{CorrectRecord, CorrectRecordOutput},
    simulated::{Books, Desk, Ended, Error, answer, magic, records},
};
use async_trait::async_trait;
use identifiers::{AreaCode, CitizenId, Ethnicity, LocalMinute, Sex};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    HouseholdRegister,
    contract::{
        Follow, Household, HouseholdType, QueryHousehold, QueryHouseholdOutput, RegisterBirth, RegisterBirthOutput,
    },
};

/// Registers: births by certificate and by child, each with the call that registered it; households by their head.
const BY_CERTIFICATE: &str = "birth-by-certificate";
const BY_CHILD: &str = "birth-by-child";
const HOUSEHOLDS: &str = "household";
/// Children by the number issued to them, with the call that registered each.
const BY_ID_NUMBER: &str = "birth-by-id-number";
/// Certificates whose registration at a counter was told.
const TOLD: &str = "told";

/// Order codes of one sex, area and date: GB 11643 leaves three digits, odd for males and even for females.
const ORDERS_MAX: u64 = 500;

/// Counties of one city in which an order code is looked for when the family's own has none left for the date.
const COUNTIES_MAX: u32 = 99;

/// The simulated police.
pub struct SimulatedPolice {
    desk: Desk,
}

impl SimulatedPolice {
    /// The police at this desk.
    pub fn new(desk: Desk) -> Self {
        Self { desk }
    }

    /// The desk: its ledger, and how its commands are treated.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Registers a birth at a counter, as a family does that did not wait; told as the notice `BirthRegistered`. The
    /// same certificate is registered once.
    ///
    /// # Errors
    /// As [`HouseholdRegister::register`].
    pub async fn register_at_counter(&self, request: &RegisterBirth) -> Result<Reply<RegisterBirthOutput>, Unknown> {
        let certificate = request.certificate.number.as_str();
        let key = format!("counter {certificate}");
        let reply = self.register(&key, request).await?;
        if let Reply::Succeeded(output) = &reply {
            self.tell(certificate, serde_json::to_value(output)?).await?;
        }
        Ok(reply)
    }

    /// The number issued to a child, as the parents read it in their household register; `None` before registration.
    ///
    /// # Errors
    /// If the ledger cannot be used.
    pub async fn id_number_of(
        &self,
        mother: &CitizenId,
        born_at: &LocalMinute,
        order: u32,
    ) -> Result<Option<CitizenId>, Error> {
        let mut books = self.desk.ledger().begin().await?;
        let key = format!("{} {} #{order}", mother.as_str(), born_at.as_str());
        let Some(call) = books.get(BY_CHILD, &key).await? else { return Ok(None) };
        let effect = books.effect(call.as_str().unwrap_or_default()).await?;
        books.commit().await?;
        let Some(effect) = effect else { return Ok(None) };
        let output: RegisterBirthOutput = serde_json::from_value(effect.outputs)?;
        Ok(Some(output.id_number))
    }

    /// Tells once that the certificate's child is registered.
    async fn tell(&self, certificate: &str, fields: Value) -> Result<(), Error> {
        let mut books = self.desk.ledger().begin().await?;
        if books.get(TOLD, certificate).await?.is_none() {
            let number = books.next("fact").await?;
            books.put(TOLD, certificate, json!(number)).await?;
            let subject = Subject { kind: "certificate".to_owned(), value: certificate.to_owned() };
            books.tell(&Fact { id: fact_id(number), kind: "BirthRegistered".to_owned(), subject, fields }).await?;
        }
        books.commit().await
    }

    async fn look_up(
        &self,
        key: &str,
        request: &QueryHousehold,
    ) -> Result<Reply<QueryHouseholdOutput>, Ended<QueryHouseholdOutput>> {
        self.desk.ask("QueryHousehold", key).await?;
        let mut mother = household(&request.mother.id_number, "01");
        let mut father = household(&request.father.id_number, "01");
        let scenario = magic::scenario(request.mother.id_number.as_str());
        if matches!(scenario, Some(magic::MOTHER_ELSEWHERE | magic::SEVERAL)) {
            let area = if request.mother.id_number.area().starts_with("32") { "330102" } else { "320102" };
            mother.area = AreaCode::parse(area).ok();
        }
        if matches!(scenario, Some(magic::OTHER_ETHNICITY | magic::SEVERAL)) {
            father.ethnicity = Ethnicity::parse("03").ok();
        }
        if scenario == Some(magic::COLLECTIVE_HOUSEHOLD) {
            mother.household_type = Some(HouseholdType::Collective);
            father.household_type = Some(HouseholdType::Collective);
        }
        Ok(Reply::succeeded(QueryHouseholdOutput { mother, father }))
    }

    async fn enter(
        &self,
        key: &str,
        request: &RegisterBirth,
    ) -> Result<Reply<RegisterBirthOutput>, Ended<RegisterBirthOutput>> {
        let child = child_of(request);
        let sitting = self.desk.sit("RegisterBirth", key, &child, request).await?;
        let mut sitting = sitting.waited(&["审核"]).await?;
        let certificate = request.certificate.number.as_str();
        if let Some(registered) = sitting.books().get(BY_CERTIFICATE, certificate).await?
            && let Some(standing) = sitting.books().effect(registered.as_str().unwrap_or_default()).await?
        {
            return sitting.stands_already(&standing).await;
        }
        if sitting.books().get(BY_CHILD, &child).await?.is_some() {
            return sitting.refuse("POL-606", "该婴儿已凭另一出生医学证明办理出生登记。", "police").await;
        }
        match magic::scenario(request.mother.id_number.as_str()) {
            Some(magic::REGISTRATION_REFUSED) => {
                return sitting.refuse("POL-605", "随登户口不是家庭户,请到户籍窗口办理。", "police").await;
            }
            Some(magic::REGISTRATION_CORRECTION) => {
                let why = "姓名中有户籍系统字库外的字,请核对。";
                sitting = sitting.corrected_once("POL-603", &["child.name"], why).await?;
            }
            Some(_) | None => {}
        }
        let parents = [Some(request.mother.ethnicity), request.father.as_ref().and_then(|father| father.ethnicity)];
        if !parents.contains(&Some(request.child.registration.ethnicity)) {
            let why = "婴儿民族应为父母一方的民族。";
            return sitting.correct("POL-604", &["child.registration.ethnicity"], why).await;
        }
        let Some(head) = Head::of(request) else {
            let why = "随父申报户口的,请填写父亲的公民身份号码和户籍地址。";
            return sitting.correct("POL-602", &["child.registration.follow"], why).await;
        };
        let Some(id_number) = issue_number(sitting.books(), &head.area, request).await? else {
            return sitting.fail("POL-608", Retry::Never).await;
        };
        let household_number = head.household_number(sitting.books()).await?;
        sitting.books().put(BY_CERTIFICATE, certificate, json!(key)).await?;
        sitting.books().put(BY_CHILD, &child, json!(key)).await?;
        sitting.books().put(BY_ID_NUMBER, id_number.as_str(), json!(key)).await?;
        let now = Timestamp::from_millisecond(sitting.now_ms()).expect("the clock shows a year of four digits");
        let output = RegisterBirthOutput {
            id_number,
            registered_on: LocalMinute::from_timestamp(now).date(),
            police_station: format!("{}模拟派出所", head.area.as_str()),
            area: head.area,
            address: head.address,
            household_number,
            household_head: head.name,
        };
        sitting.succeed(output).await
    }
}

impl SimulatedPolice {
    async fn corrected(
        &self,
        key: &str,
        request: &CorrectRecord,
    ) -> Result<Reply<CorrectRecordOutput>, Ended<CorrectRecordOutput>> {
        let Some(record) = &request.registration else { return Ok(Reply::failed(CODE_FIELDS, Retry::Never)) };
        let record = record.id_number.as_str();
        let mut sitting = self.desk.sit("CorrectRecord", key, record, request).await?;
        if sitting.books().get(BY_ID_NUMBER, record).await?.is_none() {
            return sitting.refuse("POL-611", NO_RECORD, "police").await;
        }
        if records::is_frozen(request) {
            return sitting.refuse("POL-612", FROZEN, "police").await;
        }
        records::correct(sitting.waited(&[]).await?, record, request).await
    }
}

const NO_RECORD: &str = "未找到该公民身份号码的出生登记,请到户籍窗口核实。";
const FROZEN: &str = "该户籍记录已被冻结,暂不能更正,请到户籍窗口核实。";

#[async_trait]
impl HouseholdRegister for SimulatedPolice {
    async fn find_households(
        &self,
        key: &str,
        request: &QueryHousehold,
    ) -> Result<Reply<QueryHouseholdOutput>, Unknown> {
        answer(self.look_up(key, request).await)
    }

    async fn register(&self, key: &str, request: &RegisterBirth) -> Result<Reply<RegisterBirthOutput>, Unknown> {
        answer(self.enter(key, request).await)
    }

    async fn stop_registration(&self, act: &str) -> Result<Stopped, Unknown> {
        self.desk.stop("RegisterBirth", act).await
    }

    async fn notices(&self) -> Result<Vec<Fact>, Unknown> {
        self.desk.notices().await
    }

    async fn acknowledged(&self, ids: &[[u8; 16]]) -> Result<(), Unknown> {
        self.desk.acknowledged(ids).await
    }

    async fn correct_record(&self, key: &str, request: &CorrectRecord) -> Result<Reply<CorrectRecordOutput>, Unknown> {
        answer(self.corrected(key, request).await)
    }
}

/// The parent whose household the child joins. The simulated register takes that parent as its head.
struct Head {
    name: String,
    id_number: CitizenId,
    area: AreaCode,
    address: String,
}

impl Head {
    /// `None` where the child follows a father who is not declared.
    fn of(request: &RegisterBirth) -> Option<Self> {
        let (name, id_number, address) = match request.child.registration.follow {
            Follow::Mother => {
                let mother = &request.mother;
                (&mother.name, &mother.id_number, &mother.household_address)
            }
            Follow::Father => {
                let father = request.father.as_ref()?;
                (father.name.as_ref()?, father.id_number.as_ref()?, father.household_address.as_ref()?)
            }
        };
        Some(Self {
            name: name.as_str().to_owned(),
            id_number: id_number.clone(),
            area: area_of(id_number),
            address: address.clone(),
        })
    }

    /// The same for every child that joins the household.
    async fn household_number(&self, books: &mut Books) -> Result<String, Error> {
        if let Some(Value::String(number)) = books.get(HOUSEHOLDS, self.id_number.as_str()).await? {
            return Ok(number);
        }
        let number = format!("{}{:07}", self.area.as_str(), books.next("household-number").await?);
        books.put(HOUSEHOLDS, self.id_number.as_str(), json!(number)).await?;
        Ok(number)
    }
}

/// The next free citizen ID number of the area, the date of birth and the sex. Where the county has no order code left,
/// the next county of the city lends one; `None` if all are used up.
async fn issue_number(books: &mut Books, home: &AreaCode, request: &RegisterBirth) -> Result<Option<CitizenId>, Error> {
    let child = &request.child;
    let county: u32 = home.as_str()[4..].parse().expect("an area code is six digits");
    for step in 0..COUNTIES_MAX {
        let area = format!("{}{:02}", home.city(), (county + step) % 100);
        let area = AreaCode::parse(&area).expect("the province is the same");
        let date = child.born_at.date();
        let counter = format!("order {} {date} {}", area.as_str(), child.sex.as_str());
        let taken = books.next(&counter).await?;
        if taken > ORDERS_MAX {
            continue;
        }
        let pair = u16::try_from(taken - 1).expect("at most 500") * 2;
        let order = match child.sex {
            Sex::Male => pair + 1,
            Sex::Female => pair,
        };
        let number = CitizenId::assemble(&area, date, order).expect("a newborn's date, and an order up to 999");
        return Ok(Some(number));
    }
    Ok(None)
}

/// Which child, by what no correction of a name changes.
fn child_of(request: &RegisterBirth) -> String {
    let child = &request.child;
    format!("{} {} #{}", request.mother.id_number.as_str(), child.born_at.as_str(), child.order)
}

/// A family household in the area of the person's own number.
fn household(id_number: &CitizenId, ethnicity: &str) -> Household {
    let area = area_of(id_number);
    Household {
        found: true,
        address: Some(format!("{}模拟路1号", area.as_str())),
        area: Some(area),
        ethnicity: Ethnicity::parse(ethnicity).ok(),
        household_type: Some(HouseholdType::Family),
    }
}

fn area_of(id_number: &CitizenId) -> AreaCode {
    AreaCode::parse(id_number.area()).expect("the province of a citizen ID number is known")
}

/// The department's name and a running number.
fn fact_id(number: u64) -> [u8; 16] {
    let mut id = *b"police-f00000000";
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}
