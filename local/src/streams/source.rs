//! Reading a table's stream through DynamoDB's own API for it.
//!
//! The embedded DynamoDB serves that too. It has one shard a table, which never ends, and its
//! shard iterators never expire; what is here is for a DynamoDB elsewhere as well.

use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodbstreams::types::{self, ShardIteratorType};
use aws_types::SdkConfig;
use serde_json::Value;

use super::event::{self, Origin, Record};
use crate::clock::ShiftedClock;
use crate::dynamodb::root;
use crate::template::Table;

/// As many records as one call answers.
const PAGE: u16 = 1000;

/// A table's stream.
#[derive(Clone, Debug)]
pub(super) struct Source {
    client: Client,
    clock: ShiftedClock,
    /// The table's name.
    pub(super) table: String,
    pub(super) origin: Origin,
    /// The ARN by which the stream is asked for.
    pub(super) arn: String,
    /// Whether it is the embedded DynamoDB's: a page of it that is not full is the last one for now.
    /// Elsewhere only an empty one may be taken for that.
    is_embedded: bool,
}

/// A part of a stream. Another one comes after it when it ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard {
    pub(super) id: String,
    /// The one that it comes after.
    pub(super) parent: Option<String>,
    /// Whether it ever had a record.
    pub(super) is_used: bool,
    /// The last record's number. DynamoDB knows it once a shard has ended; the embedded one always
    /// does, though its shard goes on.
    pub(super) last: Option<String>,
}

/// Where to read on in a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// At its oldest record.
    Oldest,
    /// At the next one to come.
    Latest,
    /// After the one of this number.
    After(String),
}

/// What was read at once.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The records, the oldest first.
    pub(super) reads: Vec<Read>,
    /// Whether there seems to be no more for now.
    pub(super) is_last: bool,
}

/// What was read of a record.
#[derive(Debug)]
pub(super) struct Read {
    /// Its number.
    pub(super) sequence: String,
    /// The record, if it is wanted.
    pub(super) record: Option<Record>,
}

/// Reads a shard from a position on.
#[derive(Debug)]
pub(super) struct Cursor {
    source: Source,
    shard: String,
    position: Position,
    iterator: Option<String>,
    /// Whether the shard has ended and all of it was read.
    pub(super) has_ended: bool,
}

impl Source {
    /// The stream of a table that is there.
    pub(super) async fn open(
        sdk: &SdkConfig,
        table: &Table,
        clock: ShiftedClock,
        is_embedded: bool,
    ) -> Result<Self, String> {
        let client = Client::new(sdk);
        let arn = if is_embedded { listed(&client, table).await? } else { described(sdk, table).await? };
        let arn = arn.ok_or_else(|| format!("the table {} has no stream", table.name))?;
        let region = sdk.region().map(ToString::to_string).unwrap_or_default();
        let keys = table.properties["KeySchema"].as_array().into_iter().flatten();
        let partition_key = keys.filter(|key| key["KeyType"] == "HASH").map(|key| &key["AttributeName"]);
        let origin = Origin {
            arn: in_region(&arn, &region),
            region,
            partition_key: partition_key.filter_map(Value::as_str).collect(),
        };
        Ok(Self { client, clock, table: table.name.clone(), origin, arn, is_embedded })
    }

    /// The shards that there are, parents first or not.
    pub(super) async fn shards(&self) -> Result<Vec<Shard>, String> {
        let (mut shards, mut after) = (Vec::new(), None);
        loop {
            let request = self.client.describe_stream().stream_arn(&self.arn);
            let described = request.set_exclusive_start_shard_id(after).send().await;
            let description = described.map_err(|error| root(&error))?.stream_description;
            let description = description.ok_or("it does not describe its streams")?;
            shards.extend(description.shards().iter().map(Shard::from));
            after = description.last_evaluated_shard_id;
            if after.is_none() {
                return Ok(shards);
            }
        }
    }

    /// Reads a shard from here on.
    pub(super) fn cursor(&self, shard: &str, position: Position) -> Cursor {
        let (source, shard) = (self.clone(), shard.to_owned());
        Cursor { source, shard, position, iterator: None, has_ended: false }
    }

    fn read(&self, record: &types::Record, wants: impl Fn(&Value) -> bool) -> Option<Read> {
        let sequence = record.dynamodb()?.sequence_number()?.to_owned();
        // Whoever wrote it goes by a clock of its own.
        let now = self.clock.clock().now();
        let created = event::created(record).map_or(now, |created| self.clock.shift(created));
        let event = event::event(record, created, &self.origin);
        let record = wants(&event).then(|| Record {
            sequence: sequence.clone(),
            created,
            key: event::key(record, &self.origin),
            text: event.to_string(),
            serial: 0,
        });
        Some(Read { sequence, record })
    }
}

