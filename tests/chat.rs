//! Conversations over HTTP: sending, reading, editing, deleting; who may, and what is left.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Kith, Person};

async fn friends(kith: &Kith) -> [Person; 2] {
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    [alice, bob]
}

fn seqs(page: &Value) -> Vec<u64> {
    page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_message_is_sent_read_edited_and_deleted() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let id = alice.conversation_id(&bob);
    let sent = alice.say(&bob, "a1", " Take some more tea. ").await;
    let message = sent.expect(201);
    assert_eq!(sent.header("location"), format!("/v1/conversations/{id}/messages/1"));
    assert_eq!(
        message,
        json!({
            "id": format!("{id}-1"),
            "conversationId": id,
            "seq": 1,
            "revision": 0,
            "clientId": "a1",
            "senderId": alice.id,
            "text": "Take some more tea.",
            "createdAt": message["createdAt"],
            "editedAt": null,
            "deletedAt": null,
        })
    );
    let page = json!({ "items": [message], "lastSeq": 1, "lastRevision": 0 });
    assert_eq!(alice.history(&bob, "").await, page);
    assert_eq!(bob.history(&alice, "").await, page);

    kith.advance(Duration::from_secs(1));
    let edited = alice.edit(&bob, 1, "Take some more wine.").await.expect(200);
    assert_eq!((&edited["text"], &edited["revision"]), (&json!("Take some more wine."), &json!(1)));
    assert!(edited["editedAt"].as_str().unwrap() > message["createdAt"].as_str().unwrap());
    // What it says already is no change.
    assert_eq!(alice.edit(&bob, 1, "Take some more wine.").await.expect(200), edited);
    assert_eq!(bob.history(&alice, "").await["items"][0], edited);
    bob.edit(&alice, 1, "mine").await.expect_problem(403, "forbidden");
    bob.unsay(&alice, 1).await.expect_problem(403, "forbidden");

    kith.advance(Duration::from_secs(1));
    for _ in 0..2 {
        alice.unsay(&bob, 1).await.expect(204);
    }
    let left = bob.history(&alice, "").await;
    assert_eq!((&left["lastRevision"], &left["items"][0]["revision"]), (&json!(2), &json!(2)));
    assert_eq!(left["items"][0]["text"], Value::Null);
    assert!(left["items"][0]["deletedAt"].is_string());
    alice.edit(&bob, 1, "again").await.expect_problem(404, "not-found");
    alice.edit(&bob, 2, "never").await.expect_problem(404, "not-found");
    alice.unsay(&bob, 2).await.expect_problem(404, "not-found");
    for malformed in ["0", "01", "x", "1.0", "99999999999999999999999"] {
        let path = format!("/v1/conversations/{id}/messages/{malformed}");
        alice.patch(&path, json!({ "text": "x" })).await.expect_problem(404, "not-found");
    }
    kith.drained().await;
    kith.check_chats().await;
}

#[tokio::test]
async fn texts_and_client_ids_have_their_lengths() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    for bad in ["", " \n ", &"x".repeat(4001), "a\u{202e}b", &"\u{1d160}".repeat(4000)] {
        let problem = alice.say(&bob, "a", bad).await.expect_problem(422, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], "/text");
    }
    for bad in ["", &"x".repeat(65), "a\u{7}b"] {
        let problem = alice.say(&bob, bad, "hello").await.expect_problem(422, "invalid-input");
        assert_eq!(problem["errors"][0]["pointer"], "/clientId");
    }
    let longest = "🐇".repeat(4000);
    assert_eq!(alice.say(&bob, &"🐇".repeat(64), &longest).await.expect(201)["text"], longest);
    // A page of the longest ones is more than DynamoDB reads at once.
    for number in 0..80 {
        alice.say(&bob, &number.to_string(), &longest).await.expect(201);
    }
    let page = bob.history(&alice, "limit=100").await;
    assert_eq!(seqs(&page), (1..=81).collect::<Vec<_>>());
    assert_eq!(seqs(&bob.history(&alice, "after=3&limit=75").await), (4..=78).collect::<Vec<_>>());
}

