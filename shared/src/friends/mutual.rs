//! Whom two people both have as friends.

use super::edge::{self, Edge, FRIENDS};
use super::list::{Slice, next, query};
use super::pair::Bond;
use super::sight::{Audience, can_see};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::keys;
use crate::profiles::{ProfileItem, UserRef};

/// How many of the viewer's friends are looked at for a page: so it costs the same however many either
/// of the two has.
const LOOKED_AT: usize = 100;

/// The friends that the viewer and somebody have in common, the viewer's newest first. Three round
/// trips: 2 R and the index, 0.5 R for each that is looked at, 2.5 R for each that is both's.
///
/// A page of the viewer's own friends is looked at, so there may be few on it, or none, while there are
/// more behind; and a position in it tells nobody of whom the viewer does not know. Whose
/// friends are mine they tell me anyway, so anybody may ask who may see the person; who blocks them
/// finds none. Which of mine may be theirs is asked for cheaply, and then, strongly, whether they are
/// both's still.
pub async fn mutual_friends(
    app: &App,
    viewer: UserId,
    user: UserId,
    after: Option<&str>,
    limit: usize,
) -> Result<Slice<UserRef>> {
    let who = [keys::relation(viewer, user), keys::profile(user)];
    let (mut who_found, page) =
        tokio::try_join!(app.store.batch_get(&who), query(app, viewer, FRIENDS, after, LOOKED_AT))?;
    let bond = Edge::or_blank(who_found.take(&who[0])?, viewer, user).bond;
    if !who_found.has(&who[1]) || !can_see(viewer, user, &bond, Audience::Profile) {
        return Err(Error::NotFound);
    }
    if !can_see(viewer, user, &bond, Audience::Public) {
        return Ok((Vec::new(), None));
    }
    let looked_at: Vec<_> = page
        .items
        .iter()
        .filter_map(|entry| Some((&entry.place.sk, keys::peer_at(&entry.place.sk)?)))
        .filter(|(_, peer)| *peer != user)
        .collect();
    let relations: Vec<_> = looked_at.iter().map(|&(_, peer)| keys::relation(user, peer)).collect();
    let found = app.store.batch_get_both(&[], &relations).await?;
    let theirs = edge::bonds(&found, user, looked_at.iter().map(|&(_, peer)| peer))?;
    let mut mutual = looked_at.iter().filter(|(_, peer)| theirs.get(peer).is_some_and(Bond::are_friends));
    let shown: Vec<_> = mutual.by_ref().take(limit).collect();
    let is_cut = mutual.next().is_some();
    let next = if is_cut { shown.last().map(|(position, _)| (*position).clone()) } else { next(&page) };

    let peers: Vec<_> = shown.iter().map(|&&(_, peer)| peer).collect();
    let deciding = peers.iter().flat_map(|&peer| [keys::relation(viewer, peer), keys::relation(user, peer)]);
    let profiles: Vec<_> = peers.iter().copied().map(keys::profile).collect();
    let mut found = app.store.batch_get_both(&deciding.collect::<Vec<_>>(), &profiles).await?;
    let mine = edge::bonds(&found, viewer, peers.iter().copied())?;
    let theirs = edge::bonds(&found, user, peers.iter().copied())?;
    let mut friends = Vec::new();
    for peer in peers {
        let are_both = [&mine, &theirs].iter().all(|bonds| bonds.get(&peer).is_some_and(Bond::are_friends));
        if let Some(profile) = found.take::<ProfileItem>(&keys::profile(peer))?.filter(|_| are_both) {
            friends.push(profile.into_ref(app));
        }
    }
    Ok((friends, next))
}
