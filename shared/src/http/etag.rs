//! Entity tags: `"<version>.<digest of the answer>"`.
//!
//! `If-None-Match` compares all of it, since an answer can change without its version (a
//! counter, a relation). `If-Match` compares only the version, since an edit conflicts only
//! with other edits; `"<version>"` alone is enough there.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode};
use serde::Serialize;

use crate::error::Error;
use crate::ids::digest;

/// An answer with its entity tag.
#[derive(Debug)]
pub struct Tagged<T> {
    /// The version of the thing.
    pub version: u64,
    /// The thing.
    pub value: T,
    /// What the client has already.
    pub known: IfNoneMatch,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let (tag, body) = match tagged(self.version, &self.value) {
            Ok(tagged) => tagged,
            Err(error) => return error.into_response(),
        };
        // The client may keep the answer, but must ask whether it still holds.
        let headers = [(ETAG, tag.as_str()), (CACHE_CONTROL, "private, no-cache")];
        if self.known.has(&tag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, [(CONTENT_TYPE, "application/json")], body).into_response()
    }
}

/// A thing that was made, where it is, and its entity tag: 201.
#[derive(Debug)]
pub struct CreatedTagged<T> {
    /// Its path.
    pub location: String,
    /// The version of the thing.
    pub version: u64,
    /// The thing.
    pub value: T,
}

impl<T: Serialize> IntoResponse for CreatedTagged<T> {
    fn into_response(self) -> Response {
        match tagged(self.version, &self.value) {
            Ok((tag, body)) => {
                let headers =
                    [(LOCATION, &*self.location), (ETAG, &*tag), (CONTENT_TYPE, "application/json")];
                (StatusCode::CREATED, headers, body).into_response()
            }
            Err(error) => error.into_response(),
        }
    }
}

/// The entity tag of a thing, and the thing as JSON.
fn tagged(version: u64, value: &impl Serialize) -> Result<(String, Vec<u8>), Error> {
    let body = serde_json::to_vec(value).map_err(Error::internal)?;
    Ok((format!("\"{version}.{}\"", &digest(&[&body])[..16]), body))
}

/// The tags of what a client has already.
#[derive(Debug, Default)]
pub struct IfNoneMatch(Vec<String>);

impl IfNoneMatch {
    fn has(&self, tag: &str) -> bool {
        // RFC 9110, section 13.1.2: a weak comparison.
        self.0.iter().any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(tags(&parts.headers, &IF_NONE_MATCH).unwrap_or_default()))
    }
}

/// The versions that an edit was made from, if the client says; none if what it says is none of
/// ours. Never a refusal by itself, since a body that cannot be read comes first.
#[derive(Clone, Debug)]
pub struct IfMatch(pub Option<Vec<u64>>);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let Some(tags) = tags(&parts.headers, &IF_MATCH) else { return Ok(Self(None)) };
        match tags.as_slice() {
            [any] if any == "*" => Ok(Self(None)),
            tags => Ok(Self(Some(tags.iter().filter_map(|tag| version(tag)).collect()))),
        }
    }
}

/// The version in a strong tag.
fn version(tag: &str) -> Option<u64> {
    let opaque = tag.strip_prefix('"')?.strip_suffix('"')?;
    let digits = opaque.split_once('.').map_or(opaque, |(version, _)| version);
    let version: u64 = digits.parse().ok()?;
    // One spelling each: no sign, no leading zero.
    (version.to_string() == digits).then_some(version)
}

/// The tags in a header, if it is there. None of ours has a comma in it.
fn tags(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<String>> {
    let values: Vec<_> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    let split = |value: &str| value.split(',').map(|tag| tag.trim().to_owned()).collect::<Vec<_>>();
    headers.contains_key(name).then(|| values.into_iter().flat_map(split).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_with_or_without_its_digest() {
        assert_eq!(version("\"7.abc\""), Some(7));
        assert_eq!(version("\"7\""), Some(7));
    }

    #[test]
    fn weak_unquoted_and_foreign_tags_have_no_version() {
        for tag in ["W/\"7\"", "7", "\"07\"", "\"x\"", "\"+7\"", "\"99999999999999999999\"", ""] {
            assert_eq!(version(tag), None, "{tag}");
        }
    }
}
