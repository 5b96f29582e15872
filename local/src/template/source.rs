//! What starts a function by itself: a table's stream, and a schedule.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{TemplateError, logical_id_of_arn, read, websocket};
use crate::streams::Pattern;

/// An event source mapping: a function is sent the records of a table's stream.
///
/// The defaults are Lambda's own
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>).
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// The event's name in the template, after its function's.
    pub name: String,
    /// The logical id of the table.
    pub table: String,
    /// Where it begins in a stream that it sees for the first time.
    pub starts_at: StartingPosition,
    /// How many records an invocation gets at most.
    pub batch_size: usize,
    /// For how long records are gathered before an invocation.
    pub window: Duration,
    /// How often a batch that failed is tried again; for ever, unless this says.
    pub retries: Option<u32>,
    /// How old records may get that fail; as old as the stream keeps them, unless this says.
    pub max_age: Option<Duration>,
    /// Whether a batch that failed is tried again in two halves.
    pub bisects: bool,
    /// How many batches of a shard may be worked on at once.
    pub lanes: usize,
    /// Whether the function says which records of a batch failed.
    pub reports_failures: bool,
    /// Which records it is sent: those that one of these wants, or all, if there are none.
    pub filters: Vec<Pattern>,
    /// The logical id of the queue that is told what was given up.
    pub on_failure: Option<String>,
    /// Whether it is at work at all.
    pub enabled: bool,
}

/// Where a mapping begins.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StartingPosition {
    /// With the oldest record that is there.
    TrimHorizon,
    /// With the next record to come.
    Latest,
}

/// That a function is invoked again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The name of the rule that SAM makes of it.
    pub rule: String,
    /// How often.
    pub period: Duration,
    /// What is sent instead of the scheduled event, as JSON text.
    pub input: Option<String>,
    /// Whether it is at work at all.
    pub enabled: bool,
}

