//! Ids and secrets, and the source they are drawn from.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::clock::{Clock, Timestamp};
use crate::text::{Parse, Refusal};

/// The text is not an id of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct MalformedId;

/// Declares an id that is a ULID, with its one spelling.
macro_rules! ulid_id {
    ($(#[$doc:meta])* $id:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $id(Ulid);

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $id {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                ulid(text).map(Self)
            }
        }
    };
}

ulid_id! {
    /// Whose account: a ULID, 26 characters of Crockford's base 32.
    UserId
}

ulid_id! {
    /// Which comment on a post: a ULID, which sorts by the time it was made.
    CommentId
}

ulid_id! {
    /// Which notification of somebody: a ULID, which sorts by the time it came.
    NotificationId
}

impl UserId {
    /// From the 16 bytes of its ULID.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Ulid::from_bytes(bytes))
    }

    /// The 16 bytes of its ULID.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_bytes()
    }
}

impl CommentId {
    /// When it was made.
    #[must_use]
    pub fn created_at(self) -> Timestamp {
        time_of(self.0)
    }
}

impl NotificationId {
    /// When it came.
    #[must_use]
    pub fn created_at(self) -> Timestamp {
        time_of(self.0)
    }

    /// The last that there can be at a time.
    #[must_use]
    pub fn last_at(time: Timestamp) -> Self {
        Self(Ulid::from_parts(u64::try_from(time.millis()).unwrap_or(0), u128::MAX))
    }
}

impl Parse for NotificationId {
    fn parse(text: &str) -> Result<Self, Refusal> {
        text.parse().map_err(|MalformedId| Refusal::new("must be a notification's id"))
    }
}

/// Which post: whose, and a ULID that sorts by the time it was made.
///
/// In order of time, whoever they are by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostId {
    ulid: Ulid,
    /// Whose it is.
    pub author: UserId,
}

impl PostId {
    /// When it was made.
    #[must_use]
    pub fn created_at(self) -> Timestamp {
        time_of(self.ulid)
    }

    /// The part that sorts it among its author's.
    #[must_use]
    pub fn number(self) -> String {
        self.ulid.to_string()
    }

    /// The post of an author with this number.
    pub fn of(author: UserId, number: &str) -> Result<Self, MalformedId> {
        Ok(Self { author, ulid: ulid(number)? })
    }
}

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.author, self.ulid)
    }
}

impl FromStr for PostId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let (author, number) = text.split_once('-').ok_or(MalformedId)?;
        Self::of(author.parse()?, number)
    }
}

/// Only the canonical spelling is an id: one thing must not have two keys.
fn ulid(text: &str) -> Result<Ulid, MalformedId> {
    let id = Ulid::from_string(text).map_err(|_| MalformedId)?;
    if id.to_string() == text { Ok(id) } else { Err(MalformedId) }
}

fn time_of(ulid: Ulid) -> Timestamp {
    Timestamp::from_millis(i64::try_from(ulid.timestamp_ms()).unwrap_or(i64::MAX))
}

impl Parse for UserId {
    fn parse(text: &str) -> Result<Self, Refusal> {
        text.parse().map_err(|MalformedId| Refusal::new("must be a person's id"))
    }
}

/// Which friend request: who asked, and whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FriendRequestId {
    /// Who asked.
    pub sender: UserId,
    /// Whom.
    pub recipient: UserId,
}

impl fmt::Display for FriendRequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.sender, self.recipient)
    }
}

impl FromStr for FriendRequestId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let (sender, recipient) = text.split_once('-').ok_or(MalformedId)?;
        Ok(Self { sender: sender.parse()?, recipient: recipient.parse()? })
    }
}

/// Which session: the SHA-256 of the secret part of its token, as 43 characters of base64url.
///
/// The secret has 256 random bits, so its digest tells nothing about it and may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 32]);

impl SessionId {
    /// The session that the holder of `secret` has.
    #[must_use]
    pub fn of_secret(secret: &Secret) -> Self {
        Self(Sha256::digest(secret.0).into())
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for SessionId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| MalformedId)?;
        bytes.try_into().map(Self).map_err(|_| MalformedId)
    }
}

