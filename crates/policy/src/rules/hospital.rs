//! Domain table D8: whether the fund pays for a delivery at this hospital, by the day on which each cost arose
//! (《医疗机构医疗保障定点管理暂行办法》 arts 32, 33, 42).
//!
//! | row | agreement on the day of the cost | emergency | area | result |
//! |---|---|---|---|---|
//! | D8-1 | in force, cost meets the rules | any | own | `settle` |
//! | D8-2 | in force | any | other | `apply`, originals to the window where the pack says so |
//! | D8-3 | suspended | no | any | `not-settled`, MAT-1102 |
//! | D8-4 | suspended | yes | any | `person` |
//! | D8-5 | terminated, expired, never | no | any | `not-settled`, MAT-1101 |
//! | D8-6 | terminated, expired, never | yes | any | `person`, reimbursable after review |
//! | D8-7 | in force, cost found irregular by an audit | any | any | `withheld` from the hospital; a person sees to it that the mother is not worse off |
//! | D8-1-rules | in force, cost said not to meet the rules | any | any | `person`: the sources have no row for it |
//! | D8-split | costs with different results | any | any | always a person |
//!
//! Where the status query says whether the costs are settled, or that the mother is not insured, that holds here too:
//! what is settled is not claimed again, what is not is claimed, and who is not insured is paid nothing.
//!
//! Emergency is asked only where a day is not in force, the area only where one is. Nothing here refuses a stay of
//! which any part could be paid.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{Argument, Rule, Ruling};
use crate::{
    case::Case,
    decision::Undecidable,
    law::{Kind, Term},
};

mod agreement;

pub use agreement::{AGREEMENT, Agreement, Found, Standing, Suspension, SuspensionLimit};

/// Where the costs lie: the answer of the maternity status query.
pub const COSTS: &str = "maternity-status.costs";

/// The rules of this table.
pub const RULES: &[Rule] = &[Rule {
    name: "hospital",
    table: "D8",
    zh: "分娩医院是否可结算",
    en: "whether the fund pays for the delivery at this hospital",
    argument: Argument::None,
    article: "《医疗机构医疗保障定点管理暂行办法》第三十二条、第三十三条、第四十二条",
    codes: &["MAT-1101", "MAT-1102"],
    needs: &["hospital.suspension_max"],
    gives: &["lines", "settled_fen", "claimable_fen", "refused_fen", "undecided_fen", "needs_person"],
    decide: |case| {
        super::maternity::cite_source(case);
        if super::maternity::is_uninsured(case)? { Ok(uninsured()) } else { Ok(assess(case)?.ruling()) }
    },
}];

/// The values that a pack may set for them.
pub const TERMS: &[Term] = &[Term {
    key: "hospital.suspension_max",
    zh: "医疗机构自行申请中止医保协议的最长时间(期内未申请继续履行的,原则上协议自动终止)",
    en: "how long an agreement may be suspended at the hospital's own request before it ends by itself for want of an \
         application to go on",
    kind: Kind::Span,
}];

/// What becomes of one cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payment {
    /// Settled by network.
    Settle,
    /// Paid on application.
    Apply,
    /// Not paid by the fund.
    NotSettled,
    /// Not paid to the hospital; the mother is not to be worse off (art. 32).
    Withheld,
    /// Left to a person.
    Person,
}

/// One cost, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it arose.
    pub on: Date,
    /// In 分; `None` where the answer does not tell.
    pub amount_fen: Option<i64>,
    /// What the agreement was on that day.
    pub found: Found,
    /// The row of the table.
    pub row: &'static str,
    /// What becomes of it.
    pub payment: Payment,
}

/// All costs of one stay, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// In order of the facts.
    pub lines: Vec<Line>,
    /// Whether the network has settled them; `None` where the status query does not tell.
    settled: Option<bool>,
    /// The pack's source wants the originals of a claim across areas at the window.
    originals_to_window: bool,
}

/// What all costs of a stay come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whole {
    /// The fund pays, by network or on application.
    Payable,
    /// The fund pays nothing, for these reasons.
    Refused(Vec<&'static str>),
    /// A person decides.
    Person,
}

