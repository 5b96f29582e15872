//! What changes of the table bring about, as the table's stream tells of them: light duties, done
//! at once, so that nothing heavy holds up what comes behind it. What is heavy becomes a job.
//!
//! The stream tells of every change at least once, and of the changes of one item in their order.
//! All of it may be repeated; [`shared::jobs`] says why that is right.

use std::collections::HashSet;

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use futures_util::future::try_join_all;
use lambda_runtime::LambdaEvent;
use shared::accounts::sockets;
use shared::chat::{self, News};
use shared::environment::{App, BadVariable, Environment};
use shared::error::Result;
use shared::ids::UserId;
use shared::jobs::{self, Change, Start};
use shared::notifications::{self, Cause};
use shared::presence;
use shared::profiles;
use shared::push::Pushes;
use shared::store::Request;

/// The function.
#[derive(Clone, Debug)]
pub struct Stream {
    app: App,
    pushes: Pushes,
}

impl Stream {
    /// From an environment.
    pub fn new(environment: &Environment) -> std::result::Result<Self, BadVariable> {
        Ok(Self { app: App::new(environment)?, pushes: Pushes::new(environment)?.unhurried() })
    }

    /// Opens its connections, so that the first event need not wait for it.
    pub async fn warm_up(&self) {
        tokio::join!(self.app.store.warm_up(), self.pushes.warm_up());
    }

    /// Sees to every change of a batch; answers from which one on it is to come again.
    ///
    /// What a batch asks for is done together, each thing once, however many changes ask for it: the
    /// jobs that it starts, the memberships that it brings forward, the notifications that come and go,
    /// the profiles whose owners are told, the sockets of those whose sessions have ended, those who have come
    /// or gone. If any of it fails, the whole batch comes again, once the rest of it is done: what was written is told, too.
    pub async fn handle(
        &self,
        event: LambdaEvent<Event>,
    ) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let request = Request::current_or_start();
        let records = &event.payload.records;
        // What is done side by side is a large future.
        let started = request.scope(Box::pin(self.see_to(wanted(records)))).await;
        let (request_id, cost) = (&event.context.request_id, request.cost());
        let failed = match &started {
            Ok(()) => None,
            Err(error) => {
                tracing::error!(request_id, cause = error.chain(), "changes could not be seen to");
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
            pushes = cost.pushes,
            "answered"
        );
        Ok(response)
    }

    async fn see_to(&self, wanted: Wanted) -> Result<()> {
        let Wanted { jobs, news, causes, changed, signed_out, come_or_gone } = wanted;
        let Self { app, pushes } = self;
        let request = Request::current_or_start();
        let close =
            signed_out.into_iter().map(|user| request.beside(sockets::close_ended(app, pushes, user)));
        let (started, followed, settled, told, (), closed) = tokio::join!(
            request.beside(jobs::start(app, jobs)),
            request.beside(chat::follow(app, pushes, news)),
            request.beside(notifications::settle(app, pushes, causes)),
            request.beside(profiles::tell(app, pushes, changed)),
            request.beside(presence::tell(app, pushes, come_or_gone)),
            try_join_all(close),
        );
        started.and(followed).and(settled).and(told).and(closed.map(drop))
    }
}

/// What changes ask for.
#[derive(Debug, Default)]
struct Wanted {
    /// The jobs that they start.
    jobs: HashSet<Start>,
    /// What was written in conversations.
    news: News,
    /// What people may be to be notified of, or not any more, in the order in which it was told.
    causes: Vec<Cause>,
    /// Whose profiles have changed.
    changed: HashSet<UserId>,
    /// Who may have sessions that have ended.
    signed_out: HashSet<UserId>,
    /// Whose first connection may have opened, or last one closed.
    come_or_gone: HashSet<UserId>,
}

impl Wanted {
    fn add(&mut self, change: &Change) -> Result<()> {
        self.jobs.extend(jobs::started_by(change)?);
        self.news.add(chat::news_of(change)?);
        self.causes.extend(notifications::touched_by(change)?);
        self.changed.extend(profiles::changed_by(change));
        self.signed_out.extend(sockets::signed_out_by(change)?);
        self.come_or_gone.extend(presence::changed_by(change)?);
        Ok(())
    }
}

/// What the changes ask for.
///
/// A change that cannot be read cannot be read the next time either: it is noted, and does not
/// hold up for a day what comes behind it.
fn wanted(records: &[EventRecord]) -> Wanted {
    let mut wanted = Wanted::default();
    for record in records {
        let change = &record.change;
        let change = Change::new(&change.keys, &change.old_image, &change.new_image);
        if let Err(error) = wanted.add(&change) {
            let number = sequence_number(record);
            tracing::error!(cause = error.chain(), number, "a change cannot be read");
        }
    }
    wanted
}

fn sequence_number(record: &EventRecord) -> String {
    record.change.sequence_number.clone().unwrap_or_default()
}
