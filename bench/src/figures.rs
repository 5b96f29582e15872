//! Percentiles.

use std::time::Duration;

/// Times that were measured.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Takes in one more.
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Takes in others.
    pub(crate) fn add(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// The time that this share of them, of 0 to 100, is not longer than.
    pub(crate) fn percentile(&mut self, share: usize) -> Duration {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * share / 100).copied().unwrap_or_default()
    }

    /// Half, 95 and 99 of a hundred, to be read.
    pub(crate) fn text(&mut self) -> String {
        let [half, many, most] = [50, 95, 99].map(|share| crate::millis(self.percentile(share)));
        format!("p50 {half}, p95 {many}, p99 {most}")
    }
}
