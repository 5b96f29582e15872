//! Telling people at once what has happened, on whatever they are connected with.
//!
//! | file | what is in it |
//! |---|---|
//! | `connection.rs` | a connection to the WebSocket API |
//! | `connections.rs` | all of somebody's, as an item |
//! | `caller.rs` | who asks for something, perhaps through one, and who is told |
//! | `frame.rs` | what is told |
//! | this one | telling it |
//!
//! A push is a hint: what it tells of is in the table before it is told, and whoever misses one
//! finds it there. So nothing waits for pushes for long, and nothing fails because of them.

mod caller;
mod connection;
mod connections;
mod frame;

use std::collections::HashMap;
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
use tokio::time::{Instant, sleep, timeout, timeout_at};

pub use caller::Caller;
pub use connection::{Connection, ConnectionId};
pub(crate) use connections::{Connections, forget, forget_gone, of_now};
pub use frame::Frame;

use crate::environment::{App, BadVariable, Environment};
use crate::error::{Result, causes};
use crate::ids::UserId;
use crate::store::Request;

/// For how many times as long whoever answers nobody may wait for pushes.
const UNHURRIED: u32 = 4;

/// For how long closing connections may take, unless a push alone may take longer.
const PARTING: Duration = Duration::from_secs(1);

/// How many pushes are on their way at once: as many as two people's connections, and no more, as all
/// share the time.
pub(crate) const AT_ONCE: usize = 200;

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
    /// For how long pushes are waited for: then the function answers and is frozen.
    patience: Duration,
    /// For how long closing connections may take.
    parting: Duration,
}

/// A frame for a connection.
pub(crate) type Delivery = (Connection, Bytes);

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Posted {
    /// It was answered, well or not.
    Done,
    /// There is no such connection.
    Gone,
    /// It was not answered in time.
    Late,
}

