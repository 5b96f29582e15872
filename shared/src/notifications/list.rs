//! Somebody's notifications, page by page.
//!
//! The index says what there may be, and in which order; what caused it, read strongly, says what is
//! there. As all that one is about is in its key, both are all it takes.

use super::Cause;
use super::unseen::{self, MOST, Unseen};
use super::view::{Notification, show};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{NotificationId, UserId};
use crate::keys;
use crate::store::Within;

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
pub(super) type Entry = (NotificationId, Cause);

/// Some of what the index has of somebody's notifications, the newest first.
pub(super) struct Entries {
    pub(super) entries: Vec<Entry>,
    /// Where to go on behind them.
    pub(super) next: Option<NotificationId>,
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
    let (seen, newest, page) =
        tokio::try_join!(unseen::marker(app, viewer), entries(app, viewer, None, MOST), page)?;
    let page = page.unwrap_or_else(|| newest.first(limit));
    let unseen = Unseen::of(viewer, seen, newest);
    let shown = page.entries.iter().flat_map(|(_, cause)| cause.deciding());
    let deciding = unseen.deciding().chain(shown);
    let actors = page.entries.iter().map(|(_, cause)| keys::profile(cause.actor()));
    let found = app.store.batch_get_both(&deciding.collect::<Vec<_>>(), &actors.collect::<Vec<_>>()).await?;
    let unseen = unseen.count(app, &found).await?;
    let mut items = Vec::new();
    for entry in page.entries {
        if entry.1.is_there(&found)? {
            items.push(show(app, &found, entry, seen)?);
        }
    }
    Ok(Listed { items, next: page.next.map(|id| id.to_string()), unseen })
}

/// What the index has behind this one. One round trip, 0.5 R, 3 R for a hundred.
pub(super) async fn entries(
    app: &App,
    viewer: UserId,
    below: Option<NotificationId>,
    limit: usize,
) -> Result<Entries> {
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
}
