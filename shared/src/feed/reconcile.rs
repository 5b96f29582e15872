//! The job that brings two people's feeds in line with their friendship.
//!
//! It runs when they have become friends, and then puts each one's newest posts into the other's
//! feed; and when they have ceased to be, and then clears each one's feed of the other's. There is
//! one job for the two at most: to start it again while it runs makes it begin anew, so it always
//! ends with what they are to each other by then.

use serde::{Deserialize, Serialize};

use super::entry::{Entry, EntryItem, is_over};
use crate::environment::App;
use crate::error::Result;
use crate::friends;
use crate::ids::{PostId, UserId};
use crate::keys;
use crate::posts::{Counters, Visibility, newest, numbers};
use crate::store::{Found, Query};

/// How many of each one's posts the other one gets.
const NEWEST: usize = 20;

/// How many entries of a feed one step looks at.
const STEP: usize = 500;

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "camelCase")]
pub(crate) enum Progress {
    /// These are to be in the feeds.
    ///
    /// They are written down before the first of them is, so that after a crash every one that
    /// may have been written is known, also if its post was deleted in between.
    Put {
        /// Which.
        entries: Vec<Entry>,
    },
    /// A feed is being cleared.
    Clear {
        /// Whose.
        reader: UserId,
        /// Those older than this one.
        after: Option<PostId>,
    },
    /// Both feeds are cleared.
    Cleared,
}

/// Does some of it; answers how far it is then, or that it is done.
///
/// If they ceased to be friends since it was last done, both feeds are cleared first, also if they
/// are friends again by now: among what is in them may be a post that was deleted in between, which
/// was looked for in the feeds of friends only.
pub(crate) async fn step(
    app: &App,
    [one, other]: [UserId; 2],
    has_ended: bool,
    progress: Option<Progress>,
) -> Result<Option<Progress>> {
    match progress {
        None if has_ended => clear(app, [one, other], one, None).await,
        None | Some(Progress::Cleared) => plan(app, one, other).await,
        Some(Progress::Clear { reader, after }) => clear(app, [one, other], reader, after).await,
        Some(Progress::Put { entries }) => put(app, &entries).await.map(|()| None),
    }
}

/// What is to be in the feeds of the two, if they are friends.
async fn plan(app: &App, one: UserId, other: UserId) -> Result<Option<Progress>> {
    if !friends::bond(app, one, other).await?.are_friends() {
        return Ok(None);
    }
    let (mine, theirs) = tokio::try_join!(shared(app, one, other), shared(app, other, one))?;
    let entries: Vec<_> = mine.into_iter().chain(theirs).collect();
    Ok((!entries.is_empty()).then_some(Progress::Put { entries }))
}

/// The newest posts of an author that are for friends, as entries for a reader.
///
/// The index leaves out the private ones, however many there are, but is a little behind. The
/// very newest ones come from the table itself, so that one which was written just before they
/// became friends is not missed by both this job and the one that distributes it.
async fn shared(app: &App, author: UserId, reader: UserId) -> Result<Vec<Entry>> {
    let (recent, public, friends) = tokio::try_join!(
        newest(app, author, None, NEWEST),
        numbers(app, author, Visibility::Public, None, NEWEST),
        numbers(app, author, Visibility::Friends, None, NEWEST),
    )?;
    let recent = recent.items.into_iter().filter(|item| item.visibility.is_shared());
    let mut posts: Vec<_> =
        recent.map(|item| item.post_id).chain(public.items).chain(friends.items).collect();
    posts.sort_unstable_by(|a, b| b.cmp(a));
    posts.dedup();
    let fresh = posts.into_iter().filter(|&post| !is_over(app, post));
    Ok(fresh.take(NEWEST).map(|post| Entry { reader, post }).collect())
}

/// Puts entries into feeds, and takes away again those that should not be there.
///
/// What makes an entry wrong may have been told, and seen to, just before the entry was written:
/// so whether it is right is asked once more afterwards. Whatever makes it wrong later on is seen
/// to later.
async fn put(app: &App, entries: &[Entry]) -> Result<()> {
    let keys: Vec<_> = entries
        .iter()
        .flat_map(|Entry { reader, post }| [keys::counters(*post), keys::relation(post.author, *reader)])
        .collect();
    let found = app.store.batch_get(&keys).await?;
    let mut puts = Vec::new();
    for entry in entries {
        if is_right(&found, *entry)? {
            puts.push(entry.put()?);
        }
    }
    app.store.write_all(puts).await?;
    let found = app.store.batch_get(&keys).await?;
    let mut deletes = Vec::new();
    for entry in entries {
        if !is_right(&found, *entry)? {
            deletes.push(entry.delete());
        }
    }
    app.store.write_all(deletes).await
}

fn is_right(found: &Found, Entry { reader, post }: Entry) -> Result<bool> {
    let counters = found.peek::<Counters>(&keys::counters(post))?;
    let bonds = friends::bonds(found, post.author, [reader])?;
    Ok(counters.is_some_and(|counters| counters.visibility.is_shared())
        && bonds.get(&reader).is_some_and(friends::pair::Bond::are_friends))
}

/// Takes some of the other one's posts out of a feed, the newest first.
///
/// Entries expire in their own order, and those that have are not shown here: where some are
/// missing, there are none behind them.
async fn clear(
    app: &App,
    [one, other]: [UserId; 2],
    reader: UserId,
    after: Option<PostId>,
) -> Result<Option<Progress>> {
    let author = if reader == one { other } else { one };
    let prefix = keys::feed(reader);
    let after = after.map(|post| keys::feed_entry(reader, post).sk);
    let page = app.store.query::<EntryItem>(Query::last(&prefix, STEP).beyond(after.as_deref())).await?;
    let last = page.items.last().filter(|_| page.items.len() == STEP).map(|entry| entry.post_id);
    let theirs = page.items.into_iter().map(|entry| entry.post_id).filter(|post| post.author == author);
    app.store.write_all(theirs.map(|post| Entry { reader, post }.delete()).collect()).await?;
    Ok(Some(match last {
        Some(_) => Progress::Clear { reader, after: last },
        None if reader == one => Progress::Clear { reader: other, after: None },
        None => Progress::Cleared,
    }))
}
