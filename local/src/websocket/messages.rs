//! Messages on their way to functions, and what those answer
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-routes-integrations.html>).

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::connection::End;
use super::connections::Connection;
use super::event::Moment;
use super::limits::MAX_MESSAGE;
use super::{Gateway, reply};
use crate::gateway::{Exchange, Record};
use crate::template::{SocketRoute, WebSocketApi};

/// What a function answers to a proxy integration.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Proxied {
    pub(super) status_code: u16,
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The function failed, or answered something else.
    Failed,
    /// It took longer than the route waits. It goes on for as long as it may itself.
    TimedOut,
}

impl Proxied {
    /// A header, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&String> {
        let mut headers = self.headers.iter().flatten();
        headers.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// What is sent to the client, if anything.
    fn text(self) -> Result<Option<String>, String> {
        let Some(body) = self.body.filter(|body| !body.is_empty()) else { return Ok(None) };
        let body = if self.is_base64_encoded {
            let bytes = STANDARD.decode(body).map_err(|error| error.to_string())?;
            String::from_utf8(bytes).map_err(|error| error.to_string())?
        } else {
            body
        };
        if body.len() > MAX_MESSAGE { Err("its body is too long".into()) } else { Ok(Some(body)) }
    }
}

impl Gateway {
    /// Takes a message from a connection, and works on it beside those before it: AWS promises no order.
    pub(super) async fn take(self: &Arc<Self>, connection: &Arc<Connection>, text: &str) {
        let Ok(place) = Arc::clone(&connection.room).acquire_owned().await else { return };
        let (gateway, connection, text) = (Arc::clone(self), Arc::clone(connection), text.to_owned());
        self.spawn(async move {
            gateway.deliver(&connection, &text).await;
            drop(place);
        });
    }

    /// Runs the route of a message, and sends the client what comes of it.
    async fn deliver(&self, connection: &Connection, text: &str) {
        let request_id = self.id();
        let client = &connection.client;
        let say =
            |text| connection.reply(reply::message(text, &client.connection_id, &request_id).to_string());
        let Some((key, route)) = route(&self.api, text) else {
            self.tell(Record {
                method: "WS".into(),
                route: "WS (no route)".into(),
                status: 403,
                ..Record::default()
            });
            return say("Forbidden").await;
        };
        let moment = Moment { request_id: &request_id, now: self.around.clock.now() };
        let event = client.message(&self.api, (key, &self.id(), text), moment);
        let answer = match self.observe(key, event, &request_id).await {
            Ok(proxied) => proxied.text().map_err(|error| {
                tracing::error!(function = route.function, error, "a function's answer cannot be sent");
                Failure::Failed
            }),
            Err(failure) => Err(failure),
        };
        match answer {
            Ok(Some(body)) if route.answers() => connection.reply(body).await,
            Ok(_) => {}
            Err(Failure::Failed) => say("Internal server error").await,
            Err(Failure::TimedOut) => say("Endpoint request timed out").await,
        }
    }

    /// Runs `$disconnect`, if there is one and it is not to be lost.
    pub(super) async fn disconnect(&self, connection: &Connection, end: &End) {
        if self.around.loses_disconnects || !self.api.routes.contains_key("$disconnect") {
            return;
        }
        let request_id = self.id();
        let moment = Moment { request_id: &request_id, now: self.around.clock.now() };
        let event = connection.client.disconnect(&self.api, end, moment);
        let _ = self.observe("$disconnect", event, &request_id).await;
    }

    /// Runs a route, and tells of it.
    async fn observe(&self, key: &str, event: Value, request_id: &str) -> Result<Proxied, Failure> {
        let started = Instant::now();
        let mut record = Record { method: "WS".into(), route: format!("WS {key}"), ..Record::default() };
        let answer = self.run(key, event, request_id, &mut record).await;
        record.duration = started.elapsed();
        self.tell(record);
        answer
    }

    /// Runs a route's function.
    pub(super) async fn run(
        &self,
        key: &str,
        event: Value,
        request_id: &str,
        record: &mut Record,
    ) -> Result<Proxied, Failure> {
        record.status = 500;
        let route = self.api.routes.get(key).ok_or(Failure::Failed)?;
        let lambda = self.around.functions.get(&route.function).ok_or(Failure::Failed)?;
        let event = event.to_string();
        let Ok(invocation) = timeout(route.timeout, lambda.invoke(event.clone(), request_id)).await else {
            record.status = 504;
            return Err(Failure::TimedOut);
        };
        record.function = Some((route.function.clone(), invocation.cost));
        self.note(record, &route.function, event, &invocation.result);
        let answer = invocation.result.and_then(|answer| {
            serde_json::from_str::<Proxied>(&answer).map_err(|error| format!("its answer is wrong: {error}"))
        });
        let answer = answer.map_err(|error| {
            tracing::error!(function = route.function, error, "a function failed");
            Failure::Failed
        })?;
        record.status = answer.status_code;
        Ok(answer)
    }

    /// Notes what a function was sent and answered, if somebody is looking.
    pub(super) fn note(
        &self,
        record: &mut Record,
        function: &str,
        event: String,
        answer: &Result<String, String>,
    ) {
        if self.around.records.receiver_count() > 0 {
            let (function, answer) = (function.to_owned(), answer.clone());
            record.exchanges.push(Exchange { function, event, answer });
        }
    }

    /// Tells what happened.
    pub(super) fn tell(&self, record: Record) {
        record.log();
        let _ = self.around.records.send(record);
    }
}

/// The route of a message: that whose key it names, or else `$default`, if there is one.
fn route<'a>(api: &'a WebSocketApi, text: &str) -> Option<(&'a str, &'a SocketRoute)> {
    let message: Option<Value> = serde_json::from_str(text).ok();
    let named = message.as_ref().and_then(|message| {
        let key = api.selection.iter().try_fold(message, |value, member| value.get(member))?;
        // The keys with a dollar sign are not for clients to name.
        key.as_str().filter(|key| !key.starts_with('$'))
    });
    let named = named.and_then(|key| api.routes.get_key_value(key));
    named.or_else(|| api.routes.get_key_value("$default")).map(|(key, route)| (&**key, route))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(text: &Value) -> Result<Option<String>, String> {
        serde_json::from_value::<Proxied>(text.clone()).map_err(|error| error.to_string())?.text()
    }

    #[test]
    fn an_answer_has_a_status_and_may_have_a_body() {
        assert_eq!(answer(&json!({ "statusCode": 200 })), Ok(None));
        assert_eq!(answer(&json!({ "statusCode": 200, "body": null, "headers": null })), Ok(None));
        assert_eq!(answer(&json!({ "statusCode": 404, "body": "x" })), Ok(Some("x".into())));
        let encoded = json!({ "statusCode": 200, "body": "eA==", "isBase64Encoded": true });
        assert_eq!(answer(&encoded), Ok(Some("x".into())));
        for bad in [json!({}), json!("x"), json!({ "statusCode": 200, "body": {} })] {
            assert!(answer(&bad).is_err(), "{bad}");
        }
        let not_text = json!({ "statusCode": 200, "body": "/w==", "isBase64Encoded": true });
        assert!(answer(&not_text).is_err());
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let answer = json!({ "statusCode": 200, "headers": { "Sec-WebSocket-Protocol": "kith" } });
        let answer: Proxied = serde_json::from_value(answer).unwrap();
        assert_eq!(answer.header("sec-websocket-protocol").map(String::as_str), Some("kith"));
        assert_eq!(answer.header("other"), None);
    }
}
