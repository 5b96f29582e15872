//! The connections there are, as others reach them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shared::clock::Timestamp;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::{Duration, Instant, sleep_until};

use super::connection::End;
use super::event::Client;
use super::limits::{MAX_AT_ONCE, MAX_WAITING};

/// All that are open, by id.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<HashMap<String, Arc<Connection>>>);

/// One that is open.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    /// The room for as many messages as are worked on at once.
    pub(super) room: Arc<Semaphore>,
    /// When something last passed through it, by the clock and by the runtime's.
    active: Mutex<(Timestamp, Instant)>,
    outgoing: mpsc::Sender<Outgoing>,
    dismissed: Notify,
}

/// What is on its way to a client, in this order.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// A message.
    Text(String),
    /// The end, which everything before it comes before.
    Close(End),
}

/// Why a push was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The connection is closed.
    Gone,
    /// Too many others wait already.
    Full,
}

impl Connections {
    /// Opens one. Who is given what comes out of it must see to it that it is delivered.
    pub(super) fn open(&self, client: Client) -> (Arc<Connection>, mpsc::Receiver<Outgoing>) {
        let (outgoing, queue) = mpsc::channel(MAX_WAITING);
        let connection = Arc::new(Connection {
            room: Arc::new(Semaphore::new(MAX_AT_ONCE)),
            active: Mutex::new((client.connected_at, Instant::now())),
            client,
            outgoing,
            dismissed: Notify::new(),
        });
        self.all(|all| all.insert(connection.client.connection_id.clone(), Arc::clone(&connection)));
        (connection, queue)
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Connection>> {
        self.all(|all| all.get(id).cloned())
    }

    /// Forgets one, so that nobody reaches it any more.
    pub(super) fn remove(&self, id: &str) -> Option<Arc<Connection>> {
        self.all(|all| all.remove(id))
    }

    pub(super) fn count(&self) -> usize {
        self.all(|all| all.len())
    }

    fn all<T>(&self, what: impl FnOnce(&mut HashMap<String, Arc<Connection>>) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Connection {
    /// Sends a message to the client once all before it are sent, without waiting for that.
    pub(super) fn push(&self, text: String) -> Result<(), Refused> {
        self.outgoing.try_send(Outgoing::Text(text)).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Full,
            TrySendError::Closed(_) => Refused::Gone,
        })
    }

    /// The same for the answer to one of the client's own messages, which has room as the message had.
    pub(super) async fn reply(&self, text: String) {
        // If the client has gone, nobody waits for it.
        let _ = self.outgoing.send(Outgoing::Text(text)).await;
    }

    /// Closes it once what waits is sent, or soon.
    pub(super) fn close(&self, end: End) {
        let _ = self.outgoing.try_send(Outgoing::Close(end));
        self.dismissed.notify_one();
    }

    /// Waits until it is to be closed.
    pub(super) async fn dismissed(&self) {
        self.dismissed.notified().await;
    }

    /// Notes that something passes through it.
    pub(super) fn touch(&self, now: Timestamp) {
        *self.active.lock().unwrap_or_else(PoisonError::into_inner) = (now, Instant::now());
    }

    /// When something last passed through it.
    pub(super) fn last_active(&self) -> Timestamp {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits until nothing has passed through it for this long.
    pub(super) async fn idle(&self, limit: Duration) {
        loop {
            let until = self.active.lock().unwrap_or_else(PoisonError::into_inner).1 + limit;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str) -> Client {
        Client {
            connection_id: id.into(),
            connected_at: Timestamp::from_millis(1),
            domain: String::new(),
            source_ip: String::new(),
            user_agent: None,
            authorizer: None,
        }
    }

    #[tokio::test]
    async fn what_is_taken_comes_out_in_order_and_the_end_comes_last() {
        let connections = Connections::default();
        let (connection, mut queue) = connections.open(client("a"));
        for number in 0..10 {
            connection.push(number.to_string()).unwrap();
        }
        connection.close(End::DELETED);
        for number in 0..10 {
            assert!(matches!(queue.recv().await, Some(Outgoing::Text(text)) if text == number.to_string()));
        }
        assert!(matches!(queue.recv().await, Some(Outgoing::Close(end)) if end == End::DELETED));
        connection.dismissed().await;
    }

    #[tokio::test]
    async fn only_so_much_waits_for_a_client() {
        let connections = Connections::default();
        let (connection, queue) = connections.open(client("a"));
        for _ in 0..MAX_WAITING {
            connection.push(String::new()).unwrap();
        }
        assert_eq!(connection.push(String::new()), Err(Refused::Full));
        drop(queue);
        assert_eq!(connection.push(String::new()), Err(Refused::Gone));
        assert_eq!((connections.count(), connections.find("b").is_some()), (1, false));
        assert!(connections.remove("a").is_some() && connections.find("a").is_none());
    }

    #[tokio::test]
    async fn a_connection_is_idle_once_nothing_has_passed_for_long_enough() {
        let (connection, _queue) = Connections::default().open(client("a"));
        let started = Instant::now();
        let limit = Duration::from_millis(60);
        let busy = async {
            for number in 0..4 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                connection.touch(Timestamp::from_millis(number));
            }
        };
        tokio::join!(busy, connection.idle(limit));
        assert!(started.elapsed() >= Duration::from_millis(80) + limit);
        assert_eq!(connection.last_active(), Timestamp::from_millis(3));
    }
}
