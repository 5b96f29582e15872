//! That somebody is writing.

use super::{Chat, ConversationId, last_message, not_friends};
use crate::error::{Error, Result};
use crate::friends::Edge;
use crate::ids::UserId;
use crate::keys;
use crate::push::{Caller, Frame};

/// Tells a friend's devices that the caller is writing. One round trip, 3 R. Nothing is kept.
pub async fn typing(chat: &Chat, caller: Caller<'_>, to: UserId) -> Result<()> {
    let app = &chat.app;
    let conversation = ConversationId::between(caller.user, to).ok_or(Error::NotFriends)?;
    let relation = keys::relation(caller.user, to);
    let mut found = caller.look(app, std::slice::from_ref(&relation), &[to]).await?;
    let edge = Edge::or_blank(found.take(&relation)?, caller.user, to);
    if !edge.bond.are_friends() {
        let has_history = last_message(app, conversation).await?.is_some();
        return Err(not_friends(app, &edge, has_history).await?);
    }
    let frame = Frame::Typing { conversation_id: conversation, user_id: caller.user };
    chat.pushes.tell(caller.told(app, &found, &[to])?, &frame).await;
    Ok(())
}
