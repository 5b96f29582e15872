//! Examples, made of schemas.
//!
//! The leaves bring theirs along (an id, a name, a text), so that what is put together of them looks
//! like what the API answers; a test holds each against its schema.

use serde_json::{Map, Value, json};

/// Members that are somebody else than the one that examples are of.
const OTHERS: [(&str, &str); 2] = [("FriendRequest", "recipient"), ("Conversation", "peer")];

/// Lets the other one of two people in a schema be somebody else.
pub(super) fn introduce_the_other(document: &mut Value) {
    for (schema, member) in OTHERS {
        let place = format!("/components/schemas/{schema}/properties/{member}");
        if let Some(member) = document.pointer_mut(&place) {
            let id = "01JZZ3W1B6F9V5D0N3S8C7P2ME";
            member["examples"] = json!([{ "id": id, "username": "bob", "name": "Bob", "avatar": null }]);
        }
    }
}

/// Shows somebody who has just registered as they are then: most of what others have done is still to come.
pub(super) fn introduce_a_newcomer(document: &mut Value) {
    let place = "/paths/~1v1~1users/post/responses/201/content/application~1json";
    let whole = document.clone();
    let Some(media) = document.pointer_mut(place) else { return };
    let mut example = of(&whole, &media["schema"]);
    for (member, value) in [
        ("avatar", Value::Null),
        ("avatarUpload", Value::Null),
        ("status", Value::Null),
        ("bio", json!("")),
        ("location", json!("")),
        ("friendCount", json!(0)),
        ("version", json!(1)),
    ] {
        example["user"][member] = value;
    }
    media["example"] = example;
}

/// An example of what the schema describes, whose references lead into the document.
pub(super) fn of(document: &Value, schema: &Value) -> Value {
    if let Some(example) = schema.get("example").or_else(|| schema.pointer("/examples/0")) {
        return example.clone();
    }
    if let Some(only) = schema.get("const").or_else(|| schema.pointer("/enum/0")) {
        return only.clone();
    }
    if let Some(target) = target(document, schema) {
        return of(document, target);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return Value::Object(parts.iter().flat_map(|part| members(of(document, part))).collect());
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        return choice(document, choices);
    }
    match kind(schema) {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            Value::Object(properties.map(|(name, schema)| (name.clone(), of(document, schema))).collect())
        }
        "array" => json!([of(document, &schema["items"])]),
        "string" => json!("…"),
        "integer" => schema.get("minimum").cloned().unwrap_or(json!(0)),
        "boolean" => json!(true),
        _ => Value::Null,
    }
}

/// What a schema refers to.
pub(super) fn target<'a>(document: &'a Value, schema: &Value) -> Option<&'a Value> {
    document.pointer(schema["$ref"].as_str()?.strip_prefix('#')?)
}

/// The first choice; where it is a time or nothing, nothing: most things were not edited or deleted.
fn choice(document: &Value, choices: &[Value]) -> Value {
    let Some(first) = choices.first() else { return Value::Null };
    let is_time = target(document, first).is_some_and(|schema| schema["format"] == "date-time");
    let may_be_missing = choices.iter().any(|schema| schema["type"] == "null");
    if is_time && may_be_missing { Value::Null } else { of(document, first) }
}

/// The type; of several "null", which is the others' absence.
fn kind(schema: &Value) -> &str {
    schema["type"].as_str().unwrap_or("null")
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
