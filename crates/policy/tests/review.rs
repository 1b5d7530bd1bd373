//! Table D10: how an agency handles each business, that no person acts twice, and which way a refund takes.

use std::{fs, path::PathBuf};

use identifiers::LocalMinute;
use policy::{Calendar, Decision, Outcome, Pack, Problems, Undecidable};
use serde_json::{Value, json};

const BASE: &str = include_str!("../../../deploy/policies/base/law.toml");

/// The smallest pack with this law.
fn parsed(law: &str) -> Result<Pack, Problems> {
    Pack::parse(&[
        ("pack.toml", include_str!("packs/test-minimal/pack.toml")),
        ("saga.toml", include_str!("packs/test-minimal/saga.toml")),
        ("messages.toml", include_str!("packs/test-minimal/messages.toml")),
        ("law.toml", law),
    ])
}

fn base() -> Pack {
    parsed(BASE).unwrap_or_else(|problems| panic!("{problems}"))
}

fn asked(rule: &str, facts: &Value) -> Result<Decision, Undecidable> {
    let at = LocalMinute::parse("2026-06-01T09:00").expect("a minute");
    policy::decide(rule, &base(), &Calendar::shipped(), facts, &at)
}

fn decided(rule: &str, facts: &Value) -> Decision {
    asked(rule, facts).unwrap_or_else(|why| panic!("{rule}: {why}"))
}

const NONE: &[&str] = &[];
const ONE: &[&str] = &["经办"];
const TWO: &[&str] = &["初审", "复核"];
const THREE: &[&str] = &["初审", "复核", "审批"];
const HEAD: &[&str] = &["经办", "业务负责人审核", "社保机构负责人审批"];
const AUDIT: &[&str] = &["经办", "稽核环节负责人审核", "经办机构领导审批"];

/// A business, its limit, its longest limit, its levels, how many must be there, its refusal, and its article.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str], u32, &'static str, &'static str);

