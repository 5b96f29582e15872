//! All of it together, started and stopped.

mod start_error;

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_types::SdkConfig;
use axum::Router;
use axum::extract::Request;
use shared::ids::Ids;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::JoinHandle;
use tower::service_fn;

use crate::aws::Aws;
use crate::clock::ShiftedClock;
use crate::delivery::{self, Subscriber, Target};
use crate::dynamodb::{self, Embedded};
use crate::gateway::{Gateway, Record};
use crate::lambda::Lambda;
use crate::s3::{self, EmbeddedS3, Notification};
use crate::schedules::{Scheduled, Schedules};
use crate::server::{listen, url};
use crate::streams::{Around, Streams};
use crate::template::{Document, Template, TemplateError};
use crate::websocket::{self, Sockets};
use crate::{Options, docs, media, server};
pub use start_error::StartError;

/// The template's parameters on this machine. One address is everybody here, and one person may be a
/// whole load test, so the limits are generous.
const PARAMETERS: [(&str, &str); 5] = [
    ("Stage", "dev"),
    ("AllowedOrigins", "*"),
    ("RegistrationsPerAddress", "10000"),
    ("SignInsPerAddress", "10000"),
    ("MessagesPerMinute", "100000"),
];

/// How long requests that are being answered may take when the stack stops.
const GRACE: Duration = Duration::from_millis(500);

/// The running stack.
#[derive(Debug)]
pub struct Stack {
    /// Where the HTTP API is.
    pub http_address: SocketAddr,
    ws_url: Option<String>,
    aws: Aws,
    sdk: SdkConfig,
    s3_endpoint: String,
    clock: ShiftedClock,
    dynamodb: Option<Embedded>,
    s3: Option<EmbeddedS3>,
    records: broadcast::Sender<Record>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    sockets: Option<Sockets>,
    delivery: JoinHandle<()>,
    streams: Streams,
    schedules: Schedules,
    /// Held while the data folder is in use.
    _lock: Option<File>,
}

/// What is put in place of the ordinary.
#[derive(Debug, Default)]
pub struct Overrides {
    /// What carries the functions' calls to AWS.
    pub http_client: Option<SharedHttpClient>,
    /// Where DynamoDB is, if not embedded: `AWS_ENDPOINT_URL_DYNAMODB`.
    pub dynamodb_endpoint: Option<String>,
    /// Where S3 is, if not embedded: `AWS_ENDPOINT_URL_S3`.
    pub s3_endpoint: Option<String>,
    /// The region and credentials for those, by the names of their variables.
    pub aws: HashMap<String, String>,
    /// Other values for some of the template's parameters.
    pub parameters: Vec<(&'static str, &'static str)>,
    /// How long an asynchronous invocation that failed waits to be tried again.
    pub retry_after: Option<Duration>,
    /// How long a batch of a stream's records that failed waits to be tried again the first time.
    pub stream_retry_after: Option<Duration>,
    /// For how long a stream's records are gathered, whatever the template says.
    pub stream_window: Option<Duration>,
    /// For how many times as long as a batch of a stream's records took the next one is gathered.
    pub stream_rest: Option<u32>,
    /// How often schedules fire, whatever the template says.
    pub schedule_period: Option<Duration>,
    /// What the WebSocket API's limits are instead of API Gateway's.
    pub socket_limits: websocket::Limits,
    /// Whether no function is told of the end of a connection, as API Gateway does not promise it.
    pub loses_disconnects: bool,
    /// Other functions in place of some of the template's, by logical id.
    pub functions: HashMap<String, Lambda>,
}

