//! A connection from its first message to its last, and how it ends.
//!
//! The codes are those of
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html>;
//! where AWS does not say which, it stands here.

use std::borrow::Cow;
use std::sync::Arc;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::{Duration, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::connections::{Connection, Outgoing};
use super::limits::{MAX_FRAME, MAX_MESSAGE};
use super::{Gateway, Phase};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// For how long the client is waited for at the end: to take what it is sent, and to say goodbye.
const PARTING: Duration = Duration::from_secs(1);

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) code: u16,
    pub(super) reason: Cow<'static, str>,
    side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// The client closed it.
    Client,
    /// It is closed from here.
    Gateway,
    /// There is nobody any more.
    Nobody,
}

impl End {
    /// After ten minutes without a message, after two hours, and when the stack stops.
    pub(super) const GOING_AWAY: Self = Self::ours(1001, "Going away");
    /// Binary frames are not supported
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-binary-media-types.html>).
    const BINARY: Self = Self::ours(1003, "Binary is not supported");
    const PROTOCOL: Self = Self::ours(1002, "Protocol error");
    const NOT_TEXT: Self = Self::ours(1007, "Invalid UTF-8");
    const TOO_BIG: Self = Self::ours(1009, "Message too big");
    /// By `DELETE @connections`: AWS does not say which code the client sees then.
    pub(super) const DELETED: Self = Self::ours(1000, "Connection Closed Normally");
    /// It broke off.
    pub(super) const LOST: Self = Self { code: 1006, reason: Cow::Borrowed(""), side: Side::Nobody };

    const fn ours(code: u16, reason: &'static str) -> Self {
        Self { code, reason: Cow::Borrowed(reason), side: Side::Gateway }
    }

    fn by_client(frame: Option<CloseFrame>) -> Self {
        let (code, reason) = frame.map_or_else(
            || (1005, "Client-side close frame status not set".into()),
            |frame| (frame.code.into(), frame.reason.as_str().to_owned().into()),
        );
        Self { code, reason, side: Side::Client }
    }

    fn by_error(error: &Error) -> Self {
        match error {
            Error::Capacity(_) => Self::TOO_BIG,
            Error::Utf8(_) => Self::NOT_TEXT,
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::LOST,
            Error::Protocol(_) => Self::PROTOCOL,
            _ => Self::LOST,
        }
    }
}

impl Gateway {
    /// Carries messages until the connection ends, and tells the function of that.
    pub(super) async fn carry(
        self: &Arc<Self>,
        upgraded: Upgraded,
        connection: &Arc<Connection>,
        mut queue: mpsc::Receiver<Outgoing>,
    ) {
        let config = WebSocketConfig::default()
            .max_frame_size(Some(MAX_FRAME))
            .max_message_size(Some(MAX_MESSAGE))
            // The usual ones are for few connections: 128 KiB each.
            .read_buffer_size(4096)
            .write_buffer_size(0);
        let socket = Socket::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        let (mut sink, mut stream) = socket.split();
        let mut phase = self.phase.subscribe();
        let end = tokio::select! {
            end = self.receive(&mut stream, connection) => end,
            end = self.send(&mut sink, connection, &mut queue) => end,
            () = connection.idle(self.around.limits.idle) => End::GOING_AWAY,
            () = sleep(self.around.limits.lifetime) => End::GOING_AWAY,
            _ = phase.wait_for(|phase| *phase != Phase::Open) => End::GOING_AWAY,
            // A client that reads nothing any more is not waited for long.
            () = async { connection.dismissed().await; sleep(PARTING).await } => End::DELETED,
        };
        // Nobody can push to it from here on.
        drop(queue);
        self.connections.remove(&connection.client.connection_id);
        let parted = async {
            if let Ok(socket) = stream.reunite(sink) {
                let _ = timeout(PARTING, part(socket, &end)).await;
            }
        };
        tokio::join!(parted, self.disconnect(connection, &end));
    }

