//! Batches of records, sent until they are done with or given up, as Lambda does it
//! (<https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-errors.html>).

use std::time::Duration;

use serde_json::Value;
use shared::clock::Clock;
use shared::ids::Ids;
use tokio::time::sleep;

use super::event::Record;
use crate::delivery::Target;
use crate::template::Mapping;

/// How long a batch waits after its first failure. Each further one doubles that.
pub(super) const RETRY_AFTER: Duration = Duration::from_millis(100);

/// The longest that it waits.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Who is sent a stream's records, and how.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) mapping: Mapping,
    pub(super) target: Target,
    pub(super) retry_after: Duration,
    /// For how many times as long as a batch took the next one is gathered.
    pub(super) rest: u32,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
}

/// Records that are sent together.
#[derive(Debug)]
struct Batch {
    records: Vec<Record>,
    /// How often they failed.
    failures: u32,
}

impl Delivery {
    /// Sends records until all of them are done with or given up, and says so of each as soon as
    /// it is.
    pub(super) async fn deliver(&self, records: Vec<Record>, done: impl Fn(&[Record])) {
        // The next one is the last; halves of a batch follow each other.
        let mut batches = vec![Batch { records, failures: 0 }];
        while let Some(mut batch) = batches.pop() {
            let fresh = batch.records.split_off(self.too_old(&batch.records));
            self.give_up(&batch.records, "too old", &done);
            if fresh.is_empty() {
                continue;
            }
            let succeeded = self.send(&fresh, batch.failures).await;
            let (succeeded, failed) = fresh.split_at(succeeded);
            done(succeeded);
            if failed.is_empty() {
                continue;
            }
            // Those that failed begin anew where others before them are done with.
            let failures = if succeeded.is_empty() { batch.failures } else { 0 };
            let is_whole = succeeded.is_empty();
            if is_whole && self.mapping.bisects && failed.len() > 1 {
                // That does not count as a retry.
                let (first, second) = failed.split_at(failed.len() / 2);
                let halves = [second, first].map(|half| Batch { records: half.to_vec(), failures });
                batches.extend(halves);
                sleep(self.retry_after).await;
            } else if self.mapping.retries.is_some_and(|retries| failures >= retries) {
                self.give_up(failed, "tried too often", &done);
            } else {
                batches.push(Batch { records: failed.to_vec(), failures: failures + 1 });
                sleep(pause(self.retry_after, failures)).await;
            }
        }
    }

    /// Sends a batch, and answers how many of its records, from the first on, are done with.
    async fn send(&self, records: &[Record], failures: u32) -> usize {
        let request_id = self.ids.write_id();
        let answer = self.target.invoke("stream", event(records), request_id.as_str()).await;
        let function = &self.target.id;
        match answer {
            Err(error) => {
                tracing::error!(function, error, failures, "a batch of a stream's records failed");
                0
            }
            Ok(_) if !self.mapping.reports_failures => records.len(),
            Ok(answer) => {
                let succeeded = succeeded(&answer, records);
                let failed = records.len() - succeeded;
                if failed > 0 {
                    tracing::warn!(function, failed, failures, "records of a stream failed: they come again");
                }
                succeeded
            }
        }
    }

    /// How many of these records, from the first on, are too old to be sent.
    fn too_old(&self, records: &[Record]) -> usize {
        let Some(most) = self.mapping.max_age else { return 0 };
        let now = self.clock.now();
        records.iter().take_while(|record| now.since(record.created) > most).count()
    }

    fn give_up(&self, records: &[Record], why: &str, done: impl Fn(&[Record])) {
        if let [first, ..] = records {
            let (function, from, count) = (&self.target.id, &first.sequence, records.len());
            tracing::error!(
                function,
                from,
                count,
                why,
                "records of a stream were given up: on AWS it would be a dead letter"
            );
            done(records);
        }
    }
}

/// How long a batch waits that has failed before this often.
fn pause(first: Duration, failures: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_PAUSE)
}

