//! Keys of jobs.

use super::{IndexKey, Key};
use crate::clock::Timestamp;
use crate::ids::digest;

/// A job.
#[must_use]
pub fn job(id: &str) -> Key {
    Key { pk: format!("JOB#{id}"), sk: "JOB".into() }
}

/// In how many parts the index has the list of jobs: one partition of it takes 1,000 writes a
/// second, and every job is written there twice at least.
const JOB_PARTS: u8 = 16;

/// Where the index has all jobs, by when each is to have gone on.
#[must_use]
pub fn job_parts() -> Vec<String> {
    (0..JOB_PARTS).map(job_part).collect()
}

/// Where in that list a job is.
#[must_use]
pub fn job_due(due: Timestamp, id: &str) -> IndexKey {
    let part = digest(&[id.as_bytes()]).bytes().next().unwrap_or_default() % JOB_PARTS;
    IndexKey { pk: job_part(part), sk: format!("{due}#{id}") }
}

fn job_part(part: u8) -> String {
    format!("JOBS#{part}")
}
