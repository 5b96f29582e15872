//! What people are told through a connection.

use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::chat::{Conversation, ConversationId, Message, Seq};
use crate::ids::UserId;
use crate::notifications::Notification;
use crate::profiles::Me;

/// What is told. Each of them is a message of the AsyncAPI document, in the words here; one whose members
/// have several words says so to the document too, with `#[schema(rename_all = "camelCase")]`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Frame<'a> {
    /// There is a new message.
    Message {
        /// It.
        message: &'a Message,
    },
    /// A message says something else.
    MessageEdited {
        /// It, as it is now.
        message: &'a Message,
    },
    /// A message was deleted.
    MessageDeleted {
        /// What is left of it.
        message: &'a Message,
    },
    /// The list of one's conversations has this now.
    Conversation {
        /// As its reader sees it.
        conversation: &'a Conversation,
    },
    /// Somebody did something that concerns one.
    Notification {
        /// That they did.
        notification: &'a Notification,
    },
    /// One's own profile has changed.
    Me {
        /// It, as it is now.
        me: &'a Me,
    },
    /// Somebody is writing.
    #[schema(rename_all = "camelCase")]
    Typing {
        /// In which conversation.
        conversation_id: ConversationId,
        /// Who.
        user_id: UserId,
    },
    /// Somebody has read a conversation.
    #[schema(rename_all = "camelCase")]
    Read {
        /// Which.
        conversation_id: ConversationId,
        /// Who.
        user_id: UserId,
        /// Up to where.
        seq: Seq,
    },
    /// A friend's first connection was opened, or their last one closed. Not everybody is told: of the
    /// friend's friends the 500 newest are, on four connections each. And it is told to nobody that a
    /// connection broke off without a goodbye, until somebody tries to reach it. So ask
    /// `GET /v1/presence` when you connect, when somebody becomes a friend, and now and then; and show
    /// somebody as gone only if they do not come back within some seconds: clients change their connections.
    #[schema(rename_all = "camelCase")]
    Presence {
        /// Who.
        user_id: UserId,
        /// Whether they are connected now.
        online: bool,
    },
    /// The connection's session has ended, and so does the connection.
    SignedOut,
}

impl Frame<'_> {
    /// As it is sent. (What is made of names, numbers and texts only can always be written.)
    #[must_use]
    pub fn text(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}
