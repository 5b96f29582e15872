//! Sessions: where one is signed in, and how that ends.

use std::time::Duration;

use futures_util::future::{join, join_all};
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Fault, Kith, PASSWORD, Person};

const CACHED: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

async fn is_signed_in(person: &Person) -> bool {
    let answer = person.get("/v1/me").await;
    if answer.status == 200 {
        return true;
    }
    answer.expect_problem(401, "unauthenticated");
    false
}

#[tokio::test]
async fn sessions_are_listed_newest_first_a_page_at_a_time() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for device in ["phone", "tablet", "laptop"] {
        kith.advance(Duration::from_secs(1));
        let body = json!({ "login": "alice", "password": PASSWORD, "device": device });
        kith.post("/v1/sessions", body).await.expect(201);
    }
    let first = alice.get("/v1/sessions?limit=3").await.expect(200);
    let devices: Vec<_> =
        first["items"].as_array().unwrap().iter().map(|item| item["device"].as_str().unwrap()).collect();
    assert_eq!(devices, ["laptop", "tablet", "phone"]);
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = alice.get(&format!("/v1/sessions?limit=3&cursor={cursor}")).await.expect(200);
    assert_eq!(rest["nextCursor"], Value::Null);
    let items = rest["items"].as_array().unwrap();
    assert_eq!(
        (items.len(), &items[0]["id"], &items[0]["current"]),
        (1, &json!(alice.session), &json!(true))
    );

    // Her cursor is nothing to anybody else.
    let bob = kith.register("bob").await;
    bob.get(&format!("/v1/sessions?cursor={cursor}")).await.expect_problem(400, "invalid-cursor");
}

#[tokio::test]
async fn a_device_without_a_name_is_what_it_says_it_is() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let sign_in = alice.try_sign_in(PASSWORD).header("user-agent", "Mozilla/5.0 (X11; Linux)");
    sign_in.await.expect(201);
    let list = alice.get("/v1/sessions").await.expect(200);
    assert_eq!(list["items"][0]["device"], "Mozilla/5.0 (X11; Linux)");
}

#[tokio::test]
async fn a_session_that_was_ended_is_over_within_a_minute() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let phone = alice.sign_in().await;
    assert!(is_signed_in(&phone).await);
    alice.delete(&format!("/v1/sessions/{}", phone.session)).await.expect(204);
    kith.advance(CACHED);
    assert!(!is_signed_in(&phone).await);
    assert!(is_signed_in(&alice).await);
    alice.delete(&format!("/v1/sessions/{}", phone.session)).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn signing_out_ends_the_session_that_asks_and_may_be_repeated() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let phone = alice.sign_in().await;
    phone.delete("/v1/sessions/current").await.expect(204);
    phone.delete("/v1/sessions/current").await.expect(204);
    kith.advance(CACHED);
    assert!(!is_signed_in(&phone).await);
    assert!(is_signed_in(&alice).await);
}

#[tokio::test]
async fn nobody_ends_somebody_elses_session() {
    let kith = Kith::start().await;
    let (alice, bob) = (kith.register("alice").await, kith.register("bob").await);
    let hidden = bob.delete(&format!("/v1/sessions/{}", alice.session)).await;
    let missing = bob.delete(&format!("/v1/sessions/{}", "A".repeat(43))).await;
    let malformed = bob.delete("/v1/sessions/x").await;
    hidden.expect_problem(404, "not-found");
    assert_eq!(hidden.without_request_id(), missing.without_request_id());
    assert_eq!(hidden.without_request_id(), malformed.without_request_id());
    kith.advance(CACHED);
    assert!(is_signed_in(&alice).await);
}

#[tokio::test]
async fn ending_all_others_leaves_the_one_that_asks() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let others = join_all((0..5).map(|_| alice.sign_in())).await;
    alice.delete("/v1/sessions").await.expect(204);
    let list = alice.get("/v1/sessions").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    kith.advance(CACHED);
    for other in &others {
        assert!(!is_signed_in(other).await);
    }
    assert!(is_signed_in(&alice).await);
    alice.delete("/v1/sessions").await.expect(204);
    // What has ended cannot be ended.
    alice.delete(&format!("/v1/sessions/{}", others[0].session)).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn a_stolen_device_that_was_signed_out_signs_nobody_out() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let stolen = alice.sign_in().await;
    stolen.get("/v1/me").await.expect(200);
    alice.delete(&format!("/v1/sessions/{}", stolen.session)).await.expect(204);
    // The gateway remembers the token still.
    stolen.get("/v1/me").await.expect(200);
    let attempt = stolen.delete(&format!("/v1/sessions/{}", alice.session));
    attempt.await.expect_problem(401, "unauthenticated");
    kith.advance(CACHED);
    assert!(is_signed_in(&alice).await);
}

