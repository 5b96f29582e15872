//! The events that functions get
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-lambda-proxy-integrations.html>).

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::USER_AGENT;
use serde_json::{Map, Value, json};
use shared::clock::Timestamp;
use time::OffsetDateTime;
use time::macros::format_description;

use super::connection::End;
use crate::template::WebSocketApi;

/// What every event of a connection says of it.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) connection_id: String,
    pub(super) connected_at: Timestamp,
    /// The host it was asked for.
    pub(super) domain: String,
    pub(super) source_ip: String,
    pub(super) user_agent: Option<String>,
    /// What the authorizer said.
    pub(super) authorizer: Option<Map<String, Value>>,
}

/// One event's own facts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    pub(super) request_id: &'a str,
    pub(super) now: Timestamp,
}

/// A request to connect.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) headers: HeaderMap,
    pub(super) query: Vec<(String, String)>,
}

impl Client {
    /// The event for the authorizer.
    pub(super) fn authorize(&self, api: &WebSocketApi, opening: &Opening, moment: Moment<'_>) -> Value {
        let mut event = self.connect(api, opening, moment);
        event["type"] = "REQUEST".into();
        event["methodArn"] = method_arn(api).into();
        event["stageVariables"] = json!(api.variables);
        if let Some(event) = event.as_object_mut() {
            event.remove("isBase64Encoded");
        }
        // It gets both, if only empty.
        for name in ["queryStringParameters", "multiValueQueryStringParameters"] {
            event[name].as_object().is_none().then(|| event[name] = json!({}));
        }
        event
    }

    /// The event for `$connect`.
    pub(super) fn connect(&self, api: &WebSocketApi, opening: &Opening, moment: Moment<'_>) -> Value {
        let many = opening.headers(&self.source_ip, &self.domain);
        let mut event = json!({
            "headers": last(&many),
            "multiValueHeaders": many,
            "requestContext": self.context(api, ("$connect", "CONNECT"), moment),
            "isBase64Encoded": false,
        });
        if !opening.query.is_empty() {
            let many = opening.query();
            event["queryStringParameters"] = json!(last(&many));
            event["multiValueQueryStringParameters"] = json!(many);
        }
        with_variables(event, api)
    }

    /// The event for a message, on the route with this key.
    pub(super) fn message(
        &self,
        api: &WebSocketApi,
        (key, message_id, body): (&str, &str, &str),
        moment: Moment<'_>,
    ) -> Value {
        let mut context = self.context(api, (key, "MESSAGE"), moment);
        context["messageId"] = message_id.into();
        with_variables(json!({ "requestContext": context, "body": body, "isBase64Encoded": false }), api)
    }

    /// The event for `$disconnect`.
    pub(super) fn disconnect(&self, api: &WebSocketApi, end: &End, moment: Moment<'_>) -> Value {
        let mut context = self.context(api, ("$disconnect", "DISCONNECT"), moment);
        context["disconnectStatusCode"] = end.code.into();
        context["disconnectReason"] = (&*end.reason).into();
        let headers =
            [("Host", &*self.domain), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")];
        let many: BTreeMap<_, _> = headers.map(|(name, value)| (name, vec![value])).into();
        let event = json!({
            "headers": BTreeMap::from(headers),
            "multiValueHeaders": many,
            "requestContext": context,
            "isBase64Encoded": false,
        });
        with_variables(event, api)
    }

    fn context(&self, api: &WebSocketApi, (key, kind): (&str, &str), moment: Moment<'_>) -> Value {
        let mut context = json!({
            "routeKey": key,
            "eventType": kind,
            "extendedRequestId": moment.request_id,
            "requestTime": common_log_format(moment.now),
            "messageDirection": "IN",
            "stage": api.stage,
            "connectedAt": self.connected_at.millis(),
            "requestTimeEpoch": moment.now.millis(),
            "identity": { "sourceIp": self.source_ip },
            "requestId": moment.request_id,
            "domainName": self.domain,
            "connectionId": self.connection_id,
            "apiId": api.api_id,
        });
        if let Some(agent) = &self.user_agent {
            context["identity"]["userAgent"] = (&**agent).into();
        }
        if let Some(authorizer) = &self.authorizer {
            context["authorizer"] = authorizer.clone().into();
        }
        context
    }
}

impl Opening {
    pub(super) fn new(headers: &HeaderMap, query: &str) -> Self {
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { headers: headers.clone(), query }
    }

