//! Plays the acts of a script against a running server: waits until each is possible, does it, and waits for the end.

use std::time::Duration;

use proto::v1::{self, CaseState};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{
    People, desk,
    script::{self, Act, Answer, Follow, Payment},
};
use crate::{
    client::{Client, Role, Says, Words, complete, fresh_key},
    counter,
    program::Failure,
};

/// How often the player looks whether what it waits for has come.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Who plays.
pub(super) struct Player {
    pub(super) client: Client,
    pub(super) people: People,
    pub(super) application: String,
    pub(super) cases: Vec<String>,
    pub(super) desk: String,
    pub(super) until: Instant,
    pub(super) aloud: bool,
}

impl Player {
    pub(super) fn say(&self, what: &str, of: &str) {
        if self.aloud {
            println!("{what}  {of}");
        }
    }

    /// Does one act, as soon as it is possible.
    pub(super) async fn play(&mut self, act: &Act) -> Result<(), Failure> {
        match act {
            Act::Task(answer) => self.answer(answer).await,
            Act::Step { step, state, child } => {
                self.until_step(*child, step, *state).await?;
                self.say("已到 reached", &format!("{step} {}", state.as_str_name()));
                Ok(())
            }
            Act::Pay(payment) => {
                let amount_fen = self.until_paid(payment).await?;
                self.say("已缴费 paid", &format!("{}.{:02} 元", amount_fen / 100, amount_fen % 100));
                Ok(())
            }
            Act::End => {
                self.until_cases_end().await?;
                self.say("已办结 ended", &self.application);
                Ok(())
            }
            Act::Follow(follow) => self.follow(follow).await,
            Act::Procedure { procedure, state, child } => {
                self.until_procedure(*child, procedure, *state).await?;
                self.say("已到 reached", &format!("{procedure} {}", script::name(*state)));
                Ok(())
            }
            Act::Withdraw => self.withdraw().await,
            Act::Bereavement { reported_by, child } => self.bereave(reported_by, *child).await,
        }
    }

    async fn answer(&mut self, answer: &Answer) -> Result<(), Failure> {
        let task = self.until_task(answer).await?;
        let says = match (answer.decline, answer.correct.is_empty()) {
            (true, _) => Says::No,
            (false, true) => Says::Yes { method: answer.method.clone(), fields: answer.fields.clone() },
            (false, false) => Says::Corrected(answer.correct.clone()),
        };
        let id_number = answer.person.clone().unwrap_or_else(|| self.id_number_of(answer.role));
        let actor = v1::Actor { role: answer.role.name().to_owned(), id_number };
        let request = complete(&task, actor, says, fresh_key());
        self.client.applications.complete_task(request).await.map_err(Words::from)?;
        self.say("已答复 answered", &task.title);
        Ok(())
    }

    async fn withdraw(&mut self) -> Result<(), Failure> {
        let request = v1::WithdrawApplicationRequest {
            application_id: self.application.clone(),
            actor: Some(v1::Actor {
                role: Role::Applicant.name().to_owned(),
                id_number: self.id_number_of(Role::Applicant),
            }),
            idempotency_key: fresh_key(),
        };
        self.client.applications.withdraw_application(request).await.map_err(Words::from)?;
        self.say("已撤回 withdrawn", &self.application);
        Ok(())
    }

    async fn bereave(&mut self, reported_by: &str, child: Option<u32>) -> Result<(), Failure> {
        let case_id = child.map(|child| self.case_of(child)).transpose()?.unwrap_or_default();
        let request = v1::ReportBereavementRequest {
            application_id: self.application.clone(),
            case_id,
            reported_by: reported_by.to_owned(),
            idempotency_key: fresh_key(),
        };
        self.client.applications.report_bereavement(request).await.map_err(Words::from)?;
        self.say("已报告 reported", &self.application);
        Ok(())
    }

