//! Connections to the WebSocket API, and the sessions they belong to.

use std::time::Duration;

use futures_util::future::join_all;
use serde_dynamo::Item;
use tokio::time::sleep;

use super::credential::Credential;
use super::session::{self, Identity, SessionItem};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::jobs::Change;
use crate::keys;
use crate::push::{self, Caller, Connection, ConnectionId, Connections, Frame, Pushes};
use crate::store::retry::Backoff;
use crate::store::{self, Condition, Found, Transaction};

/// How long whoever ends a session waits for its connections to be closed, and whoever connects for the
/// write of it.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long closing connections takes, most often: to be told so, and closed, is two calls.
const MOMENT: Duration = Duration::from_millis(300);

/// Notes a connection that is about to be opened. Two round trips, 3 R, 6 W.
///
/// One transaction of the connections, of the session, which must still be there, and of its owner's
/// credential, which must still be of the session's generation. Whoever ends a session looks for its
/// connections afterwards: so of the two that race, either this one finds the session ended, or that
/// one finds the connection.
///
/// Somebody has 100 connections at most: the oldest are closed. It need not be told to them, nor
/// finished after a crash: what is not known is told nothing, may say nothing, and is closed if it tries
/// to, or once it has been idle for ten minutes.
///
/// A write that takes long is given up: others believe that a connection of some age is open, and forget
/// it if it is not. Whether it was made is not known then, so what may be left of it is taken away.
///
/// # Errors
/// [`Error::Unauthenticated`] if the session has ended.
pub async fn connect(app: &App, pushes: &Pushes, identity: Identity, id: ConnectionId) -> Result<()> {
    let Identity { user, session } = identity;
    let mut pause = Backoff::default();
    loop {
        let (loaded, mut connections) =
            tokio::try_join!(session::load(app, identity), Connections::read(app, user))?;
        let (_, credential) = loaded.ok_or(Error::Unauthenticated)?;
        // The time of the try that succeeds: by it, others know that it may not be open yet.
        let now = app.clock.now();
        // The same event has come before, or its reply was lost.
        if connections.find(&id, now).is_some() {
            return Ok(());
        }
        let surplus = connections.add(Connection::new(user, id.clone(), session, now));
        let generation = || Condition::equals("generation", credential.generation);
        let transaction = Transaction::new(app.ids.write_id())
            .put(connections.put(now)?)
            .check(keys::session(user, session), generation()?)
            .check(keys::credential(user), generation()?);
        let writing = store::Request::current_or_start().within(PATIENCE);
        match writing.scope(app.store.transact(transaction)).await {
            Ok(Ok(())) => {
                join_all(surplus.iter().map(|oldest| pushes.close(oldest, None))).await;
                return Ok(());
            }
            Ok(Err(_)) => {}
            Err(error) => {
                let taking_away = store::Request::current_or_start().within(MOMENT);
                // If that fails, too, a push finds it gone.
                let _ = taking_away.scope(push::forget_gone(app, user, std::slice::from_ref(&id))).await;
                return Err(error);
            }
        }
        pause.wait("others are at the same session, or connect at the same time").await?;
    }
}

/// Forgets a connection that is closed; it may be forgotten already. Two round trips, 1 R, 1 W.
pub async fn disconnect(app: &App, user: UserId, id: &ConnectionId) -> Result<()> {
    push::forget(app, Connections::read(app, user).await?, std::slice::from_ref(id)).await
}

/// Refuses whoever asks through a connection whose session has ended. One round trip, 1 R.
pub async fn check(app: &App, caller: Caller<'_>) -> Result<()> {
    caller.look(app, &[], &[]).await.map(drop)
}

/// Closes the connections of those of a person's sessions that have ended, and tells them so. One
/// round trip, 1 R, and more if there are connections: then another, 1 R for each session and the
/// credential, and two more, 2 W, for those that are closed.
///
/// What is so now decides, so it may be repeated, and is: by the stream, if whoever ended a session
/// did not get to this. Answers whether somebody else is closing some, or was when they crashed.
async fn close(app: &App, pushes: &Pushes, user: UserId) -> Result<bool> {
    let now = app.clock.now();
    let connections = Connections::read(app, user).await?;
    let (over, open): (Vec<_>, Vec<_>) = connections.unexpired(now).partition(|one| one.is_over);
    if open.is_empty() {
        return Ok(!over.is_empty());
    }
    let credential = keys::credential(user);
    let session = |connection: &Connection| keys::session(user, connection.session_id);
    let mut keys: Vec<_> = open.iter().copied().map(session).collect();
    keys.push(credential.clone());
    let mut found = app.store.batch_get(&keys).await?;
    let is_valid = |found: &Found, connection: &Connection| -> Result<bool> {
        let (item, credential) = (found.peek::<SessionItem>(&session(connection))?, found.peek(&credential)?);
        let both = credential.as_ref().zip(item);
        Ok(both.is_some_and(|(credential, item): (&Credential, SessionItem)| item.is_valid(credential, now)))
    };
    let mut ended = Vec::new();
    for connection in open {
        if !is_valid(&found, connection)? {
            ended.push(connection);
        }
    }
    // A batch is no snapshot: of a session and the credential one may have been read before a change of
    // password, and the other one behind it. Those that are there are read once more.
    let mut doubtful: Vec<_> = ended.iter().map(|one| session(one)).filter(|key| found.has(key)).collect();
    if !doubtful.is_empty() {
        doubtful.push(credential.clone());
        found.add(app.store.batch_get(&doubtful).await?);
    }
    let mut ids = Vec::new();
    for connection in ended {
        if !is_valid(&found, connection)? {
            ids.push(connection.connection_id.clone());
        }
    }
    let has_over = !over.is_empty();
    let by_others = pushes.end(connections, &ids, &Frame::SignedOut).await?;
    Ok(by_others || has_over)
}

/// The same as the stream does it, when it hears that a session has ended. What somebody else is
/// closing just then is left to them for a moment; what is there still after it, they did not get to.
pub async fn close_ended(app: &App, pushes: &Pushes, user: UserId) -> Result<()> {
    if !close(app, pushes, user).await? {
        return Ok(());
    }
    sleep(MOMENT).await;
    let connections = Connections::read(app, user).await?;
    let left = connections.unexpired(app.clock.now()).filter(|connection| connection.is_over);
    let left = left.cloned().collect();
    pushes.finish(connections, left, &Frame::SignedOut).await;
    Ok(())
}

/// Whose sessions may have ended by a change of the table: one is gone, or a new generation has begun.
pub fn signed_out_by(change: &Change) -> Result<Option<UserId>> {
    let is_gone = change.new.is_none();
    let is_over = if change.sort_key.starts_with("SESSION#") {
        is_gone
    } else if change.sort_key == "CREDENTIAL" {
        is_gone || generation(change.old.as_ref())? != generation(change.new.as_ref())?
    } else {
        false
    };
    Ok(if is_over { keys::owner(&change.partition_key) } else { None })
}

fn generation(image: Option<&Item>) -> Result<Option<u64>> {
    let credential = image.cloned().map(serde_dynamo::from_item::<_, Credential>);
    Ok(credential.transpose().map_err(Error::internal)?.map(|credential| credential.generation))
}

/// The same for whoever has just ended a session. If it fails, the session has ended all the same; but
/// its sockets may be open, so that is not to be answered yet: whoever asks again comes here again, and
/// so does the stream.
pub(super) async fn close_ended_now(app: &App, pushes: &Pushes, user: UserId) -> Result<()> {
    let closing = store::Request::current_or_start().within(PATIENCE);
    closing.scope(close(app, pushes, user)).await.map(drop)
}
