//! Notifications: what people are told of what others do, and that it goes when its cause does.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::harness::notifications::about;
use crate::harness::picture::png;
use crate::harness::{Kith, PASSWORD, Person};

async fn three(kith: &Kith) -> [Person; 3] {
    [kith.register("alice").await, kith.register("bob").await, kith.register("carol").await]
}

/// Comments; answers the comment's id.
async fn comment(person: &Person, post: &str) -> String {
    let made = person.comment(post, "x").await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_others_do_is_pushed_and_listed_the_newest_first() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = three(&kith).await;
    let [mut alices, mut bobs] = [alice.connect().await, bob.connect().await];
    let request = bob.ask(&alice).await.expect(201)["id"].clone();
    let asked = alices.of_type("notification").await["notification"].clone();
    let expected = json!({
        "id": asked["id"],
        "type": "friendRequest",
        "object": { "requestId": request },
        "actor": { "id": bob.id, "username": "bob", "name": "", "avatar": null },
        "createdAt": asked["createdAt"],
        "seen": false,
    });
    assert_eq!(asked, expected);
    assert_eq!(alice.notifications().await, (vec![asked], 1));

    // Once it is answered, it is the other one who is notified.
    alice.answer(&bob, "accepted").await.expect(200);
    let accepted = bobs.of_type("notification").await["notification"].clone();
    assert_eq!(
        (&accepted["type"], &accepted["object"]),
        (&json!("friendAccepted"), &json!({ "requestId": request }))
    );
    assert_eq!(accepted["actor"]["username"], "alice");
    kith.drained().await;
    assert_eq!((alice.notifications().await, bob.notifications().await), ((vec![], 0), (vec![accepted], 1)));

    let post = alice.write("hello", "public").await;
    let mut pushed = Vec::new();
    bob.like(&post).await.expect(204);
    pushed.insert(0, alices.of_type("notification").await["notification"].clone());
    let said = comment(&carol, &post).await;
    pushed.insert(0, alices.of_type("notification").await["notification"].clone());
    carol.ask(&alice).await.expect(201);
    pushed.insert(0, alices.of_type("notification").await["notification"].clone());
    // Nobody is notified of what they do themselves.
    alice.like(&post).await.expect(204);
    comment(&alice, &post).await;
    kith.drained().await;
    assert_eq!(
        pushed.iter().map(about).collect::<Vec<_>>(),
        [
            ("friendRequest".into(), format!("{}-{}", carol.id, alice.id), carol.id.clone()),
            ("comment".into(), format!("{post} {said}"), carol.id.clone()),
            ("like".into(), post, bob.id.clone()),
        ]
    );
    assert_eq!(alice.notifications().await, (pushed, 3));
    assert_eq!(alice.all_ids("/v1/notifications", 1).await.len(), 3);
    kith.check_notifications(&[alice, bob, carol]).await;
}

#[tokio::test]
async fn what_was_seen_only_ever_moves_forward() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = three(&kith).await;
    let mut posts = Vec::new();
    for _ in 0..4 {
        posts.push(alice.write("hello", "public").await);
    }
    for post in &posts {
        bob.like(post).await.expect(204);
        kith.drained().await;
    }
    let (all, unseen) = alice.notifications().await;
    assert_eq!((all.len(), unseen), (4, 4));
    let id = |place: usize| all[place]["id"].as_str().unwrap();
    let seen = async || {
        let (all, unseen) = alice.notifications().await;
        assert_eq!(alice.get("/v1/unread").await.expect(200)["notifications"], unseen);
        (all.iter().map(|one| one["seen"] == true).collect::<Vec<_>>(), unseen)
    };
    // The second oldest, the oldest, and the second oldest again.
    for up_to in [id(2), id(3), id(2)] {
        alice.see(up_to).await.expect(204);
        assert_eq!(seen().await, (vec![false, false, true, true], 2));
    }
    // Past the end means the end: what is still to come was not seen.
    alice.see("7ZZZZZZZZZZZZZZZZZZZZZZZZZ").await.expect(204);
    assert_eq!(seen().await, (vec![true; 4], 0));
    kith.advance(Duration::from_secs(1));
    carol.like(&posts[0]).await.expect(204);
    kith.drained().await;
    assert_eq!(seen().await, (vec![false, true, true, true, true], 1));
    for bad in [json!("x"), json!(""), json!(7), Value::Null] {
        let answer = alice.put("/v1/notifications/seen", json!({ "upTo": bad })).await;
        answer.expect_problem(422, "invalid-input");
    }
    alice.put("/v1/notifications/seen", json!({})).await.expect_problem(422, "invalid-input");
    alice.get("/v1/notifications?cursor=x").await.expect_problem(400, "invalid-cursor");
}

