//! Feeds: what is in them, when it comes and when it goes.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Fault, Kith, Person};

impl Kith {
    /// Which posts are in whose feed, as the table has it.
    async fn entries(&self) -> HashMap<String, HashSet<String>> {
        let mut entries: HashMap<_, HashSet<_>> = HashMap::new();
        for item in self.items().await {
            if let Some(reader) = item["PK"].as_str().unwrap().strip_suffix("#FEED") {
                let reader = reader.trim_start_matches("USER#").to_owned();
                entries.entry(reader).or_default().insert(item["postId"].as_str().unwrap().to_owned());
            }
        }
        entries
    }

    /// Does something that starts a job, and lets one call go wrong of all that comes of it: the one after
    /// so many, of which the start of the job is the first. Answers whether there was such a call.
    async fn disturbed<T>(&self, work: impl Future<Output = T>, (calls, fault): (u32, Fault)) -> (T, bool) {
        self.drained().await;
        let start = self.faults().hold("UpdateItem");
        let done = work.await;
        start.reached().await;
        self.faults().once_after(calls, fault);
        start.release();
        self.drained().await;
        (done, self.faults().stop() > 0)
    }

    /// Fails if anything is about a post that is not there, or still to be done.
    pub(crate) async fn check_nothing_is_left(&self) {
        let items = self.items().await;
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        let posts: HashSet<_> = items
            .iter()
            .filter(|item| text(item, "SK").starts_with("POST#"))
            .map(|item| text(item, "postId"))
            .collect();
        for item in &items {
            let (pk, sk) = (text(item, "PK"), text(item, "SK"));
            assert_ne!(sk, "JOB", "{item}");
            if let Some(post) = pk.strip_prefix("POST#") {
                assert!(posts.contains(post), "{item}");
            }
            if sk.starts_with("ENTRY#") {
                assert!(posts.contains(&text(item, "postId")), "{item}");
            }
        }
    }
}

impl Person {
    async fn feed(&self) -> Vec<String> {
        self.ids("/v1/feed").await
    }

    async fn show_to(&self, post: &str, visibility: &str) {
        self.patch(&format!("/v1/posts/{post}"), json!({ "visibility": visibility })).await.expect(200);
    }
}

async fn three(kith: &Kith) -> [Person; 3] {
    [kith.register("alice").await, kith.register("bob").await, kith.register("carol").await]
}

#[tokio::test]
async fn what_one_has_written_is_there_at_once() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for visibility in ["public", "friends", "private"] {
        let post = alice.write("hello", visibility).await;
        assert_eq!(alice.feed().await[0], post);
        assert_eq!(alice.ids(&format!("/v1/users/{}/posts", alice.id)).await[0], post);
        kith.advance(Duration::from_millis(5));
    }
}

