//! The job that brings every friend's feed in line with a post.
//!
//! It runs when a post was written, when it came to be for friends or ceased to be, and when it
//! was deleted. There is one job for a post at most: to start it again while it runs makes it
//! begin from the first friend, so it always ends with a pass that began after the last change.

use std::collections::HashSet;

use super::entry::{Entry, is_over};
use crate::environment::App;
use crate::error::Result;
use crate::friends::{self, Edge};
use crate::ids::{PostId, UserId};
use crate::keys;
use crate::posts::Counters;

/// How many of the author's relations one step goes through.
const STEP: usize = 500;

/// Does it for some of the author's friends, those behind `after`; answers where to go on.
///
/// Friends are read strongly, from the table itself: unlike the list in the index it misses
/// nobody who has just become one. Whoever ceased to be one while the entries were written gets
/// theirs taken away again: the job that clears their feed may have come before. (If the step
/// crashes in between, one entry may stay that nobody is shown, until it expires.)
pub(crate) async fn step(app: &App, post: PostId, after: Option<UserId>) -> Result<Option<UserId>> {
    let author = post.author;
    let (is_shared, (edges, next)) =
        tokio::try_join!(is_shared(app, post), friends::edges(app, author, after, STEP))?;
    let entries: Vec<_> = friends_of(&edges).map(|reader| Entry { reader, post }).collect();
    if is_shared && is_over(app, post) {
        return Ok(None);
    }
    if !is_shared {
        app.store.write_all(entries.into_iter().map(Entry::delete).collect()).await?;
        return Ok(next);
    }
    if entries.is_empty() {
        return Ok(next);
    }
    app.store.write_all(entries.iter().map(|entry| entry.put()).collect::<Result<_>>()?).await?;

    let last = edges.last().map(|edge| edge.peer_id);
    let (still_shared, still_friends) =
        tokio::try_join!(self::is_shared(app, post), friends_between(app, author, after, last))?;
    let wrong = entries.into_iter().filter(|entry| !still_shared || !still_friends.contains(&entry.reader));
    app.store.write_all(wrong.map(Entry::delete).collect()).await?;
    Ok(next)
}

/// The friends of somebody, behind `after` up to `last`.
async fn friends_between(
    app: &App,
    user: UserId,
    mut after: Option<UserId>,
    last: Option<UserId>,
) -> Result<HashSet<UserId>> {
    let mut found = HashSet::new();
    while after < last {
        let (edges, next) = friends::edges(app, user, after, STEP).await?;
        found.extend(friends_of(&edges));
        let Some(next) = next else { break };
        after = Some(next);
    }
    Ok(found)
}

/// Whether the post is there, and for friends. One round trip, 1 R.
async fn is_shared(app: &App, post: PostId) -> Result<bool> {
    let counters = app.store.get::<Counters>(&keys::counters(post)).await?;
    Ok(counters.is_some_and(|counters| counters.visibility.is_shared()))
}

fn friends_of(edges: &[Edge]) -> impl Iterator<Item = UserId> {
    edges.iter().filter(|edge| edge.bond.are_friends()).map(|edge| edge.peer_id)
}
