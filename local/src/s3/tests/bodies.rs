//! Bodies: whole and as they were meant, or refused.

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata as _};
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::ChecksumAlgorithm;

use super::*;

#[tokio::test]
async fn a_body_that_is_not_what_was_meant_is_refused() {
    let app = start().await;
    let put = || app.client.put_object().bucket(PLAIN).key("a").body(b"hello".to_vec().into());
    let md5 = put().content_md5("XUFAKrxLKna5cZ2REBfFkg==");
    md5.send().await.unwrap();
    let wrong = put().content_md5("AAAAAAAAAAAAAAAAAAAAAA==").send().await.unwrap_err();
    assert_eq!(wrong.code(), Some("BadDigest"));
    let malformed = put().content_md5("no digest").send().await.unwrap_err();
    assert_eq!(malformed.code(), Some("InvalidDigest"));
    let wrong =
        put().checksum_sha256("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").send().await.unwrap_err();
    assert_eq!(wrong.code(), Some("BadDigest"));
    for algorithm in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Sha256] {
        let announced = put().checksum_algorithm(algorithm.clone()).send().await.unwrap_err();
        assert_eq!(announced.code(), Some("InvalidRequest"));
        let sent = put().checksum_algorithm(algorithm).customize().config_override(with_checksums());
        sent.send().await.unwrap();
    }
}

#[tokio::test]
async fn a_body_that_was_changed_on_its_way_is_refused() {
    let app = start().await;
    let put = app.client.put_object().bucket(PLAIN).key("a").body(b"hello".to_vec().into());
    let error = put.customize().interceptor(Tamper).send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
    assert_eq!(error.code(), Some("XAmzContentSHA256Mismatch"));
    assert_eq!(app.get(PLAIN, "a").await, None);
}

/// Changes a body after it was signed.
#[derive(Debug)]
struct Tamper;

impl Intercept for Tamper {
    fn name(&self) -> &'static str {
        "Tamper"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        *context.request_mut().body_mut() = SdkBody::from("jello");
        Ok(())
    }
}

#[tokio::test]
async fn a_body_that_comes_in_chunks_is_put_together() {
    let app = start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body");
    let body: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(&file, &body).unwrap();
    let stream = ByteStream::from_path(&file).await.unwrap();
    let put = app.client.put_object().bucket(PLAIN).key("a").body(stream);
    // An SDK that is left to itself adds a checksum, after the body where that is a stream.
    put.customize().config_override(with_checksums()).send().await.unwrap();
    let got = app.client.get_object().bucket(PLAIN).key("a").send().await.unwrap();
    assert_eq!(got.content_encoding(), None);
    assert_eq!(got.body.collect().await.unwrap().to_vec(), body);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_and_its_sender_told() {
    let app = start().await;
    let large = vec![0; 72 << 20];
    let error = app.client.put_object().bucket(PLAIN).key("a").body(large.into()).send().await.unwrap_err();
    assert_eq!(
        (error.raw_response().unwrap().status().as_u16(), error.code()),
        (400, Some("EntityTooLarge"))
    );
    let large = vec![0; (64 << 20) + 1];
    let error = app.client.put_object().bucket(PLAIN).key("a").body(large.into()).send().await.unwrap_err();
    assert_eq!(error.code(), Some("EntityTooLarge"));
    assert_eq!(app.get(PLAIN, "a").await, None);
    app.put(PLAIN, "a", &vec![0; 64 << 20]).await;
}

/// An SDK's settings when it is left to itself.
fn with_checksums() -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::Config::builder().request_checksum_calculation(RequestChecksumCalculation::WhenSupported)
}
