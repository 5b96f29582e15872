//! Posts and likes: writing, reading, editing, deleting, and who sees what.

use std::time::{Duration, Instant};

use fastrand::Rng;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Fault, Kith, Person};

impl Person {
    /// The ids of somebody's posts that this person sees.
    async fn posts_of(&self, author: &Self) -> Vec<String> {
        self.ids(&format!("/v1/users/{}/posts", author.id)).await
    }

    pub(crate) async fn like(&self, post: &str) -> Answer {
        self.call(Method::PUT, &format!("/v1/posts/{post}/like")).await
    }

    pub(crate) async fn unlike(&self, post: &str) -> Answer {
        self.delete(&format!("/v1/posts/{post}/like")).await
    }
}

impl Kith {
    /// Fails unless every post has its counters, these equal a recount, and nothing is about a
    /// post that is not there.
    pub(crate) async fn check_posts(&self) {
        let items = self.items().await;
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        let mut posts = 0;
        for post in items.iter().filter(|item| text(item, "SK").starts_with("POST#")) {
            posts += 1;
            let about = format!("POST#{}", text(post, "postId"));
            let count = |kind: &str| {
                let of_kind =
                    |item: &&Value| item["PK"] == about.as_str() && text(item, "SK").starts_with(kind);
                items.iter().filter(of_kind).count()
            };
            let counters = items.iter().find(|item| item["PK"] == about.as_str() && item["SK"] == "COUNTERS");
            let counters = counters.expect("every post has its counters");
            assert_eq!(counters["likeCount"], count("LIKE#"), "{counters}");
            assert_eq!(counters["commentCount"], count("COMMENT#"), "{counters}");
            assert_eq!(counters["visibility"], post["visibility"], "{counters}");
        }
        let counters = items.iter().filter(|item| item["SK"] == "COUNTERS").count();
        assert_eq!(counters, posts, "no counters are without their post");
    }
}

#[tokio::test]
async fn a_post_is_written_read_edited_and_deleted() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let written = alice.post("/v1/posts", json!({ "text": "  Curiouser!\n" })).await;
    let post = written.expect(201);
    let path = format!("/v1/posts/{}", post["id"].as_str().unwrap());
    assert_eq!(written.header("location"), path);
    assert_eq!(
        post,
        json!({
            "id": post["id"],
            "author": { "id": alice.id, "username": "alice", "name": "", "avatar": null },
            "text": "Curiouser!",
            "visibility": "friends",
            "createdAt": post["createdAt"],
            "editedAt": null,
            "version": 1,
            "likeCount": 0,
            "commentCount": 0,
            "liked": false,
        })
    );
    let read = alice.get(&path).await;
    assert_eq!(read.expect(200), post);
    assert_eq!(read.header("etag"), written.header("etag"));
    let known = alice.get(&path).header("if-none-match", read.header("etag")).await;
    assert_eq!(known.status, 304);

    let edit = async |tag: &str, body: Value| alice.patch(&path, body).header("if-match", tag).await;
    let edited = edit(read.header("etag"), json!({ "text": "and curiouser" })).await.expect(200);
    assert_eq!((&edited["text"], &edited["version"]), (&json!("and curiouser"), &json!(2)));
    assert!(edited["editedAt"].is_string());
    edit("\"1\"", json!({ "text": "lost" })).await.expect_problem(412, "version-mismatch");
    edit("\"1\"", json!({ "visibility": "public" })).await.expect_problem(412, "version-mismatch");
    let opened = edit("\"2\"", json!({ "visibility": "public" })).await.expect(200);
    assert_eq!((&opened["visibility"], &opened["editedAt"]), (&json!("public"), &edited["editedAt"]));
    assert_eq!(alice.patch(&path, json!({})).await.expect(200), opened);

    alice.delete(&path).await.expect(204);
    alice.delete(&path).await.expect_problem(404, "not-found");
    alice.get(&path).await.expect_problem(404, "not-found");
    alice.patch(&path, json!({ "text": "x" })).await.expect_problem(404, "not-found");
    kith.stack().drained().await;
    kith.check_posts().await;
}

#[tokio::test]
async fn a_text_is_one_to_five_thousand_characters_and_not_blank() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for bad in ["", " \n\t ", &"x".repeat(5001), "a\u{202e}b"] {
        alice.post("/v1/posts", json!({ "text": bad })).await.expect_problem(422, "invalid-input");
    }
    let longest = "🐇".repeat(5000);
    let post = alice.post("/v1/posts", json!({ "text": longest })).await.expect(201);
    assert_eq!(post["text"], longest);
    let private = json!({ "text": "x", "visibility": "secret" });
    alice.post("/v1/posts", private).await.expect_problem(422, "invalid-input");
    assert_eq!(alice.posts_of(&alice).await.len(), 1);
}

