//! `--demo`: people to look at, who are there once, however often they are asked for.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use http::Method;
use local::demo;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Kith, Person, Process};

/// Who there is, and their passwords, as they are printed.
fn sign_ins(text: &str) -> Vec<(String, String)> {
    let table = text.lines().skip_while(|line| !line.starts_with("Demo")).skip(1);
    let rows = table.take_while(|line| line.starts_with(' ')).map(|line| {
        let mut words = line.split_whitespace().map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap())
    });
    rows.collect()
}

/// All of them, signed in as is printed.
async fn everybody(kith: &Kith) -> Vec<Person> {
    let mut people = Vec::new();
    for (username, password) in sign_ins(&demo::sign_ins(&kith.url())) {
        let body = json!({ "login": username, "password": password });
        let answer = kith.post("/v1/sessions", body).await.expect(201);
        let text = |pointer: &str| answer.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let (id, token, session) = (text("/user/id"), text("/session/token"), text("/session/id"));
        people.push(Person { kith: kith.clone(), id, username, token, session });
    }
    people
}

/// What there is, but for what signing in leaves, and what goes by itself.
async fn lasting(kith: &Kith) -> Vec<Value> {
    kith.drained().await;
    let mut items = kith.items().await;
    let starts = |item: &Value, name: &str, with: &str| item[name].as_str().unwrap().starts_with(with);
    items.retain(|item| {
        // Of what was withdrawn it depends on the moment whether it was ever there.
        let is_withdrawn = item["isWithdrawn"] == true;
        // Idempotency keys last for a day of the story, so most are over when it is told.
        !is_withdrawn
            && !["SESSION#", "KNOWN#"].iter().any(|with| starts(item, "SK", with))
            && !["LIMIT#", "IDEMPOTENCY#"].iter().any(|with| starts(item, "PK", with))
    });
    items.sort_by_key(|item| (item["PK"].to_string(), item["SK"].to_string()));
    items
}

/// How many items of each kind there are.
fn kinds(items: &[Value]) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for item in items {
        let kind = |name: &str| item[name].as_str().unwrap().split('#').next().unwrap().to_owned();
        *kinds.entry(format!("{} {}", kind("PK"), kind("SK"))).or_default() += 1;
    }
    kinds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_has_people_with_pictures_friends_posts_and_chats_and_is_told_once() {
    let kith = Kith::start().await;
    let offset = kith.stack().clock().offset();
    demo::tell(kith.stack()).await.unwrap();
    assert_eq!(kith.stack().clock().offset(), offset, "the clock is what it was");
    let told = lasting(&kith).await;

    let people = everybody(&kith).await;
    assert_eq!(people.len(), 12);
    let (mut pictures, mut visibilities, mut days) = (HashSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut conversations = 0;
    for person in &people {
        let me = person.me().await;
        let picture = kith.client().get(me["avatar"]["large"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(picture.status(), 200);
        assert!(pictures.insert(picture.bytes().await.unwrap()), "each has a picture of their own");
        assert!(me["bio"] != "" && me["location"] != "" && me["friendCount"] != 0, "{me}");
        let feed = person.get("/v1/feed?limit=100").await.expect(200);
        assert_ne!(feed["items"], json!([]), "{}", person.username);
        for post in feed["items"].as_array().unwrap() {
            visibilities.insert(post["visibility"].as_str().unwrap().to_owned());
            days.insert(post["createdAt"].as_str().unwrap()[..10].to_owned());
        }
        let page = person.get("/v1/conversations").await.expect(200);
        conversations += page["items"].as_array().unwrap().len();
    }
    assert_eq!(visibilities.into_iter().collect::<Vec<_>>(), ["friends", "private", "public"]);
    assert_eq!(days.len(), 6, "{days:?}");
    assert_eq!(conversations, 20, "both have each of ten");
    let kinds = kinds(&told);
    assert_eq!((kinds["USER POST"], kinds["POST COMMENT"]), (24, 55), "{kinds:?}");
    let bonds: HashSet<_> = told.iter().filter_map(|item| item["bond"]["tie"]["kind"].as_str()).collect();
    assert_eq!(bonds, HashSet::from(["friends", "nothing", "requested"]), "some were rejected or blocked");
    assert!(told.iter().any(|item| item["bond"]["blocked"].is_string()));
    assert!(told.iter().any(|item| item["bond"]["myRejection"].is_object()));
    kith.check_accounts().await;
    kith.check_chats().await;

    demo::tell(kith.stack()).await.unwrap();
    assert_eq!(lasting(&kith).await, told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_that_was_broken_off_is_completed_and_has_nothing_twice() {
    let whole = Kith::start().await;
    demo::tell(whole.stack()).await.unwrap();
    let kith = Kith::start().await;
    let offset = kith.stack().clock().offset();
    for requests in [4, 20, 50, 90, 150, 230, 300] {
        let mut records = kith.stack().records();
        let enough = async {
            for _ in 0..requests {
                while records.recv().await.unwrap().method.is_empty() {}
            }
        };
        tokio::select! {
            told = demo::tell(kith.stack()) => panic!("it was not broken off: {told:?}"),
            () = enough => {}
        }
        // As the next program that is started would find it.
        kith.stack().clock().set_offset(offset);
    }
    demo::tell(kith.stack()).await.unwrap();
    assert_eq!(kinds(&lasting(&kith).await), kinds(&lasting(&whole).await));
    for person in everybody(&kith).await {
        assert_ne!(person.me().await["avatar"], Value::Null);
    }
    kith.check_chats().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_name_of_the_demo_keeps_it_and_it_says_so() {
    let kith = Kith::start().await;
    let maya = kith.register("maya").await;
    let before = lasting(&kith).await;
    let error = demo::tell(kith.stack()).await.unwrap_err();
    assert!(error.to_string().contains("maya") && error.to_string().contains("--data"), "{error}");
    let me = |items: &[Value]| items.iter().find(|item| item["userId"] == json!(maya.id)).cloned();
    assert_eq!(me(&lasting(&kith).await), me(&before));
}

#[tokio::test]
async fn the_program_says_who_there_is_before_it_is_ready() {
    let data = TempDir::new().unwrap();
    let arguments = ["--demo", "--http-port", "0", "--ws-port", "0", "--s3-port", "0"];
    let mut feeds = Vec::new();
    for _ in 0..2 {
        let kith = Process::start(data.path(), &arguments).await;
        let people = sign_ins(&kith.output);
        assert_eq!(people.len(), 12, "{}", kith.output);
        let (login, password) = &people[0];
        let body = json!({ "login": login, "password": password });
        let (status, made) = kith.call(Method::POST, "/v1/sessions", "", Some(body)).await.unwrap();
        assert_eq!(status, 201);
        let token = made["session"]["token"].as_str().unwrap();
        feeds.push(kith.call(Method::GET, "/v1/feed?limit=100", token, None).await.unwrap());
        kith.terminate().await;
    }
    let ids_of =
        |feed: &(u16, Value)| feed.1["items"].as_array().unwrap().iter().map(|p| p["id"].clone()).collect();
    let ids: [Vec<Value>; 2] = [ids_of(&feeds[0]), ids_of(&feeds[1])];
    assert!(ids[0].len() > 10 && ids[0] == ids[1], "{ids:?}");
}
