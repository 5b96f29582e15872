//! Friends: who asked whom, who is whose friend, who blocks whom.
//!
//! | file | what is in it |
//! |---|---|
//! | `pair.rs` | what two people are to each other and may do about it: the rules, and nothing else |
//! | `sight.rs` | who sees what |
//! | `edge.rs` | that as two items, one for each of them |
//! | `act.rs` | one of them does something |
//! | `request.rs` | a request as the API shows it |
//! | `list.rs` | friends, requests and blocks |
//! | `mutual.rs` | whom two people both have as friends |
//! | `suggest.rs` | whom somebody may know |

mod act;
mod edge;
mod list;
mod mutual;
pub mod pair;
mod request;
pub mod sight;
mod suggest;

pub use act::{act, answer, ask, cancel};
pub(crate) use edge::{Edge, bond, edges, people};
pub use edge::{bonds, edges_of};
pub use list::{Blocked, Direction, Friend, Slice, blocks, friends, friends_of, requests};
pub(crate) use list::{asking, count_asking, newest};
pub use mutual::mutual_friends;
pub use request::{FriendRequest, FriendRequestStatus, request};
pub use suggest::{Suggestion, dismiss, suggestions};

/// The most friends somebody can have.
pub const MOST_FRIENDS: u32 = 5_000;
