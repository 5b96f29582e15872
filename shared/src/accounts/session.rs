//! Sessions: opened by signing in, ended one by one or all at once.
//!
//! A session is valid while its item exists, its time is not over, and its generation is the
//! credential's. So one write of the credential ends every other session, atomically with the
//! password's change, and a sign-in that raced it with the old password is dead on arrival.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::credential::Credential;
use super::sockets::close_ended_now;
use super::{Accounts, Token};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{SessionId, UserId};
use crate::keys::{self, Key};
use crate::store::{self, Condition, Put, Query, Transaction, Update, Written};
use crate::text::text_type;

const DAY: Duration = Duration::from_hours(24);
/// A session that is not used for this long ends.
const IDLE: Duration = DAY.saturating_mul(30);
/// No session lasts longer.
const LIFETIME: Duration = DAY.saturating_mul(365);
/// Use is noted at most this often: a write at every request would cost more than the request.
const NOTED_EVERY: Duration = Duration::from_mins(10);
/// How long to try what a request can do without.
pub(super) const BRIEF: Duration = Duration::from_millis(500);
/// The most sessions of one person; beyond it the ones not used for longest end.
pub(super) const MOST: usize = 50;
/// More than a person has, whatever raced: one query brings them all.
const QUERY_LIMIT: usize = 200;

text_type! {
    /// What the person calls the device: at most 100 characters, may be empty.
    Device, 100, "Alice's phone"
}

impl Device {
    /// What a browser or app says of itself, for want of a better name.
    #[must_use]
    pub fn from_user_agent(text: &str) -> Self {
        Self(crate::text::salvage(text, Self::MAX))
    }
}

/// A session that was just opened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The token.
    pub token: Token,
    /// The session's id.
    pub id: SessionId,
    /// The earlier of 30 days without use and a year after sign-in; moves with use.
    #[schema(example = "2026-06-03T09:30:00.000Z")]
    pub expires_at: Timestamp,
}

/// A session in the list of one's sessions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SessionEntry)]
pub struct SessionEntry {
    /// The session's id.
    pub id: SessionId,
    /// What it was called at sign-in, or else what the browser or app said of itself.
    pub device: Device,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used, to about ten minutes.
    pub last_seen_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The person.
    pub user: UserId,
    /// The session they use.
    pub session: SessionId,
}

/// The item at [`keys::session`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionItem {
    pub(super) id: SessionId,
    device: Device,
    created_at: Timestamp,
    pub(super) last_seen_at: Timestamp,
    pub(super) generation: u64,
}

impl SessionItem {
    fn expires_at(&self) -> Timestamp {
        self.last_seen_at.after(IDLE).min(self.created_at.after(LIFETIME))
    }

    pub(super) fn is_valid(&self, credential: &Credential, now: Timestamp) -> bool {
        self.generation == credential.generation && now < self.expires_at()
    }
}

/// A session that begins now: what to tell its owner, and what to write.
pub(super) fn open(app: &App, user: UserId, generation: u64, device: Device) -> Result<(Session, Put)> {
    let token = Token::new(user, app.ids.secret());
    let now = app.clock.now();
    let item = SessionItem { id: token.session(), device, created_at: now, last_seen_at: now, generation };
    let put = Put::new(&keys::session(user, item.id), &item)?.expire_at(item.expires_at());
    Ok((Session { id: item.id, expires_at: item.expires_at(), token }, put))
}

/// Whose token this is, if its session is valid. One round trip, 2 R; every ten minutes of
/// use one more, and 1 W.
pub async fn authenticate(app: &App, token: &Token) -> Result<Option<Identity>> {
    let identity = Identity { user: token.user(), session: token.session() };
    let Some((session, _)) = load(app, identity).await? else { return Ok(None) };
    let now = app.clock.now();
    if now.since(session.last_seen_at) < NOTED_EVERY {
        return Ok(Some(identity));
    }
    let seen = SessionItem { last_seen_at: now, ..session };
    let update = Update::of(keys::session(identity.user, identity.session))
        .set("lastSeenAt", seen.last_seen_at)
        .expire_at(seen.expires_at());
    let brief = store::Request::current_or_start().within(BRIEF);
    match brief.scope(app.store.update(update, &app.ids.write_id())).await {
        Ok(Written::Done(_)) => Ok(Some(identity)),
        // It was ended in between; nothing brings it back.
        Ok(Written::Refused(_)) => Ok(None),
        // The session is valid all the same, and the next request notes the use.
        Err(error) => {
            tracing::warn!(cause = error.chain(), "the use of a session could not be noted");
            Ok(Some(identity))
        }
    }
}

/// The valid sessions of a person, newest first. One round trip, 2 R and more with many.
pub async fn list(app: &App, viewer: Identity) -> Result<Vec<SessionEntry>> {
    let credential = keys::credential(viewer.user);
    let (credential, sessions) =
        tokio::try_join!(app.store.get::<Credential>(&credential), all(app, viewer.user))?;
    let credential = credential.ok_or(Error::Unauthenticated)?;
    let now = app.clock.now();
    let mut sessions: Vec<_> = sessions
        .into_iter()
        .filter(|session| session.is_valid(&credential, now))
        .map(|session| SessionEntry {
            current: session.id == viewer.session,
            id: session.id,
            device: session.device,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
        })
        .collect();
    sessions.sort_by_key(SessionEntry::position);
    Ok(sessions)
}

