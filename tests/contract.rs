//! The template, the routers and the OpenAPI document say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use http::Method;
use local::gateway::Record;
use local::template::Template;
use serde_json::{Value, json};

use crate::harness::picture::png;
use crate::harness::{Kith, PASSWORD};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
const FRAMES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/asyncapi.json");

pub(crate) fn template() -> Template {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    Template::read(Path::new(path), &[("Stage", "prod"), ("AllowedOrigins", "https://kith.example")]).unwrap()
}

/// Run with `UPDATE_DOCS=1` to write the documents anew.
#[expect(clippy::disallowed_methods, reason = "a test is told by a variable to write instead of compare")]
fn is_checked_in(path: &str, fresh: &str) {
    if std::env::var("UPDATE_DOCS").is_ok() {
        std::fs::write(path, fresh).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap();
    assert!(fresh == checked_in, "{path} is stale: UPDATE_DOCS=1 cargo test api_document, and build again");
}

#[test]
fn the_openapi_document_is_the_one_checked_in() {
    is_checked_in(DOCUMENT, &local::docs::openapi_text());
}

#[test]
fn the_asyncapi_document_is_the_one_checked_in() {
    is_checked_in(FRAMES, &local::docs::asyncapi_text());
}

#[test]
fn every_reference_of_the_documents_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    for text in [local::docs::openapi_text(), local::docs::asyncapi_text()] {
        let document: Value = serde_json::from_str(&text).unwrap();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "{found:?}");
        for reference in found {
            assert!(
                document.pointer(reference.trim_start_matches('#')).is_some(),
                "{reference} leads nowhere"
            );
        }
    }
}

#[tokio::test]
async fn the_templates_routes_are_the_documents() {
    let kith = Kith::start().await;
    let documented: BTreeSet<_> =
        kith.contract().routes().into_iter().map(|(m, path)| (m.to_string(), path)).collect();
    let template = template();
    let routes = template.functions.values().flat_map(|function| &function.routes);
    let declared: BTreeSet<_> =
        routes.clone().filter_map(|r| r.target.clone()).map(|(m, path)| (m.to_string(), path)).collect();
    assert_eq!(declared, documented);
    assert_eq!(routes.filter(|route| route.target.is_none()).count(), 1, "there is one $default route");
}

#[tokio::test]
async fn a_route_needs_a_session_in_the_template_if_it_does_in_the_document() {
    let kith = Kith::start().await;
    for route in template().functions.values().flat_map(|function| &function.routes) {
        let Some((method, path)) = &route.target else { continue };
        let operation = kith.contract().operation(method, path).unwrap();
        assert_eq!(route.authorizer.is_some(), operation.get("security").is_some(), "{method} {path}");
        assert_eq!(
            operation["responses"].get("401").is_some(),
            route.authorizer.is_some() || path == "/v1/sessions"
        );
    }
}

#[tokio::test]
async fn every_route_is_served_by_the_function_the_template_names() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    bob.call(Method::POST, "/v1/friend-requests").json(json!({ "to": alice.id })).await.expect(201);
    let carol = kith.register("carol").await;
    alice.befriend(&carol).await;
    for (number, (method, path)) in kith.contract().routes().into_iter().enumerate() {
        let said = alice.say(&carol, &number.to_string(), "hello").await.expect(201);
        let post = alice.write("hello", "public").await;
        let made =
            alice.post(&format!("/v1/posts/{post}/comments"), json!({ "text": "x" })).await.expect(201);
        let comment = made["id"].as_str().unwrap().to_owned();
        // Anything but what a function answers to a path that is none of its own.
        let path = path
            .replace("{sessionId}", "current")
            .replace("{requestId}", &format!("{}-{}", bob.id, alice.id))
            .replace("{commentId}", &comment)
            .replace("{postId}", &post)
            .replace("{conversationId}", &alice.conversation_id(&carol))
            .replace("{seq}", &said["seq"].to_string())
            .replace("{userId}", &alice.id)
            .replace("{username}", "alice");
        let person = alice.sign_in().await;
        let answer = person.call(method.clone(), &path).await;
        assert_ne!(answer.status, 404, "{method} {path}");
        assert!(answer.status < 500, "{method} {path}");
    }
}

