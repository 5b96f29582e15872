//! Idempotency keys: a wish that is sent again is granted once.
//!
//! A key is taken in the transaction that makes the thing, so there is no thing without its key
//! and no key without its thing, whatever crashes in between. It is kept for 24 hours, and holds
//! no more than the thing's id and a digest of what was asked for.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{UserId, digest};
use crate::keys;
use crate::store::{Condition, Found, Put, Row};
use crate::text::{Parse, Refusal};

/// For how long a key is remembered.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// A client's name for one wish: 1 to 255 characters of printable ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

impl Parse for Key {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let fits = (1..=255).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if fits { Ok(Self(text.into())) } else { Err(Refusal::new("must be 1 to 255 characters of ASCII")) }
    }
}

/// What tells a wish from another one with the same key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fingerprint(String);

impl Fingerprint {
    /// Of all that was asked for.
    pub(crate) fn of(parts: &[&str]) -> Self {
        Self(digest(&parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>()))
    }
}

/// The item at [`keys::idempotency`].
#[derive(Debug, Serialize, Deserialize)]
struct Claim {
    asked: Fingerprint,
    /// The thing's id.
    made: String,
}

/// The key's part of the transaction that makes the thing: it holds only if the key is free. One
/// that expired counts as free, even if it was not swept yet.
pub(crate) fn claim(
    app: &App,
    user: UserId,
    key: &Key,
    asked: &Fingerprint,
    made: &impl ToString,
) -> Result<Put> {
    let now = app.clock.now();
    let claim = Claim { asked: asked.clone(), made: made.to_string() };
    let put = Put::new(&place(user, key), &claim)?;
    Ok(put.when(Condition::AbsentOrExpired(now)).expire_at(now.after(KEPT_FOR)))
}

/// Where a key is kept, for reading it with other things.
pub(crate) fn place(user: UserId, key: &Key) -> keys::Key {
    keys::idempotency(user, &key.0)
}

/// What was made with a key, if it was among what was read.
pub(crate) fn known<T: FromStr>(
    found: &Found,
    user: UserId,
    key: &Key,
    asked: &Fingerprint,
) -> Result<Option<T>> {
    let claim = found.peek::<Claim>(&place(user, key))?;
    claim.map(|claim| claim.matching(asked)).transpose()
}

/// What was made with a key by whoever came first.
///
/// # Errors
/// [`Error::IdempotencyKeyReuse`] if something else was asked for.
pub(crate) fn original<T: FromStr>(row: Option<Row>, asked: &Fingerprint) -> Result<T> {
    let row = row.ok_or_else(|| Error::internal("a key was refused, and is not there"))?;
    row.read::<Claim>()?.matching(asked)
}

impl Claim {
    fn matching<T: FromStr>(self, asked: &Fingerprint) -> Result<T> {
        if self.asked != *asked {
            return Err(Error::IdempotencyKeyReuse);
        }
        self.made.parse().map_err(|_| Error::internal("a key holds no id"))
    }
}
