//! Pushes to connections, what is known of one, and closing it from outside.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata as _;
use aws_sdk_apigatewaymanagement::operation::get_connection::GetConnectionError;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use serde_json::json;

use super::{Setup, push};
use crate::harness::{Next, Socket};

#[tokio::test]
async fn pushes_come_in_the_order_in_which_they_were_taken() {
    let api = Setup::echo().start().await;
    let (mut socket, id) = api.connect_with_id("ann").await;
    for number in 0..50 {
        push(&api.client, &id, &number.to_string()).await.unwrap();
    }
    for number in 0..50 {
        assert_eq!(socket.next().await, number);
    }
}

#[tokio::test]
async fn a_push_is_sent_as_it_is_in_frames_that_are_not_too_long() {
    let api = Setup::echo().start().await;
    let (mut socket, id) = api.connect_with_id("ann").await;
    for text in ["", "{", "żółw 🐢", &"ż".repeat(32 * 1024), &"x".repeat(128 * 1024)] {
        push(&api.client, &id, text).await.unwrap();
        assert_eq!(socket.receive().await, Next::Text(text.into()));
    }
    let too_long = Blob::new("x".repeat(128 * 1024 + 1));
    let too_long = api.client.post_to_connection().connection_id(&id).data(too_long).send().await;
    let error = too_long.unwrap_err().into_service_error();
    assert!(matches!(error, PostToConnectionError::PayloadTooLargeException(_)), "{error:?}");
    let no_text = api.client.post_to_connection().connection_id(&id).data(Blob::new([0xff])).send().await;
    assert_eq!(no_text.unwrap_err().into_service_error().code(), Some("BadRequestException"));
}

#[tokio::test]
async fn a_connection_that_is_not_there_is_gone() {
    let api = Setup::echo().start().await;
    let (socket, id) = api.connect_with_id("ann").await;
    socket.close().await;
    api.event("$disconnect").await;
    for id in [&*id, "L0SM9cOFvHcCIhw=", "x/y z"] {
        let started = Instant::now();
        assert_eq!(push(&api.client, id, "x").await, Err("GoneException".into()));
        // The SDK does not try again.
        assert!(started.elapsed() < Duration::from_millis(500));
        let error =
            api.client.get_connection().connection_id(id).send().await.unwrap_err().into_service_error();
        assert!(matches!(&error, GetConnectionError::GoneException(_)), "{error:?}");
        let error =
            api.client.delete_connection().connection_id(id).send().await.unwrap_err().into_service_error();
        assert!(error.is_gone_exception(), "{error:?}");
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the stack's clock is the system's")]
async fn a_connection_can_be_asked_about() {
    let api = Setup::echo().start().await;
    let url = api.url_with("ann");
    let mut socket = Socket::try_connect(&url, &[("user-agent", "tests/1")]).await.unwrap();
    let id = super::id_in(&api.event("$connect").await).to_owned();
    let before = api.client.get_connection().connection_id(&id).send().await.unwrap();
    let identity = before.identity().unwrap();
    assert_eq!((identity.source_ip(), identity.user_agent()), (Some("127.0.0.1"), Some("tests/1")));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((before.connected_at().unwrap().as_secs_f64() - now).abs() < 30.0);
    tokio::time::sleep(Duration::from_millis(20)).await;
    socket.send(&json!({ "action": "send" })).await;
    socket.next().await;
    let after = api.client.get_connection().connection_id(&id).send().await.unwrap();
    assert_eq!(after.connected_at(), before.connected_at());
    assert!(after.last_active_at().unwrap() > before.last_active_at().unwrap());
}

#[tokio::test]
async fn a_connection_can_be_closed_after_a_last_push() {
    let api = Setup::echo().start().await;
    let (mut socket, id) = api.connect_with_id("ann").await;
    push(&api.client, &id, "1").await.unwrap();
    api.client.delete_connection().connection_id(&id).send().await.unwrap();
    assert_eq!(push(&api.client, &id, "2").await, Err("GoneException".into()));
    assert_eq!(socket.next().await, 1);
    assert_eq!(socket.closed().await, 1000);
    let event = api.event("$disconnect").await;
    assert_eq!(event["requestContext"]["disconnectStatusCode"], 1000);
}

#[tokio::test]
async fn a_function_reaches_connections_only_if_the_template_says_where() {
    let api = Setup::echo().start().await;
    let name = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI";
    let given = |own: HashMap<String, String>| {
        let variables = api.stack.aws().environment(&own).unwrap().variables;
        variables.read::<String>(name).ok()
    };
    assert_eq!(given(HashMap::new()), None);
    let there =
        HashMap::from([(name.to_owned(), "https://a.execute-api.us-east-1.amazonaws.com/dev".to_owned())]);
    assert_eq!(given(there), Some(api.url.replacen("ws", "http", 1)));
}

#[tokio::test]
async fn a_call_must_be_signed() {
    let api = Setup::echo().start().await;
    let (_socket, id) = api.connect_with_id("ann").await;
    let url = format!("{}/@connections/{id}", api.url.replacen("ws", "http", 1));
    let answer = reqwest::Client::new().post(url).body("x").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.headers()["x-amzn-errortype"], "MissingAuthenticationTokenException");
}

#[tokio::test]
async fn a_client_that_reads_slowly_holds_up_nobody_else() {
    let api = Setup::echo().start().await;
    let (slow, slow_id) = api.connect_with_id("slow").await;
    let (mut quick, quick_id) = api.connect_with_id("quick").await;
    let (client, text) = (api.impatient(), "x".repeat(100_000));
    let mut taken = 0;
    let refused = loop {
        match push(&client, &slow_id, &text).await {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 2000, "it takes everything");
    };
    assert_eq!(refused, "LimitExceededException");
    let started = Instant::now();
    push(&client, &quick_id, "1").await.unwrap();
    assert_eq!(quick.next().await, 1);
    assert!(started.elapsed() < Duration::from_secs(1));
    // Once it is to be closed, it is not waited for.
    client.delete_connection().connection_id(&slow_id).send().await.unwrap();
    assert_eq!(api.event("$disconnect").await["requestContext"]["connectionId"], slow_id);
    slow.drop_abruptly();
}
