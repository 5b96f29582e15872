//! What each call costs in DynamoDB: docs/costs.md, counted.

use std::time::Duration;

use http::Method;
use local::gateway::Record;
use serde_json::json;
use shared::store::Cost;

use crate::harness::picture::png;
use crate::harness::{Call, Kith, PASSWORD, Socket};

/// Round trips, read units, write units of the function that served a call.
pub(crate) async fn cost(kith: &Kith, call: Call) -> (u32, f64, f64) {
    let (answer, records) = kith.watch(call.into_future()).await;
    assert!(answer.status < 300, "{answer:?}");
    let served = records.iter().find(|record| !record.method.is_empty()).unwrap();
    let Cost { round_trips, read_units, write_units, .. } = served.function.clone().unwrap().1;
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
        (3, 4.0, 1.0),
        "end a session"
    );
    assert_eq!(cost(&kith, bob.delete("/v1/sessions")).await, (3, 3.0, 4.0), "end all others");
    let change = bob.change_password(PASSWORD, "another-Trombone-2031-puddle");
    assert_eq!(cost(&kith, change).await, (4, 4.0, 6.0), "change the password");

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
    assert_eq!(cost(&kith, bob.delete("/v1/sessions/current")).await, (2, 1.0, 1.0), "sign out");
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
async fn what_people_write_costs_what_the_table_says() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    let write = |text: &str| alice.post("/v1/posts", json!({ "text": text }));
    assert_eq!(cost(&kith, write("x")).await, (1, 1.0, 5.0), "write a post");
    let with_key = || write("x").header("idempotency-key", "a");
    assert_eq!(cost(&kith, with_key()).await, (1, 1.0, 7.0), "the same with a key");
    let (round_trips, read_units, _) = cost(&kith, with_key()).await;
    assert_eq!((round_trips, read_units), (2, 5.0), "and again");
    for text in ["0123456789", &"x".repeat(5000)] {
        let id = alice.write(text, "friends").await;
        kith.stack().drained().await;
        let post = format!("/v1/posts/{id}");
        let kilobytes = if text.len() > 10 { 5.0 } else { 0.0 };
        let of_text = |reads: f64| if text.len() > 10 { reads } else { 0.0 };
        assert_eq!(cost(&kith, bob.get(&post)).await, (1, 4.5 + of_text(1.0), 0.0), "a post");
        assert_eq!(cost(&kith, alice.get(&post)).await, (1, 3.5 + of_text(1.0), 0.0), "one's own");
        let like = format!("{post}/like");
        assert_eq!(cost(&kith, bob.call(Method::PUT, &like)).await, (2, 3.0, 7.0), "like");
        assert_eq!(cost(&kith, bob.call(Method::PUT, &like)).await, (1, 3.0, 0.0), "like again");
        assert_eq!(cost(&kith, bob.get(&format!("{post}/likes"))).await, (2, 3.5, 0.0), "likes");
        assert_eq!(cost(&kith, bob.delete(&like)).await, (2, 3.0, 5.0), "unlike");
        let comments = format!("{post}/comments");
        let say = || bob.post(&comments, json!({ "text": "x" }));
        assert_eq!(cost(&kith, say()).await, (2, 3.0, 7.0), "comment");
        assert_eq!(
            cost(&kith, say().header("idempotency-key", &id[30..])).await,
            (2, 4.0, 9.0),
            "with a key"
        );
        let comment = say().await.expect(201);
        let comment = format!("{comments}/{}", comment["id"].as_str().unwrap());
        assert_eq!(cost(&kith, alice.get(&comments)).await, (2, 3.5, 0.0), "comments");
        assert_eq!(cost(&kith, alice.get(&comment)).await, (2, 4.0, 0.0), "a comment");
        assert_eq!(cost(&kith, bob.get(&comment)).await, (1, 3.5, 0.0), "one's own comment");
        assert_eq!(cost(&kith, bob.patch(&comment, json!({ "text": "y" }))).await, (2, 3.5, 6.0), "edit it");
        assert_eq!(cost(&kith, bob.delete(&comment)).await, (2, 3.5, 5.0), "delete it");
        let edit = alice.patch(&post, json!({ "text": text }));
        assert_eq!(cost(&kith, edit).await, (2, 3.5 + of_text(1.0), 1.0 + kilobytes), "edit a post");
        let open = alice.patch(&post, json!({ "visibility": "public" }));
        assert_eq!(cost(&kith, open).await, (2, 3.5 + of_text(1.0), 6.0 + 2.0 * kilobytes), "open it");
        assert_eq!(cost(&kith, alice.delete(&post)).await, (1, 0.0, 5.0 + 2.0 * kilobytes), "delete a post");
        kith.stack().drained().await;
    }
}

