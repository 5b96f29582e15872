//! Event source mappings: the records of a table's stream on their way to functions.
//!
//! Lambda polls streams for functions; here this does. Each mapping of the template follows the
//! stream of its table by itself, as each has its own filters, pace and failures:
//!
//! | file | what it does |
//! |---|---|
//! | `source.rs` | reads shards through DynamoDB's API for streams, wherever DynamoDB is |
//! | `event.rs` | makes the records what Lambda sends |
//! | `pattern.rs` | holds them against the mapping's filters |
//! | `shard.rs` | follows one shard: reads it, notes what is done with |
//! | `lane.rs` | gathers batches |
//! | `batch.rs` | sends a batch, again where it failed, until it is done with or given up |
//! | `checkpoint.rs` | remembers how far each mapping has come |
//! | `progress.rs` | knows whether anything is on its way |
//! | this one | starts and stops all of it, and follows streams as their shards come and go |
//!
//! Records arrive at least once, and those of one partition key in order. The embedded DynamoDB
//! tells when something is written, so that a change is under way after some milliseconds and
//! nothing is read while nothing happens; one elsewhere is asked four times a second, as Lambda does.

mod batch;
mod checkpoint;
mod event;
mod lane;
mod pattern;
mod progress;
mod shard;
mod source;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use shared::ids::Ids;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::batch::Delivery;
use self::checkpoint::{Checkpoints, Place};
pub use self::pattern::Pattern;
use self::progress::Progress;
use self::shard::{Follower, Wake};
use self::source::{Shard, Source};
use crate::clock::ShiftedClock;
use crate::delivery::Target;
use crate::dynamodb::Embedded;
use crate::template::{Mapping, StartingPosition, Template};

/// How often a stream elsewhere is read, as Lambda does it.
const POLL_EVERY: Duration = Duration::from_millis(250);

/// How often new shards are looked for where there can be any.
const LOOK_FOR_SHARDS_EVERY: Duration = Duration::from_secs(10);

/// What mappings need of the stack.
#[derive(Debug)]
pub struct Around<'a> {
    /// How DynamoDB is reached.
    pub sdk: &'a SdkConfig,
    /// The embedded one, if it is that.
    pub embedded: Option<&'a Embedded>,
    /// Where it is kept how far the mappings have come.
    pub folder: Option<&'a Path>,
    /// The time.
    pub clock: &'a ShiftedClock,
    /// Where invocations' ids come from.
    pub ids: &'a Ids,
    /// How long a batch waits after its first failure, if not 100 ms.
    pub retry_after: Option<Duration>,
    /// For how long records are gathered, if not for as long as the template says.
    pub window: Option<Duration>,
    /// For how many times as long as a batch took the next one is gathered, if not for three times.
    pub rest: Option<u32>,
}

/// The mappings at work.
#[derive(Debug)]
pub struct Streams {
    checkpoints: Arc<Checkpoints>,
    progress: Arc<Progress>,
    /// Everything that is done in the background; it ends when this is dropped.
    tasks: JoinSet<()>,
}

/// A mapping and the stream that it follows.
#[derive(Debug)]
struct Follow {
    delivery: Arc<Delivery>,
    source: Source,
    wake: Wake,
    checkpoints: Arc<Checkpoints>,
    progress: Arc<Progress>,
    readers: JoinSet<()>,
    /// The shards that have been followed since the start.
    followed: HashSet<String>,
}

impl Streams {
    /// Starts all mappings of the template, each where it was when it was stopped.
    ///
    /// # Errors
    /// When a stream cannot be read.
    pub async fn start(
        template: &Template,
        targets: &HashMap<String, Target>,
        around: Around<'_>,
    ) -> Result<Self, String> {
        let declared = template.functions.iter();
        let declared = declared.flat_map(|(id, function)| function.mappings.iter().map(move |one| (id, one)));
        let names: Vec<_> = declared.clone().map(|(_, mapping)| mapping.name.as_str()).collect();
        let checkpoints = Arc::new(Checkpoints::open(around.folder, &names));
        let progress = Arc::new(Progress::new());
        let (mut tasks, mut changes) = (JoinSet::new(), None);
        for (id, mapping) in declared.filter(|(_, mapping)| mapping.enabled) {
            let Some(target) = targets.get(id) else { continue };
            let table = template.tables.get(&mapping.table);
            let table = table.ok_or_else(|| format!("{} is of no table", mapping.name))?;
            let source =
                Source::open(around.sdk, table, around.clock.clone(), around.embedded.is_some()).await?;
            if let (Some(embedded), None) = (around.embedded, &changes) {
                changes = Some(embedded.changes().map_err(|error| error.to_string())?);
            }
            let wake = changes.clone().map_or(Wake::Every(POLL_EVERY), Wake::Changes);
            let delivery = Arc::new(Delivery {
                mapping: Mapping { window: around.window.unwrap_or(mapping.window), ..mapping.clone() },
                target: target.clone(),
                retry_after: around.retry_after.unwrap_or(batch::RETRY_AFTER),
                rest: around.rest.unwrap_or(lane::REST),
                clock: around.clock.clock(),
                ids: around.ids.clone(),
            });
            let (checkpoints, progress) = (Arc::clone(&checkpoints), Arc::clone(&progress));
            let (readers, followed) = (JoinSet::new(), HashSet::new());
            let mut follow = Follow { delivery, source, wake, checkpoints, progress, readers, followed };
            // Before the stack is ready, so that nothing that is written then is missed.
            follow.look_for_shards().await?;
            tasks.spawn(follow.run());
        }
        let consumed = around.embedded.map_or_else(|| watch::Sender::new(None), Embedded::consumed);
        tasks.spawn(Arc::clone(&checkpoints).keep(consumed));
        Ok(Self { checkpoints, progress, tasks })
    }

