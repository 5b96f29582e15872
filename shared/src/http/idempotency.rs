//! The `Idempotency-Key` header.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::error::{Error, Result};
use crate::idempotency::Key;
use crate::text::{Parse as _, Refusal};

/// The key of a wish, if its client gave it one.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(pub Option<Key>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let invalid = |refusal| Error::invalid("/Idempotency-Key", refusal);
        let mut values = parts.headers.get_all("idempotency-key").iter();
        let (Some(value), rest) = (values.next(), values.next()) else { return Ok(Self(None)) };
        // The gateway joins several of them with a comma, which a key may have.
        if rest.is_some() {
            return Err(invalid(Refusal::new("must be given once")));
        }
        let text = value.to_str().unwrap_or_default();
        Key::parse(text).map(|key| Self(Some(key))).map_err(invalid)
    }
}
