//! Who is online, as friends see it.

use std::time::Duration;

use http::Method;
use local::stack::Overrides;
use serde_json::{Value, json};

use crate::harness::notifications::{changes_of, follower};
use crate::harness::{Fault, Kith, Person};

/// What somebody is answered of others: whom, whether they are online, and whether they were ever seen.
async fn seen(viewer: &Person, others: &[&Person]) -> Vec<(String, bool, bool)> {
    let ids: Vec<_> = others.iter().map(|other| other.id.clone()).collect();
    let answer = viewer.get(&format!("/v1/presence?users={}", ids.join(","))).await.expect(200);
    let entry = |item: &Value| {
        let id = item["userId"].as_str().unwrap().to_owned();
        (id, item["online"].as_bool().unwrap(), item["lastSeenAt"].is_string())
    };
    answer["items"].as_array().unwrap().iter().map(entry).collect()
}

async fn people(kith: &Kith) -> [Person; 3] {
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    [alice, bob, kith.register("carol").await]
}

#[tokio::test]
async fn friends_are_told_when_the_first_connection_opens_and_the_last_one_closes() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = people(&kith).await;
    assert_eq!(seen(&alice, &[&bob]).await, [(bob.id.clone(), false, false)], "never seen");
    let mut alices = alice.connect().await;
    let mut carols = carol.connect().await;
    kith.drained().await;
    let first = bob.connect().await;
    assert_eq!(alices.presence().await, (bob.id.clone(), true));
    let second = bob.connect().await;
    kith.goodbye(first).await;
    kith.drained().await;
    alices.expect_no_presence().await;
    assert_eq!(seen(&alice, &[&bob]).await, [(bob.id.clone(), true, true)]);
    second.close().await;
    assert_eq!(alices.presence().await, (bob.id.clone(), false));
    assert_eq!(seen(&alice, &[&bob]).await, [(bob.id.clone(), false, true)]);
    // A stranger is told nothing, and is answered as if nobody were there.
    kith.drained().await;
    carols.expect_no_presence().await;
    assert!(seen(&carol, &[&alice, &bob, &carol]).await.is_empty());
}

#[tokio::test]
async fn who_is_no_friend_any_more_is_told_nothing() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = people(&kith).await;
    alice.befriend(&carol).await;
    let [mut bobs, mut carols] = [bob.connect().await, carol.connect().await];
    kith.drained().await;
    bob.unfriend(&alice).await;
    alice.block(&carol).await;
    let socket = alice.connect().await;
    kith.drained().await;
    for (person, heard) in [(&bob, &mut bobs), (&carol, &mut carols)] {
        heard.expect_no_presence().await;
        assert!(seen(person, &[&alice]).await.is_empty());
        assert!(seen(&alice, &[person]).await.is_empty());
    }
    kith.goodbye(socket).await;
    kith.drained().await;
    bobs.expect_no_presence().await;
    carols.expect_no_presence().await;
}

#[tokio::test]
async fn who_goes_without_a_goodbye_is_gone_once_it_is_found_out() {
    let kith = Kith::with(Overrides { loses_disconnects: true, ..Overrides::default() }).await;
    let [alice, bob, _] = people(&kith).await;
    let mut alices = alice.connect().await;
    let socket = bob.connect().await;
    assert_eq!(alices.presence().await, (bob.id.clone(), true));
    // Nothing is on its way to him any more.
    kith.drained().await;
    socket.close().await;
    kith.advance(Duration::from_secs(10));
    kith.drained().await;
    alices.expect_no_presence().await;
    // A push does not reach them.
    alice.say(&bob, "1", "hello").await.expect(201);
    assert_eq!(alices.presence().await, (bob.id.clone(), false));
    // Nor does anything: the time of a connection is over after two hours.
    let socket = bob.connect().await;
    assert_eq!(alices.presence().await, (bob.id.clone(), true));
    socket.close().await;
    kith.advance(Duration::from_hours(3));
    let [alice, bob] = [alice.sign_in().await, bob.sign_in().await];
    assert_eq!(seen(&alice, &[&bob]).await, [(bob.id.clone(), false, true)]);
    let mut alices = alice.connect().await;
    let _again = bob.connect().await;
    assert_eq!(alices.presence().await, (bob.id.clone(), true), "they have come, though not gone");
    // It is not kept for ever.
    kith.advance(Duration::from_hours(91 * 24));
    let alice = alice.sign_in().await;
    assert_eq!(seen(&alice, &[&bob]).await, [(bob.id.clone(), false, false)]);
    let bob = bob.sign_in().await;
    let _back = bob.connect().await;
    assert_eq!(seen(&alice, &[&bob]).await, [(bob.id.clone(), true, true)]);
}

