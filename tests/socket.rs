//! Conversations through sockets: what each device is told, and tickets.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Fault, Kith, Person, Socket};

pub(crate) async fn friends(kith: &Kith) -> [Person; 2] {
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    kith.drained().await;
    [alice, bob]
}

pub(crate) fn send(to: &Person, client_id: &str, text: &str) -> Value {
    json!({ "action": "send", "to": to.id, "clientId": client_id, "text": text })
}

impl Socket {
    /// The next message of a type, whatever comes before it.
    pub(crate) async fn of_type(&mut self, kind: &str) -> Value {
        loop {
            let next = self.next().await;
            if next["type"] == kind {
                return next;
            }
        }
    }

    /// What an action is answered. Of what it does to a conversation the stream may tell before.
    pub(crate) async fn ask(&mut self, message: &Value) -> Value {
        self.send(message).await;
        loop {
            let next = self.next().await;
            if next["type"] != "conversation" {
                return next;
            }
        }
    }

    /// The next messages, one of each of these types, in whatever order they come.
    async fn one_of_each<const N: usize>(&mut self, kinds: [&str; N]) -> [Value; N] {
        let mut heard = [const { Value::Null }; N];
        for _ in kinds {
            let next = self.next().await;
            let place = kinds.iter().position(|kind| next["type"] == *kind);
            let Some(place) = place.filter(|&place| heard[place].is_null()) else {
                panic!("none or two of {kinds:?}: {next}");
            };
            heard[place] = next;
        }
        heard
    }
}

#[tokio::test]
async fn two_people_talk_and_every_device_hears_what_is_for_it() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let id = alice.conversation_id(&bob);
    let mut phone = alice.connect().await;
    let mut laptop = alice.sign_in().await.connect().await;
    let mut bobs = bob.connect().await;

    phone.send(&send(&bob, "a1", " Take some more tea. ")).await;
    // Once the stream has brought it, each is told how their conversation is now: who sent it, sometimes
    // before they are answered.
    let [ack, conversation] = phone.one_of_each(["ack", "conversation"]).await;
    let message = bob.history(&alice, "").await["items"][0].clone();
    assert_eq!(message["text"], "Take some more tea.");
    assert_eq!(ack, json!({ "type": "ack", "clientId": "a1", "message": message }));
    kith.drained().await;
    let told = async |person: &Person, peer| {
        let conversation = person.conversation(peer).await;
        json!({ "type": "conversation", "conversation": conversation })
    };
    assert_eq!(conversation, told(&alice, &bob).await);
    for (socket, person, peer) in [(&mut laptop, &alice, &bob), (&mut bobs, &bob, &alice)] {
        let [push, conversation] = socket.one_of_each(["message", "conversation"]).await;
        assert_eq!(push, json!({ "type": "message", "message": message }));
        assert_eq!(conversation, told(person, peer).await);
    }
    // What is sent again is told nobody again.
    assert_eq!(phone.ask(&send(&bob, "a1", "something else")).await, ack);
    assert_eq!(laptop.ask(&send(&bob, "a1", "something else")).await, ack);

    let typing = json!({ "type": "typing", "conversationId": id, "userId": bob.id });
    bobs.send(&json!({ "action": "typing", "to": alice.id })).await;
    assert_eq!([phone.next().await, laptop.next().await], [typing.clone(), typing]);
    bobs.send(&json!({ "action": "read", "conversationId": id, "seq": 7 })).await;
    let read = json!({ "type": "read", "conversationId": id, "userId": bob.id, "seq": 1 });
    for socket in [&mut phone, &mut laptop, &mut bobs] {
        assert_eq!(socket.next().await, read);
    }
    // Who has read it already is answered, and nobody is told.
    assert_eq!(bobs.ask(&json!({ "action": "read", "conversationId": id, "seq": 1 })).await, read);
    let pong = bobs.ask(&json!({ "action": "ping" })).await;
    assert_eq!(pong, json!({ "type": "pong", "at": pong["at"] }));

    // What is done over HTTP, all devices are told.
    let edited = alice.edit(&bob, 1, "Take some more wine.").await.expect(200);
    alice.unsay(&bob, 1).await.expect(204);
    bob.say(&alice, "b1", "There is none.").await.expect(201);
    bob.mark_read(&alice, 1).await.expect(204);
    let page = alice.history(&bob, "").await;
    for socket in [&mut phone, &mut laptop, &mut bobs] {
        assert_eq!(socket.of_type("messageEdited").await["message"], edited);
        assert_eq!(socket.of_type("messageDeleted").await["message"], page["items"][0]);
        assert_eq!(socket.of_type("message").await["message"], page["items"][1]);
    }
    kith.drained().await;
    kith.check_chats().await;
}

