//! One step of one job.

use serde_dynamo::Item;

use super::{Job, Kind, PATIENCE, Progress};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::feed::{distribute, reconcile};
use crate::keys;
use crate::posts::sweep::sweep;
use crate::store::{Condition, Update, Written};

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The job was written since: there is nothing to be done for this change.
    Outdated,
    /// It was done, and there is more.
    GoesOn,
    /// It was done, and that was all.
    Done,
}

/// Does the next step of a job whose item was written, as the stream tells.
///
/// The step itself comes first, and then how far the job is: after a crash in between, the stream
/// tells of the same change again and the step is repeated. Writing how far it is holds only if it
/// is this step's turn still, and nobody started the job anew.
pub async fn run(app: &App, image: Item) -> Result<(Kind, Outcome)> {
    let told: Job = serde_dynamo::from_item(image).map_err(Error::internal)?;
    let job = app.store.get::<Job>(&told.key()).await?.filter(|job| job.turn == told.turn);
    let Some(job) = job else { return Ok((told.work, Outcome::Outdated)) };
    let (key, work, turn) = (told.key(), job.work, Condition::equals("turn", &job.turn)?);
    let Some(progress) = step(app, job).await? else {
        app.store.delete_when(&key, &turn).await?;
        return Ok((work, Outcome::Done));
    };
    let due = app.clock.now().after(PATIENCE);
    let update = Update::of(key)
        .set("progress", progress)
        .set("turn", app.ids.write_id())
        .set("attempts", 0)
        .set("due", due)
        .indexed(keys::job_due(due, &work.id()))
        .when(turn);
    match app.store.update(update, &app.ids.write_id()).await? {
        Written::Done(_) => Ok((work, Outcome::GoesOn)),
        Written::Refused(_) => Ok((work, Outcome::Outdated)),
    }
}

/// Does the step; answers how far the job is then, unless that was all.
async fn step(app: &App, Job { work, progress, has_ended, .. }: Job) -> Result<Option<Progress>> {
    match work {
        Kind::Distribute { post } => {
            let after = match progress {
                Some(Progress::Behind(friend)) => Some(friend),
                _ => None,
            };
            Ok(distribute::step(app, post, after).await?.map(Progress::Behind))
        }
        Kind::Reconcile { people } => {
            let progress = match progress {
                Some(Progress::Reconcile(progress)) => Some(progress),
                _ => None,
            };
            Ok(reconcile::step(app, people, has_ended, progress).await?.map(Progress::Reconcile))
        }
        Kind::Sweep { post } => {
            let passes = match progress {
                Some(Progress::Passes(passes)) => passes,
                _ => 0,
            };
            let is_all = sweep(app, post).await?;
            Ok((!is_all).then_some(Progress::Passes(passes + 1)))
        }
    }
}
