//! What people are notified of, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use local::gateway::Record;
use local::lambda::Lambda;
use serde_json::{Value, json};

use super::socket::soon;
use super::{Call, Kith, Person, Socket};
use crate::contract::template;
use crate::harness::Next;

/// What a notification is about: its type, its object, and who did it.
pub(crate) type About = (String, String, String);

/// What a notification that was answered or pushed is about.
pub(crate) fn about(notification: &Value) -> About {
    let kind = notification["type"].as_str().unwrap().to_owned();
    let object = notification["object"].as_object().unwrap();
    let object = ["requestId", "postId", "commentId"].iter().filter_map(|name| object.get(*name)?.as_str());
    (kind, object.collect::<Vec<_>>().join(" "), notification["actor"]["id"].as_str().unwrap().to_owned())
}

impl Person {
    /// All notifications, the newest first, read page by page; and how many were not seen.
    pub(crate) async fn notifications(&self) -> (Vec<Value>, u64) {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("/v1/notifications?limit=3{cursor}")).await.expect(200);
            all.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return (all, page["unseenCount"].as_u64().unwrap()),
            }
        }
    }

    /// What the notifications are about, the newest first.
    pub(crate) async fn notified_of(&self) -> Vec<About> {
        self.notifications().await.0.iter().map(about).collect()
    }

    pub(crate) fn see(&self, up_to: &str) -> Call {
        self.put("/v1/notifications/seen", json!({ "upTo": up_to }))
    }

    /// A connection whose frames are gathered until its session is ended.
    pub(crate) async fn listen(&self) -> Listening {
        let session = self.sign_in().await;
        let mut socket = session.connect().await;
        let heard = tokio::spawn(async move { hear(&mut socket).await });
        Listening { session, heard }
    }
}

async fn hear(socket: &mut Socket) -> Vec<Value> {
    let mut heard = Vec::new();
    while let Next::Text(text) = socket.receive_whenever().await {
        heard.push(serde_json::from_str(&text).unwrap());
    }
    heard
}

/// A connection whose frames are gathered.
pub(crate) struct Listening {
    session: Person,
    heard: tokio::task::JoinHandle<Vec<Value>>,
}

impl Listening {
    /// Ends it; answers which notifications came.
    pub(crate) async fn notifications(self) -> Vec<Value> {
        self.session.delete("/v1/sessions/current").await.expect(204);
        let heard = soon(self.heard).await.unwrap().into_iter();
        heard
            .filter(|frame| frame["type"] == "notification")
            .map(|frame| frame["notification"].clone())
            .collect()
    }
}

/// What the stream told of, change by change, each in an event of its own.
fn changes(records: &[Record]) -> Vec<Value> {
    let exchanges = records.iter().flat_map(|record| &record.exchanges);
    let of_stream = exchanges.filter(|exchange| exchange.function == "StreamFunction");
    let events = of_stream.map(|exchange| serde_json::from_str::<Value>(&exchange.event).unwrap());
    let changes = events.flat_map(|event| event["Records"].as_array().unwrap().clone());
    changes.map(|change| json!({ "Records": [change] })).collect()
}

/// Does this, and answers the changes that the stream tells of then.
pub(crate) async fn changes_of<T>(kith: &Kith, work: impl Future<Output = T>) -> Vec<Value> {
    let ((), records) = kith
        .watch(async {
            work.await;
            kith.drained().await;
        })
        .await;
    changes(&records)
}

/// The function that follows the stream, to be told of what a test chooses.
pub(crate) fn follower(kith: &Kith) -> Lambda {
    let function = &template().functions["StreamFunction"];
    let environment = kith.stack().aws().environment(&function.environment).unwrap();
    Lambda::new("StreamFunction", function, &environment).unwrap()
}

/// Whether a function took all that it was told of.
pub(crate) async fn takes(follower: &Lambda, event: &Value) -> bool {
    let answer = follower.invoke(event.to_string(), "test").await.result;
    answer.is_ok_and(|answer| {
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["batchItemFailures"].as_array().is_none_or(Vec::is_empty)
    })
}

impl Kith {
    /// Fails unless everybody is notified of exactly what is so, in the table and by the API, and all
    /// counts of it are right.
    pub(crate) async fn check_notifications(&self, people: &[Person]) {
        let items = self.items().await;
        let causes = causes(&items);
        for item in items.iter().filter(|item| text(item, "SK").starts_with("NOTIFICATION#")) {
            let (recipient, about) = about_item(item);
            let is_so = causes.get(&recipient).is_some_and(|causes| causes.contains(&about));
            assert_eq!(item["isWithdrawn"], json!(!is_so), "{item}");
            assert_eq!(item.get("GSI1SK"), is_so.then_some(&item["notificationId"]), "{item}");
            assert_eq!(item.get("ttl").is_some(), !is_so, "{item}");
        }
        join_all(people.iter().map(|person| check_person(person, &items, &causes))).await;
    }
}

