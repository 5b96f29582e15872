//! The API's description: the OpenAPI and the AsyncAPI document, and the pages that show them.
//!
//! Both documents are made from the functions' own routes, types and words; `docs/openapi.json` and
//! `docs/asyncapi.json` are copies of them, which a test keeps fresh.
//!
//! | file | what is in it |
//! |---|---|
//! | `openapi.rs` | the OpenAPI document: the routes, and what is added to each |
//! | `problems.rs` | the problems that each route may answer, by their codes |
//! | `headers.rs` | the headers of answers |
//! | `links.rs` | which calls go on with what another one made |
//! | `sample.rs` | examples, made of schemas |
//! | `asyncapi.rs` | the AsyncAPI document: what is said and heard through a socket |
//! | `page.rs` | the same as a page to read |

mod asyncapi;
mod headers;
mod links;
mod openapi;
mod page;
mod problems;
mod sample;

pub use asyncapi::{heard_as, refusals, said_as};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The OpenAPI document as text, as it is checked in.
#[must_use]
pub fn openapi_text() -> String {
    text(&openapi::document())
}

/// The AsyncAPI document as text, as it is checked in.
#[must_use]
pub fn asyncapi_text() -> String {
    text(&asyncapi::document())
}

/// In which order the members of a document stand: what is read first comes first.
const ORDER: [&str; 10] = [
    "openapi",
    "asyncapi",
    "info",
    "defaultContentType",
    "servers",
    "tags",
    "paths",
    "channels",
    "operations",
    "components",
];

/// A document whose members stand in their order.
struct Ordered<'a>(&'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(ORDER.iter().filter_map(|name| Some((name, self.0.get(name)?))))
    }
}

fn text(document: &Value) -> String {
    serde_json::to_string_pretty(&Ordered(document)).map(|text| text + "\n").unwrap_or_default()
}

/// The pages and the documents: `/docs`, `/openapi.json`, `/docs/socket` and `/asyncapi.json`.
pub fn router() -> Router {
    let config = Config::default()
        .persist_authorization(true)
        .try_it_out_enabled(true)
        .display_request_duration(true)
        // Or it would ask a validator on the internet for a badge.
        .validator_url("none");
    let reference =
        SwaggerUi::new("/docs").config(config).external_url_unchecked("/openapi.json", openapi::document());
    let described = asyncapi::document();
    let (page, described) = (Html(page::of(&described)), text(&described));
    Router::from(reference)
        .route("/docs/socket", get(async move || page))
        .route("/asyncapi.json", get(async move || ([(CONTENT_TYPE, "application/json")], described)))
}
