//! What people see of each other: profiles, and one's own.

pub mod avatar;
mod edit;
mod item;
mod look;
mod rename;
pub mod search;
mod tell;
mod view;

pub use avatar::PictureUrls;
pub use edit::{ProfileEdit, edit, set_status};
pub use item::ProfileItem;
pub use look::{by_id, by_username, me};
pub use tell::{changed_by, tell};
pub use view::{Avatar, AvatarUpload, AvatarUploadStatus, Found, Me, Profile, Relation, Status, UserRef};

use crate::text::text_type;

text_type! {
    /// What somebody is called: at most 64 characters, may be empty.
    Name, 64, "Alice Liddell"
}

text_type! {
    /// What somebody says about themselves: at most 500 characters, may be empty.
    Bio, 500, "Curiouser and curiouser."
}

text_type! {
    /// Where somebody says they are: at most 100 characters, may be empty.
    Location, 100, "Oxford"
}

text_type! {
    /// What somebody is up to: at most 140 characters; empty clears it.
    StatusText, 140, "Down the rabbit hole"
}
