//! `/v1/sessions`: signing in, seeing where one is signed in, and ending it.

use axum::extract::State;
use shared::accounts::{Accounts, Attempt, Device, Login, SessionEntry, SignIn, session, sign_in as open};
use shared::error::{Error, Result};
use shared::http::answer::{Created, Json, NoContent};
use shared::http::body::Body;
use shared::http::caller::{SourceAddress, UserAgent, Viewer};
use shared::http::openapi::{Always, Limited, SignedIn, TakesBody, TakesPage};
use shared::http::page::{List, PageOf, PageQuery};
use shared::http::path::PathId;
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::Query;
use shared::ids::SessionId;

use crate::registration::SignedInUser;

shared::request! {
    /// Who somebody is, and how they prove it.
    pub(crate) struct NewSession {
        /// Username or email.
        login: Login,
        /// The password.
        password: Attempt,
        /// What to call this device; otherwise what it says of itself.
        #[schema(nullable = false)]
        device: Option<Device>,
    }
}

/// Sign in
///
/// Opens a session. An unknown login and a wrong password are answered alike.
#[utoipa::path(
    post,
    path = "/v1/sessions",
    tag = "Accounts",
    operation_id = "signIn",
    request_body = NewSession,
    responses(
        (status = 201, description = "The session.", body = SignedInUser,
            headers(("Location" = String, description = "The session's path, where it can be ended. It is read in the list of sessions."))),
        (status = 401, description = "invalid-credentials", body = Problem, content_type = PROBLEM_JSON),
        TakesBody, Limited, Always,
    ),
)]
pub(crate) async fn sign_in(
    State(accounts): State<Accounts>,
    SourceAddress(address): SourceAddress,
    UserAgent(user_agent): UserAgent,
    Body(new): Body<NewSession>,
) -> Result<Created<SignedInUser>> {
    let device = new.device.unwrap_or(user_agent);
    let request = SignIn { login: new.login, password: new.password, device };
    let (user, session) = open(&accounts, request, &address).await?;
    Ok(Created { location: format!("/v1/sessions/{}", session.id), value: SignedInUser { user, session } })
}

/// List my sessions
///
/// Where one is signed in, newest first.
#[utoipa::path(
    get,
    path = "/v1/sessions",
    tag = "Accounts",
    operation_id = "listSessions",
    params(PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them.", body = PageOf<SessionEntry>),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn list(
    State(accounts): State<Accounts>,
    Viewer(viewer): Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<SessionEntry>>> {
    let sessions = session::list(&accounts.app, viewer).await?;
    let list = List(viewer.user, &["sessions"]);
    PageOf::of_sorted(&list, &query, sessions, SessionEntry::position).map(Json)
}

/// End my other sessions
///
/// Ends every session but the one that asks.
#[utoipa::path(
    delete,
    path = "/v1/sessions",
    tag = "Accounts",
    operation_id = "endOtherSessions",
    security(("session" = [])),
    responses((status = 204, description = "They have ended."), SignedIn, Always),
)]
pub(crate) async fn end_others(
    State(accounts): State<Accounts>,
    Viewer(viewer): Viewer,
) -> Result<NoContent> {
    session::end_others(&accounts, viewer).await?;
    Ok(NoContent)
}

/// End a session
///
/// `current` for the one that asks. Its token may be good for up to 60 seconds more.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{sessionId}",
    tag = "Accounts",
    operation_id = "endSession",
    params((
        "sessionId" = String, Path, description = "Which, or `current`.",
        pattern = "^(current|[A-Za-z0-9_-]{43})$", example = "current",
    )),
    security(("session" = [])),
    responses(
        (status = 204, description = "It has ended."),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn end(
    State(accounts): State<Accounts>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<String>,
) -> Result<NoContent> {
    if id == "current" {
        session::end_current(&accounts, viewer).await?;
    } else {
        let id: SessionId = id.parse().map_err(|_| Error::NotFound)?;
        session::end(&accounts, viewer, id).await?;
    }
    Ok(NoContent)
}
