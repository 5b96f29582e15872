//! Worlds that are made past the API: they are what the API would have made, and what is asked of one
//! costs the same however large it is.

use std::collections::{BTreeMap, HashMap};

use bench::calls::rows;
use bench::costs;
use bench::seed::{Made, PASSWORD, options, seed};
use bench::world::{Size, World};
use local::Stack;
use local::stack::Overrides;
use serde_json::{Value, json};
use shared::clock::{Clock, Timestamp};
use tempfile::TempDir;

use crate::harness::Process;
use crate::harness::table::all_items;

/// The first millisecond of today.
fn today() -> Timestamp {
    let now = Clock::system().now().millis();
    Timestamp::from_millis(now - now.rem_euclid(24 * 60 * 60 * 1000))
}

async fn made(size: Size, day: Timestamp) -> (TempDir, World, Made) {
    let (folder, world) = (TempDir::new().unwrap(), World::new(size, 7, day));
    let made = seed(&world, folder.path(), |_| {}).await.unwrap();
    (folder, world, made)
}

/// Everything in a data folder's table.
async fn items(folder: &TempDir) -> Vec<Value> {
    let stack = Stack::start(&options(folder.path()), Overrides::default()).await.unwrap();
    let items = all_items(&aws_sdk_dynamodb::Client::new(stack.sdk())).await;
    stack.stop().await;
    items
}

fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name].as_str().unwrap()
}

#[tokio::test]
async fn a_world_is_consistent_and_everybody_in_it_can_sign_in() {
    let size = Size { people: 40, friends: 12, posts: 400 };
    let (folder, world, made) = made(size, today()).await;
    let items = items(&folder).await;
    assert_eq!((made.relations, made.posts), (40 * 12, 400));
    assert_eq!(made.items, u64::try_from(items.len()).unwrap());

    let edges: HashMap<_, _> = items
        .iter()
        .filter(|item| text(item, "SK").starts_with("RELATION#"))
        .map(|item| ((text(item, "userId"), text(item, "peerId")), item))
        .collect();
    for ((user, peer), edge) in &edges {
        let other = edges[&(*peer, *user)];
        assert_eq!(edge["bond"]["tie"]["since"], other["bond"]["tie"]["since"], "both sides agree");
        assert_ne!(edge["bond"]["tie"]["by"], other["bond"]["tie"]["by"]);
        assert_eq!(edge["writeId"], other["writeId"], "one write made both");
    }
    let mut friends = BTreeMap::<_, u32>::new();
    for (user, _) in edges.keys() {
        *friends.entry(*user).or_default() += 1;
    }
    for profile in items.iter().filter(|item| text(item, "SK") == "PROFILE") {
        assert_eq!(profile["friendCount"], friends[text(profile, "userId")]);
    }
    let count = |prefix: &str| items.iter().filter(|item| text(item, "PK").starts_with(prefix)).count();
    assert_eq!((count("USERNAME#"), count("EMAIL#"), count("POST#")), (40, 40, 400));
    assert_eq!(count("SEARCH#"), 3 * 40, "a username and two names each");

    let arguments = ["--http-port", "0", "--ws-port", "0", "--s3-port", "0"];
    let kith = Process::start(folder.path(), &arguments).await;
    for person in [0, 17, 39] {
        let body = json!({ "login": World::username(person), "password": PASSWORD });
        let (status, made) = kith.call(http::Method::POST, "/v1/sessions", "", Some(body)).await.unwrap();
        assert_eq!((status, &made["user"]["id"]), (201, &json!(world.user(person))));
        let token = text(&made["session"], "token").to_owned();
        let get = async |path: &str| kith.call(http::Method::GET, path, &token, None).await.unwrap().1;
        let feed = get("/v1/feed?limit=100").await;
        let own = get(&format!("/v1/users/{}/posts?limit=100", world.user(person))).await;
        let friends = get("/v1/friends?limit=100").await;
        assert_eq!(own["items"].as_array().unwrap().len(), 10);
        assert_eq!(friends["items"].as_array().unwrap().len(), 12);
        // What friends wrote within 90 days, and what the person wrote at any time.
        let since = Timestamp::from_millis(today().millis() - 90 * 24 * 60 * 60 * 1000 + 1);
        let shown = world.friends(person).into_iter().flat_map(|friend| world.posts(friend, since));
        let shown = shown.filter(|post| post.visibility.is_shared()).count();
        assert!(shown > 3 && feed["items"].as_array().unwrap().len() == shown + 10, "{shown}");
    }
    kith.terminate().await;
}

#[tokio::test]
async fn the_same_number_makes_the_same_world() {
    let size = Size { people: 30, friends: 8, posts: 60 };
    // One day for both, however late it is.
    let day = today();
    let (one, ..) = made(size, day).await;
    let (other, ..) = made(size, day).await;
    assert_eq!(items(&one).await, items(&other).await);
}

// On one thread, where what is called at once begins before any of it ends.
#[tokio::test]
async fn every_call_costs_the_same_in_a_larger_world() {
    let (small, small_world, _) = made(Size { people: 220, friends: 40, posts: 2_200 }, today()).await;
    let (large, large_world, _) = made(Size { people: 1_500, friends: 40, posts: 15_000 }, today()).await;
    let few = costs::count(&small_world, small.path()).await.unwrap();
    assert_eq!(few.len(), rows().len());
    assert!(few.iter().all(|row| !row.calls.is_empty()), "{few:?}");
    assert_eq!(costs::count(&large_world, large.path()).await.unwrap(), few);
}