#[tokio::test]
async fn what_cannot_be_understood_is_answered_and_harms_nobody() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let carol = kith.register("carol").await;
    let mut socket = alice.connect().await;
    let id = alice.conversation_id(&bob);
    let nobody = "01JZZ3W0Q5E8T4C9M2R7B6N1KD";
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    for (text, action, client_id, status, pointer) in [
        ("", "", None, 400, None),
        ("nonsense", "", None, 400, None),
        (&*deep, "", None, 400, None),
        ("[]", "", None, 422, Some("")),
        ("7", "", None, 422, Some("")),
        ("{}", "", None, 422, Some("/action")),
        (r#"{"action":7}"#, "", None, 422, Some("/action")),
        (r#"{"action":"shout","more":1}"#, "shout", None, 422, Some("/action")),
        (r#"{"action":"$connect"}"#, "$connect", None, 422, Some("/action")),
        (r#"{"action":"ping","more":1}"#, "ping", None, 422, Some("/more")),
        (r#"{"action":"ping","action":"ping"}"#, "ping", None, 400, None),
        (r#"{"action":"send","clientId":"x"}"#, "send", Some("x"), 422, Some("/to")),
        (r#"{"action":"send","to":"x","clientId":"","text":"x"}"#, "send", Some(""), 422, Some("/to")),
        (r#"{"action":"read","conversationId":"x","seq":1}"#, "read", None, 422, Some("/conversationId")),
        (
            &format!(r#"{{"action":"read","conversationId":"{id}","seq":-1}}"#),
            "read",
            None,
            422,
            Some("/seq"),
        ),
        (
            &format!(r#"{{"action":"read","conversationId":"{nobody}-{id}"}}"#),
            "read",
            None,
            422,
            Some("/conversationId"),
        ),
        (&send(&carol, "c", "hello").to_string(), "send", Some("c"), 403, None),
        (&send(&alice, "c", "hello").to_string(), "send", Some("c"), 403, None),
        (&format!(r#"{{"action":"typing","to":"{}"}}"#, carol.id), "typing", None, 403, None),
        (&format!(r#"{{"action":"typing","to":"{nobody}"}}"#), "typing", None, 404, None),
        (&send(&bob, "c", &"x".repeat(70_000)).to_string(), "send", Some("c"), 413, None),
    ] {
        socket.send_in_frames(text, 30_000).await;
        if text.is_empty() {
            socket.send_text("").await;
        }
        let error = socket.next().await;
        let said = &text[..text.len().min(80)];
        assert_eq!(error["type"], "error", "{said}: {error}");
        assert_eq!(error["action"], action, "{said}: {error}");
        assert_eq!(error.get("clientId").and_then(Value::as_str), client_id, "{said}: {error}");
        assert_eq!(error["problem"]["status"], status, "{said}: {error}");
        assert!(error["problem"]["requestId"].is_string());
        assert_eq!(error["problem"]["errors"][0]["pointer"].as_str(), pointer, "{said}: {error}");
    }
    // No answer is longer than what it answers, however much is wrong with that.
    let unknown: Vec<_> = (0..3500).map(|number| format!(r#""a{number}":1"#)).collect();
    for much in [
        format!(r#"{{"action":"ping",{}}}"#, unknown.join(",")),
        format!(r#"{{"action":"ping","{}":1}}"#, "a".repeat(60_000)),
        json!({ "action": "send", "clientId": "c".repeat(100_000) }).to_string(),
        json!({ "action": "a".repeat(100_000) }).to_string(),
    ] {
        socket.send_in_frames(&much, 30_000).await;
        let error = socket.next().await;
        assert_eq!(error["type"], "error", "{error}");
        assert!(error.to_string().len() < 4000, "{error}");
    }
    assert_eq!(socket.ask(&json!({ "action": "ping" })).await["type"], "pong");
    // Who somebody is, the connection says; and others' conversations are not there.
    let mut carols = carol.connect().await;
    let mut forged = send(&alice, "c", "hello");
    forged["senderId"] = json!(bob.id);
    let others = json!({ "action": "read", "conversationId": id, "seq": 1 });
    for (message, status) in [(forged, 422), (others, 404), (send(&bob, "c", "hello"), 403)] {
        assert_eq!(carols.ask(&message).await["problem"]["status"], status, "{message}");
    }
    // The longest message there is, and an answer that is as long.
    let longest = "🐇".repeat(4000);
    let ack = socket.ask(&send(&bob, "long", &longest)).await;
    assert_eq!(ack["type"], "ack");
    assert!(alice.texts(&bob).await.len() == 1);
    kith.drained().await;
    kith.check_chats().await;
}

#[tokio::test]
async fn a_ticket_is_given_to_whoever_has_a_session() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let answer = alice.call(Method::POST, "/v1/socket-tickets").await.expect(201);
    let (ticket, url) = (answer["ticket"].as_str().unwrap(), answer["url"].as_str().unwrap());
    assert!(url.starts_with("ws://") && url.ends_with(&format!("/dev?ticket={ticket}")), "{url}");
    assert!(kith.items().await.iter().all(|item| !item.to_string().contains(ticket)));
    // Whatever the gateway remembers of the session.
    let other = alice.sign_in().await;
    other.get("/v1/me").await.expect(200);
    alice.delete(&format!("/v1/sessions/{}", other.session)).await.expect(204);
    other.get("/v1/me").await.expect(200);
    other.call(Method::POST, "/v1/socket-tickets").await.expect_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_opens_one_connection_within_a_minute() {
    let kith = Kith::start().await;
    let alice = kith.register("alice").await;
    let url = alice.ticket_url().await;
    let all = join_all((0..10).map(|_| Socket::try_connect(&url, &[]))).await;
    assert_eq!(all.iter().filter(|opened| opened.is_ok()).count(), 1);
    for refused in all.iter().filter_map(|opened| opened.as_ref().err()) {
        assert_eq!(refused.status, 401, "{refused:?}");
    }
    let base = url.split('?').next().unwrap();
    for bad in
        ["", "?ticket=", "?ticket=x", "?ticket=%00", &format!("?ticket={}", "A".repeat(43)), "?other=1"]
    {
        Socket::expect_refused(&format!("{base}{bad}"), 401).await;
    }
    let url = alice.ticket_url().await;
    kith.advance(Duration::from_mins(1));
    Socket::expect_refused(&url, 401).await;
    // A ticket is worth no more than its session.
    let other = alice.sign_in().await;
    let url = other.ticket_url().await;
    alice.delete(&format!("/v1/sessions/{}", other.session)).await.expect(204);
    Socket::expect_refused(&url, 401).await;
    assert_eq!(kith.connections().await, 1);
}

#[tokio::test]
async fn a_push_that_is_throttled_is_tried_again() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let mut bobs = bob.connect().await;
    kith.drained().await;
    for seq in 1..=3 {
        kith.faults().once_at("POST", Fault::Throttle);
        alice.say(&bob, &seq.to_string(), "hello").await.expect(201);
        assert_eq!(kith.faults().stop(), 1);
        assert_eq!(bobs.of_type("message").await["message"]["seq"], seq);
        kith.drained().await;
    }
}

#[tokio::test]
async fn what_was_read_while_they_were_no_friends_is_told_once_they_are_again() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    alice.say(&bob, "1", "hello").await.expect(201);
    bob.unfriend(&alice).await;
    bob.mark_read(&alice, 1).await.expect(204);
    let conversation = format!("/v1/conversations/{}", alice.conversation_id(&bob));
    assert_eq!(alice.get(&conversation).await.expect(200)["peerReadSeq"], 0);
    alice.befriend(&bob).await;
    kith.drained().await;
    let mut alices = alice.connect().await;
    bob.mark_read(&alice, 1).await.expect(204);
    let heard = alices.of_type("read").await;
    assert_eq!((&heard["userId"], &heard["seq"]), (&json!(bob.id), &json!(1)));
    assert_eq!(alice.get(&conversation).await.expect(200)["peerReadSeq"], 1);
}

#[tokio::test]
async fn what_is_sent_one_after_the_other_is_heard_so() {
    let kith = Kith::start().await;
    let [alice, bob] = friends(&kith).await;
    let mut bobs = bob.connect().await;
    let started = Instant::now();
    for number in 0..20 {
        alice.say(&bob, &number.to_string(), "hello").await.expect(201);
    }
    println!("20 messages, each pushed, in {:?}", started.elapsed());
    for number in 1..=20 {
        assert_eq!(bobs.of_type("message").await["message"]["seq"], number);
    }
}
