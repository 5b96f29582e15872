//! The whole table on one page: the only place that spells a key.
//!
//! One table, string keys `PK` and `SK`, TTL on `ttl` (seconds). `u` is a user id (ULID),
//! `hash` a SHA-256 in base64url, `p` a post id (`u-number`), `number` and `c` ULIDs, `pair` a
//! conversation id (two user ids, sorted), `seq` and `n` numbers of 12 digits. The index holds
//! nothing but keys.
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
//! | Dismissal | `USER#u` | `DISMISSED#peer` | that they are not to be suggested, ttl | both ids |
//! | Post | `USER#u#POSTS` | `POST#number` | text, visibility, version; in the index by `USER#u#POSTS#<visibility>` and `number` | post id; an author's, the newest first, all or by visibility |
//! | Counters | `POST#p` | `COUNTERS` | how many likes and comments, visibility: there as long as the post is | post id |
//! | Comment | `POST#p` | `COMMENT#c` | text, author, version; in the index by `USER#u#COMMENTS` and `c` | post id and comment id; a post's in both directions |
//! | Like | `POST#p` | `LIKE#u` | since when; in the index by `USER#u#LIKES` and `p` | post id and user id; a post's |
//! | Feed entry | `USER#u#FEED` | `ENTRY#number#author` | nothing more, ttl | a person's, the newest first |
//! | Message | `CONVERSATION#pair` | `MESSAGE#seq` | text, sender, times, revision | conversation id; in both directions from a seq |
//! | Revision | `CONVERSATION#pair` | `REVISION#n` | which message has it | conversation id, from a revision on |
//! | Last revision | `CONVERSATION#pair` | `REVISIONS` | its number | conversation id |
//! | Sent marker | `CONVERSATION#pair` | `SENT#u#clientId` | the seq, for ever | conversation, sender and client id |
//! | Membership | `USER#u` | `CONVERSATION#pair` | lastSeq, lastRevision, readSeq; in the index by `USER#u#CONVERSATIONS#<unread or read>` and `updatedAt#pair#seq` | both ids; a person's, the newest first, all or the unread |
//! | Connections | `USER#u` | `CONNECTIONS` | all of them with their sessions, when one last ended, ttl | user id |
//! | Notification | `USER#u#NOTIFICATIONS` | `NOTIFICATION#<type>#<object>#actor` | its id, and whether it is withdrawn, then ttl; unless it is, in the index by `USER#u#NOTIFICATIONS` and its id | its cause; a person's, the newest first |
//! | Seen marker | `USER#u` | `SEEN` | up to which notification they have seen them | user id |
//! | Ticket | `TICKET#hash` | `TICKET` | user, session, ttl | the ticket |
//! | Job | `JOB#id` | `JOB` | what is to be done and how far it is; in the index by `JOBS#n`, one of 16, and `due#id` | id; those that stand still |
//! | Idempotency key | `IDEMPOTENCY#u#hash` | `KEY` | what was made with it, a hash of what was asked for, ttl | user id and key |
//! | Limit | `LIMIT#rule#hash#window` | `LIMIT` | how many tries so far, ttl | rule and subject |
//!
//! Emails and addresses are hashed wherever they would be part of a key, since keys end up in
//! metrics and logs that DynamoDB itself keeps.

mod jobs;
mod notifications;

pub use jobs::{job, job_due, job_parts};
pub(crate) use notifications::{cause_at, notification, notification_in, notifications, post_about, seen};

use crate::accounts::{Email, Username};
use crate::chat::{ClientId, ConversationId, Seq};
use crate::clock::Timestamp;
use crate::ids::{CommentId, PostId, Secret, SessionId, UserId, digest};
use crate::posts::Visibility;

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

/// That somebody does not want somebody else to be suggested.
pub(crate) fn dismissal(user: UserId, peer: UserId) -> Key {
    of_user(user, format!("DISMISSED#{peer}"))
}

/// Where the index has those who are the same to somebody: their friends, or whom they block.
#[must_use]
pub fn relations(user: UserId, list: &str) -> String {
    format!("{}#{list}", partition(user))
}

/// All that ties and parts somebody and others, in the order of their ids.
#[must_use]
pub fn all_relations(user: UserId) -> Prefix {
    Prefix { pk: partition(user), sk: "RELATION#".into() }
}

/// Who stands at this sort key of such a list.
#[must_use]
pub fn peer_at(position: &str) -> Option<UserId> {
    position.split_once('#')?.1.parse().ok()
}

/// Where in such a list somebody is, who is in it since then.
#[must_use]
pub fn relation_in(user: UserId, list: &str, since: Timestamp, peer: UserId) -> IndexKey {
    IndexKey { pk: relations(user, list), sk: format!("{since}#{peer}") }
}

/// A post.
#[must_use]
pub fn post(id: PostId) -> Key {
    Key { pk: posts_partition(id.author), sk: format!("POST#{}", id.number()) }
}

/// All posts of somebody, in the order of time.
#[must_use]
pub fn posts(author: UserId) -> Prefix {
    Prefix { pk: posts_partition(author), sk: "POST#".into() }
}

/// Where the index has those of them with this visibility.
#[must_use]
pub fn posts_with(author: UserId, visibility: Visibility) -> String {
    format!("{}#{}", posts_partition(author), visibility.as_str())
}

/// Where in such a list a post is: at its number.
#[must_use]
pub fn post_with(id: PostId, visibility: Visibility) -> IndexKey {
    IndexKey { pk: posts_with(id.author, visibility), sk: id.number() }
}

/// How often a post was liked and commented on.
#[must_use]
pub fn counters(post: PostId) -> Key {
    Key { pk: about(post), sk: "COUNTERS".into() }
}

