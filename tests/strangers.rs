//! Ids in hands that they are not for, and in places that they do not belong: on every route and action
//! that the documents know.

use serde_json::{Value, json};

use crate::harness::world::{Operation, SECRET, World};

/// What anybody may do to people, and what comes of it is tested elsewhere: their profiles and what they
/// publish are for everybody, and one ends what there is not, or blocks them, without being told more.
const FOR_EVERYBODY: [&str; 8] = [
    "getUser",
    "getUserByUsername",
    "listPosts",
    "listMutualFriends",
    "dismissFriendSuggestion",
    "endFriendship",
    "block",
    "unblock",
];

/// Every way to fill in the parameters of a path, each with any of its things.
fn fillings<'a>(operation: &Operation, things: impl Fn(&str) -> Vec<&'a String>) -> Vec<Vec<&'a String>> {
    operation.takes.iter().fold(vec![Vec::new()], |fillings, parameter| {
        let more = |filling: &Vec<&'a String>| {
            let each = things(parameter).into_iter().map(|thing| [filling.as_slice(), &[thing]].concat());
            each.collect::<Vec<_>>()
        };
        fillings.iter().flat_map(more).collect()
    })
}

/// Whether something has the form of what a parameter names: a comment's id has that of a person's.
fn may_be(world: &World, parameter: &str, thing: &String) -> bool {
    world.named(parameter).contains(thing)
        || parameter == "userId" && world.named("commentId").contains(thing)
}

fn path(operation: &Operation, filling: &[&String]) -> String {
    operation
        .path_with(|parameter| filling[operation.takes.iter().position(|taken| taken == parameter).unwrap()])
}

#[tokio::test]
async fn a_stranger_gets_at_nothing_by_any_id() {
    let world = World::new().await;
    let mallory = world.kith.register("mallory").await;
    let all: Vec<_> = world.things.values().flatten().collect();
    // Of what is hers, or between her and them, nothing is left out of the comparison but itself.
    let others = |items: Vec<String>| -> Vec<String> {
        items.into_iter().filter(|item| !item.contains(&mallory.id) && !item.contains("LIMIT#")).collect()
    };
    let before = others(world.snapshot().await);
    let mut tried = 0;
    for operation in world.operations().into_iter().filter(|operation| !operation.takes.is_empty()) {
        for (number, filling) in fillings(&operation, |_| all.clone()).iter().enumerate() {
            let parts = operation.takes.iter().zip(filling);
            let fits = parts.clone().all(|(parameter, thing)| world.named(parameter).contains(thing));
            let may_fit = parts.clone().all(|(parameter, thing)| may_be(&world, parameter, thing));
            // Of what cannot be anything in two places some will do.
            if operation.takes.len() > 1 && !fits && number % 7 > 0 {
                continue;
            }
            let path = path(&operation, filling);
            let answer = operation.by_with_body(&mallory, &path).await;
            tried += 1;
            let what = format!("{} {path}: {answer:?}", operation.method);
            assert!(!String::from_utf8_lossy(&answer.bytes).contains(SECRET), "{what}");
            let is_for_everybody = FOR_EVERYBODY.contains(&operation.id.as_str());
            if is_for_everybody && (fits || may_fit && answer.status != 404) {
                assert!([200, 204].contains(&answer.status), "{what}");
            } else {
                assert_eq!((answer.status, &answer.json()["code"]), (404, &json!("not-found")), "{what}");
            }
        }
    }
    assert!(tried > 500, "{tried}");
    assert!(others(world.snapshot().await) == before, "something has changed");
}

#[tokio::test]
async fn what_is_not_under_something_is_not_found_there() {
    let world = World::new().await;
    let before = world.snapshot().await;
    let mut tried = 0;
    // Neither of the conversations has a third message.
    let next = ["3".to_owned()];
    for operation in world.operations().into_iter().filter(|operation| operation.takes.len() == 2) {
        let [outer, inner] = [&operation.takes[0], &operation.takes[1]];
        let inner = if inner == "seq" { next.as_slice() } else { world.named(inner) };
        for outer in world.named(outer) {
            for (place, inner) in inner.iter().enumerate() {
                if operation.takes[1] == "commentId" && *outer == world.named("postId")[place] {
                    continue;
                }
                let answer = operation.by_with_body(&world.alice, &path(&operation, &[outer, inner])).await;
                answer.expect_problem(404, "not-found");
                tried += 1;
            }
        }
    }
    assert!(tried >= 5 * 4, "{tried}");
    assert!(world.snapshot().await == before, "something has changed");
}

