//! Profiles: one's own, and other people's.
//!
//! One module a route group, its request types right above its handlers; the rules themselves
//! are in [`shared::profiles`].

mod me;
mod users;

use axum::Router;
use shared::environment::App;
use shared::http::serve;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes, with their description.
#[must_use]
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me::get, me::edit))
        .routes(routes!(me::set_status))
        .routes(routes!(users::search))
        .routes(routes!(users::by_id))
        .routes(routes!(users::by_username))
}

/// The function.
pub fn router(app: App) -> Router {
    serve(routes().split_for_parts().0.with_state(app))
}
