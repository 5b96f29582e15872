//! What is left of a deleted post: its comments and likes.

use serde::Deserialize;

use crate::environment::App;
use crate::error::Result;
use crate::ids::PostId;
use crate::keys::{self, Key};
use crate::store::{Query, Write};

/// How many comments, and how many likes, go in one step.
const STEP: usize = 200;

/// Nothing but an item's key.
#[derive(Debug, Deserialize)]
struct Bare {
    #[serde(rename = "PK")]
    pk: String,
    #[serde(rename = "SK")]
    sk: String,
}

/// Deletes some of what there is about a post that is not there; answers whether that was all.
///
/// Nothing can be added once the counters are gone, as every like and comment needs them. So a
/// pass that finds nothing has the last word, whatever was repeated or crashed before it. As
/// long as the post is there, nothing is touched.
pub(crate) async fn sweep(app: &App, post: PostId) -> Result<bool> {
    let (likes, comments) = (keys::likes(post), keys::comments(post));
    let counters = [keys::counters(post)];
    let (likes, comments, alive) = tokio::try_join!(
        app.store.query::<Bare>(Query::first(&likes, STEP)),
        app.store.query::<Bare>(Query::first(&comments, STEP)),
        app.store.batch_get(&counters),
    )?;
    let is_all = !likes.more && !comments.more;
    if alive.has(&counters[0]) {
        return Ok(true);
    }
    let bare = likes.items.into_iter().chain(comments.items);
    let writes = bare.map(|Bare { pk, sk }| Write::Delete(Key { pk, sk }));
    app.store.write_all(writes.collect()).await?;
    Ok(is_all)
}
