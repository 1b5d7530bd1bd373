//! The form of annex 3 (新生儿出生“一件事”办理申请表): its shared blocks, and which pack it falls under.

use std::{collections::BTreeSet, sync::Arc};

use identifiers::{CitizenId, Ethnicity, LocalMinute, PersonName, Phone};
use policy::Pack;
use proto::v1;
use serde_json::{Map, Value, json};

use super::{
    Assembled, Check, Choice, Context,
    child::{self, Parents},
    close, needed,
};
use crate::{
    coordinator::work::{FiledChild, Filing},
    store::Blind,
};

/// Characters of an address. GA/T 2000 writes at most 100; twice that bears a rural one with landmarks.
pub(super) const ADDRESS_CHARACTERS_MAX: usize = 200;

/// Characters of the name of an institution: the longest registered ones have about 60.
pub(super) const INSTITUTION_CHARACTERS_MAX: usize = 100;

/// Characters of a code or version that the platform gives.
pub(super) const CODE_CHARACTERS_MAX: usize = 40;

/// A parent whose block was read.
pub(super) struct Parent {
    id_number: Option<CitizenId>,
    ethnicity: Option<Ethnicity>,
    facts: Value,
}

/// Reads the form; what is wrong is noted. `None` where no filing can be made of it.
pub(super) fn parse(
    check: &mut Check,
    form: v1::BirthForm,
    channel: &str,
    key: Blind,
    context: &Context<'_>,
) -> Option<Filing> {
    let area = check.area_in_force("area", &form.area, context.today);
    let mother = match &form.mother {
        Some(mother) => Some(parent(check, "mother", mother, context)),
        None => {
            check.note("mother", "FRM-301", "必填项未填写", "must be filled in");
            None
        }
    };
    let father = form.father.as_ref().map(|father| parent(check, "father", father, context));
    same_person(check, mother.as_ref(), father.as_ref());
    let parents = Parents {
        father_given: father.is_some(),
        ethnicities: ethnicities(mother.as_ref(), father.as_ref(), form.father.is_some()),
    };
    let children = child::all(check, &form.children, &parents, context);
    let mut facts = shared(check, &form, &children);
    for (name, parent) in [("mother", &mother), ("father", &father)] {
        if let Some(parent) = parent {
            facts.insert(name.to_owned(), parent.facts.clone());
        }
    }
    let pack = pack(check, area.as_ref().map(|area| area.as_str()), &children, context);
    let blocks: Vec<Value> = children.iter().map(|child| child.facts.clone()).collect();
    facts.insert("children".to_owned(), Value::Array(blocks));
    let facts = Value::Object(facts);
    let pack = pack?;
    for child in &children {
        child::items_fit(check, &pack, &child.items);
    }
    needed::by_pack(check, &pack, &facts, &children);
    let mother_id = mother.as_ref()?.id_number.as_ref()?.as_str().to_owned();
    let filed = filed(&children, &mother_id, context)?;
    let assembled = Assembled {
        facts,
        children: filed,
        applicant: Some(mother_id),
        father: father.and_then(|father| father.id_number).map(|id_number| id_number.as_str().to_owned()),
    };
    Some(close(&pack, area?.as_str(), channel, key, context, assembled))
}

/// The children in their order, each with the index under which it has one live case. `None` unless all are sound.
fn filed(children: &[child::Child], mother_id: &str, context: &Context<'_>) -> Option<Vec<FiledChild>> {
    let one = |child: &child::Child| {
        let (order, born_at) = (child.order?, child.born_at.as_ref()?);
        let identity = format!("{mother_id}|{}|{order}", born_at.as_str());
        let chosen: BTreeSet<Arc<str>> = child.items.iter().map(|(_, item)| Arc::from(*item)).collect();
        Some(FiledChild { order, chosen, child: context.blind.of("child", &identity) })
    };
    children.iter().map(one).collect()
}

fn parent(check: &mut Check, field: &str, parent: &v1::Parent, context: &Context<'_>) -> Parent {
    let at = |name: &str| format!("{field}.{name}");
    let name = check.take(&at("name"), PersonName::parse(&parent.name));
    if parent.nationality != "CHN" {
        let (zh, en) = ("线上联办仅适用于中国国籍(CHN)", "the joint channel is for nationality CHN");
        check.note(at("nationality"), "YJ-FORM-12", zh, en);
    }
    // Another document's number has other rules: it is not measured by those of the ID card.
    let card = parent.document_type == "01";
    let id_number = if card {
        check.take(&at("id_number"), CitizenId::parse_not_after(&parent.id_number, context.today))
    } else {
        let (zh, en) = ("线上联办仅受理居民身份证(01)", "the joint channel takes the citizen ID card (01)");
        check.note(at("document_type"), "YJ-FORM-13", zh, en);
        None
    };
    let ethnicity = check.take(&at("ethnicity"), Ethnicity::parse(&parent.ethnicity));
    let address = check.text(&at("household_address"), &parent.household_address, ADDRESS_CHARACTERS_MAX);
    let phone = check.take(&at("phone"), Phone::parse(&parent.phone));
    let facts = json!({
        "name": name,
        "nationality": parent.nationality,
        "document_type": parent.document_type,
        "id_number": if card { json!(id_number) } else { json!(parent.id_number) },
        "ethnicity": ethnicity,
        "household_address": address,
        "phone": phone,
    });
    Parent { id_number, ethnicity, facts }
}

