//! Friends: asking and answering, ending it, blocking; and all of it at once.

use std::slice::from_ref;
use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};
use shared::friends::pair::{Act, Bond, Side};

use crate::harness::orders::{Acted, some_order_explains, timeless};
use crate::harness::{Answer, Fault, Kith, Person};

impl Kith {
    /// Fails unless both sides of every bond agree, and every count is one of friendships.
    pub(crate) async fn check_friends(&self) {
        let items = self.items().await;
        let edges: Vec<_> =
            items.iter().filter(|item| item["SK"].as_str().unwrap().starts_with("RELATION#")).collect();
        for edge in &edges {
            let mirror = edges
                .iter()
                .find(|other| other["userId"] == edge["peerId"] && other["peerId"] == edge["userId"]);
            let mirror = mirror.expect("an edge has two sides");
            assert_eq!(mirror["writeId"], edge["writeId"], "both are written together");
            assert_eq!(mirror["bond"]["tie"]["kind"], edge["bond"]["tie"]["kind"]);
            assert_eq!(mirror["bond"].get("blockedBy"), edge["bond"].get("blocked"));
        }
        for profile in items.iter().filter(|item| item["SK"] == "PROFILE") {
            let of_them = edges.iter().filter(|edge| edge["userId"] == profile["userId"]);
            let friends = of_them.filter(|edge| edge["bond"]["tie"]["kind"] == "friends").count();
            assert_eq!(profile["friendCount"], json!(friends), "{}", profile["username"]);
        }
    }
}

#[tokio::test]
async fn two_people_become_friends_and_part() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    let asked = alice.ask(&bob).await;
    let request = asked.expect(201);
    let path = format!("/v1/friend-requests/{}", request["id"].as_str().unwrap());
    assert_eq!(asked.header("location"), path);
    assert_eq!((&request["status"], &request["sender"]["username"]), (&json!("pending"), &json!("alice")));
    assert_eq!(alice.sees(&bob).await, ("requestSent".into(), 0));
    assert_eq!(bob.sees(&alice).await, ("requestReceived".into(), 0));
    alice.ask(&bob).await.expect_problem(409, "request-pending");
    assert_eq!(bob.get(&path).await.expect(200), request);
    let incoming = bob.get("/v1/friend-requests?direction=incoming").await.expect(200);
    assert_eq!(incoming["items"], json!([request]));
    assert_eq!(alice.ids("/v1/friend-requests?direction=outgoing").await.len(), 1);
    assert_eq!(alice.ids("/v1/friend-requests?direction=incoming").await.len(), 0);
    alice.patch(&path, json!({ "status": "accepted" })).await.expect_problem(403, "forbidden");
    bob.delete(&path).await.expect_problem(403, "forbidden");

    let accepted = bob.answer(&alice, "accepted").await.expect(200);
    assert_eq!(accepted["status"], "accepted");
    assert_eq!(bob.answer(&alice, "accepted").await.expect(200), accepted);
    bob.answer(&alice, "rejected").await.expect_problem(409, "request-closed");
    alice.delete(&path).await.expect_problem(409, "request-closed");
    alice.ask(&bob).await.expect_problem(409, "already-friends");
    assert_eq!(alice.sees(&bob).await, ("friends".into(), 1));
    let friends = alice.get("/v1/friends").await.expect(200);
    assert_eq!(
        (&friends["items"][0]["id"], &friends["items"][0]["friendsSince"]),
        (&json!(bob.id), &accepted["updatedAt"])
    );
    assert_eq!(alice.get("/v1/users?query=bob").await.expect(200)["items"][0]["relation"], "friends");
    assert_eq!(alice.ids("/v1/friend-requests?direction=outgoing").await.len(), 0);

    for _ in 0..2 {
        bob.delete(&format!("/v1/friends/{}", alice.id)).await.expect(204);
        assert_eq!(alice.sees(&bob).await, ("none".into(), 0));
        alice.get(&path).await.expect_problem(404, "not-found");
    }
    assert_eq!(alice.ids("/v1/friends").await.len(), 0);
    kith.check_friends().await;
}

