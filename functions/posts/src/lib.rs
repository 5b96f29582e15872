//! Posts: what people write, who likes it, and the feed.
//!
//! One module a route group, its request types right above its handlers; the rules themselves
//! are in [`shared::posts`] and [`shared::feed`].

mod likes;
mod lists;
mod posts;

use axum::Router;
use shared::environment::App;
use shared::http::serve;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes, with their description.
#[must_use]
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(posts::create))
        .routes(routes!(posts::get, posts::edit, posts::delete))
        .routes(routes!(likes::like, likes::unlike))
        .routes(routes!(likes::list))
        .routes(routes!(lists::by_author))
        .routes(routes!(lists::feed))
}

/// The function.
pub fn router(app: App) -> Router {
    serve(routes().split_for_parts().0.with_state(app))
}
