//! Uploads with a presigned URL: exactly what was signed, or nothing.

use reqwest::{Method, RequestBuilder, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

const KEY: &str = "uploads/me.png";

fn upload(
    app: &Fixture,
    method: Method,
    url: &str,
    content_type: &str,
    body: &'static str,
) -> RequestBuilder {
    app.http.request(method, url).header("content-type", content_type).body(body)
}

/// A URL with another value for one of its parameters.
fn with(url: &str, name: &str, value: &str) -> String {
    let (start, rest) = url.split_once(&format!("{name}=")).unwrap();
    let (_, end) = rest.split_once('&').unwrap_or((rest, ""));
    format!("{start}{name}={value}{}{end}", if end.is_empty() { "" } else { "&" })
}

#[tokio::test]
async fn the_right_upload_is_taken() {
    let mut app = start().await;
    let request = app.presigned_put(KEY, 0).await;
    assert!(request.uri().starts_with(&format!("{}/{MEDIA}/uploads/", app.s3.endpoint())), "path style");
    let mut signed: Vec<_> = request.headers().collect();
    signed.sort_unstable();
    assert_eq!(signed, [("content-length", "5"), ("content-type", "image/png")]);
    let response = upload(&app, Method::PUT, request.uri(), "image/png", "12345").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(app.get(MEDIA, KEY).await.unwrap(), b"12345");
    assert!(app.notification().await.is_some());
}

#[tokio::test]
async fn whatever_differs_from_what_was_signed_is_refused() {
    let mut app = start().await;
    let url = app.presigned_put(KEY, 0).await.uri().to_owned();
    let expired = app.presigned_put(KEY, -6).await.uri().to_owned();
    let early = app.presigned_put(KEY, 20).await.uri().to_owned();
    let signature = "0".repeat(64);
    let (put, png, body) = (Method::PUT, "image/png", "12345");
    let missing_type = app.http.put(&url).body(body);
    let meta = upload(&app, put.clone(), &url, png, body).header("x-amz-meta-a", "b");
    let acl = upload(&app, put.clone(), &url, png, body).header("x-amz-acl", "public-read");
    let md5 = format!("{url}&partNumber=1&uploadId=u");
    let cases = [
        ("shorter", upload(&app, put.clone(), &url, png, "1234")),
        ("longer", upload(&app, put.clone(), &url, png, "123456")),
        ("empty", upload(&app, put.clone(), &url, png, "")),
        ("another type", upload(&app, put.clone(), &url, "text/html", body)),
        ("no type", missing_type),
        ("another key", upload(&app, put.clone(), &url.replace("me.png", "you.png"), png, body)),
        ("another bucket", upload(&app, put.clone(), &url.replace("/media/", "/plain/"), png, body)),
        ("get", upload(&app, Method::GET, &url, png, body)),
        ("head", upload(&app, Method::HEAD, &url, png, body)),
        ("delete", upload(&app, Method::DELETE, &url, png, body)),
        ("post", upload(&app, Method::POST, &url, png, body)),
        ("signature", upload(&app, put.clone(), &with(&url, "X-Amz-Signature", &signature), png, body)),
        ("no signature", upload(&app, put.clone(), &with(&url, "X-Amz-Signature", ""), png, body)),
        (
            "cut signature",
            upload(&app, put.clone(), &url[..url.rfind("X-Amz-Signature").unwrap() + 30], png, body),
        ),
        ("expiry", upload(&app, put.clone(), &with(&url, "X-Amz-Expires", "3000"), png, body)),
        ("date", upload(&app, put.clone(), &with(&url, "X-Amz-Date", "20990101T000000Z"), png, body)),
        ("fewer headers", upload(&app, put.clone(), &with(&url, "X-Amz-SignedHeaders", "host"), png, body)),
        ("another user", upload(&app, put.clone(), &url.replace("AKID", "OTHER"), png, body)),
        ("another region", upload(&app, put.clone(), &url.replace("us-east-1", "eu-west-1"), png, body)),
        ("another operation", upload(&app, put.clone(), &md5, png, body)),
        ("unsigned metadata", meta),
        ("unsigned acl", acl),
        ("expired", upload(&app, put.clone(), &expired, png, body)),
        ("too early", upload(&app, put.clone(), &early, png, body)),
    ];
    for (case, request) in cases {
        let response = request.send().await.unwrap();
        let status = response.status();
        assert_eq!(status, StatusCode::FORBIDDEN, "{case}: {}", response.text().await.unwrap());
    }
    for bucket in [MEDIA, PLAIN] {
        let list = app.client.list_objects_v2().bucket(bucket).send().await.unwrap();
        assert_eq!(list.key_count(), Some(0));
    }
    assert!(app.notification().await.is_none());
}

#[tokio::test]
async fn what_s3_calls_malformed_is_a_400() {
    let app = start().await;
    let url = app.presigned_put(KEY, 0).await.uri().to_owned();
    for (name, value) in [
        ("X-Amz-Algorithm", "AWS4-ECDSA-P256-SHA256"),
        ("X-Amz-Date", "today"),
        ("X-Amz-Expires", "soon"),
        ("X-Amz-Credential", "AKID%2F20260101%2Fus-east-1%2Fiam%2Faws4_request"),
    ] {
        let url = with(&url, name, value);
        let response = upload(&app, Method::PUT, &url, "image/png", "12345").send().await.unwrap();
        assert_eq!(response.status(), 400, "{name}");
        assert!(response.text().await.unwrap().contains("AuthorizationQueryParametersError"), "{name}");
    }
    assert_eq!(app.get(MEDIA, KEY).await, None);
}

#[tokio::test]
async fn a_url_lasts_as_long_by_a_clock_that_is_put_forward() {
    let app = start().await;
    let url = app.presigned_put(KEY, 0).await.uri().to_owned();
    app.ahead.store(6 * 60 * 1000, Ordering::SeqCst);
    let late = upload(&app, Method::PUT, &url, "image/png", "12345").send().await.unwrap();
    assert_eq!(late.status(), 403);
    assert!(late.text().await.unwrap().contains("Request has expired"));
    // A day ahead, and signed by that clock.
    app.ahead.store(24 * 60 * 60 * 1000, Ordering::SeqCst);
    let url = app.presigned_put(KEY, 24 * 60).await.uri().to_owned();
    let on_time = upload(&app, Method::PUT, &url, "image/png", "12345").send().await.unwrap();
    assert_eq!(on_time.status(), 200);
}

#[tokio::test]
async fn a_large_upload_that_is_refused_reads_why() {
    let app = start().await;
    let url = app.presigned_put(KEY, 0).await.uri().to_owned();
    let put = app.http.put(&url).header("content-type", "image/png").body(vec![0; 30 << 20]);
    assert_eq!(put.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_chunked_transfer_does_not_get_round_the_signed_length() {
    let app = start().await;
    let url = app.presigned_put(KEY, 0).await.uri().to_owned();
    let path = url.strip_prefix(&app.s3.endpoint()).unwrap();
    let address = app.s3.address();
    for length in ["content-length: 5\r\ntransfer-encoding: chunked\r\n", "transfer-encoding: chunked\r\n"] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!(
            "PUT {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: image/png\r\n{length}connection: close\r\n\r\n\
             6\r\n123456\r\n0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 40"), "{answer}");
    }
    assert_eq!(app.get(MEDIA, KEY).await, None);
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let mut app = start().await;
    let url = app.presigned_put(KEY, 0).await.uri().to_owned();
    let path = url.strip_prefix(&app.s3.endpoint()).unwrap();
    let address = app.s3.address();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: image/png\r\ncontent-length: 5\r\n\r\n123"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    drop(stream);
    assert!(app.notification().await.is_none());
    assert_eq!(app.get(MEDIA, KEY).await, None);
}