#[tokio::test]
async fn history_is_read_both_ways_and_by_what_changed() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    for number in 1..=9 {
        let sender = if number % 2 == 0 { &bob } else { &alice };
        let peer = if number % 2 == 0 { &alice } else { &bob };
        sender.say(peer, &number.to_string(), &number.to_string()).await.expect(201);
    }
    for (query, expected) in [
        ("", 1..=9),
        ("limit=3", 7..=9),
        ("before=7&limit=3", 4..=6),
        ("before=3", 1..=2),
        ("before=999999999999999999999", 1..=9),
        ("after=7", 8..=9),
        ("after=0&limit=2", 1..=2),
        ("after=2&limit=3", 3..=5),
    ] {
        let page = bob.history(&alice, query).await;
        assert_eq!(seqs(&page), expected.collect::<Vec<_>>(), "{query}");
        assert_eq!((&page["lastSeq"], &page["lastRevision"]), (&json!(9), &json!(0)));
    }
    for nothing in
        ["before=0", "before=1", "after=9", "after=10", "after=99999999999999999", "changedAfter=0"]
    {
        assert!(seqs(&alice.history(&bob, nothing).await).is_empty(), "{nothing}");
    }
    // The third, the first, the third again, the fifth.
    for (seq, text) in [(3, "x"), (1, "y"), (3, "z")] {
        alice.edit(&bob, seq, text).await.expect(200);
    }
    alice.unsay(&bob, 5).await.expect(204);
    for (query, expected) in [
        ("changedAfter=0", vec![(1, 2), (3, 3), (5, 4)]),
        ("changedAfter=0&limit=2", vec![(1, 2), (3, 3)]),
        ("changedAfter=2", vec![(3, 3), (5, 4)]),
        ("changedAfter=4", vec![]),
        ("changedAfter=77", vec![]),
    ] {
        let page = bob.history(&alice, query).await;
        let changed = page["items"].as_array().unwrap().iter();
        let changed: Vec<_> =
            changed.map(|item| (item["seq"].as_u64().unwrap(), item["revision"].as_u64().unwrap())).collect();
        assert_eq!(changed, expected, "{query}");
        assert_eq!(page["lastRevision"], 4);
    }
    let path = format!("{}/messages", alice.conversation_path(&bob));
    for both in ["before=1&after=1", "after=1&changedAfter=1", "before=1&after=1&changedAfter=1"] {
        alice.get(&format!("{path}?{both}")).await.expect_problem(422, "invalid-input");
    }
    for (query, code) in
        [("after=x", 400), ("before=", 400), ("after=1.5", 400), ("after=-1", 422), ("limit=0", 422)]
    {
        let problem = alice.get(&format!("{path}?{query}")).await;
        assert_eq!(problem.status, code, "{query}");
    }
    kith.drained().await;
    kith.check_chats().await;
}

#[tokio::test]
async fn a_client_id_answers_its_message_whatever_else_has_changed() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let first = alice.say(&bob, "a", "hello").await.expect(201);
    let all = join_all((0..10).map(|_| alice.say(&bob, "b", "together").into_future())).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 201).count(), 1);
    assert!(all.iter().all(|answer| answer.json() == all[0].json()));
    // Another one's is another one, and so is one in another conversation.
    assert_eq!(bob.say(&alice, "a", "hello").await.expect(201)["seq"], 3);
    let again = async |text: &str| alice.say(&bob, "a", text).await.expect(200);
    assert_eq!(again("something else").await, first);
    kith.advance(Duration::from_mins(11));
    assert_eq!(again("hello").await, first);
    kith.advance(Duration::from_hours(25));
    assert_eq!(again("hello").await, first);
    let edited = alice.edit(&bob, 1, "goodbye").await.expect(200);
    assert_eq!(again("hello").await, edited);
    let other = alice.sign_in().await;
    assert_eq!(other.say(&bob, "a", "hello").await.expect(200), edited);
    bob.unfriend(&alice).await;
    assert_eq!(again("hello").await, edited);
    bob.block(&alice).await;
    assert_eq!(again("hello").await, edited);
    alice.say(&bob, "c", "hello").await.expect_problem(403, "not-friends");
    alice.unsay(&bob, 1).await.expect(204);
    assert_eq!(again("hello").await["text"], Value::Null);
    kith.drained().await;
    kith.check_chats().await;
}

