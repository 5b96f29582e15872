//! An S3 elsewhere: its buckets made as the template has them, and watched.
//!
//! It sends no events here. So the buckets that somebody is told of are looked at again and
//! again, and what is new there, or put anew, is told. What was there at the start is told once
//! more: an event may always come twice.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use aws_sdk_s3::types::{CorsConfiguration, CorsRule as SdkCorsRule, CreateBucketConfiguration, Object};
use aws_types::SdkConfig;
use shared::clock::{Clock, Timestamp};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use super::event::Created;
use super::{Bucket, CorsRule, Notification};
use crate::dynamodb::root;

/// How often buckets are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A client for an S3 whose buckets need not have names in DNS.
#[must_use]
pub fn client(sdk: &SdkConfig) -> Client {
    Client::from_conf(Builder::from(sdk).force_path_style(true).build())
}

/// Makes the buckets that are missing, and lets other origins do what the template says.
pub async fn create(client: &Client, buckets: &[Bucket]) -> Result<(), String> {
    for bucket in buckets {
        if !exists(client, &bucket.name).await? {
            let made = client.create_bucket().bucket(&bucket.name);
            made.set_create_bucket_configuration(location(client))
                .send()
                .await
                .map_err(|error| root(&error))?;
        }
        let rules = bucket.cors.iter().map(cors_rule).collect::<Result<Vec<_>, _>>()?;
        if rules.is_empty() {
            continue;
        }
        let cors = CorsConfiguration::builder().set_cors_rules(Some(rules));
        let cors = cors.build().map_err(|error| error.to_string())?;
        let put = client.put_bucket_cors().bucket(&bucket.name).cors_configuration(cors).send();
        match put.await {
            Ok(_) => {}
            // Some have one rule for all buckets, which is set elsewhere.
            Err(error) if error.code() == Some("NotImplemented") => {
                tracing::warn!(
                    bucket = bucket.name,
                    "this S3 takes no CORS rules: see to it that browsers may upload"
                );
            }
            Err(error) => return Err(root(&error)),
        }
    }
    Ok(())
}

/// Whether there is a bucket: any answer but that there is none is no reason to make one.
async fn exists(client: &Client, name: &str) -> Result<bool, String> {
    match client.head_bucket().bucket(name).send().await {
        Ok(_) => Ok(true),
        // The answer to a HEAD has no body that would say more than its status.
        Err(error) => match error.raw_response().map(|response| response.status().as_u16()) {
            Some(404) => Ok(false),
            Some(301) => Err(format!("the bucket {name} is in another region")),
            Some(403) => Err(format!("the bucket {name} is somebody else's, or may not be used")),
            Some(status) => Err(format!("asked for the bucket {name}, it answers {status}")),
            None => Err(root(&error)),
        },
    }
}

/// Where a bucket is to be: in the client's region, which must be said anywhere but in the one
/// that is meant where nothing is said
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>).
fn location(client: &Client) -> Option<CreateBucketConfiguration> {
    let region = client.config().region().map(AsRef::as_ref).filter(|region| *region != "us-east-1")?;
    Some(CreateBucketConfiguration::builder().location_constraint(region.into()).build())
}

/// Tells what is put into the buckets that somebody wants to be told of.
#[must_use]
pub fn watch(client: &Client, buckets: Vec<Bucket>, clock: &Clock) -> mpsc::UnboundedReceiver<Notification> {
    let (sender, receiver) = mpsc::unbounded_channel();
    for bucket in buckets.into_iter().filter(|bucket| bucket.notifies.is_some()) {
        tokio::spawn(look(client.clone(), bucket, clock.clone(), sender.clone()));
    }
    receiver
}

async fn look(client: Client, bucket: Bucket, clock: Clock, sender: mpsc::UnboundedSender<Notification>) {
    let Some(filter) = &bucket.notifies else { return };
    let (mut ticks, mut known) = (interval(LOOK_EVERY), HashSet::new());
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !sender.is_closed() {
        ticks.tick().await;
        let list = client.list_objects_v2().bucket(&bucket.name).prefix(&filter.prefix).send().await;
        let objects = match list {
            Ok(list) => list.contents.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(error = %DisplayErrorContext(error), "a bucket cannot be looked at");
                continue;
            }
        };
        let mut present = HashSet::new();
        for object in objects {
            let identity = identity(&object);
            if !known.contains(&identity) {
                let _ = sender.send(notification(&bucket, &object, clock.now()));
            }
            present.insert(identity);
        }
        known = present;
    }
}

/// What changes when an object is put anew.
fn identity(object: &Object) -> (Option<String>, Option<String>, Option<i64>) {
    let time = object.last_modified().and_then(|time| time.to_millis().ok());
    (object.key.clone(), object.e_tag.clone(), time)
}

fn notification(bucket: &Bucket, object: &Object, now: Timestamp) -> Notification {
    let created = Created {
        bucket: &bucket.name,
        key: object.key().unwrap_or_default(),
        size: object.size().and_then(|size| size.try_into().ok()).unwrap_or(0),
        etag: object.e_tag().unwrap_or_default().trim_matches('"'),
        sequencer: &format!("{:016X}", now.millis()),
        time: now,
        access_key: "elsewhere",
        peer: Ipv4Addr::LOCALHOST.into(),
        request_id: "elsewhere",
    };
    Notification::unrecorded(&bucket.name, created.event())
}

fn cors_rule(rule: &CorsRule) -> Result<SdkCorsRule, String> {
    let builder = SdkCorsRule::builder()
        .set_allowed_origins(Some(rule.allowed_origins.clone()))
        .set_allowed_methods(Some(rule.allowed_methods.clone()))
        .set_allowed_headers(Some(rule.allowed_headers.clone()))
        .set_expose_headers(Some(rule.exposed_headers.clone()))
        .set_max_age_seconds(rule.max_age.and_then(|seconds| seconds.try_into().ok()));
    builder.build().map_err(|error| error.to_string())
}
