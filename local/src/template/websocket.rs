//! The WebSocket API: its routes, who may connect, and which routes answer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::{Function, TemplateError, intrinsics, logical_id_of_arn, read, text};

/// The kind of resource that SAM makes a WebSocket API of.
pub(super) const KIND: &str = "AWS::Serverless::WebSocketApi";

/// The routes whose keys begin with a dollar sign; every other is letters and digits.
const SPECIAL: [&str; 3] = ["$connect", "$disconnect", "$default"];

/// How long API Gateway waits for a function, unless a route says otherwise, and at most
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>).
const LONGEST_WAIT: u64 = 29_000;

/// An `AWS::Serverless::WebSocketApi`.
#[derive(Clone, Debug)]
pub struct WebSocketApi {
    /// Its logical id.
    pub id: String,
    /// What AWS would have made up to tell it from others.
    pub api_id: String,
    /// The stage, which the path of its URL begins with.
    pub stage: String,
    /// The members that lead to the key of its route in a message: `$request.body.action` is `action`.
    pub selection: Vec<String>,
    /// The routes by key.
    pub routes: BTreeMap<String, SocketRoute>,
    /// Who is asked before `$connect`.
    pub authorizer: Option<SocketAuthorizer>,
    /// The stage's variables.
    pub variables: BTreeMap<String, String>,
}

/// A route of the WebSocket API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketRoute {
    /// The logical id of the function that serves it.
    pub function: String,
    /// How long the gateway waits for that.
    pub timeout: Duration,
    /// Whether the route says that it selects the response `$default`.
    selects_response: bool,
    /// Whether there is that response.
    has_response: bool,
}

/// A Lambda authorizer of the kind REQUEST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketAuthorizer {
    /// The function's logical id.
    pub function: String,
    /// What must be there, and not empty, for the function to be asked.
    pub identity: Vec<IdentitySource>,
}

/// Where a request says who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// A header, in lower case.
    Header(String),
    /// A parameter of the query.
    Query(String),
}

