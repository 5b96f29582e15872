//! The local stack as a program: what it keeps, and how it starts and ends.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::Method;
use local::clock::ShiftedClock;
use local::dynamodb::Embedded;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{PASSWORD, Process};

const ANY_PORT: [&str; 4] = ["--http-port", "0", "--s3-port", "0"];

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

#[tokio::test]
async fn another_dynamodb_can_be_used_and_its_tables_are_made() {
    let data = TempDir::new().unwrap();
    let one = Process::start(data.path(), &ANY_PORT).await;
    let (_, made) = register(&one, "alice").await.unwrap();
    let theirs = Embedded::start(None, ShiftedClock::default()).await.unwrap();
    let elsewhere = TempDir::new().unwrap();
    for _ in 0..2 {
        // The second time the table is there already.
        let other = Process::start_with_dynamodb(elsewhere.path(), &ANY_PORT, &theirs.endpoint()).await;
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
    let said =
        Process::fail(elsewhere.path(), &["--http-port", "0", "--s3-port", "0", "--bind", "192.0.2.1"]).await;
    assert!(said.contains("192.0.2.1") && said.contains("--bind") && said.lines().count() == 1, "{said}");
    for nowhere in ["nonsense", "http://127.0.0.1:9"] {
        let said = Process::fail_with_dynamodb(elsewhere.path(), &ANY_PORT, nowhere).await;
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
        let kith =
            Process::start(data.path(), &["--http-port", "0", "--s3-port", "0", "--clock-offset", offset])
                .await;
        assert_eq!(kith.call(Method::GET, "/v1/me", token, None).await.unwrap().0, status, "{offset}");
        kith.terminate().await;
    }
}
