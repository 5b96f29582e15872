//! Functions: what starts them, and what their roles allow.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde_json::Value;

use super::properties::{ApiProperties, FunctionProperties};
use super::source::{self, Mapping, Schedule};
use super::{TemplateError, logical_id_of_arn, read, strings, text};

/// An `AWS::Serverless::Function`.
#[derive(Debug)]
pub struct Function {
    /// The binary it is built from.
    pub binary: String,
    /// Its variables.
    pub environment: HashMap<String, String>,
    /// How long it may take.
    pub timeout: Duration,
    /// How often an asynchronous invocation that failed is tried again.
    pub retries: u32,
    /// How many of its invocations may run at once, if not as many as there are.
    pub concurrency: Option<usize>,
    /// The routes it serves.
    pub routes: Vec<Route>,
    /// The buckets it is told of.
    pub subscriptions: Vec<Subscription>,
    /// The streams whose records it is sent.
    pub mappings: Vec<Mapping>,
    /// When it is invoked by itself.
    pub schedules: Vec<Schedule>,
    /// The logical ids of the queues that are told what it failed at for good.
    pub failures: BTreeSet<String>,
    /// The actions its role allows, by the logical id of the resource they are allowed on; those
    /// on a table's stream are under `<id>.StreamArn`, and those on an index under `<id>.<index>`.
    pub allowed: BTreeMap<String, Vec<String>>,
}

/// That a function is told of the objects that are created in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The bucket's name.
    pub bucket: String,
    /// What the objects' keys begin with.
    pub prefix: String,
}

/// A route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Method and path; `None` is `$default`.
    pub target: Option<(http::Method, String)>,
    /// The authorizer that is asked first.
    pub authorizer: Option<String>,
}

impl Function {
    pub(super) fn read(
        id: &str,
        resource: &Value,
        properties: Value,
        globals: &FunctionProperties,
    ) -> Result<Self, TemplateError> {
        let properties: FunctionProperties = read(id, properties)?;
        let binary = resource.pointer("/Metadata/BuildProperties/Binary").and_then(Value::as_str);
        let binary = binary.ok_or_else(|| TemplateError::wrong(id, "it has no BuildProperties.Binary"))?;
        // A parameter's value is a text.
        let concurrency = properties.reserved_concurrent_executions.as_ref().map(|most| text(most).parse());
        let concurrency = concurrency.transpose().map_err(|error| TemplateError::wrong(id, error))?;
        let mut environment = globals.environment.variables.clone();
        environment.extend(properties.environment.variables);
        let (mut routes, mut subscriptions) = (Vec::new(), Vec::new());
        let (mut mappings, mut schedules) = (Vec::new(), Vec::new());
        for (event, value) in properties.events {
            let place = format!("{id}.{event}");
            match value["Type"].as_str() {
                Some("HttpApi") => routes.push(route(&place, &value["Properties"])?),
                Some("S3") => subscriptions.push(subscription(&place, &value["Properties"])?),
                Some("DynamoDB") => mappings.push(Mapping::read(&place, value["Properties"].clone())?),
                Some("Schedule") => {
                    schedules.push(Schedule::read(id, &event, value["Properties"].clone())?);
                }
                _ => {
                    let what = format!("the local stack sends no {} events", value["Type"]);
                    return Err(TemplateError::wrong(place, what));
                }
            }
        }
        let invoked = properties.event_invoke_config.unwrap_or_default();
        let failed = invoked.destination_config.map_or(Ok(None), |config| config.queue(id))?;
        let failures = mappings.iter().filter_map(|mapping: &Mapping| mapping.on_failure.clone());
        if concurrency.is_some() && !routes.is_empty() {
            let what = "the local stack reserves concurrency for functions without routes only";
            return Err(TemplateError::wrong(id, what));
        }
        Ok(Self {
            binary: binary.to_owned(),
            environment: environment.into_iter().map(|(name, value)| (name, text(&value))).collect(),
            // Lambda's own default is 3 s.
            timeout: Duration::from_secs(properties.timeout.or(globals.timeout).unwrap_or(3)),
            // Lambda's own default is 2.
            retries: invoked.maximum_retry_attempts.unwrap_or(2),
            concurrency,
            routes,
            subscriptions,
            failures: failures.chain(failed).collect(),
            mappings,
            schedules,
            // Until the roles are known, only which one it is.
            allowed: properties.role.into_iter().map(|role| (role, Vec::new())).collect(),
        })
    }

