//! Uploading pictures, and what is in the buckets.

use std::time::Duration;

use aws_sdk_s3::Client;
use http::Method;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::{Kith, Person};
use local::gateway::Record;

/// A request that puts a picture, as the API said to make it.
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) content_type: String,
    kith: Kith,
}

impl Upload {
    /// The request with this body, ready to be sent or to be changed.
    pub(crate) fn request(&self, bytes: &[u8]) -> RequestBuilder {
        let request = self.kith.client().put(&self.url).body(bytes.to_vec());
        request.header("content-type", &self.content_type)
    }

    /// Puts the picture; answers the status.
    pub(crate) async fn put(&self, bytes: &[u8]) -> u16 {
        self.request(bytes).send().await.unwrap().status().as_u16()
    }
}

impl Person {
    /// Asks to upload a picture.
    pub(crate) async fn ask_to_upload(&self, content_type: &str, length: usize) -> Upload {
        let body = json!({ "contentType": content_type, "contentLength": length });
        let answer = self.call(Method::POST, "/v1/me/avatar").json(body).await.expect(201);
        let upload = &answer["upload"];
        assert_eq!(
            (&upload["method"], &upload["headers"]["Content-Type"]),
            (&json!("PUT"), &json!(content_type))
        );
        let text = |name: &str| upload[name].as_str().unwrap().to_owned();
        Upload {
            id: text("id"),
            url: text("url"),
            content_type: content_type.into(),
            kith: self.kith.clone(),
        }
    }

    /// Uploads a picture, and waits until it is settled.
    pub(crate) async fn upload(&self, content_type: &str, bytes: &[u8]) {
        let upload = self.ask_to_upload(content_type, bytes.len()).await;
        let mut events = self.kith.events();
        assert_eq!(upload.put(bytes).await, 200);
        events.settled().await;
    }

    /// Oneself, as the API shows it.
    pub(crate) async fn me(&self) -> Value {
        self.get("/v1/me").await.expect(200)
    }
}

/// What becomes of uploads, which nobody waits for.
pub(crate) struct Events(broadcast::Receiver<Record>);

impl Events {
    /// Waits until one more event is settled; answers what that cost.
    pub(crate) async fn settled(&mut self) -> Record {
        loop {
            let record = self.next().await;
            if record.status == 200 {
                return record;
            }
        }
    }

    /// Waits for the end of one more invocation, however it ends.
    pub(crate) async fn next(&mut self) -> Record {
        let wait = async {
            loop {
                let record = self.0.recv().await.unwrap();
                if record.function.as_ref().is_some_and(|(name, _)| name == "AvatarsFunction") {
                    return record;
                }
            }
        };
        tokio::time::timeout(Duration::from_mins(1), wait).await.expect("an event is settled in time")
    }
}

impl Kith {
    /// The events that are settled from now on.
    pub(crate) fn events(&self) -> Events {
        Events(self.stack().records())
    }

    /// The keys of all objects in a bucket of the template.
    pub(crate) async fn objects(&self, bucket: &str) -> Vec<String> {
        let list = Client::new(self.stack().sdk()).list_objects_v2().bucket(bucket).send().await.unwrap();
        list.contents.unwrap_or_default().into_iter().filter_map(|object| object.key).collect()
    }

    /// Fails unless the buckets hold what somebody's profile shows, and nothing else.
    pub(crate) async fn check_pictures(&self, person: &Person) {
        let me = person.me().await;
        let mut shown: Vec<String> = Vec::new();
        for size in me["avatar"].as_object().into_iter().flat_map(|avatar| avatar.values()) {
            let url = size.as_str().unwrap();
            let picture = self.client().get(url).send().await.unwrap();
            assert_eq!(picture.status(), 200, "{url}");
            shown.push(url.strip_prefix(&format!("{}/media/", self.url())).unwrap().to_owned());
        }
        let mut kept = self.objects("kith-mediabucket").await;
        shown.sort();
        kept.sort();
        assert_eq!(kept, shown);
        assert_eq!(self.objects("kith-uploadsbucket").await, Vec::<String>::new());
    }
}