    async fn follow(&mut self, follow: &Follow) -> Result<(), Failure> {
        let id_number = follow.person.clone().unwrap_or_else(|| self.id_number_of(follow.role));
        let request = v1::StartProcedureRequest {
            case_id: self.case_of(follow.child)?,
            procedure: follow.procedure.clone(),
            request_json: object(&follow.request),
            corrections_json: object(&follow.corrections),
            actor: Some(v1::Actor { role: follow.role.name().to_owned(), id_number }),
            reason: follow.reason.clone(),
            idempotency_key: fresh_key(),
        };
        self.client.applications.start_procedure(request).await.map_err(Words::from)?;
        self.say("已启动 begun", &follow.procedure);
        Ok(())
    }

    /// The number of the person in this role, as the form names it.
    fn id_number_of(&self, role: Role) -> String {
        match role {
            Role::Father => self.people.father.clone(),
            Role::Applicant | Role::Clerk => self.people.applicant.clone(),
        }
    }

    fn case_of(&self, child: u32) -> Result<String, Failure> {
        let at = usize::try_from(child).unwrap_or(usize::MAX).wrapping_sub(1);
        self.cases.get(at).cloned().ok_or_else(|| {
            Failure::Usage(format!(
                "剧本提到第{child}名婴儿,申请表没有 / the script names child {child}, the form does not"
            ))
        })
    }

    async fn case(&mut self, case_id: &str) -> Result<v1::Case, Failure> {
        let request = v1::GetCaseRequest { case_id: case_id.to_owned() };
        Ok(self.client.applications.get_case(request).await.map_err(Words::from)?.into_inner())
    }

    /// The newest procedure of this name that follows a child's case.
    async fn procedure(&mut self, child: u32, procedure: &str) -> Result<Option<v1::FollowUp>, Failure> {
        let case = self.case(&self.case_of(child)?).await?;
        Ok(case.procedures.into_iter().rev().find(|follow_up| follow_up.procedure == procedure))
    }

    /// Every case with the cases of the procedures that follow it.
    pub(super) async fn look(&mut self) -> Result<Vec<(v1::Case, Vec<v1::Case>)>, Failure> {
        let mut cases = Vec::new();
        for case_id in self.cases.clone() {
            let case = self.case(&case_id).await?;
            let mut procedures = Vec::new();
            for follow_up in &case.procedures {
                procedures.push(self.case(&follow_up.case_id).await?);
            }
            cases.push((case, procedures));
        }
        Ok(cases)
    }

    /// Waits a little; fails when the time is over.
    async fn pause(&self, what: &str) -> Result<(), Failure> {
        if Instant::now() >= self.until {
            return Err(Failure::Refused(format!("时间已到,仍未等到 / the time is over, still waiting for: {what}")));
        }
        tokio::time::sleep(LOOK_EVERY).await;
        Ok(())
    }

    /// Waits a little; fails when the time is over, or the case has ended without what is waited for.
    async fn wait_for(&mut self, what: &str, case_id: &str) -> Result<(), Failure> {
        let state = self.case(case_id).await?.state();
        if state != CaseState::Running {
            let ended = script::name(state);
            return Err(Failure::Refused(format!("办件已结束({ended}),等不到 / the case has ended before: {what}")));
        }
        self.pause(what).await
    }

    /// The open task, of the case or of a procedure that follows it.
    async fn until_task(&mut self, answer: &Answer) -> Result<v1::Task, Failure> {
        let case_id = match &answer.procedure {
            Some(procedure) => self.until_begun(answer.child, procedure).await?,
            None => self.case_of(answer.child)?,
        };
        loop {
            let request = v1::ListTasksRequest { case_id: case_id.clone(), page_size: 100, ..Default::default() };
            let tasks = self.client.applications.list_tasks(request).await.map_err(Words::from)?.into_inner().tasks;
            if let Some(task) = tasks.into_iter().find(|task| task.step == answer.step) {
                return Ok(task);
            }
            self.wait_for(&format!("{} 的待办 task", answer.step), &case_id).await?;
        }
    }

