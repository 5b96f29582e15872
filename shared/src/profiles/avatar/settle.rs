//! What becomes of a picture that was uploaded.

use bytes::Bytes;

use super::names::{self, AvatarId};
use super::upload::{PictureLength, PictureType};
use super::{Pictures, UnusablePicture, UploadItem, UploadKey};
use crate::environment::App;
use crate::error::Result;
use crate::ids::UserId;
use crate::keys;
use crate::profiles::ProfileItem;
use crate::store::retry::Backoff;
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
/// may have left is cleared away. That is known from the profile alone, so whatever is put to a
/// URL again and again costs nothing but that.
pub async fn open(app: &App, pictures: &Pictures, key: UploadKey) -> Result<Option<OpenUpload>> {
    let profile = app.store.get::<ProfileItem>(&keys::profile(key.user)).await?;
    if let Some(open) = profile.as_ref().filter(|profile| is_open(profile, &key))
        && let Some(object) = pictures.uploads.get(&key.to_string(), PictureLength::MAX).await?
    {
        let kind = PictureType::parse(&object.content_type).ok();
        return Ok(Some(OpenUpload { profile: open.clone(), key, kind, bytes: object.bytes }));
    }
    clear(pictures, &key, profile.as_ref()).await?;
    Ok(None)
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
///
/// What is written follows from all of the profile, so it is written only if nobody else wrote
/// the profile since, and is thought over otherwise.
pub async fn refuse(
    app: &App,
    pictures: &Pictures,
    upload: &OpenUpload,
    code: UnusablePicture,
) -> Result<()> {
    let (mut profile, mut pause) = (upload.profile.clone(), Backoff::default());
    let settled = loop {
        // It is settled in another way by now.
        if !is_open(&profile, &upload.key) {
            break Some(profile);
        }
        match app.store.update(refusal(&profile, &upload.key, code), &app.ids.write_id()).await? {
            Written::Done(row) => break Some(row.read()?),
            Written::Refused(Some(row)) => profile = row.read()?,
            Written::Refused(None) => break None,
        }
        pause.wait("the profile is written by others").await?;
    };
    clear(pictures, &upload.key, settled.as_ref()).await
}

/// The write that refuses an upload, if the profile is still as it was read.
fn refusal(profile: &ProfileItem, key: &UploadKey, code: UnusablePicture) -> Update {
    // Whoever has asked for another one since wants to know about that one.
    let awaited = profile.avatar_upload.as_ref().filter(|item| item.mark == key.id.mark);
    Update::of(keys::profile(key.user))
        .set("avatarRefused", profile.avatar_refused.with(key.id.number))
        .set_some("avatarUpload", awaited.map(|item| UploadItem { code: Some(code), ..item.clone() }))
        .when(profile.write_id.clone().map_or(Condition::Exists, Condition::WrittenBy))
}

/// Whether the upload can still become the picture.
fn is_open(profile: &ProfileItem, key: &UploadKey) -> bool {
    key.id.number > profile.avatar_mark && !profile.avatar_refused.has(key.id.number)
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
