//! Deleting what has expired, without reading what has not.
//!
//! The embedded DynamoDB's own sweep reads every item of every table each time, which with millions of
//! them never ends. So items are found by an index over when they expire, in SQLite, and are deleted
//! through DynamoDB's API, so that the table's index and its stream know of it, too. The stream says of
//! such a deletion that DynamoDB itself made it
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html>): a
//! trigger writes that, before anybody can read the record.

use std::collections::HashMap;
use std::error::Error;

use dynoxide::Database;
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::errors::DynoxideError;
use dynoxide::types::{AttributeValue, Item};
use rusqlite::Connection;
use serde::Deserialize;

/// The most items that go at once: whoever else has something to write waits for each of them only,
/// but should not have to do so all the time. What is left goes the next time.
const AT_ONCE: usize = 500;

/// Who deletes what has expired, in the words of the stream.
const SERVICE: &str = r#"{"type":"Service","principalId":"dynamodb.amazonaws.com"}"#;

/// A table of which items expire.
#[derive(Debug)]
struct Table {
    name: String,
    /// The attribute that says when, in epoch seconds.
    attribute: String,
    keys: Vec<KeyAttribute>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyAttribute {
    attribute_name: String,
}

/// Makes the indexes by which expired items are found. Where they are already, nothing is done.
pub(super) fn index(connection: &Connection) -> rusqlite::Result<()> {
    tables(connection)?.iter().try_for_each(|table| table.index(connection))
}

/// Deletes items whose time is over, those first that expired first; answers how many.
pub(super) fn sweep(database: &Database, connection: &Connection) -> Result<usize, Box<dyn Error>> {
    let mut deleted = 0;
    for table in tables(connection)? {
        table.index(connection)?;
        let (now, due) = table.due(connection)?;
        table.announce(connection, &due)?;
        for item in due {
            match database.delete_item(table.delete(&item, now)) {
                Ok(_) => deleted += 1,
                // Somebody has given it more time.
                Err(DynoxideError::ConditionalCheckFailedException(..)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(deleted)
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<Table>> {
    let mut tables = connection.prepare(
        "SELECT table_name, ttl_attribute, key_schema FROM _tables
         WHERE ttl_enabled = 1 AND ttl_attribute IS NOT NULL",
    )?;
    let table = |row: &rusqlite::Row<'_>| {
        let keys: String = row.get(2)?;
        let keys = serde_json::from_str(&keys).unwrap_or_default();
        Ok(Table { name: row.get(0)?, attribute: row.get(1)?, keys })
    };
    tables.query_map((), table)?.collect()
}

impl Table {
    /// When an item expires, as SQL: as a text, which is NULL for one that does not.
    fn expiry(&self) -> String {
        format!("json_extract(item_json, '$.{}.N')", quoted(&self.attribute).replace('\'', "''"))
    }

    fn index(&self, connection: &Connection) -> rusqlite::Result<()> {
        let (name, table) = (quoted(&format!("kith_expiry_{}", self.name)), quoted(&self.name));
        let (trigger, text) =
            (quoted(&format!("kith_expired_{}", self.name)), format!("'{}'", self.name.replace('\'', "''")));
        let (expiry, same) = (self.expiry(), self.is_of_record());
        connection.execute_batch(&format!(
            "CREATE INDEX IF NOT EXISTS {name} ON {table} (CAST({expiry} AS INTEGER)) WHERE {expiry} IS NOT NULL;
             CREATE TABLE IF NOT EXISTS kith_expiring (table_name TEXT, item_json TEXT);
             CREATE TRIGGER IF NOT EXISTS {trigger} AFTER INSERT ON _stream_records
             WHEN NEW.event_name = 'REMOVE' AND NEW.table_name = {text} AND EXISTS (
                 SELECT 1 FROM kith_expiring WHERE table_name = {text} AND {same})
             BEGIN UPDATE _stream_records SET user_identity = '{SERVICE}' WHERE rowid = NEW.rowid; END"
        ))
    }

    /// That an item that is about to be deleted is the one that a record of the stream is about, as SQL.
    fn is_of_record(&self) -> String {
        let same = self.keys.iter().map(|key| {
            let path = format!("'$.{}'", quoted(&key.attribute_name).replace('\'', "''"));
            format!("json_extract(item_json, {path}) = json_extract(NEW.keys_json, {path})")
        });
        same.collect::<Vec<_>>().join(" AND ")
    }

    /// Notes which items are about to be deleted, instead of those that were before.
    fn announce(&self, connection: &Connection, due: &[Item]) -> Result<(), Box<dyn Error>> {
        connection.execute("DELETE FROM kith_expiring WHERE table_name = ?1", [&self.name])?;
        let mut insert =
            connection.prepare_cached("INSERT INTO kith_expiring (table_name, item_json) VALUES (?1, ?2)")?;
        for item in due {
            let keys = self.key(item);
            insert.execute([&self.name, &serde_json::to_string(&keys)?])?;
        }
        Ok(())
    }

    /// What is asked for those whose time is over.
    fn question(&self) -> String {
        let (table, expiry) = (quoted(&self.name), self.expiry());
        format!(
            "SELECT item_json FROM {table}
             WHERE {expiry} IS NOT NULL AND CAST({expiry} AS INTEGER) BETWEEN 1 AND ?1
             ORDER BY CAST({expiry} AS INTEGER) LIMIT {AT_ONCE}"
        )
    }

    /// What the time is, and whose is over.
    fn due(&self, connection: &Connection) -> rusqlite::Result<(i64, Vec<Item>)> {
        let now = connection.query_row("SELECT unixepoch() - 1", (), |row| row.get(0))?;
        let mut due = connection.prepare_cached(&self.question())?;
        let texts = due.query_map([now], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
        Ok((now, texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect()))
    }

    /// The key of an item.
    fn key(&self, item: &Item) -> Item {
        let keys = self.keys.iter().map(|key| &key.attribute_name);
        keys.filter_map(|name| Some((name.clone(), item.get(name)?.clone()))).collect()
    }

    /// Takes an item away, if it is still over.
    fn delete(&self, item: &Item, now: i64) -> DeleteItemRequest {
        DeleteItemRequest {
            table_name: self.name.clone(),
            key: self.key(item),
            condition_expression: Some("#expiry <= :now".into()),
            expression_attribute_names: Some(HashMap::from([("#expiry".into(), self.attribute.clone())])),
            expression_attribute_values: Some(HashMap::from([(
                ":now".into(),
                AttributeValue::N(now.to_string()),
            )])),
            ..DeleteItemRequest::default()
        }
    }
}

/// A name as SQL, and as a path of JSON has it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;

    /// A table with so many items that expire then, and a second connection to it.
    fn table(expiries: &[Option<i64>]) -> (TempDir, Database, Connection) {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("dynamodb.sqlite");
        let database = Database::new(file.to_str().unwrap()).unwrap();
        let create = json!({
            "TableName": "a-table",
            "KeySchema": [
                { "AttributeName": "PK", "KeyType": "HASH" }, { "AttributeName": "SK", "KeyType": "RANGE" },
            ],
            "AttributeDefinitions": [
                { "AttributeName": "PK", "AttributeType": "S" }, { "AttributeName": "SK", "AttributeType": "S" },
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        });
        database.create_table(serde_json::from_value(create).unwrap()).unwrap();
        let ttl = json!({
            "TableName": "a-table", "TimeToLiveSpecification": { "AttributeName": "ttl", "Enabled": true },
        });
        database.update_time_to_live(serde_json::from_value(ttl).unwrap()).unwrap();
        for (number, expiry) in expiries.iter().enumerate() {
            let mut item = json!({ "PK": { "S": "it's \"quoted\"" }, "SK": { "S": number.to_string() } });
            if let Some(expiry) = expiry {
                item["ttl"] = json!({ "N": expiry.to_string() });
            }
            let put = json!({ "TableName": "a-table", "Item": item });
            database.put_item(serde_json::from_value(put).unwrap()).unwrap();
        }
        let connection = Connection::open(file).unwrap();
        (folder, database, connection)
    }

    fn left(connection: &Connection) -> Vec<String> {
        let mut keys =
            connection.prepare("SELECT sk FROM \"a-table\" ORDER BY CAST(SUBSTR(sk, 3) AS INTEGER)").unwrap();
        keys.query_map((), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn what_is_over_goes_and_the_stream_knows() {
        let (_folder, database, connection) = table(&[Some(1_000), None, Some(9_000_000_000), Some(2_000)]);
        assert_eq!(sweep(&database, &connection).unwrap(), 2);
        assert_eq!(left(&connection), ["S:1", "S:2"]);
        let delete = json!({
            "TableName": "a-table", "Key": { "PK": { "S": "it's \"quoted\"" }, "SK": { "S": "1" } },
        });
        database.delete_item(serde_json::from_value(delete).unwrap()).unwrap();
        let removed = "SELECT user_identity FROM _stream_records WHERE event_name = 'REMOVE' ORDER BY rowid";
        let mut removed = connection.prepare(removed).unwrap();
        let by: Vec<Option<String>> =
            removed.query_map((), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        let service = Some(SERVICE.to_owned());
        assert_eq!(by, [service.clone(), service, None], "DynamoDB itself, and then somebody");
        assert_eq!(sweep(&database, &connection).unwrap(), 0);
    }

    #[test]
    fn so_many_go_at_once_and_the_others_later() {
        let (_folder, database, connection) = table(&vec![Some(1_000); AT_ONCE + 3]);
        assert_eq!(sweep(&database, &connection).unwrap(), AT_ONCE);
        assert_eq!(sweep(&database, &connection).unwrap(), 3);
    }

    #[test]
    fn what_was_given_more_time_in_between_stays() {
        let (_folder, database, connection) = table(&[Some(1_000)]);
        let due = tables(&connection).unwrap()[0].due(&connection).unwrap();
        let mut later = due.1[0].clone();
        later.insert("ttl".into(), AttributeValue::N("9000000000".into()));
        let table = &tables(&connection).unwrap()[0];
        assert!(database.delete_item(table.delete(&later, due.0)).is_ok(), "it is over still");
        let put = json!({ "TableName": "a-table", "Item": later });
        database.put_item(serde_json::from_value(put).unwrap()).unwrap();
        assert!(database.delete_item(table.delete(&later, due.0)).is_err());
    }

    #[test]
    fn nothing_else_is_read() {
        let (_folder, _database, connection) = table(&[]);
        index(&connection).unwrap();
        let question = tables(&connection).unwrap()[0].question();
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {question}")).unwrap();
        let plan: Vec<String> =
            plan.query_map([0], |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(plan, [r"SEARCH a-table USING INDEX kith_expiry_a-table (<expr>>? AND <expr><?)"]);
    }
}
