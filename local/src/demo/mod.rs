//! `--demo`: people to look at, with friendships, posts and chats, all of it made through the API.
//!
//! | file | what is in it |
//! |---|---|
//! | `people.rs`, `looks.rs` | who there is, and what they look like |
//! | `portrait.rs`, `canvas.rs` | how that is drawn |
//! | `posts.rs`, `chats.rs`, `story.rs` | what they write and say, and who knows whom |
//! | `plot.rs` | all of it by the minute |
//! | `cast.rs` | the people, registered and signed in |
//! | `tell.rs` | everybody does what they did |
//! | `client.rs` | the client of the API by which they do |
//!
//! It is a story of six days, of which yesterday was the last. While it is told, the stack's clock goes
//! through those days, and then back to what it was: so what people wrote is as old as it would be.

mod canvas;
mod cast;
mod chats;
mod client;
mod looks;
mod people;
mod plot;
mod portrait;
mod posts;
mod story;
mod tell;

use std::fmt::Write as _;

use cast::Cast;
use client::Api;
use tell::Teller;

use crate::Stack;

/// Why the story could not be told.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Somebody else has a name of the story.
    #[error("the username or email of {0} belongs to somebody else here: choose another folder with --data")]
    Taken(&'static str),
    /// A call did not succeed.
    #[error("{0} was answered with {1}: {2}")]
    Refused(String, u16, String),
    /// A call was not answered.
    #[error("{0}: {1}")]
    Unreachable(String, String),
    /// A picture was not drawn, or is not seen.
    #[error("a picture is missing: {0}")]
    Picture(String),
    /// Somebody is not in the story.
    #[error("there is nobody called {0}")]
    Stranger(String),
    /// A post is not there yet.
    #[error("something is said about a post that was not written")]
    Unwritten,
}

impl DemoError {
    fn unreachable(call: &str, why: impl std::fmt::Display) -> Self {
        Self::Unreachable(call.to_owned(), why.to_string())
    }
}

/// Makes all of it, unless it is there: nothing twice, and whatever is missing if it was broken off.
/// What somebody has done since with a story that was told to its end stays as it is.
///
/// Nobody else should use the stack meanwhile, as its clock is put back and forth.
pub async fn tell(stack: &Stack) -> Result<(), DemoError> {
    let api = Api::at(stack.http_url());
    let mut cast = Cast::returning(&api).await?;
    let mut is_told = false;
    if let Some((chat, line)) = plot::last() {
        is_told = tell::was_said(&api, &cast, chat, line).await?;
    }
    if !is_told {
        let (clock, now) = (stack.clock(), stack.clock().clock().now());
        let offset = clock.offset();
        clock.set(plot::beginning(now));
        let told = async {
            cast.complete(&api).await?;
            // The embedded S3 takes a URL that was signed days ago for expired.
            clock.set_offset(offset.max(0));
            cast.dress(&api).await?;
            Teller::new(&api, &cast).await?.tell(plot::plot(now), stack).await
        };
        let told = told.await;
        clock.set_offset(offset);
        told?;
        // Feeds and lists of conversations are as they will be.
        stack.drained().await;
    }
    cast.leave(&api).await
}

/// Who there is, and how to sign in.
#[must_use]
pub fn sign_ins(url: &str) -> String {
    let mut table = format!("Demo       {:<10} {:<28} {}\n", "username", "password", "name");
    for person in &people::PEOPLE {
        let (username, password) = (person.username, people::PASSWORD);
        let _ = writeln!(table, "           {username:<10} {password:<28} {}", person.name);
    }
    let first = people::PEOPLE[0].username;
    let sign_in = format!(r#"{{"login": "{first}", "password": "{}"}}"#, people::PASSWORD);
    let _ = writeln!(table, "Sign in    curl {url}/v1/sessions --json '{sign_in}'");
    table
}
