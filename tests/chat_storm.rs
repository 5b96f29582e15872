//! Everybody talks at once, and everything goes wrong in between: what was acknowledged is there once.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Kith, Next, PASSWORD, Person, Process, Socket};

/// A device that has things to say, one after the other, and says each until it is acknowledged.
struct Device {
    name: String,
    person: Person,
    peer: Person,
    /// Whether it sends through a socket.
    is_connected: bool,
    socket: Option<Socket>,
    /// What was acknowledged, by the seq that it has.
    said: Vec<(u64, String)>,
}

impl Device {
    fn new(name: String, [person, peer]: [&Person; 2], is_connected: bool) -> Self {
        let (person, peer) = (person.clone(), peer.clone());
        Self { name, person, peer, is_connected, socket: None, said: Vec::new() }
    }

    async fn talk(&mut self, many: usize) {
        for number in 0..many {
            let client_id = format!("{} {number}", self.name);
            let seq = loop {
                let said =
                    if self.is_connected { self.send(&client_id).await } else { self.post(&client_id).await };
                if let Some(seq) = said {
                    break seq;
                }
            };
            self.said.push((seq, client_id));
        }
        self.socket = None;
    }

    async fn post(&self, client_id: &str) -> Option<u64> {
        let answer = self.person.say(&self.peer, client_id, client_id).await;
        match answer.status {
            200 | 201 => answer.json()["seq"].as_u64(),
            500 | 503 => None,
            _ => panic!("{answer:?}"),
        }
    }

    async fn send(&mut self, client_id: &str) -> Option<u64> {
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => self.connect().await?,
        };
        let to = &self.peer.id;
        let message = json!({ "action": "send", "to": to, "clientId": client_id, "text": client_id });
        socket.send(&message).await;
        loop {
            let Next::Text(frame) = socket.receive().await else { return None };
            let frame: Value = serde_json::from_str(&frame).unwrap();
            if frame["clientId"] == client_id || frame["message"].is_string() {
                self.socket = Some(socket);
                assert!(frame["type"] != "error" || frame["problem"]["status"] == 503, "{frame}");
                return frame["message"]["seq"].as_u64();
            }
        }
    }

    async fn connect(&self) -> Option<Socket> {
        let ticket = self.person.call(Method::POST, "/v1/socket-tickets").await;
        assert!([201, 500, 503].contains(&ticket.status), "{ticket:?}");
        Socket::try_connect(ticket.json()["url"].as_str()?, &[]).await.ok()
    }
}

/// Ten devices of each of two people, and two devices each of fifty pairs, half of them through
/// sockets; with a fault in every twentieth call, and crashes among them.
async fn storm(each_of_ten: usize, each_of_a_pair: usize) {
    let kith = Kith::start().await;
    let mut pairs = Vec::new();
    for number in 0..51 {
        let pair =
            [kith.register(&format!("one{number}")).await, kith.register(&format!("two{number}")).await];
        pair[0].befriend(&pair[1]).await;
        pairs.push(pair);
    }
    let mut devices = Vec::new();
    for (pair, [one, two]) in pairs.iter().enumerate() {
        for number in 0..if pair == 0 { 20 } else { 2 } {
            let [person, peer] = if number % 2 == 0 { [one, two] } else { [two, one] };
            let person = if pair == 0 { person.sign_in().await } else { person.clone() };
            let is_connected = (pair + number / 2) % 2 == 0;
            devices.push((pair, Device::new(format!("{pair} {number}"), [&person, peer], is_connected)));
        }
    }
    kith.drained().await;

    kith.faults().randomly_fatal(0.05, 7);
    let started = Instant::now();
    join_all(devices.iter_mut().map(async |(pair, device)| {
        device.talk(if *pair == 0 { each_of_ten } else { each_of_a_pair }).await;
    }))
    .await;
    let (took, faults) = (started.elapsed(), kith.faults().stop());
    kith.drained().await;

    let mut expected: Vec<BTreeMap<u64, &String>> = vec![BTreeMap::new(); pairs.len()];
    let mut many = 0;
    for (pair, device) in &devices {
        assert!(device.said.is_sorted(), "what one device says stays in its order");
        many += device.said.len();
        expected[*pair].extend(device.said.iter().map(|(seq, text)| (*seq, text)));
    }
    println!("{many} messages in {took:?}, {faults} faults");
    assert!(faults as usize > many / 10);
    for ([one, two], expected) in pairs.iter().zip(&expected) {
        let texts: Vec<_> = one.texts(two).await.into_iter().flatten().collect();
        assert_eq!(two.texts(one).await.into_iter().flatten().collect::<Vec<_>>(), texts);
        assert!(texts.iter().eq(expected.values().copied()), "each is there once");
        assert!(expected.keys().copied().eq(1..=texts.len() as u64));
    }
    kith.check_chats().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_is_there_once_whoever_talks_at_once_and_whatever_goes_wrong() {
    storm(6, 5).await;
}

/// The same with ten thousand messages, which takes some minutes:
/// `cargo test --test kith -- --ignored --nocapture ten_thousand`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn ten_thousand_messages_are_there_once_whatever_goes_wrong() {
    storm(50, 90).await;
}

