//! The people, signed in: registered if they are not there yet, with what they say of themselves and
//! their pictures.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use super::DemoError;
use super::client::{Api, Call};
use super::people::{PASSWORD, PEOPLE, Person};
use super::portrait;

/// How long pictures may take to be seen.
const SEEN_WITHIN: Duration = Duration::from_secs(30);
/// How often it is looked whether they are.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Somebody who is signed in.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) token: String,
}

/// All who are signed in, by their usernames.
#[derive(Debug)]
pub(super) struct Cast(HashMap<&'static str, Member>);

impl Cast {
    /// All who are there already and have the password of this story still.
    pub(super) async fn returning(api: &Api) -> Result<Self, DemoError> {
        let all = try_join_all(PEOPLE.iter().map(|person| sign_in(api, person))).await?;
        let there = PEOPLE.iter().zip(all).filter_map(|(person, member)| Some((person.username, member?)));
        Ok(Self(there.collect()))
    }

    /// Registers whoever is not among them.
    pub(super) async fn complete(&mut self, api: &Api) -> Result<(), DemoError> {
        let missing = PEOPLE.iter().filter(|person| !self.0.contains_key(person.username));
        let made = try_join_all(missing.map(async |person| {
            let member = register(api, person).await?;
            Ok::<_, DemoError>((person.username, member))
        }));
        self.0.extend(made.await?);
        Ok(())
    }

    /// Lets everybody say something of themselves, and gives a picture to whoever has none.
    pub(super) async fn dress(&self, api: &Api) -> Result<(), DemoError> {
        try_join_all(PEOPLE.iter().map(|person| self.dress_one(api, person))).await.map(drop)
    }

    /// Somebody of the story.
    pub(super) fn get(&self, username: &str) -> Result<&Member, DemoError> {
        self.0.get(username).ok_or_else(|| DemoError::Stranger(username.to_owned()))
    }

    /// Ends the sessions that were opened for this.
    pub(super) async fn leave(&self, api: &Api) -> Result<(), DemoError> {
        let ends = self
            .0
            .values()
            .map(|member| api.done(Call::new(Method::DELETE, "/v1/sessions/current", &member.token)));
        try_join_all(ends).await.map(drop)
    }

    async fn dress_one(&self, api: &Api, person: &Person) -> Result<(), DemoError> {
        let token = &self.get(person.username)?.token;
        let said = json!({ "bio": person.bio, "location": person.location });
        let me = api.done(Call::new(Method::PATCH, "/v1/me", token).body(said)).await?;
        if !me["avatar"].is_null() {
            return Ok(());
        }
        let look = person.look;
        let drawn = spawn_blocking(move || portrait::draw(&look)).await;
        let png = drawn.map_err(|error| error.to_string()).and_then(|png| png.map_err(|e| e.to_string()));
        let png = png.map_err(DemoError::Picture)?;
        let wish = json!({ "contentType": "image/png", "contentLength": png.len() });
        let answer = api.done(Call::new(Method::POST, "/v1/me/avatar", token).body(wish)).await?;
        api.put(&text(&answer["upload"]["url"]), "image/png", png).await?;
        let seen = async {
            loop {
                let me = api.done(Call::new(Method::GET, "/v1/me", token)).await?;
                if !me["avatar"].is_null() {
                    return Ok(());
                }
                sleep(LOOK_EVERY).await;
            }
        };
        let late = |_| DemoError::Picture(format!("that of {} is not seen", person.username));
        timeout(SEEN_WITHIN, seen).await.map_err(late)?
    }
}

/// Signs somebody in, if they are there and have the password.
async fn sign_in(api: &Api, person: &Person) -> Result<Option<Member>, DemoError> {
    let body = json!({ "login": person.email(), "password": PASSWORD, "device": "demo" });
    let answer = api.call(Call::new(Method::POST, "/v1/sessions", "").body(body)).await?;
    if answer.status == StatusCode::UNAUTHORIZED { Ok(None) } else { Ok(Some(member(&answer.done()?))) }
}

async fn register(api: &Api, person: &Person) -> Result<Member, DemoError> {
    let body = json!({
        "username": person.username, "email": person.email(), "password": PASSWORD, "name": person.name,
    });
    let answer = api.call(Call::new(Method::POST, "/v1/users", "").body(body)).await?;
    if answer.status == StatusCode::CONFLICT {
        // Either somebody else has the name, or it was this, and the reply was lost.
        return sign_in(api, person).await?.ok_or(DemoError::Taken(person.username));
    }
    Ok(member(&answer.done()?))
}

fn member(signed_in: &Value) -> Member {
    Member { id: text(&signed_in["user"]["id"]), token: text(&signed_in["session"]["token"]) }
}

/// A text of an answer.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