impl Stack {
    /// Starts everything, and returns once every port answers.
    pub async fn start(options: &Options, overrides: Overrides) -> Result<Self, StartError> {
        let clock = ShiftedClock::new(options.clock_offset);
        let ids = Ids::random(clock.clock());
        let (listener, http_address) = listen(options, options.http_port, "--http-port")?;
        let document = Document::read(&options.template)?;
        let ws =
            if document.has_sockets() { Some(listen(options, options.ws_port, "--ws-port")?) } else { None };
        let addresses = (http_address, ws.as_ref().map(|(_, address)| *address));
        let template = template(&document, &overrides.parameters, addresses)?;
        let (s3_listener, s3_endpoint) = if let Some(elsewhere) = overrides.s3_endpoint {
            (None, elsewhere)
        } else {
            let (listener, address) = listen(options, options.s3_port, "--s3-port")?;
            (Some(listener), url(address))
        };
        let folder = (!options.memory).then_some(options.data.as_path());
        let lock = folder.map(lock).transpose()?;

        let (dynamodb, dynamodb_endpoint) = if let Some(elsewhere) = overrides.dynamodb_endpoint {
            (None, elsewhere)
        } else {
            let embedded = Embedded::start(folder, clock.clone()).await;
            let embedded = embedded.map_err(|error| StartError::Embedded("DynamoDB", error.to_string()))?;
            let endpoint = embedded.endpoint();
            (Some(embedded), endpoint)
        };
        let (endpoints, source) = ((&*dynamodb_endpoint, &*s3_endpoint), (clock.clock(), ids.clone()));
        let watched = |aws: Aws| match &dynamodb {
            Some(dynamodb) => aws.watched_by(dynamodb),
            None => aws,
        };
        let mut aws = watched(Aws::new(endpoints, &overrides.aws, overrides.http_client, source.clone()));
        let ws_url = addresses.1.zip(template.sockets.as_ref()).map(|(ws, api)| websocket::url(ws, api));
        if let Some(url) = &ws_url {
            aws = aws.with_sockets(&websocket::management_endpoint(url));
        }
        // This program's own calls are not to be tampered with.
        let sdk = watched(Aws::new(endpoints, &overrides.aws, None, source)).sdk()?;
        create_tables(&template, &sdk, &dynamodb_endpoint).await?;
        let (s3, events) = storage(&template, &sdk, s3_listener, &s3_endpoint, folder, &aws).await?;

        let functions = functions(&template, &aws, overrides.functions)?;
        // As many as a test can look back on.
        let records = broadcast::Sender::new(4096);
        let retry_after = overrides.retry_after.unwrap_or(delivery::RETRY_AFTER);
        let targets = Target::all(&template, &functions, &records);
        let subscribers = Subscriber::all(&template, &targets, retry_after);
        let delivery = tokio::spawn(delivery::deliver(events, subscribers));
        let due = Scheduled::all(&template, &targets, retry_after);
        let source = (clock.clock(), ids.clone());
        let schedules = Schedules::start(due, overrides.schedule_period, &sdk, source);
        let around = Around {
            sdk: &sdk,
            embedded: dynamodb.as_ref(),
            folder,
            clock: &clock,
            ids: &ids,
            retry_after: overrides.stream_retry_after,
            window: overrides.stream_window,
            rest: overrides.stream_rest,
        };
        let streams = Streams::start(&template, &targets, around).await;
        let streams = streams.map_err(|why| unusable_dynamodb(&dynamodb_endpoint, why))?;
        let sockets = ws.zip(template.sockets.clone()).map(|((listener, _), api)| {
            let around = websocket::Around {
                functions: functions.clone(),
                clock: clock.clock(),
                ids: ids.clone(),
                records: records.clone(),
                limits: overrides.socket_limits,
                loses_disconnects: overrides.loses_disconnects,
            };
            Sockets::start(listener, api, around)
        });
        let gateway = Gateway::new(&template, functions, clock.clock(), ids, records.clone())?;

        let mut pages = docs::router();
        if let Some(bucket) = &template.media {
            pages = pages.merge(media::router(s3::elsewhere::client(&sdk), &bucket.name));
        }
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server::serve(listener, http(pages, Arc::new(gateway)), stopped));
        Ok(Self {
            http_address,
            ws_url,
            aws,
            sdk,
            s3_endpoint,
            clock,
            dynamodb,
            s3,
            records,
            stop,
            server,
            sockets,
            delivery,
            streams,
            schedules,
            _lock: lock,
        })
    }

    /// Where the HTTP API is.
    #[must_use]
    pub fn http_url(&self) -> String {
        url(self.http_address)
    }

    /// Where the WebSocket API is, with its stage, if the template has one.
    #[must_use]
    pub fn ws_url(&self) -> Option<&str> {
        self.ws_url.as_deref()
    }

    /// How many connections the WebSocket API has.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.sockets.as_ref().map_or(0, Sockets::count)
    }

    /// Where S3 is.
    #[must_use]
    pub fn s3_endpoint(&self) -> &str {
        &self.s3_endpoint
    }

    /// How the functions reach AWS here.
    #[must_use]
    pub const fn aws(&self) -> &Aws {
        &self.aws
    }

    /// How this program itself reaches it.
    #[must_use]
    pub const fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// The clock that everything here goes by.
    #[must_use]
    pub const fn clock(&self) -> &ShiftedClock {
        &self.clock
    }

    /// What happens from now on.
    #[must_use]
    pub fn records(&self) -> broadcast::Receiver<Record> {
        self.records.subscribe()
    }

    /// Waits until every function has been sent all that is in the tables' streams by now, and
    /// what it wrote in turn, so that nothing is under way or waits to be tried again.
    pub async fn drained(&self) {
        self.streams.drained().await;
    }

    /// Invokes a function as each of its schedules would, and waits until it has succeeded or
    /// was given up.
    pub async fn fire(&self, function: &str) {
        self.schedules.fire(function).await;
    }

    /// Stops, once what is being answered is answered or half a second has passed.
    ///
    /// An event whose function has not succeeded by then is delivered at the next start.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let server = tokio::time::timeout(GRACE, self.server);
        let sockets = async {
            if let Some(sockets) = self.sockets {
                sockets.stop(GRACE).await;
            }
        };
        let _ = tokio::join!(server, sockets);
        self.delivery.abort();
        drop(self.schedules);
        self.streams.stop().await;
        if let Some(s3) = self.s3 {
            s3.stop().await;
        }
        if let Some(dynamodb) = self.dynamodb {
            dynamodb.stop().await;
        }
    }
}

