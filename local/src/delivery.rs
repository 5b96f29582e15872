//! Asynchronous invocations: S3's events on their way to the functions that are told of them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::{Instant, sleep};

use crate::gateway::{Exchange, Record};
use crate::lambda::Lambda;
use crate::s3::Notification;

/// How long Lambda waits before it invokes a function again that failed; before the second time
/// it waits twice as long
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>).
pub const RETRY_AFTER: Duration = Duration::from_mins(1);

/// A function that is told of the objects of a bucket.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// The bucket's name.
    pub bucket: String,
    /// The function, and its logical id.
    pub function: (String, Lambda),
    /// How often it is invoked again after it failed.
    pub retries: u32,
    /// The room for as many invocations at once as are reserved for it, if some are: events that
    /// find none wait.
    pub room: Option<Arc<Semaphore>>,
}

/// Delivers events for as long as there are any, each on its own.
pub async fn deliver(
    mut events: mpsc::UnboundedReceiver<Notification>,
    subscribers: Vec<Subscriber>,
    retry_after: Duration,
    records: broadcast::Sender<Record>,
) {
    let subscribers = Arc::new(subscribers);
    while let Some(event) = events.recv().await {
        let (subscribers, records) = (Arc::clone(&subscribers), records.clone());
        tokio::spawn(async move {
            for subscriber in subscribers.iter().filter(|subscriber| subscriber.bucket == event.bucket) {
                invoke(subscriber, &event, retry_after, &records).await;
            }
            event.done().await;
        });
    }
}

/// Invokes a function until it succeeds, or has failed as often as it may.
async fn invoke(
    Subscriber { function: (id, lambda), retries, room, .. }: &Subscriber,
    event: &Notification,
    retry_after: Duration,
    records: &broadcast::Sender<Record>,
) {
    for attempt in 0..=*retries {
        sleep(retry_after * attempt).await;
        let _place = match room {
            Some(room) => room.acquire().await.ok(),
            None => None,
        };
        let started = Instant::now();
        let (request_id, text) =
            (detail(&event.event, "/responseElements/x-amz-request-id"), event.event.to_string());
        let invocation = lambda.invoke(text.clone(), request_id).await;
        let answer = invocation.result.clone();
        let record = Record {
            route: format!("{} to {id}", detail(&event.event, "/eventName")),
            status: if invocation.result.is_ok() { 200 } else { 500 },
            duration: started.elapsed(),
            function: Some((id.clone(), invocation.cost)),
            exchanges: vec![Exchange { function: id.clone(), event: text, answer }],
            ..Record::default()
        };
        record.log();
        let _ = records.send(record);
        match invocation.result {
            Ok(_) => return,
            Err(error) => tracing::error!(function = id, error, attempt, "a function failed"),
        }
    }
    tracing::error!(function = id, "an event was given up: on AWS it would be a dead letter");
}

/// What an S3 event says of its one record.
fn detail<'a>(event: &'a Value, pointer: &str) -> &'a str {
    event["Records"][0].pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
