//! Storage that fails: everything is done once or not at all, and says so.

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Answer, Fault, Kith, PASSWORD};

/// Whether an answer is one that a client can go on with.
fn is_clean(answer: &Answer) -> bool {
    let code = answer.json()["code"].clone();
    answer.status < 300 || answer.status == 503 && code == "unavailable" || answer.status == 409
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_faults_loses_nothing_and_breaks_nothing() {
    let kith = Kith::start().await;
    let mut answers = Vec::new();
    for seed in 0..3 {
        kith.faults().randomly(0.3, seed);
        let people = join_all((0..20).map(async |number| {
            let username = format!("storm{seed}n{number}");
            let body = json!({ "username": username, "email": format!("{username}@example.com"), "password": PASSWORD });
            (username, kith.post("/v1/users", body).await)
        }));
        for (username, registered) in people.await {
            assert!(is_clean(&registered), "{registered:?}");
            let Some(token) = registered.json()["session"]["token"].as_str().map(str::to_owned) else {
                answers.push(registered);
                continue;
            };
            let edits = 8;
            for edit in 0..edits {
                let call = kith
                    .call(http::Method::PATCH, "/v1/me")
                    .header("authorization", &format!("Bearer {token}"));
                answers.push(call.json(json!({ "bio": format!("{edit}") })).await);
            }
            let sign_in = kith.post("/v1/sessions", json!({ "login": username, "password": PASSWORD })).await;
            // Every edit that was acknowledged counts once, and no other does.
            let made = answers[answers.len() - edits..].iter().filter(|answer| answer.status == 200).count();
            if sign_in.status == 201 && made == edits {
                assert_eq!(sign_in.json()["user"]["version"], 1 + edits);
            }
            answers.extend([registered, sign_in]);
        }
        assert!(kith.faults().stop() > 100, "there were faults");
    }
    kith.check_accounts().await;
    let clean = answers.iter().filter(|answer| is_clean(answer)).count();
    let succeeded = answers.iter().filter(|answer| answer.status < 300).count();
    assert!(clean * 1000 >= answers.len() * 999, "{clean} of {} were clean", answers.len());
    assert!(succeeded * 100 >= answers.len() * 99, "{succeeded} of {} succeeded", answers.len());
}

#[tokio::test]
async fn an_outage_is_a_503_that_may_be_tried_again() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    alice.get("/v1/me").await.expect(200);
    for fault in [Fault::Internal, Fault::Reset, Fault::Throttle] {
        kith.faults().always(fault);
        let calls =
            [alice.get("/v1/me"), alice.patch("/v1/me", json!({ "bio": "b" })), alice.try_sign_in(PASSWORD)];
        for answer in join_all(calls.map(IntoFuture::into_future)).await {
            answer.expect_problem(503, "unavailable");
            assert_eq!(answer.header("retry-after"), "1");
        }
        kith.faults().stop();
        assert_eq!(alice.get("/v1/me").await.expect(200)["version"], 1, "{fault:?}");
    }
}

#[tokio::test]
async fn each_single_fault_is_outlived() {
    let kith = Kith::untold().await;
    let alice = kith.register("alice").await;
    let mut version = 1;
    for fault in Fault::PASSING {
        for calls in 0..4 {
            kith.faults().once_after(calls, fault);
            alice.sign_in().await.get("/v1/me").await.expect(200);
            assert_eq!(kith.faults().stop(), 1, "{fault:?} after {calls} of a sign-in");
            kith.faults().once_after(calls.min(1), fault);
            let me = alice.patch("/v1/me", json!({ "bio": "b" })).await.expect(200);
            assert_eq!(kith.faults().stop(), 1, "{fault:?} after {calls} of an edit");
            version += 1;
            assert_eq!(me["version"], version, "{fault:?} after {calls}");
        }
    }
}

#[tokio::test]
async fn what_was_just_written_is_read_even_where_eventual_reads_lag() {
    let kith = Kith::start().await;
    kith.faults().stale_reads();
    let (alice, bob) = (kith.register("alice").await, kith.register("bob").await);
    for edit in 0..5 {
        let bio = json!(format!("edit {edit}"));
        alice.patch("/v1/me", json!({ "bio": bio })).await.expect(200);
        assert_eq!(alice.get("/v1/me").await.expect(200)["bio"], bio);
        assert_eq!(bob.get("/v1/usernames/alice").await.expect(200)["bio"], bio);
    }
}

#[tokio::test]
async fn a_read_that_is_not_strong_does_lag_when_it_is_told_to() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let client = aws_sdk_dynamodb::Client::new(&kith.stack().aws().sdk().unwrap());
    let bio = async |strong: bool| {
        let key = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        let read = client.get_item().table_name("kith-Table").consistent_read(strong);
        let read = read
            .key("PK", key(&format!("USER#{}", alice.id)))
            .key("SK", key("PROFILE"))
            .send()
            .await
            .unwrap();
        read.item.unwrap()["bio"].as_s().unwrap().clone()
    };
    kith.faults().stale_reads();
    assert_eq!(bio(false).await, "");
    alice.patch("/v1/me", json!({ "bio": "new" })).await.expect(200);
    assert_eq!((bio(false).await.as_str(), bio(true).await.as_str()), ("", "new"));
    kith.faults().stop();
    assert_eq!(bio(false).await, "new");
}
