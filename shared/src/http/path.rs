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

/// Which parameter of a path with several an id is.
pub trait Named: FromStr {
    /// Its name in the template.
    const NAME: &'static str;
}

/// Two parameters of a path.
#[derive(Debug)]
pub struct PathIds<A, B>(pub A, pub B);

impl<S: Sync, A: Named, B: Named> FromRequestParts<S> for PathIds<A, B> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        Ok(Self(named(parts).ok_or(Error::NotFound)?, named(parts).ok_or(Error::NotFound)?))
    }
}

fn named<T: Named>(parts: &Parts) -> Option<T> {
    parts.extensions.path_parameters_ref()?.first(T::NAME)?.parse().ok()
}

impl Named for crate::ids::PostId {
    const NAME: &'static str = "postId";
}

impl Named for crate::ids::CommentId {
    const NAME: &'static str = "commentId";
}

impl Named for crate::chat::ConversationId {
    const NAME: &'static str = "conversationId";
}

impl Named for crate::chat::Seq {
    const NAME: &'static str = "seq";
}
