//! A friend request as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;

use super::edge::Edge;
use super::pair::{Bond, Side, Tie};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{FriendRequestId, UserId};
use crate::keys;
use crate::profiles::{ProfileItem, UserRef};

/// That somebody asked somebody to be friends.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FriendRequest {
    /// Its id.
    pub id: FriendRequestId,
    /// Who asked.
    pub sender: UserRef,
    /// Whom.
    pub recipient: UserRef,
    /// How it stands.
    pub status: FriendRequestStatus,
    /// When they asked.
    pub created_at: Timestamp,
    /// When it was answered, or asked.
    pub updated_at: Timestamp,
}

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FriendRequestStatus {
    /// Nobody has answered.
    Pending,
    /// They are friends.
    Accepted,
    /// The answer was no.
    Rejected,
}

/// A request that the viewer sent or got. One round trip, 3 R.
pub async fn request(app: &App, viewer: UserId, id: FriendRequestId) -> Result<FriendRequest> {
    let FriendRequestId { sender, recipient } = id;
    let peer = if viewer == sender { recipient } else { sender };
    if ![sender, recipient].contains(&viewer) || sender == recipient {
        return Err(Error::NotFound);
    }
    let keys = [keys::relation(viewer, peer), keys::profile(viewer), keys::profile(peer)];
    let mut found = app.store.batch_get(&keys).await?;
    let edge = Edge::or_blank(found.take(&keys[0])?, viewer, peer);
    let me = found.take::<ProfileItem>(&keys[1])?.ok_or(Error::Unauthenticated)?;
    let them = found.take::<ProfileItem>(&keys[2])?.ok_or(Error::NotFound)?;
    FriendRequest::of(app, id, &edge.bond, me, them).ok_or(Error::NotFound)
}

impl FriendRequest {
    /// The request that ties the viewer to somebody else.
    pub(super) fn new(app: &App, bond: &Bond, viewer: ProfileItem, peer: ProfileItem) -> Result<Self> {
        let (Tie::Requested { by, .. } | Tie::Friends { by, .. }) = bond.tie else {
            return Err(Error::internal("there is no request"));
        };
        let (me, them) = (viewer.user_id, peer.user_id);
        let id = match by {
            Side::Me => FriendRequestId { sender: me, recipient: them },
            Side::Them => FriendRequestId { sender: them, recipient: me },
        };
        Self::of(app, id, bond, viewer, peer).ok_or_else(|| Error::internal("there is no such request"))
    }

    /// The request with this id, if there is one between the two.
    pub(super) fn of(
        app: &App,
        id: FriendRequestId,
        bond: &Bond,
        viewer: ProfileItem,
        peer: ProfileItem,
    ) -> Option<Self> {
        let is_mine = viewer.user_id == id.sender;
        let side = if is_mine { Side::Me } else { Side::Them };
        let rejection = if is_mine { bond.my_rejection } else { bond.their_rejection };
        let (status, created_at, updated_at) = match (bond.tie, rejection) {
            (Tie::Requested { by, asked }, _) if by == side => (FriendRequestStatus::Pending, asked, asked),
            (Tie::Friends { by, asked, since }, _) if by == side => {
                (FriendRequestStatus::Accepted, asked, since)
            }
            (_, Some(rejection)) if !rejection.forgotten => {
                (FriendRequestStatus::Rejected, rejection.asked, rejection.at)
            }
            _ => return None,
        };
        let (me, them) = (viewer.into_ref(app), peer.into_ref(app));
        let (sender, recipient) = if is_mine { (me, them) } else { (them, me) };
        Some(Self { id, sender, recipient, status, created_at, updated_at })
    }
}
