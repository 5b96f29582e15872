//! Chat over HTTP: conversations, messages, presence, and tickets to the WebSocket API.
//!
//! One module a route group, its request types right above its handlers; the rules themselves
//! are in [`shared::chat`].

mod conversations;
mod messages;
mod presence;
mod tickets;
mod unread;

use axum::Router;
use axum::extract::FromRef;
use shared::chat::Chat;
use shared::environment::{App, BadVariable, Environment};
use shared::http::serve;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the routes need.
#[derive(Clone, Debug)]
pub struct Rest {
    chat: Chat,
    /// Where the WebSocket API is.
    socket_url: String,
}

impl Rest {
    /// From an environment, whose `SOCKET_URL` says where the WebSocket API is.
    pub fn new(environment: &Environment) -> Result<Self, BadVariable> {
        Ok(Self { chat: Chat::new(environment)?, socket_url: environment.variables.read("SOCKET_URL")? })
    }

    /// Opens its connections, so that the first request need not wait for it.
    pub async fn warm_up(&self) {
        self.chat.warm_up().await;
    }
}

impl FromRef<Rest> for Chat {
    fn from_ref(rest: &Rest) -> Self {
        rest.chat.clone()
    }
}

impl FromRef<Rest> for App {
    fn from_ref(rest: &Rest) -> Self {
        rest.chat.app.clone()
    }
}

/// The routes, with their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Rest> {
    OpenApiRouter::new()
        .routes(routes!(messages::send))
        .routes(routes!(messages::edit, messages::delete))
        .routes(routes!(messages::history))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::get))
        .routes(routes!(conversations::mark_read))
        .routes(routes!(presence::list))
        .routes(routes!(tickets::take))
        .routes(routes!(unread::count))
}

/// The function.
pub fn router(rest: Rest) -> Router {
    serve(routes().split_for_parts().0.with_state(rest))
}
