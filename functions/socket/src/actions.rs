//! What people send through a connection, and what each is answered.

use shared::accounts::sockets;
use shared::chat::{self, Chat, ClientId, ConversationId, MessageText, NewMessage, Seq};
use shared::error::{Error, Result};
use shared::http::body::{Fields, FromFields, read_beside};
use shared::ids::UserId;
use shared::push::Caller;
use shared::text::Refusal;

use crate::reply::Reply;

/// The member that says which action it is: the gateway chooses the route by it.
pub(crate) const ACTION: &str = "action";

/// The action that is answered with nothing: an empty answer would be sent as one, so its route has
/// none, and what is wrong with it is pushed.
pub(crate) const TYPING: &str = "typing";

shared::request! {
    /// Sends a message to a friend. What is sent again under a `clientId` that was used before with them is
    /// answered with the message that was sent with it.
    pub(crate) struct Send {
        /// To whom: a friend.
        to: UserId,
        /// What the device calls the message: unique for its sender and the other one, for ever.
        client_id: ClientId,
        /// What to say: at most 28 KiB as JSON.
        text: MessageText,
    }
}

shared::request! {
    /// Tells a friend that one is writing to them. There is no answer, but an `error` if it is refused.
    pub(crate) struct Typing {
        /// To whom.
        to: UserId,
    }
}

shared::request! {
    /// Marks a conversation as read up to a message, and only ever forward.
    pub(crate) struct Read {
        /// Which conversation.
        conversation_id: ConversationId,
        /// Up to which message. Past the end means the end.
        seq: Seq,
    }
}

shared::request! {
    /// Keeps a connection on which nothing is said, and shows that it is alive.
    pub(crate) struct Ping {}
}

/// Does what a message asks for. The route is what the gateway read in it.
pub(crate) async fn take(chat: &Chat, caller: Caller<'_>, route: &str, body: &str) -> Result<Reply> {
    match route {
        "send" => {
            let Send { to, client_id, text } = parse(chat, caller, body).await?;
            let new = NewMessage { to, client_id: client_id.clone(), text };
            let sent = chat::send(chat, caller, &new).await?;
            Ok(Reply::Ack { client_id, message: sent.message })
        }
        TYPING => {
            let Typing { to } = parse(chat, caller, body).await?;
            chat::typing(chat, caller, to).await?;
            Ok(Reply::Nothing)
        }
        "read" => {
            let Read { conversation_id, seq } = parse(chat, caller, body).await?;
            let marker = chat::mark_read(chat, caller, conversation_id, seq).await?;
            Ok(Reply::Read { conversation_id, user_id: caller.user, seq: marker.seq })
        }
        "ping" => {
            let Ping {} = parse(chat, caller, body).await?;
            sockets::check(&chat.app, caller).await?;
            Ok(Reply::Pong { at: chat.app.clock.now() })
        }
        _ => {
            parse::<Anything>(chat, caller, body).await?;
            sockets::check(&chat.app, caller).await?;
            Err(Error::invalid(format!("/{ACTION}"), Refusal::new("must be send, typing, read or ping")))
        }
    }
}

/// What nobody knows.
struct Anything;

impl FromFields for Anything {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        fields.ignore_the_rest();
        Some(Self)
    }
}

/// Reads a message. Whoever may not say anything any more, is not told either what they said wrong.
async fn parse<T: FromFields>(chat: &Chat, caller: Caller<'_>, body: &str) -> Result<T> {
    match read_beside(body.as_bytes(), ACTION) {
        Ok(value) => Ok(value),
        Err(error) => {
            sockets::check(&chat.app, caller).await?;
            Err(error)
        }
    }
}