#[tokio::test]
async fn friends_find_each_others_posts_the_newest_first() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = three(&kith).await;
    alice.befriend(&bob).await;
    alice.befriend(&carol).await;
    let mut posts = Vec::new();
    for number in 0..12 {
        let author = [&alice, &bob, &carol][number % 3];
        posts.insert(
            0,
            author.write(&number.to_string(), if number % 2 == 0 { "friends" } else { "public" }).await,
        );
        author.write("for me", "private").await;
        kith.advance(Duration::from_millis(5));
    }
    kith.stack().drained().await;
    let alices = alice.get("/v1/feed").await.expect(200);
    let text = |post: &Value| post["text"].as_str().unwrap().to_owned();
    let others: Vec<_> =
        alices["items"].as_array().unwrap().iter().filter(|post| text(post) != "for me").collect();
    let ids: Vec<_> = others.iter().map(|post| post["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, posts);
    let names: HashSet<_> = others.iter().map(|post| post["author"]["username"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 3);
    for limit in 1..5 {
        let paged = alice.all_ids("/v1/feed", limit).await;
        assert_eq!(paged, alice.ids("/v1/feed?limit=100").await);
    }
    // Bob and Carol are none.
    let bobs = bob.get("/v1/feed?limit=100").await.expect(200);
    assert!(bobs["items"].as_array().unwrap().iter().all(|post| post["author"]["id"] != carol.id));
    kith.check_nothing_is_left().await;
}

#[tokio::test]
async fn who_becomes_a_friend_finds_the_newest_twenty() {
    let kith = Kith::start().await;
    let [alice, bob, _] = three(&kith).await;
    let old = kith.seed_posts(&alice, 22, "friends").await;
    let recent = alice.write("hello", "public").await;
    kith.seed_posts(&bob, 30, "private").await;
    let bobs = bob.write("hello", "friends").await;
    kith.stack().drained().await;
    assert!(kith.entries().await.is_empty());
    alice.befriend(&bob).await;
    kith.stack().drained().await;
    let entries = kith.entries().await;
    let expected: HashSet<_> = std::iter::once(recent).chain(old.into_iter().take(19)).collect();
    assert_eq!(entries[&bob.id], expected);
    assert_eq!(entries[&alice.id], HashSet::from([bobs]));
    kith.check_nothing_is_left().await;
}

#[tokio::test]
async fn who_is_a_friend_no_more_finds_nothing_at_once_and_nothing_is_left() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = three(&kith).await;
    for friend in [&bob, &carol] {
        alice.befriend(friend).await;
    }
    alice.write("hello", "public").await;
    let [bobs, carols] = [bob.write("hello", "public").await, carol.write("hello", "friends").await];
    kith.stack().drained().await;
    assert_eq!(alice.feed().await.len(), 3);
    for (ends, is_block) in [(&bob, false), (&carol, true)] {
        if is_block {
            alice.block(ends).await;
        } else {
            alice.unfriend(ends).await;
        }
        // Before any job has run.
        for (reader, author) in [(&alice, ends), (ends, &alice)] {
            let feed = reader.get("/v1/feed").await.expect(200);
            assert!(feed["items"].as_array().unwrap().iter().all(|post| post["author"]["id"] != author.id));
        }
    }
    kith.stack().drained().await;
    assert!(kith.entries().await.is_empty(), "{:?}", kith.entries().await);
    // And friends again, it is all there again.
    alice.befriend(&bob).await;
    kith.stack().drained().await;
    assert_eq!(kith.entries().await[&alice.id], HashSet::from([bobs]));
    drop(carols);
    kith.check_nothing_is_left().await;
}

#[tokio::test]
async fn a_post_that_is_opened_or_closed_comes_and_goes() {
    let kith = Kith::start().await;
    let [alice, bob, _] = three(&kith).await;
    alice.befriend(&bob).await;
    let post = alice.write("hello", "private").await;
    kith.stack().drained().await;
    assert!(kith.entries().await.is_empty());
    alice.show_to(&post, "friends").await;
    kith.stack().drained().await;
    assert_eq!(bob.feed().await, [&*post]);
    alice.show_to(&post, "public").await;
    assert_eq!(bob.feed().await, [&*post]);
    alice.show_to(&post, "private").await;
    assert!(bob.feed().await.is_empty(), "before any job has run");
    kith.stack().drained().await;
    assert!(kith.entries().await.is_empty());
    kith.check_nothing_is_left().await;
}

#[tokio::test]
async fn of_a_deleted_post_nothing_is_left() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = three(&kith).await;
    alice.befriend(&bob).await;
    let [post, other] = [alice.write("hello", "public").await, alice.write("hello", "public").await];
    for person in [&bob, &carol] {
        for post in [&post, &other] {
            person.like(post).await.expect(204);
            person.comment(post, "x").await.expect(201);
        }
    }
    kith.stack().drained().await;
    alice.delete(&format!("/v1/posts/{post}")).await.expect(204);
    assert_eq!(bob.feed().await, [&*other]);
    bob.get(&format!("/v1/posts/{post}/comments")).await.expect_problem(404, "not-found");
    kith.stack().drained().await;
    assert_eq!(kith.entries().await[&bob.id], HashSet::from([other.clone()]));
    assert_eq!(alice.get(&format!("/v1/posts/{other}")).await.expect(200)["commentCount"], 2);
    kith.check_nothing_is_left().await;
    kith.check_posts().await;
}

