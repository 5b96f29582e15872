//! Reading: one item, or many by key.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;

use super::row::{Row, key_attributes};
use super::{Store, retry};
use crate::error::{Error, Result};
use crate::keys::Key;

/// The most keys DynamoDB takes in one `BatchGetItem`
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>).
const BATCH_KEYS: usize = 100;

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

    /// Adds what another read found.
    pub(crate) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }
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
        self.batches(keys, true).await
    }

    /// Items by key, of which some decide something and are read strongly, and others only
    /// decorate an answer and may be a moment old. One round trip; 1 R per 4 KB of each of the
    /// first, half of that of the others.
    pub async fn batch_get_both(&self, deciding: &[Key], decorating: &[Key]) -> Result<Found> {
        let (mut found, more) =
            tokio::try_join!(self.batches(deciding, true), self.batches(decorating, false))?;
        found.0.extend(more.0);
        Ok(found)
    }

    async fn batches(&self, keys: &[Key], strongly: bool) -> Result<Found> {
        // DynamoDB refuses a batch that names a key twice.
        let mut asked = HashSet::new();
        let keys: Vec<_> = keys.iter().filter(|key| asked.insert(*key)).cloned().collect();
        let batches = keys.chunks(BATCH_KEYS).map(|batch| self.batch(batch, strongly));
        let mut found = Found::default();
        for batch in try_join_all(batches).await? {
            found.0.extend(batch.0);
        }
        Ok(found)
    }

    /// Up to 100 items by key. Those that DynamoDB hands back unprocessed are asked for again.
    async fn batch(&self, keys: &[Key], strongly: bool) -> Result<Found> {
        let mut wanted: Vec<_> = keys.iter().map(key_attributes).collect();
        let mut found = Found::default();
        let mut pause = retry::Backoff::default();
        while !wanted.is_empty() {
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(strongly)
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
}
