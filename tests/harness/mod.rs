//! How tests start a stack, speak to it, and make its storage fail.

pub(crate) mod avatar;
mod call;
pub(crate) mod chat;
mod delays;
mod faults;
mod kith;
pub(crate) mod notifications;
pub(crate) mod orders;
mod people;
pub(crate) mod picture;
mod process;
mod runtime;
mod schema;
pub(crate) mod seed;
mod socket;
pub(crate) mod table;
pub(crate) mod world;

pub(crate) use call::{Answer, Call};
pub(crate) use faults::{Fault, Faults};
pub(crate) use kith::{Kith, PASSWORD, Person, registration};
pub(crate) use process::Process;
pub(crate) use runtime::Bootstrap;
pub(crate) use schema::Contract;
pub(crate) use socket::{Next, Socket};