#[tokio::test]
async fn a_sign_out_is_seen_whatever_goes_wrong_between_two_calls() {
    let kith = Kith::start().await;
    let [alice, bob, _] = people(&kith).await;
    let mut alices = alice.connect().await;
    for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::LostReply, Fault::Throttle] {
        for calls in 0..20 {
            let other = bob.sign_in().await;
            let _socket = other.connect().await;
            while !alices.presence().await.1 {}
            kith.drained().await;
            kith.faults().once_after(calls, fault);
            // Again, as a client does that is not answered.
            while ![204, 404].contains(&bob.delete(&format!("/v1/sessions/{}", other.session)).await.status) {
            }
            // It may be told more than once, and is told in the end.
            while alices.presence().await.1 {}
            kith.drained().await;
            let is_over = kith.faults().stop() == 0;
            assert_eq!(seen(&alice, &[&bob]).await, [(bob.id.clone(), false, true)]);
            if is_over {
                break;
            }
        }
    }
}

#[tokio::test]
async fn presence_is_asked_of_up_to_fifty_people_by_their_ids() {
    let kith = Kith::start().await;
    let [alice, bob, _] = people(&kith).await;
    for bad in ["", "?users=", "?users=x", &format!("?users={},", bob.id), &format!("?users={}%20", bob.id)] {
        alice.get(&format!("/v1/presence{bad}")).await.expect_problem(422, "invalid-input");
    }
    alice.get("/v1/presence?users=a&users=b").await.expect_problem(400, "invalid-query");
    let many = |many: usize| vec![bob.id.as_str(); many].join(",");
    alice.get(&format!("/v1/presence?users={}", many(51))).await.expect_problem(422, "invalid-input");
    let answer = alice.get(&format!("/v1/presence?users={}", many(50))).await.expect(200);
    assert_eq!(answer["items"].as_array().unwrap().len(), 1, "each once");
    let nobody = "01JZZ3W0Q5E8T4C9M2R7B6N1KD";
    let answer = alice.get(&format!("/v1/presence?users={nobody},{}", bob.id)).await.expect(200);
    let expected = json!({ "items": [{ "userId": bob.id, "online": false, "lastSeenAt": null }] });
    assert_eq!(answer, expected);
    alice.call(Method::POST, "/v1/presence").await.expect_problem(405, "method-not-allowed");
}

/// Others are told on two hundred connections in all, on four at most of each.
#[tokio::test]
async fn however_many_connections_friends_have_few_are_told() {
    for (friends, told) in [(10, 40), (60, 200)] {
        let kith = Kith::start().await;
        let alice = kith.register("alice").await;
        for friend in kith.seed_friends(&alice, friends).await {
            kith.seed_connections(&friend, 5).await;
        }
        kith.drained().await;
        let (_socket, records) = kith
            .watch(async {
                let socket = alice.connect().await;
                kith.drained().await;
                socket
            })
            .await;
        assert_eq!(records.iter().map(|record| record.total().pushes).sum::<u32>(), told);
    }
}

/// Of two who come at once others are told on no more connections than of one.
#[tokio::test]
async fn however_many_come_at_once_few_are_told() {
    let kith = Kith::untold().await;
    let (mut sockets, mut together) = (Vec::new(), Vec::new());
    for name in ["alice", "bob"] {
        let person = kith.register(name).await;
        for friend in kith.seed_friends(&person, 60).await {
            kith.seed_connections(&friend, 5).await;
        }
        kith.drained().await;
        let came = changes_of(&kith, async { sockets.push(person.connect().await) }).await;
        together.extend(came.iter().map(|change| change["Records"][0].clone()));
    }
    let told = follower(&kith).invoke(json!({ "Records": together }).to_string(), "test").await;
    assert_eq!((told.result.is_ok(), told.cost.pushes), (true, 200));
}

/// Of somebody with thousands of friends, who are looked at is bounded.
#[tokio::test]
async fn to_come_and_go_costs_the_same_with_five_hundred_friends_and_with_five_thousand() {
    let mut costs = Vec::new();
    for many in [500, 5000] {
        let kith = Kith::start().await;
        let [alice, bob, _] = people(&kith).await;
        kith.seed_friends(&alice, many).await;
        let mut bobs = bob.connect().await;
        kith.drained().await;
        let url = alice.ticket_url().await;
        let mut records = kith.stack().records();
        let _socket = crate::harness::Socket::connect(&url).await;
        assert_eq!(bobs.presence().await, (alice.id.clone(), true), "the newest friend is told");
        let told = loop {
            let record = records.recv().await.unwrap();
            if let Some((_, cost)) = record.function.filter(|(_, cost)| cost.pushes > 0) {
                break cost;
            }
        };
        costs.push((told.round_trips, told.read_units, told.write_units, told.pushes));
    }
    println!("to come, with 500 friends and with 5,000: {costs:?}");
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0].1 < 275.0 && costs[0].0 == 3, "{costs:?}");
}
