//! How connections end: by a sign-out, without a goodbye, or never having been known.

use std::time::Duration;

use futures_util::future::{join, join_all};
use local::gateway::Record;
use local::stack::Overrides;
use serde_json::json;

use crate::harness::{Fault, Kith, Next, PASSWORD, Person, Socket};
use crate::socket::{friends, send};

#[tokio::test]
async fn who_is_signed_out_is_told_so_and_hears_nothing_more() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let mut stays = alice.connect().await;
    for how in ["one", "itself", "others", "password", "surplus", "expired"] {
        let other = alice.sign_in().await;
        let [mut one, mut two] = [other.connect().await, other.connect().await];
        match how {
            "one" => drop(alice.delete(&format!("/v1/sessions/{}", other.session)).await.expect(204)),
            "itself" => drop(other.delete("/v1/sessions/current").await.expect(204)),
            "others" => drop(alice.delete("/v1/sessions").await.expect(204)),
            "password" => drop(alice.change_password(PASSWORD, PASSWORD).await.expect(204)),
            // Nobody who ends it closes its sockets: the stream does.
            _ => kith.delete_item(&format!("USER#{}", alice.id), &format!("SESSION#{}", other.session)).await,
        }
        // Whoever comes after the answer is not told of what is said after it.
        if !["surplus", "expired"].contains(&how) {
            bob.say(&alice, how, "hello").await.expect(201);
        }
        for socket in [&mut one, &mut two] {
            assert_eq!(socket.next().await, json!({ "type": "signedOut" }), "{how}");
            // A gateway that is slow to say that it did so may be told twice.
            while let Next::Text(text) = socket.receive().await {
                assert_eq!(text, r#"{"type":"signedOut"}"#, "{how}");
            }
        }
        kith.drained().await;
        assert_eq!(kith.connections().await, 1, "{how}");
    }
    stays.of_type("message").await;
    stays.send(&json!({ "action": "ping" })).await;
    stays.of_type("pong").await;
}

#[tokio::test]
async fn a_connection_that_is_not_known_may_say_nothing() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    for message in [
        send(&bob, "1", "hello"),
        json!({ "action": "typing", "to": bob.id }),
        json!({ "action": "read", "conversationId": alice.conversation_id(&bob), "seq": 1 }),
        json!({ "action": "ping" }),
        json!({ "action": "shout" }),
        json!("nonsense"),
        json!({ "action": "ping", "more": 1 }),
    ] {
        let mut socket = alice.connect().await;
        for item in kith.items().await {
            let (pk, sk) = (item["PK"].as_str().unwrap(), item["SK"].as_str().unwrap());
            if sk == "CONNECTIONS" {
                kith.delete_item(pk, sk).await;
            }
        }
        let error = socket.ask(&message).await;
        assert_eq!((&error["type"], &error["problem"]["code"]), (&json!("error"), &json!("unauthenticated")));
        assert!(matches!(socket.receive().await, Next::Closed(..)));
    }
    assert!(bob.texts(&alice).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_sign_out_and_a_connection_that_race_no_socket_is_left() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    // The session ends while the connection is being noted.
    for is_password in [false, true] {
        let other = alice.sign_in().await;
        let url = other.ticket_url().await;
        let gate = kith.faults().hold("TransactWriteItems");
        let opening = tokio::spawn(async move { Socket::try_connect(&url, &[]).await });
        gate.reached().await;
        if is_password {
            alice.delete("/v1/sessions").await.expect(204);
        } else {
            alice.delete(&format!("/v1/sessions/{}", other.session)).await.expect(204);
        }
        gate.release();
        assert_eq!(opening.await.unwrap().err().unwrap().status, 401);
        kith.faults().stop();
        assert_eq!(kith.connections().await, 0);
    }
    // All at once, however it falls.
    let mut opened = 0;
    for number in 0..40 {
        let other = alice.sign_in().await;
        let url = other.ticket_url().await;
        let path = format!("/v1/sessions/{}", other.session);
        let pause = Duration::from_millis(number % 8);
        let end = async {
            tokio::time::sleep(pause).await;
            alice.delete(&path).await.expect(204);
        };
        let (socket, ()) = join(Socket::try_connect(&url, &[]), end).await;
        if let Ok(mut socket) = socket {
            opened += 1;
            while !matches!(socket.receive().await, Next::Closed(..) | Next::Lost) {}
        }
        kith.drained().await;
        assert_eq!(kith.connections().await, 0);
    }
    println!("{opened} of 40 connections were opened, and closed");
}

