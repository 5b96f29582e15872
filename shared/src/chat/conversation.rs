//! A conversation as the API shows it: one, and a list.

use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::change::last_revision;
use super::membership::{Membership, State};
use super::message::MessageItem;
use super::{ConversationId, Message, Seq, last_message};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::friends::pair::Tie;
use crate::friends::sight::{Audience, can_see};
use crate::friends::{Edge, Slice};
use crate::ids::UserId;
use crate::keys;
use crate::merge::{Run, merge};
use crate::profiles::{ProfileItem, UserRef};
use crate::store::{Found, Within};

/// What somebody and somebody else say to each other.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// With whom.
    pub peer: UserRef,
    /// The last message, if there is one.
    #[schema(required)]
    pub last_message: Option<Message>,
    /// How many messages there are: the last one's seq.
    pub last_seq: Seq,
    /// How many changes there were: the last one's revision.
    pub last_revision: u64,
    /// Up to which message the viewer has read it.
    pub read_seq: Seq,
    /// Up to which the other one has, as far as they are friends, or were then.
    pub peer_read_seq: Seq,
    /// How many there are behind what the viewer has read.
    pub unread_count: u64,
    /// When something was last said, edited or deleted; before that, since when they are friends.
    pub updated_at: Timestamp,
}

/// A conversation of the viewer's. One round trip, 5 R.
///
/// With somebody who is no friend, and with whom there are no messages, there is none. Of how far it
/// is the messages themselves are asked, as the memberships follow them.
pub async fn by_id(app: &App, viewer: UserId, id: ConversationId) -> Result<Conversation> {
    let peer = id.peer_of(viewer).ok_or(Error::NotFound)?;
    let (deciding, decorating) = around(id, viewer, peer);
    let (found, last, last_revision) = tokio::try_join!(
        app.store.batch_get_both(&deciding, &decorating),
        last_message(app, id),
        last_revision(app, id),
    )?;
    let edge = Edge::or_blank(found.peek(&keys::relation(viewer, peer))?, viewer, peer);
    if last.is_none() && !edge.bond.are_friends() {
        return Err(Error::NotFound);
    }
    let known = State { last_revision, ..State::NOTHING };
    show(app, viewer, (id, peer), &found, last, [known, State::NOTHING])
}

/// The viewer's conversations, the one that last changed first, behind the position `after`. Two
/// round trips, 4 R for each and the index.
///
/// What they have read and what they have not stand apart in the index, so that the latter can be
/// counted; both are read at once. One that is marked as read between the two reads is in neither, and
/// nobody would be told of what was said in it before: so what they have read is read once more behind
/// both. (One that moves the other way has news, of which the stream tells.) The index also says which
/// message is the last one of each. Where it is behind the membership, and for what was found only
/// then, there is a third round trip.
pub async fn list(
    app: &App,
    viewer: UserId,
    after: Option<&str>,
    limit: usize,
) -> Result<Slice<Conversation>> {
    if after.is_some_and(|position| keys::conversation_at(position).is_none()) {
        return Err(Error::InvalidCursor);
    }
    let (unread, read) =
        tokio::try_join!(run(app, viewer, true, after, limit), run(app, viewer, false, after, limit))?;
    let mut runs = vec![unread, read];
    let first = listed(viewer, &merge(&runs, limit).0);
    let (mut found, read_since) =
        tokio::try_join!(look(app, viewer, &first), run(app, viewer, false, after, limit))?;
    runs.push(read_since);
    let (positions, next) = merge(&runs, limit);
    let listed = listed(viewer, &positions);
    let missed: Vec<_> = listed.iter().filter(|entry| !first.contains(entry)).copied().collect();
    if !missed.is_empty() {
        found.add(look(app, viewer, &missed).await?);
    }
    let mut newer = Vec::new();
    let mut lasts = Vec::new();
    for &(id, _, last) in &listed {
        let membership = found.peek::<Membership>(&keys::membership(viewer, id))?;
        let last = membership.map_or(last, |membership| membership.state.last_seq.max(last));
        let key = keys::message(id, last);
        if !found.has(&key) {
            newer.push(key.clone());
        }
        lasts.push(key);
    }
    if !newer.is_empty() {
        found.add(app.store.batch_get(&newer).await?);
    }
    let mut conversations = Vec::new();
    for (&(id, peer, _), last) in listed.iter().zip(lasts) {
        let last = found.take::<MessageItem>(&last)?;
        conversations.push(show(app, viewer, (id, peer), &found, last, [State::NOTHING; 2])?);
    }
    Ok((conversations, next))
}

