//! Changing one's own profile.

use super::rename::rename;
use super::{Bio, Location, Me, Name, ProfileItem, Status, StatusText};
use crate::accounts::{Credential, Username};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::keys;
use crate::store::{Condition, Update, Written};

/// What to change; what is not given stays.
#[derive(Debug, Default)]
pub struct ProfileEdit {
    /// The name they are found by.
    pub username: Option<Username>,
    /// The name they go by.
    pub name: Option<Name>,
    /// What they say about themselves.
    pub bio: Option<Bio>,
    /// Where they say they are.
    pub location: Option<Location>,
}

impl ProfileEdit {
    fn is_empty(&self) -> bool {
        !self.renames() && self.bio.is_none() && self.location.is_none()
    }

    /// Whether it touches what somebody is found by.
    fn renames(&self) -> bool {
        self.username.is_some() || self.name.is_some()
    }
}

/// Changes one's profile, if it still has one of the `expected` versions. One round trip, 1 R, 1 W;
/// a change of what one is found by takes two, see `rename.rs`.
///
/// One conditional write: of two edits that expect the same version one is refused, and a
/// repetition of an edit whose reply was lost finds its own write id.
pub async fn edit(app: &App, viewer: UserId, expected: Option<&[u64]>, edit: ProfileEdit) -> Result<Me> {
    if expected.is_some_and(<[u64]>::is_empty) {
        return Err(Error::VersionMismatch);
    }
    if edit.is_empty() {
        let me = super::me(app, viewer).await?;
        return if expected.is_none_or(|versions| versions.contains(&me.version)) {
            Ok(me)
        } else {
            Err(Error::VersionMismatch)
        };
    }
    if edit.renames() {
        return rename(app, viewer, expected, edit).await;
    }
    let mut update = Update::of(keys::profile(viewer))
        .set_some("bio", edit.bio)
        .set_some("location", edit.location)
        .increment("version");
    if let Some(versions) = expected {
        update = update.when(Condition::one_of("version", versions)?);
    }
    let (write_id, credential_key) = (app.ids.write_id(), keys::credential(viewer));
    let (written, credential) =
        tokio::try_join!(app.store.update(update, &write_id), app.store.get::<Credential>(&credential_key),)?;
    let credential = credential.ok_or(Error::Unauthenticated)?;
    match written {
        Written::Done(row) => Ok(row.read::<ProfileItem>()?.into_me(credential.email, app)),
        Written::Refused(Some(_)) => Err(Error::VersionMismatch),
        Written::Refused(None) => Err(Error::Unauthenticated),
    }
}

/// Says what one is up to, or clears it with an empty text. One round trip, 1 W.
pub async fn set_status(app: &App, viewer: UserId, text: StatusText) -> Result<()> {
    let update = Update::of(keys::profile(viewer)).increment("version");
    let update = if text.as_str().is_empty() {
        update.remove("status")
    } else {
        update.set("status", Status { text, updated_at: app.clock.now() })
    };
    match app.store.update(update, &app.ids.write_id()).await? {
        Written::Done(_) => Ok(()),
        Written::Refused(_) => Err(Error::Unauthenticated),
    }
}
