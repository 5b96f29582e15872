//! API Gateway's WebSocket API as the local stack stands in for it, with functions of the tests' own.

mod ends;
mod handshake;
mod management;
mod messages;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::retry::RetryConfig;
use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata as _;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use clap::Parser as _;
use futures_util::future::BoxFuture;
use local::gateway::Record;
use local::lambda::Lambda;
use local::stack::Overrides;
use local::{Options, Stack};
use serde_json::{Value, json};
use shared::clock::Clock;
use tempfile::NamedTempFile;
use tokio::sync::{Mutex, OnceCell, mpsc};

use crate::harness::Socket;

const TEMPLATE: &str = r#"
Parameters:
  SocketUrl: {Type: String, Default: ""}
Resources:
  HttpApi: {Type: AWS::Serverless::HttpApi, Properties: {}}
  SocketApi:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: dev
      RouteSelectionExpression: $request.body.action
      Auth:
        AuthType: CUSTOM
        AuthArn: !GetAtt AuthorizerFunction.Arn
        IdentitySource: [route.request.querystring.ticket]
      Routes:
        $connect: {FunctionArn: !GetAtt SocketFunction.Arn}
        $disconnect: {FunctionArn: !GetAtt SocketFunction.Arn}
        send: {FunctionArn: !GetAtt SocketFunction.Arn, RouteResponseSelectionExpression: $default}
        onlySelection: {FunctionArn: !GetAtt SocketFunction.Arn, RouteResponseSelectionExpression: $default}
        onlyResponse: {FunctionArn: !GetAtt SocketFunction.Arn}
        slow:
          FunctionArn: !GetAtt SocketFunction.Arn
          IntegrationTimeout: 100
          RouteResponseSelectionExpression: $default
        $default: {FunctionArn: !GetAtt SocketFunction.Arn, RouteResponseSelectionExpression: $default}
  SendResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref SocketApi, RouteId: !Ref SocketApiSendRoute, RouteResponseKey: $default}
  OnlyResponseResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref SocketApi, RouteId: !Ref SocketApiOnlyresponseRoute, RouteResponseKey: $default}
  SlowResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref SocketApi, RouteId: !Ref SocketApiSlowRoute, RouteResponseKey: $default}
  DefaultResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref SocketApi, RouteId: !Ref SocketApiDefaultRoute, RouteResponseKey: $default}
  AuthorizerFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: authorizer}}
    Properties: {Role: !GetAtt Role.Arn}
  SocketFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: socket}}
    Properties:
      Role: !GetAtt Role.Arn
      Environment:
        Variables:
          AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: !Sub "https://${SocketApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev"
  Role: {Type: AWS::IAM::Role, Properties: {}}
"#;

/// A function of a test's own.
type Handler = Arc<dyn Fn(Tools, Value) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// What a function here has.
#[derive(Clone)]
struct Tools(Arc<OnceCell<Client>>);

impl Tools {
    /// Pushes to the connection of an event.
    async fn push(&self, event: &Value, text: &str) -> Result<(), String> {
        push(self.0.get().unwrap(), id_in(event), text).await
    }
}

/// What a test starts with.
struct Setup {
    template: String,
    overrides: Overrides,
    socket: Handler,
}

/// A stack with a WebSocket API, and nothing else.
struct Api {
    stack: Stack,
    url: String,
    client: Client,
    /// What the functions got, as it came.
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    _template: NamedTempFile,
}

