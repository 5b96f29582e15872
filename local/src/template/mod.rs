//! `template.yaml`, as far as the local stack serves it.
//!
//! | file | what is in it |
//! |---|---|
//! | `intrinsics.rs` | `Ref`, `Sub` and the like, resolved with the parameters of a local deployment |
//! | `properties.rs` | how the template spells what is left |
//! | `function.rs` | functions: what starts them, what their roles allow |
//! | `source.rs` | what starts a function by itself: a table's stream, a schedule |
//! | `storage.rs` | tables, buckets, and what shows a bucket to everybody |
//! | `websocket.rs` | the WebSocket API |
//! | `document.rs` | the text, before its parameters have values |
//! | this one | the HTTP API, and all of it together |
//!
//! What the template declares and the local stack cannot serve is an error, not a silence.

mod document;
mod function;
mod intrinsics;
mod properties;
mod source;
mod storage;
#[cfg(test)]
mod tests;
mod websocket;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

pub use document::Document;
pub use function::{Function, Route, Subscription};
use intrinsics::Resolver;
pub use intrinsics::logical_id_of_arn;
use properties::{ApiProperties, FunctionProperties};
pub use source::{Mapping, Schedule, StartingPosition};
pub use storage::{Bucket, Table};
use websocket::RouteResponse;
pub use websocket::{IdentitySource, SocketAuthorizer, SocketRoute, WebSocketApi};

/// What is wrong with a template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It cannot be read.
    #[error("the template cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is not YAML.
    #[error("the template is not YAML: {0}")]
    Yaml(#[from] serde_norway::Error),
    /// A part of it is not what it should be.
    #[error("{place} in the template: {what}")]
    Wrong {
        /// Which part.
        place: String,
        /// What is wrong with it.
        what: String,
    },
}

impl TemplateError {
    fn wrong(place: impl Into<String>, what: impl std::fmt::Display) -> Self {
        Self::Wrong { place: place.into(), what: what.to_string() }
    }
}

/// What the kinds of resources that do nothing on this machine begin with.
const IDLE: [&str; 7] = [
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::CloudWatch::",
    "AWS::Logs::",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::",
    "AWS::SQS::",
];

/// What the template declares.
#[derive(Debug)]
pub struct Template {
    /// The functions, by logical id.
    pub functions: BTreeMap<String, Function>,
    /// The HTTP API.
    pub api: HttpApi,
    /// The WebSocket API, if there is one.
    pub sockets: Option<WebSocketApi>,
    /// The tables, by logical id.
    pub tables: BTreeMap<String, Table>,
    /// The buckets, by logical id.
    pub buckets: BTreeMap<String, Bucket>,
    /// The bucket that the CDN shows to everybody.
    pub media: Option<Bucket>,
}

/// An `AWS::Serverless::HttpApi`.
#[derive(Debug)]
pub struct HttpApi {
    /// The authorizers, by name.
    pub authorizers: HashMap<String, Authorizer>,
    /// What other origins may do.
    pub cors: Option<Cors>,
}

/// A Lambda authorizer with payload format 2.0 and simple responses.
#[derive(Clone, Debug)]
pub struct Authorizer {
    /// The function's logical id.
    pub function: String,
    /// The headers that identify somebody, in lower case.
    pub headers: Vec<String>,
    /// For how long its answer is remembered.
    pub ttl: Duration,
}

/// A `CorsConfiguration`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Cors {
    /// Which origins; `*` is any.
    #[serde(default)]
    pub allow_origins: Vec<String>,
    /// With which methods.
    #[serde(default)]
    pub allow_methods: Vec<String>,
    /// With which headers.
    #[serde(default)]
    pub allow_headers: Vec<String>,
    /// Which headers of the answer a script may read.
    #[serde(default)]
    pub expose_headers: Vec<String>,
    /// For how many seconds a browser may remember this.
    pub max_age: Option<u32>,
}

impl Template {
    /// Reads a template, with these values for its parameters.
    pub fn read(path: &Path, parameters: &[(&str, &str)]) -> Result<Self, TemplateError> {
        Document::read(path)?.resolve(parameters)
    }

    /// Reads a template's text, with these values for its parameters.
    pub fn parse(text: &str, parameters: &[(&str, &str)]) -> Result<Self, TemplateError> {
        Document::parse(text)?.resolve(parameters)
    }

