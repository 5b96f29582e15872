//! Comments: adding, reading, editing, deleting; who sees whose, and what races with what.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Call, Fault, Kith, Person};

impl Person {
    /// Comments on a post.
    pub(crate) fn comment(&self, post: &str, text: &str) -> Call {
        self.post(&format!("/v1/posts/{post}/comments"), json!({ "text": text }))
    }
}

/// Where a comment is.
fn path(comment: &Value) -> String {
    let text = |name: &str| comment[name].as_str().unwrap().to_owned();
    format!("/v1/posts/{}/comments/{}", text("postId"), text("id"))
}

async fn people(kith: &Kith) -> [Person; 3] {
    let [alice, bob, carol] =
        [kith.register("alice").await, kith.register("bob").await, kith.register("carol").await];
    alice.befriend(&bob).await;
    alice.befriend(&carol).await;
    [alice, bob, carol]
}

#[tokio::test]
async fn a_comment_is_added_read_edited_and_deleted() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = people(&kith).await;
    let post = alice.write("hello", "friends").await;
    let added = bob.comment(&post, " How queer! ").await;
    let comment = added.expect(201);
    assert_eq!(added.header("location"), path(&comment));
    assert_eq!(
        comment,
        json!({
            "id": comment["id"],
            "postId": post,
            "author": { "id": bob.id, "username": "bob", "name": "", "avatar": null },
            "text": "How queer!",
            "createdAt": comment["createdAt"],
            "editedAt": null,
            "version": 1,
        })
    );
    let path = path(&comment);
    let read = alice.get(&path).await;
    assert_eq!(read.expect(200), comment);
    assert_eq!(alice.get(&path).header("if-none-match", read.header("etag")).await.status, 304);
    assert_eq!(alice.get(&format!("/v1/posts/{post}")).await.expect(200)["commentCount"], 1);

    let edited = bob.patch(&path, json!({ "text": "Queer!" })).header("if-match", read.header("etag")).await;
    assert_eq!((&edited.expect(200)["text"], &edited.json()["version"]), (&json!("Queer!"), &json!(2)));
    assert!(edited.json()["editedAt"].is_string());
    let stale = bob.patch(&path, json!({ "text": "lost" })).header("if-match", "\"1\"");
    stale.await.expect_problem(412, "version-mismatch");
    assert_eq!(bob.patch(&path, json!({})).await.expect(200), edited.json());
    for person in [&alice, &carol] {
        person.patch(&path, json!({ "text": "mine" })).await.expect_problem(403, "forbidden");
    }
    carol.delete(&path).await.expect_problem(403, "forbidden");
    // Its author may delete it, and so may the post's.
    bob.delete(&path).await.expect(204);
    bob.delete(&path).await.expect_problem(404, "not-found");
    bob.get(&path).await.expect_problem(404, "not-found");
    let other = bob.comment(&post, "again").await.expect(201);
    alice.delete(&self::path(&other)).await.expect(204);
    assert_eq!(alice.get(&format!("/v1/posts/{post}")).await.expect(200)["commentCount"], 0);
    for bad in ["", "  ", &"x".repeat(2001)] {
        bob.comment(&post, bad).await.expect_problem(422, "invalid-input");
    }
    let longest = "🐇".repeat(2000);
    assert_eq!(bob.comment(&post, &longest).await.expect(201)["text"], longest);
    kith.check_posts().await;
}

