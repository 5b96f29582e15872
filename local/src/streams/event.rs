//! The records of a stream, as Lambda sends them
//! (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>).

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use aws_sdk_dynamodbstreams::types::{self, AttributeValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use shared::clock::Timestamp;

/// Which stream records are of.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The stream's ARN.
    pub(super) arn: String,
    /// The region that this stack says it is in.
    pub(super) region: String,
    /// The name of the table's partition key.
    pub(super) partition_key: String,
}

/// A record that a function is to be sent.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// Its number in its shard, by which a function says that it failed.
    pub(super) sequence: String,
    /// When it was written.
    pub(super) created: Timestamp,
    /// The same for all records of items with one partition key.
    pub(super) key: u64,
    /// The record as JSON text.
    pub(super) text: String,
    /// Its place among those of its shard that were read since the start.
    pub(super) serial: u64,
}

/// When a record was written, by the clock of whoever wrote it.
pub(super) fn created(record: &types::Record) -> Option<Timestamp> {
    let time = record.dynamodb()?.approximate_creation_date_time()?;
    time.to_millis().ok().map(Timestamp::from_millis)
}

/// What all records of items with one partition key have in common.
pub(super) fn key(record: &types::Record, origin: &Origin) -> u64 {
    let mut hasher = DefaultHasher::new();
    let keys = record.dynamodb().and_then(types::StreamRecord::keys);
    let key = keys.and_then(|keys| keys.get(&origin.partition_key)).map(attribute);
    key.unwrap_or_default().to_string().hash(&mut hasher);
    hasher.finish()
}

/// The record as an event has it, written at this time.
pub(super) fn event(record: &types::Record, created: Timestamp, origin: &Origin) -> Value {
    let mut event = json!({
        "eventID": record.event_id(),
        "eventName": record.event_name().map(types::OperationType::as_str),
        "eventVersion": record.event_version(),
        "eventSource": record.event_source(),
        "awsRegion": origin.region,
        "eventSourceARN": origin.arn,
    });
    if let Some(identity) = record.user_identity() {
        // Only what has expired has one. The embedded DynamoDB spells its members as Lambda does, not
        // as the API that it is read by.
        let kind = identity.r#type().unwrap_or("Service");
        let principal = identity.principal_id().unwrap_or("dynamodb.amazonaws.com");
        event["userIdentity"] = json!({ "type": kind, "principalId": principal });
    }
    if let Some(change) = record.dynamodb() {
        event["dynamodb"] = json!({
            // DynamoDB knows whole seconds only.
            "ApproximateCreationDateTime": created.epoch_seconds(),
            "SequenceNumber": change.sequence_number(),
            "SizeBytes": change.size_bytes(),
            "StreamViewType": change.stream_view_type().map(types::StreamViewType::as_str),
        });
        let images =
            [("Keys", change.keys()), ("NewImage", change.new_image()), ("OldImage", change.old_image())];
        for (name, image) in images {
            if let Some(image) = image {
                event["dynamodb"][name] = attributes(image);
            }
        }
    }
    event
}

fn attributes(image: &HashMap<String, AttributeValue>) -> Value {
    Value::Object(image.iter().map(|(name, value)| (name.clone(), attribute(value))).collect())
}

