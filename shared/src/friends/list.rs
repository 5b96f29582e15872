//! Lists of people: friends, those who asked, those who are blocked.
//!
//! The index says who may be in a list; the edges themselves, read strongly with the profiles,
//! say who is. So somebody who has just left is not shown, and a page may be short.

use serde::Serialize;
use utoipa::ToSchema;

use super::edge::{self, BLOCKS, Edge, FRIENDS, INCOMING, OUTGOING};
use super::pair::{Bond, Tie};
use super::request::FriendRequest;
use super::sight::{Audience, READ_ON, can_see};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::keys;
use crate::profiles::{ProfileItem, UserRef};
use crate::store::{Found, IndexEntry, Page, Within};

/// A friend.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Friend {
    /// Who.
    #[serde(flatten)]
    pub user: UserRef,
    /// Since when.
    pub friends_since: Timestamp,
}

/// Somebody whom the viewer blocks.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Blocked {
    /// Who.
    #[serde(flatten)]
    pub user: UserRef,
    /// Since when.
    pub blocked_at: Timestamp,
}

/// Which way requests went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Direction {
    /// To the viewer.
    Incoming,
    /// From the viewer.
    Outgoing,
}

/// A page, and where to go on behind it.
pub type Slice<T> = (Vec<T>, Option<String>);

/// The viewer's friends, the newest first. Two round trips: 2 R for each and the index.
pub async fn friends(app: &App, viewer: UserId, after: Option<&str>, limit: usize) -> Result<Slice<Friend>> {
    list(app, viewer, FRIENDS, after, limit, |_, them, bond| match bond.tie {
        Tie::Friends { since, .. } => Some(Friend { user: them.into_ref(app), friends_since: since }),
        _ => None,
    })
    .await
}

/// Whom the viewer blocks, the newest first. Two round trips: 2 R for each and the index.
pub async fn blocks(app: &App, viewer: UserId, after: Option<&str>, limit: usize) -> Result<Slice<Blocked>> {
    list(app, viewer, BLOCKS, after, limit, |_, them, bond| {
        let user = if bond.blocked_by.is_some() { UserRef::hidden(them.user_id) } else { them.into_ref(app) };
        Some(Blocked { user, blocked_at: bond.blocked? })
    })
    .await
}

/// The viewer's pending requests, the newest first. Two round trips: 2 R for each and the index.
pub async fn requests(
    app: &App,
    viewer: UserId,
    direction: Direction,
    after: Option<&str>,
    limit: usize,
) -> Result<Slice<FriendRequest>> {
    let name = match direction {
        Direction::Incoming => INCOMING,
        Direction::Outgoing => OUTGOING,
    };
    list(app, viewer, name, after, limit, |me, them, bond| {
        FriendRequest::new(app, bond, me.clone(), them).ok()
    })
    .await
}

/// Who may be waiting for the viewer's answer, as far as the index knows, up to so many. One round trip,
/// 0.5 R per 4 KB.
pub(crate) async fn asking(app: &App, viewer: UserId, most: usize) -> Result<Vec<UserId>> {
    let page = query(app, viewer, INCOMING, None, most).await?;
    Ok(page.items.iter().filter_map(|entry| keys::peer_at(&entry.place.sk)).collect())
}

/// How many of them are, of a batch that was read with [`keys::relation`].
pub(crate) fn count_asking(found: &Found, viewer: UserId, people: &[UserId]) -> Result<usize> {
    let mut count = 0;
    for &peer in people {
        let edge = found.peek::<Edge>(&keys::relation(viewer, peer))?;
        count += usize::from(edge.is_some_and(|edge| edge.is_in(INCOMING)));
    }
    Ok(count)
}

/// Somebody's newest friends, as far as the index knows. One round trip, 0.5 R per 4 KB.
pub(crate) async fn newest(app: &App, user: UserId, most: usize) -> Result<Vec<UserId>> {
    let page = query(app, user, FRIENDS, None, most).await?;
    Ok(page.items.iter().filter_map(|entry| keys::peer_at(&entry.place.sk)).collect())
}