    /// A header's first value.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// What somebody's browser says it is.
    pub(super) fn user_agent(&self) -> Option<String> {
        self.header(USER_AGENT.as_str())
    }

    /// The headers with those that API Gateway writes itself and without those of one hop.
    fn headers(&self, source_ip: &str, domain: &str) -> BTreeMap<String, Vec<String>> {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &self.headers {
            if !["connection", "upgrade"].contains(&name.as_str()) {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                all.entry(spelt(name.as_str())).or_default().push(value);
            }
        }
        let forwarded = self.header("x-forwarded-for");
        let forwarded = forwarded.map_or_else(|| source_ip.into(), |sent| format!("{sent}, {source_ip}"));
        all.insert("Host".into(), vec![domain.into()]);
        all.insert("X-Forwarded-For".into(), vec![forwarded]);
        all.insert("X-Forwarded-Port".into(), vec!["443".into()]);
        all.insert("X-Forwarded-Proto".into(), vec!["https".into()]);
        all
    }

    fn query(&self) -> BTreeMap<String, Vec<String>> {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &self.query {
            all.entry(name.clone()).or_default().push(value.clone());
        }
        all
    }
}

/// The ARN of `$connect`, which an authorizer's policy is about.
pub(super) fn method_arn(api: &WebSocketApi) -> String {
    format!("arn:aws:execute-api:us-east-1:000000000000:{}/{}/$connect", api.api_id, api.stage)
}

/// Of several values, the last one.
fn last(many: &BTreeMap<String, Vec<String>>) -> BTreeMap<&String, &String> {
    many.iter().filter_map(|(name, values)| Some((name, values.last()?))).collect()
}

fn with_variables(mut event: Value, api: &WebSocketApi) -> Value {
    if !api.variables.is_empty() {
        event["stageVariables"] = json!(api.variables);
    }
    event
}

/// A header's name as clients of HTTP/1.1 send it, which the server here makes small.
fn spelt(name: &str) -> String {
    let words = name.split('-').map(|word| match word {
        "websocket" => "WebSocket".to_owned(),
        word => {
            word.split_at_checked(1).map_or_else(String::new, |(first, rest)| first.to_uppercase() + rest)
        }
    });
    words.collect::<Vec<_>>().join("-")
}

/// A time as in the logs of web servers: `09/Feb/2024:18:23:28 +0000`.
fn common_log_format(time: Timestamp) -> String {
    let format = format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    let time = OffsetDateTime::from_unix_timestamp(time.millis().div_euclid(1000));
    time.ok().and_then(|time| time.format(format).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn headers_are_spelt_as_they_are_sent() {
        for (name, spelling) in [
            ("host", "Host"),
            ("user-agent", "User-Agent"),
            ("sec-websocket-key", "Sec-WebSocket-Key"),
            ("x--y", "X--Y"),
        ] {
            assert_eq!(spelt(name), spelling);
        }
    }

    #[test]
    fn a_request_is_told_with_what_api_gateway_adds() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", "other"), ("upgrade", "websocket"), ("x-forwarded-for", "192.0.2.1")] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let opening = Opening::new(&headers, "ticket=a%2Bb+c&ticket=&x");
        let headers = opening.headers("127.0.0.1", "host:1");
        assert_eq!((&*headers["Host"], headers.contains_key("Upgrade")), (&["host:1".to_owned()][..], false));
        assert_eq!(headers["X-Forwarded-For"], ["192.0.2.1, 127.0.0.1"]);
        let query = opening.query();
        assert_eq!(
            (&*query["ticket"], &*query["x"]),
            (&["a+b c".to_owned(), String::new()][..], &[String::new()][..])
        );
    }

    #[test]
    fn times_are_in_the_common_log_format() {
        assert_eq!(
            common_log_format(Timestamp::from_millis(1_707_503_008_941)),
            "09/Feb/2024:18:23:28 +0000"
        );
    }
}