#[tokio::test]
async fn a_notification_goes_when_its_cause_does() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = three(&kith).await;
    let people = [alice.clone(), bob.clone(), carol.clone()];
    // Gone at once for whoever reads, and a moment later from the table.
    let check = async |left: usize| {
        assert_eq!(alice.notified_of().await.len(), left);
        kith.drained().await;
        kith.check_notifications(&people).await;
    };
    let settled = async |left: usize| {
        kith.drained().await;
        check(left).await;
    };
    let post = alice.write("hello", "public").await;
    for _ in 0..2 {
        bob.like(&post).await.expect(204);
        settled(1).await;
        bob.unlike(&post).await.expect(204);
        check(0).await;
    }
    // Deleted by who made it, and by whose post it is on.
    for person in [&bob, &alice] {
        let made = comment(&bob, &post).await;
        settled(1).await;
        person.delete(&format!("/v1/posts/{post}/comments/{made}")).await.expect(204);
        check(0).await;
    }
    // All that is about a post goes with it, and nothing else.
    let other = alice.write("hello", "public").await;
    for person in [&bob, &carol] {
        person.like(&post).await.expect(204);
        comment(person, &post).await;
    }
    bob.like(&other).await.expect(204);
    settled(5).await;
    alice.delete(&format!("/v1/posts/{post}")).await.expect(204);
    check(1).await;
    bob.unlike(&other).await.expect(204);
    // A request that is taken back, rejected, accepted, and whose sender is blocked.
    for end in ["cancel", "reject", "accept", "block"] {
        let asker = kith.register(end).await;
        asker.ask(&alice).await.expect(201);
        settled(1).await;
        match end {
            "cancel" => {
                let path = format!("/v1/friend-requests/{}-{}", asker.id, alice.id);
                drop(asker.delete(&path).await.expect(204));
            }
            "reject" => drop(alice.answer(&asker, "rejected").await.expect(200)),
            "accept" => drop(alice.answer(&asker, "accepted").await.expect(200)),
            _ => alice.block(&asker).await,
        }
        check(0).await;
    }
    // That somebody accepted, when they are friends no more.
    alice.ask(&carol).await.expect(201);
    carol.answer(&alice, "accepted").await.expect(200);
    settled(1).await;
    carol.unfriend(&alice).await;
    check(0).await;
    // A post for fewer people is its author's still, and so is what was done about it.
    bob.like(&other).await.expect(204);
    alice.patch(&format!("/v1/posts/{other}"), json!({ "visibility": "private" })).await.expect(200);
    settled(1).await;
}

#[tokio::test]
async fn whoever_is_blocked_either_way_notifies_nobody() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = three(&kith).await;
    let people = [alice.clone(), bob.clone(), carol.clone()];
    let post = alice.write("hello", "public").await;
    for person in [&bob, &carol] {
        person.like(&post).await.expect(204);
        comment(person, &post).await;
    }
    kith.drained().await;
    let (all, _) = alice.notifications().await;
    assert_eq!(all.len(), 4);
    let by_carol: Vec<_> = all.iter().filter(|one| one["actor"]["id"] == carol.id).cloned().collect();
    for (blocker, blocked) in [(&alice, &bob), (&bob, &alice)] {
        blocker.block(blocked).await;
        for is_drained in [false, true] {
            assert_eq!(alice.notifications().await, (by_carol.clone(), 2), "{is_drained}");
            assert_eq!(alice.get("/v1/unread").await.expect(200)["notifications"], 2);
            kith.drained().await;
        }
        blocker.delete(&format!("/v1/blocks/{}", blocked.id)).await.expect(204);
        // The like and the comment are there again, as they are under the post.
        assert_eq!(alice.notifications().await, (all.clone(), 4));
    }
    kith.check_notifications(&people).await;
    // Of whoever has no account any more, what they did may be left for a while, but not who they were.
    kith.delete_profile(&carol.id).await;
    let nobody = json!({ "id": carol.id, "username": null, "name": null, "avatar": null });
    assert_eq!(alice.notifications().await.0.iter().filter(|one| one["actor"] == nobody).count(), 2);
}

#[tokio::test]
async fn what_is_gone_or_hidden_is_not_shown_however_stale_a_read_may_be() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = three(&kith).await;
    let post = alice.write("hello", "public").await;
    for person in [&bob, &carol] {
        person.like(&post).await.expect(204);
    }
    kith.drained().await;
    kith.faults().stale_reads();
    // Whatever can be read from a replica that lags was read before.
    let (all, unseen) = alice.notifications().await;
    assert_eq!((all.len(), unseen), (2, 2));
    bob.unlike(&post).await.expect(204);
    let carols: Vec<_> = all.into_iter().filter(|one| one["actor"]["id"] == carol.id).collect();
    assert_eq!(alice.notifications().await, (carols, 1));
    assert_eq!(alice.get("/v1/unread").await.expect(200)["notifications"], 1);
    alice.block(&carol).await;
    assert_eq!(alice.notifications().await, (vec![], 0));
    assert_eq!(alice.get("/v1/unread").await.expect(200)["notifications"], 0);
}

