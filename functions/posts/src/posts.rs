//! `/v1/posts`: writing, reading, editing, deleting.

use axum::extract::State;
use shared::environment::App;
use shared::error::Result;
use shared::http::answer::NoContent;
use shared::http::body::Body;
use shared::http::caller::Viewer;
use shared::http::etag::{CreatedTagged, IfMatch, IfNoneMatch, Tagged};
use shared::http::idempotency::IdempotencyKey;
use shared::http::openapi::{Always, NamesEdited, NamesKnown, NamesWish, SignedIn, TakesBody, TakesKey};
use shared::http::path::PathId;
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::ids::PostId;
use shared::posts::{self, NewPost, Post, PostEdit, PostText, Visibility};

shared::request! {
    /// What to write.
    pub(crate) struct PostCreation {
        /// What it says.
        text: PostText,
        /// For whom it is; for your friends, if you do not say.
        #[schema(nullable = false)]
        visibility: Option<Visibility>,
    }
}

/// Write a post
///
/// It reaches the feeds of those it is for a moment later. With an `Idempotency-Key` it may be sent
/// again until an answer comes: it is written once.
#[utoipa::path(
    post,
    path = "/v1/posts",
    tag = "Posts",
    operation_id = "createPost",
    params(NamesWish),
    request_body = PostCreation,
    security(("session" = [])),
    responses(
        (status = 201, description = "The post. With a key that was used before: what was made then, as it is now.", body = Post,
            headers(
                ("Location" = String, description = "The post's path."),
                ("ETag" = String, description = "`\"<version>.<digest>\"`"),
            )),
        (status = 404, description = "not-found: what was made with the key is deleted", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesBody, TakesKey, Always,
    ),
)]
pub(crate) async fn create(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<PostCreation>,
) -> Result<CreatedTagged<Post>> {
    let new = NewPost { text: body.text, visibility: body.visibility.unwrap_or(Visibility::Friends) };
    let value = posts::create(&app, viewer.user, new, key.as_ref()).await?;
    Ok(CreatedTagged { location: format!("/v1/posts/{}", value.id), version: value.version, value })
}

/// Read a post
///
/// Your own, a friend's but what is private, and anybody's that is public. With `If-None-Match` an
/// answer that you have already is not sent again.
#[utoipa::path(
    get,
    path = "/v1/posts/{postId}",
    tag = "Posts",
    operation_id = "getPost",
    params(
        ("postId" = PostId, Path, description = "Which."),
        NamesKnown,
    ),
    security(("session" = [])),
    responses(
        (status = 200, description = "The post.", body = Post,
            headers(("ETag" = String, description = "`\"<version>.<digest>\"`"))),
        (status = 304, description = "What you have still holds."),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn get(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<PostId>,
    known: IfNoneMatch,
) -> Result<Tagged<Post>> {
    let value = posts::by_id(&app, viewer.user, id).await?;
    Ok(Tagged { version: value.version, value, known })
}

shared::request! {
    /// What to change of a post; what is left out stays.
    pub(crate) struct PostChange {
        /// What it says.
        #[schema(nullable = false)]
        text: Option<PostText>,
        /// For whom it is.
        #[schema(nullable = false)]
        visibility: Option<Visibility>,
    }
}

/// Change a post
///
/// Only its author may. With `If-Match` it is refused if it changed since you read it. Opened to more
/// people it reaches their feeds, closed it leaves them.
#[utoipa::path(
    patch,
    path = "/v1/posts/{postId}",
    tag = "Posts",
    operation_id = "editPost",
    params(
        ("postId" = PostId, Path, description = "Which."),
        NamesEdited,
    ),
    request_body = PostChange,
    security(("session" = [])),
    responses(
        (status = 200, description = "The post, as it is now.", body = Post,
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
    PathId(id): PathId<PostId>,
    IfMatch(versions): IfMatch,
    Body(change): Body<PostChange>,
) -> Result<Tagged<Post>> {
    let edit = PostEdit { text: change.text, visibility: change.visibility };
    let value = posts::edit(&app, viewer.user, id, versions.as_deref(), edit).await?;
    Ok(Tagged { version: value.version, value, known: IfNoneMatch::default() })
}

/// Delete a post
///
/// With it go its comments and likes.
#[utoipa::path(
    delete,
    path = "/v1/posts/{postId}",
    tag = "Posts",
    operation_id = "deletePost",
    params(("postId" = PostId, Path, description = "Which.")),
    security(("session" = [])),
    responses(
        (status = 204, description = "It is gone."),
        (status = 403, description = "forbidden: it is not yours", body = Problem, content_type = PROBLEM_JSON),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<PostId>,
) -> Result<NoContent> {
    posts::delete(&app, viewer.user, id).await?;
    Ok(NoContent)
}
