//! API Gateway's WebSocket API, as the template declares it.
//!
//! | file | what is in it |
//! |---|---|
//! | `limits.rs` | what API Gateway limits |
//! | `handshake.rs` | a client connects: the authorizer, `$connect`, the upgrade |
//! | `authorizer.rs` | who may connect: an IAM policy, read |
//! | `connection.rs` | a connection from its first message to its last, and how it ends |
//! | `connections.rs` | the connections there are, as others reach them |
//! | `messages.rs` | messages on their way to functions, and what those answer |
//! | `event.rs` | the events that functions get |
//! | `management.rs` | `@connections`: pushes, and closing from outside |
//! | `reply.rs` | what API Gateway says in its own words |
//! | this one | all of it together, started and stopped |
//!
//! Throttles and access logs are what is left out of the template's API, and that `@connections`
//! looks at the signature of a call: here it only must have one.

mod authorizer;
mod connection;
mod connections;
mod event;
mod handshake;
pub mod limits;
mod management;
mod messages;
mod reply;

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use shared::clock::Clock;
use shared::ids::Ids;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, oneshot, watch};
use tokio::task::JoinHandle;
use tower::service_fn;

use crate::gateway::Record;
use crate::lambda::Lambda;
use crate::server;
use crate::template::WebSocketApi;
use connections::Connections;
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
    gateway: Arc<Gateway>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// What all connections share.
#[derive(Debug)]
struct Gateway {
    api: WebSocketApi,
    around: Around,
    connections: Connections,
    phase: watch::Sender<Phase>,
}

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Connections are closed, and what has begun is finished.
    Closing,
    /// Whatever is left is dropped.
    Over,
}

impl Sockets {
    /// Serves an API on this listener.
    #[must_use]
    pub fn start(listener: TcpListener, api: WebSocketApi, around: Around) -> Self {
        let phase = watch::Sender::new(Phase::Open);
        let gateway = Arc::new(Gateway { api, around, connections: Connections::default(), phase });
        let answering = Arc::clone(&gateway);
        let router = Router::new().fallback_service(service_fn(move |request: Request| {
            let gateway = Arc::clone(&answering);
            async move { Ok::<_, Infallible>(gateway.answer(request).await) }
        }));
        let (stop, stopped) = oneshot::channel();
        Self { gateway, stop, server: tokio::spawn(server::serve(listener, router, stopped)) }
    }

    /// How many connections there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.gateway.connections.count()
    }

    /// Closes all connections, lets functions finish what they have begun, and ends within this time.
    pub async fn stop(self, grace: Duration) {
        let _ = self.stop.send(());
        self.gateway.phase.send_replace(Phase::Closing);
        let finished = async { tokio::join!(self.gateway.phase.closed(), self.server) };
        let _ = tokio::time::timeout(grace, finished).await;
        self.gateway.phase.send_replace(Phase::Over);
    }
}

impl Gateway {
    async fn answer(self: Arc<Self>, request: Request) -> Response {
        match management::connection_id(request.uri().path(), &self.api.stage) {
            Some(id) => self.manage(&id, request).await,
            None => self.open(request).await,
        }
    }

    /// Does work that nobody waits for, unless it takes longer than the end of everything.
    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut phase = self.phase.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = work => {}
                _ = phase.wait_for(|phase| *phase == Phase::Over) => {}
            }
        });
    }

    /// An id as API Gateway makes them for connections, requests and messages.
    fn id(&self) -> String {
        URL_SAFE.encode(&self.around.ids.salt()[..11])
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
