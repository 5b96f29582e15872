//! Editing and deleting a comment.

use super::item::CommentItem;
use super::look::see;
use super::{Comment, CommentText};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{CommentId, PostId, UserId};
use crate::keys;
use crate::store::retry::Backoff;
use crate::store::{Condition, Transaction, Update, Written};

/// Changes one's own comment, if it still has one of the `expected` versions. Two round
/// trips, 3.5 R, 1 W.
///
/// One conditional write: of two edits that expect the same version one is refused, a repetition
/// after a lost reply finds its own write id, and a comment that is gone stays so.
pub async fn edit(
    app: &App,
    viewer: UserId,
    (post, id): (PostId, CommentId),
    expected: Option<&[u64]>,
    text: Option<CommentText>,
) -> Result<Comment> {
    let seen = see(app, viewer, post, id).await?;
    if seen.item.author_id != viewer {
        return Err(Error::NotYours);
    }
    if expected.is_some_and(|versions| !versions.contains(&seen.item.version)) {
        return Err(Error::VersionMismatch);
    }
    let Some(text) = text else { return Ok(seen.item.into_comment(app, seen.author)) };
    let mut update = Update::of(keys::comment(post, id))
        .set("text", text)
        .set("editedAt", app.clock.now())
        .increment("version");
    if let Some(versions) = expected {
        update = update.when(Condition::one_of("version", versions)?);
    }
    match app.store.update(update, &app.ids.write_id()).await? {
        Written::Done(row) => Ok(row.read::<CommentItem>()?.into_comment(app, seen.author)),
        Written::Refused(Some(_)) => Err(Error::VersionMismatch),
        Written::Refused(None) => Err(Error::NotFound),
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
