//! What can be said and heard through a socket, for the AsyncAPI document.

use std::collections::BTreeMap;

use shared::http::problem::Code;
use shared::push::Frame;
use utoipa::OpenApi;
use utoipa::openapi::{RefOr, Schema};

use crate::actions::{Ping, Read, Send, TYPING, Typing};
use crate::reply::Reply;

/// What can be sent.
#[derive(Clone, Copy, Debug)]
pub struct Action {
    /// The action.
    pub name: &'static str,
    /// The name of its schema, to which the action itself is added.
    pub schema: &'static str,
    /// The type of its answer, if it has one.
    pub answer: Option<&'static str>,
    /// With which problems it may be refused, beside those of [every action](ANY).
    pub problems: &'static [Code],
}

/// All of them.
pub const ACTIONS: [Action; 4] = [
    Action {
        name: "send",
        schema: "Send",
        answer: Some("ack"),
        problems: &[Code::NotFriends, Code::NotFound, Code::RateLimited],
    },
    Action { name: TYPING, schema: "Typing", answer: None, problems: &[Code::NotFriends, Code::NotFound] },
    Action { name: "read", schema: "Read", answer: Some("read"), problems: &[Code::NotFound] },
    Action { name: "ping", schema: "Ping", answer: Some("pong"), problems: &[] },
];

/// With which problems every action may be refused, and whatever is none. After `unauthenticated` the
/// connection is closed.
pub const ANY: [Code; 6] = [
    Code::MalformedJson,
    Code::Unauthenticated,
    Code::BodyTooLarge,
    Code::InvalidInput,
    Code::Internal,
    Code::Unavailable,
];

/// The name of the schema of answers.
pub const REPLY: &str = "Reply";

/// The name of the schema of pushes.
pub const PUSH: &str = "Frame";

/// The schemas of actions, answers and pushes, and all that they refer to, by their names.
#[must_use]
pub fn schemas() -> BTreeMap<String, RefOr<Schema>> {
    Described::openapi().components.map(|components| components.schemas).unwrap_or_default()
}

#[derive(OpenApi)]
#[openapi(components(schemas(Send, Typing, Read, Ping, Reply, Frame<'static>)))]
struct Described;
