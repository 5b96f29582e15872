//! The event that S3 sends once an object is there
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>).

use std::net::IpAddr;

use form_urlencoded::byte_serialize;
use serde_json::{Value, json};
use shared::clock::Timestamp;

/// The one region that the local stack is in.
pub(super) const REGION: &str = "us-east-1";

/// An object that was just put in place.
#[derive(Debug)]
pub(super) struct Created<'a> {
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    pub(super) size: u64,
    /// Without quotes.
    pub(super) etag: &'a str,
    pub(super) sequencer: &'a str,
    pub(super) time: Timestamp,
    /// Whose PUT it was.
    pub(super) access_key: &'a str,
    pub(super) peer: IpAddr,
    pub(super) request_id: &'a str,
}

impl Created<'_> {
    /// The event, version 2.1, with a single record as S3 sends it.
    pub(super) fn event(&self) -> Value {
        json!({ "Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": self.time.to_string(),
            "eventName": "ObjectCreated:Put",
            "userIdentity": { "principalId": format!("AWS:{}", self.access_key) },
            "requestParameters": { "sourceIPAddress": self.peer.to_string() },
            "responseElements": {
                "x-amz-request-id": self.request_id,
                "x-amz-id-2": self.request_id,
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "local",
                "bucket": {
                    "name": self.bucket,
                    "ownerIdentity": { "principalId": "LOCAL" },
                    "arn": format!("arn:aws:s3:::{}", self.bucket),
                },
                "object": {
                    "key": encode(self.key),
                    "size": self.size,
                    "eTag": self.etag,
                    "sequencer": self.sequencer,
                },
            },
        }] })
    }
}

/// A key as events carry it: encoded like a form's field, but for its slashes.
fn encode(key: &str) -> String {
    let segments = key.split('/').map(|segment| byte_serialize(segment.as_bytes()).collect::<String>());
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use aws_lambda_events::s3::S3Event;

    use super::*;

    #[test]
    fn the_event_is_what_a_lambda_expects() {
        let created = Created {
            bucket: "media",
            key: "avatars/Zoë & co+1.png",
            size: 7,
            etag: "0cc175b9c0f1b6a831c399e269772661",
            sequencer: "0000000100000001",
            time: Timestamp::from_millis(1_777_887_000_005),
            access_key: "AKID",
            peer: Ipv4Addr::LOCALHOST.into(),
            request_id: "0000000000000001",
        };
        let event: S3Event = serde_json::from_value(created.event()).unwrap();
        let record = &event.records[0];
        assert_eq!(record.event_version.as_deref(), Some("2.1"));
        assert_eq!(record.event_source.as_deref(), Some("aws:s3"));
        assert_eq!(record.event_name.as_deref(), Some("ObjectCreated:Put"));
        assert_eq!(record.event_time.timestamp_millis(), 1_777_887_000_005);
        assert_eq!(record.principal_id.principal_id.as_deref(), Some("AWS:AKID"));
        assert_eq!(record.request_parameters.source_ip_address.as_deref(), Some("127.0.0.1"));
        assert_eq!(record.response_elements["x-amz-request-id"], "0000000000000001");
        assert_eq!(record.s3.configuration_id.as_deref(), Some("local"));
        assert_eq!(record.s3.bucket.name.as_deref(), Some("media"));
        assert_eq!(record.s3.bucket.arn.as_deref(), Some("arn:aws:s3:::media"));
        let object = &record.s3.object;
        assert_eq!(object.key.as_deref(), Some("avatars/Zo%C3%AB+%26+co%2B1.png"));
        assert_eq!(object.size, Some(7));
        assert_eq!(object.e_tag.as_deref(), Some("0cc175b9c0f1b6a831c399e269772661"));
        assert_eq!(object.sequencer.as_deref(), Some("0000000100000001"));
    }
}