const ROWS: [Row; 43] = [
    ("unit-registration", "10 working days", "", TWO, 1, "", "2章第三条"),
    ("unit-change", "5 working days", "", ONE, 1, "", "2章第五条"),
    ("unit-deregistration", "5 working days", "", TWO, 1, "", "2章第七条"),
    ("annual-verification", "10 working days", "", TWO, 1, "", "2章第九条"),
    ("person-added", "5 working days", "", &["经办", "复核"], 1, "《身份证重号证明》", "3章第三条"),
    ("person-removed", "5 working days", "", TWO, 1, "", "3章第五条"),
    ("history-fixing", "40 working days", "", THREE, 1, "", "3章第八条"),
    ("correction-of-identity", "40 working days", "", TWO, 1, "", "十二条"),
    ("correction-of-contributions", "40 working days", "", THREE, 1, "", "十二条"),
    ("transfer-out", "20 working days", "", TWO, 1, "", "3章第十四条"),
    ("transfer-in", "20 working days", "", THREE, 1, "", "3章第十六条"),
    ("relation-continuation", "20 working days", "", TWO, 1, "", "3章第十七条"),
    ("premium-base", "20 working days", "", TWO, 1, "", "4章第三条"),
    ("back-payment", "20 working days", "", THREE, 1, "", "4章第五条"),
    ("hospital-transfer", "", "", NONE, 1, "", "7章第五条"),
    ("emergency-transfer", "5 working days", "", NONE, 1, "", "7章第五条"),
    ("special-outpatient", "", "", TWO, 1, "", "7章第六条"),
    ("personal-account-withdrawal", "", "", THREE, 1, "", "7章第九条"),
    ("medical-reimbursement", "20 working days", "", THREE, 1, "", "7章第十一条"),
    ("hospital-settlement", "30 working days", "", THREE, 1, "书面通知", "[002] 第三十条"),
    ("medical-inspection", "", "", NONE, 2, "", "7章第二十条"),
    ("maternity-benefit", "20 working days", "", THREE, 1, "《不予支付生育保险待遇告知书》", "9章第三条"),
    ("maternity-recalculation", "20 working days", "", THREE, 1, "《不予重核生育保险待遇告知书》", "9章第七条"),
    ("business-review", "20 working days", "40 working days", HEAD, 1, "《不予复查告知书》", "13章第四条"),
    ("business-review-check", "5 working days", "", &["经办", "业务负责人审核"], 1, "《不予复查告知书》", "13章第五条"),
    ("business-review-explanation", "5 working days", "", NONE, 1, "", "13章第六条"),
    ("business-review-draft", "5 working days", "", NONE, 1, "", "13章第七条"),
    ("business-review-service", "3 working days", "", NONE, 1, "", "13章第八条"),
    ("data-change-after-review", "5 working days", "", NONE, 1, "", "13章第九条"),
    ("recalculation-after-review", "5 working days", "", NONE, 1, "", "13章第九条"),
    ("internal-audit-notice", "7 working days", "", NONE, 1, "", "13章第十四条"),
    ("internal-audit-report", "10 working days", "30 working days", NONE, 1, "", "13章第十六条"),
    ("internal-audit-comment", "5 working days", "", NONE, 1, "", "13章第十七条"),
    ("internal-audit-rectification", "1 month", "", NONE, 1, "", "13章第十九条"),
    ("internal-audit-filing", "15 working days", "", NONE, 1, "", "13章第二十一条"),
    ("tip-off-letter", "3 working days", "", NONE, 1, "《不予稽核立案告知书》", "12章第二条(一)"),
    ("tip-off-visit", "3 days", "", NONE, 2, "《不予稽核立案告知书》", "12章第二条(二)"),
    ("tip-off-telephone", "3 days", "", NONE, 1, "《不予稽核立案告知书》", "12章第二条(三)"),
    ("on-site-audit", "", "", NONE, 2, "", "12章第六条(二)"),
    ("audit-result-clean", "5 working days", "", AUDIT, 1, "", "12章第七条"),
    ("audit-result-violation", "10 working days", "", AUDIT, 1, "", "12章第七条"),
    ("letter", "60 days", "", NONE, 1, "", "14章第六条"),
    ("inquiry", "10 working days", "", NONE, 1, "", "14章第十一条"),
];

/// An agency would otherwise let a business lie longer, or look at it less often, than its rules say.
#[test]
fn d10_each_business_has_the_limit_levels_and_paper_of_its_article() {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for (business, limit, longest, levels, persons, refusal, article) in ROWS {
        let decision = decided(&format!("procedure:{business}"), &json!({}));
        let gives = &decision.gives;
        assert_eq!(text(&gives["limit"]), limit, "{business}");
        assert_eq!(text(&gives["limit_max"]), longest, "{business}");
        assert_eq!(gives["levels"], json!(levels), "{business}");
        assert_eq!(gives["persons"], json!(persons), "{business}");
        assert_eq!(text(&gives["refusal_paper"]), refusal, "{business}");
        assert!(decision.articles.iter().any(|cited| cited.contains(article)), "{business}: {:?}", decision.articles);
        let said = if limit.is_empty() { "按部门公布的承诺时限" } else { "时限" };
        assert!(decision.zh.contains(said), "{business}: {}", decision.zh);
    }
}

/// A hospital would otherwise wait ten working days longer than the later rule allows (G15).
#[test]
fn d10_hospital_settlement_the_national_30_working_days_displace_the_40() {
    let decision = decided("procedure:hospital-settlement", &json!({}));
    assert_eq!(decision.gives["limit"], json!("30 working days"));
    assert!(decision.excluded[0].zh.contains("40个工作日"), "{:?}", decision.excluded);
}

