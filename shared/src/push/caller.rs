//! Who asks for something, and who is told of it.

use super::{Connection, ConnectionId, Connections};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::keys::{self, Key};
use crate::store::Found;

/// Who asks for something, and through which connection, if through one.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The person.
    pub user: UserId,
    /// Their connection to the WebSocket API; none over HTTP.
    pub connection: Option<&'a ConnectionId>,
}

impl Caller<'_> {
    /// Somebody who asks over HTTP.
    #[must_use]
    pub const fn over_http(user: UserId) -> Self {
        Self { user, connection: None }
    }

    /// Reads what decides, strongly, and the connections of those who are to be told; refuses a caller
    /// who asks through a connection that is not known, or over, as its session has ended: the gateway
    /// itself asks nobody again once a connection is open. One round trip, 1 R for each key; 0.5 R for
    /// each of the people over HTTP, and 1 R through a connection, whose own item decides as well.
    ///
    /// Whom to tell may be a moment old: whoever has only just connected looks at what there is by
    /// itself.
    pub(crate) async fn look(&self, app: &App, deciding: &[Key], people: &[UserId]) -> Result<Found> {
        let connections = people.iter().copied().map(keys::connections);
        let Some(id) = self.connection else {
            return app.store.batch_get_both(deciding, &connections.collect::<Vec<_>>()).await;
        };
        let mut all = deciding.to_vec();
        all.push(keys::connections(self.user));
        all.extend(connections);
        let found = app.store.batch_get(&all).await?;
        match Connections::of(self.user, &found)?.find(id, app.clock.now()) {
            Some(_) => Ok(found),
            None => Err(Error::Unauthenticated),
        }
    }

    /// The connections of these people that are told, of what [`look`](Self::look) found: all but the
    /// one through which it is asked.
    pub(crate) fn told(&self, app: &App, found: &Found, people: &[UserId]) -> Result<Vec<Connection>> {
        let now = app.clock.now();
        let mut told = Vec::new();
        for &user in people {
            let open = Connections::of(user, found)?.open(now).into_iter();
            told.extend(open.filter(|other| Some(&other.connection_id) != self.connection));
        }
        Ok(told)
    }
}