/// The template with this machine's values for those of its parameters that it has, and others
/// in place of some.
fn template(
    document: &Document,
    others: &[(&str, &str)],
    (http, ws): (SocketAddr, Option<SocketAddr>),
) -> Result<Template, TemplateError> {
    let media_url = url(http) + media::PATH;
    let resolve = |socket_url: &str| {
        let mut parameters: HashMap<_, _> = PARAMETERS.into();
        parameters.extend([("MediaUrl", &*media_url), ("SocketUrl", socket_url)]);
        parameters.retain(|name, _| document.has_parameter(name));
        parameters.extend(others.iter().copied());
        document.resolve(&parameters.into_iter().collect::<Vec<_>>())
    };
    let template = resolve("")?;
    // Its stage, which is part of that URL, is known only now.
    match ws.zip(template.sockets.as_ref()) {
        Some((address, api)) => resolve(&websocket::url(address, api)),
        None => Ok(template),
    }
}

/// The template's functions by logical id, with others in place of some.
fn functions(
    template: &Template,
    aws: &Aws,
    mut others: HashMap<String, Lambda>,
) -> Result<HashMap<String, Lambda>, StartError> {
    let mut functions = HashMap::new();
    for (id, declared) in &template.functions {
        let lambda = match others.remove(id) {
            Some(lambda) => lambda,
            None => Lambda::new(id, declared, &aws.environment(&declared.environment)?)?,
        };
        functions.insert(id.clone(), lambda);
    }
    Ok(functions)
}

async fn create_tables(template: &Template, sdk: &SdkConfig, endpoint: &str) -> Result<(), StartError> {
    let wrong = |why: String| unusable_dynamodb(endpoint, why);
    is_url(endpoint).map_err(wrong)?;
    let client = aws_sdk_dynamodb::Client::new(sdk);
    for table in template.tables.values() {
        dynamodb::create(&client, table).await.map_err(wrong)?;
    }
    Ok(())
}

fn unusable_dynamodb(endpoint: &str, why: String) -> StartError {
    StartError::Elsewhere("DynamoDB", endpoint.to_owned(), why, "AWS_ENDPOINT_URL_DYNAMODB")
}

/// Starts S3 on this listener, or sees to what is needed of the one elsewhere; and with it the
/// events that it sends.
async fn storage(
    template: &Template,
    sdk: &SdkConfig,
    listener: Option<TcpListener>,
    endpoint: &str,
    folder: Option<&Path>,
    aws: &Aws,
) -> Result<(Option<EmbeddedS3>, mpsc::UnboundedReceiver<Notification>), StartError> {
    let buckets = s3::buckets(template);
    if let Some(listener) = listener {
        let folder = folder.map(|folder| folder.join("s3"));
        let (key, clock) = (aws.access_key(), aws.clock());
        let started = EmbeddedS3::start(folder.as_deref(), listener, buckets, key, clock).await;
        let (embedded, events) = started.map_err(|error| StartError::Embedded("S3", error.to_string()))?;
        return Ok((Some(embedded), events));
    }
    let wrong = |why: String| StartError::Elsewhere("S3", endpoint.to_owned(), why, "AWS_ENDPOINT_URL_S3");
    is_url(endpoint).map_err(wrong)?;
    let client = s3::elsewhere::client(sdk);
    s3::elsewhere::create(&client, &buckets).await.map_err(wrong)?;
    Ok((None, s3::elsewhere::watch(&client, buckets, &aws.clock())))
}

fn is_url(endpoint: &str) -> Result<(), String> {
    let uri = endpoint.parse::<http::Uri>().ok();
    let is_url = uri.is_some_and(|uri| uri.scheme().is_some() && uri.host().is_some());
    if is_url { Ok(()) } else { Err("that is no URL".into()) }
}

/// Makes the data folder, and keeps others out of it.
pub(crate) fn lock(folder: &Path) -> Result<File, StartError> {
    let wrong = |why: String| StartError::Data(folder.display().to_string(), why);
    std::fs::create_dir_all(folder).map_err(|error| wrong(error.to_string()))?;
    let file = File::create(folder.join("lock")).map_err(|error| wrong(error.to_string()))?;
    file.try_lock().map_err(|_| wrong("another kith is using it".into()))?;
    Ok(file)
}

/// The pages, and the API wherever none of them is.
fn http(pages: Router, gateway: Arc<Gateway>) -> Router {
    pages.fallback_service(service_fn(move |request: Request| {
        let gateway = Arc::clone(&gateway);
        async move {
            let peer = server::peer(&request);
            Ok::<_, Infallible>(gateway.answer(request, peer).await)
        }
    }))
}
