//! How far somebody is in a conversation, as an item.
//!
//! It follows what is written, and every number in it only ever grows: whoever writes it takes the
//! greater of what is there and what they know, and writes only if nobody did since they read it. So
//! it does not matter in which order, or how often, something is told.

use serde::{Deserialize, Serialize};

use super::{ConversationId, Seq};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::ids::{UserId, WriteId};
use crate::keys;
use crate::store::{Condition, Put};

/// The item at [`keys::membership`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Membership {
    pub(super) user_id: UserId,
    pub(super) conversation_id: ConversationId,
    #[serde(flatten)]
    pub(super) state: State,
    /// Which write made it so.
    #[serde(default, skip_serializing)]
    write_id: Option<WriteId>,
}

/// How far somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    /// The last message there is.
    pub(super) last_seq: Seq,
    /// The last change there was.
    pub(super) last_revision: u64,
    /// The last message they have read or sent.
    pub(super) read_seq: Seq,
    /// The last of which the other one may know that: what they read as friends, or sent.
    #[serde(default)]
    pub(super) told_seq: Seq,
    /// When something last happened.
    pub(super) updated_at: Timestamp,
}

impl State {
    /// Nothing is known.
    pub(super) const NOTHING: Self = Self {
        last_seq: Seq(0),
        last_revision: 0,
        read_seq: Seq(0),
        told_seq: Seq(0),
        updated_at: Timestamp::from_millis(0),
    };

    fn is_unread(&self) -> bool {
        self.last_seq > self.read_seq
    }

    /// The greater of both in everything.
    pub(super) fn merged(self, other: Self) -> Self {
        Self {
            last_seq: self.last_seq.max(other.last_seq),
            last_revision: self.last_revision.max(other.last_revision),
            read_seq: self.read_seq.max(other.read_seq),
            told_seq: self.told_seq.max(other.told_seq),
            updated_at: self.updated_at.max(other.updated_at),
        }
    }
}

impl Membership {
    /// The membership that was found, or one that is not there.
    pub(super) fn or_blank(found: Option<Self>, user_id: UserId, conversation_id: ConversationId) -> Self {
        found.unwrap_or(Self { user_id, conversation_id, state: State::NOTHING, write_id: None })
    }

    /// The write that brings it forward to this, unless it is there or further.
    pub(super) fn advance(&self, news: State) -> Result<Option<(State, Put)>> {
        let state = self.state.merged(news);
        if state == self.state {
            return Ok(None);
        }
        let (user, conversation) = (self.user_id, self.conversation_id);
        let next = Self { state, write_id: None, ..self.clone() };
        let place =
            keys::membership_in(user, state.is_unread(), (conversation, state.updated_at, state.last_seq));
        let put = Put::new(&keys::membership(user, conversation), &next)?.when(self.unchanged());
        Ok(Some((state, put.indexed(&place))))
    }

    /// Whether there is something that they have not read.
    pub(super) fn is_unread(&self) -> bool {
        self.state.is_unread()
    }

    /// That nobody wrote it since it was read.
    fn unchanged(&self) -> Condition {
        self.write_id.clone().map_or(Condition::Absent, Condition::WrittenBy)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn states() -> impl Strategy<Value = State> {
        (0..9_u64, 0..9_u64, 0..9_u64, 0..9_i64).prop_map(|(last, revision, read, at)| State {
            last_seq: Seq(last),
            last_revision: revision,
            read_seq: Seq(read),
            told_seq: Seq(read / 2),
            updated_at: Timestamp::from_millis(at),
        })
    }

    proptest! {
        #[test]
        fn news_may_come_in_any_order_and_more_than_once(news in prop::collection::vec(states(), 0..9), seed: u64) {
            let all = |news: &[State]| news.iter().fold(State::NOTHING, |state, new| state.merged(*new));
            let mut otherwise = news.clone();
            fastrand::Rng::with_seed(seed).shuffle(&mut otherwise);
            otherwise.extend(news.first().copied());
            prop_assert_eq!(all(&news), all(&otherwise));
        }
    }
}
