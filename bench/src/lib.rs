//! How fast the local stack is, on the machine that this runs on, and that its cost does not grow with
//! what it holds.
//!
//! | module | what is in it |
//! |---|---|
//! | [`world`] | people, friendships and posts without end, all of them known from a number |
//! | [`seed`] | the same as items, and how they get into a store |
//! | [`calls`] | what is asked of such a store: a row of the tables for each |
//! | [`costs`] | what each of them costs in DynamoDB |
//!
//! The program (`main.rs`) prints figures beside those that are to be reached, and fails only if
//! something is lost, or a cost grows: how fast a machine is, and what else it does, is not the
//! program's fault.

pub mod calls;
pub mod costs;
pub mod seed;
pub mod world;

/// Whatever may go wrong: it ends the bench.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
