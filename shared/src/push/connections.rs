//! All of somebody's connections as one item.
//!
//! One item a person, so that whoever has something to tell two people, or fifty, reads whom to tell
//! with everything else that decides, in one batch. Whoever changes it writes all of it, and only if
//! nobody did since they read it. What changes it is rare beside what reads it: a connection that
//! comes or goes.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Connection, ConnectionId};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::Result;
use crate::ids::{UserId, WriteId};
use crate::keys;
use crate::store::retry::Backoff;
use crate::store::{Condition, Found, Put, Written};

/// The most connections of one person: the item is read with every message, some 200 bytes for each.
/// When another one is made, the oldest is closed, or one whose session has ended.
const MOST: usize = 100;

/// How long it is remembered when somebody was last connected.
const REMEMBERED: Duration = Duration::from_hours(90 * 24);

/// The item at [`keys::connections`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connections {
    /// Whose.
    user_id: UserId,
    /// Each of them, the oldest first. Those whose time is over count as absent, until a change of
    /// the item leaves them out.
    known: Vec<Connection>,
    /// When one last ended, if that is known.
    #[serde(default)]
    last_seen_at: Option<Timestamp>,
    /// Which write made it so.
    #[serde(default, skip_serializing)]
    write_id: Option<WriteId>,
}

impl Connections {
    /// What was found of somebody's, in a batch that asked for [`keys::connections`].
    pub(crate) fn of(user: UserId, found: &Found) -> Result<Self> {
        Ok(Self::or_none(user, found.peek(&keys::connections(user))?))
    }

    /// The same, read by itself and strongly: whoever has connected before this began is among them.
    /// One round trip, 1 R.
    pub(crate) async fn read(app: &App, user: UserId) -> Result<Self> {
        Ok(Self::or_none(user, app.store.get(&keys::connections(user)).await?))
    }

    fn or_none(user_id: UserId, found: Option<Self>) -> Self {
        found.unwrap_or(Self { user_id, known: Vec::new(), last_seen_at: None, write_id: None })
    }

    /// Those that are told of something, the newest first.
    pub(crate) fn open(&self, now: Timestamp) -> Vec<Connection> {
        let mut open: Vec<_> =
            self.unexpired(now).filter(|connection| !connection.is_over).cloned().collect();
        open.sort_by_key(|connection| Reverse(connection.connected_at));
        open
    }

    /// Whether there is one that is told of something.
    pub(crate) fn is_online(&self, now: Timestamp) -> bool {
        self.unexpired(now).any(|connection| !connection.is_over)
    }

    /// When one last ended, or was made, if nobody heard how it ended.
    pub(crate) fn last_seen_at(&self) -> Option<Timestamp> {
        self.newest().max(self.last_seen_at)
    }

    /// Those whose time is not over, also if their sessions have ended.
    pub(crate) fn unexpired(&self, now: Timestamp) -> impl Iterator<Item = &Connection> {
        self.known.iter().filter(move |connection| !connection.has_expired(now))
    }

    /// The one of this name, unless it is over.
    pub(crate) fn find(&self, id: &ConnectionId, now: Timestamp) -> Option<&Connection> {
        self.unexpired(now).find(|connection| connection.connection_id == *id && !connection.is_over)
    }

    /// Adds one; answers which are too many with it.
    pub(crate) fn add(&mut self, connection: Connection) -> Vec<Connection> {
        self.forget_expired(connection.connected_at);
        let mut surplus = Vec::new();
        while self.known.len() >= MOST {
            let place = self.known.iter().position(|known| known.is_over).unwrap_or(0);
            surplus.push(self.known.remove(place));
        }
        self.known.push(connection);
        surplus
    }

    /// When the newest was made, if there is one.
    pub(crate) fn newest(&self) -> Option<Timestamp> {
        self.known.iter().map(|connection| connection.connected_at).max()
    }

