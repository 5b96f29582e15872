//! A bond as two items, one for each of the two, that are always written together.
//!
//! Each holds all of the bond as its owner sees it, so one of them is enough to know
//! everything. Both carry the id of the write that made them so: whoever writes next names it,
//! and so knows that nobody else did in between.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::pair::{Bond, Side, Tie};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::Result;
use crate::ids::{UserId, WriteId};
use crate::keys;
use crate::store::{Condition, Found, Put, Query, Transaction};

/// The item at [`keys::relation`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Edge {
    /// Whose view it is.
    pub(crate) user_id: UserId,
    /// Of whom.
    pub(crate) peer_id: UserId,
    /// What they are to each other.
    pub(crate) bond: Bond,
    /// Which write made it so.
    #[serde(default, skip_serializing)]
    write_id: Option<WriteId>,
}

impl Edge {
    /// The edge that was found, or one that is not there.
    pub(crate) fn or_blank(found: Option<Self>, user_id: UserId, peer_id: UserId) -> Self {
        found.unwrap_or(Self { user_id, peer_id, bond: Bond::default(), write_id: None })
    }

    /// Adds to a transaction that this becomes that, on both sides.
    pub(super) fn change(&self, to: &Bond, transaction: Transaction) -> Result<Transaction> {
        let (user, peer) = (self.user_id, self.peer_id);
        let transaction = self.change_side(user, peer, to.clone(), transaction)?;
        self.change_side(peer, user, to.mirrored(), transaction)
    }

    fn change_side(
        &self,
        user_id: UserId,
        peer_id: UserId,
        bond: Bond,
        transaction: Transaction,
    ) -> Result<Transaction> {
        let unchanged = self.unchanged();
        if bond.is_blank() {
            return Ok(transaction.delete_when(keys::relation(user_id, peer_id), unchanged));
        }
        let edge = Self { user_id, peer_id, bond, write_id: None };
        Ok(transaction.put(edge.put()?.when(unchanged)))
    }

    /// The item, in the list to which it belongs.
    fn put(&self) -> Result<Put> {
        let put = Put::new(&keys::relation(self.user_id, self.peer_id), self)?;
        Ok(match list(&self.bond) {
            Some((list, since)) => put.indexed(&keys::relation_in(self.user_id, list, since, self.peer_id)),
            None => put,
        })
    }

    /// That nobody wrote it since it was read.
    pub(crate) fn unchanged(&self) -> Condition {
        self.write_id.clone().map_or(Condition::Absent, Condition::WrittenBy)
    }

    /// Whether it belongs in this list.
    pub(super) fn is_in(&self, name: &str) -> bool {
        list(&self.bond).is_some_and(|(actual, _)| actual == name)
    }
}

/// What two people are to each other, as the first one sees it, as the two items of it.
pub fn edges_of(user: UserId, peer: UserId, bond: &Bond) -> Result<[Put; 2]> {
    let mine = Edge { user_id: user, peer_id: peer, bond: bond.clone(), write_id: None };
    let theirs = Edge { user_id: peer, peer_id: user, bond: bond.mirrored(), write_id: None };
    Ok([mine.put()?, theirs.put()?])
}

/// The lists that there are.
pub(super) const FRIENDS: &str = "FRIENDS";
pub(super) const INCOMING: &str = "INCOMING";
pub(super) const OUTGOING: &str = "OUTGOING";
pub(super) const BLOCKS: &str = "BLOCKS";

/// The list that a bond belongs to, and since when: one at most, as blocking leaves no tie.
fn list(bond: &Bond) -> Option<(&'static str, Timestamp)> {
    match (bond.blocked, bond.tie) {
        (Some(since), _) => Some((BLOCKS, since)),
        (None, Tie::Friends { since, .. }) => Some((FRIENDS, since)),
        (None, Tie::Requested { by: Side::Them, asked }) => Some((INCOMING, asked)),
        (None, Tie::Requested { by: Side::Me, asked }) => Some((OUTGOING, asked)),
        (None, Tie::Nothing) => None,
    }
}

/// What others are to somebody, of a batch that was read with [`keys::relation`].
pub fn bonds(
    found: &Found,
    viewer: UserId,
    others: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, Bond>> {
    let bond = |other| {
        let edge = found.peek::<Edge>(&keys::relation(viewer, other))?;
        Ok((other, edge.map(|edge| edge.bond).unwrap_or_default()))
    };
    others.into_iter().map(bond).collect()
}

/// What others are to the viewer, read strongly, and their profiles, which only decorate. One
/// round trip, 1.5 R for each of them; 0.5 R for the viewer.
pub(crate) async fn people(app: &App, viewer: UserId, others: &[UserId]) -> Result<Found> {
    let relations = others.iter().filter(|&&other| other != viewer);
    let relations: Vec<_> = relations.map(|&other| keys::relation(viewer, other)).collect();
    let profiles: Vec<_> = others.iter().copied().map(keys::profile).collect();
    app.store.batch_get_both(&relations, &profiles).await
}

/// Somebody's edge to somebody else. One round trip, 1 R.
pub(super) async fn read(app: &App, user: UserId, peer: UserId) -> Result<Edge> {
    let found = app.store.get::<Edge>(&keys::relation(user, peer)).await?;
    Ok(Edge::or_blank(found, user, peer))
}

/// What somebody else is to somebody. One round trip, 1 R.
pub(crate) async fn bond(app: &App, user: UserId, peer: UserId) -> Result<Bond> {
    read(app, user, peer).await.map(|edge| edge.bond)
}

/// Some of all that ties and parts somebody and others, behind `after`, and the position at
/// which it goes on. One round trip, 1 R per 4 KB.
///
/// Read strongly from the table itself: unlike the lists in the index it misses nobody.
pub(crate) async fn edges(
    app: &App,
    user: UserId,
    after: Option<UserId>,
    limit: usize,
) -> Result<(Vec<Edge>, Option<UserId>)> {
    let after = after.map(|peer| keys::relation(user, peer).sk);
    let prefix = keys::all_relations(user);
    let page = app.store.query::<Edge>(Query::first(&prefix, limit).beyond(after.as_deref())).await?;
    let last = page.items.last().filter(|_| page.more).map(|edge| edge.peer_id);
    Ok((page.items, last))
}
