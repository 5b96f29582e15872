//! How connections end, and what is left then.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use local::Stack;
use local::stack::Overrides;
use local::websocket::Limits;
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::runtime::Handle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{Setup, TEMPLATE, options, push};
use crate::harness::{Next, Socket};

#[tokio::test]
async fn what_is_too_big_closes_the_connection() {
    let api = Setup::echo().start().await;
    let mut socket = api.connect("ann").await;
    let frame = "x".repeat(32 * 1024);
    socket.send_text(&frame).await;
    assert_eq!(socket.receive().await, Next::Text(frame.clone()));
    let message = frame.repeat(4);
    socket.send_in_frames(&message, frame.len()).await;
    assert_eq!(socket.receive().await, Next::Text(message.clone()));
    socket.send_text(&(frame + "x")).await;
    assert_eq!(socket.closed().await, 1009);
    assert_eq!(api.event("$disconnect").await["requestContext"]["disconnectStatusCode"], 1009);

    let mut socket = api.connect("ann").await;
    socket.send_in_frames(&(message.clone() + "x"), 1024).await;
    assert_eq!(socket.closed().await, 1009);
    // However much there is of it, the client learns why.
    let mut socket = api.connect("ann").await;
    socket.send_in_frames(&message.repeat(10), 32 * 1024).await;
    assert_eq!(socket.closed().await, 1009);
}

#[tokio::test]
async fn a_connection_without_messages_is_closed() {
    let mut setup = Setup::echo();
    setup.overrides.socket_limits.idle = Duration::from_secs(2);
    let api = setup.start().await;
    let (mut idle, mut pinging) = (api.connect("idle").await, api.connect("pinging").await);
    let (mut sending, mut receiving) = (api.connect("sending").await, api.connect("receiving").await);
    let id = loop {
        let event = api.event("$connect").await;
        if event["queryStringParameters"]["ticket"] == "receiving" {
            break super::id_in(&event).to_owned();
        }
    };
    while api.stack.open_connections() > 2 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        // One that is closed already takes no ping.
        let _ = tokio::time::timeout(
            Duration::from_millis(1),
            pinging.send_message(Message::Ping(Vec::new().into())),
        )
        .await;
        sending.send(&json!(1)).await;
        assert_eq!(sending.next().await, 1);
        push(&api.client, &id, "2").await.unwrap();
        assert_eq!(receiving.next().await, 2);
    }
    assert_eq!(idle.receive().await, Next::Closed(1001, "Going away".into()));
    assert_eq!(pinging.closed().await, 1001);
    for _ in 0..2 {
        let event = api.event("$disconnect").await;
        assert_eq!(event["requestContext"]["disconnectStatusCode"], 1001);
        assert_eq!(event["requestContext"]["disconnectReason"], "Going away");
    }
    sending.close().await;
    receiving.close().await;
}

#[tokio::test]
async fn no_connection_lasts_for_ever() {
    let mut setup = Setup::echo();
    setup.overrides.socket_limits = Limits { lifetime: Duration::from_millis(400), ..Limits::default() };
    let api = setup.start().await;
    // The server's clock starts once it has the handshake, so not before this one.
    let started = Instant::now();
    let mut socket = api.connect("ann").await;
    let end = loop {
        socket.send(&json!(1)).await;
        match socket.receive().await {
            Next::Text(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            end => break end,
        }
    };
    assert_eq!(end, Next::Closed(1001, "Going away".into()));
    assert!(started.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn disconnect_says_how_it_ended() {
    let api = Setup::echo().start().await;
    let ended = async || {
        let event = api.event("$disconnect").await;
        assert!(event["requestContext"]["eventType"] == "DISCONNECT" && event["headers"]["Host"].is_string());
        let context = &event["requestContext"];
        (
            context["disconnectStatusCode"].as_u64().unwrap(),
            context["disconnectReason"].as_str().unwrap().to_owned(),
        )
    };
    api.connect("ann").await.close().await;
    assert_eq!(ended().await, (1005, "Client-side close frame status not set".into()));
    let bye = CloseFrame { code: 4000.into(), reason: "bye".into() };
    api.connect("ann").await.close_with(Some(bye)).await;
    assert_eq!(ended().await, (4000, "bye".into()));
    api.connect("ann").await.drop_abruptly();
    assert_eq!(ended().await.0, 1006);
    api.deserted().await;
}

#[tokio::test]
async fn disconnect_can_be_lost() {
    let mut setup = Setup::echo();
    setup.overrides.loses_disconnects = true;
    let api = setup.start().await;
    let (socket, id) = api.connect_with_id("ann").await;
    socket.close().await;
    api.deserted().await;
    assert_eq!(push(&api.client, &id, "x").await, Err("GoneException".into()));
    assert!(api.events.lock().await.try_recv().is_err());
}

#[tokio::test]
async fn a_thousand_connections_leave_nothing() {
    let api = Setup::echo().start().await;
    let tasks = || Handle::current().metrics().num_alive_tasks();
    // One before, so that what is kept for others is there.
    api.connect("first").await.close().await;
    api.event("$disconnect").await;
    api.deserted().await;
    let before = tasks();
    let started = Instant::now();
    for round in 0..4 {
        let mut sockets = join_all((0..250).map(|_| api.connect("ann"))).await;
        assert_eq!(api.stack.open_connections(), 250);
        join_all(sockets.iter_mut().map(async |socket| {
            socket.send(&json!({ "action": "send", "round": round })).await;
            assert_eq!(socket.next().await["round"], round);
        }))
        .await;
        let (gone, closed): (Vec<_>, Vec<_>) =
            sockets.into_iter().enumerate().partition(|(at, _)| at % 5 == 0);
        for (_, socket) in gone {
            socket.drop_abruptly();
        }
        join_all(closed.into_iter().map(|(_, socket)| socket.close())).await;
        for _ in 0..250 {
            api.event("$disconnect").await;
        }
        api.deserted().await;
    }
    println!("1,000 connections with a message each: {:?}", started.elapsed());
    // What has answered is about to end.
    let settle = async {
        while tasks() > before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let settled = tokio::time::timeout(Duration::from_secs(10), settle).await;
    assert!(settled.is_ok(), "{before} tasks became {}", tasks());
}

#[tokio::test]
async fn the_stack_stops_within_a_second_and_says_goodbye() {
    let api = Setup::echo().start().await;
    let mut sockets = join_all((0..20).map(|_| api.connect("ann"))).await;
    let (_stuck, id) = {
        while api.events.lock().await.try_recv().is_ok() {}
        api.connect_with_id("stuck").await
    };
    let (client, text) = (api.impatient(), "x".repeat(100_000));
    while push(&client, &id, &text).await.is_ok() {}
    let started = Instant::now();
    let stop = api.stack.stop();
    let goodbyes = join_all(sockets.iter_mut().map(Socket::closed));
    let ((), codes) = tokio::join!(stop, goodbyes);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(codes, [1001; 20]);
    let mut events = api.events.lock().await;
    let mut ended = 0;
    while let Ok(event) = events.try_recv() {
        ended += usize::from(event["requestContext"]["routeKey"] == "$disconnect");
    }
    assert!(ended >= 20, "{ended}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_its_option() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let template = NamedTempFile::new().unwrap();
    std::fs::write(template.path(), TEMPLATE).unwrap();
    let error = Stack::start(&options(&template, port), Overrides::default()).await.unwrap_err().to_string();
    assert!(error.contains(&format!("port {port}")) && error.contains("--ws-port"), "{error}");
}
