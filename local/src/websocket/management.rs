//! `@connections`: pushes to connections, what is known of one, and closing it from outside
//! (<https://docs.aws.amazon.com/apigatewaymanagementapi/latest/reference/Welcome.html>).

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::connection::End;
use super::connections::Refused;
use super::limits::MAX_MESSAGE;
use super::{Gateway, reply};

/// The connection that a path is about: `@connections/<id>`, below the stage or not.
pub(super) fn connection_id(path: &str, stage: &str) -> Option<String> {
    let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    let segments: Vec<_> = path.strip_prefix('/')?.split('/').map(decode).collect();
    match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [first, "@connections", id] if *first == stage => Some((*id).to_owned()),
        ["@connections", id] => Some((*id).to_owned()),
        _ => None,
    }
}

impl Gateway {
    /// Answers a call of the management API.
    pub(super) async fn manage(&self, id: &str, request: Request) -> Response {
        let authorization = request.headers().get(AUTHORIZATION).map(http::HeaderValue::as_bytes);
        if !authorization.is_some_and(|value| value.starts_with(b"AWS4-HMAC-SHA256 ")) {
            let text = "Missing Authentication Token";
            return reply::exception(StatusCode::FORBIDDEN, "MissingAuthenticationTokenException", text);
        }
        match *request.method() {
            Method::POST => self.push(id, request.into_body()).await,
            Method::GET => self.describe(id),
            Method::DELETE => self.dismiss(id),
            _ => reply::exception(StatusCode::FORBIDDEN, "ForbiddenException", "Forbidden"),
        }
    }

    async fn push(&self, id: &str, body: Body) -> Response {
        let Ok(bytes) = to_bytes(body, MAX_MESSAGE).await else {
            let text = "Payload Too Large";
            return reply::exception(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", text);
        };
        // Everything is sent as text, so what is none cannot be.
        let Ok(text) = String::from_utf8(bytes.into()) else {
            return reply::exception(StatusCode::BAD_REQUEST, "BadRequestException", "Invalid UTF-8");
        };
        let connection = self.connections.find(id);
        match connection.map_or(Err(Refused::Gone), |connection| connection.push(text)) {
            Ok(()) => reply::json(StatusCode::OK, &json!({})),
            Err(Refused::Gone) => gone(),
            Err(Refused::Full) => {
                let text = "The client reads too slowly";
                reply::exception(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", text)
            }
        }
    }

    fn describe(&self, id: &str) -> Response {
        let Some(connection) = self.connections.find(id) else { return gone() };
        let client = &connection.client;
        let body = json!({
            "connectedAt": client.connected_at,
            "identity": {
                "sourceIp": client.source_ip,
                "userAgent": client.user_agent.as_deref().unwrap_or_default(),
            },
            "lastActiveAt": connection.last_active(),
        });
        reply::json(StatusCode::OK, &body)
    }

    fn dismiss(&self, id: &str) -> Response {
        let Some(connection) = self.connections.remove(id) else { return gone() };
        connection.close(End::DELETED);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        response
    }
}

fn gone() -> Response {
    reply::exception(StatusCode::GONE, "GoneException", "Gone")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_named_by_a_path() {
        let id = Some("L0SM9cOFvHcCIhw=".to_owned());
        for path in ["/dev/@connections/L0SM9cOFvHcCIhw=", "/%40connections/L0SM9cOFvHcCIhw%3D"] {
            assert_eq!(connection_id(path, "dev"), id, "{path}");
        }
        for path in
            ["/dev", "/prod/@connections/a", "/dev/@connections", "/@connections/a/b", "/connections/a"]
        {
            assert_eq!(connection_id(path, "dev"), None, "{path}");
        }
    }
}
