//! What API Gateway says in its own words, over HTTP and to a client that is connected.

use axum::body::Body;
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

/// What API Gateway says when something is wrong with a message or a handshake.
pub(super) fn message(text: &str, connection_id: &str, request_id: &str) -> Value {
    json!({ "message": text, "connectionId": connection_id, "requestId": request_id })
}

/// JSON over HTTP.
pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An error as the SDK reads it.
pub(super) fn exception(status: StatusCode, kind: &'static str, text: &str) -> Response {
    let mut response = json(status, &json!({ "message": text }));
    let name = HeaderName::from_static("x-amzn-errortype");
    response.headers_mut().insert(name, HeaderValue::from_static(kind));
    response
}
