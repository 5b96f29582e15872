//! What becomes of a picture that was uploaded.

use bytes::Bytes;

use super::names::{self, AvatarId};
use super::upload::{PictureLength, PictureType};
use super::{Pictures, UnusablePicture, UploadKey};
use crate::environment::App;
use crate::error::Result;
use crate::ids::UserId;
use crate::keys;
use crate::profiles::ProfileItem;
use crate::store::{Condition, Update, Written};
use crate::text::Parse as _;

/// What the squares are.
const CONTENT_TYPE: &str = "image/jpeg";

/// For how long browsers and the CDN may keep a picture: its content never changes, but after
/// it was deleted it must be gone at some time everywhere.
const CACHE_CONTROL: &str = "public, max-age=86400, immutable";

/// A picture in three sizes: JPEGs, upright, without metadata.
#[derive(Clone, Debug)]
pub struct Squares {
    /// 64 x 64 pixels.
    pub small: Bytes,
    /// 256 x 256 pixels.
    pub medium: Bytes,
    /// 512 x 512 pixels.
    pub large: Bytes,
}

/// An upload that is to be settled.
#[derive(Debug)]
pub struct OpenUpload {
    key: UploadKey,
    profile: ProfileItem,
    /// What it is said to be.
    pub kind: Option<PictureType>,
    /// What it is; `None` if it is longer than a picture may be.
    pub bytes: Option<Bytes>,
}

/// Fetches an upload, if it still matters. One round trip, 1 R, and S3.
///
/// An event that comes again, or late, finds that it does not: then what an earlier attempt
/// may have left is cleared away.
pub async fn open(app: &App, pictures: &Pictures, key: UploadKey) -> Result<Option<OpenUpload>> {
    let (name, profile_key) = (key.to_string(), keys::profile(key.user));
    let (profile, object) = tokio::try_join!(
        app.store.get::<ProfileItem>(&profile_key),
        pictures.uploads.get(&name, PictureLength::MAX),
    )?;
    match (profile, object) {
        (Some(profile), Some(object)) if is_open(&profile, &key) => {
            let kind = PictureType::parse(&object.content_type).ok();
            Ok(Some(OpenUpload { key, profile, kind, bytes: object.bytes }))
        }
        (profile, _) => {
            clear(pictures, &key, profile.as_ref()).await?;
            Ok(None)
        }
    }
}

/// Makes a picture its owner's, unless they have done something else since. One round trip,
/// 1 W, and S3.
///
/// The squares are put before the profile shows them. A crash in between, or a lost reply, lets
/// the event come again: it makes the same objects, and finds the profile showing them, or goes on.
/// Nothing is deleted of which the profile might still be changed to show it.
pub async fn accept(app: &App, pictures: &Pictures, upload: &OpenUpload, squares: Squares) -> Result<bool> {
    let UploadKey { user, ref id } = upload.key;
    let avatar = AvatarId::of(id, upload.bytes.as_deref().unwrap_or_default());
    let [small, medium, large] = avatar.keys(user);
    let put = async |key, jpeg| pictures.media.put(key, CONTENT_TYPE, CACHE_CONTROL, jpeg).await;
    tokio::try_join!(put(&small, squares.small), put(&medium, squares.medium), put(&large, squares.large),)?;
    let update = Update::of(keys::profile(user))
        .set("avatar", &avatar)
        .set("avatarMark", id.number)
        .when(Condition::below_or_unset("avatarMark", id.number)?);
    let profile = match app.store.update(update, &app.ids.write_id()).await? {
        Written::Done(row) | Written::Refused(Some(row)) => Some(row.read::<ProfileItem>()?),
        Written::Refused(None) => None,
    };
    clear(pictures, &upload.key, profile.as_ref()).await?;
    Ok(profile.is_some_and(|profile| profile.avatar == Some(avatar)))
}

/// Says why an upload cannot be used; the picture that was stays. One round trip, 1 W, and S3.
pub async fn refuse(
    app: &App,
    pictures: &Pictures,
    upload: &OpenUpload,
    code: UnusablePicture,
) -> Result<()> {
    let awaited = upload.profile.avatar_upload.as_ref().filter(|item| item.mark == upload.key.id.mark);
    // Whoever has asked for another one since wants to know about that one.
    if let Some(awaited) = awaited {
        let mut failed = awaited.clone();
        failed.code = Some(code);
        let update = Update::of(keys::profile(upload.key.user))
            .set("avatarUpload", &failed)
            .when(Condition::equals("avatarUpload", awaited)?);
        // Refused: it is settled in another way by now.
        let _settled: Written = app.store.update(update, &app.ids.write_id()).await?;
    }
    clear(pictures, &upload.key, Some(&upload.profile)).await
}

/// Whether the upload can still become the picture.
fn is_open(profile: &ProfileItem, key: &UploadKey) -> bool {
    let has_failed =
        profile.avatar_upload.as_ref().is_some_and(|item| item.mark == key.id.mark && item.code.is_some());
    key.id.number > profile.avatar_mark && !has_failed
}

/// Deletes the upload, and whatever its owner's profile does not show and never will.
///
/// The upload goes last: while it is there, an event that comes again finds the rest.
async fn clear(pictures: &Pictures, key: &UploadKey, profile: Option<&ProfileItem>) -> Result<()> {
    sweep(pictures, key.user, profile).await?;
    pictures.uploads.delete(&key.to_string()).await
}

/// Deletes the pictures of somebody that their profile does not show and never will; without
/// a profile, all of them.
pub(super) async fn sweep(pictures: &Pictures, user: UserId, profile: Option<&ProfileItem>) -> Result<()> {
    let is_rubbish = |key: &String| match (profile, names::picture(user, key)) {
        (Some(profile), Some((number, id))) => {
            number <= profile.avatar_mark && profile.avatar.as_ref() != Some(&id)
        }
        (Some(_), None) => false,
        (None, _) => true,
    };
    let keys = pictures.media.list(&names::folder(user)).await?;
    let deletions = keys.iter().filter(|key| is_rubbish(key)).map(|key| pictures.media.delete(key));
    futures_util::future::try_join_all(deletions).await?;
    Ok(())
}
