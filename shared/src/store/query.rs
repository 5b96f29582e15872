//! Reading a run of one partition, of the table or of its index.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
use serde::de::DeserializeOwned;

use super::row::{Attributes, Row, key_attributes};
use super::{Store, retry};
use crate::error::{Error, Result};
use crate::keys::{GSI1, GSI1PK, GSI1SK, IndexKey, Key, PK, Prefix, SK};

/// The most bytes of a sort key
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
const SORT_KEY_BYTES: usize = 1024;

/// A run of items in the order that was asked for.
#[derive(Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether the partition goes on behind them.
    pub more: bool,
    /// The sort key of the last item that was looked at, if the partition goes on: it may be behind
    /// the last of the items, as those whose time is over are left out.
    pub end: Option<String>,
}

/// Which items of a partition, and in which order.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    prefix: &'a Prefix,
    limit: usize,
    beyond: Option<&'a str>,
    backwards: bool,
    strongly: bool,
}

impl<'a> Query<'a> {
    /// The first `limit` items under a prefix, read strongly.
    #[must_use]
    pub const fn first(prefix: &'a Prefix, limit: usize) -> Self {
        Self { prefix, limit, beyond: None, backwards: false, strongly: true }
    }

    /// The last `limit` items under a prefix, the last one first, read strongly.
    #[must_use]
    pub const fn last(prefix: &'a Prefix, limit: usize) -> Self {
        Self { prefix, limit, beyond: None, backwards: true, strongly: true }
    }

    /// Only those that come after this sort key in the order asked for.
    #[must_use]
    pub const fn beyond(mut self, sort_key: Option<&'a str>) -> Self {
        self.beyond = sort_key;
        self
    }

    /// Items that may be a moment old, for half of the units.
    #[must_use]
    pub const fn eventually(mut self) -> Self {
        self.strongly = false;
        self
    }
}

/// Where an item stands: its own key and its place in the index, which is all that the index
/// holds of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Its key in the table.
    pub key: Key,
    /// Its place in the index.
    pub place: IndexKey,
}

/// Which entries of a partition of the index, and in which order.
#[derive(Clone, Copy, Debug)]
pub enum Within<'a> {
    /// The newest first, those whose sort keys are below this one, if there is one.
    Below(Option<&'a str>),
    /// The oldest first, those whose sort keys are at most this.
    UpTo(&'a str),
}

impl Store {
    /// A run of items under a prefix. One round trip, 1 R per 4 KB of all of them together, or
    /// half of it.
    ///
    /// # Errors
    /// [`Error::InvalidCursor`] for a start that lies outside of the prefix: a cursor can be
    /// forged, and DynamoDB refuses such a start.
    pub async fn query<T: DeserializeOwned>(&self, query: Query<'_>) -> Result<Page<T>> {
        let Query { prefix, limit, beyond, backwards, strongly } = query;
        if beyond.is_some_and(|sk| !sk.starts_with(&prefix.sk) || sk.len() > SORT_KEY_BYTES) {
            return Err(Error::InvalidCursor);
        }
        let start = beyond.map(|sk| key_attributes(&Key { pk: prefix.pk.clone(), sk: sk.to_owned() }));
        let limit = i32::try_from(limit).map_err(Error::internal)?;
        let output = retry::until_deadline(|| {
            self.client
                .query()
                .table_name(&*self.table)
                .key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_names("#sk", SK)
                .expression_attribute_values(":pk", AttributeValue::S(prefix.pk.clone()))
                .expression_attribute_values(":sk", AttributeValue::S(prefix.sk.clone()))
                .set_exclusive_start_key(start.clone())
                .scan_index_forward(!backwards)
                .consistent_read(strongly)
                .limit(limit)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
        })
        .await?;
        let rows = self.unexpired(output.items);
        let items = rows.map(Row::read).collect::<Result<_>>()?;
        let end = output.last_evaluated_key.and_then(|key| Row::new(key).key()).map(|key| key.sk);
        Ok(Page { items, more: end.is_some(), end })
    }

    /// Up to `limit` entries of a partition of the index. One round trip, 0.5 R per 4 KB.
    ///
    /// The index is always a little behind the table, so nothing is decided on it alone.
    pub async fn query_index(
        &self,
        partition: &str,
        within: Within<'_>,
        limit: usize,
    ) -> Result<Page<IndexEntry>> {
        let (condition, bound) = match within {
            Within::Below(None) => ("#pk = :pk", None),
            Within::Below(Some(bound)) => ("#pk = :pk AND #sk < :sk", Some(bound)),
            Within::UpTo(bound) => ("#pk = :pk AND #sk <= :sk", Some(bound)),
        };
        if bound.is_some_and(|sk| sk.is_empty() || sk.len() > SORT_KEY_BYTES) {
            return Err(Error::InvalidCursor);
        }
        let limit = i32::try_from(limit).map_err(Error::internal)?;
        let output = retry::until_deadline(|| {
            let query = self
                .client
                .query()
                .table_name(&*self.table)
                .index_name(GSI1)
                .key_condition_expression(condition)
                .expression_attribute_names("#pk", GSI1PK)
                .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()))
                .scan_index_forward(matches!(within, Within::UpTo(_)))
                .limit(limit)
                .return_consumed_capacity(ReturnConsumedCapacity::Total);
            let query = match bound {
                Some(bound) => query
                    .expression_attribute_names("#sk", GSI1SK)
                    .expression_attribute_values(":sk", AttributeValue::S(bound.to_owned())),
                None => query,
            };
            query.send()
        })
        .await?;
        let entry = |row: Row| Some(IndexEntry { key: row.key()?, place: row.place()? });
        let items = self.unexpired(output.items).filter_map(entry).collect();
        let end = output.last_evaluated_key.and_then(|key| Row::new(key).place()).map(|place| place.sk);
        Ok(Page { items, more: end.is_some(), end })
    }

    fn unexpired(&self, items: Option<Vec<Attributes>>) -> impl Iterator<Item = Row> {
        let now = self.clock.now();
        items.unwrap_or_default().into_iter().filter_map(move |row| Row::new(row).unexpired(now))
    }
}
