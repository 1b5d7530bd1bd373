//! A TOML file read by hand, key by key, so that every problem has its line and the first one is not the last.
//!
//! A [`Table`] remembers which keys were asked for; [`Table::finish`] reports the others as unknown.

use std::{cell::RefCell, collections::BTreeSet, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Problem, duration};

/// One file of a pack and what is wrong with it so far.
pub(crate) struct Sheet<'t> {
    name: &'t str,
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
}

/// A value and the line it stands on.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) line: usize,
}

/// A text, its line, and its source where it was written as `{ value, source }`.
#[derive(Clone, Debug)]
pub(crate) struct Sourced {
    pub(crate) value: Arc<str>,
    pub(crate) line: usize,
    pub(crate) source: Option<Arc<str>>,
}

/// A key and a text of a table, each with its line.
pub(crate) type Pair = (Placed<Arc<str>>, Placed<Arc<str>>);

/// One table of a file, being read.
pub(crate) struct Table<'a> {
    sheet: &'a Sheet<'a>,
    fields: &'a DeTable<'a>,
    /// The line on which it begins.
    pub(crate) line: usize,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'t> Sheet<'t> {
    pub(crate) fn new(name: &'t str, text: &'t str) -> Self {
        Self { name, text, problems: RefCell::default() }
    }

    /// Notes that something is wrong.
    pub(crate) fn report(&self, line: usize, what: String, cure: String) {
        self.problems.borrow_mut().push(Problem::new(self.name, line, what, cure));
    }

    /// Everything that was noted, by line.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems.dedup();
        problems
    }

    /// The file's values. What is not TOML is noted, and the rest is read all the same as far as the parser finds its
    /// way: after a bad value it does, after a line that is no pair at all it does not.
    pub(crate) fn syntax(&self) -> Spanned<DeTable<'t>> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let line = error.span().map_or(1, |span| self.line_of(span.start));
            self.report(
                line,
                format!("不是有效的 TOML not TOML: {}", error.message()),
                "更正写法 correct the notation (toml.io)".into(),
            );
        }
        root
    }

    pub(crate) fn root<'a>(&'a self, fields: &'a DeTable<'a>) -> Table<'a> {
        Table { sheet: self, fields, line: 1, asked: RefCell::default() }
    }

    fn line_of(&self, offset: usize) -> usize {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}

impl<'a> Table<'a> {
    pub(crate) fn report(&self, line: usize, what: String, cure: impl Into<String>) {
        self.sheet.report(line, what, cure.into());
    }

    fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().insert(key);
        self.fields.get(key)
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'a>>, wanted: &str) {
        self.report(
            self.sheet.line_of(value.span().start),
            format!("`{key}` 的类型不对 is of the wrong type ({})", value.get_ref().type_str()),
            format!("写成 write {wanted}"),
        );
    }

    /// The line on which a key's value stands; the table's own where the key is absent.
    pub(crate) fn line_of(&self, key: &str) -> usize {
        self.fields.get(key).map_or(self.line, |value| self.sheet.line_of(value.span().start))
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }

    /// True where a key that does not belong here stands; it is then told in words of its own, not as unknown.
    pub(crate) fn excuse(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    /// True where the key holds a text.
    pub(crate) fn is_text(&self, key: &str) -> bool {
        self.fields.get(key).is_some_and(|value| value.get_ref().is_str())
    }

    /// A text that may be absent.
    pub(crate) fn text(&self, key: &'static str) -> Option<Placed<Arc<str>>> {
        let value = self.get(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, value, "\"…\"");
            return None;
        };
        Some(Placed { value: text.into(), line: self.sheet.line_of(value.span().start) })
    }

    /// A text that must be there and not be empty; noted where it is not.
    pub(crate) fn needed(&self, key: &'static str) -> Option<Placed<Arc<str>>> {
        if !self.has(key) {
            self.report(self.line, format!("缺少 missing `{key}`"), format!("写上 add `{key} = \"…\"`"));
            return None;
        }
        let found = self.text(key)?;
        if found.value.trim().is_empty() {
            self.report(found.line, format!("`{key}` 为空 is empty"), "写明内容 say what it is");
            return None;
        }
        Some(found)
    }

    /// A text, written alone or as `{ value, source }`.
    pub(crate) fn sourced(&self, key: &'static str) -> Option<Sourced> {
        if self.get(key)?.get_ref().is_str() {
            return self.text(key).map(|text| Sourced { value: text.value, line: text.line, source: None });
        }
        let table = self.table(key)?;
        let value = table.needed("value");
        let source = table.needed("source").map(|source| source.value);
        table.finish();
        value.map(|value| Sourced { value: value.value, line: value.line, source })
    }

    /// One of several words.
    pub(crate) fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == &*text.value).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.report(
                text.line,
                format!("`{key}` 不认识 does not know `{}`", text.value),
                format!("用其中之一 use one of {}", known.join(", ")),
            );
        }
        found
    }

    pub(crate) fn truth(&self, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong_type(key, value, "true / false");
        }
        found
    }

    pub(crate) fn count(&self, key: &'static str) -> Option<u32> {
        let value = self.get(key)?;
        let found =
            value.get_ref().as_integer().and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        if found.is_none() {
            self.wrong_type(key, value, "a whole number / 整数");
        }
        found
    }

    /// A list of whole numbers; empty where absent.
    pub(crate) fn counts(&self, key: &'static str) -> Vec<u32> {
        let mut found = Vec::new();
        for value in self.list(key) {
            let number = value.get_ref().as_integer();
            match number.and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok()) {
                Some(number) => found.push(number),
                None => self.wrong_type(key, value, "[1, 2]"),
            }
        }
        found
    }

    /// A span of machine time in milliseconds.
    pub(crate) fn span(&self, key: &'static str) -> Option<i64> {
        let text = self.text(key)?;
        self.span_of(key, &text)
    }

    /// Spans of machine time in milliseconds.
    pub(crate) fn spans(&self, key: &'static str) -> Vec<i64> {
        self.texts(key).iter().filter_map(|text| self.span_of(key, text)).collect()
    }

    fn span_of(&self, key: &str, text: &Placed<Arc<str>>) -> Option<i64> {
        let found = duration::parse(&text.value);
        if found.is_none() {
            self.report(
                text.line,
                format!("`{key}` 不是时长 is not a span of time: `{}`", text.value),
                "写成 write e.g. \"8 hours\", \"30 days\", \"90 seconds\", \"250 ms\"",
            );
        }
        found
    }

    /// A list of texts; empty where absent.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<Placed<Arc<str>>> {
        let mut found = Vec::new();
        for value in self.list(key) {
            match value.get_ref().as_str() {
                Some(text) => {
                    found.push(Placed { value: text.into(), line: self.sheet.line_of(value.span().start) });
                }
                None => self.wrong_type(key, value, "[\"…\", \"…\"]"),
            }
        }
        found
    }

    /// A list of tables; empty where absent.
    pub(crate) fn tables(&self, key: &'static str) -> Vec<Table<'a>> {
        let mut found = Vec::new();
        for value in self.list(key) {
            match value.get_ref().as_table() {
                Some(fields) => found.push(self.nested(value, fields)),
                None => self.wrong_type(key, value, "{ … = … }"),
            }
        }
        found
    }

    fn list(&self, key: &'static str) -> &'a [Spanned<DeValue<'a>>] {
        let Some(value) = self.get(key) else { return &[] };
        let Some(values) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "[ … ]");
            return &[];
        };
        values
    }

    /// A table that may be absent.
    pub(crate) fn table(&self, key: &'static str) -> Option<Table<'a>> {
        let value = self.get(key)?;
        let Some(fields) = value.get_ref().as_table() else {
            self.wrong_type(key, value, "{ … = … }");
            return None;
        };
        Some(self.nested(value, fields))
    }

    /// A table where one stands; anything else is left to be read in another way.
    pub(crate) fn nested_if_table(&self, key: &'static str) -> Option<Table<'a>> {
        let value = self.get(key)?;
        value.get_ref().as_table().map(|fields| self.nested(value, fields))
    }

    /// The tables of a table, by key; empty where absent.
    pub(crate) fn named(&self, key: &'static str) -> Vec<(Arc<str>, Table<'a>)> {
        let Some(outer) = self.table(key) else { return Vec::new() };
        let mut found = Vec::new();
        for (name, value) in outer.fields {
            match value.get_ref().as_table() {
                Some(fields) => {
                    let mut inner = self.nested(value, fields);
                    inner.line = self.sheet.line_of(name.span().start);
                    found.push((Arc::from(&**name.get_ref()), inner));
                }
                None => self.wrong_type(name.get_ref(), value, "{ … = … }"),
            }
        }
        found
    }

    /// The texts of a table, by key; empty where absent.
    pub(crate) fn pairs(&self, key: &'static str) -> Vec<Pair> {
        let Some(outer) = self.table(key) else { return Vec::new() };
        let mut found = Vec::new();
        for (name, value) in outer.fields {
            let line = self.sheet.line_of(name.span().start);
            match value.get_ref().as_str() {
                Some(text) => found.push((
                    Placed { value: Arc::from(&**name.get_ref()), line },
                    Placed { value: Arc::from(text), line: self.sheet.line_of(value.span().start) },
                )),
                None => self.wrong_type(name.get_ref(), value, "\"…\""),
            }
        }
        found
    }

    fn nested(&self, value: &Spanned<DeValue<'a>>, fields: &'a DeTable<'a>) -> Table<'a> {
        Table { sheet: self.sheet, fields, line: self.sheet.line_of(value.span().start), asked: RefCell::default() }
    }

    /// Notes every key that nobody asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for name in self.fields.keys() {
            if !asked.contains(&**name.get_ref()) {
                let known: Vec<&str> = asked.iter().copied().collect();
                self.report(
                    self.sheet.line_of(name.span().start),
                    format!("不认识的键 unknown key `{}`", name.get_ref()),
                    format!("删除或改为 remove it or use one of {}", known.join(", ")),
                );
            }
        }
    }
}
