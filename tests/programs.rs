//! The functions' own programs, started as Lambda starts them: their `main.rs`, their
//! environment, the runtime's loop, their logs.
//!
//! With `KITH_BOOTSTRAPS` set, those in that folder are taken, such as the release builds, and
//! not the ones that cargo has just built for these tests.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use local::gateway::{Exchange, Record};
use local::template::Function;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::contract::template;
use crate::harness::avatar::Upload;
use crate::harness::picture::{CORNERS, alike, corners, photo, png};
use crate::harness::{Bootstrap, Fault, Kith, PASSWORD};

/// The programs that cargo has built for these tests.
const PROGRAMS: [(&str, &str); 13] = [
    ("accounts", env!("CARGO_BIN_EXE_accounts-under-test")),
    ("authorizer", env!("CARGO_BIN_EXE_authorizer-under-test")),
    ("avatars", env!("CARGO_BIN_EXE_avatars-under-test")),
    ("chat", env!("CARGO_BIN_EXE_chat-under-test")),
    ("comments", env!("CARGO_BIN_EXE_comments-under-test")),
    ("fallback", env!("CARGO_BIN_EXE_fallback-under-test")),
    ("friends", env!("CARGO_BIN_EXE_friends-under-test")),
    ("jobs", env!("CARGO_BIN_EXE_jobs-under-test")),
    ("notifications", env!("CARGO_BIN_EXE_notifications-under-test")),
    ("posts", env!("CARGO_BIN_EXE_posts-under-test")),
    ("profiles", env!("CARGO_BIN_EXE_profiles-under-test")),
    ("socket", env!("CARGO_BIN_EXE_socket-under-test")),
    ("stream", env!("CARGO_BIN_EXE_stream-under-test")),
];

/// The most bytes that a function that has just started may take of memory.
const MEMORY: u64 = 25_000_000;

#[expect(clippy::disallowed_methods, reason = "a test is told by a variable which programs to start")]
fn program(name: &str) -> String {
    let built = PROGRAMS.iter().find(|(program, _)| *program == name).unwrap().1;
    std::env::var("KITH_BOOTSTRAPS").map_or_else(|_| built.to_owned(), |folder| format!("{folder}/{name}"))
}

/// A function's program on the storage of a stack.
async fn start(kith: &Kith, function: &Function) -> Bootstrap {
    let mut variables = kith.stack().aws().environment(&function.environment).unwrap().variables.0;
    // What the stack's own template has in its place.
    let media = format!("{}/media", kith.url());
    variables.extend([("MEDIA_URL".into(), media), ("LOG_LEVEL".into(), "DEBUG".into())]);
    Bootstrap::start(&program(&function.binary), &variables).await
}

/// All of them, by their logical ids.
async fn programs(kith: &Kith) -> BTreeMap<String, Bootstrap> {
    let mut programs = BTreeMap::new();
    for (id, function) in template().functions {
        programs.insert(id, start(kith, &function).await);
    }
    programs
}

