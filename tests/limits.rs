//! How often somebody may try.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

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
