//! Jobs: what is done later, off the request path, in steps.
//!
//! | file | what is in it |
//! |---|---|
//! | `start.rs` | which change of the table starts which job |
//! | `run.rs` | one step of one job |
//! | `revive.rs` | jobs that stand still |
//!
//! A job is an item. Writing it is a change of the table like any other, and the stream brings it
//! to the function that does its next step and writes how far it is, which brings the step after
//! that; the last one deletes it. So a job goes on for as long as its item is there, whatever
//! crashes in between.
//!
//! What makes that right:
//! - A step may be repeated. It looks at what is so now and makes the rest of the table agree.
//! - The steps of one job come one after the other: the stream keeps the changes of one item in
//!   their order, and does not go on before one was seen to. Each step has a name, and one that was
//!   told of and is not the next any more is not done: whoever named another one has told of it, too.
//! - To start a job that runs makes it begin anew, with another name for its next step. The step
//!   that is being done then cannot write how far it came.
//! - A job that stands still, because its change was given up by the stream or never told, is
//!   touched again by a schedule, which leaves the name of its next step as it is.

mod revive;
mod run;
mod start;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::feed::reconcile;
use crate::ids::{PostId, UserId, WriteId};
use crate::keys;

pub use revive::revive;
pub use run::{Outcome, run};
pub use serde_dynamo::Item;
pub use start::{Change, Start, start, started_by};

/// After how long without a step a job stands still: longer than the stream tries again by itself
/// for a while, and than any step takes.
const PATIENCE: Duration = Duration::from_mins(5);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Kind {
    /// Every friend's feed is brought in line with a post.
    Distribute {
        /// Which.
        post: PostId,
    },
    /// Two people's feeds are brought in line with their friendship.
    Reconcile {
        /// Who, the one with the smaller id first.
        people: [UserId; 2],
    },
    /// What is left of a deleted post goes.
    Sweep {
        /// Which.
        post: PostId,
    },
}

impl Kind {
    /// In a word.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Distribute { .. } => "distribute",
            Self::Reconcile { .. } => "reconcile",
            Self::Sweep { .. } => "sweep",
        }
    }

    /// The id of the one job that does it.
    fn id(&self) -> String {
        match self {
            Self::Distribute { post } | Self::Sweep { post } => format!("{}-{post}", self.name()),
            Self::Reconcile { people: [one, other] } => format!("{}-{one}-{other}", self.name()),
        }
    }
}

/// The item at [`keys::job`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// What is to be done.
    pub work: Kind,
    /// How far it is; not begun, if this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    progress: Option<Progress>,
    /// Of two people to be reconciled: whether they ceased to be friends since it was last done.
    #[serde(default)]
    has_ended: bool,
    /// Which step is to be done next, by a name of its own.
    turn: WriteId,
    /// How often it was touched since its last step.
    attempts: u32,
    /// When it stands still, if nothing happens.
    due: Timestamp,
}

/// How far a job is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Progress {
    /// Behind this one of somebody's friends.
    Behind(UserId),
    /// In this phase.
    Reconcile(reconcile::Progress),
    /// So many passes were made.
    Passes(u32),
}

impl Job {
    fn key(&self) -> keys::Key {
        keys::job(&self.work.id())
    }
}
