//! The event that a function gets: API Gateway's payload format 2.0
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, COOKIE, USER_AGENT};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use shared::clock::Timestamp;

use super::request::Received;

/// What is known of a request once its route is found.
#[derive(Debug)]
pub(super) struct Event<'a> {
    pub(super) received: &'a Received,
    pub(super) route_key: &'a str,
    pub(super) parameters: &'a HashMap<String, String>,
    pub(super) request_id: &'a str,
    pub(super) now: Timestamp,
}

impl Event<'_> {
    /// The event for the function that serves the route.
    pub(super) fn for_function(&self, identity: Option<&Map<String, Value>>) -> String {
        let mut event = self.common();
        if let Some(identity) = identity {
            event["requestContext"]["authorizer"] = json!({ "lambda": identity });
        }
        let body = &self.received.body;
        let text = std::str::from_utf8(body).ok().filter(|_| self.is_text());
        event["isBase64Encoded"] = (text.is_none() && !body.is_empty()).into();
        if !body.is_empty() {
            event["body"] = text.map_or_else(|| STANDARD.encode(body), str::to_owned).into();
        }
        event.to_string()
    }

    /// The event for an authorizer.
    pub(super) fn for_authorizer(&self, identity_source: &[String]) -> String {
        let mut event = self.common();
        event["type"] = "REQUEST".into();
        event["routeArn"] =
            format!("arn:aws:execute-api:us-east-1:000000000000:local/$default/{}", self.route_key).into();
        event["identitySource"] = identity_source.into();
        event.to_string()
    }

    fn common(&self) -> Value {
        let Received { method, path, query, version, host, peer, .. } = self.received;
        // An HTTP API hands on the path decoded, and ends it at what was an encoded `?`.
        let decoded = percent_decode_str(path).decode_utf8_lossy();
        let raw_path = decoded.split('?').next().unwrap_or_default();
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.route_key,
            "rawPath": raw_path,
            "rawQueryString": query,
            "headers": self.headers(),
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "local",
                "domainName": host,
                "domainPrefix": "local",
                "http": {
                    "method": method.as_str(),
                    "path": raw_path,
                    "protocol": format!("{version:?}"),
                    "sourceIp": peer.ip().to_string(),
                    "userAgent": self.received.header(USER_AGENT.as_str()).unwrap_or_default(),
                },
                "requestId": self.request_id,
                "routeKey": self.route_key,
                "stage": "$default",
                "time": self.now.to_string(),
                "timeEpoch": self.now.millis(),
            },
        });
        if let Some(cookies) = self.received.header(COOKIE.as_str()) {
            event["cookies"] = cookies.split(';').map(str::trim).collect::<Vec<_>>().into();
        }
        if !query.is_empty() {
            event["queryStringParameters"] = json!(query_parameters(query));
        }
        if !self.parameters.is_empty() {
            event["pathParameters"] = json!(self.parameters);
        }
        event
    }

    /// The headers, in lower case and joined, with those that API Gateway writes itself.
    fn headers(&self) -> BTreeMap<String, String> {
        let Received { headers, host, peer, .. } = self.received;
        let names = headers.keys().filter(|name| **name != COOKIE);
        let mut joined: BTreeMap<String, String> =
            names.filter_map(|name| Some((name.to_string(), self.received.header(name.as_str())?))).collect();
        let address = peer.ip().to_string();
        let forwarded = joined
            .get("x-forwarded-for")
            .map_or_else(|| address.clone(), |sent| format!("{sent}, {address}"));
        joined.insert("x-forwarded-for".into(), forwarded);
        joined.insert("x-forwarded-port".into(), "443".into());
        joined.insert("x-forwarded-proto".into(), "https".into());
        joined.insert("host".into(), host.clone());
        joined
    }

    /// Whether API Gateway hands the body on as text.
    fn is_text(&self) -> bool {
        let content_type =
            self.received.header(CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        essence.is_empty()
            || essence.starts_with("text/")
            || ["application/json", "application/javascript", "application/xml"].contains(&essence)
    }
}

/// A query's parameters, those of one name joined with commas.
fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters: BTreeMap<String, String> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let value = decode(value);
        parameters
            .entry(decode(name))
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert(value);
    }
    parameters
}