#[tokio::test]
async fn the_dead_are_forgotten_and_the_living_are_told() {
    let kith = Kith::with(Overrides { loses_disconnects: true, ..Overrides::default() }).await;
    let [alice, bob] = friends(&kith).await;
    let mut alices = alice.connect().await;
    let [dead, mut other] = [bob.connect().await, bob.connect().await];
    kith.advance(Duration::from_secs(10));
    assert_eq!(kith.connections().await, 3);
    dead.close().await;
    assert_eq!(alices.ask(&send(&bob, "1", "hello")).await["type"], "ack");
    assert_eq!(other.of_type("message").await["message"]["text"], "hello");
    // The recipient's connection, and not the sender's. It is tried once, and never again.
    assert_eq!(kith.connections().await, 2);
    kith.drained().await;
    let (said, records) = kith.watch(bob.say(&alice, "1", "hello").into_future()).await;
    said.expect(201);
    let pushes = |records: &[Record]| records.iter().map(|record| record.total().pushes).collect::<Vec<_>>();
    assert!(pushes(&records).iter().all(|pushes| *pushes <= 2), "{records:?}");
    alices.send(&json!({ "action": "ping" })).await;
    alices.of_type("pong").await;
    // What was never pushed to is over after two hours, whether its item is gone or not.
    other.close().await;
    kith.advance(Duration::from_hours(3));
    let alice = alice.sign_in().await;
    kith.drained().await;
    let (said, records) = kith.watch(alice.say(&bob, "2", "hello").into_future()).await;
    said.expect(201);
    kith.drained().await;
    assert!(pushes(&records).iter().all(|pushes| *pushes == 0), "{records:?}");
}

#[tokio::test]
async fn who_says_goodbye_is_forgotten() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let socket = alice.connect().await;
    assert_eq!(kith.connections().await, 1);
    kith.goodbye(socket).await;
    let (said, records) = kith.watch(bob.say(&alice, "1", "hello").into_future()).await;
    said.expect(201);
    assert!(records.iter().all(|record| record.total().pushes == 0));
    assert_eq!(kith.connections().await, 0);
}

/// Ends a session, as a client does that is not answered, or not well.
async fn sign_out(alice: &Person, session: &str) {
    loop {
        match alice.delete(&format!("/v1/sessions/{session}")).await.status {
            204 | 404 => return,
            status => assert!([500, 503].contains(&status), "{status}"),
        }
    }
}

#[tokio::test]
async fn whatever_goes_wrong_between_two_calls_a_sign_out_closes_its_sockets() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let mut rounds = 0;
    for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::LostReply, Fault::Throttle] {
        for calls in 0.. {
            let other = alice.sign_in().await;
            let mut socket = other.connect().await;
            kith.drained().await;
            kith.faults().once_after(calls, fault);
            sign_out(&alice, &other.session).await;
            kith.drained().await;
            // It ends, and is told before; twice, if whoever told it crashed before they had closed it, or
            // the answer to that was lost.
            let mut told = 0;
            while let Next::Text(text) = socket.receive().await {
                assert_eq!(text, r#"{"type":"signedOut"}"#);
                told += 1;
            }
            assert!((1..=2).contains(&told), "{fault:?} {calls}: {told}");
            assert_eq!(kith.connections().await, 0, "{fault:?} {calls}");
            rounds += 1;
            if kith.faults().stop() == 0 {
                assert_eq!(told, 1);
                break;
            }
        }
    }
    println!("{rounds} sign-outs, each with something else that goes wrong");
    assert!(rounds > 30);
}