/// The friends of a friend, the newest first, but for those who block the viewer. Two round
/// trips: 3 R for each and the index.
///
/// Where to go on is behind somebody who is shown: a position must not tell who blocks the viewer. Behind a
/// page of such people only a hundred are read on at a time, two round trips more.
pub async fn friends_of(
    app: &App,
    viewer: UserId,
    user: UserId,
    after: Option<&str>,
    limit: usize,
) -> Result<Slice<UserRef>> {
    if viewer == user {
        let (friends, next) = friends(app, viewer, after, limit).await?;
        return Ok((friends.into_iter().map(|friend| friend.user).collect(), next));
    }
    let (mine, mut page) =
        tokio::try_join!(edge::read(app, viewer, user), query(app, user, FRIENDS, after, limit))?;
    if !can_see(viewer, user, &mine.bond, Audience::Friends) {
        return Err(Error::NotFound);
    }
    loop {
        let mut friends = shown(app, viewer, user, &page).await?;
        let behind = next(&page);
        if !friends.is_empty() || behind.is_none() {
            let goes_on = behind.is_some() || friends.len() > limit;
            friends.truncate(limit);
            let last = friends.last().filter(|_| goes_on).map(|last| last.id);
            let mut places = page.items.iter().map(|entry| &entry.place.sk);
            let place = last.and_then(|last| places.find(|place| keys::peer_at(place) == Some(last)));
            return Ok((friends, place.cloned()));
        }
        page = query(app, user, FRIENDS, behind.as_deref(), READ_ON).await?;
    }
}

/// Those friends on a page of whom the viewer may know. One round trip, 3 R each.
async fn shown(app: &App, viewer: UserId, user: UserId, page: &Page<IndexEntry>) -> Result<Vec<UserRef>> {
    let people: Vec<_> = page.items.iter().filter_map(|entry| keys::peer_at(&entry.place.sk)).collect();
    let wanted = people
        .iter()
        .flat_map(|&peer| [keys::profile(peer), keys::relation(user, peer), keys::relation(viewer, peer)]);
    let mut found = app.store.batch_get(&wanted.collect::<Vec<_>>()).await?;
    let theirs = edge::bonds(&found, user, people.iter().copied())?;
    let mut friends = Vec::new();
    for &peer in &people {
        let to_viewer = Edge::or_blank(found.take(&keys::relation(viewer, peer))?, viewer, peer);
        let is_there = can_see(viewer, peer, &to_viewer.bond, Audience::Profile);
        let Some(profile) = found.take::<ProfileItem>(&keys::profile(peer))? else { continue };
        if theirs.get(&peer).is_some_and(Bond::are_friends) && is_there {
            friends.push(profile.into_ref(app));
        }
    }
    Ok(friends)
}

/// A page of one of the viewer's lists, of those who are in it.
async fn list<T>(
    app: &App,
    viewer: UserId,
    name: &str,
    after: Option<&str>,
    limit: usize,
    show: impl Fn(&ProfileItem, ProfileItem, &Bond) -> Option<T>,
) -> Result<Slice<T>> {
    let page = query(app, viewer, name, after, limit).await?;
    let people: Vec<_> = page.items.iter().filter_map(|entry| keys::peer_at(&entry.place.sk)).collect();
    let of_person = |&peer: &UserId| [keys::profile(peer), keys::relation(viewer, peer)];
    let mut wanted: Vec<_> = people.iter().flat_map(of_person).collect();
    wanted.push(keys::profile(viewer));
    let mut found = app.store.batch_get(&wanted).await?;
    let me: ProfileItem = found.take(&keys::profile(viewer))?.ok_or(Error::Unauthenticated)?;
    let mut shown = Vec::new();
    for peer in people {
        let edge = found.take::<Edge>(&keys::relation(viewer, peer))?;
        let profile = found.take::<ProfileItem>(&keys::profile(peer))?;
        let (Some(edge), Some(profile)) = (edge, profile) else { continue };
        if edge.is_in(name) {
            shown.extend(show(&me, profile, &edge.bond));
        }
    }
    Ok((shown, next(&page)))
}

/// A page of what the index has of a list; a position is a sort key of it.
pub(super) async fn query(
    app: &App,
    user: UserId,
    name: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Page<IndexEntry>> {
    if after.is_some_and(|position| keys::peer_at(position).is_none()) {
        return Err(Error::InvalidCursor);
    }
    app.store.query_index(&keys::relations(user, name), Within::Below(after), limit).await
}

/// Where to go on.
pub(super) fn next(page: &Page<IndexEntry>) -> Option<String> {
    page.items.last().filter(|_| page.more).map(|last| last.place.sk.clone())
}
