//! The local stack as a program: what it keeps, and how it starts and ends.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::Method;
use local::aws::Aws;
use local::clock::ShiftedClock;
use local::dynamodb::Embedded;
use local::s3::{AccessKey, Bucket, EmbeddedS3};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::ids::Ids;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::harness::picture::png;
use crate::harness::seed::{friendships, write_items};
use crate::harness::table::all_items;
use crate::harness::{PASSWORD, Process};

const ANY_PORT: [&str; 6] = ["--http-port", "0", "--ws-port", "0", "--s3-port", "0"];

const DYNAMODB: &str = "AWS_ENDPOINT_URL_DYNAMODB";

async fn register(kith: &Process, username: &str) -> Option<(u16, Value)> {
    let body =
        json!({ "username": username, "email": format!("{username}@example.com"), "password": PASSWORD });
    kith.call(Method::POST, "/v1/users", "", Some(body)).await
}

#[tokio::test]
async fn everything_is_still_there_after_a_restart() {
    let data = TempDir::new().unwrap();
    let kith = Process::start(data.path(), &ANY_PORT).await;
    let (_, made) = register(&kith, "alice").await.unwrap();
    let token = made["session"]["token"].as_str().unwrap();
    assert!(kith.terminate().await < Duration::from_secs(1));

    let kith = Process::start(data.path(), &ANY_PORT).await;
    let (status, me) = kith.call(Method::GET, "/v1/me", token, None).await.unwrap();
    assert_eq!((status, &me), (200, &made["user"]));
    kith.terminate().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_a_kill() {
    let data = TempDir::new().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let kith = Process::start(data.path(), &ANY_PORT).await;
        let mut registrations: FuturesUnordered<_> = (0..24)
            .map(async |number| {
                let username = format!("round{round}n{number}");
                let answer = register(&kith, &username).await;
                (username, answer)
            })
            .collect();
        // The kill comes as soon as some are acknowledged, while the others are under way.
        while acknowledged.len() < 4 * (round + 1) {
            let (username, answer) = registrations.next().await.unwrap();
            let (status, made) = answer.unwrap();
            assert_eq!(status, 201);
            acknowledged.push((username, made));
        }
        assert!(registrations.len() > 10, "some are under way");
        drop(registrations);
        kith.kill().await;
    }
    let kith = Process::start(data.path(), &ANY_PORT).await;
    for (username, made) in &acknowledged {
        let token = made["session"]["token"].as_str().unwrap();
        let (status, me) = kith.call(Method::GET, "/v1/me", token, None).await.unwrap();
        assert_eq!((status, &me["username"]), (200, &json!(username)));
    }
    // What was not acknowledged is there whole or not at all: its name is taken or free.
    for round in 0..3 {
        let username = format!("round{round}n23");
        let (status, _) = register(&kith, &username).await.unwrap();
        let sign_in = json!({ "login": username, "password": PASSWORD });
        let (signed_in, _) = kith.call(Method::POST, "/v1/sessions", "", Some(sign_in)).await.unwrap();
        assert!([201, 409].contains(&status) && signed_in == 201, "{username}: {status}, {signed_in}");
    }
    kith.terminate().await;
}

