//! The whole table on one page: the only place that spells a key.
//!
//! One table, string keys `PK` and `SK`, TTL on `ttl` (seconds). `u` is a user id (ULID),
//! `hash` a SHA-256 in base64url.
//!
//! | item | PK | SK | holds | read by |
//! |---|---|---|---|---|
//! | Profile | `USER#u` | `PROFILE` | what others see, version | user id |
//! | Credential | `USER#u` | `CREDENTIAL` | email, password hash, session generation | user id |
//! | Username lock | `USERNAME#name` | `LOCK` | whose it is | username |
//! | Email lock | `EMAIL#hash` | `LOCK` | whose it is | email |
//! | Search entry | `SEARCH#<2 letters>` | `<word>#u` | whose word it is | the beginning of a username or of a word of a name |
//! | Session | `USER#u` | `SESSION#hash` | device, last use, generation, ttl | token; all of a user by prefix |
//! | Known address | `USER#u` | `KNOWN#hash` | that a sign-in from there succeeded, ttl | user id and address |
//! | Relation | `USER#u` | `RELATION#peer` | what ties and parts them, as `u` sees it; in the index by `USER#u#<list>` and `since#peer` | both ids; lists of friends, requests and blocks |
//! | Limit | `LIMIT#rule#hash#window` | `LIMIT` | how many tries so far, ttl | rule and subject |
//!
//! Emails and addresses are hashed wherever they would be part of a key, since keys end up in
//! metrics and logs that DynamoDB itself keeps.

use crate::accounts::{Email, Username};
use crate::clock::Timestamp;
use crate::ids::{SessionId, UserId, digest};

/// The name of the partition key's attribute.
pub const PK: &str = "PK";
/// The name of the sort key's attribute.
pub const SK: &str = "SK";

/// The name of the index.
pub const GSI1: &str = "GSI1";
/// The name of the index's partition key's attribute.
pub const GSI1PK: &str = "GSI1PK";
/// The name of the index's sort key's attribute.
pub const GSI1SK: &str = "GSI1SK";

/// A place in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexKey {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// The primary key of one item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

/// The items of one partition whose sort keys begin alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// Partition key.
    pub pk: String,
    /// How the sort keys begin.
    pub sk: String,
}

/// Somebody's profile.
#[must_use]
pub fn profile(user: UserId) -> Key {
    of_user(user, "PROFILE".into())
}

/// Somebody's email and password hash.
#[must_use]
pub fn credential(user: UserId) -> Key {
    of_user(user, "CREDENTIAL".into())
}

/// Who has a username.
#[must_use]
pub fn username(name: &Username) -> Key {
    Key { pk: format!("USERNAME#{}", name.as_str()), sk: "LOCK".into() }
}

/// Who has an email address.
#[must_use]
pub fn email(email: &Email) -> Key {
    Key { pk: format!("EMAIL#{}", digest(&[email.as_str().as_bytes()])), sk: "LOCK".into() }
}

/// Where a login that nobody can have would be: nothing is ever written there.
#[must_use]
pub fn nobody(login: &str) -> Key {
    Key { pk: format!("NOBODY#{}", digest(&[login.as_bytes()])), sk: "LOCK".into() }
}

/// That somebody's username, or a word of their name, is this (folded, of two letters or more).
#[must_use]
pub fn search_entry(user: UserId, word: &str) -> Key {
    Key { pk: search_partition(word), sk: format!("{word}#{user}") }
}

/// Everybody whose username, or a word of whose name, begins like this.
#[must_use]
pub fn search_prefix(beginning: &str) -> Prefix {
    Prefix { pk: search_partition(beginning), sk: beginning.to_owned() }
}

/// One session.
#[must_use]
pub fn session(user: UserId, session: SessionId) -> Key {
    of_user(user, format!("SESSION#{session}"))
}

/// All sessions of somebody.
#[must_use]
pub fn sessions(user: UserId) -> Prefix {
    Prefix { pk: partition(user), sk: "SESSION#".into() }
}

/// That somebody once signed in from an address.
#[must_use]
pub fn known_address(user: UserId, address: &str) -> Key {
    of_user(user, format!("KNOWN#{}", digest(&[address.as_bytes()])))
}

/// What somebody else is to somebody, as they see it.
#[must_use]
pub fn relation(user: UserId, peer: UserId) -> Key {
    of_user(user, format!("RELATION#{peer}"))
}

/// Where the index has those who are the same to somebody: their friends, or whom they block.
#[must_use]
pub fn relations(user: UserId, list: &str) -> String {
    format!("{}#{list}", partition(user))
}

/// Where in such a list somebody is, who is in it since then.
#[must_use]
pub fn relation_in(user: UserId, list: &str, since: Timestamp, peer: UserId) -> IndexKey {
    IndexKey { pk: relations(user, list), sk: format!("{since}#{peer}") }
}

/// How often a subject (a digest) has used a rule's allowance in one window of time.
#[must_use]
pub fn limit(rule: &str, subject: &str, window: i64) -> Key {
    Key { pk: format!("LIMIT#{rule}#{subject}#{window}"), sk: "LIMIT".into() }
}

fn search_partition(word: &str) -> String {
    let letters: String = word.chars().take(2).collect();
    format!("SEARCH#{letters}")
}

fn of_user(user: UserId, sk: String) -> Key {
    Key { pk: partition(user), sk }
}

fn partition(user: UserId) -> String {
    format!("USER#{user}")
}
