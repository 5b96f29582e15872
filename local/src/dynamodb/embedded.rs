//! The embedded DynamoDB: dynoxide on SQLite, behind a loopback port, with what it needs done
//! for it.
//!
//! - Its stream records have no index and are never deleted, so that every write gets slower
//!   than the one before: an index is made before it serves, and a timer prunes. Both use a
//!   second connection to the same file, so even `--memory` keeps a file, in a temporary
//!   folder and without waiting for the disk.
//! - It deletes by TTL only when told to: the same timer tells it.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use dynoxide::{Database, server};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::clock::ShiftedClock;

/// How often expired items and old stream records go.
const UPKEEP_EVERY: Duration = Duration::from_secs(10);

/// A running DynamoDB.
#[derive(Debug)]
pub struct Embedded {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    upkeep: JoinHandle<()>,
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
        let file = folder.join("dynamodb.sqlite");
        let database = Database::new(file.to_str().ok_or("the data folder's name is not UTF-8")?)?;
        if temporary.is_some() {
            database.enable_bulk_loading()?;
        }
        let second = Connection::open(&file)?;
        second.execute_batch(
            "CREATE INDEX IF NOT EXISTS kith_stream_sequence
                 ON _stream_records (table_name, CAST(sequence_number AS INTEGER));",
        )?;

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
        let upkeep = tokio::spawn(upkeep(database, second, clock));
        Ok(Self { address, stop: Some(stop), server, upkeep, _folder: temporary })
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

/// Does, again and again, what DynamoDB does by itself.
async fn upkeep(database: Database, mut second: Connection, clock: ShiftedClock) {
    let mut ticks = interval(UPKEEP_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let (database, sweep) = (database.clone(), !clock.is_behind());
        let work = tokio::task::spawn_blocking(move || {
            if sweep && let Err(error) = database.sweep_ttl() {
                tracing::warn!(%error, "expired items could not be deleted");
            }
            if let Err(error) = prune(&mut second) {
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

/// Deletes stream records, which nothing reads yet; the newest stays, as the next one's
/// number is counted from it.
fn prune(connection: &mut Connection) -> rusqlite::Result<usize> {
    connection.execute(
        "DELETE FROM _stream_records AS old WHERE CAST(sequence_number AS INTEGER) <
             (SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = old.table_name)",
        (),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pruning_keeps_the_newest_record_of_each_table() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE _stream_records (table_name TEXT, sequence_number TEXT);
                 INSERT INTO _stream_records VALUES ('a', '9'), ('a', '10'), ('b', '3');",
            )
            .unwrap();
        assert_eq!(prune(&mut connection).unwrap(), 1);
        let left: Vec<String> = connection
            .prepare("SELECT table_name || sequence_number FROM _stream_records ORDER BY 1")
            .unwrap()
            .query_map((), |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(left, ["a10", "b3"]);
    }
}