/// Works on the table of a program that is not running.
async fn on_table<T>(data: &TempDir, work: impl AsyncFnOnce(Client) -> T) -> T {
    let clock = ShiftedClock::default();
    let embedded = Embedded::start(Some(data.path()), clock.clone()).await.unwrap();
    let endpoint = embedded.endpoint();
    let source = (clock.clock(), Ids::random(clock.clock()));
    let aws = Aws::new((&endpoint, &endpoint), &HashMap::new(), None, source);
    let result = work(Client::new(&aws.sdk().unwrap())).await;
    embedded.stop().await;
    result
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_later_outlives_kills() {
    let data = TempDir::new().unwrap();
    let kith = Process::start(data.path(), &ANY_PORT).await;
    let (_, made) = register(&kith, "alice").await.unwrap();
    let text = |value: &Value, pointer: &str| value.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let (alice, token) = (text(&made, "/user/id"), text(&made, "/session/token"));
    kith.terminate().await;
    let (friends, edges) = friendships(&alice, 3_000);
    on_table(&data, async |table| write_items(&table, edges).await).await;

    let kith = Process::start(data.path(), &ANY_PORT).await;
    let wish = json!({ "text": "hello" });
    let (_, written) = kith.call(Method::POST, "/v1/posts", &token, Some(wish)).await.unwrap();
    kith.kill().await;
    let (mut kills, mut reached) = (1, 0);
    // Each time it is killed while the step is done that comes after the first one.
    while reached < friends.len() {
        let mut kith = Process::start_followed(data.path(), &ANY_PORT).await;
        kith.wait_for("stream to JobsFunction").await;
        kith.kill().await;
        kills += 1;
        let items = on_table(&data, async |table| all_items(&table).await).await;
        let entries: Vec<_> =
            items.iter().filter(|item| item["SK"].as_str().unwrap().starts_with("ENTRY#")).collect();
        assert!(entries.iter().all(|entry| entry["postId"] == written["id"]));
        assert!(entries.len() >= reached, "what was done stays done");
        reached = entries.len();
    }
    println!("3,000 friends have the post after {kills} kills");
    assert!(kills > 2, "{kills}");
}

#[tokio::test]
async fn another_dynamodb_can_be_used_and_its_tables_are_made() {
    let data = TempDir::new().unwrap();
    let one = Process::start(data.path(), &ANY_PORT).await;
    let (_, made) = register(&one, "alice").await.unwrap();
    let theirs = Embedded::start(None, ShiftedClock::default()).await.unwrap();
    let elsewhere = TempDir::new().unwrap();
    for _ in 0..2 {
        // The second time the table is there already.
        let other = Process::start_with(elsewhere.path(), &ANY_PORT, &[(DYNAMODB, &theirs.endpoint())]).await;
        let (status, _) = register(&other, "alice").await.unwrap();
        assert!([201, 409].contains(&status));
        let token = made["session"]["token"].as_str().unwrap();
        assert_eq!(
            other.call(Method::GET, "/v1/me", token, None).await.unwrap().0,
            401,
            "it is another store"
        );
        other.terminate().await;
    }
    one.terminate().await;
    theirs.stop().await;
}

#[tokio::test]
async fn it_says_in_one_sentence_why_it_cannot_start() {
    let data = TempDir::new().unwrap();
    let kith = Process::start(data.path(), &ANY_PORT).await;
    let port = kith.url.rsplit(':').next().unwrap();
    let said = Process::fail(data.path(), &ANY_PORT).await;
    assert!(
        said.contains("another kith is using it") && said.contains("--data") && said.lines().count() == 1,
        "{said}"
    );
    let elsewhere = TempDir::new().unwrap();
    let said = Process::fail(elsewhere.path(), &["--http-port", port]).await;
    assert!(
        said.contains(&format!("port {port}")) && said.contains("--http-port") && said.lines().count() == 1,
        "{said}"
    );
    let said = Process::fail(elsewhere.path(), &[&ANY_PORT[..], &["--bind", "192.0.2.1"]].concat()).await;
    assert!(said.contains("192.0.2.1") && said.contains("--bind") && said.lines().count() == 1, "{said}");
    for nowhere in ["nonsense", "http://127.0.0.1:9"] {
        let said = Process::fail_with(elsewhere.path(), &ANY_PORT, &[(DYNAMODB, nowhere)]).await;
        assert!(said.contains(nowhere) && said.contains("AWS_ENDPOINT_URL_DYNAMODB"), "{said}");
        assert!(said.lines().count() == 1 && said.len() < 200, "{said}");
    }
    kith.terminate().await;
}

#[tokio::test]
async fn it_is_ready_soon_and_says_where() {
    let data = TempDir::new().unwrap();
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let kith = Process::start(data.path(), &ANY_PORT).await;
        best = best.min(kith.took);
        assert!(kith.output.contains(&format!("{}/docs", kith.url)), "{}", kith.output);
        kith.terminate().await;
    }
    assert!(best < Duration::from_secs(1), "{best:?}");
}

