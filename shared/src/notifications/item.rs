//! A notification as an item.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Cause;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::ids::{NotificationId, WriteId};
use crate::keys;
use crate::store::{Condition, Put};

/// For how long it is remembered of a notification that was withdrawn that it was there: whoever does
/// the same again within this time says nothing new, and after it they do.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// The item at `keys::notification`. What it is about is in its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotificationItem {
    /// Its place among its recipient's: it stays what it was when its cause goes and comes back.
    pub(super) notification_id: NotificationId,
    /// Whether its cause is gone; then it is in no list.
    is_withdrawn: bool,
    /// Whether it was withdrawn before anybody was told of it: then it is new when its cause comes back.
    #[serde(default)]
    is_untold: bool,
    /// Which write made it so.
    #[serde(default, skip_serializing)]
    write_id: Option<WriteId>,
}

/// What is to be written of a notification.
#[derive(Debug)]
pub(super) struct Step {
    /// The write. It holds only if nobody wrote the item since it was read.
    pub(super) put: Put,
    /// The notification's id, if nobody was told of it before.
    pub(super) is_new: Option<NotificationId>,
}

impl NotificationItem {
    /// What brings a notification in line with its cause, which is so or not; nothing, if it is. An item
    /// whose time is over counts as absent.
    pub(super) fn bring_in_line(
        known: Option<Self>,
        (cause, is_so): (Cause, bool),
        now: Timestamp,
        (new_id, is_untold): (NotificationId, bool),
    ) -> Result<Option<Step>> {
        let new = Self { notification_id: new_id, is_withdrawn: false, is_untold: false, write_id: None };
        let (next, unchanged, is_new) = match known {
            None if is_so => (new, Condition::AbsentOrExpired(now), Some(new_id)),
            Some(known) if known.is_withdrawn == is_so => {
                let unchanged = known.write_id.clone().map_or(Condition::Absent, Condition::WrittenBy);
                if is_so && known.is_untold {
                    (new, unchanged, Some(new_id))
                } else {
                    (Self { is_withdrawn: !is_so, is_untold: is_untold && !is_so, ..known }, unchanged, None)
                }
            }
            _ => return Ok(None),
        };
        let put = Put::new(&keys::notification(cause), &next)?.when(unchanged);
        let put = if next.is_withdrawn {
            put.expire_at(now.after(REMEMBERED))
        } else {
            put.indexed(&keys::notification_in(cause.recipient(), next.notification_id))
        };
        Ok(Some(Step { put, is_new }))
    }
}
