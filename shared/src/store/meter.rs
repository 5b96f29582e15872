//! What a request cost in DynamoDB, and how long it may go on.
//!
//! Counted below everything, by an interceptor in the SDK, so that no call escapes it. A
//! request is a task-local scope, because the interceptor has no other way to know for whom
//! it counts; calls joined in one task count for the same request.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::{
    batch_get_item as batch_get, batch_write_item as batch_write, delete_item as delete, get_item as get,
    put_item as put, query, transact_write_items as transact, update_item as update,
};
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use tokio::time::Instant;

/// How long a request may work on storage. The functions' time-out in `template.yaml` is 15 s.
const PATIENCE: Duration = Duration::from_secs(8);

tokio::task_local! {
    static CURRENT: Request;
}

/// One request: its deadline and what it has cost so far.
#[derive(Clone, Debug)]
pub struct Request {
    deadline: Arc<Mutex<Instant>>,
    cost: Arc<Mutex<Cost>>,
    /// How many round trips have been made, one after the other.
    depth: Arc<Mutex<u32>>,
}

impl Request {
    /// A request that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self { deadline: deadline(PATIENCE), cost: Arc::default(), depth: Arc::default() }
    }

    /// The request this runs in, or one that starts now.
    #[must_use]
    pub fn current_or_start() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_else(|_| Self::start())
    }

    /// A part of this request that has no longer than this: for what is nice to have.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        let deadline = Instant::min(*lock(&self.deadline), Instant::now() + patience);
        Self { deadline: Arc::new(Mutex::new(deadline)), ..self.clone() }
    }

    /// A part of this request that has all of the time again: one of several things that are done
    /// one after the other.
    #[must_use]
    pub fn afresh(&self) -> Self {
        self.lasting(PATIENCE)
    }

    /// A part of this request that has this long from now, whatever the rest has: for what may have
    /// to wait for others.
    #[must_use]
    pub fn lasting(&self, patience: Duration) -> Self {
        Self { deadline: deadline(patience), ..self.clone() }
    }

    /// Runs `future` as (a part of) this request.
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        CURRENT.scope(self.clone(), future).await
    }

    /// Runs `future` as one of several things that this request does beside each other, each with calls of
    /// its own one after the other: its round trips are counted by themselves, and those of the longest
    /// one count.
    pub async fn beside<F: Future>(&self, future: F) -> F::Output {
        let branch = Self { depth: Arc::new(Mutex::new(*lock(&self.depth))), ..self.clone() };
        let output = branch.scope(future).await;
        let depth = *lock(&branch.depth);
        self.end(depth);
        output
    }

    /// Gives the request this runs in that much longer, as it was not storage that it waited for.
    pub fn extend_current(by: Duration) {
        let _ = CURRENT.try_with(|request| *lock(&request.deadline) += by);
    }

    /// What it has cost so far.
    #[must_use]
    pub fn cost(&self) -> Cost {
        Cost { round_trips: *lock(&self.depth), ..lock(&self.cost).clone() }
    }

    pub(crate) fn current_deadline() -> Instant {
        CURRENT.try_with(|request| *lock(&request.deadline)).unwrap_or_else(|_| Instant::now() + PATIENCE)
    }

    /// Counts for the current request, if there is one.
    pub(crate) fn count(count: impl FnOnce(&mut Cost)) {
        let _ = CURRENT.try_with(|request| count(&mut lock(&request.cost)));
    }

    /// The round trip that a call is which begins now: the calls that have ended are the ones it waited for.
    fn begin(&self) -> u32 {
        *lock(&self.depth) + 1
    }

    /// The call of this round trip has ended.
    fn end(&self, round_trip: u32) {
        let mut depth = lock(&self.depth);
        *depth = round_trip.max(*depth);
    }
}

fn deadline(patience: Duration) -> Arc<Mutex<Instant>> {
    Arc::new(Mutex::new(Instant::now() + patience))
}

/// What a mutex holds, whoever panicked with it: it is whole at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a request cost in DynamoDB.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cost {
    /// Calls, each counted once however often the SDK had to send it.
    pub calls: u32,
    /// Times that a call was sent.
    pub attempts: u32,
    /// Sequential round trips: calls made at once count as one, and of things done [beside each
    /// other](Request::beside) those of the longest.
    pub round_trips: u32,
    /// Read request units, as DynamoDB reported them.
    pub read_units: f64,
    /// Write request units, as DynamoDB reported them.
    pub write_units: f64,
    /// Calls to S3.
    pub object_calls: u32,
    /// Calls to connections of the WebSocket API: pushes, and ends.
    pub pushes: u32,
    /// The operations used, by the table's or bucket's name, `<table>/index/<index>` for an index, or
    /// the method for connections, and their own name in IAM.
    pub operations: BTreeSet<(Arc<str>, &'static str)>,
}

impl Cost {
    /// This and another, one after the other.
    #[must_use]
    pub fn plus(mut self, other: Self) -> Self {
        self.calls += other.calls;
        self.attempts += other.attempts;
        self.round_trips += other.round_trips;
        self.read_units += other.read_units;
        self.write_units += other.write_units;
        self.object_calls += other.object_calls;
        self.pushes += other.pushes;
        self.operations.extend(other.operations);
        self
    }
}

