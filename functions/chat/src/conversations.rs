//! `/v1/conversations`.

use axum::extract::State;
use shared::chat::{self, Chat, Conversation, ConversationId, Seq};
use shared::environment::App;
use shared::error::Result;
use shared::http::answer::{Json, NoContent};
use shared::http::body::Body;
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn, TakesBody, TakesPage};
use shared::http::page::{List, PageOf, PageQuery};
use shared::http::path::PathId;
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::Query;
use shared::push::Caller;

/// List my conversations
///
/// Those with messages, the one that last changed first. The list follows the messages a moment
/// behind.
#[utoipa::path(
    get,
    path = "/v1/conversations",
    tag = "Chat",
    operation_id = "listConversations",
    params(PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them.", body = PageOf<Conversation>),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<Conversation>>> {
    let list = List(viewer.user, &["conversations"]);
    let after = list.after(&query)?;
    let slice = chat::list(&app, viewer.user, after.as_deref(), query.limit).await?;
    Ok(Json(PageOf::of_slice(&list, slice)))
}

/// Read a conversation
///
/// Its id is made of the two people's ids, sorted and joined by `-`. With a friend it is there even
/// before anything was said; with anybody else, if something was.
#[utoipa::path(
    get,
    path = "/v1/conversations/{conversationId}",
    tag = "Chat",
    operation_id = "getConversation",
    params(("conversationId" = ConversationId, Path, description = "Which.")),
    security(("session" = [])),
    responses(
        (status = 200, description = "The conversation.", body = Conversation),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn get(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<ConversationId>,
) -> Result<Json<Conversation>> {
    chat::by_id(&app, viewer.user, id).await.map(Json)
}

shared::request! {
    /// How far somebody has read.
    pub(crate) struct ReadUpTo {
        /// Up to which message. Past the end means the end.
        seq: Seq,
    }
}

/// Mark a conversation as read
///
/// Up to a message, and only ever forward.
#[utoipa::path(
    put,
    path = "/v1/conversations/{conversationId}/read",
    tag = "Chat",
    operation_id = "markRead",
    params(("conversationId" = ConversationId, Path, description = "Which.")),
    request_body = ReadUpTo,
    security(("session" = [])),
    responses(
        (status = 204, description = "It is read up to there, or further."),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesBody, Always,
    ),
)]
pub(crate) async fn mark_read(
    State(chat): State<Chat>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<ConversationId>,
    Body(body): Body<ReadUpTo>,
) -> Result<NoContent> {
    chat::mark_read(&chat, Caller::over_http(viewer.user), id, body.seq).await?;
    Ok(NoContent)
}
