//! The gateway's `$default` route: whatever no other route takes.
//!
//! Answers 404, or 405 with `Allow` where the path is one of the API's and only the method is
//! not, and preflights, which end up here too. It knows the API's paths from the OpenAPI document, which a test holds equal to the
//! template's routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse as _;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderMap, Method, Uri};
use serde::Deserialize;
use serde::de::IgnoredAny;
use shared::Error;
use shared::http::answer::NoContent;
use shared::http::surround;

/// The document, as checked in.
const DOCUMENT: &str = include_str!("../../../docs/openapi.json");

/// What of the document matters here.
#[derive(Debug, Deserialize)]
struct Document {
    paths: BTreeMap<String, PathItem>,
}

/// A path's methods, without what the document says of each.
#[derive(Debug, Deserialize)]
struct PathItem {
    delete: Option<IgnoredAny>,
    get: Option<IgnoredAny>,
    patch: Option<IgnoredAny>,
    post: Option<IgnoredAny>,
    put: Option<IgnoredAny>,
}

impl PathItem {
    fn methods(&self) -> impl Iterator<Item = &'static str> {
        let methods = [
            ("DELETE", &self.delete),
            ("GET", &self.get),
            ("PATCH", &self.patch),
            ("POST", &self.post),
            ("PUT", &self.put),
        ];
        methods.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| method)
    }
}

/// The function. It needs nothing from its environment.
///
/// # Errors
/// When the document is not one: a test would have failed.
pub fn router() -> Result<Router, serde_json::Error> {
    let document: Arc<Document> = Arc::new(serde_json::from_str(DOCUMENT)?);
    let answer = move |method: Method, uri: Uri, headers: HeaderMap| {
        let document = Arc::clone(&document);
        async move {
            if is_preflight(&method, &headers) {
                return NoContent.into_response();
            }
            document.refusal(&method, uri.path()).into_response()
        }
    };
    Ok(surround(Router::new().fallback(answer)))
}

/// Whether a browser asks what a script of another origin may do. A `$default` route gets these
/// too, and the gateway adds what it is configured to say
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>).
fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

impl Document {
    fn refusal(&self, method: &Method, path: &str) -> Error {
        let matching = self.paths.iter().filter(|(template, _)| matches(template, path));
        let allowed: Vec<_> = matching.flat_map(|(_, item)| item.methods()).map(str::to_owned).collect();
        // The path comes decoded: what the gateway did not take for one of ours is none, even if
        // it reads like one now.
        if allowed.is_empty() || allowed.iter().any(|allowed| allowed == method.as_str()) {
            Error::NotFound
        } else {
            Error::MethodNotAllowed(allowed)
        }
    }
}

/// Whether a path is one of a template's, whose `{…}` stand for one segment each.
fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part.starts_with('{') && !segment.is_empty() => {}
            (Some(part), Some(segment)) if part == segment => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_stands_for_one_segment() {
        assert!(matches("/v1/users/{userId}", "/v1/users/x"));
        for other in ["/v1/users", "/v1/users/", "/v1/users/x/y", "/v1/posts/x"] {
            assert!(!matches("/v1/users/{userId}", other), "{other}");
        }
    }
}
