//! A form that this service does not know by heart: its pack names the fields.

use std::{collections::BTreeSet, sync::Arc};

use policy::{Form, Pack};
use proto::v1;
use serde_json::{Map, Value, json};

use super::{Assembled, Check, Context, FORM_BYTES_MAX, child, close};
use crate::{
    coordinator::work::{FiledChild, Filing},
    store::Blind,
};

/// Roots of the facts that the form cannot bring: they are said elsewhere, or composed.
const RESERVED: [&str; 4] = ["application", "children", "child", "message"];

/// Items that one form may name; packs have fewer than a dozen.
const ITEMS_MAX: usize = 64;

/// Reads the form; what is wrong is noted. `None` where no filing can be made of it.
pub(super) fn parse(
    check: &mut Check,
    form: &v1::GeneralForm,
    channel: &str,
    key: Blind,
    context: &Context<'_>,
) -> Option<Filing> {
    let area = check.area_in_force("area", &form.area, context.today);
    let pack = context.packs.get(&form.pack).filter(|pack| pack.form == Form::General);
    if pack.is_none() {
        let (zh, en) = ("没有此政策包,或其申请表不是通用表", "no such pack, or its form is not a general one");
        check.note("pack", "YJ-FORM-14", zh, en);
    }
    if let (Some(pack), Some(area)) = (pack, &area)
        && !pack.covers_area(area.as_str())
    {
        let (zh, en) = ("申请地不适用此政策包", "the pack is not for this area");
        check.note("area", "PACK-001", zh, en);
    }
    let fields = fields(check, &form.fields_json, pack);
    let items: Vec<(String, &str)> = form
        .items
        .iter()
        .take(ITEMS_MAX)
        .enumerate()
        .map(|(index, item)| (format!("items[{index}]"), item.as_str()))
        .collect();
    if let Some(pack) = pack {
        child::items_fit(check, pack, &items);
    }
    let (pack, mut facts) = (pack?, fields?);
    let chosen: BTreeSet<Arc<str>> = items.iter().map(|(_, item)| Arc::from(*item)).collect();
    let applicant = facts.get("applicant").and_then(|applicant| applicant.get("id_number")).and_then(Value::as_str);
    let applicant = applicant.filter(|id_number| !id_number.is_empty()).map(str::to_owned);
    facts.insert("children".to_owned(), json!([{"order": 1, "items": chosen}]));
    // Nothing says whom it is about: what is one at a time is the application itself, by its key.
    let identity = format!("{}|{}", pack.name, hex::encode(key));
    let child = FiledChild { order: 1, chosen, child: context.blind.of("child", &identity) };
    let assembled = Assembled { facts: Value::Object(facts), children: vec![child], applicant, father: None };
    Some(close(pack, area?.as_str(), channel, key, context, assembled))
}

fn fields(check: &mut Check, text: &str, pack: Option<&Arc<Pack>>) -> Option<Map<String, Value>> {
    if text.len() > FORM_BYTES_MAX {
        check.note("fields_json", "YJ-FORM-02", "申请表不得超过64KiB", "a form has at most 64 KiB");
        return None;
    }
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
        check.note("fields_json", "YJ-FORM-15", "应为一个JSON对象", "must be a JSON object");
        return None;
    };
    let step = |name: &str| pack.is_some_and(|pack| pack.definition.find(name).is_some());
    if fields.keys().any(|name| RESERVED.contains(&name.as_str()) || step(name)) {
        let (zh, en) = ("字段名与保留名或环节名相同", "a field has a reserved name or that of a step");
        check.note("fields_json", "YJ-FORM-18", zh, en);
    }
    Some(fields)
}
