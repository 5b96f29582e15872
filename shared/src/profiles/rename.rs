//! Changing the username or the name, and with them what one is found by.

use super::edit::ProfileEdit;
use super::look::own;
use super::{Me, ProfileItem, search};
use crate::accounts::{Lock, Username};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::keys;
use crate::store::{Condition, Put, Transaction, Update};

/// Where the new username's lock stands in the transaction, behind the profile.
const LOCK: usize = 1;

/// Changes one's profile, if it still has an `expected` version, with its username or name.
/// Two round trips: the profile, then one transaction of it, both usernames' locks and the
/// search entries that come and go.
///
/// All or nothing, so a username never has two owners, a lock or an entry never none, and the
/// old name is free at once. The profile's version is part of the transaction, so what comes
/// and goes was worked out from what is there; whoever changed it in between makes this start
/// again. A request repeated after a lost reply finds the username its own, and leaves it.
pub(super) async fn rename(
    app: &App,
    viewer: UserId,
    expected: Option<&[u64]>,
    edit: ProfileEdit,
) -> Result<Me> {
    loop {
        let (old, credential) = own(app, viewer).await?;
        if expected.is_some_and(|versions| !versions.contains(&old.version)) {
            return Err(Error::VersionMismatch);
        }
        let new = edited(&old, &edit);
        let update = Update::of(keys::profile(viewer))
            .set("username", &new.username)
            .set("name", &new.name)
            .set("bio", &new.bio)
            .set("location", &new.location)
            .set("version", new.version)
            .when(Condition::equals("version", old.version)?);
        let mut transaction = Transaction::new(app.ids.write_id()).update(update);
        if new.username != old.username {
            let lock = Put::new(&keys::username(&new.username), &Lock { user_id: viewer })?.if_absent();
            transaction = transaction.put(lock).delete(keys::username(&old.username));
        }
        let (puts, gone) = search::changes(&old, &new)?;
        transaction = puts.into_iter().fold(transaction, Transaction::put);
        transaction = gone.into_iter().fold(transaction, Transaction::delete);
        match app.store.transact(transaction).await? {
            Ok(()) => return Ok(new.into_me(credential.email, app)),
            // Unless it is taken by the viewer: the same wish, granted in between.
            Err(refusals) if refusals.of(LOCK) && !has(app, viewer, &new.username).await? => {
                return Err(Error::UsernameTaken);
            }
            // The profile has changed since it was read.
            Err(_) => {}
        }
    }
}

/// Whether somebody has a username.
async fn has(app: &App, user: UserId, username: &Username) -> Result<bool> {
    let lock = app.store.get::<Lock>(&keys::username(username)).await?;
    Ok(lock.is_some_and(|lock| lock.user_id == user))
}

/// The profile as the edit leaves it.
fn edited(old: &ProfileItem, edit: &ProfileEdit) -> ProfileItem {
    let mut new = old.clone();
    new.username = edit.username.clone().unwrap_or(new.username);
    new.name = edit.name.clone().unwrap_or(new.name);
    new.bio = edit.bio.clone().unwrap_or(new.bio);
    new.location = edit.location.clone().unwrap_or(new.location);
    new.version += 1;
    new
}
