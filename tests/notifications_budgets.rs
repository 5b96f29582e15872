//! What notifications cost in DynamoDB: docs/costs.md, counted.

use std::time::Duration;

use http::Method;
use local::gateway::Record;
use serde_json::json;
use shared::store::Cost;

use crate::budgets::cost;
use crate::harness::notifications::{changes_of, follower};
use crate::harness::{Kith, Person};

/// Round trips, read units, write units and pushes of the function that follows the stream, until this
/// was seen to.
async fn followed(kith: &Kith, work: impl Future) -> (u32, f64, f64, u32) {
    kith.drained().await;
    let ((), records) = kith
        .watch(async {
            work.await;
            kith.drained().await;
        })
        .await;
    let of_stream = |record: Record| record.function.filter(|(name, _)| name == "StreamFunction");
    let costs = records.into_iter().filter_map(of_stream).map(|(_, cost)| cost);
    let cost = costs.fold(Cost::default(), Cost::plus);
    (cost.round_trips, cost.read_units, cost.write_units, cost.pushes)
}

#[tokio::test]
async fn what_others_do_costs_what_the_table_says() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    let post = alice.write("hello", "public").await;
    assert_eq!(followed(&kith, bob.like(&post)).await, (4, 12.5, 2.0, 0), "nobody is connected");
    assert_eq!(followed(&kith, bob.unlike(&post)).await, (3, 10.0, 2.0, 0), "taken back");
    assert_eq!(followed(&kith, bob.like(&post)).await, (3, 10.0, 2.0, 0), "and again");
    assert_eq!(cost(&kith, alice.get("/v1/notifications")).await, (2, 5.0, 0.0), "a list of one");
    let _socket = alice.connect().await;
    assert_eq!(
        followed(&kith, bob.comment(&post, "x").into_future()).await,
        (4, 12.5, 2.0, 1),
        "told on one device"
    );
    let answer = followed(&kith, bob.ask(&alice)).await;
    assert_eq!(answer, (4, 8.5, 2.0, 1), "a request");
    let page = alice.get("/v1/notifications").await.expect(200);
    assert_eq!(cost(&kith, alice.get("/v1/notifications")).await, (2, 6.0, 0.0), "a list of three");
    // Who asks is counted as such and as a notification, and read once.
    assert_eq!(cost(&kith, alice.get("/v1/unread")).await, (2, 6.5, 0.0), "counted");
    let id = page["items"][0]["id"].as_str().unwrap();
    assert_eq!(cost(&kith, alice.see(id)).await, (2, 2.0, 1.0), "seen");
    assert_eq!(cost(&kith, alice.see(id)).await, (1, 2.0, 0.0), "seen already");
    assert_eq!(
        cost(&kith, alice.get("/v1/unread")).await,
        (2, 3.5, 0.0),
        "counted, without those that were seen"
    );
}

#[tokio::test]
async fn what_ones_devices_are_told_of_ones_profile_costs_what_the_table_says() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let edit = || alice.patch("/v1/me", json!({ "bio": "b" })).into_future();
    assert_eq!(followed(&kith, edit()).await, (1, 1.0, 0.0, 0), "nobody is connected");
    let _sockets = [alice.connect().await, alice.connect().await];
    assert_eq!(followed(&kith, edit()).await, (2, 3.0, 0.0, 2), "told on two devices");
    let status = alice.put("/v1/me/status", json!({ "text": "x" })).into_future();
    assert_eq!(followed(&kith, status).await, (2, 3.0, 0.0, 2));
}

/// However many devices people have whose profiles change at once, two hundred are told.
#[tokio::test]
async fn of_profiles_that_change_at_once_few_devices_are_told() {
    let kith = Kith::untold().await;
    let mut together = Vec::new();
    for name in ["alice", "bob", "carol"] {
        let person = kith.register(name).await;
        kith.seed_connections(&person.id, 100).await;
        kith.drained().await;
        let edit = person.patch("/v1/me", json!({ "bio": "b" })).into_future();
        together.extend(changes_of(&kith, edit).await.iter().map(|change| change["Records"][0].clone()));
    }
    let told = follower(&kith).invoke(json!({ "Records": together }).to_string(), "test").await;
    assert_eq!((told.result.is_ok(), told.cost.pushes), (true, 200));
}

/// What is counted is counted together: three lists and the marker at once, then all that decides. If each
/// list went on by itself, one could be two calls ahead of another, and a third round trip would be waited for.
#[tokio::test]
async fn what_is_unread_is_counted_in_five_calls() {
    let kith = Kith::start().await;
    let [alice, bob, carol] =
        [kith.register("alice").await, kith.register("bob").await, kith.register("carol").await];
    alice.befriend(&bob).await;
    bob.say(&alice, "1", "hello").await.expect(201);
    carol.ask(&alice).await;
    kith.drained().await;
    let (answer, records) = kith.watch(alice.get("/v1/unread").into_future()).await;
    assert_eq!(answer.expect(200), json!({ "conversations": 1, "notifications": 2, "friendRequests": 1 }));
    let cost = &records[0].function.as_ref().unwrap().1;
    assert_eq!((cost.calls, cost.round_trips), (5, 2));
}

/// What it costs to list and to count so many notifications by one person, unseen and seen.
async fn costs_with(many: usize) -> Vec<(u32, f64, f64)> {
    let kith = Kith::start().await;
    let [alice, bob]: [Person; 2] = [kith.register("alice").await, kith.register("bob").await];
    let post = alice.write("hello", "public").await;
    kith.seed_comments(&post, &bob, many).await;
    kith.drained().await;
    let first = alice.get("/v1/notifications?limit=100").await.expect(200);
    let path = format!("/v1/notifications?cursor={}", first["nextCursor"].as_str().unwrap());
    let mut costs = Vec::new();
    for is_seen in [false, true] {
        if is_seen {
            kith.advance(Duration::from_secs(1));
            let seen = json!({ "upTo": first["items"][0]["id"] });
            alice.call(Method::PUT, "/v1/notifications/seen").json(seen).await.expect(204);
        }
        for path in ["/v1/notifications", &path, "/v1/unread"] {
            costs.push(cost(&kith, alice.get(path)).await);
        }
    }
    costs
}

#[tokio::test]
async fn a_thousand_notifications_cost_what_two_hundred_do() {
    let few = costs_with(200).await;
    println!("a page, a further page, counted; and the same once they are seen: {few:?}");
    assert_eq!(costs_with(1_000).await, few);
}
