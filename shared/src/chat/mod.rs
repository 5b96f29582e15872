//! Chat: what friends say to each other.
//!
//! | file | what is in it |
//! |---|---|
//! | `ids.rs` | which conversation, which message, and what its sender calls it |
//! | `message.rs` | a message as an item, and as the API shows it |
//! | `send.rs` | sending: the one place, over HTTP and through a socket |
//! | `change.rs` | editing and deleting |
//! | `pace.rs` | how much of both is allowed |
//! | `membership.rs` | how far somebody is in a conversation, as an item |
//! | `read.rs` | moving one's read marker |
//! | `follow.rs` | bringing memberships up to date with what was written |
//! | `conversation.rs` | a conversation as the API shows it: one, and a list |
//! | `history.rs` | the messages of a conversation, page by page |
//! | `unread.rs` | how much there is to be looked at |
//! | `typing.rs` | that somebody is writing |
//!
//! What makes it right:
//! - A message is put where none is yet, at the seq behind the last one, together with the marker of
//!   its client id. So every seq is taken once and none is left out, and what is sent again, however
//!   much later, is found by its marker.
//! - A revision is the one behind the last, whose number is an item of its own. An edit takes the
//!   message's older revision away: what changed after a revision is a run of items, one a message.
//! - Whether the two are friends is a part of the condition under which a message is written, so
//!   none is written by a friendship that has ended.
//! - Who may read a conversation is said by its id: the two whose ids it is made of, for ever.
//! - Memberships follow the messages, and only ever forward, whatever order they are told of in.

mod change;
mod conversation;
mod follow;
mod history;
mod ids;
mod membership;
mod message;
mod pace;
mod read;
mod send;
mod typing;
mod unread;

pub use change::{delete, edit};
pub use conversation::{Conversation, by_id, list};
pub use follow::{News, follow, news_of};
pub use history::{History, Span, history};
pub use ids::{ClientId, ConversationId, MessageId, Seq, bound};
pub use message::Message;
pub use pace::Allowance;
pub use read::{ReadMarker, mark_read};
pub use send::{NewMessage, Sent, send};
pub use typing::typing;
pub use unread::{Unread, unread};

use std::time::Duration;

use crate::environment::{App, BadVariable, Environment};
use crate::error::{Error, Result};
use crate::friends::Edge;
use crate::friends::sight::{Audience, can_see};
use crate::ids::UserId;
use crate::keys;
use crate::profiles::ProfileItem;
use crate::push::Pushes;
use crate::store::Query;
use crate::text::text_type;
use message::MessageItem;

text_type! {
    /// What a message says: 1 to 4,000 characters, not blank, and at most 28 KiB as JSON.
    MessageText, framed 1..=4000, "Take some more tea."
}

/// How long somebody who takes the next seq or revision of a conversation tries: each is taken by one
/// of all who want it at once. The gateway waits 29 s, and what follows takes a moment.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long they pause at most before they try again: with twenty who write at once, somebody tries
/// every few milliseconds, and with longer pauses nobody would for much of the time.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// What the operations on conversations need.
#[derive(Clone, Debug)]
pub struct Chat {
    /// The table, time and ids.
    pub app: App,
    /// Whom to tell.
    pub pushes: Pushes,
    /// How much one may say.
    pub allowance: Allowance,
}

impl Chat {
    /// From an environment: `MESSAGES_PER_MINUTE` is the allowance.
    pub fn new(environment: &Environment) -> std::result::Result<Self, BadVariable> {
        let (app, pushes) = (App::new(environment)?, Pushes::new(environment)?);
        let allowance = Allowance(environment.variables.read("MESSAGES_PER_MINUTE")?);
        Ok(Self { app, pushes, allowance })
    }

    /// Opens the connections to storage and to the gateway, so that the first event need not wait.
    pub async fn warm_up(&self) {
        tokio::join!(self.app.store.warm_up(), self.pushes.warm_up());
    }
}

/// The last message of a conversation, read strongly. One round trip, 1 R.
async fn last_message(app: &App, conversation: ConversationId) -> Result<Option<MessageItem>> {
    let page = app.store.query(Query::last(&keys::messages(conversation), 1)).await?;
    Ok(page.items.into_iter().next())
}

/// What somebody who is no friend is told who wants to tell the other something. One round trip,
/// 2 R, if they have nothing from each other.
///
/// That there is a history says that both are there, or were. Otherwise it must not show that
/// somebody is there who blocks the viewer.
async fn not_friends(app: &App, edge: &Edge, has_history: bool) -> Result<Error> {
    if has_history {
        return Ok(Error::NotFriends);
    }
    let (viewer, peer) = (edge.user_id, edge.peer_id);
    let is_there = app.store.get::<ProfileItem>(&keys::profile(peer)).await?.is_some();
    let is_seen = is_there && can_see(viewer, peer, &edge.bond, Audience::Profile);
    Ok(if is_seen { Error::NotFriends } else { Error::NotFound })
}

/// Refuses a viewer for whom a conversation without messages is not there, as the two are no
/// friends. One round trip, 1 R.
async fn must_be_friends(app: &App, viewer: UserId, peer: UserId) -> Result<()> {
    let bond = crate::friends::bond(app, viewer, peer).await?;
    if bond.are_friends() { Ok(()) } else { Err(Error::NotFound) }
}
