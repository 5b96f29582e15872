//! Telling somebody's devices that their profile has changed, whoever changed it.

use futures_util::future::try_join_all;

use super::me;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::jobs::Change;
use crate::keys;
use crate::push::{self, Delivery, Frame, Pushes};

/// Whose profile has changed by a change of the table: they edited it, a picture was settled, or a
/// friendship began or ended. A new one, or one that is gone, has nobody who shows it.
#[must_use]
pub fn changed_by(change: &Change) -> Option<UserId> {
    let is_changed = change.sort_key == "PROFILE" && change.old.is_some() && change.new.is_some();
    if is_changed { keys::owner(&change.partition_key) } else { None }
}

/// Tells these people's devices how their own profile is now, as `GET /v1/me` answers it. One round trip
/// and 1 R for each; for those who are connected one more and 2 R, and the pushes, on 200 connections at most and for a second.
///
/// It may be told of anything twice, and in any order: what is pushed is what is so then.
pub async fn tell(app: &App, pushes: &Pushes, people: impl IntoIterator<Item = UserId>) -> Result<()> {
    let connected = push::of_now(app, people).await?.into_iter();
    let connected = connected.filter(|(_, connections)| !connections.is_empty());
    let told = connected.map(async |(user, connections)| {
        match me(app, user).await {
            Ok(me) => {
                let text = Frame::Me { me: &me }.text();
                Ok(connections.into_iter().map(|connection| (connection, text.clone())).collect())
            }
            // The account is gone.
            Err(Error::Unauthenticated) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    });
    let deliveries: Vec<Vec<Delivery>> = try_join_all(told).await?;
    // It is a hint, and what else the stream tells is not to wait for it.
    let deliveries = deliveries.into_iter().flatten().take(push::AT_ONCE).collect();
    pushes.deliver(deliveries).await;
    Ok(())
}
