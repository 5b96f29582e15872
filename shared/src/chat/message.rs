//! A message as an item, and as the API shows it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::pace::{Allowance, Pace};
use super::{ClientId, ConversationId, MessageId, MessageText, Seq};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::ids::{UserId, WriteId};
use crate::keys;
use crate::store::{Condition, Put};

/// What somebody said to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id: the conversation's, `-`, and its seq.
    pub id: MessageId,
    /// In which conversation it is.
    pub conversation_id: ConversationId,
    /// Its number in the conversation: 1, 2, 3 without gaps. It says which came first, not the time.
    pub seq: Seq,
    /// Which of the conversation's changes was its last; 0 if it was never changed.
    pub revision: u64,
    /// What its sender's device called it.
    pub client_id: ClientId,
    /// Who said it.
    pub sender_id: UserId,
    /// What they said; null once it is deleted.
    #[schema(required)]
    pub text: Option<MessageText>,
    /// When.
    pub created_at: Timestamp,
    /// When it was last edited.
    #[schema(required)]
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    #[schema(required)]
    pub deleted_at: Option<Timestamp>,
}

/// The item at [`keys::message`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MessageItem {
    pub(super) conversation_id: ConversationId,
    pub(super) seq: Seq,
    pub(super) revision: u64,
    client_id: ClientId,
    pub(super) sender_id: UserId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<MessageText>,
    pub(super) created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) edited_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deleted_at: Option<Timestamp>,
    /// How many were sent up to it.
    pub(super) pace: Pace,
    /// Which write made it so.
    #[serde(default, skip_serializing)]
    write_id: Option<WriteId>,
}

/// The item at [`keys::revision`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RevisionItem {
    /// Which it is.
    pub(super) revision: u64,
    /// Which message has it.
    pub(super) seq: Seq,
}

/// The item at [`keys::last_revision`], from the first change of a conversation on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LastRevision {
    /// Its number; 0 if there is none.
    pub(super) revision: u64,
    /// How many changes were made up to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pace: Option<Pace>,
    /// Which write made it so.
    #[serde(default, skip_serializing)]
    write_id: Option<WriteId>,
}

impl LastRevision {
    /// The next one, taken by this person, in place of this one if nobody has since this one was read.
    ///
    /// # Errors
    /// [`Error::RateLimited`](crate::Error::RateLimited) if they have taken as many as they may.
    pub(super) fn next(
        &self,
        allowance: Allowance,
        (conversation, user): (ConversationId, UserId),
        now: Timestamp,
    ) -> Result<(u64, Put)> {
        let pace = allowance.take(self.pace, (conversation, user), now)?;
        let next = Self { revision: self.revision + 1, pace: Some(pace), write_id: None };
        let unchanged = self.write_id.clone().map_or(Condition::Absent, Condition::WrittenBy);
        let put = Put::new(&keys::last_revision(conversation), &next)?.when(unchanged);
        Ok((next.revision, put))
    }
}

impl MessageItem {
    /// A message that was not there before.
    pub(super) fn new(
        conversation_id: ConversationId,
        seq: Seq,
        (sender_id, client_id, text): (UserId, ClientId, MessageText),
        (created_at, pace): (Timestamp, Pace),
    ) -> Self {
        Self {
            conversation_id,
            seq,
            revision: 0,
            client_id,
            sender_id,
            text: Some(text),
            created_at,
            edited_at: None,
            deleted_at: None,
            pace,
            write_id: None,
        }
    }

    /// The item.
    pub(super) fn put(&self) -> Result<Put> {
        Put::new(&keys::message(self.conversation_id, self.seq), self)
    }

    /// That nobody wrote it since it was read.
    pub(super) fn unchanged(&self) -> Condition {
        self.write_id.clone().map_or(Condition::Absent, Condition::WrittenBy)
    }

    /// When something last happened to it.
    pub(super) fn changed_at(&self) -> Timestamp {
        [self.edited_at, self.deleted_at].into_iter().flatten().fold(self.created_at, Timestamp::max)
    }

    /// As the API shows it.
    pub(super) fn into_message(self) -> Message {
        Message {
            id: MessageId { conversation: self.conversation_id, seq: self.seq },
            conversation_id: self.conversation_id,
            seq: self.seq,
            revision: self.revision,
            client_id: self.client_id,
            sender_id: self.sender_id,
            text: self.text,
            created_at: self.created_at,
            edited_at: self.edited_at,
            deleted_at: self.deleted_at,
        }
    }
}
