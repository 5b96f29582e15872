//! What the gateway does of itself.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Fault, Kith};

#[tokio::test]
async fn an_unknown_path_is_not_found_and_a_wrong_method_not_allowed() {
    let kith = Kith::start().await;
    for path in [
        "/",
        "/v1",
        "/v1/nothing",
        "/v1/me/",
        "//v1/me",
        "/V1/me",
        "/v1/users/a/b",
        "/v1/me%2Fstatus%2F",
        "/v1/%6de",
        "/v1/users%2Fx",
    ] {
        kith.get(path).await.expect_problem(404, "not-found");
    }
    for (method, path, allowed) in [
        (Method::DELETE, "/v1/me", "GET, PATCH"),
        (Method::DELETE, "/v1/users", "GET, POST"),
        (Method::PUT, "/v1/sessions", "DELETE, GET, POST"),
        (Method::OPTIONS, "/v1/me", "GET, PATCH"),
        (Method::POST, "/v1/users/01JZZ3W0Q5E8T4C9M2R7B6N1KD", "GET"),
    ] {
        let answer = kith.call(method, path).await;
        answer.expect_problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), allowed);
    }
    assert_eq!(kith.call(Method::HEAD, "/v1/me").await.status, 405);
}

#[tokio::test]
async fn scripts_of_other_origins_may_call() {
    let kith = Kith::start().await;
    let preflight = kith.call(Method::OPTIONS, "/v1/me").header("origin", "https://a.example");
    let preflight = preflight.header("access-control-request-method", "PATCH").await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert_eq!(preflight.header("access-control-allow-methods"), "GET,POST,PUT,PATCH,DELETE");
    let headers = preflight.header("access-control-allow-headers");
    assert_eq!(headers, "authorization,content-type,if-match,if-none-match,idempotency-key");
    let refused = kith.get("/v1/me").header("origin", "https://a.example").await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, "*"));
    let exposed = "etag,location,retry-after,ratelimit,ratelimit-policy";
    assert_eq!(refused.header("access-control-expose-headers"), exposed);
}

#[tokio::test]
async fn where_the_origins_are_named_others_may_not() {
    let kith = Kith::with_parameters(vec![("AllowedOrigins", "https://a.example,https://b.example")]).await;
    let from = async |origin: &str| {
        let answer = kith.get("/v1/me").header("origin", origin).await;
        answer.header("access-control-allow-origin").to_owned()
    };
    assert_eq!(from("https://b.example").await, "https://b.example");
    assert_eq!(from("https://c.example").await, "");
}

#[tokio::test]
async fn a_function_that_crashes_is_a_500_and_the_next_request_is_served() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    alice.get("/v1/me").await.expect(200);
    kith.faults().once_after(0, Fault::CrashBefore);
    assert_eq!(alice.get("/v1/me").await.expect(500), json!({ "message": "Internal Server Error" }));
    alice.get("/v1/me").await.expect(200);
}

#[tokio::test]
async fn headers_have_an_end_and_may_say_anything() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    alice.get("/v1/me").header("x-note", "żółw 🐢").await.expect(200);
    alice
        .get("/v1/me")
        .header("cookie", "a=b; c")
        .header("x-forwarded-proto", "nonsense://")
        .await
        .expect(200);
    let answer = alice.get("/v1/me").header("x-note", &"x".repeat(10_300)).await;
    assert_eq!(answer.expect(431), json!({ "message": "Request Header Fields Too Large" }));
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let kith = Kith::start().await;
    let answer = kith.get("/nowhere").await;
    assert_eq!(answer.json()["requestId"], answer.header("apigw-requestid"));
}

#[tokio::test]
async fn the_reference_is_served_from_the_build() {
    let kith = Kith::start().await;
    let socket = reqwest::get(format!("{}/docs/socket", kith.url())).await.unwrap();
    assert!(socket.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(socket.text().await.unwrap().contains("typing"));
    let frames = reqwest::get(format!("{}/asyncapi.json", kith.url())).await.unwrap();
    let frames: Value = serde_json::from_str(&frames.text().await.unwrap()).unwrap();
    assert_eq!(&frames, kith.contract().frames());
    let page = reqwest::get(format!("{}/docs/", kith.url())).await.unwrap().text().await.unwrap();
    assert!(page.contains("swagger-ui-bundle.js") && !page.contains("//cdn"), "{page}");
    let script = reqwest::get(format!("{}/docs/swagger-ui-bundle.js", kith.url())).await.unwrap();
    assert_eq!(script.status(), 200);
    let document = reqwest::get(format!("{}/openapi.json", kith.url())).await.unwrap().text().await.unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}