/// A cost as the facts have it.
struct Cost {
    on: Date,
    amount_fen: Option<i64>,
    irregular: bool,
    meets_rules: bool,
}

/// Every row of the table, and when a cost falls under it.
const ROWS: [(&str, &str, &str); 8] = [
    ("D8-1", "在本统筹区且协议履行中、符合规定", "own area, agreement in force, within the rules"),
    ("D8-1-rules", "协议履行中但不符合生育保险政策规定", "agreement in force, outside the rules"),
    ("D8-2", "跨统筹区且协议履行中", "another area, agreement in force"),
    ("D8-3", "协议中止期间,非急诊抢救", "during a suspension, without emergency"),
    ("D8-4", "协议中止期间,急诊或抢救", "during a suspension, in an emergency"),
    ("D8-5", "无有效协议,非急诊抢救", "without an agreement, without emergency"),
    ("D8-6", "无有效协议,急诊或抢救", "without an agreement, in an emergency"),
    ("D8-7", "经审核属违规申报", "found irregular by an audit"),
];

/// Decides each cost by the day on which it arose.
///
/// # Errors
/// If facts are missing or cannot be, or the pack leaves open what matters.
pub fn assess(case: &Case<'_>) -> Result<Assessment, Undecidable> {
    let costs = costs(case)?;
    let agreements = Agreement::read(case)?;
    let mut standings = Vec::with_capacity(costs.len());
    for cost in &costs {
        standings.push(agreement::standing(&agreements, cost.on, case)?);
    }
    let in_force = |found: &Found| found.standing == Standing::InForce;
    let own_area = standings.iter().any(in_force).then(|| {
        let path = "maternity-status.own_area";
        case.needed(path, case.truth(path))
    });
    let emergency = (!standings.iter().all(in_force)).then(|| {
        let path = "maternity-status.emergency";
        case.needed(path, case.truth(path))
    });
    case.complete()?;
    let (own_area, emergency) = (own_area.flatten().unwrap_or(false), emergency.flatten().unwrap_or(false));
    let settled = case.truth("maternity-status.settled");
    let lines = costs.into_iter().zip(standings).map(|(cost, found)| {
        case.cite(found.article);
        let (row, payment) = row(&cost, found.standing, own_area, emergency);
        Line { on: cost.on, amount_fen: cost.amount_fen, found, row, payment: payment.once(settled) }
    });
    let lines: Vec<Line> = lines.collect();
    let across = lines.iter().any(|line| line.row == "D8-2" && line.payment == Payment::Apply);
    let originals_to_window = across && super::maternity::originals_to_window(case)?;
    Ok(Assessment { lines, settled, originals_to_window })
}

/// Not insured at all: the hospital does not matter, and nobody is asked about it.
fn uninsured() -> Ruling {
    Ruling::no(
        "D9-9",
        Vec::new(),
        "未参保,不享受生育保险待遇,与医院是否定点无关",
        "not insured: no entitlement, whatever the hospital's agreement",
    )
    .giving("lines", Vec::<Value>::new())
    .giving("needs_person", false)
}

fn row(cost: &Cost, standing: Standing, own_area: bool, emergency: bool) -> (&'static str, Payment) {
    match (standing, emergency) {
        (Standing::InForce, _) if cost.irregular => ("D8-7", Payment::Withheld),
        (Standing::InForce, _) if !cost.meets_rules => ("D8-1-rules", Payment::Person),
        (Standing::InForce, _) if own_area => ("D8-1", Payment::Settle),
        (Standing::InForce, _) => ("D8-2", Payment::Apply),
        (Standing::Suspended, false) => ("D8-3", Payment::NotSettled),
        (Standing::Suspended, true) => ("D8-4", Payment::Person),
        (Standing::Terminated | Standing::Expired | Standing::Never, false) => ("D8-5", Payment::NotSettled),
        (Standing::Terminated | Standing::Expired | Standing::Never, true) => ("D8-6", Payment::Person),
    }
}

fn costs(case: &Case<'_>) -> Result<Vec<Cost>, Undecidable> {
    let found = case.must(COSTS, case.fact(COSTS))?;
    let Some(list) = found.as_array() else {
        return Err(agreement::impossible(COSTS.to_owned(), "应为列表", "must be a list"));
    };
    if list.is_empty() {
        return Err(Undecidable::Missing(vec![COSTS.to_owned()]));
    }
    list.iter().enumerate().map(|(at, cost)| Cost::parse(cost, &format!("{COSTS}[{at}]"))).collect()
}