/// Gives an id type its text form in JSON and in the OpenAPI document.
macro_rules! text_id {
    ($id:ty, $pattern:literal, $example:literal) => {
        impl serde::Serialize for $id {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $id {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $id {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .pattern(Some($pattern))
                    .examples([$example])
                    .into()
            }
        }

        impl utoipa::ToSchema for $id {}
    };
}
pub(crate) use text_id;

text_id!(UserId, "^[0-7][0-9A-HJKMNP-TV-Z]{25}$", "01JZZ3W0Q5E8T4C9M2R7B6N1KD");
text_id!(
    FriendRequestId,
    "^[0-7][0-9A-HJKMNP-TV-Z]{25}-[0-7][0-9A-HJKMNP-TV-Z]{25}$",
    "01JZZ3W0Q5E8T4C9M2R7B6N1KD-01JZZ3W1B6F9V5D0N3S8C7P2ME"
);
text_id!(
    PostId,
    "^[0-7][0-9A-HJKMNP-TV-Z]{25}-[0-7][0-9A-HJKMNP-TV-Z]{25}$",
    "01JZZ3W0Q5E8T4C9M2R7B6N1KD-01JZZ41V7Q2M8K5N3P9R6S4T0X"
);
text_id!(CommentId, "^[0-7][0-9A-HJKMNP-TV-Z]{25}$", "01JZZ42A9C4E6G8J0M2P4R6T8W");
text_id!(NotificationId, "^[0-7][0-9A-HJKMNP-TV-Z]{25}$", "01JZZ43D2H5K7N9Q1S3V5X7Z9B");
text_id!(SessionId, "^[A-Za-z0-9_-]{43}$", "Qm9vZ2llIG5pZ2h0cyBpbiBMZXNzaW5nIFN0cmVldCE");

/// 32 random bytes that only their holder knows. Never shown, logged or stored.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// From the bytes a client brought.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to hand to the client once.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Marks one write, so that a write whose reply was lost can be told from somebody else's.
///
/// It doubles as the client token of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteId(String);

impl WriteId {
    /// Its text, at most 36 characters as DynamoDB's `ClientRequestToken` allows.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Fills a buffer with random bytes.
type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// Draws ids and secrets.
#[derive(Clone)]
pub struct Ids {
    clock: Clock,
    fill: Arc<Fill>,
}

impl Ids {
    /// Ids from the operating system's random numbers.
    ///
    /// # Panics
    /// When the operating system has none: no id, no secret and no retry would be safe then.
    #[must_use]
    #[expect(clippy::expect_used, reason = "without randomness nothing may go on")]
    pub fn random(clock: Clock) -> Self {
        let fill =
            |buffer: &mut [u8]| getrandom::fill(buffer).expect("the operating system has random numbers");
        Self::from_source(clock, fill)
    }

    /// Ids from bytes that `fill` provides.
    pub fn from_source(clock: Clock, fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self { clock, fill: Arc::new(fill) }
    }

    /// A new account's id.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        UserId(self.ulid())
    }

    /// A new post's id.
    #[must_use]
    pub fn post_id(&self, author: UserId) -> PostId {
        PostId { author, ulid: self.ulid() }
    }

    /// A new comment's id.
    #[must_use]
    pub fn comment_id(&self) -> CommentId {
        CommentId(self.ulid())
    }

    /// A new notification's id.
    #[must_use]
    pub fn notification_id(&self) -> NotificationId {
        NotificationId(self.ulid())
    }

    /// A new secret.
    #[must_use]
    pub fn secret(&self) -> Secret {
        Secret(self.bytes())
    }

    /// A mark for one write.
    #[must_use]
    pub fn write_id(&self) -> WriteId {
        WriteId(URL_SAFE_NO_PAD.encode(self.bytes::<16>()))
    }

    /// The salt of one password hash.
    #[must_use]
    pub fn salt(&self) -> [u8; 16] {
        self.bytes()
    }

    fn ulid(&self) -> Ulid {
        let millis = u64::try_from(self.clock.now().millis()).unwrap_or(0);
        Ulid::from_parts(millis, u128::from_be_bytes(self.bytes()))
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.fill)(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}

/// SHA-256 over the parts, each preceded by its length, so that no two lists of parts collide.
pub(crate) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

#[cfg(test)]
mod tests;
