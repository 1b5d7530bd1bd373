//! Domain table D1: who may use the joint online process. Conditions E1 to E9 of the Anhui plan and E10 to E12 of other
//! provinces; the pack says which of them it requires, and all failing ones are told at once.
//!
//! A condition that the departments' answers do not establish has failed: the family is then sent to a counter, where a
//! person looks, rather than registered by a machine on a guess. A department that could not answer is another matter:
//! its step has not succeeded, is tried again, and this rule is not asked (PRE-109 is never a no).
//!
//! Reasons are in order of the table's rows, so that the first failing row is the one shown first.

use super::{Argument, Rule, Ruling, selection::children};
use crate::{
    case::Case,
    decision::Undecidable,
    law::{Kind, Law, Term, Value},
};

mod conditions;
mod elsewhere;
mod window;

/// The rules of this table.
pub const RULES: &[Rule] = &[Rule {
    name: "eligibility",
    table: "D1",
    zh: "线上联办条件",
    en: "who may use the joint online process",
    argument: Argument::None,
    article: "二(三); 附件2 一; 附件2 二.1 智能验证",
    codes: &CODES,
    needs: &[],
    gives: &[],
    decide,
}];

/// The values that a pack may set for it.
pub const TERMS: &[Term] = &[
    Term {
        key: "eligibility.require",
        zh: "线上联办须具备的条件",
        en: "the conditions of the joint process; E1 to E9 where the pack does not say",
        kind: Kind::Words(&ROWS),
    },
    Term {
        key: "eligibility.delivery_window",
        zh: "分娩后可线上联办的期限",
        en: "how long after the delivery the joint process is open (E9)",
        kind: Kind::Span,
    },
    Term {
        key: "eligibility.licences",
        zh: "须已领取的电子证照(其核验环节)",
        en: "the e-licences that must have been claimed, each by the step that asks for it (E8)",
        kind: Kind::Texts,
    },
    Term {
        key: "eligibility.household_areas",
        zh: "父母户籍地区(代码开头)",
        en: "where the parents must be registered, as beginnings of area codes; the pack's own area where not set (E3, E4)",
        kind: Kind::Texts,
    },
    Term {
        key: "eligibility.max_age",
        zh: "婴儿出生后多久以内可申请",
        en: "how long after the birth an application is possible (E10)",
        kind: Kind::Span,
    },
    Term {
        key: "eligibility.surname_of_parent",
        zh: "婴儿须随父姓或母姓",
        en: "the child must bear the surname of its father or mother (E11)",
        kind: Kind::Truth,
    },
    Term {
        key: "eligibility.father_authorisation",
        zh: "父亲授权的方式",
        en: "how the father authorises: not at all, by a task after this rule, or beforehand by granting his e-licence (E12)",
        kind: Kind::Word(&["none", "task", "e-licence-grant"]),
    },
];

/// The rows of the table.
const ROWS: [&str; 12] = ["E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E10", "E11", "E12"];

/// The rows that hold where the pack does not say: those of the Anhui plan.
const DEFAULT_ROWS: usize = 9;

/// What a no may say. PRE-109, a source that cannot be reached, is not among them: it is tried again.
const CODES: [&str; 11] = [
    "PRE-101", "PRE-102", "PRE-103", "PRE-104", "PRE-105", "PRE-106", "PRE-107", "PRE-108", "PRE-110", "PRE-111",
    "PRE-112",
];

/// How a condition stands in one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is established.
    Holds,
    /// It is established that it does not hold.
    Fails,
    /// The answers do not tell: a person looks.
    NotTold,
    /// There is nothing to ask it of, which another condition says already.
    Moot,
}

/// A row of the table.
pub(crate) struct Condition {
    /// `E1` to `E12`.
    row: &'static str,
    /// The code of its failing.
    code: &'static str,
    /// What must be, and who is asked.
    zh: &'static str,
    /// The same in English.
    en: &'static str,
    /// How it stands.
    stands: fn(&Case<'_>, &mut Ruling) -> Result<Standing, Undecidable>,
}

/// True where a pack with this law may give this code: what it does not require it need not explain.
pub(crate) fn may_say(code: &str, law: &Law) -> bool {
    if !CODES.contains(&code) {
        return true;
    }
    let required: Vec<&str> = match law.get("eligibility.require", None).map(|provision| &provision.value) {
        Some(Value::Texts(rows)) => rows.iter().map(|row| &**row).collect(),
        Some(_) | None => ROWS[..DEFAULT_ROWS].to_vec(),
    };
    conditions::ALL.iter().any(|condition| condition.code == code && required.contains(&condition.row))
}

fn decide(case: &Case<'_>) -> Result<Ruling, Undecidable> {
    let required = case.texts("eligibility.require", None);
    let requires = |row: &str| match required {
        Some(rows) => rows.iter().any(|required| &**required == row),
        None => ROWS[..DEFAULT_ROWS].contains(&row),
    };
    // The conditions fill in what they computed; the answer itself is written when all of them have been looked at.
    let mut found = Ruling::default();
    let mut failing: Vec<(&Condition, Standing)> = Vec::new();
    for condition in &conditions::ALL {
        if !requires(condition.row) {
            found = found.excluding(condition.row, "本包不要求此条件", "this pack does not require it");
            continue;
        }
        match (condition.stands)(case, &mut found)? {
            standing @ (Standing::Fails | Standing::NotTold) => failing.push((condition, standing)),
            Standing::Holds => found = found.excluding(condition.row, "条件成立", "the condition holds"),
            Standing::Moot => found = found.excluding(condition.row, "无从判断,不另列", "nothing to ask it of"),
        }
    }
    let Some((first, _)) = failing.first() else {
        return Ok(Ruling { row: "D1", zh: "符合全部条件".into(), en: "every condition holds".into(), ..found });
    };
    let row = first.row;
    let mut against: Vec<&'static str> = Vec::new();
    for (condition, _) in &failing {
        if !against.contains(&condition.code) {
            against.push(condition.code);
        }
    }
    let zh: Vec<String> = failing.iter().map(|(condition, standing)| condition.say_zh(*standing)).collect();
    let en: Vec<String> = failing.iter().map(|(condition, standing)| condition.say_en(*standing)).collect();
    found = found.excluding("D1", "有条件不符合,不能线上联办", "some conditions do not hold: not by the joint process");
    Ok(Ruling { row, against: Some(against), zh: zh.join(";"), en: en.join("; "), ..found })
}

impl Condition {
    fn say_zh(&self, standing: Standing) -> String {
        let how = if standing == Standing::NotTold { "部门答复未能证明" } else { "不符合" };
        format!("{}: {how}“{}”", self.row, self.zh)
    }

    fn say_en(&self, standing: Standing) -> String {
        let how = if standing == Standing::NotTold { "the answers do not establish" } else { "not so:" };
        format!("{}: {how} {}", self.row, self.en)
    }
}

/// The children whom the question is about, as their form has them.
fn each_child<'q>(case: &Case<'q>) -> Vec<&'q serde_json::Value> {
    children(case)
}
