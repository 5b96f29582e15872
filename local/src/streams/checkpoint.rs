//! How far each mapping has come, which a restart and a kill must not forget.
//!
//! It is a small file in the data folder that is replaced after every batch. It is not forced to
//! the disk: a program that is killed has its files written all the same, and should the whole
//! machine lose power, some records come twice, as they may at any time.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::source::{Position, Source};
use crate::dynamodb::Consumed;

/// Where a mapping is in a shard.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Place {
    /// Before everything that is there.
    Oldest,
    /// After the record of this number and all before it.
    After(String),
    /// After everything that was there at the start; a number for that is not known yet.
    Latest,
    /// Through with it: the shard has ended.
    Ended,
}

/// Where a mapping is in a stream.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Followed {
    stream: String,
    table: String,
    shards: BTreeMap<String, Place>,
}

type Mappings = BTreeMap<String, Followed>;

/// Where all mappings are.
#[derive(Debug)]
pub(super) struct Checkpoints {
    /// Where they are written down; nowhere any more, once they are closed.
    file: Mutex<Option<PathBuf>>,
    mappings: watch::Sender<Mappings>,
}

impl Checkpoints {
    /// What was kept in this folder of the mappings of these names.
    pub(super) fn open(folder: Option<&Path>, names: &[&str]) -> Self {
        let file = folder.map(|folder| folder.join("streams.json"));
        let mut mappings = match file.as_deref().map(read) {
            Some(Ok(mappings)) => mappings,
            Some(Err(error)) => {
                tracing::warn!(%error, "how far the streams were read is not known: all comes again");
                Mappings::new()
            }
            None => Mappings::new(),
        };
        // One that is gone from the template must not hold on to records.
        mappings.retain(|name, _| names.contains(&name.as_str()));
        Self { file: Mutex::new(file), mappings: watch::Sender::new(mappings) }
    }

    /// Where a mapping is, by shard, unless it sees this stream for the first time.
    pub(super) fn places(&self, mapping: &str, source: &Source) -> Option<BTreeMap<String, Place>> {
        let mappings = self.mappings.borrow();
        let followed = mappings.get(mapping).filter(|followed| followed.stream == source.arn);
        followed.map(|followed| followed.shards.clone())
    }

    /// Says where a mapping is, in all shards.
    pub(super) fn begin(&self, mapping: &str, source: &Source, shards: BTreeMap<String, Place>) {
        let followed = Followed { stream: source.arn.clone(), table: source.table.clone(), shards };
        self.mappings.send_modify(|mappings| {
            mappings.insert(mapping.to_owned(), followed);
        });
    }

    /// Says where a mapping is now, in one shard.
    pub(super) fn set(&self, mapping: &str, shard: &str, place: Place) {
        self.mappings.send_modify(|mappings| {
            if let Some(followed) = mappings.get_mut(mapping) {
                followed.shards.insert(shard.to_owned(), place);
            }
        });
    }

    /// Forgets the shards of a mapping that are none of these: they are gone.
    pub(super) fn retain(&self, mapping: &str, shards: &[String]) {
        self.mappings.send_if_modified(|mappings| {
            let Some(followed) = mappings.get_mut(mapping) else { return false };
            let before = followed.shards.len();
            followed.shards.retain(|shard, _| shards.contains(shard));
            followed.shards.len() < before
        });
    }

    /// Writes down every change, and tells whoever keeps the records what of them is consumed.
    pub(super) async fn keep(self: Arc<Self>, consumed: watch::Sender<Option<Consumed>>) {
        let mut changes = self.mappings.subscribe();
        changes.mark_changed();
        while changes.changed().await.is_ok() {
            let consumed_by_now = consumed_of(&changes.borrow_and_update());
            let this = Arc::clone(&self);
            let write = tokio::task::spawn_blocking(move || this.write());
            if let Ok(Err(error)) = write.await {
                tracing::warn!(%error, "how far the streams were read could not be written down");
            }
            consumed.send_replace(Some(consumed_by_now));
        }
    }

