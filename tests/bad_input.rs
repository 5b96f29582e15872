//! Bad input: a 4xx problem with a reason, and nothing happens.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Call, Kith, PASSWORD, Person};

/// A request that there is not; the body is looked at first.
const REQUEST: &str = "/v1/friend-requests/01JZZ3W0Q5E8T4C9M2R7B6N1KD-01JZZ3W1B6F9V5D0N3S8C7P2ME";

/// A post and a comment that there are not.
const POST: &str = "/v1/posts/01JZZ3W0Q5E8T4C9M2R7B6N1KD-01JZZ3W1B6F9V5D0N3S8C7P2ME";
const COMMENTS: &str = "/v1/posts/01JZZ3W0Q5E8T4C9M2R7B6N1KD-01JZZ3W1B6F9V5D0N3S8C7P2ME/comments";
const COMMENT: &str =
    "/v1/posts/01JZZ3W0Q5E8T4C9M2R7B6N1KD-01JZZ3W1B6F9V5D0N3S8C7P2ME/comments/01JZZ42A9C4E6G8J0M2P4R6T8W";

/// A conversation and a message that there are not.
const MESSAGE: &str = "/v1/conversations/01JZZ3W0Q5E8T4C9M2R7B6N1KD-01JZZ3W1B6F9V5D0N3S8C7P2ME/messages/1";
const MARKER: &str = "/v1/conversations/01JZZ3W0Q5E8T4C9M2R7B6N1KD-01JZZ3W1B6F9V5D0N3S8C7P2ME/read";

/// Every route that takes a body, and a body that it would take.
fn routes() -> [(Method, &'static str, Value); 16] {
    let registration =
        json!({ "username": "carol", "email": "carol@example.com", "password": PASSWORD, "name": "Carol" });
    [
        (Method::POST, "/v1/users", registration),
        (Method::POST, "/v1/sessions", json!({ "login": "alice", "password": PASSWORD, "device": "phone" })),
        (Method::PUT, "/v1/me/password", json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD })),
        (Method::PATCH, "/v1/me", json!({ "username": "alice", "name": "A", "bio": "b", "location": "c" })),
        (Method::PUT, "/v1/me/status", json!({ "text": "x" })),
        (Method::POST, "/v1/me/avatar", json!({ "contentType": "image/png", "contentLength": 10 })),
        (Method::POST, "/v1/friend-requests", json!({ "to": "01JZZ3W0Q5E8T4C9M2R7B6N1KD" })),
        (Method::PATCH, REQUEST, json!({ "status": "accepted" })),
        (Method::POST, "/v1/posts", json!({ "text": "x", "visibility": "private" })),
        (Method::PATCH, POST, json!({ "text": "x", "visibility": "private" })),
        (Method::POST, COMMENTS, json!({ "text": "x" })),
        (Method::PATCH, COMMENT, json!({ "text": "x" })),
        (
            Method::POST,
            "/v1/messages",
            json!({ "to": "01JZZ3W0Q5E8T4C9M2R7B6N1KD", "clientId": "1", "text": "x" }),
        ),
        (Method::PATCH, MESSAGE, json!({ "text": "x" })),
        (Method::PUT, MARKER, json!({ "seq": 1 })),
        (Method::PUT, "/v1/notifications/seen", json!({ "upTo": "01JZZ3W0Q5E8T4C9M2R7B6N1KD" })),
    ]
}

fn raw(alice: &Person, method: &Method, path: &str, body: impl Into<Vec<u8>>) -> Call {
    alice.call(method.clone(), path).body("application/json", body)
}

#[tokio::test]
async fn the_routes_here_are_all_that_take_a_body() {
    let kith = Kith::start().await;
    let with_body = kith.contract().routes().into_iter().filter(|(method, path)| {
        kith.contract().operation(method, path).unwrap().get("requestBody").is_some()
    });
    let mut expected: Vec<_> = with_body.map(|(method, path)| (path, method.to_string())).collect();
    let general = |path: &'static str| match path {
        REQUEST => "/v1/friend-requests/{requestId}".to_owned(),
        POST => "/v1/posts/{postId}".to_owned(),
        COMMENTS => "/v1/posts/{postId}/comments".to_owned(),
        COMMENT => "/v1/posts/{postId}/comments/{commentId}".to_owned(),
        MESSAGE => "/v1/conversations/{conversationId}/messages/{seq}".to_owned(),
        MARKER => "/v1/conversations/{conversationId}/read".to_owned(),
        path => path.to_owned(),
    };
    let mut tested: Vec<_> = routes().map(|(method, path, _)| (general(path), method.to_string())).to_vec();
    expected.sort();
    tested.sort();
    assert_eq!(tested, expected);
}

