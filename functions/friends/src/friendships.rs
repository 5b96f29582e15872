//! `/v1/friends`, `/v1/users/{userId}/friends` and `…/mutual-friends`: who is whose friend.

use axum::extract::State;
use shared::environment::App;
use shared::error::Result;
use shared::friends::pair::Act;
use shared::friends::{self, Friend};
use shared::http::answer::{Json, NoContent};
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn, TakesPage};
use shared::http::page::{List, PageOf, PageQuery};
use shared::http::path::PathId;
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::Query;
use shared::ids::UserId;
use shared::profiles::UserRef;

/// List my friends
///
/// With since when you are friends.
#[utoipa::path(
    get,
    path = "/v1/friends",
    tag = "Friends",
    operation_id = "listFriends",
    params(PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them, the newest friendship first.", body = PageOf<Friend>),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<Friend>>> {
    let list = List(viewer.user, &["friends"]);
    let after = list.after(&query)?;
    let slice = friends::friends(&app, viewer.user, after.as_deref(), query.limit).await?;
    Ok(Json(PageOf::of_slice(&list, slice)))
}

/// End a friendship
///
/// Neither sees any more what is for friends. What was said in chat stays readable to both. To end
/// what there is not changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/friends/{userId}",
    tag = "Friends",
    operation_id = "endFriendship",
    params(("userId" = UserId, Path, description = "With whom.")),
    security(("session" = [])),
    responses(
        (status = 204, description = "You are not friends."),
        (status = 404, description = "not-found: that is no id", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn end(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(user): PathId<UserId>,
) -> Result<NoContent> {
    friends::act(&app, viewer.user, user, Act::Unfriend).await?;
    Ok(NoContent)
}

/// List somebody's friends
///
/// Friends of yours only; those who block you are left out.
#[utoipa::path(
    get,
    path = "/v1/users/{userId}/friends",
    tag = "Friends",
    operation_id = "listFriendsOf",
    params(("userId" = UserId, Path, description = "Whose."), PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them, the newest friendship first.", body = PageOf<UserRef>),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn list_of(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(user): PathId<UserId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<UserRef>>> {
    let id = user.to_string();
    let list = List(viewer.user, &["users", &id, "friends"]);
    let after = list.after(&query)?;
    let slice = friends::friends_of(&app, viewer.user, user, after.as_deref(), query.limit).await?;
    Ok(Json(PageOf::of_slice(&list, slice)))
}

/// List the friends I have in common with somebody
///
/// A page of your own friends is looked at for each of these, so one may have few of them, or none, while
/// `nextCursor` is set. With somebody whom you block there are none.
#[utoipa::path(
    get,
    path = "/v1/users/{userId}/mutual-friends",
    tag = "Friends",
    operation_id = "listMutualFriends",
    params(("userId" = UserId, Path, description = "With whom."), PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them, your newest friend first.", body = PageOf<UserRef>),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn mutual(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(user): PathId<UserId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<UserRef>>> {
    let id = user.to_string();
    let list = List(viewer.user, &["users", &id, "mutual-friends"]);
    let after = list.after(&query)?;
    let slice = friends::mutual_friends(&app, viewer.user, user, after.as_deref(), query.limit).await?;
    Ok(Json(PageOf::of_slice(&list, slice)))
}
