//! Calls of which some take longer than others.
//!
//! A test that holds only if one of two calls is quicker than the other is a wrong test, and fails one day
//! on a busy machine. With `KITH_DELAYS` set to a number a quarter of all calls, by chance, begin up to
//! 60 ms late, and as many end so: then it fails soon, and may be looked for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::sleep;

/// How late a call may begin, and how late it may end, in milliseconds.
const LATE: u64 = 60;

/// Which calls are late; none, unless somebody asked for it.
#[derive(Clone, Debug)]
pub(super) struct Delays(Option<Arc<Mutex<Rng>>>);

impl Delays {
    /// Those that whoever runs the tests asked for.
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says so")]
    pub(super) fn asked_for() -> Self {
        let seed = std::env::var("KITH_DELAYS").ok();
        let seed = seed.map(|seed| seed.parse().expect("KITH_DELAYS is a number"));
        Self(seed.map(|seed| Arc::new(Mutex::new(Rng::with_seed(seed)))))
    }

    /// Waits, perhaps.
    pub(super) async fn pass(&self) {
        let Some(random) = &self.0 else { return };
        let late = {
            let mut random = random.lock().unwrap();
            (random.u8(..4) == 0).then(|| random.u64(..LATE))
        };
        if let Some(late) = late {
            sleep(Duration::from_millis(late)).await;
        }
    }
}
