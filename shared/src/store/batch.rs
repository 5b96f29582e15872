//! Writing many items that do not depend on each other.

use aws_sdk_dynamodb::types::{DeleteRequest, PutRequest, ReturnConsumedCapacity, WriteRequest};
use futures_util::{TryStreamExt as _, stream};

use super::row::key_attributes;
use super::{Put, Store, retry};
use crate::error::{Error, Result};
use crate::keys::Key;

/// The most items DynamoDB takes in one `BatchWriteItem`
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>).
const BATCH_WRITES: usize = 25;

/// How many batches are on their way at once: background work is not to take all of the
/// table's throughput from people who wait for an answer.
const AT_ONCE: usize = 2;

/// A write that holds whatever is there: nothing may depend on its order among others.
#[derive(Debug)]
pub enum Write {
    /// The item, in place of whatever is there. It has no condition.
    Put(Put),
    /// No item.
    Delete(Key),
}

impl Store {
    /// Makes all of the writes, each for itself, of which no two may be of the same item. What
    /// fails in between leaves some of them made; all of them may be repeated. 1 W per KB each.
    ///
    /// Batches of 25, a few at once. Those that DynamoDB hands back unprocessed are sent again.
    pub async fn write_all(&self, writes: Vec<Write>) -> Result<()> {
        let requests = writes.into_iter().map(request).collect::<Result<Vec<_>>>()?;
        let batches = requests.chunks(BATCH_WRITES).map(|batch| Ok(self.write_batch(batch.to_vec())));
        stream::iter(batches.collect::<Vec<_>>()).try_for_each_concurrent(AT_ONCE, |batch| batch).await
    }

    async fn write_batch(&self, mut requests: Vec<WriteRequest>) -> Result<()> {
        let mut pause = retry::Backoff::default();
        loop {
            let output = retry::until_deadline(|| {
                self.client
                    .batch_write_item()
                    .request_items(&*self.table, requests.clone())
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
            })
            .await?;
            requests = output.unprocessed_items.unwrap_or_default().into_values().flatten().collect();
            if requests.is_empty() {
                return Ok(());
            }
            pause.wait("unprocessed items").await?;
        }
    }
}

fn request(write: Write) -> Result<WriteRequest> {
    let request = WriteRequest::builder();
    let request = match write {
        Write::Put(put) => {
            let put = PutRequest::builder().set_item(Some(put.item)).build();
            request.put_request(put.map_err(Error::internal)?)
        }
        Write::Delete(key) => {
            let delete = DeleteRequest::builder().set_key(Some(key_attributes(&key))).build();
            request.delete_request(delete.map_err(Error::internal)?)
        }
    };
    Ok(request.build())
}
