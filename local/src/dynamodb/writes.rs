//! Noticing writes, for whoever follows the tables' streams: around the HTTP client by which
//! everything in this process reaches DynamoDB.

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::sync::watch;

/// The operations that write items, as `x-amz-target` names them.
const WRITING: [&str; 5] = ["BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem"];

/// Counts what may have been a write.
#[derive(Clone, Debug)]
pub(super) struct Writes(watch::Sender<u64>);

impl Writes {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// Something may have been written.
    pub(super) fn tell(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// Changes with each of them.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }

    /// Whether nobody wants to know any more.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// The same client, watched.
    pub(super) fn around(&self, client: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Watched { inner: client, writes: self.clone() })
    }
}

/// A client or a connector of it.
#[derive(Debug)]
struct Watched<T> {
    inner: T,
    writes: Writes,
}

impl HttpClient for Watched<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Watched { inner, writes: self.writes.clone() })
    }
}

impl HttpConnector for Watched<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if !is_write(&request) {
            return self.inner.call(request);
        }
        let (answer, told) = (self.inner.call(request), Told(self.writes.clone()));
        HttpConnectorFuture::new(async move {
            let _told = told;
            answer.await
        })
    }
}

/// Tells at its end, which a call has that was given up, too.
struct Told(Writes);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.tell();
    }
}

fn is_write(request: &HttpRequest) -> bool {
    let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
    target.is_some_and(|operation| WRITING.contains(&operation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_told_from_reads() {
        let is_write = |target: &'static str| {
            let mut request = HttpRequest::empty();
            request.headers_mut().insert("x-amz-target", target);
            is_write(&request)
        };
        for target in ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"] {
            assert!(is_write(format!("DynamoDB_20120810.{target}").leak()), "{target}");
        }
        for target in ["GetItem", "BatchGetItem", "Query", "UpdateTable"] {
            assert!(!is_write(format!("DynamoDB_20120810.{target}").leak()), "{target}");
        }
        assert!(!is_write("DynamoDBStreams_20120810.GetRecords"));
        assert!(!super::is_write(&HttpRequest::empty()), "that is S3");
    }
}
