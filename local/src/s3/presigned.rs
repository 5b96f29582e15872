//! What S3 asks of a presigned URL and s3s does not
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>).
//!
//! - That it is its time by our clock, which may be shifted. s3s goes by the system's, too: so a
//!   clock that is ahead works, and with one that is behind, URLs expire as much sooner.
//! - That whoever uses it adds no `x-amz-` header to what was signed.
//! - That it is refused as S3 refuses it if what s3s parses first is malformed.

use std::time::Duration;

use form_urlencoded::parse;
use http::StatusCode;
use http::request::Parts;
use s3s::{S3Error, S3ErrorCode, S3Result};
use shared::clock::Timestamp;
use time::PrimitiveDateTime;
use time::macros::format_description;

/// How far a client's clock may be ahead.
const SKEW: Duration = Duration::from_mins(15);

/// Refuses a presigned URL that S3 would refuse, for the reasons above. The signature itself is
/// left to s3s.
pub(super) fn check(head: &Parts, now: Timestamp) -> S3Result<()> {
    let query = head.uri.query().unwrap_or_default();
    let find = |name: &str| parse(query.as_bytes()).find(|(found, _)| found == name).map(|(_, value)| value);
    let Some(signature) = find("X-Amz-Signature") else { return Ok(()) };
    if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(S3ErrorCode::SignatureDoesNotMatch.into());
    }
    if find("X-Amz-Algorithm").is_some_and(|algorithm| algorithm != "AWS4-HMAC-SHA256") {
        return Err(malformed("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""));
    }
    if find("X-Amz-Credential").is_some_and(|credential| !credential.ends_with("/s3/aws4_request")) {
        return Err(malformed("the X-Amz-Credential is not for \"s3\""));
    }
    let Some(date) = find("X-Amz-Date").and_then(|date| parse_date(&date)) else {
        return Err(malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""));
    };
    let Some(expires) = find("X-Amz-Expires").and_then(|seconds| seconds.parse().ok()) else {
        return Err(malformed("X-Amz-Expires should be a number"));
    };
    if date > now.after(SKEW) {
        return Err(denied("Request is not valid yet"));
    }
    if now > date.after(Duration::from_secs(expires)) {
        return Err(denied("Request has expired"));
    }
    let signed = find("X-Amz-SignedHeaders").unwrap_or_default().to_ascii_lowercase();
    let mut amz = head.headers.keys().filter(|name| name.as_str().starts_with("x-amz-"));
    if amz.any(|name| signed.split(';').all(|signed| signed != name.as_str())) {
        return Err(denied("There were headers present in the request which were not signed"));
    }
    Ok(())
}

fn parse_date(text: &str) -> Option<Timestamp> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let time = PrimitiveDateTime::parse(text, format).ok()?;
    time.assume_utc().unix_timestamp().checked_mul(1000).map(Timestamp::from_millis)
}

fn denied(why: &'static str) -> S3Error {
    S3Error::with_message(S3ErrorCode::AccessDenied, why)
}

fn malformed(why: &'static str) -> S3Error {
    let code = S3ErrorCode::Custom("AuthorizationQueryParametersError".into());
    let mut error = S3Error::with_message(code, why);
    error.set_status_code(StatusCode::BAD_REQUEST);
    error
}
