//! The story is told: everybody does what they did, at the time at which they did it.
//!
//! It may have been told in part before, and broken off anywhere: whatever is there already stays, and
//! is not made again. Messages are known by their client ids for ever; posts and comments by who wrote
//! them in which words, and, should a reply be lost, by their idempotency keys; requests by what became
//! of them. All else may be repeated.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::try_join_all;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use shared::clock::Timestamp;

use super::DemoError;
use super::cast::{Cast, Member, text};
use super::client::{Api, Call};
use super::people::Person;
use super::plot::Act;
use super::posts::POSTS;
use super::story::{Chat, Outcome, Request};
use crate::stack::Stack;

/// For how long what follows from something may be behind.
const A_WHILE: Duration = Duration::from_mins(10);

/// Tells it.
#[derive(Debug)]
pub(super) struct Teller<'a> {
    api: &'a Api,
    cast: &'a Cast,
    /// The ids of the posts that are there, by their places in the story.
    posts: Mutex<HashMap<usize, String>>,
    /// Who said what about which of them before this began.
    comments: HashMap<usize, Vec<(String, String)>>,
}

impl<'a> Teller<'a> {
    /// Looks what is there already.
    pub(super) async fn new(api: &'a Api, cast: &'a Cast) -> Result<Self, DemoError> {
        let looks = POSTS.iter().enumerate().map(async |(place, post)| {
            let author = cast.get(post.by)?;
            let written = list(api, &format!("/v1/users/{}/posts", author.id), author).await?;
            let Some(known) = written.iter().find(|known| known["text"] == post.text) else {
                return Ok::<_, DemoError>(None);
            };
            let id = text(&known["id"]);
            let comments = list(api, &format!("/v1/posts/{id}/comments"), author).await?;
            let said = comments.iter().map(|said| (text(&said["author"]["id"]), text(&said["text"])));
            Ok(Some(((place, id), (place, said.collect()))))
        });
        let (posts, comments) = try_join_all(looks).await?.into_iter().flatten().unzip();
        Ok(Self { api, cast, posts: Mutex::new(posts), comments })
    }

    /// Tells all of it. The clock is put to each minute in which something happens, and does not go far
    /// before all that follows from it has happened, too: people are notified when something was done.
    pub(super) async fn tell(
        &self,
        plot: BTreeMap<Timestamp, Vec<Act>>,
        stack: &Stack,
    ) -> Result<(), DemoError> {
        let mut settled = Timestamp::from_millis(0);
        for (time, acts) in plot {
            if time > settled.after(A_WHILE) {
                stack.drained().await;
                settled = time;
            }
            stack.clock().set(time);
            try_join_all(acts.into_iter().map(|act| self.act(act))).await?;
        }
        Ok(())
    }

    async fn act(&self, act: Act) -> Result<(), DemoError> {
        match act {
            Act::Asks(request) => self.ask(request).await,
            Act::Writes(place) => self.write(place).await,
            Act::Likes(place, who) => {
                let path = format!("/v1/posts/{}/like", self.post(place)?);
                self.api.done(Call::new(Method::PUT, path, &self.cast.get(who)?.token)).await.map(drop)
            }
            Act::Comments(place, number) => self.comment(place, number).await,
            Act::Says(chat, number) => self.say(chat, number).await,
            Act::Reads(chat, who) => {
                let path = format!("{}/read", conversation(self.cast, chat)?);
                let read = Call::new(Method::PUT, path, &self.cast.get(who)?.token);
                self.api.done(read.body(json!({ "seq": chat.lines.len() }))).await.map(drop)
            }
            Act::IsUpTo(Person { username, status, .. }) => {
                let call = Call::new(Method::PUT, "/v1/me/status", &self.cast.get(username)?.token);
                self.api.done(call.body(json!({ "text": status }))).await.map(drop)
            }
        }
    }

