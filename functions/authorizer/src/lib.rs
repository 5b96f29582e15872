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

use aws_lambda_events::apigw::{
    ApiGatewayV2CustomAuthorizerSimpleResponse, ApiGatewayV2CustomAuthorizerV2Request,
};
use lambda_runtime::LambdaEvent;
use shared::accounts::{Identity, Token, session};
use shared::environment::App;
use shared::error::Result;
use shared::http::caller::{SESSION_ID, USER_ID};
use shared::http::problem::chain;
use shared::store;

/// What the authorizer is asked, in payload format 2.0.
pub type Request = ApiGatewayV2CustomAuthorizerV2Request;
/// What it answers: always authorized, with an identity or without.
pub type Response = ApiGatewayV2CustomAuthorizerSimpleResponse<HashMap<String, String>>;

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

    /// Who the token in the `Authorization` header belongs to.
    pub async fn authorize(&self, event: LambdaEvent<Request>) -> Result<Response> {
        let identity = match token(&event.payload) {
            Some(token) => {
                store::Request::current_or_start().scope(session::authenticate(&self.app, &token)).await?
            }
            None => None,
        };
        let mut response = Response::default();
        response.is_authorized = true;
        response.context = identity.map(context).unwrap_or_default();
        Ok(response)
    }

    /// The same as Lambda wants it, logging a failure once.
    pub async fn handle(&self, event: LambdaEvent<Request>) -> Result<Response, lambda_runtime::Error> {
        let request_id = event.context.request_id.clone();
        let response = self.authorize(event).await;
        Ok(response.inspect_err(|error| {
            tracing::error!(request_id, cause = chain(error), "a token could not be checked");
        })?)
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