fn exchanges(records: Vec<Record>) -> Vec<Exchange> {
    records.into_iter().flat_map(|record| record.exchanges).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_program_answers_what_the_local_stack_answers_and_logs_nothing_personal() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.patch("/v1/me", json!({ "name": "Alice Liddell", "bio": "Curiouser" })).await.expect(200);
    // Settled already when the program is told of it.
    let ((), uploaded) = kith.watch(alice.upload("image/png", &png([9, 9, 9], 8))).await;
    let post = alice.write("hello", "public").await;
    let [carol, dave] = [kith.register("carol").await, kith.register("dave").await];
    carol.befriend(&dave).await;
    carol.say(&dave, "1", "hello").await.expect(201);
    kith.drained().await;
    let mut socket = carol.connect().await;
    let story = async {
        for said in ["nonsense", r#"{"action":"shout","text":"hello"}"#] {
            socket.send_text(said).await;
            assert_eq!(socket.next().await["type"], "error");
        }
        socket.send(&json!({ "action": "send", "to": dave.id, "clientId": "1", "text": "hello" })).await;
        assert_eq!(socket.next().await["type"], "ack");
        carol.history(&dave, "").await;
        carol.edit(&dave, 1, "hello").await.expect(200);
        dave.edit(&carol, 1, "hello").await.expect_problem(403, "forbidden");
        bob.call(Method::PUT, &format!("/v1/posts/{post}/like")).await.expect(204);
        bob.get(&format!("/v1/posts/{post}")).await.expect(200);
        bob.get(&format!("/v1/users/{}/posts", alice.id)).await.expect(200);
        alice.get("/v1/feed").await.expect(200);
        bob.get(&format!("/v1/posts/{post}/comments?order=newest")).await.expect(200);
        alice.get(&format!("/v1/posts/{post}/comments/nothing")).await.expect_problem(404, "not-found");
        alice.get("/v1/me").await.expect(200);
        alice.get("/v1/me").header("if-none-match", "\"2\"").await.expect(200);
        alice.get("/v1/users?query=lid&limit=1").await.expect(200);
        alice.get(&format!("/v1/users/{}", alice.id)).await.expect(200);
        alice.get("/v1/users/nobody").await.expect_problem(404, "not-found");
        alice.get("/v1/usernames/alice").await.expect(200);
        alice.get("/v1/sessions").await.expect(200);
        alice.get("/v1/friends").await.expect(200);
        dave.get("/v1/notifications").await.expect(200);
        alice.get("/v1/friend-requests?direction=incoming").await.expect(200);
        alice
            .put("/v1/me/status", json!({ "text": 5, "more": true }))
            .await
            .expect_problem(422, "invalid-input");
        alice
            .call(Method::PATCH, "/v1/me")
            .body("text/plain", "x")
            .await
            .expect_problem(415, "unsupported-media-type");
        kith.post("/v1/users", json!({ "username": "alice" })).await.expect_problem(422, "invalid-input");
        kith.get("/v1/me")
            .header("authorization", "Bearer kith_no")
            .await
            .expect_problem(401, "unauthenticated");
        kith.get("/nowhere").await.expect_problem(404, "not-found");
        kith.call(Method::PUT, "/v1/users").await.expect_problem(405, "method-not-allowed");
        // What nobody has read.
        bob.put("/v1/me/status", json!({ "text": "hello" })).await.expect(204);
        alice.delete(&format!("/v1/posts/{}", alice.write("hello", "friends").await)).await.expect(204);
        kith.stack().drained().await;
        kith.stack().fire("JobsFunction").await;
    };
    let ((), records) = kith.watch(story).await;
    let recorded = exchanges(records).into_iter().chain(exchanges(uploaded));
    let programs = programs(&kith).await;
    let mut answered: BTreeMap<String, usize> = BTreeMap::new();
    for (number, Exchange { function, event, answer }) in recorded.enumerate() {
        // What is answered otherwise each time, or once.
        if ["POST /v1/me/avatar", "POST /v1/posts", "DELETE /v1/posts/"]
            .iter()
            .any(|route| event.contains(route))
        {
            continue;
        }
        let event: Value = serde_json::from_str(&event).unwrap();
        let answer: Value = serde_json::from_str(answer.as_deref().unwrap()).unwrap();
        let outcome = programs[&function].invoke(&number.to_string(), &event).await;
        assert_eq!(outcome.unwrap(), answer, "{function}: {event}");
        // Each step of a job is answered for itself.
        let lines =
            if function == "JobsFunction" { event["Records"].as_array().map_or(1, Vec::len) } else { 1 };
        *answered.entry(function).or_default() += lines;
    }
    assert_eq!(answered.len(), programs.len(), "each was asked: {answered:?}");

    for (id, program) in programs {
        let log = program.stop().await;
        let lines: Vec<Value> = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(|line: &Value| line["message"] == "answered")
            .collect();
        assert_eq!(lines.len(), answered[&id], "{log}");
        assert!(
            lines.iter().all(|line| line["request_id"].is_string() && line["route"].is_string()),
            "{log}"
        );
        for secret in
            ["alice", "example.com", PASSWORD, &alice.token, &alice.id, "127.0.0.1", "X-Amz", "hello"]
        {
            assert!(!log.contains(secret), "{secret} is in the log of {id}: {log}");
        }
    }
}

