//! Profiles: one's own and other people's.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Fault, Kith};

#[tokio::test]
async fn one_edits_what_one_sends_and_keeps_the_rest() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    alice.patch("/v1/me", json!({ "name": "Alice", "bio": "  Curiouser\nand curiouser " })).await.expect(200);
    let me = alice.patch("/v1/me", json!({ "location": "Oxford" })).await.expect(200);
    assert_eq!(
        (&me["name"], &me["bio"], &me["location"]),
        (&json!("Alice"), &json!("Curiouser\nand curiouser"), &json!("Oxford"))
    );
    assert_eq!(me["version"], 3);
    let me = alice.patch("/v1/me", json!({ "bio": "" })).await.expect(200);
    assert_eq!((&me["bio"], &me["location"]), (&json!(""), &json!("Oxford")));
    assert_eq!(alice.get("/v1/me").await.expect(200), me);
}

#[tokio::test]
async fn an_edit_of_nothing_changes_nothing() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let before = alice.get("/v1/me").await.expect(200);
    assert_eq!(alice.patch("/v1/me", json!({})).await.expect(200), before);
    alice
        .patch("/v1/me", json!({}))
        .header("if-match", "\"2\"")
        .await
        .expect_problem(412, "version-mismatch");
}

#[tokio::test]
async fn an_edit_of_what_has_changed_since_is_refused() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let tag = alice.get("/v1/me").await.header("etag").to_owned();
    let edited = alice.patch("/v1/me", json!({ "bio": "one" })).header("if-match", &tag).await;
    edited.expect(200);
    let late = alice.patch("/v1/me", json!({ "bio": "two" })).header("if-match", &tag);
    late.await.expect_problem(412, "version-mismatch");
    // What is wrong with the request itself is said first (RFC 9110, section 13.2.1).
    alice
        .patch("/v1/me", json!({ "bio": 7 }))
        .header("if-match", &tag)
        .await
        .expect_problem(422, "invalid-input");
    for (tag, status) in [
        (edited.header("etag"), 200),
        ("\"3\"", 200),
        ("*", 200),
        ("\"1\", \"5\"", 200),
        ("\"6\", \"7\"", 200),
        ("\"07\"", 412),
        ("W/\"7\"", 412),
        ("7", 412),
    ] {
        let answer = alice.patch("/v1/me", json!({ "bio": tag })).header("if-match", tag).await;
        assert_eq!(answer.status, status, "{tag}");
    }
}

#[tokio::test]
async fn of_a_hundred_edits_of_one_version_one_is_made() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let edits = (0..100).map(|n| {
        alice.patch("/v1/me", json!({ "bio": n.to_string() })).header("if-match", "\"1\"").into_future()
    });
    let answers = join_all(edits).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(alice.get("/v1/me").await.expect(200), made[0].json());
}

#[tokio::test]
async fn an_edit_whose_reply_was_lost_counts_once() {
    let kith = Kith::untold().await;
    let alice = kith.register("alice").await;
    alice.get("/v1/me").await.expect(200);
    for version in 1..5 {
        kith.faults().once_after(0, Fault::LostReply);
        let edit = alice
            .patch("/v1/me", json!({ "bio": version.to_string() }))
            .header("if-match", &format!("\"{version}\""));
        let me = edit.await.expect(200);
        assert_eq!(kith.faults().stop(), 1);
        assert_eq!((&me["version"], &me["bio"]), (&json!(version + 1), &json!(version.to_string())));
    }
}

#[tokio::test]
async fn what_one_has_already_is_not_sent_again() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let tag = alice.get("/v1/me").await.header("etag").to_owned();
    let same = alice.get("/v1/me").header("if-none-match", &format!("\"x\", W/{tag}")).await;
    assert_eq!((same.status, same.bytes.len(), same.header("etag")), (304, 0, tag.as_str()));
    alice.put("/v1/me/status", json!({ "text": "late" })).await.expect(204);
    alice.get("/v1/me").header("if-none-match", &tag).await.expect(200);
    // The version alone says nothing about the rest of the answer.
    alice.get("/v1/me").header("if-none-match", "\"2\"").await.expect(200);
}

#[tokio::test]
async fn a_status_is_set_and_cleared() {
    let kith = Kith::start().await;
    let (alice, bob) = (kith.register("alice").await, kith.register("bob").await);
    alice.put("/v1/me/status", json!({ "text": " Down the rabbit hole " })).await.expect(204);
    let path = format!("/v1/users/{}", alice.id);
    let seen = bob.get(&path).await.expect(200);
    assert_eq!(seen["status"]["text"], "Down the rabbit hole");
    alice.put("/v1/me/status", json!({ "text": "  " })).await.expect(204);
    assert_eq!(bob.get(&path).await.expect(200)["status"], Value::Null);
    alice.put("/v1/me/status", json!({ "text": "" })).await.expect(204);
}

#[tokio::test]
async fn others_see_a_profile_by_id_and_by_username_and_never_the_email() {
    let kith = Kith::start().await;
    let (alice, bob) = (kith.register("alice").await, kith.register("bob").await);
    let by_id = bob.get(&format!("/v1/users/{}", alice.id)).await.expect(200);
    let by_name = bob.get("/v1/usernames/ALICE").await.expect(200);
    assert_eq!(by_id, by_name);
    assert_eq!((&by_id["username"], &by_id["relation"]), (&json!("alice"), &json!("none")));
    assert!(by_id.get("email").is_none() && by_id.get("version").is_none());
    assert_eq!(alice.get("/v1/usernames/alice").await.expect(200)["relation"], "self");
}

#[tokio::test]
async fn whoever_does_not_exist_is_not_found_in_the_same_words() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let missing = alice.get("/v1/users/01JZZ3W0Q5E8T4C9M2R7B6N1KD").await;
    missing.expect_problem(404, "not-found");
    let lower_case = format!("/v1/users/{}", alice.id.to_lowercase());
    let others = [
        "/v1/users/x",
        "/v1/users/%00",
        "/v1/users/..%2Fme",
        "/v1/users/%2e%2e",
        "/v1/usernames/bob",
        "/v1/usernames/a%20b",
        "/v1/usernames/%F0%9F%90%87",
        "/v1/usernames/%ff",
        "/v1/usernames/admin",
        "/v1/users/a%3Fb",
        "/v1/usernames/alic%0Ae",
        "/v1/usernames/%2561lice",
        "/v1/usernames/x%2F..%2Falice",
        "/v1/usernames/alice%20",
        "/v1/usernames/alice%23x",
        "/v1/usernames/alice%3Fx",
        lower_case.as_str(),
    ];
    for path in others {
        assert_eq!(alice.get(path).await.without_request_id(), missing.without_request_id(), "{path}");
    }
}
