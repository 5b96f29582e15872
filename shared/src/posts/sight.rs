//! Whether a post is there for somebody, and that this still holds when they write.

use super::Visibility;
use super::item::Counters;
use crate::environment::App;
use crate::error::Result;
use crate::friends::Edge;
use crate::friends::sight::can_see;
use crate::ids::{PostId, UserId};
use crate::keys::{self, Key};
use crate::store::{Condition, Found, Transaction, Update};

/// A post that is there for somebody.
#[derive(Debug)]
pub(crate) struct Sight {
    post: PostId,
    visibility: Visibility,
    /// What the author is to the viewer, if it is not the viewer.
    edge: Option<Edge>,
}

impl Sight {
    /// A change of the post's counters, that holds only if the post is there, and for the same
    /// people, still.
    pub(crate) fn count(&self) -> Result<Update> {
        let visibility = Condition::equals("visibility", self.visibility)?;
        Ok(Update::of(keys::counters(self.post)).when(visibility))
    }

    /// Adds to a transaction that the post is there, and for the viewer, still.
    pub(crate) fn check(&self, transaction: Transaction) -> Result<Transaction> {
        let visibility = Condition::equals("visibility", self.visibility)?;
        Ok(self.must_hold(transaction.check(keys::counters(self.post), visibility)))
    }

    /// Adds to a transaction that author and viewer are what they were to each other.
    ///
    /// So nothing is written in the name of a permission that has ended: whoever was unfriended
    /// or blocked before the write is refused, even if they were not when they were looked at.
    pub(crate) fn must_hold(&self, transaction: Transaction) -> Transaction {
        match &self.edge {
            Some(edge) => transaction.check(keys::relation(edge.user_id, edge.peer_id), edge.unchanged()),
            None => transaction,
        }
    }
}

/// Reads, strongly, whether a post is there for the viewer, and whatever else is asked for.
/// One round trip, 2 R and what else is asked for, for half if it only decorates an answer.
///
/// Of the post itself only the counters are read, which are small.
pub(crate) async fn look(
    app: &App,
    viewer: UserId,
    post: PostId,
    also: &[Key],
    decorating: &[Key],
) -> Result<(Found, Option<Sight>)> {
    let mut keys = also.to_vec();
    keys.push(keys::counters(post));
    if viewer != post.author {
        keys.push(keys::relation(viewer, post.author));
    }
    let found = app.store.batch_get_both(&keys, decorating).await?;
    let sight = sight(&found, viewer, post)?;
    Ok((found, sight))
}

/// The same of what was read already.
fn sight(found: &Found, viewer: UserId, post: PostId) -> Result<Option<Sight>> {
    let Some(counters) = found.peek::<Counters>(&keys::counters(post))? else { return Ok(None) };
    let edge = found.peek(&keys::relation(viewer, post.author))?;
    let edge = Edge::or_blank(edge, viewer, post.author);
    let visibility = counters.visibility;
    let is_there = can_see(viewer, post.author, &edge.bond, visibility.audience());
    let edge = (viewer != post.author).then_some(edge);
    Ok(is_there.then_some(Sight { post, visibility, edge }))
}
