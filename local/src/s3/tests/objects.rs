//! Objects put, read, listed and deleted.

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata as _};
use aws_sdk_s3::presigning::PresigningConfig;
use bytes::Bytes;
use s3s::crypto::{Checksum as _, Md5};
use tokio::task::JoinSet;

use super::*;

#[tokio::test]
async fn an_object_comes_back_as_it_was_put() {
    let app = start().await;
    let put = app.client.put_object().bucket(PLAIN).key("a/b.txt").body(b"hello".to_vec().into());
    let put = put.content_type("text/plain").cache_control("max-age=60").metadata("note", "naïve");
    let put = put.content_disposition("attachment").content_encoding("identity").send().await.unwrap();
    assert_eq!(put.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));

    let got = app.client.get_object().bucket(PLAIN).key("a/b.txt").send().await.unwrap();
    assert_eq!(got.e_tag(), put.e_tag());
    assert_eq!(got.content_type(), Some("text/plain"));
    assert_eq!(got.cache_control(), Some("max-age=60"));
    assert_eq!(got.content_disposition(), Some("attachment"));
    assert_eq!(got.content_encoding(), Some("identity"));
    assert_eq!(got.content_length(), Some(5));
    assert!(got.last_modified().is_some());
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hello");

    let head = app.client.head_object().bucket(PLAIN).key("a/b.txt").send().await.unwrap();
    assert_eq!(head.e_tag(), put.e_tag());
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.content_type(), Some("text/plain"));
    assert!(head.metadata().unwrap().contains_key("note"));

    let part = app.client.get_object().bucket(PLAIN).key("a/b.txt").range("bytes=1-3").send().await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 1-3/5"));
    assert_eq!(part.body.collect().await.unwrap().to_vec(), b"ell");

    for _ in 0..2 {
        app.client.delete_object().bucket(PLAIN).key("a/b.txt").send().await.unwrap();
    }
    assert_eq!(app.get(PLAIN, "a/b.txt").await, None);
    app.s3.stop().await;
}

#[tokio::test]
async fn an_empty_object_is_an_object() {
    let app = start().await;
    app.put(PLAIN, "empty", b"").await;
    assert_eq!(app.get(PLAIN, "empty").await.unwrap(), b"");
}

#[tokio::test]
async fn what_is_absent_is_said_to_be() {
    let app = start().await;
    let key = app.client.get_object().bucket(PLAIN).key("none").send().await.unwrap_err();
    assert_eq!((key.raw_response().unwrap().status().as_u16(), key.code()), (404, Some("NoSuchKey")));
    let key = app.client.head_object().bucket(PLAIN).key("none").send().await.unwrap_err();
    assert_eq!(key.raw_response().unwrap().status().as_u16(), 404);
    let bucket = app.client.put_object().bucket("nowhere").key("a").send().await.unwrap_err();
    assert_eq!(
        (bucket.raw_response().unwrap().status().as_u16(), bucket.code()),
        (404, Some("NoSuchBucket"))
    );
    assert!(app.client.head_bucket().bucket("nowhere").send().await.is_err());
    app.client.head_bucket().bucket(PLAIN).send().await.unwrap();
}

#[tokio::test]
async fn a_list_comes_in_pages_by_key() {
    let app = start().await;
    for key in ["b/2", "a/1", "b/1 &+ü", "b/3", "c"] {
        app.put(PLAIN, key, b"body").await;
    }
    let list = || app.client.list_objects_v2().bucket(PLAIN);
    let pages = list().prefix("b/").max_keys(2).into_paginator().send().collect::<Vec<_>>().await;
    let pages: Vec<Vec<_>> = pages
        .into_iter()
        .map(|page| page.unwrap().contents().iter().map(|object| object.key().unwrap().to_owned()).collect())
        .collect();
    assert_eq!(pages, [vec!["b/1 &+ü", "b/2"], vec!["b/3"]]);

    let after = list().start_after("b/2").send().await.unwrap();
    assert_eq!(after.key_count(), Some(2));
    assert_eq!(after.contents()[0].size(), Some(4));
    let encoded = list().prefix("b/1").encoding_type("url".into()).send().await.unwrap();
    assert_eq!(encoded.contents()[0].key(), Some("b/1%20%26%2B%C3%BC"));
    let wrong = list().continuation_token("?").send().await.unwrap_err();
    assert_eq!(wrong.code(), Some("InvalidArgument"));
    let refused = list().delimiter("/").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("NotImplemented"));
}

#[tokio::test]
async fn what_is_not_implemented_is_refused() {
    let app = start().await;
    let put = || app.client.put_object().bucket(PLAIN).key("a");
    assert_eq!(put().acl("public-read".into()).send().await.unwrap_err().code(), Some("NotImplemented"));
    assert_eq!(put().tagging("a=b").send().await.unwrap_err().code(), Some("NotImplemented"));
    assert_eq!(put().if_none_match("*").send().await.unwrap_err().code(), Some("NotImplemented"));
    let version = app.client.get_object().bucket(PLAIN).key("a").version_id("v").send().await;
    assert_eq!(version.unwrap_err().code(), Some("NotImplemented"));
    assert_eq!(app.client.list_buckets().send().await.unwrap_err().code(), Some("NotImplemented"));
    assert_eq!(app.get(PLAIN, "a").await, None);
}

