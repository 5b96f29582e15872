//! Why the stack cannot be started.

use std::net::IpAddr;

use shared::environment::BadVariable;

use crate::lambda::FunctionError;
use crate::template::TemplateError;

/// Why the stack cannot be started, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error(
        "the data folder {0} cannot be used ({1}): choose another with --data, or keep nothing with --memory"
    )]
    Data(String, String),
    /// The port cannot be listened on.
    #[error("port {0} cannot be listened on ({1}): choose another with {2}, 0 for any")]
    Port(u16, std::io::Error, &'static str),
    /// The address cannot be listened on.
    #[error("the address {0} cannot be listened on ({1}): choose another with --bind")]
    Address(IpAddr, std::io::Error),
    /// DynamoDB or S3 cannot be started.
    #[error("the embedded {0} cannot be started: {1}")]
    Embedded(&'static str, String),
    /// DynamoDB or S3 cannot be reached, or refuses.
    #[error("{0} at {1} cannot be used ({2}): see {3}")]
    Elsewhere(&'static str, String, String, &'static str),
    /// The template cannot be served.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A function cannot be started.
    #[error(transparent)]
    Function(#[from] FunctionError),
    /// A variable is missing or wrong.
    #[error(transparent)]
    Variable(#[from] BadVariable),
}