/// Two friends talk, over HTTP and through sockets, of which some end.
async fn talk(kith: &Kith) {
    let [alice, bob] = &[kith.register("carol").await, kith.register("dave").await];
    alice.befriend(bob).await;
    let other = alice.sign_in().await;
    let [mut one, mut two, mut three] = [alice.connect().await, bob.connect().await, other.connect().await];
    alice.say(bob, "1", "hello").await.expect(201);
    alice.say(bob, "1", "hello").await.expect(200);
    for text in ["hi", "hello again"] {
        alice.edit(bob, 1, text).await.expect(200);
    }
    for message in [
        json!({ "action": "send", "to": bob.id, "clientId": "2", "text": "hello" }),
        json!({ "action": "read", "conversationId": alice.conversation_id(bob), "seq": 1 }),
        json!({ "action": "typing", "to": bob.id }),
        json!({ "action": "ping" }),
    ] {
        one.send(&message).await;
    }
    while one.next().await["type"] != "pong" {}
    kith.stack().drained().await;
    bob.get("/v1/conversations").await.expect(200);
    bob.history(alice, "changedAfter=0").await;
    bob.conversation(alice).await;
    bob.mark_read(alice, 2).await.expect(204);
    bob.get("/v1/unread").await.expect(200);
    // One session is ended by its owner, one by nobody, and one connection is lost.
    alice.delete(&format!("/v1/sessions/{}", other.session)).await.expect(204);
    while three.next().await["type"] != "signedOut" {}
    kith.delete_item(&format!("USER#{}", bob.id), &format!("SESSION#{}", bob.session)).await;
    while two.next().await["type"] != "signedOut" {}
    for item in kith.items().await {
        let (pk, sk) = (item["PK"].as_str().unwrap(), item["SK"].as_str().unwrap());
        if sk == "CONNECTIONS" {
            kith.delete_item(pk, sk).await;
        }
    }
    one.send(&json!({ "action": "ping" })).await;
    while one.next().await["type"] != "error" {}
    one.closed().await;
}

/// What is done when a session ends by whoever is asked for it. Where the stream is followed, what follows
/// may be there first.
async fn sign_out() -> Vec<Record> {
    let kith = Kith::untold().await;
    let alice = kith.register("alice").await;
    let other = alice.sign_in().await;
    let _socket = other.connect().await;
    let (answer, records) =
        kith.watch(alice.delete(&format!("/v1/sessions/{}", other.session)).into_future()).await;
    answer.expect(204);
    records
}

