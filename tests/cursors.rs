//! Cursors: each goes on with its own list, and with no other; on every list that the document knows.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;

use crate::harness::world::{Operation, World};
use crate::harness::{Answer, Kith, Person};

/// What a list is to be asked for beside its path, one or more ways.
fn queries(operation: &Operation) -> Vec<&'static str> {
    let has = |name: &str| operation.queries.iter().any(|query| query == name);
    match (has("query"), has("direction"), has("order")) {
        (true, ..) => vec!["query=from", "query=to"],
        (_, true, _) => vec!["direction=incoming", "direction=outgoing"],
        (.., true) => vec!["order=oldest", "order=newest"],
        _ => vec!["unknown=ignored"],
    }
}

/// Every list that Alice has, by what is asked for.
fn lists(world: &World) -> Vec<String> {
    let is_list = |operation: &Operation| operation.queries.iter().any(|query| query == "cursor");
    let lists: Vec<_> = world
        .operations()
        .into_iter()
        .filter(is_list)
        .flat_map(|operation| {
            let paths = match operation.takes.as_slice() {
                // Her own, and a friend's.
                [parameter] if parameter == "userId" => {
                    world.named("userId").iter().map(|user| operation.path_with(|_| user)).collect()
                }
                _ => vec![world.path_of_alices(&operation)],
            };
            let queries = queries(&operation);
            let all = paths.into_iter().flat_map(move |path| {
                queries.clone().into_iter().map(move |query| format!("{path}?{query}"))
            });
            all.collect::<Vec<_>>()
        })
        .collect();
    assert!(lists.len() > 14, "{lists:?}");
    lists
}

async fn page(person: &Person, list: &str, cursor: &str) -> Answer {
    person.get(&format!("{list}&limit=1&cursor={cursor}")).await
}

/// The cursor behind the first item of a list, if it has another one.
async fn cursor_of(person: &Person, list: &str) -> Option<String> {
    let answer = person.get(&format!("{list}&limit=1")).await;
    answer.json()["nextCursor"].as_str().map(str::to_owned)
}

/// The cursors of all of Alice's lists.
async fn cursors(world: &World) -> BTreeMap<String, String> {
    for number in 0..2 {
        world.bob.write(&number.to_string(), "public").await;
    }
    let mut cursors = BTreeMap::new();
    for list in lists(world) {
        let cursor = cursor_of(&world.alice, &list).await;
        cursors.insert(list.clone(), cursor.unwrap_or_else(|| panic!("give World a second item for {list}")));
    }
    cursors
}

#[tokio::test]
async fn a_cursor_goes_on_with_its_own_list_and_no_other() {
    let world = World::new().await;
    let cursors = cursors(&world).await;
    for (list, own) in &cursors {
        let first = world.alice.get(&format!("{list}&limit=1")).await.expect(200);
        let next = page(&world.alice, list, own).await.expect(200);
        assert_ne!(first["items"], next["items"], "{list}");
        for (_, cursor) in cursors.iter().filter(|(other, _)| *other != list) {
            page(&world.alice, list, cursor).await.expect_problem(400, "invalid-cursor");
        }
    }
}

#[tokio::test]
async fn a_cursor_is_its_own_persons() {
    let world = World::new().await;
    let mut compared = 0;
    for (list, hers) in cursors(&world).await {
        // What Bob may not see at all is 404 before anything else.
        if let Some(his) = cursor_of(&world.bob, &list).await {
            page(&world.alice, &list, &his).await.expect_problem(400, "invalid-cursor");
            page(&world.bob, &list, &hers).await.expect_problem(400, "invalid-cursor");
            compared += 1;
        }
    }
    assert!(compared >= 5, "{compared}");
}

#[tokio::test]
async fn a_cursor_that_was_tampered_with_is_none() {
    let world = World::new().await;
    let garbage =
        ["", "x", "%00", "AAAAAAAAAAAAAAAA", "%F0%9F%90%87", "bnVsbA", "null", "0", "-1", "[]", "%22%22"];
    for (list, cursor) in cursors(&world).await {
        let letters: Vec<_> = cursor.chars().collect();
        let with = |place: usize, letter: char| {
            let mut letters = letters.clone();
            letters[place] = letter;
            letters.into_iter().collect::<String>()
        };
        let other = |letter: char| if letter == 'A' { 'B' } else { 'A' };
        let swapped = (0..letters.len()).step_by(3).map(|place| with(place, other(letters[place])));
        let cut = (0..letters.len()).step_by(5).map(|length| letters[..length].iter().collect());
        let mut bad: Vec<String> = swapped.chain(cut).collect();
        bad.extend([
            format!("{cursor}A"),
            format!("A{cursor}"),
            format!("{cursor}="),
            format!("{cursor}{cursor}"),
        ]);
        bad.extend(garbage.map(str::to_owned));
        for bad in bad {
            page(&world.alice, &list, &bad).await.expect_problem(400, "invalid-cursor");
        }
        let long = "A".repeat(6000);
        page(&world.alice, &list, &long).await.expect_problem(400, "invalid-cursor");
    }
}

#[tokio::test]
async fn no_cursor_tells_who_is_hidden() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let mallory = kith.register("mallory").await;
    alice.befriend(&mallory).await;
    let post = alice.write("hello", "public").await;
    let (mut seen, mut hidden) = (BTreeSet::new(), Vec::new());
    // Among those who are seen there are some who are not: at the beginning, one and several in a row, and at
    // the end.
    for (number, is_hidden) in
        [true, false, true, true, true, false, false, true, true].into_iter().enumerate()
    {
        let person = kith.register(&format!("someone{number}")).await;
        alice.befriend(&person).await;
        person.call(Method::PUT, &format!("/v1/posts/{post}/like")).await.expect(204);
        if is_hidden {
            person.block(&mallory).await;
            hidden.push(person);
        } else {
            seen.insert(person.id);
        }
    }
    let friends = format!("/v1/users/{}/friends", alice.id);
    let suggestions = "/v1/friend-suggestions".into();
    for list in [format!("/v1/posts/{post}/likes"), friends, suggestions, "/v1/users".into()] {
        for limit in 1..4 {
            let (mut found, mut cursor) = (BTreeSet::new(), String::new());
            loop {
                let page =
                    mallory.get(&format!("{list}?query=someone&limit={limit}{cursor}")).await.expect(200);
                for item in page["items"].as_array().unwrap() {
                    let id = item["id"].as_str().unwrap();
                    assert!(id == mallory.id || found.insert(id.to_owned()), "{list}: {id} comes twice");
                }
                let Some(next) = page["nextCursor"].as_str() else { break };
                let position = String::from_utf8(URL_SAFE_NO_PAD.decode(next).unwrap()).unwrap();
                for person in &hidden {
                    let tells = position.contains(&person.id) || position.contains(&person.username);
                    assert!(!tells, "{list} by {limit} tells of {}", person.username);
                }
                cursor = format!("&cursor={next}");
            }
            assert_eq!(found, seen, "{list} by {limit}");
        }
    }
}