    async fn until_begun(&mut self, child: u32, procedure: &str) -> Result<String, Failure> {
        loop {
            if let Some(follow_up) = self.procedure(child, procedure).await? {
                return Ok(follow_up.case_id);
            }
            self.pause(procedure).await?;
        }
    }

    async fn until_procedure(&mut self, child: u32, procedure: &str, state: CaseState) -> Result<(), Failure> {
        loop {
            let found = self.procedure(child, procedure).await?;
            match found.map(|follow_up| follow_up.state()) {
                Some(found) if found == state => return Ok(()),
                Some(found) if found != CaseState::Running => {
                    let (is, expected) = (script::name(found), script::name(state));
                    return Err(Failure::Refused(format!("{procedure} 为 {is},应为 {expected} / it ended otherwise")));
                }
                Some(_) | None => self.pause(procedure).await?,
            }
        }
    }

    async fn until_step(&mut self, child: u32, step: &str, state: v1::StepState) -> Result<(), Failure> {
        let case_id = self.case_of(child)?;
        loop {
            let case = self.case(&case_id).await?;
            let Some(found) = case.steps.iter().find(|one| one.name == step) else {
                return Err(Failure::Usage(format!("没有环节 {step} / there is no step {step}")));
            };
            if found.state() == state {
                return Ok(());
            }
            self.wait_for(&format!("{step} {}", state.as_str_name()), &case_id).await?;
        }
    }

    async fn until_paid(&mut self, payment: &Payment) -> Result<i64, Failure> {
        let by_bank = (payment.unasked || payment.paid_at.is_some()).then(|| counter::ByBank {
            voucher: format!("BANK{}", uuid::Uuid::now_v7().simple()),
            paid_at: payment.paid_at.clone(),
            unasked: payment.unasked,
        });
        let request = counter::Request {
            area: self.people.area.clone(),
            mother_id_number: self.id_number_of(Role::Applicant),
            born_at: self.people.born_at.get(&payment.child).cloned().unwrap_or_default(),
            child_order: payment.child,
            by_bank,
        };
        let case_id = self.case_of(payment.child)?;
        loop {
            match desk::pay(&self.desk, &request).await? {
                counter::Outcome::Paid { amount_fen } => return Ok(amount_fen),
                counter::Outcome::NothingDue => {}
                counter::Outcome::Reversed => self.say("银行冲正,重新缴费 reversed, paying again", ""),
                counter::Outcome::Unknown { why } => return Err(Failure::Refused(why)),
            }
            if payment.unasked {
                self.pause("登记后的公民身份号码 the child's number").await?;
            } else {
                self.wait_for("应缴保费 a premium that is due", &case_id).await?;
            }
        }
    }

    async fn until_cases_end(&mut self) -> Result<(), Failure> {
        loop {
            let cases = self.look().await?;
            let Some((open, _)) = cases.iter().find(|(case, _)| case.state() == CaseState::Running) else {
                return Ok(());
            };
            self.pause_for_the_end(open).await?;
        }
    }

    /// Waits until every case has ended, and every procedure that follows one.
    pub(super) async fn until_all_end(&mut self) -> Result<(), Failure> {
        loop {
            let cases = self.look().await?;
            let mut all = cases.iter().flat_map(|(case, procedures)| std::iter::once(case).chain(procedures));
            let Some(open) = all.find(|case| case.state() == CaseState::Running) else { return Ok(()) };
            self.pause_for_the_end(open).await?;
        }
    }

    async fn pause_for_the_end(&self, open: &v1::Case) -> Result<(), Failure> {
        let settled = [v1::StepState::Succeeded, v1::StepState::NotSelected];
        let waits = open.steps.iter().filter(|step| !settled.contains(&step.state()));
        let waits: Vec<&str> = waits.map(|step| &*step.name).collect();
        self.pause(&format!("{} 办结 the end of: {}", open.pack, waits.join(", "))).await
    }
}

/// An object as the API takes it: nothing where it is empty.
fn object(fields: &Map<String, Value>) -> String {
    if fields.is_empty() { String::new() } else { Value::Object(fields.clone()).to_string() }
}
