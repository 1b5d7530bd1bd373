//! Families that differ in one thing only: province, minute of birth, day of payment, standing of the hospital. Each is
//! an example with its acts, played through the whole program, and ends as the law says, with the texts that the law's
//! catalogue says, byte for byte.
//!
//! They are played under the shipped packs without their quiet hours, so that nothing depends on the hour of the test.

use std::{
    fs,
    path::{Path, PathBuf},
};

use adapter::simulated::{Effect, Ledger};
use anyhow::Context;
use proto::{associated::command_id, bus::CommandKind, v1};
use saga::{StepIndex, definition::Scope};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    compare::compare,
    evidence::{Case, Evidence, ledgers},
    process::{Launch, Running},
    wait::{PATIENCE, until},
};

/// Revisions of a step that are looked through: these families are corrected once at most.
const REVISIONS: u32 = 4;

/// A family: an example, what its mother is told besides what every family is told, and what departments did for it.
struct Family {
    example: &'static str,
    /// Without the signature in front.
    told: Vec<String>,
    /// Step, field of its output, value; of a procedure that follows the case as well.
    did: &'static [(&'static str, &'static str, &'static str)],
    /// Steps that left nothing at any department.
    did_not: &'static [&'static str],
}

fn family(
    example: &'static str,
    told: &[&str],
    did: &'static [(&'static str, &'static str, &'static str)],
    did_not: &'static [&'static str],
) -> Family {
    Family { example, told: told.iter().map(|text| (*text).to_owned()).collect(), did, did_not }
}

const CERTIFIED: &str = "《出生医学证明》已签发,领取方式:自取。申请已转公安机关办理出生登记,进度可在皖事通APP查看。";
const REGISTERED: &str =
    "孩子的出生登记已办结。请登录皖事通APP核对《常住人口登记表》,无误请签字确认;有误请勿签字,选择“申请更正”。";
const SIGNED: &str = "登记表已签字确认。可持居民户口簿到户籍地公安户政窗口打印婴儿户口内页。";
const ENDED: &str = "您申请的新生儿出生“一件事”已全部办结,欢迎登录皖事通APP评价本次服务。";
const IN_PART: &str = "您申请的新生儿出生“一件事”已办结部分事项,另有1项需线下办理,办理指引可在皖事通APP查看。";
const SHANXI_CERTIFIED: &str =
    "《出生医学证明》已签发,领取方式:自取。申请已转公安机关办理出生登记,进度可在“三晋通”平台查看。";
const SHANXI_ENDED: &str = "您申请的新生儿出生“一件事”已全部办结,欢迎登录“三晋通”平台评价本次服务。";
const FREE: &str = "您的孩子已完成居民医保参保登记,出生当年个人缴费由财政全额资助,您无需缴费,自出生之日起享受待遇。";
const REFUNDED: &str = "居民医保重复缴费400.00元已提交退款,将原路退回,请留意到账。";
const SHANXI_REFUNDED: &str = "居民医保多缴保费400.00元已提交退款,将原路退回,请留意到账。";

/// The published text, letter by letter.
fn enrolled(mother: &str) -> String {
    format!(
        "{mother}先生(女士),您已通过新生儿出生“一件事”成功为您的宝宝办理了“城乡居民参保登记”。请您及时通过“皖事通”APP搜索\
         “城乡居民两险缴费”服务等进行缴费,并查询缴费是否成功。缴费成功后可享受医保待遇(医保与您共同守护宝贝健康成长)。"
    )
}

/// Whose cover begins on the day of birth, and whose on the day after the payment: the day of the payment alone decides.
fn by_the_day_of_payment() -> Vec<Family> {
    let paid = |example, mother, told: &[&str], did| {
        let mut family = family(example, &[CERTIFIED, REGISTERED, SIGNED, ENDED], did, &[]);
        family.told.push(enrolled(mother));
        family.told.extend(told.iter().map(|text| (*text).to_owned()));
        family
    };
    vec![
        paid(
            "anhui-paid-twice",
            "例再来",
            &["孩子的居民医保缴费成功,待遇自2026年3月2日起享受。", REFUNDED],
            &[("benefit-window", "start_on", "2026-03-02"), ("refund-payment", "amount_fen", "40000")],
        ),
        paid(
            "anhui-gap",
            "例知间",
            &["孩子的居民医保缴费成功,待遇自2026年3月18日起享受。"],
            &[("benefit-window", "start_on", "2026-03-18"), ("benefit-window", "end_on", "2026-12-31")],
        ),
        paid(
            "anhui-late",
            "例迟暮",
            &["孩子的居民医保缴费成功,待遇自2026年7月2日起享受。"],
            &[("benefit-window", "start_on", "2026-07-02"), ("benefit-window", "end_on", "2026-12-31")],
        ),
    ]
}

