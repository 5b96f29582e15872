//! A client of the API, as small as will do: everything the story is made of goes through it.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::DemoError;

/// The API of a stack.
#[derive(Debug)]
pub(super) struct Api {
    http: Client<HttpConnector, Body>,
    url: String,
}

/// A call that is to be made.
#[derive(Debug)]
pub(super) struct Call<'a> {
    method: Method,
    path: String,
    token: &'a str,
    key: Option<String>,
    body: Option<Value>,
}

/// What was answered to it.
#[derive(Debug)]
pub(super) struct Answer {
    call: String,
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl<'a> Call<'a> {
    /// By whoever has this token, or by nobody if it is "".
    pub(super) fn new(method: Method, path: impl Into<String>, token: &'a str) -> Self {
        Self { method, path: path.into(), token, key: None, body: None }
    }

    /// With this body.
    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Under this idempotency key.
    pub(super) fn key(mut self, key: String) -> Self {
        self.key = Some(key);
        self
    }
}

impl Api {
    /// The one at this URL.
    pub(super) fn at(url: String) -> Self {
        let mut connector = HttpConnector::new();
        // What is asked for is small, and is to be there at once.
        connector.set_nodelay(true);
        Self { http: Client::builder(TokioExecutor::new()).build(connector), url }
    }

    /// Makes a call, whatever is answered.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Answer, DemoError> {
        let Call { method, path, token, key, body } = call;
        let called = format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let (status, bytes) = self.send(&called, request.body(body)).await?;
        let body = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes) };
        let body = body.map_err(|error| DemoError::unreachable(&called, error))?;
        Ok(Answer { call: called, status, body })
    }

    /// Makes a call that is to succeed; answers its body.
    pub(super) async fn done(&self, call: Call<'_>) -> Result<Value, DemoError> {
        self.call(call).await?.done()
    }

    /// Puts something to a URL that the API said to put it to.
    pub(super) async fn put(&self, url: &str, content_type: &str, bytes: Vec<u8>) -> Result<(), DemoError> {
        let called = "PUT to the upload URL";
        let request = Request::builder().method(Method::PUT).uri(url).header("content-type", content_type);
        let (status, _) = self.send(called, request.body(Body::from(bytes))).await?;
        Answer { call: called.into(), status, body: Value::Null }.done().map(drop)
    }

    async fn send(
        &self,
        called: &str,
        request: http::Result<Request<Body>>,
    ) -> Result<(StatusCode, Vec<u8>), DemoError> {
        let request = request.map_err(|error| DemoError::unreachable(called, error))?;
        let response = self.http.request(request).await;
        let response = response.map_err(|error| DemoError::unreachable(called, error))?;
        let status = response.status();
        let bytes = response.into_body().collect().await;
        let bytes = bytes.map_err(|error| DemoError::unreachable(called, error))?;
        Ok((status, bytes.to_bytes().into()))
    }
}

impl Answer {
    /// Its body, if the call succeeded.
    pub(super) fn done(self) -> Result<Value, DemoError> {
        if self.status.is_success() { Ok(self.body) } else { Err(self.refused()) }
    }

    /// That it did not.
    pub(super) fn refused(&self) -> DemoError {
        let why = self.body["detail"].as_str().unwrap_or_default();
        DemoError::Refused(self.call.clone(), self.status.as_u16(), why.to_owned())
    }
}
