//! Condition E9: the window after the delivery, "原则上30日内" (附1 row 2).

use identifiers::LocalMinute;
use jiff::civil::Date;

use super::{
    Standing::{self, Fails, Holds, Moot, NotTold},
    conditions::delivery_found,
    each_child,
};
use crate::{
    case::Case,
    decision::Undecidable,
    facts,
    legal_time::{Span, deadline, nominal},
    rules::{Ruling, counting::counting},
};

/// The article that sets the window.
const ARTICLE: &str = "附1 第2行: 原则上30日内";

/// E9. Health's own answer counts, because the window holds only in principle; where it gives
/// only the day of delivery, the days are counted.
pub(super) fn open(case: &Case<'_>, ruling: &mut Ruling) -> Result<Standing, Undecidable> {
    if !delivery_found(case) {
        return Ok(Moot);
    }
    if case.holds("delivery.collected_offline") {
        return Ok(Fails);
    }
    let answered = case.truth("delivery.within_window");
    let span = case.span("eligibility.delivery_window", None);
    let mut count = || match (span, delivered(case)?) {
        (Some(span), Some(from)) => within(case, ruling, &from, span, "delivery-window", ARTICLE).map(Some),
        (None, _) | (_, None) => Ok(None),
    };
    let Some(answered) = answered else {
        // The form's own time of birth establishes nothing: the day must be health's.
        let told = case.day("delivery.delivered_on")?.is_some();
        return Ok(match count()? {
            Some(true) if told => Holds,
            Some(false) if told => Fails,
            Some(_) | None => NotTold,
        });
    };
    // What cannot be counted does not matter where health has answered.
    if let Ok(Some(counted)) = count()
        && counted != answered
    {
        ruling.warnings.push((
            "附1 第2行“原则上30日”: 卫生健康部门的答复与按日计算不同,以其答复为准。".into(),
            "附1 row 2 (\"in principle\"): health's answer differs from the count of days and is followed".into(),
        ));
    }
    Ok(if answered { Holds } else { Fails })
}

/// Whether the application came within a period, which is noted as a deadline where it can be counted. An application
/// before the nominal end needs no calendar: moving off rest days only makes a period longer.
pub(super) fn within(
    case: &Case<'_>,
    ruling: &mut Ruling,
    from: &LocalMinute,
    span: Span,
    name: &str,
    article: &str,
) -> Result<bool, Undecidable> {
    let filed = filed(case)?;
    let how = counting(case);
    match deadline(from, span, how, &[], article, case.calendar) {
        Ok(counted) => {
            let in_time = filed <= counted.rolled;
            ruling.deadlines.insert(name.to_owned(), counted);
            Ok(in_time)
        }
        Err(unknown) => {
            let sure = nominal(from.date(), span, how.count_from, case.calendar).is_ok_and(|last| filed <= last);
            if sure { Ok(true) } else { Err(unknown.into()) }
        }
    }
}

/// The day of filing; where the form does not say, the day of the question.
fn filed(case: &Case<'_>) -> Result<Date, Undecidable> {
    Ok(case.day("application.submitted_on")?.unwrap_or_else(|| case.asked_at.date()))
}

/// When the delivery was: as health has it, else the earliest birth of the form.
fn delivered(case: &Case<'_>) -> Result<Option<LocalMinute>, Undecidable> {
    let births =
        each_child(case).into_iter().filter_map(|child| LocalMinute::parse(facts::text(child, "born_at")?).ok()).min();
    let Some(day) = case.day("delivery.delivered_on")? else { return Ok(births) };
    let of_that_day = births.filter(|birth| birth.date() == day);
    Ok(of_that_day.or_else(|| LocalMinute::parse(&format!("{day}T00:00")).ok()))
}