/// Puts this while the stack's own function can do nothing; answers the event that it could not
/// settle.
async fn unsettled(kith: &Kith, upload: &Upload, bytes: &[u8]) -> Value {
    let mut events = kith.events();
    kith.faults().always(Fault::CrashBefore);
    assert_eq!(upload.put(bytes).await, 200);
    let mut told = Vec::new();
    // It is tried twice more, and given up.
    for _ in 0..3 {
        let record = events.next().await;
        assert_eq!(record.status, 500);
        told.extend(record.exchanges);
    }
    kith.faults().stop();
    serde_json::from_str(&told[0].event).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_that_settles_uploads_makes_pictures_and_refuses_what_is_none() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let program = start(&kith, &template().functions["AvatarsFunction"]).await;
    let photo = photo(900, 1200);
    let upload = alice.ask_to_upload("image/jpeg", photo.len()).await;
    let event = unsettled(&kith, &upload, &photo).await;
    assert_eq!(alice.me().await["avatarUpload"]["status"], "pending");
    assert_eq!(program.invoke("1", &event).await.unwrap(), Value::Null);
    let me = alice.me().await;
    assert_eq!(me["avatarUpload"], Value::Null);
    let url = me["avatar"]["large"].as_str().unwrap();
    let jpeg = kith.client().get(url).send().await.unwrap().bytes().await.unwrap();
    let (seen, dimensions) = corners(&jpeg);
    assert!(seen.iter().zip(CORNERS).all(|(seen, corner)| alike(*seen, corner)), "{seen:?}");
    assert_eq!(dimensions, (512, 512));
    kith.check_pictures(&alice).await;

    let half = &photo[..photo.len() / 2];
    let upload = alice.ask_to_upload("image/jpeg", half.len()).await;
    let event = unsettled(&kith, &upload, half).await;
    assert_eq!(program.invoke("2", &event).await.unwrap(), Value::Null);
    let refused = alice.me().await;
    let failed = json!({ "id": upload.id, "status": "failed", "code": "damaged" });
    assert_eq!((&refused["avatarUpload"], &refused["avatar"]), (&failed, &me["avatar"]));
    kith.check_pictures(&alice).await;

    let log = program.stop().await;
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let outcomes: Vec<_> = lines.filter_map(|line| line["outcome"].as_str().map(str::to_owned)).collect();
    assert_eq!(outcomes, ["accepted", "refused"], "{log}");
    for secret in ["alice", &alice.id, "127.0.0.1", "X-Amz"] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}

#[tokio::test]
async fn what_is_no_event_is_an_error_and_the_next_one_is_answered() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let (_, records) = kith.watch(alice.get("/v1/me").into_future()).await;
    let exchange = exchanges(records).pop().unwrap();
    let mut programs = programs(&kith).await;
    let profiles = programs.remove("ProfilesFunction").unwrap();
    profiles.invoke("1", &json!({ "no": "event" })).await.unwrap_err();
    let answer = profiles.invoke("2", &serde_json::from_str(&exchange.event).unwrap()).await.unwrap();
    assert_eq!(answer["statusCode"], 200);
}

#[tokio::test]
async fn a_program_that_panics_says_so_and_answers_the_next_event() {
    let program = Bootstrap::start(env!("CARGO_BIN_EXE_panicking-under-test"), &BTreeMap::new()).await;
    let error = program.invoke("1", &json!({ "panic": true })).await.unwrap_err();
    assert!(error["errorMessage"].as_str().unwrap().contains("on purpose"), "{error}");
    assert_eq!(program.invoke("2", &json!({ "panic": false })).await.unwrap(), json!("fine"));
}