async fn register(kith: &Process, username: &str) -> (String, String) {
    let body =
        json!({ "username": username, "email": format!("{username}@example.com"), "password": PASSWORD });
    let (_, made) = kith.call(Method::POST, "/v1/users", "", Some(body)).await.unwrap();
    let text = |pointer: &str| made.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    (text("/user/id"), text("/session/token"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_outlives_kills_of_the_whole_stack() {
    let data = TempDir::new().unwrap();
    let any_port = ["--http-port", "0", "--ws-port", "0", "--s3-port", "0"];
    let kith = Process::start(data.path(), &any_port).await;
    let [(alice, alices), (bob, bobs)] = [register(&kith, "alice").await, register(&kith, "bob").await];
    let wish = json!({ "to": bob });
    let (_, asked) = kith.call(Method::POST, "/v1/friend-requests", &alices, Some(wish)).await.unwrap();
    let path = format!("/v1/friend-requests/{}", asked["id"].as_str().unwrap());
    let accepted = json!({ "status": "accepted" });
    assert_eq!(kith.call(Method::PATCH, &path, &bobs, Some(accepted)).await.unwrap().0, 200);
    kith.terminate().await;

    let (mut acknowledged, mut open) = (BTreeMap::new(), (0..60).collect::<Vec<_>>());
    let mut kills = 0;
    while !open.is_empty() {
        let kith = Process::start(data.path(), &any_port).await;
        let mut under_way: FuturesUnordered<_> = open
            .iter()
            .map(async |&number: &usize| {
                let (to, token) = if number % 2 == 0 { (&bob, &alices) } else { (&alice, &bobs) };
                let text = number.to_string();
                let message = json!({ "to": to, "clientId": text, "text": text });
                (number, kith.call(Method::POST, "/v1/messages", token, Some(message)).await)
            })
            .collect();
        // The kill comes as soon as some are acknowledged, while the others are under way.
        for _ in 0..12 {
            let Some((number, answer)) = under_way.next().await else { break };
            let (status, message) = answer.unwrap();
            if [200, 201].contains(&status) {
                acknowledged.insert(message["seq"].as_u64().unwrap(), number);
            } else {
                assert_eq!(status, 503, "{message}");
            }
        }
        drop(under_way);
        kith.kill().await;
        kills += 1;
        open.retain(|number| !acknowledged.values().any(|done| done == number));
    }
    println!("60 messages acknowledged over {kills} kills");
    let kith = Process::start(data.path(), &any_port).await;
    let mut ids = [&*alice, &*bob];
    ids.sort_unstable();
    let path = format!("/v1/conversations/{}-{}/messages?limit=100", ids[0], ids[1]);
    for token in [&alices, &bobs] {
        let (_, page) = kith.call(Method::GET, &path, token, None).await.unwrap();
        let found: BTreeMap<u64, usize> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (item["seq"].as_u64().unwrap(), item["text"].as_str().unwrap().parse().unwrap()))
            .collect();
        assert_eq!(found, acknowledged);
        assert!(found.keys().copied().eq(1..=60));
    }
    kith.terminate().await;
}
