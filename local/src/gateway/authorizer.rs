//! Lambda authorizers, and their answers remembered.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use serde_json::{Map, Value};
use shared::clock::{Clock, Timestamp};

use super::event::Event;
use super::record::{Exchange, Record};
use super::reply::{Reply, message};
use crate::lambda::Lambda;
use crate::template::{Authorizer, HttpApi};

/// How many answers are remembered before the old ones are swept.
const SWEEP_ABOVE: usize = 10_000;

/// What comes of asking.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The request goes on, with this context.
    Authorized(Map<String, Value>),
    /// It does not.
    Refused(Reply),
}

/// The authorizers of an API.
#[derive(Debug)]
pub(super) struct Authorizers {
    declared: HashMap<String, Authorizer>,
    clock: Clock,
    remembered: Mutex<HashMap<(String, Vec<String>), Remembered>>,
}

#[derive(Clone, Debug)]
struct Remembered {
    answer: Answer,
    until: Timestamp,
}

/// A simple response.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    is_authorized: bool,
    #[serde(default)]
    context: Map<String, Value>,
}

impl Authorizers {
    pub(super) fn new(api: &HttpApi, clock: Clock) -> Self {
        let declared =
            api.authorizers.iter().map(|(name, authorizer)| (name.clone(), authorizer.clone())).collect();
        Self { declared, clock, remembered: Mutex::default() }
    }

    /// Asks an authorizer, or remembers what it said to the same identity.
    pub(super) async fn ask(
        &self,
        name: &str,
        event: &Event<'_>,
        functions: &HashMap<String, Lambda>,
        record: &mut Record,
    ) -> Verdict {
        let broken = || Verdict::Refused(message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"));
        let Some(authorizer) = self.declared.get(name) else { return broken() };
        let identity: Option<Vec<_>> = authorizer
            .headers
            .iter()
            .map(|header| event.received.header(header).filter(|value| !value.is_empty()))
            .collect();
        let Some(identity) = identity else {
            return Verdict::Refused(message(StatusCode::UNAUTHORIZED, "Unauthorized"));
        };
        let key = (name.to_owned(), identity);
        if let Some(answer) = self.recall(&key) {
            return verdict(answer);
        }
        let Some(lambda) = functions.get(&authorizer.function) else { return broken() };
        let question = event.for_authorizer(&key.1);
        let invocation = lambda.invoke(question.clone(), event.request_id).await;
        record.authorizer = Some((authorizer.function.clone(), invocation.cost));
        let (function, answer) = (authorizer.function.clone(), invocation.result.clone());
        record.exchanges.push(Exchange { function, event: question, answer });
        let answer =
            invocation.result.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
        match answer {
            Ok(answer) => {
                self.remember(key, &answer, authorizer);
                verdict(answer)
            }
            Err(error) => {
                tracing::error!(authorizer = name, error, "an authorizer failed");
                broken()
            }
        }
    }

    fn recall(&self, key: &(String, Vec<String>)) -> Option<Answer> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(key).filter(|entry| self.clock.now() < entry.until).map(|entry| entry.answer.clone())
    }

    fn remember(&self, key: (String, Vec<String>), answer: &Answer, authorizer: &Authorizer) {
        let now = self.clock.now();
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() > SWEEP_ABOVE {
            remembered.retain(|_, entry| now < entry.until);
        }
        remembered.insert(key, Remembered { answer: answer.clone(), until: now.after(authorizer.ttl) });
    }
}

fn verdict(answer: Answer) -> Verdict {
    if answer.is_authorized {
        Verdict::Authorized(answer.context)
    } else {
        Verdict::Refused(message(StatusCode::FORBIDDEN, "Forbidden"))
    }
}