    /// Hands on what the client sends.
    async fn receive(
        self: &Arc<Self>,
        stream: &mut SplitStream<Socket>,
        connection: &Arc<Connection>,
    ) -> End {
        loop {
            match stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    connection.touch(self.around.clock.now());
                    self.take(connection, text.as_str()).await;
                }
                Some(Ok(Message::Binary(_))) => return End::BINARY,
                Some(Ok(Message::Close(frame))) => return End::by_client(frame),
                // Pings are answered by the library. They do not keep a connection.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(error)) => return End::by_error(&error),
                None => return End::LOST,
            }
        }
    }

    /// Sends what is on its way to the client.
    async fn send(
        &self,
        sink: &mut SplitSink<Socket, Message>,
        connection: &Connection,
        queue: &mut mpsc::Receiver<Outgoing>,
    ) -> End {
        while let Some(outgoing) = queue.recv().await {
            let text = match outgoing {
                Outgoing::Text(text) => text,
                Outgoing::Close(end) => return end,
            };
            for frame in frames(&text) {
                if sink.send(Message::Frame(frame)).await.is_err() {
                    return End::LOST;
                }
            }
            connection.touch(self.around.clock.now());
        }
        End::LOST
    }
}

/// A text in frames that are not too long.
fn frames(text: &str) -> impl Iterator<Item = Frame> {
    let count = text.len().div_ceil(MAX_FRAME).max(1);
    (0..count).map(move |number| {
        let piece = &text.as_bytes()[number * MAX_FRAME..text.len().min((number + 1) * MAX_FRAME)];
        let kind = if number == 0 { Data::Text } else { Data::Continue };
        Frame::message(piece.to_vec(), OpCode::Data(kind), number + 1 == count)
    })
}

/// Says goodbye, and waits for the other's.
async fn part(mut socket: Socket, end: &End) {
    if end.side == Side::Nobody {
        return;
    }
    if end.side == Side::Gateway {
        let frame = CloseFrame { code: CloseCode::from(end.code), reason: (&*end.reason).into() };
        if socket.send(Message::Close(Some(frame))).await.is_err() {
            return;
        }
    }
    let mut is_agreed = end.side == Side::Client;
    while let Some(Ok(message)) = socket.next().await {
        is_agreed |= message.is_close();
    }
    let mut stream = socket.into_inner();
    let _ = stream.shutdown().await;
    // What the client is still sending is read: with that left, the goodbye would be lost on it.
    let mut dropped = [0; 4096];
    while !is_agreed && stream.read(&mut dropped).await.is_ok_and(|length| length > 0) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_sent_in_frames_that_are_not_too_long() {
        for (length, lengths) in [
            (0, &[0][..]),
            (MAX_FRAME, &[MAX_FRAME]),
            (MAX_FRAME + 1, &[MAX_FRAME, 1]),
            (MAX_MESSAGE, &[MAX_FRAME; 4]),
        ] {
            let text = "x".repeat(length);
            let frames: Vec<_> = frames(&text).collect();
            let found: Vec<_> = frames.iter().map(|frame| frame.payload().len()).collect();
            assert_eq!(found, lengths);
            let finals = frames.iter().filter(|frame| frame.header().is_final).count();
            assert!(finals == 1 && frames.last().unwrap().header().is_final);
        }
    }

    #[test]
    fn the_clients_own_code_is_kept_and_what_breaks_off_has_one_too() {
        assert_eq!(End::by_client(None).code, 1005);
        let frame = CloseFrame { code: 4001.into(), reason: "bye".into() };
        let end = End::by_client(Some(frame));
        assert_eq!((end.code, &*end.reason), (4001, "bye"));
        assert_eq!(End::by_error(&Error::ConnectionClosed), End::LOST);
        let broken = ProtocolError::ResetWithoutClosingHandshake;
        assert_eq!(End::by_error(&Error::Protocol(broken)), End::LOST);
        assert_eq!(End::by_error(&Error::Protocol(ProtocolError::NonZeroReservedBits)), End::PROTOCOL);
    }
}
