//! Signing in.

use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::password::Attempt;
use super::session::{self, BRIEF, Device, Session};
use super::{Accounts, Login};
use super::{Credential, Lock};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::keys::{self, Key};
use crate::limits::{Subject, Taken};
use crate::profiles::{Me, ProfileItem};
use crate::store::{self, Put};

/// How long a sign-in makes an address known.
const KNOWN_FOR: Duration = Duration::from_hours(90 * 24);
/// How old that knowledge gets before a sign-in renews it.
const RENEWED_AFTER: Duration = Duration::from_hours(30 * 24);
/// How many tries an account may have used up from an address before a success gives them
/// back. Not at once: it saves a write at nearly every sign-in.
const RESET_ABOVE: u32 = 10;

/// What somebody signs in with.
#[derive(Debug)]
pub struct SignIn {
    /// Who they say they are.
    pub login: Login,
    /// What they say to prove it.
    pub password: Attempt,
    /// What they call the device.
    pub device: Device,
}

/// The item at [`keys::known_address`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KnownAddress {
    at: Timestamp,
}

/// Opens a session for whoever knows the password.
///
/// Three round trips: the lock; the credential, profile, known address, sessions and a place
/// under the limit; the session. One more from an address the person never signed in from.
///
/// An unknown login goes the same way with a phantom id and nobody's hash, so that neither
/// the bytes nor the time tell it from a wrong password. Limits count by what was typed, not by
/// whose it is, or they would tell which username has which email. Whoever has signed in from their
/// address before is not counted against what strangers there, or elsewhere against their
/// account, use up.
///
/// A crash in between leaves nothing, or a session whose token nobody has. A repetition
/// opens one more session.
pub async fn sign_in(accounts: &Accounts, request: SignIn, address: &str) -> Result<(Me, Session)> {
    let Accounts { app, passwords, limits, rules, .. } = accounts;
    let lock = app.store.get::<Lock>(&request.login.lock()).await?;
    let user = lock.map_or_else(|| request.login.phantom(), |lock| lock.user_id);

    let keys = [keys::profile(user), keys::credential(user), keys::known_address(user, address)];
    let (mut found, sessions, taken) = tokio::try_join!(
        app.store.batch_get(&keys),
        session::all(app, user),
        limits.take(rules.sign_in_pair, Subject::login_at(&request.login, address)),
    )?;
    let known = found.take::<KnownAddress>(&keys[2])?;
    if known.is_none() {
        tokio::try_join!(
            limits.take(rules.sign_in_address, Subject::address(address)),
            limits.take(rules.sign_in_account, Subject::login(&request.login)),
        )?;
    }

    let credential = found.take::<Credential>(&keys[1])?;
    let hash = credential.as_ref().map(|credential| credential.password_hash.clone());
    let matches = passwords.verify(request.password, hash).await?;
    let profile = found.take::<ProfileItem>(&keys[0])?;
    let (Some(credential), Some(profile), true) = (credential, profile, matches) else {
        return Err(Error::InvalidCredentials);
    };

    let (session, put) = session::open(app, user, credential.generation, request.device)?;
    let write_id = app.ids.write_id();
    let surplus = session::surplus(user, credential.generation, sessions);
    let brief = store::Request::current_or_start().within(BRIEF);
    let (written, ()) = tokio::join!(
        app.store.put(put, &write_id),
        brief.scope(settle(accounts, user, address, Past { known, taken, surplus })),
    );
    written?;
    Ok((profile.into_me(credential.email, app), session))
}

/// That somebody signs in from an address now.
pub(super) fn known_address(app: &App, user: UserId, address: &str) -> Result<Put> {
    let now = app.clock.now();
    let put = Put::new(&keys::known_address(user, address), &KnownAddress { at: now })?;
    Ok(put.expire_at(now.after(KNOWN_FOR)))
}

/// What a successful sign-in may leave behind it.
struct Past {
    known: Option<KnownAddress>,
    taken: Taken,
    surplus: Vec<Key>,
}

/// Notes a success: the address is known, the tries it took are given back, and what is too
/// many of sessions goes. The sign-in has succeeded whether or not this does.
async fn settle(accounts: &Accounts, user: UserId, address: &str, past: Past) {
    let Accounts { app, limits, .. } = accounts;
    let remember = async {
        if past.known.is_some_and(|known| app.clock.now().since(known.at) < RENEWED_AFTER) {
            return Ok(());
        }
        let put = known_address(app, user, address)?;
        app.store.put(put, &app.ids.write_id()).await.map(drop)
    };
    let give_back =
        async { if past.taken.used > RESET_ABOVE { limits.give_back(&past.taken).await } else { Ok(()) } };
    let make_room = join_all(past.surplus.iter().map(|key| app.store.delete(key)));
    let (remembered, restored, mut results) = tokio::join!(remember, give_back, make_room);
    results.extend([remembered, restored]);
    for error in results.into_iter().filter_map(Result::err) {
        tracing::warn!(cause = error.chain(), "a sign-in could not be noted");
    }
}
