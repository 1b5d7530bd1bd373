//! Which policy pack an application falls under: itself a rule, explained like any other.
//!
//! Three things decide: the place of enrolment (the application's area), the minute of birth ([001] 三(一):
//! 2026年1月1日零时以后出生), and, where a pack limits it, the date of application. Exactly one pack must hold; every
//! other is named with why it does not.

use std::sync::Arc;

use identifiers::LocalMinute;
use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::{
    decision::{Decision, Excluded, Outcome},
    pack::{Explained, Form, Pack, Packs},
};

/// The rule's name in decisions.
const RULE: &str = "which-pack";

/// What a choice refused looks like: why for the family, and the decision for the official. A decision with the row
/// `P-4` is for the operator as well: births that no pack covers yet are being applied for (G25).
pub type Refused = Box<(Explained, Decision)>;

impl Packs {
    /// The one pack for an application filed in this area (GB/T 2260, six digits) on this day for a birth at this
    /// minute, and the decision that says why. Without a day of filing, packs that limit it are not excluded by it.
    ///
    /// # Errors
    /// `PACK-001` no pack for the area, `PACK-002` none for the time of birth, `PACK-003` more than one, `PACK-004` none
    /// for the day of filing, each with the decision that excludes the packs.
    pub fn choice(
        &self,
        area: &str,
        born_at: &LocalMinute,
        submitted_on: Option<Date>,
    ) -> Result<(Arc<Pack>, Decision), Refused> {
        let mut decision = asked(area, born_at, submitted_on);
        let mut here = Vec::new();
        let mut fitting: Vec<&Arc<Pack>> = Vec::new();
        // Another one thing is chosen by its name, never by a birth.
        for pack in self.iter().filter(|pack| pack.form == Form::Birth) {
            if !pack.covers_area(area) {
                exclude(&mut decision, pack, ("参保地不在其适用地区", "the area is not its own"));
                continue;
            }
            here.push(pack);
            match outside(pack, born_at, submitted_on) {
                Some(why) => exclude(&mut decision, pack, why),
                None => fitting.push(pack),
            }
        }
        cite(&mut decision, &here);
        match *fitting {
            [pack] => {
                decision.row = "P-1".into();
                decision.outcome = Outcome::Yes;
                decision.zh = format!("适用政策包 {} {}: {}", pack.name, pack.version, pack.title);
                decision.en = format!("the pack {} {} holds", pack.name, pack.version);
                decision.gives.insert("pack".into(), Value::from(&*pack.name));
                decision.gives.insert("version".into(), Value::from(&*pack.version));
                Ok((Arc::clone(pack), decision))
            }
            [one, other, ..] => Err(refused(decision, "P-3", overlapping(one, other))),
            [] if here.is_empty() => Err(refused(decision, "P-2", not_here())),
            [] => Err(nothing_holds(decision, &here, born_at)),
        }
    }
}

/// Why a pack of this area does not hold; `None` where it does.
fn outside(pack: &Pack, born_at: &LocalMinute, submitted_on: Option<Date>) -> Option<(&'static str, &'static str)> {
    let selector = &pack.selector;
    if selector.born_from.as_ref().is_some_and(|from| born_at < from) {
        return Some(("出生早于其起始时间", "born before it begins"));
    }
    if selector.born_until.as_ref().is_some_and(|until| born_at >= until) {
        return Some(("出生不早于其截止时间", "born when it no longer holds"));
    }
    if submitted_on.is_some_and(|day| !pack.covers_filing(day)) {
        return Some(("申请日期不在其受理期间", "filed on a day on which it takes no applications"));
    }
    None
}

