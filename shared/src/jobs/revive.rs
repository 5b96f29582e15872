//! Jobs that stand still.

use std::time::Duration;

use super::{Job, PATIENCE};
use crate::environment::App;
use crate::error::Result;
use crate::keys;
use crate::store::{Condition, Update, Within, Written};

/// The most jobs that are revived at once: more come the next time.
const MOST: usize = 100;

/// The longest that a job rests before it is tried again.
const LONGEST_REST: Duration = Duration::from_hours(6);

/// Touches the jobs that stand still, so that the stream tells of them again; answers how many.
/// Two round trips and 1 R for each.
///
/// Each time that a job was touched in vain it rests twice as long, so that one that cannot be
/// done keeps nobody busy. It is never given up: as long as its item is there, it is to be done.
pub async fn revive(app: &App) -> Result<usize> {
    let now = app.clock.now();
    let due = app.store.query_index(keys::JOBS, Within::UpTo(&now.to_string()), MOST).await?;
    let keys: Vec<_> = due.items.into_iter().map(|entry| entry.key).collect();
    // The index is a little behind: what stands still is decided by the jobs themselves.
    let mut found = app.store.batch_get(&keys).await?;
    let mut revived = 0;
    for key in keys {
        let Some(job) = found.take::<Job>(&key)?.filter(|job| job.due <= now) else { continue };
        let Some(id) = job.write_id.clone() else { continue };
        let rest = PATIENCE.saturating_mul(1 << job.attempts.min(16)).min(LONGEST_REST);
        let next = now.after(rest);
        let update = Update::of(key)
            .increment("attempts")
            .set("due", next)
            .indexed(keys::job_due(next, &job.work.id()))
            .when(Condition::WrittenBy(id));
        if let Written::Done(_) = app.store.update(update, &app.ids.write_id()).await? {
            tracing::warn!(job = job.work.name(), attempts = job.attempts + 1, "a job stood still");
            revived += 1;
        }
    }
    Ok(revived)
}
