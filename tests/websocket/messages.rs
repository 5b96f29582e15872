//! Messages on their way to functions, and what comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio_tungstenite::tungstenite::Message;

use super::{Setup, id_in, ok};

/// For how long nothing must come where nothing may.
const MOMENT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn a_message_goes_where_its_action_says() {
    let api = Setup::new(async |_, event| {
        Ok(json!({ "statusCode": 200, "body": event["requestContext"]["routeKey"].to_string() }))
    });
    let api = api.start().await;
    let mut socket = api.connect("ann").await;
    for (text, route) in [
        (r#"{"action":"send"}"#, "send"),
        (r#"{ "more": [1], "action": "send" }"#, "send"),
        (r#"{"action":"Send"}"#, "$default"),
        (r#"{"action":"nowhere"}"#, "$default"),
        (r#"{"action":7}"#, "$default"),
        (r#"{"action":"$connect"}"#, "$default"),
        (r#"{"action":"$disconnect"}"#, "$default"),
        ("{}", "$default"),
        (r#"["action"]"#, "$default"),
        ("send", "$default"),
        ("", "$default"),
        (r#"{"action":"send""#, "$default"),
    ] {
        socket.send_text(text).await;
        assert_eq!(socket.next().await, route, "{text}");
    }
}

#[tokio::test]
async fn a_message_is_the_event_of_api_gateway() {
    let api = Setup::echo().start().await;
    let (mut socket, id) = api.connect_with_id("ann").await;
    let text = r#"{"action":"send","text":"żółw 🐢"}"#;
    socket.send_text(text).await;
    let event = api.event("send").await;
    assert!(event["headers"].is_null() && event["queryStringParameters"].is_null());
    let parsed: ApiGatewayWebsocketProxyRequest = serde_json::from_value(event.clone()).unwrap();
    assert_eq!((parsed.body.as_deref(), parsed.is_base64_encoded), (Some(text), false));
    let context = parsed.request_context;
    assert_eq!(context.event_type.as_deref(), Some("MESSAGE"));
    assert_eq!(context.connection_id.as_deref(), Some(&*id));
    assert!(context.message_id.is_some_and(|message| Some(message) != context.request_id));
    // As API Gateway makes them: eleven bytes in base64.
    assert!(id.len() == 16 && id.ends_with('='), "{id}");
}

#[tokio::test]
async fn without_a_default_route_api_gateway_answers_itself() {
    let route = "        $default: {FunctionArn: !GetAtt SocketFunction.Arn, RouteResponseSelectionExpression: $default}\n";
    let response = &super::TEMPLATE[super::TEMPLATE.find("  DefaultResponse:").unwrap()
        ..super::TEMPLATE.find("  AuthorizerFunction:").unwrap()];
    let api = Setup::echo().with(route, "").with(response, "").start().await;
    let (mut socket, id) = api.connect_with_id("ann").await;
    socket.send(&json!({ "action": "nowhere" })).await;
    let said = socket.next().await;
    assert_eq!((&said["message"], &said["connectionId"]), (&json!("Forbidden"), &json!(id)));
    assert!(said["requestId"].is_string());
    // The connection goes on.
    socket.send(&json!({ "action": "send" })).await;
    assert_eq!(socket.next().await, json!({ "action": "send" }));
}

#[tokio::test]
async fn an_answer_needs_a_selection_and_a_response() {
    let api = Setup::echo().start().await;
    let mut socket = api.connect("ann").await;
    for quiet in ["onlySelection", "onlyResponse"] {
        socket.send(&json!({ "action": quiet })).await;
        api.event(quiet).await;
    }
    socket.expect_nothing(MOMENT).await;
    socket.send(&json!({ "action": "send" })).await;
    assert_eq!(socket.next().await, json!({ "action": "send" }));
}

#[tokio::test]
async fn a_function_may_answer_nothing_or_in_base64() {
    let api = Setup::new(async |_, event| {
        Ok(match event["body"].as_str() {
            Some("base64") => json!({ "statusCode": 200, "body": "InllcyI=", "isBase64Encoded": true }),
            Some("error") => json!({ "statusCode": 500, "body": "\"it says so\"" }),
            Some("empty") => json!({ "statusCode": 200, "body": "" }),
            _ => ok(),
        })
    });
    let api = api.start().await;
    let mut socket = api.connect("ann").await;
    for quiet in ["nothing", "empty"] {
        socket.send_text(quiet).await;
    }
    socket.expect_nothing(MOMENT).await;
    for (text, answer) in [("base64", "yes"), ("error", "it says so")] {
        socket.send_text(text).await;
        assert_eq!(socket.next().await, answer);
    }
}

#[tokio::test]
async fn a_function_that_fails_is_an_internal_server_error() {
    let api = Setup::new(async |_, event| match event["body"].as_str() {
        Some("panic") => panic!("no way"),
        Some("nonsense") => Ok(json!({ "body": "x" })),
        Some("too long") => Ok(json!({ "statusCode": 200, "body": "x".repeat(128 * 1024 + 1) })),
        Some(_) => Err("no".into()),
        None => Ok(ok()),
    });
    let api = api.start().await;
    let (mut socket, id) = api.connect_with_id("ann").await;
    // Also on a route that answers nothing.
    for text in ["panic", "nonsense", "too long", "error", r#"{"action":"onlySelection"}"#] {
        let (said, records) = super::watch(&api, async {
            socket.send_text(text).await;
            socket.next().await
        })
        .await;
        assert_eq!(said["message"], "Internal server error", "{text}");
        assert_eq!(said["connectionId"], id);
        let status = if text == "too long" { 200 } else { 500 };
        assert_eq!(
            (records[0].status, records[0].function.as_ref().unwrap().0.as_str()),
            (status, "SocketFunction")
        );
    }
}

#[tokio::test]
async fn a_route_waits_only_so_long() {
    let api = Setup::new(async |tools, event| {
        if event["requestContext"]["routeKey"] == "slow" {
            tokio::time::sleep(Duration::from_millis(300)).await;
            tools.push(&event, "\"it went on\"").await.unwrap();
        }
        Ok(json!({ "statusCode": 200, "body": "\"late\"" }))
    });
    let api = api.start().await;
    let mut socket = api.connect("ann").await;
    socket.send(&json!({ "action": "slow" })).await;
    assert_eq!(socket.next().await["message"], "Endpoint request timed out");
    assert_eq!(socket.next().await, "it went on");
    socket.expect_nothing(MOMENT).await;
}

#[tokio::test]
async fn messages_are_worked_on_at_once() {
    let barrier = Arc::new(Barrier::new(20));
    let api = Setup::new(move |_, event| {
        let barrier = Arc::clone(&barrier);
        async move {
            if event["requestContext"]["eventType"] == "MESSAGE" {
                barrier.wait().await;
            }
            Ok(json!({ "statusCode": 200, "body": event["body"] }))
        }
    });
    let api = api.start().await;
    let mut socket = api.connect("ann").await;
    for number in 0..20 {
        socket.send(&json!(number)).await;
    }
    let mut answers = Vec::new();
    for _ in 0..20 {
        answers.push(socket.next().await.as_u64().unwrap());
    }
    answers.sort_unstable();
    assert_eq!(answers, (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn not_more_than_so_many_are() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let gauge = (Arc::clone(&now), Arc::clone(&most));
    let api = Setup::new(move |_, _| {
        let (now, most) = gauge.clone();
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(json!({ "statusCode": 200, "body": "1" }))
        }
    });
    let api = api.start().await;
    let mut socket = api.connect("ann").await;
    for _ in 0..300 {
        socket.send_text("x").await;
    }
    for _ in 0..300 {
        socket.next().await;
    }
    let most = most.load(Ordering::SeqCst);
    assert!((50..=100).contains(&most), "{most}");
}

#[tokio::test]
async fn what_a_function_leaves_to_be_done_is_not_done() {
    let api = Setup::new(async |tools, event| {
        let id = id_in(&event).to_owned();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            super::push(tools.0.get().unwrap(), &id, "\"too late\"").await
        });
        Ok(json!({ "statusCode": 200, "body": "\"answer\"" }))
    });
    let api = api.start().await;
    let mut socket = api.connect("ann").await;
    for _ in 0..3 {
        socket.send_text("x").await;
        assert_eq!(socket.next().await, "answer");
    }
    socket.expect_nothing(MOMENT).await;
}

#[tokio::test]
async fn binary_messages_are_not_taken() {
    let api = Setup::echo().start().await;
    let mut socket = api.connect("ann").await;
    socket.send_message(Message::binary(b"{}".to_vec())).await;
    assert_eq!(socket.closed().await, 1003);
}

#[tokio::test]
async fn a_message_is_told_of_by_its_route_and_never_by_what_it_says() {
    let api = Setup::echo().start().await;
    let mut socket = api.connect("ann").await;
    let (_, records) = super::watch(&api, async {
        socket.send(&json!({ "action": "send", "text": "secret" })).await;
        socket.next().await
    })
    .await;
    let record = &records[0];
    assert_eq!((&*record.method, &*record.route, &*record.path, record.status), ("WS", "WS send", "", 200));
    assert!(record.exchanges[0].event.contains("secret"));
}

/// Measures it, and is no test of how fast it is: the machine may be busy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_messages_are_echoed() {
    let api = Setup::echo().start().await;
    let mut socket = api.connect("ann").await;
    let mut times = Vec::new();
    for number in 0..300 {
        let started = Instant::now();
        socket.send(&json!({ "action": "send", "number": number })).await;
        assert_eq!(socket.next().await["number"], number);
        times.push(started.elapsed());
    }
    times.sort_unstable();
    let started = Instant::now();
    for number in 0..1000 {
        socket.send(&json!({ "action": "send", "number": number })).await;
    }
    let mut answers: Vec<Value> = Vec::new();
    for _ in 0..1000 {
        answers.push(socket.next().await);
    }
    let rate = 1000.0 / started.elapsed().as_secs_f64();
    println!("echo: p50 {:?}, p99 {:?}; {rate:.0} messages/s", times[150], times[297]);
}