#[tokio::test]
async fn comments_are_listed_both_ways() {
    let kith = Kith::start().await;
    let [alice, bob, _] = people(&kith).await;
    let post = alice.write("hello", "friends").await;
    let list = format!("/v1/posts/{post}/comments");
    let mut comments = Vec::new();
    for number in 0..5 {
        // Two in the same millisecond have no order.
        kith.advance(Duration::from_millis(5));
        let comment = bob.comment(&post, &number.to_string()).await.expect(201);
        comments.push(comment["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(alice.ids(&list).await, comments);
    assert_eq!(alice.all_ids(&list, 2).await, comments);
    let cursor = alice.get(&format!("{list}?limit=2")).await.expect(200)["nextCursor"].clone();
    comments.reverse();
    assert_eq!(alice.ids(&format!("{list}?order=newest")).await, comments);
    let first = alice.get(&format!("{list}?order=newest&limit=4")).await.expect(200);
    let rest = format!("{list}?order=newest&limit=4&cursor={}", first["nextCursor"].as_str().unwrap());
    assert_eq!(alice.ids(&rest).await, comments[4..]);
    // A cursor goes on in its own direction only.
    let turned = format!("{list}?order=newest&cursor={}", cursor.as_str().unwrap());
    alice.get(&turned).await.expect_problem(400, "invalid-cursor");
    alice.get(&format!("{list}?order=best")).await.expect_problem(422, "invalid-input");
}

#[tokio::test]
async fn who_blocks_each_other_does_not_meet_under_a_third_ones_post() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = people(&kith).await;
    let post = alice.write("hello", "friends").await;
    let list = format!("/v1/posts/{post}/comments");
    let bobs = bob.comment(&post, "b").await.expect(201);
    let also = bob.comment(&post, "b").await.expect(201);
    let carols = carol.comment(&post, "c").await.expect(201);
    bob.block(&carol).await;
    for (viewer, own, others) in [(&bob, vec![&bobs, &also], &carols), (&carol, vec![&carols], &bobs)] {
        let own: Vec<_> = own.iter().map(|comment| comment["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(viewer.ids(&list).await, own);
        let hidden = viewer.get(&path(others)).await;
        let mut missing = others.clone();
        missing["id"] = json!("01JZZ42A9C4E6G8J0M2P4R6T8W");
        assert_eq!(hidden.without_request_id(), viewer.get(&path(&missing)).await.without_request_id());
        viewer.delete(&path(others)).await.expect_problem(404, "not-found");
    }
    assert_eq!(alice.ids(&list).await.len(), 3);
    // Counts are the same for everybody.
    assert_eq!(carol.get(&format!("/v1/posts/{post}")).await.expect(200)["commentCount"], 3);
}

#[tokio::test]
async fn a_key_answers_what_it_made_also_to_a_friend_no_more() {
    let kith = Kith::start().await;
    let [alice, bob, _] = people(&kith).await;
    let post = alice.write("hello", "friends").await;
    let other = alice.write("hello", "friends").await;
    let add = async |post: &str, text: &str, key: &str| {
        bob.comment(post, text).header("idempotency-key", key).await
    };
    let first = add(&post, "x", "a").await.expect(201);
    let all = join_all((0..10).map(|_| add(&post, "x", "a"))).await;
    assert!(all.iter().all(|answer| answer.expect(201) == first));
    add(&post, "y", "a").await.expect_problem(422, "idempotency-key-reuse");
    add(&other, "x", "a").await.expect_problem(422, "idempotency-key-reuse");
    bob.post("/v1/posts", json!({ "text": "x" }))
        .header("idempotency-key", "a")
        .await
        .expect_problem(422, "idempotency-key-reuse");
    for _ in 0..2 {
        alice.delete(&format!("/v1/friends/{}", bob.id)).await.expect(204);
        assert_eq!(add(&post, "x", "a").await.expect(201), first);
        alice.block(&bob).await;
    }
    add(&post, "x", "b").await.expect_problem(404, "not-found");
    kith.check_posts().await;
}

#[tokio::test]
async fn a_crash_or_a_lost_reply_makes_no_second_comment() {
    let kith = Kith::untold().await;
    let [alice, bob, _] = people(&kith).await;
    let post = alice.write("hello", "friends").await;
    let mut made = 0;
    for fault in [Fault::LostReply, Fault::Conflict, Fault::CrashBefore, Fault::CrashAfter] {
        for calls in 0..3 {
            let key = format!("{fault:?} {calls}");
            let add = || bob.comment(&post, "x").header("idempotency-key", &key);
            kith.faults().once_after(calls, fault);
            let answer = add().await;
            kith.faults().stop();
            let crashed = matches!(fault, Fault::CrashBefore | Fault::CrashAfter);
            assert!(answer.status == 201 || (crashed && answer.status == 500), "{answer:?}");
            let comment = add().await.expect(201);
            assert!(answer.status == 500 || answer.json() == comment);
            made += 1;
        }
    }
    assert_eq!(alice.ids(&format!("/v1/posts/{post}/comments")).await.len(), made);
    kith.check_posts().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn comments_that_race_are_counted_right() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = people(&kith).await;
    let post = alice.write("hello", "friends").await;
    kith.faults().randomly(0.2, 3);
    let storm = [&bob, &carol].into_iter().flat_map(|person| [person; 10]).map(async |person| {
        for _ in 0..5 {
            let added = person.comment(&post, "x").await;
            if added.status == 201 {
                let path = path(&added.json());
                // Both at once may delete it: one of them does.
                let gone =
                    join_all([person.delete(&path).into_future(), alice.delete(&path).into_future()]).await;
                assert!(gone.iter().filter(|answer| answer.status == 204).count() <= 1, "{gone:?}");
            }
            assert!([201, 503].contains(&added.status), "{added:?}");
        }
    });
    join_all(storm).await;
    assert!(kith.faults().stop() > 50);
    kith.check_posts().await;
}

/// Makes a call whose write waits while something else is done.
async fn overtaken(kith: &Kith, call: Call, work: impl Future) -> Answer {
    let gate = kith.faults().hold("TransactWriteItems");
    let call = tokio::spawn(call.into_future());
    gate.reached().await;
    work.await;
    gate.release();
    call.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_by_a_permission_that_has_ended() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = people(&kith).await;
    let like = |post: &str| format!("/v1/posts/{post}/like");
    for what in ["narrowed", "deleted", "unfriended", "blocked"] {
        for kind in ["like", "add", "edit"] {
            // Somebody else each time, who has nothing to do with the end of it.
            let dave = kith.register(&format!("dave{what}{kind}")).await;
            alice.befriend(&dave).await;
            let post = alice.write("hello", "friends").await;
            let comment = dave.comment(&post, "x").await.expect(201);
            let call = match kind {
                "like" => dave.call(Method::PUT, &like(&post)),
                "add" => dave.comment(&post, "x"),
                _ => dave.patch(&path(&comment), json!({ "text": "y" })),
            };
            let answer = overtaken(&kith, call, async {
                match what {
                    "narrowed" => {
                        let body = json!({ "visibility": "private" });
                        alice.patch(&format!("/v1/posts/{post}"), body).await.expect(200);
                    }
                    "deleted" => drop(alice.delete(&format!("/v1/posts/{post}")).await.expect(204)),
                    "unfriended" => drop(alice.delete(&format!("/v1/friends/{}", dave.id)).await.expect(204)),
                    _ => alice.block(&dave).await,
                }
            })
            .await;
            answer.expect_problem(404, "not-found");
        }
    }
    // What does not take the permission away, does not stop it.
    let post = alice.write("hello", "friends").await;
    let answer = overtaken(&kith, bob.comment(&post, "x"), carol.comment(&post, "y").into_future()).await;
    answer.expect(201);
    kith.stack().drained().await;
    kith.check_posts().await;
    kith.check_nothing_is_left().await;
}
