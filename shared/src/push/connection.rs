//! A connection to the WebSocket API.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::ids::{SessionId, UserId};

/// For how long a connection may last, and a little: API Gateway ends it after two hours
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>).
const KEPT_FOR: Duration = Duration::from_mins(125);

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

/// One of somebody's connections: known from before it is open until it is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Whether the gateway has ended it by then, whether that was heard of or not.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.connected_at.after(KEPT_FOR) <= now
    }
}
