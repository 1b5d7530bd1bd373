//! 待遇享受期: windows of cover by person, every version kept.

use adapter::{
    Retry,
    simulated::{Books, Error},
};
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    Answered, OFFLINE_ROUTE, SimulatedInsurance,
    enrolment::{NO_RECORD, TERMINATED, by_person_number},
    standing,
};
use crate::contract::{EnrolProvisionallyOutput, OpenBenefits, OpenBenefitsOutput};

/// The register of windows by person number: every version, the first one first.
const WINDOWS: &str = "benefit-windows";

const ENDED: &str = "该参保关系已终止,不能再登记待遇享受期。";

/// One version of a person's window.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// What it says.
    pub is: OpenBenefitsOutput,
    /// The key of the call that opened it.
    pub call_id: String,
    /// When it was opened.
    pub opened_on: Date,
    /// The last day, where the enrolment ended before the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut_on: Option<Date>,
}

impl SimulatedInsurance {
    pub(super) async fn opened(&self, key: &str, request: &OpenBenefits) -> Answered<OpenBenefitsOutput> {
        let number = &request.enrolment.person_number;
        let choice = request.benefit_choice.clone().unwrap_or_default();
        let mut sitting = self.desk.sit("OpenBenefits", key, number, request).await?;
        let days = (choice.start_on.or(request.benefit.start_on), choice.end_on.or(request.benefit.end_on));
        let (start_on, end_on) = match days {
            (Some(start_on), Some(end_on)) if start_on <= end_on => (start_on, end_on),
            (Some(_) | None, Some(_) | None) => return sitting.fail("INS-921", Retry::Never).await,
        };
        let Some(record) = by_person_number(sitting.books(), number).await? else {
            return sitting.refuse("INS-906", NO_RECORD, OFFLINE_ROUTE).await;
        };
        let number = serde_json::from_value::<EnrolProvisionallyOutput>(record.outputs)?.person_number;
        if standing(sitting.books(), TERMINATED, &number).await?.is_some() {
            return sitting.refuse("INS-908", ENDED, OFFLINE_ROUTE).await;
        }
        let mut history = windows(sitting.books(), &number).await?;
        if let Some(last) = history.last() {
            let stands = sitting.books().effect(&last.call_id).await?;
            let same = (last.is.start_on, last.is.end_on) == (start_on, end_on) && last.cut_on.is_none();
            if let Some(stands) = stands.filter(|effect| same && effect.stands()) {
                return sitting.stands_already(&stands).await;
            }
        }
        let mut sitting = sitting.waited(&[]).await?;
        let now_ms = sitting.now_ms();
        if let Some(last) = history.last() {
            sitting.books().mark_undone(&last.call_id, now_ms).await?;
        }
        let version = history.last().map_or(1, |last| last.is.version + 1);
        let serial = sitting.books().next("benefit-window").await?;
        let is = OpenBenefitsOutput { start_on, end_on, window_id: format!("DY{serial:010}"), version };
        let opened_on = sitting.today();
        history.push(Window { is: is.clone(), call_id: key.to_owned(), opened_on, cut_on: None });
        sitting.books().put(WINDOWS, &number, serde_json::to_value(&history)?).await?;
        sitting.succeed(is).await
    }
}

/// Every version of a person's window, the first one first.
pub(super) async fn windows(books: &mut Books, number: &str) -> Result<Vec<Window>, Error> {
    let windows = books.get(WINDOWS, number).await?;
    Ok(windows.map(serde_json::from_value).transpose()?.unwrap_or_default())
}

/// The enrolment ends: the window that stands ends with it, and what lies before is left as it was.
pub(super) async fn cut(books: &mut Books, number: &str, from: Date) -> Result<(), Error> {
    let mut windows = windows(books, number).await?;
    if let Some(last) = windows.last_mut().filter(|last| last.is.end_on >= from) {
        last.cut_on = Some(from.saturating_sub(1.days()));
        books.put(WINDOWS, number, serde_json::to_value(&windows)?).await?;
    }
    Ok(())
}

/// The windows of a record that becomes void go behind those of its survivor, unless that one has its own.
pub(super) async fn take_over(books: &mut Books, void: &str, survivor: &str) -> Result<(), Error> {
    let (taken, own) = (windows(books, void).await?, windows(books, survivor).await?);
    if own.is_empty() && !taken.is_empty() {
        books.put(WINDOWS, survivor, serde_json::to_value(&taken)?).await?;
    }
    Ok(())
}
