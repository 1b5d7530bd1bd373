//! Answers as proto JSON, with the names that stand in the .proto files.

use std::sync::LazyLock;

use anyhow::Context;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(proto::DESCRIPTORS).expect("the descriptors were compiled with this program")
});

/// The description of a message of ours.
pub(super) fn descriptor(name: &str) -> MessageDescriptor {
    POOL.get_message_by_name(name).expect("a message of our own protos")
}

/// The message as one JSON object on several lines; fields that are not set are shown with their defaults.
pub(super) fn text<M: Message>(name: &str, message: &M) -> anyhow::Result<String> {
    let dynamic = DynamicMessage::decode(descriptor(name), &*message.encode_to_vec()).context("read the answer")?;
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::pretty(&mut bytes);
    dynamic.serialize_with_options(&mut serializer, &options).context("write the answer as JSON")?;
    String::from_utf8(bytes).context("write the answer as text")
}

#[cfg(test)]
mod tests {
    use proto::v1;

    use super::*;

    /// If this fails, scripts that read `state` or `case_id` break.
    #[test]
    fn an_answer_has_the_names_of_the_protos_and_every_field() {
        let case = v1::Case {
            case_id: "c".to_owned(),
            state: v1::CaseState::PartiallyCompleted.into(),
            ..v1::Case::default()
        };
        let read: serde_json::Value =
            serde_json::from_str(&text("yijian.v1.Case", &case).expect("written")).expect("JSON");
        assert_eq!(read["case_id"], "c");
        assert_eq!(read["state"], "CASE_STATE_PARTIALLY_COMPLETED");
        assert_eq!(read["stuck"], false);
    }
}
