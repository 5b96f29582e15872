//! The wish to upload a picture, answered with a URL to put it to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{Pictures, UploadId, UploadItem, UploadKey};
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::keys;
use crate::limits::{self, Limits, Subject};
use crate::profiles::ProfileItem;
use crate::store::{Update, Written};
use crate::text::{Parse, Refusal};

/// How long a URL can be used.
const VALID_FOR: Duration = Duration::from_mins(5);

/// For how long after that a picture may still be on its way to being seen.
pub(super) const PATIENCE: Duration = Duration::from_mins(15);

/// What type of picture it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum PictureType {
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
}

impl PictureType {
    /// Its media type.
    #[must_use]
    pub const fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }
}

impl Parse for PictureType {
    fn parse(text: &str) -> Result<Self, Refusal> {
        [Self::Png, Self::Jpeg, Self::Webp]
            .into_iter()
            .find(|kind| kind.mime() == text)
            .ok_or_else(|| Refusal::new("must be image/png, image/jpeg or image/webp"))
    }
}

/// How many bytes a picture has: 1 to 5 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureLength(u64);

impl PictureLength {
    /// The most bytes it may have.
    pub const MAX: u64 = 5 * 1024 * 1024;

    /// This many bytes.
    pub fn new(bytes: u64) -> Result<Self, Refusal> {
        match bytes {
            1..=Self::MAX => Ok(Self(bytes)),
            _ => Err(Refusal::new("must be 1 to 5242880 bytes")),
        }
    }
}

impl PartialSchema for PictureLength {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(Self::MAX))
            .examples([183_204])
            .into()
    }
}

impl ToSchema for PictureLength {}

/// How to upload a picture: one request, to be made as it stands here.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewUpload {
    /// Its id, by which `avatarUpload` of one's profile tells what becomes of it.
    #[schema(example = "4-AAECAwQFBgcICQoLDA0ODw")]
    pub id: String,
    /// The request's method.
    #[schema(examples("PUT"))]
    pub method: &'static str,
    /// Where to send it. Whoever has it can upload in your name: keep it to yourself.
    #[schema(
        format = "uri",
        example = "https://uploads.example/avatars/01JZZ3W0Q5E8T4C9M2R7B6N1KD/4-AAECAwQFBgcICQoLDA0ODw?X-Amz-Signature=0f8fad5b"
    )]
    pub url: String,
    /// The headers to send. `Content-Length` must be what was said, which browsers see to.
    #[schema(example = json!({ "Content-Type": "image/jpeg" }))]
    pub headers: BTreeMap<&'static str, String>,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Asks to upload a picture of this type and length. Two round trips, 2 W.
///
/// One write takes the next number: of two wishes at once one is the later. One that is
/// repeated after a lost reply may take one more number, under which nothing will ever be put.
pub async fn upload(
    app: &App,
    pictures: &Pictures,
    viewer: UserId,
    kind: PictureType,
    PictureLength(length): PictureLength,
) -> Result<NewUpload> {
    let limits = Limits::of(app);
    limits.take(limits::AVATAR_UPLOAD, Subject::user(viewer)).await?;
    let expires_at = app.clock.now().after(VALID_FOR);
    let mark = app.ids.write_id();
    let item = UploadItem { mark: mark.as_str().to_owned(), expires_at, code: None };
    let update = Update::of(keys::profile(viewer)).increment("avatarUploads").set("avatarUpload", &item);
    let Written::Done(row) = app.store.update(update, &app.ids.write_id()).await? else {
        return Err(Error::Unauthenticated);
    };
    let id = UploadId { number: row.read::<ProfileItem>()?.avatar_uploads, mark: item.mark };
    let key = UploadKey { user: viewer, id };
    let url = pictures.uploads.presign_put(&key.to_string(), kind.mime(), length, VALID_FOR).await?;
    let headers = BTreeMap::from([("Content-Type", kind.mime().to_owned())]);
    Ok(NewUpload { id: key.id.to_string(), method: "PUT", url, headers, expires_at })
}