    async fn ask(&self, Request { from, to, outcome, .. }: Request) -> Result<(), DemoError> {
        let (from, to) = (self.cast.get(from)?, self.cast.get(to)?);
        let path = format!("/v1/friend-requests/{}-{}", from.id, to.id);
        let answer = async |status: &str| {
            let answer = Call::new(Method::PATCH, path.as_str(), &to.token);
            self.api.done(answer.body(json!({ "status": status }))).await.map(drop)
        };
        let block = format!("/v1/blocks/{}", from.id);
        // Whoever is blocked finds nobody: only who blocks can tell.
        let seen = Call::new(Method::GET, format!("/v1/users/{}", from.id), &to.token);
        let relation = text(&self.api.done(seen).await?["relation"]);
        let known = self.api.call(Call::new(Method::GET, path.as_str(), &to.token)).await?;
        if relation == "none" && known.status == StatusCode::NOT_FOUND {
            let wish = Call::new(Method::POST, "/v1/friend-requests", &from.token);
            self.api.done(wish.body(json!({ "to": to.id }))).await?;
        }
        let is_open = relation == "none" || relation == "requestReceived";
        match outcome {
            Outcome::Accepted if is_open => answer("accepted").await,
            Outcome::Rejected if is_open && known.body["status"] != "rejected" => answer("rejected").await,
            Outcome::Blocked => self.api.done(Call::new(Method::PUT, block, &to.token)).await.map(drop),
            Outcome::Accepted | Outcome::Rejected | Outcome::Pending => Ok(()),
        }
    }

    async fn write(&self, place: usize) -> Result<(), DemoError> {
        if self.post(place).is_ok() {
            return Ok(());
        }
        let post = POSTS.get(place).ok_or(DemoError::Unwritten)?;
        let body = json!({ "text": post.text, "visibility": post.visibility });
        let call = Call::new(Method::POST, "/v1/posts", &self.cast.get(post.by)?.token).body(body);
        let made = self.api.done(call.key(format!("demo-{place}"))).await?;
        let mut posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        posts.insert(place, text(&made["id"]));
        Ok(())
    }

    async fn comment(&self, place: usize, number: usize) -> Result<(), DemoError> {
        let comment = POSTS.get(place).and_then(|post| post.comments.get(number));
        let (_, who, words) = comment.ok_or(DemoError::Unwritten)?;
        let member = self.cast.get(who)?;
        let is_known = |(by, said): &(String, String)| *by == member.id && said == words;
        if self.comments.get(&place).is_some_and(|known| known.iter().any(is_known)) {
            return Ok(());
        }
        let path = format!("/v1/posts/{}/comments", self.post(place)?);
        let call = Call::new(Method::POST, path, &member.token).body(json!({ "text": words }));
        self.api.done(call.key(format!("demo-{place}-{number}"))).await.map(drop)
    }

    async fn say(&self, chat: &Chat, number: usize) -> Result<(), DemoError> {
        let (_, who, words) = chat.lines.get(number).ok_or(DemoError::Unwritten)?;
        let [one, other] = chat.between;
        let to = if *who == one { other } else { one };
        let message = json!({ "to": self.cast.get(to)?.id, "clientId": client_id(number), "text": words });
        let call = Call::new(Method::POST, "/v1/messages", &self.cast.get(who)?.token);
        self.api.done(call.body(message)).await.map(drop)
    }

    fn post(&self, place: usize) -> Result<String, DemoError> {
        let posts = self.posts.lock().unwrap_or_else(PoisonError::into_inner);
        posts.get(&place).cloned().ok_or(DemoError::Unwritten)
    }
}

/// Whether a line of a chat was said.
pub(super) async fn was_said(api: &Api, cast: &Cast, chat: &Chat, number: usize) -> Result<bool, DemoError> {
    let [Ok(member), Ok(_)] = chat.between.map(|who| cast.get(who)) else { return Ok(false) };
    let path = format!("{}/messages?after=0&limit=100", conversation(cast, chat)?);
    let answer = api.call(Call::new(Method::GET, path, &member.token)).await?;
    if answer.status == StatusCode::NOT_FOUND {
        return Ok(false);
    }
    let messages = answer.done()?;
    let mut messages = messages["items"].as_array().into_iter().flatten();
    Ok(messages.any(|message| message["clientId"] == client_id(number)))
}

/// What the device of whoever says it calls a line.
fn client_id(number: usize) -> String {
    format!("demo-{number}")
}

fn conversation(cast: &Cast, chat: &Chat) -> Result<String, DemoError> {
    let [one, other] = chat.between;
    let mut ids = [&*cast.get(one)?.id, &*cast.get(other)?.id];
    ids.sort_unstable();
    Ok(format!("/v1/conversations/{}-{}", ids[0], ids[1]))
}

/// The newest hundred of a list, which is more than the story has of anything.
async fn list(api: &Api, path: &str, member: &Member) -> Result<Vec<Value>, DemoError> {
    let mut page = api.done(Call::new(Method::GET, format!("{path}?limit=100"), &member.token)).await?;
    Ok(page["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
}