#[tokio::test]
async fn two_who_ask_each_other_are_friends() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    let asked = alice.ask(&bob).await.expect(201);
    let crossed = bob.ask(&alice).await.expect(201);
    assert_eq!((&crossed["id"], &crossed["status"]), (&asked["id"], &json!("accepted")));
    kith.check_friends().await;
}

#[tokio::test]
async fn after_a_rejection_the_same_one_waits_thirty_days() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.ask(&bob).await.expect(201);
    let rejected = bob.answer(&alice, "rejected").await.expect(200);
    assert_eq!(bob.answer(&alice, "rejected").await.expect(200), rejected);
    assert_eq!(alice.sees(&bob).await.0, "none");
    let path = format!("/v1/friend-requests/{}-{}", alice.id, bob.id);
    assert_eq!(alice.get(&path).await.expect(200)["status"], "rejected");
    let refused = alice.ask(&bob).await;
    refused.expect_problem(409, "recently-rejected");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=30 * 24 * 3600).contains(&wait), "{wait}");
    // The other one may ask at any time.
    bob.ask(&alice).await.expect(201);
    bob.delete(&format!("/v1/friend-requests/{}-{}", bob.id, alice.id)).await.expect(204);
    // Sessions are as long as that.
    kith.advance(Duration::from_secs(wait));
    alice.sign_in().await.ask(&bob).await.expect(201);
}

#[tokio::test]
async fn who_blocks_is_not_there_for_the_blocked() {
    let kith = Kith::start().await;
    let [alice, bob, carol] =
        [kith.register("alice").await, kith.register("bob").await, kith.register("carol").await];
    alice.befriend(&bob).await;
    carol.befriend(&bob).await;
    carol.befriend(&alice).await;
    let nobody = "01JZZ3W0Q5E8T4C9M2R7B6N1KD";
    alice.block(&bob).await;
    alice.block(&bob).await;
    assert_eq!(alice.sees(&bob).await, ("blocked".into(), 1));
    assert_eq!(alice.ids("/v1/blocks").await, [&*bob.id]);
    for path in ["/v1/users/ID", "/v1/users/ID/friends", "/v1/friend-requests/ID-ME"] {
        let of = |id: &str| path.replace("ID", id).replace("ME", &bob.id);
        let hidden = bob.get(&of(&alice.id)).await;
        let missing = bob.get(&of(nobody)).await;
        hidden.expect_problem(404, "not-found");
        assert_eq!(hidden.without_request_id(), missing.without_request_id(), "{path}");
    }
    bob.get("/v1/usernames/alice").await.expect_problem(404, "not-found");
    assert_eq!(bob.ids("/v1/users?query=alice").await.len(), 0);
    bob.ask(&alice).await.expect_problem(404, "not-found");
    let missing = bob.call(Method::POST, "/v1/friend-requests").json(json!({ "to": nobody })).await;
    assert_eq!(bob.ask(&alice).await.without_request_id(), missing.without_request_id());
    // In a friend's list they do not meet either.
    assert_eq!(bob.ids(&format!("/v1/users/{}/friends", carol.id)).await, [&*bob.id]);
    assert!(bob.ids("/v1/friends").await.iter().all(|id| *id == carol.id));
    alice.ask(&bob).await.expect_problem(403, "forbidden");

    // Each may block the other, and that tells nothing.
    bob.block(&alice).await;
    bob.call(Method::PUT, &format!("/v1/blocks/{nobody}")).await.expect(204);
    let blocked = bob.get("/v1/blocks").await.expect(200);
    assert_eq!(blocked["items"][0]["username"], Value::Null);
    for person in [(&alice, &bob), (&bob, &alice)] {
        person.0.delete(&format!("/v1/blocks/{}", person.1.id)).await.expect(204);
    }
    assert_eq!(bob.sees(&alice).await, ("none".into(), 1));
    kith.check_friends().await;
}

