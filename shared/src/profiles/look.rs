//! Looking at profiles.

use super::{Me, Profile, ProfileItem, Relation};
use crate::accounts::{Credential, Lock, Username};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::friends;
use crate::friends::sight::{Audience, can_see};
use crate::ids::UserId;
use crate::keys;

/// One's own profile. One round trip, 2 R.
pub async fn me(app: &App, viewer: UserId) -> Result<Me> {
    let (profile, credential) = own(app, viewer).await?;
    Ok(profile.into_me(credential.email, app))
}

/// One's own profile and credential. One round trip, 2 R.
pub(super) async fn own(app: &App, viewer: UserId) -> Result<(ProfileItem, Credential)> {
    let keys = [keys::profile(viewer), keys::credential(viewer)];
    let mut found = app.store.batch_get(&keys).await?;
    let (profile, credential) = (found.take::<ProfileItem>(&keys[0])?, found.take::<Credential>(&keys[1])?);
    // Without an account the session is worth nothing, even while the gateway remembers it.
    profile.zip(credential).ok_or(Error::Unauthenticated)
}

/// Somebody's profile, unless they block the viewer. One round trip, 2 R.
pub async fn by_id(app: &App, viewer: UserId, user: UserId) -> Result<Profile> {
    let mut found = app.store.batch_get(&[keys::profile(user), keys::relation(viewer, user)]).await?;
    let profile = found.take::<ProfileItem>(&keys::profile(user))?.ok_or(Error::NotFound)?;
    let bond = friends::bonds(&found, viewer, [user])?.remove(&user).unwrap_or_default();
    if !can_see(viewer, user, &bond, Audience::Profile) {
        return Err(Error::NotFound);
    }
    Ok(profile.into_profile(Relation::of(user, viewer, &bond), app))
}

/// The profile of whoever has a username, unless they block the viewer. Two round trips, 3 R.
pub async fn by_username(app: &App, viewer: UserId, username: &Username) -> Result<Profile> {
    let lock = app.store.get::<Lock>(&keys::username(username)).await?.ok_or(Error::NotFound)?;
    by_id(app, viewer, lock.user_id).await
}