fn attribute(value: &AttributeValue) -> Value {
    let binary = |blob: &aws_sdk_dynamodbstreams::primitives::Blob| STANDARD.encode(blob);
    let (kind, value) = match value {
        AttributeValue::B(blob) => ("B", binary(blob).into()),
        AttributeValue::Bool(value) => ("BOOL", (*value).into()),
        AttributeValue::Bs(blobs) => ("BS", blobs.iter().map(binary).collect()),
        AttributeValue::L(values) => ("L", values.iter().map(attribute).collect()),
        AttributeValue::M(members) => ("M", attributes(members)),
        AttributeValue::N(number) => ("N", number.as_str().into()),
        AttributeValue::Ns(numbers) => ("NS", numbers.clone().into()),
        AttributeValue::Null(value) => ("NULL", (*value).into()),
        AttributeValue::S(text) => ("S", text.as_str().into()),
        AttributeValue::Ss(texts) => ("SS", texts.clone().into()),
        // A kind of value that DynamoDB has learned since this was built.
        _ => return Value::Null,
    };
    Value::Object(Map::from_iter([(kind.to_owned(), value)]))
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::dynamodb;
    use aws_sdk_dynamodbstreams::primitives::{Blob, DateTime};

    use super::*;

    fn origin() -> Origin {
        Origin {
            arn: "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/1".into(),
            region: "us-east-1".into(),
            partition_key: "PK".into(),
        }
    }

    fn record(keys: &[(&str, &str)]) -> types::Record {
        let mut change = types::StreamRecord::builder()
            .approximate_creation_date_time(DateTime::from_secs(1_777_887_000))
            .sequence_number("100000000000000000007")
            .size_bytes(26)
            .stream_view_type(types::StreamViewType::NewAndOldImages);
        for (name, value) in keys {
            change = change.keys(*name, AttributeValue::S((*value).to_owned()));
        }
        let values = [
            ("b", AttributeValue::B(Blob::new("bytes"))),
            ("bool", AttributeValue::Bool(true)),
            ("bs", AttributeValue::Bs(vec![Blob::new("x")])),
            ("l", AttributeValue::L(vec![AttributeValue::N("1".into())])),
            ("m", AttributeValue::M(HashMap::from([("in".to_owned(), AttributeValue::S("s".into()))]))),
            ("n", AttributeValue::N("-1.5".into())),
            ("ns", AttributeValue::Ns(vec!["1".into(), "2".into()])),
            ("null", AttributeValue::Null(true)),
            ("ss", AttributeValue::Ss(vec!["a".into()])),
        ];
        for (name, value) in values {
            change = change.new_image(name, value);
        }
        types::Record::builder()
            .event_id("c4ca4238a0b923820dcc509a6f75849b")
            .event_name(types::OperationType::Insert)
            .event_version("1.1")
            .event_source("aws:dynamodb")
            .aws_region("elsewhere")
            .dynamodb(change.build())
            .build()
    }

    #[test]
    fn the_event_is_what_a_lambda_expects() {
        let record = record(&[("PK", "USER#1"), ("SK", "PROFILE")]);
        let event = event(&record, created(&record).unwrap(), &origin());
        let event = json!({ "Records": [event] });
        let parsed: dynamodb::Event = serde_json::from_value(event.clone()).unwrap();
        let record = &parsed.records[0];
        assert_eq!((&*record.event_name, &*record.aws_region), ("INSERT", "us-east-1"));
        assert_eq!(record.event_id, "c4ca4238a0b923820dcc509a6f75849b");
        assert_eq!(record.event_source.as_deref(), Some("aws:dynamodb"));
        assert_eq!(record.event_version.as_deref(), Some("1.1"));
        assert_eq!(record.event_source_arn.as_deref(), Some(&*origin().arn));
        assert!(record.user_identity.is_none());
        let change = &record.change;
        assert_eq!(change.approximate_creation_date_time.timestamp(), 1_777_887_000);
        assert_eq!(change.sequence_number.as_deref(), Some("100000000000000000007"));
        assert_eq!((change.size_bytes, change.keys.len()), (26, 2));
        assert_eq!(change.stream_view_type, Some(dynamodb::StreamViewType::NewAndOldImages));
        assert!(event.pointer("/Records/0/dynamodb/OldImage").is_none(), "there was none");
        let image = &event["Records"][0]["dynamodb"]["NewImage"];
        let expected = json!({
            "b": { "B": "Ynl0ZXM=" },
            "bool": { "BOOL": true },
            "bs": { "BS": ["eA=="] },
            "l": { "L": [{ "N": "1" }] },
            "m": { "M": { "in": { "S": "s" } } },
            "n": { "N": "-1.5" },
            "ns": { "NS": ["1", "2"] },
            "null": { "NULL": true },
            "ss": { "SS": ["a"] },
        });
        assert_eq!(*image, expected);
        let theirs: serde_dynamo::Item = serde_json::from_value(image.clone()).unwrap();
        assert_eq!(change.new_image, theirs);
    }

    #[test]
    fn what_expired_says_who_deleted_it() {
        let mut record = record(&[("PK", "USER#1")]);
        record.user_identity = Some(types::Identity::builder().build());
        let event = event(&record, Timestamp::from_millis(5_900), &origin());
        let parsed: dynamodb::EventRecord = serde_json::from_value(event).unwrap();
        assert_eq!(parsed.change.approximate_creation_date_time.timestamp(), 5);
        let identity = parsed.user_identity.unwrap();
        assert_eq!((&*identity.type_, &*identity.principal_id), ("Service", "dynamodb.amazonaws.com"));
    }

    #[test]
    fn records_of_one_partition_key_are_told_from_others() {
        let key = |keys: &[(&str, &str)]| super::key(&record(keys), &origin());
        assert_eq!(key(&[("PK", "a"), ("SK", "1")]), key(&[("PK", "a"), ("SK", "2")]));
        assert_ne!(key(&[("PK", "a"), ("SK", "1")]), key(&[("PK", "b"), ("SK", "1")]));
    }
}
