//! What each call costs in DynamoDB: docs/costs.md, counted.

use std::time::Duration;

use http::Method;
use serde_json::json;
use shared::store::Cost;

use crate::harness::picture::png;
use crate::harness::{Call, Kith, PASSWORD};

/// Round trips, read units, write units of the function that served a call.
async fn cost(kith: &Kith, call: Call) -> (u32, f64, f64) {
    let (answer, records) = kith.watch(call.into_future()).await;
    assert!(answer.status < 300, "{answer:?}");
    let Cost { round_trips, read_units, write_units, .. } = records[0].function.clone().unwrap().1;
    (round_trips, read_units, write_units)
}

#[tokio::test]
async fn each_call_costs_what_the_table_says() {
    let kith = Kith::start().await;
    let registration = json!({ "username": "alice", "email": "alice@example.com", "password": PASSWORD });
    assert_eq!(cost(&kith, kith.post("/v1/users", registration)).await, (2, 2.0, 15.0), "register");

    let bob = kith.register("bob").await;
    assert_eq!(cost(&kith, bob.try_sign_in(PASSWORD)).await, (3, 5.0, 2.0), "sign in");
    assert_eq!(cost(&kith, bob.get("/v1/sessions")).await, (1, 2.0, 0.0), "list sessions");
    let other = bob.sign_in().await;
    assert_eq!(
        cost(&kith, bob.delete(&format!("/v1/sessions/{}", other.session))).await,
        (2, 3.0, 1.0),
        "end a session"
    );
    assert_eq!(cost(&kith, bob.delete("/v1/sessions")).await, (2, 2.0, 4.0), "end all others");
    let change = bob.change_password(PASSWORD, "another-Trombone-2031-puddle");
    assert_eq!(cost(&kith, change).await, (3, 3.0, 6.0), "change the password");

    assert_eq!(cost(&kith, bob.get("/v1/me")).await, (1, 2.0, 0.0), "me");
    assert_eq!(cost(&kith, bob.patch("/v1/me", json!({ "bio": "b" }))).await, (1, 1.0, 1.0), "edit me");
    let rename = bob.patch("/v1/me", json!({ "username": "robert", "name": "Robert" }));
    assert_eq!(cost(&kith, rename).await, (2, 2.0, 10.0), "rename me");
    assert_eq!(cost(&kith, bob.get("/v1/users?query=ali")).await, (2, 3.0, 0.0), "search");
    assert_eq!(cost(&kith, bob.put("/v1/me/status", json!({ "text": "x" }))).await, (1, 0.0, 1.0), "status");
    assert_eq!(cost(&kith, bob.get(&format!("/v1/users/{}", bob.id))).await, (1, 2.0, 0.0), "a profile");
    assert_eq!(cost(&kith, bob.get("/v1/usernames/alice")).await, (2, 3.0, 0.0), "a profile by username");
    let wish = json!({ "contentType": "image/png", "contentLength": 10 });
    let ask = bob.call(Method::POST, "/v1/me/avatar").json(wish);
    assert_eq!(cost(&kith, ask).await, (2, 0.0, 2.0), "ask to upload a picture");
    let picture = png([1, 2, 3], 8);
    let upload = bob.ask_to_upload("image/png", picture.len()).await;
    let mut events = kith.events();
    assert_eq!(upload.put(&picture).await, 200);
    let Cost { round_trips, read_units, write_units, object_calls, .. } = events.settled().await.total();
    assert_eq!((round_trips, read_units, write_units, object_calls), (2, 1.0, 1.0, 6), "settle an upload");
    assert_eq!(upload.put(&picture).await, 200);
    let Cost { round_trips, read_units, write_units, object_calls, .. } = events.settled().await.total();
    assert_eq!((round_trips, read_units, write_units, object_calls), (1, 1.0, 0.0, 2), "settle it again");
    assert_eq!(cost(&kith, bob.delete("/v1/me/avatar")).await, (1, 0.0, 1.0), "remove the picture");
    assert_eq!(cost(&kith, bob.delete("/v1/sessions/current")).await, (1, 0.0, 1.0), "sign out");
}

