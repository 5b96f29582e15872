//! The AsyncAPI document: what is said and heard through a socket.
//!
//! It is made of the types that the function reads and writes: a new kind of push, answer or action is
//! a new message here, in the words of its declaration.

use serde_json::{Map, Value, json};
use shared::http::problem::Code;
use socket::describe::{ACTIONS, ANY, Action, PUSH, REPLY, schemas};

use super::problems::problem;
use super::sample;

/// The one channel.
const CHANNEL: &str = "socket";

/// What API Gateway says itself.
const GATEWAY: &str = "gatewayError";

/// The document.
pub(super) fn document() -> Value {
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kith, in real time",
            "version": env!("CARGO_PKG_VERSION"),
            "description": include_str!("asyncapi.md"),
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
            "tags": [{ "name": "Chat", "description": "What friends say to each other." }],
        },
        "defaultContentType": "application/json",
        "servers": servers(),
        "components": {
            "schemas": schemas(),
            "securitySchemes": { "ticket": {
                "type": "httpApiKey",
                "name": "ticket",
                "in": "query",
                "description": "A ticket of `POST /v1/socket-tickets`: good once, within 60 seconds. It is in the `url` that comes with it.",
            } },
        },
    });
    document["components"]["schemas"]["Problem"]["examples"] = json!([problem(Code::RateLimited)]);
    sample::introduce_the_other(&mut document);
    let messages = messages(&mut document);
    let references =
        messages.keys().map(|key| (key.clone(), json!({ "$ref": format!("#/components/messages/{key}") })));
    document["channels"] = json!({ CHANNEL: {
        "address": "/",
        "title": "A connection",
        "description": "One person's, in one session.",
        "messages": references.collect::<Map<_, _>>(),
        "bindings": { "ws": {
            "method": "GET",
            "query": {
                "type": "object",
                "properties": { "ticket": { "type": "string", "pattern": "^[A-Za-z0-9_-]{43}$" } },
                "required": ["ticket"],
            },
            "bindingVersion": "0.1.0",
        } },
    } });
    document["operations"] = operations(&messages);
    document["components"]["messages"] = Value::Object(messages);
    document
}

fn servers() -> Value {
    let stage = json!({ "description": "The deployment's stage.", "default": "dev" });
    let security = json!([{ "$ref": "#/components/securitySchemes/ticket" }]);
    json!({
        "local": {
            "host": "127.0.0.1:3001",
            "protocol": "ws",
            "pathname": "/{stage}",
            "description": "What `cargo run` starts.",
            "variables": { "stage": stage },
            "security": security,
        },
        "deployed": {
            "host": "{api}.execute-api.{region}.amazonaws.com",
            "protocol": "wss",
            "pathname": "/{stage}",
            "description": "A deployment. The `url` of a ticket names it.",
            "variables": {
                "stage": stage,
                "api": { "description": "The id of its WebSocket API." },
                "region": { "description": "Where it is.", "default": "eu-central-1" },
            },
            "security": security,
        },
    })
}

/// Every message, by direction and name. What they are made of is taken out of the schemas.
fn messages(document: &mut Value) -> Map<String, Value> {
    let mut take = |name: &str| document["components"]["schemas"][name].take();
    let (actions, reply, push) =
        (ACTIONS.map(|action| (action, take(action.schema))), take(REPLY), take(PUSH));
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|_, schema| !schema.is_null());
    }
    let mut messages = Map::new();
    for (action, schema) in actions {
        messages.insert(sent(action.name), message(document, action.name, with_action(&action, schema)));
    }
    for (schemas, key) in [(reply, answered as fn(&str) -> String), (push, pushed)] {
        for schema in schemas["oneOf"].as_array().into_iter().flatten() {
            let name = schema.pointer("/properties/type/enum/0").and_then(Value::as_str).unwrap_or_default();
            messages.insert(key(name), message(document, name, schema.clone()));
        }
    }
    let gateways = json!({
        "type": "object",
        "description": "The gateway's own, in its words: a function failed, or took too long.",
        "required": ["message", "connectionId", "requestId"],
        "properties": {
            "message": { "type": "string", "examples": ["Internal server error"] },
            "connectionId": { "type": "string", "examples": ["L0SM9cOFvHcCIhw="] },
            "requestId": { "type": "string", "examples": ["Kx3T1hR6joEEPJg="] },
        },
    });
    messages.insert(GATEWAY.into(), message(document, GATEWAY, gateways));
    messages
}

