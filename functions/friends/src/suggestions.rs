//! `/v1/friend-suggestions`: whom one may know.

use axum::extract::State;
use shared::environment::App;
use shared::error::Result;
use shared::friends::{self, Suggestion};
use shared::http::answer::{Json, NoContent};
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn, TakesPage};
use shared::http::page::{List, PageOf, PageQuery};
use shared::http::path::PathId;
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::Query;
use shared::ids::UserId;

/// List people I may know
///
/// Friends of your newest friends, those first whom most of them have; nobody with whom you have to do
/// already, and nobody whom you dismissed.
#[utoipa::path(
    get,
    path = "/v1/friend-suggestions",
    tag = "Friends",
    operation_id = "listFriendSuggestions",
    params(PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them, the best first.", body = PageOf<Suggestion>),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<Suggestion>>> {
    let list = List(viewer.user, &["friend-suggestions"]);
    let after = list.after(&query)?;
    let slice = friends::suggestions(&app, viewer.user, after.as_deref(), query.limit).await?;
    Ok(Json(PageOf::of_slice(&list, slice)))
}

/// Dismiss a suggestion
///
/// They are not suggested to you again for 90 days.
#[utoipa::path(
    delete,
    path = "/v1/friend-suggestions/{userId}",
    tag = "Friends",
    operation_id = "dismissFriendSuggestion",
    params(("userId" = UserId, Path, description = "Whom.")),
    security(("session" = [])),
    responses(
        (status = 204, description = "They are not suggested, whether they were or not."),
        (status = 404, description = "not-found: that is no id", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn dismiss(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(user): PathId<UserId>,
) -> Result<NoContent> {
    friends::dismiss(&app, viewer.user, user).await?;
    Ok(NoContent)
}
