//! What a request passes before s3s, and an answer after it.
//!
//! A body is read whole before anything is answered. So no half of one gets any further; and a
//! browser whose upload is refused reads why, where a server that answers and closes while a body
//! is still coming makes it a network error.

use std::convert::Infallible;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::ServiceExt as _;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use s3s::auth::SimpleAuth;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Error, S3ErrorCode, S3Result};
use shared::clock::Clock;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower::service_fn;

use super::cors::Cors;
use super::operations::Operations;
use super::upload::{MAX_OBJECT, too_large};
use super::{AccessKey, Bucket, presigned};

/// The longest body in bytes: an object's, and what `aws-chunked` adds to it.
const MAX_BODY: u64 = MAX_OBJECT + MAX_OBJECT / 16;

/// For how long a body that is too long is read and dropped, so that its sender gets to read why.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a request arrived, for the event that may come of it.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) request_id: String,
    pub(super) peer: IpAddr,
}

/// What answers requests.
#[derive(Debug)]
pub(super) struct Front {
    service: S3Service,
    cors: Cors,
    clock: Clock,
    requests: AtomicU64,
}

impl Front {
    pub(super) fn new(operations: Operations, buckets: Vec<Bucket>, key: AccessKey, clock: Clock) -> Self {
        let mut service = S3ServiceBuilder::new(operations);
        service.set_auth(SimpleAuth::from_single(key.id, key.secret));
        // s3s knows the system's clock only, and takes a shifted one for skewed: `presigned`
        // compares dates instead.
        let mut config = S3Config::default();
        config.presigned_url_max_skew_time_secs = u32::MAX;
        service.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        Self { service: service.build(), cors: Cors::new(buckets), clock, requests: AtomicU64::new(0) }
    }

    /// Answers a request.
    async fn answer(&self, mut request: Request, peer: SocketAddr) -> Response {
        let arrival = Arrival { request_id: self.request_id(), peer: peer.ip() };
        let method = request.method().clone();
        let origin = request.headers().get(ORIGIN).cloned();
        let path = request.uri().path().trim_start_matches('/');
        let bucket = path.split('/').next().unwrap_or_default().to_owned();
        request.extensions_mut().insert(arrival.clone());

        let mut response = if method == Method::OPTIONS {
            self.cors.preflight(&bucket, request.headers()).unwrap_or_else(refusal)
        } else {
            let mut response = self.pass_on(request).await.unwrap_or_else(refusal);
            if let Some(origin) = origin {
                self.cors.decorate(&bucket, &method, &origin, response.headers_mut());
            }
            response
        };
        if let Ok(id) = HeaderValue::try_from(arrival.request_id) {
            response.headers_mut().insert("x-amz-id-2", id.clone());
            response.headers_mut().insert("x-amz-request-id", id);
        }
        response
    }

    async fn pass_on(&self, request: Request) -> S3Result<Response> {
        let (head, body) = request.into_parts();
        let body = read(&head.headers, body).await?;
        presigned::check(&head, self.clock.now())?;
        let request = Request::from_parts(head, s3s::Body::from(body));
        let answer = self.service.call(request).await.map_err(|error| {
            let source: Box<dyn Error + Send + Sync> = error.into();
            S3Error::with_source(S3ErrorCode::InternalError, source)
        })?;
        Ok(answer.map(Body::new))
    }

    /// Different for each request, over a restart too unless the clock goes back.
    fn request_id(&self) -> String {
        let millis = self.clock.now().millis();
        format!("{millis:011X}{:05X}", self.requests.fetch_add(1, Ordering::Relaxed) & 0xF_FFFF)
    }
}

/// Serves until it is told to stop, and then until every request is answered.
pub(super) async fn serve(front: Front, listener: TcpListener, stopped: oneshot::Receiver<()>) {
    let listener = listener.tap_io(|stream| {
        // Small answers must not wait for more of them.
        let _ = stream.set_nodelay(true);
    });
    let front = Arc::new(front);
    let answer = service_fn(move |request: Request| {
        let front = Arc::clone(&front);
        async move {
            let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
            let peer = peer.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
            Ok::<_, Infallible>(front.answer(request, peer).await)
        }
    });
    let service = answer.into_make_service_with_connect_info::<SocketAddr>();
    let stopped = async { drop(stopped.await) };
    if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stopped).await {
        tracing::error!(%error, "the embedded S3 stopped");
    }
}

/// The whole body, if it is not too long and as long as its sender said.
async fn read(headers: &HeaderMap, mut body: Body) -> S3Result<Bytes> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| S3Error::with_source(S3ErrorCode::IncompleteBody, error.into()))?;
        let Ok(data) = frame.into_data() else { continue };
        whole.extend_from_slice(&data);
        if announced.unwrap_or(0).max(whole.len() as u64) > MAX_BODY {
            drop(whole);
            let rest = async { while let Some(Ok(_)) = body.frame().await {} };
            let _ = tokio::time::timeout(PATIENCE, rest).await;
            return Err(too_large());
        }
    }
    // With a chunked transfer, the length that was signed need not be the body's.
    if announced.is_some_and(|length| length != whole.len() as u64) {
        return Err(S3ErrorCode::IncompleteBody.into());
    }
    Ok(whole.into())
}

/// A refusal as S3 writes it.
fn refusal(error: S3Error) -> Response {
    let code = error.code().clone();
    let answer = error.to_http_response().map(|answer| answer.map(Body::new));
    answer.unwrap_or_else(|_| {
        let mut response = Response::new(Body::from(code.as_str().to_owned()));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
