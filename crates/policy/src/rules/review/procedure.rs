//! `[[procedure]]` of `law.toml`: for each business of the agency how long it may take, who looks at it, and on which
//! papers it ends.

use std::sync::Arc;

use crate::{law::Law, legal_time::Span, pack::sheet::Table};

/// How the agency handles one business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// Its name, e.g. `maternity-benefit`.
    pub business: Arc<str>,
    /// The name for people.
    pub zh: Arc<str>,
    /// How long it may take; `None` where the source says 及时 or nothing.
    pub limit: Option<Span>,
    /// How long at most where it may be extended.
    pub limit_max: Option<Span>,
    /// What the limit counts from, in words, where that is not acceptance (受理).
    pub counts_from: Option<Arc<str>>,
    /// The roles that look at it, in order, e.g. 初审, 复核, 审批. Each is another person.
    pub levels: Vec<Arc<str>>,
    /// How many people must be there; 1 where the source asks for no second.
    pub persons: u32,
    /// The paper on which it ends well.
    pub paper: Option<Arc<str>>,
    /// The paper that refuses it.
    pub refusal_paper: Option<Arc<str>>,
    /// How many copies are made of the paper.
    pub copies: Option<u32>,
    /// Which other limit or paper this row overrides, and why it counts.
    pub overrides: Option<Arc<str>>,
    /// Document, chapter and article.
    pub source: Arc<str>,
    /// The line of `law.toml`.
    pub line: usize,
}

/// More copies, people or levels than any source asks for are a mistake.
const COUNT_MAX: u32 = 9;

impl Law {
    /// How this business is handled; `None` where the law does not say.
    pub fn procedure(&self, business: &str) -> Option<&Procedure> {
        self.procedures.iter().find(|procedure| &*procedure.business == business)
    }
}

/// Reads all `[[procedure]]`; everything wrong is noted on the sheet.
pub(crate) fn read_procedures(root: &Table<'_>) -> Vec<Procedure> {
    let mut found: Vec<Procedure> = Vec::new();
    for table in root.tables("procedure") {
        let line = table.line;
        let Some(procedure) = read(table) else { continue };
        if found.iter().any(|earlier| earlier.business == procedure.business) {
            root.report(
                line,
                format!("业务重复 `{}` stands twice", procedure.business),
                "删除一处 remove one, 或改名 or rename one",
            );
            continue;
        }
        found.push(procedure);
    }
    found
}

fn read(table: Table<'_>) -> Option<Procedure> {
    let business = table.needed("business");
    let zh = table.needed("zh");
    let source = table.needed("source");
    let (limit, limit_max) = (limit(&table, "limit"), limit(&table, "limit_max"));
    if !table.has("limit") {
        table.report(
            table.line,
            "缺少 missing `limit`".into(),
            "写上 add `limit = \"20 working days\"`, 来源未写明的写 \"unspecified\"",
        );
    }
    let text = |key| table.text(key).map(|text| text.value);
    let procedure = Procedure {
        business: business.as_ref().map(|text| Arc::clone(&text.value)).unwrap_or_default(),
        zh: zh.as_ref().map(|text| Arc::clone(&text.value)).unwrap_or_default(),
        limit,
        limit_max,
        counts_from: text("counts_from"),
        levels: levels(&table),
        persons: count(&table, "persons").unwrap_or(1),
        paper: text("paper"),
        refusal_paper: text("refusal_paper"),
        copies: count(&table, "copies"),
        overrides: text("overrides"),
        source: source.as_ref().map(|text| Arc::clone(&text.value)).unwrap_or_default(),
        line: table.line,
    };
    check_limits(&table, &procedure);
    table.finish();
    business.and(zh).and(source).map(|_| procedure)
}

fn limit(table: &Table<'_>, key: &'static str) -> Option<Span> {
    let text = table.text(key)?;
    if &*text.value == "unspecified" {
        return None;
    }
    let found = Span::parse(&text.value);
    if found.is_none() {
        table.report(
            text.line,
            format!("`{key}` 不是时长 is not a length of legal time: `{}`", text.value),
            "写成 write e.g. \"20 working days\", 或 or \"unspecified\"",
        );
    }
    found
}

fn levels(table: &Table<'_>) -> Vec<Arc<str>> {
    let levels = table.texts("levels");
    if levels.is_empty() && !table.has("levels") {
        table.report(
            table.line,
            "缺少 missing `levels`".into(),
            "写上 add `levels = [\"初审\", \"复核\"]`, 来源未规定的写 [] where the source names none",
        );
    }
    for (at, level) in levels.iter().enumerate() {
        if levels[..at].iter().any(|earlier| earlier.value == level.value) {
            table.report(
                level.line,
                format!("同一角色出现两次 the role `{}` stands twice", level.value),
                "各级应为不同的人 each level is another person: 改名或删除 rename or remove one",
            );
        }
    }
    levels.into_iter().map(|level| level.value).collect()
}

fn count(table: &Table<'_>, key: &'static str) -> Option<u32> {
    let found = table.count(key)?;
    if !(1..=COUNT_MAX).contains(&found) {
        table.report(table.line_of(key), format!("`{key}` = {found}"), format!("写 write 1 to {COUNT_MAX}"));
        return None;
    }
    Some(found)
}

/// A longest limit below the ordinary one, or without one, or in another unit, cannot be meant.
fn check_limits(table: &Table<'_>, procedure: &Procedure) {
    let Some(longest) = procedure.limit_max else { return };
    let sensible = procedure.limit.is_some_and(|limit| limit.unit == longest.unit && limit.count <= longest.count);
    if !sensible {
        table.report(
            table.line_of("limit_max"),
            format!("`limit_max` 短于或不同于 `limit` is shorter than the limit or of another unit: {longest}"),
            "更正其一 correct one of them",
        );
    }
}
