//! A client connects: the authorizer, `$connect`, the upgrade
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html>).

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{HOST, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderValue, StatusCode};
use serde_json::Value;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use super::authorizer::{Decision, decide};
use super::connection::End;
use super::event::{Client, Moment, Opening, method_arn};
use super::limits::MAX_URL;
use super::messages::{Failure, Proxied};
use super::{Gateway, reply};
use crate::gateway::Record;
use crate::server;
use crate::template::{IdentitySource, SocketAuthorizer};

/// Why a handshake is refused.
struct Refusal(StatusCode, &'static str);

const FORBIDDEN: Refusal = Refusal(StatusCode::FORBIDDEN, "Forbidden");
const INTERNAL: Refusal = Refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error");
const UNAUTHORIZED: Refusal = Refusal(StatusCode::UNAUTHORIZED, "Unauthorized");
const DENIED: &str = "User is not authorized to access this resource";
const EXPLICITLY_DENIED: &str = "User is not authorized to access this resource with an explicit deny";

impl Gateway {
    /// Answers a request that may be to connect.
    pub(super) async fn open(self: Arc<Self>, mut request: Request) -> Response {
        let started = Instant::now();
        let mut record =
            Record { method: "WS".into(), path: request.uri().path().into(), ..Record::default() };
        record.route = "WS $connect".into();
        let (connection_id, request_id) = (self.id(), self.id());
        let opened = self.accept(&mut request, &connection_id, &request_id, &mut record).await;
        record.duration = started.elapsed();
        let response = opened.unwrap_or_else(|Refusal(status, text)| {
            record.status = status.as_u16();
            reply::json(status, &reply::message(text, &connection_id, &request_id))
        });
        self.tell(record);
        response
    }

    async fn accept(
        self: &Arc<Self>,
        request: &mut Request,
        connection_id: &str,
        request_id: &str,
        record: &mut Record,
    ) -> Result<Response, Refusal> {
        let path = request.uri().path();
        if !["", &self.api.stage].contains(&path.trim_matches('/')) {
            return Err(FORBIDDEN);
        }
        if request.uri().path_and_query().is_some_and(|path| path.as_str().len() > MAX_URL) {
            return Err(Refusal(StatusCode::URI_TOO_LONG, "URI Too Long"));
        }
        // It has the answer to the client's key in it, and is sent only once all have agreed.
        let response = create_response_with_body(request, Body::empty);
        let mut response = response.map_err(|_| Refusal(StatusCode::UPGRADE_REQUIRED, "Upgrade Required"))?;
        let opening = Opening::new(request.headers(), request.uri().query().unwrap_or_default());
        let mut client = self.client(&opening, connection_id, server::peer(request));
        let moment = Moment { request_id, now: client.connected_at };
        if let Some(authorizer) = &self.api.authorizer {
            let event = client.authorize(&self.api, &opening, moment);
            let context = self.authorize(authorizer, &opening, (event, request_id), record).await?;
            client.authorizer = Some(context);
        }
        if self.api.routes.contains_key("$connect") {
            let event = client.connect(&self.api, &opening, moment);
            let proxied = self.ask_to_connect((event, request_id), record).await?;
            if let Some(protocol) = proxied.header(SEC_WEBSOCKET_PROTOCOL.as_str()) {
                let protocol = HeaderValue::from_str(protocol).map_err(|_| INTERNAL)?;
                response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
            }
        }
        record.status = if record.status == 0 { StatusCode::OK.as_u16() } else { record.status };
        self.attend(request, client);
        Ok(response)
    }

    fn client(&self, opening: &Opening, connection_id: &str, peer: SocketAddr) -> Client {
        Client {
            connection_id: connection_id.to_owned(),
            connected_at: self.around.clock.now(),
            domain: opening.header(HOST.as_str()).unwrap_or_else(|| "localhost".into()),
            source_ip: peer.ip().to_string(),
            user_agent: opening.user_agent(),
            authorizer: None,
        }
    }

    /// Asks the authorizer, anew for each connection; answers what events say of it.
    async fn authorize(
        &self,
        authorizer: &SocketAuthorizer,
        opening: &Opening,
        (event, request_id): (Value, &str),
        record: &mut Record,
    ) -> Result<serde_json::Map<String, Value>, Refusal> {
        let is_there = |source: &IdentitySource| match source {
            IdentitySource::Header(name) => opening.header(name).is_some_and(|value| !value.is_empty()),
            IdentitySource::Query(name) => {
                opening.query.iter().any(|(known, value)| known == name && !value.is_empty())
            }
        };
        // Then it is not even asked.
        if !authorizer.identity.iter().all(is_there) {
            return Err(UNAUTHORIZED);
        }
        let lambda = self.around.functions.get(&authorizer.function).ok_or(INTERNAL)?;
        let event = event.to_string();
        let invocation = lambda.invoke(event.clone(), request_id).await;
        record.authorizer = Some((authorizer.function.clone(), invocation.cost));
        self.note(record, &authorizer.function, event, &invocation.result);
        let decision = match invocation.result {
            // This very text is how an authorizer says it without a policy.
            Err(error) if error == "Unauthorized" => return Err(UNAUTHORIZED),
            result => result.and_then(|answer| decide(&answer, &method_arn(&self.api))),
        };
        match decision {
            Ok(Decision::Allow(context)) => Ok(context),
            Ok(Decision::Deny) => Err(Refusal(StatusCode::FORBIDDEN, DENIED)),
            Ok(Decision::ExplicitDeny) => Err(Refusal(StatusCode::FORBIDDEN, EXPLICITLY_DENIED)),
            Err(error) => {
                tracing::error!(function = authorizer.function, error, "an authorizer failed");
                Err(INTERNAL)
            }
        }
    }

    /// Runs `$connect`, which can refuse the connection by any status from 300 on.
    async fn ask_to_connect(
        &self,
        (event, request_id): (Value, &str),
        record: &mut Record,
    ) -> Result<Proxied, Refusal> {
        let proxied = self.run("$connect", event, request_id, record).await;
        let proxied = proxied.map_err(|failure| match failure {
            Failure::Failed => Refusal(StatusCode::BAD_GATEWAY, "Internal server error"),
            Failure::TimedOut => Refusal(StatusCode::GATEWAY_TIMEOUT, "Endpoint request timed out"),
        })?;
        match StatusCode::from_u16(proxied.status_code) {
            Ok(status) if status.as_u16() < 300 => Ok(proxied),
            Ok(status) => Err(Refusal(status, status.canonical_reason().unwrap_or_default())),
            Err(_) => Err(Refusal(StatusCode::BAD_GATEWAY, "Internal server error")),
        }
    }

    /// Opens the connection, and sees to it as soon as the client has the answer.
    ///
    /// Others can push to it from now on: had they to wait until the client has the answer, a push
    /// could come too early that happens because of it.
    fn attend(self: &Arc<Self>, request: &mut Request, client: Client) {
        let upgrade = hyper::upgrade::on(request);
        let (connection, queue) = self.connections.open(client);
        let gateway = Arc::clone(self);
        self.spawn(async move {
            if let Ok(upgraded) = upgrade.await {
                gateway.carry(upgraded, &connection, queue).await;
            } else {
                gateway.connections.remove(&connection.client.connection_id);
                gateway.disconnect(&connection, &End::LOST).await;
            }
        });
    }
}
