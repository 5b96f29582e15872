//! A request as it arrived, within API Gateway's limits
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).

use std::net::SocketAddr;

use axum::extract::Request;
use bytes::Bytes;
use http::header::HOST;
use http::uri::Authority;
use http::{HeaderMap, Method, StatusCode, Version};
use http_body_util::BodyExt as _;

use super::reply::{Reply, message};

/// The most bytes of request line and headers together.
const MAX_HEAD: usize = 10_240;
/// The most bytes of a body.
const MAX_BODY: usize = 10 * 1024 * 1024;
/// How much of a longer body is read and dropped, so that the client sees the answer.
const MAX_DROPPED: usize = 64 * 1024 * 1024;

/// A request that arrived whole.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) method: Method,
    /// The path as sent, percent-encoded.
    pub(super) path: String,
    /// The query as sent, percent-encoded.
    pub(super) query: String,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) host: String,
    pub(super) body: Bytes,
    pub(super) peer: SocketAddr,
}

impl Received {
    /// Reads a request, or says in API Gateway's words what is wrong with it.
    pub(super) async fn read(request: Request, peer: SocketAddr) -> Result<Self, Reply> {
        let (parts, mut body) = request.into_parts();
        let mut bytes = Vec::new();
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| message(StatusCode::BAD_REQUEST, "Bad Request"))?;
            let Ok(data) = frame.into_data() else { continue };
            length += data.len();
            if length <= MAX_BODY {
                bytes.extend_from_slice(&data);
            } else if length > MAX_DROPPED {
                break;
            }
        }
        if length > MAX_BODY {
            return Err(message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"));
        }
        let line =
            parts.method.as_str().len() + parts.uri.path_and_query().map_or(0, |path| path.as_str().len());
        let headers: usize =
            parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if line + headers > MAX_HEAD {
            return Err(message(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Request Header Fields Too Large",
            ));
        }
        // HTTP/1.0 has no host; anything that is none is refused.
        let host = parts.headers.get(HOST).map_or(Some("localhost"), |host| host.to_str().ok());
        let host = host.filter(|host| {
            host.parse::<Authority>().is_ok_and(|authority| !authority.as_str().contains('@'))
        });
        let Some(host) = host.map(str::to_owned) else {
            return Err(message(StatusCode::BAD_REQUEST, "Bad Request"));
        };
        Ok(Self {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            version: parts.version,
            headers: parts.headers,
            host,
            body: bytes.into(),
            peer,
        })
    }

    /// A header's values joined as API Gateway joins them.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let mut values =
            self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let first = values.next()?.into_owned();
        Some(values.fold(first, |joined, value| format!("{joined},{value}")))
    }
}
