//! Bringing memberships up to date with what was written, as the table's stream tells of it.

use std::collections::HashMap;

use futures_util::future::try_join_all;

use super::conversation::{around, show};
use super::membership::{Membership, State};
use super::message::MessageItem;
use super::{Chat, ConversationId, Seq};
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::jobs::Change;
use crate::keys::{self, Key};
use crate::push::{self, Connection, Delivery, Frame};
use crate::store::retry::Backoff;
use crate::store::{Found, Written};

/// What was written in some conversations, for each of their people.
///
/// Of many changes of a conversation only how far they came is kept: so however much is said, each
/// membership is written once for all that is told at once.
#[derive(Debug, Default)]
pub struct News(HashMap<(ConversationId, UserId), State>);

impl News {
    /// Takes in others.
    pub fn add(&mut self, others: Self) {
        for (whose, state) in others.0 {
            let known = self.0.entry(whose).or_insert(State::NOTHING);
            *known = known.merged(state);
        }
    }
}

/// What a change of the table says, if it is one of a message.
pub fn news_of(change: &Change) -> Result<News> {
    let image = change.new.as_ref().filter(|_| change.sort_key.starts_with("MESSAGE#"));
    let Some(image) = image else { return Ok(News::default()) };
    let item: MessageItem = serde_dynamo::from_item(image.clone()).map_err(Error::internal)?;
    let news = item.conversation_id.people().map(|user| {
        let read_seq = if user == item.sender_id { item.seq } else { Seq(0) };
        let (last_seq, last_revision, updated_at) = (item.seq, item.revision, item.changed_at());
        ((item.conversation_id, user), State { last_seq, last_revision, read_seq, updated_at })
    });
    Ok(News(news.into()))
}

/// Brings memberships up to date, and tells each person's devices how their conversation is now.
/// Two round trips, 5.5 R and 1 W with two in the index for each; and the pushes, 250 ms at most.
///
/// It may be told of anything twice, and in any order: a membership only ever comes forward. What is
/// told twice is pushed twice, as the first time may have been cut short before it. Whoever was
/// listing their conversations while a message came, and had not connected before, hears of it here.
pub async fn follow(chat: &Chat, news: News) -> Result<()> {
    if news.0.is_empty() {
        return Ok(());
    }
    let app = &chat.app;
    let mut users: Vec<_> = news.0.keys().map(|(_, user)| *user).collect();
    users.sort_unstable();
    users.dedup();
    let (found, connections) = tokio::try_join!(read(chat, &news), push::of(app, &users))?;
    let mut by_user: HashMap<UserId, Vec<Connection>> = HashMap::new();
    for connection in connections {
        by_user.entry(connection.user_id).or_default().push(connection);
    }
    let brought = news.0.iter().map(async |(&(id, user), &state)| {
        let connections = by_user.get(&user).map(Vec::as_slice).unwrap_or_default();
        bring(chat, &found, (id, user), state, connections).await
    });
    let deliveries = try_join_all(brought).await?;
    chat.pushes.deliver(deliveries.into_iter().flatten().collect()).await;
    Ok(())
}

/// All that is to be known of these conversations. One round trip.
async fn read(chat: &Chat, news: &News) -> Result<Found> {
    let (mut deciding, mut decorating): (Vec<Key>, Vec<Key>) = (Vec::new(), Vec::new());
    for (&(id, user), state) in &news.0 {
        let Some(peer) = id.peer_of(user) else { continue };
        let (decides, decorates) = around(id, user, peer);
        deciding.extend(decides);
        deciding.push(keys::message(id, state.last_seq));
        decorating.push(decorates[0].clone());
    }
    chat.app.store.batch_get_both(&deciding, &decorating).await
}

/// Brings one membership forward; answers what its owner's devices are to be told.
async fn bring(
    chat: &Chat,
    found: &Found,
    (id, user): (ConversationId, UserId),
    news: State,
    connections: &[Connection],
) -> Result<Vec<Delivery>> {
    let app = &chat.app;
    // Whose account is gone, erasure and all, has no conversations any more.
    let Some(peer) = id.peer_of(user).filter(|_| found.has(&keys::profile(user))) else {
        return Ok(Vec::new());
    };
    let key = keys::membership(user, id);
    let mut known = found.peek::<Membership>(&key)?;
    let mut pause = Backoff::default();
    let state = loop {
        let membership = Membership::or_blank(known, user, id);
        let Some((state, put)) = membership.advance(news)? else { break membership.state };
        match app.store.put(put, &app.ids.write_id()).await? {
            Written::Done(_) => break state,
            Written::Refused(Some(row)) => known = Some(row.read()?),
            Written::Refused(None) => known = None,
        }
        pause.wait("somebody else is at the same membership").await?;
    };
    if connections.is_empty() {
        return Ok(Vec::new());
    }
    let mut last = found.peek::<MessageItem>(&keys::message(id, news.last_seq))?;
    if state.last_seq > news.last_seq {
        last = app.store.get(&keys::message(id, state.last_seq)).await?;
    }
    let conversation = show(app, user, (id, peer), found, last, state)?;
    let text = Frame::Conversation { conversation: &conversation }.text();
    Ok(connections.iter().map(|connection| (connection.clone(), text.clone())).collect())
}
