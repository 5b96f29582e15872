//! `/v1/users/{userId}/posts` and `/v1/feed`.

use axum::extract::State;
use shared::environment::App;
use shared::error::Result;
use shared::http::answer::Json;
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn, TakesPage};
use shared::http::page::{List, PageOf, PageQuery};
use shared::http::path::PathId;
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::Query;
use shared::ids::UserId;
use shared::posts::{self, Post};

/// List somebody's posts
///
/// Those that are for you.
#[utoipa::path(
    get,
    path = "/v1/users/{userId}/posts",
    tag = "Posts",
    operation_id = "listPosts",
    params(("userId" = UserId, Path, description = "Whose."), PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them, the newest first.", body = PageOf<Post>),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn by_author(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(author): PathId<UserId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<Post>>> {
    let whose = author.to_string();
    let list = List(viewer.user, &["posts", &whose]);
    let before = list.after(&query)?;
    let slice = posts::by_author(&app, viewer.user, author, before.as_deref(), query.limit).await?;
    Ok(Json(PageOf::of_slice(&list, slice)))
}

/// Read my feed
///
/// Posts of your friends, and your own.
#[utoipa::path(
    get,
    path = "/v1/feed",
    tag = "Posts",
    operation_id = "getFeed",
    params(PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them, the newest first.", body = PageOf<Post>),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn feed(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<Post>>> {
    let list = List(viewer.user, &["feed"]);
    let after = list.after(&query)?;
    let slice = shared::feed::read(&app, viewer.user, after.as_deref(), query.limit).await?;
    Ok(Json(PageOf::of_slice(&list, slice)))
}
