//! Time, which can be shifted: to see a session expire without waiting for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use shared::clock::{Clock, Timestamp};

/// The system's time and an offset to it.
#[derive(Clone, Debug, Default)]
pub struct ShiftedClock {
    offset_millis: Arc<AtomicI64>,
}

impl ShiftedClock {
    /// A clock that is ahead of the system's by this many milliseconds, or behind it.
    #[must_use]
    pub fn new(offset_millis: i64) -> Self {
        Self { offset_millis: Arc::new(AtomicI64::new(offset_millis)) }
    }

    /// Puts the clock forward.
    pub fn advance(&self, duration: Duration) {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.offset_millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// By how many milliseconds it is ahead of the system's.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.offset_millis.load(Ordering::SeqCst)
    }

    /// Lets it be ahead of the system's by this many milliseconds, or behind it.
    pub fn set_offset(&self, millis: i64) {
        self.offset_millis.store(millis, Ordering::SeqCst);
    }

    /// Lets it show this time now, and go on from there.
    pub fn set(&self, time: Timestamp) {
        self.set_offset(time.millis() - Clock::system().now().millis());
    }

    /// The clock, as everything that asks for the time takes it.
    #[must_use]
    pub fn clock(&self) -> Clock {
        let (system, offset) = (Clock::system(), Arc::clone(&self.offset_millis));
        Clock::from_fn(move || Timestamp::from_millis(system.now().millis() + offset.load(Ordering::SeqCst)))
    }

    /// A time of the system's clock, as this one would have shown it had it been shifted then as it
    /// is now.
    #[must_use]
    pub fn shift(&self, time: Timestamp) -> Timestamp {
        Timestamp::from_millis(time.millis().saturating_add(self.offset_millis.load(Ordering::SeqCst)))
    }

    /// Whether it is behind the system's: what DynamoDB's own clock takes for expired then is not.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.offset_millis.load(Ordering::SeqCst) < 0
    }
}
