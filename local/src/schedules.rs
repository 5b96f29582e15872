//! EventBridge's schedules: functions that are invoked again and again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use serde_json::json;
use shared::clock::Clock;
use shared::ids::Ids;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::delivery::{Retries, Target};
use crate::template::{Schedule, Template};

/// The account that everything here is in.
const ACCOUNT: &str = "000000000000";

/// A schedule and the function that it invokes.
#[derive(Clone, Debug)]
pub struct Scheduled {
    /// When, and with what.
    pub schedule: Schedule,
    /// The function.
    pub target: Target,
    /// How often it is invoked again after it failed.
    pub retries: Retries,
}

/// The schedules at work.
#[derive(Debug)]
pub struct Schedules {
    all: Vec<Arc<Scheduled>>,
    region: String,
    clock: Clock,
    ids: Ids,
    /// One for each; they end when this is dropped.
    _tasks: JoinSet<()>,
}

impl Schedules {
    /// Starts them; each fires for the first time after one period, which is this one for all if it
    /// is given. Where they are said to be is where the SDK is.
    #[must_use]
    pub fn start(
        all: Vec<Scheduled>,
        period: Option<Duration>,
        sdk: &SdkConfig,
        (clock, ids): (Clock, Ids),
    ) -> Self {
        let region = sdk.region().map(ToString::to_string).unwrap_or_default();
        let all: Vec<_> = all.into_iter().map(Arc::new).collect();
        let mut tasks = JoinSet::new();
        for scheduled in all.iter().filter(|scheduled| scheduled.schedule.enabled) {
            let (scheduled, region) = (Arc::clone(scheduled), region.clone());
            let (clock, ids) = (clock.clone(), ids.clone());
            let period = period.unwrap_or(scheduled.schedule.period);
            tasks.spawn(async move {
                let mut ticks = interval_at(Instant::now() + period, period);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
                // One does not wait for the one before it.
                let mut running = JoinSet::new();
                loop {
                    ticks.tick().await;
                    while running.try_join_next().is_some() {}
                    let event = scheduled.event(&region, &clock, &ids);
                    let (scheduled, request_id) = (Arc::clone(&scheduled), ids.write_id());
                    running.spawn(async move { scheduled.fire(event, request_id.as_str()).await });
                }
            });
        }
        Self { all, region, clock, ids, _tasks: tasks }
    }

    /// Fires all schedules of a function now, and waits until it has succeeded or was given up.
    pub async fn fire(&self, function: &str) {
        for scheduled in self.all.iter().filter(|scheduled| scheduled.target.id == function) {
            let event = scheduled.event(&self.region, &self.clock, &self.ids);
            scheduled.fire(event, self.ids.write_id().as_str()).await;
        }
    }
}

impl Scheduled {
    /// All that the template declares, of these functions.
    #[must_use]
    pub fn all(template: &Template, targets: &HashMap<String, Target>, retry_after: Duration) -> Vec<Self> {
        let mut all = Vec::new();
        for (id, function) in &template.functions {
            let Some(target) = targets.get(id) else { continue };
            all.extend(function.schedules.iter().map(|schedule| Self {
                schedule: schedule.clone(),
                target: target.clone(),
                retries: Retries { most: function.retries, after: retry_after },
            }));
        }
        all
    }

    async fn fire(&self, event: String, request_id: &str) {
        self.target.invoke_later("schedule", event, request_id, self.retries).await;
    }

