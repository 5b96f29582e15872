//! Conversations when several write at once, and when things go wrong in between.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::Value;

use crate::harness::notifications::{changes_of, follower, takes};
use crate::harness::{Answer, Call, Fault, Kith, Person};

async fn friends(kith: &Kith) -> [Person; 2] {
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    [alice, bob]
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

#[tokio::test]
async fn whatever_goes_wrong_between_two_calls_a_message_is_there_once() {
    let kith = Kith::untold().await;
    let [alice, bob] = friends(&kith).await;
    let mut sent = Vec::new();
    let changes = changes_of(&kith, send_whatever_goes_wrong(&kith, [&alice, &bob], &mut sent)).await;
    println!("{} messages, each with something else that goes wrong", sent.len());
    // Each fault at each of the four calls, and once none.
    assert_eq!(sent.len(), 5 * Fault::ALL.len());
    assert_eq!(bob.texts(&alice).await.into_iter().flatten().collect::<Vec<_>>(), sent);
    let follower = follower(&kith);
    for change in &changes {
        assert!(takes(&follower, change).await);
    }
    kith.check_chats().await;
}

/// Sends a message with each fault at each call, and once more, as nobody knows what became of it. Notes what
/// is there then.
async fn send_whatever_goes_wrong(kith: &Kith, [alice, bob]: [&Person; 2], sent: &mut Vec<String>) {
    let fatal = [Fault::CrashBefore, Fault::CrashAfter];
    for fault in Fault::PASSING.into_iter().chain(fatal) {
        for calls in 0.. {
            let client_id = format!("{fault:?} {calls}");
            // So that her token need not be checked meanwhile.
            alice.get("/v1/me").await.expect(200);
            kith.faults().once_after(calls, fault);
            let answer = alice.say(bob, &client_id, &client_id).await;
            let happened = kith.faults().stop() > 0;
            let crashed = happened && fatal.contains(&fault);
            assert_eq!(answer.status, if crashed { 500 } else { 201 }, "{client_id}: {answer:?}");
            let again = alice.say(bob, &client_id, "another text").await;
            if crashed {
                // It may have been written, or not.
                assert!([200, 201].contains(&again.status), "{again:?}");
                sent.push(again.json()["text"].as_str().unwrap().to_owned());
            } else {
                assert_eq!(again.expect(200), answer.json());
                sent.push(client_id);
            }
            if !happened {
                break;
            }
        }
    }
}

/// The list of what is unread is read before, and the list of what is read behind, it is moved from one to
/// the other: it is in neither.
#[tokio::test]
async fn a_conversation_is_listed_while_it_is_marked_as_read() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    for seq in 1..=10 {
        alice.say(&bob, &seq.to_string(), "hello").await.expect(201);
        kith.drained().await;
        let unread = kith.faults().hold("Query");
        let listing = tokio::spawn(bob.get("/v1/conversations").into_future());
        unread.reached().await;
        bob.mark_read(&alice, seq).await.expect(204);
        unread.release();
        let listed = listing.await.unwrap().expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(listed["items"][0]["lastSeq"], seq);
        kith.faults().stop();
    }
}

/// A message is written while it is sent again: behind the look for it, and before the one that says that
/// so much was said already.
#[tokio::test]
async fn what_is_sent_again_while_it_is_written_is_not_refused() {
    let kith = Kith::with_parameters(vec![("MessagesPerMinute", "1")]).await;
    let [alice, bob] = friends(&kith).await;
    for number in 0..10 {
        kith.advance(Duration::from_mins(2));
        let client_id = number.to_string();
        let send = || tokio::spawn(alice.say(&bob, &client_id, "hello").into_future());
        let writing = kith.faults().hold("TransactWriteItems");
        let first = send();
        writing.reached().await;
        let looking = kith.faults().hold("Query");
        let again = send();
        looking.reached().await;
        writing.release();
        let first = first.await.unwrap().expect(201);
        looking.release();
        assert_eq!(again.await.unwrap().expect(200), first);
        kith.faults().stop();
    }
    // Who says something else has to wait.
    alice.say(&bob, "another", "hello").await.expect_problem(429, "rate-limited");
    assert_eq!(bob.texts(&alice).await.len(), 10);
}

