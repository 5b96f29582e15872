//! What people do to become friends, and to be none.

use http::Method;
use serde_json::json;

use super::{Answer, Person};

impl Person {
    /// Asks somebody to be friends.
    pub(crate) async fn ask(&self, other: &Self) -> Answer {
        self.call(Method::POST, "/v1/friend-requests").json(json!({ "to": other.id })).await
    }

    /// Answers somebody's request.
    pub(crate) async fn answer(&self, other: &Self, status: &str) -> Answer {
        let path = format!("/v1/friend-requests/{}-{}", other.id, self.id);
        self.patch(&path, json!({ "status": status })).await
    }

    pub(crate) async fn befriend(&self, other: &Self) {
        self.ask(other).await.expect(201);
        other.answer(self, "accepted").await.expect(200);
    }

    pub(crate) async fn block(&self, other: &Self) {
        self.call(Method::PUT, &format!("/v1/blocks/{}", other.id)).await.expect(204);
    }

    /// What somebody is to this person, and how many friends they have.
    pub(crate) async fn sees(&self, other: &Self) -> (String, u64) {
        let profile = self.get(&format!("/v1/users/{}", other.id)).await.expect(200);
        (profile["relation"].as_str().unwrap().to_owned(), profile["friendCount"].as_u64().unwrap())
    }

    /// The ids in a list, read page by page.
    pub(crate) async fn all_ids(&self, path: &str, limit: usize) -> Vec<String> {
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{path}?limit={limit}{cursor}")).await.expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= limit, "{page}");
            ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return ids,
            }
        }
    }

    /// The ids in a list.
    pub(crate) async fn ids(&self, path: &str) -> Vec<String> {
        let answer = self.get(path).await.expect(200);
        answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    }
}
