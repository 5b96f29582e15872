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
use crate::keys::{self, IndexKey};
use crate::store::{Condition, Found, Put, Transaction};

/// The item at [`keys::relation`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Edge {
    /// Whose view it is.
    pub(super) user_id: UserId,
    /// Of whom.
    pub(super) peer_id: UserId,
    /// What they are to each other.
    pub(super) bond: Bond,
    /// Which write made it so.
    #[serde(default, skip_serializing)]
    write_id: Option<WriteId>,
}

impl Edge {
    /// The edge that was found, or one that is not there.
    pub(super) fn or_blank(found: Option<Self>, user_id: UserId, peer_id: UserId) -> Self {
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
        let key = keys::relation(user_id, peer_id);
        let unchanged = self.write_id.clone().map_or(Condition::Absent, Condition::WrittenBy);
        if bond.is_blank() {
            return Ok(transaction.delete_when(key, unchanged));
        }
        let index = list(&bond).map(|(list, since)| keys::relation_in(user_id, list, since, peer_id));
        let edge = Self { user_id, peer_id, bond, write_id: None };
        let put = Put::new(&key, &edge)?.when(unchanged);
        Ok(transaction.put(match &index {
            Some(index) => put.indexed(index),
            None => put,
        }))
    }

    /// Where the index has it, in this list.
    pub(super) fn place(&self, name: &str) -> Option<IndexKey> {
        let (actual, since) = list(&self.bond)?;
        (actual == name).then(|| keys::relation_in(self.user_id, name, since, self.peer_id))
    }
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
    found: &mut Found,
    viewer: UserId,
    others: impl IntoIterator<Item = UserId>,
) -> Result<HashMap<UserId, Bond>> {
    let bond = |other| {
        let edge = found.take::<Edge>(&keys::relation(viewer, other))?;
        Ok((other, edge.map(|edge| edge.bond).unwrap_or_default()))
    };
    others.into_iter().map(bond).collect()
}

/// Somebody's edge to somebody else. One round trip, 1 R.
pub(super) async fn read(app: &App, user: UserId, peer: UserId) -> Result<Edge> {
    let found = app.store.get::<Edge>(&keys::relation(user, peer)).await?;
    Ok(Edge::or_blank(found, user, peer))
}
