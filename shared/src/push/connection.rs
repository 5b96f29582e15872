//! A connection to the WebSocket API as an item.

use std::cmp::Reverse;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{SessionId, UserId};
use crate::keys::{self, Key};
use crate::store::{Found, Put, Query};

/// For how long a connection may last, and a little: API Gateway ends it after two hours
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>).
const KEPT_FOR: Duration = Duration::from_mins(125);

/// The most connections of one person that are told of something, the newest of them: the table does
/// not know which of those that broke off without a goodbye are gone until they are tried.
const MOST: usize = 100;

/// How many are read at once, those among them whose time is over: they are 300 bytes or so each.
const PAGE: usize = 1000;

/// What API Gateway calls a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(String);

impl ConnectionId {
    /// From an event of the gateway.
    #[must_use]
    pub const fn new(id: String) -> Self {
        Self(id)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The item at `keys::connection`: there from before a connection is open until it is closed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Whose it is.
    pub user_id: UserId,
    /// What the gateway calls it.
    pub connection_id: ConnectionId,
    /// In which session.
    pub session_id: SessionId,
    /// Since when.
    pub connected_at: Timestamp,
    /// Whether its session has ended: then it is told nothing, and may say nothing, until it is closed.
    #[serde(default)]
    pub is_over: bool,
}

impl Connection {
    /// One that is about to be opened.
    #[must_use]
    pub const fn new(
        user_id: UserId,
        connection_id: ConnectionId,
        session_id: SessionId,
        connected_at: Timestamp,
    ) -> Self {
        Self { user_id, connection_id, session_id, connected_at, is_over: false }
    }

    /// Its key.
    pub(crate) fn key(&self) -> Key {
        keys::connection(self.user_id, self.connection_id.as_str())
    }

    /// The item, which must not be there yet.
    pub(crate) fn put(&self) -> Result<Put> {
        let put = Put::new(&self.key(), self)?.if_absent();
        Ok(put.expire_at(self.connected_at.after(KEPT_FOR)))
    }
}

/// Who asks for something, and through which connection, if through one.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The person.
    pub user: UserId,
    /// Their connection to the WebSocket API; none over HTTP.
    pub connection: Option<&'a ConnectionId>,
}

impl Caller<'_> {
    /// Somebody who asks over HTTP.
    #[must_use]
    pub const fn over_http(user: UserId) -> Self {
        Self { user, connection: None }
    }

    /// What is to be read with the first that is read.
    pub(crate) fn key(&self) -> Option<Key> {
        self.connection.map(|id| keys::connection(self.user, id.as_str()))
    }

    /// Refuses whoever asks through a connection that has no item, or one that is over, as its session
    /// has ended: the gateway itself asks nobody again once a connection is open.
    pub(crate) fn check(&self, found: &Found) -> Result<()> {
        let Some(key) = self.key() else { return Ok(()) };
        match found.peek::<Connection>(&key)? {
            Some(connection) if !connection.is_over => Ok(()),
            _ => Err(Error::Unauthenticated),
        }
    }

    /// The connections but the one through which it is asked.
    pub(crate) fn others(&self, connections: Vec<Connection>) -> Vec<Connection> {
        connections.into_iter().filter(|other| Some(&other.connection_id) != self.connection).collect()
    }
}

/// The connections of these people. One round trip, 0.5 R each and more with many.
///
/// They may be a moment old: whoever has only just connected looks at what there is by itself.
pub(crate) async fn of(app: &App, users: &[UserId]) -> Result<Vec<Connection>> {
    let all = try_join_all(users.iter().map(|&user| read(app, user, false))).await?;
    Ok(all.into_iter().flat_map(newest).collect())
}

/// The same of one person, read strongly: whoever has connected before this began is among them.
pub(crate) async fn of_now(app: &App, user: UserId) -> Result<Vec<Connection>> {
    all_of(app, user).await.map(newest)
}

/// All connections of somebody, those among them that are over, read strongly: whoever is signed out is
/// to miss none. One round trip, 1 R, for each 1,000 of them.
pub(crate) async fn all_of(app: &App, user: UserId) -> Result<Vec<Connection>> {
    read(app, user, true).await
}

/// Those that are told of something.
fn newest(mut connections: Vec<Connection>) -> Vec<Connection> {
    connections.retain(|connection| !connection.is_over);
    connections.sort_unstable_by_key(|connection| Reverse(connection.connected_at));
    connections.truncate(MOST);
    connections
}

async fn read(app: &App, user: UserId, strongly: bool) -> Result<Vec<Connection>> {
    let prefix = keys::connections(user);
    let (mut all, mut end): (Vec<Connection>, Option<String>) = (Vec::new(), None);
    loop {
        let query = Query::first(&prefix, PAGE).beyond(end.as_deref());
        let page = app.store.query(if strongly { query } else { query.eventually() }).await?;
        all.extend(page.items);
        end = page.end;
        if end.is_none() {
            return Ok(all);
        }
    }
}
