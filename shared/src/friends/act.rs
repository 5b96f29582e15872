//! One of two people does something about what they are to each other.

use super::MOST_FRIENDS;
use super::edge::Edge;
use super::pair::{Act, Bond, Refused};
use super::request::FriendRequest;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{FriendRequestId, UserId};
use crate::keys;
use crate::profiles::ProfileItem;
use crate::store::retry::Backoff;
use crate::store::{Condition, Transaction, Update};

/// Both people and their bond, once somebody has done something.
struct Done {
    bond: Bond,
    viewer: ProfileItem,
    peer: ProfileItem,
}

/// Asks somebody to be friends; if they have asked already, it accepts. Two round trips, 3 R,
/// 4 W and as many in the index; 8 W if it accepts.
pub async fn ask(app: &App, viewer: UserId, peer: UserId) -> Result<FriendRequest> {
    let done = change(app, viewer, peer, Act::Ask).await?.ok_or(Error::NotFound)?;
    FriendRequest::new(app, &done.bond, done.viewer, done.peer)
}

/// Accepts or rejects a request. Two round trips, 3 R, 8 W and the index; 4 W to reject.
pub async fn answer(app: &App, viewer: UserId, id: FriendRequestId, act: Act) -> Result<FriendRequest> {
    // Only whom it was sent to may answer; its sender knows it, and must not.
    if viewer == id.sender {
        super::request::request(app, viewer, id).await?;
        return Err(Error::NotYours);
    }
    if viewer != id.recipient {
        return Err(Error::NotFound);
    }
    let done = change(app, viewer, id.sender, act).await?.ok_or(Error::NotFound)?;
    FriendRequest::of(app, id, &done.bond, done.viewer, done.peer).ok_or(Error::NotFound)
}

/// Takes back a request. Two round trips, 3 R, 4 W.
pub async fn cancel(app: &App, viewer: UserId, id: FriendRequestId) -> Result<()> {
    if viewer == id.recipient {
        super::request::request(app, viewer, id).await?;
        return Err(Error::NotYours);
    }
    if viewer != id.sender {
        return Err(Error::NotFound);
    }
    change(app, viewer, id.recipient, Act::Cancel).await?.ok_or(Error::NotFound)?;
    Ok(())
}

/// Ends a friendship, blocks or unblocks somebody, who may not be there at all: then, as when
/// it is so already, nothing changes. Two round trips, 3 R, up to 8 W and the index.
///
/// That nobody is there is not told, since it is not told either that they block the viewer.
pub async fn act(app: &App, viewer: UserId, peer: UserId, act: Act) -> Result<()> {
    change(app, viewer, peer, act).await.map(drop)
}

/// Does it, or answers `None` if the other one does not exist.
///
/// The bond and both people are read, the rules are asked, and one transaction writes both
/// edges and, where a friendship begins or ends, both counts. It holds only if nobody wrote the
/// edges since they were read; otherwise all of it starts again. So whatever is done at once
/// happens one after the other, both sides agree, and a count changes with its friendship or
/// not at all. A repetition after a lost reply is made once, by the transaction's token.
async fn change(app: &App, viewer: UserId, peer: UserId, act: Act) -> Result<Option<Done>> {
    if viewer == peer {
        return Ok(None);
    }
    let keys = [keys::relation(viewer, peer), keys::profile(viewer), keys::profile(peer)];
    let mut pause = Backoff::default();
    loop {
        let mut found = app.store.batch_get(&keys).await?;
        let edge = Edge::or_blank(found.take(&keys[0])?, viewer, peer);
        let me: ProfileItem = found.take(&keys[1])?.ok_or(Error::Unauthenticated)?;
        let Some(them) = found.take::<ProfileItem>(&keys[2])? else { return Ok(None) };
        let now = app.clock.now();
        let after = edge.bond.after(act, now).map_err(|refused| match refused {
            Refused::NotFound => Error::NotFound,
            Refused::Blocking => Error::Blocking,
            Refused::AlreadyFriends => Error::AlreadyFriends,
            Refused::Pending => Error::RequestPending,
            Refused::Closed => Error::RequestClosed,
            Refused::TooSoon(until) => Error::RecentlyRejected(until.since(now)),
        })?;
        let done = Done { bond: after, viewer: me, peer: them };
        if done.bond == edge.bond {
            return Ok(Some(done));
        }
        let begins = done.bond.are_friends() && !edge.bond.are_friends();
        let ends = edge.bond.are_friends() && !done.bond.are_friends();
        if begins && [&done.viewer, &done.peer].iter().any(|profile| profile.friend_count >= MOST_FRIENDS) {
            return Err(Error::FriendLimit);
        }
        let mut transaction = edge.change(&done.bond, Transaction::new(app.ids.write_id()))?;
        for profile in [viewer, peer].map(keys::profile) {
            let update = Update::of(profile);
            if begins {
                let room = Condition::below_or_unset("friendCount", MOST_FRIENDS)?;
                transaction = transaction.update(update.increment("friendCount").when(room));
            } else if ends {
                transaction = transaction.update(update.decrement("friendCount"));
            }
        }
        if app.store.transact(transaction).await?.is_ok() {
            return Ok(Some(done));
        }
        pause.wait("somebody else is at the same bond").await?;
    }
}