#[tokio::test]
async fn entries_last_ninety_days() {
    let kith = Kith::start().await;
    let [alice, bob, _] = three(&kith).await;
    alice.befriend(&bob).await;
    alice.write("hello", "public").await;
    kith.stack().drained().await;
    kith.advance(Duration::from_hours(24 * 89));
    let bob = bob.sign_in().await;
    assert_eq!(bob.feed().await.len(), 1);
    kith.advance(Duration::from_hours(24));
    let bob = bob.sign_in().await;
    // Whether it was swept or not.
    assert_eq!(bob.get("/v1/feed").await.expect(200), json!({ "items": [], "nextCursor": null }));
}

/// How many calls it takes to put a post into a friend's feed: the job is put, and read; counters and
/// relations are read, the entry is written, both are read again, and the job goes.
const CALLS_TO_DISTRIBUTE: u32 = 8;

/// A job crashes before and after each of its calls, one after the other, and is done all the same.
#[tokio::test]
async fn a_crash_between_any_two_calls_leaves_nothing_undone() {
    let kith = Kith::start().await;
    let [alice, bob, _] = three(&kith).await;
    alice.befriend(&bob).await;
    let mut posts = Vec::new();
    for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::LostReply, Fault::Throttle] {
        for calls in 0.. {
            let (post, went_wrong) = kith.disturbed(alice.write("hello", "friends"), (calls, fault)).await;
            posts.push(post);
            assert_eq!(kith.entries().await[&bob.id].len(), posts.len(), "{fault:?} {calls}");
            if !went_wrong {
                assert_eq!(calls, CALLS_TO_DISTRIBUTE, "{fault:?}");
                break;
            }
        }
    }
    // The same while they cease to be friends, and become friends, and while posts are deleted.
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for calls in 0..12 {
            kith.disturbed(alice.unfriend(&bob), (calls, fault)).await;
            assert!(kith.entries().await.is_empty(), "{fault:?} {calls}");
            kith.disturbed(alice.befriend(&bob), (calls, fault)).await;
            assert_eq!(kith.entries().await[&bob.id].len(), 20.min(posts.len()), "{fault:?} {calls}");
            let post = posts.pop().unwrap();
            bob.comment(&post, "x").await.expect(201);
            let delete = alice.delete(&format!("/v1/posts/{post}")).into_future();
            kith.disturbed(delete, (calls, fault)).await.0.expect(204);
            kith.check_nothing_is_left().await;
        }
    }
}

#[tokio::test]
async fn a_job_that_was_given_up_goes_on_once_it_is_found_to_stand_still() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let post = alice.write("hello", "public").await;
    kith.stack().drained().await;
    let friends = kith.seed_friends(&alice, 1).await;
    kith.stall(&post).await;
    assert!(kith.entries().await.is_empty());
    kith.stack().fire("JobsFunction").await;
    kith.stack().drained().await;
    assert_eq!(kith.entries().await, HashMap::from([(friends[0].clone(), HashSet::from([post]))]));
    // The one that nobody can read did not stand in its way.
    let jobs = kith.items().await.into_iter().filter(|item| item["SK"] == "JOB").count();
    assert_eq!(jobs, 1);
}

