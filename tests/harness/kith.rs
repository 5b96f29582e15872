//! A stack of one's own, and the people in it.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use http::Method;
use local::aws::plain_http_client;
use local::gateway::Record;
use local::lambda::Lambda;
use local::stack::Overrides;
use local::{Options, Stack};
use serde_json::{Value, json};
use shared::clock::Clock;

use super::schema::Contract;
use super::socket::soon;
use super::{Call, Faults, Socket};

/// A password that everybody here has.
pub(crate) const PASSWORD: &str = "copper-Tuba-1967-drizzle";

/// A running stack, and a client of it.
#[derive(Clone)]
pub(crate) struct Kith(Arc<Inner>);

struct Inner {
    stack: Stack,
    client: reqwest::Client,
    contract: Arc<Contract>,
    faults: Faults,
}

impl Kith {
    /// A stack that keeps nothing.
    pub(crate) async fn start() -> Self {
        Self::with_parameters(Vec::new()).await
    }

    /// The same, with other values for some of the template's parameters.
    pub(crate) async fn with_parameters(parameters: Vec<(&'static str, &'static str)>) -> Self {
        Self::with(Overrides { parameters, ..Overrides::default() }).await
    }

    /// The same, in which nobody follows the table's stream, and nobody hears that a connection has ended:
    /// so what goes wrong, or is counted, is what is done by those who are called.
    pub(crate) async fn untold() -> Self {
        let nobody =
            Lambda::from_fn("nobody", Duration::from_secs(1), Clock::system(), async |_| Ok("null".into()));
        let functions = [("StreamFunction".into(), nobody)].into();
        Self::with(Overrides { functions, loses_disconnects: true, ..Overrides::default() }).await
    }

    /// The same, with something in place of the ordinary.
    pub(crate) async fn with(overrides: Overrides) -> Self {
        let options =
            Options::parse_from(["kith", "--memory", "--http-port", "0", "--ws-port", "0", "--s3-port", "0"]);
        let faults = Faults::default();
        let http_client = Some(faults.around(plain_http_client()));
        let retry_after = Some(Duration::from_millis(20));
        let stream_retry_after = Some(Duration::from_millis(2));
        let stream_rest = overrides.stream_rest.or(Some(0));
        // However busy the machine is, what is pushed arrives.
        let parameters = [vec![("PushPatience", "2000")], overrides.parameters].concat();
        let overrides =
            Overrides { http_client, retry_after, stream_retry_after, stream_rest, parameters, ..overrides };
        let stack = Stack::start(&options, overrides).await.unwrap();
        // Limits are counted in windows of the clock: a test begins where all of them do.
        let into_hour = stack.clock().clock().now().epoch_seconds().rem_euclid(3600).unsigned_abs();
        stack.clock().advance(Duration::from_secs(3600 - into_hour));
        let client = reqwest::Client::new();
        Self(Arc::new(Inner { stack, client, contract: Arc::new(Contract::read()), faults }))
    }

    /// What can be made to go wrong between the SDK and DynamoDB.
    pub(crate) fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// Waits until all that was written so far has reached the functions that follow the table's
    /// stream, and what they wrote in turn too.
    pub(crate) async fn drained(&self) {
        self.0.stack.drained().await;
    }

    /// Ends a connection, and waits until the function that is told of it has seen to it.
    pub(crate) async fn goodbye(&self, socket: Socket) {
        let mut records = self.0.stack.records();
        socket.close().await;
        while soon(records.recv()).await.unwrap().route != "WS $disconnect" {}
    }

    /// Puts every clock forward.
    pub(crate) fn advance(&self, time: Duration) {
        self.0.stack.clock().advance(time);
    }

    pub(crate) fn url(&self) -> String {
        self.0.stack.http_url()
    }

    pub(crate) fn contract(&self) -> &Arc<Contract> {
        &self.0.contract
    }

    /// The stack itself.
    pub(crate) fn stack(&self) -> &Stack {
        &self.0.stack
    }

    /// A client that is not of the API: for S3, and for what it shows.
    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.0.client
    }

    /// A call by nobody in particular.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        let builder = self.0.client.request(method.clone(), format!("{}{path}", self.url()));
        Call::new(self.clone(), method, path, builder)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    /// What the stack did while `work` was done.
    pub(crate) async fn watch<T>(&self, work: impl Future<Output = T>) -> (T, Vec<Record>) {
        let mut records = self.0.stack.records();
        let result = work.await;
        let mut seen = Vec::new();
        while let Ok(record) = records.try_recv() {
            seen.push(record);
        }
        (result, seen)
    }

    /// Somebody new with this username.
    pub(crate) async fn register(&self, username: &str) -> Person {
        let body = registration(username);
        let answer = self.post("/v1/users", body).await.expect(201);
        Person::new(self.clone(), &answer, username)
    }
}

/// What somebody registers with.
pub(crate) fn registration(username: &str) -> Value {
    json!({ "username": username, "email": format!("{username}@example.com"), "password": PASSWORD })
}

/// Somebody, signed in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) kith: Kith,
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) token: String,
    pub(crate) session: String,
}

impl Person {
    fn new(kith: Kith, signed_in: &Value, username: &str) -> Self {
        let text = |pointer: &str| signed_in.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        Self {
            kith,
            id: text("/user/id"),
            username: username.into(),
            token: text("/session/token"),
            session: text("/session/id"),
        }
    }

    /// The same person in one more session.
    pub(crate) async fn sign_in(&self) -> Self {
        self.sign_in_with(PASSWORD).await
    }

    pub(crate) async fn sign_in_with(&self, password: &str) -> Self {
        let answer = self.try_sign_in(password).await.expect(201);
        Self::new(self.kith.clone(), &answer, &self.username)
    }

    pub(crate) fn try_sign_in(&self, password: &str) -> Call {
        self.kith.post("/v1/sessions", json!({ "login": self.username, "password": password }))
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        self.kith.call(method, path).header("authorization", &format!("Bearer {}", self.token))
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn put(&self, path: &str, body: Value) -> Call {
        self.call(Method::PUT, path).json(body)
    }

    pub(crate) fn patch(&self, path: &str, body: Value) -> Call {
        self.call(Method::PATCH, path).json(body)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Call {
        self.call(Method::POST, path).json(body)
    }

    /// Writes a post; answers its id.
    pub(crate) async fn write(&self, text: &str, visibility: &str) -> String {
        let post =
            self.post("/v1/posts", json!({ "text": text, "visibility": visibility })).await.expect(201);
        post["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn change_password(&self, current: &str, new: &str) -> Call {
        self.put("/v1/me/password", json!({ "currentPassword": current, "newPassword": new }))
    }
}
