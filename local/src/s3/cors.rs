//! CORS as S3 does it, in front of every signature
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html>).
//!
//! The first rule of a bucket that matches counts. Without one a preflight is refused, and any
//! other answer is left as it is, so that a browser keeps it from the page.

use std::collections::HashMap;

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use s3s::{S3Error, S3ErrorCode, S3Result};
use serde::Deserialize;

use super::Bucket;

/// What some origins may do; spelt as the template does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CorsRule {
    /// Whence; each may have one `*`, which stands for anything.
    pub allowed_origins: Vec<String>,
    /// With which methods, in upper case.
    pub allowed_methods: Vec<String>,
    /// With which headers; each may have one `*`. What every browser sends anyway needs none.
    #[serde(default)]
    pub allowed_headers: Vec<String>,
    /// Which headers of an answer a page may read.
    #[serde(default)]
    pub exposed_headers: Vec<String>,
    /// For how many seconds a browser may keep the answer to a preflight.
    pub max_age: Option<u32>,
}

/// The rules of all buckets.
#[derive(Debug)]
pub(super) struct Cors(HashMap<String, Vec<CorsRule>>);

impl Cors {
    pub(super) fn new(buckets: Vec<Bucket>) -> Self {
        Self(buckets.into_iter().map(|bucket| (bucket.name, bucket.cors)).collect())
    }

    /// Answers a preflight.
    pub(super) fn preflight(&self, bucket: &str, headers: &HeaderMap) -> S3Result<Response> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let (Some(origin), Some(method)) = (headers.get(ORIGIN), text(ACCESS_CONTROL_REQUEST_METHOD)) else {
            let message = "Insufficient information. Origin request header needed.";
            return Err(refused("BadRequest", StatusCode::BAD_REQUEST, message));
        };
        let asked: Vec<_> = headers
            .get_all(ACCESS_CONTROL_REQUEST_HEADERS)
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("\u{0}").split(','))
            .map(|name| name.trim().to_ascii_lowercase())
            .filter(|name| !name.is_empty())
            .collect();
        let rule = self.rule(bucket, origin, method, &asked).ok_or_else(|| {
            let message = "CORSResponse: This CORS request is not allowed.";
            refused("AccessForbidden", StatusCode::FORBIDDEN, message)
        })?;
        let mut response = Response::new(Body::empty());
        let max_age = rule.max_age.map(|seconds| seconds.to_string()).unwrap_or_default();
        rule.decorate(origin, response.headers_mut());
        set(response.headers_mut(), ACCESS_CONTROL_ALLOW_HEADERS, &asked.join(", "));
        set(response.headers_mut(), ACCESS_CONTROL_MAX_AGE, &max_age);
        Ok(response)
    }

    /// Says on an answer which origin may read it.
    pub(super) fn decorate(
        &self,
        bucket: &str,
        method: &Method,
        origin: &HeaderValue,
        headers: &mut HeaderMap,
    ) {
        if let Some(rule) = self.rule(bucket, origin, method.as_str(), &[]) {
            rule.decorate(origin, headers);
        }
    }

    fn rule(
        &self,
        bucket: &str,
        origin: &HeaderValue,
        method: &str,
        headers: &[String],
    ) -> Option<&CorsRule> {
        let origin = origin.to_str().ok()?;
        self.0.get(bucket)?.iter().find(|rule| rule.allows(origin, method, headers))
    }
}

impl CorsRule {
    fn allows(&self, origin: &str, method: &str, headers: &[String]) -> bool {
        let allows_header = |name: &String| {
            self.allowed_headers.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), name))
        };
        self.allowed_origins.iter().any(|pattern| matches(pattern, origin))
            && self.allowed_methods.iter().any(|allowed| allowed == method)
            && headers.iter().all(allows_header)
    }

    fn decorate(&self, origin: &HeaderValue, headers: &mut HeaderMap) {
        if self.allowed_origins.iter().any(|allowed| allowed == "*") {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            set(headers, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        set(headers, ACCESS_CONTROL_ALLOW_METHODS, &self.allowed_methods.join(", "));
        set(headers, ACCESS_CONTROL_EXPOSE_HEADERS, &self.exposed_headers.join(", "));
        set(headers, VARY, "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    }
}

/// Whether a text is what a pattern with at most one `*` describes.
fn matches(pattern: &str, text: &str) -> bool {
    pattern.split_once('*').map_or(pattern == text, |(start, end)| {
        text.strip_prefix(start).is_some_and(|rest| rest.ends_with(end))
    })
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}

fn refused(code: &'static str, status: StatusCode, message: &'static str) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::Custom(code.into()), message);
    error.set_status_code(status);
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_anything_even_for_nothing() {
        assert!(matches("*", "https://a.example"));
        assert!(matches("https://*.example", "https://a.example"));
        assert!(matches("x-amz-*", "x-amz-"));
        assert!(!matches("https://*.example", "https://a.example.evil"));
        // The two ends must not share what is between them.
        assert!(!matches("ab*ba", "aba"));
    }
}
