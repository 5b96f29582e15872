//! `/v1/friend-requests`: asking, and answering.

use axum::extract::State;
use serde::Serialize;
use shared::environment::App;
use shared::error::{Error, Result};
use shared::friends::pair::Act;
use shared::friends::{self, Direction, FriendRequest};
use shared::http::answer::{Created, Json, NoContent};
use shared::http::body::Body;
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn, TakesBody, TakesPage};
use shared::http::page::{List, PageOf, PageQuery};
use shared::http::path::PathId;
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::{FromQuery, Parameters, Query};
use shared::ids::{FriendRequestId, UserId};
use shared::text::{Parse, Refusal};
use utoipa::{IntoParams, ToSchema};

shared::request! {
    /// Whom to ask.
    pub(crate) struct NewFriendRequest {
        /// The person's id.
        to: UserId,
    }
}

/// Ask somebody to be friends
///
/// If they have asked you already, that request is accepted, and is the answer.
#[utoipa::path(
    post,
    path = "/v1/friend-requests",
    tag = "Friends",
    operation_id = "sendFriendRequest",
    request_body = NewFriendRequest,
    security(("session" = [])),
    responses(
        (status = 201, description = "The request.", body = FriendRequest,
            headers(("Location" = String, description = "The request's path."))),
        (status = 403, description = "forbidden: you block them", body = Problem, content_type = PROBLEM_JSON),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        (status = 409, description = "already-friends, request-pending, recently-rejected (with Retry-After), friend-limit",
            body = Problem, content_type = PROBLEM_JSON,
            headers(("Retry-After" = String, description = "Seconds to wait, after a rejection."))),
        SignedIn, TakesBody, Always,
    ),
)]
pub(crate) async fn send(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Body(request): Body<NewFriendRequest>,
) -> Result<Created<FriendRequest>> {
    let value = friends::ask(&app, viewer.user, request.to).await?;
    Ok(Created { location: format!("/v1/friend-requests/{}", value.id), value })
}

/// Which requests.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Those to you, or those from you.
    #[param(inline)]
    direction: Direction,
}

impl FromQuery for Which {
    fn from_query(parameters: Parameters<'_>) -> Result<Self> {
        let direction = match parameters.required("direction")?.as_str() {
            "incoming" => Direction::Incoming,
            "outgoing" => Direction::Outgoing,
            _ => return Err(Error::invalid("/direction", Refusal::new("must be incoming or outgoing"))),
        };
        Ok(Self { direction })
    }
}

/// List pending requests
///
/// Those that wait for your answer, or that you wait for an answer to.
#[utoipa::path(
    get,
    path = "/v1/friend-requests",
    tag = "Friends",
    operation_id = "listFriendRequests",
    params(Which, PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them, the newest first.", body = PageOf<FriendRequest>),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Query(Which { direction }): Query<Which>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<FriendRequest>>> {
    let name = match direction {
        Direction::Incoming => "incoming",
        Direction::Outgoing => "outgoing",
    };
    let list = List(viewer.user, &["friend-requests", name]);
    let after = list.after(&query)?;
    let slice = friends::requests(&app, viewer.user, direction, after.as_deref(), query.limit).await?;
    Ok(Json(PageOf::of_slice(&list, slice)))
}

/// Read a request
///
/// For its sender and its recipient, also once it was answered.
#[utoipa::path(
    get,
    path = "/v1/friend-requests/{requestId}",
    tag = "Friends",
    operation_id = "getFriendRequest",
    params(("requestId" = FriendRequestId, Path, description = "Which.")),
    security(("session" = [])),
    responses(
        (status = 200, description = "The request.", body = FriendRequest),
        (status = 404, description = "not-found: also once it was taken back, or they are friends no more",
            body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn get(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<FriendRequestId>,
) -> Result<Json<FriendRequest>> {
    friends::request(&app, viewer.user, id).await.map(Json)
}

/// What to say to a request.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answer {
    /// Yes.
    Accepted,
    /// No.
    Rejected,
}

impl Parse for Answer {
    fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "accepted" => Ok(Self::Accepted),
            "rejected" => Ok(Self::Rejected),
            _ => Err(Refusal::new("must be accepted or rejected")),
        }
    }
}

shared::request! {
    /// The answer to a request.
    pub(crate) struct FriendRequestAnswer {
        /// Yes or no.
        status: Answer,
    }
}

/// Answer a request
///
/// Its recipient may. The same answer once more changes nothing. After a no, its sender cannot ask
/// again for 30 days; its recipient can ask at any time.
#[utoipa::path(
    patch,
    path = "/v1/friend-requests/{requestId}",
    tag = "Friends",
    operation_id = "answerFriendRequest",
    params(("requestId" = FriendRequestId, Path, description = "Which.")),
    request_body = FriendRequestAnswer,
    security(("session" = [])),
    responses(
        (status = 200, description = "The request, answered.", body = FriendRequest),
        (status = 403, description = "forbidden: it is from you", body = Problem, content_type = PROBLEM_JSON),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        (status = 409, description = "request-closed: answered in the other way; friend-limit",
            body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesBody, Always,
    ),
)]
pub(crate) async fn answer(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<FriendRequestId>,
    Body(answer): Body<FriendRequestAnswer>,
) -> Result<Json<FriendRequest>> {
    let act = match answer.status {
        Answer::Accepted => Act::Accept,
        Answer::Rejected => Act::Reject,
    };
    friends::answer(&app, viewer.user, id, act).await.map(Json)
}

/// Take back a request
///
/// Its sender may, as long as it was not answered. It is gone then, as if nobody had asked.
#[utoipa::path(
    delete,
    path = "/v1/friend-requests/{requestId}",
    tag = "Friends",
    operation_id = "cancelFriendRequest",
    params(("requestId" = FriendRequestId, Path, description = "Which.")),
    security(("session" = [])),
    responses(
        (status = 204, description = "It is gone."),
        (status = 403, description = "forbidden: it is to you", body = Problem, content_type = PROBLEM_JSON),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        (status = 409, description = "request-closed: it was answered", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<FriendRequestId>,
) -> Result<NoContent> {
    friends::cancel(&app, viewer.user, id).await?;
    Ok(NoContent)
}
