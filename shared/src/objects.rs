//! A handful of verbs over S3.
//!
//! An object is put whole or not at all, and putting or deleting one again changes nothing: so
//! all of them may be repeated, and are, until the request's deadline comes.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStreamError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;

use crate::clock::Clock;
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::store::Request;
use crate::store::retry;

/// How long one attempt may take: some megabytes within one region.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(4);

/// A client of S3.
#[derive(Clone, Debug)]
pub struct Objects {
    client: Client,
    clock: Clock,
}

/// One bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: Arc<str>,
    clock: Clock,
}

/// An object's content.
#[derive(Debug)]
pub struct Object {
    /// What whoever put it said it is.
    pub content_type: String,
    /// Its bytes; `None` if there are more of them than were asked for.
    pub bytes: Option<Bytes>,
}

impl Objects {
    /// S3 as the environment says to reach it.
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(1))
            .operation_attempt_timeout(ATTEMPT_TIMEOUT);
        let config = Builder::from(&environment.sdk)
            // Elsewhere than on AWS, a bucket has no host name of its own.
            .force_path_style(environment.variables.0.contains_key("AWS_ENDPOINT_URL_S3"))
            // A checksum would become a part of presigned URLs, and nobody would send it
            // (https://github.com/awslabs/aws-sdk-rust/issues/1240).
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(50)))
            .timeout_config(timeouts.build())
            .build();
        Self { client: Client::from_conf(config), clock: environment.clock.clone() }
    }

    /// The bucket of this name.
    #[must_use]
    pub fn bucket(&self, name: &str) -> Bucket {
        Bucket { client: self.client.clone(), name: name.into(), clock: self.clock.clone() }
    }
}

impl Bucket {
    /// A URL with which whoever has it can put one object of exactly this type and length.
    /// No round trip.
    pub async fn presign_put(
        &self,
        key: &str,
        content_type: &str,
        length: u64,
        valid_for: Duration,
    ) -> Result<String> {
        // Nothing is called here; but whoever uses the URL does it in the function's name.
        self.require("s3:PutObject");
        let now = UNIX_EPOCH + Duration::from_millis(self.clock.now().millis().try_into().unwrap_or(0));
        let validity = PresigningConfig::builder().start_time(now).expires_in(valid_for).build();
        let presigned = self
            .client
            .put_object()
            .bucket(&*self.name)
            .key(key)
            .content_type(content_type)
            .content_length(i64::try_from(length).map_err(Error::internal)?)
            .presigned(validity.map_err(Error::internal)?)
            .await
            .map_err(Error::internal)?;
        Ok(presigned.uri().to_owned())
    }

    /// An object, of which at most `most` bytes are read.
    pub async fn get(&self, key: &str, most: u64) -> Result<Option<Object>> {
        self.count("s3:GetObject");
        // Without it, what is not there would be "access denied".
        self.require("s3:ListBucket");
        let sent = retry::until_deadline(async || {
            let output = self.client.get_object().bucket(&*self.name).key(key).send().await?;
            let length = output.content_length.and_then(|length| u64::try_from(length).ok());
            let bytes = if length.is_some_and(|length| length <= most) {
                // A connection that breaks only now is no worse than one that broke before.
                let broken =
                    |error: ByteStreamError| SdkError::dispatch_failure(ConnectorError::io(error.into()));
                Some(output.body.collect().await.map_err(broken)?.into_bytes())
            } else {
                None
            };
            Ok(Object { content_type: output.content_type.unwrap_or_default(), bytes })
        });
        match sent.await {
            Ok(object) => Ok(Some(object)),
            Err(failed) => match failed.into_refusal()? {
                GetObjectError::NoSuchKey(_) => Ok(None),
                other => Err(Error::internal(other)),
            },
        }
    }

    /// Puts an object, in place of any other.
    pub async fn put(&self, key: &str, content_type: &str, cache_control: &str, bytes: Bytes) -> Result<()> {
        self.count("s3:PutObject");
        retry::until_deadline(|| {
            self.client
                .put_object()
                .bucket(&*self.name)
                .key(key)
                .content_type(content_type)
                .cache_control(cache_control)
                .body(bytes.clone().into())
                .send()
        })
        .await?;
        Ok(())
    }

    /// Takes an object away; there may be none.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.count("s3:DeleteObject");
        retry::until_deadline(|| self.client.delete_object().bucket(&*self.name).key(key).send()).await?;
        Ok(())
    }

    /// The keys that begin like this, up to 1,000 of them.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        self.count("s3:ListBucket");
        let output =
            retry::until_deadline(|| self.client.list_objects_v2().bucket(&*self.name).prefix(prefix).send())
                .await?;
        Ok(output.contents.unwrap_or_default().into_iter().filter_map(|object| object.key).collect())
    }

    /// Counts a call, and notes what the function must be allowed for it.
    fn count(&self, action: &'static str) {
        self.require(action);
        Request::count(|cost| cost.object_calls += 1);
    }

    /// Notes what the function must be allowed.
    fn require(&self, action: &'static str) {
        Request::count(|cost| {
            cost.operations.insert((Arc::clone(&self.name), action));
        });
    }
}