#[tokio::test]
async fn whatever_goes_wrong_between_two_calls_a_change_is_made_or_not() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let mut seq = 0;
    for fault in Fault::PASSING.into_iter().chain([Fault::CrashBefore, Fault::CrashAfter]) {
        for calls in 0..5 {
            seq += 1;
            alice.say(&bob, &seq.to_string(), "hello").await.expect(201);
            for change in 0..3 {
                let call = || match change {
                    0 => alice.edit(&bob, seq, "edited"),
                    1 => bob.mark_read(&alice, seq),
                    _ => alice.unsay(&bob, seq),
                };
                kith.faults().once_after(calls, fault);
                let answer = call().await;
                let crashed =
                    kith.faults().stop() > 0 && matches!(fault, Fault::CrashBefore | Fault::CrashAfter);
                assert!(answer.status < 300 || crashed, "{fault:?} {calls} {change}: {answer:?}");
                assert!(call().await.status < 300);
            }
            let page = bob.history(&alice, "limit=1").await;
            assert_eq!(page["items"][0]["text"], Value::Null);
            assert_eq!(page["lastRevision"], seq * 2, "{fault:?} {calls}");
        }
    }
    kith.drained().await;
    kith.check_chats().await;
}

#[tokio::test]
async fn memberships_follow_whatever_goes_wrong() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    kith.drained().await;
    let mut number = 0;
    for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::LostReply, Fault::Throttle] {
        for calls in 0..12 {
            number += 1;
            let client_id = number.to_string();
            alice.say(&bob, &client_id, "hello").await.expect(201);
            kith.faults().once_after(calls, fault);
            kith.drained().await;
            kith.faults().stop();
            kith.check_chats().await;
        }
    }
    // Read while they are brought forward.
    for _ in 0..20 {
        number += 1;
        let say = alice.say(&bob, &number.to_string(), "hello").into_future();
        let (said, ()) = join(say, async {
            for seq in number - 2..=number {
                bob.mark_read(&alice, seq).await.expect(204);
            }
        })
        .await;
        said.expect(201);
    }
    kith.drained().await;
    bob.mark_read(&alice, number).await.expect(204);
    assert_eq!(bob.conversation(&alice).await["unreadCount"], 0);
    kith.check_chats().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_have_no_gaps_and_nobody_misses_one() {
    let kith = Kith::start().await;
    let people = friends(&kith).await;
    for number in 0..6 {
        let sender = number % 2;
        people[sender].say(&people[1 - sender], &number.to_string(), "hello").await.expect(201);
    }
    kith.faults().randomly(0.05, 11);
    let storm = (0..8).map(|device| {
        let people = &people;
        async move {
            let (person, peer) = (&people[device % 2], &people[1 - device % 2]);
            let mut taken = Vec::new();
            for number in 0..10 {
                // Each its own messages: alice's are odd.
                let seq = (device % 2 + 1 + 2 * (number % 3)) as u64;
                let answer = person.edit(peer, seq, &format!("{device} {number}")).await;
                if answer.status == 200 {
                    taken.push(answer.json()["revision"].as_u64().unwrap());
                }
                assert!([200, 503].contains(&answer.status), "{answer:?}");
            }
            taken
        }
    });
    // Somebody who is told of nothing, and looks again and again.
    let watcher = async {
        let (mut known, mut have) = (BTreeMap::new(), 0);
        loop {
            let page = people[1].history(&people[0], &format!("changedAfter={have}&limit=2")).await;
            for item in page["items"].as_array().unwrap() {
                let revision = item["revision"].as_u64().unwrap();
                assert!(revision > have);
                have = revision;
                known.insert(item["seq"].as_u64().unwrap(), item.clone());
            }
            // All that had changed was on it: then all is seen that it counts.
            assert!(page["lastRevision"].as_u64().unwrap() >= have);
            if page["lastRevision"].as_u64().unwrap() >= 60 && page["items"].as_array().unwrap().is_empty() {
                return known;
            }
        }
    };
    let (taken, mut known) = join(join_all(storm), watcher).await;
    kith.faults().stop();
    let taken: Vec<_> = taken.into_iter().flatten().collect();
    let different: BTreeSet<_> = taken.iter().copied().collect();
    assert_eq!(different.len(), taken.len(), "no revision is taken twice");
    let page = people[0].history(&people[1], "").await;
    assert!(different.iter().all(|revision| *revision <= page["lastRevision"].as_u64().unwrap()));
    if taken.len() == 80 {
        assert!(different.into_iter().eq(1..=80));
    }
    // What it has not seen yet.
    let have = known.values().map(|item: &Value| item["revision"].as_u64().unwrap()).max().unwrap();
    let rest = people[1].history(&people[0], &format!("changedAfter={have}&limit=100")).await;
    for item in rest["items"].as_array().unwrap() {
        known.insert(item["seq"].as_u64().unwrap(), item.clone());
    }
    assert_eq!(page["items"].as_array().unwrap(), &known.into_values().collect::<Vec<_>>());
    kith.drained().await;
    kith.check_chats().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_by_a_friendship_that_has_ended() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for (number, is_block) in [false, true].into_iter().enumerate() {
        let bob = kith.register(&format!("bob{number}")).await;
        alice.befriend(&bob).await;
        alice.say(&bob, "1", "hello").await.expect(201);
        let end = async { if is_block { bob.block(&alice).await } else { bob.unfriend(&alice).await } };
        let answer = overtaken(&kith, alice.say(&bob, "2", "hello"), end).await;
        answer.expect_problem(403, "not-friends");
        kith.faults().stop();
        assert_eq!(alice.texts(&bob).await.len(), 1);
    }
    // The same for an edit, and not for a deletion.
    let carol = kith.register("carol").await;
    alice.befriend(&carol).await;
    alice.say(&carol, "1", "hello").await.expect(201);
    let answer = overtaken(&kith, alice.edit(&carol, 1, "x"), alice.unfriend(&carol)).await;
    answer.expect_problem(403, "not-friends");
    alice.befriend(&carol).await;
    let answer = overtaken(&kith, alice.unsay(&carol, 1), carol.block(&alice)).await;
    assert_eq!(answer.status, 204);
    // Somebody else who is faster is no reason to fail.
    let dave = kith.register("dave").await;
    alice.befriend(&dave).await;
    let faster = dave.say(&alice, "1", "faster").into_future();
    let answer = overtaken(&kith, alice.say(&dave, "1", "slower"), faster).await;
    assert_eq!(answer.expect(201)["seq"], 2);
    kith.faults().stop();
    kith.drained().await;
    kith.check_chats().await;
}

