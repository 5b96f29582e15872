//! How many of somebody's notifications are new.

use super::list::{Entries, Entry, entries};
use super::seen::SeenItem;
use crate::environment::App;
use crate::error::Result;
use crate::ids::{NotificationId, UserId};
use crate::keys::{self, Key};
use crate::store::Found;

/// The most that are counted.
pub(super) const MOST: usize = 100;

/// How many hundreds are looked at to count, as long as of those before some are not there for the
/// viewer: what somebody whom they block did stays in their list, as the block may end.
const ROUNDS: usize = 5;

/// The newest of somebody's notifications that they have not seen, as far as the index knows.
pub(crate) struct Unseen {
    viewer: UserId,
    seen: Option<SeenItem>,
    entries: Vec<Entry>,
    /// Where it goes on behind them, if there may be more.
    rest: Option<NotificationId>,
}

/// The viewer's. One round trip, 1 R and the index.
pub(crate) async fn unseen(app: &App, viewer: UserId) -> Result<Unseen> {
    let (seen, newest) = tokio::try_join!(marker(app, viewer), entries(app, viewer, None, MOST))?;
    Ok(Unseen::of(viewer, seen, newest))
}

impl Unseen {
    /// Those among these that the viewer has not seen.
    pub(super) fn of(viewer: UserId, seen: Option<SeenItem>, newest: Entries) -> Self {
        let is_seen = |id| seen.is_some_and(|seen| seen.has(id));
        let rest = newest.next.filter(|&id| !is_seen(id));
        let entries = newest.entries.into_iter().filter(|(id, _)| !is_seen(*id)).collect();
        Self { viewer, seen, entries, rest }
    }

    /// What says which of them are there: up to 3 R for each.
    pub(crate) fn deciding(&self) -> impl Iterator<Item = Key> {
        self.entries.iter().flat_map(|(_, cause)| cause.deciding())
    }

    /// How many there are, up to 100, by what was found at the keys that decide. None, or if some of a
    /// hundred are hidden, two round trips for each hundred behind them, up to four times.
    pub(crate) async fn count(self, app: &App, found: &Found) -> Result<usize> {
        let mut counted = self.there(found)?;
        let (viewer, seen, mut rest) = (self.viewer, self.seen, self.rest);
        for _ in 1..ROUNDS {
            let Some(below) = rest.filter(|_| counted < MOST) else { break };
            let further = Self::of(viewer, seen, entries(app, viewer, Some(below), MOST).await?);
            let found = app.store.batch_get(&further.deciding().collect::<Vec<_>>()).await?;
            counted += further.there(&found)?;
            rest = further.rest;
        }
        Ok(counted.min(MOST))
    }

    fn there(&self, found: &Found) -> Result<usize> {
        let mut count = 0;
        for (_, cause) in &self.entries {
            count += usize::from(cause.is_there(found)?);
        }
        Ok(count)
    }
}

/// Up to where the viewer has seen them. One round trip, 1 R.
pub(super) async fn marker(app: &App, viewer: UserId) -> Result<Option<SeenItem>> {
    let key = keys::seen(viewer);
    app.store.batch_get(std::slice::from_ref(&key)).await?.take(&key)
}
