//! Presence: whether one's friends are connected.
//!
//! It is read from the connections themselves, so nothing has to be kept in step with them. When
//! somebody's first connection opens, or the last one closes, the stream tells their friends. How
//! somebody is now decides what is told, not the change that it was heard by: so it may be repeated,
//! and come in any order.
//!
//! What it costs is bounded: of somebody who has come or gone, the 500 newest friends are looked at, and
//! those among them who are connected are told, on the four newest connections of each, 200 in all. Of
//! all who come and go at once, 20 are told of. It is a hint, like every push, and what is missed of it
//! stands in no history: clients ask now and then.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use serde_dynamo::Item;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::friends::{self, bonds};
use crate::ids::UserId;
use crate::jobs::Change;
use crate::keys;
use crate::push::{self, Connection, Connections, Frame, Pushes};
use crate::store::Request;

/// The most people that are asked about at once.
pub const MOST_ASKED: usize = 50;

/// How many friends of somebody who has come or gone are looked at, the newest of them.
const MOST_FRIENDS: usize = 500;

/// On how many of their connections each of them is told at most, and all of them.
const MOST_OF_EACH: usize = 4;
const MOST_TOLD: usize = push::AT_ONCE;

/// Of how many people others are told at once, and of how many it is looked at once whom to tell: when
/// everybody comes back at the same time, neither the table nor what else the stream tells is to suffer.
const MOST_PEOPLE: usize = 20;
const AT_ONCE: usize = 4;

/// For how long it is looked whom to tell.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a friend is connected.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// Who.
    pub user_id: UserId,
    /// Whether they have a connection to the WebSocket API.
    pub online: bool,
    /// When one of their connections last ended, or was made. Null if they had none for 90 days.
    #[schema(required)]
    pub last_seen_at: Option<Timestamp>,
}

/// Which of these people are connected, in the order they are named. Those who are no friends of the
/// viewer are left out, as are those who are not there. One round trip, 2 R for each.
///
/// Read strongly, as whoever connects asks at once: of two friends who connect at the same time, one
/// finds the other here, or the other is told, unless a replica is that far behind.
pub async fn of_friends(app: &App, viewer: UserId, users: &[UserId]) -> Result<Vec<Presence>> {
    let keys = users.iter().flat_map(|&user| [keys::relation(viewer, user), keys::connections(user)]);
    let found = app.store.batch_get(&keys.collect::<Vec<_>>()).await?;
    let bonds = bonds(&found, viewer, users.iter().copied())?;
    let now = app.clock.now();
    let mut asked = HashSet::new();
    let friends = users.iter().filter(|user| asked.insert(**user) && bonds[user].are_friends());
    friends
        .map(|&user_id| {
            let connections = Connections::of(user_id, &found)?;
            let (online, last_seen_at) = (connections.is_online(now), connections.last_seen_at());
            Ok(Presence { user_id, online, last_seen_at })
        })
        .collect()
}

/// Who may have come or gone by a change of the table.
///
/// What was there before counts unless its time was over when the newest was made: that is when somebody
/// came back of whom it was not heard that they had gone.
pub fn changed_by(change: &Change) -> Result<Option<UserId>> {
    if change.sort_key != keys::CONNECTIONS {
        return Ok(None);
    }
    let connections = |image: Option<&Item>| -> Result<Option<Connections>> {
        let connections = image.cloned().map(serde_dynamo::from_item::<_, Connections>);
        connections.transpose().map_err(Error::internal)
    };
    let [old, new] = [connections(change.old.as_ref())?, connections(change.new.as_ref())?];
    let newest = new.as_ref().and_then(Connections::newest).unwrap_or(Timestamp::from_millis(0));
    let [was, is] = [old, new].map(|all| all.is_some_and(|all| all.is_online(newest)));
    Ok(if was == is { None } else { keys::owner(&change.partition_key) })
}

/// Tells the friends of those who may have come or gone whether they are connected now. Three round
/// trips; for each of them 1 R, 0.5 R for each friend and the index, and 1 R for each who is told; and
/// the pushes, a second at most.
///
/// The index says who may be a friend, and the edge of each who would be told, read strongly behind it,
/// who is: so nobody hears of somebody who has ended it. What cannot be read is not told: nothing else
/// that the stream tells of is to wait for it.
pub async fn tell(app: &App, pushes: &Pushes, users: impl IntoIterator<Item = UserId>) {
    let looked = stream::iter(users).take(MOST_PEOPLE).map(|user| audience(app, user)).buffered(AT_ONCE);
    let looking = Request::current_or_start().within(PATIENCE);
    let told: Vec<_> = looking.scope(looked.collect()).await;
    let mut deliveries = Vec::new();
    for audience in told {
        match audience {
            Ok((user_id, online, connections)) => {
                let text = Frame::Presence { user_id, online }.text();
                let to_each = connections.into_iter().map(|connection| (connection, text.clone()));
                deliveries.extend(to_each.enumerate());
            }
            Err(error) => tracing::warn!(cause = error.chain(), "friends could not be told who is online"),
        }
    }
    // Of several people it is told as many each.
    deliveries.sort_by_key(|(number, _)| *number);
    deliveries.truncate(MOST_TOLD);
    pushes.deliver(deliveries.into_iter().map(|(_, delivery)| delivery).collect()).await;
}

/// Whether somebody is connected, and the connections of their friends who are.
async fn audience(app: &App, user: UserId) -> Result<(UserId, bool, Vec<Connection>)> {
    let (own, friends) =
        tokio::try_join!(Connections::read(app, user), friends::newest(app, user, MOST_FRIENDS))?;
    let now = app.clock.now();
    let keys: Vec<_> = friends.iter().copied().map(keys::connections).collect();
    let found = app.store.batch_get_both(&[], &keys).await?;
    let mut open = HashMap::new();
    let mut connected = Vec::new();
    let mut many = 0;
    for &friend in &friends {
        let mut connections = Connections::of(friend, &found)?.open(now);
        if connections.is_empty() || many >= MOST_TOLD {
            continue;
        }
        connections.truncate(MOST_OF_EACH);
        many += connections.len();
        connected.push(friend);
        open.insert(friend, connections);
    }
    let keys: Vec<_> = connected.iter().map(|&friend| keys::relation(user, friend)).collect();
    let found = app.store.batch_get(&keys).await?;
    let bonds = bonds(&found, user, connected.iter().copied())?;
    let told = connected.iter().filter(|friend| bonds[friend].are_friends());
    let told = told.filter_map(|friend| open.remove(friend)).flatten().take(MOST_TOLD);
    Ok((user, own.is_online(now), told.collect()))
}
