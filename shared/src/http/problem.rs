//! How each error looks to a client: RFC 9457 problems, and the one mapping of the codes.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::limits::Exceeded;

/// The media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What kind of problem it is. Clients decide by it; a title or detail may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// 400: the body is not JSON.
    MalformedJson,
    /// 400: the cursor is not one of this list's.
    InvalidCursor,
    /// 400: a query parameter cannot be read.
    InvalidQuery,
    /// 401: no session, or one that has ended.
    Unauthenticated,
    /// 401: no such person, or not their password.
    InvalidCredentials,
    /// 403: it is not the viewer's to do.
    Forbidden,
    /// 403: only among friends.
    NotFriends,
    /// 403: the current password is another one.
    WrongPassword,
    /// 404: it does not exist, or not for the viewer.
    NotFound,
    /// 405: the path exists, but not with this method.
    MethodNotAllowed,
    /// 409: somebody has that username.
    UsernameTaken,
    /// 409: somebody has that email.
    EmailTaken,
    /// 409: they are friends.
    AlreadyFriends,
    /// 409: a request is pending.
    RequestPending,
    /// 409: the request was answered.
    RequestClosed,
    /// 409: a request was rejected not long ago.
    RecentlyRejected,
    /// 409: one of both has as many friends as there can be.
    FriendLimit,
    /// 412: it changed since the client read it.
    VersionMismatch,
    /// 413: the body is too long.
    BodyTooLarge,
    /// 415: the body is not `application/json`.
    UnsupportedMediaType,
    /// 422: some values break their rules; `errors` says which.
    InvalidInput,
    /// 422: the password is too easily guessed.
    WeakPassword,
    /// 422: the key was used with another body.
    IdempotencyKeyReuse,
    /// 429: too often; `Retry-After` says when to try again.
    RateLimited,
    /// 500: a bug.
    Internal,
    /// 503: storage did not answer in time; nothing is half-done, and a retry is safe.
    Unavailable,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::MalformedJson,
        Self::InvalidCursor,
        Self::InvalidQuery,
        Self::Unauthenticated,
        Self::InvalidCredentials,
        Self::Forbidden,
        Self::NotFriends,
        Self::WrongPassword,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::UsernameTaken,
        Self::EmailTaken,
        Self::AlreadyFriends,
        Self::RequestPending,
        Self::RequestClosed,
        Self::RecentlyRejected,
        Self::FriendLimit,
        Self::VersionMismatch,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidInput,
        Self::WeakPassword,
        Self::IdempotencyKeyReuse,
        Self::RateLimited,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Its status and its title.
    #[must_use]
    pub const fn status_and_title(self) -> (StatusCode, &'static str) {
        match self {
            Self::MalformedJson => (StatusCode::BAD_REQUEST, "The body is not valid JSON"),
            Self::InvalidCursor => (StatusCode::BAD_REQUEST, "The cursor is not one of this list"),
            Self::InvalidQuery => (StatusCode::BAD_REQUEST, "A query parameter cannot be read"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "Sign in first"),
            Self::InvalidCredentials => (StatusCode::UNAUTHORIZED, "The login or the password is wrong"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "This is not yours to do"),
            Self::NotFriends => (StatusCode::FORBIDDEN, "Only friends may do this"),
            Self::WrongPassword => (StatusCode::FORBIDDEN, "The current password is wrong"),
            Self::NotFound => (StatusCode::NOT_FOUND, "There is no such thing"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "This path does not take that method"),
            Self::UsernameTaken => (StatusCode::CONFLICT, "The username is taken"),
            Self::EmailTaken => (StatusCode::CONFLICT, "The email is taken"),
            Self::AlreadyFriends => (StatusCode::CONFLICT, "You are friends already"),
            Self::RequestPending => (StatusCode::CONFLICT, "A request is pending already"),
            Self::RequestClosed => (StatusCode::CONFLICT, "The request was answered already"),
            Self::RecentlyRejected => (StatusCode::CONFLICT, "A request was rejected not long ago"),
            Self::FriendLimit => (StatusCode::CONFLICT, "One of you has as many friends as there can be"),
            Self::VersionMismatch => (StatusCode::PRECONDITION_FAILED, "It has changed since you read it"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be application/json")
            }
            Self::InvalidInput => (StatusCode::UNPROCESSABLE_ENTITY, "Some values are invalid"),
            Self::WeakPassword => (StatusCode::UNPROCESSABLE_ENTITY, "The password is too easy to guess"),
            Self::IdempotencyKeyReuse => {
                (StatusCode::UNPROCESSABLE_ENTITY, "The idempotency key was used for something else")
            }
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Not available right now"),
        }
    }

    /// How it is spelt.
    #[must_use]
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// A problem, as RFC 9457 has it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// `urn:kith:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(examples("urn:kith:problem:not-found"))]
    pub kind: String,
    /// What went wrong, in a few words that do not vary.
    pub title: &'static str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What went wrong this time.
    pub detail: String,
    /// What kind of problem it is.
    pub code: Code,
    /// What to name when asking for help.
    #[schema(examples("Kx3T1hR6joEEPJg="))]
    pub request_id: String,
    /// Which values are invalid, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<InvalidValue>,
}

