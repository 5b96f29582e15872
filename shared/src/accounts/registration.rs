//! Making an account.

use super::session::{self, Device, Session};
use super::{Accounts, Email, Password, PasswordHash, Username, sign_in};
use super::{Credential, Lock};
use crate::error::{Error, Result};
use crate::keys;
use crate::limits::Subject;
use crate::profiles::{Me, Name, ProfileItem, search};
use crate::store::{Put, Transaction};

/// Which generation of sessions is valid first.
const FIRST_GENERATION: u64 = 0;

/// What somebody registers with.
#[derive(Debug)]
pub struct Registration {
    /// The name they want.
    pub username: Username,
    /// Where they can be reached.
    pub email: Email,
    /// The password they chose.
    pub password: Password,
    /// What they are called.
    pub name: Name,
    /// What they are using.
    pub device: Device,
}

/// Makes an account and signs its owner in. Two round trips: a place under the limit and a
/// look at the locks, then one transaction of profile, credential, both locks, the first
/// session and its address, and what the person is found by.
///
/// All or nothing, so no lock is ever without its account. When the reply is lost below the
/// SDK, the client token finds the transaction made. When it is lost on the way to the client,
/// a second request is told that the username is taken, by the account it made itself: its
/// owner signs in.
pub async fn register(accounts: &Accounts, request: Registration, address: &str) -> Result<(Me, Session)> {
    let Accounts { app, passwords, limits, rules, .. } = accounts;
    let Registration { username, email, password, name, device } = request;
    let locks = [keys::username(&username), keys::email(&email)];
    let (_, taken) = tokio::try_join!(
        limits.take(rules.registration, Subject::address(address)),
        app.store.batch_get(&locks),
    )?;
    // Not decided here, but it saves most of the hashes that would come to nothing.
    if taken.has(&locks[0]) {
        return Err(Error::UsernameTaken);
    }
    if taken.has(&locks[1]) {
        return Err(Error::EmailTaken);
    }
    let hints = [username.as_str(), email.as_str(), name.as_str()].map(str::to_owned).to_vec();
    let password_hash = passwords.hash(password, hints, "/password").await?;

    let user_id = app.ids.user_id();
    let profile = ProfileItem::new(user_id, username, name, app.clock.now());
    let (session, session_put) = session::open(app, user_id, FIRST_GENERATION, device)?;
    let mut transaction = Transaction::new(app.ids.write_id());
    for item in account(&profile, &email, password_hash)? {
        transaction = transaction.put(item);
    }
    transaction = transaction.put(session_put).put(sign_in::known_address(app, user_id, address)?);
    match app.store.transact(transaction).await? {
        Ok(()) => {}
        Err(refusals) if refusals.of(0) => return Err(Error::UsernameTaken),
        Err(_) => return Err(Error::EmailTaken),
    }
    Ok((profile.into_me(email, app), session))
}

/// The items of a new account, of which none may be there yet: the lock of its username, the lock of
/// its email, its profile, its credential, and what the person is found by.
pub fn account(profile: &ProfileItem, email: &Email, password_hash: PasswordHash) -> Result<Vec<Put>> {
    let user_id = profile.user_id;
    let lock = Lock { user_id };
    let credential = Credential { email: email.clone(), password_hash, generation: FIRST_GENERATION };
    let mut items = vec![
        Put::new(&keys::username(&profile.username), &lock)?.if_absent(),
        Put::new(&keys::email(email), &lock)?.if_absent(),
        Put::new(&keys::profile(user_id), profile)?.if_absent(),
        Put::new(&keys::credential(user_id), &credential)?.if_absent(),
    ];
    items.extend(search::puts(user_id, &profile.username, &profile.name)?);
    Ok(items)
}
