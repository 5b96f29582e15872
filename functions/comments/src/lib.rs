//! Comments: what people say about posts.
//!
//! The request types stand right above their handlers; the rules themselves are in
//! [`shared::comments`].

mod comments;

use axum::Router;
use shared::environment::App;
use shared::http::serve;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes, with their description.
#[must_use]
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(comments::add, comments::list)).routes(routes!(
        comments::get,
        comments::edit,
        comments::delete
    ))
}

/// The function.
pub fn router(app: App) -> Router {
    serve(routes().split_for_parts().0.with_state(app))
}