#[tokio::test]
async fn what_a_url_asks_for_and_is_not_implemented_is_refused() {
    let app = start().await;
    let hoist = Hoist("x-amz-acl=public-read");
    let put = app.client.put_object().bucket(PLAIN).key("a").customize().interceptor(hoist).send();
    assert_eq!(put.await.unwrap_err().code(), Some("NotImplemented"));
    assert_eq!(app.get(PLAIN, "a").await, None);
}

/// Adds a parameter to a URL, before it is signed.
#[derive(Debug)]
struct Hoist(&'static str);

impl Intercept for Hoist {
    fn name(&self) -> &'static str {
        "Hoist"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let uri = format!("{}&{}", context.request().uri(), self.0);
        context.request_mut().set_uri(uri)?;
        Ok(())
    }
}

#[tokio::test]
async fn any_key_stays_inside_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let app = start_on(Some(folder.path())).await;
    let long = "k".repeat(1024);
    let keys = [
        "../../x",
        "a/../b",
        "a/./b",
        "./a",
        "..",
        "%2e%2e",
        "%",
        "/etc/passwd",
        "a//b",
        "a/",
        "ünï/çødé 🦀",
        "a+b &=?#*~",
        &long,
    ];
    for key in keys {
        app.put(PLAIN, key, key.as_bytes()).await;
    }
    for key in keys {
        assert_eq!(app.get(PLAIN, key).await.as_deref(), Some(key.as_bytes()), "{key}");
    }
    let list = app.client.list_objects_v2().bucket(PLAIN).send().await.unwrap();
    let mut listed: Vec<_> = list.contents().iter().map(|object| object.key().unwrap()).collect();
    let mut keys = keys.to_vec();
    listed.sort_unstable();
    keys.sort_unstable();
    assert_eq!(listed, keys);
    let files = std::fs::read_dir(folder.path().join("buckets").join(PLAIN)).unwrap().count();
    assert_eq!(files, keys.len());
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    assert_eq!(names, ["buckets", "events", "partial", "runs"]);

    let too_long = app.client.put_object().bucket(PLAIN).key("k".repeat(1025)).send().await.unwrap_err();
    assert_eq!(too_long.code(), Some("KeyTooLongError"));
}

#[tokio::test]
async fn racing_puts_leave_one_whole_object() {
    let app = start().await;
    let mut puts = JoinSet::new();
    for n in 0..50_u8 {
        let (client, body) = (app.client.clone(), vec![n; 10_000 + usize::from(n)]);
        puts.spawn(async move {
            let put = client.put_object().bucket(PLAIN).key("one").body(body.clone().into()).send();
            (put.await.unwrap().e_tag.unwrap(), body)
        });
        if n % 5 == 0 {
            let client = app.client.clone();
            puts.spawn(async move {
                match client.get_object().bucket(PLAIN).key("one").send().await {
                    Ok(got) => (got.e_tag.clone().unwrap(), got.body.collect().await.unwrap().to_vec()),
                    Err(error) => (error.code().unwrap().to_owned(), Vec::new()),
                }
            });
        }
    }
    let mut seen = puts.join_all().await;
    let last = app.client.get_object().bucket(PLAIN).key("one").send().await.unwrap();
    seen.push((last.e_tag.clone().unwrap(), last.body.collect().await.unwrap().to_vec()));
    for (etag, body) in seen.into_iter().filter(|(etag, _)| etag != "NoSuchKey") {
        assert!(body.windows(2).all(|pair| pair[0] == pair[1]));
        let md5 = Bytes::from_owner(Md5::checksum(&body));
        assert_eq!(etag, format!("\"{md5:x}\""));
    }
}

#[tokio::test]
async fn a_browser_learns_that_what_it_has_still_holds() {
    let app = start().await;
    let etag = app.put(PLAIN, "a", b"hello").await;
    let config = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let url = app.client.get_object().bucket(PLAIN).key("a").presigned(config).await.unwrap();
    let same = app.http.get(url.uri()).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(same.status(), 304);
    assert_eq!(same.headers()["etag"], etag);
    assert_eq!(same.bytes().await.unwrap(), "");
    let other = app.http.get(url.uri()).header("if-none-match", "\"other\"").send().await.unwrap();
    assert_eq!(other.status(), 200);
    let since = other.headers()["last-modified"].clone();
    let since = app.http.get(url.uri()).header("if-modified-since", since).send().await.unwrap();
    assert_eq!(since.status(), 304);
    let failed = app.http.get(url.uri()).header("if-match", "\"other\"").send().await.unwrap();
    assert_eq!(failed.status(), 412);
    let beyond = app.http.get(url.uri()).header("range", "bytes=9-").send().await.unwrap();
    assert_eq!(beyond.status(), 416);
}

#[tokio::test]
async fn whoever_has_no_key_gets_nothing() {
    let app = start().await;
    app.put(PLAIN, "a", b"hello").await;
    let url = format!("{}/{PLAIN}/a", app.s3.endpoint());
    assert_eq!(app.http.get(&url).send().await.unwrap().status(), 403);
    assert_eq!(app.http.put(&url).body("x").send().await.unwrap().status(), 403);
    assert_eq!(app.http.delete(&url).send().await.unwrap().status(), 403);
    let stranger = client(&app.s3, "guessed");
    let error = stranger.get_object().bucket(PLAIN).key("a").send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 403);
    assert_eq!(app.get(PLAIN, "a").await.unwrap(), b"hello");
}
