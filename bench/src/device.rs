//! One person's device, as any client is: HTTP, and a connection to the WebSocket API.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::Failure;

/// For how long something that is to come is waited for.
const SOON: Duration = Duration::from_secs(30);

/// A device of somebody who is signed in.
#[derive(Debug)]
pub(crate) struct Device {
    /// Whose it is.
    pub(crate) user_id: String,
    http: Client,
    url: String,
    token: String,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Device {
    /// Registers somebody, and connects.
    pub(crate) async fn register(url: &str, username: &str) -> Result<Self, Failure> {
        let http = Client::new();
        let body = json!({
            "username": username,
            "email": format!("{username}@example.com"),
            "password": "a raven like a writing-desk",
        });
        let answer = call(&http, Method::POST, &format!("{url}/v1/users"), "", Some(&body)).await?;
        let (user_id, token) = (text(&answer["user"]["id"]), text(&answer["session"]["token"]));
        let tickets = format!("{url}/v1/socket-tickets");
        let ticket = call(&http, Method::POST, &tickets, &token, None).await?;
        // Without delay: what is sent is to be there at once.
        let (socket, _) = connect_async_with_config(text(&ticket["url"]), None, true).await?;
        Ok(Self { user_id, http, url: url.into(), token, socket })
    }

    /// Becomes a friend of somebody.
    pub(crate) async fn befriend(&self, other: &Self) -> Result<(), Failure> {
        let request =
            self.call(Method::POST, "/v1/friend-requests", Some(&json!({ "to": other.user_id }))).await?;
        let path = format!("/v1/friend-requests/{}", text(&request["id"]));
        other.call(Method::PATCH, &path, Some(&json!({ "status": "accepted" }))).await?;
        Ok(())
    }

    /// Sends a message, whose text is what the device calls it.
    pub(crate) async fn send(&mut self, to: &str, client_id: &str) -> Result<(), Failure> {
        let message = json!({ "action": "send", "to": to, "clientId": client_id, "text": client_id });
        Ok(self.socket.send(Message::text(message.to_string())).await?)
    }

    /// When the next frame of a kind comes that is about this message; no time if none does.
    pub(crate) async fn hear(&mut self, kind: &str, client_id: &str) -> Result<Option<Instant>, Failure> {
        let heard = timeout(SOON, async {
            while let Some(frame) = self.socket.next().await {
                let Message::Text(frame) = frame? else { continue };
                let frame: Value = serde_json::from_str(&frame)?;
                if frame["type"] == "error" || frame["type"].is_null() {
                    return Err(frame.to_string().into());
                }
                if frame["type"] == kind && frame["message"]["clientId"] == client_id {
                    return Ok(Instant::now());
                }
            }
            Err("the connection ended".into())
        });
        heard.await.map_or(Ok(None), |heard| heard.map(Some))
    }

    /// The texts of all that was said to somebody, and by them.
    pub(crate) async fn history(&self, other: &Self) -> Result<Vec<String>, Failure> {
        let mut ids = [&*self.user_id, &*other.user_id];
        ids.sort_unstable();
        let (path, mut texts) = (format!("/v1/conversations/{}-{}/messages", ids[0], ids[1]), Vec::new());
        loop {
            let page =
                self.call(Method::GET, &format!("{path}?after={}&limit=100", texts.len()), None).await?;
            let items = page["items"].as_array().ok_or("a page has no items")?;
            texts.extend(items.iter().map(|item| text(&item["text"])));
            if items.is_empty() {
                return Ok(texts);
            }
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        call(&self.http, method, &format!("{}{path}", self.url), &self.token, body).await
    }
}

async fn call(
    http: &Client,
    method: Method,
    url: &str,
    token: &str,
    body: Option<&Value>,
) -> Result<Value, Failure> {
    let mut request = http.request(method, url);
    if !token.is_empty() {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    Ok(request.send().await?.error_for_status()?.json().await?)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().into()
}
