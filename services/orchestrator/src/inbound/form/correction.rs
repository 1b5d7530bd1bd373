//! Corrected fields (补正): only those asked for, each as sound as the form's own.

use std::sync::Arc;

use identifiers::{AreaCode, CitizenId, Ethnicity, LocalMinute, PersonName, Phone, Relation, Sex};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    Check, FORM_BYTES_MAX, Violations,
    birth::{ADDRESS_CHARACTERS_MAX, CODE_CHARACTERS_MAX, INSTITUTION_CHARACTERS_MAX},
    child::{BIRTH_PLACES, GESTATION_DAYS, GESTATION_WEEKS, LENGTH_CM, WEIGHT_G},
};

/// Reads the corrected fields: an object whose keys are among those `asked`, paths of the facts with their dots, as the
/// coordinator lays them over the facts: `{"child.weight_g": 3250}`.
///
/// # Errors
/// With every violation: not an object, a field that was not asked for, a value that the form would not take.
pub(crate) fn correction(text: &str, asked: &[Arc<str>], now: Timestamp) -> Result<Value, Violations> {
    let mut check = Check::new();
    let read = if text.len() > FORM_BYTES_MAX { Err(()) } else { serde_json::from_str(text).map_err(|_| ()) };
    let Ok(Value::Object(fields)) = read else {
        return Err(Violations::one("corrected_json", "YJ-FORM-15", "应为一个JSON对象", "must be a JSON object"));
    };
    if fields.is_empty() && !asked.is_empty() {
        check.note("corrected_json", "YJ-FORM-19", "未填写需补正的字段", "no corrected field is given");
    }
    let mut taken = Map::new();
    for (path, value) in fields {
        if !asked.iter().any(|known| **known == *path) {
            // The name came from outside: it is not repeated.
            check.note("corrected_json", "YJ-FORM-19", "含有未要求补正的字段", "has a field that was not asked for");
            continue;
        }
        sound(&mut check, &path, &value, now);
        taken.insert(path, value);
    }
    check.settle()?;
    Ok(Value::Object(taken))
}

/// Reads facts that are corrected after the act (更正): paths of the form's family and child blocks, each as sound as the
/// form's own.
///
/// # Errors
/// With every violation: not an object, a path that the form does not have, a value that it would not take.
pub(crate) fn facts_corrected(text: &str, now: Timestamp) -> Result<Map<String, Value>, Violations> {
    let mut check = Check::new();
    if text.is_empty() {
        return Ok(Map::new());
    }
    let read = if text.len() > FORM_BYTES_MAX { Err(()) } else { serde_json::from_str(text).map_err(|_| ()) };
    let Ok(Value::Object(fields)) = read else {
        return Err(Violations::one("corrections_json", "YJ-FORM-15", "应为一个JSON对象", "must be a JSON object"));
    };
    for (path, value) in &fields {
        if CORRECTABLE.contains(&&**path) {
            sound(&mut check, path, value, now);
        } else {
            // The name came from outside: it is not repeated.
            let known = CORRECTABLE.join(", ");
            check.note("corrections_json", "YJ-FORM-19", format!("可更正的为 {known}"), format!("may be {known}"));
        }
    }
    check.settle()?;
    Ok(fields)
}

/// Facts that departments keep of a child and its parents and that may prove wrong.
const CORRECTABLE: [&str; 22] = [
    "child.name",
    "child.sex",
    "child.born_at",
    "child.gestation_weeks",
    "child.gestation_days",
    "child.weight_g",
    "child.length_cm",
    "child.birth_place",
    "child.facility_name",
    "child.registration.ethnicity",
    "child.registration.native_place",
    "child.registration.relation_to_head",
    "mother.name",
    "mother.id_number",
    "mother.phone",
    "mother.household_address",
    "father.name",
    "father.id_number",
    "father.phone",
    "father.household_address",
    "residence.address",
    "residence.police_station",
];

/// Whether the form would take this value; a field that the form does not know is the department's to judge.
fn sound(check: &mut Check, path: &str, value: &Value, now: Timestamp) {
    let (block, name) = path.rsplit_once('.').unwrap_or(("", path));
    let numbers = [
        ("gestation_weeks", GESTATION_WEEKS),
        ("gestation_days", GESTATION_DAYS),
        ("weight_g", WEIGHT_G),
        ("length_cm", LENGTH_CM),
    ];
    if let Some((_, plausible)) = numbers.into_iter().find(|(known, _)| *known == name && block == "child") {
        // Zero lies outside three of the ranges and inside the days', where it is what an absent number means.
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX);
        check.number(path, number, plausible);
        return;
    }
    let person = matches!(block, "mother" | "father" | "child");
    let text = value.as_str().unwrap_or_default();
    let sound = match name {
        "name" if person => PersonName::parse(text).map(drop),
        "id_number" if person => CitizenId::parse(text).map(drop),
        "sex" => Sex::parse(text).map(drop),
        "birth_place" => {
            if !BIRTH_PLACES.iter().any(|(_, place)| *place == text) {
                let places = BIRTH_PLACES.map(|(_, place)| place).join(", ");
                check.note(path, "FRM-301", format!("应为 {places} 之一"), format!("must be one of {places}"));
            }
            Ok(())
        }
        "ethnicity" => Ethnicity::parse(text).map(drop),
        "relation_to_head" => Relation::parse(text).map(drop),
        "native_place" | "place" => AreaCode::parse(text).map(drop),
        "phone" | "recipient_phone" => Phone::parse(text).map(drop),
        "born_at" => LocalMinute::parse(text).and_then(|minute| minute.not_after(now)).map(drop),
        "household_address" | "address" | "recipient_address" => {
            check.text(path, text, ADDRESS_CHARACTERS_MAX);
            Ok(())
        }
        "facility_name" | "recipient" | "police_station" => {
            check.text(path, text, INSTITUTION_CHARACTERS_MAX);
            Ok(())
        }
        "bank" => {
            check.text(path, text, CODE_CHARACTERS_MAX);
            Ok(())
        }
        _ => Ok(()),
    };
    check.take(path, sound);
}
