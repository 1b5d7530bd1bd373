//! The plain page on which a person watches cases: a list, and each case with its steps and its history.
//!
//! Read only, through the store, and without any personal data: what a saga holds are states, codes and times, and the
//! words are the pack's. Works without its script, which only loads the same page again. The dashboard on which
//! operators act will have pages of its own.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Path, Query, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use maud::Markup;
use proto::v1;
use serde::Deserialize;
use service::clock::Clock;
use uuid::Uuid;

use crate::{
    definitions::{Definitions, Pinned},
    fold,
    inbound::grpc::view,
    store::{CaseFilter, Loaded, STATES, SagaNumber, Store, Summary},
    watch::Snapshot,
};

mod markup;
mod words;

/// Cases on one page: what a person looks over at a glance, and folds in a few milliseconds.
const CASES_PER_PAGE: u32 = 25;

/// Nothing from elsewhere, nothing inline, in nobody's frame.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                                       img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the pages read.
#[derive(Clone)]
struct Pages {
    store: Arc<dyn Store>,
    definitions: Arc<Definitions>,
    clock: Arc<dyn Clock>,
}

/// The pages: `/`, `/cases/<uuid>`, and what they are dressed with.
pub fn router(store: Arc<dyn Store>, definitions: Arc<Definitions>, clock: Arc<dyn Clock>) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/cases/{case}", get(one))
        .route("/style.css", get(|| async { asset("text/css", include_str!("pages/style.css")) }))
        .route("/live.js", get(|| async { asset("text/javascript", include_str!("pages/live.js")) }))
        .fallback(|| async { (StatusCode::NOT_FOUND, markup::nothing("没有这个页面", "no such page")) })
        .layer(middleware::from_fn(guarded))
        .with_state(Pages { store, definitions, clock })
}

/// A case of the list: what stands in its row.
struct Row {
    number: SagaNumber,
    summary: Summary,
    /// `None` where the case cannot be read; its row is shown all the same.
    case: Option<v1::Case>,
}

/// One line of a case's history.
struct Line {
    at_ms: i64,
    event: &'static str,
    step: String,
    actor: String,
}

#[derive(Deserialize)]
struct Asked {
    /// Cases older than the one with this number.
    before: Option<SagaNumber>,
    /// Only cases in this state.
    state: Option<String>,
}

/// Something of ours failed; what, is in the log.
struct Failed;

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let page = markup::nothing("页面暂时无法显示,详情见日志", "the page cannot be shown now; the log says why");
        (StatusCode::INTERNAL_SERVER_ERROR, page).into_response()
    }
}

impl<E: std::error::Error + 'static> From<E> for Failed {
    fn from(error: E) -> Self {
        let error: &(dyn std::error::Error + 'static) = &error;
        tracing::error!(error, "页面无法显示 / a page cannot be shown");
        Failed
    }
}

async fn list(State(pages): State<Pages>, Query(asked): Query<Asked>) -> Result<Markup, Failed> {
    let state = asked.state.as_deref().and_then(|wanted| STATES.into_iter().find(|known| *known == wanted));
    let filter = CaseFilter {
        states: state.into_iter().collect(),
        before: asked.before,
        limit: CASES_PER_PAGE,
        ..CaseFilter::default()
    };
    let (found, _) = pages.store.search(&filter).await?;
    let numbers: Vec<SagaNumber> = found.iter().map(|(number, ..)| *number).collect();
    let mut cases = pages.cases(&numbers).await?;
    let rows: Vec<Row> =
        found.into_iter().map(|(number, _, summary)| Row { number, summary, case: cases.remove(&number) }).collect();
    let counts = pages.counts().await?;
    let older = rows.last().filter(|_| rows.len() == CASES_PER_PAGE as usize).map(|row| row.number);
    Ok(markup::list(&rows, &counts, state, asked.before.is_some(), older, pages.clock.now_ms()))
}