/// Where what failed for good is told of.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DestinationProperties {
    on_failure: Option<OnFailureProperties>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OnFailureProperties {
    #[serde(rename = "Type")]
    kind: String,
    destination: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct MappingProperties {
    stream: String,
    starting_position: StartingPosition,
    batch_size: Option<usize>,
    maximum_batching_window_in_seconds: Option<u64>,
    maximum_retry_attempts: Option<i64>,
    maximum_record_age_in_seconds: Option<i64>,
    #[serde(default)]
    bisect_batch_on_function_error: bool,
    parallelization_factor: Option<usize>,
    #[serde(default)]
    function_response_types: Vec<String>,
    filter_criteria: Option<FilterCriteriaProperties>,
    destination_config: Option<DestinationProperties>,
    enabled: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteriaProperties {
    filters: Vec<FilterProperties>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterProperties {
    pattern: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ScheduleProperties {
    schedule: String,
    input: Option<String>,
    enabled: Option<bool>,
    #[serde(rename = "Description")]
    _description: Option<String>,
    /// It is about events that do not reach Lambda; those that fail there are asynchronous invocations.
    #[serde(rename = "RetryPolicy")]
    _retry_policy: Option<Value>,
}

impl DestinationProperties {
    /// The logical id of the queue.
    pub(super) fn queue(self, place: &str) -> Result<Option<String>, TemplateError> {
        match self.on_failure {
            Some(on_failure) if on_failure.kind != "SQS" => {
                Err(TemplateError::wrong(place, "OnFailure must be of Type SQS"))
            }
            on_failure => Ok(on_failure.map(|queue| logical_id_of_arn(&queue.destination).to_owned())),
        }
    }
}

impl Mapping {
    pub(super) fn read(place: &str, properties: Value) -> Result<Self, TemplateError> {
        let properties: MappingProperties = read(place, properties)?;
        let wrong = |what: String| TemplateError::wrong(place, what);
        let within = |name: &str, value: u64, least: u64, most: u64| {
            let fits = (least..=most).contains(&value);
            if fits { Ok(value) } else { Err(wrong(format!("{name} must be between {least} and {most}"))) }
        };
        // -1 is "as much as there is" for both.
        let limit = |name: &str, value: Option<i64>, least: u64, most: u64| match value {
            None | Some(-1) => Ok(None),
            Some(value) => within(name, u64::try_from(value).unwrap_or(u64::MAX), least, most).map(Some),
        };
        let count = |value: usize| value as u64;
        within("BatchSize", properties.batch_size.map_or(1, count), 1, 10_000)?;
        within("ParallelizationFactor", properties.parallelization_factor.map_or(1, count), 1, 10)?;
        let window = properties.maximum_batching_window_in_seconds.unwrap_or(0);
        let window = within("MaximumBatchingWindowInSeconds", window, 0, 300)?;
        let retries = limit("MaximumRetryAttempts", properties.maximum_retry_attempts, 0, 10_000)?;
        let age = properties.maximum_record_age_in_seconds;
        let max_age = limit("MaximumRecordAgeInSeconds", age, 60, 604_800)?;
        if properties.function_response_types.iter().any(|kind| kind != "ReportBatchItemFailures") {
            return Err(wrong("FunctionResponseTypes knows ReportBatchItemFailures only".into()));
        }
        if !properties.stream.ends_with(STREAM) {
            return Err(wrong("Stream must be a table's StreamArn".into()));
        }
        let filters = properties.filter_criteria.map_or_else(Vec::new, |criteria| criteria.filters);
        let pattern = |filter: &FilterProperties| {
            Pattern::parse(&filter.pattern).map_err(|why| wrong(format!("its pattern cannot be used: {why}")))
        };
        Ok(Self {
            name: place.to_owned(),
            table: logical_id_of_arn(&properties.stream).to_owned(),
            starts_at: properties.starting_position,
            batch_size: properties.batch_size.unwrap_or(100),
            window: Duration::from_secs(window),
            retries: retries.and_then(|retries| retries.try_into().ok()),
            max_age: max_age.map(Duration::from_secs),
            bisects: properties.bisect_batch_on_function_error,
            lanes: properties.parallelization_factor.unwrap_or(1),
            reports_failures: !properties.function_response_types.is_empty(),
            filters: filters.iter().map(pattern).collect::<Result<_, _>>()?,
            on_failure: properties.destination_config.map_or(Ok(None), |config| config.queue(place))?,
            enabled: properties.enabled.unwrap_or(true),
        })
    }

    /// Whether this is a record that the function is sent.
    #[must_use]
    pub fn wants(&self, record: &Value) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|pattern| pattern.matches(record))
    }
}

impl Schedule {
    /// The event of this name of a function.
    pub(super) fn read(function: &str, event: &str, properties: Value) -> Result<Self, TemplateError> {
        let place = format!("{function}.{event}");
        let properties: ScheduleProperties = read(&place, properties)?;
        let period = rate(&properties.schedule).map_err(|why| TemplateError::wrong(place, why))?;
        Ok(Self {
            rule: format!("{function}{event}"),
            period,
            input: properties.input,
            enabled: properties.enabled.unwrap_or(true),
        })
    }
}

/// How the ARN of a table's stream ends here.
const STREAM: &str = "/StreamArn";

/// How what a role allows on a resource is listed: by its logical id, a table's stream and its indexes
/// apart, and what is below a WebSocket API with its path.
pub(super) fn allowed_on(arn: &str) -> String {
    if let Some(path) = websocket::below(arn) {
        return path.to_owned();
    }
    let id = logical_id_of_arn(arn);
    match arn.split_once("/index/") {
        Some((_, index)) => format!("{id}.{index}"),
        None if arn.ends_with(STREAM) => format!("{id}.StreamArn"),
        None => id.to_owned(),
    }
}

/// The period of a rate expression
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html>).
fn rate(expression: &str) -> Result<Duration, String> {
    let wrong = || format!("{expression:?} is no rate(…), the only schedules that the local stack runs");
    let rate = expression.strip_prefix("rate(").and_then(|rate| rate.strip_suffix(')')).ok_or_else(wrong)?;
    let (number, unit) = rate.split_once(' ').ok_or_else(wrong)?;
    let number: u64 = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    let seconds = match (unit, number) {
        ("minute", 1) | ("minutes", 2..) => 60,
        ("hour", 1) | ("hours", 2..) => 60 * 60,
        ("day", 1) | ("days", 2..) => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping(more: &Value) -> Result<Mapping, String> {
        let stream = "arn:aws:local:here:000000000000:Table/StreamArn";
        let mut properties = json!({ "Stream": stream, "StartingPosition": "LATEST" });
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Mapping::read("F.Changes", properties).map_err(|error| error.to_string())
    }

    #[test]
    fn a_mapping_has_lambdas_defaults() {
        let mapping = mapping(&json!({})).unwrap();
        assert_eq!((&*mapping.name, &*mapping.table), ("F.Changes", "Table"));
        assert_eq!((mapping.starts_at, mapping.batch_size), (StartingPosition::Latest, 100));
        assert_eq!((mapping.window, mapping.retries, mapping.max_age), (Duration::ZERO, None, None));
        assert_eq!((mapping.bisects, mapping.lanes, mapping.reports_failures), (false, 1, false));
        assert!(mapping.enabled && mapping.on_failure.is_none() && mapping.wants(&json!({})));
    }

    #[test]
    fn everything_a_mapping_says_is_read() {
        let mapping = mapping(&json!({
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 25,
            "MaximumBatchingWindowInSeconds": 1,
            "MaximumRetryAttempts": 5,
            "MaximumRecordAgeInSeconds": 3600,
            "BisectBatchOnFunctionError": true,
            "ParallelizationFactor": 4,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": { "Filters": [{ "Pattern": r#"{"eventName": ["INSERT"]}"# }] },
            "DestinationConfig": { "OnFailure": { "Type": "SQS", "Destination": "arn:aws:local:here:000000000000:Failures" } },
            "Enabled": false,
        }));
        let mapping = mapping.unwrap();
        assert_eq!((mapping.starts_at, mapping.batch_size), (StartingPosition::TrimHorizon, 25));
        assert_eq!((mapping.window, mapping.retries), (Duration::from_secs(1), Some(5)));
        assert_eq!(mapping.max_age, Some(Duration::from_hours(1)));
        assert_eq!((mapping.bisects, mapping.lanes, mapping.reports_failures), (true, 4, true));
        assert_eq!((mapping.on_failure.as_deref(), mapping.enabled), (Some("Failures"), false));
        assert!(mapping.wants(&json!({ "eventName": "INSERT" })));
        assert!(!mapping.wants(&json!({ "eventName": "REMOVE" })));
    }

    #[test]
    fn what_a_mapping_cannot_be_is_an_error() {
        for (bad, why) in [
            (json!({ "BatchSise": 1 }), "BatchSise"),
            (json!({ "BatchSize": 0 }), "BatchSize"),
            (json!({ "ParallelizationFactor": 11 }), "ParallelizationFactor"),
            (json!({ "MaximumRetryAttempts": -2 }), "MaximumRetryAttempts"),
            (json!({ "MaximumRecordAgeInSeconds": 5 }), "MaximumRecordAgeInSeconds"),
            (json!({ "StartingPosition": "AT_TIMESTAMP" }), "AT_TIMESTAMP"),
            (json!({ "FunctionResponseTypes": ["Other"] }), "FunctionResponseTypes"),
            (json!({ "Stream": "arn:aws:local:here:000000000000:Table" }), "StreamArn"),
            (json!({ "FilterCriteria": { "Filters": [{ "Pattern": "{" }] } }), "pattern"),
            (json!({ "DestinationConfig": { "OnFailure": { "Type": "SNS", "Destination": "x" } } }), "SQS"),
        ] {
            let error = mapping(&bad).unwrap_err();
            assert!(error.contains("F.Changes") && error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_schedule_is_a_rate() {
        let schedule = |expression: &str| Schedule::read("F", "Tick", json!({ "Schedule": expression }));
        assert_eq!(schedule("rate(1 minute)").unwrap().period, Duration::from_mins(1));
        assert_eq!(schedule("rate(5 minutes)").unwrap().period, Duration::from_mins(5));
        assert_eq!(schedule("rate(1 hour)").unwrap().period, Duration::from_hours(1));
        assert_eq!(schedule("rate(2 days)").unwrap().period, Duration::from_hours(48));
        assert_eq!(schedule("rate(1 hour)").unwrap().rule, "FTick");
        for bad in
            ["cron(0 12 * * ? *)", "rate(1 minutes)", "rate(2 minute)", "rate(0 minutes)", "rate(1 week)"]
        {
            assert!(schedule(bad).unwrap_err().to_string().contains("F.Tick"), "{bad}");
        }
    }
}
