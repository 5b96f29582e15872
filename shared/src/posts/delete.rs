//! Deleting a post.

use super::sight::look;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{PostId, UserId};
use crate::keys;
use crate::store::{Condition, Transaction};

/// Deletes one's own post. One round trip, 4 W and one in the index.
///
/// One transaction of the post and its counters. From then on nobody can like it or comment on
/// it, as both need the counters; what was there before goes by a job that the stream starts.
pub async fn delete(app: &App, viewer: UserId, id: PostId) -> Result<()> {
    if viewer != id.author {
        return Err(not_yours(app, viewer, id).await?);
    }
    let transaction = Transaction::new(app.ids.write_id())
        .delete_when(keys::post(id), Condition::Exists)
        .delete_when(keys::counters(id), Condition::Exists);
    app.store.transact(transaction).await?.map_err(|_| Error::NotFound)
}

/// How somebody is refused what only the author may do. One round trip, 2 R.
pub(super) async fn not_yours(app: &App, viewer: UserId, id: PostId) -> Result<Error> {
    let (_, sight) = look(app, viewer, id, &[], &[]).await?;
    Ok(if sight.is_some() { Error::NotYours } else { Error::NotFound })
}