/// Which of its request's round trips a call is.
#[derive(Debug)]
struct RoundTrip(u32);

impl Storable for RoundTrip {
    type Storer = StoreReplace<Self>;
}

/// Counts the calls that pass through a client, all of them to one table.
#[derive(Debug)]
pub(super) struct MeterInterceptor {
    pub(super) table: Arc<str>,
}

impl Intercept for MeterInterceptor {
    fn name(&self) -> &'static str {
        "MeterInterceptor"
    }

    fn read_before_execution(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Request::count(|cost| {
            cost.calls += 1;
            let place = self.place(context);
            cost.operations.extend(operation(context).into_iter().map(|name| (Arc::clone(&place), name)));
        });
        let round_trip = CURRENT.try_with(Request::begin).unwrap_or_default();
        bag.interceptor_state().store_put(RoundTrip(round_trip));
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Request::count(|cost| cost.attempts += 1);
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let round_trip = bag.load::<RoundTrip>().map_or(0, |round_trip| round_trip.0);
        let _ = CURRENT.try_with(|request| request.end(round_trip));
        let (read, write) = units(context);
        Request::count(|cost| {
            cost.read_units += read;
            cost.write_units += write;
        });
        Ok(())
    }
}

impl MeterInterceptor {
    /// What a call is made on: the table, or its index, which IAM allows apart.
    fn place(&self, context: &BeforeSerializationInterceptorContextRef<'_>) -> Arc<str> {
        let index =
            context.input().downcast_ref::<query::QueryInput>().and_then(query::QueryInput::index_name);
        index.map_or_else(|| Arc::clone(&self.table), |index| format!("{}/index/{index}", self.table).into())
    }
}

/// The operation of a call, as IAM spells it. A transaction is allowed by the actions in it.
fn operation(context: &BeforeSerializationInterceptorContextRef<'_>) -> Vec<&'static str> {
    let input = context.input();
    macro_rules! name {
        ($($input:ty => $name:literal),*) => {
            $(if input.downcast_ref::<$input>().is_some() {
                return vec![$name];
            })*
        };
    }
    if let Some(transaction) = input.downcast_ref::<transact::TransactWriteItemsInput>() {
        let names = transaction.transact_items().iter().flat_map(|item| {
            [
                item.condition_check().map(|_| "dynamodb:ConditionCheckItem"),
                item.put().map(|_| "dynamodb:PutItem"),
                item.update().map(|_| "dynamodb:UpdateItem"),
                item.delete().map(|_| "dynamodb:DeleteItem"),
            ]
        });
        return names.flatten().collect();
    }
    name!(
        batch_get::BatchGetItemInput => "dynamodb:BatchGetItem",
        batch_write::BatchWriteItemInput => "dynamodb:BatchWriteItem",
        delete::DeleteItemInput => "dynamodb:DeleteItem",
        get::GetItemInput => "dynamodb:GetItem",
        put::PutItemInput => "dynamodb:PutItem",
        query::QueryInput => "dynamodb:Query",
        update::UpdateItemInput => "dynamodb:UpdateItem"
    );
    Vec::new()
}

/// The read and write units that an answer reports.
fn units(context: &FinalizerInterceptorContextRef<'_>) -> (f64, f64) {
    let Some(Ok(output)) = context.output_or_error() else { return (0.0, 0.0) };
    macro_rules! total {
        ($output:ty) => {
            output.downcast_ref::<$output>().map(|output| {
                let capacity = output.consumed_capacity().into_iter();
                capacity.filter_map(|capacity| capacity.capacity_units).sum::<f64>()
            })
        };
    }
    let read = total!(get::GetItemOutput)
        .or_else(|| total!(query::QueryOutput))
        .or_else(|| total!(batch_get::BatchGetItemOutput));
    let write = total!(put::PutItemOutput)
        .or_else(|| total!(update::UpdateItemOutput))
        .or_else(|| total!(delete::DeleteItemOutput))
        .or_else(|| total!(batch_write::BatchWriteItemOutput))
        .or_else(|| total!(transact::TransactWriteItemsOutput));
    (read.unwrap_or(0.0), write.unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_done_side_by_side_takes_as_many_round_trips_as_the_longest() {
        let request = Request::start();
        let (told, hears) = oneshot::channel();
        // Two calls, one after the other, while another one is under way.
        let quick = async {
            for _ in 0..2 {
                let call = CURRENT.get().begin();
                CURRENT.get().end(call);
            }
            told.send(()).unwrap();
        };
        let slow = async {
            let call = CURRENT.get().begin();
            hears.await.unwrap();
            CURRENT.get().end(call);
            let call = CURRENT.get().begin();
            CURRENT.get().end(call);
        };
        request.scope(async { tokio::join!(request.beside(slow), request.beside(quick)) }).await;
        assert_eq!(request.cost().round_trips, 2);
        assert_eq!(request.begin(), 3, "what comes behind both");
    }
}
