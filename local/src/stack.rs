//! All of it together, started and stopped.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::File;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
};
use axum::extract::{ConnectInfo, Request};
use axum::serve::ListenerExt as _;
use shared::Environment;
use shared::ids::Ids;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;
use tower::service_fn;

use crate::clock::ShiftedClock;
use crate::dynamodb::{self, Embedded};
use crate::gateway::{Gateway, Record};
use crate::lambda::{FunctionError, Lambda};
use crate::template::{Template, TemplateError};
use crate::{Options, docs};

/// The template's parameters on this machine. One address is everybody here, so the limits
/// per address are generous.
const PARAMETERS: [(&str, &str); 4] = [
    ("Stage", "dev"),
    ("AllowedOrigins", "*"),
    ("RegistrationsPerAddress", "10000"),
    ("SignInsPerAddress", "10000"),
];

/// How long requests that are being answered may take when the stack stops.
const GRACE: Duration = Duration::from_millis(500);

/// The running stack.
#[derive(Debug)]
pub struct Stack {
    /// Where the HTTP API is.
    pub http_address: SocketAddr,
    gateway: Arc<Gateway>,
    clock: ShiftedClock,
    dynamodb: Option<Embedded>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    /// Held while the data folder is in use.
    _lock: Option<File>,
}

/// What is put in place of the ordinary.
#[derive(Debug, Default)]
pub struct Overrides {
    /// What carries the calls to DynamoDB.
    pub http_client: Option<SharedHttpClient>,
    /// Where DynamoDB is, if not embedded: `AWS_ENDPOINT_URL_DYNAMODB`.
    pub dynamodb_endpoint: Option<String>,
    /// Other values for some of the template's parameters.
    pub parameters: Vec<(&'static str, &'static str)>,
}

/// Why the stack cannot be started, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error(
        "the data folder {0} cannot be used ({1}): choose another with --data, or keep nothing with --memory"
    )]
    Data(String, String),
    /// The port cannot be listened on.
    #[error("port {0} cannot be listened on ({1}): choose another with {2}, 0 for any")]
    Port(u16, std::io::Error, &'static str),
    /// The address cannot be listened on.
    #[error("the address {0} cannot be listened on ({1}): choose another with --bind")]
    Address(IpAddr, std::io::Error),
    /// DynamoDB cannot be started.
    #[error("the embedded DynamoDB cannot be started: {0}")]
    Embedded(String),
    /// DynamoDB cannot be reached, or refuses.
    #[error("DynamoDB at {0} cannot be used ({1}): see AWS_ENDPOINT_URL_DYNAMODB")]
    DynamoDb(String, String),
    /// The template cannot be served.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A function cannot be started.
    #[error(transparent)]
    Function(#[from] FunctionError),
}

impl Stack {
    /// Starts everything, and returns once every port answers.
    pub async fn start(options: &Options, overrides: Overrides) -> Result<Self, StartError> {
        let ordinary =
            PARAMETERS.iter().filter(|(name, _)| overrides.parameters.iter().all(|(other, _)| other != name));
        let parameters: Vec<_> = ordinary.chain(&overrides.parameters).copied().collect();
        let template = Template::read(&options.template, &parameters)?;
        let clock = ShiftedClock::new(options.clock_offset);
        let ids = Ids::random(clock.clock());
        let listener = listen(options).await?;
        let folder = (!options.memory).then_some(options.data.as_path());
        let lock = folder.map(lock).transpose()?;

        let dynamodb = if overrides.dynamodb_endpoint.is_none() {
            let embedded = Embedded::start(folder, clock.clone()).await;
            Some(embedded.map_err(|error| StartError::Embedded(error.to_string()))?)
        } else {
            None
        };
        let endpoint =
            overrides.dynamodb_endpoint.or(dynamodb.as_ref().map(Embedded::endpoint)).unwrap_or_default();
        create_tables(&template, &endpoint).await?;

        let mut functions = HashMap::new();
        for (id, declared) in &template.functions {
            let environment = Environment {
                variables: declared.environment.clone(),
                sdk: sdk(&endpoint, overrides.http_client.clone()),
                clock: clock.clock(),
                ids: ids.clone(),
            };
            functions.insert(id.clone(), Lambda::new(id, declared, &environment)?);
        }
        let gateway = Arc::new(Gateway::new(&template, functions, clock.clock(), ids)?);

        let http_address = listener
            .local_addr()
            .map_err(|error| StartError::Port(options.http_port, error, "--http-port"))?;
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, Arc::clone(&gateway), stopped));
        Ok(Self { http_address, gateway, clock, dynamodb, stop, server, _lock: lock })
    }

    /// Where the HTTP API is.
    #[must_use]
    pub fn http_url(&self) -> String {
        format!("http://{}", self.http_address)
    }

    /// The clock that everything here goes by.
    #[must_use]
    pub const fn clock(&self) -> &ShiftedClock {
        &self.clock
    }

    /// Where DynamoDB is, when it is the embedded one.
    #[must_use]
    pub fn dynamodb_endpoint(&self) -> Option<String> {
        self.dynamodb.as_ref().map(Embedded::endpoint)
    }

    /// What happens from now on.
    #[must_use]
    pub fn records(&self) -> broadcast::Receiver<Record> {
        self.gateway.records()
    }

    /// Stops, once what is being answered is answered or half a second has passed.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(GRACE, self.server).await;
        if let Some(dynamodb) = self.dynamodb {
            dynamodb.stop().await;
        }
    }
}

