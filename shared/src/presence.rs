//! Presence: whether one's friends are connected.
//!
//! It is read from the connections themselves, so nothing has to be kept in step with them. When
//! somebody's first connection opens, or the last one closes, the stream tells their friends. How
//! somebody is now decides what is told, not the change that it was heard by: so it may be repeated,
//! and come in any order.
//!
//! What it costs is bounded: of somebody who has come or gone, the 500 newest friends are looked at, and
//! those among them who are connected are told, on 200 connections at most. Others ask.

use std::collections::{HashMap, HashSet};

use futures_util::future::try_join_all;
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
use crate::push::{Connections, Frame, Pushes};
use crate::store::Found;

/// The most people that are asked about at once.
pub const MOST_ASKED: usize = 50;

/// How many friends of somebody who has come or gone are looked at, the newest of them.
const MOST_FRIENDS: usize = 500;

/// On how many connections they are told at most.
const MOST_TOLD: usize = 200;

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
/// finds the other here, or the other is told.
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
pub fn changed_by(change: &Change, now: Timestamp) -> Result<Option<UserId>> {
    if change.sort_key != keys::CONNECTIONS {
        return Ok(None);
    }
    let is_online = |image: Option<&Item>| -> Result<bool> {
        let connections = image.cloned().map(serde_dynamo::from_item::<_, Connections>);
        let connections = connections.transpose().map_err(Error::internal)?;
        Ok(connections.is_some_and(|connections| connections.is_online(now)))
    };
    let has_changed = is_online(change.old.as_ref())? != is_online(change.new.as_ref())?;
    Ok(if has_changed { keys::owner(&change.partition_key) } else { None })
}

/// Tells the friends of those who may have come or gone whether they are connected now. Three round
/// trips; for each of them 1 R, 0.5 R for each friend and the index, and 1 R for each who is told; and
/// the pushes, 250 ms at most.
///
/// The index says who may be a friend, and the edge of each who would be told, read strongly behind it,
/// who is: so nobody hears of somebody who has ended it.
pub async fn tell(app: &App, pushes: &Pushes, users: impl IntoIterator<Item = UserId>) -> Result<()> {
    let told = try_join_all(users.into_iter().map(|user| audience(app, user))).await?;
    let mut deliveries = Vec::new();
    for (user_id, online, connections) in told {
        let text = Frame::Presence { user_id, online }.text();
        deliveries.extend(connections.into_iter().map(|connection| (connection, text.clone())));
    }
    pushes.deliver(deliveries).await;
    Ok(())
}

/// Whether somebody is connected, and the connections of their friends who are.
async fn audience(app: &App, user: UserId) -> Result<(UserId, bool, Vec<crate::push::Connection>)> {
    let (own, friends) =
        tokio::try_join!(Connections::read(app, user), friends::newest(app, user, MOST_FRIENDS))?;
    let now = app.clock.now();
    let keys: Vec<_> = friends.iter().copied().map(keys::connections).collect();
    let found: Found = app.store.batch_get_both(&[], &keys).await?;
    let mut open = HashMap::new();
    let mut connected = Vec::new();
    let mut many = 0;
    for &friend in &friends {
        let connections = Connections::of(friend, &found)?.open(now);
        if connections.is_empty() || many >= MOST_TOLD {
            continue;
        }
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
