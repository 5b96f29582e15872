//! Calls of which some take longer than others: a layer around the SDK's HTTP client.
//!
//! A test that holds only if one of two calls is quicker than the other is a wrong test, and fails one day
//! on a busy machine. With `KITH_DELAYS` set to a number every fourth call, by chance, begins or ends up
//! to 60 ms late, so that it fails soon, and may be looked for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use fastrand::Rng;
use tokio::time::sleep;

/// How late a call may begin, and how late it may end, in milliseconds.
const LATE: u64 = 60;

/// Which calls are late.
#[derive(Clone, Debug)]
struct Delays(Arc<Mutex<Rng>>);

impl Delays {
    async fn pass(&self) {
        let late = {
            let mut random = self.0.lock().unwrap();
            (random.u8(..4) == 0).then(|| random.u64(..LATE))
        };
        if let Some(late) = late {
            sleep(Duration::from_millis(late)).await;
        }
    }
}

/// The client, with delays if they are asked for.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says so")]
pub(crate) fn around(client: SharedHttpClient) -> SharedHttpClient {
    let Ok(seed) = std::env::var("KITH_DELAYS") else { return client };
    let seed = seed.parse().expect("KITH_DELAYS is a number");
    SharedHttpClient::new(Delayed {
        inner: client,
        delays: Delays(Arc::new(Mutex::new(Rng::with_seed(seed)))),
    })
}

/// A client, or what it connects with.
#[derive(Clone, Debug)]
struct Delayed<T> {
    inner: T,
    delays: Delays,
}

impl HttpClient for Delayed<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Delayed { inner, delays: self.delays.clone() })
    }
}

impl HttpConnector for Delayed<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            this.delays.pass().await;
            let answer = this.inner.call(request).await;
            this.delays.pass().await;
            answer
        })
    }
}
