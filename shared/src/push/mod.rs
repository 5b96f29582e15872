//! Telling people at once what has happened, on whatever they are connected with.
//!
//! | file | what is in it |
//! |---|---|
//! | `connection.rs` | a connection to the WebSocket API as an item |
//! | `frame.rs` | what is told |
//! | this one | telling it |
//!
//! A push is a hint: what it tells of is in the table before it is told, and whoever misses one
//! finds it there. So nothing waits for pushes for long, and nothing fails because of them.

mod connection;
mod frame;

use std::time::Duration;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::Builder;
use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_sdk_apigatewaymanagement::config::timeout::TimeoutConfig;
use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata;
use aws_sdk_apigatewaymanagement::operation::delete_connection::DeleteConnectionError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

pub use connection::{Caller, Connection, ConnectionId};
pub(crate) use connection::{all_of, of, of_now};
pub use frame::Frame;

use crate::environment::{App, BadVariable, Environment};
use crate::error::causes;
use crate::store::{Condition, Request, Update, Written};

/// For how long whoever caused a push waits for it: then the function answers and is frozen.
const PATIENCE: Duration = Duration::from_millis(250);

/// For how long closing connections may take.
const PARTING: Duration = Duration::from_secs(1);

/// How often, and after which pauses, a connection that has only just been made is closed again
/// if it is said not to be there: the gateway opens it once `$connect` has answered.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(100);

/// How old a connection may be and not be open yet: `$connect` answers as soon as its item is there.
const OPENING: Duration = Duration::from_secs(5);

/// Where the WebSocket API's connections are managed, as the SDK reads it for this service.
const ENDPOINT: &str = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI";

/// Pushes to connections of the WebSocket API.
#[derive(Clone)]
pub struct Pushes {
    client: Client,
    app: App,
}

/// A frame for a connection.
pub(crate) type Delivery = (Connection, Bytes);

