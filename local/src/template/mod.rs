//! `template.yaml`, as far as the local stack serves it.
//!
//! `intrinsics.rs` resolves `Ref`, `Sub` and the like with the parameters of a local
//! deployment; `properties.rs` is how the template spells what is left, and this file is what
//! it means. What the template declares and the
//! local stack cannot serve is an error, not a silence.

mod intrinsics;
mod properties;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use intrinsics::Resolver;
pub use intrinsics::logical_id_of_arn;
use properties::{ApiProperties, FunctionProperties};

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

/// What the template declares.
#[derive(Debug)]
pub struct Template {
    /// The functions, by logical id.
    pub functions: BTreeMap<String, Function>,
    /// The HTTP API.
    pub api: HttpApi,
    /// The tables, by logical id.
    pub tables: BTreeMap<String, Table>,
}

/// An `AWS::Serverless::Function`.
#[derive(Debug)]
pub struct Function {
    /// The binary it is built from.
    pub binary: String,
    /// Its variables.
    pub environment: HashMap<String, String>,
    /// How long it may take.
    pub timeout: Duration,
    /// The routes it serves.
    pub routes: Vec<Route>,
    /// The actions its role allows, by the logical id of the resource they are allowed on.
    pub allowed: BTreeMap<String, Vec<String>>,
}

/// A route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Method and path; `None` is `$default`.
    pub target: Option<(http::Method, String)>,
    /// The authorizer that is asked first.
    pub authorizer: Option<String>,
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

/// An `AWS::DynamoDB::Table`.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its properties as DynamoDB's own API takes them.
    pub properties: Value,
    /// The attribute after whose time an item goes.
    pub ttl_attribute: Option<String>,
}

impl Template {
    /// Reads a template, with these values for its parameters.
    pub fn read(path: &Path, parameters: &[(&str, &str)]) -> Result<Self, TemplateError> {
        Self::parse(&std::fs::read_to_string(path)?, parameters)
    }

    /// Reads a template's text, with these values for its parameters.
    pub fn parse(text: &str, parameters: &[(&str, &str)]) -> Result<Self, TemplateError> {
        let document = intrinsics::normalise(serde_norway::from_str(text)?)?;
        let resolver = Resolver::new(&document, parameters)?;
        let globals: FunctionProperties = match resolver.resolve_at(&document, "/Globals/Function")? {
            Some(value) => read("Globals", value)?,
            None => FunctionProperties::default(),
        };
        let (mut functions, mut tables, mut api, mut roles) =
            (BTreeMap::new(), BTreeMap::new(), None, HashMap::new());
        for (id, resource) in document["Resources"].as_object().into_iter().flatten() {
            let Some(resource) = resolver.resolve_resource(id, resource)? else { continue };
            let properties = resource["Properties"].clone();
            match resource["Type"].as_str().unwrap_or_default() {
                "AWS::Serverless::Function" => {
                    functions.insert(id.clone(), Function::read(id, &resource, properties, &globals)?);
                }
                "AWS::Serverless::HttpApi" => api = Some(read::<ApiProperties>(id, properties)?),
                "AWS::DynamoDB::Table" => {
                    tables.insert(id.clone(), Table::read(id, properties));
                }
                "AWS::IAM::Role" => {
                    roles.insert(id.clone(), properties);
                }
                // Logs, alarms and topics have nothing to do here.
                kind if ["AWS::Logs::", "AWS::CloudWatch::", "AWS::SNS::"]
                    .iter()
                    .any(|p| kind.starts_with(p)) => {}
                kind => return Err(TemplateError::wrong(id, format!("the local stack has no {kind}"))),
            }
        }
        let api =
            api.ok_or_else(|| TemplateError::wrong("Resources", "there is no AWS::Serverless::HttpApi"))?;
        for (id, function) in &mut functions {
            function.inherit(id, &api, &roles)?;
        }
        Ok(Self { functions, api: HttpApi::read(api)?, tables })
    }
}

impl Function {
    fn read(
        id: &str,
        resource: &Value,
        properties: Value,
        globals: &FunctionProperties,
    ) -> Result<Self, TemplateError> {
        let properties: FunctionProperties = read(id, properties)?;
        let binary = resource.pointer("/Metadata/BuildProperties/Binary").and_then(Value::as_str);
        let binary = binary.ok_or_else(|| TemplateError::wrong(id, "it has no BuildProperties.Binary"))?;
        let mut environment = globals.environment.variables.clone();
        environment.extend(properties.environment.variables);
        let routes =
            properties.events.into_iter().map(|(event, value)| route(&format!("{id}.{event}"), &value));
        Ok(Self {
            binary: binary.to_owned(),
            environment: environment.into_iter().map(|(name, value)| (name, text(&value))).collect(),
            // Lambda's own default is 3 s.
            timeout: Duration::from_secs(properties.timeout.or(globals.timeout).unwrap_or(3)),
            routes: routes.collect::<Result<_, _>>()?,
            // Until the roles are known, only which one it is.
            allowed: properties.role.into_iter().map(|role| (role, Vec::new())).collect(),
        })
    }

    /// Fills in what other resources say: the API's default authorizer, the role's policies.
    fn inherit(
        &mut self,
        id: &str,
        api: &ApiProperties,
        roles: &HashMap<String, Value>,
    ) -> Result<(), TemplateError> {
        for route in &mut self.routes {
            route.authorizer = match route.authorizer.take() {
                Some(none) if none == "NONE" => None,
                Some(name) => Some(name),
                None => api.auth.default_authorizer.clone(),
            };
        }
        let role = self.allowed.pop_first().map(|(arn, _)| logical_id_of_arn(&arn).to_owned());
        let role = role.ok_or_else(|| TemplateError::wrong(id, "it has no Role of its own"))?;
        let policies = roles.get(&role).and_then(|role| role["Policies"].as_array());
        for statement in policies
            .into_iter()
            .flatten()
            .filter_map(|p| p["PolicyDocument"]["Statement"].as_array())
            .flatten()
        {
            for resource in strings(&statement["Resource"]) {
                let actions = self.allowed.entry(logical_id_of_arn(&resource).to_owned()).or_default();
                actions.extend(strings(&statement["Action"]));
            }
        }
        Ok(())
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

impl Table {
    fn read(id: &str, mut properties: Value) -> Self {
        let name =
            properties["TableName"].as_str().map_or_else(|| intrinsics::physical_id(id), str::to_owned);
        let ttl = properties["TimeToLiveSpecification"]["AttributeName"].as_str().map(str::to_owned);
        properties["TableName"] = name.clone().into();
        Self { name, properties, ttl_attribute: ttl }
    }
}

/// A function's event, which here is always a route.
fn route(place: &str, event: &Value) -> Result<Route, TemplateError> {
    if event["Type"] != "HttpApi" {
        return Err(TemplateError::wrong(
            place,
            format!("the local stack sends no {} events", event["Type"]),
        ));
    }
    let properties = &event["Properties"];
    let target = match (properties["Method"].as_str(), properties["Path"].as_str()) {
        (Some(method), Some(path)) => {
            let method = method.to_ascii_uppercase();
            let method = method.parse().map_err(|error| TemplateError::wrong(place, error))?;
            Some((method, path.to_owned()))
        }
        (None, None) => None,
        _ => return Err(TemplateError::wrong(place, "Method and Path go together")),
    };
    Ok(Route { target, authorizer: properties["Auth"]["Authorizer"].as_str().map(str::to_owned) })
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
