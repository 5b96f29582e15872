//! A body that is put: whole, and what its sender meant.
//!
//! s3s verifies `x-amz-content-sha256` and the signatures of chunks; it hands on the other
//! checksums, which are verified here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::{HeaderMap, StatusCode};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{Checksum, PutObjectInput};
use s3s::{S3Error, S3ErrorCode, S3Request, S3Result};

/// The largest object in bytes: 64 MiB. S3's own limit is 5 GB.
pub(super) const MAX_OBJECT: u64 = 64 << 20;

/// The headers of the checksums, in the order of [`checksums`].
const CHECKSUM_HEADERS: [&str; 5] = [
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];

/// The body of a PUT, and its MD5 in hex.
pub(super) async fn receive(request: &mut S3Request<PutObjectInput>) -> S3Result<(Bytes, String)> {
    let decoded = request.headers.get("x-amz-decoded-content-length");
    let decoded = decoded.and_then(|value| value.to_str().ok()?.parse().ok());
    let length = request.input.content_length.or(decoded).ok_or(S3ErrorCode::MissingContentLength)?;
    let mut body = Vec::new();
    if let Some(mut parts) = request.input.body.take() {
        while let Some(part) = parts.try_next().await.map_err(|error| broken(error.to_string()))? {
            body.extend_from_slice(&part);
        }
    }
    if body.len() as u64 > MAX_OBJECT {
        return Err(too_large());
    }
    if i64::try_from(body.len()).ok() != Some(length) {
        return Err(S3ErrorCode::IncompleteBody.into());
    }
    let mut expected = Expected::default();
    expected.add(&request.headers);
    if let Some(trailers) = request.trailing_headers.as_ref().and_then(s3s::TrailingHeaders::take) {
        expected.add(&trailers);
    }
    // The SDK does so when it is told of an algorithm and to add checksums only `WhenRequired`.
    let is_announced = request.headers.contains_key("x-amz-sdk-checksum-algorithm");
    if is_announced && expected.others.iter().all(Option::is_none) {
        let message = "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* \
                       or x-amz-trailer headers were found.";
        return Err(S3Error::with_message(S3ErrorCode::InvalidRequest, message));
    }
    let md5 = expected.verify(&body)?;
    Ok((body.into(), md5))
}

/// What is said of an object that is too large.
pub(super) fn too_large() -> S3Error {
    let message = "Your proposed upload exceeds the maximum allowed size";
    S3Error::with_message(S3ErrorCode::EntityTooLarge, message)
}

/// What is said of a body that s3s could not read to its end. Its error types are private, so
/// that their texts must do.
fn broken(error: String) -> S3Error {
    if error.contains("SignatureMismatch") {
        return S3Error::with_message(S3ErrorCode::SignatureDoesNotMatch, error);
    }
    if error.contains("Sha256Mismatch") {
        let code = S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into());
        let mut mismatch = S3Error::with_message(code, error);
        mismatch.set_status_code(StatusCode::BAD_REQUEST);
        return mismatch;
    }
    S3Error::with_message(S3ErrorCode::IncompleteBody, error)
}

/// What a body's checksums should be. As headers they come before it, as trailers after it.
#[derive(Debug, Default)]
struct Expected {
    md5: Option<String>,
    others: [Option<String>; 5],
}

impl Expected {
    /// What these headers, or trailers, say beside what is known.
    fn add(&mut self, headers: &HeaderMap) {
        let find = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        self.md5 = self.md5.take().or_else(|| find("content-md5"));
        for (expected, name) in self.others.iter_mut().zip(CHECKSUM_HEADERS) {
            *expected = expected.take().or_else(|| find(name));
        }
    }

    /// The MD5 of a body in hex, if the body is what it should be.
    fn verify(&self, body: &[u8]) -> S3Result<String> {
        let md5 = Md5::checksum(body);
        if let Some(expected) = &self.md5 {
            let expected = STANDARD.decode(expected).ok().filter(|digest| digest.len() == md5.len());
            let expected = expected.ok_or_else(|| invalid("The Content-MD5 you specified was invalid."))?;
            if expected != md5 {
                return Err(bad("The Content-MD5 you specified did not match what we received."));
            }
        }
        if self.others.iter().any(Option::is_some) {
            for (expected, actual) in self.others.iter().zip(checksums(body)) {
                if expected.is_some() && *expected != actual {
                    return Err(bad("The checksum you specified did not match the calculated checksum."));
                }
            }
        }
        Ok(format!("{:x}", Bytes::from_owner(md5)))
    }
}

/// The checksums of a body, in base 64.
fn checksums(body: &[u8]) -> [Option<String>; 5] {
    let mut hasher = ChecksumHasher {
        crc32: Some(s3s::crypto::Crc32::new()),
        crc32c: Some(s3s::crypto::Crc32c::new()),
        crc64nvme: Some(s3s::crypto::Crc64Nvme::new()),
        sha1: Some(s3s::crypto::Sha1::new()),
        sha256: Some(s3s::crypto::Sha256::new()),
    };
    hasher.update(body);
    let Checksum {
        checksum_crc32, checksum_crc32c, checksum_crc64nvme, checksum_sha1, checksum_sha256, ..
    } = hasher.finalize();
    [checksum_crc32, checksum_crc32c, checksum_crc64nvme, checksum_sha1, checksum_sha256]
}

fn bad(why: &'static str) -> S3Error {
    S3Error::with_message(S3ErrorCode::BadDigest, why)
}

fn invalid(why: &'static str) -> S3Error {
    S3Error::with_message(S3ErrorCode::InvalidDigest, why)
}
