//! Editing and deleting a message.

use super::message::{LastRevision, MessageItem, RevisionItem};
use super::{Chat, ConversationId, LONGEST_PAUSE, Message, MessageText, PATIENCE, Seq, not_friends};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::friends::Edge;
use crate::ids::UserId;
use crate::keys;
use crate::push::{Caller, Frame};
use crate::store::retry::Backoff;
use crate::store::{Put, Request, Transaction};

/// What is to become of a message.
#[derive(Debug)]
enum Change {
    Edit(MessageText),
    Delete,
}

/// Lets one's own message say something else, and tells both people's devices. Two round trips, 4 R,
/// 8 W, from the second time on 10 W.
///
/// Only among friends, like sending: it is one more way to say something. What says that already is
/// not changed.
pub async fn edit(
    chat: &Chat,
    viewer: UserId,
    conversation: ConversationId,
    seq: Seq,
    text: MessageText,
) -> Result<Message> {
    let change = change(chat, viewer, (conversation, seq), Change::Edit(text));
    Request::current_or_start().lasting(PATIENCE).scope(change).await
}

/// Takes back one's own message, of which a tombstone is left, and tells both people's devices. Two
/// round trips, 4 R, 6 W, and 8 W if it was edited. Doing so again changes nothing.
///
/// Also when they are friends no more: what one has said is one's own.
pub async fn delete(chat: &Chat, viewer: UserId, conversation: ConversationId, seq: Seq) -> Result<()> {
    let change = change(chat, viewer, (conversation, seq), Change::Delete);
    Request::current_or_start().lasting(PATIENCE).scope(change).await.map(drop)
}

/// Makes the change with the conversation's next revision.
///
/// One transaction of the message, its revision, and which one is the last, which holds only if nobody
/// wrote the message or took a revision since they were read; if not, all of it is looked at again.
/// The message's older revision goes with it, so that each message has one at most. (So the revisions
/// that are there do not tell which were taken: the number of the last one is an item of its own.)
async fn change(
    chat: &Chat,
    viewer: UserId,
    (conversation, seq): (ConversationId, Seq),
    change: Change,
) -> Result<Message> {
    let app = &chat.app;
    let peer = conversation.peer_of(viewer).ok_or(Error::NotFound)?;
    let (key, relation) = (keys::message(conversation, seq), keys::relation(viewer, peer));
    let last = keys::last_revision(conversation);
    let keys = [key.clone(), relation.clone(), last.clone()];
    let (caller, people) = (Caller::over_http(viewer), conversation.people());
    let mut pause = Backoff::up_to(LONGEST_PAUSE);
    loop {
        let mut found = caller.look(app, &keys, &people).await?;
        let item = found.take::<MessageItem>(&key)?.ok_or(Error::NotFound)?;
        let edge = Edge::or_blank(found.take(&relation)?, viewer, peer);
        if item.sender_id != viewer {
            return Err(Error::NotYours);
        }
        // What is so already is not changed, and takes nothing.
        match &change {
            Change::Delete if item.text.is_none() => return Ok(item.into_message()),
            Change::Edit(_) if item.text.is_none() => return Err(Error::NotFound),
            Change::Edit(_) if !edge.bond.are_friends() => return Err(not_friends(app, &edge, true).await?),
            Change::Edit(text) if item.text.as_ref() == Some(text) => return Ok(item.into_message()),
            Change::Delete | Change::Edit(_) => {}
        }
        let (mut changed, now) = (item.clone(), app.clock.now());
        let last = found.take::<LastRevision>(&last)?.unwrap_or_default();
        let (revision, taken) = last.next(chat.allowance, (conversation, viewer), now)?;
        changed.revision = revision;
        let mut transaction = Transaction::new(app.ids.write_id()).put(taken);
        match &change {
            Change::Delete => (changed.text, changed.deleted_at) = (None, Some(now)),
            Change::Edit(text) => {
                (changed.text, changed.edited_at) = (Some(text.clone()), Some(now));
                transaction = transaction.check(relation.clone(), edge.unchanged());
            }
        }
        let listed = Put::new(&keys::revision(conversation, revision), &RevisionItem { revision, seq })?;
        transaction = transaction.put(changed.put()?.when(item.unchanged())).put(listed);
        if item.revision > 0 {
            transaction = transaction.delete(keys::revision(conversation, item.revision));
        }
        if app.store.transact(transaction).await?.is_ok() {
            let message = changed.into_message();
            let frame = match change {
                Change::Edit(_) => Frame::MessageEdited { message: &message },
                Change::Delete => Frame::MessageDeleted { message: &message },
            };
            chat.pushes.tell(caller.told(app, &found, &people)?, &frame).await;
            return Ok(message);
        }
        pause.wait("others change the same conversation").await?;
    }
}

/// The last revision of a conversation, read strongly; 0 if it has none. One round trip, 1 R.
pub(super) async fn last_revision(app: &App, conversation: ConversationId) -> Result<u64> {
    let last = app.store.get::<LastRevision>(&keys::last_revision(conversation)).await?;
    Ok(last.map_or(0, |last| last.revision))
}
