//! Adding a comment.

use super::item::CommentItem;
use super::{Comment, CommentText};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::idempotency::{self, Fingerprint, Key};
use crate::ids::{CommentId, PostId, UserId};
use crate::keys;
use crate::posts::sight::look;
use crate::profiles::ProfileItem;
use crate::store::Transaction;
use crate::store::retry::Backoff;

/// Adds a comment to a post that is there for the viewer. Two round trips, 3 R, 6 W and one in
/// the index; with a key 1 R and 2 W more.
///
/// Comment, count and key are one transaction, which holds only as long as the post is there for
/// the viewer; if not, all of it is looked at again. What was made with the key comes first, also
/// when the viewer sees the post no more: whoever lost an answer gets it.
pub async fn add(
    app: &App,
    viewer: UserId,
    post: PostId,
    text: CommentText,
    key: Option<&Key>,
) -> Result<Comment> {
    let asked = Fingerprint::of(&["comment", &post.to_string(), text.as_str()]);
    let mut also = vec![keys::profile(viewer)];
    also.extend(key.map(|key| idempotency::place(viewer, key)));
    let mut pause = Backoff::default();
    loop {
        let (mut found, sight) = look(app, viewer, post, &also, &[]).await?;
        let me = found.take::<ProfileItem>(&keys::profile(viewer))?.ok_or(Error::Unauthenticated)?;
        if let Some(key) = key
            && let Some(made) = idempotency::known::<CommentId>(&found, viewer, key, &asked)?
        {
            let item = app.store.get::<CommentItem>(&keys::comment(post, made)).await?;
            return Ok(item.ok_or(Error::NotFound)?.into_comment(app, Some(me)));
        }
        let sight = sight.ok_or(Error::NotFound)?;
        let item = CommentItem {
            post_id: post,
            comment_id: app.ids.comment_id(),
            author_id: viewer,
            text: text.clone(),
            edited_at: None,
            version: 1,
        };
        let mut transaction = Transaction::new(app.ids.write_id())
            .put(item.put()?)
            .update(sight.count()?.increment("commentCount"));
        if let Some(key) = key {
            let claim = idempotency::claim(app, viewer, key, &asked, &item.comment_id)?;
            transaction = transaction.put(claim);
        }
        if app.store.transact(sight.must_hold(transaction)).await?.is_ok() {
            return Ok(item.into_comment(app, Some(me)));
        }
        pause.wait("somebody else is at the same post").await?;
    }
}
