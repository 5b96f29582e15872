//! The gateways' Lambda authorizer: who does a session token, or a ticket, belong to?
//!
//! The HTTP API's gateway asks it for every route that needs somebody signed in, and remembers the
//! answer for a token for 60 seconds (`ReauthorizeEvery` in template.yaml), which bounds how
//! long a token outlives its session.
//!
//! A token that opens nothing is let through without an identity, and the handler answers a
//! proper 401 problem: what the gateway itself would answer is a bare 403. When storage fails
//! this fails, and the gateway answers 500: "not signed in" would be a lie that the gateway
//! would remember.
//!
//! The WebSocket API's gateway asks it for every connection, with a ticket, and remembers nothing: a
//! ticket is good for one. One that opens nothing is let through in the same way, and `$connect`
//! answers 401. (An authorizer can say so itself, but only by failing, and what anybody can make fail
//! as often as they like is no sign of trouble.)

use std::collections::HashMap;
use std::time::Duration;

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerPolicy, ApiGatewayCustomAuthorizerRequestTypeRequest,
    ApiGatewayCustomAuthorizerResponse, ApiGatewayV2CustomAuthorizerSimpleResponse,
    ApiGatewayV2CustomAuthorizerV2Request,
};
use aws_lambda_events::iam::IamPolicyStatement;
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use shared::accounts::ticket::{self, Ticket};
use shared::accounts::{Identity, Token, session};
use shared::environment::App;
use shared::error::Result;
use shared::http::caller::{SESSION_ID, USER_ID};
use shared::store;

/// What the authorizer is asked.
#[derive(Debug)]
pub enum Request {
    /// By the HTTP API, in payload format 2.0: whose token it is.
    Token(Box<ApiGatewayV2CustomAuthorizerV2Request>),
    /// By the WebSocket API: whose ticket it is.
    Ticket(Box<ApiGatewayCustomAuthorizerRequestTypeRequest>),
}

/// What it answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// Always authorized, with an identity or without.
    Token(ApiGatewayV2CustomAuthorizerSimpleResponse<Context>),
    /// That this connection may be made, with an identity or without.
    Ticket(ApiGatewayCustomAuthorizerResponse<Context>),
}

/// Who it is, as the gateway hands it on.
type Context = HashMap<String, String>;

impl<'de> Deserialize<'de> for Request {
    /// Only what the WebSocket API asks is about an ARN of a method.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(deserializer)?;
        let request = if event.get("methodArn").is_some() {
            serde_json::from_value(event).map(|request| Self::Ticket(Box::new(request)))
        } else {
            serde_json::from_value(event).map(|request| Self::Token(Box::new(request)))
        };
        request.map_err(de::Error::custom)
    }
}

/// How long it may work on storage. The gateway waits 10 s for it
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const PATIENCE: Duration = Duration::from_secs(5);

/// The authorizer.
#[derive(Clone, Debug)]
pub struct Authorizer {
    app: App,
}

impl Authorizer {
    /// With this table.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }

    /// Who the token or the ticket belongs to that the gateway was shown.
    pub async fn authorize(&self, request: &Request) -> Result<Response> {
        match request {
            Request::Token(request) => {
                let identity = match token(request) {
                    Some(token) => session::authenticate(&self.app, &token).await?,
                    None => None,
                };
                let mut response = ApiGatewayV2CustomAuthorizerSimpleResponse::default();
                response.is_authorized = true;
                response.context = identity.map(context).unwrap_or_default();
                Ok(Response::Token(response))
            }
            Request::Ticket(request) => {
                let identity = match ticket(request) {
                    Some(ticket) => ticket::redeem(&self.app, &ticket).await?,
                    None => None,
                };
                let arn = request.method_arn.as_deref().unwrap_or_default();
                Ok(Response::Ticket(permission(identity, arn)))
            }
        }
    }

    /// The same as Lambda wants it, in less time than the gateway waits, and with its log line.
    pub async fn handle(&self, event: LambdaEvent<Request>) -> Result<Response, lambda_runtime::Error> {
        let storage = store::Request::current_or_start().within(PATIENCE);
        let response = storage.scope(self.authorize(&event.payload)).await;
        let (route, request_id) = match &event.payload {
            Request::Token(request) => ("authorizer", &request.request_context.request_id),
            Request::Ticket(request) => ("authorizer, ticket", &request.request_context.request_id),
        };
        let request_id = request_id.as_deref().unwrap_or_default();
        let cost = storage.cost();
        match &response {
            Ok(response) => tracing::info!(
                target: "kith::request",
                request_id,
                route,
                identified = response.names_somebody(),
                calls = cost.calls,
                round_trips = cost.round_trips,
                read_units = cost.read_units,
                write_units = cost.write_units,
                "answered"
            ),
            Err(error) => {
                tracing::error!(request_id, route, cause = error.chain(), "somebody could not be checked");
            }
        }
        Ok(response?)
    }
}

impl Response {
    fn names_somebody(&self) -> bool {
        match self {
            Self::Token(response) => !response.context.is_empty(),
            Self::Ticket(response) => !response.context.is_empty(),
        }
    }
}

/// The ticket in the URL that somebody connects to.
fn ticket(request: &ApiGatewayCustomAuthorizerRequestTypeRequest) -> Option<Ticket> {
    request.query_string_parameters.first("ticket").and_then(Ticket::parse)
}

/// That somebody may connect, or nobody, for `$connect` to refuse.
fn permission(identity: Option<Identity>, arn: &str) -> ApiGatewayCustomAuthorizerResponse<Context> {
    let mut statement = IamPolicyStatement::default();
    statement.action = vec!["execute-api:Invoke".into()];
    statement.resource = vec![arn.to_owned()];
    let mut policy = ApiGatewayCustomAuthorizerPolicy::default();
    policy.version = Some("2012-10-17".into());
    policy.statement = vec![statement];
    let mut response = ApiGatewayCustomAuthorizerResponse::default();
    response.principal_id =
        Some(identity.map_or_else(|| "nobody".into(), |identity| identity.user.to_string()));
    response.policy_document = policy;
    response.context = identity.map(context).unwrap_or_default();
    response
}

/// The token, read from the very text by which the gateway remembers the answer.
fn token(request: &ApiGatewayV2CustomAuthorizerV2Request) -> Option<Token> {
    let (scheme, token) = request.identity_source.as_ref()?.first()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::parse(token.trim()))?
}

fn context(identity: Identity) -> Context {
    HashMap::from([
        (USER_ID.to_owned(), identity.user.to_string()),
        (SESSION_ID.to_owned(), identity.session.to_string()),
    ])
}
