//! That a post is in somebody's feed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::environment::App;
use crate::error::Result;
use crate::ids::{PostId, UserId};
use crate::keys;
use crate::store::{Put, Write};

/// For how long after it was written a post is in feeds.
pub const KEPT_FOR: Duration = Duration::from_hours(90 * 24);

/// Which post is in whose feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// Whose feed.
    pub(crate) reader: UserId,
    /// Which post.
    pub(crate) post: PostId,
}

/// The item at [`keys::feed_entry`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntryItem {
    pub(super) post_id: PostId,
}

impl Entry {
    /// Puts it there. Doing so twice changes nothing.
    pub(super) fn put(self) -> Result<Write> {
        entry(self.reader, self.post).map(Write::Put)
    }

    /// Takes it away; it may not be there.
    pub(super) fn delete(self) -> Write {
        Write::Delete(keys::feed_entry(self.reader, self.post))
    }
}

/// That a post is in somebody's feed, as an item.
pub fn entry(reader: UserId, post: PostId) -> Result<Put> {
    let put = Put::new(&keys::feed_entry(reader, post), &EntryItem { post_id: post })?;
    Ok(put.expire_at(post.created_at().after(KEPT_FOR)))
}

/// Whether a post is too old to be in any feed.
pub(super) fn is_over(app: &App, post: PostId) -> bool {
    app.clock.now() >= post.created_at().after(KEPT_FOR)
}