impl Pushes {
    /// To the API that the environment names.
    ///
    /// # Errors
    /// When it names none: the SDK knows no such endpoint of itself.
    pub fn new(environment: &Environment) -> Result<Self, BadVariable> {
        environment.variables.read::<String>(ENDPOINT)?;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_millis(200))
            .operation_attempt_timeout(PATIENCE);
        let config = Builder::from(&environment.sdk)
            // What is throttled may be sent again, as long as there is time.
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(20)))
            .timeout_config(timeouts.build())
            .build();
        Ok(Self { client: Client::from_conf(config), app: App::new(environment)? })
    }

    /// Opens its connection to the gateway, so that the first push need not wait for it: it is all that
    /// fits into the time that a push has. Nobody has a connection of this name.
    pub async fn warm_up(&self) {
        let push = self.client.post_to_connection().connection_id("none").data(Blob::new("{}"));
        // Whatever it answers, it was reached.
        let _ = push.send().await;
    }

    /// Tells all of these connections the same, all at once, for at most 250 ms.
    pub(crate) async fn tell(&self, to: impl IntoIterator<Item = Connection>, frame: &Frame<'_>) {
        let text = frame.text();
        self.deliver(to.into_iter().map(|connection| (connection, text.clone())).collect()).await;
    }

    /// Tells one connection this, as any other push.
    pub async fn say(&self, to: Connection, text: Bytes) {
        self.deliver(vec![(to, text)]).await;
    }

    /// Delivers all of these, all at once, for at most 250 ms: what is not delivered by then is
    /// given up, so that nothing is under way when the function answers and is frozen.
    pub(crate) async fn deliver(&self, deliveries: Vec<Delivery>) {
        if deliveries.is_empty() {
            return;
        }
        let many = deliveries.len();
        let all = join_all(deliveries.into_iter().map(|(connection, text)| self.post(connection, text)));
        if timeout(PATIENCE, all).await.is_err() {
            tracing::warn!(connections = many, "not every push was delivered in time");
        }
    }

    /// Posts to one connection. If it is gone, its item goes, too.
    async fn post(&self, connection: Connection, text: Bytes) {
        count("POST");
        let id = connection.connection_id.as_str();
        let sent = self.client.post_to_connection().connection_id(id).data(Blob::new(text)).send().await;
        let Err(error) = sent else { return };
        if error.as_service_error().is_some_and(PostToConnectionError::is_gone_exception) {
            self.forget(&connection).await;
        } else {
            tracing::warn!(code = error.code(), cause = causes(&error), "a push was not delivered");
        }
    }

    /// Takes away the item of a connection that is gone, unless it is only just being made.
    async fn forget(&self, connection: &Connection) {
        if !self.is_opening(connection) {
            self.delete(connection).await;
        }
    }

    async fn delete(&self, connection: &Connection) {
        if let Err(error) = self.app.store.delete(&connection.key()).await {
            tracing::warn!(cause = error.chain(), "a connection that is gone could not be forgotten");
        }
    }

    /// Ends connections: notes of each that it is over, so that it is told nothing any more and may
    /// say nothing; tells them a last thing, and closes them; and then takes their items away. Two round
    /// trips, 1 W and 1 W for each.
    ///
    /// Of many who do so at once one notes it, and does the rest. The item stays until the connection is
    /// closed: after a crash it says that somebody has to [finish](Self::finish). Answers whether there
    /// are some that others have noted.
    ///
    /// # Errors
    /// When some could not be noted: those are open still. The others are closed all the same.
    pub(crate) async fn end(&self, connections: Vec<Connection>, last: &Frame<'_>) -> crate::Result<bool> {
        let many = connections.len();
        let noted = connections.into_iter().map(async |connection| {
            let over =
                Update::of(connection.key()).set("isOver", true).when(Condition::equals("isOver", false)?);
            let written = self.app.store.update(over, &self.app.ids.write_id()).await?;
            Ok::<_, crate::Error>(matches!(written, Written::Done(_)).then_some(connection))
        });
        let (noted, failed): (Vec<_>, Vec<_>) = join_all(noted).await.into_iter().partition(Result::is_ok);
        let ended: Vec<_> = noted.into_iter().filter_map(Result::ok).flatten().collect();
        let by_others = ended.len() < many;
        self.finish(ended, last).await;
        failed.into_iter().find_map(Result::err).map_or(Ok(by_others), Err)
    }

    /// Tells connections that are over a last thing, closes them, and takes their items away. One that
    /// cannot be closed keeps its item until its time is up.
    pub(crate) async fn finish(&self, connections: Vec<Connection>, last: &Frame<'_>) {
        let text = last.text();
        let parted = connections.iter().map(async |connection| {
            if self.close(connection, &text).await {
                self.delete(connection).await;
            }
        });
        join_all(parted).await;
    }

    /// Tells a connection a last thing and closes it, for at most a second. Answers whether it is
    /// closed.
    pub async fn close(&self, connection: &Connection, last: &Bytes) -> bool {
        let parted = timeout(PARTING, self.part(connection, last)).await;
        let is_closed = parted.unwrap_or(false);
        if !is_closed {
            tracing::warn!("a connection could not be closed");
        }
        is_closed
    }

    async fn part(&self, connection: &Connection, last: &Bytes) -> bool {
        let id = connection.connection_id.as_str();
        for attempt in 1..=ATTEMPTS {
            count("POST");
            let post = self.client.post_to_connection().connection_id(id).data(Blob::new(last.clone()));
            // Whether it hears it or not, it is closed.
            let _ = post.send().await;
            count("DELETE");
            match self.client.delete_connection().connection_id(id).send().await {
                Ok(_) => return true,
                Err(error)
                    if error.as_service_error().is_some_and(DeleteConnectionError::is_gone_exception) =>
                {
                    if !self.is_opening(connection) {
                        return true;
                    }
                }
                Err(error) => {
                    tracing::warn!(cause = causes(&error), "a connection was not closed");
                }
            }
            if attempt < ATTEMPTS {
                sleep(PAUSE).await;
            }
        }
        false
    }

    /// Whether the gateway may not have opened it yet.
    fn is_opening(&self, connection: &Connection) -> bool {
        self.app.clock.now().since(connection.connected_at) < OPENING
    }
}

impl std::fmt::Debug for Pushes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pushes")
    }
}

/// Counts a call, and notes what the function must be allowed for it.
fn count(method: &'static str) {
    Request::count(|cost| {
        cost.pushes += 1;
        cost.operations.insert((method.into(), "execute-api:ManageConnections"));
    });
}
