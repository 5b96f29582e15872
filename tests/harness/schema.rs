//! Every answer against the OpenAPI document.

use std::collections::HashMap;
use std::sync::Mutex;

use http::Method;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::Answer;

/// The OpenAPI document, as something to hold answers against.
pub(crate) struct Contract {
    document: Value,
    validators: Mutex<HashMap<String, Validator>>,
}

impl Contract {
    pub(super) fn read() -> Self {
        let document = serde_json::from_str(&local::docs::document_text()).unwrap();
        Self { document, validators: Mutex::default() }
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
        if answer.status == 431 || answer.status == 413 && answer.header("content-type") == "application/json"
        {
            return;
        }
        let place = format!("{method} {path} {}", answer.status);
        let described = &operation["responses"][answer.status.to_string()];
        assert!(
            described.is_object(),
            "{place} is not described: {}",
            String::from_utf8_lossy(&answer.bytes)
        );
        if answer.bytes.is_empty() {
            assert!(described.get("content").is_none() || answer.status == 304, "{place} has no body");
            return;
        }
        let schema = &described["content"][answer.header("content-type")]["schema"];
        assert!(schema.is_object(), "{place} is not described as {}", answer.header("content-type"));
        self.validate(&place, schema, &answer.json());
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

    fn validate(&self, place: &str, schema: &Value, value: &Value) {
        let mut validators = self.validators.lock().unwrap();
        let validator = validators.entry(schema.to_string()).or_insert_with(|| {
            let mut whole = schema.clone();
            whole["components"] = self.document["components"].clone();
            whole["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
            jsonschema::validator_for(&whole).unwrap()
        });
        let errors: Vec<_> =
            validator.iter_errors(value).map(|error| format!("{} {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{place} breaks the contract: {errors:?}\n{value}");
    }
}
