//! `/v1/users` and `/v1/usernames`: other people's profiles.

use axum::extract::State;
use shared::accounts::Username;
use shared::environment::App;
use shared::error::Result;
use shared::http::answer::Json;
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn};
use shared::http::path::PathId;
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::ids::UserId;
use shared::profiles::{self, Profile};

/// Read a profile
#[utoipa::path(
    get,
    path = "/v1/users/{userId}",
    tag = "Profiles",
    operation_id = "getUser",
    params(("userId" = UserId, Path, description = "Whose.")),
    security(("session" = [])),
    responses(
        (status = 200, description = "The profile.", body = Profile),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn by_id(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(user): PathId<UserId>,
) -> Result<Json<Profile>> {
    profiles::by_id(&app, viewer.user, user).await.map(Json)
}

/// Find a profile by username
#[utoipa::path(
    get,
    path = "/v1/usernames/{username}",
    tag = "Profiles",
    operation_id = "getUserByUsername",
    params(("username" = Username, Path, description = "Whose, in any case.")),
    security(("session" = [])),
    responses(
        (status = 200, description = "The profile.", body = Profile),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn by_username(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(username): PathId<Username>,
) -> Result<Json<Profile>> {
    profiles::by_username(&app, viewer.user, &username).await.map(Json)
}
