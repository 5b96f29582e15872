//! What carries the functions' calls to AWS, apart from the functions themselves.
//!
//! On Lambda each environment has connections of its own, which are frozen with it. Here all share
//! one pool of them, so a connection must not stand still because the function that happened to
//! open it has answered: everything below a call runs on the runtime of the stack.

use std::pin::Pin;
use std::task::{Context, Poll};

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// A client whose work is done on this runtime, wherever it is called.
pub(crate) fn apart(client: SharedHttpClient, runtime: Handle) -> SharedHttpClient {
    SharedHttpClient::new(Apart { inner: client, runtime })
}

#[derive(Clone, Debug)]
struct Apart<T> {
    inner: T,
    runtime: Handle,
}

impl HttpClient for Apart<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Apart { inner, runtime: self.runtime.clone() })
    }
}

impl HttpConnector for Apart<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.inner.clone();
        let task = self.runtime.spawn(async move { connector.call(request).await });
        HttpConnectorFuture::new(Call { task, is_new: true })
    }
}

/// A call under way, which ends with whoever waits for it.
struct Call {
    task: JoinHandle<Result<HttpResponse, ConnectorError>>,
    is_new: bool,
}

impl Future for Call {
    type Output = Result<HttpResponse, ConnectorError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // No network answers at once. Without this, a call might be answered before those that are
        // made together with it have begun, now that others work on it meanwhile.
        if std::mem::take(&mut self.is_new) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.task).poll(context).map(|result| match result {
            Ok(result) => result,
            // A panic is the caller's.
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(ConnectorError::other(error.into(), None)),
            },
        })
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.task.abort();
    }
}