    fn resolve(document: &Value, parameters: &[(&str, &str)]) -> Result<Self, TemplateError> {
        let resolver = Resolver::new(document, parameters)?;
        let globals: FunctionProperties = match resolver.resolve_at(document, "/Globals/Function")? {
            Some(value) => read("Globals", value)?,
            None => FunctionProperties::default(),
        };
        let (mut functions, mut tables, mut buckets) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (mut api, mut sockets, mut media) = (None, None, None);
        let mut responses: Vec<(&String, RouteResponse)> = Vec::new();
        let mut roles: HashMap<String, Vec<Value>> = HashMap::new();
        for (id, resource) in document["Resources"].as_object().into_iter().flatten() {
            let Some(resource) = resolver.resolve_resource(id, resource)? else { continue };
            let properties = resource["Properties"].clone();
            match resource["Type"].as_str().unwrap_or_default() {
                "AWS::Serverless::Function" => {
                    functions.insert(id.clone(), Function::read(id, &resource, properties, &globals)?);
                }
                "AWS::Serverless::HttpApi" => api = Some(read::<ApiProperties>(id, properties)?),
                websocket::KIND if sockets.is_some() => {
                    return Err(TemplateError::wrong(id, "the local stack serves one WebSocket API"));
                }
                websocket::KIND => sockets = Some(WebSocketApi::read(id, properties)?),
                "AWS::ApiGatewayV2::RouteResponse" => responses.push((id, read(id, properties)?)),
                "AWS::DynamoDB::Table" => {
                    tables.insert(id.clone(), Table::read(id, properties));
                }
                "AWS::S3::Bucket" => {
                    buckets.insert(id.clone(), Bucket::read(id, properties)?);
                }
                "AWS::CloudFront::Distribution" => media = Some(storage::origin(id, properties)?),
                "AWS::IAM::Role" => {
                    let policies = properties["Policies"].as_array().into_iter().flatten();
                    roles.entry(id.clone()).or_default().extend(policies.flat_map(statements));
                }
                "AWS::IAM::Policy" => {
                    for role in strings(&properties["Roles"]) {
                        let role = intrinsics::logical_id_of_name(&role).to_owned();
                        roles.entry(role).or_default().extend(statements(&properties));
                    }
                }
                // Logs, alarms, topics, dead letters, and what keeps the world out, have nothing to do here.
                kind if IDLE.iter().any(|prefix| kind.starts_with(prefix)) => {}
                kind => return Err(TemplateError::wrong(id, format!("the local stack has no {kind}"))),
            }
        }
        let api =
            api.ok_or_else(|| TemplateError::wrong("Resources", "there is no AWS::Serverless::HttpApi"))?;
        for (id, function) in &mut functions {
            function.inherit(id, &api, &roles)?;
        }
        for (id, response) in responses {
            let api =
                sockets.as_mut().ok_or_else(|| TemplateError::wrong(id, "there is no WebSocket API"))?;
            api.respond(id, &response)?;
        }
        if let Some(api) = &sockets {
            api.adopt(&mut functions)?;
        }
        let media = media.and_then(|id: String| buckets.get(&id).cloned());
        Ok(Self { functions, api: HttpApi::read(api)?, sockets, tables, buckets, media })
    }
}

impl HttpApi {
    fn read(properties: ApiProperties) -> Result<Self, TemplateError> {
        let mut authorizers = HashMap::new();
        for (name, authorizer) in properties.auth.authorizers {
            if !authorizer.enable_simple_responses || authorizer.authorizer_payload_format_version != "2.0" {
                return Err(TemplateError::wrong(
                    name,
                    "only payload format 2.0 with simple responses is served",
                ));
            }
            let authorizer = Authorizer {
                function: logical_id_of_arn(&authorizer.function_arn).to_owned(),
                headers: authorizer
                    .identity
                    .headers
                    .iter()
                    .map(|header| header.to_ascii_lowercase())
                    .collect(),
                ttl: Duration::from_secs(authorizer.identity.reauthorize_every.unwrap_or(0)),
            };
            authorizers.insert(name, authorizer);
        }
        Ok(Self { authorizers, cors: properties.cors_configuration })
    }
}

/// The statements of a policy.
fn statements(policy: &Value) -> Vec<Value> {
    policy["PolicyDocument"]["Statement"].as_array().cloned().unwrap_or_default()
}

fn read<T: for<'de> Deserialize<'de>>(place: &str, value: Value) -> Result<T, TemplateError> {
    serde_json::from_value(value).map_err(|error| TemplateError::wrong(place, error))
}

/// A value as CloudFormation passes it on: numbers and truth values become texts.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One text, or several.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Null => Vec::new(),
        value => vec![text(value)],
    }
}
