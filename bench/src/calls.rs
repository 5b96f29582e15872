//! What is asked of a world: a row of the tables for each.
//!
//! To measure one more call, add a row to [`rows`].

use http::Method;
use reqwest::Client;
use serde_json::{Value, json};
use shared::chat::ConversationId;
use shared::clock::Timestamp;
use shared::ids::{PostId, UserId};

use crate::Failure;
use crate::seed::PASSWORD;
use crate::world::World;

/// How many people ask at once.
pub const CLIENTS: u32 = 16;

/// How many others there are with whom they become friends.
const OTHERS: u32 = 90;

/// A call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// Its path.
    pub path: String,
    /// Whose it is.
    pub by: u32,
    /// Its body, if it has one.
    pub body: Option<Value>,
}

/// What is asked for by the client of this number, for the time of this number, one call after the other.
/// None if there is nothing left to be done.
pub type Calls = fn(&Scene, u32, u32) -> Option<Vec<Call>>;

/// What is measured as one.
pub struct Row {
    /// What it is called.
    pub name: &'static str,
    /// Whether something is written.
    pub writes: bool,
    /// What is asked for.
    pub calls: Calls,
    /// What is done about it afterwards, so that it could be asked for again.
    pub undo: Option<Calls>,
}

/// A world as it is asked: who asks, of whom.
pub struct Scene {
    world: World,
    users: Vec<UserId>,
    /// Posts by a friend of each client that the client sees.
    posts: Vec<Vec<PostId>>,
    /// Who is no friend of each client.
    strangers: Vec<Vec<u32>>,
}

impl Scene {
    /// Of this world.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let users: Vec<_> = (0..world.size.people).map(|person| world.user(person)).collect();
        let posts = (0..CLIENTS).map(|client| {
            let of_friend = world.posts(client + 1, Timestamp::from_millis(0));
            of_friend.filter(|post| post.visibility.is_shared()).map(|post| post.id).collect()
        });
        let strangers = (0..CLIENTS).map(|client| {
            let friends = world.friends(client);
            let others = world.size.people - OTHERS..world.size.people;
            others.filter(|other| !friends.contains(other)).collect()
        });
        let (posts, strangers) = (posts.collect(), strangers.collect());
        Self { world: world.clone(), users, posts, strangers }
    }

    /// Whoever asks for anything.
    pub fn people(&self) -> impl Iterator<Item = u32> {
        (0..=CLIENTS).chain(self.world.size.people - OTHERS..self.world.size.people)
    }

    fn user(&self, person: u32) -> UserId {
        self.users.get(person as usize).copied().unwrap_or_else(|| self.world.user(person))
    }

    /// The friend of a client who comes next in the circle.
    fn friend(&self, client: u32) -> UserId {
        self.user(client + 1)
    }

    /// A post of that friend's, another one each time.
    fn post(&self, client: u32, time: u32) -> Option<PostId> {
        let posts = self.posts.get(client as usize)?;
        posts.get(time as usize % posts.len().max(1)).copied()
    }

    /// A new stranger each time, as long as there are any.
    fn stranger(&self, client: u32, time: u32) -> Option<u32> {
        self.strangers.get(client as usize)?.get(time as usize).copied()
    }
}

fn get(by: u32, path: impl Into<String>) -> Call {
    Call { method: Method::GET, path: path.into(), by, body: None }
}

fn call(method: Method, by: u32, path: impl Into<String>, body: Value) -> Call {
    Call { method, path: path.into(), by, body: Some(body) }
}

/// One call, which needs no other.
#[expect(clippy::unnecessary_wraps, reason = "rows say so that there is something left to be done")]
fn one(call: Call) -> Option<Vec<Call>> {
    Some(vec![call])
}

/// A row of something that is read.
const fn read(name: &'static str, calls: Calls) -> Row {
    Row { name, writes: false, calls, undo: None }
}

/// A row of something that is written.
const fn write(name: &'static str, calls: Calls) -> Row {
    Row { name, writes: true, calls, undo: None }
}

