//! What can go wrong between the SDK and DynamoDB or S3: a layer around the SDK's HTTP client.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use fastrand::Rng;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::delays::Delays;

/// One thing that goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// DynamoDB throttles it.
    Throttle,
    /// It meets a transaction.
    Conflict,
    /// DynamoDB has an error of its own.
    Internal,
    /// The connection ends before the call is sent.
    Reset,
    /// The call is carried out, and its reply is lost.
    LostReply,
    /// The call is carried out, and its reply breaks off midway.
    CutReply,
    /// The function crashes before the call is sent.
    CrashBefore,
    /// The function crashes once the call is carried out.
    CrashAfter,
}

impl Fault {
    /// Those that a function is to outlive.
    pub(crate) const PASSING: [Self; 6] =
        [Self::Throttle, Self::Conflict, Self::Internal, Self::Reset, Self::LostReply, Self::CutReply];

    /// All of them, those that end the function among them.
    pub(crate) const ALL: [Self; 8] = [
        Self::Throttle,
        Self::Conflict,
        Self::Internal,
        Self::Reset,
        Self::LostReply,
        Self::CutReply,
        Self::CrashBefore,
        Self::CrashAfter,
    ];
}

/// What goes wrong, as tests set it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<Plan>>);

#[derive(Debug, Default)]
struct Plan {
    /// Goes wrong once, at the call after this many.
    once: Option<(u32, Fault)>,
    /// Goes wrong once, at the next call of this operation.
    once_at: Option<(&'static str, Fault)>,
    /// Goes wrong at random, with this chance, in one of these ways.
    random: Option<(f64, Rng, &'static [Fault])>,
    /// Goes wrong with every call.
    always: Option<Fault>,
    /// Answers reads that are not strong with what the same read brought first.
    stale: Option<HashMap<String, Vec<u8>>>,
    /// Holds a call.
    gate: Option<Gate>,
    injected: u32,
}

impl Faults {
    /// Nothing goes wrong any more. Answers how often something did.
    pub(crate) fn stop(&self) -> u32 {
        std::mem::take(&mut *self.0.lock().unwrap()).injected
    }

    /// One call goes wrong: the one after this many.
    pub(crate) fn once_after(&self, calls: u32, fault: Fault) {
        self.0.lock().unwrap().once = Some((calls, fault));
    }

    /// One call goes wrong: the next one of this operation. A push is a `POST`.
    pub(crate) fn once_at(&self, operation: &'static str, fault: Fault) {
        self.0.lock().unwrap().once_at = Some((operation, fault));
    }

    /// Each call goes wrong with this chance.
    pub(crate) fn randomly(&self, chance: f64, seed: u64) {
        self.0.lock().unwrap().random = Some((chance, Rng::with_seed(seed), &Fault::PASSING));
    }

    /// The same, and some of it ends the function.
    pub(crate) fn randomly_fatal(&self, chance: f64, seed: u64) {
        self.0.lock().unwrap().random = Some((chance, Rng::with_seed(seed), &Fault::ALL));
    }

    /// Every call goes wrong.
    pub(crate) fn always(&self, fault: Fault) {
        self.0.lock().unwrap().always = Some(fault);
    }

    /// Reads that are not strong answer what was.
    pub(crate) fn stale_reads(&self) {
        self.0.lock().unwrap().stale = Some(HashMap::new());
    }

    /// The next call of this operation waits until it is let go.
    pub(crate) fn hold(&self, operation: &'static str) -> Gate {
        let gate = Gate(Arc::new(Held { operation, call: Mutex::default(), steps: watch::Sender::new(0) }));
        self.0.lock().unwrap().gate = Some(gate.clone());
        gate
    }

    /// A client around which this goes wrong.
    pub(crate) fn around(&self, client: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(FaultyClient { client, faults: self.clone(), delays: Delays::asked_for() })
    }

    fn next(&self, operation: &str) -> Option<Fault> {
        let mut plan = self.0.lock().unwrap();
        if let Some((_, fault)) = plan.once_at.take_if(|(at, _)| *at == operation) {
            plan.injected += 1;
            return Some(fault);
        }
        let once = match &mut plan.once {
            Some((0, fault)) => Some(*fault),
            Some((calls, _)) => {
                *calls -= 1;
                None
            }
            None => None,
        };
        if once.is_some() {
            plan.once = None;
        }
        let random = plan.random.as_mut().and_then(|(chance, random, faults)| {
            (random.f64() < *chance).then(|| faults[random.usize(..faults.len())])
        });
        let fault = plan.always.or(once).or(random);
        plan.injected += u32::from(fault.is_some());
        fault
    }

    async fn pass_gate(&self, request: &HttpRequest) {
        let gate = self.0.lock().unwrap().gate.clone();
        if let Some(gate) = gate {
            gate.pass(request).await;
        }
    }

    fn stale(&self, request: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().stale.as_ref()?.get(request).cloned()
    }

    fn remember(&self, request: String, answer: &[u8]) {
        if let Some(stale) = &mut self.0.lock().unwrap().stale {
            stale.insert(request, answer.to_vec());
        }
    }
}

/// Holds one call, so that a test can do something else before it.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Held>);

#[derive(Debug)]
struct Held {
    operation: &'static str,
    /// The call's body: the SDK sends it again when it has waited too long, and that waits, too.
    call: Mutex<Option<Vec<u8>>>,
    /// 1 once the call is there, 2 once it may go on.
    steps: watch::Sender<u8>,
}

impl Gate {
    /// Waits until the call is there.
    pub(crate) async fn reached(&self) {
        let mut steps = self.0.steps.subscribe();
        let reached = steps.wait_for(|step| *step >= 1);
        tokio::time::timeout(Duration::from_mins(1), reached)
            .await
            .expect("the call is made in time")
            .unwrap();
    }

    /// Lets the call go.
    pub(crate) fn release(self) {
        assert_eq!(self.0.steps.send_replace(2), 1, "the call waits");
    }

    async fn pass(&self, request: &HttpRequest) {
        let body = request.body().bytes().unwrap_or_default();
        let is_held = {
            let mut call = self.0.call.lock().unwrap();
            operation(request) == self.0.operation && call.get_or_insert_with(|| body.to_vec()) == body
        };
        if is_held {
            self.0.steps.send_if_modified(|step| std::mem::replace(step, 1.max(*step)) == 0);
            self.0.steps.subscribe().wait_for(|step| *step == 2).await.unwrap();
        }
    }
}

#[derive(Debug)]
struct FaultyClient {
    client: SharedHttpClient,
    faults: Faults,
    delays: Delays,
}

impl HttpClient for FaultyClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        let (faults, delays) = (self.faults.clone(), self.delays.clone());
        SharedHttpConnector::new(FaultyConnector { connector, faults, delays })
    }
}

