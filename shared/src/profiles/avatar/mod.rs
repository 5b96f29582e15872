//! People's pictures: from the wish to upload one, to three squares that everybody sees.
//!
//! | file | what is in it |
//! |---|---|
//! | `upload.rs` | the wish, answered with a URL to put the picture to |
//! | `settle.rs` | what becomes of it once it is there |
//! | `remove.rs` | doing without a picture |
//! | `refused.rs` | which uploads could not be used |
//! | `names.rs` | ids of uploads and pictures, and the objects' keys made of them |
//!
//! # What the profile holds
//! Events come late, twice, and in any order; what a person did last must win. So every wish
//! takes the next number from the profile (`avatarUploads`), in one write, and the profile
//! remembers up to which number all is settled (`avatarMark`). A picture is taken only if its
//! number is above the mark, and moves the mark there; doing without a picture moves it to the
//! last number given out. Whatever is not above the mark can never be taken any more: so the
//! objects under such numbers, but the picture's own, are rubbish, whoever left them there, and
//! are swept after every change.
//!
//! An upload that cannot be used moves nothing: an earlier one may still be on its way, and is
//! then what its owner did last. But its URL is good for as many uploads as somebody can send in
//! five minutes, and a look at each costs a second of a processor. So the profile also remembers
//! which numbers were refused (`avatarRefused`): what comes under such a number again is deleted
//! without a look, like what comes under a number that is not above the mark.

mod names;
mod refused;
mod remove;
mod settle;
mod upload;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use names::{AvatarId, UploadId, UploadKey};
pub use refused::RefusedUploads;
pub use remove::remove;
pub use settle::{OpenUpload, Squares, accept, open, refuse};
pub use upload::{NewUpload, PictureLength, PictureType, upload};

use super::{Avatar, AvatarUpload, AvatarUploadStatus, ProfileItem};
use crate::clock::Timestamp;
use crate::environment::{BadVariable, Environment};
use crate::objects::{Bucket, Objects};

/// Where pictures are put and kept.
#[derive(Clone, Debug)]
pub struct Pictures {
    /// Where people put them.
    uploads: Bucket,
    /// Where everybody sees them.
    media: Bucket,
}

impl Pictures {
    /// In these buckets.
    #[must_use]
    pub const fn new(uploads: Bucket, media: Bucket) -> Self {
        Self { uploads, media }
    }

    /// In the buckets that `UPLOADS_BUCKET` and `MEDIA_BUCKET` name.
    pub fn read(environment: &Environment) -> Result<Self, BadVariable> {
        let objects = Objects::new(environment);
        let bucket =
            |variable| environment.variables.read::<String>(variable).map(|name| objects.bucket(&name));
        Ok(Self::new(bucket("UPLOADS_BUCKET")?, bucket("MEDIA_BUCKET")?))
    }
}

/// Where pictures are seen.
#[derive(Clone, Debug)]
pub struct PictureUrls(Arc<str>);

impl PictureUrls {
    /// Under this URL.
    #[must_use]
    pub fn new(base: String) -> Self {
        Self(base.into())
    }

    /// Somebody's picture.
    pub(super) fn of(&self, profile: &ProfileItem) -> Option<Avatar> {
        let [small, medium, large] = profile.avatar.as_ref()?.keys(profile.user_id);
        let url = |key| format!("{}/{key}", self.0);
        Some(Avatar { small: url(small), medium: url(medium), large: url(large) })
    }
}

/// The last upload somebody asked for, whose number is the profile's count of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadItem {
    /// What tells it from others that might have had its number.
    mark: String,
    /// Until when it is expected.
    expires_at: Timestamp,
    /// Why it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<UnusablePicture>,
}

/// Why a picture cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnusablePicture {
    /// It is no PNG, JPEG or WebP.
    NotAPicture,
    /// It is another type than was said.
    OtherType,
    /// It has more than 4096 pixels in a row or column, or more bytes than it may have.
    TooLarge,
    /// It moves.
    Animated,
    /// A part of it is missing or broken.
    Damaged,
    /// Something else is hidden in it, or behind it.
    NotOnlyAPicture,
}

impl ProfileItem {
    /// The upload that its owner waits for, or the last one that could not be used.
    pub(super) fn awaited(&self, now: Timestamp) -> Option<AvatarUpload> {
        let upload = self.avatar_upload.as_ref().filter(|_| self.avatar_uploads > self.avatar_mark)?;
        let status = match upload.code {
            Some(_) => AvatarUploadStatus::Failed,
            None if now < upload.expires_at.after(upload::PATIENCE) => AvatarUploadStatus::Pending,
            None => return None,
        };
        let id = UploadId { number: self.avatar_uploads, mark: upload.mark.clone() };
        Some(AvatarUpload { id: id.to_string(), status, code: upload.code })
    }
}
