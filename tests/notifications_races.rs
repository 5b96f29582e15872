//! Notifications when the stream repeats itself, tells of things in any order, or breaks off in between.

use std::collections::HashSet;

use fastrand::Rng;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::notifications::{changes_of, follower, takes};
use crate::harness::{Fault, Kith, Person};

async fn two(kith: &Kith) -> [Person; 2] {
    [kith.register("alice").await, kith.register("bob").await]
}

/// A little of everything that people are notified of. Answers the post that most of it is about.
async fn story(alice: &Person, bob: &Person, seed: u64) -> String {
    let mut random = Rng::with_seed(seed);
    let post = alice.write("hello", "public").await;
    let mut comments: Vec<String> = Vec::new();
    for _ in 0..20 {
        match random.u8(..8) {
            0 | 1 => drop(bob.like(&post).await.expect(204)),
            2 => drop(bob.unlike(&post).await.expect(204)),
            3 => {
                let made = bob.comment(&post, "x").await.expect(201);
                comments.push(format!("/v1/posts/{post}/comments/{}", made["id"].as_str().unwrap()));
            }
            4 => {
                if let Some(path) = comments.pop() {
                    bob.delete(&path).await.expect(204);
                }
            }
            5 => drop(bob.ask(alice).await),
            6 => drop(alice.answer(bob, "accepted").await),
            _ => alice.unfriend(bob).await,
        }
    }
    // And what goes with something else: a request that is taken back, or refused, and a comment that
    // whoever wrote the post takes away.
    alice.unfriend(bob).await;
    bob.ask(alice).await;
    bob.delete(&format!("/v1/friend-requests/{}-{}", bob.id, alice.id)).await;
    if seed % 5 == 4 {
        // After this he may not ask for a month.
        bob.ask(alice).await;
        alice.answer(bob, "rejected").await;
    }
    let made = bob.comment(&post, "y").await.expect(201);
    alice.delete(&format!("/v1/posts/{post}/comments/{}", made["id"].as_str().unwrap())).await.expect(204);
    post
}

#[tokio::test]
async fn what_the_stream_tells_again_changes_nothing_and_is_not_told_again() {
    let kith = Kith::start().await;
    let [alice, bob] = two(&kith).await;
    let changes = changes_of(&kith, async {
        for seed in 0..5 {
            let post = story(&alice, &bob, seed).await;
            // With the post all that is about it goes.
            if seed % 2 == 0 {
                alice.delete(&format!("/v1/posts/{post}")).await.expect(204);
            }
        }
    })
    .await;
    assert!(changes.len() > 60, "{}", changes.len());
    let (before, items) = ((alice.notifications().await, bob.notifications().await), kith.items().await);
    let listening = [alice.listen().await, bob.listen().await];
    let follower = follower(&kith);
    for seed in 0..2 {
        let mut again = changes.clone();
        Rng::with_seed(seed).shuffle(&mut again);
        for change in again {
            assert!(takes(&follower, &change).await);
        }
    }
    for listening in listening {
        assert_eq!(listening.notifications().await, Vec::<Value>::new());
    }
    assert_eq!((alice.notifications().await, bob.notifications().await), before);
    let notifications = |items: Vec<Value>| {
        let of_them = |item: &Value| item["SK"].as_str().unwrap().starts_with("NOTIFICATION#");
        items.into_iter().filter(of_them).map(|item| item.to_string()).collect::<HashSet<_>>()
    };
    assert_eq!(notifications(kith.items().await), notifications(items), "no item is written again");
}

#[tokio::test]
async fn it_does_not_matter_in_which_order_changes_are_told() {
    let kith = Kith::untold().await;
    let [alice, bob] = two(&kith).await;
    let follower = follower(&kith);
    let mut listening = Vec::new();
    for person in [&alice, &bob] {
        listening.push(person.listen().await);
    }
    for seed in 0..20 {
        let mut changes = changes_of(&kith, story(&alice, &bob, seed)).await;
        // Some come twice, and all of them in any order, several at once.
        let mut random = Rng::with_seed(seed);
        let twice: Vec<_> = changes.iter().filter(|_| random.bool()).cloned().collect();
        changes.extend(twice);
        random.shuffle(&mut changes);
        for at_once in changes.chunks(5) {
            let taken = join_all(at_once.iter().map(|change| takes(&follower, change))).await;
            assert!(taken.into_iter().all(|is_taken| is_taken));
        }
        kith.check_notifications(&[alice.clone(), bob.clone()]).await;
    }
    let mut told = 0;
    for listening in listening {
        let pushed = listening.notifications().await;
        let ids: HashSet<_> = pushed.iter().map(|one| one["id"].to_string()).collect();
        assert_eq!(ids.len(), pushed.len(), "each is told of once");
        told += pushed.len();
    }
    println!("{told} notifications were pushed");
    assert!(told > 20, "{told}");
}

