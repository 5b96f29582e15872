//! What surrounds every handler: request id, deadline, problems, the log line.

use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;
use tokio::time::Instant;

use super::problem::Problem;
use crate::error::Error;
use crate::store;

/// A function's routes with everything around them.
///
/// The gateway sends a function only what its routes take; anything else is 404 all the same.
pub fn serve(routes: Router) -> Router {
    let nothing = async || Error::NotFound;
    surround(routes.fallback(nothing).method_not_allowed_fallback(nothing))
}

/// A router with everything around it, which has an answer for every request itself.
pub fn surround(router: Router) -> Router {
    router.layer(from_fn(answer))
}

/// An error leaves its handler as it is, and becomes a problem where the request id is known.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

async fn answer(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let Origin { request_id, route } = Origin::of(&request);
    let storage = store::Request::current_or_start();
    // What the gateway matched and authorized is what is served. It decodes the path, so that
    // `/v1/users/..%2Fme` would be `/v1/me` here.
    let matched = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let mut response = if route.split_once(' ').is_none_or(|(_, path)| path == matched) {
        storage.scope(next.run(request)).await
    } else {
        Error::NotFound.into_response()
    };
    if let Some(error) = response.extensions_mut().remove::<Arc<Error>>() {
        log_failure(&error, &request_id);
        response = Problem::new(&error, &request_id).into_response(&error);
    }
    // Answers are about one person, and some carry a token.
    response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));

    let cost = storage.cost();
    tracing::info!(
        target: "kith::request",
        request_id,
        route,
        status = response.status().as_u16(),
        ms = started.elapsed().as_secs_f64() * 1000.0,
        calls = cost.calls,
        round_trips = cost.round_trips,
        read_units = cost.read_units,
        write_units = cost.write_units,
        "answered"
    );
    response
}

/// A failure of ours is logged once, here; what the client did wrong is in the log line.
pub fn log_failure(error: &Error, request_id: &str) {
    match error {
        Error::Internal(_) => tracing::error!(request_id, cause = error.chain(), "a request failed"),
        Error::Unavailable(_) => {
            tracing::warn!(request_id, cause = error.chain(), "storage was not available");
        }
        _ => {}
    }
}

/// Which request it is, in API Gateway's words.
struct Origin {
    request_id: String,
    /// The route, not the path: a path can name people.
    route: String,
}

impl Origin {
    fn of(request: &Request) -> Self {
        let (request_id, route) = match request.extensions().request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => {
                (context.request_id.clone(), context.route_key.clone())
            }
            _ => (None, None),
        };
        Self { request_id: request_id.unwrap_or_default(), route: route.unwrap_or_default() }
    }
}
