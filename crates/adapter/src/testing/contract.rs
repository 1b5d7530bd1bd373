//! Holds a department's contract in Rust and its proto together: the same names, the same shapes, nothing left out.
//!
//! Behind the feature `contracts`, which only tests switch on.

use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage, Value as Field};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Reads the value as the proto's message, which refuses any other name or shape, and asks for every field of it, in
/// messages within it and in lists too.
///
/// # Panics
/// If the proto has another name or shape, or a field that the value does not set.
pub fn is_the_protos(message: &str, value: impl Serialize) {
    let value = serde_json::to_value(value).unwrap_or_else(|error| panic!("{message} is not JSON: {error}"));
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).expect("the descriptors of our own protos decode");
    let name = format!("yijian.departments.v1.{message}");
    let descriptor = pool.get_message_by_name(&name).unwrap_or_else(|| panic!("the protos have no {message}"));
    let read = DynamicMessage::deserialize(descriptor, value).unwrap_or_else(|error| panic!("{message}: {error}"));
    every_field_is_set(message, &read);
}

/// As [`is_the_protos`], for a sample in JSON, which the contract's type must read and write without a change.
///
/// # Panics
/// As [`is_the_protos`], and if the type reads or writes anything else.
pub fn has_the_protos_names<Typed: Serialize + DeserializeOwned>(message: &str, sample: &Value) {
    is_the_protos(message, sample);
    let typed: Typed = serde_json::from_value(sample.clone()).unwrap_or_else(|error| panic!("{message}: {error}"));
    let written = serde_json::to_value(typed).unwrap_or_else(|error| panic!("{message} is not JSON: {error}"));
    assert_eq!(written, *sample, "{message}");
}

fn every_field_is_set(path: &str, message: &DynamicMessage) {
    // google.protobuf.Value and its kin hold whatever they hold.
    if message.descriptor().package_name() == "google.protobuf" {
        return;
    }
    for field in message.descriptor().fields() {
        let path = format!("{path}.{}", field.name());
        assert!(message.has_field(&field), "{path} is in the proto and not in the contract");
        match message.get_field(&field).as_ref() {
            Field::Message(inner) => every_field_is_set(&path, inner),
            Field::List(list) => {
                list.iter().filter_map(Field::as_message).for_each(|inner| every_field_is_set(&path, inner));
            }
            _ => {}
        }
    }
}
