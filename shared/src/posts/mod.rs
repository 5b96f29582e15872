//! Posts: what people write, for whom, and who likes it.
//!
//! | file | what is in it |
//! |---|---|
//! | `item.rs` | a post as two items: itself, and its counters |
//! | `view.rs` | a post as the API shows it, and what is read around it |
//! | `sight.rs` | whether a post is there for somebody, and that this still holds when they write |
//! | `create.rs`, `edit.rs`, `delete.rs` | what its author does |
//! | `look.rs` | one post, and an author's |
//! | `like.rs` | liking, and who likes it |
//! | `sweep.rs` | what is left of a deleted one |

mod create;
mod delete;
mod edit;
mod item;
mod like;
mod look;
pub(crate) mod sight;
pub(crate) mod sweep;
mod view;

pub use create::{NewPost, create, post};
pub use delete::delete;
pub use edit::{PostEdit, edit};
pub(crate) use item::{Counters, PostItem};
pub(crate) use like::LikeItem;
pub use like::{Liker, like, likers, unlike};
pub use look::{by_author, by_id};
pub(crate) use look::{newest, numbers};
pub use view::Post;
pub(crate) use view::{show, surroundings};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::friends::sight::Audience;
use crate::text::{Parse, Refusal, text_type};

text_type! {
    /// What a post says: 1 to 5,000 characters, not blank.
    PostText, 1..=5000, "Down, down, down. Would the fall never come to an end?"
}

/// For whom a post is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Visibility {
    /// Everybody who is signed in, unless one of the two blocks the other.
    Public,
    /// The author's friends.
    Friends,
    /// Nobody but the author.
    Private,
}

impl Visibility {
    /// Its name in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Friends => "friends",
            Self::Private => "private",
        }
    }

    /// Who sees it.
    #[must_use]
    pub const fn audience(self) -> Audience {
        match self {
            Self::Public => Audience::Public,
            Self::Friends => Audience::Friends,
            Self::Private => Audience::Private,
        }
    }

    /// Whether it is for friends, so that it belongs in their feeds.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Public | Self::Friends)
    }
}

impl Parse for Visibility {
    fn parse(text: &str) -> Result<Self, Refusal> {
        [Self::Public, Self::Friends, Self::Private]
            .into_iter()
            .find(|visibility| visibility.as_str() == text)
            .ok_or_else(|| Refusal::new("must be public, friends or private"))
    }
}
