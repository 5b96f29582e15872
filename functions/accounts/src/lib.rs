//! Accounts: registration, sessions, the password.
//!
//! One module a route group, its request and answer types right above its handlers; the rules
//! themselves are in [`shared::accounts`].

mod password;
mod registration;
mod sessions;

use axum::Router;
use shared::accounts::Accounts;
use shared::environment::App;
use shared::http::serve;
use shared::limits::Rules;
use shared::push::Pushes;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes, with their description.
#[must_use]
pub fn routes() -> OpenApiRouter<Accounts> {
    OpenApiRouter::new()
        .routes(routes!(registration::register))
        .routes(routes!(sessions::list, sessions::sign_in, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(password::change))
}

/// The function.
pub fn router(app: App, rules: Rules, pushes: Pushes) -> Router {
    serve(routes().split_for_parts().0.with_state(Accounts::new(app, rules, pushes)))
}