/// All of it. What is written comes first, so that it is found by what is read.
#[must_use]
pub fn rows() -> Vec<Row> {
    vec![
        write("write a post", |_, client, time| {
            one(call(
                Method::POST,
                client,
                "/v1/posts",
                json!({ "text": format!("Hello for the {time}th time") }),
            ))
        }),
        write("comment", |scene, client, time| {
            let path = format!("/v1/posts/{}/comments", scene.post(client, time)?);
            one(call(Method::POST, client, path, json!({ "text": "Well said." })))
        }),
        write("like, and unlike", |scene, client, time| {
            let path = format!("/v1/posts/{}/like", scene.post(client, time)?);
            Some(
                [Method::PUT, Method::DELETE]
                    .map(|method| Call { method, ..get(client, path.clone()) })
                    .into(),
            )
        }),
        Row {
            name: "ask to be friends, and accept",
            writes: true,
            calls: |scene, client, time| {
                let stranger = scene.stranger(client, time)?;
                let (from, to) = (scene.user(client), scene.user(stranger));
                let path = format!("/v1/friend-requests/{from}-{to}");
                Some(vec![
                    call(Method::POST, client, "/v1/friend-requests", json!({ "to": to })),
                    call(Method::PATCH, stranger, path, json!({ "status": "accepted" })),
                ])
            },
            undo: Some(|scene, client, time| {
                let path = format!("/v1/friends/{}", scene.user(scene.stranger(client, time)?));
                one(Call { method: Method::DELETE, ..get(client, path) })
            }),
        },
        write("say something", |scene, client, time| {
            let message =
                json!({ "to": scene.friend(client), "clientId": format!("{time}"), "text": "Hello" });
            one(call(Method::POST, client, "/v1/messages", message))
        }),
        write("change my profile", |_, client, time| {
            one(call(Method::PATCH, client, "/v1/me", json!({ "bio": format!("For the {time}th time.") })))
        }),
        read("a profile", |scene, client, _| one(get(client, format!("/v1/users/{}", scene.friend(client))))),
        read("a feed", |_, client, _| one(get(client, "/v1/feed"))),
        read("a friend's posts", |scene, client, _| {
            one(get(client, format!("/v1/users/{}/posts", scene.friend(client))))
        }),
        read("a stranger's posts", |scene, client, time| {
            let stranger = scene.user(scene.stranger(client, time)?);
            one(get(client, format!("/v1/users/{stranger}/posts")))
        }),
        read("my posts", |scene, client, _| {
            one(get(client, format!("/v1/users/{}/posts", scene.user(client))))
        }),
        read("a post", |scene, client, time| {
            one(get(client, format!("/v1/posts/{}", scene.post(client, time)?)))
        }),
        read("comments", |scene, client, time| {
            one(get(client, format!("/v1/posts/{}/comments", scene.post(client, time)?)))
        }),
        read("likes", |scene, client, time| {
            one(get(client, format!("/v1/posts/{}/likes", scene.post(client, time)?)))
        }),
        read("friends", |_, client, _| one(get(client, "/v1/friends"))),
        read("a friend's friends", |scene, client, _| {
            one(get(client, format!("/v1/users/{}/friends", scene.friend(client))))
        }),
        // Of a small world more have friends in common: as many as all have.
        read("ten friends in common", |scene, client, _| {
            one(get(client, format!("/v1/users/{}/mutual-friends?limit=10", scene.friend(client))))
        }),
        read("friend requests", |_, client, _| one(get(client, "/v1/friend-requests?direction=incoming"))),
        read("blocks", |_, client, _| one(get(client, "/v1/blocks"))),
        read("suggestions", |_, client, _| one(get(client, "/v1/friend-suggestions"))),
        read("search", |_, client, _| one(get(client, "/v1/users?query=person"))),
        read("conversations", |_, client, _| one(get(client, "/v1/conversations"))),
        read("messages", |scene, client, _| {
            let conversation = ConversationId::between(scene.user(client), scene.friend(client))?;
            one(get(client, format!("/v1/conversations/{conversation}/messages")))
        }),
        read("sessions", |_, client, _| one(get(client, "/v1/sessions"))),
        // Of those whose posts were commented on.
        read("notifications", |_, client, _| one(get(client + 1, "/v1/notifications"))),
        read("what is unread", |_, client, _| one(get(client + 1, "/v1/unread"))),
        read("presence of a friend", |scene, client, _| {
            one(get(client, format!("/v1/presence?users={}", scene.friend(client))))
        }),
    ]
}

/// A client of a stack, for everybody.
#[derive(Clone, Debug)]
pub struct Api {
    http: Client,
    url: String,
    tokens: Vec<String>,
}

impl Api {
    /// Signs in all those who ask for anything.
    pub async fn sign_in(url: &str, scene: &Scene) -> Result<Self, Failure> {
        let mut api = Self { http: Client::new(), url: url.to_owned(), tokens: Vec::new() };
        api.tokens.resize(scene.users.len(), String::new());
        for person in scene.people() {
            let body = json!({ "login": World::username(person), "password": PASSWORD });
            let signed_in = api.ask(&call(Method::POST, person, "/v1/sessions", body)).await?;
            if let Some(token) = api.tokens.get_mut(person as usize) {
                signed_in["session"]["token"].as_str().unwrap_or_default().clone_into(token);
            }
        }
        Ok(api)
    }

    /// The same at another URL, where the same sessions are.
    #[must_use]
    pub fn at(self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self }
    }

    /// Makes a call, which is to succeed.
    pub async fn ask(&self, call: &Call) -> Result<Value, Failure> {
        let mut request = self.http.request(call.method.clone(), format!("{}{}", self.url, call.path));
        if let Some(token) = self.tokens.get(call.by as usize).filter(|token| !token.is_empty()) {
            request = request.bearer_auth(token);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, bytes) = (answer.status(), answer.bytes().await?);
        if !status.is_success() {
            let words = String::from_utf8_lossy(&bytes);
            return Err(format!("{} {} was answered with {status}: {words}", call.method, call.path).into());
        }
        if bytes.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&bytes)?) }
    }
}
