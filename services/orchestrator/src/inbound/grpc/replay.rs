//! Which stored cases another pack would have decided otherwise: read, opened, decided anew, forgotten.
//!
//! Pages of cases are read one after the other and worked on side by side; nothing is written. Of each case only those
//! decisions are opened that rest on what differs: they hold the facts that they used.

use std::sync::Arc;

use policy::{
    Calendar, Pack,
    replay::{Changed, Difference, Side, replay_decided},
};
use proto::v1;
use tokio::sync::mpsc;
use tonic::Status;

use super::{
    Api, request,
    status::{Missing, Refusal},
    view,
};
use crate::{
    coordinator::{application::Application, kept_decision},
    definitions::Definitions,
    secrets::Secrets,
    store::{DecidedCase, SagaNumber},
};

/// Cases that are read at once. Each has some twenty sealed decisions of less than a kilobyte.
const PAGE: u32 = 2_000;

/// Answers that wait for a slow reader.
const WAITING_MAX: usize = 256;

/// What one page came to.
#[derive(Default)]
struct Replayed {
    told: Vec<v1::CaseDifference>,
    summary: v1::ReplaySummary,
}

/// What every page needs.
struct Replay {
    new: Pack,
    calendar: Arc<Calendar>,
    secrets: Arc<Secrets>,
    definitions: Arc<Definitions>,
}

impl Api {
    /// Begins to replay; answers come as pages are done.
    pub(crate) async fn replay(
        &self,
        request: v1::ReplayPolicyRequest,
    ) -> Result<mpsc::Receiver<Result<v1::ReplayPolicyResponse, Status>>, Refusal> {
        let files: Vec<(&str, &str)> = request.files.iter().map(|file| (&*file.name, &*file.text)).collect();
        let new = Pack::parse(&files)
            .map_err(|problems| Refusal::invalid("files", problems.to_string(), "the pack has problems"))?;
        let mut only: Vec<SagaNumber> = Vec::new();
        for case in &request.case_ids {
            only.push(self.number_of(request::id("case_ids", case)?).await?);
        }
        let born_under = if request.born_under.is_empty() { new.name.to_string() } else { request.born_under };
        match self.parts.packs.get(&born_under) {
            Some(pack) if pack.form != new.form => {
                let (zh, en) =
                    ("申请表种类与所比较的政策包不同", "a pack of another form decides nothing of these cases");
                return Err(Refusal::invalid("files", zh, en));
            }
            Some(_) => {}
            // A pack that is not loaded any more still has its cases.
            None if self.parts.store.decided(&born_under, &only, 0, 1).await?.is_empty() => {
                return Err(Refusal::NotFound(Missing::Pack));
            }
            None => {}
        }
        let replay = Arc::new(Replay {
            new,
            calendar: self.parts.calendar.clone(),
            secrets: self.parts.secrets.clone(),
            definitions: self.parts.definitions.clone(),
        });
        let (tell, told) = mpsc::channel(WAITING_MAX);
        let store = self.parts.store.clone();
        tokio::spawn(async move {
            let mut total = v1::ReplaySummary::default();
            let mut after = 0;
            let mut room = request.told_max.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
            let mut under_way: Option<tokio::task::JoinHandle<Replayed>> = None;
            loop {
                let page = match store.decided(&born_under, &only, after, PAGE).await {
                    Ok(page) => page,
                    Err(error) => {
                        let _gone = tell.send(Err(Refusal::from(error).into())).await;
                        return;
                    }
                };
                let Some(last) = page.last() else { break };
                after = last.number;
                let changed = replay.changed(&page).await;
                let work = replay.clone();
                let next = tokio::task::spawn_blocking(move || work.page(&page, &changed, room));
                if let Some(before) = under_way.replace(next)
                    && !hand_over(before, &mut total, &mut room, &tell).await
                {
                    return;
                }
            }
            if let Some(last) = under_way
                && !hand_over(last, &mut total, &mut room, &tell).await
            {
                return;
            }
            let summary = v1::replay_policy_response::Told::Summary(total);
            // Whoever has gone away asks again.
            let _gone = tell.send(Ok(v1::ReplayPolicyResponse { told: Some(summary) })).await;
        });
        Ok(told)
    }
}

