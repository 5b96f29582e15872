//! Whom somebody may know: friends of their friends.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::edge::{self, FRIENDS};
use super::list::{Slice, query};
use super::pair::Bond;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::keys;
use crate::profiles::{ProfileItem, UserRef};
use crate::store::{Found, Put};

/// How many of the viewer's friends are asked, the newest; how many of each one's friends are looked
/// at, the newest; and how many of whom they name are looked at for a page, the best: so it costs the
/// same however many friends anybody has.
const ASKED: usize = 20;
const OF_EACH: usize = 100;
const LOOKED_AT: usize = 100;

/// For how long somebody who was dismissed is not suggested again.
const DISMISSED_FOR: Duration = Duration::from_hours(90 * 24);

/// Somebody whom the viewer may know.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    /// Who.
    #[serde(flatten)]
    pub user: UserRef,
    /// How many of the viewer's 20 newest friends have them among their 100 newest.
    #[schema(minimum = 1, maximum = 20)]
    pub mutual_friend_count: usize,
}

/// The item at `keys::dismissal`, until its time is over.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DismissalItem {
    peer_id: UserId,
}

/// Somebody whom friends of the viewer have as a friend, and how many of them do: in the order in
/// which they are suggested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    mutual: Reverse<usize>,
    user: UserId,
}

/// Friends of the viewer's friends, those first whom most of them have, behind the position `after`.
/// Four round trips: the index, 1 R for each friend that is asked and the index again, 1 R for each
/// candidate that is looked at, 2.5 R for each that is shown.
///
/// Never the viewer, nor anybody with whom there is or was something that is remembered: friends,
/// requests either way, rejections, blocks either way; nor whom the viewer dismissed. Who that is, is
/// asked for cheaply first, and then, strongly, of those who are to be shown. Who is counted, and what
/// for, the index says, which is a moment behind; but not of whoever is the viewer's friend no more.
/// A position is how many were looked at: it must not name those who are not shown.
pub async fn suggestions(
    app: &App,
    viewer: UserId,
    after: Option<&str>,
    limit: usize,
) -> Result<Slice<Suggestion>> {
    let skipped =
        after.map_or(Ok(0), |position| position.parse::<usize>().map_err(|_| Error::InvalidCursor))?;
    let mut candidates: Vec<_> = candidates(app, viewer).await?.into_iter().skip(skipped).collect();
    let goes_on = candidates.len() > LOOKED_AT;
    candidates.truncate(LOOKED_AT);

    let around = |those: &[Candidate]| {
        let keys = |candidate: &Candidate| around(viewer, candidate.user);
        those.iter().flat_map(keys).collect::<Vec<_>>()
    };
    let found = app.store.batch_get_both(&[], &around(&candidates)).await?;
    let mut open = Vec::new();
    let mut next = goes_on.then_some(LOOKED_AT);
    for (place, &candidate) in candidates.iter().enumerate() {
        if is_open(&found, viewer, candidate.user)? {
            if open.len() == limit {
                next = Some(place);
                break;
            }
            open.push(candidate);
        }
    }
    let next = next.map(|looked_at| (skipped + looked_at).to_string());

    let profiles: Vec<_> = open.iter().map(|candidate| keys::profile(candidate.user)).collect();
    let mut found = app.store.batch_get_both(&around(&open), &profiles).await?;
    let mut suggestions = Vec::new();
    for Candidate { mutual: Reverse(mutual_friend_count), user } in open {
        let is_open = is_open(&found, viewer, user)?;
        if let Some(profile) = found.take::<ProfileItem>(&keys::profile(user))?.filter(|_| is_open) {
            suggestions.push(Suggestion { user: profile.into_ref(app), mutual_friend_count });
        }
    }
    Ok((suggestions, next))
}

/// Suggests somebody, who may not be there at all, no more for 90 days. Two round trips, 2 R, 1 W.
///
/// That nobody is there is not told, since it is not told either that they block the viewer.
pub async fn dismiss(app: &App, viewer: UserId, user: UserId) -> Result<()> {
    let (me, them) = (keys::profile(viewer), keys::profile(user));
    let found = app.store.batch_get(&[me.clone(), them.clone()]).await?;
    if !found.has(&me) {
        return Err(Error::Unauthenticated);
    }
    if viewer == user || !found.has(&them) {
        return Ok(());
    }
    let put = Put::new(&keys::dismissal(viewer, user), &DismissalItem { peer_id: user })?;
    let put = put.expire_at(app.clock.now().after(DISMISSED_FOR));
    app.store.put(put, &app.ids.write_id()).await.map(drop)
}

/// All whom the friends that are asked name, the best first. Two round trips.
async fn candidates(app: &App, viewer: UserId) -> Result<Vec<Candidate>> {
    let page = query(app, viewer, FRIENDS, None, ASKED).await?;
    let friends: Vec<_> = page.items.iter().filter_map(|entry| keys::peer_at(&entry.place.sk)).collect();
    let relations: Vec<_> = friends.iter().map(|&friend| keys::relation(viewer, friend)).collect();
    let named = friends.iter().map(|&friend| query(app, friend, FRIENDS, None, OF_EACH));
    let (found, named) = tokio::try_join!(app.store.batch_get(&relations), try_join_all(named))?;
    let bonds = edge::bonds(&found, viewer, friends.iter().copied())?;
    let mut mutual: HashMap<UserId, usize> = HashMap::new();
    for (friend, named) in friends.iter().zip(named) {
        if bonds.get(friend).is_some_and(Bond::are_friends) {
            for user in named.items.iter().filter_map(|entry| keys::peer_at(&entry.place.sk)) {
                *mutual.entry(user).or_default() += 1;
            }
        }
    }
    mutual.retain(|user, _| *user != viewer && !friends.contains(user));
    let candidate = |(user, mutual)| Candidate { mutual: Reverse(mutual), user };
    let mut candidates: Vec<_> = mutual.into_iter().map(candidate).collect();
    candidates.sort_unstable();
    Ok(candidates)
}

/// What says whether somebody may be suggested.
fn around(viewer: UserId, user: UserId) -> [keys::Key; 2] {
    [keys::relation(viewer, user), keys::dismissal(viewer, user)]
}

fn is_open(found: &Found, viewer: UserId, user: UserId) -> Result<bool> {
    let is_blank = edge::bonds(found, viewer, [user])?.values().all(Bond::is_blank);
    Ok(is_blank && !found.has(&keys::dismissal(viewer, user)))
}
