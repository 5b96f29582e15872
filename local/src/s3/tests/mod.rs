//! The embedded S3 as its clients see it: through the SDK, and with presigned URLs.

mod bodies;
mod cors;
mod elsewhere;
mod events;
mod objects;
mod presigned;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use shared::clock::{Clock, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{AccessKey, Bucket, CorsRule, EmbeddedS3, Filter, Notification};

/// The bucket with rules and a subscriber.
const MEDIA: &str = "media";
/// A bucket with neither.
const PLAIN: &str = "plain";
/// An origin that may upload to [`MEDIA`].
const ORIGIN: &str = "https://kith.example";

/// A running S3 and what speaks to it.
struct Fixture {
    s3: EmbeddedS3,
    client: Client,
    http: reqwest::Client,
    notifications: UnboundedReceiver<Notification>,
    /// How far its clock is ahead, in milliseconds.
    ahead: Arc<AtomicI64>,
}

async fn start() -> Fixture {
    start_on(None).await
}

async fn start_on(folder: Option<&Path>) -> Fixture {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let key = AccessKey { id: "AKID".into(), secret: "a secret/with+marks".into() };
    let ahead = Arc::new(AtomicI64::new(0));
    let (system, offset) = (Clock::system(), Arc::clone(&ahead));
    let clock =
        Clock::from_fn(move || Timestamp::from_millis(system.now().millis() + offset.load(Ordering::SeqCst)));
    let buckets = vec![
        Bucket {
            name: MEDIA.into(),
            cors: vec![CorsRule {
                allowed_origins: vec![ORIGIN.into(), "https://*.preview.example".into()],
                allowed_methods: vec!["PUT".into(), "GET".into()],
                allowed_headers: vec!["content-type".into(), "X-Amz-*".into()],
                exposed_headers: vec!["ETag".into()],
                max_age: Some(600),
            }],
            notifies: Some(Filter { prefix: "uploads/".into(), suffix: String::new() }),
        },
        Bucket { name: PLAIN.into(), ..Bucket::default() },
    ];
    let (s3, notifications) = EmbeddedS3::start(folder, listener, buckets, key, clock).await.unwrap();
    let client = client(&s3, "a secret/with+marks");
    Fixture { s3, client, http: reqwest::Client::new(), notifications, ahead }
}

fn client(s3: &EmbeddedS3, secret: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        // A session token, as the SDK's credentials for tests have one.
        .credentials_provider(Credentials::new("AKID", secret, Some("a token".into()), None, "test"))
        .endpoint_url(s3.endpoint())
        .retry_config(RetryConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    Client::from_conf(config.build())
}

impl Fixture {
    async fn put(&self, bucket: &str, key: &str, body: &[u8]) -> String {
        let put = self.client.put_object().bucket(bucket).key(key).body(body.to_vec().into());
        put.send().await.unwrap().e_tag.unwrap()
    }

    async fn get(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        match self.client.get_object().bucket(bucket).key(key).send().await {
            Ok(found) => Some(found.body.collect().await.unwrap().to_vec()),
            Err(error) if error.as_service_error().unwrap().is_no_such_key() => None,
            Err(error) => panic!("{error:?}"),
        }
    }

    /// A URL to put a PNG of five bytes, for five minutes, signed this many minutes from now.
    async fn presigned_put(&self, key: &str, minutes: i64) -> PresignedRequest {
        let start = Clock::system().now().epoch_seconds() + minutes * 60;
        let start = UNIX_EPOCH + Duration::from_secs(start.try_into().unwrap());
        let config =
            PresigningConfig::builder().expires_in(Duration::from_mins(5)).start_time(start).build().unwrap();
        let put = self.client.put_object().bucket(MEDIA).key(key);
        put.content_length(5).content_type("image/png").presigned(config).await.unwrap()
    }

    /// The next event, unless there is none.
    async fn notification(&mut self) -> Option<Notification> {
        tokio::time::timeout(Duration::from_millis(200), self.notifications.recv()).await.ok().flatten()
    }
}