    /// EventBridge's event for it, now
    /// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html>).
    fn event(&self, region: &str, clock: &Clock, ids: &Ids) -> String {
        if let Some(input) = &self.schedule.input {
            return input.clone();
        }
        // It knows whole seconds only.
        let mut time = clock.now().to_string();
        time.replace_range(19..23, "");
        let event = json!({
            "version": "0",
            "id": uuid(ids.salt()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT,
            "time": time,
            "region": region,
            "resources": [format!("arn:aws:events:{region}:{ACCOUNT}:rule/{}", self.schedule.rule)],
            "detail": {},
        });
        event.to_string()
    }
}

/// A random id in the form of a UUID, version 4.
fn uuid(random: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(random) & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let digits = format!("{bits:032x}");
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::Value;
    use shared::clock::Timestamp;
    use tokio::sync::broadcast;
    use tokio::time::sleep;

    use super::*;
    use crate::lambda::Lambda;

    const HOUR: Duration = Duration::from_hours(1);

    type Seen = Arc<Mutex<Vec<String>>>;

    /// A schedule of a function that fails so often.
    fn start(period: Duration, input: Option<&str>, fails: usize) -> (Schedules, Seen) {
        let (seen, clock) = (Seen::default(), Clock::from_fn(|| Timestamp::from_millis(1_777_887_000_005)));
        let lambda = Lambda::from_fn("Function", Duration::from_secs(3), clock.clone(), {
            let seen = Arc::clone(&seen);
            move |event| {
                let mut seen = seen.lock().unwrap();
                seen.push(event);
                std::future::ready(if seen.len() > fails { Ok("null".into()) } else { Err("no".into()) })
            }
        });
        let schedule = Schedule {
            rule: "FunctionTick".into(),
            period: Duration::from_mins(1),
            input: input.map(str::to_owned),
            enabled: true,
        };
        let target =
            Target { id: "Function".into(), lambda, records: broadcast::Sender::new(16), room: None };
        let retries = Retries { most: 2, after: Duration::from_millis(10) };
        let sdk = SdkConfig::builder().region(aws_types::region::Region::new("us-east-1")).build();
        let source = (clock.clone(), Ids::random(clock));
        (Schedules::start(vec![Scheduled { schedule, target, retries }], Some(period), &sdk, source), seen)
    }

    #[tokio::test]
    async fn a_schedule_fires_after_each_period() {
        let began = Instant::now();
        let (_schedules, seen) = start(Duration::from_millis(50), None, 0);
        let count = || seen.lock().unwrap().len();
        while count() < 3 {
            assert!(began.elapsed() < Duration::from_secs(10), "it fires");
            sleep(Duration::from_millis(1)).await;
        }
        assert!(began.elapsed() >= Duration::from_millis(150), "not at once, and not more often");
    }

    #[tokio::test]
    async fn it_can_be_fired_and_what_failed_is_tried_again() {
        let (schedules, seen) = start(HOUR, None, 2);
        schedules.fire("Another").await;
        assert_eq!(seen.lock().unwrap().len(), 0);
        let start = Instant::now();
        schedules.fire("Function").await;
        assert!(start.elapsed() >= Duration::from_millis(10 + 20));
        let seen = seen.lock().unwrap();
        let first = seen.first().unwrap();
        assert_eq!(seen.iter().filter(|event| *event == first).count(), 3, "it is the same event");
    }

    #[tokio::test]
    async fn the_event_is_the_one_that_eventbridge_sends() {
        let (schedules, seen) = start(HOUR, None, 0);
        schedules.fire("Function").await;
        let mut event: Value = serde_json::from_str(&seen.lock().unwrap()[0]).unwrap();
        let id = event["id"].take();
        let lengths: Vec<_> = id.as_str().unwrap().split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert!(id.as_str().unwrap()[14..].starts_with('4'), "{id}");
        let expected = json!({
            "version": "0",
            "id": null,
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "000000000000",
            "time": "2026-05-04T09:30:00Z",
            "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:000000000000:rule/FunctionTick"],
            "detail": {},
        });
        assert_eq!(event, expected);
    }

    #[tokio::test]
    async fn what_the_template_says_is_sent_instead() {
        let (schedules, seen) = start(HOUR, Some(r#"{"what": "ever"}"#), 0);
        schedules.fire("Function").await;
        assert_eq!(*seen.lock().unwrap(), [r#"{"what": "ever"}"#]);
    }
}