/// A conversation as the index has it, with whom it is, and its last message.
type Entry = (ConversationId, UserId, Seq);

/// Which conversations these positions are of. One that has just been read, or has a new message, may
/// stand there twice.
fn listed(viewer: UserId, positions: &[String]) -> Vec<Entry> {
    let mut seen = HashSet::new();
    let listed = positions.iter().filter_map(|position| keys::conversation_at(position));
    let listed = listed.filter(|(id, _)| seen.insert(*id));
    listed.filter_map(|(id, last)| Some((id, id.peer_of(viewer)?, last))).collect()
}

/// What there is around conversations, and their last messages. One round trip, 4 R for each.
async fn look(app: &App, viewer: UserId, listed: &[Entry]) -> Result<Found> {
    let (mut deciding, mut decorating) = (Vec::new(), Vec::new());
    for &(id, peer, last) in listed {
        let (decides, decorates) = around(id, viewer, peer);
        deciding.extend(decides);
        deciding.push(keys::message(id, last));
        decorating.extend(decorates);
    }
    app.store.batch_get_both(&deciding, &decorating).await
}

/// Where the index has the viewer's newest conversations that they have read, or have not. One round
/// trip, 0.5 R.
async fn run(
    app: &App,
    viewer: UserId,
    unread: bool,
    after: Option<&str>,
    limit: usize,
) -> Result<Run<String>> {
    let partition = keys::memberships(viewer, unread);
    let page = app.store.query_index(&partition, Within::Below(after), limit).await?;
    Ok(Run { items: page.items.into_iter().map(|entry| entry.place.sk).collect(), more: page.more })
}

/// What is read around a conversation: what decides, and what only decorates it.
pub(super) fn around(id: ConversationId, viewer: UserId, peer: UserId) -> ([keys::Key; 2], [keys::Key; 2]) {
    let deciding = [keys::membership(viewer, id), keys::relation(viewer, peer)];
    (deciding, [keys::profile(peer), keys::membership(peer, id)])
}

/// The conversation as the viewer sees it, of what was read around it, its last message, and what is
/// known beside of how far the viewer and the other one are.
///
/// The memberships follow the messages: whoever sent the last one has read everything, even if their
/// membership does not say so yet.
pub(super) fn show(
    app: &App,
    viewer: UserId,
    (id, peer): (ConversationId, UserId),
    found: &Found,
    last: Option<MessageItem>,
    known: [State; 2],
) -> Result<Conversation> {
    let state = |user: UserId, known: State| -> Result<State> {
        let membership = found.peek::<Membership>(&keys::membership(user, id))?;
        let mut state = membership.map_or(known, |membership| membership.state.merged(known));
        if let Some(last) = last.as_ref().filter(|last| last.sender_id == user) {
            state.read_seq = state.read_seq.max(last.seq);
            state.told_seq = state.told_seq.max(last.seq);
        }
        Ok(state)
    };
    let (mut mine, theirs) = (state(viewer, known[0])?, state(peer, known[1])?);
    if let Some(last) = &last {
        mine.last_seq = mine.last_seq.max(last.seq);
        mine.last_revision = mine.last_revision.max(last.revision);
        mine.updated_at = mine.updated_at.max(last.changed_at());
    }
    let edge = Edge::or_blank(found.peek(&keys::relation(viewer, peer))?, viewer, peer);
    if let (None, Tie::Friends { since, .. }) = (&last, edge.bond.tie) {
        mine.updated_at = mine.updated_at.max(since);
    }
    let profile = found.peek::<ProfileItem>(&keys::profile(peer))?;
    let profile = profile.filter(|_| can_see(viewer, peer, &edge.bond, Audience::Profile));
    Ok(Conversation {
        id,
        peer: profile.map_or(UserRef::hidden(peer), |profile| profile.into_ref(app)),
        last_message: last.map(MessageItem::into_message),
        last_seq: mine.last_seq,
        last_revision: mine.last_revision,
        read_seq: mine.read_seq.min(mine.last_seq),
        peer_read_seq: theirs.told_seq.min(mine.last_seq),
        unread_count: mine.last_seq.0.saturating_sub(mine.read_seq.0),
        updated_at: mine.updated_at,
    })
}
