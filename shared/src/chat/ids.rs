//! Which conversation, which message, and what its sender calls it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::ids::{MalformedId, UserId, text_id};
use crate::text::{PATTERN, Parse, Refusal, is_clean};

/// The greatest number that fits into a key.
const GREATEST: u64 = 999_999_999_999;

/// Which conversation: the two who have it, the one with the smaller id first.
///
/// So two people have one, whoever begins it, and who may read it is said by its id alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationId([UserId; 2]);

impl ConversationId {
    /// The one that two people have; nobody has one with themselves.
    #[must_use]
    pub fn between(one: UserId, other: UserId) -> Option<Self> {
        (one != other).then(|| Self([one.min(other), one.max(other)]))
    }

    /// The two who have it.
    #[must_use]
    pub const fn people(self) -> [UserId; 2] {
        self.0
    }

    /// With whom somebody has it, if it is theirs.
    #[must_use]
    pub fn peer_of(self, user: UserId) -> Option<UserId> {
        let [one, other] = self.0;
        if user == one {
            Some(other)
        } else if user == other {
            Some(one)
        } else {
            None
        }
    }
}

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0[0], self.0[1])
    }
}

impl FromStr for ConversationId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let (one, other) = text.split_once('-').ok_or(MalformedId)?;
        let people = [one.parse()?, other.parse()?];
        if people[0] < people[1] { Ok(Self(people)) } else { Err(MalformedId) }
    }
}

impl Parse for ConversationId {
    fn parse(text: &str) -> Result<Self, Refusal> {
        text.parse().map_err(|MalformedId| Refusal::new("must be a conversation's id"))
    }
}

text_id!(
    ConversationId,
    "^[0-7][0-9A-HJKMNP-TV-Z]{25}-[0-7][0-9A-HJKMNP-TV-Z]{25}$",
    "01JZZ3W0Q5E8T4C9M2R7B6N1KD-01JZZ3W1B6F9V5D0N3S8C7P2ME"
);

/// Which message of a conversation: 1, 2, 3 and so on, without gaps. 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The next one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Seq {
    type Err = MalformedId;

    /// Reads the number of a message, of which there is one spelling.
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let number = text.parse().map_err(|_| MalformedId)?;
        let is_one = (1..=GREATEST).contains(&number) && number.to_string() == text;
        if is_one { Ok(Self(number)) } else { Err(MalformedId) }
    }
}

impl PartialSchema for Seq {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).examples([42]).into()
    }
}

impl ToSchema for Seq {}

/// A bound of a page: a seq, or a revision, that need not be there.
#[must_use]
pub fn bound(number: u64) -> u64 {
    number.min(GREATEST)
}

/// Which message of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageId {
    /// In which conversation.
    pub conversation: ConversationId,
    /// Which one there.
    pub seq: Seq,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.conversation, self.seq)
    }
}

impl FromStr for MessageId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let (conversation, seq) = text.rsplit_once('-').ok_or(MalformedId)?;
        Ok(Self { conversation: conversation.parse()?, seq: seq.parse()? })
    }
}

text_id!(
    MessageId,
    "^[0-7][0-9A-HJKMNP-TV-Z]{25}-[0-7][0-9A-HJKMNP-TV-Z]{25}-[1-9][0-9]*$",
    "01JZZ3W0Q5E8T4C9M2R7B6N1KD-01JZZ3W1B6F9V5D0N3S8C7P2ME-42"
);

/// What its sender's device calls a message, so that one that is sent again is known: 1 to 64
/// characters, kept exactly as they came.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// The most characters it may have.
    pub const MAX: usize = 64;

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Parse for ClientId {
    fn parse(text: &str) -> Result<Self, Refusal> {
        if !(1..=Self::MAX).contains(&text.chars().count()) {
            return Err(Refusal::new("must have 1 to 64 characters"));
        }
        is_clean(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl PartialSchema for ClientId {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(Self::MAX))
            .pattern(Some(PATTERN))
            .examples(["0f8fad5b-d9cb-469f-a165-70867728950e"])
            .into()
    }
}

impl ToSchema for ClientId {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: UserId = UserId::from_bytes([1; 16]);
    const OTHER: UserId = UserId::from_bytes([2; 16]);

    #[test]
    fn two_people_have_one_conversation() {
        let conversation = ConversationId::between(ONE, OTHER).unwrap();
        assert_eq!(ConversationId::between(OTHER, ONE), Some(conversation));
        assert_eq!(ConversationId::between(ONE, ONE), None);
        assert_eq!((conversation.peer_of(ONE), conversation.peer_of(OTHER)), (Some(OTHER), Some(ONE)));
        assert_eq!(conversation.peer_of(UserId::from_bytes([3; 16])), None);
        assert_eq!(conversation.to_string().parse(), Ok(conversation));
        for bad in
            [format!("{OTHER}-{ONE}"), format!("{ONE}-{ONE}"), format!("{conversation}-1"), ONE.to_string()]
        {
            assert_eq!(bad.parse::<ConversationId>(), Err(MalformedId), "{bad}");
        }
    }

    #[test]
    fn a_message_has_one_number_in_one_spelling() {
        for bad in ["", "0", "01", "+1", "-1", "1.0", "x", "1000000000000", "99999999999999999999999"] {
            assert_eq!(bad.parse::<Seq>(), Err(MalformedId), "{bad}");
        }
        let id = MessageId { conversation: ConversationId::between(ONE, OTHER).unwrap(), seq: Seq(12) };
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn a_client_id_is_kept_as_it_came() {
        assert_eq!(ClientId::parse(" e\u{301} ").unwrap().as_str(), " e\u{301} ");
        for bad in ["", &"x".repeat(65), "a\nb\0"] {
            assert!(ClientId::parse(bad).is_err(), "{bad:?}");
        }
        assert!(ClientId::parse(&"🐇".repeat(64)).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_makes_parsing_panic(text in any::<String>()) {
            let _ = (text.parse::<ConversationId>(), text.parse::<MessageId>(), text.parse::<Seq>());
        }
    }
}
