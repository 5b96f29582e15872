//! Notifications: what others did that concerns somebody.
//!
//! | file | what is in it |
//! |---|---|
//! | `cause.rs` | what somebody is notified of, and whether it is so |
//! | `item.rs` | a notification as an item |
//! | `settle.rs` | bringing notifications in line with their causes, and telling of new ones |
//! | `view.rs` | a notification as the API shows it |
//! | `list.rs` | somebody's notifications, page by page |
//! | `unseen.rs` | how many of them are new |
//! | `seen.rs` | up to which they were seen |
//!
//! What makes it right:
//! - There is one item for each cause, as its key is made of it. A like that is taken back and given
//!   again is the same notification, which was told of once.
//! - It follows its cause: whatever change the stream tells of, in whatever order and however often,
//!   it is looked at what is so now, and the item is brought in line with that.
//! - It only points. Whoever reads their notifications is shown those whose cause is so, and by
//!   somebody whom they neither block nor are blocked by: that is read, strongly, when it is shown. An
//!   item that is missing or too many, for the moment that the stream takes, shows nothing that it should
//!   not; and what is counted is what is listed, as both ask the same.

mod cause;
mod item;
mod list;
mod seen;
mod settle;
mod unseen;
mod view;

pub use cause::{Cause, touched_by};
pub use list::{Listed, list};
pub use seen::mark_seen;
pub use settle::settle;
pub(crate) use unseen::unseen;
pub use view::{Notification, Subject};
