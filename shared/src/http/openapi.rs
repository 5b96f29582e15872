//! The answers that many routes share, for the OpenAPI document.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type};
use utoipa::{IntoParams, IntoResponses, ToSchema};

use super::problem::{PROBLEM_JSON, Problem};

type Responses = BTreeMap<String, RefOr<Response>>;

/// What every route may answer.
#[derive(Debug)]
pub struct Always;

impl IntoResponses for Always {
    fn responses() -> Responses {
        let unavailable = with_header(
            problem("unavailable: storage did not answer in time; a retry is safe"),
            "Retry-After",
            "Seconds to wait.",
        );
        collect([("500", problem("internal: a bug")), ("503", unavailable)])
    }
}

/// What a route for people who are signed in may answer.
#[derive(Debug)]
pub struct SignedIn;

impl IntoResponses for SignedIn {
    fn responses() -> Responses {
        collect([("401", problem("unauthenticated: no session, or one that has ended"))])
    }
}

/// What a route that takes a body may answer.
#[derive(Debug)]
pub struct TakesBody;

impl IntoResponses for TakesBody {
    fn responses() -> Responses {
        collect([
            ("400", problem("malformed-json: the body is not JSON, or not I-JSON (RFC 7493)")),
            ("413", problem("body-too-large: more than 64 KiB")),
            ("415", problem("unsupported-media-type: not application/json")),
            ("422", problem("invalid-input: `errors` names every value that breaks its rules")),
        ])
    }
}

/// What else a route that takes an `Idempotency-Key` may answer. To be named behind [`TakesBody`].
#[derive(Debug)]
pub struct TakesKey;

impl IntoResponses for TakesKey {
    fn responses() -> Responses {
        let words = "invalid-input: `errors` names every value that breaks its rules; idempotency-key-reuse: the key was used for something else";
        collect([("422", problem(words))])
    }
}

/// What else a route that takes a new password may answer. To be named behind [`TakesBody`].
#[derive(Debug)]
pub struct ChoosesPassword;

impl IntoResponses for ChoosesPassword {
    fn responses() -> Responses {
        let words = "invalid-input: `errors` names every value that breaks its rules; weak-password: it is too easy to guess";
        collect([("422", problem(words))])
    }
}

/// What a list may answer.
#[derive(Debug)]
pub struct TakesPage;

impl IntoResponses for TakesPage {
    fn responses() -> Responses {
        collect([
            (
                "400",
                problem(
                    "invalid-cursor: it is not one of this list; invalid-query: a parameter cannot be read, or is given twice",
                ),
            ),
            ("422", problem("invalid-input: a parameter breaks its rules: the limit is not 1 to 100")),
        ])
    }
}

/// What a route under a limit may answer.
#[derive(Debug)]
pub struct Limited;

impl IntoResponses for Limited {
    fn responses() -> Responses {
        let limited = with_header(problem("rate-limited: too often"), "Retry-After", "Seconds to wait.");
        let limited = with_header(limited, "RateLimit", "What is left: `r` requests for `t` seconds.");
        collect([("429", with_header(limited, "RateLimit-Policy", "The rule: `q` requests in `w` seconds."))])
    }
}

/// That a client names what it has already.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct NamesKnown {
    /// The `ETag` of the answer you have.
    #[param(rename = "If-None-Match", nullable = false)]
    pub known: Option<String>,
}

/// That a client names what it edited.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct NamesEdited {
    /// The `ETag` that you edited, or `"<version>"`: the edit is refused if it changed since.
    #[param(rename = "If-Match", nullable = false)]
    pub edited: Option<String>,
}

/// That a client names its wish.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct NamesWish {
    /// A name for this wish: sent again within 24 hours, it is granted once.
    #[param(
        rename = "Idempotency-Key",
        nullable = false,
        max_length = 255,
        pattern = "^[!-~]([ -~]*[!-~])?$"
    )]
    pub key: Option<String>,
}

/// What the gateway itself answers when it does not reach a function.
#[derive(Debug, ToSchema)]
pub struct GatewayMessage {
    /// A word or two.
    #[schema(required)]
    pub message: Option<String>,
}

/// A problem of the named codes.
#[must_use]
pub fn problem(description: &str) -> ResponseBuilder {
    let schema = Ref::from_schema_name(Problem::name());
    ResponseBuilder::new()
        .description(description)
        .content(PROBLEM_JSON, ContentBuilder::new().schema(Some(schema)).build())
}

fn with_header(response: ResponseBuilder, name: &str, description: &str) -> ResponseBuilder {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    response.header(name, HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build())
}

fn collect<const N: usize>(responses: [(&str, ResponseBuilder); N]) -> Responses {
    responses.into_iter().map(|(status, response)| (status.to_owned(), response.build().into())).collect()
}
