//! Whom people have in common, and whom they may know.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use fastrand::Rng;
use http::Method;
use serde_json::{Value, json};

use crate::budgets::cost;
use crate::harness::{Answer, Kith, Person};

impl Person {
    /// Who is suggested, and how many friends they have in common, page by page.
    async fn suggested(&self, limit: usize) -> Vec<(String, u64)> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/friend-suggestions?limit={limit}{cursor}");
            let page = self.get(&path).await.expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit, "{page}");
            let suggestion = |item: &Value| {
                (item["username"].as_str().unwrap().to_owned(), item["mutualFriendCount"].as_u64().unwrap())
            };
            all.extend(items.iter().map(suggestion));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    async fn dismiss(&self, other: &str) -> Answer {
        self.delete(&format!("/v1/friend-suggestions/{other}")).await
    }
}

fn mutual_friends(user: &Person) -> String {
    format!("/v1/users/{}/mutual-friends", user.id)
}

async fn people<const N: usize>(kith: &Kith, names: [&str; N]) -> [Person; N] {
    let mut people = Vec::new();
    for name in names {
        people.push(kith.register(name).await);
    }
    people.try_into().unwrap_or_else(|_| panic!("as many as names"))
}

#[tokio::test]
async fn two_people_see_whom_they_have_in_common() {
    let kith = Kith::start().await;
    let [alice, bob, carol, dave, erin] = people(&kith, ["alice", "bob", "carol", "dave", "erin"]).await;
    for (one, other) in [(&alice, &carol), (&alice, &dave), (&bob, &dave), (&bob, &carol), (&bob, &erin)] {
        one.befriend(other).await;
    }
    // One's own newest first.
    assert_eq!(alice.ids(&mutual_friends(&bob)).await, [&*dave.id, &carol.id]);
    assert_eq!(bob.ids(&mutual_friends(&alice)).await, [&*carol.id, &dave.id]);
    for limit in 1..4 {
        assert_eq!(alice.all_ids(&mutual_friends(&bob), limit).await, [&*dave.id, &carol.id]);
    }
    // Also with a friend, who is not in common with themselves, and neither is the viewer.
    assert_eq!(alice.ids(&mutual_friends(&carol)).await, Vec::<String>::new());
    alice.befriend(&bob).await;
    assert_eq!(alice.ids(&mutual_friends(&carol)).await, [&*bob.id]);
    assert_eq!(alice.ids(&mutual_friends(&alice)).await.len(), 3);
    let page = alice.get(&format!("{}?limit=1", mutual_friends(&bob))).await.expect(200);
    let cursor = page["nextCursor"].as_str().unwrap();
    let elsewhere = format!("{}?cursor={cursor}", mutual_friends(&carol));
    alice.get(&elsewhere).await.expect_problem(400, "invalid-cursor");

    // It holds at once that somebody is a friend no more, on either side.
    carol.unfriend(&bob).await;
    assert_eq!(alice.ids(&mutual_friends(&bob)).await, [&*dave.id]);
    dave.unfriend(&alice).await;
    assert_eq!(alice.ids(&mutual_friends(&bob)).await, Vec::<String>::new());
    // Who blocks is not there for the blocked, and finds nobody in common with them.
    alice.befriend(&dave).await;
    bob.block(&alice).await;
    let hidden = alice.get(&mutual_friends(&bob)).await;
    hidden.expect_problem(404, "not-found");
    let missing = alice.get("/v1/users/01JZZ3W0Q5E8T4C9M2R7B6N1KD/mutual-friends").await;
    assert_eq!(hidden.without_request_id(), missing.without_request_id());
    assert_eq!(bob.ids(&mutual_friends(&alice)).await, Vec::<String>::new());
}

