//! Ids in paths.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use lambda_http::RequestExt as _;

use crate::error::{Error, Result};

/// The one parameter of a path. What cannot be an id names nothing that exists: 404.
///
/// It is the gateway's own reading of the path. By the time a router sees one it was decoded
/// and tidied up, and several spellings have become one.
#[derive(Debug)]
pub struct PathId<T>(pub T);

impl<S: Sync, T: FromStr> FromRequestParts<S> for PathId<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let parameters = parts.extensions.path_parameters_ref();
        let text = parameters.and_then(|parameters| parameters.iter().next()).map(|(_, value)| value);
        text.and_then(|text| text.parse().ok()).map(Self).ok_or(Error::NotFound)
    }
}