#[tokio::test]
async fn an_outage_is_a_503_in_time_and_leaves_nothing() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let gate = kith.faults().hold("TransactWriteItems");
    let call = tokio::spawn(alice.say(&bob, "1", "hello").into_future());
    gate.reached().await;
    kith.faults().stop();
    kith.faults().always(Fault::Internal);
    let started = Instant::now();
    gate.release();
    let answer = call.await.unwrap();
    answer.expect_problem(503, "unavailable");
    assert!((15..25).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    kith.faults().stop();
    assert!(alice.texts(&bob).await.is_empty());
    assert_eq!(alice.say(&bob, "1", "hello").await.expect(201)["seq"], 1);
    kith.drained().await;
    kith.check_chats().await;
}

/// A page of the latest and what changes after its revision is all there is, however a change and
/// the two reads of a page fall.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_shows_every_change_up_to_the_revision_it_names() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    for number in 0..3 {
        alice.say(&bob, &number.to_string(), "hello").await.expect(201);
    }
    let edits = async {
        for number in 0..60 {
            alice.edit(&bob, number % 3 + 1, &number.to_string()).await.expect(200);
        }
    };
    let reads = async {
        let mut seen = HashSet::new();
        for _ in 0..60 {
            let page = bob.history(&alice, "").await;
            let last = page["lastRevision"].as_u64().unwrap();
            let revisions: Vec<_> = page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["revision"].as_u64().unwrap())
                .collect();
            // Of three messages edited in turn, the last three revisions are on the page, or newer.
            assert!(revisions.iter().all(|revision| *revision + 2 >= last), "{last}: {revisions:?}");
            seen.insert(last);
        }
        assert!(seen.len() > 5);
    };
    join(edits, reads).await;
}