/// What twenty posts in a feed, of as many friends, cost, and twenty of one author.
#[tokio::test]
async fn lists_of_posts_cost_what_the_table_says() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for number in 0..20 {
        let friend = kith.register(&format!("friend{number}")).await;
        alice.befriend(&friend).await;
        friend.write("hello", "friends").await;
    }
    kith.stack().drained().await;
    let (round_trips, read_units, _) = cost(&kith, alice.get("/v1/feed")).await;
    println!("a feed of 20: {round_trips} round trips, {read_units} R");
    assert_eq!((round_trips, read_units), (2, 71.5));
}

#[tokio::test]
async fn what_friends_say_costs_what_the_table_says() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    kith.drained().await;
    let say = |client_id: &str| alice.say(&bob, client_id, "hello");
    assert_eq!(cost(&kith, say("1")).await, (2, 4.0, 6.0), "the first message");
    kith.drained().await;
    assert_eq!(cost(&kith, say("2")).await, (2, 4.0, 6.0), "a message");
    kith.drained().await;
    assert_eq!(cost(&kith, say("2")).await, (2, 5.0, 0.0), "again");
    assert_eq!(cost(&kith, alice.edit(&bob, 1, "x")).await, (2, 4.0, 8.0), "edit");
    assert_eq!(cost(&kith, alice.edit(&bob, 1, "y")).await, (2, 4.0, 10.0), "edit again");
    assert_eq!(cost(&kith, alice.unsay(&bob, 1)).await, (2, 4.0, 8.0), "delete");
    kith.drained().await;
    let path = bob.conversation_path(&alice);
    assert_eq!(cost(&kith, bob.get("/v1/conversations")).await, (2, 5.5, 0.0), "conversations");
    assert_eq!(cost(&kith, bob.get(&path)).await, (1, 5.0, 0.0), "a conversation");
    assert_eq!(cost(&kith, bob.get(&format!("{path}/messages"))).await, (2, 3.0, 0.0), "history");
    assert_eq!(
        cost(&kith, bob.get(&format!("{path}/messages?changedAfter=0"))).await,
        (2, 4.0, 0.0),
        "changes"
    );
    assert_eq!(cost(&kith, bob.get("/v1/unread")).await, (2, 3.5, 0.0), "unread");
    let of_alice = format!("/v1/presence?users={}", alice.id);
    assert_eq!(cost(&kith, bob.get(&of_alice)).await, (1, 2.0, 0.0), "presence");
    assert_eq!(cost(&kith, bob.mark_read(&alice, 1)).await, (2, 4.0, 1.0), "read");
    assert_eq!(cost(&kith, bob.mark_read(&alice, 2)).await, (2, 4.0, 3.0), "read all");
    assert_eq!(cost(&kith, bob.mark_read(&alice, 2)).await, (1, 4.0, 0.0), "read already");
    let ticket = bob.call(Method::POST, "/v1/socket-tickets");
    assert_eq!(cost(&kith, ticket).await, (1, 2.0, 2.0), "a ticket");
}

/// What the events of a connection cost the function that serves them.
#[tokio::test]
async fn what_sockets_do_costs_what_the_table_says() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    kith.drained().await;
    let counted = |records: &[Record], route: &str| {
        let record = records.iter().find(|record| record.route == route).unwrap();
        let cost = record.function.clone().unwrap().1;
        (cost.round_trips, cost.read_units, cost.write_units, cost.pushes)
    };
    let url = alice.ticket_url().await;
    let (mut socket, records) = kith.watch(Socket::connect(&url)).await;
    assert_eq!(counted(&records, "WS $connect"), (2, 3.0, 6.0, 0));
    let ticket = records.iter().find_map(|record| record.authorizer.clone()).unwrap().1;
    assert_eq!((ticket.round_trips, ticket.write_units), (1, 1.0), "a ticket is redeemed");
    let _other = bob.connect().await;
    // Alice is told that he has come.
    kith.drained().await;
    let message = json!({ "action": "send", "to": bob.id, "clientId": "1", "text": "hello" });
    let ((), records) = kith
        .watch(async {
            socket.ask(&message).await;
            kith.drained().await;
        })
        .await;
    assert_eq!(counted(&records, "WS send"), (2, 5.0, 6.0, 1));
    let streamed: Vec<_> = records
        .iter()
        .filter_map(|record| record.function.clone())
        .filter(|(name, _)| name == "StreamFunction")
        .map(|(_, cost)| cost)
        .collect();
    // Two memberships, which come into the index, and each one's device is told.
    let told = streamed.iter().find(|cost| cost.pushes > 0).unwrap();
    let told = (told.round_trips, told.read_units, told.write_units, told.pushes);
    assert_eq!(told, (3, 9.0, 4.0, 2), "{streamed:?}");
    let conversation = alice.conversation_id(&bob);
    for (message, route, expected) in [
        (json!({ "action": "read", "conversationId": conversation, "seq": 1 }), "WS read", (1, 5.0, 0.0, 0)),
        (json!({ "action": "ping" }), "WS ping", (1, 1.0, 0.0, 0)),
        (json!({ "action": "shout" }), "WS $default", (1, 1.0, 0.0, 0)),
    ] {
        let mut records = kith.stack().records();
        socket.send(&message).await;
        loop {
            let record = records.recv().await.unwrap();
            if record.route == route {
                assert_eq!(counted(&[record], route), expected);
                break;
            }
        }
    }
    let mut records = kith.stack().records();
    socket.send(&json!({ "action": "typing", "to": bob.id })).await;
    loop {
        let record = records.recv().await.unwrap();
        if record.route == "WS typing" {
            assert_eq!(counted(&[record], "WS typing"), (1, 3.0, 0.0, 1));
            break;
        }
    }
}

