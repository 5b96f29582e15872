//! `If-Match` and the like: a browser asks with them whether what it has still holds.

use std::time::{Duration, UNIX_EPOCH};

use http::header::{CACHE_CONTROL, ETAG};
use http::{HeaderMap, HeaderValue};
use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::storage::Object;

/// What a request says that must hold, for it to be done.
#[derive(Debug)]
pub(super) struct Conditions {
    /// `If-Match`.
    pub(super) matching: Option<ETagCondition>,
    /// `If-None-Match`.
    pub(super) not_matching: Option<ETagCondition>,
    /// `If-Modified-Since`.
    pub(super) modified_since: Option<Timestamp>,
    /// `If-Unmodified-Since`.
    pub(super) unmodified_since: Option<Timestamp>,
}

impl Conditions {
    /// Fails with 412 or 304 if they do not hold of this object. A condition on the entity tag
    /// outdoes one on the date (RFC 9110, section 13.2.2).
    pub(super) fn check(&self, object: &Object) -> S3Result<()> {
        let etag = ETag::Strong(object.etag.clone());
        // Dates in headers have no fractions.
        let modified = last_modified(object);
        let precondition = self.matching.as_ref().map_or_else(
            || self.unmodified_since.as_ref().is_none_or(|date| modified <= *date),
            |condition| is_met(condition, &etag),
        );
        if !precondition {
            return Err(S3ErrorCode::PreconditionFailed.into());
        }
        let known = self.not_matching.as_ref().map_or_else(
            || self.modified_since.as_ref().is_some_and(|date| modified <= *date),
            |condition| is_met(condition, &etag),
        );
        if known { Err(not_modified(object, &etag)) } else { Ok(()) }
    }
}

/// When an object was put in place, in whole seconds.
pub(super) fn last_modified(object: &Object) -> Timestamp {
    let seconds = u64::try_from(object.last_modified.epoch_seconds()).unwrap_or(0);
    Timestamp::from(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn is_met(condition: &ETagCondition, etag: &ETag) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(wanted) => wanted.weak_cmp(etag),
    }
}

/// The answer that lets a browser use what it has, for as long as it may.
fn not_modified(object: &Object, etag: &ETag) -> S3Error {
    let mut headers = HeaderMap::new();
    if let Ok(etag) = etag.to_http_header() {
        headers.insert(ETAG, etag);
    }
    let cache_control = object.cache_control.as_deref().unwrap_or_default();
    if let Ok(cache_control) = HeaderValue::from_str(cache_control)
        && !cache_control.is_empty()
    {
        headers.insert(CACHE_CONTROL, cache_control);
    }
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    error.set_headers(headers);
    error
}
