//! Everything that can go wrong, said once, in the words of the domain.
//!
//! [`http::problem`](crate::http::problem) says how each looks to a client. A cause that is
//! nobody's business outside ([`Error::Unavailable`], [`Error::Internal`]) is carried along
//! for the log and never shown.

use std::error::Error as StdError;
use std::time::Duration;

use crate::limits::Exceeded;
use crate::text::Refusal;

/// What every fallible function of the domain answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A cause from below: a storage failure, a bug. For the log only.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// What went wrong with a request.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is not JSON, or not I-JSON (RFC 7493): two members of one name, bad UTF-8.
    #[error("malformed JSON: {0}")]
    MalformedJson(String),
    /// The body is longer than a function takes.
    #[error("body too large")]
    BodyTooLarge,
    /// The body is not `application/json`.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// Values that break their rules, all of them at once.
    #[error("invalid input")]
    Invalid(Vec<FieldError>),
    /// A query parameter that is repeated, unknown or cannot be read.
    #[error("invalid query: {0}")]
    InvalidQuery(String),
    /// A cursor that this list did not give out.
    #[error("invalid cursor")]
    InvalidCursor,
    /// A password that is too easily guessed, and why.
    #[error("weak password")]
    WeakPassword(FieldError),
    /// No session, or one that has ended.
    #[error("unauthenticated")]
    Unauthenticated,
    /// No such person, or not their password: never told apart.
    #[error("invalid credentials")]
    InvalidCredentials,
    /// The current password of somebody signed in does not match.
    #[error("wrong password")]
    WrongPassword,
    /// What does not exist, and what the viewer may not know to exist.
    #[error("not found")]
    NotFound,
    /// The path exists, but not with this method; these ones would do.
    #[error("method not allowed")]
    MethodNotAllowed(Vec<String>),
    /// Somebody has that username.
    #[error("username taken")]
    UsernameTaken,
    /// Somebody has that email.
    #[error("email taken")]
    EmailTaken,
    /// The viewer blocks them.
    #[error("blocking")]
    Blocking,
    /// It is the other one's to do.
    #[error("not yours")]
    NotYours,
    /// They are not friends.
    #[error("not friends")]
    NotFriends,
    /// They are friends.
    #[error("already friends")]
    AlreadyFriends,
    /// The viewer has asked them already.
    #[error("request pending")]
    RequestPending,
    /// The request was answered already.
    #[error("request closed")]
    RequestClosed,
    /// The viewer was rejected, and has to wait that long.
    #[error("recently rejected")]
    RecentlyRejected(Duration),
    /// One of both has as many friends as there can be.
    #[error("friend limit")]
    FriendLimit,
    /// The thing changed since the client read it.
    #[error("version mismatch")]
    VersionMismatch,
    /// The idempotency key was used for something else.
    #[error("idempotency key reuse")]
    IdempotencyKeyReuse,
    /// Too often for a rule; it is worth trying again once the window is over.
    #[error("rate limited by {}", .0.rule.name)]
    RateLimited(Exceeded),
    /// Storage did not answer, or not in time. Nothing is half-written; a retry is safe.
    #[error("unavailable")]
    Unavailable(#[source] Cause),
    /// A bug: an item that cannot be read, a request that storage refuses.
    #[error("internal error")]
    Internal(#[source] Cause),
}

impl Error {
    /// One invalid member of the body.
    pub fn invalid(pointer: impl Into<String>, refusal: Refusal) -> Self {
        Self::Invalid(vec![FieldError::new(pointer, refusal)])
    }

    /// A bug, with what there is to know about it.
    pub fn internal(cause: impl Into<Cause>) -> Self {
        Self::Internal(cause.into())
    }

    /// The error and all its causes, for the log.
    #[must_use]
    pub fn chain(&self) -> String {
        causes(self)
    }

    /// A failure of what lies below, with what there is to know about it.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into())
    }
}

/// An error and all its causes, for the log.
pub(crate) fn causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// What is wrong with one member of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Which member, as a JSON Pointer (RFC 6901); empty for the body itself.
    pub pointer: String,
    /// What rule it breaks.
    pub refusal: Refusal,
}

impl FieldError {
    /// A broken rule at `pointer`.
    pub fn new(pointer: impl Into<String>, refusal: Refusal) -> Self {
        Self { pointer: pointer.into(), refusal }
    }
}
