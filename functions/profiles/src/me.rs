//! `/v1/me`: one's own profile.

use axum::extract::State;
use shared::accounts::Username;
use shared::environment::App;
use shared::error::Result;
use shared::http::answer::NoContent;
use shared::http::body::Body;
use shared::http::caller::Viewer;
use shared::http::etag::{IfMatch, IfNoneMatch, Tagged};
use shared::http::openapi::{Always, NamesEdited, NamesKnown, SignedIn, TakesBody};
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::profiles::{self, Bio, Location, Me, Name, ProfileEdit, StatusText};

/// Read my profile
///
/// As others see it, with what only you see: your email, the version for `If-Match`, and how an
/// upload of a picture stands.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "Profiles",
    operation_id = "getMe",
    params(NamesKnown),
    security(("session" = [])),
    responses(
        (status = 200, description = "Yourself.", body = Me,
            headers(("ETag" = String, description = "`\"<version>.<digest>\"`"))),
        (status = 304, description = "What you have still holds."),
        SignedIn, Always,
    ),
)]
pub(crate) async fn get(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    known: IfNoneMatch,
) -> Result<Tagged<Me>> {
    let me = profiles::me(&app, viewer.user).await?;
    Ok(Tagged { version: me.version, value: me, known })
}

shared::request! {
    /// What to change of one's profile; what is left out stays.
    pub(crate) struct MeEdit {
        /// The name to be found by. The old one is free at once.
        #[schema(nullable = false)]
        username: Option<Username>,
        /// The name you go by; "" clears it.
        #[schema(nullable = false)]
        name: Option<Name>,
        /// What you say about yourself; "" clears it.
        #[schema(nullable = false)]
        bio: Option<Bio>,
        /// Where you say you are; "" clears it.
        #[schema(nullable = false)]
        location: Option<Location>,
    }
}

/// Change my profile
///
/// What is left out stays. With `If-Match` it is refused if it changed since you read it.
#[utoipa::path(
    patch,
    path = "/v1/me",
    tag = "Profiles",
    operation_id = "editMe",
    params(NamesEdited),
    request_body = MeEdit,
    security(("session" = [])),
    responses(
        (status = 200, description = "Yourself, as you are now.", body = Me,
            headers(("ETag" = String, description = "`\"<version>.<digest>\"`"))),
        (status = 409, description = "username-taken", body = Problem, content_type = PROBLEM_JSON),
        (status = 412, description = "version-mismatch", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesBody, Always,
    ),
)]
pub(crate) async fn edit(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    IfMatch(versions): IfMatch,
    Body(edit): Body<MeEdit>,
) -> Result<Tagged<Me>> {
    let edit =
        ProfileEdit { username: edit.username, name: edit.name, bio: edit.bio, location: edit.location };
    let me = profiles::edit(&app, viewer.user, versions.as_deref(), edit).await?;
    Ok(Tagged { version: me.version, value: me, known: IfNoneMatch::default() })
}

shared::request! {
    /// What one is up to.
    pub(crate) struct NewStatus {
        /// In your words; "" clears it.
        text: StatusText,
    }
}

/// Set my status
///
/// A line of what you are up to, shown with the time it was set.
#[utoipa::path(
    put,
    path = "/v1/me/status",
    tag = "Profiles",
    operation_id = "setStatus",
    request_body = NewStatus,
    security(("session" = [])),
    responses((status = 204, description = "It is set."), SignedIn, TakesBody, Always),
)]
pub(crate) async fn set_status(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Body(status): Body<NewStatus>,
) -> Result<NoContent> {
    profiles::set_status(&app, viewer.user, status.text).await?;
    Ok(NoContent)
}