#[tokio::test]
async fn lists_go_on_where_they_ended() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let mut friends = Vec::new();
    for number in 0..5 {
        let friend = kith.register(&format!("friend{number}")).await;
        alice.befriend(&friend).await;
        friends.insert(0, friend.id);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = alice.get(&format!("/v1/friends?limit=2{cursor}")).await.expect(200);
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["nextCursor"].as_str() else { break };
        alice.get(&format!("/v1/blocks?cursor={next}")).await.expect_problem(400, "invalid-cursor");
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, friends);
}

#[tokio::test]
async fn a_friendship_ends_at_five_thousand() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.ask(&bob).await.expect(201);
    kith.set_friend_count(&bob.id, 5_000).await;
    bob.answer(&alice, "accepted").await.expect_problem(409, "friend-limit");
    kith.set_friend_count(&bob.id, 4_999).await;
    bob.answer(&alice, "accepted").await.expect(200);
    assert_eq!(alice.sees(&bob).await.1, 5_000);
}

/// One thing that one of two people does, at random.
async fn act(random: &mut Rng, one: &Person, other: &Person) -> (Act, Answer) {
    let request = |from: &Person, to: &Person| format!("/v1/friend-requests/{}-{}", from.id, to.id);
    let block = |method| one.call(method, &format!("/v1/blocks/{}", other.id));
    match random.u8(..11) {
        0..4 => (Act::Ask, one.ask(other).await),
        4..6 => (Act::Accept, one.answer(other, "accepted").await),
        6 => (Act::Reject, one.answer(other, "rejected").await),
        7 => (Act::Cancel, one.delete(&request(one, other)).await),
        8 => (Act::Unfriend, one.delete(&format!("/v1/friends/{}", other.id)).await),
        9 => (Act::Block, block(Method::PUT).await),
        _ => (Act::Unblock, block(Method::DELETE).await),
    }
}

