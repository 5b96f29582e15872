//! What the tests here have in common.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::{Clock, Timestamp};
use tokio::sync::broadcast;

use super::event::Record;
use crate::delivery::Target;
use crate::lambda::Lambda;
use crate::template::{Mapping, StartingPosition};

/// A mapping with Lambda's defaults.
pub(super) fn mapping() -> Mapping {
    Mapping {
        name: "Function.Changes".into(),
        table: "Table".into(),
        starts_at: StartingPosition::TrimHorizon,
        batch_size: 100,
        window: Duration::ZERO,
        retries: None,
        max_age: None,
        bisects: false,
        lanes: 1,
        reports_failures: false,
        filters: Vec::new(),
        on_failure: None,
        enabled: true,
    }
}

/// The record of this number, written at as many seconds.
pub(super) fn record(number: u64, key: &str) -> Record {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let sequence = number.to_string();
    Record {
        created: Timestamp::from_millis(i64::try_from(number).unwrap() * 1000),
        key: hasher.finish(),
        text: json!({ "dynamodb": { "SequenceNumber": sequence } }).to_string(),
        serial: number,
        sequence,
    }
}

/// The numbers of an event's records.
pub(super) fn sequences(event: &str) -> Vec<String> {
    let event: Value = serde_json::from_str(event).unwrap();
    let records = event["Records"].as_array().unwrap().iter();
    records.map(|record| record["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned()).collect()
}

/// A function that answers so.
pub(super) fn target(answer: impl Fn(String) -> Result<String, String> + Send + Sync + 'static) -> Target {
    let clock = Clock::from_fn(|| Timestamp::from_millis(0));
    let lambda = Lambda::from_fn("Function", Duration::from_secs(3), clock, move |event| {
        std::future::ready(answer(event))
    });
    Target { id: "Function".into(), lambda, records: broadcast::Sender::new(16), room: None }
}