impl Cursor {
    /// The next records, if there are any yet.
    pub(super) async fn next(&mut self, wants: impl Fn(&Value) -> bool) -> Result<Page, String> {
        let iterator = match self.iterator.take() {
            Some(iterator) => iterator,
            None => match self.iterator().await? {
                Some(iterator) => iterator,
                None => return Ok(Page::default()),
            },
        };
        let request = self.source.client.get_records().shard_iterator(&iterator).limit(PAGE.into());
        let page = match request.send().await {
            Ok(page) => page,
            // It was not used for minutes; the next one begins where this one would have.
            Err(error) if error.code() == Some("ExpiredIteratorException") => return Ok(Page::default()),
            Err(error) if error.code() == Some("TrimmedDataAccessException") => {
                self.position = Position::Oldest;
                return Ok(Page::default());
            }
            Err(error) => return Err(root(&error)),
        };
        let reads = page.records().iter().filter_map(|record| self.source.read(record, &wants));
        let reads: Vec<_> = reads.collect();
        if let Some(last) = reads.last() {
            self.position = Position::After(last.sequence.clone());
        }
        self.has_ended = page.next_shard_iterator.is_none();
        self.iterator = page.next_shard_iterator;
        let most = if self.source.is_embedded { usize::from(PAGE) } else { 1 };
        Ok(Page { is_last: reads.len() < most, reads })
    }

    async fn iterator(&mut self) -> Result<Option<String>, String> {
        let (kind, sequence) = match &self.position {
            Position::Oldest => (ShardIteratorType::TrimHorizon, None),
            Position::Latest => (ShardIteratorType::Latest, None),
            Position::After(sequence) => (ShardIteratorType::AfterSequenceNumber, Some(sequence.clone())),
        };
        let request = self.source.client.get_shard_iterator();
        let request = request.stream_arn(&self.source.arn).shard_id(&self.shard);
        let answer = request.shard_iterator_type(kind).set_sequence_number(sequence).send().await;
        match answer {
            Ok(answer) => Ok(answer.shard_iterator),
            // What comes after it has gone as well, up to the oldest that is left.
            Err(error) if error.code() == Some("TrimmedDataAccessException") => {
                self.position = Position::Oldest;
                Ok(None)
            }
            Err(error) => Err(root(&error)),
        }
    }
}

impl From<&types::Shard> for Shard {
    fn from(shard: &types::Shard) -> Self {
        let range = shard.sequence_number_range();
        Self {
            id: shard.shard_id().unwrap_or_default().to_owned(),
            parent: shard.parent_shard_id().map(str::to_owned),
            is_used: range.is_some_and(|range| range.starting_sequence_number().is_some()),
            last: range.and_then(|range| range.ending_sequence_number()).map(str::to_owned),
        }
    }
}

/// The ARN of the stream of a table of the embedded DynamoDB, which has one at most. To describe a
/// large table takes it seconds, as it counts all of its items for that.
async fn listed(client: &Client, table: &Table) -> Result<Option<String>, String> {
    let listed = client.list_streams().table_name(&table.name).send().await.map_err(|error| root(&error))?;
    Ok(listed.streams.unwrap_or_default().into_iter().find_map(|stream| stream.stream_arn))
}

/// The ARN of the latest stream of a table elsewhere, which may have had others before.
async fn described(sdk: &SdkConfig, table: &Table) -> Result<Option<String>, String> {
    let tables = aws_sdk_dynamodb::Client::new(sdk);
    let described = tables.describe_table().table_name(&table.name).send().await;
    Ok(described.map_err(|error| root(&error))?.table.and_then(|table| table.latest_stream_arn))
}

/// The ARN in the region that this stack says it is in; the embedded DynamoDB has one of its own.
fn in_region(arn: &str, region: &str) -> String {
    let mut parts: Vec<_> = arn.splitn(6, ':').collect();
    if let Some(part) = parts.get_mut(3) {
        *part = region;
    }
    parts.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_is_of_the_stacks_region() {
        let arn = "arn:aws:dynamodb:dynoxide:000000000000:table/T/stream/2026-01-01T00:00:00.000";
        let expected = "arn:aws:dynamodb:us-east-1:000000000000:table/T/stream/2026-01-01T00:00:00.000";
        assert_eq!(in_region(arn, "us-east-1"), expected);
    }
}