impl Cost {
    fn parse(found: &Value, place: &str) -> Result<Self, Undecidable> {
        let amount_fen = match found.get("amount_fen") {
            None | Some(Value::Null) => None,
            Some(amount) => Some(amount.as_i64().filter(|fen| (0..=FEN_MAX).contains(fen)).ok_or_else(|| {
                agreement::impossible(format!("{place}.amount_fen"), "应为不小于零的分", "must be 分, not below zero")
            })?),
        };
        let says = |key: &str| match found.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(says)) => Ok(Some(*says)),
            Some(_) => Err(agreement::impossible(format!("{place}.{key}"), "应为是或否", "must be yes or no")),
        };
        Ok(Self {
            on: agreement::needed_day(found, place, "on")?,
            amount_fen,
            // The agency objects where it has something to object: silence is no objection.
            irregular: says("irregular")?.unwrap_or(false),
            meets_rules: says("meets_rules")?.unwrap_or(true),
        })
    }
}

/// A thousand million yuan: no stay costs as much, and the sum of any list that fits into memory stays in range.
const FEN_MAX: i64 = 100_000_000_000;

impl Payment {
    /// As facts and pages write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Settle => "settle",
            Self::Apply => "apply",
            Self::NotSettled => "not-settled",
            Self::Withheld => "withheld",
            Self::Person => "person",
        }
    }

    /// What becomes of it once it is known whether the network has settled it.
    fn once(self, settled: Option<bool>) -> Self {
        match (self, settled) {
            (Self::Settle, Some(false)) => Self::Apply,
            (Self::Apply, Some(true)) => Self::Settle,
            // Settled though the fund does not pay for that day: neither takes the other back by itself.
            (Self::NotSettled, Some(true)) => Self::Person,
            (plain, _) => plain,
        }
    }
}