    /// Waits until every mapping has consumed what is in its stream by now, and what functions
    /// wrote in turn; nothing is under way then or waits to be tried again.
    ///
    /// Of a DynamoDB elsewhere it can only say that nothing more was found in the shards that are
    /// known.
    pub async fn drained(&self) {
        self.progress.drained().await;
    }

    /// Stops at once. A batch that is under way is sent again at the next start.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        if let Err(error) = self.checkpoints.close() {
            tracing::warn!(%error, "how far the streams were read could not be written down");
        }
    }
}

impl Follow {
    /// Follows the shards, and those that come after them.
    async fn run(mut self) {
        loop {
            let may_change = matches!(self.wake, Wake::Every(_));
            tokio::select! {
                Some(_) = self.readers.join_next() => {}
                () = sleep(LOOK_FOR_SHARDS_EVERY), if may_change => {}
                else => return,
            }
            if let Err(error) = self.look_for_shards().await {
                let mapping = &self.delivery.mapping.name;
                tracing::warn!(mapping, error, "the stream cannot be described; it is tried again");
            }
        }
    }

    /// Begins to follow the shards whose turn it is.
    async fn look_for_shards(&mut self) -> Result<(), String> {
        let shards = self.source.shards().await?;
        let delivery = Arc::clone(&self.delivery);
        let (name, starts_at) = (&delivery.mapping.name, delivery.mapping.starts_at);
        let places = self.checkpoints.places(name, &self.source).unwrap_or_else(|| {
            let shards = shards.iter().filter(|_| starts_at == StartingPosition::Latest);
            let places: BTreeMap<_, _> = shards.map(|shard| (shard.id.clone(), latest(shard))).collect();
            self.checkpoints.begin(name, &self.source, places.clone());
            places
        });
        for shard in turns(&shards, &places) {
            if self.followed.insert(shard.id.clone()) {
                self.follow(&shard.id, places.get(&shard.id).unwrap_or(&Place::Oldest));
            }
        }
        let listed: Vec<_> = shards.into_iter().map(|shard| shard.id).collect();
        self.checkpoints.retain(name, &listed);
        Ok(())
    }

    fn follow(&mut self, shard: &str, place: &Place) {
        let Some(position) = place.position() else { return };
        self.checkpoints.set(&self.delivery.mapping.name, shard, place.clone());
        let follower = Arc::new(Follower {
            delivery: Arc::clone(&self.delivery),
            shard: shard.to_owned(),
            checkpoints: Arc::clone(&self.checkpoints),
            progress: Arc::clone(&self.progress),
            ledger: shard::Ledger::default().into(),
        });
        let reader = self.progress.enter();
        let cursor = self.source.cursor(shard, position);
        self.readers.spawn(follower.run(cursor, self.wake.clone(), reader));
    }
}

/// Where a mapping begins in a shard that wants only what is yet to come: by number, if that is
/// known, so that a restart before the first record does not skip what came in between.
fn latest(shard: &Shard) -> Place {
    match &shard.last {
        Some(last) => Place::After(last.clone()),
        None if shard.is_used => Place::Latest,
        None => Place::Oldest,
    }
}

/// The shards whose turn it is: a shard comes after its parent, which has what was written before.
fn turns<'a>(shards: &'a [Shard], places: &BTreeMap<String, Place>) -> Vec<&'a Shard> {
    let has_ended = |id: &String| places.get(id) == Some(&Place::Ended);
    let is_gone = |id: &String| shards.iter().all(|shard| shard.id != *id);
    let is_due =
        |shard: &&Shard| shard.parent.as_ref().is_none_or(|parent| has_ended(parent) || is_gone(parent));
    shards.iter().filter(|shard| !has_ended(&shard.id)).filter(is_due).collect()
}
