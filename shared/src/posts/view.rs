//! A post as the API shows it, and what is read around it.

use serde::Serialize;
use utoipa::ToSchema;

use super::item::{Counters, PostItem};
use super::{PostText, Visibility};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::Result;
use crate::ids::{PostId, UserId};
use crate::keys::{self, Key};
use crate::profiles::{ProfileItem, UserRef};
use crate::store::Found;

/// What somebody wrote.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Post {
    /// Its id.
    pub id: PostId,
    /// Who wrote it.
    pub author: UserRef,
    /// What it says.
    pub text: PostText,
    /// For whom it is.
    pub visibility: Visibility,
    /// When it was written.
    pub created_at: Timestamp,
    /// When its text was last changed.
    #[schema(required)]
    pub edited_at: Option<Timestamp>,
    /// Counts the changes by its author; the first part of the `ETag`.
    #[schema(example = 1)]
    pub version: u64,
    /// How many like it.
    #[schema(example = 3)]
    pub like_count: u32,
    /// How many comments there are on it.
    #[schema(example = 2)]
    pub comment_count: u32,
    /// Whether the viewer likes it.
    pub liked: bool,
}

/// What is shown around a post: its counters, the viewer's like, and its author.
pub(crate) fn surroundings(viewer: UserId, post: PostId) -> [Key; 3] {
    [keys::counters(post), keys::like(post, viewer), keys::profile(post.author)]
}

/// The post with its surroundings, as the viewer sees it.
pub(crate) fn show(app: &App, viewer: UserId, item: PostItem, found: &Found) -> Result<Post> {
    let PostItem { post_id: id, text, visibility, edited_at, version, .. } = item;
    let author = found.peek::<ProfileItem>(&keys::profile(id.author))?;
    // Counters that are not there yet, for a reader that may be a moment behind, are at zero.
    let counters: Option<Counters> = found.peek(&keys::counters(id))?;
    let (like_count, comment_count) =
        counters.map_or((0, 0), |counters| (counters.like_count, counters.comment_count));
    Ok(Post {
        id,
        author: author.map_or(UserRef::hidden(id.author), |author| author.into_ref(app)),
        text,
        visibility,
        created_at: id.created_at(),
        edited_at,
        version,
        like_count,
        comment_count,
        liked: found.has(&keys::like(id, viewer)),
    })
}
