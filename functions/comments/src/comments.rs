//! `/v1/posts/{postId}/comments`.

use axum::extract::State;
use serde::Serialize;
use shared::comments::{self, Comment, CommentText, Order};
use shared::environment::App;
use shared::error::{Error, Result};
use shared::http::answer::{Json, NoContent};
use shared::http::body::Body;
use shared::http::caller::Viewer;
use shared::http::etag::{CreatedTagged, IfMatch, IfNoneMatch, Tagged};
use shared::http::idempotency::IdempotencyKey;
use shared::http::openapi::{
    Always, NamesEdited, NamesKnown, NamesWish, SignedIn, TakesBody, TakesKey, TakesPage,
};
use shared::http::page::{List, PageOf, PageQuery};
use shared::http::path::{PathId, PathIds};
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::{FromQuery, Parameters, Query};
use shared::ids::{CommentId, PostId};
use shared::text::Refusal;
use utoipa::{IntoParams, ToSchema};

shared::request! {
    /// What to say.
    pub(crate) struct CommentCreation {
        /// What it says.
        text: CommentText,
    }
}

/// Comment on a post
///
/// Whoever sees the post may. With an `Idempotency-Key` it may be sent again until an answer comes:
/// it is made once.
#[utoipa::path(
    post,
    path = "/v1/posts/{postId}/comments",
    tag = "Comments",
    operation_id = "addComment",
    params(
        ("postId" = PostId, Path, description = "On which."),
        NamesWish,
    ),
    request_body = CommentCreation,
    security(("session" = [])),
    responses(
        (status = 201, description = "The comment. With a key that was used before: what was made then, as it is now.", body = Comment,
            headers(
                ("Location" = String, description = "The comment's path."),
                ("ETag" = String, description = "`\"<version>.<digest>\"`"),
            )),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesBody, TakesKey, Always,
    ),
)]
pub(crate) async fn add(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(post): PathId<PostId>,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<CommentCreation>,
) -> Result<CreatedTagged<Comment>> {
    let value = comments::add(&app, viewer.user, post, body.text, key.as_ref()).await?;
    let location = format!("/v1/posts/{post}/comments/{}", value.id);
    Ok(CreatedTagged { location, version: value.version, value })
}

/// In which order.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Sorting {
    /// The oldest first.
    Oldest,
    /// The newest first.
    Newest,
}

/// How comments are listed.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct How {
    /// In which order: the oldest first, if you do not say.
    #[param(inline, nullable = false)]
    order: Option<Sorting>,
}

impl FromQuery for How {
    fn from_query(parameters: Parameters<'_>) -> Result<Self> {
        let order = match parameters.get("order")?.as_deref() {
            None => None,
            Some("oldest") => Some(Sorting::Oldest),
            Some("newest") => Some(Sorting::Newest),
            Some(_) => return Err(Error::invalid("/order", Refusal::new("must be oldest or newest"))),
        };
        Ok(Self { order })
    }
}

/// List the comments on a post
///
/// Whoever sees the post sees them, but for those by people who block them, or whom they block.
#[utoipa::path(
    get,
    path = "/v1/posts/{postId}/comments",
    tag = "Comments",
    operation_id = "listComments",
    params(("postId" = PostId, Path, description = "On which."), How, PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them.", body = PageOf<Comment>),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(post): PathId<PostId>,
    Query(How { order }): Query<How>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<Comment>>> {
    let (order, name) = match order {
        None | Some(Sorting::Oldest) => (Order::Oldest, "oldest"),
        Some(Sorting::Newest) => (Order::Newest, "newest"),
    };
    let on = post.to_string();
    let list = List(viewer.user, &["comments", &on, name]);
    let after = list.after(&query)?;
    let slice = comments::on_post(&app, viewer.user, post, order, after.as_deref(), query.limit).await?;
    Ok(Json(PageOf::of_slice(&list, slice)))
}

/// Read a comment
///
/// Its id is one of its post's: under another post there is no such comment.
#[utoipa::path(
    get,
    path = "/v1/posts/{postId}/comments/{commentId}",
    tag = "Comments",
    operation_id = "getComment",
    params(
        ("postId" = PostId, Path, description = "On which post."),
        ("commentId" = CommentId, Path, description = "Which."),
        NamesKnown,
    ),
    security(("session" = [])),
    responses(
        (status = 200, description = "The comment.", body = Comment,
            headers(("ETag" = String, description = "`\"<version>.<digest>\"`"))),
        (status = 304, description = "What you have still holds."),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn get(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathIds(post, id): PathIds<PostId, CommentId>,
    known: IfNoneMatch,
) -> Result<Tagged<Comment>> {
    let value = comments::by_id(&app, viewer.user, post, id).await?;
    Ok(Tagged { version: value.version, value, known })
}

shared::request! {
    /// What to change of a comment; what is left out stays.
    pub(crate) struct CommentChange {
        /// What it says.
        #[schema(nullable = false)]
        text: Option<CommentText>,
    }
}

/// Change a comment
///
/// Only who made it may. With `If-Match` it is refused if it changed since you read it.
#[utoipa::path(
    patch,
    path = "/v1/posts/{postId}/comments/{commentId}",
    tag = "Comments",
    operation_id = "editComment",
    params(
        ("postId" = PostId, Path, description = "On which post."),
        ("commentId" = CommentId, Path, description = "Which."),
        NamesEdited,
    ),
    request_body = CommentChange,
    security(("session" = [])),
    responses(
        (status = 200, description = "The comment, as it is now.", body = Comment,
            headers(("ETag" = String, description = "`\"<version>.<digest>\"`"))),
        (status = 403, description = "forbidden: it is not yours", body = Problem, content_type = PROBLEM_JSON),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        (status = 412, description = "version-mismatch", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesBody, Always,
    ),
)]
pub(crate) async fn edit(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathIds(post, id): PathIds<PostId, CommentId>,
    IfMatch(versions): IfMatch,
    Body(change): Body<CommentChange>,
) -> Result<Tagged<Comment>> {
    let value = comments::edit(&app, viewer.user, (post, id), versions.as_deref(), change.text).await?;
    Ok(Tagged { version: value.version, value, known: IfNoneMatch::default() })
}

/// Delete a comment
///
/// Your own, or one on your post.
#[utoipa::path(
    delete,
    path = "/v1/posts/{postId}/comments/{commentId}",
    tag = "Comments",
    operation_id = "deleteComment",
    params(
        ("postId" = PostId, Path, description = "On which post."),
        ("commentId" = CommentId, Path, description = "Which."),
    ),
    security(("session" = [])),
    responses(
        (status = 204, description = "It is gone."),
        (status = 403, description = "forbidden: neither the comment nor the post is yours", body = Problem, content_type = PROBLEM_JSON),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathIds(post, id): PathIds<PostId, CommentId>,
) -> Result<NoContent> {
    comments::delete(&app, viewer.user, post, id).await?;
    Ok(NoContent)
}
