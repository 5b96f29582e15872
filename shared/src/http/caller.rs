//! Who asks.
//!
//! All of it comes from the gateway's own fields of the event, never from a header that a
//! client could write (`X-Forwarded-For` among them).

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use lambda_http::RequestExt as _;
use lambda_http::request::RequestContext;

use crate::accounts::{Device, Identity};
use crate::error::{Error, Result};

/// The member of the authorizer's context that holds the person's id.
pub const USER_ID: &str = "userId";
/// The member of the authorizer's context that holds the session's id.
pub const SESSION_ID: &str = "sessionId";

/// Who is signed in, by the authorizer's word. Without one the answer is 401.
#[derive(Clone, Copy, Debug)]
pub struct Viewer(pub Identity);

impl<S: Sync> FromRequestParts<S> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let identity = || {
            let RequestContext::ApiGatewayV2(context) = parts.extensions.request_context_ref()? else {
                return None;
            };
            let fields = &context.authorizer.as_ref()?.fields;
            let text = |name: &str| fields.get(name)?.as_str();
            Some(Identity { user: text(USER_ID)?.parse().ok()?, session: text(SESSION_ID)?.parse().ok()? })
        };
        identity().map(Self).ok_or(Error::Unauthenticated)
    }
}

/// The address a request came from, as the gateway saw it: an IPv4 address, or the /64 of an
/// IPv6 address, which is what one household or phone has.
#[derive(Clone, Debug)]
pub struct SourceAddress(pub String);

impl<S: Sync> FromRequestParts<S> for SourceAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = match parts.extensions.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone().unwrap_or_default(),
            _ => String::new(),
        };
        Ok(Self(text.parse().map_or(text, network)))
    }
}

/// The network that one subscriber has.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
    }
}

/// What the caller's browser or app says of itself; may be empty.
#[derive(Clone, Debug)]
pub struct UserAgent(pub Device);

impl<S: Sync> FromRequestParts<S> for UserAgent {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self(Device::from_user_agent(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscribers_addresses_count_as_one() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