#[tokio::test]
async fn a_repetition_changes_nothing_and_is_not_told_of() {
    let kith = Kith::start().await;
    let [alice, bob, _] = three(&kith).await;
    let post = alice.write("hello", "public").await;
    let listening = alice.listen().await;
    let mut known: Option<(Vec<Value>, u64)> = None;
    for _ in 0..3 {
        kith.advance(Duration::from_mins(1));
        bob.like(&post).await.expect(204);
        bob.like(&post).await.expect(204);
        kith.drained().await;
        let now = alice.notifications().await;
        assert_eq!(&now, known.get_or_insert(now.clone()));
        bob.unlike(&post).await.expect(204);
        kith.drained().await;
        assert_eq!(alice.notifications().await, (vec![], 0));
    }
    // Seen is seen, also when it has been gone in between.
    bob.like(&post).await.expect(204);
    kith.drained().await;
    let (all, _) = known.unwrap();
    alice.see(all[0]["id"].as_str().unwrap()).await.expect(204);
    bob.unlike(&post).await.expect(204);
    kith.drained().await;
    bob.like(&post).await.expect(204);
    kith.drained().await;
    let (again, unseen) = alice.notifications().await;
    assert_eq!((&again[0]["id"], unseen), (&all[0]["id"], 0));
    assert_eq!(listening.notifications().await, all);

    // What was taken back a week ago is forgotten, whether it was swept or not, and then it is news.
    bob.unlike(&post).await.expect(204);
    kith.drained().await;
    kith.advance(Duration::from_hours(8 * 24));
    let [alice, bob] = [alice.sign_in().await, bob.sign_in().await];
    let listening = alice.listen().await;
    bob.like(&post).await.expect(204);
    kith.drained().await;
    let (new, unseen) = alice.notifications().await;
    assert_eq!((new.len(), unseen), (1, 1));
    assert_ne!(new[0]["id"], all[0]["id"]);
    assert_eq!(listening.notifications().await, new);
    kith.check_notifications(&[alice, bob]).await;
}

#[tokio::test]
async fn what_is_not_seen_is_counted_up_to_a_hundred_past_what_is_hidden() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = three(&kith).await;
    let post = alice.write("hello", "public").await;
    for _ in 0..3 {
        comment(&carol, &post).await;
    }
    kith.drained().await;
    kith.advance(Duration::from_secs(1));
    kith.seed_comments(&post, &bob, 130).await;
    kith.drained().await;
    let unread = async || alice.get("/v1/unread").await.expect(200)["notifications"].as_u64().unwrap();
    let (all, unseen) = alice.notifications().await;
    assert_eq!((all.len(), unseen, unread().await), (133, 100, 100));
    alice.block(&bob).await;
    let (all, unseen) = alice.notifications().await;
    assert_eq!((all.len(), unseen, unread().await), (3, 3, 3));
    // The first page has none of those that are there, and says where to go on.
    let page = alice.get("/v1/notifications").await.expect(200);
    assert_eq!((&page["items"], &page["unseenCount"]), (&json!([]), &json!(3)));
    assert!(page["nextCursor"].is_string());
}

#[tokio::test]
async fn everybodys_devices_are_told_how_their_profile_is() {
    let kith = Kith::start().await;
    let [alice, bob, _] = three(&kith).await;
    let mut devices = [alice.connect().await, alice.sign_in().await.connect().await];
    let mut bobs = bob.connect().await;
    for change in ["bio", "name", "status", "picture", "no picture", "friend"] {
        match change {
            "status" => {
                let status = json!({ "text": "Down the rabbit hole" });
                alice.put("/v1/me/status", status).await.expect(204);
            }
            "picture" => alice.upload("image/png", &png([9, 9, 9], 8)).await,
            "no picture" => drop(alice.delete("/v1/me/avatar").await.expect(204)),
            "friend" => alice.befriend(&bob).await,
            field => drop(alice.patch("/v1/me", json!({ field: "x" })).await.expect(200)),
        }
        kith.drained().await;
        let now = alice.get("/v1/me").await.expect(200);
        for device in &mut devices {
            // Of a picture it is also told that it is awaited.
            while device.of_type("me").await["me"] != now {}
        }
    }
    // Nobody hears of anybody else's.
    let me = bobs.of_type("me").await;
    assert_eq!(me["me"], bob.get("/v1/me").await.expect(200));
    // A new session is not a change of the profile, and neither is a new password.
    bob.sign_in().await.call(Method::DELETE, "/v1/sessions/current").await.expect(204);
    bob.change_password(PASSWORD, "another-Trombone-2031-puddle").await.expect(204);
    kith.drained().await;
    bobs.send(&json!({ "action": "ping" })).await;
    loop {
        let frame = bobs.next().await;
        assert_ne!(frame["type"], "me", "{frame}");
        if frame["type"] == "pong" {
            break;
        }
    }
}
