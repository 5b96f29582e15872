//! Somebody's notifications, and how many of them are new.
//!
//! The index says what there may be, and in which order; what caused it, read strongly, says what is
//! there. As all that one is about is in its key, both are all it takes.

use super::Cause;
use super::seen::SeenItem;
use super::view::{Notification, show};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{NotificationId, UserId};
use crate::keys;
use crate::store::{Found, Within};

/// The most that are counted.
const MOST: usize = 100;

/// How many hundreds are looked at to count, as long as of those before some are not there for the
/// viewer: what somebody whom they block did stays in their list, as the block may end.
const ROUNDS: usize = 5;

/// A page of somebody's notifications.
#[derive(Debug)]
pub struct Listed {
    /// Some of them, the newest first.
    pub items: Vec<Notification>,
    /// Where to go on.
    pub next: Option<String>,
    /// How many there are that the viewer has not seen, in all the list; 100 means 100 or more.
    pub unseen: usize,
}

/// Where a notification stands.
type Entry = (NotificationId, Cause);

/// Some of what the index has of somebody's notifications, the newest first.
struct Entries {
    entries: Vec<Entry>,
    /// Where to go on behind them.
    next: Option<NotificationId>,
}

/// The viewer's notifications, the newest first, behind the position `after`. Two round trips: 1 R,
/// the index, and 3.5 R for each by somebody else about another post, 1.5 R if it is about a
/// friendship; and what those cost that are counted and not shown.
pub async fn list(app: &App, viewer: UserId, after: Option<&str>, limit: usize) -> Result<Listed> {
    let after = after.map(str::parse).transpose().map_err(|_| Error::InvalidCursor)?;
    let page = async {
        match after {
            Some(after) => entries(app, viewer, Some(after), limit).await.map(Some),
            None => Ok(None),
        }
    };
    let (seen, newest, page) = tokio::try_join!(marker(app, viewer), entries(app, viewer, None, MOST), page)?;
    let page = page.unwrap_or_else(|| newest.first(limit));
    let (unseen, rest) = newest.unseen(seen);
    let deciding = unseen.iter().chain(&page.entries).flat_map(|(_, cause)| cause.deciding());
    let actors = page.entries.iter().map(|(_, cause)| keys::profile(cause.actor()));
    let found = app.store.batch_get_both(&deciding.collect::<Vec<_>>(), &actors.collect::<Vec<_>>()).await?;
    let counted = count(&found, &unseen)?;
    let unseen = count_on(app, viewer, seen, counted, rest).await?;
    let mut items = Vec::new();
    for entry in page.entries {
        if entry.1.is_there(&found)? {
            items.push(show(app, &found, entry, seen)?);
        }
    }
    Ok(Listed { items, next: page.next.map(|id| id.to_string()), unseen })
}

/// How many notifications the viewer has not seen, up to 100. Two round trips, 1 R, the index, and up to
/// 3 R for each.
pub(crate) async fn count_unseen(app: &App, viewer: UserId) -> Result<usize> {
    let (seen, newest) = tokio::try_join!(marker(app, viewer), entries(app, viewer, None, MOST))?;
    let (unseen, rest) = newest.unseen(seen);
    let counted = count_there(app, &unseen).await?;
    count_on(app, viewer, seen, counted, rest).await
}

/// Goes on counting behind those that were counted, if there is more and not enough was there.
async fn count_on(
    app: &App,
    viewer: UserId,
    seen: Option<SeenItem>,
    mut counted: usize,
    mut rest: Option<NotificationId>,
) -> Result<usize> {
    for _ in 1..ROUNDS {
        let Some(below) = rest.filter(|_| counted < MOST) else { break };
        let (unseen, further) = entries(app, viewer, Some(below), MOST).await?.unseen(seen);
        counted += count_there(app, &unseen).await?;
        rest = further;
    }
    Ok(counted.min(MOST))
}

async fn count_there(app: &App, entries: &[Entry]) -> Result<usize> {
    let deciding: Vec<_> = entries.iter().flat_map(|(_, cause)| cause.deciding()).collect();
    count(&app.store.batch_get(&deciding).await?, entries)
}

fn count(found: &Found, entries: &[Entry]) -> Result<usize> {
    let mut count = 0;
    for (_, cause) in entries {
        count += usize::from(cause.is_there(found)?);
    }
    Ok(count)
}

/// Up to where the viewer has seen them. One round trip, 1 R.
async fn marker(app: &App, viewer: UserId) -> Result<Option<SeenItem>> {
    let key = keys::seen(viewer);
    app.store.batch_get(std::slice::from_ref(&key)).await?.take(&key)
}

/// What the index has behind this one. One round trip, 0.5 R, 3 R for a hundred.
async fn entries(app: &App, viewer: UserId, below: Option<NotificationId>, limit: usize) -> Result<Entries> {
    let below = below.map(|id| id.to_string());
    let within = Within::Below(below.as_deref());
    let page = app.store.query_index(&keys::notifications(viewer), within, limit).await?;
    let id = |position: &str| position.parse().ok();
    let entries =
        page.items.iter().filter_map(|entry| Some((id(&entry.place.sk)?, keys::cause_at(&entry.key)?)));
    let next = page.items.last().filter(|_| page.more).and_then(|last| id(&last.place.sk));
    Ok(Entries { entries: entries.collect(), next })
}

impl Entries {
    /// The first of them.
    fn first(&self, limit: usize) -> Self {
        let entries: Vec<_> = self.entries.iter().copied().take(limit).collect();
        let is_cut = entries.len() < self.entries.len();
        let next = if is_cut { entries.last().map(|(id, _)| *id) } else { self.next };
        Self { entries, next }
    }

    /// Those that were not seen, and where it goes on if that is all of them.
    fn unseen(self, seen: Option<SeenItem>) -> (Vec<Entry>, Option<NotificationId>) {
        let is_seen = |id| seen.is_some_and(|seen| seen.has(id));
        let next = self.next.filter(|&id| !is_seen(id));
        (self.entries.into_iter().filter(|(id, _)| !is_seen(*id)).collect(), next)
    }
}
