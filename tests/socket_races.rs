//! Devices that lose their connections and miss pushes, and functions that crash: nobody misses a
//! message in the end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use shared::clock::Timestamp;

use crate::harness::{Fault, Kith, Person, Socket};

/// A device that goes by the rule: pushes are hints, the history is the truth.
struct Device {
    person: Person,
    peer: Person,
    socket: Option<Socket>,
    messages: BTreeMap<u64, Value>,
    revision: u64,
    /// When it last began to look at what there is.
    synced: Option<Timestamp>,
}

impl Device {
    fn new(person: &Person, peer: &Person) -> Self {
        let (person, peer) = (person.clone(), peer.clone());
        Self { person, peer, socket: None, messages: BTreeMap::new(), revision: 0, synced: None }
    }

    fn have(&self) -> u64 {
        self.messages.keys().zip(1..).take_while(|(seq, number)| **seq == *number).count() as u64
    }

    /// Connects, and then looks at what there is: lists conversations until they are older than the last
    /// time, less a minute.
    async fn connect(&mut self) {
        self.socket = Some(self.person.connect().await);
        let now = self.person.kith.stack().clock().clock().now();
        let since = self.synced.map(|synced| Timestamp::from_millis(synced.millis() - 60_000));
        let since = since.map(|since| json!(since).as_str().unwrap().to_owned());
        let mut cursor = String::new();
        loop {
            let page = self.person.get(&format!("/v1/conversations?limit=2{cursor}")).await.expect(200);
            for conversation in page["items"].as_array().unwrap() {
                self.compare(conversation).await;
            }
            let oldest = page["items"].as_array().unwrap().last();
            // Times are texts of one form, which sort as they do.
            let is_older = oldest
                .zip(since.as_deref())
                .is_some_and(|(oldest, since)| oldest["updatedAt"].as_str().unwrap() < since);
            match page["nextCursor"].as_str().filter(|_| !is_older) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        self.synced = Some(now);
    }

    async fn compare(&mut self, conversation: &Value) {
        if conversation["peer"]["id"] != self.peer.id {
            return;
        }
        if conversation["lastSeq"].as_u64().unwrap() > self.have()
            || conversation["lastRevision"].as_u64().unwrap() > self.revision
        {
            self.fetch().await;
        }
    }

    async fn fetch(&mut self) {
        loop {
            let page = self.person.history(&self.peer, &format!("after={}&limit=3", self.have())).await;
            self.take(&page);
            if page["lastSeq"] == self.have() {
                break;
            }
        }
        loop {
            let query = format!("changedAfter={}&limit=3", self.revision);
            let page = self.person.history(&self.peer, &query).await;
            self.take(&page);
            let items = page["items"].as_array().unwrap();
            let last = items.last().map(|item| item["revision"].as_u64().unwrap());
            self.revision = self.revision.max(last.unwrap_or(0));
            if items.is_empty() || page["lastRevision"].as_u64().unwrap() <= self.revision {
                break;
            }
        }
    }

    fn take(&mut self, page: &Value) {
        page["items"].as_array().unwrap().iter().for_each(|item| self.keep(item));
    }

    fn keep(&mut self, message: &Value) {
        let seq = message["seq"].as_u64().unwrap();
        let known = self.messages.get(&seq).map_or(-1, |known| known["revision"].as_i64().unwrap());
        if message["revision"].as_i64().unwrap() > known {
            self.messages.insert(seq, message.clone());
        }
    }

    /// Hears what it is told until it has this many messages, and this revision.
    async fn hear_until(&mut self, seq: u64, revision: u64) {
        while self.have() < seq || self.revision < revision {
            let frame = self.socket.as_mut().unwrap().next().await;
            self.note(&frame).await;
        }
    }

    async fn note(&mut self, frame: &Value) {
        match frame["type"].as_str().unwrap() {
            "message" => {
                let seq = frame["message"]["seq"].as_u64().unwrap();
                self.keep(&frame["message"]);
                if seq > self.have() {
                    self.fetch().await;
                }
            }
            "messageEdited" | "messageDeleted" => {
                let revision = frame["message"]["revision"].as_u64().unwrap();
                if revision > self.revision {
                    self.fetch().await;
                }
            }
            "conversation" => self.compare(&frame["conversation"]).await,
            "me" | "notification" => {}
            other => panic!("it was told {other}"),
        }
    }

    /// Hears what it is told, until nothing has come for a while.
    async fn hear(&mut self, quiet: Duration) {
        let Some(mut socket) = self.socket.take() else { return };
        while let Ok(frame) = tokio::time::timeout(quiet, socket.next()).await {
            self.note(&frame).await;
        }
        self.socket = Some(socket);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_comes_and_goes_misses_nothing() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    let mut devices: Vec<_> = (0..4)
        .map(|device| if device % 2 == 0 { Device::new(&alice, &bob) } else { Device::new(&bob, &alice) })
        .collect();
    let talk = async {
        for number in 1..=40_u64 {
            let [one, other] = if number % 3 == 0 { [&bob, &alice] } else { [&alice, &bob] };
            one.say(other, &number.to_string(), &number.to_string()).await.expect(201);
            if number % 4 == 0 {
                let seq = number - 3;
                let [one, other] = if seq % 3 == 0 { [&bob, &alice] } else { [&alice, &bob] };
                if number % 8 == 0 {
                    one.unsay(other, seq).await.expect(204);
                } else {
                    one.edit(other, seq, "edited").await.expect(200);
                }
            }
        }
    };
    let listen = devices.iter_mut().enumerate().map(async |(number, device)| {
        for turn in 0..6 {
            device.connect().await;
            device.hear(Duration::from_millis(20 + 10 * number as u64)).await;
            if turn < 5 {
                // Some without a goodbye.
                match device.socket.take() {
                    Some(socket) if turn % 2 == 0 => socket.drop_abruptly(),
                    Some(socket) => socket.close().await,
                    None => {}
                }
            }
        }
        device.hear(Duration::from_millis(1500)).await;
    });
    join(talk, join_all(listen)).await;
    kith.drained().await;
    let expected = alice.history(&bob, "limit=100").await;
    for device in &mut devices {
        device.hear(Duration::from_millis(300)).await;
        assert_eq!(
            &device.messages.values().cloned().collect::<Vec<_>>(),
            expected["items"].as_array().unwrap()
        );
        assert_eq!(device.revision, expected["lastRevision"].as_u64().unwrap());
    }
    kith.check_chats().await;
}

/// Ten pairs, a hundred times each: somebody connects and lists while the other one writes, or
/// changes what they wrote. Nobody waits for longer than for what they are told, or lists more than
/// they have to of what they say with others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_while_somebody_connects_and_lists_is_not_missed() {
    let kith = Kith::start().await;
    let pairs = join_all((0..10).map(async |number| {
        let [one, other] =
            [kith.register(&format!("one{number}")).await, kith.register(&format!("other{number}")).await];
        one.befriend(&other).await;
        for number in 0..3 {
            let third = kith.register(&format!("{}third{number}", one.username)).await;
            third.befriend(&other).await;
            third.say(&other, "1", "hello").await.expect(201);
        }
        [one, other]
    }))
    .await;
    kith.drained().await;
    kith.advance(Duration::from_mins(2));
    let started = Instant::now();
    let rounds = pairs.iter().enumerate().map(async |(pair, [one, other])| {
        let mut device = Device::new(other, one);
        let (mut seq, mut revision) = (0, 0);
        for round in 0..100_u64 {
            kith.advance(Duration::from_millis(500));
            // From before the connection until after the list.
            let pause = Duration::from_millis((round * 7 + pair as u64) % 40);
            let write = async {
                tokio::time::sleep(pause).await;
                if round % 4 == 3 {
                    one.edit(other, seq, &format!("edited {round}")).await.expect(200);
                    (0, 1)
                } else {
                    one.say(other, &round.to_string(), "hello").await.expect(201);
                    (1, 0)
                }
            };
            let ((more, changes), ()) = join(write, device.connect()).await;
            (seq, revision) = (seq + more, revision + changes);
            device.hear_until(seq, revision).await;
            match device.socket.take() {
                Some(socket) if round % 2 == 0 => socket.close().await,
                socket => drop(socket),
            }
        }
        let expected = one.history(other, "limit=100").await;
        assert!(device.messages.values().eq(expected["items"].as_array().unwrap()));
    });
    join_all(rounds).await;
    println!("1,000 connections, each while something was said, in {:?}", started.elapsed());
    kith.drained().await;
    kith.check_chats().await;
}

/// The narrowest place: what a list shows has been read, but is not written yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_just_before_somebody_connects_is_told_when_the_list_shows_it() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    kith.drained().await;
    // One of the two memberships.
    let gate = kith.faults().hold("PutItem");
    alice.say(&bob, "1", "hello").await.expect(201);
    gate.reached().await;
    let mut devices = [Device::new(&alice, &bob), Device::new(&bob, &alice)];
    for device in &mut devices {
        device.connect().await;
    }
    gate.release();
    for device in &mut devices {
        device.hear_until(1, 0).await;
    }
    kith.faults().stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_sockets_of_two_people_talk_at_once() {
    let kith = Kith::start().await;
    let people = [kith.register("alice").await, kith.register("bob").await];
    people[0].befriend(&people[1]).await;
    kith.drained().await;
    let mut sockets = Vec::new();
    for device in 0..10 {
        sockets.push(people[device % 2].connect().await);
    }
    let started = Instant::now();
    let talk = sockets.into_iter().enumerate().map(|(device, mut socket)| {
        let peer = &people[1 - device % 2];
        async move {
            let mut heard = BTreeMap::new();
            let mut note = |message: &Value| {
                let seq = message["seq"].as_u64().unwrap();
                assert!(heard.insert(seq, message.clone()).is_none(), "{seq} is told twice");
            };
            for number in 0..10 {
                let client_id = format!("{device}-{number}");
                let text =
                    json!({ "action": "send", "to": peer.id, "clientId": client_id, "text": client_id });
                socket.send(&text).await;
                loop {
                    let frame = socket.next().await;
                    match frame["type"].as_str().unwrap() {
                        "ack" => {
                            assert_eq!(frame["clientId"], client_id);
                            note(&frame["message"]);
                            break;
                        }
                        "message" => note(&frame["message"]),
                        "conversation" => {}
                        other => panic!("{other}: {frame}"),
                    }
                }
            }
            // Everything the others say is for it, too.
            while heard_all(&mut socket, &mut note).await {}
            heard
        }
    });
    let heard = join_all(talk).await;
    println!("100 messages through ten sockets to one conversation in {:?}", started.elapsed());
    kith.drained().await;
    let page = people[0].history(&people[1], "limit=100").await;
    let all: Vec<_> = page["items"].as_array().unwrap().clone();
    assert_eq!(all.len(), 100);
    for heard in heard {
        assert!(heard.len() > 95, "a push is a hint, and nearly all arrive: {}", heard.len());
        assert!(heard.iter().all(|(seq, message)| all[usize::try_from(*seq).unwrap() - 1] == *message));
    }
    kith.check_chats().await;
}

/// Whether something more came within a second.
async fn heard_all(socket: &mut Socket, note: &mut impl FnMut(&Value)) -> bool {
    let Ok(frame) = tokio::time::timeout(Duration::from_secs(1), socket.next()).await else { return false };
    if frame["type"] == "message" {
        note(&frame["message"]);
    }
    true
}

#[tokio::test]
async fn whatever_goes_wrong_between_two_calls_an_acknowledged_message_is_there_once() {
    let kith = Kith::start().await;
    let [alice, bob] = [kith.register("alice").await, kith.register("bob").await];
    alice.befriend(&bob).await;
    kith.drained().await;
    let mut socket = alice.connect().await;
    let mut bobs = bob.connect().await;
    let mut sent = Vec::new();
    for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::LostReply, Fault::Conflict, Fault::Throttle] {
        for calls in 0.. {
            let client_id = format!("{fault:?} {calls}");
            let message = json!({ "action": "send", "to": bob.id, "clientId": client_id, "text": client_id });
            kith.faults().once_after(calls, fault);
            // As a device does: until there is an answer to it.
            loop {
                socket.send(&message).await;
                let frame = loop {
                    let frame = socket.next().await;
                    if frame["type"] == "ack" || frame.get("message").is_some_and(Value::is_string) {
                        break frame;
                    }
                };
                if frame["type"] == "ack" {
                    break;
                }
                assert_eq!(frame["message"], "Internal server error");
            }
            sent.push(client_id);
            kith.drained().await;
            if kith.faults().stop() == 0 {
                break;
            }
        }
    }
    println!("{} messages, each with something else that goes wrong", sent.len());
    assert!(sent.len() > 40);
    assert_eq!(bob.texts(&alice).await.into_iter().flatten().collect::<Vec<_>>(), sent);
    bobs.send(&json!({ "action": "ping" })).await;
    while bobs.next().await["type"] != "pong" {}
    kith.check_chats().await;
}