    /// Takes some away, which ended then, if that is known; answers whether there were any.
    fn remove(&mut self, ids: &[ConnectionId], ended_at: Option<Timestamp>) -> bool {
        let is_named = |connection: &Connection| ids.contains(&connection.connection_id);
        let (gone, kept): (Vec<_>, Vec<_>) = self.known.drain(..).partition(is_named);
        self.known = kept;
        let has_changed = !gone.is_empty();
        self.leave(&gone, ended_at.filter(|_| has_changed));
        has_changed
    }

    /// Keeps when somebody was last seen, of connections that are left out: they were when these were
    /// made, and when they ended, if that is known.
    fn leave(&mut self, gone: &[Connection], ended_at: Option<Timestamp>) {
        let made = gone.iter().map(|connection| connection.connected_at);
        self.last_seen_at = made.chain(ended_at).chain(self.last_seen_at).max();
    }

    /// Notes of some that they are over; answers those of which nobody had.
    fn end(&mut self, ids: &[ConnectionId]) -> Vec<Connection> {
        let mut ended = Vec::new();
        for connection in &mut self.known {
            if ids.contains(&connection.connection_id) && !connection.is_over {
                connection.is_over = true;
                ended.push(connection.clone());
            }
        }
        ended
    }

    /// Leaves out those whose time is over.
    fn forget_expired(&mut self, now: Timestamp) {
        let (expired, kept): (Vec<_>, Vec<_>) =
            self.known.drain(..).partition(|connection| connection.has_expired(now));
        self.known = kept;
        self.leave(&expired, None);
    }

    /// The write that makes it so, unless somebody else wrote it since it was read.
    pub(crate) fn put(&self, now: Timestamp) -> Result<Put> {
        let unchanged = self.write_id.clone().map_or(Condition::AbsentOrExpired(now), Condition::WrittenBy);
        Ok(Put::new(&keys::connections(self.user_id), self)?.when(unchanged).expire_at(now.after(REMEMBERED)))
    }
}