#[tokio::test]
async fn a_list_has_what_its_reader_may_see() {
    let kith = Kith::start().await;
    let [alice, bob, carol] =
        [kith.register("alice").await, kith.register("bob").await, kith.register("carol").await];
    alice.befriend(&bob).await;
    let mut posts = Vec::new();
    for visibility in ["public", "friends", "private", "public", "friends"] {
        posts.insert(0, alice.write("hello", visibility).await);
    }
    let some = |places: &[usize]| places.iter().map(|&place| posts[place].clone()).collect::<Vec<_>>();
    assert_eq!(alice.posts_of(&alice).await, posts);
    assert_eq!(bob.posts_of(&alice).await, some(&[0, 1, 3, 4]));
    assert_eq!(carol.posts_of(&alice).await, some(&[1, 4]));

    // Page by page it is the same.
    for (person, whole) in [(&alice, posts.clone()), (&bob, some(&[0, 1, 3, 4])), (&carol, some(&[1, 4]))] {
        let path = format!("/v1/users/{}/posts", alice.id);
        for limit in 1..4 {
            assert_eq!(person.all_ids(&path, limit).await, whole);
        }
    }
    // What a post is now counts, not what it was.
    alice.patch(&format!("/v1/posts/{}", posts[1]), json!({ "visibility": "private" })).await.expect(200);
    alice.delete(&format!("/v1/posts/{}", posts[4])).await.expect(204);
    assert!(carol.posts_of(&alice).await.is_empty());
    alice.block(&bob).await;
    let path = format!("/v1/users/{}/posts", alice.id);
    bob.get(&path).await.expect_problem(404, "not-found");
    assert!(alice.posts_of(&bob).await.is_empty());
    carol.get("/v1/users/01JZZ3W0Q5E8T4C9M2R7B6N1KD/posts").await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn an_old_public_post_is_found_behind_ten_thousand_private_ones() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    let public = alice.write("hello", "public").await;
    kith.advance(Duration::from_hours(24 * 8));
    kith.seed_bare_posts(&alice, 10_000, "private").await;
    let (answer, records) = kith.watch(bob.get(&format!("/v1/users/{}/posts", alice.id)).into_future()).await;
    let page = answer.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!((&page["items"][0]["id"], &page["nextCursor"]), (&json!(public), &Value::Null));
    let served = records.iter().find(|record| !record.method.is_empty()).unwrap();
    let cost = served.function.clone().unwrap().1;
    assert!(cost.round_trips == 2 && cost.read_units <= 5.0, "{cost:?}");
}

#[tokio::test]
async fn a_key_makes_one_post_however_often_it_is_sent() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    let write = async |person: &Person, key: &str, text: &str| {
        person.post("/v1/posts", json!({ "text": text })).header("idempotency-key", key).await
    };
    let first = write(&alice, "a", "hello").await.expect(201);
    // At once, later, and with the default spelt out.
    let all = join_all((0..10).map(|_| write(&alice, "a", "hello"))).await;
    assert!(all.iter().all(|answer| answer.expect(201) == first));
    let spelt = json!({ "text": " hello ", "visibility": "friends" });
    let spelt = alice.post("/v1/posts", spelt).header("idempotency-key", "a").await;
    assert_eq!(spelt.expect(201), first);
    assert_eq!(spelt.header("location"), format!("/v1/posts/{}", first["id"].as_str().unwrap()));
    write(&alice, "a", "other").await.expect_problem(422, "idempotency-key-reuse");
    assert_ne!(write(&bob, "a", "hello").await.expect(201)["id"], first["id"]);

    // One that is sent many times at once, with nobody first, is one as well.
    let raced = join_all((0..10).map(|_| write(&alice, "raced", "hello"))).await;
    let ids: std::collections::HashSet<_> =
        raced.iter().map(|answer| answer.expect(201)["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 1);

    for bad in ["", &"x".repeat(256)] {
        write(&alice, bad, "hello").await.expect_problem(422, "invalid-input");
    }
    // What was made is answered as it is now.
    let path = format!("/v1/posts/{}", first["id"].as_str().unwrap());
    let edited = alice.patch(&path, json!({ "text": "edited" })).await.expect(200);
    assert_eq!(write(&alice, "a", "hello").await.expect(201), edited);
    alice.delete(&path).await.expect(204);
    write(&alice, "a", "hello").await.expect_problem(404, "not-found");
    // A day later the key is free, whether it was swept or not.
    kith.advance(Duration::from_hours(24));
    assert_ne!(write(&alice, "a", "hello").await.expect(201)["id"], first["id"]);
}

#[tokio::test]
async fn a_lost_reply_makes_no_second_post() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    alice.get("/v1/me").await.expect(200);
    for fault in [Fault::LostReply, Fault::Conflict, Fault::Throttle, Fault::Internal] {
        for calls in 0..2 {
            kith.stack().drained().await;
            kith.faults().once_after(calls, fault);
            let post = alice.write("hello", "private").await;
            alice.patch(&format!("/v1/posts/{post}"), json!({ "visibility": "friends" })).await.expect(200);
            kith.faults().stop();
        }
    }
    assert_eq!(alice.posts_of(&alice).await.len(), 8);
    // The function crashes once all is written: a client that repeats its wish gets what was made.
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for calls in 0..2 {
            let key = format!("{fault:?} {calls}");
            // It starts no job, that would crash in its place.
            let wish = json!({ "text": "hello", "visibility": "private" });
            let write = || alice.post("/v1/posts", wish.clone()).header("idempotency-key", &key);
            kith.stack().drained().await;
            kith.faults().once_after(calls, fault);
            assert_eq!(write().await.status, 500);
            kith.faults().stop();
            let made = write().await.expect(201);
            assert_eq!(write().await.expect(201), made);
        }
    }
    assert_eq!(alice.posts_of(&alice).await.len(), 12);
    kith.check_posts().await;
}