/// Tells what a page came to, as far as there is room for it; false where nobody listens any more.
async fn hand_over(
    page: tokio::task::JoinHandle<Replayed>,
    total: &mut v1::ReplaySummary,
    room: &mut usize,
    tell: &mpsc::Sender<Result<v1::ReplayPolicyResponse, Status>>,
) -> bool {
    let Ok(Replayed { told, summary }) = page.await else { return false };
    total.cases += summary.cases;
    total.differing += summary.differing;
    total.unreadable += summary.unreadable;
    total.fen += summary.fen;
    total.covered_days += summary.covered_days;
    for difference in told.into_iter().take(*room) {
        *room -= 1;
        let told = Some(v1::replay_policy_response::Told::Difference(difference));
        if tell.send(Ok(v1::ReplayPolicyResponse { told })).await.is_err() {
            return false;
        }
    }
    true
}

impl Replay {
    /// What differs between the packs of these cases and the new one, by the hash that each is pinned to.
    async fn changed(&self, page: &[DecidedCase]) -> Vec<([u8; 32], Changed)> {
        let mut found: Vec<([u8; 32], Changed)> = Vec::new();
        for case in page {
            if found.iter().any(|(hash, _)| *hash == case.definition) {
                continue;
            }
            if let Ok(pinned) = self.definitions.get(case.definition).await
                && let Some(old) = pinned.pack
            {
                found.push((case.definition, Changed::between(&old, &self.new)));
            }
        }
        found
    }

    /// On two threads: opening is most of the work. Words are opened of `room` cases at most.
    fn page(&self, page: &[DecidedCase], changed: &[([u8; 32], Changed)], room: usize) -> Replayed {
        let (one, other) = page.split_at(page.len() / 2);
        let (mut first, second) = std::thread::scope(|scope| {
            let second = scope.spawn(|| self.cases(other, changed, room));
            (self.cases(one, changed, room), second.join().unwrap_or_default())
        });
        first.told.extend(second.told);
        first.summary.cases += second.summary.cases;
        first.summary.differing += second.summary.differing;
        first.summary.unreadable += second.summary.unreadable;
        first.summary.fen += second.summary.fen;
        first.summary.covered_days += second.summary.covered_days;
        first
    }

    fn cases(&self, cases: &[DecidedCase], changed: &[([u8; 32], Changed)], room: usize) -> Replayed {
        let mut replayed = Replayed::default();
        for case in cases {
            replayed.summary.cases += 1;
            let changed = changed.iter().find(|(hash, _)| *hash == case.definition).map(|(_, changed)| changed);
            let found = changed.and_then(|changed| self.case(case, changed));
            let Some((keys, differences)) = found else {
                replayed.summary.unreadable += 1;
                continue;
            };
            if differences.is_empty() {
                continue;
            }
            replayed.summary.differing += 1;
            for (_, difference) in &differences {
                replayed.summary.fen += difference.fen;
                replayed.summary.covered_days += difference.covered_days;
            }
            if replayed.told.len() < room {
                let told = |(at, difference)| told(&keys, case, at, difference);
                let decisions = differences.into_iter().map(told).collect();
                replayed.told.push(v1::CaseDifference { case_id: view::uuid(case.case), decisions });
            }
        }
        replayed
    }

    /// What one case comes to; `None` where it cannot be read.
    fn case(&self, case: &DecidedCase, changed: &Changed) -> Option<(Application, Vec<(usize, Difference)>)> {
        let keys = Application::open(&self.secrets.master, self.secrets.suite, case.wrapped_key.as_deref()).ok()?;
        let used = case.decisions.iter().map(|row| kept_decision::used(&row.sealed).ok());
        let used = used.collect::<Option<Vec<_>>>()?;
        let open = |at: usize| kept_decision::open(&keys, case.case, &case.decisions[at].sealed).ok();
        let differences = replay_decided(&self.new, changed, &self.calendar, &used, open)?;
        Some((keys, differences))
    }
}

/// One decision that would be another, with what was said of it.
fn told(keys: &Application, case: &DecidedCase, at: usize, difference: Difference) -> v1::DecisionDifference {
    let words = kept_decision::words(keys, case.case, &case.decisions[at].sealed);
    let (old, new) = (difference.old, difference.new);
    v1::DecisionDifference {
        rule: difference.rule.to_string(),
        old_zh: with_days(words.map(|words| words.zh).unwrap_or_default(), &old, &new),
        new_zh: with_days(new.words.zh.clone(), &new, &old),
        old_row: old.row,
        new_row: new.row,
        fen: difference.fen,
        covered_days: difference.covered_days,
    }
}

/// The sentence, with the days that the other side gives otherwise: they may be all that differs.
fn with_days(mut sentence: String, one: &Side, other: &Side) -> String {
    for (name, day) in &one.days {
        if other.days.get(name) != Some(day) && !sentence.contains(&*day.to_string()) {
            sentence.push_str(&format!(";{name} {day}"));
        }
    }
    sentence
}