/// How the functions reach AWS here.
#[must_use]
pub fn sdk(endpoint: &str, http_client: Option<SharedHttpClient>) -> aws_config::SdkConfig {
    // Without credentials of its own the SDK would ask this machine for an instance's.
    let credentials = Credentials::for_tests();
    // The SDK's own client, which loads the machine's certificates, is needed for TLS only.
    let plain = || (!endpoint.starts_with("https:")).then(plain_http_client);
    let mut config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint);
    config.set_http_client(http_client.or_else(plain));
    config.build()
}

/// A client without TLS, for what is on this machine.
#[must_use]
pub fn plain_http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}

async fn create_tables(template: &Template, endpoint: &str) -> Result<(), StartError> {
    let wrong = |why: String| StartError::DynamoDb(endpoint.to_owned(), why);
    let is_url =
        endpoint.parse::<http::Uri>().is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some());
    if !is_url {
        return Err(wrong("that is no URL".into()));
    }
    let client = aws_sdk_dynamodb::Client::new(&sdk(endpoint, None));
    for table in template.tables.values() {
        dynamodb::create(&client, table).await.map_err(wrong)?;
    }
    Ok(())
}

async fn listen(options: &Options) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind((options.bind, options.http_port)).await;
    listener.map_err(|error| match error.kind() {
        ErrorKind::AddrNotAvailable => StartError::Address(options.bind, error),
        _ => StartError::Port(options.http_port, error, "--http-port"),
    })
}

/// Makes the data folder, and keeps others out of it.
fn lock(folder: &Path) -> Result<File, StartError> {
    let wrong = |why: String| StartError::Data(folder.display().to_string(), why);
    std::fs::create_dir_all(folder).map_err(|error| wrong(error.to_string()))?;
    let file = File::create(folder.join("lock")).map_err(|error| wrong(error.to_string()))?;
    file.try_lock().map_err(|_| wrong("another kith is using it".into()))?;
    Ok(file)
}

async fn serve(listener: TcpListener, gateway: Arc<Gateway>, stopped: oneshot::Receiver<()>) {
    let listener = listener.tap_io(|stream| {
        // Small answers must not wait for more of them.
        let _ = stream.set_nodelay(true);
    });
    let answer = service_fn(move |request: Request| {
        let gateway = Arc::clone(&gateway);
        async move {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
            let peer = peer.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
            Ok::<_, Infallible>(gateway.answer(request, peer).await)
        }
    });
    let service = docs::router().fallback_service(answer).into_make_service_with_connect_info::<SocketAddr>();
    let stopped = async { drop(stopped.await) };
    if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "the HTTP API stopped");
    }
}
