//! Which policy pack an application falls under, explained like any other rule.

use identifiers::LocalMinute;
use jiff::civil::date;
use policy::{Decision, Outcome, Packs};

fn minute(text: &str) -> LocalMinute {
    LocalMinute::parse(text).expect("a minute")
}

/// The pack, or the code of the refusal, and the decision.
fn choice(area: &str, born_at: &str) -> (String, Decision) {
    match Packs::shipped().choice(area, &minute(born_at), Some(date(2026, 3, 1))) {
        Ok((pack, decision)) => (pack.name.to_string(), decision),
        Err(refused) => (refused.0.code.to_owned(), refused.1),
    }
}

fn why(decision: &Decision, pack: &str) -> String {
    let excluded = decision.excluded.iter().find(|excluded| &*excluded.row == pack);
    excluded.map(|excluded| excluded.zh.clone()).unwrap_or_default()
}

/// A child born in the last minute of 2025 would otherwise be subsidised from 2026's money, or one born in the first
/// minute of 2026 not at all ([001] 三(一); boundary 2026-01-01 00:00).
#[test]
fn one_minute_decides_between_the_years_and_both_decisions_say_why() {
    let (before, decision) = choice("140826", "2025-12-31T23:59");
    assert_eq!((&*before, &*decision.row), ("shanxi-2025", "P-1"));
    assert_eq!(why(&decision, "shanxi-2026"), "出生早于其起始时间");
    let (after, decision) = choice("140826", "2026-01-01T00:00");
    assert_eq!((&*after, &*decision.row, decision.outcome), ("shanxi-2026", "P-1", Outcome::Yes));
    assert_eq!(why(&decision, "shanxi-2025"), "出生不早于其截止时间");
    assert_eq!(why(&decision, "anhui-2024"), "参保地不在其适用地区");
    assert!(
        decision.articles.iter().any(|article| article.contains("2026年1月1日零时以后")),
        "{:?}",
        decision.articles
    );
    assert_eq!(decision.inputs["child.born_at"], "2026-01-01T00:00");
    assert_eq!(decision.inputs["application.submitted_on"], "2026-03-01");
    assert_eq!(decision.gives["pack"], "shanxi-2026");
}

/// Births of 2027 would otherwise be promised a subsidy that nobody has granted, and no operator would know (G25).
#[test]
fn births_from_2027_are_refused_in_shanxi_and_the_operator_is_told() {
    let (code, decision) = choice("140826", "2027-01-01T00:00");
    assert_eq!((&*code, &*decision.row, decision.outcome), ("PACK-002", "P-4", Outcome::No));
    assert!(decision.warnings[0].0.contains("G25"), "{:?}", decision.warnings);
    assert_eq!(why(&decision, "shanxi-2026"), "出生不早于其截止时间");
    let (last, decision) = choice("140826", "2026-12-31T23:59");
    assert_eq!((&*last, decision.warnings.len()), ("shanxi-2026", 0));
}

/// An application would otherwise be taken where nobody can do anything with it.
#[test]
fn elsewhere_and_before_any_pack_nothing_holds_and_each_pack_says_why_not() {
    let (code, decision) = choice("110101", "2026-11-01T09:30");
    assert_eq!((&*code, &*decision.row), ("PACK-001", "P-2"));
    assert_eq!(decision.excluded.len(), Packs::shipped().iter().count(), "every pack says why not");
    let (code, decision) = choice("340104", "2024-06-06T23:59");
    assert_eq!((&*code, &*decision.row), ("PACK-002", "P-2"));
    assert!(decision.warnings.is_empty(), "nothing is missing for the future");
    assert_eq!(why(&decision, "anhui-2024"), "出生早于其起始时间");
}

/// A form filed after a pack's last day would otherwise be taken under a policy that has ended.
#[test]
fn where_a_pack_limits_the_day_of_filing_that_day_decides_too() {
    let mut packs = Packs::shipped();
    let mut limited = (**packs.get("anhui-2024").expect("shipped")).clone();
    limited.selector.submitted_from = Some(date(2026, 3, 1));
    limited.selector.submitted_until = Some(date(2026, 4, 1));
    packs.insert(limited);
    let on = |day| {
        let choice = packs.choice("340104", &minute("2026-02-01T09:30"), day);
        choice.map(|(pack, _)| pack.name.to_string()).map_err(|refused| (refused.0.code, refused.1.row.to_string()))
    };
    let refused = || Err(("PACK-004", "P-5".to_owned()));
    assert_eq!(on(Some(date(2026, 2, 28))), refused());
    assert_eq!(on(Some(date(2026, 3, 1))).as_deref(), Ok("anhui-2024"));
    assert_eq!(on(Some(date(2026, 3, 31))).as_deref(), Ok("anhui-2024"));
    assert_eq!(on(Some(date(2026, 4, 1))), refused());
    assert_eq!(on(None).as_deref(), Ok("anhui-2024"), "without a day it is not asked");
}

/// Of two packs that both claim a birth one would otherwise be taken by chance.
#[test]
fn two_packs_for_one_birth_are_refused() {
    let mut packs = Packs::shipped();
    let mut twin = (**packs.get("anhui-2024").expect("shipped")).clone();
    twin.name = "anhui-copy".into();
    packs.insert(twin);
    let refused = packs.choice("340104", &minute("2026-11-01T09:30"), None).expect_err("two of them");
    assert_eq!((refused.0.code, &*refused.1.row), ("PACK-003", "P-3"));
}

/// The same application would otherwise be judged differently when it is filed and when it is explained.
#[test]
fn the_short_question_and_the_explained_one_agree() {
    let packs = Packs::shipped();
    for area in ["340104", "140826", "110101"] {
        for born_at in ["2024-06-07T00:00", "2025-12-31T23:59", "2026-01-01T00:00", "2027-01-01T00:00"] {
            let short = packs.choose(area, &minute(born_at)).map(|pack| pack.name.clone()).map_err(|why| why.code);
            let explained = packs.choice(area, &minute(born_at), None);
            let explained = explained.map(|(pack, _)| pack.name.clone()).map_err(|refused| refused.0.code);
            assert_eq!(short, explained, "{area} {born_at}");
        }
    }
}