#[tokio::test]
async fn only_friends_write_and_what_was_written_stays() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let carol = kith.register("carol").await;
    let nobody = "01JZZ3W0Q5E8T4C9M2R7B6N1KD";
    let to = |id: &str| json!({ "to": id, "clientId": "x", "text": "hello" });
    let missing = carol.post("/v1/messages", to(nobody)).await;
    missing.expect_problem(404, "not-found");
    carol.say(&alice, "x", "hello").await.expect_problem(403, "not-friends");
    alice.say(&alice, "x", "hello").await.expect_problem(403, "not-friends");
    // Whoever is blocked learns nothing of it.
    alice.block(&carol).await;
    assert_eq!(carol.say(&alice, "x", "hello").await.without_request_id(), missing.without_request_id());
    alice.say(&carol, "x", "hello").await.expect_problem(403, "not-friends");

    alice.say(&bob, "1", "hello").await.expect(201);
    bob.say(&alice, "1", "hi").await.expect(201);
    kith.drained().await;
    bob.unfriend(&alice).await;
    for block in [false, true] {
        if block {
            bob.block(&alice).await;
        }
        for (one, other) in [(&alice, &bob), (&bob, &alice)] {
            one.say(other, "2", "still there?").await.expect_problem(403, "not-friends");
            one.edit(other, if one.id == alice.id { 1 } else { 2 }, "x")
                .await
                .expect_problem(403, "not-friends");
            assert_eq!(one.texts(other).await.len(), 2);
            let conversation = one.conversation(other).await;
            assert_eq!(conversation["lastSeq"], 2);
            let hidden = block && one.id == alice.id;
            assert_eq!(conversation["peer"]["username"].is_null(), hidden);
            let listed = one.get("/v1/conversations").await.expect(200);
            assert_eq!(listed["items"], json!([conversation]));
            one.mark_read(other, 1).await.expect(204);
        }
    }
    // What one has said is one's own.
    alice.unsay(&bob, 1).await.expect(204);
    assert_eq!(bob.history(&alice, "changedAfter=0").await["items"][0]["text"], Value::Null);
    // Others have nothing to do with it.
    let path = alice.conversation_path(&bob);
    for path in [path.clone(), format!("{path}/messages"), "/v1/conversations/x".into()] {
        carol.get(&path).await.expect_problem(404, "not-found");
    }
    carol.put(&format!("{path}/read"), json!({ "seq": 1 })).await.expect_problem(404, "not-found");
    carol.patch(&format!("{path}/messages/1"), json!({ "text": "x" })).await.expect_problem(404, "not-found");
    carol.delete(&format!("{path}/messages/2")).await.expect_problem(404, "not-found");
    let own = format!("/v1/conversations/{}-{}", carol.id, carol.id);
    carol.get(&own).await.expect_problem(404, "not-found");
    kith.drained().await;
    kith.check_chats().await;
}

#[tokio::test]
async fn a_conversation_with_a_friend_is_there_before_anything_was_said() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let carol = kith.register("carol").await;
    let conversation = alice.conversation(&bob).await;
    let friends = alice.get("/v1/friends").await.expect(200);
    assert_eq!(
        conversation,
        json!({
            "id": alice.conversation_id(&bob),
            "peer": { "id": bob.id, "username": "bob", "name": "", "avatar": null },
            "lastMessage": null,
            "lastSeq": 0,
            "lastRevision": 0,
            "readSeq": 0,
            "peerReadSeq": 0,
            "unreadCount": 0,
            "updatedAt": friends["items"][0]["friendsSince"],
        })
    );
    assert_eq!(alice.history(&bob, "").await, json!({ "items": [], "lastSeq": 0, "lastRevision": 0 }));
    alice.mark_read(&bob, 5).await.expect(204);
    assert_eq!(alice.get("/v1/conversations").await.expect(200)["items"], json!([]));
    let path = alice.conversation_path(&carol);
    for path in [path.clone(), format!("{path}/messages")] {
        alice.get(&path).await.expect_problem(404, "not-found");
    }
    alice.mark_read(&carol, 1).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn conversations_are_listed_by_when_they_last_changed() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let mut others = Vec::new();
    for number in 0..7 {
        let other = kith.register(&format!("friend{number}")).await;
        alice.befriend(&other).await;
        kith.advance(Duration::from_secs(1));
        // Some are read, some are not.
        let (sender, peer) = if number % 3 == 0 { (&alice, &other) } else { (&other, &alice) };
        sender.say(peer, "1", "hello").await.expect(201);
        others.insert(0, other);
    }
    kith.drained().await;
    let order =
        |others: &[Person]| others.iter().map(|other| alice.conversation_id(other)).collect::<Vec<_>>();
    assert_eq!(alice.ids("/v1/conversations").await, order(&others));
    for limit in 1..8 {
        assert_eq!(alice.all_ids("/v1/conversations", limit).await, order(&others));
    }
    // An edit brings one to the top, and so does a deletion.
    for (place, is_edit) in [(6, true), (3, false)] {
        kith.advance(Duration::from_secs(1));
        let other = others.remove(place);
        let sender_is_alice = other.username.ends_with(['0', '3', '6']);
        let (sender, peer) = if sender_is_alice { (&alice, &other) } else { (&other, &alice) };
        if is_edit {
            sender.edit(peer, 1, "hello again").await.expect(200);
        } else {
            sender.unsay(peer, 1).await.expect(204);
        }
        others.insert(0, other);
        kith.drained().await;
        assert_eq!(alice.ids("/v1/conversations").await, order(&others));
    }
    let listed = alice.get("/v1/conversations").await.expect(200);
    for (item, other) in listed["items"].as_array().unwrap().iter().zip(&others) {
        assert_eq!(item, &alice.conversation(other).await);
    }
    kith.check_chats().await;
}