#[tokio::test]
async fn each_role_allows_exactly_the_calls_its_function_makes() {
    let kith = Kith::start().await;
    let everything = async {
        let alice = kith.register("alice").await;
        let other = alice.sign_in().await;
        kith.advance(std::time::Duration::from_mins(11));
        alice.get("/v1/sessions").await.expect(200);
        alice.delete(&format!("/v1/sessions/{}", other.session)).await.expect(204);
        alice.delete("/v1/sessions").await.expect(204);
        alice.change_password(PASSWORD, "another-Trombone-2031-puddle").await.expect(204);
        alice.get("/v1/me").await.expect(200);
        alice.patch("/v1/me", json!({ "bio": "b" })).await.expect(200);
        alice.patch("/v1/me", json!({ "username": "alicia" })).await.expect(200);
        alice.get("/v1/users?query=ali").await.expect(200);
        alice.put("/v1/me/status", json!({ "text": "x" })).await.expect(204);
        for color in [[1, 2, 3], [4, 5, 6]] {
            alice.upload("image/png", &png(color, 8)).await;
        }
        alice.delete("/v1/me/avatar").await.expect(204);
        alice.get(&format!("/v1/users/{}", alice.id)).await.expect(200);
        alice.get("/v1/usernames/alicia").await.expect(200);
        let bob = kith.register("bob").await;
        let path = format!("/v1/friend-requests/{}-{}", bob.id, alice.id);
        for status in ["accepted", "rejected"] {
            bob.call(Method::POST, "/v1/friend-requests").json(json!({ "to": alice.id })).await.expect(201);
            alice.patch(&path, json!({ "status": status })).await.expect(200);
            alice.get(&format!("/v1/users/{}/friends", alice.id)).await.expect(200);
            bob.delete(&format!("/v1/friends/{}", alice.id)).await.expect(204);
            bob.get(&format!("/v1/users/{}/friends", alice.id)).await.expect_problem(404, "not-found");
        }
        alice.befriend(&bob).await;
        let post = alice.write("hello", "friends").await;
        kith.stack().drained().await;
        let like = format!("/v1/posts/{post}/like");
        bob.call(Method::PUT, &like).await.expect(204);
        bob.get(&format!("/v1/posts/{post}/likes")).await.expect(200);
        let comments = format!("/v1/posts/{post}/comments");
        for key in ["one", "one", "two"] {
            let call = bob.post(&comments, json!({ "text": "x" })).header("idempotency-key", key);
            let comment = call.await.expect(201)["id"].as_str().unwrap().to_owned();
            if key == "two" {
                let path = format!("{comments}/{comment}");
                bob.patch(&path, json!({ "text": "y" })).await.expect(200);
                bob.delete(&path).await.expect(204);
            }
        }
        bob.get(&comments).await.expect(200);
        bob.get("/v1/feed").await.expect(200);
        bob.get(&format!("/v1/users/{}/posts", alice.id)).await.expect(200);
        alice.get("/v1/notifications").await.expect(200);
        alice.see("01JZZ3W0Q5E8T4C9M2R7B6N1KD").await.expect(204);
        bob.delete(&like).await.expect(204);
        alice.patch(&format!("/v1/posts/{post}"), json!({ "text": "y" })).await.expect(200);
        alice.patch(&format!("/v1/posts/{post}"), json!({ "visibility": "public" })).await.expect(200);
        alice.delete(&format!("/v1/posts/{post}")).await.expect(204);
        Box::pin(talk(&kith)).await;
        kith.stack().drained().await;
        kith.stall(&post).await;
        kith.get("/nowhere").await.expect_problem(404, "not-found");
        alice.delete("/v1/sessions/current").await.expect(204);
        for function in template().functions.keys() {
            kith.stack().fire(function).await;
        }
        kith.drained().await;
    };
    let ((), mut records) = kith.watch(Box::pin(everything)).await;
    records.extend(sign_out().await);
    let template = template();
    let ids = resources(&template);
    let mut made: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for (function, cost) in
        records.into_iter().flat_map(|record| [record.function, record.authorizer]).flatten()
    {
        let calls = cost.operations.into_iter().map(|(name, call)| (ids[&*name].clone(), call.to_owned()));
        made.entry(function).or_default().extend(calls);
    }
    // Each function that has the table also opens its connection with a read.
    for calls in made.values_mut().filter(|calls| !calls.is_empty()) {
        calls.insert(("Table".into(), "dynamodb:GetItem".into()));
    }
    for (id, function) in template.functions {
        let mut made = made.remove(&id).unwrap_or_default();
        // These are Lambda's own calls.
        let logs = id.replace("Function", "Logs");
        made.extend(
            ["logs:CreateLogStream", "logs:PutLogEvents"].map(|call| (logs.clone(), call.to_owned())),
        );
        if !function.mappings.is_empty() {
            // As are those of an event source mapping.
            for mapping in &function.mappings {
                for call in ["DescribeStream", "GetRecords", "GetShardIterator"] {
                    made.insert((format!("{}.StreamArn", mapping.table), format!("dynamodb:{call}")));
                }
                made.insert((mapping.table.clone(), "dynamodb:ListStreams".into()));
            }
        }
        made.extend(function.failures.iter().map(|queue| (queue.clone(), "sqs:SendMessage".into())));
        let allowed = function.allowed.into_iter().flat_map(|(resource, actions)| {
            actions.into_iter().map(move |action| (resource.clone(), action))
        });
        assert_eq!(made, allowed.collect(), "{id}");
    }
}

/// What calls are made on, by the names that they are counted under: the logical ids of the template.
fn resources(template: &Template) -> BTreeMap<String, String> {
    let tables = template.tables.iter().flat_map(|(id, table)| {
        let indexes = table.properties["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
        let indexes = indexes.filter_map(|index| index["IndexName"].as_str());
        let indexes = indexes.map(|index| (format!("{}/index/{index}", table.name), format!("{id}.{index}")));
        indexes.chain([(table.name.clone(), id.clone())]).collect::<Vec<_>>()
    });
    let buckets = template.buckets.iter().map(|(id, bucket)| (bucket.name.clone(), id.clone()));
    let connections = ["POST", "DELETE"].map(|method| (method.to_owned(), format!("SocketApi.{method}")));
    tables.chain(buckets).chain(connections).collect()
}

#[test]
fn no_role_allows_a_wildcard() {
    for (id, function) in template().functions {
        for (resource, actions) in function.allowed {
            assert!(
                !resource.contains('*') && actions.iter().all(|action| !action.contains('*')),
                "{id}: {resource}"
            );
        }
    }
}