async fn check_person(person: &Person, items: &[Value], causes: &BTreeMap<String, BTreeSet<About>>) {
    let edges: Vec<_> = items
        .iter()
        .filter(|item| text(item, "SK").starts_with("RELATION#") && item["userId"] == person.id)
        .collect();
    let is_hidden = |actor: &str| {
        edges.iter().any(|edge| {
            edge["peerId"] == actor
                && ["blocked", "blockedBy"].iter().any(|side| edge["bond"].get(side).is_some())
        })
    };
    let all = causes.get(&person.id).cloned().unwrap_or_default();
    let expected: BTreeSet<_> = all.into_iter().filter(|(_, _, actor)| !is_hidden(actor)).collect();
    let (listed, unseen_count) = person.notifications().await;
    let shown: BTreeSet<_> = listed.iter().map(about).collect();
    assert_eq!(shown, expected, "what {} is notified of", person.username);
    assert_eq!(shown.len(), listed.len(), "each once");
    let ids: Vec<_> = listed.iter().map(|one| text(one, "id")).collect();
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    let unseen = listed.iter().filter(|one| one["seen"] == false).count() as u64;
    assert_eq!(unseen_count, unseen, "{listed:?}");
    let asking = edges
        .iter()
        .filter(|edge| edge["bond"]["tie"]["kind"] == "requested" && edge["bond"]["tie"]["by"] == "them");
    let unread = person.get("/v1/unread").await.expect(200);
    let said = (&unread["notifications"], &unread["friendRequests"]);
    assert_eq!(said, (&json!(unseen), &json!(asking.count())));
    let all = async |list: &str| person.get(list).await.expect(200)["items"].as_array().unwrap().clone();
    let requests = all("/v1/friend-requests?direction=incoming&limit=100").await;
    assert_eq!(unread["friendRequests"], requests.len());
    let conversations = all("/v1/conversations?limit=100").await;
    let news = conversations.iter().filter(|one| one["unreadCount"].as_u64().unwrap() > 0);
    assert_eq!(unread["conversations"], news.count());
}

fn text(item: &Value, name: &str) -> String {
    item[name].as_str().unwrap_or_default().to_owned()
}

/// What is so that somebody is to be notified of, by the table, whoever may see it.
fn causes(items: &[Value]) -> BTreeMap<String, BTreeSet<About>> {
    let mut causes: BTreeMap<String, BTreeSet<About>> = BTreeMap::new();
    let mut add = |recipient: &str, kind: &str, object: String, actor: String| {
        if recipient != actor {
            causes.entry(recipient.to_owned()).or_default().insert((kind.into(), object, actor));
        }
    };
    for item in items {
        let (pk, sk) = (text(item, "PK"), text(item, "SK"));
        if let Some(post) = pk.strip_prefix("POST#") {
            let author = post.split('-').next().unwrap();
            if let Some(liker) = sk.strip_prefix("LIKE#") {
                add(author, "like", post.into(), liker.into());
            } else if let Some(comment) = sk.strip_prefix("COMMENT#") {
                add(author, "comment", format!("{post} {comment}"), text(item, "authorId"));
            }
        } else if sk.starts_with("RELATION#") {
            let (me, them, tie) = (text(item, "userId"), text(item, "peerId"), &item["bond"]["tie"]);
            if tie["kind"] == "requested" && tie["by"] == "them" {
                add(&me, "friendRequest", format!("{them}-{me}"), them);
            } else if tie["kind"] == "friends" && tie["by"] == "me" {
                add(&me, "friendAccepted", format!("{me}-{them}"), them);
            }
        }
    }
    causes
}

/// Whose notification an item is, and what it is about.
fn about_item(item: &Value) -> (String, About) {
    let (pk, sk) = (text(item, "PK"), text(item, "SK"));
    let recipient = pk.trim_start_matches("USER#").trim_end_matches("#NOTIFICATIONS").to_owned();
    let parts: Vec<_> = sk.split('#').collect();
    let about = match parts[1..] {
        ["LIKE", post, liker] => ("like".into(), post.into(), liker.into()),
        ["COMMENT", post, comment, author] => ("comment".into(), format!("{post} {comment}"), author.into()),
        ["REQUEST", request] => ("friendRequest".into(), request.into(), request[..26].into()),
        ["ACCEPTED", request] => ("friendAccepted".into(), request.into(), request[27..].into()),
        _ => panic!("{item}"),
    };
    (recipient, about)
}
