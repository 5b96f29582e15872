//! Moving one's read marker.

use super::membership::{Membership, State};
use super::{Chat, ConversationId, Seq, last_message};
use crate::error::{Error, Result};
use crate::friends::Edge;
use crate::keys;
use crate::push::{Caller, Frame};
use crate::store::Written;
use crate::store::retry::Backoff;

/// Where somebody's marker is.
#[derive(Clone, Copy, Debug)]
pub struct ReadMarker {
    /// The last message they have read or sent.
    pub seq: Seq,
}

/// Moves the caller's marker up to a message, only ever forward, and tells both people's devices,
/// friends no more only one's own. Two round trips, 4 R, 1 W and one in the index, two if all is
/// read then.
///
/// Past the end means the end: the last message is read strongly. The membership may not be there
/// yet, as it follows the messages; then it is made here, and what comes behind finds it. It is
/// written only if nobody did since it was read; if not, all of it is looked at again.
pub async fn mark_read(
    chat: &Chat,
    caller: Caller<'_>,
    conversation: ConversationId,
    seq: Seq,
) -> Result<ReadMarker> {
    let app = &chat.app;
    let peer = conversation.peer_of(caller.user).ok_or(Error::NotFound)?;
    let (key, relation) = (keys::membership(caller.user, conversation), keys::relation(caller.user, peer));
    let deciding = [key.clone(), relation.clone()];
    let people = [caller.user, peer];
    let mut pause = Backoff::default();
    loop {
        let (mut found, last) =
            tokio::try_join!(caller.look(app, &deciding, &people), last_message(app, conversation))?;
        let edge = Edge::or_blank(found.take::<Edge>(&relation)?, caller.user, peer);
        let Some(last) = last else {
            let is_there = edge.bond.are_friends();
            return if is_there { Ok(ReadMarker { seq: Seq(0) }) } else { Err(Error::NotFound) };
        };
        let membership = Membership::or_blank(found.take(&key)?, caller.user, conversation);
        let own = if last.sender_id == caller.user { last.seq } else { Seq(0) };
        let (read_seq, are_friends) = (seq.min(last.seq).max(own), edge.bond.are_friends());
        let news = State {
            last_seq: last.seq,
            last_revision: last.revision,
            read_seq,
            told_seq: if are_friends { read_seq } else { own },
            updated_at: last.changed_at(),
        };
        let before = membership.state;
        let Some((state, put)) = membership.advance(news)? else {
            return Ok(ReadMarker { seq: before.read_seq });
        };
        let Written::Done(_) = app.store.put(put, &app.ids.write_id()).await? else {
            pause.wait("somebody else is at the same membership").await?;
            continue;
        };
        // What was read while they were no friends is told once they are again.
        let is_told_more = are_friends && state.told_seq > before.told_seq;
        if state.read_seq > before.read_seq || is_told_more {
            let (conversation_id, user_id) = (conversation, caller.user);
            let frame = Frame::Read { conversation_id, user_id, seq: state.read_seq };
            let told = if are_friends { &people[..] } else { &people[..1] };
            chat.pushes.tell(caller.told(app, &found, told)?, &frame).await;
        }
        return Ok(ReadMarker { seq: state.read_seq });
    }
}