/// An applicant would otherwise get no copy for herself.
#[test]
fn d10_the_papers_are_made_in_as_many_copies_as_the_article_says() {
    for (business, copies) in [
        ("maternity-benefit", 2),
        ("maternity-recalculation", 2),
        ("medical-reimbursement", 3),
        ("hospital-settlement", 3),
        ("history-fixing", 3),
        ("transfer-in", 3),
        ("correction-of-identity", 2),
    ] {
        assert_eq!(decided(&format!("procedure:{business}"), &json!({})).gives["copies"], json!(copies), "{business}");
    }
}

/// An official who looks for the ground of a row would otherwise not find it.
#[test]
fn every_row_of_the_base_pack_stands_in_its_page() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/law/base-procedure.md");
    let page = fs::read_to_string(page).expect("docs/law/base-procedure.md");
    for procedure in &base().law.procedures {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", procedure.business)));
        let row = row.unwrap_or_else(|| panic!("{} is not in the page", procedure.business));
        let article = procedure.source.trim_start_matches("[004] 篇10 ");
        assert!(row.contains(article), "{}: {article}", procedure.business);
    }
}

/// A saga would otherwise ask a third person where the law asks two, or none where it asks three.
#[test]
fn a_level_is_done_only_where_the_business_has_it() {
    for (rule, outcome) in [
        ("levels:maternity-benefit:1", Outcome::Yes),
        ("levels:maternity-benefit:3", Outcome::Yes),
        ("levels:maternity-benefit:4", Outcome::No),
        ("levels:correction-of-identity:2", Outcome::Yes),
        ("levels:correction-of-identity:3", Outcome::No),
        ("levels:unit-change:2", Outcome::No),
        ("levels:hospital-transfer:1", Outcome::No),
    ] {
        let decision = decided(rule, &json!({}));
        assert_eq!(decision.outcome, outcome, "{rule}");
        assert!(decision.reasons.is_empty(), "{rule}: a question of fact");
    }
    for unknown in ["levels:maternity-benefit", "levels:maternity-benefit:0", "levels:maternity-benefit:two"] {
        assert_eq!(asked(unknown, &json!({})).expect_err("no level").code(), "LAW-005", "{unknown}");
    }
    assert_eq!(asked("levels:nothing:1", &json!({})), Err(Undecidable::NotSet("procedure")));
    assert_eq!(asked("procedure:nothing", &json!({})), Err(Undecidable::NotSet("procedure")));
}

const LEVELS: &str = "different-persons:first-review+second-review+approval";

fn acted(first: &str, second: &str, third: &str) -> Value {
    json!({"first-review": {"officer": first}, "second-review": {"officer": second}, "approval": {"officer": third}})
}

/// One person could otherwise make up a claim, check it, and approve it.
#[test]
fn rev_001_no_person_acts_at_two_levels_of_one_item() {
    assert_eq!(decided(LEVELS, &acted("officer-1", "officer-2", "officer-3")).outcome, Outcome::Yes);
    for (first, second, third) in [("a", "a", "b"), ("a", "b", "a"), ("b", "a", "a"), ("a", "a", "a")] {
        let decision = decided(LEVELS, &acted(first, second, third));
        let codes: Vec<&str> = decision.reasons.iter().map(|reason| &*reason.code).collect();
        assert_eq!((decision.outcome, codes), (Outcome::No, vec!["REV-001"]));
    }
}

/// The page of the case would otherwise accuse an officer by name.
#[test]
fn who_acted_twice_is_not_said() {
    let decision = decided(LEVELS, &acted("officer-77", "officer-77", "officer-3"));
    let told = format!("{} {} {:?} {:?}", decision.zh, decision.en, decision.reasons, decision.gives);
    assert!(!told.contains("officer-"), "{told}");
}

/// A level that nobody signed would otherwise pass as one that somebody else did.
#[test]
fn every_level_without_an_officer_is_named() {
    let facts = json!({"second-review": {"officer": "b"}, "approval": {"officer": ""}});
    let missing = vec!["approval.officer".to_owned(), "first-review.officer".to_owned()];
    assert_eq!(asked(LEVELS, &facts), Err(Undecidable::Missing(missing)));
    for nothing_to_compare in ["different-persons:approval", "different-persons:approval+"] {
        assert_eq!(asked(nothing_to_compare, &facts).expect_err("one step").code(), "LAW-005");
    }
}