#[tokio::test]
async fn friends_of_friends_are_suggested_the_best_first() {
    let kith = Kith::start().await;
    let [alice, bob, carol, dave, erin, frank] =
        people(&kith, ["alice", "bob", "carol", "dave", "erin", "frank"]).await;
    for (one, other) in [
        (&alice, &bob),
        (&alice, &carol),
        (&bob, &dave),
        (&carol, &dave),
        (&bob, &erin),
        (&bob, &carol),
        (&erin, &frank),
    ] {
        one.befriend(other).await;
    }
    let both = [("dave".to_owned(), 2), ("erin".to_owned(), 1)];
    for limit in [1, 2, 20] {
        assert_eq!(alice.suggested(limit).await, both);
    }
    assert_eq!(dave.suggested(20).await, [("alice".to_owned(), 2), ("erin".to_owned(), 1)]);

    // Not whom one has to do with already, one way or the other.
    alice.ask(&dave).await.expect(201);
    assert_eq!(alice.suggested(20).await, both[1..]);
    assert!(dave.suggested(20).await.iter().all(|(name, _)| name != "alice"));
    dave.answer(&alice, "rejected").await.expect(200);
    assert_eq!(alice.suggested(20).await, both[1..]);
    erin.block(&alice).await;
    assert_eq!(alice.suggested(20).await, []);
    assert!(erin.suggested(20).await.iter().all(|(name, _)| name != "alice"));
    erin.delete(&format!("/v1/blocks/{}", alice.id)).await.expect(204);
    assert_eq!(alice.suggested(20).await, both[1..]);
    // Nor by whoever is a friend no more.
    bob.unfriend(&alice).await;
    assert_eq!(alice.suggested(20).await, [("bob".to_owned(), 1)]);
    kith.delete_profile(&bob.id).await;
    assert_eq!(alice.suggested(20).await, []);
}