#[tokio::test]
async fn ids_in_bodies_are_of_their_own_kind() {
    let world = World::new().await;
    let before = world.snapshot().await;
    let of_others = world.things.iter().filter(|(kind, _)| **kind != "userId");
    let of_others: Vec<_> = of_others.flat_map(|(_, things)| things).collect();
    let mut tried = 0;
    for operation in world.operations() {
        let Some(body) = operation.body.as_ref().filter(|body| body.get("to").is_some()) else { continue };
        let lowercase = world.bob.id.to_lowercase();
        for thing in of_others.iter().copied().chain([&lowercase]) {
            let mut body = body.clone();
            body["to"] = json!(thing);
            let answer = operation.by(&world.alice, &operation.path).json(body).await;
            if may_be(&world, "userId", thing) {
                answer.expect_problem(404, "not-found");
            } else {
                assert_eq!(answer.expect_problem(422, "invalid-input")["errors"][0]["pointer"], "/to");
            }
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
    assert!(world.snapshot().await == before, "something has changed");
}

#[tokio::test]
async fn ids_in_queries_and_markers_tell_a_stranger_nothing() {
    let world = World::new().await;
    let mallory = world.kith.register("mallory").await;
    // What is hers may change, and nothing else.
    let others = |items: Vec<String>| -> Vec<String> {
        items.into_iter().filter(|item| !item.contains(&mallory.id)).collect()
    };
    let before = others(world.snapshot().await);
    let mut asked = 0;
    for thing in world.things.values().flatten() {
        let known = [&world.alice.id, &world.bob.id, thing].map(String::as_str).join(",");
        for query in [format!("/v1/presence?users={thing}"), format!("/v1/presence?users={known}")] {
            let answer = mallory.get(&query).await;
            if may_be(&world, "userId", thing) {
                assert_eq!(answer.expect(200), json!({ "items": [] }), "{query}");
            } else {
                answer.expect_problem(422, "invalid-input");
            }
            asked += 1;
        }
        // A marker is a place in time, so that one of somebody else's moves one's own at most.
        let marked = mallory.see(thing).await;
        if ulid(thing) {
            marked.expect(204);
        } else {
            assert_eq!(marked.expect_problem(422, "invalid-input")["errors"][0]["pointer"], "/upTo");
        }
        let own = mallory.get("/v1/notifications").await.expect(200);
        assert_eq!(own, json!({ "items": [], "nextCursor": null, "unseenCount": 0 }));
    }
    assert!(asked > 20, "{asked}");
    assert!(others(world.snapshot().await) == before, "something has changed");
}

/// Whether something is one id by itself.
fn ulid(thing: &str) -> bool {
    thing.len() == 26 && thing.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

#[tokio::test]
async fn a_stranger_gets_at_nothing_through_a_socket() {
    let world = World::new().await;
    let mallory = world.kith.register("mallory").await;
    let [mut socket, mut alices] = [mallory.connect().await, world.alice.connect().await];
    let before = world.snapshot().await;
    let mut frames: Vec<(Value, &str)> = Vec::new();
    for (kind, things) in &world.things {
        for thing in things {
            let code = match *kind {
                "userId" => "not-friends",
                // It has the form of a person's.
                "commentId" => "not-found",
                _ => "invalid-input",
            };
            frames.push((json!({ "action": "send", "to": thing, "clientId": "1", "text": "x" }), code));
            frames.push((json!({ "action": "typing", "to": thing }), code));
            // A request and a post have ids of the same form, if the first is the smaller one.
            let code = match *kind {
                "conversationId" => "not-found",
                "requestId" | "postId" => "",
                _ => "invalid-input",
            };
            frames.push((json!({ "action": "read", "conversationId": thing, "seq": 1 }), code));
        }
    }
    for (frame, code) in frames {
        socket.send(&frame).await;
        let heard = socket.next().await;
        assert_eq!(heard["type"], "error", "{frame}: {heard}");
        let told = heard["problem"]["code"].as_str().unwrap();
        let alike = ["invalid-input", "not-found"].contains(&told) && code.is_empty();
        assert!(told == code || alike, "{frame}: {heard}");
        assert!(!heard.to_string().contains(SECRET), "{heard}");
    }
    assert!(world.snapshot().await == before, "something has changed");
    // She has heard nothing of it: the first that she hears is her own.
    alices.send(&json!({ "action": "ping" })).await;
    assert_eq!(alices.next().await["type"], "pong");
}