/// An inspector would otherwise go to a hospital alone, with nobody to witness what was found.
#[test]
fn rev_002_an_inspection_on_site_takes_two_persons() {
    let there =
        |officers: Value| decided("persons:medical-inspection", &json!({"medical-inspection": {"officers": officers}}));
    assert_eq!(there(json!(["a", "b"])).outcome, Outcome::Yes);
    for alone in [json!([]), json!(["a"]), json!(["a", "a"]), json!(["a", ""])] {
        let decision = there(alone);
        assert_eq!((decision.outcome, &*decision.reasons[0].code), (Outcome::No, "REV-002"));
    }
    assert_eq!(asked("persons:medical-inspection", &json!({})).expect_err("nobody said").code(), "LAW-001");
}

/// A base pack with a slip in it would otherwise set a limit that nobody meant.
#[test]
fn a_wrong_procedure_is_refused_with_line_and_cure() {
    let with = |more: &str| format!("[[procedure]]\nbusiness = \"b\"\nzh = \"业务\"\nsource = \"条\"\n{more}\n");
    let good = "limit = \"5 working days\"\nlevels = [\"初审\"]";
    assert!(parsed(&with(good)).is_ok());
    let rows = [
        ("unknown key", with(&format!("{good}\ncolour = 1")), "colour", 7),
        ("no limit", with("levels = []"), "`limit`", 1),
        ("not a span", with("limit = \"a week\"\nlevels = []"), "`limit`", 5),
        ("no levels", with("limit = \"unspecified\""), "`levels`", 1),
        ("one role twice", with("limit = \"5 days\"\nlevels = [\"初审\", \"初审\"]"), "初审", 6),
        ("shorter at most", with(&format!("{good}\nlimit_max = \"4 working days\"")), "limit_max", 7),
        ("another unit at most", with(&format!("{good}\nlimit_max = \"40 days\"")), "limit_max", 7),
        ("no persons", with(&format!("{good}\npersons = 0")), "persons", 7),
        ("twice", with(good) + &with(good), "`b`", 7),
        ("no source", with(good).replace("source = \"条\"\n", ""), "source", 1),
    ];
    for (name, law, words, line) in rows {
        let Err(Problems(found)) = parsed(&law) else { panic!("{name} was accepted") };
        let told = found.iter().any(|problem| {
            problem.file == "law.toml"
                && problem.line == line
                && problem.what.contains(words)
                && !problem.cure.is_empty()
        });
        assert!(told, "{name}: {}", Problems(found));
    }
}

/// A province would otherwise have to copy the whole base to change one of its limits, or could not change it at all.
#[test]
fn a_provinces_own_row_replaces_the_bases_and_the_others_stay() {
    let own = "[[procedure]]\nbusiness = \"maternity-benefit\"\nzh = \"生育\"\nlimit = \"10 working days\"\nlevels = [\"初审\", \"复核\"]\nsource = \"本省\"\n";
    let header = format!("base = \"base\"\n{}", include_str!("packs/test-minimal/pack.toml"));
    let pack = Pack::parse(&[
        ("pack.toml", &header),
        ("saga.toml", include_str!("packs/test-minimal/saga.toml")),
        ("messages.toml", include_str!("packs/test-minimal/messages.toml")),
        ("law.toml", own),
        ("base/law.toml", BASE),
    ]);
    let law = pack.unwrap_or_else(|problems| panic!("{problems}")).law;
    let levels = |business| law.procedure(business).map(|procedure| procedure.levels.len());
    assert_eq!((levels("maternity-benefit"), levels("maternity-recalculation")), (Some(2), Some(3)));
    assert_eq!(law.procedures.len(), base().law.procedures.len());
    assert!(law.get("refund.tax_fault_papers", None).is_some());
}
