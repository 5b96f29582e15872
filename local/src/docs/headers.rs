//! The headers of answers: each is described once, and every answer that has it refers to that.

use serde_json::{Value, json};
use shared::http::problem::PROBLEM_JSON;

use super::openapi::{operations, responses};

/// Describes the headers of every answer.
pub(super) fn describe(document: &mut Value) {
    for operation in operations(document) {
        let has_tag = operation.pointer("/responses/200/headers/ETag").is_some();
        for (status, response) in responses(operation) {
            if status == "304" && has_tag {
                response["headers"]["ETag"] = Value::Null;
            }
            if status == "401" && response["content"].get(PROBLEM_JSON).is_some() {
                response["headers"]["WWW-Authenticate"] = Value::Null;
            }
            let headers = response.get_mut("headers").and_then(Value::as_object_mut);
            for (name, header) in headers.into_iter().flatten() {
                // Where a thing is, each route says in its own words.
                if name == "Location" {
                    *header = location(&header["description"]);
                } else {
                    *header = json!({ "$ref": format!("#/components/headers/{name}") });
                }
            }
        }
    }
    document["components"]["headers"] = all();
}

/// A `Location` that leads to this.
fn location(description: &Value) -> Value {
    json!({
        "description": description,
        "required": true,
        "schema": { "type": "string", "format": "uri-reference", "pattern": "^/v1/" },
    })
}

/// The other headers. Required is what the answer always has; a problem's may be the gateway's answer, too.
fn all() -> Value {
    json!({
        "ETag": {
            "description": "Which version it is, and a digest of the answer: for `If-None-Match` and `If-Match`.",
            "required": true,
            "schema": { "type": "string", "pattern": "^\"[0-9]+\\.[A-Za-z0-9_-]{16}\"$" },
            "example": "\"3.mOqgLYv1Tn0cJb2x\"",
        },
        "Retry-After": {
            "description": "After how many seconds to try again.",
            "schema": { "type": "integer", "minimum": 1 },
            "example": 540,
        },
        "RateLimit": {
            "description": "Which limit it was, that nothing is left (`r`), and for how many seconds (`t`).",
            "schema": { "type": "string", "pattern": "^\"[a-z-]+\";r=0;t=[0-9]+$" },
            "example": "\"avatar-upload\";r=0;t=540",
        },
        "RateLimit-Policy": {
            "description": "What that limit allows: how many (`q`) within how many seconds (`w`).",
            "schema": { "type": "string", "pattern": "^\"[a-z-]+\";q=[0-9]+;w=[0-9]+$" },
            "example": "\"avatar-upload\";q=60;w=3600",
        },
        "WWW-Authenticate": {
            "description": "How to say who you are.",
            "schema": { "const": "Bearer", "type": "string" },
            "example": "Bearer",
        },
    })
}
