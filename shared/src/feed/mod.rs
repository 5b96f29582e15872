//! Feeds: the posts of friends, and one's own.
//!
//! | file | what is in it |
//! |---|---|
//! | `entry.rs` | that a post is in somebody's feed |
//! | `read.rs` | reading a feed |
//! | `distribute.rs` | the job that brings every friend's feed in line with a post |
//! | `reconcile.rs` | the job that brings two people's feeds in line with their friendship |
//!
//! An entry is a pointer and nothing more. Reading asks again whether the post is there, and for
//! whom, so an entry that is missing or too many never shows what it should not: entries only
//! decide what a reader need not look for. Both jobs look at what is so *now* and make it so in
//! the feeds. So it does not matter how often a step is repeated, or in which order changes of the
//! table are told: whoever comes last has it right.

pub(crate) mod distribute;
mod entry;
mod read;
pub(crate) mod reconcile;

pub use entry::{KEPT_FOR, entry};
pub use read::read;
