//! The domain of Kith and what its functions share.
//!
//! Every Lambda in `functions/` is a thin layer over this crate: it extracts, calls, and maps.
//!
//! | module | what is in it |
//! |---|---|
//! | [`accounts`] | who somebody is: registration, passwords, sessions, tokens |
//! | [`profiles`] | what others see of them |
//! | [`friends`] | what people are to each other, and who sees what |
//! | [`posts`], [`comments`] | what people write |
//! | [`chat`] | what friends say to each other |
//! | [`notifications`] | what others did that concerns somebody |
//! | [`push`] | telling people at once what has happened, on whatever they are connected with |
//! | [`presence`] | whether one's friends are connected |
//! | [`feed`] | whose posts somebody is shown |
//! | [`jobs`] | what is done later, in steps |
//! | [`idempotency`] | a wish that is sent again is granted once |
//! | [`limits`] | how often somebody may try something |
//! | [`keys`] | the whole table on one page: the only place that spells a key |
//! | [`store`] | a handful of verbs over DynamoDB, with the rules that make a retry safe |
//! | [`objects`] | the same over S3 |
//! | [`http`] | bodies, problems, entity tags, cursors, the viewer: the only place that knows HTTP |
//! | [`error`] | everything that can go wrong, once |
//! | [`text`] | the rules that every text a person sends goes through |
//! | [`ids`], [`clock`] | ids, secrets and time, injected so that a test can hold them still |
//! | [`environment`] | what a function is given: its variables, an SDK configuration, clock and ids |
//!
//! Domain modules know no HTTP, and HTTP modules know no `AttributeValue`.

pub mod accounts;
pub mod chat;
pub mod clock;
pub mod comments;
pub mod environment;
pub mod error;
pub mod feed;
pub mod friends;
pub mod http;
pub mod idempotency;
pub mod ids;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod logs;
mod merge;
pub mod notifications;
pub mod objects;
pub mod posts;
pub mod presence;
pub mod profiles;
pub mod push;
pub mod store;
pub mod text;

pub use environment::{App, Environment};
pub use error::{Error, Result};
