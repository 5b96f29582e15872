//! Making accounts and signing in.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Fault, Kith, PASSWORD, registration};

#[tokio::test]
async fn registering_makes_an_account_and_signs_in() {
    let kith = Kith::start().await;
    let body = json!({ "username": "Alice", "email": "Alice@Example.com", "password": PASSWORD, "name": "  Zoe\u{308} " });
    let answer = kith.post("/v1/users", body).await;
    let made = answer.expect(201);
    let user = &made["user"];
    assert_eq!(answer.header("location"), format!("/v1/users/{}", user["id"].as_str().unwrap()));
    assert_eq!(
        (&user["username"], &user["email"], &user["name"]),
        (&json!("alice"), &json!("alice@example.com"), &json!("Zoë"))
    );
    assert_eq!(
        (&user["relation"], &user["version"], &user["status"]),
        (&json!("self"), &json!(1), &json!(null))
    );

    let bearer = format!("Bearer {}", made["session"]["token"].as_str().unwrap());
    let me = kith.get("/v1/me").header("authorization", &bearer).await.expect(200);
    assert_eq!(&me, user);
}

#[tokio::test]
async fn a_username_and_an_email_have_one_owner_whatever_their_case() {
    let kith = Kith::start().await;
    kith.register("alice").await;
    let same_name = json!({ "username": "ALICE", "email": "other@example.com", "password": PASSWORD });
    kith.post("/v1/users", same_name).await.expect_problem(409, "username-taken");
    let with_name = json!({ "username": "other", "email": "A <alice@example.com>", "password": PASSWORD });
    kith.post("/v1/users", with_name).await.expect_problem(422, "invalid-input");
    let same_email = json!({ "username": "other", "email": "ALICE@example.COM", "password": PASSWORD });
    kith.post("/v1/users", same_email).await.expect_problem(409, "email-taken");
    kith.check_accounts().await;
    // What was refused is free for somebody else.
    kith.register("other").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_people_who_want_one_username_at_once_make_one_account() {
    let kith = Kith::start().await;
    let wants = (0..200).map(|number| {
        let username: String = "rabbit"
            .chars()
            .enumerate()
            .map(|(i, c)| if number >> i & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        let body =
            json!({ "username": username, "email": format!("r{number}@example.com"), "password": PASSWORD });
        kith.post("/v1/users", body)
    });
    let answers = join_all(wants.map(IntoFuture::into_future)).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    // On a machine that does much else, storage may not answer all of them in time.
    let late = answers.iter().filter(|answer| answer.status == 503).count();
    assert!(made == 1 || made == 0 && late > 0, "{made} were made, {late} were late");
    for refused in answers.iter().filter(|answer| ![201, 503].contains(&answer.status)) {
        refused.expect_problem(409, "username-taken");
    }
    // Whoever asks now is too late, unless nobody was in time.
    let answer = kith.post("/v1/users", registration("rabbit")).await;
    assert!(answer.status == 409 || made == 0 && answer.status == 201, "{answer:?}");
    let owners = kith.items().await.into_iter().filter(|item| item["PK"] == "USERNAME#rabbit").count();
    assert_eq!(owners, 1);
    kith.check_accounts().await;
}

#[tokio::test]
async fn a_registration_whose_reply_was_lost_leaves_one_account_however_it_is_repeated() {
    let kith = Kith::start().await;
    let registration = json!({ "username": "alice", "email": "alice@example.com", "password": PASSWORD });
    // A place under the limit, a look at the locks, and then the account.
    kith.faults().once_after(2, Fault::LostReply);
    kith.post("/v1/users", registration.clone()).await.expect(201);
    assert_eq!(kith.faults().stop(), 1);
    kith.post("/v1/users", registration).await.expect_problem(409, "username-taken");
    kith.check_accounts().await;
    kith.post("/v1/sessions", json!({ "login": "alice", "password": PASSWORD })).await.expect(201);
}

#[tokio::test]
async fn a_crash_at_any_point_of_a_registration_leaves_a_whole_account_or_none() {
    let kith = Kith::start().await;
    for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::LostReply, Fault::Reset] {
        for calls in 0.. {
            let username = format!("{fault:?}{calls}");
            let registration = json!({ "username": username, "email": format!("{username}@example.com"), "password": PASSWORD });
            kith.faults().once_after(calls, fault);
            let answer = kith.post("/v1/users", registration.clone()).await;
            let injected = kith.faults().stop();
            kith.check_accounts().await;
            // The client tries again, or signs in when it is told that the name is its own.
            if answer.status != 201 && kith.post("/v1/users", registration).await.status != 201 {
                kith.post("/v1/sessions", json!({ "login": username, "password": PASSWORD }))
                    .await
                    .expect(201);
            }
            kith.check_accounts().await;
            if injected == 0 {
                assert!(calls > 1, "there was something to go wrong");
                break;
            }
        }
    }
}

#[tokio::test]
async fn one_signs_in_with_username_or_email_in_any_case() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for login in ["alice", "ALICE", "alice@example.com", " Alice@EXAMPLE.com "] {
        let answer = kith.post("/v1/sessions", json!({ "login": login, "password": PASSWORD })).await;
        let made = answer.expect(201);
        assert_eq!(made["user"]["id"], alice.id);
        assert_eq!(
            answer.header("location"),
            format!("/v1/sessions/{}", made["session"]["id"].as_str().unwrap())
        );
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn an_unknown_login_and_a_wrong_password_look_alike() {
    let kith = Kith::start().await;
    kith.register("alice").await;
    let try_login =
        |login: &str| kith.post("/v1/sessions", json!({ "login": login, "password": "not-the-password" }));
    let (wrong, costs) = kith.watch(try_login("alice").into_future()).await;
    wrong.expect_problem(401, "invalid-credentials");
    let cost = |records: &[local::gateway::Record]| {
        let cost = &records[0].function.as_ref().unwrap().1;
        (cost.calls, cost.operations.clone())
    };
    for unknown in ["bob", "bob@example.com", "admin", "not a username", "@"] {
        let (answer, records) = kith.watch(try_login(unknown).into_future()).await;
        assert_eq!(answer.without_request_id(), wrong.without_request_id(), "{unknown}");
        // From this address alice is known, and bob is not: two places under limits more.
        assert_eq!(cost(&records).0, cost(&costs).0 + 2, "{unknown}");
        assert_eq!(cost(&records).1, cost(&costs).1, "{unknown}");
    }
}

#[tokio::test]
async fn an_unknown_login_takes_as_long_as_a_wrong_password() {
    let kith = Kith::start().await;
    kith.register("alice").await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for round in 0..15 {
        for (login, times) in [("alice", &mut known), ("bob", &mut unknown)] {
            let started = Instant::now();
            let body = json!({ "login": login, "password": format!("not-the-password-{round}") });
            kith.post("/v1/sessions", body).await.expect_problem(401, "invalid-credentials");
            times.push(started.elapsed());
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    // Without the hash it would be a tenth.
    let ratio = median(&mut unknown) / median(&mut known);
    assert!((0.5..2.0).contains(&ratio), "{ratio}");
}
