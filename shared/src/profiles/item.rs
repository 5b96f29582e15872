//! A profile as an item.

use serde::{Deserialize, Serialize};

use super::avatar::{AvatarId, RefusedUploads, UploadItem};
use super::{Bio, Location, Me, Name, Profile, Relation, Status, UserRef};
use crate::accounts::{Email, Username};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::ids::{UserId, WriteId};

/// The item at [`keys::profile`](crate::keys::profile).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileItem {
    /// Whose it is.
    pub user_id: UserId,
    /// The name they are found by.
    pub username: Username,
    /// The name they go by.
    pub name: Name,
    /// What they say about themselves.
    pub bio: Bio,
    /// Where they say they are.
    pub location: Location,
    /// What they are up to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Their picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<AvatarId>,
    /// The last upload they asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_upload: Option<UploadItem>,
    /// How many uploads they have asked for.
    #[serde(default)]
    pub avatar_uploads: u64,
    /// Up to which of them all is settled.
    #[serde(default)]
    pub avatar_mark: u64,
    /// Which of them could not be used.
    #[serde(default)]
    pub avatar_refused: RefusedUploads,
    /// How many friends they have: changed only with a friendship, in its transaction.
    pub friend_count: u32,
    /// Counts the changes their owner makes, but for the picture, which takes its time.
    pub version: u64,
    /// When they registered.
    pub created_at: Timestamp,
    /// Which write made it so.
    #[serde(default, skip_serializing)]
    pub write_id: Option<WriteId>,
}

impl ProfileItem {
    /// The profile of a new account.
    #[must_use]
    pub fn new(user_id: UserId, username: Username, name: Name, now: Timestamp) -> Self {
        Self {
            user_id,
            username,
            name,
            bio: Bio::default(),
            location: Location::default(),
            status: None,
            avatar: None,
            avatar_upload: None,
            avatar_uploads: 0,
            avatar_mark: 0,
            avatar_refused: RefusedUploads::default(),
            friend_count: 0,
            version: 1,
            created_at: now,
            write_id: None,
        }
    }

    /// As somebody sees it.
    #[must_use]
    pub fn into_profile(self, relation: Relation, app: &App) -> Profile {
        Profile {
            avatar: app.pictures.of(&self),
            id: self.user_id,
            username: self.username,
            name: self.name,
            bio: self.bio,
            location: self.location,
            status: self.status,
            friend_count: self.friend_count,
            created_at: self.created_at,
            relation,
        }
    }

    /// As it stands in a list of people.
    #[must_use]
    pub fn into_ref(self, app: &App) -> UserRef {
        let avatar = app.pictures.of(&self);
        UserRef { id: self.user_id, username: Some(self.username), name: Some(self.name), avatar }
    }

    /// As its owner sees it.
    #[must_use]
    pub fn into_me(self, email: Email, app: &App) -> Me {
        let (version, avatar_upload) = (self.version, self.awaited(app.clock.now()));
        Me { profile: self.into_profile(Relation::Me, app), email, version, avatar_upload }
    }
}
