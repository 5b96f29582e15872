//! A handful of verbs over DynamoDB, with the rules that make every retry safe.
//!
//! | file | what is in it |
//! |---|---|
//! | `read.rs` | `get`, `batch_get` |
//! | `query.rs` | a run of one partition, of the table or of its index |
//! | `write.rs` | `put`, `update`, `delete`: one conditional write each |
//! | `batch.rs` | many writes that do not depend on each other |
//! | `transact.rs` | several writes, all or none |
//! | `expression.rs` | conditions and updates as data, rendered for DynamoDB |
//! | `retry.rs` | what is tried again, how, and until when |
//! | `meter.rs` | what a request cost, and how long it may go on |
//! | `row.rs` | an item as it came, and values out of it |
//!
//! # The rules
//! - **A write id in every item.** Each write leaves its [`WriteId`](crate::ids::WriteId) in
//!   the item. The SDK repeats a write whose reply was lost, and the repetition finds its own
//!   effect: the condition fails, the old item that comes with the failure carries the write's
//!   own id, and that is success. Without it, `version + 1` would count twice and "must not
//!   exist yet" would report the write's own item as somebody else's. It holds until somebody
//!   else writes the item: a write that is repeated after that counts as one more, or is
//!   refused. What must not be, such as a counter of edges, goes into a [`Transaction`], whose
//!   client token DynamoDB itself remembers for 10 minutes.
//! - **An update needs an item.** Unless it says [`Update::creating`], so that a late write
//!   never raises the dead.
//! - **A failed condition is a normal outcome** ([`Written::Refused`]), not an error.
//! - **Reads are strong** where they decide something, which is the default here.
//! - **Expired is absent.** DynamoDB deletes by TTL within days; every read filters.
//! - **A deadline, then 503.** Conflicts and throttling are retried with full jitter until the
//!   request's deadline, well inside the Lambda's time-out.

mod batch;
mod expression;
mod meter;
mod query;
mod read;
pub(crate) mod retry;
mod row;
mod transact;
mod write;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_types::SdkConfig;

pub use batch::Write;
pub use expression::{Condition, Update};
pub use meter::{Cost, Request};
pub use query::{IndexEntry, Page, Query, Within};
pub use read::Found;
pub use row::Row;
pub use transact::{Refusals, Transaction};
pub use write::{Put, Written};

use crate::clock::Clock;

/// The attribute that holds the id of the last write.
pub(crate) const WRITE_ID: &str = "writeId";
/// The attribute after whose time, in epoch seconds, an item counts as absent.
pub(crate) const TTL: &str = "ttl";

/// How long one attempt may take. DynamoDB answers within 10 ms or, if something is wrong,
/// within seconds: a second attempt on another connection is the better bet by then.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);

/// The table.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: Arc<str>,
    clock: Clock,
}

impl Store {
    /// The table of this name, reached with this configuration.
    #[must_use]
    pub fn new(config: &SdkConfig, table: &str, clock: Clock) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let table: Arc<str> = table.into();
        let config = Builder::from(config)
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(25)))
            .timeout_config(timeouts)
            .interceptor(meter::MeterInterceptor { table: Arc::clone(&table) })
            .build();
        Self { client: Client::from_conf(config), table, clock }
    }

    /// Reads nothing, so that the connection is open before the first request comes.
    ///
    /// The first TLS handshake is the longest part of a cold start; here it happens while
    /// Lambda still gives a starting function all of a processor.
    pub async fn warm_up(&self) {
        let key = crate::keys::nobody("warm-up");
        let attempt = Request::start().within(ATTEMPT_TIMEOUT);
        if let Err(error) = attempt.scope(self.get::<serde::de::IgnoredAny>(&key)).await {
            tracing::warn!(cause = error.chain(), "storage could not be reached at start");
        }
    }
}
