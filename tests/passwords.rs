//! Choosing and changing passwords.

use std::time::Duration;

use futures_util::future::{join, join_all};
use serde_json::json;

use crate::harness::{Fault, Kith, PASSWORD};

const NEW: &str = "another-Trombone-2031-puddle";

#[tokio::test]
async fn changing_the_password_ends_every_other_session() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let other = alice.sign_in().await;
    alice.change_password(PASSWORD, NEW).await.expect(204);
    kith.advance(Duration::from_mins(1));
    alice.get("/v1/me").await.expect(200);
    other.get("/v1/me").await.expect_problem(401, "unauthenticated");
    alice.try_sign_in(PASSWORD).await.expect_problem(401, "invalid-credentials");
    alice.sign_in_with(NEW).await.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn the_current_password_must_match_and_the_new_one_be_good() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    alice.change_password("not-the-password", NEW).await.expect_problem(403, "wrong-password");
    let weak =
        alice.change_password(PASSWORD, "alice@example.com").await.expect_problem(422, "weak-password");
    assert_eq!(weak["errors"][0]["pointer"], "/newPassword");
    let short = alice.change_password(PASSWORD, "short").await.expect_problem(422, "invalid-input");
    assert_eq!(short["errors"][0]["pointer"], "/newPassword");
    alice.sign_in().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_opened_with_the_old_password_survives_its_change() {
    let kith = Kith::start().await;
    for round in 0..5 {
        let alice = kith.register(&format!("alice{round}")).await;
        let sign_ins = join_all((0..8).map(|_| alice.try_sign_in(PASSWORD).into_future()));
        let (changed, attempts) = join(alice.change_password(PASSWORD, NEW).into_future(), sign_ins).await;
        changed.expect(204);
        kith.advance(Duration::from_mins(1));
        for attempt in attempts {
            if attempt.status != 201 {
                attempt.expect_problem(401, "invalid-credentials");
                continue;
            }
            let bearer = format!("Bearer {}", attempt.json()["session"]["token"].as_str().unwrap());
            let answer = kith.get("/v1/me").header("authorization", &bearer).await;
            answer.expect_problem(401, "unauthenticated");
        }
        alice.get("/v1/me").await.expect(200);
    }
}

#[tokio::test]
async fn a_change_whose_reply_was_lost_is_made_once_and_keeps_the_session() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    alice.get("/v1/me").await.expect(200);
    for (calls, (current, new)) in
        [(PASSWORD, NEW), (NEW, PASSWORD), (PASSWORD, NEW), (NEW, PASSWORD)].into_iter().enumerate()
    {
        kith.faults().once_after(u32::try_from(calls).unwrap(), Fault::LostReply);
        alice.change_password(current, new).await.expect(204);
        assert_eq!(kith.faults().stop(), 1);
        kith.advance(Duration::from_mins(1));
        alice.sign_in_with(new).await;
    }
}

#[tokio::test]
async fn a_session_that_was_ended_cannot_change_the_password_while_the_gateway_remembers_it() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let stolen = alice.sign_in().await;
    stolen.get("/v1/me").await.expect(200);
    alice.delete("/v1/sessions").await.expect(204);
    stolen.get("/v1/me").await.expect(200);
    stolen.change_password(PASSWORD, NEW).await.expect_problem(401, "unauthenticated");
    stolen.delete("/v1/sessions").await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn weak_passwords_are_refused_with_a_reason() {
    let kith = Kith::start().await;
    for weak in ["password123", "1234567890", "aaaaaaaaaaaaaaa", "wonderland1"] {
        let body = json!({ "username": "wonderland", "email": "w@example.com", "password": weak });
        let problem = kith.post("/v1/users", body).await.expect_problem(422, "weak-password");
        assert!(!problem["detail"].as_str().unwrap().contains(weak));
    }
    kith.check_accounts().await;
}

#[tokio::test]
async fn a_password_may_be_of_any_characters_and_is_not_trimmed() {
    let kith = Kith::start().await;
    let password = "  Жили-были 🐇 дед да баба  ";
    let body = json!({ "username": "alice", "email": "a@example.com", "password": password });
    kith.post("/v1/users", body).await.expect(201);
    let sign_in =
        |password: &str| kith.post("/v1/sessions", json!({ "login": "alice", "password": password }));
    sign_in(password).await.expect(201);
    sign_in(password.trim()).await.expect_problem(401, "invalid-credentials");
}