/// Lets some people do so many things to each other at once, with something going wrong at every
/// other seed; fails unless some order of what was answered explains what is left.
async fn storm(kith: &Kith, people: &[Person], seed: u64, acts: u64) {
    let pairs: Vec<_> = (0..people.len()).flat_map(|one| (0..one).map(move |other| (one, other))).collect();
    let bonds = async || {
        let items = kith.items().await;
        let bond = |&(one, other): &(usize, usize)| {
            let (pk, sk) = (format!("USER#{}", people[one].id), format!("RELATION#{}", people[other].id));
            timeless(items.iter().find(|item| item["PK"] == pk && item["SK"] == sk))
        };
        pairs.iter().map(bond).collect::<Vec<_>>()
    };
    let before = bonds().await;
    if seed % 2 == 1 {
        kith.faults().randomly(0.2, seed);
    }
    let acted = join_all((0..acts).map(async |number| {
        let mut random = Rng::with_seed(seed * 1_000 + number);
        let (one, other) = pairs[random.usize(..pairs.len())];
        let (side, doer, peer) =
            if random.bool() { (Side::Me, one, other) } else { (Side::Them, other, one) };
        let (act, answer) = act(&mut random, &people[doer], &people[peer]).await;
        let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
        ((one, other), Acted { side, act, status: answer.status, code })
    }))
    .await;
    kith.faults().stop();
    for ((pair, before), after) in pairs.iter().zip(before).zip(bonds().await) {
        let between = acted.iter().filter(|(of, _)| of == pair).map(|(_, acted)| acted.clone());
        let between: Vec<_> = between.collect();
        assert!(some_order_explains(&before, &between, &after), "{seed}: {before:?} {between:#?} {after:?}");
    }
    kith.check_friends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn some_order_explains_whatever_two_people_do_at_once() {
    let kith = Kith::start().await;
    let people = [kith.register("alice").await, kith.register("bob").await];
    for seed in 0..100 {
        storm(&kith, &people, seed, 10).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn some_order_explains_whatever_three_people_do_at_once() {
    let kith = Kith::start().await;
    let people = [kith.register("alice").await, kith.register("bob").await, kith.register("carol").await];
    for seed in 0..50 {
        storm(&kith, &people, seed, 20).await;
    }
}

#[test]
fn no_order_explains_what_did_not_happen() {
    let acted = |side, act, status, code: &str| Acted { side, act, status, code: code.into() };
    let (nothing, asked) = (Bond::default(), acted(Side::Me, Act::Ask, 201, ""));
    assert!(!some_order_explains(&nothing, from_ref(&asked), &nothing), "the request is gone");
    let requested = timeless(Some(
        &json!({ "bond": { "tie": { "kind": "requested", "by": "me", "asked": "2026-01-01T00:00:00.000Z" } } }),
    ));
    assert!(some_order_explains(&nothing, from_ref(&asked), &requested));
    assert!(
        !some_order_explains(&nothing, &[asked.clone(), asked.clone()], &requested),
        "both were the first"
    );
    let refused = acted(Side::Me, Act::Ask, 409, "request-pending");
    assert!(some_order_explains(&nothing, &[refused, asked.clone()], &requested));
    let unanswered = acted(Side::Me, Act::Cancel, 503, "unavailable");
    assert!(some_order_explains(&nothing, &[asked.clone(), unanswered.clone()], &nothing));
    assert!(some_order_explains(&nothing, &[asked, unanswered], &requested));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_accepted_at_once_ten_fit() {
    let kith = Kith::start().await;
    let bob = kith.register("bob").await;
    let people: Vec<_> = join_all((0..50).map(async |number| {
        let person = kith.register(&format!("person{number}")).await;
        person.ask(&bob).await.expect(201);
        person
    }))
    .await;
    kith.set_friend_count(&bob.id, 4_990).await;
    let answers = join_all(people.iter().map(|person| bob.answer(person, "accepted"))).await;
    let accepted = answers.iter().filter(|answer| answer.status == 200).count();
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        refused.expect_problem(409, "friend-limit");
    }
    assert_eq!((accepted, bob.me().await["friendCount"].as_u64()), (10, Some(5_000)));
}

#[tokio::test]
async fn an_answered_block_or_unfriending_holds_for_the_very_next_call_however_stale_a_read_may_be() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    kith.faults().stale_reads();
    // Whatever can be read from a replica that lags was read before.
    assert_eq!(bob.sees(&alice).await.0, "friends");
    assert_eq!(bob.ids("/v1/friends").await, [&*alice.id]);
    assert_eq!(bob.ids("/v1/users?query=alice").await, [&*alice.id]);
    alice.block(&bob).await;
    bob.get(&format!("/v1/users/{}", alice.id)).await.expect_problem(404, "not-found");
    assert!(bob.ids("/v1/friends").await.is_empty());
    assert!(bob.ids("/v1/users?query=alice").await.is_empty());

    let carol = kith.register("carol").await;
    carol.befriend(&bob).await;
    let friends_of_bob = format!("/v1/users/{}/friends", bob.id);
    carol.get(&friends_of_bob).await.expect(200);
    bob.delete(&format!("/v1/friends/{}", carol.id)).await.expect(204);
    carol.get(&friends_of_bob).await.expect_problem(404, "not-found");
    assert_eq!(carol.sees(&bob).await, ("none".into(), 0));
}

#[tokio::test]
async fn a_lost_reply_makes_one_friendship() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    for call in 0..4 {
        for fault in [Fault::LostReply, Fault::Conflict, Fault::Throttle, Fault::Reset] {
            alice.ask(&bob).await.expect(201);
            // What is read to check the token, and then the bond, and the transaction.
            kith.faults().once_after(call, fault);
            bob.answer(&alice, "accepted").await.expect(200);
            kith.faults().stop();
            assert_eq!(alice.sees(&bob).await, ("friends".into(), 1), "{fault:?} at {call}");
            kith.check_friends().await;
            bob.delete(&format!("/v1/friends/{}", alice.id)).await.expect(204);
        }
    }
}