#[tokio::test]
async fn a_sign_out_with_a_connection_costs_what_the_table_says() {
    // Whoever follows the stream may be there first, or whoever hears that the connection has ended, and
    // would do a part of it.
    let kith = Kith::untold().await;
    let alice = kith.register("alice").await;
    let other = alice.sign_in().await;
    let path = format!("/v1/sessions/{}", other.session);
    let mut socket = other.connect().await;
    kith.drained().await;
    let (answer, records) = kith.watch(alice.delete(&path).into_future()).await;
    answer.expect(204);
    let record = records.iter().find(|record| record.route == "DELETE /v1/sessions/{sessionId}").unwrap();
    let cost = &record.function.as_ref().unwrap().1;
    assert_eq!((cost.round_trips, cost.read_units, cost.write_units, cost.pushes), (6, 6.0, 3.0, 2));
    assert_eq!(socket.next().await["type"], "signedOut");
}

/// What is read of somebody with so many posts.
async fn costs_with(posts: i64) -> Vec<(u32, f64, f64)> {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    let old = kith.seed_bare_posts(&alice, posts, "private").await;
    let mut public = Vec::new();
    for _ in 0..25 {
        public.push(alice.write("hello", "public").await);
    }
    kith.stack().drained().await;
    let of_alice = format!("/v1/users/{}/posts", alice.id);
    let carol = kith.register("carol").await;
    vec![
        cost(&kith, alice.get(&of_alice)).await,
        cost(&kith, bob.get(&of_alice)).await,
        cost(&kith, carol.get(&of_alice)).await,
        cost(&kith, alice.get("/v1/feed")).await,
        cost(&kith, bob.get("/v1/feed")).await,
        cost(&kith, alice.get(&format!("/v1/posts/{}", old[0]))).await,
        cost(&kith, bob.get(&format!("/v1/posts/{}", public[0]))).await,
        cost(&kith, alice.post("/v1/posts", json!({ "text": "hello" }))).await,
        cost(&kith, bob.call(Method::PUT, &format!("/v1/posts/{}/like", public[0]))).await,
        cost(&kith, alice.delete(&format!("/v1/posts/{}", public[0]))).await,
    ]
}

// On one thread, where what is called at once begins before any of it ends.
#[tokio::test]
async fn a_hundred_thousand_posts_cost_what_a_hundred_do() {
    let few = costs_with(100).await;
    println!(
        "own posts, a friend's, a stranger's, own feed, a friend's, a post, theirs, write, like, delete: {few:?}"
    );
    assert_eq!(costs_with(100_000).await, few);
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

#[tokio::test]
async fn a_post_of_somebody_without_friends_is_soon_distributed() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    kith.drained().await;
    let writing = async {
        alice.write("hello", "friends").await;
        kith.drained().await;
    };
    let ((), records) = kith.watch(writing).await;
    let step = records.iter().filter_map(|record| record.function.as_ref());
    let step = step.filter(|(name, cost)| name == "JobsFunction" && cost.calls > 0).collect::<Vec<_>>();
    let [(_, cost)] = step[..] else { panic!("{records:?}") };
    assert_eq!((cost.calls, cost.round_trips, cost.read_units, cost.write_units), (4, 3, 3.0, 2.0));
}
