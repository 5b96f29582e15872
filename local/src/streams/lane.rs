//! Lanes: how records become batches. A shard has one for each batch that may be worked on at
//! once; records of one partition key always take the same, so that their order is kept.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::batch::Delivery;
use super::event::Record;

/// How many pages of records may wait for a lane before its shard is read no further.
pub(super) const WAITING: usize = 8;

/// As much as Lambda takes as an event
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const LARGEST_EVENT: usize = 6 * 1024 * 1024;

/// What an event has around its records.
const FRAME: usize = 16;

/// For how many times as long as a batch without a window took the next one is gathered, a second at
/// most. So what happens now and then is told at once; and where much happens, what happens to one
/// thing is told together. (Lambda asks a shard four times a second:
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>.)
pub(super) const REST: u32 = 3;
const LONGEST_REST: Duration = Duration::from_secs(1);

/// Takes records, gathers them, and has them delivered.
#[derive(Debug)]
pub(super) struct Lane {
    delivery: Arc<Delivery>,
    inbox: mpsc::Receiver<Vec<Record>>,
    waiting: VecDeque<Record>,
    /// Until when the next batch is gathered, unless it is full before.
    next: Instant,
}

impl Lane {
    pub(super) fn new(delivery: Arc<Delivery>) -> (mpsc::Sender<Vec<Record>>, Self) {
        let (sender, inbox) = mpsc::channel(WAITING);
        (sender, Self { delivery, inbox, waiting: VecDeque::new(), next: Instant::now() })
    }

    /// Works until no more can come and everything is done with; says so of records as soon as
    /// they are.
    pub(super) async fn run(mut self, done: impl Fn(&[Record])) {
        while !self.waiting.is_empty() || self.more().await {
            let batch = self.gather().await;
            let began = Instant::now();
            self.delivery.deliver(batch, &done).await;
            let rest = (began.elapsed() * self.delivery.rest).min(LONGEST_REST);
            self.next = Instant::now() + rest;
        }
    }

    /// Waits for records.
    async fn more(&mut self) -> bool {
        let page = self.inbox.recv().await;
        let is_more = page.is_some();
        self.waiting.extend(page.into_iter().flatten());
        is_more
    }

