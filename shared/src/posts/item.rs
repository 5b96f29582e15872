//! A post as two items.
//!
//! The text is in one, and what changes with every like and comment in the other, so that a like
//! costs the same however long the text is. The counters also carry the visibility: whoever may
//! like or comment is decided by them alone. Both are made, changed in visibility, and deleted in
//! one transaction.

use serde::{Deserialize, Serialize};

use super::{PostText, Visibility};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::ids::{PostId, WriteId};
use crate::keys;
use crate::store::{Condition, Put};

/// The item at [`keys::post`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PostItem {
    /// Which post.
    pub(crate) post_id: PostId,
    /// What it says.
    pub(crate) text: PostText,
    /// For whom.
    pub(crate) visibility: Visibility,
    /// When its text was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) edited_at: Option<Timestamp>,
    /// Counts its changes, from 1.
    pub(crate) version: u64,
    /// Which write made it so.
    #[serde(default, skip_serializing)]
    write_id: Option<WriteId>,
}

impl PostItem {
    /// A post that was not there before.
    pub(super) const fn new(post_id: PostId, text: PostText, visibility: Visibility) -> Self {
        Self { post_id, text, visibility, edited_at: None, version: 1, write_id: None }
    }

    /// The item, with its place in the index.
    pub(super) fn put(&self) -> Result<Put> {
        let put = Put::new(&keys::post(self.post_id), self)?;
        Ok(put.indexed(&keys::post_with(self.post_id, self.visibility)))
    }

    /// That nobody wrote it since it was read.
    pub(super) fn unchanged(&self) -> Condition {
        self.write_id.clone().map_or(Condition::Absent, Condition::WrittenBy)
    }
}

/// The item at [`keys::counters`]: there from when the post is until it is deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counters {
    /// How many like it.
    pub(crate) like_count: u32,
    /// How many comments there are on it.
    pub(crate) comment_count: u32,
    /// For whom the post is.
    pub(crate) visibility: Visibility,
}

impl Counters {
    /// Those of a post that was not there before.
    pub(super) const fn new(visibility: Visibility) -> Self {
        Self { like_count: 0, comment_count: 0, visibility }
    }
}
