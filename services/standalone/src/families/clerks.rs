//! Office clerks who do not exist: they answer whatever waits for a clerk, each level of a review another of them.
//!
//! They are gRPC clients like the parents, know the open tasks and what an explanation of the case says, and decide as
//! a friendly office does. Without them no family's maternity claim, gap in a payment or refund would ever be decided.

use std::collections::HashSet;

use jiff::civil::Date;
use proto::v1;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::life::{LOOK_EVERY, THINKS_LONGER_MS, THINKS_MS, World};
use crate::client::{Says, complete};

/// The role.
const CLERK: &str = "clerk";

/// Under which numbers the office knows them. No one answers two levels of one review.
const OFFICERS: [&str; 3] = ["SIM-0001", "SIM-0002", "SIM-0003"];

/// What a claim without an allowance is approved for, in fen: what the simulated agency says that every one is worth.
const APPROVED_FEN: i64 = insurance_adapter::simulated::MATERNITY_FEN;

/// Tasks looked at at once.
const PAGE: u32 = 200;

/// Answered tasks that are remembered; past it the memory is begun anew, and what was answered is refused as such.
const REMEMBERED: usize = 10_000;

/// Works until told to stop.
pub(super) async fn work(world: &World, stop: CancellationToken) {
    let mut answered = HashSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        if answered.len() > REMEMBERED {
            answered.clear();
        }
        if let Err(status) = look(world, &mut answered).await {
            tracing::debug!(code = ?status.code(), "the simulated office is not answered and will try again");
        }
    }
}

/// Answers every open task that has lain there for as long as a person needs to read it.
async fn look(world: &World, answered: &mut HashSet<(String, u32)>) -> Result<(), tonic::Status> {
    let mut client = world.client.applications.clone();
    let request = v1::ListTasksRequest { role: CLERK.to_owned(), page_size: PAGE, ..Default::default() };
    for task in client.list_tasks(request).await?.into_inner().tasks {
        let opened_ms = task.opened_at.as_ref().map_or(0, |at| at.seconds * 1_000);
        let thinks_ms = THINKS_MS + i64::try_from(luck(&task.task_id) % THINKS_LONGER_MS).unwrap_or_default();
        let told = (task.task_id.clone(), task.version);
        if world.clock.now_ms() < opened_ms + thinks_ms || answered.contains(&told) {
            continue;
        }
        // What was answered for one of twins is answered for both.
        let request = v1::ListTasksRequest { case_id: task.case_id.clone(), page_size: PAGE, ..Default::default() };
        if !client.list_tasks(request).await?.into_inner().tasks.iter().any(|open| open.task_id == task.task_id) {
            continue;
        }
        let says = match &*task.step {
            "benefit-choice" => chosen(&mut client, &task).await?,
            step => says(step, luck(&task.task_id)),
        };
        let actor = v1::Actor { role: CLERK.to_owned(), id_number: officer(&task.step).to_owned() };
        let key = format!("clerk-{}-{}-{}", world.seed, task.task_id.replace('/', "-"), task.version);
        match client.complete_task(complete(&task, actor, says, key)).await {
            Ok(_) => drop(answered.insert(told)),
            // Answered before, or a task of a pack that these clerks have not learnt: a person's.
            Err(status) if matches!(status.code(), Code::FailedPrecondition | Code::InvalidArgument) => {
                tracing::debug!(step = task.step, "the simulated office leaves a task to a person");
                answered.insert(told);
            }
            Err(status) => return Err(status),
        }
    }
    Ok(())
}

/// Who answers this step: 初审, 复核 and 审批 are three persons.
fn officer(step: &str) -> &'static str {
    let level = match step {
        "approval" => 2,
        step if step.ends_with("second-review") || step.ends_with("approval") => 1,
        _ => 0,
    };
    OFFICERS[level]
}

/// What is decided at a step; nearly always in the family's favour.
fn says(step: &str, luck: u64) -> Says {
    let fields = match step {
        "first-review" => json!({
            "materials_genuine": true,
            "insured": true,
            // Now and then an employer has not paid, and the family gets the paper that says so.
            "employer_paid": !luck.is_multiple_of(12),
            "within_claim_period": true,
            "originals_received": true,
        }),
        "approval" => json!({ "amount_fen": APPROVED_FEN, "allowance_fen": 0 }),
        _ => json!({}),
    };
    Says::Yes { method: None, fields: object(fields) }
}

/// Where the law leaves the first day of cover to a person: the day that it suggests, to the end of that year.
async fn chosen(
    client: &mut v1::applications_client::ApplicationsClient<tonic::transport::Channel>,
    task: &v1::Task,
) -> Result<Says, tonic::Status> {
    let request = v1::ExplainCaseRequest { case_id: task.case_id.clone() };
    let decisions = client.explain_case(request).await?.into_inner().decisions;
    let suggested = decisions.iter().rev().find(|decision| decision.rule == "benefit");
    let Some(start_on) = suggested.and_then(|decision| suggested_day(&decision.text_en)) else { return Ok(Says::No) };
    let end_on = Date::new(start_on.year(), 12, 31).unwrap_or(start_on);
    let fields = object(json!({ "start_on": start_on.to_string(), "end_on": end_on.to_string() }));
    Ok(Says::Yes { method: None, fields })
}

/// The day at the end of the law's sentence: `… suggested 2026-03-18`.
fn suggested_day(sentence: &str) -> Option<Date> {
    sentence.rsplit(' ').next()?.parse().ok()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// A number that is the same for a task whenever it is looked at.
fn luck(of: &str) -> u64 {
    of.bytes().fold(7, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, the second level of a review is refused for having been answered by the first level's person, and
    /// the family waits for ever.
    #[test]
    fn no_level_of_a_review_is_answered_by_the_person_of_another() {
        for levels in [
            &["first-review", "second-review", "approval"][..],
            &["recalculation-first-review", "recalculation-second-review", "approval"],
            &["refund-review", "refund-approval"],
        ] {
            let persons: HashSet<&str> = levels.iter().map(|step| officer(step)).collect();
            assert_eq!(persons.len(), levels.len(), "{levels:?}");
        }
    }

    /// If this fails, a payment in the gap is never confirmed and its family waits.
    #[test]
    fn the_day_that_the_law_suggests_is_read_from_its_sentence() {
        let sentence = "paid in the gap between the two periods (on 2026-06-17): a person must confirm the first day of \
                        benefits; suggested 2026-03-18";
        assert_eq!(suggested_day(sentence).map(|day| day.to_string()).as_deref(), Some("2026-03-18"));
        assert_eq!(suggested_day("nothing"), None);
    }
}
