//! Changing one's password.

use super::password::{Attempt, Password};
use super::session::{self, Identity};
use super::{Accounts, Credential};
use crate::error::{Error, Result};
use crate::keys;
use crate::limits::Subject;
use crate::profiles::ProfileItem;
use crate::store::Update;

/// What somebody changes their password with.
#[derive(Debug)]
pub struct PasswordChange {
    /// The one they have.
    pub current: Attempt,
    /// The one they want.
    pub new: Password,
}

/// Changes the password and ends every other session, both or neither. Two round trips.
///
/// Whoever changed the password in between is found out by the credential's generation;
/// then the current password is checked against the new one's hash.
pub async fn change_password(accounts: &Accounts, viewer: Identity, change: PasswordChange) -> Result<()> {
    let Accounts { app, passwords, limits, rules } = accounts;
    loop {
        let profile_key = keys::profile(viewer.user);
        let (loaded, profile, taken) = tokio::try_join!(
            session::load(app, viewer),
            app.store.get::<ProfileItem>(&profile_key),
            limits.take(rules.password_change, Subject::account(viewer.user)),
        )?;
        let (Some((_, credential)), Some(profile)) = (loaded, profile) else {
            return Err(Error::Unauthenticated);
        };
        let Credential { email, password_hash, generation } = credential;
        if !passwords.verify(change.current.clone(), Some(password_hash)).await? {
            return Err(Error::WrongPassword);
        }
        let hints = [profile.username.as_str(), email.as_str(), profile.name.as_str()];
        let hash = passwords.hash(change.new.clone(), hints.map(str::to_owned).to_vec()).await?;
        let update = Update::of(keys::credential(viewer.user)).set("passwordHash", &hash);
        let (changed, given_back) = tokio::join!(
            session::raise_generation(app, viewer, generation, update),
            limits.give_back(&taken),
        );
        if let Err(error) = given_back {
            tracing::warn!(%error, "tries could not be given back");
        }
        if changed? {
            return Ok(());
        }
    }
}
