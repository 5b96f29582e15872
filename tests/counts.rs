//! That what is counted is what is listed, whatever people do.

use fastrand::Rng;
use futures_util::future::join_all;
use http::Method;
use serde_json::Value;

use crate::harness::notifications::about;
use crate::harness::{Kith, Person};

/// One thing that somebody does to or about somebody else, at random.
async fn act(random: &mut Rng, one: &Person, other: &Person, posts: &[String]) {
    let request = |from: &Person, to: &Person| format!("/v1/friend-requests/{}-{}", from.id, to.id);
    let post = &posts[random.usize(..posts.len())];
    let answer = match random.u8(..30) {
        0..6 => one.like(post).await,
        6..9 => one.unlike(post).await,
        9..12 => one.comment(post, "x").await,
        12 | 13 => {
            // The newest that is there, if it may be deleted.
            let page = one.get(&format!("/v1/posts/{post}/comments?order=newest&limit=1")).await;
            match page.json()["items"][0]["id"].as_str() {
                Some(id) => one.delete(&format!("/v1/posts/{post}/comments/{id}")).await,
                None => page,
            }
        }
        14 => one.delete(&format!("/v1/posts/{post}")).await,
        15 | 16 => one.ask(other).await,
        17 | 18 => one.answer(other, "accepted").await,
        19 => one.delete(&request(one, other)).await,
        20 => one.delete(&format!("/v1/friends/{}", other.id)).await,
        21 => one.call(Method::PUT, &format!("/v1/blocks/{}", other.id)).await,
        22 => one.delete(&format!("/v1/blocks/{}", other.id)).await,
        23..27 => one.say(other, &random.u32(..).to_string(), "hello").await,
        27 | 28 => one.mark_read(other, random.u64(1..5)).await,
        _ => {
            let listed = one.get("/v1/notifications?limit=5").await;
            match listed.json()["items"].as_array().and_then(|items| items.last()) {
                Some(last) => one.see(last["id"].as_str().unwrap()).await,
                None => listed,
            }
        }
    };
    assert!(answer.status < 500, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_twenty_people_do_all_counts_are_those_of_the_lists() {
    let kith = Kith::start().await;
    let mut people = Vec::new();
    let mut posts = Vec::new();
    for number in 0..20 {
        let person = kith.register(&format!("person{number}")).await;
        for visibility in ["public", "friends"] {
            posts.push(person.write("hello", visibility).await);
        }
        people.push(person);
    }
    // Before there is anything of them: everybody sees these.
    let mut listening = Vec::new();
    for person in &people[..5] {
        listening.push(person.listen().await);
    }
    for seed in 0..10 {
        kith.faults().randomly(0.03, seed);
        join_all((0..100).map(async |number| {
            let mut random = Rng::with_seed(seed * 1_000 + number);
            // Some have more to do with each other than others.
            let one = random.usize(..people.len());
            let other = (one + 1 + random.usize(..5)) % people.len();
            act(&mut random, &people[one], &people[other], &posts).await;
        }))
        .await;
        kith.faults().stop();
    }
    kith.drained().await;
    kith.check_notifications(&people).await;
    kith.check_friends().await;
    kith.check_posts().await;
    check_counts(&kith, &people, &posts).await;
    for (person, listening) in people.iter().zip(listening) {
        for notification in listening.notifications().await {
            let (kind, object, actor) = about(&notification);
            let is_theirs = match &*kind {
                "like" | "comment" | "friendAccepted" => object.starts_with(&person.id),
                _ => object.ends_with(&person.id),
            };
            assert!(is_theirs && actor != person.id, "{notification}");
        }
    }
}

/// Whether one of the two blocks the other.
fn hides(items: &[Value], person: &Person, other: &str) -> bool {
    let (pk, sk) = (format!("USER#{}", person.id), format!("RELATION#{other}"));
    let edge = items.iter().find(|item| item["PK"] == pk && item["SK"] == sk);
    edge.is_some_and(|edge| ["blocked", "blockedBy"].iter().any(|side| edge["bond"].get(side).is_some()))
}

/// Fails unless what is counted of anybody, and of any post, is what its list has.
async fn check_counts(kith: &Kith, people: &[Person], posts: &[String]) {
    let mut compared = 0;
    for person in people {
        let friends = person.all_ids("/v1/friends", 100).await.len() as u64;
        assert_eq!(person.get("/v1/me").await.expect(200)["friendCount"], friends);
        compared += friends;
    }
    let items = kith.items().await;
    for post in posts {
        let author = people.iter().find(|person| post.starts_with(&person.id)).unwrap();
        let seen = author.get(&format!("/v1/posts/{post}")).await;
        if seen.status == 404 {
            continue;
        }
        // Counts are not per viewer: those whom the author does not see count, too.
        let about = format!("POST#{post}");
        for (count, kind, list) in [("likeCount", "LIKE#", "likes"), ("commentCount", "COMMENT#", "comments")]
        {
            let there: Vec<_> = items
                .iter()
                .filter(|item| item["PK"] == about && item["SK"].as_str().unwrap().starts_with(kind))
                .collect();
            assert_eq!(seen.json()[count], there.len());
            let is_seen = |item: &&&Value| {
                let by = item.get("authorId").unwrap_or(&item["userId"]).as_str().unwrap();
                !hides(&items, author, by)
            };
            let listed = author.all_ids(&format!("/v1/posts/{post}/{list}"), 100).await.len();
            assert_eq!(listed, there.iter().filter(is_seen).count(), "{list} of {post}");
            compared += there.len() as u64;
        }
    }
    assert!(compared > 50, "{compared}");
}
