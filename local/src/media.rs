//! CloudFront: shows the media bucket's objects to everybody, under `/media`.

use std::sync::Arc;

use aws_sdk_s3::Client;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, StatusCode};

/// The path below which objects are shown.
pub const PATH: &str = "/media";

/// The routes that show a bucket's objects.
pub fn router(client: Client, bucket: &str) -> Router {
    Router::new().route(&format!("{PATH}/{{*key}}"), any(show)).with_state((client, bucket.into()))
}

async fn show(
    State((client, bucket)): State<(Client, Arc<str>)>,
    Path(key): Path<String>,
    request: Request,
) -> Response {
    // As CloudFront does with a method that the distribution does not allow.
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let object = match client.get_object().bucket(&*bucket).key(key).send().await {
        Ok(object) => object,
        // To whoever may not see the list of what there is, as CloudFront here, S3 says no more than
        // that about a key that is not there; nor does this about one that cannot be.
        Err(error) if error.raw_response().is_some_and(|response| response.status().is_client_error()) => {
            return StatusCode::FORBIDDEN.into_response();
        }
        Err(error) => {
            tracing::error!(error = %aws_sdk_s3::error::DisplayErrorContext(&error), "a picture cannot be shown");
            return StatusCode::BAD_GATEWAY.into_response();
        }
    };
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = object.e_tag().is_some_and(|tag| known == Some(tag));
    let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { Response::default() };
    let headers = [
        (CONTENT_TYPE, object.content_type()),
        (CACHE_CONTROL, object.cache_control()),
        (ETAG, object.e_tag()),
        (X_CONTENT_TYPE_OPTIONS, Some("nosniff")),
        (ACCESS_CONTROL_ALLOW_ORIGIN, Some("*")),
    ];
    for (name, value) in headers {
        set(&mut response, name, value);
    }
    if !is_known {
        match object.body.collect().await {
            Ok(bytes) => *response.body_mut() = Body::from(bytes.into_bytes()),
            Err(_) => return StatusCode::BAD_GATEWAY.into_response(),
        }
    }
    response
}

fn set(response: &mut Response, name: HeaderName, value: Option<&str>) {
    if let Some(Ok(value)) = value.map(HeaderValue::from_str) {
        response.headers_mut().insert(name, value);
    }
}
