//! Reads what requests have in common: ids, actors, keys, and words of operators.

use proto::v1;
use saga::{Definition, StepIndex, limits::TEXT_MAX};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;
use vault::BlindIndex;

use super::status::{Missing, Refusal};
use crate::{
    inbound::form::{self, Check},
    store::{Act, PublicId},
};

/// A public id from its text.
pub(crate) fn id(field: &str, text: &str) -> Result<PublicId, Refusal> {
    let id = Uuid::try_parse(text).map_err(|_| Refusal::invalid(field, "应为UUID", "must be a UUID"))?;
    Ok(id.into_bytes())
}

/// The step of this name.
pub(crate) fn step(definition: &Definition, name: &str) -> Result<StepIndex, Refusal> {
    definition.find(name).ok_or(Refusal::NotFound(Missing::Step))
}

/// The actor's block.
pub(crate) fn actor(actor: Option<&v1::Actor>) -> Result<&v1::Actor, Refusal> {
    actor.ok_or_else(|| Refusal::invalid("actor", "缺少操作人", "the actor is missing"))
}

/// The number of a clerk, one spelling for one person: without spaces and what cannot be seen, in capitals, full-width
/// characters as the narrow ones. Otherwise one clerk could act at two levels of a review under two spellings.
pub(crate) fn officer(number: &str) -> String {
    let seen = |character: &char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '/' | '@');
    number.nfkc().filter(seen).flat_map(char::to_uppercase).collect()
}

/// The act that an idempotency key stands for; `content` is the request without its key.
pub(crate) fn act(blind: &BlindIndex, name: &str, key: &str, content: &impl prost::Message) -> Result<Act, Refusal> {
    let mut check = Check::new();
    form::key(&mut check, "idempotency_key", key);
    check.settle()?;
    let said = format!("{name}|{}", hex::encode(content.encode_to_vec()));
    Ok(Act { key: blind.of("act", key), what: blind.of("act-content", &said) })
}

/// Words of an operator that must be there.
pub(crate) fn words(field: &str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(field, "须写明", "must be given"));
    }
    if text.chars().count() > TEXT_MAX {
        return Err(Refusal::invalid(
            field,
            format!("不得超过{TEXT_MAX}个字"),
            format!("at most {TEXT_MAX} characters"),
        ));
    }
    let mut digits = 0;
    for character in text.chars() {
        digits = if character.is_ascii_digit() { digits + 1 } else { 0 };
        if digits >= DIGITS_MAX {
            let (zh, en) =
                ("不得写入个人号码(身份证号、电话、账号)", "must not hold a person's number (ID, phone, account)");
            return Err(Refusal::invalid(field, zh, en));
        }
    }
    Ok(())
}

/// Digits in a row that an operator's words may have: a date has eight, a phone eleven, an ID number seventeen. The
/// words are kept in the history, which holds no personal data.
const DIGITS_MAX: usize = 9;
