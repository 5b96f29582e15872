//! A call to the API, and its answer.

use std::future::{Future, IntoFuture};
use std::pin::Pin;

use http::{HeaderMap, Method};
use reqwest::RequestBuilder;
use serde_json::Value;

use super::Kith;

/// A call that is made when it is awaited.
pub(crate) struct Call {
    kith: Kith,
    method: Method,
    path: String,
    builder: RequestBuilder,
}

impl Call {
    pub(super) fn new(kith: Kith, method: Method, path: &str, builder: RequestBuilder) -> Self {
        Self { kith, method, path: path.to_owned(), builder }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub(crate) fn json(mut self, body: Value) -> Self {
        self.builder = self.builder.json(&body);
        self
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.builder = self.builder.header("content-type", content_type).body(body.into());
        self
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let response = self.builder.send().await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let bytes = response.bytes().await.unwrap().to_vec();
            let answer = Answer { status, headers, bytes };
            self.kith.contract().check(&self.method, &self.path, &answer);
            answer
        })
    }
}

/// An answer that keeps the contract.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// The body, if the status is this one.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    /// The body, if it is a problem with this status and code.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        problem
    }

    pub(crate) fn json(&self) -> Value {
        if self.bytes.is_empty() { Value::Null } else { serde_json::from_slice(&self.bytes).unwrap() }
    }

    /// A header's value, "" if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A problem without what differs between any two answers.
    pub(crate) fn without_request_id(&self) -> Value {
        let mut body = self.json();
        body["requestId"].take();
        body
    }
}
