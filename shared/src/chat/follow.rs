//! Bringing memberships up to date with what was written, as the table's stream tells of it.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use futures_util::future::try_join_all;

use super::conversation::{around, show};
use super::membership::{Membership, State};
use super::message::MessageItem;
use super::{ConversationId, Seq};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::jobs::Change;
use crate::keys::{self, Key};
use crate::push::{self, Delivery, Frame, Pushes};
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
        let state = State { last_seq, last_revision, read_seq, told_seq: read_seq, updated_at };
        ((item.conversation_id, user), state)
    });
    Ok(News(news.into()))
}

/// Brings memberships up to date, and tells each person's devices how their conversation is now.
/// Three round trips, 4.5 R and 1 W with two in the index for each; and the pushes, a second at most for each 200.
///
/// It may be told of anything twice, and in any order: a membership only ever comes forward. What is
/// told twice is pushed twice, as the first time may have been cut short before it.
///
/// Who is connected is looked for behind the writes, and strongly: so whoever was listing their
/// conversations while a message came either finds the membership as it is now, or had connected
/// before it was written, and hears of it here.
pub async fn follow(app: &App, pushes: &Pushes, news: News) -> Result<()> {
    if news.0.is_empty() {
        return Ok(());
    }
    let found = read(app, &news).await?;
    let brought = news.0.iter().map(async |(&whose, &state)| bring(app, &found, whose, state).await);
    let states: HashMap<_, _> = try_join_all(brought).await?.into_iter().flatten().collect();

    let users: HashSet<UserId> = states.keys().map(|(_, user)| *user).collect();
    let connections = push::of_now(app, users).await?;
    let told = states.keys().filter(|(_, user)| !connections[user].is_empty());
    let deliveries = try_join_all(told.map(async |&(id, user)| {
        let text = news_text(app, &found, (id, user), &states).await?;
        let to_each = connections[&user].iter().map(|connection| (connection.clone(), text.clone()));
        Ok::<Vec<Delivery>, Error>(to_each.collect())
    }))
    .await?;
    pushes.deliver(deliveries.into_iter().flatten().collect()).await;
    Ok(())
}

/// All that is to be known of these conversations: there is news of each for both of its people. One
/// round trip.
async fn read(app: &App, news: &News) -> Result<Found> {
    let mut keys: Vec<Key> = Vec::new();
    for (&(id, user), state) in &news.0 {
        let Some(peer) = id.peer_of(user) else { continue };
        let (deciding, _) = around(id, user, peer);
        keys.extend(deciding);
        keys.extend([keys::profile(user), keys::message(id, state.last_seq)]);
    }
    app.store.batch_get(&keys).await
}

/// Brings one membership forward; answers how far it is then. Nothing, if whose it is is no more.
async fn bring(
    app: &App,
    found: &Found,
    (id, user): (ConversationId, UserId),
    news: State,
) -> Result<Option<((ConversationId, UserId), State)>> {
    // Whose account is gone, erasure and all, has no conversations any more.
    if !found.has(&keys::profile(user)) {
        return Ok(None);
    }
    let mut known = found.peek::<Membership>(&keys::membership(user, id))?;
    let mut pause = Backoff::default();
    loop {
        let membership = Membership::or_blank(known, user, id);
        let Some((state, put)) = membership.advance(news)? else {
            return Ok(Some(((id, user), membership.state)));
        };
        match app.store.put(put, &app.ids.write_id()).await? {
            Written::Done(_) => return Ok(Some(((id, user), state))),
            Written::Refused(Some(row)) => known = Some(row.read()?),
            Written::Refused(None) => known = None,
        }
        pause.wait("somebody else is at the same membership").await?;
    }
}

/// What somebody's devices are told of a conversation, of which the states are known that they and the
/// other one have come to.
async fn news_text(
    app: &App,
    found: &Found,
    (id, user): (ConversationId, UserId),
    states: &HashMap<(ConversationId, UserId), State>,
) -> Result<Bytes> {
    let peer = id.peer_of(user).ok_or_else(|| Error::internal("a membership is of neither of the two"))?;
    let state = |whose| states.get(&(id, whose)).copied().unwrap_or(State::NOTHING);
    let known = [state(user), state(peer)];
    let key = keys::message(id, known[0].last_seq);
    let last = match found.peek::<MessageItem>(&key)? {
        Some(last) => Some(last),
        // Others brought it further.
        None => app.store.get(&key).await?,
    };
    let conversation = show(app, user, (id, peer), found, last, known)?;
    Ok(Frame::Conversation { conversation: &conversation }.text())
}
