//! Looking at profiles.

use super::{Me, Profile, ProfileItem, Relation};
use crate::accounts::{Credential, Lock, Username};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::keys;

/// One's own profile. One round trip, 2 R.
pub async fn me(app: &App, viewer: UserId) -> Result<Me> {
    let (profile_key, credential_key) = (keys::profile(viewer), keys::credential(viewer));
    let mut found = app.store.batch_get([&profile_key, &credential_key]).await?;
    let profile = found.take::<ProfileItem>(&profile_key)?;
    let credential = found.take::<Credential>(&credential_key)?;
    // Without an account the session is worth nothing, even while the gateway remembers it.
    let (profile, credential) = profile.zip(credential).ok_or(Error::Unauthenticated)?;
    Ok(profile.into_me(credential.email))
}

/// Somebody's profile. One round trip, 1 R.
pub async fn by_id(app: &App, viewer: UserId, user: UserId) -> Result<Profile> {
    let profile = app.store.get::<ProfileItem>(&keys::profile(user)).await?.ok_or(Error::NotFound)?;
    let relation = if user == viewer { Relation::Me } else { Relation::None };
    Ok(profile.into_profile(relation))
}

/// The profile of whoever has a username. Two round trips, 2 R.
pub async fn by_username(app: &App, viewer: UserId, username: &Username) -> Result<Profile> {
    let lock = app.store.get::<Lock>(&keys::username(username)).await?.ok_or(Error::NotFound)?;
    by_id(app, viewer, lock.user_id).await
}
