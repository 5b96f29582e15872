//! Tickets: what opens a connection to the WebSocket API, once.
//!
//! A browser cannot send a header with its handshake, and what is in a URL ends up in logs: so what
//! stands there is worth one connection within a minute, and not a session.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::session::{self, Identity};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{Secret, SessionId, UserId};
use crate::keys;
use crate::limits::{Limits, SOCKET_TICKET, Subject};
use crate::store::{Condition, Put, Update, Written};

/// For how long a ticket is good.
const VALID_FOR: Duration = Duration::from_mins(1);

/// A ticket: 32 random bytes in base64url. The table keeps only their digest.
#[derive(Clone, Debug)]
pub struct Ticket(Secret);

impl Ticket {
    /// Reads a ticket, if it can be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(Secret::from_bytes(bytes.try_into().ok()?)))
    }

    /// Its text: only ever for the one who asked for it.
    #[must_use]
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_bytes())
    }
}

/// The item at [`keys::ticket`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TicketItem {
    user_id: UserId,
    session_id: SessionId,
    expires_at: Timestamp,
}

/// A new ticket for a session that has not ended, and until when it is good. One round trip, 2 R,
/// 2 W.
///
/// The session is read itself, whatever the gateway remembers: this is how a client learns that it
/// has ended.
pub async fn issue(app: &App, viewer: Identity) -> Result<(Ticket, Timestamp)> {
    let ticket = Ticket(app.ids.secret());
    let expires_at = app.clock.now().after(VALID_FOR);
    let item = TicketItem { user_id: viewer.user, session_id: viewer.session, expires_at };
    let put = Put::new(&keys::ticket(&ticket.0), &item)?.expire_at(expires_at);
    let (id, limits) = (app.ids.write_id(), Limits::of(app));
    let (session, ..) = tokio::try_join!(
        session::load(app, viewer),
        app.store.put(put, &id),
        limits.take(SOCKET_TICKET, Subject::user(viewer.user)),
    )?;
    session.ok_or(Error::Unauthenticated)?;
    Ok((ticket, expires_at))
}

/// Whose ticket it is, once. One round trip, 1 W.
///
/// It is marked and not deleted: the repetition of a mark whose reply was lost finds its own write
/// id, where a deletion would find nothing. Of two who bring it at once, one gets in.
pub async fn redeem(app: &App, ticket: &Ticket) -> Result<Option<Identity>> {
    let update = Update::of(keys::ticket(&ticket.0)).set("uses", 1);
    let update = update.when(Condition::below_or_unset("uses", 1)?);
    let Written::Done(row) = app.store.update(update, &app.ids.write_id()).await? else { return Ok(None) };
    let item: TicketItem = row.read()?;
    let identity = Identity { user: item.user_id, session: item.session_id };
    Ok((app.clock.now() < item.expires_at).then_some(identity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_read_back_and_does_not_show() {
        let ticket = Ticket(Secret::from_bytes([65; 32]));
        assert_eq!(Ticket::parse(&ticket.reveal()).unwrap().0.as_bytes(), ticket.0.as_bytes());
        assert_eq!(format!("{ticket:?}"), "Ticket(Secret(…))");
        assert!(
            ["", "x", "%", &"A".repeat(42), &"A".repeat(44)].iter().all(|bad| Ticket::parse(bad).is_none())
        );
    }
}
