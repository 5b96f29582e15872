//! What an event is answered.

use serde::Serialize;
use serde_json::Value;
use shared::chat::{ClientId, ConversationId, Message, Seq};
use shared::clock::Timestamp;
use shared::error::Error;
use shared::http::problem::{Problem, whole_seconds};
use shared::ids::UserId;
use utoipa::ToSchema;

use crate::actions::ACTION;

/// The longest name of an action, or of a message, that is said back, in bytes: the longest that a
/// message can have.
const LONGEST: usize = 256;

/// An answer. Each of them is a message of the AsyncAPI document, in the words here.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Reply {
    /// The message was sent, now or before: then it is as it is now.
    #[schema(rename_all = "camelCase")]
    Ack {
        /// What its device calls it.
        client_id: ClientId,
        /// It, as it is now.
        message: Message,
    },
    /// A conversation is read up to there.
    #[schema(rename_all = "camelCase")]
    Read {
        /// Which.
        conversation_id: ConversationId,
        /// By whom.
        user_id: UserId,
        /// Up to where.
        seq: Seq,
    },
    /// The connection is alive.
    Pong {
        /// The time.
        at: Timestamp,
    },
    /// What was sent was refused, or failed: `problem` says why, with the codes and words that HTTP has.
    #[schema(rename_all = "camelCase")]
    Error {
        /// What was asked for; empty if that cannot be told.
        #[schema(example = "send")]
        action: String,
        /// The message it was about, if one was named.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false, example = "0f8fad5b-d9cb-469f-a165-70867728950e")]
        client_id: Option<String>,
        /// What went wrong, as over HTTP.
        problem: Problem,
        /// In how many seconds it may be tried again, if that is known: the header of the same name.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false, minimum = 1, example = 540)]
        retry_after: Option<u64>,
    },
    /// There is nothing to say.
    #[serde(skip)]
    Nothing,
}

impl Reply {
    /// What went wrong with a message.
    pub(crate) fn error(error: &Error, body: &str, request_id: &str) -> Self {
        // As much of it as there is: the client is to know which of its messages it was.
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let text =
            |name: &str| body.get(name)?.as_str().filter(|text| text.len() <= LONGEST).map(str::to_owned);
        let retry_after = match error {
            Error::RateLimited(exceeded) => Some(whole_seconds(exceeded.retry_after)),
            _ => None,
        };
        Self::Error {
            action: text(ACTION).unwrap_or_default(),
            client_id: text("clientId"),
            problem: Problem::new(error, request_id),
            retry_after,
        }
    }

    /// As it is sent; empty if there is nothing to say.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            reply => serde_json::to_string(reply).unwrap_or_default(),
        }
    }
}
