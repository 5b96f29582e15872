//! Bringing notifications in line with their causes, as the table's stream tells of them.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;

use super::Cause;
use super::item::{NotificationItem, Step};
use super::seen::SeenItem;
use super::view::{Notification, show};
use crate::environment::App;
use crate::error::Result;
use crate::ids::{NotificationId, UserId};
use crate::keys;
use crate::push::{self, Delivery, Frame, Pushes};
use crate::store::retry::Backoff;
use crate::store::{Found, Request, Written};

/// Brings the notifications of some causes in line with what is so, and tells their recipients of those
/// that are new. One round trip and 5 R for each where nothing is to be done; otherwise three, 10 R, and
/// 1 W and one in the index; for each that is new one more and 2.5 R, and the pushes, a second at most.
///
/// It may be told of anything twice, late, and at once with others: what is so is read behind every
/// write once more, until nothing is left to be done. So of two who look at a cause before and after
/// it changed, and write in whatever order, the one who writes last finds what was changed; and who
/// crashes behind a write is told of it again.
///
/// A notification is new when it is first written, and only whoever wrote it tells of it: once it has
/// looked again, or, if something else fails before it can, at once, as it is not new the next time. What
/// is gone by then, of which nobody was told, is new when its cause comes back. So a
/// repetition tells nothing; and if the function crashes between the two, nobody is told, and the
/// notification is found in the list all the same.
pub async fn settle(app: &App, pushes: &Pushes, causes: Vec<Cause>) -> Result<()> {
    let (mut made, mut news) = (HashMap::new(), HashMap::new());
    let settled = bring_in_line(app, causes, &mut made, &mut news).await;
    let unseen = made.into_iter().filter(|(_, made)| made.is_there);
    news.extend(unseen.map(|(cause, made)| (cause, made.id)));
    // What was written is told even if something else failed, for as long as there was time.
    let telling = Request::current_or_start().afresh();
    let told = telling.scope(tell(app, pushes, news)).await;
    settled.and(told)
}

/// A notification that was written, and was not looked at since.
struct Made {
    id: NotificationId,
    /// Whether it was there for its recipient before.
    is_there: bool,
}

/// How a look at a notification ended.
enum Outcome {
    /// It is in line with its cause.
    Settled,
    /// It was written; this is its id, if it is new.
    Made(Option<NotificationId>),
    /// Somebody else wrote it.
    Refused,
}

/// Looks and writes until a look finds nothing to do; adds what is new, and there for its recipient by
/// the last look.
async fn bring_in_line(
    app: &App,
    causes: Vec<Cause>,
    made: &mut HashMap<Cause, Made>,
    news: &mut HashMap<Cause, NotificationId>,
) -> Result<()> {
    let mut known = HashSet::new();
    let mut open: Vec<_> = causes.into_iter().filter(|&cause| known.insert(cause)).collect();
    let mut pause = Backoff::default();
    while !open.is_empty() {
        let found = look(app, &open).await?;
        // What comes at once stands in the list in the order in which it was told.
        let mut ids: Vec<_> = open.iter().map(|_| app.ids.notification_id()).collect();
        ids.sort_unstable();
        let steps = open.iter().zip(ids).map(|(&cause, new_id)| {
            let is_untold = made.contains_key(&cause);
            step(app, &found, cause, (new_id, is_untold))
        });
        let outcomes = join_all(steps).await;
        let (mut again, mut failure, mut is_refused) = (Vec::new(), None, false);
        for (cause, outcome) in open.into_iter().zip(outcomes) {
            match outcome {
                Ok(Outcome::Settled) => {
                    let is_there = cause.is_there(&found)?;
                    news.extend(made.remove(&cause).filter(|_| is_there).map(|made| (cause, made.id)));
                }
                Ok(Outcome::Made(is_new)) => {
                    let is_there = cause.is_there(&found)?;
                    made.extend(is_new.map(|id| (cause, Made { id, is_there })));
                    again.push(cause);
                }
                Ok(Outcome::Refused) => {
                    is_refused = true;
                    again.push(cause);
                }
                Err(error) => failure = Some(error),
            }
        }
        if let Some(error) = failure {
            return Err(error);
        }
        if is_refused {
            pause.wait("somebody else is at the same notification").await?;
        }
        open = again;
    }
    Ok(())
}

/// All that decides of these. One round trip.
async fn look(app: &App, causes: &[Cause]) -> Result<Found> {
    let mut keys = Vec::new();
    for &cause in causes {
        keys.extend(cause.deciding());
        keys.extend([keys::notification(cause), keys::profile(cause.recipient())]);
    }
    app.store.batch_get(&keys).await
}

async fn step(
    app: &App,
    found: &Found,
    cause: Cause,
    (new_id, is_untold): (NotificationId, bool),
) -> Result<Outcome> {
    // Whose account is gone, erasure and all, is notified of nothing any more.
    let is_so = cause.is_so(found)? && found.has(&keys::profile(cause.recipient()));
    let known = found.peek::<NotificationItem>(&keys::notification(cause))?;
    let now = app.clock.now();
    let step = NotificationItem::bring_in_line(known, (cause, is_so), now, (new_id, is_untold))?;
    let Some(Step { put, is_new }) = step else { return Ok(Outcome::Settled) };
    Ok(match app.store.put(put, &app.ids.write_id()).await? {
        Written::Done(_) => Outcome::Made(is_new),
        Written::Refused(_) => Outcome::Refused,
    })
}

/// Tells recipients of what is new.
///
/// Who is connected is looked for behind the writes, and strongly: so whoever was listing their
/// notifications meanwhile either found it, or had connected before, and hears of it here.
async fn tell(app: &App, pushes: &Pushes, news: HashMap<Cause, NotificationId>) -> Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    let recipients: HashSet<UserId> = news.keys().map(|cause| cause.recipient()).collect();
    let markers: Vec<_> = recipients.iter().copied().map(keys::seen).collect();
    let actors: Vec<_> = news.keys().map(|cause| keys::profile(cause.actor())).collect();
    let (connections, found) =
        tokio::try_join!(push::of_now(app, recipients), app.store.batch_get_both(&markers, &actors))?;
    let mut deliveries: Vec<Delivery> = Vec::new();
    for (user, connections) in connections.into_iter().filter(|(_, connections)| !connections.is_empty()) {
        let seen = found.peek::<SeenItem>(&keys::seen(user))?;
        let theirs = news.iter().filter(|(cause, _)| cause.recipient() == user);
        let mut theirs: Vec<Notification> =
            theirs.map(|(&cause, &id)| show(app, &found, (id, cause), seen)).collect::<Result<_>>()?;
        theirs.sort_unstable_by_key(|notification| Reverse(notification.id));
        for notification in &theirs {
            let text = Frame::Notification { notification }.text();
            deliveries.extend(connections.iter().map(|connection| (connection.clone(), text.clone())));
        }
    }
    // Of each person the newest come first; whoever misses one finds it in the list.
    deliveries.truncate(push::AT_ONCE);
    pushes.deliver(deliveries).await;
    Ok(())
}
