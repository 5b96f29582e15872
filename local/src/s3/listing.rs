//! A bucket's list in pages, as `ListObjectsV2` has it
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{self, ETag, EncodingType, ListObjectsV2Input, ListObjectsV2Output, ObjectStorageClass};
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::conditions::last_modified;
use super::operations::refuse;
use super::storage::Object;

/// What a page has at most: S3's own limit.
const MAX_PAGE: i32 = 1000;

/// What a list with `encoding-type=url` leaves as it is.
const UNENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/');

/// A page that is asked for.
#[derive(Debug)]
pub(super) struct Listing {
    input: ListObjectsV2Input,
    max: i32,
    after: String,
}

impl Listing {
    pub(super) fn parse(input: ListObjectsV2Input) -> S3Result<Self> {
        refuse("a delimiter", input.delimiter.as_ref().is_some_and(|delimiter| !delimiter.is_empty()))?;
        refuse("fetch-owner", input.fetch_owner == Some(true))?;
        refuse("an attribute", input.optional_object_attributes.is_some())?;
        if input.encoding_type.as_ref().is_some_and(|encoding| encoding.as_str() != EncodingType::URL) {
            return Err(invalid("Invalid Encoding Method specified in Request"));
        }
        let max = input.max_keys.unwrap_or(MAX_PAGE).min(MAX_PAGE);
        if max < 0 {
            return Err(invalid("Argument max-keys must be an integer between 0 and 2147483647"));
        }
        let after = match &input.continuation_token {
            Some(token) => {
                let key = URL_SAFE_NO_PAD.decode(token).ok().and_then(|key| String::from_utf8(key).ok());
                key.ok_or_else(|| invalid("The continuation token provided is incorrect"))?
            }
            None => input.start_after.clone().unwrap_or_default(),
        };
        Ok(Self { input, max, after })
    }

    pub(super) fn bucket(&self) -> &str {
        &self.input.bucket
    }

    /// How the keys that are wanted start.
    pub(super) fn prefix(&self) -> &str {
        self.input.prefix.as_deref().unwrap_or_default()
    }

    /// The key after which the page starts.
    pub(super) fn after(&self) -> &str {
        &self.after
    }

    /// The page, of all objects that it could have.
    pub(super) fn page(self, mut objects: Vec<Object>) -> ListObjectsV2Output {
        let max = usize::try_from(self.max).unwrap_or(0);
        let is_truncated = max > 0 && objects.len() > max;
        objects.truncate(max);
        let last = objects.last().filter(|_| is_truncated);
        let is_encoded = self.input.encoding_type.is_some();
        let encode = |text: String| {
            if is_encoded { Cow::from(utf8_percent_encode(&text, UNENCODED)).into_owned() } else { text }
        };
        ListObjectsV2Output {
            next_continuation_token: last.map(|object| URL_SAFE_NO_PAD.encode(&object.key)),
            is_truncated: Some(is_truncated),
            key_count: i32::try_from(objects.len()).ok(),
            max_keys: Some(self.max),
            contents: Some(objects.into_iter().map(|object| entry(object, encode)).collect()),
            name: Some(self.input.bucket),
            prefix: Some(encode(self.input.prefix.unwrap_or_default())),
            start_after: self.input.start_after.map(encode),
            continuation_token: self.input.continuation_token,
            encoding_type: self.input.encoding_type,
            ..ListObjectsV2Output::default()
        }
    }
}

fn entry(object: Object, encode: impl Fn(String) -> String) -> dto::Object {
    dto::Object {
        last_modified: Some(last_modified(&object)),
        key: Some(encode(object.key)),
        e_tag: Some(ETag::Strong(object.etag)),
        size: i64::try_from(object.size).ok(),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        ..dto::Object::default()
    }
}

fn invalid(why: &'static str) -> S3Error {
    S3Error::with_message(S3ErrorCode::InvalidArgument, why)
}