/// Who is told that it is settled, who applies where, for what, and who is refused: the hospital's standing and the
/// mother's insurance decide.
fn by_the_standing_of_the_hospital() -> Vec<Family> {
    let delivered = |example, told: &[&str], did, did_not| {
        let common = [CERTIFIED, REGISTERED, SIGNED];
        family(example, &[&common, told].concat(), did, did_not)
    };
    let settled = "经查询,您本次生育医疗费用已在定点医疗机构直接结算,无需另行申请,明细可在皖事通APP查看。";
    let elsewhere = "您的生育医疗费用发生在统筹区外,请在皖事通APP申请并将原始材料递交医保经办窗口,或携材料到窗口办理。";
    let bounced = "生育待遇发放未成功,请于规定时限前登录皖事通APP核对社会保障卡金融账户状态,更新后将重新发放。";
    let denied = "生育待遇未予支付,原因:有关信息核验不一致,请登录查看。告知书可在皖事通APP查看,如有异议可申请重核。";
    vec![
        delivered("anhui-maternity-inform", &[settled, ENDED], &[], &["maternity-payment", "maternity-denial"]),
        delivered(
            "anhui-maternity-apply",
            &["生育待遇已核定,金额29633.33元,将发放至您的社会保障卡金融账户(尾号6009)。", ENDED],
            &[("maternity-payment", "total_fen", "2963333")],
            &["maternity-denial"],
        ),
        delivered(
            "anhui-cross-area",
            &[elsewhere, "生育待遇已核定,金额3500.00元,将发放至您的社会保障卡金融账户(尾号9626)。", ENDED],
            &[("maternity-payment", "total_fen", "350000")],
            &["maternity-denial"],
        ),
        delivered(
            "anhui-suspended",
            &["生育待遇已核定,金额26133.33元,将发放至您的社会保障卡金融账户(尾号9511)。", ENDED],
            &[("maternity-payment", "total_fen", "2613333")],
            &["maternity-denial"],
        ),
        delivered(
            "anhui-payment-bounced",
            &[bounced, "生育待遇已核定,金额3500.00元,将发放至您的社会保障卡金融账户(尾号1234)。", ENDED],
            &[("maternity-payment", "account_tail", "1234")],
            &["maternity-denial"],
        ),
        delivered("anhui-denied", &[denied, IN_PART], &[("maternity-denial", "copies", "2")], &["maternity-payment"]),
    ]
}

/// For whom the state pays: the minute of birth decides, also where it is corrected afterwards.
fn by_the_minute_of_birth() -> Vec<Family> {
    vec![
        family(
            "shanxi-2025-born-2359",
            &[
                "《出生医学证明》已签发,领取方式:自取。申请已转公安机关办理出生登记,进度可在“山西政务”小程序查看。",
                "您的孩子已完成居民医保参保登记,出生当年无需缴费。2026年居民医保费请于2026年3月31日前缴纳。",
                "您申请的新生儿出生“一件事”已全部办结,欢迎登录“山西政务”小程序评价本次服务。",
            ],
            &[],
            &["subsidy-entry"],
        ),
        family(
            "shanxi-born-0000",
            &[SHANXI_CERTIFIED, FREE, SHANXI_ENDED],
            &[("subsidy-entry", "amount_fen", "40000")],
            &["refund-payment", "subsidy-reversal"],
        ),
        family(
            "shanxi-corrected-across-the-line",
            &[
                SHANXI_CERTIFIED,
                FREE,
                SHANXI_ENDED,
                "您申请更正的登记信息已更正,相关部门数据将同步更新,请登录“三晋通”平台核对。",
            ],
            &[("subsidy-entry", "amount_fen", "40000"), ("subsidy-reversal", "amount_fen", "40000")],
            &[],
        ),
        family(
            "shanxi-paid-though-free",
            &[SHANXI_CERTIFIED, FREE, SHANXI_ENDED, SHANXI_REFUNDED],
            &[("subsidy-entry", "amount_fen", "40000"), ("refund-payment", "amount_fen", "40000")],
            &["subsidy-reversal"],
        ),
    ]
}

