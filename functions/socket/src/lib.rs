//! The routes of the WebSocket API: `$connect`, `$disconnect`, and what people send.
//!
//! | module | what is in it |
//! |---|---|
//! | this one | an event of the gateway, and its answer |
//! | `actions` | what people send, and what each is answered |
//! | `reply` | the answers |
//! | [`describe`] | what can be said and heard, for the AsyncAPI document |
//!
//! The gateway asks the authorizer once, when a connection is made, and hands on who that was with
//! every event. Whether their session has ended since is asked here: each event looks for the
//! connection's item, which goes with the session.
//!
//! The answer to an event is sent to its own connection, by the gateway, where the route says so.
//! A message that cannot be understood, or is refused, is answered with an error, and nothing else
//! comes of it: the connection stays.

mod actions;
pub mod describe;
mod reply;

use aws_lambda_events::apigw::{
    ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest, ApiGatewayWebsocketProxyRequestContext,
};
use aws_lambda_events::encodings::Body;
use lambda_runtime::LambdaEvent;
use shared::accounts::{Identity, sockets};
use shared::chat::Chat;
use shared::clock::Timestamp;
use shared::environment::{BadVariable, Environment};
use shared::error::{Error, Result};
use shared::http::caller::{SESSION_ID, USER_ID};
use shared::http::log_failure;
use shared::http::problem::code;
use shared::push::{Caller, Connection, ConnectionId};
use shared::store::Request;

use reply::Reply;

/// The function.
#[derive(Clone, Debug)]
pub struct Socket {
    chat: Chat,
}

impl Socket {
    /// From an environment.
    pub fn new(environment: &Environment) -> std::result::Result<Self, BadVariable> {
        Ok(Self { chat: Chat::new(environment)? })
    }

    /// Opens its connections, so that the first event need not wait for it.
    pub async fn warm_up(&self) {
        self.chat.warm_up().await;
    }

    /// Answers an event as Lambda wants it, with its log line.
    pub async fn handle(
        &self,
        event: LambdaEvent<ApiGatewayWebsocketProxyRequest>,
    ) -> Result<ApiGatewayProxyResponse, lambda_runtime::Error> {
        let request = Request::current_or_start();
        let context = &event.payload.request_context;
        let request_id = context.request_id.as_deref().unwrap_or_default();
        let route = context.route_key.as_deref().unwrap_or_default();
        // All that an event may lead to is much for one future to hold.
        let answer = Box::pin(self.answer(&event.payload, route, request_id));
        let (status, body) = request.scope(answer).await;
        let cost = request.cost();
        tracing::info!(
            target: "kith::request",
            request_id,
            route,
            status,
            calls = cost.calls,
            round_trips = cost.round_trips,
            read_units = cost.read_units,
            write_units = cost.write_units,
            pushes = cost.pushes,
            "answered"
        );
        let mut response = ApiGatewayProxyResponse::default();
        response.status_code = status.into();
        response.body = body.map(Body::Text);
        Ok(response)
    }

    /// The status, which the gateway minds of `$connect` only, and what is sent to the connection.
    async fn answer(
        &self,
        event: &ApiGatewayWebsocketProxyRequest,
        route: &str,
        request_id: &str,
    ) -> (u16, Option<String>) {
        let context = &event.request_context;
        let connection = ConnectionId::new(context.connection_id.clone().unwrap_or_default());
        // Without an authorizer's word there is nobody.
        let Some(identity) = identity(context) else { return (401, None) };
        let Chat { app, pushes, .. } = &self.chat;
        let outcome = match route {
            "$connect" => sockets::connect(app, pushes, identity, connection).await,
            "$disconnect" => sockets::disconnect(app, identity.user, &connection).await,
            action => return self.reply(event, (identity, connection), action, request_id).await,
        };
        let Err(error) = outcome else { return (200, None) };
        log_failure(&error, request_id);
        (status(&error), None)
    }

    /// The same for what somebody sends.
    async fn reply(
        &self,
        event: &ApiGatewayWebsocketProxyRequest,
        (identity, connection): (Identity, ConnectionId),
        action: &str,
        request_id: &str,
    ) -> (u16, Option<String>) {
        let Chat { pushes, .. } = &self.chat;
        let caller = Caller { user: identity.user, connection: Some(&connection) };
        // What is binary is no JSON, however it is encoded.
        let body = event.body.as_deref().filter(|_| !event.is_base64_encoded).unwrap_or_default();
        let error = match actions::take(&self.chat, caller, action, body).await {
            Ok(reply) => return (200, Some(reply.text())),
            Err(error) => error,
        };
        log_failure(&error, request_id);
        let text = Reply::error(&error, body, request_id).text();
        let own = || own_connection(identity, connection.clone(), &event.request_context);
        if matches!(error, Error::Unauthenticated) {
            // The answer would come too late.
            pushes.close(&own(), Some(&text.into())).await;
            return (status(&error), None);
        }
        if action == actions::TYPING {
            pushes.say(own(), text.into()).await;
            return (status(&error), None);
        }
        (status(&error), Some(text))
    }
}

fn status(error: &Error) -> u16 {
    code(error).status_and_title().0.as_u16()
}

/// The connection that an event came through, as the gateway knows it.
fn own_connection(
    identity: Identity,
    connection_id: ConnectionId,
    context: &ApiGatewayWebsocketProxyRequestContext,
) -> Connection {
    let connected_at = Timestamp::from_millis(context.connected_at);
    Connection::new(identity.user, connection_id, identity.session, connected_at)
}

/// Whose connection it is, by the authorizer's word.
fn identity(context: &ApiGatewayWebsocketProxyRequestContext) -> Option<Identity> {
    let text = |name: &str| context.authorizer.fields.get(name)?.as_str();
    Some(Identity { user: text(USER_ID)?.parse().ok()?, session: text(SESSION_ID)?.parse().ok()? })
}