#[derive(Clone, Debug)]
struct FaultyConnector {
    connector: SharedHttpConnector,
    faults: Faults,
    delays: Delays,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let delays = this.delays.clone();
            delays.pass().await;
            let answer = this.carry(request).await;
            delays.pass().await;
            answer
        })
    }
}

impl FaultyConnector {
    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        self.faults.pass_gate(&request).await;
        let fault = self.faults.next(operation(&request));
        if !request.headers().contains_key("x-amz-target") {
            if request.uri().contains("/@connections/") && fault == Some(Fault::Throttle) {
                return Ok(throttled());
            }
            return self.carry_object(request, fault).await;
        }
        // Calls that are made at once have all begun before one of them ends: so they are counted as
        // one round trip, however busy the machine is.
        tokio::task::yield_now().await;
        match fault {
            Some(Fault::Throttle) => return Ok(refusal(400, "ThrottlingException", Value::Null)),
            Some(Fault::Conflict) => return Ok(conflict(&request)),
            Some(Fault::Internal) => return Ok(refusal(500, "InternalServerError", Value::Null)),
            Some(Fault::Reset) => return Err(ConnectorError::io("connection reset".into())),
            Some(Fault::CrashBefore) => panic!("the function crashes"),
            Some(Fault::LostReply | Fault::CutReply | Fault::CrashAfter) | None => {}
        }
        let body = request.body().bytes().map(<[u8]>::to_vec).unwrap_or_default();
        let is_eventual = is_eventual(&request, &body);
        // The SDK writes the members of a map in any order.
        let body = serde_json::from_slice::<Value>(&body).unwrap().to_string();
        if let Some(answer) = is_eventual.then(|| self.faults.stale(&body)).flatten() {
            return Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(answer)));
        }
        let mut response = self.connector.call(request).await?;
        if is_eventual {
            let answer = std::mem::replace(response.body_mut(), SdkBody::taken());
            let answer = ByteStream::new(answer).collect().await.unwrap().to_vec();
            self.faults.remember(body, &answer);
            *response.body_mut() = SdkBody::from(answer);
        }
        match fault {
            Some(Fault::LostReply) => Err(ConnectorError::io("connection reset".into())),
            Some(Fault::CutReply) => Ok(cut(response).await),
            Some(Fault::CrashAfter) => panic!("the function crashes"),
            _ => Ok(response),
        }
    }
}

