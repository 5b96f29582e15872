//! Changing one's password.

use super::password::{Attempt, Password};
use super::session::{self, BRIEF, Identity};
use super::sockets::close_ended_now;
use super::{Accounts, Credential};
use crate::error::{Error, Result};
use crate::keys;
use crate::limits::Subject;
use crate::profiles::ProfileItem;
use crate::store::{self, Update};

/// What somebody changes their password with.
#[derive(Debug)]
pub struct PasswordChange {
    /// The one they have.
    pub current: Attempt,
    /// The one they want.
    pub new: Password,
}

/// Changes the password and ends every other session, both or neither, and closes their connections.
/// Four round trips, one of them while the new password is hashed.
///
/// Whoever changed the password in between is found out by the credential's generation;
/// then the current password is checked against the new one's hash.
pub async fn change_password(
    accounts: &Accounts,
    viewer: Identity,
    change: PasswordChange,
    address: &str,
) -> Result<()> {
    let Accounts { app, passwords, limits, rules, pushes } = accounts;
    loop {
        let profile_key = keys::profile(viewer.user);
        let (loaded, profile, taken) = tokio::try_join!(
            session::load(app, viewer),
            app.store.get::<ProfileItem>(&profile_key),
            limits.take(rules.password_change, Subject::account_at(viewer.user, address)),
        )?;
        let (Some((_, credential)), Some(profile)) = (loaded, profile) else {
            return Err(Error::Unauthenticated);
        };
        let Credential { email, password_hash, generation } = credential;
        if !passwords.verify(change.current.clone(), Some(password_hash)).await? {
            return Err(Error::WrongPassword);
        }
        let hints = [profile.username.as_str(), email.as_str(), profile.name.as_str()];
        let brief = store::Request::current_or_start().within(BRIEF);
        let (hash, given_back) = tokio::join!(
            passwords.hash(change.new.clone(), hints.map(str::to_owned).to_vec(), "/newPassword"),
            brief.scope(limits.give_back(&taken)),
        );
        if let Err(error) = given_back {
            tracing::warn!(cause = error.chain(), "tries could not be given back");
        }
        let update = Update::of(keys::credential(viewer.user)).set("passwordHash", hash?);
        if session::raise_generation(app, viewer, generation, update).await? {
            // Whoever was told that it failed would try again with the password that was. What is open
            // still, the stream closes.
            if let Err(error) = close_ended_now(app, pushes, viewer.user).await {
                tracing::error!(cause = error.chain(), "sockets of ended sessions are still open");
            }
            return Ok(());
        }
    }
}