#[tokio::test]
async fn a_program_whose_storage_is_silent_answers_before_its_deadline() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let (_, records) = kith.watch(alice.get("/v1/me").into_future()).await;
    let exchange = exchanges(records).pop().unwrap();
    // It takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let function = &template().functions["ProfilesFunction"];
    let mut variables = kith.stack().aws().environment(&function.environment).unwrap().variables.0;
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    variables.insert("AWS_ENDPOINT_URL_DYNAMODB".into(), endpoint);
    let profiles = Bootstrap::start(&program("profiles"), &variables).await;
    let event = serde_json::from_str(&exchange.event).unwrap();
    let outcome = tokio::time::timeout(function.timeout, profiles.invoke("1", &event)).await;
    let answer = outcome.expect("it answers before Lambda ends it").unwrap();
    assert_eq!((&answer["statusCode"], &answer["headers"]["retry-after"]), (&json!(503), &json!("1")));
}

#[tokio::test]
async fn a_program_that_lacks_a_variable_says_which_and_does_not_start() {
    let kith = Kith::start().await;
    for (binary, lacking) in [
        ("accounts", "REGISTRATIONS_PER_ADDRESS"),
        ("authorizer", "TABLE_NAME"),
        ("avatars", "MEDIA_BUCKET"),
        ("profiles", "UPLOADS_BUCKET"),
        ("chat", "SOCKET_URL"),
        ("socket", "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"),
        ("profiles", "AWS_REGION"),
    ] {
        let functions = template().functions;
        let function = functions.values().find(|function| function.binary == binary).unwrap();
        let mut variables = kith.stack().aws().environment(&function.environment).unwrap().variables.0;
        variables.remove(lacking);
        let said = Bootstrap::start(&program(binary), &variables).await.wait().await;
        assert!(said.contains(lacking), "{binary}: {said}");
    }
}

/// Prints how long each takes from its start to its first answer, and what memory it has then.
#[tokio::test]
async fn a_program_that_has_just_started_is_small() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let mut socket = alice.connect().await;
    // So that the authorizer is asked again.
    kith.advance(Duration::from_mins(2));
    let story = async {
        socket.send_text("nonsense").await;
        assert_eq!(socket.next().await["type"], "error");
        alice.get("/v1/unread").await.expect(200);
        let post = alice.write("hello", "public").await;
        alice.get("/v1/feed").await.expect(200);
        alice.get(&format!("/v1/posts/{post}/comments")).await.expect(200);
        alice.delete(&format!("/v1/posts/{post}")).await.expect(204);
        kith.stack().drained().await;
        alice.get("/v1/me").await.expect(200);
        alice.get("/v1/sessions").await.expect(200);
        alice.get("/v1/friends").await.expect(200);
        alice.get("/v1/notifications").await.expect(200);
        kith.get("/nowhere").await.expect_problem(404, "not-found");
        alice.upload("image/png", &png([9, 9, 9], 8)).await;
    };
    let ((), records) = kith.watch(story).await;
    let events: BTreeMap<_, _> = exchanges(records)
        .into_iter()
        .filter(|exchange| {
            !["POST /v1/me/avatar", "DELETE /v1/posts"].iter().any(|route| exchange.event.contains(route))
        })
        .map(|exchange| (exchange.function, serde_json::from_str::<Value>(&exchange.event).unwrap()))
        .collect();
    for (id, function) in template().functions {
        let mut times = Vec::new();
        for _ in 0..9 {
            let program = start(&kith, &function).await;
            program.invoke("1", &events[&id]).await.unwrap();
            times.push(program.age());
            let memory = program.memory();
            assert!(memory <= MEMORY, "{id} takes {memory} bytes");
        }
        times.sort();
        println!("{id}: {:?} from its start to its first answer (median of 9)", times[4]);
        assert!(times[4] < Duration::from_secs(5), "{id} takes {times:?} to start");
    }
}
