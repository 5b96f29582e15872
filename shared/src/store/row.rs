//! An item as it came, and values out of it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{TTL, WRITE_ID};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::ids::WriteId;
use crate::keys::{GSI1PK, GSI1SK, IndexKey, Key, PK, SK};

/// The attributes of an item.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// An item of the table.
#[derive(Clone, Debug, Default)]
pub struct Row(Attributes);

impl Row {
    /// The item as a value of the domain. Attributes the value does not name are ignored.
    pub fn read<T: DeserializeOwned>(self) -> Result<T> {
        serde_dynamo::from_item(self.0).map_err(Error::internal)
    }

    pub(super) fn new(attributes: Attributes) -> Self {
        Self(attributes)
    }

    /// The row, unless its time is over.
    pub(super) fn unexpired(self, now: Timestamp) -> Option<Self> {
        let expired = matches!(self.0.get(TTL), Some(AttributeValue::N(ttl))
            if ttl.parse::<i64>().is_ok_and(|ttl| ttl <= now.epoch_seconds()));
        (!expired).then_some(self)
    }

    /// Whether this write was the last to touch the item.
    pub(super) fn is_of(&self, id: &WriteId) -> bool {
        matches!(self.0.get(WRITE_ID), Some(AttributeValue::S(last)) if last == id.as_str())
    }

    pub(super) fn key(&self) -> Option<Key> {
        match (self.0.get(PK)?, self.0.get(SK)?) {
            (AttributeValue::S(pk), AttributeValue::S(sk)) => Some(Key { pk: pk.clone(), sk: sk.clone() }),
            _ => None,
        }
    }

    /// Its place in the index, if it has one.
    pub(super) fn place(&self) -> Option<IndexKey> {
        match (self.0.get(GSI1PK)?, self.0.get(GSI1SK)?) {
            (AttributeValue::S(pk), AttributeValue::S(sk)) => {
                Some(IndexKey { pk: pk.clone(), sk: sk.clone() })
            }
            _ => None,
        }
    }
}

/// A value of the domain as attributes.
pub(super) fn to_attributes(value: &impl Serialize) -> Result<Attributes> {
    serde_dynamo::to_item(value).map_err(Error::internal)
}

/// A value of the domain as one attribute.
pub(super) fn to_attribute(value: impl Serialize) -> Result<AttributeValue> {
    serde_dynamo::to_attribute_value(value).map_err(Error::internal)
}

/// The key as attributes.
pub(super) fn key_attributes(key: &Key) -> Attributes {
    HashMap::from([
        (PK.to_owned(), AttributeValue::S(key.pk.clone())),
        (SK.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

/// A place in the index as attributes.
pub(super) fn index_attributes(key: &IndexKey) -> Attributes {
    HashMap::from([
        (GSI1PK.to_owned(), AttributeValue::S(key.pk.clone())),
        (GSI1SK.to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}
