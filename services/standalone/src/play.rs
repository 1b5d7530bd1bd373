//! Files an example and plays the acts that belong to it: who answers what, who pays, who withdraws, and how it ends.
//!
//! `NAME.json` is the form, `NAME.acts.json` beside it the script. Succeeds only if every case ends as the script says,
//! for exactly the reasons and with exactly the messages that it names, and every procedure has ended.

mod desk;

mod player;

mod script;

mod verdict;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use clap::Args;
use proto::v1::{self, submit_application_request::Form};
use tokio::time::Instant;

pub use script::{Act, Script};

use self::{player::Player, verdict::Found};
use crate::{
    client::{Client, Words, fresh_key, read_form},
    families::replaced,
    program::Failure,
};

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
    let found = Found::of(&player.look().await?);
    let wrong = found.differences(&script);
    let states: Vec<&str> = found.states.iter().map(|state| script::name(*state)).collect();
    if arguments.json {
        let procedures = found
            .procedures
            .iter()
            .map(|(procedure, state)| serde_json::json!({ "procedure": procedure, "ended": script::name(*state) }));
        let result = serde_json::json!({
            "application_id": player.application,
            "case_ids": player.cases,
            "ended": states,
            "reasons": found.reasons,
            "messages": found.messages,
            "procedures": procedures.collect::<Vec<_>>(),
            "as_expected": wrong.is_empty(),
        });
        println!("{result:#}");
    }
    if !wrong.is_empty() {
        return Err(Failure::Refused(wrong.join("\n")));
    }
    player.say("按剧本办结 ended as the script says", &states.join(", "));
    Ok(())
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
