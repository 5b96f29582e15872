//! A client connects, or is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lambda_events::apigw::{
    ApiGatewayCustomAuthorizerRequestTypeRequest, ApiGatewayWebsocketProxyRequest,
};
use serde_json::{Value, json};

use super::{Setup, id_in, ok};
use crate::harness::Socket;

#[tokio::test]
async fn the_authorizer_and_connect_are_sent_the_events_of_api_gateway() {
    let api = Setup::echo().start().await;
    let url = format!("{}?ticket=ann&x=1&x=2", api.url);
    let headers = [("user-agent", "tests/1"), ("x-note", "a"), ("x-note", "b")];
    let _socket = Socket::try_connect(&url, &headers).await.unwrap();

    let event = api.events.lock().await.recv().await.unwrap();
    let parsed: ApiGatewayCustomAuthorizerRequestTypeRequest = serde_json::from_value(event.clone()).unwrap();
    assert_eq!(event["type"], "REQUEST");
    let arn = "arn:aws:execute-api:us-east-1:000000000000:kith-SocketApi/dev/$connect";
    assert_eq!(parsed.method_arn.as_deref(), Some(arn));
    assert_eq!(parsed.query_string_parameters.first("ticket"), Some("ann"));
    assert_eq!(parsed.request_context.stage.as_deref(), Some("dev"));
    assert_eq!(event["stageVariables"], json!({}));

    let connect = api.event("$connect").await;
    let parsed: ApiGatewayWebsocketProxyRequest = serde_json::from_value(connect.clone()).unwrap();
    assert_eq!(parsed.headers["host"], api.url["ws://".len()..].trim_end_matches("/dev"));
    assert_eq!(parsed.headers["sec-websocket-version"], "13");
    assert_eq!(connect["multiValueHeaders"]["X-Note"], json!(["a", "b"]));
    assert_eq!(connect["queryStringParameters"], json!({ "ticket": "ann", "x": "2" }));
    assert_eq!(connect["multiValueQueryStringParameters"]["x"], json!(["1", "2"]));
    assert_eq!(connect["isBase64Encoded"], false);
    let context = parsed.request_context;
    assert_eq!(context.connection_id.as_deref(), Some(id_in(&event)), "it is one connection");
    assert_eq!(
        (context.route_key.as_deref(), context.event_type.as_deref()),
        (Some("$connect"), Some("CONNECT"))
    );
    assert_eq!((context.stage.as_deref(), context.apiid.as_deref()), (Some("dev"), Some("kith-SocketApi")));
    assert_eq!(context.identity.source_ip.as_deref(), Some("127.0.0.1"));
    assert_eq!(context.identity.user_agent.as_deref(), Some("tests/1"));
    assert!(context.connected_at > 1_600_000_000_000 && context.request_time_epoch >= context.connected_at);
    assert_eq!(context.message_direction.as_deref(), Some("IN"));
    // As in a web server's log: 09/Feb/2024:18:23:28 +0000.
    assert_eq!(context.request_time.unwrap().len(), 26);
}

#[tokio::test]
async fn what_the_authorizer_says_comes_with_every_event() {
    let api = Setup::echo().start().await;
    let mut socket = api.connect("ann").await;
    socket.send(&json!({ "action": "send" })).await;
    socket.next().await;
    socket.close().await;
    for route in ["$connect", "send", "$disconnect"] {
        let event = api.event(route).await;
        let said = json!({ "principalId": "ann", "userId": "ann", "level": "7" });
        assert_eq!(event["requestContext"]["authorizer"], said, "{route}");
        serde_json::from_value::<ApiGatewayWebsocketProxyRequest>(event).unwrap();
    }
}

#[tokio::test]
async fn without_a_ticket_nobody_is_asked() {
    let api = Setup::echo().start().await;
    for query in ["", "?", "?ticket", "?ticket=", "?other=1"] {
        let said = Socket::expect_refused(&format!("{}{query}", api.url), 401).await;
        assert_eq!(said["message"], "Unauthorized", "{query}");
    }
    assert!(api.events.lock().await.try_recv().is_err());
}

#[tokio::test]
async fn the_authorizer_can_refuse_and_can_fail() {
    let api = Setup::echo().start().await;
    for (ticket, status, said) in [
        ("throws", 401, "Unauthorized"),
        ("denied", 403, "User is not authorized to access this resource with an explicit deny"),
        ("elsewhere", 403, "User is not authorized to access this resource"),
        ("fails", 500, "Internal server error"),
        ("nonsense", 500, "Internal server error"),
    ] {
        let (refused, records) =
            super::watch(&api, Socket::expect_refused(&api.url_with(ticket), status)).await;
        assert_eq!(refused["message"], said, "{ticket}");
        assert!(refused["connectionId"].is_string() && refused["requestId"].is_string());
        assert_eq!((&*records[0].route, records[0].status), ("WS $connect", status));
        assert!(records[0].authorizer.is_some() && records[0].function.is_none());
    }
    assert_eq!(api.stack.open_connections(), 0);
}