/// What is not closed is not said to be: a sign-out is answered once nothing is open any more.
#[tokio::test]
async fn a_sign_out_whose_sockets_cannot_be_looked_for_is_not_answered_as_one() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let other = alice.sign_in().await;
    let mut socket = other.connect().await;
    kith.drained().await;
    // The session is deleted; now its connections are looked for.
    let gate = kith.faults().hold("GetItem");
    let call = tokio::spawn(alice.delete(&format!("/v1/sessions/{}", other.session)).into_future());
    gate.reached().await;
    kith.faults().always(Fault::Internal);
    gate.release();
    call.await.unwrap().expect_problem(503, "unavailable");
    kith.faults().stop();
    sign_out(&alice, &other.session).await;
    kith.drained().await;
    assert_eq!(socket.next().await, json!({ "type": "signedOut" }));
    assert!(matches!(socket.receive().await, Next::Closed(..)));
}

#[tokio::test]
async fn connections_whose_time_is_over_hide_nobody() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    // As many as there may be, of which none is left.
    kith.seed_connections(&bob.id, 100).await;
    kith.advance(Duration::from_hours(3));
    let [alice, bob] = [alice.sign_in().await, bob.sign_in().await];
    let other = bob.sign_in().await;
    let [mut bobs, mut others] = [bob.connect().await, other.connect().await];
    alice.say(&bob, "1", "hello").await.expect(201);
    assert_eq!(bobs.of_type("message").await["message"]["seq"], 1);
    bob.delete(&format!("/v1/sessions/{}", other.session)).await.expect(204);
    others.of_type("signedOut").await;
    bobs.send(&json!({ "action": "ping" })).await;
    bobs.of_type("pong").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_connects_with_many_devices_at_once_is_told_on_each_and_the_oldest_of_too_many_is_closed() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let mut oldest = bob.connect().await;
    kith.advance(Duration::from_secs(1));
    let mut all = Vec::new();
    for _ in 0..11 {
        all.extend(join_all((0..9).map(|_| bob.connect())).await);
    }
    assert_eq!(kith.connections().await, 100);
    let (said, records) = kith.watch(alice.say(&bob, "1", "hello").into_future()).await;
    said.expect(201);
    let told = records.iter().find(|record| record.route == "POST /v1/messages").unwrap().total().pushes;
    assert_eq!(told, 100);
    oldest.of_type("message").await;
    for socket in &mut all {
        socket.of_type("message").await;
    }
    kith.drained().await;
    all.push(bob.connect().await);
    while let Next::Text(text) = oldest.receive().await {
        assert!(text.contains(r#""type":"conversation""#), "{text}");
    }
    assert_eq!(kith.connections().await, 100);
    for socket in &mut all {
        socket.send(&json!({ "action": "ping" })).await;
        socket.of_type("pong").await;
    }
}

#[tokio::test]
async fn a_handshake_fails_with_a_reason_while_storage_does() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let url = alice.ticket_url().await;
    // The authorizer cannot tell, and does not say that the ticket is bad.
    kith.faults().always(Fault::Internal);
    Socket::expect_refused(&url, 500).await;
    kith.faults().stop();
    let gate = kith.faults().hold("TransactWriteItems");
    let opening = tokio::spawn(async move { Socket::try_connect(&url, &[]).await });
    gate.reached().await;
    kith.faults().always(Fault::Internal);
    gate.release();
    assert_eq!(opening.await.unwrap().err().unwrap().status, 503);
    kith.faults().stop();
    Socket::expect_refused(&alice.ticket_url().await.replace("ticket=", "ticket=x"), 401).await;
}
