//! Up to which notification somebody has seen theirs.

use serde::{Deserialize, Serialize};

use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{NotificationId, UserId};
use crate::keys;
use crate::store::{Condition, Update};

/// The item at `keys::seen`. It is apart from the profile, so that looking at notifications does not
/// write that anew.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SeenItem {
    up_to: NotificationId,
}

impl SeenItem {
    /// Whether this one was seen.
    pub(super) fn has(self, id: NotificationId) -> bool {
        id <= self.up_to
    }
}

/// The viewer has seen their notifications up to this one: only ever forward, and past the end means
/// the end, so that nothing counts as seen that is still to come. Two round trips, 2 R, 1 W; one and
/// no write if they had.
///
/// Of several at once, in whatever order they are written, the furthest one stays.
pub async fn mark_seen(app: &App, viewer: UserId, up_to: NotificationId) -> Result<()> {
    let up_to = up_to.min(NotificationId::last_at(app.clock.now()));
    let (marker, profile) = (keys::seen(viewer), keys::profile(viewer));
    let found = app.store.batch_get(&[marker.clone(), profile.clone()]).await?;
    // Without an account the session is worth nothing, even while the gateway remembers it.
    if !found.has(&profile) {
        return Err(Error::Unauthenticated);
    }
    if found.peek::<SeenItem>(&marker)?.is_some_and(|seen| seen.has(up_to)) {
        return Ok(());
    }
    let update = Update::of(marker).creating().set("upTo", up_to);
    let update = update.when(Condition::below_or_unset("upTo", up_to)?);
    // If it is refused, somebody else has brought it further.
    app.store.update(update, &app.ids.write_id()).await.map(drop)
}