impl Pushes {
    /// To the API that the environment names; `PUSH_PATIENCE` is for how many milliseconds pushes are
    /// waited for.
    ///
    /// # Errors
    /// When it names none: the SDK knows no such endpoint of itself.
    pub fn new(environment: &Environment) -> std::result::Result<Self, BadVariable> {
        environment.variables.read::<String>(ENDPOINT)?;
        let patience = Duration::from_millis(environment.variables.read("PUSH_PATIENCE")?);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_millis(200))
            .operation_attempt_timeout(patience);
        let config = Builder::from(&environment.sdk)
            // What is throttled may be sent again, as long as there is time.
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(20)))
            .timeout_config(timeouts.build())
            .build();
        let (client, parting) = (Client::from_conf(config), patience.max(PARTING));
        Ok(Self { client, app: App::new(environment)?, patience, parting })
    }

    /// The same for a function that answers nobody: it waits four times as long, so that many devices
    /// are told even while the gateway is slow.
    #[must_use]
    pub fn unhurried(self) -> Self {
        Self { patience: self.patience * UNHURRIED, ..self }
    }

    /// Opens its connection to the gateway, so that the first push need not wait for it: it is all that
    /// fits into the time that a push has. Nobody has a connection of this name.
    pub async fn warm_up(&self) {
        let push = self.client.post_to_connection().connection_id("none").data(Blob::new("{}"));
        // Whatever it answers, it was reached.
        let _ = push.send().await;
    }

    /// Tells all of these connections the same, as [`deliver`](Self::deliver) does.
    pub(crate) async fn tell(&self, to: impl IntoIterator<Item = Connection>, frame: &Frame<'_>) {
        let text = frame.text();
        self.deliver(to.into_iter().map(|connection| (connection, text.clone())).collect()).await;
    }

    /// Tells one connection this, as any other push.
    pub async fn say(&self, to: Connection, text: Bytes) {
        self.deliver(vec![(to, text)]).await;
    }

    /// Delivers all of these, up to 200 at once, for at most 250 ms, or a second where nobody waits for an
    /// answer: what is not delivered by then is given up, so that nothing is under way when the function
    /// answers and is frozen. Further ones follow with a time of their own. Those that are gone are
    /// forgotten, for as long again.
    pub(crate) async fn deliver(&self, mut deliveries: Vec<Delivery>) {
        while !deliveries.is_empty() {
            let further = deliveries.split_off(deliveries.len().min(AT_ONCE));
            self.deliver_at_once(deliveries).await;
            deliveries = further;
        }
    }

    async fn deliver_at_once(&self, deliveries: Vec<Delivery>) {
        let many = deliveries.len();
        let end = Instant::now() + self.patience;
        let each = deliveries.into_iter().map(async |(connection, text)| {
            let posted = timeout_at(end, self.post(&connection, text)).await;
            (connection, posted.unwrap_or(Posted::Late))
        });
        let all = join_all(each).await;
        if all.iter().any(|(_, posted)| *posted == Posted::Late) {
            tracing::warn!(connections = many, "not every push was delivered in time");
        }
        let gone = all.into_iter().filter(|(_, posted)| *posted == Posted::Gone);
        self.forget_gone(gone.map(|(connection, _)| connection)).await;
    }

    /// Posts to one connection.
    async fn post(&self, connection: &Connection, text: Bytes) -> Posted {
        count("POST");
        let id = connection.connection_id.as_str();
        let sent = self.client.post_to_connection().connection_id(id).data(Blob::new(text)).send().await;
        let Err(error) = sent else { return Posted::Done };
        if error.as_service_error().is_some_and(PostToConnectionError::is_gone_exception) {
            return Posted::Gone;
        }
        tracing::warn!(code = error.code(), cause = causes(&error), "a push was not delivered");
        Posted::Done
    }

    /// Forgets connections that are gone, but for those that are only just being made.
    async fn forget_gone(&self, gone: impl Iterator<Item = Connection>) {
        let mut of_each: HashMap<UserId, Vec<ConnectionId>> = HashMap::new();
        for connection in gone.filter(|connection| !self.is_opening(connection)) {
            of_each.entry(connection.user_id).or_default().push(connection.connection_id);
        }
        let request = Request::current_or_start().within(self.patience);
        let each = of_each.iter().map(async |(&user, ids)| note(forget_gone(&self.app, user, ids).await));
        request.scope(join_all(each)).await;
    }

    /// Ends some of somebody's connections: notes of them that they are over, so that they are told
    /// nothing any more and may say nothing; tells them a last thing, and closes them; and then forgets
    /// them. Two round trips, 2 W, however many they are.
    ///
    /// Of many who do so at once one notes each, and does the rest. It is known until it is closed:
    /// after a crash that says that somebody has to [finish](Self::finish). Answers whether there are
    /// some that others have noted.
    pub(crate) async fn end(&self, of: Connections, ids: &[ConnectionId], last: &Frame<'_>) -> Result<bool> {
        let (of, ended) = connections::end(&self.app, of, ids).await?;
        let by_others = ended.len() < ids.len();
        self.finish(of, ended, last).await;
        Ok(by_others)
    }

    /// Tells those of somebody's connections that are over a last thing, closes them, and forgets them.
    /// One that cannot be closed is known until its time is up.
    pub(crate) async fn finish(&self, of: Connections, over: Vec<Connection>, last: &Frame<'_>) {
        let text = last.text();
        let parted = over.into_iter().map(async |connection| {
            self.close(&connection, Some(&text)).await.then_some(connection.connection_id)
        });
        let closed: Vec<_> = join_all(parted).await.into_iter().flatten().collect();
        if !closed.is_empty() {
            note(forget(&self.app, of, &closed).await);
        }
    }

    /// Tells a connection a last thing, if there is one, and closes it, for at most a second. Answers
    /// whether it is closed.
    pub async fn close(&self, connection: &Connection, last: Option<&Bytes>) -> bool {
        let parted = timeout(self.parting, self.part(connection, last)).await;
        let is_closed = parted.unwrap_or(false);
        if !is_closed {
            tracing::warn!("a connection could not be closed");
        }
        is_closed
    }

    async fn part(&self, connection: &Connection, last: Option<&Bytes>) -> bool {
        let id = connection.connection_id.as_str();
        for attempt in 1..=ATTEMPTS {
            if let Some(last) = last {
                count("POST");
                let post = self.client.post_to_connection().connection_id(id).data(Blob::new(last.clone()));
                // Whether it hears it or not, it is closed.
                let _ = post.send().await;
            }
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

/// Notes that connections could not be forgotten: they are known until their time is up, or until a push
/// finds them gone.
fn note(forgotten: Result<()>) {
    if let Err(error) = forgotten {
        tracing::warn!(cause = error.chain(), "connections that are gone could not be forgotten");
    }
}

/// Counts a call, and notes what the function must be allowed for it.
fn count(method: &'static str) {
    Request::count(|cost| {
        cost.pushes += 1;
        cost.operations.insert((method.into(), "execute-api:ManageConnections"));
    });
}
