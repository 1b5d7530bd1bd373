//! Files an example and plays the acts that belong to it: who answers what, who pays, who withdraws, and how it ends.
//!
//! `NAME.json` is the form, `NAME.acts.json` beside it the script. Succeeds only if every case ends as the script says,
//! for exactly the reasons that it names.

mod desk;

mod script;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use proto::v1::{self, CaseState, submit_application_request::Form};
use tokio::time::Instant;

pub use script::{Act, Script};

use crate::{
    client::{Client, Role, Says, Words, complete, fresh_key, read_form},
    counter,
    families::replaced,
    program::Failure,
};

/// How often the player looks whether what it waits for has come.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// `yijian play`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// 申请表文件;剧本为同名 .acts.json / the form; its script is the file NAME.acts.json beside it
    pub file: PathBuf,
    /// 服务地址 / where the server is
    #[arg(long, env = "YIJIAN_SERVER", default_value = "http://127.0.0.1:7071", value_name = "URL")]
    pub server: String,
    /// 页面地址,模拟税务柜台所在 / where the pages are, and with them the simulated tax counter
    #[arg(long, env = "YIJIAN_DESK", default_value = "127.0.0.1:7070", value_name = "HOST:PORT")]
    pub desk: String,
    /// 幂等键,默认新生成 / idempotency key; by default a new one
    #[arg(long)]
    pub key: Option<String>,
    /// 换成另一些合成的父母,同一数字得同样的人 / other synthetic parents, the same for the same number
    #[arg(long, value_name = "SEED")]
    pub vary: Option<u64>,
    /// 最多等多少秒 / how many seconds at most
    #[arg(long, default_value_t = 180, value_name = "SECONDS")]
    pub timeout: u64,
    /// 以 JSON 输出结果 / print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// Plays one example.
pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut request = read_form(&arguments.file)?;
    let script = Script::read(&arguments.file.with_extension("acts.json"))?;
    request.idempotency_key = arguments.key.clone().unwrap_or_else(fresh_key);
    let (form, people) = match (request.form.take(), arguments.vary) {
        (Some(Form::Birth(form)), vary) => {
            let form = match vary {
                Some(seed) => replaced(form, seed),
                None => form,
            };
            (Form::Birth(form.clone()), People::of_birth(form))
        }
        (Some(Form::General(form)), None) => {
            let people = People::of_general(&form)?;
            (Form::General(form), people)
        }
        (Some(Form::General(_)), Some(_)) => {
            return Err(Failure::Usage("--vary 只适用于出生申请表 / --vary is for birth forms only".to_owned()));
        }
        (None, _) => return Err(Failure::Usage("文件中没有申请表 / the file holds no form".to_owned())),
    };
    request.form = Some(form);
    let mut client = Client::new(&arguments.server)?;
    let filed = client.applications.submit_application(request).await.map_err(Words::from)?.into_inner();
    let mut player = Player {
        client,
        people,
        application: filed.application_id,
        cases: filed.case_ids,
        desk: arguments.desk,
        until: Instant::now() + Duration::from_secs(arguments.timeout),
        aloud: !arguments.json,
    };
    player.say("已提交 filed", &player.application);
    for act in &script.acts {
        player.play(act).await?;
    }
    player.until_all_end().await?;
    let cases = player.look().await?;
    let (states, reasons) = found(&cases);
    let wrong = differences(&script, &states, &reasons);
    if arguments.json {
        let names: Vec<&str> = states.iter().map(|state| script::name(*state)).collect();
        let result = serde_json::json!({
            "application_id": player.application,
            "case_ids": player.cases,
            "ended": names,
            "reasons": reasons,
            "as_expected": wrong.is_empty(),
        });
        println!("{result:#}");
    }
    if !wrong.is_empty() {
        return Err(Failure::Refused(wrong.join("\n")));
    }
    let names: Vec<&str> = states.iter().map(|state| script::name(*state)).collect();
    player.say("按剧本办结 ended as the script says", &names.join(", "));
    Ok(())
}

/// How the cases ended, in the children's order, and every code that stands in them.
fn found(cases: &[v1::Case]) -> (Vec<CaseState>, BTreeSet<String>) {
    let states = cases.iter().map(v1::Case::state).collect();
    let steps = cases.iter().flat_map(|case| &case.steps);
    let reasons = steps.flat_map(|step| step.reasons.iter().map(|reason| reason.code.clone())).collect();
    (states, reasons)
}

fn differences(script: &Script, states: &[CaseState], reasons: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (order, state) in (1..).zip(states) {
        if *state != script.ends {
            let (is, expected) = (script::name(*state), script::name(script.ends));
            wrong.push(format!(
                "第{order}名婴儿办件为 {is},应为 {expected} / the case of child {order} ended otherwise"
            ));
        }
    }
    if *reasons != script.reasons {
        let (is, expected) = (listed(reasons), listed(&script.reasons));
        wrong.push(format!("原因为 [{is}],应为 [{expected}] / the reasons are not those of the script"));
    }
    wrong
}