impl SessionEntry {
    /// Where it stands in the list: newest first, and by id among those of one millisecond.
    #[must_use]
    pub fn position(&self) -> String {
        format!("{:019}{}", i64::MAX.saturating_sub(self.created_at.millis()), self.id)
    }
}

/// Ends one's own session, and closes its connections. A repetition changes nothing. Two round
/// trips, 1 R, 1 W, and more if there are connections.
pub async fn end_current(accounts: &Accounts, viewer: Identity) -> Result<()> {
    let Accounts { app, pushes, .. } = accounts;
    app.store.delete(&keys::session(viewer.user, viewer.session)).await?;
    close_ended_now(app, pushes, viewer.user).await
}

/// Ends one of a person's sessions, and closes its connections. Three round trips, 4 R, 1 W, and
/// more if there are connections.
///
/// Looks first: a delete whose reply was lost would find nothing the second time. The session
/// that asks must be valid still, whatever the gateway remembers: who was signed out from a
/// stolen device must not be signed out by it.
pub async fn end(accounts: &Accounts, viewer: Identity, session: SessionId) -> Result<()> {
    if session == viewer.session {
        return end_current(accounts, viewer).await;
    }
    let Accounts { app, pushes, .. } = accounts;
    let user = viewer.user;
    let keys = [keys::session(user, session), keys::session(user, viewer.session), keys::credential(user)];
    let mut found = app.store.batch_get(&keys).await?;
    let credential = found.take::<Credential>(&keys[2])?.ok_or(Error::Unauthenticated)?;
    let now = app.clock.now();
    let is_valid = |item: Option<SessionItem>| item.is_some_and(|item| item.is_valid(&credential, now));
    if !is_valid(found.take(&keys[1])?) {
        return Err(Error::Unauthenticated);
    }
    if !is_valid(found.take(&keys[0])?) {
        // Whoever ended it may not have got to its sockets.
        close_ended_now(app, pushes, user).await?;
        return Err(Error::NotFound);
    }
    app.store.delete(&keys[0]).await?;
    close_ended_now(app, pushes, user).await
}

/// Ends every session of the person but the one that asks, and closes their connections. Three round
/// trips, 3 R, 4 W, and more if there are connections.
pub async fn end_others(accounts: &Accounts, viewer: Identity) -> Result<()> {
    let Accounts { app, pushes, .. } = accounts;
    loop {
        let (_, credential) = load(app, viewer).await?.ok_or(Error::Unauthenticated)?;
        let update = Update::of(keys::credential(viewer.user));
        if raise_generation(app, viewer, credential.generation, update).await? {
            return close_ended_now(app, pushes, viewer.user).await;
        }
    }
}

/// Makes a change to the credential that ends all other sessions. Answers whether it was
/// made: it is not if the generation has changed since `generation` was read.
///
/// One transaction: the credential's new generation, and the asking session's, which must
/// still exist. So nothing of it can happen without the rest, and of two sessions that end
/// each other's at once, one does.
pub(super) async fn raise_generation(
    app: &App,
    viewer: Identity,
    generation: u64,
    credential: Update,
) -> Result<bool> {
    let next = generation + 1;
    let transaction = Transaction::new(app.ids.write_id())
        .update(credential.set("generation", next).when(Condition::equals("generation", generation)?))
        .update(
            Update::of(keys::session(viewer.user, viewer.session))
                .set("generation", next)
                .when(Condition::equals("generation", generation)?),
        );
    match app.store.transact(transaction).await? {
        Ok(()) => Ok(true),
        Err(refusals) if refusals.of(0) => Ok(false),
        Err(_) => Err(Error::Unauthenticated),
    }
}

/// A session and its owner's credential, if the session is valid. One round trip, 2 R.
pub(super) async fn load(app: &App, identity: Identity) -> Result<Option<(SessionItem, Credential)>> {
    let keys = [keys::session(identity.user, identity.session), keys::credential(identity.user)];
    let mut found = app.store.batch_get(&keys).await?;
    let (session, credential) = (found.take::<SessionItem>(&keys[0])?, found.take::<Credential>(&keys[1])?);
    let now = app.clock.now();
    Ok(session.zip(credential).filter(|(session, credential)| session.is_valid(credential, now)))
}

/// Every session item of a person, in no order.
pub(super) async fn all(app: &App, user: UserId) -> Result<Vec<SessionItem>> {
    let page = app.store.query(Query::first(&keys::sessions(user), QUERY_LIMIT)).await?;
    Ok(page.items)
}

/// Which sessions must go so that a new one fits: the dead first, then the longest unused.
pub(super) fn surplus(user: UserId, generation: u64, mut sessions: Vec<SessionItem>) -> Vec<Key> {
    sessions.sort_by_key(|session| (session.generation == generation, session.last_seen_at));
    let many = (sessions.len() + 1).saturating_sub(MOST);
    sessions.iter().take(many).map(|session| keys::session(user, session.id)).collect()
}
