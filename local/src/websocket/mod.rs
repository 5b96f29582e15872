//! API Gateway's WebSocket API, as the template declares it.

pub mod limits;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use http::StatusCode;
use shared::clock::Clock;
use shared::ids::Ids;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;

use crate::gateway::Record;
use crate::lambda::Lambda;
use crate::server;
use crate::template::WebSocketApi;
pub use limits::Limits;

/// What a WebSocket API needs around it.
#[derive(Debug)]
pub struct Around {
    /// The functions by logical id.
    pub functions: HashMap<String, Lambda>,
    /// Where time comes from.
    pub clock: Clock,
    /// Where ids come from.
    pub ids: Ids,
    /// Where it is said what happened.
    pub records: broadcast::Sender<Record>,
    /// What is limited.
    pub limits: Limits,
    /// Whether `$disconnect` never runs.
    pub loses_disconnects: bool,
}

/// A served WebSocket API.
#[derive(Debug)]
pub struct Sockets {
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Sockets {
    /// Serves an API on this listener.
    #[must_use]
    pub fn start(listener: TcpListener, _api: WebSocketApi, _around: Around) -> Self {
        let (stop, stopped) = oneshot::channel();
        let router = Router::new().fallback(async || StatusCode::FORBIDDEN);
        Self { stop, server: tokio::spawn(server::serve(listener, router, stopped)) }
    }

    /// Closes all connections, and ends within this time.
    pub async fn stop(self, grace: Duration) {
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(grace, self.server).await;
    }
}

/// Where clients connect to.
pub(crate) fn url(address: SocketAddr, api: &WebSocketApi) -> String {
    format!("{}/{}", server::url(address).replacen("http", "ws", 1), api.stage)
}

/// Where functions manage the connections of the API at this URL: as on AWS, the same but for its scheme.
pub(crate) fn management_endpoint(url: &str) -> String {
    url.replacen("ws", "http", 1)
}
