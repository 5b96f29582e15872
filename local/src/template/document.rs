//! A template before its parameters have values: what they may depend on.

use std::path::Path;

use serde_json::Value;

use super::{Template, TemplateError, intrinsics, websocket};

/// A template's text, with short forms such as `!Ref` made long.
#[derive(Debug)]
pub struct Document(Value);

impl Document {
    /// Reads a template.
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        Self::parse(&std::fs::read_to_string(path)?)
    }

    /// Reads a template's text.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        intrinsics::normalise(serde_norway::from_str(text)?).map(Self)
    }

    /// Whether it has a parameter of this name.
    #[must_use]
    pub fn has_parameter(&self, name: &str) -> bool {
        self.0["Parameters"].get(name).is_some()
    }

    /// Whether it declares a WebSocket API, which needs a port.
    #[must_use]
    pub fn has_sockets(&self) -> bool {
        let resources = self.0["Resources"].as_object();
        resources.is_some_and(|all| all.values().any(|resource| resource["Type"] == websocket::KIND))
    }

    /// The template with these values for its parameters.
    pub fn resolve(&self, parameters: &[(&str, &str)]) -> Result<Template, TemplateError> {
        Template::resolve(&self.0, parameters)
    }
}
