//! Sending: the one place, over HTTP and through a socket.

use serde::{Deserialize, Serialize};

use super::message::MessageItem;
use super::{
    Chat, ClientId, ConversationId, LONGEST_PAUSE, Message, MessageText, PATIENCE, Seq, last_message,
    not_friends,
};
use crate::error::{Error, Result};
use crate::friends::Edge;
use crate::ids::UserId;
use crate::keys;
use crate::push::{Caller, Frame};
use crate::store::retry::Backoff;
use crate::store::{Put, Request, Transaction};

/// What somebody wants to say.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// To whom.
    pub to: UserId,
    /// What their device calls it.
    pub client_id: ClientId,
    /// What.
    pub text: MessageText,
}

/// A message that was sent, now or before.
#[derive(Clone, Debug)]
pub struct Sent {
    /// It, as it is now.
    pub message: Message,
    /// Whether it was sent now.
    pub is_new: bool,
}

/// The item at [`keys::sent`].
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    seq: Seq,
}

/// What became of a try to write a message behind the last one.
enum Outcome {
    Sent(MessageItem),
    /// It was sent before.
    Known(Marker),
    /// All must be looked at again.
    Changed,
}

/// How often others may be faster before all is looked at again.
const TRIES: usize = 8;

/// Sends a message to a friend and tells both people's other devices. Two round trips, 4 R, through
/// a socket 5 R, 6 W; then the pushes, 250 ms at most.
///
/// A client id that its sender used before in the conversation answers what was sent with it, as it
/// is now, whatever else has become of the two: whoever lost an answer gets it. That is decided
/// before anything else.
///
/// Message and marker are one transaction, which holds only if the seq behind the last one is free
/// still, the client id is, and the two are friends still; if not, all of it is looked at again. So
/// of many who write at once one takes each seq, and the others the ones behind it; a repetition
/// after a lost reply is made once, by the transaction's token or by the marker. After a crash
/// behind the write nobody was told, but for what the stream brings about.
///
/// What is looked at is not of one moment: the first try of a message may be written behind the look for
/// its marker, and before that at the relation or at the pace. So a refusal is final only if the
/// marker is not there behind it: one round trip more, 1 R.
pub async fn send(chat: &Chat, caller: Caller<'_>, new: &NewMessage) -> Result<Sent> {
    // Nobody is a friend of their own.
    let conversation = ConversationId::between(caller.user, new.to).ok_or(Error::NotFriends)?;
    let sending = async {
        let refusal = match persist_and_tell(chat, caller, conversation, new).await {
            Err(refusal @ (Error::NotFriends | Error::NotFound | Error::RateLimited(_))) => refusal,
            sent => return sent,
        };
        let marker = keys::sent(conversation, caller.user, &new.client_id);
        match chat.app.store.get::<Marker>(&marker).await? {
            Some(known) => original(chat, conversation, known).await,
            None => Err(refusal),
        }
    };
    Request::current_or_start().lasting(PATIENCE).scope(sending).await
}

async fn persist_and_tell(
    chat: &Chat,
    caller: Caller<'_>,
    conversation: ConversationId,
    new: &NewMessage,
) -> Result<Sent> {
    let app = &chat.app;
    let (marker, relation) =
        (keys::sent(conversation, caller.user, &new.client_id), keys::relation(caller.user, new.to));
    let deciding = [marker.clone(), relation.clone()];
    let people = [caller.user, new.to];
    let mut pause = Backoff::up_to(LONGEST_PAUSE);
    loop {
        let (mut found, last) =
            tokio::try_join!(caller.look(app, &deciding, &people), last_message(app, conversation))?;
        if let Some(known) = found.take::<Marker>(&marker)? {
            return original(chat, conversation, known).await;
        }
        let edge = Edge::or_blank(found.take(&relation)?, caller.user, new.to);
        if !edge.bond.are_friends() {
            return Err(not_friends(app, &edge, last.is_some()).await?);
        }
        match persist(chat, (conversation, &edge), new, last, &mut pause).await? {
            Outcome::Sent(item) => {
                let message = item.into_message();
                let frame = Frame::Message { message: &message };
                chat.pushes.tell(caller.told(app, &found, &people)?, &frame).await;
                return Ok(Sent { message, is_new: true });
            }
            Outcome::Known(marker) => return original(chat, conversation, marker).await,
            Outcome::Changed => pause.wait("others write to the same conversation").await?,
        }
    }
}

/// Writes a message behind the last one. Whoever finds another one there goes on behind that one, at
/// once the first time, as most often there are two who write at once; and then behind the last one
/// that is there after a pause.
async fn persist(
    chat: &Chat,
    (conversation, edge): (ConversationId, &Edge),
    new: &NewMessage,
    mut last: Option<MessageItem>,
    pause: &mut Backoff,
) -> Result<Outcome> {
    let (app, sender) = (&chat.app, edge.user_id);
    let (marker, relation) =
        (keys::sent(conversation, sender, &new.client_id), keys::relation(sender, edge.peer_id));
    for tries in 1..=TRIES {
        let now = app.clock.now();
        let before = last.as_ref().map(|last| last.pace);
        let pace = chat.allowance.take(before, (conversation, sender), now)?;
        let seq = last.map_or(Seq(1), |last| last.seq.next());
        let said = (sender, new.client_id.clone(), new.text.clone());
        let item = MessageItem::new(conversation, seq, said, (now, pace));
        let transaction = Transaction::new(app.ids.write_id())
            .put(Put::new(&marker, &Marker { seq })?.if_absent())
            .put(item.put()?.if_absent())
            .check(relation.clone(), edge.unchanged());
        let Err(mut refusals) = app.store.transact(transaction).await? else {
            return Ok(Outcome::Sent(item));
        };
        // Another try of the same message was faster.
        if let Some(row) = refusals.item(0) {
            return Ok(Outcome::Known(row.read()?));
        }
        let Some(other) = refusals.item(1).filter(|_| !refusals.of(2)) else { break };
        last = if tries == 1 {
            Some(other.read()?)
        } else {
            pause.wait("others write to the same conversation").await?;
            last_message(app, conversation).await?
        };
    }
    Ok(Outcome::Changed)
}

/// What was sent under a client id before, as it is now. One round trip, 1 R.
async fn original(chat: &Chat, conversation: ConversationId, marker: Marker) -> Result<Sent> {
    let item = chat.app.store.get::<MessageItem>(&keys::message(conversation, marker.seq)).await?;
    let item = item.ok_or_else(|| Error::internal("a marker has no message"))?;
    Ok(Sent { message: item.into_message(), is_new: false })
}
