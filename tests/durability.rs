//! The local stack as a program: what it keeps, and how it starts and ends.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{PASSWORD, Process};

const ANY_PORT: [&str; 2] = ["--http-port", "0"];

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
        let registrations = join_all((0..12).map(async |number| {
            let username = format!("round{round}n{number}");
            // The kill comes while some of these are under way.
            let answer = register(&kith, &username).await;
            (username, answer)
        }));
        let some = tokio::time::timeout(Duration::from_millis(250), async {
            register(&kith, &format!("round{round}first")).await
        });
        let (all, _) = tokio::join!(
            async { tokio::time::timeout(Duration::from_millis(400), registrations).await },
            some
        );
        kith.kill().await;
        for (username, answer) in all.into_iter().flatten() {
            if let Some((201, made)) = answer {
                acknowledged.push((username, made));
            }
        }
    }
    let kith = Process::start(data.path(), &ANY_PORT).await;
    let (_, made) = register(&kith, "last").await.unwrap();
    acknowledged.push(("last".into(), made));
    for (username, made) in &acknowledged {
        let token = made["session"]["token"].as_str().unwrap();
        let (status, me) = kith.call(Method::GET, "/v1/me", token, None).await.unwrap();
        assert_eq!((status, &me["username"]), (200, &json!(username)));
    }
    kith.terminate().await;
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
        let kith = Process::start(data.path(), &["--http-port", "0", "--clock-offset", offset]).await;
        assert_eq!(kith.call(Method::GET, "/v1/me", token, None).await.unwrap().0, status, "{offset}");
        kith.terminate().await;
    }
}
