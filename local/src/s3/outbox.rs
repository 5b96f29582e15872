//! Events on their way to a bucket's subscriber.
//!
//! An event is on the disk before its PUT is answered, and stays there until the subscriber is
//! done with it: so each arrives at least once, over a restart too, as S3 promises.

use std::collections::HashMap;
use std::fs;
use std::io::Result;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;

use super::disk::Disk;
use super::event::Created;

/// Which keys a subscriber wants to hear of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// How their keys start.
    pub prefix: String,
    /// How their keys end.
    pub suffix: String,
}

impl Filter {
    fn wants(&self, key: &str) -> bool {
        key.starts_with(&self.prefix) && key.ends_with(&self.suffix)
    }
}

/// An event for a bucket's subscriber. Unless it is said to be done with, it comes again when
/// the stack starts the next time.
#[derive(Debug)]
pub struct Notification {
    /// In which bucket it happened.
    pub bucket: String,
    /// S3's own event.
    pub event: Value,
    /// Where it is on the disk.
    record: Option<(Arc<Disk>, PathBuf)>,
}

impl Notification {
    /// One that is on no disk, as the object it is about will be found again.
    pub(super) fn unrecorded(bucket: &str, event: Value) -> Self {
        Self { bucket: bucket.to_owned(), event, record: None }
    }

    /// Says that the subscriber is done with it.
    pub async fn done(self) {
        let Some((disk, record)) = self.record else { return };
        let work = move || disk.remove(&record);
        // A runtime that is ending drops work: the event then comes again.
        if let Ok(Err(error)) = tokio::task::spawn_blocking(work).await {
            tracing::warn!(%error, "an S3 event could not be marked as done");
        }
    }
}

/// Where events wait.
#[derive(Debug)]
pub(super) struct Outbox {
    disk: Arc<Disk>,
    folder: PathBuf,
    subscribers: HashMap<String, Filter>,
    sender: mpsc::UnboundedSender<Notification>,
}

impl Outbox {
    /// Opens it, and sends again what nobody is done with. Blocks.
    pub(super) fn open(
        disk: Arc<Disk>,
        subscribers: HashMap<String, Filter>,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Notification>)> {
        let folder = disk.folder("events")?;
        let (sender, receiver) = mpsc::unbounded_channel();
        let outbox = Self { disk, folder, subscribers, sender };
        let mut records =
            fs::read_dir(&outbox.folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        // They are named by their sequencers.
        records.sort_unstable();
        for record in records {
            match serde_json::from_slice(&fs::read(&record)?) {
                Ok(event) => outbox.send(event, record),
                Err(error) => tracing::warn!(%error, record = %record.display(), "this is no S3 event"),
            }
        }
        Ok((outbox, receiver))
    }

    /// Tells the bucket's subscriber of an object, if it has one that wants to know. Blocks.
    pub(super) fn announce(&self, created: &Created<'_>) -> Result<()> {
        if self.subscribers.get(created.bucket).is_some_and(|filter| filter.wants(created.key)) {
            let event = created.event();
            let record = self.folder.join(format!("{}.json", created.sequencer));
            self.disk.stage(&[event.to_string().as_bytes()])?.place(&record)?;
            self.send(event, record);
        }
        Ok(())
    }

    fn send(&self, event: Value, record: PathBuf) {
        let bucket = event.pointer("/Records/0/s3/bucket/name").and_then(Value::as_str);
        let bucket = bucket.unwrap_or_default().to_owned();
        let disk = Arc::clone(&self.disk);
        // Where nobody listens any more, it waits on the disk.
        let _ = self.sender.send(Notification { bucket, event, record: Some((disk, record)) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_wants_keys_with_its_prefix_and_its_suffix() {
        let filter = Filter { prefix: "uploads/".into(), suffix: ".png".into() };
        assert!(filter.wants("uploads/a.png"));
        assert!(!filter.wants("uploads/a.jpg"));
        assert!(!filter.wants("thumbnails/a.png"));
        assert!(Filter::default().wants("anything"));
    }
}
