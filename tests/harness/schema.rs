//! Every answer against the OpenAPI document, and every frame against the AsyncAPI document.

use std::collections::HashMap;
use std::sync::Mutex;

use http::Method;
use jsonschema::Validator;
use local::docs;
use serde_json::{Value, json};

use super::Answer;

/// Headers that belong to single answers: what has one of them is described with it.
const HEADERS: [&str; 6] =
    ["ETag", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "WWW-Authenticate"];

/// The documents, as something to hold answers and frames against.
pub(crate) struct Contract {
    document: Value,
    frames: Value,
    validators: Mutex<HashMap<String, Validator>>,
}

impl Contract {
    pub(crate) fn read() -> Self {
        let document = serde_json::from_str(&docs::openapi_text()).unwrap();
        let frames = serde_json::from_str(&docs::asyncapi_text()).unwrap();
        Self { document, frames, validators: Mutex::default() }
    }

    /// Fails unless the document describes this answer.
    pub(super) fn check(&self, method: &Method, path: &str, answer: &Answer) {
        let path = path.split('?').next().unwrap_or_default();
        let Some(operation) = self.operation(method, path) else {
            // The gateway itself, or its `$default` route.
            assert!(
                (400..500).contains(&answer.status) || *method == Method::OPTIONS,
                "{method} {path}: {answer:?}"
            );
            return;
        };
        // The gateway does not get so far as to know the route.
        if answer.status == 431 {
            return;
        }
        let place = format!("{method} {path} {}", answer.status);
        let described = self.resolved(&operation["responses"][answer.status.to_string()]);
        assert!(
            described.is_object(),
            "{place} is not described: {}",
            String::from_utf8_lossy(&answer.bytes)
        );
        self.check_headers(&place, described, answer);
        if answer.bytes.is_empty() {
            assert!(described.get("content").is_none() || answer.status == 304, "{place} has no body");
            return;
        }
        let schema = &described["content"][answer.header("content-type")]["schema"];
        assert!(schema.is_object(), "{place} is not described as {}", answer.header("content-type"));
        self.validate(&place, &self.document, schema, &answer.json());
    }

    /// What a reference into the document leads to; anything else is itself.
    pub(crate) fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        self.document.pointer(reference.trim_start_matches('#')).unwrap()
    }

    /// The OpenAPI document.
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// The AsyncAPI document.
    pub(crate) fn frames(&self) -> &Value {
        &self.frames
    }

    /// Fails unless the answer has the headers that it always has, and no other than it may have.
    fn check_headers(&self, place: &str, described: &Value, answer: &Answer) {
        let is_problem = answer.header("content-type") == "application/problem+json";
        for name in HEADERS {
            let value = answer.header(name);
            let header = self.resolved(&described["headers"][name]);
            if header.is_null() {
                assert!(value.is_empty(), "{place} has {name}, which is not described");
                continue;
            }
            let is_due = header["required"] == true || is_problem && matches!(answer.status, 401 | 429 | 503);
            assert!(!value.is_empty() || !is_due, "{place} has no {name}");
            if !value.is_empty() {
                let number = header["schema"]["type"] == "integer";
                let value = if number { json!(value.parse::<u64>().unwrap()) } else { json!(value) };
                self.validate(&format!("{place} {name}"), &self.document, &header["schema"], &value);
            }
        }
    }

    /// Fails unless the document describes what was heard through a socket.
    pub(crate) fn check_heard(&self, frame: &Value) {
        let names = docs::heard_as(frame["type"].as_str());
        let described = names.iter().map(|name| &self.frames["components"]["messages"][name]["payload"]);
        let described: Vec<_> = described.filter(|schema| schema.is_object()).collect();
        assert!(!described.is_empty(), "the AsyncAPI document does not describe {frame}");
        for schema in described {
            self.validate("a frame that was heard", &self.frames, schema, frame);
        }
        if frame["type"] == "error" {
            let code = frame["problem"]["code"].as_str().unwrap();
            let codes = docs::refusals(frame["action"].as_str().unwrap());
            assert!(
                codes.iter().any(|known| known.name() == code),
                "it is not described that {frame} may come"
            );
        }
    }

    /// Whether the document describes what was sent through a socket.
    pub(crate) fn describes_sent(&self, frame: &Value) -> bool {
        let name = docs::said_as(frame["action"].as_str().unwrap_or_default());
        let schema = &self.frames["components"]["messages"][name]["payload"];
        schema.is_object() && self.errors(&self.frames, schema, frame).is_empty()
    }

    /// Every path and method of the document.
    pub(crate) fn routes(&self) -> Vec<(Method, String)> {
        let paths = self.document["paths"].as_object().unwrap();
        let routes = paths.iter().flat_map(|(path, methods)| {
            methods
                .as_object()
                .unwrap()
                .keys()
                .map(move |method| (method.to_ascii_uppercase().parse().unwrap(), path.clone()))
        });
        routes.collect()
    }

    /// What the document says of a route.
    pub(crate) fn operation(&self, method: &Method, path: &str) -> Option<&Value> {
        let paths = self.document["paths"].as_object().unwrap();
        let fits = |template: &str| {
            let (template, path): (Vec<_>, Vec<_>) =
                (template.split('/').collect(), path.split('/').collect());
            template.len() == path.len()
                && template.iter().zip(&path).all(|(part, segment)| part.starts_with('{') || part == segment)
        };
        let mut found = paths.iter().filter(|(template, _)| fits(template));
        found.find_map(|(_, methods)| methods.get(method.as_str().to_ascii_lowercase()))
    }

    /// Fails unless the value fits the schema, whose references lead into the document.
    pub(crate) fn validate(&self, place: &str, document: &Value, schema: &Value, value: &Value) {
        let errors = self.errors(document, schema, value);
        assert!(errors.is_empty(), "{place} breaks the contract: {errors:?}\n{value}");
    }

    fn errors(&self, document: &Value, schema: &Value, value: &Value) -> Vec<String> {
        let mut validators = self.validators.lock().unwrap();
        let validator = validators.entry(format!("{} {schema}", document["asyncapi"])).or_insert_with(|| {
            let mut whole = schema.clone();
            whole["components"] = document["components"].clone();
            whole["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
            jsonschema::validator_for(&whole).unwrap()
        });
        validator.iter_errors(value).map(|error| format!("{} {error}", error.instance_path())).collect()
    }
}