#[tokio::test]
async fn of_two_sessions_that_end_each_other_one_stays() {
    let kith = Kith::start().await;
    for round in 0..10 {
        let phone = kith.register(&format!("alice{round}")).await;
        let laptop = phone.sign_in().await;
        let (one, other) =
            join(phone.delete("/v1/sessions").into_future(), laptop.delete("/v1/sessions").into_future())
                .await;
        kith.advance(CACHED);
        let (phone_in, laptop_in) = (is_signed_in(&phone).await, is_signed_in(&laptop).await);
        assert!(phone_in ^ laptop_in, "round {round}: {} {}", one.status, other.status);
        assert_eq!((one.status == 204, other.status == 204), (phone_in, laptop_in), "round {round}");
    }
}

#[tokio::test]
async fn a_session_lasts_30_days_without_use_and_a_year_with_it() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let idle = alice.sign_in().await;
    for _ in 0..18 {
        kith.advance(20 * DAY);
        assert!(is_signed_in(&alice).await);
    }
    assert!(!is_signed_in(&idle).await);
    kith.advance(4 * DAY + 23 * Duration::from_hours(1));
    assert!(is_signed_in(&alice).await);
    kith.advance(Duration::from_hours(1));
    assert!(!is_signed_in(&alice).await);
}

#[tokio::test]
async fn use_is_noted_every_ten_minutes_and_not_more_often() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let writes = async || {
        kith.advance(CACHED);
        let (answer, records) = kith.watch(alice.get("/v1/me").into_future()).await;
        answer.expect(200);
        records[0].authorizer.as_ref().unwrap().1.write_units
    };
    assert_eq!(writes().await, 0.0);
    kith.advance(Duration::from_mins(10));
    assert_eq!(writes().await, 1.0);
    assert_eq!(writes().await, 0.0);
}

#[tokio::test]
async fn beyond_fifty_sessions_the_one_unused_for_longest_ends() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for _ in 0..50 {
        kith.advance(Duration::from_secs(1));
        alice.sign_in().await;
    }
    assert!(!is_signed_in(&alice).await);
    let newest = alice.sign_in().await;
    let list = newest.get("/v1/sessions?limit=100").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_works_on_the_very_next_request_a_thousand_times_in_a_row() {
    let kith = Kith::start().await;
    kith.faults().stale_reads();
    let alice = kith.register("alice").await;
    for _ in 0..1000 {
        let session = alice.sign_in().await;
        session.get("/v1/me").await.expect(200);
    }
}

#[tokio::test]
async fn a_storage_failure_never_turns_into_not_signed_in() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    kith.faults().always(Fault::Internal);
    let answer = alice.get("/v1/me").await;
    assert_eq!(answer.expect(500), json!({ "message": "Internal Server Error" }));
    kith.faults().stop();
    // And the gateway did not remember it.
    alice.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn a_token_is_the_whole_of_it_and_nothing_else() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let token = &alice.token;
    let (mut flipped, last) = (token.clone(), token.chars().last().unwrap());
    flipped.pop();
    flipped.push(if last == 'A' { 'B' } else { 'A' });
    let long = format!("Bearer {token}A");
    let headers = [
        format!("Bearer {flipped}"),
        format!("Bearer {}", &token[5..]),
        format!("Basic {token}"),
        token.clone(),
        long,
        "Bearer".into(),
        "Bearer kith_".into(),
        format!("Bearer {}", "x".repeat(5000)),
        "\u{1F600}".into(),
    ];
    for header in headers {
        let answer = kith.call(Method::GET, "/v1/me").header("authorization", &header).await;
        answer.expect_problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    kith.get("/v1/me").header("authorization", &format!("bearer  {token}")).await.expect(200);
    assert_eq!(kith.get("/v1/me").await.expect(401), json!({ "message": "Unauthorized" }));
}
