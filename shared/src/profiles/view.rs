//! Profiles as the API shows them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::avatar::UnusablePicture;
use super::{Bio, Location, Name, StatusText};
use crate::accounts::{Email, Username};
use crate::clock::Timestamp;
use crate::friends::pair::{Bond, Side, Tie};
use crate::ids::UserId;

/// A person.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// The person's id.
    pub id: UserId,
    /// The name they are found by.
    pub username: Username,
    /// The name they go by, "" when unset.
    pub name: Name,
    /// What they say about themselves, "" when unset.
    pub bio: Bio,
    /// Where they say they are, "" when unset.
    pub location: Location,
    /// What they are up to.
    #[schema(required)]
    pub status: Option<Status>,
    /// Their picture.
    #[schema(required)]
    pub avatar: Option<Avatar>,
    /// How many friends they have.
    #[schema(example = 12)]
    pub friend_count: u32,
    /// When they registered.
    pub created_at: Timestamp,
    /// What they are to the viewer.
    pub relation: Relation,
}

/// Oneself: a profile, and what only its owner sees.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// What others see.
    #[serde(flatten)]
    pub profile: Profile,
    /// Where the person can be reached.
    pub email: Email,
    /// Counts the changes to the profile; the first part of the `ETag`.
    #[schema(example = 3)]
    pub version: u64,
    /// The picture being worked on, or the last one that could not be used.
    #[schema(required)]
    pub avatar_upload: Option<AvatarUpload>,
}

/// A person, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserRef {
    /// The person's id.
    pub id: UserId,
    /// The name they are found by; null for a deleted account and for whoever blocked the viewer.
    #[schema(required)]
    pub username: Option<Username>,
    /// The name they go by, "" when unset; null like the username.
    #[schema(required)]
    pub name: Option<Name>,
    /// Their picture; null like the username, and when there is none.
    #[schema(required)]
    pub avatar: Option<Avatar>,
}

impl UserRef {
    /// Somebody of whom the viewer may not know more.
    #[must_use]
    pub const fn hidden(id: UserId) -> Self {
        Self { id, username: None, name: None, avatar: None }
    }
}

/// A person who was found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Found {
    /// Who.
    #[serde(flatten)]
    pub user: UserRef,
    /// What they are to the viewer.
    pub relation: Relation,
}

/// What somebody is up to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// In their words, never empty.
    pub text: StatusText,
    /// Since when.
    pub updated_at: Timestamp,
}

/// A square JPEG in three sizes, at absolute URLs whose content never changes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Avatar {
    /// 64 pixels.
    #[schema(
        format = "uri",
        example = "https://media.example/avatars/01JZZ3W0Q5E8T4C9M2R7B6N1KD/4-qmVk/64.jpg"
    )]
    pub small: String,
    /// 256 pixels.
    #[schema(
        format = "uri",
        example = "https://media.example/avatars/01JZZ3W0Q5E8T4C9M2R7B6N1KD/4-qmVk/256.jpg"
    )]
    pub medium: String,
    /// 512 pixels.
    #[schema(
        format = "uri",
        example = "https://media.example/avatars/01JZZ3W0Q5E8T4C9M2R7B6N1KD/4-qmVk/512.jpg"
    )]
    pub large: String,
}

/// A picture that is not (yet) the avatar.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({ "id": "4-AAECAwQFBgcICQoLDA0ODw", "status": "failed", "code": "animated" }))]
pub struct AvatarUpload {
    /// The upload's id.
    pub id: String,
    /// How it stands.
    pub status: AvatarUploadStatus,
    /// Why it failed.
    #[schema(required)]
    pub code: Option<UnusablePicture>,
}

/// How an upload stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AvatarUploadStatus {
    /// It is awaited or being worked on.
    Pending,
    /// It could not be used.
    Failed,
}

/// What somebody is to the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Relation {
    /// The viewer.
    #[serde(rename = "self")]
    Me,
    /// Nobody in particular.
    None,
    /// Asked by the viewer.
    RequestSent,
    /// Asking the viewer.
    RequestReceived,
    /// A friend.
    Friends,
    /// Blocked by the viewer.
    Blocked,
}

impl Relation {
    /// What `user` is to `viewer`, between whom there is this bond.
    #[must_use]
    pub fn of(user: UserId, viewer: UserId, bond: &Bond) -> Self {
        match bond.tie {
            _ if user == viewer => Self::Me,
            _ if bond.blocked.is_some() => Self::Blocked,
            Tie::Nothing => Self::None,
            Tie::Requested { by: Side::Me, .. } => Self::RequestSent,
            Tie::Requested { by: Side::Them, .. } => Self::RequestReceived,
            Tie::Friends { .. } => Self::Friends,
        }
    }
}