/// A family after its play.
struct Played {
    family: Family,
    cases: Vec<String>,
    phone: String,
}

/// Plays all of them on one server, with `more` arguments for it, and compares what they were told and what was done.
///
/// # Errors
/// If a family ends otherwise than its acts say, was told or paid otherwise, or the ledgers do not agree.
pub async fn families_end_as_the_law_says(program: &str, root: &Path, more: &[&str]) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let policies = at_any_hour(root, folder.path())?;
    let policies = policies.display().to_string();
    let more = [&["--policies", &policies], more].concat();
    let running = Launch::serve(program, folder.path(), &more).start().await?;
    let mut plays = JoinSet::new();
    let families = [by_the_day_of_payment(), by_the_standing_of_the_hospital(), by_the_minute_of_birth()];
    for family in families.into_iter().flatten() {
        let launch = play(program, root, folder.path(), &running, family.example)?;
        let form = root.join(format!("examples/applications/{}.json", family.example));
        plays.spawn(async move { played(family, &launch, &form).await });
    }
    let played = plays.join_all().await.into_iter().collect::<anyhow::Result<Vec<Played>>>()?;
    for family in &played {
        for case in &family.cases {
            arrived(&running, case).await.context(family.family.example)?;
        }
    }
    anyhow::ensure!(running.stop().await?.success(), "a clean shutdown");
    let data = folder.path().join("data");
    let evidence = Evidence::of(&data).await?;
    let report = compare(&evidence);
    println!("{report:?}");
    report.all_well()?;
    let wrongs: Vec<String> =
        told_wrongly(&data, &played).await?.into_iter().chain(done_wrongly(&evidence, &played)).collect();
    anyhow::ensure!(wrongs.is_empty(), "{}", wrongs.join("\n"));
    Ok(())
}

/// The shipped packs, copied, with messages at every hour.
///
/// # Errors
/// If they cannot be copied, or have no quiet hours.
pub fn at_any_hour(root: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let copy = folder.join("policies");
    let mut changed = 0;
    for pack in fs::read_dir(root.join("deploy/policies"))? {
        let pack = pack?.path();
        let into = copy.join(pack.file_name().context("a pack has a name")?);
        fs::create_dir_all(&into)?;
        for file in fs::read_dir(&pack)? {
            let file = file?.path();
            let mut text = fs::read_to_string(&file)?;
            if text.contains("quiet_from  = { value = \"21:00\"") {
                text = text.replace("quiet_from  = { value = \"21:00\"", "quiet_from  = { value = \"unspecified\"");
                changed += 1;
            }
            fs::write(into.join(file.file_name().context("a file has a name")?), text)?;
        }
    }
    anyhow::ensure!(changed >= 3, "only {changed} packs have quiet hours");
    Ok(copy)
}

fn play(program: &str, root: &Path, folder: &Path, running: &Running, example: &str) -> anyhow::Result<Launch> {
    let server = format!("http://{}", running.grpc.context("it serves gRPC")?);
    let desk = running.pages.context("it serves pages")?.to_string();
    let form = root.join(format!("examples/applications/{example}.json")).display().to_string();
    let arguments = ["play", &form, "--server", &server, "--desk", &desk, "--timeout", "150", "--json"];
    Ok(Launch::new(program, example, &folder.join("plays"), &arguments))
}

async fn played(family: Family, launch: &Launch, form: &Path) -> anyhow::Result<Played> {
    let output = launch.run().await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    anyhow::ensure!(output.status.success(), "{}:\n{said}", family.example);
    let result: Value = serde_json::from_slice(&output.stdout)?;
    let cases = result["case_ids"].as_array().context("it names its cases")?;
    let cases = cases.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let form: Value = serde_json::from_str(&fs::read_to_string(form)?)?;
    let phone = form["birth"]["mother"]["phone"].as_str().context("a mother has a telephone")?.to_owned();
    Ok(Played { family, cases, phone })
}

