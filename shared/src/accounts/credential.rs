//! What somebody signs in with, as an item.

use serde::{Deserialize, Serialize};

use super::{Email, PasswordHash};
use crate::ids::UserId;

/// The item at [`keys::credential`](crate::keys::credential).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Credential {
    /// Where the person can be reached.
    pub email: Email,
    /// What their password must hash to.
    pub password_hash: PasswordHash,
    /// Which generation of sessions is valid. Raising it ends all others at once, in the one
    /// write that changes the password, whatever is signing in at the same time.
    pub generation: u64,
}

/// The item at [`keys::username`](crate::keys::username) and
/// [`keys::email`](crate::keys::email): whose it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lock {
    /// The owner.
    pub user_id: UserId,
}
