//! The OpenAPI document: the functions' routes, and what is added to each of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::http::openapi::GatewayMessage;
use shared::http::problem::Problem;
use utoipa::OpenApi as _;

use super::{headers, links, problems, sample};

/// What stands at the head of the document.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Kith",
        description = include_str!("openapi.md"),
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "Where this document comes from.")),
    components(schemas(Problem, GatewayMessage)),
    tags(
        (name = "Accounts", description = "Registration, signing in and out, the password. A session is a bearer token that \
            its owner can see and end."),
        (name = "Profiles", description = "One's own profile and other people's, and finding them."),
        (name = "Friends", description = "Requests, friends, blocks, and suggestions. Who blocks somebody is not there for \
            them, in any answer."),
        (name = "Posts", description = "Posts, likes, and the feed of what friends write."),
        (name = "Comments", description = "What people say about posts."),
        (name = "Notifications", description = "What others did that concerns one: what is withdrawn goes with its cause."),
        (name = "Chat", description = "What friends say to each other. Over HTTP everything can be done and read; what happens is heard \
            through the [WebSocket API](/docs/socket)."),
    ),
)]
struct Head;

/// The document.
pub(super) fn document() -> Value {
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
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["components"]["securitySchemes"] = json!({
        "session": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "kith_…",
            "description": "The `token` of a session, from `register` or `signIn`.",
        },
    });
    close_requests(&mut document);
    share_items(&mut document);
    sample::introduce_the_other(&mut document);
    problems::describe(&mut document);
    headers::describe(&mut document);
    links::describe(&mut document);
    sample::introduce_a_newcomer(&mut document);
    give_examples(&mut document);
    share_answers(&mut document);
    document
}

/// Every operation.
pub(super) fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    paths.flat_map(|path| path.as_object_mut().into_iter().flat_map(Map::values_mut))
}

/// Every answer of an operation, with its status.
pub(super) fn responses(operation: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    operation["responses"].as_object_mut().into_iter().flat_map(Map::iter_mut)
}

/// Says of every body that a route takes that it has no other members: they are refused.
fn close_requests(document: &mut Value) {
    let body = "/requestBody/content/application~1json/schema/$ref";
    let bodies: Vec<_> = operations(document)
        .filter_map(|operation| operation.pointer(body)?.as_str().map(str::to_owned))
        .collect();
    for reference in bodies {
        if let Some(schema) = document.pointer_mut(reference.trim_start_matches('#')) {
            schema["additionalProperties"] = json!(false);
        }
    }
}

/// Lets pages refer to what they are pages of, where its schema would stand in each once more.
fn share_items(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let named: Vec<_> = schemas.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
    for schema in schemas.values_mut() {
        let Some(items) = schema.pointer_mut("/properties/items/items") else { continue };
        if let Some((name, _)) = named.iter().find(|(_, schema)| schema == items) {
            *items = json!({ "$ref": format!("#/components/schemas/{name}") });
        }
    }
}

/// Gives every body and every parameter of a path an example. Those of a query and of headers have
/// none: who tries a call out in the reference would send it along.
fn give_examples(document: &mut Value) {
    let whole = document.clone();
    let give = |media: &mut Value| {
        if media.get("example").is_none() && media.get("examples").is_none() {
            media["example"] = sample::of(&whole, &media["schema"]);
        }
    };
    for operation in operations(document) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        parameters.into_iter().flatten().filter(|parameter| parameter["in"] == "path").for_each(give);
        operation.pointer_mut("/requestBody/content/application~1json").map(give);
        for (_, response) in responses(operation) {
            response.pointer_mut("/content/application~1json").map(give);
        }
    }
}

/// Lets a refusal of many operations stand in the document once, and each refer to it. Of several that
/// have the same codes in other words, it is the one that is there most often.
fn share_answers(document: &mut Value) {
    let mut times: BTreeMap<String, Vec<(Value, usize)>> = BTreeMap::new();
    for operation in operations(document) {
        for (status, response) in responses(operation).filter(|(status, _)| status.starts_with(['4', '5'])) {
            let alike = times.entry(name(status, response)).or_default();
            match alike.iter_mut().find(|(known, _)| known == response) {
                Some((_, times)) => *times += 1,
                None => alike.push((response.clone(), 1)),
            }
        }
    }
    let most = |alike: Vec<(Value, usize)>| alike.into_iter().max_by_key(|(_, times)| *times);
    let shared = times
        .into_iter()
        .filter_map(|(name, alike)| Some((name, most(alike).filter(|(_, times)| *times > 1)?.0)));
    let shared: Map<_, _> = shared.collect();
    for operation in operations(document) {
        for (status, response) in responses(operation) {
            let name = name(status, response);
            if shared.get(&name) == Some(response) {
                *response = json!({ "$ref": format!("#/components/responses/{name}") });
            }
        }
    }
    document["components"]["responses"] = Value::Object(shared);
}

/// What a refusal is called among the answers that are shared: its status, and its codes if it has some.
fn name(status: &str, response: &Value) -> String {
    let examples = response["content"]["application/problem+json"]["examples"].as_object();
    let codes = examples.into_iter().flat_map(Map::keys);
    codes.fold(status.to_owned(), |name, code| format!("{name}.{code}"))
}