/// The schema of what is sent: with its action, and nothing else.
fn with_action(action: &Action, mut schema: Value) -> Value {
    let mut required = vec![json!("action")];
    required.extend(schema["required"].as_array().into_iter().flatten().cloned());
    schema["required"] = Value::Array(required);
    schema["properties"]["action"] = json!({ "const": action.name, "description": "What it is." });
    schema["additionalProperties"] = json!(false);
    let problems = [action.problems, &ANY].concat();
    let names: Vec<_> = problems.into_iter().map(|code| format!("`{}`", code.name())).collect();
    let description = schema["description"].as_str().unwrap_or_default();
    schema["description"] = json!(format!("{description}\n\nIt may be refused with {}.", names.join(", ")));
    schema
}

fn message(document: &Value, name: &str, mut schema: Value) -> Value {
    let description = schema["description"].take();
    let text = description.as_str().unwrap_or_default();
    let summary = text.split(['.', '\n']).next().unwrap_or_default();
    if let Some(members) = schema.as_object_mut() {
        members.remove("description");
    }
    json!({
        "name": name,
        "title": name,
        "summary": format!("{summary}."),
        "description": text,
        "examples": [{ "payload": sample::of(document, &schema) }],
        "payload": schema,
    })
}

fn sent(action: &str) -> String {
    format!("{action}Action")
}

fn answered(kind: &str) -> String {
    format!("{kind}Answer")
}

fn pushed(kind: &str) -> String {
    format!("{kind}Push")
}

/// Every operation: what is received, with its answers, and what is sent.
fn operations(messages: &Map<String, Value>) -> Value {
    let reference = |key: &str| json!({ "$ref": format!("#/channels/{CHANNEL}/messages/{key}") });
    let channel = json!({ "$ref": format!("#/channels/{CHANNEL}") });
    let operation = |action: &str, words: (&Value, &Value), of: &[&str]| {
        let of: Vec<_> = of.iter().map(|key| reference(key)).collect();
        json!({ "action": action, "channel": channel, "summary": words.0, "description": words.1, "messages": of })
    };
    let mut operations = Map::new();
    for action in ACTIONS {
        let key = sent(action.name);
        let message = &messages[&key];
        let mut receive = operation("receive", (&message["summary"], &message["description"]), &[&key]);
        if let Some(answer) = action.answer {
            let answers = [answered(answer), answered("error")];
            let answers: Vec<_> = answers.iter().map(|key| reference(key)).collect();
            receive["reply"] = json!({ "channel": channel, "messages": answers });
        }
        operations.insert(action.name.into(), receive);
    }
    let refuse = (
        json!("Says what is wrong with what was sent."),
        json!("Also with `typing`, which has no answer otherwise."),
    );
    let errors = [answered("error"), GATEWAY.to_owned()];
    operations.insert("refuse".into(), operation("send", (&refuse.0, &refuse.1), &[&errors[0], &errors[1]]));
    for (key, message) in messages.iter().filter(|(key, _)| key.ends_with("Push")) {
        operations
            .insert(key.clone(), operation("send", (&message["summary"], &message["description"]), &[key]));
    }
    Value::Object(operations)
}

/// Which message of the document what is heard is, by its type: as an answer or a push.
#[must_use]
pub fn heard_as(kind: Option<&str>) -> Vec<String> {
    kind.map_or_else(|| vec![GATEWAY.to_owned()], |kind| vec![answered(kind), pushed(kind)])
}

/// Which message of the document an action is.
#[must_use]
pub fn said_as(action: &str) -> String {
    sent(action)
}

/// With which problems an action may be refused.
#[must_use]
pub fn refusals(action: &str) -> Vec<Code> {
    let own = ACTIONS.iter().find(|known| known.name == action).map_or(&[][..], |known| known.problems);
    [own, &ANY].concat()
}