impl Setup {
    /// A function that handles all events so, and an authorizer that goes by the ticket.
    fn new<F>(handle: impl Fn(Tools, Value) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Value, String>> + Send + 'static,
    {
        let socket: Handler = Arc::new(move |tools, event| Box::pin(handle(tools, event)));
        Self { template: TEMPLATE.into(), overrides: Overrides::default(), socket }
    }

    /// A function that answers each message with its body.
    fn echo() -> Self {
        Self::new(async |_, event| Ok(json!({ "statusCode": 200, "body": event["body"] })))
    }

    /// With something else in the template.
    fn with(mut self, old: &str, new: &str) -> Self {
        assert!(self.template.contains(old), "{old}");
        self.template = self.template.replace(old, new);
        self
    }

    async fn start(mut self) -> Api {
        let (sender, events) = mpsc::unbounded_channel();
        let tools = Tools(Arc::default());
        let functions = &mut self.overrides.functions;
        functions.insert(
            "AuthorizerFunction".into(),
            function(&tools, &sender, Arc::new(|_, event| Box::pin(async move { authorize(&event) }))),
        );
        functions.insert("SocketFunction".into(), function(&tools, &sender, self.socket));
        let template = NamedTempFile::new().unwrap();
        std::fs::write(template.path(), &self.template).unwrap();
        let stack = Stack::start(&options(&template, 0), self.overrides).await.unwrap();
        // As a function would make it of its own variables.
        let own = "https://kith-SocketApi.execute-api.us-east-1.amazonaws.com/dev";
        let own = HashMap::from([("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI".to_owned(), own.to_owned())]);
        let environment = stack.aws().environment(&own).unwrap();
        let client = Client::new(&environment.sdk);
        tools.0.set(client.clone()).unwrap();
        let url = stack.ws_url().unwrap().to_owned();
        Api { stack, url, client, events: Mutex::new(events), _template: template }
    }
}

fn options(template: &NamedTempFile, ws_port: u16) -> Options {
    let (template, ws_port) = (template.path().to_str().unwrap(), ws_port.to_string());
    let ports = ["--http-port", "0", "--s3-port", "0", "--ws-port", &ws_port];
    Options::parse_from([&["kith", "--memory", "--template", template], &ports[..]].concat())
}

fn function(tools: &Tools, events: &mpsc::UnboundedSender<Value>, handle: Handler) -> Lambda {
    let (tools, events) = (tools.clone(), events.clone());
    Lambda::from_fn("f", Duration::from_secs(10), Clock::system(), move |event| {
        let event: Value = serde_json::from_str(&event).unwrap();
        // A test that is over looks at none.
        let _ = events.send(event.clone());
        let answer = handle(tools.clone(), event);
        async move { answer.await.map(|answer| answer.to_string()) }
    })
}

fn authorize(event: &Value) -> Result<Value, String> {
    let ticket = event["queryStringParameters"]["ticket"].as_str().unwrap();
    let effect = match ticket {
        "throws" => return Err("Unauthorized".into()),
        "fails" => return Err("something else".into()),
        "nonsense" => return Ok(json!({ "isAuthorized": true })),
        "denied" => "Deny",
        _ => "Allow",
    };
    let resource = if ticket == "elsewhere" {
        "arn:aws:execute-api:*:*:other/*"
    } else {
        event["methodArn"].as_str().unwrap()
    };
    let statement = json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    Ok(
        json!({ "principalId": ticket, "policyDocument": policy, "context": { "userId": ticket, "level": 7 } }),
    )
}

impl Api {
    fn url_with(&self, ticket: &str) -> String {
        format!("{}?ticket={ticket}", self.url)
    }

    /// Somebody's connection.
    async fn connect(&self, ticket: &str) -> Socket {
        Socket::connect(&self.url_with(ticket)).await
    }

    /// The same with its id.
    async fn connect_with_id(&self, ticket: &str) -> (Socket, String) {
        let socket = self.connect(ticket).await;
        let event = self.event("$connect").await;
        (socket, id_in(&event).to_owned())
    }

    /// The next event of a route for its function; others are passed over.
    async fn event(&self, route: &str) -> Value {
        let wait = async {
            let mut events = self.events.lock().await;
            loop {
                let event = events.recv().await.unwrap();
                if event["requestContext"]["routeKey"] == route && event["type"].is_null() {
                    return event;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.expect("the event comes in time")
    }

    /// Waits until no connection is open any more.
    async fn deserted(&self) {
        let wait = async {
            while self.stack.open_connections() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.expect("all connections end in time");
    }

    /// The same client, which does not try again.
    fn impatient(&self) -> Client {
        let config = self.client.config().to_builder().retry_config(RetryConfig::disabled());
        Client::from_conf(config.build())
    }
}

/// Pushes to a connection; an error is told by its name.
async fn push(client: &Client, id: &str, text: &str) -> Result<(), String> {
    let push = client.post_to_connection().connection_id(id).data(Blob::new(text)).send().await;
    push.map(|_| ()).map_err(|error| error.into_service_error().code().unwrap_or_default().to_owned())
}

/// The connection of an event.
fn id_in(event: &Value) -> &str {
    event["requestContext"]["connectionId"].as_str().unwrap()
}

/// An answer that says no more than that.
fn ok() -> Value {
    json!({ "statusCode": 200 })
}

/// What the stack did while `work` was done.
async fn watch<T>(api: &Api, work: impl Future<Output = T>) -> (T, Vec<Record>) {
    let mut records = api.stack.records();
    let result = work.await;
    let mut seen = Vec::new();
    while let Ok(record) = records.try_recv() {
        seen.push(record);
    }
    (result, seen)
}
