//! What is done later, off the request path: feeds are filled and cleared, what is left of a
//! deleted post goes.
//!
//! The table's stream tells of every job that was written, and each time its next step is done.
//! A schedule revives the jobs that stand still. [`shared::jobs`] says why that is right.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use futures_util::future::ready;
use futures_util::{StreamExt as _, stream};
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use shared::environment::App;
use shared::error::Result;
use shared::jobs;
use shared::store::Request;

/// How many steps of a batch are done at once. Of several of one job, at most one has its turn.
const AT_ONCE: usize = 4;

/// What the function is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Told {
    /// That jobs were written.
    Written(Event),
    /// That it is time to look for those that stand still.
    Time(EventBridgeEvent),
}

/// The function.
#[derive(Clone, Debug)]
pub struct Jobs {
    app: App,
}

impl Jobs {
    /// With this table.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    /// Opens its connection, so that the first event need not wait for it.
    pub async fn warm_up(&self) {
        self.app.store.warm_up().await;
    }

    /// Does the next step of every job of a batch, and answers for which it failed; or revives
    /// those that stand still.
    pub async fn handle(
        &self,
        event: LambdaEvent<Told>,
    ) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let request_id = &event.context.request_id;
        let mut response = DynamoDbEventResponse::default();
        match event.payload {
            Told::Written(batch) => {
                let steps = batch.records.into_iter().map(|record| self.step(record, request_id));
                let failed = stream::iter(steps).buffered(AT_ONCE).filter_map(ready);
                response.batch_item_failures = failed.map(failure).collect().await;
            }
            Told::Time(_) => {
                let revived = jobs::revive(&self.app).await.map_err(|error| error.chain())?;
                tracing::info!(target: "kith::request", request_id, route = "jobs revive", revived, "answered");
            }
        }
        Ok(response)
    }

    /// Does one step; answers the change it was told of by if it failed.
    ///
    /// A deadline and a count of its own for each: what they cost is added up by the stack.
    async fn step(&self, record: EventRecord, request_id: &str) -> Option<String> {
        let request = Request::current_or_start().afresh();
        let number = record.change.sequence_number.unwrap_or_default();
        let outcome = request.scope(jobs::run(&self.app, record.change.new_image)).await;
        let cost = request.cost();
        match outcome {
            Ok((work, outcome)) => {
                tracing::info!(
                    target: "kith::request",
                    request_id,
                    route = format!("jobs {}", work.name()),
                    ?outcome,
                    calls = cost.calls,
                    round_trips = cost.round_trips,
                    read_units = cost.read_units,
                    write_units = cost.write_units,
                    "answered"
                );
                None
            }
            Err(error) => {
                tracing::error!(request_id, cause = error.chain(), "a step failed");
                Some(number)
            }
        }
    }
}

/// That the change with this sequence number is to come again.
fn failure(number: String) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(number);
    failure
}