impl Assessment {
    /// The one row of all costs, or `D8-split` where their results differ.
    pub fn row(&self) -> &'static str {
        match self.lines.split_first() {
            Some((first, rest)) if rest.iter().all(|line| line.payment == first.payment) => first.row,
            Some(_) | None => "D8-split",
        }
    }

    /// What all costs come to.
    pub fn whole(&self) -> Whole {
        let any = |payment| self.lines.iter().any(|line| line.payment == payment);
        if self.row() == "D8-split" || any(Payment::Person) || any(Payment::Withheld) {
            return Whole::Person;
        }
        if !any(Payment::NotSettled) {
            return Whole::Payable;
        }
        let has = |row| self.lines.iter().any(|line| line.row == row);
        let codes = [("D8-5", "MAT-1101"), ("D8-3", "MAT-1102")];
        Whole::Refused(codes.into_iter().filter(|(row, _)| has(*row)).map(|(_, code)| code).collect())
    }

    /// What holds of them, in a sentence in Chinese and one in English.
    pub fn sentence(&self) -> (&'static str, &'static str) {
        match (self.row(), self.settled) {
            ("D8-1", Some(true)) => (
                "费用发生时协议履行中,已由基金联网结算,无需申请",
                "the agreement was in force and the network has settled it: nothing to apply for",
            ),
            ("D8-1", Some(false)) => (
                "费用发生时协议履行中,尚未联网结算,向医保经办机构申请",
                "the agreement was in force and nothing is settled yet: paid on application",
            ),
            ("D8-2", Some(true)) => (
                "跨统筹区定点医疗机构,已联网直接结算,无需申请",
                "in force in another pooling area and settled by network: nothing to apply for",
            ),
            ("D8-3" | "D8-4" | "D8-5" | "D8-6", Some(true)) => (
                "费用已联网结算,而发生之日没有履行中的医保协议,由人工核对",
                "settled by network though no agreement was in force on the day: a person checks",
            ),
            _ => self.sentence_unsettled(),
        }
    }

    /// The same where nobody has said whether it is settled, or it makes no difference.
    fn sentence_unsettled(&self) -> (&'static str, &'static str) {
        match self.row() {
            "D8-1" => ("费用发生时协议履行中,由基金联网结算", "the agreement was in force: settled by network"),
            "D8-1-rules" => {
                ("费用不符合生育保险政策规定,由人工审核", "the cost does not meet the rules: a person decides")
            }
            "D8-2" if !self.originals_to_window => {
                ("跨统筹区定点医疗机构,可申请报销", "in force in another pooling area: paid on application")
            }
            "D8-2" => (
                "跨统筹区定点医疗机构,可申请报销(原始材料递交经办窗口)",
                "in force in another pooling area: paid on application, originals to the window",
            ),
            "D8-3" => ("医保协议中止期间发生的费用不予结算", "costs that arise during a suspension are not settled"),
            "D8-4" => ("协议中止期间的急诊抢救费用,由人工审核", "an emergency during a suspension: a person decides"),
            "D8-5" => (
                "非急诊抢救,在非定点医疗机构发生的费用基金不予支付",
                "the fund does not pay at a hospital without an agreement, but for emergencies",
            ),
            "D8-6" => (
                "在非定点医疗机构的急诊抢救费用,人工审核后可报销",
                "an emergency at a hospital without an agreement: reimbursable after review",
            ),
            "D8-7" => (
                "费用经审核属违规申报,不拨付医疗机构;参保人权益由人工处理",
                "found irregular by an audit: not paid to the hospital; a person sees to the mother's part",
            ),
            _ => (
                "各笔费用发生之日结果不同,分笔列明,由人工审核",
                "the costs differ by the day on which they arose: listed one by one, a person decides",
            ),
        }
    }

    /// The sum in 分 of the costs with one of these results; `None` where an amount is not known.
    pub fn sum(&self, payments: &[Payment]) -> Option<i64> {
        self.lines.iter().filter(|line| payments.contains(&line.payment)).map(|line| line.amount_fen).sum()
    }

    fn ruling(&self) -> Ruling {
        let (zh, en) = self.sentence();
        let whole = self.whole();
        let needs_person = whole == Whole::Person;
        let mut ruling = match whole {
            Whole::Payable | Whole::Person => Ruling::yes(self.row(), zh, en),
            Whole::Refused(codes) => Ruling::no(self.row(), codes, zh, en),
        };
        ruling = ruling.giving("lines", self.lines.iter().map(Line::json).collect::<Vec<_>>());
        let sums: [(&str, &[Payment]); 4] = [
            ("settled_fen", &[Payment::Settle]),
            ("claimable_fen", &[Payment::Apply]),
            ("refused_fen", &[Payment::NotSettled]),
            ("undecided_fen", &[Payment::Person, Payment::Withheld]),
        ];
        for (field, payments) in sums {
            if let Some(sum) = self.sum(payments) {
                ruling = ruling.giving(field, sum);
            }
        }
        self.explained(ruling.giving("needs_person", needs_person))
    }

    /// With the rows under which no cost falls, and with what the sources leave open.
    pub(super) fn explained(&self, mut ruling: Ruling) -> Ruling {
        for (row, zh, en) in ROWS {
            if !self.lines.iter().any(|line| line.row == row) {
                ruling = ruling.excluding(row, format!("没有这样的费用:{zh}"), format!("no cost is such: {en}"));
            }
        }
        if self.lines.iter().any(|line| line.row == "D8-4") {
            ruling = ruling.warning(
                "第三十三条的急诊抢救例外针对非定点医疗机构,中止期间未写明,由人工决定",
                "art. 33 exempts emergencies at hospitals that are not designated; it does not speak of suspensions",
            );
        }
        if self.lines.iter().any(|line| line.found.in_principle) {
            ruling = ruling.warning(
                "第四十二条:超过180日未申请继续履行的,“原则上”自动终止;经办机构另有决定的,以其为准",
                "art. 42 ends an agreement by itself only 'in principle': what the agency decided otherwise prevails",
            );
        }
        ruling
    }
}

impl Line {
    fn json(&self) -> Value {
        json!({
            "on": self.on.to_string(),
            "amount_fen": self.amount_fen,
            "agreement": self.found.standing.word(),
            "article": self.found.article,
            "row": self.row,
            "result": self.payment.word(),
        })
    }
}