fn same_person(check: &mut Check, mother: Option<&Parent>, father: Option<&Parent>) {
    let number = |parent: Option<&Parent>| parent.and_then(|parent| parent.id_number.clone());
    if let (Some(mother), Some(father)) = (number(mother), number(father))
        && mother == father
    {
        let (zh, en) = ("父母的公民身份号码相同", "the parents have the same ID number");
        check.note("father.id_number", "YJ-FORM-17", zh, en);
    }
}

/// What the child's may be; `None` while a parent's is not known, so that nothing is said of it twice.
fn ethnicities(mother: Option<&Parent>, father: Option<&Parent>, father_given: bool) -> Option<Vec<Ethnicity>> {
    let mother = mother?.ethnicity?;
    match father {
        Some(father) => Some(vec![mother, father.ethnicity?]),
        None if father_given => None,
        None => Some(vec![mother]),
    }
}

/// What the children share besides their parents.
fn shared(check: &mut Check, form: &v1::BirthForm, children: &[child::Child]) -> Map<String, Value> {
    let mut facts = Map::new();
    if let Some(residence) = &form.residence {
        let station = "residence.police_station";
        let block = filled([
            ("police_station", check.optional_text(station, &residence.police_station, INSTITUTION_CHARACTERS_MAX)),
            ("address", check.optional_text("residence.address", &residence.address, ADDRESS_CHARACTERS_MAX)),
        ]);
        facts.insert("residence".to_owned(), block);
    }
    if let Some(block) = &form.hand_over {
        facts.insert("hand_over".to_owned(), hand_over(check, block, children));
    }
    if let Some(version) = check.text("notice_version", &form.notice_version, CODE_CHARACTERS_MAX) {
        facts.insert("notice_version".to_owned(), version.into());
    }
    facts.insert("marriage_licence_claimed".to_owned(), form.marriage_licence_claimed.into());
    facts
}

fn hand_over(check: &mut Check, block: &v1::HandOver, children: &[child::Child]) -> Value {
    let ways = [(1, "mail"), (2, "collect")];
    let card_chosen = children.iter().any(|child| child.ticks("social-security-card"));
    let needed = if card_chosen { Choice::Needed } else { Choice::Optional };
    let certificate = check.choice("hand_over.certificate", block.certificate, &ways, Choice::Needed);
    let card = check.choice("hand_over.card", block.card, &ways, needed);
    let printed = [(1, "household-place"), (2, "residence-place")];
    let register = check.choice("hand_over.household_register", block.household_register, &printed, Choice::Optional);
    let recipient = check.optional_text("hand_over.recipient", &block.recipient, INSTITUTION_CHARACTERS_MAX);
    let address = check.optional_text("hand_over.recipient_address", &block.recipient_address, ADDRESS_CHARACTERS_MAX);
    let phone = (!block.recipient_phone.is_empty())
        .then(|| check.take("hand_over.recipient_phone", Phone::parse(&block.recipient_phone)))
        .flatten()
        .map(|phone| phone.as_str().to_owned());
    if [certificate, card].contains(&Some("mail")) {
        let missing = [
            ("hand_over.recipient", recipient.is_none()),
            ("hand_over.recipient_phone", phone.is_none()),
            ("hand_over.recipient_address", address.is_none()),
        ];
        for (field, missing) in missing {
            if missing && !check.knows(field) {
                let (zh, en) = ("选择邮寄须填写收件人、电话和地址", "mail needs a recipient, a phone and an address");
                check.note(field, "YJ-FORM-07", zh, en);
            }
        }
    }
    filled([
        ("certificate", certificate.map(str::to_owned)),
        ("household_register", register.map(str::to_owned)),
        ("card", card.map(str::to_owned)),
        ("recipient", recipient),
        ("recipient_phone", phone),
        ("recipient_address", address),
    ])
}

/// The one pack under which all children of the form fall.
fn pack(check: &mut Check, area: Option<&str>, children: &[child::Child], context: &Context<'_>) -> Option<Arc<Pack>> {
    let area = area?;
    let mut chosen: Option<Arc<Pack>> = None;
    for child in children {
        let Some(born_at) = &child.born_at else { continue };
        match (context.packs.choose(area, born_at), &chosen) {
            (Ok(pack), None) => chosen = Some(Arc::clone(pack)),
            (Ok(pack), Some(first)) if pack.name == first.name => {}
            (Ok(_), Some(_)) => {
                let (zh, en) = (
                    "与其他婴儿适用不同的政策,请分别提交申请",
                    "falls under another policy than the other children: file separately",
                );
                check.note(format!("{}.born_at", child.field), "YJ-FORM-10", zh, en);
            }
            (Err(explained), _) if explained.code == "PACK-002" => {
                check.note(format!("{}.born_at", child.field), explained.code, explained.zh, explained.en);
            }
            (Err(explained), _) => {
                if !check.knows("area") {
                    check.note("area", explained.code, explained.zh, explained.en);
                }
            }
        }
    }
    if chosen.is_none() && !check.knows("area") {
        // No child's birth can be read: whether the area is served at all can still be said.
        let anywhere = LocalMinute::from_timestamp(context.now);
        if let Err(explained) = context.packs.choose(area, &anywhere)
            && explained.code == "PACK-001"
        {
            check.note("area", explained.code, explained.zh, explained.en);
        }
    }
    chosen
}

/// An object of what was filled in.
pub(super) fn filled<const N: usize>(fields: [(&str, Option<String>); N]) -> Value {
    let filled = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    Value::Object(filled.collect())
}