    /// Writes down the end of it; nothing is written after that, as the folder may be somebody
    /// else's then. Blocks.
    pub(super) fn close(&self) -> io::Result<()> {
        self.write()?;
        self.file.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(())
    }

    /// Writes down how it is now. Blocks.
    fn write(&self) -> io::Result<()> {
        // Held, so that an older state never replaces a newer one.
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = &*file else { return Ok(()) };
        let text = serde_json::to_vec(&*self.mappings.borrow())?;
        let new = file.with_extension("json.new");
        std::fs::write(&new, text)?;
        std::fs::rename(new, file)
    }
}

impl Place {
    /// Where to read on, if there is more to come.
    pub(super) fn position(&self) -> Option<Position> {
        match self {
            Self::Oldest => Some(Position::Oldest),
            Self::After(sequence) => Some(Position::After(sequence.clone())),
            Self::Latest => Some(Position::Latest),
            Self::Ended => None,
        }
    }
}

fn read(file: &Path) -> io::Result<Mappings> {
    match std::fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Mappings::new()),
        text => Ok(serde_json::from_slice(&text?)?),
    }
}

/// Up to where each table's records are consumed by every mapping that reads them.
fn consumed_of(mappings: &Mappings) -> Consumed {
    let mut consumed = HashMap::new();
    for followed in mappings.values() {
        for place in followed.shards.values() {
            let number = match place {
                Place::Oldest | Place::Latest => 0,
                Place::After(sequence) => sequence.parse().unwrap_or(0),
                Place::Ended => continue,
            };
            let least = consumed.entry(followed.table.clone()).or_insert(number);
            *least = number.min(*least);
        }
    }
    consumed
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn followed(stream: &str, places: &[Place]) -> Followed {
        let shards = places.iter().enumerate().map(|(number, place)| (number.to_string(), place.clone()));
        Followed { stream: stream.into(), table: "table".into(), shards: shards.collect() }
    }

    fn after(number: u32) -> Place {
        Place::After(number.to_string())
    }

    #[test]
    fn what_was_kept_is_known_again() {
        let folder = TempDir::new().unwrap();
        let checkpoints = Checkpoints::open(Some(folder.path()), &["a", "b"]);
        checkpoints.mappings.send_modify(|mappings| {
            mappings.insert("a".into(), followed("stream", &[after(7), Place::Oldest]));
            mappings.insert("b".into(), followed("stream", &[Place::Ended]));
        });
        checkpoints.set("a", "1", after(9));
        checkpoints.set("nobody", "1", after(9));
        checkpoints.retain("b", &[]);
        checkpoints.close().unwrap();
        let again = Checkpoints::open(Some(folder.path()), &["a", "c"]);
        let again = again.mappings.borrow();
        assert_eq!(again.keys().collect::<Vec<_>>(), ["a"], "b is in the template no more");
        assert_eq!(again["a"].shards["1"], after(9));
    }

    #[test]
    fn a_file_that_cannot_be_read_only_means_that_all_comes_again() {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("streams.json"), "half a fi").unwrap();
        assert!(Checkpoints::open(Some(folder.path()), &["a"]).mappings.borrow().is_empty());
    }

    #[test]
    fn consumed_is_what_all_have_consumed() {
        let mut mappings = Mappings::new();
        mappings.insert("a".into(), followed("stream", &[after(100), Place::Ended]));
        assert_eq!(consumed_of(&mappings)["table"], 100);
        mappings.insert("b".into(), followed("stream", &[after(99)]));
        assert_eq!(consumed_of(&mappings)["table"], 99);
        mappings.insert("c".into(), followed("stream", &[Place::Oldest]));
        assert_eq!(consumed_of(&mappings)["table"], 0);
        assert!(!consumed_of(&mappings).contains_key("a table that nobody reads"));
    }
}
