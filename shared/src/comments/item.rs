//! A comment as an item, and as the API shows it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::CommentText;
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::Result;
use crate::ids::{CommentId, PostId, UserId, WriteId};
use crate::keys;
use crate::profiles::{ProfileItem, UserRef};
use crate::store::{Condition, Put};

/// What somebody said about a post.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// On which post it is.
    pub post_id: PostId,
    /// Who said it.
    pub author: UserRef,
    /// What it says.
    pub text: CommentText,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(required)]
    pub edited_at: Option<Timestamp>,
    /// Counts its changes; the first part of the `ETag`.
    #[schema(example = 1)]
    pub version: u64,
}

/// The item at [`keys::comment`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommentItem {
    pub(crate) post_id: PostId,
    pub(crate) comment_id: CommentId,
    pub(crate) author_id: UserId,
    pub(super) text: CommentText,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) edited_at: Option<Timestamp>,
    pub(super) version: u64,
    /// Which write made it so.
    #[serde(default, skip_serializing)]
    write_id: Option<WriteId>,
}

impl CommentItem {
    /// A comment that was not there before.
    pub(super) const fn new(
        post_id: PostId,
        comment_id: CommentId,
        author_id: UserId,
        text: CommentText,
    ) -> Self {
        Self { post_id, comment_id, author_id, text, edited_at: None, version: 1, write_id: None }
    }

    /// The item, which nobody wrote since it was read, with its place in the index.
    pub(super) fn put(&self) -> Result<Put> {
        let put = Put::new(&keys::comment(self.post_id, self.comment_id), self)?;
        let unchanged = self.write_id.clone().map_or(Condition::Absent, Condition::WrittenBy);
        Ok(put.when(unchanged).indexed(&keys::comment_by(self.author_id, self.comment_id)))
    }

    /// The comment by this author, if they have an account still.
    pub(super) fn into_comment(self, app: &App, author: Option<ProfileItem>) -> Comment {
        let hidden = UserRef::hidden(self.author_id);
        Comment {
            id: self.comment_id,
            post_id: self.post_id,
            author: author.map_or(hidden, |author| author.into_ref(app)),
            text: self.text,
            created_at: self.comment_id.created_at(),
            edited_at: self.edited_at,
            version: self.version,
        }
    }
}
