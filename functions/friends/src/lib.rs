//! Friends: requests, friendships, blocks, suggestions.
//!
//! One module a route group, its request types right above its handlers; the rules themselves
//! are in [`shared::friends`].

mod blocks;
mod friendships;
mod requests;
mod suggestions;

use axum::Router;
use shared::environment::App;
use shared::http::serve;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes, with their description.
#[must_use]
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(requests::send, requests::list))
        .routes(routes!(requests::get, requests::answer, requests::cancel))
        .routes(routes!(friendships::list))
        .routes(routes!(friendships::end))
        .routes(routes!(friendships::list_of))
        .routes(routes!(friendships::mutual))
        .routes(routes!(suggestions::list))
        .routes(routes!(suggestions::dismiss))
        .routes(routes!(blocks::list))
        .routes(routes!(blocks::block, blocks::unblock))
}

/// The function.
pub fn router(app: App) -> Router {
    serve(routes().split_for_parts().0.with_state(app))
}
