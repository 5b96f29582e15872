//! The embedded DynamoDB: dynoxide on SQLite, behind a loopback port, with what it needs done
//! for it.
//!
//! - Its stream records have no index and are never deleted, so that every write gets slower
//!   than the one before: an index is made before it serves, and a timer deletes what everybody
//!   has consumed who reads a stream, and what is older than a day, as DynamoDB does. Both use a
//!   second connection to the same file, so even `--memory` keeps a file, in a temporary
//!   folder and without waiting for the disk.
//! - It tells nobody that something was written: the HTTP client by which this process reaches it
//!   is watched. What escapes that, such as a write whose caller has given up, is found by asking
//!   SQLite now and then, over a third connection.
//! - It deletes by TTL only when told to, and then reads all there is: the same timer does it, see
//!   `expiry.rs`.

use std::collections::HashMap;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use dynoxide::{Database, server};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::expiry;
use super::writes::Writes;
use crate::clock::ShiftedClock;

/// How often expired items and old stream records go.
const UPKEEP_EVERY: Duration = Duration::from_secs(10);

/// How often it is asked whether something was written. Asking is cheap, but being woken for it a
/// hundred times a second costs some percent of a processor.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What the stream API adds to a record's number to make it as long as DynamoDB's are.
const NUMBER_OFFSET: u128 = 100_000_000_000_000_000_000;

/// Up to which number everybody who reads a table's stream has consumed its records, by the
/// table's name. A table that is not in it has no reader.
pub type Consumed = HashMap<String, u128>;

/// A running DynamoDB.
#[derive(Debug)]
pub struct Embedded {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    upkeep: JoinHandle<()>,
    file: PathBuf,
    writes: Writes,
    consumed: watch::Sender<Option<Consumed>>,
    /// Deletes a temporary folder at the end.
    _folder: Option<TempDir>,
}

impl Embedded {
    /// Starts one on the data in this folder, or on none that will be kept.
    pub async fn start(
        folder: Option<&Path>,
        clock: ShiftedClock,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let temporary = if folder.is_none() { Some(TempDir::with_prefix("kith-")?) } else { None };
        let folder = folder.or(temporary.as_ref().map(TempDir::path)).ok_or("there is no folder")?;
        let file = file_in(folder);
        let database = Database::new(file.to_str().ok_or("the data folder's name is not UTF-8")?)?;
        if temporary.is_some() {
            database.enable_bulk_loading()?;
        }
        let second = Connection::open(&file)?;
        second.execute_batch(
            "CREATE INDEX IF NOT EXISTS kith_stream_sequence
                 ON _stream_records (table_name, CAST(sequence_number AS INTEGER));",
        )?;
        expiry::index(&second)?;

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = database.clone();
        let server = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            if let Err(error) = server::serve_with_shutdown(listener, serving, stopped).await {
                tracing::error!(error, "the embedded DynamoDB stopped");
            }
        });
        let consumed = watch::Sender::new(None);
        let upkeep = tokio::spawn(upkeep(database, second, clock, consumed.subscribe()));
        Ok(Self {
            address,
            stop: Some(stop),
            server,
            upkeep,
            file,
            writes: Writes::new(),
            consumed,
            _folder: temporary,
        })
    }

    /// Where it is told what of the streams is consumed. Until it is, it deletes nothing of them
    /// but what is too old.
    #[must_use]
    pub fn consumed(&self) -> watch::Sender<Option<Consumed>> {
        self.consumed.clone()
    }

    /// The same client, watched for writes to this DynamoDB.
    #[must_use]
    pub fn watch(&self, client: SharedHttpClient) -> SharedHttpClient {
        self.writes.around(client)
    }

    /// Changes as soon as something is written through a watched client, or soon after it was in
    /// any other way.
    pub fn changes(&self) -> rusqlite::Result<watch::Receiver<u64>> {
        let connection = Connection::open(&self.file)?;
        let (writes, changes) = (self.writes.clone(), self.writes.subscribe());
        tokio::spawn(async move {
            let (mut ticks, mut known) = (interval(LOOK_EVERY), 0_i64);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while !writes.is_closed() {
                ticks.tick().await;
                // It changes with every commit of another connection.
                let version = connection
                    .prepare_cached("PRAGMA data_version")
                    .and_then(|mut version| version.query_row((), |row| row.get(0)));
                if version.is_ok_and(|version| std::mem::replace(&mut known, version) != version) {
                    writes.tell();
                }
            }
        });
        Ok(changes)
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it once what it is doing is done. What it has answered is on disk already.
    pub async fn stop(mut self) {
        self.upkeep.abort();
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = tokio::time::timeout(Duration::from_millis(300), &mut self.server).await;
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.upkeep.abort();
        self.server.abort();
    }
}