#[tokio::test]
async fn what_is_not_json_is_malformed() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for (method, path, body) in routes() {
        let name = body.as_object().unwrap().keys().next().unwrap().clone();
        let member = |value: &str| format!("{{\"{name}\":{value}}}").into_bytes();
        let mut bad_utf8 = member("\"x\"");
        bad_utf8.insert(bad_utf8.len() - 3, 0xff);
        let cases = [
            Vec::new(),
            b"{".to_vec(),
            b"nonsense".to_vec(),
            b"{} {}".to_vec(),
            b"\xef\xbb\xbf{}".to_vec(),
            "[".repeat(60_000).into_bytes(),
            format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)).into_bytes(),
            format!("{{\"{name}\":\"a\",\"{name}\":\"b\"}}").into_bytes(),
            member("1e999"),
            member("\"\\ud800\""),
            member("\"\\ud800\\u0041\""),
            member("\"a\0b\""),
            bad_utf8,
        ];
        for case in cases {
            let problem =
                raw(&alice, &method, path, case.clone()).await.expect_problem(400, "malformed-json");
            assert!(!problem["detail"].as_str().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn values_that_break_their_rules_are_named() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for (method, path, body) in routes() {
        for name in body.as_object().unwrap().keys() {
            let pointer = format!("/{name}");
            let mut bad = vec![
                json!(null),
                // Seven bytes are a length, and the seventh is a message.
                match name.as_str() {
                    "contentLength" => json!(0),
                    "seq" => json!(1.5),
                    _ => json!(7),
                },
                json!(-1e30),
                json!(true),
                json!([]),
                json!({}),
                json!({ "x": 1 }),
            ];
            if !name.to_lowercase().contains("password") && name != "login" {
                bad.extend([json!("a\u{0}b"), json!("a\u{202e}b"), json!("x".repeat(6000))]);
            }
            for value in bad {
                let mut wrong = body.clone();
                wrong[name] = value.clone();
                let problem =
                    alice.call(method.clone(), path).json(wrong).await.expect_problem(422, "invalid-input");
                assert_eq!(problem["errors"][0]["pointer"], pointer, "{value}");
            }
        }
        for not_an_object in [json!([]), json!("x"), json!(1), json!(null)] {
            let problem = alice
                .call(method.clone(), path)
                .json(not_an_object)
                .await
                .expect_problem(422, "invalid-input");
            assert_eq!(problem["errors"][0]["pointer"], "");
        }
    }
    alice.sign_in().await;
    assert_eq!(alice.get("/v1/me").await.expect(200)["version"], 1);
}

#[tokio::test]
async fn unknown_members_are_refused_whatever_they_are_called() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let names = [
        "id",
        "userId",
        "version",
        "relation",
        "friendCount",
        "createdAt",
        "passwordHash",
        "generation",
        "PK",
        "SK",
        "ttl",
        "a/b~c",
        "__proto__",
        "",
    ];
    for (method, path, body) in routes() {
        for name in names {
            let mut wrong = body.clone();
            wrong[name] = json!("x");
            let problem =
                alice.call(method.clone(), path).json(wrong).await.expect_problem(422, "invalid-input");
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            assert_eq!(problem["errors"], json!([{ "pointer": pointer, "detail": "is not known here" }]));
        }
    }
    assert_eq!(alice.get("/v1/me").await.expect(200)["version"], 1);
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let kith = Kith::start().await;
    let body = json!({ "username": "a b", "email": "nobody", "name": 1, "admin": true });
    let problem = kith.post("/v1/users", body).await.expect_problem(422, "invalid-input");
    let pointers: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["/username", "/email", "/password", "/name", "/admin"]);
}

#[tokio::test]
async fn lengths_are_counted_in_characters_as_sent() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for (member, max) in [("name", 64), ("bio", 500), ("location", 100)] {
        alice.patch("/v1/me", json!({ member: "🐇".repeat(max) })).await.expect(200);
        alice
            .patch("/v1/me", json!({ member: format!(" {}", "x".repeat(max)) }))
            .await
            .expect_problem(422, "invalid-input");
    }
    alice.put("/v1/me/status", json!({ "text": "é".repeat(140) })).await.expect(204);
    alice
        .put("/v1/me/status", json!({ "text": "e\u{301}".repeat(71) }))
        .await
        .expect_problem(422, "invalid-input");
}

#[tokio::test]
async fn only_json_is_taken() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for (method, path, body) in routes() {
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "multipart/form-data; boundary=x",
            "",
        ] {
            let call = alice.call(method.clone(), path).body(content_type, body.to_string());
            call.await.expect_problem(415, "unsupported-media-type");
        }
    }
    let call = alice.call(Method::PATCH, "/v1/me").body("Application/JSON; charset=UTF-8", r#"{"bio":"b"}"#);
    call.await.expect(200);
}

#[tokio::test]
async fn a_body_has_an_end() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    for (method, path, _) in routes() {
        for length in [64 * 1024 + 1, 1_000_000, 10_000_000] {
            raw(&alice, &method, path, vec![b'x'; length]).await.expect_problem(413, "body-too-large");
        }
        // Beyond what API Gateway itself takes, the words are its own.
        let answer = raw(&alice, &method, path, vec![b'x'; 11 * 1024 * 1024]).await;
        assert_eq!(answer.expect(413), json!({ "message": "Request Entity Too Large" }));
    }
    let spaces = " ".repeat(64 * 1024 - 2);
    raw(&alice, &Method::PATCH, "/v1/me", format!("{{{spaces}}}")).await.expect(200);
}

#[tokio::test]
async fn limits_and_cursors_are_checked() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let list = async |query: &str| alice.get(&format!("/v1/sessions?{query}")).await;
    for outside in ["limit=0", "limit=101", "limit=-1", "limit=99999999999999999999"] {
        list(outside).await.expect_problem(422, "invalid-input");
    }
    for unreadable in ["limit=x", "limit=", "limit=1.5", "limit=1&limit=2", "cursor=a&cursor=b"] {
        list(unreadable).await.expect_problem(400, "invalid-query");
    }
    for foreign in ["cursor=", "cursor=x", "cursor=%00", "cursor=AAAAAAAAAAAAAAAA", "cursor=%F0%9F%90%87"] {
        list(foreign).await.expect_problem(400, "invalid-cursor");
    }
    list("limit=100&unknown=ignored").await.expect(200);
}
