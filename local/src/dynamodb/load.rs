//! Writing very many items at once into the data folder of a stack that does not run.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use dynoxide::errors::DynoxideError;
use dynoxide::types::{self, Item};
use dynoxide::{Database, ImportOptions};
use rusqlite::Connection;

use super::embedded::file_in;
use super::expiry;
use crate::StartError;
use crate::stack::lock;

/// Why items cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] StartError),
    /// Its name is not UTF-8.
    #[error("the data folder's name is not UTF-8")]
    Name,
    /// The embedded DynamoDB refuses.
    #[error(transparent)]
    Refused(#[from] DynoxideError),
    /// SQLite does.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// An item has an attribute of a kind that nothing here writes.
    #[error("an attribute is neither a string, a number, a flag, a list nor a map")]
    Attribute,
}

/// Writes items past DynamoDB's API, some hundred thousand of them in the time that a thousand calls
/// would take, and past the tables' streams: nobody is told of them. Should the machine stop before it
/// is done, the folder is of no use.
pub struct Loader {
    database: Database,
    second: Connection,
    /// Held while the data folder is in use.
    _lock: File,
}

impl Loader {
    /// Into the folder of a stack that has made its tables there.
    pub fn open(folder: &Path) -> Result<Self, LoadError> {
        let lock = lock(folder)?;
        let file = file_in(folder);
        let database = Database::new(file.to_str().ok_or(LoadError::Name)?)?;
        database.enable_bulk_loading()?;
        let second = Connection::open(file)?;
        // While there is nothing in it: to make it of very many items would hold up a start.
        expiry::index(&second)?;
        Ok(Self { database, second, _lock: lock })
    }

    /// Writes all of these, in place of what is there.
    pub fn load(
        &self,
        table: &str,
        items: impl IntoIterator<Item = HashMap<String, AttributeValue>>,
    ) -> Result<(), LoadError> {
        let items = items.into_iter().map(item).collect::<Result<Vec<_>, _>>()?;
        self.database.import_items(table, items, ImportOptions::default())?;
        Ok(())
    }

    /// Sees to it that all of it is on the disk.
    pub fn finish(self) -> Result<(), LoadError> {
        self.database.disable_bulk_loading()?;
        self.second.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
        Ok(())
    }
}

fn item(item: HashMap<String, AttributeValue>) -> Result<Item, LoadError> {
    item.into_iter().map(|(name, value)| Ok((name, attribute(value)?))).collect()
}

fn attribute(value: AttributeValue) -> Result<types::AttributeValue, LoadError> {
    Ok(match value {
        AttributeValue::S(text) => types::AttributeValue::S(text),
        AttributeValue::N(number) => types::AttributeValue::N(number),
        AttributeValue::Bool(flag) => types::AttributeValue::BOOL(flag),
        AttributeValue::Null(flag) => types::AttributeValue::NULL(flag),
        AttributeValue::L(list) => {
            types::AttributeValue::L(list.into_iter().map(attribute).collect::<Result<_, _>>()?)
        }
        AttributeValue::M(map) => types::AttributeValue::M(item(map)?),
        _ => return Err(LoadError::Attribute),
    })
}
