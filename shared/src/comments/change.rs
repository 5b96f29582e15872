//! Editing and deleting a comment.

use super::look::{Seen, see};
use super::{Comment, CommentText};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{CommentId, PostId, UserId};
use crate::keys;
use crate::store::retry::Backoff;
use crate::store::{Condition, Transaction};

/// Changes one's own comment, if it still has one of the `expected` versions. Two round
/// trips, 3.5 R, 6 W.
///
/// A transaction that holds only if nobody wrote the comment since it was read, and the post is
/// there for the viewer still; otherwise all of it starts again. So of two edits that expect the
/// same version one is refused, and a comment that is gone stays so.
pub async fn edit(
    app: &App,
    viewer: UserId,
    (post, id): (PostId, CommentId),
    expected: Option<&[u64]>,
    text: Option<CommentText>,
) -> Result<Comment> {
    let mut pause = Backoff::default();
    loop {
        let Seen { mut item, author, sight } = see(app, viewer, post, id).await?;
        if item.author_id != viewer {
            return Err(Error::NotYours);
        }
        if expected.is_some_and(|versions| !versions.contains(&item.version)) {
            return Err(Error::VersionMismatch);
        }
        let Some(text) = &text else { return Ok(item.into_comment(app, author)) };
        item.text = text.clone();
        item.edited_at = Some(app.clock.now());
        item.version += 1;
        let transaction = sight.check(Transaction::new(app.ids.write_id()).put(item.put()?))?;
        if app.store.transact(transaction).await?.is_ok() {
            return Ok(item.into_comment(app, author));
        }
        pause.wait("somebody else is at the same comment").await?;
    }
}

/// Deletes a comment of one's own, or on one's own post. Two round trips, 3.5 R, 4 W and one
/// in the index; somebody else's three and 1.5 R more.
///
/// The comment and the count are one transaction, so of two deletions one counts.
pub async fn delete(app: &App, viewer: UserId, post: PostId, id: CommentId) -> Result<()> {
    let mut pause = Backoff::default();
    loop {
        let seen = see(app, viewer, post, id).await?;
        if ![seen.item.author_id, post.author].contains(&viewer) {
            return Err(Error::NotYours);
        }
        let transaction = Transaction::new(app.ids.write_id())
            .delete_when(keys::comment(post, id), Condition::Exists)
            .update(seen.sight.count()?.decrement("commentCount"));
        if app.store.transact(transaction).await?.is_ok() {
            return Ok(());
        }
        pause.wait("somebody else is at the same comment").await?;
    }
}
