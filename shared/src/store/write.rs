//! Writing one item.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};
use serde::Serialize;

use super::expression::{Rendered, render};
use super::row::{Attributes, Row, index_attributes, key_attributes, to_attributes};
use super::{Condition, Store, TTL, Update, WRITE_ID, retry};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::ids::WriteId;
use crate::keys::{IndexKey, Key};

/// How a conditional write ended.
#[derive(Debug)]
pub enum Written {
    /// It was made, and this is the item now.
    Done(Row),
    /// Its condition did not hold, and this is the item that stood against it.
    Refused(Option<Row>),
}

/// A whole item.
#[derive(Debug)]
pub struct Put {
    pub(super) item: Attributes,
    pub(super) condition: Option<Condition>,
}

impl Put {
    /// The item at `key`, in place of whatever is there.
    pub fn new(key: &Key, value: &impl Serialize) -> Result<Self> {
        let mut item = to_attributes(value)?;
        item.extend(key_attributes(key));
        Ok(Self { item, condition: None })
    }

    /// Happens only if there is nothing at the key yet.
    #[must_use]
    pub fn if_absent(mut self) -> Self {
        self.condition = Some(Condition::Absent);
        self
    }

    /// Happens only if this holds of what is there.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }

    /// Puts the item into the index, too.
    #[must_use]
    pub fn indexed(mut self, index: &IndexKey) -> Self {
        self.item.extend(index_attributes(index));
        self
    }

    /// Sets when the item expires.
    #[must_use]
    pub fn expire_at(mut self, time: Timestamp) -> Self {
        self.item.insert(TTL.into(), AttributeValue::N(time.epoch_seconds().to_string()));
        self
    }

    /// The item as the write of this id would leave it: for who writes very many of them at once, past
    /// the store.
    #[must_use]
    pub fn into_item(mut self, id: &WriteId) -> HashMap<String, AttributeValue> {
        self.mark(id);
        self.item
    }

    pub(super) fn mark(&mut self, id: &WriteId) {
        self.item.insert(WRITE_ID.into(), AttributeValue::S(id.as_str().to_owned()));
    }
}

impl Store {
    /// Writes a whole item. One round trip, 1 W per KB.
    pub async fn put(&self, mut put: Put, id: &WriteId) -> Result<Written> {
        put.mark(id);
        let rendered = put.condition.as_ref().map(render);
        let (condition, names, values) = split(rendered);
        let sent = retry::until_deadline(|| {
            self.client
                .put_item()
                .table_name(&*self.table)
                .set_item(Some(put.item.clone()))
                .set_condition_expression(condition.clone())
                .set_expression_attribute_names(names.clone())
                .set_expression_attribute_values(values.clone())
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
        });
        match sent.await {
            Ok(_) => Ok(Written::Done(Row::new(put.item))),
            Err(failed) => match failed.into_refusal()? {
                PutItemError::ConditionalCheckFailedException(failed) => Ok(judge(failed.item, id)),
                other => Err(Error::internal(other)),
            },
        }
    }

    /// Changes some attributes of an item. One round trip, 1 W per KB of the item.
    pub async fn update(&self, update: Update, id: &WriteId) -> Result<Written> {
        let (key, text, Rendered { condition, names, values }) = update.render(id)?;
        let sent = retry::until_deadline(|| {
            self.client
                .update_item()
                .table_name(&*self.table)
                .set_key(Some(key_attributes(&key)))
                .update_expression(&text)
                .condition_expression(&condition)
                .set_expression_attribute_names(Some(names.clone()))
                .set_expression_attribute_values(values.clone())
                .return_values(ReturnValue::AllNew)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
        });
        match sent.await {
            Ok(output) => Ok(Written::Done(Row::new(output.attributes.unwrap_or_default()))),
            Err(failed) => match failed.into_refusal()? {
                UpdateItemError::ConditionalCheckFailedException(failed) => Ok(judge(failed.item, id)),
                other => Err(Error::internal(other)),
            },
        }
    }

    /// Takes an item away; there may be none. One round trip, 1 W per KB.
    pub async fn delete(&self, key: &Key) -> Result<()> {
        retry::until_deadline(|| {
            self.client
                .delete_item()
                .table_name(&*self.table)
                .set_key(Some(key_attributes(key)))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
        })
        .await?;
        Ok(())
    }
}

impl Store {
    /// Takes an item away of which this holds; answers whether it did. One round trip, 1 W per KB.
    ///
    /// A repetition after a lost reply answers `false`, as the item that it took is not there.
    pub async fn delete_when(&self, key: &Key, condition: &Condition) -> Result<bool> {
        let Rendered { condition, names, values } = render(condition);
        let sent = retry::until_deadline(|| {
            self.client
                .delete_item()
                .table_name(&*self.table)
                .set_key(Some(key_attributes(key)))
                .condition_expression(&condition)
                .set_expression_attribute_names(Some(names.clone()))
                .set_expression_attribute_values(values.clone())
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
        });
        match sent.await {
            Ok(_) => Ok(true),
            Err(failed) => match failed.into_refusal()? {
                DeleteItemError::ConditionalCheckFailedException(_) => Ok(false),
                other => Err(Error::internal(other)),
            },
        }
    }
}

/// A failed condition whose old item carries the write's own id is the write's own success,
/// seen by the repetition of a write whose reply was lost.
pub(super) fn judge(old: Option<Attributes>, id: &WriteId) -> Written {
    match old.map(Row::new) {
        Some(row) if row.is_of(id) => Written::Done(row),
        old => Written::Refused(old),
    }
}

pub(super) type Placeholders = (Option<String>, Option<HashMap<String, String>>, Option<Attributes>);

pub(super) fn split(rendered: Option<Rendered>) -> Placeholders {
    rendered.map_or((None, None, None), |rendered| {
        (Some(rendered.condition), Some(rendered.names), rendered.values)
    })
}
