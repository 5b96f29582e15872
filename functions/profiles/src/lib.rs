//! Profiles: one's own, and other people's.
//!
//! One module a route group, its request types right above its handlers; the rules themselves
//! are in [`shared::profiles`].

mod avatar;
mod me;
mod users;

use axum::Router;
use axum::extract::FromRef;
use shared::environment::App;
use shared::http::serve;
use shared::profiles::avatar::Pictures;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the routes need.
#[derive(Clone, Debug)]
pub struct Profiles {
    /// The table, time and ids.
    pub app: App,
    /// Where pictures are put and kept.
    pub pictures: Pictures,
}

impl FromRef<Profiles> for App {
    fn from_ref(profiles: &Profiles) -> Self {
        profiles.app.clone()
    }
}

/// The routes, with their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Profiles> {
    OpenApiRouter::new()
        .routes(routes!(me::get, me::edit))
        .routes(routes!(me::set_status))
        .routes(routes!(avatar::upload, avatar::remove))
        .routes(routes!(users::search))
        .routes(routes!(users::by_id))
        .routes(routes!(users::by_username))
}

/// The function.
pub fn router(app: App, pictures: Pictures) -> Router {
    serve(routes().split_for_parts().0.with_state(Profiles { app, pictures }))
}
