//! Ids of uploads and pictures, and the only place that spells an object's key.
//!
//! | object | bucket | key |
//! |---|---|---|
//! | upload | uploads | `avatars/<user>/<number>-<mark>` |
//! | picture | media | `avatars/<user>/<number>-<digest>/<pixels>.jpg` |
//!
//! The mark is random and never shown to anybody else, and the digest is of it and of the
//! picture: nobody can guess where a picture is from knowing whose it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{MalformedId, UserId, digest};

/// What all keys here begin with.
const FOLDER: &str = "avatars";

/// Which upload of somebody: its number and its mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadId {
    /// How many its owner had asked for, itself included.
    pub number: u64,
    /// Random, so that it cannot be guessed.
    pub mark: String,
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.number, self.mark)
    }
}

impl FromStr for UploadId {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let (number, mark) = text.split_once('-').ok_or(MalformedId)?;
        Ok(Self { number: number.parse().map_err(|_| MalformedId)?, mark: mark.to_owned() })
    }
}

/// Where an upload is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadKey {
    /// Whose it is.
    pub user: UserId,
    /// Which of theirs.
    pub id: UploadId,
}

impl fmt::Display for UploadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FOLDER}/{}/{}", self.user, self.id)
    }
}

impl FromStr for UploadKey {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let (user, id) = text
            .strip_prefix(FOLDER)
            .and_then(|rest| rest.strip_prefix('/')?.split_once('/'))
            .ok_or(MalformedId)?;
        Ok(Self { user: user.parse()?, id: id.parse()? })
    }
}

/// Which picture: what was made of one upload's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AvatarId(String);

impl AvatarId {
    /// What is made of these bytes, always the same: so an event that comes twice makes one
    /// picture, and two contents that were put to one URL make two.
    pub(super) fn of(upload: &UploadId, bytes: &[u8]) -> Self {
        Self(format!("{}-{}", upload.number, digest(&[upload.mark.as_bytes(), bytes])))
    }

    /// The keys of its squares, from the smallest to the largest.
    pub(super) fn keys(&self, user: UserId) -> [String; 3] {
        [64, 256, 512].map(|pixels| format!("{}{}/{pixels}.jpg", folder(user), self.0))
    }
}

/// What the keys of all of somebody's pictures begin with.
pub(super) fn folder(user: UserId) -> String {
    format!("{FOLDER}/{user}/")
}

/// The number and the picture that a key in somebody's folder is of.
pub(super) fn picture(user: UserId, key: &str) -> Option<(u64, AvatarId)> {
    let (id, _) = key.strip_prefix(&folder(user))?.split_once('/')?;
    let (number, _) = id.split_once('-')?;
    Some((number.parse().ok()?, AvatarId(id.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ids::Ids;

    #[test]
    fn an_uploads_key_can_be_read_again() {
        let user = Ids::random(Clock::system()).user_id();
        let key = UploadKey { user, id: UploadId { number: 12, mark: "-_x-".into() } };
        assert_eq!(key.to_string().parse(), Ok(key));
        for bad in
            ["", "avatars", "avatars/x/1-a", &format!("avatars/{user}/a"), &format!("/avatars/{user}/1-a")]
        {
            assert_eq!(bad.parse::<UploadKey>(), Err(MalformedId), "{bad}");
        }
    }

    #[test]
    fn a_pictures_keys_lead_back_to_it() {
        let user = Ids::random(Clock::system()).user_id();
        let id = AvatarId::of(&UploadId { number: 7, mark: "m".into() }, b"bytes");
        for key in id.keys(user) {
            assert_eq!(picture(user, &key), Some((7, id.clone())));
        }
        assert_eq!(picture(user, "avatars/somebody/7-x/64.jpg"), None);
    }

    #[test]
    fn other_bytes_or_another_upload_make_another_picture() {
        let upload = |number, mark: &str| UploadId { number, mark: mark.into() };
        let id = AvatarId::of(&upload(1, "a"), b"x");
        assert_eq!(id, AvatarId::of(&upload(1, "a"), b"x"));
        assert_ne!(id, AvatarId::of(&upload(1, "a"), b"y"));
        assert_ne!(id, AvatarId::of(&upload(1, "b"), b"x"));
    }
}