    /// Fills in what other resources say: the API's default authorizer, the role's policies.
    pub(super) fn inherit(
        &mut self,
        id: &str,
        api: &ApiProperties,
        roles: &HashMap<String, Vec<Value>>,
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
        let statements = roles.get(&role).into_iter().flatten();
        for statement in statements {
            for resource in strings(&statement["Resource"]) {
                let actions = self.allowed.entry(source::allowed_on(&resource)).or_default();
                actions.extend(strings(&statement["Action"]));
            }
        }
        Ok(())
    }
}

/// An event that is a route.
fn route(place: &str, properties: &Value) -> Result<Route, TemplateError> {
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

/// An event that tells of objects.
fn subscription(place: &str, properties: &Value) -> Result<Subscription, TemplateError> {
    if strings(&properties["Events"]) != ["s3:ObjectCreated:Put"] {
        return Err(TemplateError::wrong(place, "the local stack sends s3:ObjectCreated:Put only"));
    }
    let mut subscription = Subscription { bucket: text(&properties["Bucket"]), prefix: String::new() };
    for rule in properties["Filter"]["S3Key"]["Rules"].as_array().into_iter().flatten() {
        if rule["Name"] != "prefix" {
            return Err(TemplateError::wrong(place, "the local stack filters by prefix only"));
        }
        subscription.prefix = text(&rule["Value"]);
    }
    Ok(subscription)
}

#[cfg(test)]
mod tests {
    use crate::template::Template;

    const TEMPLATE: &str = r"
Resources:
  HttpApi: {Type: AWS::Serverless::HttpApi, Properties: {}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {}}
  Late: {Type: AWS::SQS::Queue}
  Failures: {Type: AWS::SQS::Queue}
  Function:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: jobs}}
    Properties:
      Role: !GetAtt Role.Arn
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Late.Arn}}
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            StartingPosition: TRIM_HORIZON
            DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Failures.Arn}}
        Revival: {Type: Schedule, Properties: {Schedule: rate(5 minutes), Description: d}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - {Effect: Allow, Action: dynamodb:GetItem, Resource: !GetAtt Table.Arn}
              - {Effect: Allow, Action: dynamodb:Query, Resource: !Sub '${Table.Arn}/index/GSI1'}
              - {Effect: Allow, Action: [dynamodb:GetRecords], Resource: !GetAtt Table.StreamArn}
              - {Effect: Allow, Action: sqs:SendMessage, Resource: [!GetAtt Failures.Arn, !GetAtt Late.Arn]}
";

    #[test]
    fn what_starts_a_function_by_itself_is_read_with_what_its_role_allows() {
        let mut template = Template::parse(TEMPLATE, &[]).unwrap();
        let function = template.functions.remove("Function").unwrap();
        assert_eq!(
            (&*function.mappings[0].name, &*function.mappings[0].table),
            ("Function.Changes", "Table")
        );
        assert_eq!((&*function.schedules[0].rule, function.retries), ("FunctionRevival", 1));
        assert_eq!(function.failures.into_iter().collect::<Vec<_>>(), ["Failures", "Late"]);
        let allowed: Vec<_> =
            function.allowed.iter().map(|(resource, actions)| (&**resource, actions.join(" "))).collect();
        let expected = [
            ("Failures", "sqs:SendMessage"),
            ("Late", "sqs:SendMessage"),
            ("Table", "dynamodb:GetItem"),
            ("Table.GSI1", "dynamodb:Query"),
            ("Table.StreamArn", "dynamodb:GetRecords"),
        ];
        assert_eq!(allowed, expected.map(|(resource, actions)| (resource, actions.to_owned())));
    }
}
