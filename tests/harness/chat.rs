//! What people do in conversations, and what must be left of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use http::Method;
use serde_json::{Value, json};

use super::{Call, Kith, Person, Socket};

impl Person {
    /// Sends a message.
    pub(crate) fn say(&self, to: &Self, client_id: &str, text: &str) -> Call {
        self.post("/v1/messages", json!({ "to": to.id, "clientId": client_id, "text": text }))
    }

    /// Where to connect to the WebSocket API, once.
    pub(crate) async fn ticket_url(&self) -> String {
        let ticket = self.call(Method::POST, "/v1/socket-tickets").await.expect(201);
        ticket["url"].as_str().unwrap().to_owned()
    }

    /// Connects to the WebSocket API.
    pub(crate) async fn connect(&self) -> Socket {
        Socket::connect(&self.ticket_url().await).await.under(self.kith.contract().clone())
    }

    /// The id of the conversation with somebody.
    pub(crate) fn conversation_id(&self, other: &Self) -> String {
        let [one, two] = if self.id < other.id { [self, other] } else { [other, self] };
        format!("{}-{}", one.id, two.id)
    }

    /// Where the conversation with somebody is.
    pub(crate) fn conversation_path(&self, other: &Self) -> String {
        format!("/v1/conversations/{}", self.conversation_id(other))
    }

    /// The conversation with somebody.
    pub(crate) async fn conversation(&self, other: &Self) -> Value {
        self.get(&self.conversation_path(other)).await.expect(200)
    }

    /// Some of its messages.
    pub(crate) async fn history(&self, other: &Self, query: &str) -> Value {
        self.get(&format!("{}/messages?{query}", self.conversation_path(other))).await.expect(200)
    }

    /// The texts of all of its messages, read page by page.
    pub(crate) async fn texts(&self, other: &Self) -> Vec<Option<String>> {
        let (mut texts, mut after) = (Vec::new(), 0);
        loop {
            let page = self.history(other, &format!("after={after}&limit=100")).await;
            for item in page["items"].as_array().unwrap() {
                after += 1;
                assert_eq!(item["seq"], after);
                texts.push(item["text"].as_str().map(str::to_owned));
            }
            if after == page["lastSeq"].as_u64().unwrap() {
                return texts;
            }
        }
    }

    pub(crate) fn edit(&self, other: &Self, seq: u64, text: &str) -> Call {
        let path = format!("{}/messages/{seq}", self.conversation_path(other));
        self.patch(&path, json!({ "text": text }))
    }

    pub(crate) fn unsay(&self, other: &Self, seq: u64) -> Call {
        self.delete(&format!("{}/messages/{seq}", self.conversation_path(other)))
    }

    pub(crate) fn mark_read(&self, other: &Self, seq: u64) -> Call {
        self.put(&format!("{}/read", self.conversation_path(other)), json!({ "seq": seq }))
    }

    pub(crate) async fn unfriend(&self, other: &Self) {
        self.delete(&format!("/v1/friends/{}", other.id)).await.expect(204);
    }
}

impl Kith {
    /// Fails unless in every conversation each seq is there once, with its marker and no more, each
    /// revision that a message has is there and no other, and, once the stream has brought it all,
    /// both memberships say so.
    pub(crate) async fn check_chats(&self) {
        let items = self.items().await;
        let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
        let mut messages: HashMap<String, BTreeMap<u64, &Value>> = HashMap::new();
        let mut revisions: HashMap<String, BTreeMap<u64, u64>> = HashMap::new();
        let mut last_revisions = HashMap::new();
        let mut markers: HashMap<String, BTreeSet<u64>> = HashMap::new();
        for item in &items {
            let (pk, sk) = (text(item, "PK"), text(item, "SK"));
            let Some(id) = pk.strip_prefix("CONVERSATION#") else { continue };
            if sk == "REVISIONS" {
                last_revisions.insert(id.to_owned(), item["revision"].as_u64().unwrap());
                continue;
            }
            let seq = item["seq"].as_u64().unwrap();
            if let Some(number) = sk.strip_prefix("MESSAGE#") {
                assert_eq!(number.parse::<u64>().unwrap(), seq);
                messages.entry(id.into()).or_default().insert(seq, item);
            } else if let Some(number) = sk.strip_prefix("REVISION#") {
                revisions.entry(id.into()).or_default().insert(number.parse().unwrap(), seq);
            } else {
                assert!(markers.entry(id.into()).or_default().insert(seq), "{item} is not the only one");
            }
        }
        for (id, messages) in &messages {
            let last = messages.len() as u64;
            assert!(messages.keys().copied().eq(1..=last), "{id}: {:?}", messages.keys());
            assert!(markers[id].iter().copied().eq(1..=last), "{id}: {:?}", markers[id]);
            let changed = messages.iter().filter(|(_, item)| item["revision"] != 0);
            let changed: BTreeMap<u64, u64> =
                changed.map(|(seq, item)| (item["revision"].as_u64().unwrap(), *seq)).collect();
            let listed = revisions.remove(id).unwrap_or_default();
            assert_eq!(changed, listed, "{id}");
            let last_revision = last_revisions.get(id).copied().unwrap_or(0);
            assert_eq!(listed.keys().last().copied().unwrap_or(0), last_revision);
            let times = ["createdAt", "editedAt", "deletedAt"];
            let times = messages.values().flat_map(|item| times.map(|name| text(item, name)));
            let updated_at = times.max().unwrap();
            for user in id.split('-') {
                let sent = messages.iter().filter(|(_, item)| item["senderId"] == user).map(|(seq, _)| *seq);
                let sent = sent.max().unwrap_or(0);
                let key = (format!("USER#{user}"), format!("CONVERSATION#{id}"));
                let member = items.iter().find(|item| (text(item, "PK"), text(item, "SK")) == key);
                let member = member.unwrap_or_else(|| panic!("{user} has no {id}"));
                let said = (&member["lastSeq"], &member["lastRevision"], &member["updatedAt"]);
                assert_eq!(said, (&json!(last), &json!(last_revision), &json!(updated_at)), "{member}");
                let read = member["readSeq"].as_u64().unwrap();
                assert!((sent..=last).contains(&read), "{member}");
                let place = if read == last { "READ" } else { "UNREAD" };
                assert_eq!(text(member, "GSI1PK"), format!("USER#{user}#CONVERSATIONS#{place}"));
                assert_eq!(text(member, "GSI1SK"), format!("{updated_at}#{id}#{last}"));
            }
        }
        assert!(revisions.is_empty(), "{revisions:?}");
    }
}