fn asked(area: &str, born_at: &LocalMinute, submitted_on: Option<Date>) -> Decision {
    Decision {
        rule: RULE.into(),
        asked_at: None,
        row: "".into(),
        outcome: Outcome::No,
        reasons: Vec::new(),
        zh: String::new(),
        en: String::new(),
        articles: Vec::new(),
        inputs: [
            ("application.area".to_owned(), Value::from(area)),
            ("application.submitted_on".to_owned(), submitted_on.map_or(Value::Null, |day| day.to_string().into())),
            ("child.born_at".to_owned(), Value::from(born_at.as_str())),
        ]
        .into(),
        terms: std::collections::BTreeMap::new(),
        excluded: Vec::new(),
        deadlines: std::collections::BTreeMap::new(),
        warnings: Vec::new(),
        gives: Map::new(),
    }
}

fn exclude(decision: &mut Decision, pack: &Pack, (zh, en): (&str, &str)) {
    decision.excluded.push(Excluded { row: Arc::clone(&pack.name), zh: zh.to_owned(), en: en.to_owned() });
}

/// The articles that bound the packs of this area.
fn cite(decision: &mut Decision, here: &[&Arc<Pack>]) {
    for pack in here {
        for key in ["born_from", "born_until", "submitted_from", "submitted_until"] {
            if let Some(source) = pack.sources.get(&*format!("selector.{key}")) {
                decision.articles.push(format!("{}: {source}", pack.name).into());
            }
        }
        let term = match (&pack.selector.born_from, &pack.selector.born_until) {
            (Some(from), Some(until)) => format!("出生 {} 至 {} 前", from.as_str(), until.as_str()),
            (Some(from), None) => format!("出生 {} 起", from.as_str()),
            (None, Some(until)) => format!("出生 {} 前", until.as_str()),
            (None, None) => "任何出生时间".to_owned(),
        };
        decision.terms.insert(format!("selector.{}", pack.name), term.replace('T', " "));
    }
}

fn refused(mut decision: Decision, row: &str, explained: Explained) -> Refused {
    decision.row = row.into();
    decision.zh.clone_from(&explained.zh);
    decision.en.clone_from(&explained.en);
    decision.reasons = vec![saga::Reason { code: explained.code.into(), offline_route: "".into() }];
    Box::new((explained, decision))
}

fn not_here() -> Explained {
    Explained {
        code: "PACK-001",
        zh: "申请地尚未开通本服务,请按各部门要求在线下办理。".into(),
        en: "the service is not offered in this area; please apply at each department".into(),
    }
}

fn overlapping(one: &Pack, other: &Pack) -> Explained {
    Explained {
        code: "PACK-003",
        zh: format!("政策包适用范围重叠:{}、{}。", one.name, other.name),
        en: format!("the packs {} and {} both claim this birth", one.name, other.name),
    }
}

/// No pack of the area holds. Where all of them end before the birth, the next year's is not there yet (G25): nothing
/// is computed on the old one, and the operator must be told.
fn nothing_holds(mut decision: Decision, here: &[&Arc<Pack>], born_at: &LocalMinute) -> Refused {
    if here.iter().any(|pack| pack.covers_birth(born_at)) {
        let explained = Explained {
            code: "PACK-004",
            zh: "该申请日期不在受理期间,请按各部门要求在线下办理。".into(),
            en: "applications are not taken on this day; please apply at each department".into(),
        };
        return refused(decision, "P-5", explained);
    }
    let explained = Explained {
        code: "PACK-002",
        zh: "该出生时间没有可适用的政策,请按各部门要求在线下办理。".into(),
        en: "no policy in force here covers this time of birth; please apply at each department".into(),
    };
    let ended = here.iter().all(|pack| pack.selector.born_until.as_ref().is_some_and(|until| born_at >= until));
    if ended {
        decision.warnings.push((
            "G25: 本地政策均已止于更早的出生时间,是否延续待确认;新政策包生效前不作计算。".into(),
            "G25: every policy here ends before this birth; until a new pack is in force nothing is computed".into(),
        ));
        return refused(decision, "P-4", explained);
    }
    refused(decision, "P-2", explained)
}
