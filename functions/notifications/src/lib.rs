//! Notifications: what others did that concerns somebody.
//!
//! The rules themselves are in [`shared::notifications`]. Notifications come and go by the stream.

mod notifications;

use axum::Router;
use shared::environment::App;
use shared::http::serve;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes, with their description.
#[must_use]
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(notifications::list)).routes(routes!(notifications::mark_seen))
}

/// The function.
pub fn router(app: App) -> Router {
    serve(routes().split_for_parts().0.with_state(app))
}
