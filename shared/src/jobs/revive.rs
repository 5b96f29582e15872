//! Jobs that stand still.

use std::time::Duration;

use futures_util::future::try_join_all;

use super::{Job, PATIENCE};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::Result;
use crate::keys::{self, Key};
use crate::store::{Condition, Update, Within, Written};

/// The most jobs of one part of the list that are revived at once: more come the next time.
const MOST: usize = 25;

/// The longest that a job rests before it is tried again.
const LONGEST_REST: Duration = Duration::from_hours(6);

/// Touches the jobs that stand still, so that the stream tells of them again; answers how many.
/// Two round trips and 1 R for each, and 0.5 R for each part of the list.
///
/// Each time that a job was touched in vain it rests twice as long, so that one that cannot be
/// done keeps nobody busy. It is never given up: as long as its item is there, it is to be done.
/// One that cannot be touched, or read, does not stand in the way of the others.
pub async fn revive(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let (until, parts) = (now.to_string(), keys::job_parts());
    let due = parts.iter().map(|part| app.store.query_index(part, Within::UpTo(&until), MOST));
    let entries = try_join_all(due).await?.into_iter().flat_map(|page| page.items);
    let keys: Vec<_> = entries.map(|entry| entry.key).collect();
    // The index is a little behind: what stands still is decided by the jobs themselves.
    let mut found = app.store.batch_get(&keys).await?;
    let mut revived = 0;
    for key in keys {
        let touched = match found.take::<Job>(&key) {
            Ok(Some(job)) if job.due <= now => touch(app, key, &job, now).await,
            Ok(_) => Ok(false),
            Err(error) => Err(error),
        };
        match touched {
            Ok(touched) => revived += usize::from(touched),
            Err(error) => tracing::error!(cause = error.chain(), "a job cannot be revived"),
        }
    }
    Ok(revived)
}

/// Lets the stream tell of a job again, unless somebody wrote it since it was read.
async fn touch(app: &App, key: Key, job: &Job, now: Timestamp) -> Result<bool> {
    let rest = PATIENCE.saturating_mul(1 << job.attempts.min(16)).min(LONGEST_REST);
    let next = now.after(rest);
    let update = Update::of(key)
        .increment("attempts")
        .set("due", next)
        .indexed(keys::job_due(next, &job.work.id()))
        .when(Condition::equals("due", job.due)?);
    let touched = matches!(app.store.update(update, &app.ids.write_id()).await?, Written::Done(_));
    if touched {
        tracing::warn!(job = job.work.name(), attempts = job.attempts + 1, "a job stood still");
    }
    Ok(touched)
}