#[tokio::test]
async fn the_clocks_can_be_put_forward() {
    let data = TempDir::new().unwrap();
    let kith = Process::start(data.path(), &ANY_PORT).await;
    let (_, made) = register(&kith, "alice").await.unwrap();
    let token = made["session"]["token"].as_str().unwrap();
    kith.terminate().await;
    for (offset, status) in [("29d", 200), ("58d", 200), ("89d", 401)] {
        let kith = Process::start(data.path(), &[&ANY_PORT[..], &["--clock-offset", offset]].concat()).await;
        assert_eq!(kith.call(Method::GET, "/v1/me", token, None).await.unwrap().0, status, "{offset}");
        kith.terminate().await;
    }
}

/// Puts a picture by a URL that the API gave out.
async fn put_picture(kith: &Process, token: &str, picture: &[u8]) {
    let wish = json!({ "contentType": "image/png", "contentLength": picture.len() });
    let (status, answer) = kith.call(Method::POST, "/v1/me/avatar", token, Some(wish)).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    let put = reqwest::Client::new().put(answer["upload"]["url"].as_str().unwrap());
    let put = put.header("content-type", "image/png").body(picture.to_vec()).send().await.unwrap();
    assert_eq!(put.status(), 200);
}

/// The large one of the squares, once there is one.
async fn shown(kith: &Process, token: &str) -> Vec<u8> {
    let look = async {
        loop {
            let (_, me) = kith.call(Method::GET, "/v1/me", token, None).await.unwrap();
            if let Some(url) = me["avatar"]["large"].as_str() {
                return url.to_owned();
            }
        }
    };
    let url = tokio::time::timeout(Duration::from_secs(20), look).await.expect("there is a picture in time");
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn a_picture_whose_upload_was_answered_outlives_a_kill() {
    let data = TempDir::new().unwrap();
    let kith = Process::start(data.path(), &ANY_PORT).await;
    let (_, made) = register(&kith, "alice").await.unwrap();
    let token = made["session"]["token"].as_str().unwrap();
    put_picture(&kith, token, &png([9, 99, 199], 600)).await;
    // Before anybody has looked at it.
    kith.kill().await;
    let kith = Process::start(data.path(), &ANY_PORT).await;
    let picture = shown(&kith, token).await;
    kith.kill().await;
    let kith = Process::start(data.path(), &ANY_PORT).await;
    assert_eq!(shown(&kith, token).await, picture);
    kith.terminate().await;
}

#[tokio::test]
async fn another_s3_can_be_used_and_what_is_put_there_is_noticed() {
    let data = TempDir::new().unwrap();
    let bucket = |name: &str| Bucket { name: name.into(), ..Bucket::default() };
    let buckets = vec![bucket("kith-uploadsbucket"), bucket("kith-mediabucket")];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let key = AccessKey { id: "theirs".into(), secret: "secret".into() };
    let (theirs, _) = EmbeddedS3::start(None, listener, buckets, key, Clock::system()).await.unwrap();
    let s3 = ("AWS_ENDPOINT_URL_S3", &*theirs.endpoint());
    let said = Process::fail_with(data.path(), &ANY_PORT, &[s3]).await;
    assert!(said.contains("AWS_ENDPOINT_URL_S3") && said.lines().count() == 1, "not ours to use: {said}");

    let mine = [("AWS_ACCESS_KEY_ID", "theirs"), ("AWS_SECRET_ACCESS_KEY", "secret"), s3];
    let kith = Process::start_with(data.path(), &ANY_PORT, &mine).await;
    let (_, made) = register(&kith, "alice").await.unwrap();
    let token = made["session"]["token"].as_str().unwrap();
    put_picture(&kith, token, &png([9, 99, 199], 8)).await;
    assert!(shown(&kith, token).await.starts_with(b"\xff\xd8\xff"));
    kith.terminate().await;
    theirs.stop().await;
}