#[tokio::test]
async fn the_authorizer_is_asked_for_each_connection() {
    let api = Setup::echo().start().await;
    let (_one, _other) = (api.connect("ann").await, api.connect("ann").await);
    let mut events = api.events.lock().await;
    let mut asked = 0;
    while let Ok(event) = events.try_recv() {
        asked += usize::from(event["type"] == "REQUEST");
    }
    assert_eq!(asked, 2);
}

#[tokio::test]
async fn connect_can_refuse() {
    let api = Setup::new(async |_, event| match event["queryStringParameters"]["how"].as_str() {
        Some("fails") => Err("no".into()),
        Some("nonsense") => Ok(json!("no")),
        Some(status) => Ok(json!({ "statusCode": status.parse::<u16>().unwrap(), "body": "hidden" })),
        None => Ok(ok()),
    });
    let api = api.start().await;
    for (how, status) in
        [("403", 403), ("410", 410), ("302", 302), ("503", 503), ("fails", 502), ("nonsense", 502)]
    {
        let url = format!("{}&how={how}", api.url_with("ann"));
        let (said, records) = super::watch(&api, Socket::expect_refused(&url, status)).await;
        assert!(!said.to_string().contains("hidden"));
        assert_eq!(records[0].status, status);
    }
    assert_eq!(api.stack.open_connections(), 0);
    let url = format!("{}&how=204", api.url_with("ann"));
    let ((), records) = super::watch(&api, async { Socket::connect(&url).await.close().await }).await;
    assert_eq!((&*records[0].route, records[0].status), ("WS $connect", 204));
    assert_eq!(records[0].function.as_ref().unwrap().0, "SocketFunction");
    assert_eq!(records[0].exchanges.len(), 2);
}

#[tokio::test]
async fn nothing_can_be_pushed_before_the_handshake_is_over() {
    let pushed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pushed);
    let api = Setup::new(move |tools, event| {
        let count = Arc::clone(&count);
        async move {
            if event["requestContext"]["routeKey"] == "$connect" {
                assert_eq!(tools.push(&event, "early").await, Err("GoneException".into()));
                count.fetch_add(1, Ordering::SeqCst);
            }
            Ok(ok())
        }
    });
    let api = api.start().await;
    let (mut socket, id) = api.connect_with_id("ann").await;
    assert_eq!(pushed.load(Ordering::SeqCst), 1);
    super::push(&api.client, &id, "1").await.unwrap();
    assert_eq!(socket.next().await, 1);
}

#[tokio::test]
async fn a_protocol_is_agreed_on_by_the_function() {
    let api = Setup::new(async |_, event| {
        let asked = &event["headers"]["Sec-WebSocket-Protocol"];
        Ok(json!({ "statusCode": 200, "headers": { "Sec-WebSocket-Protocol": asked } }))
    });
    let api = api.start().await;
    // The client itself checks that the answer is what it asked for.
    let headers = [("sec-websocket-protocol", "kith")];
    Socket::try_connect(&api.url_with("ann"), &headers).await.unwrap().close().await;
}

#[tokio::test]
async fn what_is_no_handshake_is_refused() {
    let api = Setup::echo().start().await;
    let host = api.url.replacen("ws", "http", 1);
    let status = async |url: String| reqwest::get(url).await.unwrap().status().as_u16();
    assert_eq!(status(format!("{host}?ticket=ann")).await, 426);
    assert_eq!(status(format!("{host}/more?ticket=ann")).await, 403);
    let root = api.url.trim_end_matches("dev");
    Socket::connect(&format!("{root}?ticket=ann")).await.close().await;
    assert_eq!(Socket::expect_refused(&format!("{root}prod?ticket=ann"), 403).await["message"], "Forbidden");
    Socket::expect_refused(&format!("{}&more={}", api.url_with("ann"), "x".repeat(4096)), 414).await;
}

#[tokio::test]
async fn without_connect_and_authorizer_anybody_connects() {
    let auth = &super::TEMPLATE
        [super::TEMPLATE.find("      Auth:").unwrap()..super::TEMPLATE.find("      Routes:").unwrap()];
    let api = Setup::echo()
        .with(auth, "")
        .with("        $connect: {FunctionArn: !GetAtt SocketFunction.Arn}\n", "");
    let api = api.start().await;
    let mut socket = Socket::connect(&api.url).await;
    socket.send(&json!({ "action": "send" })).await;
    assert_eq!(socket.next().await, json!({ "action": "send" }));
    assert_eq!(api.event("send").await["requestContext"]["authorizer"], Value::Null);
}