fn listed(codes: &BTreeSet<String>) -> String {
    codes.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Who acts, and what the counter asks for, as the form says.
struct People {
    area: String,
    applicant: String,
    father: String,
    /// By the child's order; empty where the form is not about a birth.
    born_at: BTreeMap<u32, String>,
}

impl People {
    fn of_birth(form: v1::BirthForm) -> Self {
        let number = |parent: Option<v1::Parent>| parent.map(|parent| parent.id_number).unwrap_or_default();
        Self {
            area: form.area,
            applicant: number(form.mother),
            father: number(form.father),
            born_at: form.children.into_iter().map(|child| (child.order, child.born_at)).collect(),
        }
    }

    fn of_general(form: &v1::GeneralForm) -> Result<Self, Failure> {
        let fields: serde_json::Value = serde_json::from_str(&form.fields_json)
            .map_err(|error| Failure::Usage(format!("fields_json: 不是 JSON / not JSON: {error}")))?;
        let applicant = fields["applicant"]["id_number"].as_str().unwrap_or_default().to_owned();
        Ok(Self { area: form.area.clone(), applicant, father: String::new(), born_at: BTreeMap::new() })
    }
}

struct Player {
    client: Client,
    people: People,
    application: String,
    cases: Vec<String>,
    desk: String,
    until: Instant,
    aloud: bool,
}

impl Player {
    fn say(&self, what: &str, of: &str) {
        if self.aloud {
            println!("{what}  {of}");
        }
    }

    async fn play(&mut self, act: &Act) -> Result<(), Failure> {
        match act {
            Act::Task { step, role, id_number, method, decline, correct, child } => {
                let task = self.until_task(*child, step).await?;
                let says = match (decline, correct.is_empty()) {
                    (true, _) => Says::No,
                    (false, true) => Says::Yes { method: method.clone() },
                    (false, false) => Says::Corrected(correct.clone()),
                };
                let id_number = id_number.clone().unwrap_or_else(|| self.id_number_of(*role));
                let actor = v1::Actor { role: role.name().to_owned(), id_number };
                let request = complete(&task, actor, says, fresh_key());
                self.client.applications.complete_task(request).await.map_err(Words::from)?;
                self.say("已答复 answered", &task.title);
            }
            Act::Step { step, state, child } => {
                self.until_step(*child, step, *state).await?;
                self.say("已到 reached", &format!("{step} {}", state.as_str_name()));
            }
            Act::Pay { child } => {
                let amount_fen = self.until_paid(*child).await?;
                self.say("已缴费 paid", &format!("{}.{:02} 元", amount_fen / 100, amount_fen % 100));
            }
            Act::Withdraw => {
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
            }
            Act::Bereavement { reported_by, child } => {
                let case_id = child.map(|child| self.case_of(child)).transpose()?.unwrap_or_default();
                let request = v1::ReportBereavementRequest {
                    application_id: self.application.clone(),
                    case_id,
                    reported_by: reported_by.clone(),
                    idempotency_key: fresh_key(),
                };
                self.client.applications.report_bereavement(request).await.map_err(Words::from)?;
                self.say("已报告 reported", &self.application);
            }
        }
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

    async fn look(&mut self) -> Result<Vec<v1::Case>, Failure> {
        let mut cases = Vec::new();
        for case_id in self.cases.clone() {
            cases.push(self.case(&case_id).await?);
        }
        Ok(cases)
    }

    /// Waits a little; fails when the time is over, or the case has ended without what is waited for.
    async fn wait_for(&mut self, what: &str, case_id: &str) -> Result<(), Failure> {
        if Instant::now() >= self.until {
            return Err(Failure::Refused(format!("时间已到,仍未等到 / the time is over, still waiting for: {what}")));
        }
        let state = self.case(case_id).await?.state();
        if state != CaseState::Running {
            let ended = script::name(state);
            return Err(Failure::Refused(format!("办件已结束({ended}),等不到 / the case has ended before: {what}")));
        }
        tokio::time::sleep(LOOK_EVERY).await;
        Ok(())
    }

    async fn until_task(&mut self, child: u32, step: &str) -> Result<v1::Task, Failure> {
        let case_id = self.case_of(child)?;
        loop {
            let request = v1::ListTasksRequest { case_id: case_id.clone(), page_size: 100, ..Default::default() };
            let tasks = self.client.applications.list_tasks(request).await.map_err(Words::from)?.into_inner().tasks;
            if let Some(task) = tasks.into_iter().find(|task| task.step == step) {
                return Ok(task);
            }
            self.wait_for(&format!("{step} 的待办 task"), &case_id).await?;
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

    async fn until_paid(&mut self, child: u32) -> Result<i64, Failure> {
        let case_id = self.case_of(child)?;
        let request = counter::Request {
            area: self.people.area.clone(),
            mother_id_number: self.id_number_of(Role::Applicant),
            born_at: self.people.born_at.get(&child).cloned().unwrap_or_default(),
            child_order: child,
        };
        loop {
            match desk::pay(&self.desk, &request).await? {
                counter::Outcome::Paid { amount_fen } => return Ok(amount_fen),
                counter::Outcome::NothingDue => {}
                counter::Outcome::Reversed => self.say("银行冲正,重新缴费 reversed, paying again", ""),
                counter::Outcome::Unknown { why } => return Err(Failure::Refused(why)),
            }
            self.wait_for("应缴保费 a premium that is due", &case_id).await?;
        }
    }

    async fn until_all_end(&mut self) -> Result<(), Failure> {
        loop {
            let cases = self.look().await?;
            let Some(open) = cases.iter().find(|case| case.state() == CaseState::Running) else { return Ok(()) };
            if Instant::now() >= self.until {
                let waits: Vec<&str> = open
                    .steps
                    .iter()
                    .filter(|step| !matches!(step.state(), v1::StepState::Succeeded | v1::StepState::NotSelected))
                    .map(|step| &*step.name)
                    .collect();
                return Err(Failure::Refused(format!(
                    "时间已到,办件未办结 / the time is over and the case is open, waiting for: {}",
                    waits.join(", ")
                )));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
