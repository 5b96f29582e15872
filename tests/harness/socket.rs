//! A WebSocket client.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::schema::Contract;

/// For how long something that must come is waited for.
const SOON: Duration = Duration::from_secs(30);

/// How what is told of somebody who comes or goes begins.
const PRESENCE: &str = r#"{"type":"presence""#;

/// A connection to the WebSocket API.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What everything that is heard is held against, if it is Kith that is heard.
    contract: Option<Arc<Contract>>,
    /// What was sent that the contract describes.
    described: Vec<Value>,
}

/// A handshake that was refused.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// What comes next.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// A message.
    Text(String),
    /// The other side's goodbye: a code, 1005 if it names none, and a reason.
    Closed(u16, String),
    /// The connection broke off.
    Lost,
}

impl Socket {
    /// Connects, which must succeed.
    pub(crate) async fn connect(url: &str) -> Self {
        Self::try_connect(url, &[]).await.unwrap_or_else(|refused| panic!("{url}: {refused:?}"))
    }

    /// Tries to connect, with these headers.
    pub(crate) async fn try_connect(url: &str, headers: &[(&'static str, &str)]) -> Result<Self, Refused> {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        // Without delay: what is sent is to be there at once.
        match soon(Box::pin(connect_async_with_config(request, None, true))).await {
            Ok((stream, _)) => Ok(Self { stream, contract: None, described: Vec::new() }),
            Err(Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                let body = serde_json::from_slice(body).unwrap_or_default();
                Err(Refused { status: response.status().as_u16(), body })
            }
            Err(error) => panic!("{url}: {error}"),
        }
    }

    /// Holds everything that is heard from now on against the contract, and what is answered of what is
    /// sent.
    pub(crate) fn under(self, contract: Arc<Contract>) -> Self {
        Self { contract: Some(contract), ..self }
    }

    /// Fails if what was heard is not described, or answers what is not.
    fn check(&self, text: &str) {
        let Some(contract) = &self.contract else { return };
        let frame = serde_json::from_str(text).unwrap();
        contract.check_heard(&frame);
        let said = |action: &str| {
            let mut said = self.described.iter().filter(|said| said["action"] == action);
            said.any(|said| said["clientId"] == frame["clientId"])
        };
        let is_described = match frame["type"].as_str() {
            Some("ack") => said("send"),
            Some("pong") => said("ping"),
            _ => true,
        };
        assert!(is_described, "what {frame} answers is not described");
    }

    /// Notes what is sent, if the contract describes it.
    fn note(&mut self, text: &str) {
        let Some(contract) = &self.contract else { return };
        self.described.extend(serde_json::from_str(text).ok().filter(|frame| contract.describes_sent(frame)));
    }

    /// Tries to connect, which must be refused with this status; answers what was said.
    pub(crate) async fn expect_refused(url: &str, status: u16) -> Value {
        match Self::try_connect(url, &[]).await {
            Ok(_) => panic!("{url} is not refused"),
            Err(refused) => {
                assert_eq!(refused.status, status, "{refused:?}");
                refused.body
            }
        }
    }

    /// Sends JSON.
    pub(crate) async fn send(&mut self, message: &Value) {
        self.send_text(&message.to_string()).await;
    }

    /// Sends a text in one frame.
    pub(crate) async fn send_text(&mut self, text: &str) {
        self.note(text);
        self.send_message(Message::text(text)).await;
    }

    /// Sends a text in frames of this many bytes. The other side may have enough of it midway.
    pub(crate) async fn send_in_frames(&mut self, text: &str, size: usize) {
        self.note(text);
        let pieces: Vec<_> = text.as_bytes().chunks(size).collect();
        for (number, piece) in pieces.iter().enumerate() {
            let kind = if number == 0 { Data::Text } else { Data::Continue };
            let frame = Frame::message(piece.to_vec(), OpCode::Data(kind), number + 1 == pieces.len());
            if self.stream.send(Message::Frame(frame)).await.is_err() {
                return;
            }
        }
    }

    /// Sends anything.
    pub(crate) async fn send_message(&mut self, message: Message) {
        soon(self.stream.send(message)).await.unwrap();
    }

    /// The next message, as JSON.
    pub(crate) async fn next(&mut self) -> Value {
        match self.receive().await {
            Next::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("no message but {other:?}"),
        }
    }

    /// The next message, or the end. Pongs are passed over, and so is who comes and goes, as it may be
    /// told at any time.
    pub(crate) async fn receive(&mut self) -> Next {
        loop {
            match self.receive_any().await {
                Next::Text(text) if text.starts_with(PRESENCE) => {}
                next => return next,
            }
        }
    }

    /// Waits until it is told of somebody that they have come, or gone.
    pub(crate) async fn presence(&mut self) -> (String, bool) {
        loop {
            match self.receive_any().await {
                Next::Text(text) if text.starts_with(PRESENCE) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    return (frame["userId"].as_str().unwrap().into(), frame["online"].as_bool().unwrap());
                }
                Next::Text(_) => {}
                other => panic!("no message but {other:?}"),
            }
        }
    }

    /// Fails if it was told of anybody before it is answered.
    pub(crate) async fn expect_no_presence(&mut self) {
        self.send(&serde_json::json!({ "action": "ping" })).await;
        loop {
            match self.receive_any().await {
                Next::Text(text) if text.starts_with(PRESENCE) => panic!("it was told {text}"),
                Next::Text(text) if text.contains(r#""type":"pong""#) => return,
                Next::Text(_) => {}
                other => panic!("no message but {other:?}"),
            }
        }
    }

    async fn receive_any(&mut self) -> Next {
        soon(self.receive_whenever()).await
    }

    /// The next message, whatever it is, or the end, however long that takes.
    pub(crate) async fn receive_whenever(&mut self) -> Next {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    self.check(&text);
                    return Next::Text(text.as_str().to_owned());
                }
                Some(Ok(Message::Close(frame))) => {
                    let (code, reason) = frame.map_or((1005, String::new()), |frame: CloseFrame| {
                        (frame.code.into(), frame.reason.as_str().to_owned())
                    });
                    // Until the answer to the goodbye is sent.
                    while let Some(Ok(_)) = soon(self.stream.next()).await {}
                    return Next::Closed(code, reason);
                }
                Some(Ok(Message::Pong(_) | Message::Ping(_))) => {}
                Some(Ok(other)) => panic!("it was sent {other:?}"),
                Some(Err(_)) | None => return Next::Lost,
            }
        }
    }

    /// Waits for the end; answers the code, 1006 if the connection broke off.
    pub(crate) async fn closed(&mut self) -> u16 {
        match self.receive().await {
            Next::Closed(code, _) => code,
            Next::Lost => 1006,
            Next::Text(text) => panic!("no end but {text}"),
        }
    }

    /// Fails if anything comes within this time.
    pub(crate) async fn expect_nothing(&mut self, time: Duration) {
        if let Ok(next) = tokio::time::timeout(time, self.receive()).await {
            panic!("something came: {next:?}");
        }
    }

    /// Says goodbye, and waits for the answer.
    pub(crate) async fn close(self) {
        self.close_with(None).await;
    }

    /// The same with a code and a reason.
    pub(crate) async fn close_with(mut self, frame: Option<CloseFrame>) {
        soon(self.stream.close(frame)).await.unwrap();
        while let Some(Ok(_)) = soon(self.stream.next()).await {}
    }

    /// Breaks off, as a client does that loses its network: there is no goodbye.
    pub(crate) fn drop_abruptly(self) {
        drop(self);
    }
}

/// Waits for something that must come.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, what).await.expect("it happens in time")
}