/// An `AWS::ApiGatewayV2::RouteResponse`: SAM makes none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RouteResponse {
    api_id: String,
    route_id: String,
    #[serde(rename = "RouteResponseKey")]
    key: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    route_selection_expression: String,
    routes: BTreeMap<String, RouteProperties>,
    stage_name: Option<String>,
    #[serde(default)]
    stage_variables: BTreeMap<String, Value>,
    auth: Option<AuthProperties>,
    // What follows has nothing to do here.
    #[serde(rename = "AccessLogSettings")]
    _access_log_settings: Option<Value>,
    #[serde(rename = "DefaultRouteSettings")]
    _default_route_settings: Option<Value>,
    #[serde(rename = "RouteSettings")]
    _route_settings: Option<Value>,
    #[serde(rename = "Description")]
    _description: Option<String>,
    #[serde(rename = "Name")]
    _name: Option<String>,
    #[serde(rename = "Tags")]
    _tags: Option<Value>,
    #[serde(rename = "PropagateTags")]
    _propagate_tags: Option<Value>,
    #[serde(rename = "IpAddressType")]
    _ip_address_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RouteProperties {
    function_arn: String,
    /// In milliseconds.
    integration_timeout: Option<u64>,
    route_response_selection_expression: Option<String>,
    #[serde(rename = "OperationName")]
    _operation_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AuthProperties {
    auth_type: String,
    auth_arn: Option<String>,
    #[serde(default)]
    identity_source: Vec<String>,
    #[serde(rename = "Name")]
    _name: Option<String>,
    #[serde(rename = "InvokeRole")]
    _invoke_role: Option<String>,
}

impl WebSocketApi {
    pub(super) fn read(id: &str, properties: Value) -> Result<Self, TemplateError> {
        let wrong = |what: String| TemplateError::wrong(id, what);
        let properties: Properties = read(id, properties)?;
        if properties.routes.is_empty() {
            return Err(wrong("it has no routes".into()));
        }
        let mut routes = BTreeMap::new();
        for (key, route) in properties.routes {
            let place = format!("{id}.Routes.{key}");
            if component(&key).is_none() {
                return Err(TemplateError::wrong(place, "a key is of letters and digits, or a special one"));
            }
            routes.insert(key, SocketRoute::read(&place, &route)?);
        }
        let authorizer = properties.auth.map_or(Ok(None), |auth| SocketAuthorizer::read(id, &auth))?;
        if authorizer.is_some() && !routes.contains_key("$connect") {
            return Err(wrong("Auth needs a route $connect".into()));
        }
        let selection = selection(&properties.route_selection_expression);
        let selection =
            selection.ok_or_else(|| wrong("RouteSelectionExpression must be $request.body.…".into()))?;
        let variables = properties.stage_variables.iter().map(|(name, value)| (name.clone(), text(value)));
        Ok(Self {
            id: id.to_owned(),
            api_id: intrinsics::physical_id(id),
            // SAM's own default.
            stage: properties.stage_name.unwrap_or_else(|| "default".into()),
            selection,
            routes,
            authorizer,
            variables: variables.collect(),
        })
    }

    /// Takes in that one of its routes has a response.
    pub(super) fn respond(&mut self, place: &str, response: &RouteResponse) -> Result<(), TemplateError> {
        if response.key != "$default" {
            return Err(TemplateError::wrong(place, "RouteResponseKey must be $default"));
        }
        if intrinsics::logical_id_of_name(&response.api_id) != self.id {
            return Err(TemplateError::wrong(place, "ApiId is not of the WebSocket API"));
        }
        let id = intrinsics::logical_id_of_name(&response.route_id);
        let route = self.routes.iter_mut().find(|(key, _)| route_id(&self.id, key).as_deref() == Some(id));
        let (_, route) =
            route.ok_or_else(|| TemplateError::wrong(place, format!("there is no route {id}")))?;
        route.has_response = true;
        Ok(())
    }

    /// Checks the functions that it invokes, and lists what roles allow on its connections under
    /// `<id>.POST` and the like.
    pub(super) fn adopt(&self, functions: &mut BTreeMap<String, Function>) -> Result<(), TemplateError> {
        let asked = self.authorizer.iter().map(|authorizer| &authorizer.function);
        for id in self.routes.values().map(|route| &route.function).chain(asked) {
            let function = functions.get(id);
            let function =
                function.ok_or_else(|| TemplateError::wrong(&self.id, format!("there is no {id}")))?;
            if function.concurrency.is_some() {
                let what = "the local stack reserves concurrency for functions without routes only";
                return Err(TemplateError::wrong(id, what));
            }
        }
        for (id, function) in functions {
            let allowed = std::mem::take(&mut function.allowed);
            for (resource, actions) in allowed {
                let path = resource.strip_prefix(&self.id).and_then(|rest| rest.strip_prefix('/'));
                let listed = match path.map(|path| self.method(path)) {
                    None => resource,
                    Some(Some(method)) => format!("{}.{method}", self.id),
                    Some(None) => {
                        let what =
                            format!("{resource} is not {}/POST/@connections/* or the like", self.stage);
                        return Err(TemplateError::wrong(id, what));
                    }
                };
                function.allowed.entry(listed).or_default().extend(actions);
            }
        }
        Ok(())
    }

    /// The method that a path in an ARN allows on all connections
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html>).
    fn method<'a>(&self, path: &'a str) -> Option<&'a str> {
        let path = path.strip_prefix(&self.stage)?.strip_prefix('/')?;
        path.strip_suffix("/@connections/*").filter(|method| ["DELETE", "GET", "POST"].contains(method))
    }
}

