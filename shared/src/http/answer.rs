//! What handlers answer with.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::error::Error;

/// A thing: 200.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => Error::internal(error).into_response(),
        }
    }
}

/// A thing that was made, and where it is: 201 with `Location`.
#[derive(Debug)]
pub struct Created<T> {
    /// Its path.
    pub location: String,
    /// The thing.
    pub value: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self.value)).into_response();
        match HeaderValue::from_str(&self.location) {
            Ok(location) => response.headers_mut().insert(LOCATION, location),
            Err(error) => return Error::internal(error).into_response(),
        };
        response
    }
}

/// It is done, and there is nothing to say: 204.
#[derive(Clone, Copy, Debug)]
pub struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}
