//! Following one shard: reading it, handing its records to lanes, and remembering which of them
//! are done with.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::batch::Delivery;
use super::checkpoint::{Checkpoints, Place};
use super::event::Record;
use super::lane::Lane;
use super::progress::Progress;
use super::source::{Cursor, Read};

/// How long a reader waits that could not read.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long a reader rests between two looks at the embedded DynamoDB, so that many small changes
/// are read together: under constant writing, reading would take as much work as the writing.
const REST: Duration = Duration::from_millis(40);

/// When a reader that found nothing looks again.
#[derive(Clone, Debug)]
pub(super) enum Wake {
    /// When something has been written.
    Changes(watch::Receiver<u64>),
    /// After a while.
    Every(Duration),
}

/// What one mapping does in one shard.
#[derive(Debug)]
pub(super) struct Follower {
    pub(super) delivery: Arc<Delivery>,
    pub(super) shard: String,
    pub(super) checkpoints: Arc<Checkpoints>,
    pub(super) progress: Arc<Progress>,
    pub(super) ledger: Mutex<Ledger>,
}

/// The records of a shard that were read, from the first that is not done with on.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// How many precede them.
    before: u64,
    /// Their numbers, and whether they are done with.
    records: VecDeque<(String, bool)>,
}

impl Follower {
    /// Follows the shard from here to its end, as this reader.
    pub(super) async fn run(self: Arc<Self>, mut cursor: Cursor, mut wake: Wake, reader: usize) {
        let mut rounds = self.progress.rounds();
        let mut working = JoinSet::new();
        let lanes: Vec<_> = (0..self.delivery.mapping.lanes)
            .map(|_| {
                let (sender, lane) = Lane::new(Arc::clone(&self.delivery));
                let this = Arc::clone(&self);
                working.spawn(lane.run(move |records| this.done(records)));
                sender
            })
            .collect();
        while !cursor.has_ended {
            let round = *rounds.borrow_and_update();
            let began = Instant::now();
            wake.forget();
            match cursor.next(|event| self.delivery.mapping.wants(event)).await {
                Ok(page) => {
                    self.hand_out(page.reads, &lanes).await;
                    if page.is_last && !cursor.has_ended {
                        self.progress.looked(reader, round);
                        tokio::select! {
                            () = wake.wait(began) => {}
                            _ = rounds.changed() => {}
                        }
                    }
                }
                Err(error) => {
                    let mapping = &self.delivery.mapping.name;
                    tracing::warn!(mapping, error, "the stream cannot be read; it is tried again");
                    sleep(TRY_AGAIN_AFTER).await;
                }
            }
        }
        drop(lanes);
        while working.join_next().await.is_some() {}
        self.checkpoints.set(&self.delivery.mapping.name, &self.shard, Place::Ended);
        self.progress.leave(reader);
    }

    /// Gives each lane its records, once it has room for more.
    async fn hand_out(&self, reads: Vec<Read>, lanes: &[mpsc::Sender<Vec<Record>>]) {
        let mut pages = vec![Vec::new(); lanes.len()];
        for record in self.enter(reads) {
            let lane = usize::try_from(record.key % lanes.len() as u64).unwrap_or(0);
            pages[lane].push(record);
        }
        for (page, lane) in pages.into_iter().zip(lanes) {
            if !page.is_empty() {
                // It is there for as long as this is.
                let _ = lane.send(page).await;
            }
        }
    }

    /// Notes what was read, and answers what of it is wanted.
    fn enter(&self, reads: Vec<Read>) -> Vec<Record> {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let records: Vec<_> = reads.into_iter().filter_map(|read| ledger.enter(read)).collect();
        if !records.is_empty() {
            self.progress.found(records.len());
        }
        self.advance(&mut ledger);
        records
    }

    /// Notes that records are done with.
    fn done(&self, records: &[Record]) {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            ledger.done(record.serial);
        }
        self.advance(&mut ledger);
        // After what it is about, for whoever waits for it.
        if !records.is_empty() {
            self.progress.done(records.len());
        }
    }

    fn advance(&self, ledger: &mut Ledger) {
        if let Some(sequence) = ledger.advance() {
            self.checkpoints.set(&self.delivery.mapping.name, &self.shard, Place::After(sequence));
        }
    }
}

impl Ledger {
    /// Adds a record. One that nobody wants is done with.
    fn enter(&mut self, read: Read) -> Option<Record> {
        let serial = self.before + self.records.len() as u64;
        self.records.push_back((read.sequence, read.record.is_none()));
        read.record.map(|record| Record { serial, ..record })
    }

    fn done(&mut self, serial: u64) {
        let index = serial.checked_sub(self.before).and_then(|index| usize::try_from(index).ok());
        if let Some(record) = index.and_then(|index| self.records.get_mut(index)) {
            record.1 = true;
        }
    }

    /// Drops what is done with up to the first that is not, and answers the last number of it.
    fn advance(&mut self) -> Option<String> {
        let mut last = None;
        while let Some((sequence, _)) = self.records.pop_front_if(|(_, is_done)| *is_done) {
            self.before += 1;
            last = Some(sequence);
        }
        last
    }
}

impl Wake {
    /// Forgets what happened up to now: it will be seen by whoever looks now.
    fn forget(&mut self) {
        if let Self::Changes(changes) = self {
            changes.mark_unchanged();
        }
    }

    /// Waits until it is worth looking again, after a look that began then.
    async fn wait(&mut self, began: Instant) {
        match self {
            Self::Changes(changes) => {
                if changes.changed().await.is_err() {
                    // Nothing will be written any more.
                    std::future::pending::<()>().await;
                }
                sleep_until(began + REST).await;
            }
            Self::Every(pause) => sleep(*pause).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::testing::record;

    fn read(number: u64, is_wanted: bool) -> Read {
        Read { sequence: number.to_string(), record: is_wanted.then(|| record(number, "key")) }
    }

    #[test]
    fn what_is_done_with_counts_up_to_the_first_that_is_not() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.advance(), None);
        let records: Vec<_> = [read(11, false), read(12, true), read(13, true), read(14, false)]
            .into_iter()
            .filter_map(|read| ledger.enter(read))
            .collect();
        assert_eq!(ledger.advance().as_deref(), Some("11"), "nobody wants it");
        ledger.done(records[1].serial);
        assert_eq!(ledger.advance(), None, "the one before it is under way");
        ledger.done(records[0].serial);
        assert_eq!(ledger.advance().as_deref(), Some("14"));
        let record = ledger.enter(read(15, true)).unwrap();
        ledger.done(records[0].serial);
        assert_eq!(ledger.advance(), None, "what is done with twice is done with once");
        ledger.done(record.serial);
        assert_eq!(ledger.advance().as_deref(), Some("15"));
    }
}