#[tokio::test]
async fn what_friends_do_costs_what_the_table_says() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    let request = format!("/v1/friend-requests/{}-{}", alice.id, bob.id);
    let friendship = format!("/v1/friends/{}", alice.id);
    let ask = || alice.call(Method::POST, "/v1/friend-requests").json(json!({ "to": bob.id }));
    let answer = |status: &str| bob.patch(&request, json!({ "status": status }));
    assert_eq!(cost(&kith, ask()).await, (2, 3.0, 6.0), "ask");
    assert_eq!(
        cost(&kith, bob.get("/v1/friend-requests?direction=incoming")).await,
        (2, 3.5, 0.0),
        "requests"
    );
    assert_eq!(cost(&kith, bob.get(&request)).await, (1, 3.0, 0.0), "a request");
    assert_eq!(cost(&kith, alice.delete(&request)).await, (2, 3.0, 6.0), "cancel");
    ask().await.expect(201);
    assert_eq!(cost(&kith, answer("accepted")).await, (2, 3.0, 12.0), "accept");
    assert_eq!(cost(&kith, bob.get("/v1/friends")).await, (2, 3.5, 0.0), "friends");
    assert_eq!(
        cost(&kith, bob.get(&format!("/v1/users/{}/friends", alice.id))).await,
        (2, 4.5, 0.0),
        "theirs"
    );
    assert_eq!(cost(&kith, bob.delete(&friendship)).await, (2, 3.0, 10.0), "unfriend");
    ask().await.expect(201);
    assert_eq!(cost(&kith, answer("rejected")).await, (2, 3.0, 6.0), "reject");
    let block = format!("/v1/blocks/{}", alice.id);
    assert_eq!(cost(&kith, bob.call(Method::PUT, &block)).await, (2, 3.0, 5.0), "block");
    assert_eq!(cost(&kith, bob.get("/v1/blocks")).await, (2, 3.5, 0.0), "blocks");
    assert_eq!(cost(&kith, bob.delete(&block)).await, (2, 3.0, 5.0), "unblock");
}

#[tokio::test]
async fn a_sign_in_from_a_new_address_takes_two_more_places_under_limits() {
    let kith = Kith::start().await;
    let bob = kith.register("bob").await;
    // An address is known for 90 days.
    kith.advance(Duration::from_hours(91 * 24));
    assert_eq!(cost(&kith, bob.try_sign_in(PASSWORD)).await, (4, 5.0, 5.0));
}

#[tokio::test]
async fn fifty_sessions_are_all_there_can_be_to_read() {
    let kith = Kith::start().await;
    let mut bob = kith.register("bob").await;
    for number in 0..49 {
        let name = format!("{number} {}", "🐇".repeat(90));
        let body = json!({ "login": "bob", "password": PASSWORD, "device": name });
        let made = kith.post("/v1/sessions", body).await.expect(201);
        bob.token = made["session"]["token"].as_str().unwrap().to_owned();
    }
    let (round_trips, read_units, _) = cost(&kith, bob.get("/v1/sessions?limit=100")).await;
    assert!(round_trips == 1 && read_units <= 12.0, "{round_trips} round trips, {read_units} R");
}

#[tokio::test]
async fn a_largest_profile_costs_no_more_reads() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let edit = json!({ "name": "🐇".repeat(64), "bio": "🐇".repeat(500), "location": "🐇".repeat(100) });
    alice.patch("/v1/me", edit).await.expect(200);
    assert_eq!(cost(&kith, alice.get("/v1/me")).await, (1, 2.0, 0.0));
}

#[tokio::test]
async fn a_token_is_checked_once_a_minute_in_one_round_trip() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let authorizer = async || {
        let (_, records) = kith.watch(alice.get("/v1/me").into_future()).await;
        records[0].authorizer.clone().map(|(_, cost)| (cost.round_trips, cost.read_units, cost.write_units))
    };
    assert_eq!(authorizer().await, Some((1, 2.0, 0.0)));
    assert_eq!(authorizer().await, None);
    kith.advance(Duration::from_secs(59));
    assert_eq!(authorizer().await, None);
    kith.advance(Duration::from_secs(1));
    assert_eq!(authorizer().await, Some((1, 2.0, 0.0)));
}

#[tokio::test]
async fn what_is_refused_before_storage_costs_nothing() {
    let kith = Kith::start().await;
    let (answer, records) = kith.watch(kith.call(Method::GET, "/v1/me").into_future()).await;
    assert_eq!(answer.status, 401);
    assert_eq!(records[0].total().calls, 0);
    let (answer, records) =
        kith.watch(kith.post("/v1/users", json!({ "username": "x" })).into_future()).await;
    assert_eq!(answer.status, 422);
    assert_eq!(records[0].total().calls, 0);
}
