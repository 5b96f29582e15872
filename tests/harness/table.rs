//! The table as it is, beneath the API.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use super::Kith;

/// Every item of the table.
pub(crate) async fn all_items(client: &Client) -> Vec<Value> {
    let mut pages =
        client.scan().table_name("kith-Table").consistent_read(true).into_paginator().items().send();
    let mut items = Vec::new();
    while let Some(item) = pages.next().await {
        let item: HashMap<String, _> = item.unwrap();
        items.push(serde_dynamo::from_item(item).unwrap());
    }
    items
}

impl Kith {
    /// Every item of the table.
    pub(crate) async fn items(&self) -> Vec<Value> {
        all_items(&Client::new(self.stack().sdk())).await
    }

    /// Sets how many friends somebody has, as only a test can.
    pub(crate) async fn set_friend_count(&self, user: &str, count: u32) {
        let client = Client::new(self.stack().sdk());
        let update = client.update_item().table_name("kith-Table");
        let update = update.key("PK", AttributeValue::S(format!("USER#{user}")));
        let update = update.key("SK", AttributeValue::S("PROFILE".into()));
        let update = update.update_expression("SET friendCount = :count");
        let count = AttributeValue::N(count.to_string());
        update.expression_attribute_values(":count", count).send().await.unwrap();
    }

    /// Takes somebody's profile away, as the end of an erasure does.
    pub(crate) async fn delete_profile(&self, user: &str) {
        let client = Client::new(self.stack().sdk());
        let delete = client.delete_item().table_name("kith-Table");
        let delete = delete.key("PK", AttributeValue::S(format!("USER#{user}")));
        delete.key("SK", AttributeValue::S("PROFILE".into())).send().await.unwrap();
    }

    /// Takes an item away, as only a test can.
    pub(crate) async fn delete_item(&self, pk: &str, sk: &str) {
        let client = Client::new(self.stack().sdk());
        let delete = client.delete_item().table_name("kith-Table");
        let delete = delete.key("PK", AttributeValue::S(pk.into())).key("SK", AttributeValue::S(sk.into()));
        delete.send().await.unwrap();
    }

    /// How many connections the table knows of.
    pub(crate) async fn connections(&self) -> usize {
        let items = self.items().await;
        let all = items.iter().filter(|item| item["SK"] == "CONNECTIONS");
        all.map(|item| item["known"].as_array().unwrap().len()).sum()
    }

    /// Fails unless every lock has its account, and every account its locks and nothing less.
    pub(crate) async fn check_accounts(&self) {
        let items = self.items().await;
        let at =
            |pk: &str, sk: &str| items.iter().filter(|item| item["PK"] == pk && item["SK"] == sk).count();
        let owners = |prefix: &str| -> Vec<String> {
            let locks = items.iter().filter(|item| item["PK"].as_str().unwrap().starts_with(prefix));
            let mut owners: Vec<_> = locks.map(|lock| lock["userId"].as_str().unwrap().to_owned()).collect();
            owners.sort();
            owners
        };
        let (usernames, emails) = (owners("USERNAME#"), owners("EMAIL#"));
        assert_eq!(usernames, emails, "both locks are of the same people");
        for user in &usernames {
            let pk = format!("USER#{user}");
            assert_eq!((at(&pk, "PROFILE"), at(&pk, "CREDENTIAL")), (1, 1), "the account of {user}");
        }
        let profiles = items.iter().filter(|item| item["SK"] == "PROFILE").count();
        assert_eq!(profiles, usernames.len(), "every account has its locks, once");
    }

    /// Fails unless what people are found by is what they are called.
    pub(crate) async fn check_search_entries(&self) {
        let items = self.items().await;
        let mut expected = Vec::new();
        for profile in items.iter().filter(|item| item["SK"] == "PROFILE") {
            let name = profile["name"].as_str().unwrap().to_lowercase();
            let words =
                name.split(' ').chain([profile["username"].as_str().unwrap()]).filter(|word| word.len() > 1);
            expected.extend(words.map(|word| format!("{word}#{}", profile["userId"].as_str().unwrap())));
        }
        let entries = items.iter().filter(|item| item["PK"].as_str().unwrap().starts_with("SEARCH#"));
        let mut entries: Vec<_> = entries.map(|entry| entry["SK"].as_str().unwrap().to_owned()).collect();
        expected.sort();
        expected.dedup();
        entries.sort();
        assert_eq!(entries, expected);
    }
}
