//! The problems that each route may answer.
//!
//! A route declares them where its other answers are, as the description of each status: the codes in
//! their own spelling, each with what it means there. That is read here; so the document lists them
//! with an example each, and says of each answer which codes it may have.

use std::time::Duration;

use serde_json::{Value, json};
use shared::error::{Error, FieldError};
use shared::http::problem::{Code, PROBLEM_JSON, Problem};
use shared::limits::{self, Exceeded};
use shared::text::Refusal;

use super::openapi::{operations, responses};

/// Describes the problems of every operation, and what the gateway may say in its place.
pub(super) fn describe(document: &mut Value) {
    let mut answered = Vec::new();
    for operation in operations(document) {
        for (status, response) in responses(operation) {
            answered.extend(describe_one(status, response));
        }
        add_the_gateways(operation);
    }
    let examples = answered.into_iter().map(|code| {
        let problem = problem(code);
        (code.name(), json!({ "summary": problem.title, "value": problem }))
    });
    document["components"]["examples"] = Value::Object(examples.collect());
}

/// A problem as it is answered.
pub(super) fn problem(code: Code) -> Problem {
    Problem::new(&error(code), "Kx3T1hR6joEEPJg=")
}

/// Names the codes that an answer may have, if it is a problem, and answers them.
fn describe_one(status: &str, response: &mut Value) -> Vec<Code> {
    let Some(description) = response["description"].as_str() else { return Vec::new() };
    let codes = codes(status, description);
    let description = codes.iter().fold(description.to_owned(), |text, code| quoted(&text, &code.name()));
    let Some(media) = response.get_mut("content").and_then(|content| content.get_mut(PROBLEM_JSON)) else {
        return Vec::new();
    };
    let schema = std::mem::take(&mut media["schema"]);
    let these = json!({
        "type": "object",
        "properties": { "status": { "const": status.parse().unwrap_or(0) }, "code": { "enum": codes } },
    });
    media["schema"] = json!({ "allOf": [schema, these] });
    let reference = |code: &Code| json!({ "$ref": format!("#/components/examples/{}", code.name()) });
    media["examples"] = Value::Object(codes.iter().map(|code| (code.name(), reference(code))).collect());
    response["description"] = json!(description);
    codes
}

/// The codes of this status that stand in a text.
fn codes(status: &str, text: &str) -> Vec<Code> {
    let words = text.split(|letter: char| !letter.is_ascii_lowercase() && letter != '-');
    let named = |word: &str| {
        let mut all = Code::ALL.into_iter();
        all.find(|code| code.name() == word && code.status_and_title().0.as_str() == status)
    };
    let mut codes: Vec<Code> = Vec::new();
    for word in words {
        codes.extend(named(word).filter(|code| !codes.contains(code)));
    }
    codes
}

/// The text with its first mention of a code as code.
fn quoted(text: &str, code: &str) -> String {
    text.replacen(code, &format!("`{code}`"), 1)
}

/// What API Gateway says itself where it does not reach the function, or the function fails as a whole
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html>).
fn add_the_gateways(operation: &mut Value) {
    let (needs_session, takes_body) =
        (operation.get("security").is_some(), operation.get("requestBody").is_some());
    let all = [
        ("401", needs_session, "Unauthorized", "without an `Authorization` header"),
        ("413", takes_body, "Request Entity Too Large", "over 10 MB"),
        ("429", true, "Too Many Requests", "where more is asked for than the deployment takes"),
        ("500", true, "Internal Server Error", "where a function, or checking a token, fails as a whole"),
        ("503", true, "Service Unavailable", "where no function is to be had in time"),
    ];
    for (status, _, message, when) in all.into_iter().filter(|(_, applies, ..)| *applies) {
        let response = &mut operation["responses"][status];
        let own = format!("The gateway's own `{{\"message\"}}` {when}.");
        let description = match response["description"].as_str() {
            Some(description) => format!("{description}. {own}"),
            None => own,
        };
        response["description"] = json!(description);
        response["content"]["application/json"] = json!({
            "schema": { "$ref": "#/components/schemas/GatewayMessage" },
            "example": { "message": message },
        });
    }
}

/// An error that leads to this code.
fn error(code: Code) -> Error {
    match code {
        Code::MalformedJson => Error::MalformedJson("expected value at line 1 column 9".into()),
        Code::InvalidCursor => Error::InvalidCursor,
        Code::InvalidQuery => Error::InvalidQuery("limit is not a whole number".into()),
        Code::Unauthenticated => Error::Unauthenticated,
        Code::InvalidCredentials => Error::InvalidCredentials,
        Code::Forbidden => Error::NotYours,
        Code::NotFriends => Error::NotFriends,
        Code::WrongPassword => Error::WrongPassword,
        Code::NotFound => Error::NotFound,
        Code::MethodNotAllowed => Error::MethodNotAllowed(vec!["GET".into(), "PATCH".into()]),
        Code::UsernameTaken => Error::UsernameTaken,
        Code::EmailTaken => Error::EmailTaken,
        Code::AlreadyFriends => Error::AlreadyFriends,
        Code::RequestPending => Error::RequestPending,
        Code::RequestClosed => Error::RequestClosed,
        Code::RecentlyRejected => Error::RecentlyRejected(Duration::from_hours(29 * 24)),
        Code::FriendLimit => Error::FriendLimit,
        Code::VersionMismatch => Error::VersionMismatch,
        Code::BodyTooLarge => Error::BodyTooLarge,
        Code::UnsupportedMediaType => Error::UnsupportedMediaType,
        Code::InvalidInput => Error::invalid("/text", Refusal::new("must not be blank")),
        Code::WeakPassword => {
            let why = Refusal::new("This is similar to a commonly used password.");
            Error::WeakPassword(FieldError::new("/password", why))
        }
        Code::IdempotencyKeyReuse => Error::IdempotencyKeyReuse,
        Code::RateLimited => {
            let retry_after = Duration::from_mins(9);
            Error::RateLimited(Exceeded { rule: limits::AVATAR_UPLOAD, retry_after })
        }
        Code::Internal => Error::internal("a bug"),
        Code::Unavailable => Error::unavailable("storage"),
    }
}
