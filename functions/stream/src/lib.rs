//! What changes of the table bring about, as the table's stream tells of them: light duties, done
//! at once, so that nothing heavy holds up what comes behind it. What is heavy becomes a job.
//!
//! The stream tells of every change at least once, and of the changes of one item in their order.
//! All of it may be repeated; [`shared::jobs`] says why that is right.

use std::collections::HashSet;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use lambda_runtime::LambdaEvent;
use shared::environment::App;
use shared::error::Result;
use shared::jobs::{self, Change, Start};
use shared::store::Request;

/// The function.
#[derive(Clone, Debug)]
pub struct Stream {
    app: App,
}

impl Stream {
    /// With this table.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    /// Opens its connection, so that the first event need not wait for it.
    pub async fn warm_up(&self) {
        self.app.store.warm_up().await;
    }

    /// Sees to every change of a batch; answers from which one on it is to come again.
    ///
    /// The jobs that a batch starts are started together, each once, however many changes ask for
    /// it. If that fails, the whole batch comes again.
    pub async fn handle(
        &self,
        event: LambdaEvent<Event>,
    ) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let request = Request::current_or_start();
        let records = &event.payload.records;
        let wanted = wanted(records);
        let started = request.scope(jobs::start(&self.app, wanted)).await;
        let (request_id, cost) = (&event.context.request_id, request.cost());
        let failed = match &started {
            Ok(()) => None,
            Err(error) => {
                tracing::error!(request_id, cause = error.chain(), "jobs could not be started");
                records.first().map(sequence_number)
            }
        };
        let mut response = DynamoDbEventResponse::default();
        response.batch_item_failures.extend(failed.map(|number| {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(number);
            failure
        }));
        tracing::info!(
            target: "kith::request",
            request_id,
            route = "stream",
            changes = records.len(),
            failed = !response.batch_item_failures.is_empty(),
            calls = cost.calls,
            round_trips = cost.round_trips,
            read_units = cost.read_units,
            write_units = cost.write_units,
            "answered"
        );
        Ok(response)
    }
}

/// The jobs that the changes ask for.
///
/// A change that cannot be read cannot be read the next time either: it is noted, and does not
/// hold up for a day what comes behind it.
fn wanted(records: &[EventRecord]) -> HashSet<Start> {
    let mut wanted = HashSet::new();
    for record in records {
        match jobs::started_by(&change(record)) {
            Ok(starts) => wanted.extend(starts),
            Err(error) => {
                let number = sequence_number(record);
                tracing::error!(cause = error.chain(), number, "a change cannot be read");
            }
        }
    }
    wanted
}

fn change(record: &EventRecord) -> Change {
    let image = |item: &shared::jobs::Item| (!item.is_empty()).then(|| item.clone());
    Change {
        sort_key: jobs::sort_key(&record.change.keys),
        old: image(&record.change.old_image),
        new: image(&record.change.new_image),
    }
}

fn sequence_number(record: &EventRecord) -> String {
    record.change.sequence_number.clone().unwrap_or_default()
}
