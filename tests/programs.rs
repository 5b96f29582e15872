//! The functions' own programs, started as Lambda starts them: their `main.rs`, their
//! environment, the runtime's loop, their logs.

use std::path::Path;

use local::clock::ShiftedClock;
use local::dynamodb::{self, Embedded};
use local::template::Template;
use serde_json::{Value, json};

use crate::harness::{Bootstrap, PASSWORD};

const ACCOUNTS: &str = env!("CARGO_BIN_EXE_accounts-under-test");
const AUTHORIZER: &str = env!("CARGO_BIN_EXE_authorizer-under-test");
const FALLBACK: &str = env!("CARGO_BIN_EXE_fallback-under-test");
const PROFILES: &str = env!("CARGO_BIN_EXE_profiles-under-test");

/// An event of an HTTP API, payload format 2.0.
fn event(route: &str, body: Option<&Value>, identity: Option<&Value>) -> Value {
    let (method, path) = route.split_once(' ').unwrap_or(("GET", "/nowhere"));
    json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "content-type": "application/json", "host": "api.example.com", "user-agent": "test" },
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "api",
            "authorizer": identity.map(|identity| json!({ "lambda": identity })),
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test" },
            "requestId": "gateway-request",
            "routeKey": route,
            "stage": "$default",
            "time": "04/May/2026:09:30:00 +0000",
            "timeEpoch": 1_777_887_000_000_i64,
        },
        "body": body.map(Value::to_string),
        "isBase64Encoded": false,
    })
}

/// The status and the body of an HTTP function's answer.
fn answer(outcome: Result<Value, Value>) -> (u64, Value) {
    let answer = outcome.unwrap();
    let body = answer["body"].as_str().map_or(Value::Null, |body| serde_json::from_str(body).unwrap());
    (answer["statusCode"].as_u64().unwrap(), body)
}

/// A store with the template's table.
async fn storage() -> Embedded {
    let storage = Embedded::start(None, ShiftedClock::default()).await.unwrap();
    let client = aws_sdk_dynamodb::Client::new(&local::stack::sdk(&storage.endpoint(), None));
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml"));
    let template = Template::read(path, &[("Stage", "dev"), ("AllowedOrigins", "*")]).unwrap();
    for table in template.tables.values() {
        dynamodb::create(&client, table).await.unwrap();
    }
    storage
}

#[tokio::test]
async fn each_program_answers_events_and_logs_nothing_personal() {
    let storage = storage().await;
    let endpoint = storage.endpoint();
    let variables = [
        ("TABLE_NAME", "kith-Table"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &endpoint),
        ("LOG_LEVEL", "DEBUG"),
        ("REGISTRATIONS_PER_ADDRESS", "10"),
        ("SIGN_INS_PER_ADDRESS", "10"),
    ];
    let accounts = Bootstrap::start(ACCOUNTS, &variables).await;
    let registration = json!({ "username": "alice", "email": "alice@example.com", "password": PASSWORD });
    let (status, made) =
        answer(accounts.invoke("1", &event("POST /v1/users", Some(&registration), None)).await);
    assert_eq!(status, 201, "{made}");
    let (status, problem) =
        answer(accounts.invoke("2", &event("POST /v1/users", Some(&registration), None)).await);
    assert_eq!((status, &problem["requestId"]), (409, &json!("gateway-request")));

    let token = made["session"]["token"].as_str().unwrap();
    let authorizer = Bootstrap::start(AUTHORIZER, &variables).await;
    let mut question = event("GET /v1/me", None, None);
    question["type"] = json!("REQUEST");
    question["identitySource"] = json!([format!("Bearer {token}")]);
    let verdict = authorizer.invoke("3", &question).await.unwrap();
    let identity = json!({ "userId": made["user"]["id"], "sessionId": made["session"]["id"] });
    assert_eq!(verdict, json!({ "isAuthorized": true, "context": identity }));

    let profiles = Bootstrap::start(PROFILES, &variables).await;
    let (status, me) = answer(profiles.invoke("4", &event("GET /v1/me", None, Some(&identity))).await);
    assert_eq!((status, &me), (200, &made["user"]));
    let (status, _) = answer(profiles.invoke("5", &event("GET /v1/me", None, None)).await);
    assert_eq!(status, 401);
    // What is no event at all is an error, and the next one is answered.
    profiles.invoke("6", &json!({ "no": "event" })).await.unwrap_err();
    let (status, _) = answer(profiles.invoke("7", &event("GET /v1/me", None, Some(&identity))).await);
    assert_eq!(status, 200);

    let fallback = Bootstrap::start(FALLBACK, &[]).await;
    let (status, _) = answer(fallback.invoke("8", &event("$default", None, None)).await);
    assert_eq!(status, 404);

    for (program, lines) in [(accounts, 2), (authorizer, 1), (profiles, 3), (fallback, 1)] {
        let log = program.stop().await;
        let answered: Vec<Value> = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .filter(|line: &Value| line["message"] == "answered")
            .collect();
        assert_eq!(answered.len(), lines, "{log}");
        assert!(
            answered.iter().all(|line| line["request_id"] == "gateway-request" && line["route"].is_string()),
            "{log}"
        );
        for secret in ["alice", "example.com", PASSWORD, token, "192.0.2.1", "argon2"] {
            assert!(!log.contains(secret), "{secret} is in the log: {log}");
        }
    }
}

#[tokio::test]
async fn a_program_that_lacks_a_variable_says_which_and_does_not_start() {
    let accounts =
        Bootstrap::start(ACCOUNTS, &[("TABLE_NAME", "kith-Table"), ("REGISTRATIONS_PER_ADDRESS", "x")]).await;
    let said = accounts.wait().await;
    assert!(said.contains("REGISTRATIONS_PER_ADDRESS"), "{said}");
}
