//! What somebody is notified of, and whether it is so.

use crate::comments::CommentItem;
use crate::error::{Error, Result};
use crate::friends::pair::{Bond, Side, Tie};
use crate::friends::sight::{Audience, can_see};
use crate::friends::{self, Edge};
use crate::ids::{CommentId, FriendRequestId, PostId, UserId};
use crate::jobs::Change;
use crate::keys::{self, Key};
use crate::posts::LikeItem;
use crate::store::Found;

/// What somebody did that somebody else is notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The sender asked the recipient to be friends.
    Asked {
        /// By this request.
        request: FriendRequestId,
    },
    /// The recipient accepted: it is the sender who is notified.
    Accepted {
        /// This request.
        request: FriendRequestId,
    },
    /// Somebody commented on somebody else's post.
    Commented {
        /// Which.
        post: PostId,
        /// By this comment.
        comment: CommentId,
        /// Who.
        author: UserId,
    },
    /// Somebody likes somebody else's post.
    Liked {
        /// Which.
        post: PostId,
        /// Who.
        liker: UserId,
    },
}

impl Cause {
    /// Who is notified.
    pub(crate) const fn recipient(self) -> UserId {
        match self {
            Self::Asked { request } => request.recipient,
            Self::Accepted { request } => request.sender,
            Self::Commented { post, .. } | Self::Liked { post, .. } => post.author,
        }
    }

    /// Who did it.
    pub(super) const fn actor(self) -> UserId {
        match self {
            Self::Asked { request } => request.sender,
            Self::Accepted { request } => request.recipient,
            Self::Commented { author, .. } => author,
            Self::Liked { liker, .. } => liker,
        }
    }

    /// What is to be read to know whether it is so, and is shown.
    pub(super) fn deciding(self) -> Vec<Key> {
        let relation = keys::relation(self.recipient(), self.actor());
        match self {
            Self::Asked { .. } | Self::Accepted { .. } => vec![relation],
            Self::Commented { post, comment, .. } => {
                vec![relation, keys::counters(post), keys::comment(post, comment)]
            }
            Self::Liked { post, liker } => vec![relation, keys::counters(post), keys::like(post, liker)],
        }
    }

    /// Whether it is so: they ask, are friends by that request, or the comment or like is there, and
    /// so is the post. Of a post that was deleted, comments and likes go a moment later.
    pub(super) fn is_so(self, found: &Found) -> Result<bool> {
        Ok(match self {
            Self::Asked { .. } => matches!(self.bond(found)?.tie, Tie::Requested { by: Side::Them, .. }),
            Self::Accepted { .. } => matches!(self.bond(found)?.tie, Tie::Friends { by: Side::Me, .. }),
            Self::Commented { post, comment, .. } => {
                found.has(&keys::counters(post)) && found.has(&keys::comment(post, comment))
            }
            Self::Liked { post, liker } => {
                found.has(&keys::counters(post)) && found.has(&keys::like(post, liker))
            }
        })
    }

    /// Whether it is so, and there for its recipient: nothing is by somebody whom they block or are
    /// blocked by, as with comments and likes themselves.
    pub(super) fn is_there(self, found: &Found) -> Result<bool> {
        let (recipient, actor) = (self.recipient(), self.actor());
        Ok(self.is_so(found)? && can_see(recipient, actor, &self.bond(found)?, Audience::Public))
    }

    /// What the actor is to the recipient.
    fn bond(self, found: &Found) -> Result<Bond> {
        let mut bonds = friends::bonds(found, self.recipient(), [self.actor()])?;
        Ok(bonds.remove(&self.actor()).unwrap_or_default())
    }
}

/// The causes that came or went by a change of the table. Nobody is notified of what they did
/// themselves.
///
/// Of a friendship the edge of whoever is notified tells, and the other one tells nothing. So there is
/// one item for each cause, and what the stream tells of one item it tells in order, which saves work;
/// nothing depends on it.
pub fn touched_by(change: &Change) -> Result<Vec<Cause>> {
    let [old, new] = if change.sort_key.starts_with("LIKE#") {
        let (old, new) = change.images::<LikeItem>()?;
        let post = post(change)?;
        [old, new].map(|like| like.map(|like| Cause::Liked { post, liker: like.user_id }))
    } else if change.sort_key.starts_with("COMMENT#") {
        let (old, new) = change.images::<CommentItem>()?;
        [old, new].map(|comment| {
            let CommentItem { post_id: post, comment_id: comment, author_id: author, .. } = comment?;
            Some(Cause::Commented { post, comment, author })
        })
    } else if change.sort_key.starts_with("RELATION#") {
        let (old, new) = change.images::<Edge>()?;
        [old, new].map(|edge| edge.as_ref().and_then(of_edge))
    } else {
        [None, None]
    };
    if old == new {
        return Ok(Vec::new());
    }
    Ok([old, new].into_iter().flatten().filter(|cause| cause.recipient() != cause.actor()).collect())
}

/// What whoever sees an edge is notified of.
fn of_edge(edge: &Edge) -> Option<Cause> {
    let (me, them) = (edge.user_id, edge.peer_id);
    match edge.bond.tie {
        Tie::Requested { by: Side::Them, .. } => {
            Some(Cause::Asked { request: FriendRequestId { sender: them, recipient: me } })
        }
        Tie::Friends { by: Side::Me, .. } => {
            Some(Cause::Accepted { request: FriendRequestId { sender: me, recipient: them } })
        }
        _ => None,
    }
}

fn post(change: &Change) -> Result<PostId> {
    keys::post_about(&change.partition_key).ok_or_else(|| Error::internal("it is about no post"))
}
