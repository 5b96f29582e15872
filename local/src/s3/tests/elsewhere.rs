//! Another S3, whose buckets are there or not: what it is asked, and what its answers mean.

use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use http::{Method, StatusCode};
use tokio::net::TcpListener;

use super::super::elsewhere::create;
use crate::s3::Bucket;

/// Makes a bucket in a region of an S3 that answers this when it is asked for the bucket. Answers
/// how that ended, and what was sent to make it.
async fn create_where(region: &'static str, answer: u16) -> (Result<(), String>, Option<String>) {
    let sent: Arc<Mutex<Option<Bytes>>> = Arc::default();
    let bodies = Arc::clone(&sent);
    let serve = move |request: Request| {
        let bodies = Arc::clone(&bodies);
        async move {
            if request.method() == Method::HEAD {
                return StatusCode::from_u16(answer).unwrap();
            }
            let target = (request.method().as_str(), request.uri().path().trim_end_matches('/'));
            assert_eq!(target, ("PUT", "/pictures"));
            let body = to_bytes(request.into_body(), 10_000).await.unwrap();
            assert_eq!(bodies.lock().unwrap().replace(body), None, "it is made once");
            StatusCode::OK
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, Router::new().fallback(serve)).await });
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::disabled())
        .force_path_style(true);
    let buckets = [Bucket { name: "pictures".into(), ..Bucket::default() }];
    let made = create(&Client::from_conf(config.build()), &buckets).await;
    server.abort();
    let sent = sent.lock().unwrap().take();
    (made, sent.map(|body| String::from_utf8(body.to_vec()).unwrap()))
}

#[tokio::test]
async fn a_bucket_that_is_missing_is_made_in_the_region_that_is_used() {
    let (made, sent) = create_where("eu-central-1", 404).await;
    assert_eq!(made, Ok(()));
    let sent = sent.unwrap();
    assert!(sent.contains("<LocationConstraint>eu-central-1</LocationConstraint>"), "{sent}");
    // There, S3 refuses to be told.
    assert_eq!(create_where("us-east-1", 404).await, (Ok(()), Some(String::new())));
}

#[tokio::test]
async fn a_bucket_is_made_only_if_it_is_known_to_be_missing() {
    assert_eq!(create_where("eu-central-1", 200).await, (Ok(()), None));
    for (answer, why) in [(301, "another region"), (403, "somebody else's"), (503, "503")] {
        let (made, sent) = create_where("eu-central-1", answer).await;
        assert!(made.as_ref().is_err_and(|said| said.contains("pictures") && said.contains(why)), "{made:?}");
        assert_eq!(sent, None, "{answer}");
    }
}