#[tokio::test]
async fn a_like_is_there_once() {
    let kith = Kith::start().await;
    let [alice, bob, carol] =
        [kith.register("alice").await, kith.register("bob").await, kith.register("carol").await];
    let post = alice.write("hello", "public").await;
    let path = format!("/v1/posts/{post}");
    for _ in 0..2 {
        bob.like(&post).await.expect(204);
    }
    carol.like(&post).await.expect(204);
    let seen = bob.get(&path).await;
    assert_eq!((&seen.expect(200)["likeCount"], &seen.json()["liked"]), (&json!(2), &json!(true)));
    assert_eq!(alice.get(&path).await.expect(200)["liked"], false);
    // It is no change of the post itself, and yet another answer.
    assert_eq!(seen.json()["version"], 1);
    carol.unlike(&post).await.expect(204);
    let after = bob.get(&path).header("if-none-match", seen.header("etag")).await;
    assert_eq!(after.expect(200)["likeCount"], 1);
    carol.unlike(&post).await.expect(204);
    let likes = alice.get(&format!("{path}/likes")).await.expect(200);
    assert_eq!(likes["items"][0]["id"], bob.id);
    assert!(likes["items"][0]["likedAt"].is_string());
    assert_eq!(likes["items"].as_array().unwrap().len(), 1);
    // People who block each other do not meet among those who like it.
    carol.like(&post).await.expect(204);
    carol.block(&bob).await;
    assert_eq!(bob.ids(&format!("{path}/likes")).await, [&*bob.id]);
    assert_eq!(carol.ids(&format!("{path}/likes")).await, [&*carol.id]);
    assert_eq!(alice.all_ids(&format!("{path}/likes"), 1).await.len(), 2);
    kith.check_posts().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_racing_likes_and_unlikes_are_counted_right() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let post = alice.write("hello", "public").await;
    let people = join_all((0..50).map(|number| {
        let kith = kith.clone();
        async move { kith.register(&format!("person{number}")).await }
    }))
    .await;
    join_all(people.iter().map(|person| async { person.get("/v1/me").await.expect(200) })).await;
    kith.faults().randomly(0.2, 7);
    let storm = people.iter().enumerate().map(|(seed, person)| {
        let (mut random, post) = (Rng::with_seed(seed as u64), &post);
        async move {
            let mut unsure = 0;
            for _ in 0..20 {
                let answer = if random.bool() { person.like(post).await } else { person.unlike(post).await };
                assert!([204, 503].contains(&answer.status), "{answer:?}");
                unsure += u32::from(answer.status == 503);
            }
            unsure
        }
    });
    let started = Instant::now();
    let unsure: u32 = join_all(storm).await.into_iter().sum();
    let injected = kith.faults().stop();
    println!("1,000 likes and unlikes: {injected} faults, {unsure} times 503, {:?}", started.elapsed());
    assert!(injected > 100, "{injected}");
    kith.check_posts().await;
    let likes = alice.all_ids(&format!("/v1/posts/{post}/likes"), 100).await.len();
    assert_eq!(alice.get(&format!("/v1/posts/{post}")).await.expect(200)["likeCount"], likes);
}

#[tokio::test]
async fn of_two_edits_of_one_version_one_is_refused() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let path = format!("/v1/posts/{}", alice.write("hello", "public").await);
    for version in 1..6 {
        let tag = format!("\"{version}\"");
        let edits = (0..4).map(|number| {
            let body = if number % 2 == 0 {
                json!({ "text": "x" })
            } else {
                json!({ "text": "x", "visibility": "private" })
            };
            alice.patch(&path, body).header("if-match", &tag).into_future()
        });
        let answers = join_all(edits).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.status == 412).count(), 3);
    }
    assert_eq!(alice.get(&path).await.expect(200)["version"], 6);
    kith.check_posts().await;
}
