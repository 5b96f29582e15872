//! Reading: one item, many by key, or a run of one partition.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnConsumedCapacity};
use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;

use super::row::{Attributes, Row, index_attributes, key_attributes};
use super::{Store, retry};
use crate::error::{Error, Result};
use crate::keys::{GSI1, GSI1PK, IndexKey, Key, PK, Prefix, SK};

/// The most keys DynamoDB takes in one `BatchGetItem`
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>).
const BATCH_KEYS: usize = 100;

/// The most bytes of a sort key
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
const SORT_KEY_BYTES: usize = 1024;

/// What a [`Store::batch_get`] found.
#[derive(Debug, Default)]
pub struct Found(HashMap<Key, Row>);

impl Found {
    /// Takes out the item at `key`, if it was there.
    pub fn take<T: DeserializeOwned>(&mut self, key: &Key) -> Result<Option<T>> {
        self.0.remove(key).map(Row::read).transpose()
    }

    /// Whether there was an item at `key`.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    /// The item at `key`, if it was there, which stays.
    pub fn peek<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        self.0.get(key).cloned().map(Row::read).transpose()
    }

    /// Drops the item at `key`.
    pub fn forget(&mut self, key: &Key) {
        self.0.remove(key);
    }
}

/// A run of items in the order of their sort keys.
#[derive(Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether the partition goes on behind them.
    pub more: bool,
}

impl Store {
    /// One item, read strongly. One round trip, 1 R per 4 KB.
    pub async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        let output = retry::until_deadline(|| {
            self.client
                .get_item()
                .table_name(&*self.table)
                .set_key(Some(key_attributes(key)))
                .consistent_read(true)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
        })
        .await?;
        let row = output.item.and_then(|item| Row::new(item).unexpired(self.clock.now()));
        row.map(Row::read).transpose()
    }

    /// Items by key, read strongly. One round trip, 1 R per 4 KB of each.
    ///
    /// As many calls at once as it takes.
    pub async fn batch_get(&self, keys: &[Key]) -> Result<Found> {
        let batches = keys.chunks(BATCH_KEYS).map(|batch| self.batch(batch));
        let mut found = Found::default();
        for batch in try_join_all(batches).await? {
            found.0.extend(batch.0);
        }
        Ok(found)
    }

    /// Up to 100 items by key. Those that DynamoDB hands back unprocessed are asked for again.
    async fn batch(&self, keys: &[Key]) -> Result<Found> {
        let mut wanted: Vec<_> = keys.iter().map(key_attributes).collect();
        let mut found = Found::default();
        let mut pause = retry::Backoff::default();
        while !wanted.is_empty() {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(true)
                .build()
                .map_err(Error::internal)?;
            let output = retry::until_deadline(|| {
                self.client
                    .batch_get_item()
                    .request_items(&*self.table, request.clone())
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
            })
            .await?;
            let rows = output.responses.unwrap_or_default().into_values().flatten();
            for row in rows.filter_map(|row| Row::new(row).unexpired(self.clock.now())) {
                if let Some(key) = row.key() {
                    found.0.insert(key, row);
                }
            }
            wanted = output
                .unprocessed_keys
                .unwrap_or_default()
                .into_values()
                .flat_map(|rest| rest.keys)
                .collect();
            if !wanted.is_empty() {
                pause.wait("unprocessed keys").await?;
            }
        }
        Ok(found)
    }

    /// The newest `limit` items of a partition of the index, older than `before` if that is
    /// given. One round trip, 0.5 R per 4 KB.
    ///
    /// The index is always a little behind the table, so nothing is decided on it alone.
    pub async fn query_index<T: DeserializeOwned>(
        &self,
        partition: &str,
        before: Option<(&Key, &IndexKey)>,
        limit: usize,
    ) -> Result<Page<T>> {
        let start = before.map(|(key, index)| {
            let mut start = key_attributes(key);
            start.extend(index_attributes(index));
            start
        });
        let limit = i32::try_from(limit).map_err(Error::internal)?;
        let output = retry::until_deadline(|| {
            self.client
                .query()
                .table_name(&*self.table)
                .index_name(GSI1)
                .key_condition_expression("#pk = :pk")
                .expression_attribute_names("#pk", GSI1PK)
                .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()))
                .set_exclusive_start_key(start.clone())
                .scan_index_forward(false)
                .limit(limit)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
        })
        .await?;
        self.page(output.items, output.last_evaluated_key.is_some())
    }

    /// The first `limit` items under a prefix, read strongly. One round trip, 1 R per 4 KB.
    pub async fn query<T: DeserializeOwned>(&self, prefix: &Prefix, limit: usize) -> Result<Page<T>> {
        self.query_after(prefix, None, limit).await
    }

    /// The first `limit` items under a prefix whose sort keys come after `after`.
    pub async fn query_after<T: DeserializeOwned>(
        &self,
        prefix: &Prefix,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<T>> {
        // A cursor can be forged, and DynamoDB refuses a start outside of what is asked for.
        if after.is_some_and(|sk| !sk.starts_with(&prefix.sk) || sk.len() > SORT_KEY_BYTES) {
            return Err(Error::InvalidCursor);
        }
        let after = after.map(|sk| key_attributes(&Key { pk: prefix.pk.clone(), sk: sk.to_owned() }));
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
                .set_exclusive_start_key(after.clone())
                .consistent_read(true)
                .limit(limit)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
        })
        .await?;
        self.page(output.items, output.last_evaluated_key.is_some())
    }

    fn page<T: DeserializeOwned>(&self, items: Option<Vec<Attributes>>, more: bool) -> Result<Page<T>> {
        let now = self.clock.now();
        let rows = items.unwrap_or_default().into_iter().filter_map(|row| Row::new(row).unexpired(now));
        Ok(Page { items: rows.map(Row::read).collect::<Result<_>>()?, more })
    }
}
