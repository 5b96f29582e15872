//! Bodies and frames with bad intentions, on every route and action that the documents know: a 4xx with
//! a reason, and nothing has changed.

use serde_json::{Value, json};

use crate::harness::world::World;

/// What nobody may say of themselves, or of what they make: what the API shows and the table keeps.
const NOT_THEIRS: [&str; 27] = [
    "id",
    "author",
    "authorId",
    "sender",
    "senderId",
    "recipient",
    "userId",
    "role",
    "isAdmin",
    "status",
    "relation",
    "createdAt",
    "updatedAt",
    "editedAt",
    "deletedAt",
    "expiresAt",
    "passwordHash",
    "generation",
    "version",
    "seq",
    "revision",
    "friendCount",
    "likeCount",
    "writeId",
    "PK",
    "SK",
    "ttl",
];

/// JSON that is well-formed, or nearly, and fits nothing.
fn hostile_values() -> Vec<String> {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    let mut values = vec![nested(50), nested(127), nested(129), nested(20_000), objects(50), objects(10_000)];
    let texts = [
        "\"\\u0000\"",
        "\"a\\u0000b\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\u202Eevil\"",
        "\"\\u0085\"",
        "\"\\x00\"",
        "\"\u{1}\"",
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "0x10",
        "01",
        "-",
        "1.",
        "--1",
        "-123456789012345678901234567890",
        "0.1",
        "{}",
        "{\"S\":\"x\"}",
        "{\"$ne\":null}",
        "[]",
        "[null]",
        "null",
        "true",
        "tru",
        "",
    ];
    values.extend(texts.map(str::to_owned));
    values
}

/// The text of an object with one more member, or another value for one.
fn with_member(object: &Value, name: &str, value: &str) -> String {
    let others = object.as_object().unwrap().iter().filter(|(other, _)| *other != name);
    let members = others.map(|(name, value)| format!("{}:{value}", json!(name)));
    let members: Vec<_> = members.chain([format!("{}:{value}", json!(name))]).collect();
    format!("{{{}}}", members.join(","))
}

#[tokio::test]
async fn nobody_says_what_is_not_theirs_to_say() {
    let world = World::new().await;
    let before = world.snapshot().await;
    let mut tried = 0;
    for operation in world.operations() {
        let Some(body) = &operation.body else { continue };
        let path = world.path_of_alices(&operation);
        for name in NOT_THEIRS.into_iter().filter(|name| body.get(name).is_none()) {
            for value in [json!("x"), json!(1), json!({ "a": [null] })] {
                let mut body = body.clone();
                body[name] = value;
                let problem =
                    operation.by(&world.alice, &path).json(body).await.expect_problem(422, "invalid-input");
                let refused = json!([{ "pointer": format!("/{name}"), "detail": "is not known here" }]);
                assert_eq!(problem["errors"], refused, "{} {name}", operation.id);
                tried += 1;
            }
        }
    }
    assert!(tried > 1000, "{tried}");
    assert!(world.snapshot().await == before, "something has changed");
}

#[tokio::test]
async fn an_object_with_two_members_of_one_name_is_malformed() {
    let world = World::new().await;
    let before = world.snapshot().await;
    for operation in world.operations() {
        let Some(body) = &operation.body else { continue };
        let path = world.path_of_alices(&operation);
        let text = body.to_string();
        for (name, value) in body.as_object().unwrap() {
            for other in [value, &json!("x"), &json!(null)] {
                let twice = format!("{},{}:{other}}}", text.strip_suffix('}').unwrap(), json!(name));
                // The same name, spelt with an escape.
                let escaped = twice.replacen(
                    &json!(name).to_string(),
                    &format!("\"\\u{:04x}{}\"", name.as_bytes()[0], &name[1..]),
                    1,
                );
                for text in [twice, escaped] {
                    let call = operation.by(&world.alice, &path).body("application/json", text);
                    call.await.expect_problem(400, "malformed-json");
                }
            }
        }
    }
    assert!(world.snapshot().await == before, "something has changed");
}

#[tokio::test]
async fn hostile_values_are_refused_wherever_they_stand() {
    let world = World::new().await;
    let before = world.snapshot().await;
    for operation in world.operations() {
        let Some(body) = &operation.body else { continue };
        let path = world.path_of_alices(&operation);
        // What is tried to sign in with may be anything, and is counted.
        let names = body.as_object().unwrap().keys();
        let names = names.filter(|name| !["login", "currentPassword"].contains(&name.as_str()));
        for name in names.filter(|name| operation.id != "signIn" || *name != "password") {
            for value in hostile_values() {
                let text = with_member(body, name, &value);
                let answer = operation.by(&world.alice, &path).body("application/json", text).await;
                let what = format!("{} {name}: {:.40}: {answer:?}", operation.id, value);
                assert!([400, 422].contains(&answer.status), "{what}");
                let detail = &answer.json()["detail"];
                assert!(
                    detail.as_str().is_some_and(|detail| !detail.is_empty() && detail.len() < 2000),
                    "{what}"
                );
            }
        }
        for content_type in
            ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonp"]
        {
            let call = operation.by(&world.alice, &path).body(content_type, body.to_string());
            call.await.expect_problem(415, "unsupported-media-type");
        }
    }
    assert!(world.snapshot().await == before, "something has changed");
}

#[tokio::test]
async fn frames_are_read_as_strictly_as_bodies() {
    let world = World::new().await;
    let mut socket = world.alice.connect().await;
    let before = world.snapshot().await;
    let messages = world.kith.contract().frames()["components"]["messages"].as_object().unwrap().clone();
    for (_, message) in messages.iter().filter(|(key, _)| key.ends_with("Action")) {
        let frame = &message["examples"][0]["payload"];
        let text = frame.to_string();
        let open = text.strip_suffix('}').unwrap();
        let more = NOT_THEIRS.into_iter().filter(|name| frame.get(name).is_none());
        let mut hostile: Vec<_> =
            more.map(|name| (format!("{open},\"{name}\":1}}"), "invalid-input")).collect();
        let members = frame.as_object().unwrap();
        hostile.extend(
            members
                .iter()
                .map(|(name, value)| (format!("{open},{}:{value}}}", json!(name)), "malformed-json")),
        );
        for name in members.keys().filter(|name| *name != "action") {
            let bad = hostile_values().into_iter().filter(|value| value.len() < 1000);
            hostile.extend(bad.map(|value| (with_member(frame, name, &value), "")));
        }
        for (text, code) in hostile {
            socket.send_text(&text).await;
            let heard = socket.next().await;
            assert_eq!(heard["type"], "error", "{text}: {heard}");
            let told = heard["problem"]["code"].as_str().unwrap();
            assert!(
                told == code || code.is_empty() && ["invalid-input", "malformed-json"].contains(&told),
                "{text}: {heard}"
            );
        }
    }
    socket.send(&json!({ "action": "ping" })).await;
    assert_eq!(socket.next().await["type"], "pong");
    assert!(world.snapshot().await == before, "something has changed");
}
