//! `/v1/blocks`: who wants nothing to do with whom.

use axum::extract::State;
use shared::environment::App;
use shared::error::Result;
use shared::friends::pair::Act;
use shared::friends::{self, Blocked};
use shared::http::answer::{Json, NoContent};
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn, TakesPage};
use shared::http::page::{List, PageOf, PageQuery};
use shared::http::path::PathId;
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::Query;
use shared::ids::UserId;

/// List whom I block
///
/// People you block, the last one first. Whoever of them blocks you too has only an id.
#[utoipa::path(
    get,
    path = "/v1/blocks",
    tag = "Friends",
    operation_id = "listBlocks",
    params(PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them, the newest first.", body = PageOf<Blocked>),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<Blocked>>> {
    let list = List(viewer.user, &["blocks"]);
    let after = list.after(&query)?;
    let slice = friends::blocks(&app, viewer.user, after.as_deref(), query.limit).await?;
    Ok(Json(PageOf::of_slice(&list, slice)))
}

/// Block somebody
///
/// Ends friendship and requests; from now on they find nothing of you. Answers the same for
/// whoever does not exist, as it must not tell who blocks you.
#[utoipa::path(
    put,
    path = "/v1/blocks/{userId}",
    tag = "Friends",
    operation_id = "block",
    params(("userId" = UserId, Path, description = "Whom.")),
    security(("session" = [])),
    responses(
        (status = 204, description = "You block them."),
        (status = 404, description = "not-found: that is no id", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn block(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(user): PathId<UserId>,
) -> Result<NoContent> {
    friends::act(&app, viewer.user, user, Act::Block).await?;
    Ok(NoContent)
}

/// Unblock somebody
///
/// What the block ended does not come back.
#[utoipa::path(
    delete,
    path = "/v1/blocks/{userId}",
    tag = "Friends",
    operation_id = "unblock",
    params(("userId" = UserId, Path, description = "Whom.")),
    security(("session" = [])),
    responses(
        (status = 204, description = "You do not block them."),
        (status = 404, description = "not-found: that is no id", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn unblock(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(user): PathId<UserId>,
) -> Result<NoContent> {
    friends::act(&app, viewer.user, user, Act::Unblock).await?;
    Ok(NoContent)
}
