//! One step of one job.

use serde_dynamo::Item;

use super::{Job, Kind, PATIENCE, Progress};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::feed::{distribute, reconcile};
use crate::posts::sweep::sweep;
use crate::store::{Condition, Written};

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
/// tells of the same change again and the step is repeated. Writing how far it is holds only if
/// nobody wrote the job since, be it to start it anew.
pub async fn run(app: &App, image: Item) -> Result<(Kind, Outcome)> {
    let told: Job = serde_dynamo::from_item(image).map_err(Error::internal)?;
    let job = app.store.get::<Job>(&told.key()).await?.filter(|job| job.write_id == told.write_id);
    let Some((job, id)) = job.and_then(|job| job.write_id.clone().map(|id| (job, id))) else {
        return Ok((told.work, Outcome::Outdated));
    };
    let unchanged = Condition::WrittenBy(id);
    let Some(progress) = step(app, job.work, job.progress).await? else {
        app.store.delete_when(&told.key(), &unchanged).await?;
        return Ok((job.work, Outcome::Done));
    };
    let due = app.clock.now().after(PATIENCE);
    let next = Job { work: job.work, progress: Some(progress), attempts: 0, due, write_id: None };
    match app.store.put(next.put()?.when(unchanged), &app.ids.write_id()).await? {
        Written::Done(_) => Ok((job.work, Outcome::GoesOn)),
        Written::Refused(_) => Ok((job.work, Outcome::Outdated)),
    }
}

/// Does the step; answers how far the job is then, unless that was all.
async fn step(app: &App, work: Kind, progress: Option<Progress>) -> Result<Option<Progress>> {
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
            Ok(reconcile::step(app, people, progress).await?.map(Progress::Reconcile))
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
