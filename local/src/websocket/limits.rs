//! What API Gateway limits of a WebSocket API
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>).

use std::time::Duration;

/// The most bytes of a frame, in either direction: longer messages are several frames.
pub const MAX_FRAME: usize = 32 * 1024;

/// The most bytes of a message, in either direction.
pub const MAX_MESSAGE: usize = 128 * 1024;

/// The most characters of the URL that a client connects to.
pub const MAX_URL: usize = 4096;

/// The most bytes of an authorizer's answer.
pub const MAX_AUTHORIZER_ANSWER: usize = 8 * 1024;

/// How many messages of a connection are worked on at once. API Gateway names no such number: it
/// throttles a connection that sends faster than its route allows; here it is read more slowly.
pub const MAX_AT_ONCE: usize = 100;

/// How many messages wait for a client that reads slowly. API Gateway names no number here either,
/// only what comes of it: a push fails with `LimitExceededException`
/// (<https://docs.aws.amazon.com/apigatewaymanagementapi/latest/reference/API_PostToConnection.html>).
pub const MAX_WAITING: usize = 100;

/// The limits that a test may want shorter.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For how long nothing may pass through a connection: 10 minutes.
    ///
    /// Messages count, in both directions. That pings of the WebSocket protocol do not is what
    /// people observe, and the safer thing to build on: AWS only says "idle".
    pub idle: Duration,
    /// How long a connection may last: 2 hours.
    pub lifetime: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { idle: Duration::from_mins(10), lifetime: Duration::from_hours(2) }
    }
}