impl FaultyConnector {
    /// The same for a call to S3.
    async fn carry_object(
        self,
        request: HttpRequest,
        fault: Option<Fault>,
    ) -> Result<HttpResponse, ConnectorError> {
        match fault {
            Some(Fault::Throttle | Fault::Conflict) => {
                return Ok(object_refusal(503, "SlowDown"));
            }
            Some(Fault::Internal) => return Ok(object_refusal(500, "InternalError")),
            Some(Fault::Reset) => return Err(ConnectorError::io("connection reset".into())),
            Some(Fault::CrashBefore) => panic!("the function crashes"),
            Some(Fault::LostReply | Fault::CutReply | Fault::CrashAfter) | None => {}
        }
        let response = self.connector.call(request).await?;
        match fault {
            Some(Fault::LostReply) => Err(ConnectorError::io("connection reset".into())),
            Some(Fault::CutReply) => Ok(cut(response).await),
            Some(Fault::CrashAfter) => panic!("the function crashes"),
            _ => Ok(response),
        }
    }
}

/// The first half of an answer, behind which the connection breaks.
async fn cut(mut response: HttpResponse) -> HttpResponse {
    let body = std::mem::replace(response.body_mut(), SdkBody::taken());
    let mut bytes = ByteStream::new(body).collect().await.unwrap().into_bytes();
    bytes.truncate(bytes.len() / 2);
    let half = Full::new(bytes).map_err(|never| match never {});
    let broken = half.with_trailers(async { Some(Err(io::Error::other("connection reset"))) });
    *response.body_mut() = SdkBody::from_body_1_x(broken);
    response
}

/// How API Gateway throttles what manages connections
/// (<https://docs.aws.amazon.com/apigatewaymanagementapi/latest/reference/API_PostToConnection.html>).
fn throttled() -> HttpResponse {
    let body = SdkBody::from(r#"{"message":"injected"}"#);
    let mut response = HttpResponse::new(429.try_into().unwrap(), body);
    response.headers_mut().insert("x-amzn-errortype", "LimitExceededException");
    response
}

/// An error as S3 answers it.
fn object_refusal(status: u16, code: &str) -> HttpResponse {
    let body = format!("<Error><Code>{code}</Code><Message>injected</Message></Error>");
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

/// Whether it is a read that DynamoDB may answer with what was.
fn is_eventual(request: &HttpRequest, body: &[u8]) -> bool {
    let is_read = ["GetItem", "BatchGetItem", "Query"].contains(&operation(request));
    is_read && !String::from_utf8_lossy(body).contains(r#""ConsistentRead":true"#)
}

/// What a call does: an operation of DynamoDB, or the method of anything else.
fn operation(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
    target.unwrap_or_else(|| request.method())
}

fn conflict(request: &HttpRequest) -> HttpResponse {
    if operation(request) != "TransactWriteItems" {
        return refusal(400, "TransactionConflictException", Value::Null);
    }
    let body: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap();
    let parts = body["TransactItems"].as_array().map_or(0, Vec::len);
    let reasons: Vec<_> = (0..parts)
        .map(|place| json!({ "Code": if place == 0 { "TransactionConflict" } else { "None" } }))
        .collect();
    refusal(400, "TransactionCanceledException", json!({ "CancellationReasons": reasons }))
}

/// An error as DynamoDB answers it.
fn refusal(status: u16, kind: &str, more: Value) -> HttpResponse {
    let mut body =
        json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "injected" });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.to_string()));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}