#[tokio::test]
async fn what_is_read_moves_forward_only() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    for number in 1..=5 {
        alice.say(&bob, &number.to_string(), "hello").await.expect(201);
    }
    let state = async |person: &Person, other: &Person| {
        let conversation = person.conversation(other).await;
        ["readSeq", "peerReadSeq", "unreadCount"].map(|name| conversation[name].as_u64().unwrap())
    };
    // Whether the memberships are there or not.
    for drained in [false, true] {
        if drained {
            kith.drained().await;
        }
        assert_eq!(state(&alice, &bob).await, [5, 0, 0]);
        assert_eq!(state(&bob, &alice).await, [0, 5, 5]);
    }
    for (seq, expected) in [(0, 0), (3, 3), (2, 3), (4, 4)] {
        bob.mark_read(&alice, seq).await.expect(204);
        assert_eq!(state(&bob, &alice).await, [expected, 5, 5 - expected]);
        assert_eq!(state(&alice, &bob).await, [5, expected, 0]);
    }
    bob.mark_read(&alice, 999_999_999_999_999).await.expect(204);
    assert_eq!(state(&bob, &alice).await, [5, 5, 0]);
    alice.say(&bob, "6", "hello").await.expect(201);
    // Whoever sends has read what was there.
    bob.say(&alice, "7", "hello").await.expect(201);
    alice.say(&bob, "8", "hello").await.expect(201);
    kith.drained().await;
    assert_eq!(state(&bob, &alice).await, [7, 8, 1]);
    for bad in [
        json!({ "seq": -1 }),
        json!({ "seq": 1.5 }),
        json!({ "seq": "1" }),
        json!({ "seq": null }),
        json!({}),
    ] {
        bob.put(&format!("{}/read", bob.conversation_path(&alice)), bad)
            .await
            .expect_problem(422, "invalid-input");
    }
    // Friends no more do not learn what the other one reads.
    bob.unfriend(&alice).await;
    bob.mark_read(&alice, 8).await.expect(204);
    assert_eq!(state(&bob, &alice).await, [8, 8, 0]);
    assert_eq!(state(&alice, &bob).await, [8, 7, 0]);
    kith.check_chats().await;
}

#[tokio::test]
async fn what_is_new_is_counted_up_to_a_hundred() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let nothing = json!({ "conversations": 0, "notifications": 0, "friendRequests": 0 });
    assert_eq!(alice.get("/v1/unread").await.expect(200), nothing);
    let mut others = Vec::new();
    for number in 0..104 {
        let other = kith.register(&format!("friend{number}")).await;
        other.befriend(&alice).await;
        other.say(&alice, "1", "hello").await.expect(201);
        kith.register(&format!("asks{number}")).await.ask(&alice).await.expect(201);
        others.push(other);
    }
    kith.drained().await;
    let new = alice.get("/v1/unread").await.expect(200);
    assert_eq!(new, json!({ "conversations": 100, "notifications": 100, "friendRequests": 100 }));
    // The oldest unread one counts, however many read ones are newer.
    for other in &others[1..] {
        alice.mark_read(other, 1).await.expect(204);
    }
    assert_eq!(alice.get("/v1/unread").await.expect(200)["conversations"], 1);
    alice.say(&others[0], "2", "hello").await.expect(201);
    kith.drained().await;
    assert_eq!(alice.get("/v1/unread").await.expect(200)["conversations"], 0);
    kith.check_chats().await;
}
