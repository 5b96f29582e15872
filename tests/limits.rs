//! How often somebody may try.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Kith, PASSWORD};

const WINDOW: Duration = Duration::from_mins(15);

fn expect_limited(answer: &Answer, rule: &str) {
    answer.expect_problem(429, "rate-limited");
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(answer.header("ratelimit"), format!("\"{rule}\";r=0;t={wait}"));
    assert!(answer.header("ratelimit-policy").starts_with(&format!("\"{rule}\";q=")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_wrong_passwords_at_once_thirty_are_looked_at() {
    let kith = Kith::start().await;
    let (alice, bob) = (kith.register("alice").await, kith.register("bob").await);
    let tries = (0..100).map(|number| alice.try_sign_in(&format!("guess number {number}")).into_future());
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 30);
    for limited in answers.iter().filter(|answer| answer.status != 401) {
        expect_limited(limited, "sign-in");
    }
    // Nor is the right one; other people are not concerned. Nor is her email, or the limit
    // would tell whose it is.
    expect_limited(&alice.try_sign_in(PASSWORD).await, "sign-in");
    let by_email = kith.post("/v1/sessions", json!({ "login": "ALICE@example.com", "password": PASSWORD }));
    by_email.await.expect(201);
    bob.sign_in().await;
    kith.advance(WINDOW);
    alice.sign_in().await;
}

#[tokio::test]
async fn no_header_makes_an_address_another_one() {
    let kith = Kith::with_parameters(vec![("RegistrationsPerAddress", "2")]).await;
    for number in 0..4 {
        let body = json!({ "username": format!("alice{number}"), "email": format!("{number}@example.com"), "password": PASSWORD });
        let answer =
            kith.post("/v1/users", body).header("x-forwarded-for", &format!("192.0.2.{number}")).await;
        if number < 2 {
            answer.expect(201);
        } else {
            expect_limited(&answer, "registration");
        }
    }
    kith.advance(Duration::from_hours(1));
    kith.register("alice2").await;
}

#[tokio::test]
async fn strangers_at_an_address_do_not_lock_out_whoever_signed_in_from_there() {
    let kith = Kith::with_parameters(vec![("SignInsPerAddress", "3")]).await;
    let alice = kith.register("alice").await;
    let guess =
        |login: &str| kith.post("/v1/sessions", json!({ "login": login, "password": "a wrong password" }));
    for login in ["bob", "carol", "dave"] {
        guess(login).await.expect_problem(401, "invalid-credentials");
    }
    expect_limited(&guess("eve").await, "sign-in-address");
    alice.sign_in().await;
}

#[tokio::test]
async fn a_success_gives_the_tries_back() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for _ in 0..4 {
        for _ in 0..15 {
            alice.try_sign_in("a wrong password").await.expect_problem(401, "invalid-credentials");
        }
        alice.sign_in().await;
    }
}

#[tokio::test]
async fn wrong_current_passwords_are_limited_too() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for _ in 0..30 {
        let answer = alice.change_password("a wrong password", "another-Trombone-2031-puddle").await;
        answer.expect_problem(403, "wrong-password");
    }

    let answer = alice.change_password(PASSWORD, "another-Trombone-2031-puddle").await;
    expect_limited(&answer, "password-change");
}

#[tokio::test]
async fn what_one_says_in_a_conversation_within_a_minute_is_limited() {
    let kith = Kith::with_parameters(vec![("MessagesPerMinute", "5")]).await;
    let [alice, bob, carol] =
        [kith.register("alice").await, kith.register("bob").await, kith.register("carol").await];
    alice.befriend(&bob).await;
    alice.befriend(&carol).await;
    let mut socket = alice.connect().await;
    let said: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    // However many devices say it at once.
    let answers = join_all(said.iter().map(|text| alice.say(&bob, text, text).into_future())).await;
    let (sent, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((sent.len(), refused.len()), (5, 15));
    for answer in refused {
        expect_limited(answer, "messages");
    }
    let message = json!({ "action": "send", "to": bob.id, "clientId": "x", "text": "x" });
    socket.send(&message).await;
    let error = socket.of_type("error").await;
    assert_eq!((&error["problem"]["code"], &error["clientId"]), (&json!("rate-limited"), &json!("x")));
    assert!((1..=60).contains(&error["retryAfter"].as_u64().unwrap()), "{error}");
    // What was sent is answered again; the other one, and other conversations, have limits of their own.
    let first = sent[0].json();
    assert_eq!(alice.say(&bob, first["clientId"].as_str().unwrap(), "x").await.expect(200), first);
    bob.say(&alice, "1", "hello").await.expect(201);
    alice.say(&carol, "1", "hello").await.expect(201);
    for number in 0..5 {
        bob.edit(&alice, 6, &number.to_string()).await.expect(200);
    }
    expect_limited(&bob.edit(&alice, 6, "once more").await, "messages");
    expect_limited(&bob.unsay(&alice, 6).await, "messages");
    bob.edit(&alice, 6, "4").await.expect(200);
    kith.advance(Duration::from_mins(1));
    bob.unsay(&alice, 6).await.expect(204);
    alice.say(&bob, "y", "hello").await.expect(201);
    kith.drained().await;
    kith.check_chats().await;
}

#[tokio::test]
async fn tickets_are_limited() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    alice.ticket_url().await;
    let is_count = |item: &Value| item["PK"].as_str().unwrap().starts_with("LIMIT#socket-ticket#");
    let mut count = kith.items().await.into_iter().find(is_count).unwrap();
    assert_eq!(count["used"], 1);
    count["used"] = json!(6000);
    kith.seed(vec![count]).await;
    expect_limited(&alice.call(Method::POST, "/v1/socket-tickets").await, "socket-ticket");
    kith.advance(Duration::from_hours(1));
    alice.ticket_url().await;
}
