//! A value of the law changes between two starts: who was there before keeps the old one.

use std::{fs, path::Path, sync::Arc};

use adapter::simulated::{Behaviours, Desk, Ledger};
use anyhow::Context;
use harness::{
    differing::at_any_hour,
    family,
    parents::Parents,
    process::Launch,
    wait::{PATIENCE, until},
};
use identifiers::{CitizenId, LocalMinute};
use proto::v1::{self, CaseState, StepState};
use serde_json::json;
use service::clock::SystemClock;
use standalone::client::Client;
use tax_adapter::simulated::{PREMIUM_FEN, PaymentLine, SimulatedTax};

use crate::{PROGRAM, root};

/// Eighty days after the birth: within ninety days, and not within sixty.
const BORN: &str = "2026-03-18T09:30";
const PAID: &str = "2026-06-05T10:00";

/// A family of Anhui that wants its child enrolled and covered, up to the premium.
async fn awaits_its_premium(parents: &Parents, seed: u64) -> anyhow::Result<(String, v1::SubmitApplicationRequest)> {
    let mut request = family::anhui(seed);
    let form = family::form_mut(&mut request);
    form.children[0].born_at = BORN.to_owned();
    form.children[0].items = [v1::Item::InsuranceEnrolment, v1::Item::InsurancePremium].map(i32::from).to_vec();
    form.children[0].card = None;
    let father = form.father.as_ref().map(|father| father.id_number.clone()).unwrap_or_default();
    let case = parents.file(&request).await?.case_ids.remove(0);
    parents.agree(&case, "father-authorisation", v1::Actor { role: "father".to_owned(), id_number: father }).await?;
    parents.agree(&case, "signature", family::applicant(&request)).await?;
    parents.agree(&case, "register-signature", family::applicant(&request)).await?;
    until("a premium that is due", PATIENCE, async || {
        let case = parents.case(&case).await?;
        Ok(case.steps.iter().any(|step| step.name == "premium" && step.state() == StepState::Accepted).then_some(()))
    })
    .await?;
    Ok((case, request))
}

/// The bank reports that the premium of every child registered so far was paid on that day.
async fn all_have_paid(departments: &Path) -> anyhow::Result<()> {
    let registered = Ledger::open(&departments.join("340000.police.ledger.sqlite")).await?.effects().await?;
    let ledger = Ledger::open(&departments.join("340000.tax.ledger.sqlite")).await?;
    let tax = SimulatedTax::new(Desk::new(ledger, Behaviours::default(), Arc::new(SystemClock)));
    for (number, effect) in registered.iter().filter(|effect| effect.act == "RegisterBirth").enumerate() {
        let child = CitizenId::parse(effect.outputs["id_number"].as_str().context("a number")?);
        let line = PaymentLine {
            voucher: format!("BANK{number:04}"),
            child: child.map_err(|violation| anyhow::anyhow!("{}", violation.en))?,
            paid_at: LocalMinute::parse(PAID).map_err(|violation| anyhow::anyhow!("{}", violation.en))?,
            amount_fen: PREMIUM_FEN,
        };
        anyhow::ensure!(tax.import(&[line]).await?.taken == 1, "the payment is taken");
    }
    Ok(())
}

/// The decision by this rule that was taken last.
async fn decided(client: &Client, case: &str, rule: &str) -> anyhow::Result<v1::DecisionTaken> {
    until("a decision", PATIENCE, async || {
        let request = v1::ExplainCaseRequest { case_id: case.to_owned() };
        let mut client = client.applications.clone();
        let decisions = client.explain_case(request).await?.into_inner().decisions;
        Ok(decisions.into_iter().rev().find(|decision| decision.rule == rule))
    })
    .await
}

/// If this fails, a family that was promised ninety days has sixty since the service was last restarted; or a new value
/// of the law never comes into force; or nobody can see by which of them a family was decided.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_case_keeps_the_law_that_it_was_born_under_and_a_new_one_takes_the_new() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let policies = at_any_hour(&root(), folder.path())?;
    let launch = Launch::serve(PROGRAM, folder.path(), &["--policies", &policies.display().to_string()]);
    let running = launch.start().await?;
    let launch = launch.on_the_ports_of(&running);
    let parents = Parents::new(running.client()?);
    let (before, _) = awaits_its_premium(&parents, 21).await?;
    assert!(running.stop().await?.success(), "a clean shutdown");

    let path = policies.join("anhui-2024/law.toml");
    let law = fs::read_to_string(&path)?;
    let (ninety, sixty) =
        ("on_time              = { value = \"90 days\"", "on_time              = { value = \"60 days\"");
    assert!(law.contains(ninety), "the pack says ninety days");
    fs::write(&path, law.replace(ninety, sixty))?;

    let running = launch.start().await?;
    let client = running.client()?;
    let parents = Parents::new(client.clone());
    let (after, _) = awaits_its_premium(&parents, 22).await?;
    all_have_paid(&folder.path().join("data/departments")).await?;

    let (old, new) = (decided(&client, &before, "benefit").await?, decided(&client, &after, "benefit").await?);
    assert_eq!((&*old.row, &*new.row), ("D3-1", "D3-2"), "in time by ninety days; in the gap by sixty");
    let term = |decision: &v1::DecisionTaken| decision.terms.get("benefit.on_time").cloned().unwrap_or_default();
    assert!(term(&old).contains("90") && term(&new).contains("60"), "{} {}", term(&old), term(&new));

    // Who is in the gap is decided by a person.
    let days = json!({ "start_on": "2026-03-18", "end_on": "2026-12-31" });
    parents.decide(&after, "benefit-choice", family::clerk("YB-0001"), days).await?;
    for case in [&before, &after] {
        assert_eq!(parents.end_of(case).await?.state(), CaseState::Completed);
    }
    assert!(running.stop().await?.success(), "a clean shutdown");
    Ok(())
}
