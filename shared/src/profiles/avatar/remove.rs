//! Doing without a picture.

use super::Pictures;
use super::settle::sweep;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::keys;
use crate::profiles::ProfileItem;
use crate::store::{Update, Written};

/// Takes one's picture away, also one that is on its way. One round trip, 1 W, and S3.
///
/// The mark moves to the last upload asked for, so none of them becomes the picture any more.
/// The objects are gone before this answers; if that fails, the answer is 503, and a repetition
/// sweeps again.
pub async fn remove(app: &App, pictures: &Pictures, viewer: UserId) -> Result<()> {
    let update = Update::of(keys::profile(viewer))
        .copy("avatarMark", "avatarUploads")
        .remove("avatar")
        .remove("avatarUpload");
    match app.store.update(update, &app.ids.write_id()).await? {
        Written::Done(row) => {
            let profile: ProfileItem = row.read()?;
            // Whoever never asked to upload one has nothing there.
            if profile.avatar_uploads > 0 {
                sweep(pictures, viewer, Some(&profile)).await?;
            }
            Ok(())
        }
        Written::Refused(_) => Err(Error::Unauthenticated),
    }
}