/// One value that breaks its rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvalidValue {
    /// Where it is, as a JSON Pointer into the body; `/` and its name for a query parameter.
    #[schema(examples("/username"))]
    pub pointer: String,
    /// Which rule it breaks.
    #[schema(examples("must have 3 to 30 characters"))]
    pub detail: String,
}

impl Problem {
    /// How an error looks to a client.
    #[must_use]
    pub fn new(error: &Error, request_id: &str) -> Self {
        let code = code(error);
        let (status, title) = code.status_and_title();
        Self {
            kind: format!("urn:kith:problem:{}", code.name()),
            title,
            status: status.as_u16(),
            detail: detail(error),
            code,
            request_id: request_id.to_owned(),
            errors: invalid_values(error),
        }
    }

    /// The answer.
    #[must_use]
    pub fn into_response(self, error: &Error) -> Response {
        let (status, _) = self.code.status_and_title();
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        for (name, value) in headers(error) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// The code of each error.
#[must_use]
pub const fn code(error: &Error) -> Code {
    match error {
        Error::MalformedJson(_) => Code::MalformedJson,
        Error::BodyTooLarge => Code::BodyTooLarge,
        Error::UnsupportedMediaType => Code::UnsupportedMediaType,
        Error::Invalid(_) => Code::InvalidInput,
        Error::InvalidQuery(_) => Code::InvalidQuery,
        Error::InvalidCursor => Code::InvalidCursor,
        Error::WeakPassword(_) => Code::WeakPassword,
        Error::Unauthenticated => Code::Unauthenticated,
        Error::InvalidCredentials => Code::InvalidCredentials,
        Error::WrongPassword => Code::WrongPassword,
        Error::NotFound => Code::NotFound,
        Error::MethodNotAllowed(_) => Code::MethodNotAllowed,
        Error::UsernameTaken => Code::UsernameTaken,
        Error::EmailTaken => Code::EmailTaken,
        Error::Blocking | Error::NotYours => Code::Forbidden,
        Error::NotFriends => Code::NotFriends,
        Error::AlreadyFriends => Code::AlreadyFriends,
        Error::RequestPending => Code::RequestPending,
        Error::RequestClosed => Code::RequestClosed,
        Error::RecentlyRejected(_) => Code::RecentlyRejected,
        Error::FriendLimit => Code::FriendLimit,
        Error::VersionMismatch => Code::VersionMismatch,
        Error::IdempotencyKeyReuse => Code::IdempotencyKeyReuse,
        Error::RateLimited(_) => Code::RateLimited,
        Error::Unavailable(_) => Code::Unavailable,
        Error::Internal(_) => Code::Internal,
    }
}

/// What went wrong this time, without anything that is nobody's business.
fn detail(error: &Error) -> String {
    match error {
        Error::MalformedJson(detail) | Error::InvalidQuery(detail) => detail.clone(),
        Error::WeakPassword(error) => error.refusal.to_string(),
        Error::BodyTooLarge => "A body may have at most 64 KiB.".into(),
        Error::UnsupportedMediaType => "Send the body as Content-Type: application/json.".into(),
        Error::Invalid(errors) => {
            let parts: Vec<_> = errors.iter().map(|e| format!("{} {}", e.pointer, e.refusal)).collect();
            parts.join("; ").trim_start().to_owned()
        }
        Error::InvalidCursor => "Take the cursor from nextCursor of the same list.".into(),
        Error::Unauthenticated => {
            "Send Authorization: Bearer with the token of a session that has not ended.".into()
        }
        Error::InvalidCredentials => "Nobody has this login with this password.".into(),
        Error::WrongPassword => "The current password does not match.".into(),
        Error::NotFound => "It does not exist, or not for you.".into(),
        Error::MethodNotAllowed(allowed) => format!("Allowed here: {}.", allowed.join(", ")),
        Error::UsernameTaken => "Somebody has this username already.".into(),
        Error::EmailTaken => "Somebody registered with this email. If it was you, sign in.".into(),
        Error::NotYours => "It is somebody else's to do.".into(),
        Error::Blocking => "You block this person: unblock them first.".into(),
        Error::NotFriends => "You can write to each other once you are friends.".into(),
        Error::AlreadyFriends => "There is nothing to ask for.".into(),
        Error::RequestPending => "You have asked already, and they have not answered.".into(),
        Error::RequestClosed => "It was answered in another way already.".into(),
        Error::RecentlyRejected(_) => "They said no. They may ask you at any time.".into(),
        Error::FriendLimit => "Nobody has more than 5,000 friends.".into(),
        Error::IdempotencyKeyReuse => {
            "Take a new key for a new wish; the old one answers only what it was used for.".into()
        }
        Error::VersionMismatch => "Read it again, and send the edit with its new ETag.".into(),
        Error::RateLimited(exceeded) => format!("Try again in {} seconds.", seconds(*exceeded)),
        Error::Unavailable(_) => "Try again in a moment; nothing is half-done.".into(),
        Error::Internal(_) => "It has been noted. Name the requestId when you ask about it.".into(),
    }
}

fn invalid_values(error: &Error) -> Vec<InvalidValue> {
    let errors = match error {
        Error::Invalid(errors) => errors.as_slice(),
        Error::WeakPassword(error) => std::slice::from_ref(error),
        _ => return Vec::new(),
    };
    let value = |e: &crate::error::FieldError| InvalidValue {
        pointer: e.pointer.clone(),
        detail: e.refusal.to_string(),
    };
    errors.iter().map(value).collect()
}

/// The headers that belong to an error.
fn headers(error: &Error) -> Vec<(HeaderName, String)> {
    match error {
        // RFC 9110 asks for it with every 401.
        Error::Unauthenticated | Error::InvalidCredentials => vec![(WWW_AUTHENTICATE, "Bearer".into())],
        Error::MethodNotAllowed(allowed) => vec![(ALLOW, allowed.join(", "))],
        Error::Unavailable(_) => vec![(RETRY_AFTER, "1".into())],
        Error::RecentlyRejected(wait) => vec![(RETRY_AFTER, whole_seconds(*wait).to_string())],
        Error::RateLimited(exceeded) => {
            let (rule, wait) = (exceeded.rule, seconds(*exceeded));
            // draft-ietf-httpapi-ratelimit-headers: what is left now, and the policy.
            vec![
                (RETRY_AFTER, wait.to_string()),
                (HeaderName::from_static("ratelimit"), format!("\"{}\";r=0;t={wait}", rule.name)),
                (
                    HeaderName::from_static("ratelimit-policy"),
                    format!("\"{}\";q={};w={}", rule.name, rule.allowance, rule.window),
                ),
            ]
        }
        _ => Vec::new(),
    }
}

/// The whole seconds to wait.
fn seconds(exceeded: Exceeded) -> u64 {
    whole_seconds(exceeded.retry_after)
}

/// A time in whole seconds, rounded up, as whoever waits that long must not be too early; at least one.
#[must_use]
pub fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_codes_are_among_all() {
        let schema = serde_json::to_value(<Code as utoipa::PartialSchema>::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::to_value(Code::ALL).unwrap());
    }

    #[test]
    fn a_cause_is_logged_but_not_shown() {
        let error = Error::internal("table kith-prod is missing");
        assert_eq!(error.chain(), "internal error: table kith-prod is missing");
        let shown = serde_json::to_string(&Problem::new(&error, "r1")).unwrap();
        assert!(!shown.contains("kith-prod"), "{shown}");
        assert!(shown.contains(r#""type":"urn:kith:problem:internal""#), "{shown}");
    }
}