impl SocketRoute {
    fn read(place: &str, properties: &RouteProperties) -> Result<Self, TemplateError> {
        let selects = properties.route_response_selection_expression.as_deref();
        if selects.is_some_and(|expression| expression != "$default") {
            return Err(TemplateError::wrong(place, "RouteResponseSelectionExpression must be $default"));
        }
        let millis = properties.integration_timeout.unwrap_or(LONGEST_WAIT);
        if !(50..=LONGEST_WAIT).contains(&millis) {
            return Err(TemplateError::wrong(place, "IntegrationTimeout must be from 50 to 29000"));
        }
        Ok(Self {
            function: logical_id_of_arn(&properties.function_arn).to_owned(),
            timeout: Duration::from_millis(millis),
            selects_response: selects.is_some(),
            has_response: false,
        })
    }

    /// Whether what the function answers reaches the client: only where the route selects a
    /// response and that is there
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html>).
    #[must_use]
    pub const fn answers(&self) -> bool {
        self.selects_response && self.has_response
    }
}

impl SocketAuthorizer {
    fn read(id: &str, properties: &AuthProperties) -> Result<Option<Self>, TemplateError> {
        let arn = match (properties.auth_type.as_str(), &properties.auth_arn) {
            ("NONE", None) => return Ok(None),
            ("CUSTOM", Some(arn)) => arn,
            ("CUSTOM", None) => return Err(TemplateError::wrong(id, "AuthType CUSTOM needs an AuthArn")),
            _ => return Err(TemplateError::wrong(id, "the local stack serves AuthType CUSTOM and NONE")),
        };
        let identity = properties.identity_source.iter().map(|source| {
            let what = format!("{source} is neither route.request.header.… nor route.request.querystring.…");
            IdentitySource::read(source).ok_or_else(|| TemplateError::wrong(id, what))
        });
        let function = logical_id_of_arn(arn).to_owned();
        Ok(Some(Self { function, identity: identity.collect::<Result<_, _>>()? }))
    }
}

impl IdentitySource {
    fn read(source: &str) -> Option<Self> {
        let (kind, name) = source.strip_prefix("route.request.")?.split_once('.')?;
        match kind {
            _ if name.is_empty() => None,
            "header" => Some(Self::Header(name.to_ascii_lowercase())),
            "querystring" => Some(Self::Query(name.to_owned())),
            _ => None,
        }
    }
}

/// What an ARN names of an API, from its logical id on, if it is of one.
pub(super) fn below(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:aws:execute-api:us-east-1:000000000000:").map(intrinsics::logical_id_of_name)
}

/// The logical ids of the routes that SAM makes of a resource, if it is a WebSocket API.
pub(super) fn route_ids(id: &str, resource: &Value) -> Vec<String> {
    let routes = resource["Properties"]["Routes"].as_object().filter(|_| resource["Type"] == KIND);
    routes.into_iter().flatten().filter_map(|(key, _)| route_id(id, key)).collect()
}

fn route_id(api: &str, key: &str) -> Option<String> {
    component(key).map(|key| format!("{api}{key}Route"))
}

/// What SAM makes of a route's key in logical ids: Python's `capitalize`, which also makes small
/// what follows the first letter.
fn component(key: &str) -> Option<String> {
    let word = if SPECIAL.contains(&key) { &key[1..] } else { key };
    let mut letters = word.chars();
    let first = letters.next().filter(|_| word.chars().all(char::is_alphanumeric))?;
    Some(first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect())
}

/// The members that a selection expression names
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html#apigateway-websocket-api-route-selection-expressions>).
fn selection(expression: &str) -> Option<Vec<String>> {
    let rest = expression.strip_prefix('$')?;
    let rest = rest.strip_prefix('{').map_or(Some(rest), |rest| rest.strip_suffix('}'))?;
    let members: Vec<_> = rest.strip_prefix("request.body.")?.split('.').map(str::to_owned).collect();
    (!members.iter().any(String::is_empty)).then_some(members)
}
