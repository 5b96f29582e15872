//! What is on its way, and whether there is more to come: for whoever waits until nothing is.

use std::collections::BTreeMap;

use tokio::sync::watch;

/// What all readers of streams are at.
#[derive(Debug)]
pub(super) struct Progress {
    state: watch::Sender<State>,
    /// Counts how often somebody wanted to know that there is nothing more.
    rounds: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    /// How many records functions have yet to be done with.
    pending: usize,
    /// Changes with every record that is found, and with every one that a function is done with.
    activity: usize,
    /// In which round each reader found nothing more, having begun to look within it.
    looked: BTreeMap<usize, u64>,
    /// How many readers there have been.
    readers: usize,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { state: watch::Sender::new(State::default()), rounds: watch::Sender::new(0) }
    }

    /// One more reader, by number.
    pub(super) fn enter(&self) -> usize {
        let mut reader = 0;
        self.state.send_modify(|state| {
            reader = state.readers;
            state.readers += 1;
            state.looked.insert(reader, 0);
        });
        reader
    }

    /// One less.
    pub(super) fn leave(&self, reader: usize) {
        self.state.send_modify(|state| {
            state.looked.remove(&reader);
        });
    }

    /// The round that it is. A reader looks again when it changes.
    pub(super) fn rounds(&self) -> watch::Receiver<u64> {
        self.rounds.subscribe()
    }

    /// A reader that began to look in this round found nothing more.
    pub(super) fn looked(&self, reader: usize, round: u64) {
        self.state.send_if_modified(|state| state.looked.insert(reader, round) != Some(round));
    }

    /// A reader found records that a function is to be sent.
    pub(super) fn found(&self, count: usize) {
        self.state.send_modify(|state| {
            state.pending += count;
            state.activity += count;
        });
    }

    /// A function is done with records, or they were given up.
    pub(super) fn done(&self, count: usize) {
        self.state.send_modify(|state| {
            state.pending -= count;
            state.activity += count;
        });
    }

    /// Waits until nothing is on its way and every reader has looked since and found nothing.
    ///
    /// A function that is done with records may have written others, so this holds only once a
    /// whole round has passed in which no function did anything.
    pub(super) async fn drained(&self) {
        let mut state = self.state.subscribe();
        loop {
            let before = state.borrow().activity;
            let mut round = 0;
            self.rounds.send_modify(|rounds| {
                *rounds += 1;
                round = *rounds;
            });
            let is_quiet =
                |state: &State| state.pending == 0 && state.looked.values().all(|looked| *looked >= round);
            match state.wait_for(is_quiet).await {
                Ok(state) if state.activity == before => return,
                Ok(_) => {}
                // Nobody is left to send anything.
                Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::yield_now;

    use super::*;

    /// Lets everything run that can.
    async fn settle() {
        for _ in 0..10 {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn nothing_is_waited_for_where_nobody_reads() {
        Progress::new().drained().await;
    }

    #[tokio::test]
    async fn every_reader_must_have_looked_since() {
        let progress = Arc::new(Progress::new());
        let (one, other) = (progress.enter(), progress.enter());
        let waiting = tokio::spawn({
            let progress = Arc::clone(&progress);
            async move { progress.drained().await }
        });
        settle().await;
        progress.looked(one, 1);
        progress.looked(other, 0);
        settle().await;
        assert!(!waiting.is_finished(), "the other one began to look before");
        progress.leave(other);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn what_functions_write_in_turn_is_waited_for() {
        let progress = Arc::new(Progress::new());
        let reader = progress.enter();
        progress.found(2);
        let waiting = tokio::spawn({
            let progress = Arc::clone(&progress);
            async move { progress.drained().await }
        });
        settle().await;
        progress.looked(reader, 1);
        progress.done(1);
        settle().await;
        assert!(!waiting.is_finished(), "one is under way");
        progress.done(1);
        settle().await;
        assert!(!waiting.is_finished(), "it may have written after the reader looked");
        assert_eq!(*progress.rounds().borrow(), 2);
        progress.looked(reader, 2);
        waiting.await.unwrap();
    }
}
