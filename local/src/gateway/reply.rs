//! The answer that comes back from a function, and the gateway's own.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::json;

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// A function's answer in payload format 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Reply {
    /// Reads a function's answer.
    pub(super) fn parse(answer: &str) -> Result<Self, String> {
        let payload: Payload = serde_json::from_str(answer).map_err(|error| error.to_string())?;
        let body = payload.body.unwrap_or_default();
        let body = if payload.is_base64_encoded {
            STANDARD.decode(body).map_err(|error| error.to_string())?
        } else {
            body.into_bytes()
        };
        let status = StatusCode::from_u16(payload.status_code).map_err(|error| error.to_string())?;
        let mut reply = Self { status, headers: HeaderMap::new(), body };
        for (name, value) in payload.headers {
            let name: HeaderName = name.parse().map_err(|_| "a header's name is wrong")?;
            reply.headers.insert(name, value.parse().map_err(|_| "a header's value is wrong")?);
        }
        for cookie in payload.cookies {
            reply.headers.append(SET_COOKIE, cookie.parse().map_err(|_| "a cookie is wrong")?);
        }
        Ok(reply)
    }

    /// The answer on the wire.
    pub(super) fn into_response(self, request_id: &str) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if let Ok(value) = HeaderValue::from_str(request_id) {
            response.headers_mut().insert(HeaderName::from_static("apigw-requestid"), value);
        }
        response
    }
}

/// What API Gateway answers in its own words.
pub(super) fn message(status: StatusCode, text: &str) -> Reply {
    let mut reply =
        Reply { status, headers: HeaderMap::new(), body: json!({ "message": text }).to_string().into() };
    reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}
