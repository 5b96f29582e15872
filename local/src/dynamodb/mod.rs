//! DynamoDB: an embedded one, or whichever `AWS_ENDPOINT_URL_DYNAMODB` names.

mod embedded;
mod expiry;
mod load;
mod table;
mod writes;

pub use embedded::{Consumed, Embedded};
pub use load::{LoadError, Loader};
pub use table::create;
pub(crate) use table::root;