    /// As many records as a batch may have, if they are there before its window closes.
    async fn gather(&mut self) -> Vec<Record> {
        let (size, window) = (self.delivery.mapping.batch_size, self.delivery.mapping.window);
        let now = Instant::now();
        let closes = if window.is_zero() { self.next } else { now + window };
        while self.waiting.len() < size {
            let page = match self.inbox.try_recv() {
                Ok(page) => Some(page),
                Err(_) if closes <= now => None,
                Err(_) => timeout_at(closes, self.inbox.recv()).await.ok().flatten(),
            };
            let Some(page) = page else { break };
            self.waiting.extend(page);
        }
        let mut bytes = FRAME;
        let fits = |record: &&Record| {
            bytes += record.text.len() + 1;
            bytes <= LARGEST_EVENT
        };
        let count = self.waiting.iter().take(size).take_while(fits).count();
        // One that is too large by itself cannot be left for later either.
        self.waiting.drain(..count.max(1)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use shared::clock::{Clock, Timestamp};
    use shared::ids::Ids;
    use tokio::time::sleep;

    use super::*;
    use crate::streams::testing::{mapping, record, sequences, target};
    use crate::template::Mapping;

    type Seen = Arc<Mutex<Vec<Vec<String>>>>;

    /// A lane to a function that remembers its batches.
    fn lane(mapping: Mapping) -> (mpsc::Sender<Vec<Record>>, Lane, Seen) {
        let seen = Seen::default();
        let target = target({
            let seen = Arc::clone(&seen);
            move |event| {
                seen.lock().unwrap().push(sequences(&event));
                Ok("null".into())
            }
        });
        let clock = Clock::from_fn(|| Timestamp::from_millis(0));
        let ids = Ids::random(clock.clone());
        let delivery = Delivery { mapping, target, retry_after: Duration::ZERO, rest: 0, clock, ids };
        let (sender, lane) = Lane::new(Arc::new(delivery));
        (sender, lane, seen)
    }

    fn records(numbers: impl IntoIterator<Item = u64>) -> Vec<Record> {
        numbers.into_iter().map(|number| record(number, "key")).collect()
    }

    fn sizes(seen: &Seen) -> Vec<usize> {
        seen.lock().unwrap().iter().map(Vec::len).collect()
    }

    #[tokio::test]
    async fn a_batch_has_at_most_so_many_records_and_they_are_in_order() {
        let (sender, lane, seen) = lane(Mapping { batch_size: 4, ..mapping() });
        for page in [1..=3, 4..=9, 10..=10] {
            sender.send(records(page)).await.unwrap();
        }
        drop(sender);
        lane.run(|_| ()).await;
        assert_eq!(sizes(&seen), [4, 4, 2]);
        let all: Vec<_> = (1..=10).map(|number| number.to_string()).collect();
        assert_eq!(seen.lock().unwrap().concat(), all);
    }

    #[tokio::test]
    async fn a_window_gathers_what_comes_within_it() {
        let window = Duration::from_millis(400);
        let (sender, lane, seen) = lane(Mapping { batch_size: 5, window, ..mapping() });
        let running = tokio::spawn(lane.run(|_| ()));
        for number in 1..=3 {
            sender.send(records([number])).await.unwrap();
            sleep(window / 40).await;
        }
        assert_eq!(sizes(&seen), [] as [usize; 0]);
        sleep(window * 2).await;
        assert_eq!(sizes(&seen), [3]);
        // The next one is full before it closes.
        sender.send(records(4..=8)).await.unwrap();
        sleep(window / 4).await;
        assert_eq!(sizes(&seen), [3, 5]);
        drop(sender);
        running.await.unwrap();
    }

    #[tokio::test]
    async fn what_comes_after_a_batch_that_took_long_is_gathered() {
        let seen = Seen::default();
        let target = target({
            let seen = Arc::clone(&seen);
            move |event| {
                std::thread::sleep(Duration::from_millis(50));
                seen.lock().unwrap().push(sequences(&event));
                Ok("null".into())
            }
        });
        let clock = Clock::from_fn(|| Timestamp::from_millis(0));
        let ids = Ids::random(clock.clone());
        let (mapping, retry_after) = (mapping(), Duration::ZERO);
        let (sender, lane) =
            Lane::new(Arc::new(Delivery { mapping, target, retry_after, rest: 5, clock, ids }));
        sender.send(records([1])).await.unwrap();
        let began = Instant::now();
        let running = tokio::spawn(lane.run(|_| ()));
        let count = |many: usize| {
            let seen = Arc::clone(&seen);
            async move {
                while sizes(&seen).len() < many {
                    tokio::task::yield_now().await;
                }
            }
        };
        count(1).await;
        // The first is not kept waiting; what comes now is.
        for number in 2..=4 {
            sender.send(records([number])).await.unwrap();
        }
        count(2).await;
        assert_eq!(sizes(&seen), [1, 3]);
        assert!(began.elapsed() >= Duration::from_millis(50 + 250 + 50), "{:?}", began.elapsed());
        drop(sender);
        running.await.unwrap();
    }

    #[tokio::test]
    async fn an_event_is_not_larger_than_lambda_takes() {
        let (sender, lane, seen) = lane(mapping());
        let mut large = records(1..=8);
        for record in &mut large {
            record.text = format!(
                r#"{{"dynamodb":{{"SequenceNumber":"{}"}},"x":"{}"}}"#,
                record.sequence,
                "x".repeat(1 << 20)
            );
        }
        sender.send(large).await.unwrap();
        drop(sender);
        lane.run(|_| ()).await;
        assert_eq!(sizes(&seen), [5, 3]);
    }

    #[tokio::test]
    async fn it_says_what_is_done_with() {
        let (sender, lane, _) = lane(Mapping { batch_size: 2, ..mapping() });
        let done = Arc::new(Mutex::new(HashMap::<u64, usize>::new()));
        sender.send(records(1..=5)).await.unwrap();
        drop(sender);
        let counts = Arc::clone(&done);
        lane.run(move |records| {
            for record in records {
                *counts.lock().unwrap().entry(record.serial).or_default() += 1;
            }
        })
        .await;
        assert_eq!(*done.lock().unwrap(), (1..=5).map(|serial| (serial, 1)).collect());
    }
}
