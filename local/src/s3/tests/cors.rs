//! What pages of other origins may do.

use reqwest::{Method, Response};

use super::*;

async fn preflight(app: &Fixture, bucket: &str, origin: &str, method: &str, headers: &str) -> Response {
    let url = format!("{}/{bucket}/uploads/a.png", app.s3.endpoint());
    let request = app.http.request(Method::OPTIONS, url).header("origin", origin);
    let request = request.header("access-control-request-method", method);
    request.header("access-control-request-headers", headers).send().await.unwrap()
}

#[tokio::test]
async fn a_preflight_that_a_rule_matches_is_allowed() {
    let app = start().await;
    let response = preflight(&app, MEDIA, ORIGIN, "PUT", "Content-Type, x-amz-meta-a").await;
    assert_eq!(response.status(), 200);
    let header = |name| response.headers().get(name).map(|value: &http::HeaderValue| value.to_str().unwrap());
    assert_eq!(header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(header("access-control-allow-methods"), Some("PUT, GET"));
    assert_eq!(header("access-control-allow-headers"), Some("content-type, x-amz-meta-a"));
    assert_eq!(header("access-control-max-age"), Some("600"));
    assert_eq!(header("access-control-expose-headers"), Some("ETag"));
    assert!(header("vary").unwrap().contains("Origin"));
    assert!(header("x-amz-request-id").is_some());
    let preview = preflight(&app, MEDIA, "https://pr-7.preview.example", "GET", "").await;
    assert_eq!(preview.status(), 200);
}

#[tokio::test]
async fn a_preflight_that_no_rule_matches_is_refused() {
    let app = start().await;
    for (bucket, origin, method, headers) in [
        (MEDIA, "https://evil.example", "PUT", "content-type"),
        (MEDIA, "null", "PUT", "content-type"),
        (MEDIA, ORIGIN, "DELETE", "content-type"),
        (MEDIA, ORIGIN, "PUT", "content-type, authorization"),
        (PLAIN, ORIGIN, "PUT", "content-type"),
        ("nowhere", ORIGIN, "PUT", "content-type"),
    ] {
        let response = preflight(&app, bucket, origin, method, headers).await;
        assert_eq!(response.status(), 403, "{bucket} {origin} {method} {headers}");
        assert!(response.headers().get("access-control-allow-origin").is_none());
    }
    let url = format!("{}/{MEDIA}/a", app.s3.endpoint());
    let no_preflight = app.http.request(Method::OPTIONS, url).send().await.unwrap();
    assert_eq!(no_preflight.status(), 400);
}

#[tokio::test]
async fn a_page_may_read_an_answer_even_a_refusal() {
    let app = start().await;
    let url = app.presigned_put("uploads/a.png", 0).await.uri().to_owned();
    let put = |origin: &'static str, content_type: &'static str| {
        app.http.put(&url).header("origin", origin).header("content-type", content_type).body("12345").send()
    };
    for (content_type, status) in [("image/png", 200), ("text/html", 403)] {
        let response = put(ORIGIN, content_type).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["access-control-allow-origin"], ORIGIN);
        assert_eq!(response.headers()["access-control-expose-headers"], "ETag");
    }
    let stranger = put("https://evil.example", "image/png").await.unwrap();
    assert_eq!(stranger.status(), 200);
    assert!(stranger.headers().get("access-control-allow-origin").is_none());
}
