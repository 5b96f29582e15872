//! `/v1/posts/{postId}/like` and `/likes`.

use axum::extract::State;
use shared::environment::App;
use shared::error::Result;
use shared::http::answer::{Json, NoContent};
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn, TakesPage};
use shared::http::page::{List, PageOf, PageQuery};
use shared::http::path::PathId;
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::Query;
use shared::ids::PostId;
use shared::posts::{self, Liker};

/// Like a post
///
/// Whoever sees it may, once: to like it again changes nothing.
#[utoipa::path(
    put,
    path = "/v1/posts/{postId}/like",
    tag = "Posts",
    operation_id = "likePost",
    params(("postId" = PostId, Path, description = "Which.")),
    security(("session" = [])),
    responses(
        (status = 204, description = "You like it."),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn like(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<PostId>,
) -> Result<NoContent> {
    posts::like(&app, viewer.user, id).await?;
    Ok(NoContent)
}

/// Like a post no more
///
/// To take back what there is not changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/posts/{postId}/like",
    tag = "Posts",
    operation_id = "unlikePost",
    params(("postId" = PostId, Path, description = "Which.")),
    security(("session" = [])),
    responses(
        (status = 204, description = "You do not like it."),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn unlike(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<PostId>,
) -> Result<NoContent> {
    posts::unlike(&app, viewer.user, id).await?;
    Ok(NoContent)
}

/// List who likes a post
///
/// With since when. People who block you, or whom you block, are left out.
#[utoipa::path(
    get,
    path = "/v1/posts/{postId}/likes",
    tag = "Posts",
    operation_id = "listLikes",
    params(("postId" = PostId, Path, description = "Which."), PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them, in no order.", body = PageOf<Liker>),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<PostId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<Liker>>> {
    let post = id.to_string();
    let list = List(viewer.user, &["likes", &post]);
    let after = list.after(&query)?;
    let slice = posts::likers(&app, viewer.user, id, after.as_deref(), query.limit).await?;
    Ok(Json(PageOf::of_slice(&list, slice)))
}
