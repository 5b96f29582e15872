//! Some of everything that there is, and the calls that the documents know of it.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::{Call, Kith, Person};

/// A word in every text that is not for everybody.
pub(crate) const SECRET: &str = "jabberwocky";

/// Two friends and what they have, of which nothing is for everybody but their profiles.
pub(crate) struct World {
    pub(crate) kith: Kith,
    pub(crate) alice: Person,
    pub(crate) bob: Person,
    /// What the parameters of paths can be, by their names: things of these two. What several parameters
    /// name together stands at the same place of each.
    pub(crate) things: BTreeMap<&'static str, Vec<String>>,
}

/// An operation of the OpenAPI document.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) id: String,
    /// The parameters of its path.
    pub(crate) takes: Vec<String>,
    /// The parameters of its query.
    pub(crate) queries: Vec<String>,
    /// A body that it takes, as the document has it.
    pub(crate) body: Option<Value>,
    pub(crate) needs_session: bool,
}

impl World {
    /// Alice and Bob are friends, and have at least two of whatever is listed.
    pub(crate) async fn new() -> Self {
        let kith = Kith::start().await;
        let [alice, bob, carol] =
            [kith.register("alice").await, kith.register("bob").await, kith.register("carol").await];
        alice.befriend(&bob).await;
        alice.befriend(&carol).await;
        bob.befriend(&carol).await;
        // Somebody else whom both know, and two whom she may know through him.
        let dave = kith.register("dave").await;
        alice.befriend(&dave).await;
        bob.befriend(&dave).await;
        for name in ["erin", "frank"] {
            bob.befriend(&kith.register(name).await).await;
        }
        for number in 0..2 {
            let [from, to, blocked] = ["from", "to", "blocked"].map(|name| format!("{name}{number}x"));
            let [from, to] = [kith.register(&from).await, kith.register(&to).await];
            let blocked = kith.register(&blocked).await;
            from.ask(&alice).await.expect(201);
            alice.ask(&to).await.expect(201);
            alice.block(&blocked).await;
            alice.sign_in().await;
        }
        let (mut posts, mut comments) = (Vec::new(), Vec::new());
        for visibility in ["friends", "private"] {
            let post = alice.write(SECRET, visibility).await;
            for _ in 0..2 {
                let comment = json!({ "text": SECRET });
                let comment = alice.post(&format!("/v1/posts/{post}/comments"), comment).await.expect(201);
                comments.push(comment["id"].as_str().unwrap().to_owned());
                posts.push(post.clone());
            }
        }
        for person in [&alice, &bob, &carol] {
            person.call(Method::PUT, &format!("/v1/posts/{}/like", posts[0])).await.expect(204);
        }
        for (peer, client_id) in [(&bob, "1"), (&carol, "1")] {
            peer.say(&alice, client_id, SECRET).await.expect(201);
            alice.say(peer, client_id, SECRET).await.expect(201);
        }
        kith.drained().await;
        let requests = alice.get("/v1/friend-requests?direction=incoming").await.expect(200);
        let request = requests["items"][0]["id"].as_str().unwrap().to_owned();
        let things = BTreeMap::from([
            ("userId", vec![alice.id.clone(), bob.id.clone()]),
            ("username", vec!["alice".into(), "bob".into()]),
            ("sessionId", vec![alice.session.clone(), bob.session.clone()]),
            ("requestId", vec![request, format!("{}-{}", alice.id, bob.id)]),
            ("postId", posts),
            ("commentId", comments),
            ("conversationId", vec![alice.conversation_id(&bob), alice.conversation_id(&carol)]),
            ("seq", vec!["2".into(), "1".into()]),
        ]);
        Self { kith, alice, bob, things }
    }

    /// Every operation of the document.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let contract = self.kith.contract();
        let all = contract.routes().into_iter().map(|(method, path)| {
            let operation = contract.operation(&method, &path).unwrap();
            let parameters = |place: &str| {
                let all = operation["parameters"].as_array().into_iter().flatten();
                let here = all.filter(|parameter| parameter["in"] == place);
                here.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
            };
            let body = operation["requestBody"].pointer("/content/application~1json/example").cloned();
            assert_eq!(body.is_some(), operation.get("requestBody").is_some(), "{method} {path}");
            Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                takes: parameters("path"),
                queries: parameters("query"),
                needs_session: operation.get("security").is_some(),
                body,
                method,
                path,
            }
        });
        all.collect()
    }

    /// The things that a parameter of a path can name.
    pub(crate) fn named(&self, parameter: &str) -> &[String] {
        let named = self.things.get(parameter);
        named.unwrap_or_else(|| panic!("say in World what there is that {{{parameter}}} can name"))
    }

    /// Where Alice finds something that is hers.
    pub(crate) fn path_of_alices(&self, operation: &Operation) -> String {
        operation.path_with(|parameter| &self.named(parameter)[0])
    }

    /// Everything in the table.
    pub(crate) async fn snapshot(&self) -> Vec<String> {
        let mut items: Vec<_> = self.kith.items().await.iter().map(Value::to_string).collect();
        items.sort();
        items
    }
}

impl Operation {
    /// The path with these in place of its parameters.
    pub(crate) fn path_with<'a>(&self, thing: impl Fn(&str) -> &'a String) -> String {
        let fill = |path: String, name: &String| path.replace(&format!("{{{name}}}"), thing(name));
        self.takes.iter().fold(self.path.clone(), fill)
    }

    /// A call of it by somebody, or by anybody if it needs nobody.
    pub(crate) fn by(&self, person: &Person, path: &str) -> Call {
        if self.needs_session {
            person.call(self.method.clone(), path)
        } else {
            person.kith.call(self.method.clone(), path)
        }
    }

    /// The same with the body that the document has, if it takes one.
    pub(crate) fn by_with_body(&self, person: &Person, path: &str) -> Call {
        let call = self.by(person, path);
        match &self.body {
            Some(body) => call.json(body.clone()),
            None => call,
        }
    }
}
