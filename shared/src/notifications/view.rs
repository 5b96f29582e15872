//! A notification as the API shows it.

use serde::Serialize;
use utoipa::ToSchema;

use super::Cause;
use super::seen::SeenItem;
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::Result;
use crate::ids::{CommentId, FriendRequestId, NotificationId, PostId};
use crate::keys;
use crate::profiles::{ProfileItem, UserRef};
use crate::store::Found;

/// That somebody did something that concerns the viewer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// Who did it.
    pub actor: UserRef,
    /// When it came.
    pub created_at: Timestamp,
    /// Whether the viewer has seen it.
    pub seen: bool,
}

/// What a notification is about: its type, and ids of what it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "type", content = "object", rename_all = "camelCase")]
pub enum Subject {
    /// Somebody asks the viewer to be friends.
    #[serde(rename_all = "camelCase")]
    FriendRequest {
        /// The request.
        request_id: FriendRequestId,
    },
    /// Somebody has accepted the viewer's request.
    #[serde(rename_all = "camelCase")]
    FriendAccepted {
        /// The request.
        request_id: FriendRequestId,
    },
    /// Somebody commented on the viewer's post.
    #[serde(rename_all = "camelCase")]
    Comment {
        /// The post.
        post_id: PostId,
        /// The comment.
        comment_id: CommentId,
    },
    /// Somebody likes the viewer's post.
    #[serde(rename_all = "camelCase")]
    Like {
        /// The post.
        post_id: PostId,
    },
}

impl From<Cause> for Subject {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Asked { request } => Self::FriendRequest { request_id: request },
            Cause::Accepted { request } => Self::FriendAccepted { request_id: request },
            Cause::Commented { post, comment, .. } => Self::Comment { post_id: post, comment_id: comment },
            Cause::Liked { post, .. } => Self::Like { post_id: post },
        }
    }
}

/// A notification that is there for its recipient, with its actor's profile among what was found.
pub(super) fn show(
    app: &App,
    found: &Found,
    (id, cause): (NotificationId, Cause),
    seen: Option<SeenItem>,
) -> Result<Notification> {
    let actor = found.peek::<ProfileItem>(&keys::profile(cause.actor()))?;
    Ok(Notification {
        id,
        subject: cause.into(),
        actor: actor.map_or(UserRef::hidden(cause.actor()), |actor| actor.into_ref(app)),
        created_at: id.created_at(),
        seen: seen.is_some_and(|seen| seen.has(id)),
    })
}