#[tokio::test]
async fn a_long_feed_is_cleared_to_its_end() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = three(&kith).await;
    alice.befriend(&bob).await;
    alice.write("hello", "friends").await;
    kith.stack().drained().await;
    let now = kith.stack().clock().clock().now().millis();
    let day = 24 * 60 * 60 * 1000;
    // Newer ones than a step looks at, and so many that have expired and were not swept yet.
    kith.seed_entries(&bob.id, &carol.id, 700, now + day, now / 1000 + 1_000_000).await;
    kith.seed_entries(&bob.id, &alice.id, 5, now - day, now / 1000 + 1_000_000).await;
    kith.seed_entries(&bob.id, &carol.id, 600, now - 100 * day, now / 1000 - 10 * 24 * 60 * 60).await;
    alice.unfriend(&bob).await;
    kith.stack().drained().await;
    let left = kith.entries().await.remove(&bob.id).unwrap();
    assert!(left.len() >= 700 && left.iter().all(|post| post.starts_with(&carol.id)), "{}", left.len());
}

#[tokio::test]
async fn many_likes_of_a_deleted_post_go_in_several_passes() {
    let kith = Kith::start().await;
    let [alice, bob, _] = three(&kith).await;
    let post = alice.write("hello", "public").await;
    bob.comment(&post, "x").await.expect(201);
    let like = |number: u64| {
        let liker = format!("01JZZ3W0Q5E8T4C9M2R7{number:06}");
        json!({ "PK": format!("POST#{post}"), "SK": format!("LIKE#{liker}"), "userId": liker, "likedAt": "2026-01-01T00:00:00.000Z" })
    };
    kith.seed((0..450).map(like).collect()).await;
    alice.delete(&format!("/v1/posts/{post}")).await.expect(204);
    kith.stack().drained().await;
    kith.check_nothing_is_left().await;
}

#[tokio::test]
async fn a_post_deleted_between_two_friendships_is_in_no_feed() {
    let kith = Kith::start().await;
    let [alice, bob, _] = three(&kith).await;
    alice.befriend(&bob).await;
    for _ in 0..10 {
        let [gone, kept] = [alice.write("hello", "friends").await, alice.write("hello", "friends").await];
        kith.stack().drained().await;
        alice.unfriend(&bob).await;
        alice.delete(&format!("/v1/posts/{gone}")).await.expect(204);
        alice.befriend(&bob).await;
        kith.stack().drained().await;
        kith.check_nothing_is_left().await;
        assert!(kith.entries().await[&bob.id].contains(&kept));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_friends_cost_the_author_nothing() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = three(&kith).await;
    let friends = kith.seed_friends(&alice, 5_000).await;
    kith.stack().drained().await;
    let cost = async |person: &Person| {
        let call = person.post("/v1/posts", json!({ "text": "hello" }));
        let (answer, records) = kith.watch(call.into_future()).await;
        let served = records.iter().find(|record| record.route == "POST /v1/posts").unwrap();
        let cost = served.function.clone().unwrap().1;
        (
            answer.expect(201)["id"].as_str().unwrap().to_owned(),
            (cost.calls, cost.read_units, cost.write_units),
        )
    };
    let sign_ins = async || {
        let mut times = Vec::new();
        for _ in 0..15 {
            let started = Instant::now();
            bob.sign_in().await;
            times.push(started.elapsed());
        }
        times.sort();
        times[times.len() / 2]
    };
    let quiet = sign_ins().await;
    let started = Instant::now();
    let ((post, with_many), (_, with_none)) = (cost(&alice).await, cost(&carol).await);
    assert_eq!(with_many, with_none);
    let meanwhile = sign_ins().await;
    kith.stack().drained().await;
    let (drained, ratio) = (started.elapsed(), meanwhile.as_secs_f64() / quiet.as_secs_f64());
    println!("5,000 friends: drained in {drained:?}; a sign-in {quiet:?} before, {meanwhile:?} meanwhile");
    let entries = kith.entries().await;
    assert_eq!(entries.len(), friends.len());
    assert!(friends.iter().all(|friend| entries[friend] == HashSet::from([post.clone()])));
    assert!(ratio < 4.0, "a sign-in takes {ratio} times as long while posts are distributed");

    alice.delete(&format!("/v1/posts/{post}")).await.expect(204);
    kith.stack().drained().await;
    assert!(kith.entries().await.is_empty());
    kith.check_nothing_is_left().await;
}
