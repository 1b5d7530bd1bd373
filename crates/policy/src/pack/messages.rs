//! Reads `messages.toml`: the texts that families are sent.

use std::{collections::BTreeMap, sync::Arc};

use super::sheet::{Sheet, Table};
use crate::message::{Recipient, Template, Variable};

/// Reads the file; everything wrong is noted on the sheet.
pub(super) fn read(sheet: &Sheet<'_>) -> BTreeMap<Arc<str>, Template> {
    let syntax = sheet.syntax();
    let root = sheet.root(syntax.get_ref());
    let mut templates = BTreeMap::new();
    for table in root.tables("message") {
        let Some(template) = template(&table) else {
            table.finish();
            continue;
        };
        if templates.contains_key(&template.id) {
            table.report(table.line, format!("短信重复 the id `{}` stands twice", template.id), "改名 rename one");
        }
        table.finish();
        templates.insert(Arc::clone(&template.id), template);
    }
    root.finish();
    templates
}

fn template(table: &Table<'_>) -> Option<Template> {
    let id = table.needed("id");
    let title = table.needed("title");
    let to = table.word("to", &[("applicant", Recipient::Applicant), ("father", Recipient::Father)]);
    if !table.has("to") {
        table.report(table.line, "缺少 missing `to`".into(), "写上 add `to = \"applicant\"` or `\"father\"`");
    }
    let text = table.needed("text");
    let source = table.needed("source");
    let mut variables = Vec::new();
    for variable in table.tables("variables") {
        let (mark, path) = (variable.needed("mark"), variable.needed("path"));
        if let (Some(mark), Some(text)) = (&mark, &text)
            && !text.value.contains(&*mark.value)
        {
            variable.report(mark.line, format!("正文里没有 the text has no `{}`", mark.value), "更正 correct the mark");
        }
        if let (Some(mark), Some(path)) = (mark, path) {
            variables.push(Variable { mark: mark.value, path: path.value });
        }
        variable.finish();
    }
    if let Some(text) = &text
        && text.value.contains(['【', '】'])
    {
        table.report(
            text.line,
            "正文含有 the text contains 【 or 】, 与签名冲突 which clash with the signature".into(),
            "删去,签名由系统加上 remove them; the signature is put in front when sent",
        );
    }
    Some(Template { id: id?.value, title: title?.value, to: to?, text: text?.value, variables, source: source?.value })
}