async fn one(State(pages): State<Pages>, Path(case): Path<String>) -> Result<Response, Failed> {
    let number = match Uuid::parse_str(&case) {
        Ok(case) => pages.store.find_case(case.into_bytes()).await?,
        Err(_) => None,
    };
    let loaded = match number {
        Some(number) => pages.store.load(&[number]).await?.pop(),
        None => None,
    };
    let Some(loaded) = loaded else {
        return Ok((StatusCode::NOT_FOUND, markup::nothing("没有这个办件", "no such case")).into_response());
    };
    let Pinned { definition, pack } = pages.definitions.get(loaded.summary.definition).await?;
    let mut case = pages.case(&loaded).await?;
    case.procedures = pages.procedures(&loaded).await?;
    let titles: HashMap<String, String> = pack
        .iter()
        .flat_map(|pack| &pack.messages)
        .map(|(template, message)| (template.to_string(), message.title.to_string()))
        .collect();
    let mut history = Vec::new();
    for entry in &loaded.entries {
        for event in fold::events(entry)? {
            let step = event.fact.step().and_then(|step| definition.steps.get(step.at()));
            history.push(Line {
                at_ms: entry.at,
                event: event.fact.name(),
                step: step.map(|step| step.title.to_string()).unwrap_or_default(),
                actor: view::actor(&event.by),
            });
        }
    }
    Ok(markup::case(&case, &titles, &history, pages.clock.now_ms()).into_response())
}

impl Pages {
    /// How many cases are in each state.
    async fn counts(&self) -> Result<Vec<(&'static str, u64)>, crate::store::Error> {
        let mut counts = Vec::new();
        for state in STATES {
            let filter = CaseFilter { states: vec![state], limit: 1, ..CaseFilter::default() };
            let (_, total) = self.store.search(&filter).await?;
            counts.push((state, total));
        }
        Ok(counts)
    }

    /// These cases with their steps; one that cannot be read is left out and told to the log.
    async fn cases(&self, numbers: &[SagaNumber]) -> Result<HashMap<SagaNumber, v1::Case>, Failed> {
        let mut cases = HashMap::new();
        for loaded in self.store.load(numbers).await? {
            if let Ok(case) = self.case(&loaded).await {
                cases.insert(loaded.number, case);
            }
        }
        Ok(cases)
    }

    async fn case(&self, loaded: &Loaded) -> Result<v1::Case, Failed> {
        Ok(view::case(&self.snapshot(loaded).await?))
    }

    /// The procedures that follow a case.
    async fn procedures(&self, loaded: &Loaded) -> Result<Vec<v1::FollowUp>, Failed> {
        let summary = &loaded.summary;
        let numbers = self.store.find_procedures(summary.application, summary.child_order).await?;
        let mut procedures = Vec::new();
        for one in self.store.load(&numbers).await? {
            // A procedure's own page does not list itself.
            if one.number != loaded.number {
                procedures.push(view::follow_up(&self.snapshot(&one).await?));
            }
        }
        Ok(procedures)
    }

    async fn snapshot(&self, loaded: &Loaded) -> Result<Snapshot, Failed> {
        let Pinned { definition, pack } = self.definitions.get(loaded.summary.definition).await?;
        let saga = fold::fold(&definition, loaded)?;
        let (number, version, summary) = (loaded.number, loaded.version, loaded.summary.clone());
        Ok(Snapshot { number, version, summary, saga, definition, pack })
    }
}

fn asset(kind: &'static str, body: &'static str) -> Response {
    ([(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], body).into_response()
}

/// Answers only who asked for this machine by name or address, so that a page of elsewhere whose name was pointed here
/// reads nothing; and tells the browser what it may load.
async fn guarded(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_this_machine(host) {
        return (StatusCode::MISDIRECTED_REQUEST, "此页面只在本机提供 / this page is for this machine only\n")
            .into_response();
    }
    let mut response = next.run(request).await;
    let set = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in set {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests;