#[tokio::test]
async fn what_is_told_at_once_is_listed_in_its_order() {
    let kith = Kith::untold().await;
    let [alice, bob] = two(&kith).await;
    let mut posts = Vec::new();
    for _ in 0..12 {
        posts.push(alice.write("hello", "public").await);
    }
    kith.drained().await;
    let mut changes = changes_of(&kith, async {
        for post in &posts {
            bob.like(post).await.expect(204);
        }
    })
    .await;
    let number = |change: &Value| {
        let number = &change["Records"][0]["dynamodb"]["SequenceNumber"];
        number.as_str().unwrap().parse::<u128>().unwrap()
    };
    changes.sort_by_key(number);
    let together: Vec<_> = changes.iter().map(|change| change["Records"][0].clone()).collect();
    assert!(takes(&follower(&kith), &json!({ "Records": together })).await);
    let listed: Vec<_> = alice.notified_of().await.into_iter().map(|(_, post, _)| post).collect();
    posts.reverse();
    assert_eq!(listed, posts);
}

#[tokio::test]
async fn a_write_that_comes_late_is_put_right() {
    let kith = Kith::untold().await;
    let [alice, bob] = two(&kith).await;
    let people = [alice.clone(), bob.clone()];
    let follower = follower(&kith);
    let post = alice.write("hello", "public").await;
    kith.drained().await;
    let listening = alice.listen().await;
    for round in 0..2 {
        // The like is taken back, and that is seen to, while the notification of it is being written.
        let liked = changes_of(&kith, bob.like(&post)).await;
        let gate = kith.faults().hold("PutItem");
        let late = tokio::spawn({
            let (follower, liked) = (follower.clone(), liked.clone());
            async move { join_all(liked.iter().map(|change| takes(&follower, change))).await }
        });
        gate.reached().await;
        let unliked = changes_of(&kith, bob.unlike(&post)).await;
        for change in &unliked {
            assert!(takes(&follower, change).await);
        }
        gate.release();
        assert!(late.await.unwrap().into_iter().all(|is_taken| is_taken));
        kith.faults().stop();
        kith.check_notifications(&people).await;
        assert_eq!(alice.notifications().await, (vec![], 0), "{round}");
    }
    // Nor was anybody told of what was gone when it was looked at once more.
    assert_eq!(listening.notifications().await, Vec::<Value>::new());

    // So it is new when it comes back, and only then.
    let listening = alice.listen().await;
    for _ in 0..2 {
        for change in changes_of(&kith, bob.like(&post)).await {
            assert!(takes(&follower, &change).await);
        }
        for change in changes_of(&kith, bob.unlike(&post)).await {
            assert!(takes(&follower, &change).await);
        }
    }
    assert_eq!(listening.notifications().await.len(), 1);

    // The other way round: it is liked again while the notification is being withdrawn.
    for change in changes_of(&kith, bob.like(&post)).await {
        assert!(takes(&follower, &change).await);
    }
    let unliked = changes_of(&kith, bob.unlike(&post)).await;
    let gate = kith.faults().hold("PutItem");
    let late = tokio::spawn({
        let follower = follower.clone();
        async move { join_all(unliked.iter().map(|change| takes(&follower, change))).await }
    });
    gate.reached().await;
    for change in changes_of(&kith, bob.like(&post)).await {
        assert!(takes(&follower, &change).await);
    }
    gate.release();
    assert!(late.await.unwrap().into_iter().all(|is_taken| is_taken));
    kith.faults().stop();
    assert_eq!(alice.notifications().await.0.len(), 1);
    kith.check_notifications(&people).await;
}

#[tokio::test]
async fn whatever_goes_wrong_between_two_calls_notifications_are_right() {
    let kith = Kith::untold().await;
    let [alice, bob] = two(&kith).await;
    let people = [alice.clone(), bob.clone()];
    let post = alice.write("hello", "public").await;
    let follower = follower(&kith);
    for change in changes_of(&kith, bob.comment(&post, "x").into_future()).await {
        assert!(takes(&follower, &change).await);
    }
    let listening = alice.listen().await;
    let (mut faults, mut lost) = (0, 0);
    for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::LostReply, Fault::Throttle] {
        for calls in 0.. {
            let post = alice.write("hello", "private").await;
            alice.patch(&format!("/v1/posts/{post}"), json!({ "visibility": "public" })).await.expect(200);
            kith.drained().await;
            let mut happened = 0;
            for turn in 0..3 {
                let like = async {
                    let answer = if turn == 1 { bob.unlike(&post).await } else { bob.like(&post).await };
                    answer.expect(204);
                };
                let changes = changes_of(&kith, like).await;
                kith.faults().once_after(calls, fault);
                for change in &changes {
                    // What is not taken comes again.
                    while !takes(&follower, change).await {}
                }
                happened += kith.faults().stop();
                kith.check_notifications(&people).await;
            }
            faults += happened;
            lost += if fault == Fault::LostReply { happened } else { 0 };
            if happened == 0 {
                break;
            }
        }
    }
    println!("{faults} faults while notifications were settled");
    // A new like is settled in six calls and a push; one that goes, or comes back, in three.
    assert_eq!(faults, 4 * (7 + 3 + 3));
    // A crash may keep a hint from being given; it is given twice only where the gateway's answer to it
    // was lost.
    let pushed = listening.notifications().await;
    let ids: HashSet<_> = pushed.iter().map(|one| one["id"].to_string()).collect();
    assert!(ids.len() >= faults as usize / 6, "{} notifications were pushed", ids.len());
    assert!(pushed.len() - ids.len() <= lost as usize, "{} of {}", ids.len(), pushed.len());
}
