//! Links: which calls go on with what another one made.
//!
//! A call that makes something answers it; whatever takes the parameters that are in it can be called
//! next. Readers see it in the reference, and a fuzzer follows it.

use serde_json::{Map, Value, json};

use super::openapi::operations;

/// Where in what is made the parameters of paths are, by the name of its schema.
const MADE: [(&str, &[(&str, &str)]); 5] = [
    ("Post", &[("postId", "/id")]),
    ("Comment", &[("postId", "/postId"), ("commentId", "/id")]),
    ("FriendRequest", &[("requestId", "/id")]),
    ("Message", &[("conversationId", "/conversationId"), ("seq", "/seq")]),
    ("SignedInUser", &[("userId", "/user/id"), ("username", "/user/username"), ("sessionId", "/session/id")]),
];

/// Links every call that makes something with those that go on with it.
pub(super) fn describe(document: &mut Value) {
    let targets: Vec<_> = operations(document).filter_map(|operation| target(operation)).collect();
    for operation in operations(document) {
        let Some(answer) = operation.pointer_mut("/responses/201") else { continue };
        let schema = answer.pointer("/content/application~1json/schema/$ref").and_then(Value::as_str);
        let name = schema.and_then(|reference| reference.rsplit('/').next());
        let Some((_, has)) = MADE.iter().find(|(made, _)| Some(*made) == name) else { continue };
        let place =
            |parameter: &String| has.iter().find(|(name, _)| name == parameter).map(|(_, place)| place);
        let link = |(id, takes): &(String, Vec<String>)| {
            let parameters = takes
                .iter()
                .map(|name| Some((name.clone(), json!(format!("$response.body#{}", place(name)?)))));
            let parameters: Map<_, _> = parameters.collect::<Option<_>>()?;
            Some((id.clone(), json!({ "operationId": id, "parameters": parameters })))
        };
        answer["links"] = Value::Object(targets.iter().filter_map(link).collect());
    }
}

/// An operation's id, and the parameters of its path, if it has some.
fn target(operation: &Value) -> Option<(String, Vec<String>)> {
    let parameters = operation["parameters"].as_array()?.iter().filter(|parameter| parameter["in"] == "path");
    let names: Vec<_> =
        parameters.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect();
    let id = operation["operationId"].as_str()?.to_owned();
    (!names.is_empty()).then_some((id, names))
}
