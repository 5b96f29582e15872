//! Invocations that nobody waits for: S3's events on their way to the functions that are told of
//! them, and whatever else invokes a function by itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::time::{Instant, sleep};

use crate::gateway::{Exchange, Record};
use crate::lambda::Lambda;
use crate::s3::Notification;
use crate::template::Template;

/// How long Lambda waits before it invokes a function again that failed; before the second time
/// it waits twice as long
/// (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>).
pub const RETRY_AFTER: Duration = Duration::from_mins(1);

/// A function to be invoked, and whoever is told of that.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its logical id.
    pub id: String,
    /// The function.
    pub lambda: Lambda,
    /// Where it is told what was done.
    pub records: broadcast::Sender<Record>,
    /// The room for as many invocations at once as are reserved for it, if some are: events that
    /// find none wait.
    pub room: Option<Arc<Semaphore>>,
}

/// How often an asynchronous invocation is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Retries {
    /// How often at most.
    pub most: u32,
    /// After how long the first time.
    pub after: Duration,
}

/// A function that is told of the objects of a bucket.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// The bucket's name.
    pub bucket: String,
    /// The function.
    pub target: Target,
    /// How often it is invoked again after it failed.
    pub retries: Retries,
}

impl Target {
    /// All functions, by logical id, and this is where all of them are told of.
    #[must_use]
    pub fn all(
        template: &Template,
        functions: &HashMap<String, Lambda>,
        records: &broadcast::Sender<Record>,
    ) -> HashMap<String, Self> {
        let target = |(id, lambda): (&String, &Lambda)| {
            let (lambda, records) = (lambda.clone(), records.clone());
            let reserved = template.functions.get(id).and_then(|function| function.concurrency);
            let room = reserved.map(|most| Arc::new(Semaphore::new(most)));
            (id.clone(), Self { id: id.clone(), lambda, records, room })
        };
        functions.iter().map(target).collect()
    }

    /// Invokes the function once, with an event from somewhere, and tells of it.
    pub async fn invoke(&self, from: &str, event: String, request_id: &str) -> Result<String, String> {
        let Self { id, lambda, records, room } = self;
        let _place = match room {
            Some(room) => room.acquire().await.ok(),
            None => None,
        };
        let started = Instant::now();
        // Few look, and events may be large.
        let looked_at = (records.receiver_count() > 0).then(|| event.clone());
        let invocation = lambda.invoke(event, request_id).await;
        let answer = || invocation.result.clone();
        let exchange = |event| Exchange { function: id.clone(), event, answer: answer() };
        let record = Record {
            route: format!("{from} to {id}"),
            status: if invocation.result.is_ok() { 200 } else { 500 },
            duration: started.elapsed(),
            exchanges: looked_at.map(exchange).into_iter().collect(),
            function: Some((id.clone(), invocation.cost)),
            ..Record::default()
        };
        record.log();
        let _ = records.send(record);
        invocation.result
    }

    /// Invokes the function until it succeeds, or has failed as often as it may.
    pub async fn invoke_later(&self, from: &str, event: String, request_id: &str, retries: Retries) {
        let function = &self.id;
        for attempt in 0..=retries.most {
            sleep(retries.after * attempt).await;
            match self.invoke(from, event.clone(), request_id).await {
                Ok(_) => return,
                Err(error) => tracing::error!(function, error, attempt, "a function failed"),
            }
        }
        tracing::error!(function, "an event was given up: on AWS it would be a dead letter");
    }
}

impl Subscriber {
    /// All that the template declares, of these functions.
    #[must_use]
    pub fn all(template: &Template, targets: &HashMap<String, Target>, retry_after: Duration) -> Vec<Self> {
        let mut all = Vec::new();
        for (id, function) in &template.functions {
            let Some(target) = targets.get(id) else { continue };
            all.extend(function.subscriptions.iter().map(|subscription| Self {
                bucket: subscription.bucket.clone(),
                target: target.clone(),
                retries: Retries { most: function.retries, after: retry_after },
            }));
        }
        all
    }
}

/// Delivers events for as long as there are any, each on its own.
pub async fn deliver(mut events: mpsc::UnboundedReceiver<Notification>, subscribers: Vec<Subscriber>) {
    let subscribers = Arc::new(subscribers);
    while let Some(event) = events.recv().await {
        let subscribers = Arc::clone(&subscribers);
        tokio::spawn(async move {
            for subscriber in subscribers.iter().filter(|subscriber| subscriber.bucket == event.bucket) {
                let from = detail(&event.event, "/eventName");
                let request_id = detail(&event.event, "/responseElements/x-amz-request-id");
                let text = event.event.to_string();
                subscriber.target.invoke_later(from, text, request_id, subscriber.retries).await;
            }
            event.done().await;
        });
    }
}

/// What an S3 event says of its one record.
fn detail<'a>(event: &'a Value, pointer: &str) -> &'a str {
    event["Records"][0].pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