/// The event that these records are.
fn event(records: &[Record]) -> String {
    let records: Vec<_> = records.iter().map(|record| record.text.as_str()).collect();
    format!(r#"{{"Records":[{}]}}"#, records.join(","))
}

/// How many records, from the first on, are done with by an answer that may name some that failed.
/// Those after the first of these are sent again, whatever became of them
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>).
fn succeeded(answer: &str, records: &[Record]) -> usize {
    let failures = match serde_json::from_str(answer) {
        Ok(Value::Object(mut answer)) => answer.remove("batchItemFailures").unwrap_or_default(),
        Ok(Value::Null) => Value::Null,
        // Lambda makes nothing of it.
        _ => return 0,
    };
    let place = |failure: &Value| {
        let sequence = failure["itemIdentifier"].as_str()?;
        records.iter().position(|record| record.sequence == sequence)
    };
    match failures {
        Value::Null => records.len(),
        // One that names no record of the batch fails all of it.
        Value::Array(failures) => {
            failures.iter().map(|failure| place(failure).unwrap_or(0)).min().unwrap_or(records.len())
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Arc, Mutex};

    use shared::clock::Timestamp;
    use tokio::time::Instant;

    use super::*;
    use crate::streams::testing::{mapping, record, sequences, target};

    const SOON: Duration = Duration::from_millis(2);

    /// What a function was sent, and what was done with.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<String>>>);

    impl Log {
        fn add(&self, what: &str, sequences: &[String]) {
            self.0.lock().unwrap().push(format!("{what} {}", sequences.join(" ")));
        }

        fn lines(&self) -> Vec<String> {
            self.0.lock().unwrap().clone()
        }
    }

    /// Delivers four records to a function that answers so.
    async fn deliver(
        mapping: Mapping,
        now: i64,
        answer: impl Fn(&[String], usize) -> Result<String, String> + Send + Sync + 'static,
    ) -> Vec<String> {
        let log = Log::default();
        let (seen, calls) = (log.clone(), Mutex::new(0));
        let target = target(move |event| {
            let sequences = sequences(&event);
            seen.add("sent", &sequences);
            let mut calls = calls.lock().unwrap();
            *calls += 1;
            answer(&sequences, *calls)
        });
        let clock = Clock::from_fn(move || Timestamp::from_millis(now));
        let ids = Ids::random(clock.clone());
        let delivery = Delivery { mapping, target, retry_after: SOON, rest: 0, clock, ids };
        let done = |records: &[Record]| {
            let sequences: Vec<_> = records.iter().map(|record| record.sequence.clone()).collect();
            if !sequences.is_empty() {
                log.add("done", &sequences);
            }
        };
        delivery.deliver((1..=4).map(|number| record(number, "key")).collect(), done).await;
        log.lines()
    }

    fn fails() -> Result<String, String> {
        Err("no".into())
    }

    fn failures(sequences: &[&str]) -> String {
        let failures: Vec<_> =
            sequences.iter().map(|sequence| format!(r#"{{"itemIdentifier":"{sequence}"}}"#)).collect();
        format!(r#"{{"batchItemFailures":[{}]}}"#, failures.join(","))
    }

    #[tokio::test]
    async fn a_batch_that_failed_is_sent_again() {
        let start = Instant::now();
        let log =
            deliver(mapping(), 0, |_, call| if call < 4 { fails() } else { Ok("\"anything\"".into()) }).await;
        assert_eq!(log, ["sent 1 2 3 4", "sent 1 2 3 4", "sent 1 2 3 4", "sent 1 2 3 4", "done 1 2 3 4"]);
        assert!(start.elapsed() >= SOON * (1 + 2 + 4), "pauses grow");
    }

    #[test]
    fn pauses_do_not_grow_for_ever() {
        let pauses = [0, 1, 2, 6, 7, 40].map(|failures| pause(RETRY_AFTER, failures).as_millis());
        assert_eq!(pauses, [100, 200, 400, 6_400, 10_000, 10_000]);
    }

    #[tokio::test]
    async fn a_batch_that_failed_too_often_is_given_up() {
        let mapping = Mapping { retries: Some(2), ..mapping() };
        let log = deliver(mapping, 0, |_, _| fails()).await;
        assert_eq!(log, ["sent 1 2 3 4", "sent 1 2 3 4", "sent 1 2 3 4", "done 1 2 3 4"]);
    }

    #[tokio::test]
    async fn records_that_are_too_old_are_given_up() {
        // Each was written as many seconds after the epoch as its number says.
        let mapping = Mapping { max_age: Some(Duration::from_mins(1)), ..mapping() };
        let log = deliver(mapping, 62_500, |_, _| Ok(String::new())).await;
        assert_eq!(log, ["done 1 2", "sent 3 4", "done 3 4"]);
    }

    #[tokio::test]
    async fn halving_finds_the_one_that_fails() {
        let mapping = Mapping { retries: Some(1), bisects: true, ..mapping() };
        let fails_at_three =
            |sequences: &[String], _| if sequences.contains(&"3".into()) { fails() } else { Ok("{}".into()) };
        let log = deliver(mapping, 0, fails_at_three).await;
        let expected = [
            "sent 1 2 3 4",
            "sent 1 2",
            "done 1 2",
            "sent 3 4",
            "sent 3",
            "sent 3",
            "done 3",
            "sent 4",
            "done 4",
        ];
        assert_eq!(log, expected);
    }

    #[tokio::test]
    async fn what_precedes_the_first_failure_is_done_with() {
        let mapping = Mapping { reports_failures: true, retries: Some(1), bisects: true, ..mapping() };
        let once = |sequences: &[String], call| {
            Ok(match call {
                1 => failures(&["4", "3"]),
                _ if sequences[0] == "3" => failures(&["4"]),
                _ => failures(&[]),
            })
        };
        let log = deliver(mapping, 0, once).await;
        assert_eq!(log, ["sent 1 2 3 4", "done 1 2", "sent 3 4", "done 3", "sent 4", "done 4"]);
    }

    #[tokio::test]
    async fn one_that_keeps_failing_takes_what_follows_it_along() {
        let mapping = Mapping { reports_failures: true, retries: Some(1), ..mapping() };
        let log = deliver(mapping, 0, |_, _| Ok(failures(&["2"]))).await;
        assert_eq!(log, ["sent 1 2 3 4", "done 1", "sent 2 3 4", "done 2 3 4"]);
    }

    #[test]
    fn an_answer_says_what_failed() {
        let records: Vec<_> = (1..=4).map(|number| record(number, "key")).collect();
        let all = ["null", "{}", r#"{"batchItemFailures":null}"#, r#"{"batchItemFailures":[]}"#];
        for answer in all {
            assert_eq!(succeeded(answer, &records), 4, "{answer}");
        }
        assert_eq!(succeeded(&failures(&["4", "2"]), &records), 1);
        let none = [
            "no JSON",
            "\"text\"",
            r#"{"batchItemFailures":"3"}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"3"},{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"99"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifer":"3"}]}"#,
        ];
        for answer in none {
            assert_eq!(succeeded(answer, &records), 0, "{answer}");
        }
    }

    #[test]
    fn the_event_has_the_records_in_order() {
        let records: Vec<_> = (1..=3).map(|number| record(number, "key")).collect();
        assert_eq!(sequences(&event(&records)), ["1", "2", "3"]);
        let different: HashSet<_> = records.iter().map(|record| record.text.clone()).collect();
        assert_eq!(different.len(), 3);
    }
}
