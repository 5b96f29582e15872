//! Finding people, and being found by another name.

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::http::page::List;

use crate::harness::{Fault, Kith, PASSWORD, Person};

/// The usernames that a query finds, over pages of this many.
async fn found(person: &Person, query: &str, limit: usize) -> Vec<String> {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = person.get(&format!("/v1/users?query={query}&limit={limit}{cursor}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|item| item["username"].as_str().unwrap().to_owned()));
        match &page["nextCursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => break,
        }
    }
    names.sort();
    names
}

async fn named(kith: &Kith, username: &str, name: &str) -> Person {
    let person = kith.register(username).await;
    person.patch("/v1/me", json!({ "name": name })).await.expect(200);
    person
}

#[tokio::test]
async fn people_are_found_by_the_beginning_of_any_of_their_names() {
    let kith = Kith::start().await;
    let alice = named(&kith, "alice", "Alice Liddell").await;
    named(&kith, "zoe_s", "Zoë Straße-Ali").await;
    named(&kith, "rabbit", "").await;
    named(&kith, "patrick", "O’Brien").await;
    for (query, expected) in [
        ("ali", vec!["alice", "zoe_s"]),
        ("ALI", vec!["alice", "zoe_s"]),
        ("al%20lidd", vec!["alice"]),
        ("ZOE", vec!["zoe_s"]),
        ("zo%C3%AB_s", vec!["zoe_s"]),
        ("STRASSE", vec!["zoe_s"]),
        ("rabb", vec!["rabbit"]),
        ("o'b", vec!["patrick"]),
        ("iddell", vec![]),
        ("alicex", vec![]),
    ] {
        for limit in [1, 100] {
            assert_eq!(found(&alice, query, limit).await, expected, "{query} by {limit}");
        }
    }
    let page = alice.get("/v1/users?query=liddell").await.expect(200);
    let expected = json!({ "id": alice.id, "username": "alice", "name": "Alice Liddell", "avatar": null, "relation": "self" });
    assert_eq!(page["items"], json!([expected]));
}

#[tokio::test]
async fn a_query_has_bounds_and_a_cursor_its_query() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    kith.register("alicia").await;
    let long = "x".repeat(65);
    for bad in ["", "query=", "query=a", "query=a%20b", "query=%00ab", &format!("query={long}")] {
        let problem = alice.get(&format!("/v1/users?{bad}")).await.expect_problem(422, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], "/query");
    }
    let page = alice.get("/v1/users?query=ali&limit=1").await.expect(200);
    let cursor = page["nextCursor"].as_str().unwrap();
    alice.get(&format!("/v1/users?query=alic&cursor={cursor}")).await.expect_problem(400, "invalid-cursor");
    alice.get(&format!("/v1/sessions?cursor={cursor}")).await.expect_problem(400, "invalid-cursor");
    let viewer = alice.id.parse().unwrap();
    // Nor does one that somebody made: it says which list it is of, and a place in it.
    for place in ["", "a", "zz", "alj", "\u{0}", &format!("ali{}", "x".repeat(2000))] {
        let forged = List(viewer, &["users", "ali"]).cursor(place);
        let answer = alice.get(&format!("/v1/users?query=ali&cursor={forged}")).await;
        answer.expect_problem(400, "invalid-cursor");
    }
}

#[tokio::test]
async fn whoever_takes_another_name_is_found_by_it_and_no_longer_by_the_old_one() {
    let kith = Kith::start().await;
    let (alice, bob) = (kith.register("alice").await, kith.register("bob").await);
    let me = alice.patch("/v1/me", json!({ "username": "Alicia", "bio": "b" })).await.expect(200);
    assert_eq!((&me["username"], &me["bio"], &me["version"]), (&json!("alicia"), &json!("b"), &json!(2)));
    assert_eq!(bob.get("/v1/usernames/alicia").await.expect(200)["id"], alice.id);
    bob.get("/v1/usernames/alice").await.expect_problem(404, "not-found");
    assert_eq!(found(&bob, "alic", 10).await, ["alicia"]);
    // The old name is free at once, and the new one signs in.
    bob.patch("/v1/me", json!({ "username": "alice" })).await.expect(200);
    kith.post("/v1/sessions", json!({ "login": "alicia", "password": PASSWORD })).await.expect(201);
    kith.check_accounts().await;
}

#[tokio::test]
async fn a_name_that_somebody_has_is_refused_and_nothing_changes() {
    let kith = Kith::start().await;
    let (alice, bob) = (kith.register("alice").await, kith.register("bob").await);
    let before = alice.get("/v1/me").await.expect(200);
    alice
        .patch("/v1/me", json!({ "username": "BOB", "bio": "b" }))
        .await
        .expect_problem(409, "username-taken");
    let stale = alice.patch("/v1/me", json!({ "username": "alicia" })).header("if-match", "\"7\"");
    stale.await.expect_problem(412, "version-mismatch");
    assert_eq!(alice.get("/v1/me").await.expect(200), before);
    // One's own name is no conflict, however often one asks for it at once.
    let wishes = (0..6).map(|_| bob.patch("/v1/me", json!({ "username": "robert" })).into_future());
    assert!(join_all(wishes).await.iter().all(|answer| answer.status == 200));
    bob.patch("/v1/me", json!({ "username": "bob" })).await.expect(200);
    bob.patch("/v1/me", json!({ "username": "Bob" })).await.expect(200);
    kith.check_accounts().await;
}

#[tokio::test]
async fn of_twenty_people_who_want_one_name_one_gets_it() {
    let kith = Kith::start().await;
    let people = join_all((0..20).map(async |n| kith.register(&format!("person{n}")).await)).await;
    let wishes =
        people.iter().map(|person| person.patch("/v1/me", json!({ "username": "queen" })).into_future());
    let answers = join_all(wishes).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)));
    kith.check_accounts().await;
    kith.check_search_entries().await;
}

#[tokio::test]
async fn a_rename_that_fails_at_any_point_is_made_whole_or_not_at_all() {
    let kith = Kith::untold().await;
    let alice = kith.register("alice").await;
    alice.get("/v1/me").await.expect(200);
    for (round, fault) in
        [Fault::CrashBefore, Fault::CrashAfter, Fault::LostReply, Fault::Conflict].into_iter().enumerate()
    {
        for calls in 0..2 {
            let wish = json!({ "username": format!("alice_{round}_{calls}"), "name": format!("Round {round} {calls}") });
            kith.faults().once_after(calls, fault);
            alice.patch("/v1/me", wish.clone()).await;
            assert_eq!(kith.faults().stop(), 1);
            kith.check_accounts().await;
            kith.check_search_entries().await;
            let me = alice.patch("/v1/me", wish.clone()).await.expect(200);
            assert_eq!((&me["username"], &me["name"]), (&wish["username"], &wish["name"]));
        }
    }
    kith.check_search_entries().await;
}

#[tokio::test]
async fn edits_and_renames_at_once_all_count_and_leave_no_stray_entry() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let edits = (0..30).map(|n| match n % 3 {
        0 => alice.patch("/v1/me", json!({ "username": format!("alice{n}") })).into_future(),
        1 => alice.patch("/v1/me", json!({ "name": format!("Name{n} Other{n}") })).into_future(),
        _ => alice.put("/v1/me/status", json!({ "text": n.to_string() })).into_future(),
    });
    let answers = join_all(edits).await;
    assert!(answers.iter().all(|answer| answer.status < 300), "{answers:?}");
    assert_eq!(alice.get("/v1/me").await.expect(200)["version"], 31);
    kith.check_accounts().await;
    kith.check_search_entries().await;
}
