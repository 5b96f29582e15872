//! The gateway's Lambda authorizer: who does a session token belong to?
//!
//! The gateway asks it for every route that needs somebody signed in, and remembers the
//! answer for a token for 60 seconds (`ReauthorizeEvery` in template.yaml), which bounds how
//! long a token outlives its session.
//!
//! A token that opens nothing is let through without an identity, and the handler answers a
//! proper 401 problem: what the gateway itself would answer is a bare 403. When storage fails
//! this fails, and the gateway answers 500: "not signed in" would be a lie that the gateway
//! would remember.

use std::collections::HashMap;
use std::time::Duration;

use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request,
};
use lambda_runtime::LambdaEvent;
use shared::accounts::{Identity, Token, session};
use shared::environment::App;
use shared::error::Result;
use shared::http::caller::{SESSION_ID, USER_ID};
use shared::store;

/// What the authorizer is asked, in payload format 2.0.
pub type Request = ApiGatewayV2CustomAuthorizerV2Request;
/// What it answers: always authorized, with an identity or without.
pub type Response = ApiGatewayV2CustomAuthorizerSimpleResponse<HashMap<String, String>>;

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

    /// Who the token belongs to that the gateway was shown.
    pub async fn authorize(&self, request: &Request) -> Result<Response> {
        let identity = match token(request) {
            Some(token) => session::authenticate(&self.app, &token).await?,
            None => None,
        };
        let mut response = Response::default();
        response.is_authorized = true;
        response.context = identity.map(context).unwrap_or_default();
        Ok(response)
    }

    /// The same as Lambda wants it, in less time than the gateway waits, and with its log line.
    pub async fn handle(&self, event: LambdaEvent<Request>) -> Result<Response, lambda_runtime::Error> {
        let storage = store::Request::current_or_start().within(PATIENCE);
        let response = storage.scope(self.authorize(&event.payload)).await;
        let request_id = event.payload.request_context.request_id.as_deref().unwrap_or_default();
        let cost = storage.cost();
        match &response {
            Ok(response) => tracing::info!(
                target: "kith::request",
                request_id,
                route = "authorizer",
                identified = !response.context.is_empty(),
                calls = cost.calls,
                round_trips = cost.round_trips,
                read_units = cost.read_units,
                write_units = cost.write_units,
                "answered"
            ),
            Err(error) => tracing::error!(request_id, cause = error.chain(), "a token could not be checked"),
        }
        Ok(response?)
    }
}

/// The token, read from the very text by which the gateway remembers the answer.
fn token(request: &Request) -> Option<Token> {
    let (scheme, token) = request.identity_source.as_ref()?.first()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::parse(token.trim()))?
}

fn context(identity: Identity) -> HashMap<String, String> {
    HashMap::from([
        (USER_ID.to_owned(), identity.user.to_string()),
        (SESSION_ID.to_owned(), identity.session.to_string()),
    ])
}