/// A comment on a post.
#[must_use]
pub fn comment(post: PostId, id: CommentId) -> Key {
    Key { pk: about(post), sk: format!("COMMENT#{id}") }
}

/// All comments on a post, in the order of time.
#[must_use]
pub fn comments(post: PostId) -> Prefix {
    Prefix { pk: about(post), sk: "COMMENT#".into() }
}

/// Where the index has a comment, among those of its author.
#[must_use]
pub fn comment_by(author: UserId, id: CommentId) -> IndexKey {
    IndexKey { pk: format!("{}#COMMENTS", partition(author)), sk: id.to_string() }
}

/// That somebody likes a post.
#[must_use]
pub fn like(post: PostId, user: UserId) -> Key {
    Key { pk: about(post), sk: format!("LIKE#{user}") }
}

/// All likes of a post.
#[must_use]
pub fn likes(post: PostId) -> Prefix {
    Prefix { pk: about(post), sk: "LIKE#".into() }
}

/// Where the index has a like, among those of whoever it is by.
#[must_use]
pub fn like_by(user: UserId, post: PostId) -> IndexKey {
    IndexKey { pk: format!("{}#LIKES", partition(user)), sk: post.to_string() }
}

/// That a post is in somebody's feed.
#[must_use]
pub fn feed_entry(reader: UserId, post: PostId) -> Key {
    Key { pk: feed_partition(reader), sk: format!("ENTRY#{}#{}", post.number(), post.author) }
}

/// Somebody's feed, in the order of time.
#[must_use]
pub fn feed(reader: UserId) -> Prefix {
    Prefix { pk: feed_partition(reader), sk: "ENTRY#".into() }
}

/// A message.
pub(crate) fn message(conversation: ConversationId, seq: Seq) -> Key {
    Key { pk: conversation_partition(conversation), sk: format!("MESSAGE#{:012}", seq.0) }
}

/// All messages of a conversation, in their order.
pub(crate) fn messages(conversation: ConversationId) -> Prefix {
    Prefix { pk: conversation_partition(conversation), sk: "MESSAGE#".into() }
}

/// Which message has a revision.
pub(crate) fn revision(conversation: ConversationId, number: u64) -> Key {
    Key { pk: conversation_partition(conversation), sk: format!("REVISION#{number:012}") }
}

/// All revisions of a conversation, in their order.
pub(crate) fn revisions(conversation: ConversationId) -> Prefix {
    Prefix { pk: conversation_partition(conversation), sk: "REVISION#".into() }
}

/// Which revision of a conversation is its last.
pub(crate) fn last_revision(conversation: ConversationId) -> Key {
    Key { pk: conversation_partition(conversation), sk: "REVISIONS".into() }
}

/// That somebody sent a message under a name of their own.
pub(crate) fn sent(conversation: ConversationId, sender: UserId, client_id: &ClientId) -> Key {
    let sk = format!("SENT#{sender}#{}", client_id.as_str());
    Key { pk: conversation_partition(conversation), sk }
}

/// That somebody has a conversation, and how far they are in it.
pub(crate) fn membership(user: UserId, conversation: ConversationId) -> Key {
    of_user(user, format!("CONVERSATION#{conversation}"))
}

/// Where the index has somebody's conversations: those that they have read, or have not.
pub(crate) fn memberships(user: UserId, unread: bool) -> String {
    format!("{}#CONVERSATIONS#{}", partition(user), if unread { "UNREAD" } else { "READ" })
}

/// Where in such a list a conversation is that was last changed then and has so many messages.
pub(crate) fn membership_in(
    user: UserId,
    unread: bool,
    (conversation, updated_at, last): (ConversationId, Timestamp, Seq),
) -> IndexKey {
    IndexKey { pk: memberships(user, unread), sk: format!("{updated_at}#{conversation}#{last}") }
}

/// Which conversation stands at this sort key of such a list, and which is its last message.
pub(crate) fn conversation_at(position: &str) -> Option<(ConversationId, Seq)> {
    let (conversation, last) = position.split_once('#')?.1.split_once('#')?;
    Some((conversation.parse().ok()?, last.parse().ok()?))
}

/// The sort key of [`connections`].
pub(crate) const CONNECTIONS: &str = "CONNECTIONS";

/// Somebody's connections to the WebSocket API.
pub(crate) fn connections(user: UserId) -> Key {
    of_user(user, CONNECTIONS.into())
}

/// A ticket to the WebSocket API.
pub(crate) fn ticket(secret: &Secret) -> Key {
    Key { pk: format!("TICKET#{}", digest(&[secret.as_bytes()])), sk: "TICKET".into() }
}

/// What somebody made with an idempotency key.
#[must_use]
pub fn idempotency(user: UserId, key: &str) -> Key {
    Key { pk: format!("IDEMPOTENCY#{user}#{}", digest(&[key.as_bytes()])), sk: "KEY".into() }
}

/// How often a subject (a digest) has used a rule's allowance in one window of time.
#[must_use]
pub fn limit(rule: &str, subject: &str, window: i64) -> Key {
    Key { pk: format!("LIMIT#{rule}#{subject}#{window}"), sk: "LIMIT".into() }
}

/// Whose partition this is, if it is one of what is somebody's own.
pub(crate) fn owner(pk: &str) -> Option<UserId> {
    pk.strip_prefix("USER#")?.parse().ok()
}

fn posts_partition(author: UserId) -> String {
    format!("{}#POSTS", partition(author))
}

fn feed_partition(reader: UserId) -> String {
    format!("{}#FEED", partition(reader))
}

fn about(post: PostId) -> String {
    format!("POST#{post}")
}

fn conversation_partition(conversation: ConversationId) -> String {
    format!("CONVERSATION#{conversation}")
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