#[tokio::test]
async fn who_was_dismissed_is_suggested_again_after_ninety_days() {
    let kith = Kith::start().await;
    let [alice, bob, carol, dave] = people(&kith, ["alice", "bob", "carol", "dave"]).await;
    for (one, other) in [(&alice, &bob), (&bob, &carol), (&bob, &dave)] {
        one.befriend(other).await;
    }
    let day = Duration::from_hours(24);
    for _ in 0..2 {
        alice.dismiss(&carol.id).await.expect(204);
    }
    // Whoever is not there, or is oneself, and whoever was never suggested.
    for other in ["01JZZ3W0Q5E8T4C9M2R7B6N1KD", &alice.id, &bob.id] {
        alice.dismiss(other).await.expect(204);
    }
    alice.dismiss("nobody").await.expect_problem(404, "not-found");
    assert_eq!(alice.suggested(20).await, [("dave".to_owned(), 1)]);
    // That is one's own affair.
    assert_eq!(carol.suggested(20).await.len(), 2);
    for (days, many) in [(89, 1), (1, 2)] {
        kith.advance(day * days);
        // Whether it was swept or not; sessions are over by then.
        assert_eq!(alice.sign_in().await.suggested(20).await.len(), many);
    }
    let items = kith.items().await;
    let left = items.iter().filter(|item| item["SK"].as_str().unwrap().starts_with("DISMISSED#"));
    assert!(left.count() <= 2, "nothing is noted of who is not there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_people_are_to_each_other_only_the_right_ones_are_suggested() {
    let kith = Kith::start().await;
    let mut random = Rng::with_seed(11);
    let mut people = Vec::new();
    for number in 0..14 {
        people.push(kith.register(&format!("person{number}")).await);
    }
    // What each pair is to each other: most are nothing or friends.
    let mut bonds: BTreeMap<(usize, usize), u8> = BTreeMap::new();
    for one in 0..people.len() {
        for other in 0..one {
            let kind = random.u8(..8);
            bonds.insert((other, one), kind);
            let (one, other) = (&people[one], &people[other]);
            match kind {
                0..3 => one.befriend(other).await,
                3 => drop(one.ask(other).await.expect(201)),
                4 => one.block(other).await,
                _ => {}
            }
        }
    }
    let kind = |one: usize, other: usize| bonds.get(&(one.min(other), one.max(other))).copied().unwrap_or(9);
    let friends =
        |one: usize| (0..people.len()).filter(|&other| kind(one, other) < 3).collect::<HashSet<_>>();
    for (viewer, person) in people.iter().enumerate() {
        let mine = friends(viewer);
        let mut expected = BTreeMap::new();
        for other in (0..people.len()).filter(|&other| (5..9).contains(&kind(viewer, other))) {
            let mutual = mine.intersection(&friends(other)).count() as u64;
            if mutual > 0 {
                expected.insert(people[other].username.clone(), mutual);
            }
        }
        let suggested = person.suggested(3).await;
        assert!(suggested.is_sorted_by(|better, worse| better.1 >= worse.1), "{suggested:?}");
        assert_eq!(suggested.into_iter().collect::<BTreeMap<_, _>>(), expected, "{}", person.username);
        for (other, peer) in people.iter().enumerate().filter(|&(other, _)| other != viewer) {
            let seen = person.get(&mutual_friends(peer)).await;
            if kind(viewer, other) == 4 {
                // Whichever of the two it was who blocks.
                let is_blocker = seen.status == 200 && seen.json()["items"] == json!([]);
                assert!(is_blocker || seen.status == 404, "{seen:?}");
                continue;
            }
            let mutual: HashSet<_> =
                mine.intersection(&friends(other)).map(|&mutual| people[mutual].id.clone()).collect();
            assert_eq!(
                person.all_ids(&mutual_friends(peer), 2).await.into_iter().collect::<HashSet<_>>(),
                mutual
            );
        }
    }
}

#[tokio::test]
async fn who_is_hidden_or_dismissed_is_so_for_the_very_next_call_however_stale_a_read_may_be() {
    let kith = Kith::start().await;
    let [alice, bob, carol, dave, erin] = people(&kith, ["alice", "bob", "carol", "dave", "erin"]).await;
    for other in [&alice, &carol, &dave, &erin] {
        bob.befriend(other).await;
    }
    kith.faults().stale_reads();
    // Whatever can be read from a replica that lags was read before.
    assert_eq!(alice.suggested(20).await.len(), 3);
    assert_eq!(alice.ids(&mutual_friends(&erin)).await, [&*bob.id]);
    carol.block(&alice).await;
    alice.dismiss(&dave.id).await.expect(204);
    assert_eq!(alice.suggested(20).await, [("erin".to_owned(), 1)]);
    bob.unfriend(&alice).await;
    assert_eq!(alice.suggested(20).await, []);
    assert_eq!(alice.ids(&mutual_friends(&erin)).await, Vec::<String>::new());
}

/// What it costs whoever has so many friends, of whom each of the 20 newest has as many.
async fn costs_with(many: usize) -> Vec<(u32, f64, f64)> {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    kith.seed_friends(&alice, many).await;
    let mut newest = Vec::new();
    for number in 0..20 {
        let friend = kith.register(&format!("friend{number}")).await;
        alice.befriend(&friend).await;
        kith.seed_friends(&friend, many).await;
        newest.push(friend);
    }
    let other = kith.register("other").await;
    for friend in &newest {
        friend.befriend(&other).await;
    }
    kith.drained().await;
    let shown = alice.get("/v1/friend-suggestions").await.expect(200);
    let best = &shown["items"][0];
    assert_eq!((&best["username"], &best["mutualFriendCount"]), (&json!("other"), &json!(20)));
    vec![
        cost(&kith, alice.get("/v1/friend-suggestions")).await,
        cost(&kith, alice.get(&mutual_friends(&other))).await,
        cost(&kith, alice.get(&mutual_friends(&newest[0]))).await,
        cost(&kith, alice.call(Method::DELETE, &format!("/v1/friend-suggestions/{}", other.id))).await,
    ]
}

#[tokio::test]
async fn a_thousand_friends_cost_what_a_hundred_and_fifty_do() {
    let few = costs_with(150).await;
    println!("suggestions, mutual friends with 20 friends, and with many, a dismissal: {few:?}");
    assert_eq!(costs_with(1_000).await, few);
}

#[tokio::test]
async fn what_suggestions_cost_is_what_the_table_says() {
    let kith = Kith::start().await;
    let [alice, bob, carol] = people(&kith, ["alice", "bob", "carol"]).await;
    alice.befriend(&bob).await;
    bob.befriend(&carol).await;
    assert_eq!(cost(&kith, alice.get("/v1/friend-suggestions")).await, (4, 5.5, 0.0), "suggestions");
    assert_eq!(cost(&kith, alice.get(&mutual_friends(&carol))).await, (3, 5.5, 0.0), "mutual friends");
    let dismiss = alice.call(Method::DELETE, &format!("/v1/friend-suggestions/{}", carol.id));
    assert_eq!(cost(&kith, dismiss).await, (2, 2.0, 1.0), "a dismissal");
}
