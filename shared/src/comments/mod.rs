//! Comments: what people say about a post.
//!
//! | file | what is in it |
//! |---|---|
//! | `item.rs` | a comment as an item, and as the API shows it |
//! | `add.rs` | adding one |
//! | `change.rs` | editing and deleting one |
//! | `look.rs` | one comment, and a post's |
//!
//! Whoever sees a post sees its comments, but for those by somebody whom they block or are
//! blocked by.

mod add;
mod change;
mod item;
mod look;

pub use add::add;
pub use change::{delete, edit};
pub use item::Comment;
pub(crate) use item::CommentItem;
pub use look::{Order, by_id, on_post};

use crate::text::text_type;

text_type! {
    /// What a comment says: 1 to 2,000 characters, not blank.
    CommentText, 1..=2000, "Never imagine yourself not to be otherwise."
}
