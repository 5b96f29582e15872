//! HTTP as every function speaks it.
//!
//! | module | what is in it |
//! |---|---|
//! | [`serve`](fn@serve) | what surrounds every handler: request id, deadline, problems, the log line |
//! | [`problem`] | how each error looks to a client: the one mapping of the codes |
//! | [`body`] | strict JSON in, every broken rule reported at once |
//! | [`caller`] | who asks: the viewer, the address, the device |
//! | [`path`] | ids in paths |
//! | [`etag`] | entity tags and their conditions |
//! | [`idempotency`] | the key by which a wish that is sent again is known |
//! | [`query`] | what a query asks for |
//! | [`page`] | lists, and their cursors |
//! | [`answer`] | what handlers answer with |
//! | [`openapi`] | the answers that many routes share, for the document |

pub mod answer;
pub mod body;
pub mod caller;
pub mod etag;
pub mod idempotency;
mod json;
pub mod openapi;
pub mod page;
pub mod path;
pub mod problem;
pub mod query;
mod serve;

pub use serve::{log_failure, serve, surround};
