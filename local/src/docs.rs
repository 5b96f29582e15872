//! The API's description: the OpenAPI document, and the reference at `/docs`.
//!
//! The document is made from the functions' own routes and types; `docs/openapi.json` is a
//! copy of it, which a test keeps fresh.

use axum::Router;
use shared::http::openapi::GatewayMessage;
use shared::http::problem::Problem;
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, Schema};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, PathItem, Ref, RefOr};
use utoipa_swagger_ui::SwaggerUi;

/// What stands at the head of the document.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Kith",
        description = "The backend of a social network.\n\n\
            JSON in and out. Times are RFC 3339 in UTC with milliseconds, ids are opaque strings. Clients ignore \
            fields and values they do not know. Errors are RFC 9457 problems, to be told apart by `code`; what the \
            gateway itself refuses (no Authorization header, throttling, a function that fails as a whole) is \
            `{\"message\": …}`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(Problem, GatewayMessage)),
    tags(
        (name = "Accounts", description = "Registration, sessions, password."),
        (name = "Profiles", description = "One's own profile and other people's."),
        (name = "Friends", description = "Requests, friends, blocks, suggestions."),
        (name = "Posts", description = "Posts, likes, the feed."),
        (name = "Comments", description = "What people say about posts."),
        (name = "Chat", description = "What friends say to each other."),
        (name = "Notifications", description = "What others did that concerns one."),
    ),
)]
struct Head;

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    let mut document = Head::openapi();
    let routes = [
        accounts::routes().split_for_parts().1,
        profiles::routes().split_for_parts().1,
        friends::routes().split_for_parts().1,
        posts::routes().split_for_parts().1,
        comments::routes().split_for_parts().1,
        chat::routes().split_for_parts().1,
        notifications::routes().split_for_parts().1,
    ];
    for routes in routes {
        document.merge(routes);
    }
    let components = document.components.get_or_insert_default();
    let scheme =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The token of a session."));
    components.security_schemes.insert("session".into(), SecurityScheme::Http(scheme.build()).into());
    close_requests(&mut document);
    document
}

/// The document as text, as it is checked in.
#[must_use]
pub fn document_text() -> String {
    document().to_pretty_json().map(|text| text + "\n").unwrap_or_default()
}

/// The routes of the reference: `/docs` and `/openapi.json`.
pub fn router() -> Router {
    SwaggerUi::new("/docs").url("/openapi.json", document()).into()
}

/// Says of every body that a route takes that it has no other members: they are refused.
fn close_requests(document: &mut OpenApi) {
    let bodies: Vec<String> =
        document.paths.paths.values().flat_map(operations).filter_map(body_schema).collect();
    let Some(components) = &mut document.components else { return };
    for name in bodies {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(&name) {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
}

fn operations(item: &PathItem) -> impl Iterator<Item = &Operation> {
    [&item.get, &item.post, &item.put, &item.patch, &item.delete].into_iter().flatten()
}

/// The name of the schema of an operation's body.
fn body_schema(operation: &Operation) -> Option<String> {
    let RefOr::T(body) = operation.request_body.as_ref()? else { return None };
    let RefOr::T(content) = body.content.get("application/json")? else { return None };
    match content.schema.as_ref()? {
        RefOr::Ref(Ref { ref_location, .. }) => ref_location.rsplit('/').next().map(str::to_owned),
        RefOr::T(_) => None,
    }
}