/// The file in which the data folder keeps the tables.
pub(super) fn file_in(folder: &Path) -> PathBuf {
    folder.join("dynamodb.sqlite")
}

/// Does, again and again, what DynamoDB does by itself.
async fn upkeep(
    database: Database,
    mut second: Connection,
    clock: ShiftedClock,
    consumed: watch::Receiver<Option<Consumed>>,
) {
    let mut ticks = interval(UPKEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (database, sweep) = (database.clone(), !clock.is_behind());
        let consumed = consumed.borrow().clone();
        let work = tokio::task::spawn_blocking(move || {
            if sweep && let Err(error) = expiry::sweep(&database, &second) {
                tracing::warn!(error, "expired items could not be deleted");
            }
            if let Err(error) = prune(&second, consumed.as_ref()) {
                tracing::warn!(%error, "old stream records could not be deleted");
            }
            second
        });
        match work.await {
            Ok(connection) => second = connection,
            Err(_) => return,
        }
    }
}

/// Deletes stream records that are consumed or older than a day; the newest stays, as the next
/// one's number is counted from it.
///
/// A record's number is at least the microseconds since 1970 when it was made, so one whose number
/// is lower than that of yesterday's time is from before: what there is to delete can be found by
/// number alone, for which there is the index.
fn prune(connection: &Connection, consumed: Option<&Consumed>) -> rusqlite::Result<usize> {
    let mut tables = connection.prepare("SELECT table_name FROM _tables WHERE stream_enabled = 1")?;
    let tables: Vec<String> = tables.query_map((), |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut deleted = 0;
    for table in tables {
        let up_to = match consumed.map(|consumed| consumed.get(&table)) {
            None => 0,
            Some(None) => i64::MAX,
            Some(Some(number)) => i64::try_from(number.saturating_sub(NUMBER_OFFSET)).unwrap_or(0),
        };
        deleted += connection.execute(
            "DELETE FROM _stream_records
             WHERE table_name = ?1
               AND CAST(sequence_number AS INTEGER) <= MAX(?2, (unixepoch() - 86400) * 1000000)
               AND CAST(sequence_number AS INTEGER) <
                 (SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)",
            (&table, up_to),
        )?;
    }
    Ok(deleted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of the records of three tables, of which one has no stream any more.
    fn left(consumed: Option<&[(&str, i64)]>) -> Vec<String> {
        let now = "unixepoch() * 1000000";
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(&format!(
                "CREATE TABLE _tables (table_name TEXT, stream_enabled INTEGER);
                 INSERT INTO _tables VALUES ('a', 1), ('b', 1), ('c', 0);
                 CREATE TABLE _stream_records (name TEXT, table_name TEXT, sequence_number TEXT);
                 INSERT INTO _stream_records VALUES
                     ('a old', 'a', '9'), ('a1', 'a', {now} + 1), ('a2', 'a', {now} + 2), ('a3', 'a', {now} + 3),
                     ('b old', 'b', '10'), ('c old', 'c', '1'), ('c1', 'c', {now});"
            ))
            .unwrap();
        let now: i64 = connection.query_row(&format!("SELECT {now}"), (), |row| row.get(0)).unwrap();
        let public = |number: i64| NUMBER_OFFSET + u128::try_from(now + number).unwrap();
        let consumed = consumed.map(|consumed| {
            consumed.iter().map(|(table, number)| ((*table).to_owned(), public(*number))).collect()
        });
        prune(&connection, consumed.as_ref()).unwrap();
        let mut left = connection.prepare("SELECT name FROM _stream_records ORDER BY 1").unwrap();
        left.query_map((), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn what_is_older_than_a_day_goes_in_any_case_but_for_the_newest() {
        assert_eq!(left(None), ["a1", "a2", "a3", "b old", "c old", "c1"]);
    }

    #[test]
    fn what_is_consumed_goes_and_what_is_not_stays() {
        assert_eq!(left(Some(&[("a", 1)])), ["a2", "a3", "b old", "c old", "c1"]);
        assert_eq!(left(Some(&[("a", 0)])), ["a1", "a2", "a3", "b old", "c old", "c1"]);
        assert_eq!(left(Some(&[("a", 3)])), ["a3", "b old", "c old", "c1"]);
    }

    #[test]
    fn what_nobody_reads_goes() {
        assert_eq!(left(Some(&[])), ["a3", "b old", "c old", "c1"]);
    }
}
