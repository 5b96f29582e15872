//! The operations that there are: put, get, head and delete an object, list a bucket, and ask
//! whether there is one. s3s refuses all others.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use form_urlencoded::parse;
use http::HeaderName;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, ETag, GetObjectInput, GetObjectOutput, HeadBucketInput,
    HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output,
    PostObjectInput, PostObjectOutput, PutObjectInput, PutObjectOutput, StreamingBlob,
};
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result};
use shared::clock::Clock;

use super::conditions::{Conditions, last_modified};
use super::event::{Created, REGION};
use super::front::Arrival;
use super::listing::Listing;
use super::outbox::Outbox;
use super::storage::{Object, StorageError, Store};
use super::upload::receive;

/// The most user metadata in bytes, names and values together: S3's own limit.
const MAX_METADATA: usize = 2048;

/// The `x-amz-` headers that are understood, beside `x-amz-meta-` and `x-amz-checksum-`.
const KNOWN_HEADERS: [&str; 8] = [
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-security-token",
    "x-amz-te",
    "x-amz-trailer",
    "x-amz-user-agent",
];

/// The parameters that a presigned URL has.
const SIGNATURE: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

/// The conditions of a GET or a HEAD, which s3s gives types of their own.
macro_rules! conditions {
    ($input:expr) => {
        Conditions {
            matching: $input.if_match,
            not_matching: $input.if_none_match,
            modified_since: $input.if_modified_since,
            unmodified_since: $input.if_unmodified_since,
        }
    };
}

/// What the answers to a GET and to a HEAD both say of an object.
macro_rules! head {
    ($output:ident, $object:ident) => {
        $output {
            accept_ranges: Some("bytes".into()),
            last_modified: Some(last_modified(&$object)),
            e_tag: Some(ETag::Strong($object.etag)),
            content_type: Some($object.content_type),
            cache_control: $object.cache_control,
            content_disposition: $object.content_disposition,
            content_encoding: $object.content_encoding,
            metadata: Some($object.metadata.into_iter().collect()),
            ..$output::default()
        }
    };
}

/// What s3s calls.
#[derive(Clone, Debug)]
pub(super) struct Operations {
    store: Arc<Store>,
    outbox: Arc<Outbox>,
    clock: Clock,
}

impl Operations {
    pub(super) fn new(store: Store, outbox: Outbox, clock: Clock) -> Self {
        Self { store: Arc::new(store), outbox: Arc::new(outbox), clock }
    }

    /// Does what blocks where it may.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store, &Outbox) -> Result<T, StorageError> + Send + 'static,
    ) -> S3Result<T> {
        let (store, outbox) = (Arc::clone(&self.store), Arc::clone(&self.outbox));
        let done = tokio::task::spawn_blocking(move || work(&store, &outbox)).await;
        Ok(done.map_err(S3Error::internal_error)??)
    }
}

