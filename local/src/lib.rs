//! The local stack: what AWS does for Kith, on a laptop, for development.
//!
//! It reads `template.yaml` and serves what is declared there, with the very handlers that
//! run on Lambda and with the events that API Gateway sends:
//!
//! | module | stands in for |
//! |---|---|
//! | [`template`] | CloudFormation and SAM: the template with its intrinsics resolved |
//! | [`gateway`] | API Gateway's HTTP API: routes, authorizer with its cache, CORS, limits, events |
//! | [`websocket`] | API Gateway's WebSocket API: connections, routes, events, `@connections`, limits |
//! | [`lambda`] | Lambda: each function with its own variables and clients, time-outs, crashes |
//! | [`dynamodb`] | DynamoDB: an embedded one on SQLite, or whichever an endpoint names |
//! | [`s3`] | S3: an embedded one in a folder, or whichever an endpoint names |
//! | [`streams`] | event source mappings: changes of the table on their way to functions |
//! | [`schedules`] | EventBridge: functions that are invoked again and again |
//! | [`delivery`] | asynchronous invocations, such as S3's events on their way to functions |
//! | [`media`] | CloudFront: the media bucket, shown to everybody |
//! | [`aws`] | how all of these are reached |
//! | [`docs`] | the API reference at `/docs` |
//! | [`demo`] | people to look at |
//! | [`clock`] | time, which can be shifted |
//! | [`stack`] | all of it together, started and stopped |
//!
//! It is a tool for development: it listens on 127.0.0.1, has no TLS, and trusts its user.

pub mod aws;
pub mod clock;
pub mod delivery;
pub mod demo;
pub mod docs;
pub mod dynamodb;
pub mod gateway;
pub mod lambda;
pub mod media;
pub mod options;
pub mod s3;
pub mod schedules;
mod server;
pub mod stack;
pub mod streams;
pub mod template;
pub mod websocket;

pub use options::Options;
pub use stack::{Stack, StartError};
