//! CORS as API Gateway does it: it decorates every answer. A preflight goes to the `$default`
//! route like any other request that no route takes, where there is one; so it is here, as there
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderName, HeaderValue, Method};

use super::reply::Reply;
use super::request::Received;
use crate::template::Cors;

/// What other origins may do.
#[derive(Debug)]
pub(super) struct CorsRules(Cors);

impl CorsRules {
    pub(super) const fn new(cors: Cors) -> Self {
        Self(cors)
    }

    /// Adds what a browser asks for with a preflight, if the request is one.
    pub(super) fn answer_preflight(&self, received: &Received, reply: &mut Reply) {
        let is_preflight = received.method == Method::OPTIONS
            && received.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
            && received.headers.get(ORIGIN).is_some_and(|origin| self.allowed(origin).is_some());
        if is_preflight {
            let max_age = self.0.max_age.map(|seconds| seconds.to_string()).unwrap_or_default();
            set(reply, ACCESS_CONTROL_ALLOW_METHODS, &self.0.allow_methods.join(","));
            set(reply, ACCESS_CONTROL_ALLOW_HEADERS, &self.0.allow_headers.join(",").to_ascii_lowercase());
            set(reply, ACCESS_CONTROL_MAX_AGE, &max_age);
        }
    }

    /// Says on an answer which origin may read it, in place of what the function said.
    pub(super) fn decorate(&self, origin: &HeaderValue, reply: &mut Reply) {
        let Some(allowed) = self.allowed(origin) else { return };
        reply.headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        set(reply, ACCESS_CONTROL_EXPOSE_HEADERS, &self.0.expose_headers.join(",").to_ascii_lowercase());
        if !self.allows_all() {
            set(reply, VARY, "origin");
        }
    }

    fn allows_all(&self) -> bool {
        self.0.allow_origins.iter().any(|allowed| allowed == "*")
    }

    fn allowed(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        if self.allows_all() {
            return Some(HeaderValue::from_static("*"));
        }
        let is_allowed = self.0.allow_origins.iter().any(|allowed| origin.as_bytes() == allowed.as_bytes());
        is_allowed.then(|| origin.clone())
    }
}

fn set(reply: &mut Reply, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        reply.headers.insert(name, value);
    }
}