/// The connections on which these people are told of something, read strongly: whoever has connected
/// before this began is told. One round trip, 1 R for each.
pub(crate) async fn of_now(
    app: &App,
    users: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, Vec<Connection>>> {
    let users: Vec<_> = users.into_iter().collect();
    let keys: Vec<_> = users.iter().copied().map(keys::connections).collect();
    let found = app.store.batch_get(&keys).await?;
    let now = app.clock.now();
    users.into_iter().map(|user| Ok((user, Connections::of(user, &found)?.open(now)))).collect()
}

/// Forgets some of somebody's connections that have just been closed; they may be forgotten already. One
/// round trip, 1 W, if nobody wrote the item since it was read.
pub(crate) async fn forget(app: &App, of: Connections, ids: &[ConnectionId]) -> Result<()> {
    change(app, of, |connections, now| ((), connections.remove(ids, Some(now)))).await.map(drop)
}

/// The same with some of which it was not heard when they ended. Two round trips, 1 R, 1 W.
pub(crate) async fn forget_gone(app: &App, user: UserId, ids: &[ConnectionId]) -> Result<()> {
    let of = Connections::read(app, user).await?;
    change(app, of, |connections, _| ((), connections.remove(ids, None))).await.map(drop)
}

/// Notes of some of somebody's connections that they are over; answers how all of them are then, and
/// those of which nobody had noted it. One round trip, 1 W, if nobody wrote the item since it was read.
///
/// Of many who do so at once one notes each. When a reply is lost, and somebody else writes the item
/// before it is asked for again, nobody may believe to have noted it: it stands there as over then,
/// and whoever looks at it next finishes it.
pub(super) async fn end(
    app: &App,
    of: Connections,
    ids: &[ConnectionId],
) -> Result<(Connections, Vec<Connection>)> {
    change(app, of, |connections, _| {
        let ended = connections.end(ids);
        let has_changed = !ended.is_empty();
        (ended, has_changed)
    })
    .await
}

/// Changes somebody's connections. The change says whether there was anything to be changed; it is made
/// again, of what is there then, if somebody else wrote them since they were read.
async fn change<T>(
    app: &App,
    mut connections: Connections,
    mut change: impl FnMut(&mut Connections, Timestamp) -> (T, bool),
) -> Result<(Connections, T)> {
    let user = connections.user_id;
    let mut pause = Backoff::default();
    loop {
        let now = app.clock.now();
        let (answer, has_changed) = change(&mut connections, now);
        if !has_changed {
            return Ok((connections, answer));
        }
        connections.forget_expired(now);
        let id = app.ids.write_id();
        match app.store.put(connections.put(now)?, &id).await? {
            Written::Done(_) => return Ok((Connections { write_id: Some(id), ..connections }, answer)),
            Written::Refused(Some(row)) => connections = row.read()?,
            Written::Refused(None) => connections = Connections::or_none(user, None),
        }
        pause.wait("others connect at the same time").await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ids::Ids;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1000 * seconds)
    }

    fn connections(made: &[i64]) -> (Connections, Vec<ConnectionId>) {
        let user = Ids::random(Clock::system()).user_id();
        let mut all = Connections::or_none(user, None);
        let session = "A".repeat(43).parse().unwrap();
        let ids: Vec<_> = (0..made.len()).map(|number| ConnectionId::new(number.to_string())).collect();
        for (id, &seconds) in ids.iter().zip(made) {
            all.add(Connection::new(user, id.clone(), session, at(seconds)));
        }
        (all, ids)
    }

    #[test]
    fn a_connection_is_told_of_things_until_it_is_over_or_two_hours_old() {
        let (mut all, ids) = connections(&[0, 10, 20]);
        assert_eq!(all.end(&ids[1..2]).len(), 1);
        assert!(all.end(&ids[1..2]).is_empty(), "it is noted once");
        let open = |all: &Connections, now| {
            all.open(at(now)).into_iter().map(|one| one.connection_id).collect::<Vec<_>>()
        };
        assert_eq!(open(&all, 30), [ids[2].clone(), ids[0].clone()]);
        assert_eq!(open(&all, 7505), [ids[2].clone()]);
        assert!(all.is_online(at(7505)) && !all.is_online(at(7600)));
        assert!(all.find(&ids[1], at(30)).is_none() && all.find(&ids[2], at(30)).is_some());
    }

    #[test]
    fn the_oldest_makes_room_for_the_newest() {
        let (mut all, ids) = connections(&[5; MOST]);
        let newest = Connection { connection_id: ConnectionId::new("new".into()), ..all.known[0].clone() };
        let surplus = all.add(newest);
        assert_eq!(surplus.into_iter().map(|one| one.connection_id).collect::<Vec<_>>(), ids[..1]);
        all.end(&ids[50..51]);
        let another =
            Connection { connection_id: ConnectionId::new("another".into()), ..all.known[0].clone() };
        let surplus = all.add(another);
        assert_eq!(surplus[0].connection_id, ids[50], "or whose session has ended");
        let later = Connection { connected_at: at(9000), ..all.known[0].clone() };
        assert!(all.add(later).is_empty(), "those whose time is over take no room");
        assert_eq!((all.known.len(), all.last_seen_at()), (1, Some(at(9000))));
    }

    #[test]
    fn somebody_was_last_seen_when_a_connection_ended_or_was_made() {
        let (mut all, ids) = connections(&[0, 10]);
        assert!(all.remove(&ids[..1], Some(at(100))) && !all.remove(&ids[..1], Some(at(200))));
        assert_eq!(all.last_seen_at(), Some(at(100)));
        all.forget_expired(at(8000));
        assert_eq!((all.known.len(), all.last_seen_at()), (0, Some(at(100))));
        // Of one that is found to be gone, nobody knows since when.
        let (mut all, ids) = connections(&[10]);
        assert!(all.remove(&ids, None));
        assert_eq!(all.last_seen_at(), Some(at(10)));
        assert_eq!(Connections::or_none(all.user_id, None).last_seen_at(), None);
    }
}