/// Waits until every message of a case, and of the procedures that follow it, has arrived.
async fn arrived(running: &Running, case_id: &str) -> anyhow::Result<()> {
    let mut client = running.client()?.applications;
    let mut ask = async |case_id: &str| {
        let request = v1::GetCaseRequest { case_id: case_id.to_owned() };
        anyhow::Ok(client.get_case(request).await?.into_inner())
    };
    until("messages that arrive", PATIENCE, async || {
        let case = ask(case_id).await?;
        let mut cases = vec![case.clone()];
        for procedure in &case.procedures {
            cases.push(ask(&procedure.case_id).await?);
        }
        let open = |message: &v1::SentMessage| matches!(&*message.state, "waiting" | "out");
        let waits = cases.iter().flat_map(|case| &case.messages).any(open);
        Ok((!waits).then_some(()))
    })
    .await
}

async fn told_wrongly(data: &Path, played: &[Played]) -> anyhow::Result<Vec<String>> {
    let mut sent: Vec<Effect> = Vec::new();
    for (endpoint, path) in ledgers(&data.join("departments"))? {
        if endpoint.ends_with(".sms") {
            sent.extend(Ledger::open(&path).await?.effects().await?);
        }
    }
    let mut wrongs = Vec::new();
    for Played { family, cases, phone } in played {
        let (signature, portal) = match family.example {
            "shanxi-2025-born-2359" => ("山西政务", "“山西政务”小程序"),
            shanxi if shanxi.starts_with("shanxi") => ("三晋通", "“三晋通”平台"),
            _ => ("皖事通", "皖事通APP"),
        };
        // The number of the case is the only thing in a text that no file can say beforehand.
        let filed = format!(
            "您申请的新生儿出生“一件事”已提交,办件编号{}。可登录{portal}查看各环节审核结果。",
            cases.concat().replace('-', "")
        );
        let expected = family.told.iter().chain([&filed]).map(|text| format!("【{signature}】{text}"));
        let mut expected: Vec<String> = expected.collect();
        let to_her = sent.iter().map(|effect| &effect.fields["message"]).filter(|message| message["phone"] == **phone);
        let mut told: Vec<String> =
            to_her.map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect();
        expected.sort();
        told.sort();
        if told != expected {
            let only = |these: &[String], those: &[String]| {
                these.iter().filter(|text| !those.contains(text)).cloned().collect::<Vec<_>>().join("\n    ")
            };
            wrongs.push(format!(
                "{} was told {} texts, expected {}\n  told only:\n    {}\n  expected only:\n    {}",
                family.example,
                told.len(),
                expected.len(),
                only(&told, &expected),
                only(&expected, &told)
            ));
        }
    }
    Ok(wrongs)
}

fn done_wrongly(evidence: &Evidence, played: &[Played]) -> Vec<String> {
    let mut wrongs = Vec::new();
    for Played { family, cases, .. } in played {
        let ids: Vec<String> = cases.iter().map(|case| case.replace('-', "")).collect();
        let own: Vec<&Case> = evidence.cases.iter().filter(|case| ids.contains(&hex::encode(case.case))).collect();
        let group: Vec<&Case> =
            evidence.cases.iter().filter(|case| own.iter().any(|one| one.application == case.application)).collect();
        for (step, field, expected) in family.did {
            let found = output(evidence, &group, step).map(|output| match &output[field] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            if found.as_deref() != Some(expected) {
                wrongs.push(format!("{}: {step}.{field} is {found:?}, expected {expected}", family.example));
            }
        }
        for step in family.did_not {
            if output(evidence, &group, step).is_some() {
                wrongs.push(format!("{}: {step} was done, and was not to be", family.example));
            }
        }
    }
    wrongs
}

/// What a department gave for a step of one of these cases, the newest revision.
fn output<'e>(evidence: &'e Evidence, cases: &[&Case], step: &str) -> Option<&'e Value> {
    let ids = cases.iter().flat_map(|case| {
        let index: Option<StepIndex> = case.definition.find(step);
        let scope = index.map(|index| case.definition.step(index).scope);
        let key = if scope == Some(Scope::Family) { case.application } else { case.case };
        let revisions = if index.is_some() { REVISIONS } else { 0 };
        (1..=revisions).map(move |revision| hex::encode(command_id(key, step, CommandKind::Act, revision)))
    });
    let ids: Vec<String> = ids.collect();
    let done = evidence.effects.iter().rev().find(|done| ids.contains(&done.effect.call_id));
    done.map(|done| &done.effect.outputs)
}