#[async_trait]
impl S3 for Operations {
    async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        refuse_unknown_headers(&request)?;
        refuse("Content-Language", request.input.content_language.is_some())?;
        refuse("Expires", request.input.expires.is_some())?;
        refuse("If-Match on a PUT", request.input.if_match.is_some())?;
        refuse("If-None-Match on a PUT", request.input.if_none_match.is_some())?;
        let (body, etag) = receive(&mut request).await?;
        let arrival = request.extensions.remove::<Arrival>().ok_or(S3ErrorCode::InternalError)?;
        let access_key = request.credentials.ok_or(S3ErrorCode::AccessDenied)?.access_key;
        let PutObjectInput { bucket, key, content_type, .. } = request.input;
        let object = Object {
            key,
            size: body.len() as u64,
            etag: etag.clone(),
            last_modified: self.clock.now(),
            content_type: content_type.unwrap_or_else(|| "binary/octet-stream".into()),
            cache_control: request.input.cache_control,
            content_disposition: request.input.content_disposition,
            content_encoding: request.input.content_encoding.and_then(|coding| without_chunks(&coding)),
            metadata: within_limit(request.input.metadata.unwrap_or_default().into_iter().collect())?,
        };
        // All in one piece of work, so that a client that hangs up does not keep the event back.
        self.blocking(move |store, outbox| {
            let sequencer = store.put(&bucket, &object, &body)?;
            outbox.announce(&Created {
                bucket: &bucket,
                key: &object.key,
                size: object.size,
                etag: &object.etag,
                sequencer: &sequencer,
                time: object.last_modified,
                access_key: &access_key,
                peer: arrival.peer,
                request_id: &arrival.request_id,
            })?;
            Ok(())
        })
        .await?;
        let output = PutObjectOutput { e_tag: Some(ETag::Strong(etag)), ..PutObjectOutput::default() };
        Ok(S3Response::new(output))
    }

    /// A form's upload, which s3s would otherwise take for a PUT.
    async fn post_object(&self, _: S3Request<PostObjectInput>) -> S3Result<S3Response<PostObjectOutput>> {
        Err(S3ErrorCode::NotImplemented.into())
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        refuse_unknown_headers(&request)?;
        let GetObjectInput { bucket, key, range, .. } = request.input;
        refuse("a part number", request.input.part_number.is_some())?;
        refuse("a version", request.input.version_id.is_some())?;
        let conditions = conditions!(request.input);
        let mut found = self.blocking(move |store, _| store.get(&bucket, &key)).await?;
        conditions.check(&found.object)?;
        let object = found.object.clone();
        let part = range.map(|range| range.check(object.size)).transpose()?;
        let content_range =
            part.as_ref().map(|part| format!("bytes {}-{}/{}", part.start, part.end - 1, object.size));
        let part = part.unwrap_or(0..object.size);
        let content_length = i64::try_from(part.end - part.start).ok();
        let body = self.blocking(move |_, _| Ok(found.read(&part)?)).await?;
        let body = Some(StreamingBlob::from(s3s::Body::from(body)));
        let head = head!(GetObjectOutput, object);
        Ok(S3Response::new(GetObjectOutput { body, content_length, content_range, ..head }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        refuse_unknown_headers(&request)?;
        let HeadObjectInput { bucket, key, .. } = request.input;
        refuse("a part number", request.input.part_number.is_some())?;
        refuse("a version", request.input.version_id.is_some())?;
        refuse("Range on a HEAD", request.input.range.is_some())?;
        // s3s follows these on a GET only.
        let overrides = request.uri.query().unwrap_or_default().contains("response-");
        refuse("response-… on a HEAD", overrides)?;
        let conditions = conditions!(request.input);
        let object = self.blocking(move |store, _| Ok(store.get(&bucket, &key)?.object)).await?;
        conditions.check(&object)?;
        let content_length = i64::try_from(object.size).ok();
        Ok(S3Response::new(HeadObjectOutput { content_length, ..head!(HeadObjectOutput, object) }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        refuse_unknown_headers(&request)?;
        let DeleteObjectInput { bucket, key, if_match, version_id, .. } = request.input;
        refuse("a version", version_id.is_some())?;
        refuse("If-Match on a DELETE", if_match.is_some())?;
        self.blocking(move |store, _| store.delete(&bucket, &key)).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        refuse_unknown_headers(&request)?;
        let listing = Listing::parse(request.input)?;
        let page = self.blocking(move |store, _| {
            let objects = store.list(listing.bucket(), listing.prefix(), listing.after())?;
            Ok(listing.page(objects))
        });
        Ok(S3Response::new(page.await?))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        refuse_unknown_headers(&request)?;
        self.store.bucket(&request.input.bucket)?;
        let output = HeadBucketOutput { bucket_region: Some(REGION.into()), ..HeadBucketOutput::default() };
        Ok(S3Response::new(output))
    }
}

/// Refuses what is asked for and not implemented.
pub(super) fn refuse(what: &str, asked: bool) -> S3Result<()> {
    if asked { Err(s3s::s3_error!(NotImplemented, "{what} is not implemented here")) } else { Ok(()) }
}

/// Most of what else S3 can do is asked for with a header of its own, or with a parameter of
/// that name in a presigned URL.
fn refuse_unknown_headers<T>(request: &S3Request<T>) -> S3Result<()> {
    for name in request.headers.keys().map(HeaderName::as_str) {
        let is_known = KNOWN_HEADERS.contains(&name)
            || !name.starts_with("x-amz-")
            || name.starts_with("x-amz-meta-")
            || name.starts_with("x-amz-checksum-");
        refuse(name, !is_known)?;
    }
    for (name, _) in parse(request.uri.query().unwrap_or_default().as_bytes()) {
        let is_known = SIGNATURE.contains(&&*name) || !name.to_ascii_lowercase().starts_with("x-amz-");
        refuse(&format!("{name} in a URL"), !is_known)?;
    }
    Ok(())
}

/// A content encoding without that of the transfer, which S3 does not keep either.
fn without_chunks(coding: &str) -> Option<String> {
    let codings = coding.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked");
    let codings = codings.collect::<Vec<_>>().join(",");
    (!codings.is_empty()).then_some(codings)
}

fn within_limit(metadata: BTreeMap<String, String>) -> S3Result<BTreeMap<String, String>> {
    let size: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > MAX_METADATA { Err(S3ErrorCode::MetadataTooLarge.into()) } else { Ok(metadata) }
}
