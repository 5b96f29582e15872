//! `/v1/messages`, and those of a conversation.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use shared::chat::{
    self, Chat, ClientId, ConversationId, History, Message, MessageText, NewMessage, Sent, Seq, Span, bound,
};
use shared::environment::App;
use shared::error::{Error, FieldError, Result};
use shared::http::answer::{Created, Json, NoContent};
use shared::http::body::Body;
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, Limited, SignedIn, TakesBody};
use shared::http::path::{PathId, PathIds};
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::{FromQuery, Parameters, Query};
use shared::ids::UserId;
use shared::push::Caller;
use shared::text::Refusal;
use utoipa::IntoParams;

shared::request! {
    /// What to say to whom.
    pub(crate) struct MessageCreation {
        /// To whom: a friend.
        to: UserId,
        /// What your device calls the message. What is sent again under the same name is sent once,
        /// however much later.
        client_id: ClientId,
        /// What to say: at most 28 KiB as JSON.
        text: MessageText,
    }
}

/// Send a message
///
/// To a friend. A `clientId` that you used before with them answers the message that was sent with
/// it, as it is now, whatever else has changed.
#[utoipa::path(
    post,
    path = "/v1/messages",
    tag = "Chat",
    operation_id = "sendMessage",
    request_body = MessageCreation,
    security(("session" = [])),
    responses(
        (status = 201, description = "The message.", body = Message,
            headers(("Location" = String, description = "The message's path, where it can be edited and deleted. It is read in the history of its conversation."))),
        (status = 200, description = "It was sent before: as it is now.", body = Message),
        (status = 403, description = "not-friends", body = Problem, content_type = PROBLEM_JSON),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesBody, Limited, Always,
    ),
)]
pub(crate) async fn send(
    State(chat): State<Chat>,
    Viewer(viewer): Viewer,
    Body(body): Body<MessageCreation>,
) -> Result<Response> {
    let new = NewMessage { to: body.to, client_id: body.client_id, text: body.text };
    let Sent { message, is_new } = chat::send(&chat, Caller::over_http(viewer.user), &new).await?;
    if !is_new {
        return Ok(Json(message).into_response());
    }
    let location = format!("/v1/conversations/{}/messages/{}", message.conversation_id, message.seq);
    Ok(Created { location, value: message }.into_response())
}

/// Which messages of a conversation.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// How many at most.
    #[param(minimum = 1, maximum = 100, default = 20, required = false)]
    limit: usize,
    /// Those right before this seq.
    #[param(value_type = Option<Seq>, nullable = false)]
    before: Option<u64>,
    /// Those right behind this seq.
    #[param(value_type = Option<Seq>, nullable = false)]
    after: Option<u64>,
    /// Those that were edited or deleted after this revision, in the order of their revisions.
    #[param(rename = "changedAfter", value_type = Option<Seq>, nullable = false)]
    changed_after: Option<u64>,
}

impl FromQuery for Which {
    fn from_query(parameters: Parameters<'_>) -> Result<Self> {
        let which = Self {
            limit: parameters.limit()?,
            before: parameters.number("before")?,
            after: parameters.number("after")?,
            changed_after: parameters.number("changedAfter")?,
        };
        let bounds =
            [("/before", which.before), ("/after", which.after), ("/changedAfter", which.changed_after)];
        let given: Vec<_> = bounds.into_iter().filter(|(_, bound)| bound.is_some()).collect();
        if given.len() > 1 {
            let refusal = || Refusal::new("must be the only one of before, after and changedAfter");
            let errors = given.into_iter().map(|(pointer, _)| FieldError::new(pointer, refusal()));
            return Err(Error::Invalid(errors.collect()));
        }
        Ok(which)
    }
}

impl Which {
    fn span(&self) -> Span {
        let seq = |number: u64| Seq(bound(number));
        match (self.before, self.after, self.changed_after) {
            (Some(before), _, _) => Span::Before(seq(before)),
            (_, Some(after), _) => Span::After(seq(after)),
            (_, _, Some(revision)) => Span::ChangedAfter(bound(revision)),
            (None, None, None) => Span::Latest,
        }
    }
}

/// Read the messages of a conversation
///
/// In ascending order; without a bound, the latest. Bounds are exclusive, and at most one is given.
/// Whoever has a page of `changedAfter` goes on behind its last item's `revision` until that is
/// `lastRevision`; of `after`, behind its last item's `seq` until that is `lastSeq`.
#[utoipa::path(
    get,
    path = "/v1/conversations/{conversationId}/messages",
    tag = "Chat",
    operation_id = "listMessages",
    params(("conversationId" = ConversationId, Path, description = "Which."), Which),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them.", body = History),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        (status = 400, description = "invalid-query", body = Problem, content_type = PROBLEM_JSON),
        (status = 422, description = "invalid-input: the limit is not 1 to 100, a bound is negative, or there is more than one", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn history(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(id): PathId<ConversationId>,
    Query(which): Query<Which>,
) -> Result<Json<History>> {
    chat::history(&app, viewer.user, id, which.span(), which.limit).await.map(Json)
}

shared::request! {
    /// What a message is to say.
    pub(crate) struct MessageChange {
        /// What it says.
        text: MessageText,
    }
}

/// Edit a message of mine
///
/// As long as the two are friends. A deleted one is gone.
#[utoipa::path(
    patch,
    path = "/v1/conversations/{conversationId}/messages/{seq}",
    tag = "Chat",
    operation_id = "editMessage",
    params(
        ("conversationId" = ConversationId, Path, description = "In which conversation."),
        ("seq" = Seq, Path, description = "Which."),
    ),
    request_body = MessageChange,
    security(("session" = [])),
    responses(
        (status = 200, description = "The message, as it is now.", body = Message),
        (status = 403, description = "forbidden: it is not yours; not-friends", body = Problem, content_type = PROBLEM_JSON),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesBody, Limited, Always,
    ),
)]
pub(crate) async fn edit(
    State(chat): State<Chat>,
    Viewer(viewer): Viewer,
    PathIds(id, seq): PathIds<ConversationId, Seq>,
    Body(change): Body<MessageChange>,
) -> Result<Json<Message>> {
    chat::edit(&chat, viewer.user, id, seq, change.text).await.map(Json)
}

/// Delete a message of mine
///
/// What is left of it says that there was one. Deleting it again changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/conversations/{conversationId}/messages/{seq}",
    tag = "Chat",
    operation_id = "deleteMessage",
    params(
        ("conversationId" = ConversationId, Path, description = "In which conversation."),
        ("seq" = Seq, Path, description = "Which."),
    ),
    security(("session" = [])),
    responses(
        (status = 204, description = "Its text is gone."),
        (status = 403, description = "forbidden: it is not yours", body = Problem, content_type = PROBLEM_JSON),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Limited, Always,
    ),
)]
pub(crate) async fn delete(
    State(chat): State<Chat>,
    Viewer(viewer): Viewer,
    PathIds(id, seq): PathIds<ConversationId, Seq>,
) -> Result<NoContent> {
    chat::delete(&chat, viewer.user, id, seq).await?;
    Ok(NoContent)
}
