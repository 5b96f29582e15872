//! How often somebody may try something.
//!
//! A limit is a counter in the table for one subject and one fixed window of time: one
//! conditional write to take a place, no read, gone by TTL. Around the change of a window
//! twice the allowance can pass, which the allowances take into account.
//!
//! All of them fail closed: what they guard needs the same storage and could not go on
//! without it either.

use std::time::Duration;

use serde::Deserialize;

use crate::accounts::Login;
use crate::clock::{Clock, Timestamp};
use crate::environment::{App, BadVariable, Environment};
use crate::error::{Error, Result};
use crate::ids::{Ids, UserId, digest};
use crate::keys::{self, Key};
use crate::store::{Condition, Store, Update, Written};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// How much of something is allowed within how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What is limited, as it appears in keys, logs and the `RateLimit` header.
    pub name: &'static str,
    /// How many are allowed.
    pub allowance: u32,
    /// Within how many seconds.
    pub window: u64,
}

/// Pictures one person asks to upload: each costs a second of a processor.
pub const AVATAR_UPLOAD: Rule = Rule { name: "avatar-upload", allowance: 60, window: HOUR };

/// Connections to the WebSocket API that one person opens.
pub const SOCKET_TICKET: Rule = Rule { name: "socket-ticket", allowance: 6000, window: HOUR };

/// The rules, with the values that a deployment may set.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Accounts made from one address.
    pub registration: Rule,
    /// Sign-ins from one address by people who never signed in from there.
    pub sign_in_address: Rule,
    /// Sign-ins with one login from addresses its owner never signed in from.
    pub sign_in_account: Rule,
    /// Sign-ins that fail, with one login from one address. A success sets it back. NIST SP
    /// 800-63B, section 5.2.2, allows 100 failures in a row at most.
    pub sign_in_pair: Rule,
    /// Password changes of one account from one address that name a wrong current password.
    pub password_change: Rule,
}

impl Rules {
    /// The rules with these allowances per address: accounts an hour, and sign-ins by
    /// strangers to it in 15 minutes.
    #[must_use]
    pub const fn new(registrations: u32, sign_ins: u32) -> Self {
        Self {
            registration: Rule { name: "registration", allowance: registrations, window: HOUR },
            sign_in_address: Rule { name: "sign-in-address", allowance: sign_ins, window: 15 * MINUTE },
            sign_in_account: Rule { name: "sign-in-account", allowance: 200, window: HOUR },
            sign_in_pair: Rule { name: "sign-in", allowance: 30, window: 15 * MINUTE },
            password_change: Rule { name: "password-change", allowance: 30, window: 15 * MINUTE },
        }
    }
}

impl Rules {
    /// The rules with the allowances of an environment: `REGISTRATIONS_PER_ADDRESS` an hour
    /// and `SIGN_INS_PER_ADDRESS` in 15 minutes.
    pub fn read(environment: &Environment) -> Result<Self, BadVariable> {
        Ok(Self::new(
            environment.variables.read("REGISTRATIONS_PER_ADDRESS")?,
            environment.variables.read("SIGN_INS_PER_ADDRESS")?,
        ))
    }
}

/// Whose tries are counted: a digest, so that no address or id is part of a key.
#[derive(Debug)]
pub struct Subject(String);

impl Subject {
    /// Everybody at an address.
    #[must_use]
    pub fn address(address: &str) -> Self {
        Self(digest(&[address.as_bytes()]))
    }

    /// Whoever says they are this.
    #[must_use]
    pub fn login(login: &Login) -> Self {
        Self(digest(&[login.lock().pk.as_bytes()]))
    }

    /// Whoever says so from an address.
    #[must_use]
    pub fn login_at(login: &Login, address: &str) -> Self {
        Self(digest(&[login.lock().pk.as_bytes(), address.as_bytes()]))
    }

    /// Somebody who is signed in.
    #[must_use]
    pub fn user(user: UserId) -> Self {
        Self(digest(&[&user.to_bytes()]))
    }

    /// Whoever is signed in as somebody from an address.
    #[must_use]
    pub fn account_at(user: UserId, address: &str) -> Self {
        Self(digest(&[&user.to_bytes(), address.as_bytes()]))
    }
}

/// A rule's allowance is used up.
#[derive(Clone, Copy, Debug)]
pub struct Exceeded {
    /// Which rule's.
    pub rule: Rule,
    /// When there will be a new one.
    pub retry_after: Duration,
}

/// Counts against rules.
#[derive(Clone, Debug)]
pub struct Limits {
    store: Store,
    clock: Clock,
    ids: Ids,
}

impl Limits {
    /// Limits counted in this table.
    #[must_use]
    pub fn of(app: &App) -> Self {
        Self { store: app.store.clone(), clock: app.clock.clone(), ids: app.ids.clone() }
    }

    /// Takes a place for `subject`, or fails with [`Error::RateLimited`]. One round trip, 1 W.
    ///
    /// Taken before what it guards is tried, so that a thousand tries at once are limited like
    /// a thousand in a row.
    pub async fn take(&self, rule: Rule, subject: Subject) -> Result<Taken> {
        let window = Window::at(rule, self.clock.now());
        let key = keys::limit(rule.name, &subject.0, window.number);
        let update = Update::of(key.clone())
            .creating()
            .increment("used")
            .expire_at(window.end)
            .when(Condition::below_or_unset("used", rule.allowance)?);
        match self.store.update(update, &self.ids.write_id()).await? {
            Written::Done(row) => Ok(Taken { key, used: row.read::<Count>()?.used }),
            Written::Refused(_) => {
                let retry_after = window.end.since(self.clock.now());
                Err(Error::RateLimited(Exceeded { rule, retry_after }))
            }
        }
    }

    /// Gives back every place that was taken in the same window. One round trip, 1 W.
    pub async fn give_back(&self, taken: &Taken) -> Result<()> {
        self.store.delete(&taken.key).await
    }
}

/// A place that was taken.
#[derive(Debug)]
pub struct Taken {
    key: Key,
    /// How many were taken in this window, this one included.
    pub used: u32,
}

/// The item at [`keys::limit`].
#[derive(Debug, Deserialize)]
struct Count {
    used: u32,
}

/// The stretch of time in which a count is kept.
#[derive(Debug, PartialEq, Eq)]
struct Window {
    number: i64,
    end: Timestamp,
}

impl Window {
    fn at(rule: Rule, now: Timestamp) -> Self {
        let length = i64::try_from(rule.window).unwrap_or(i64::MAX);
        let number = now.epoch_seconds().div_euclid(length);
        Self { number, end: Timestamp::from_millis((number + 1).saturating_mul(length).saturating_mul(1000)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_where_the_next_begins() {
        let rule = Rule { name: "x", allowance: 1, window: 60 };
        let first = Window::at(rule, Timestamp::from_millis(119_999));
        assert_eq!(first, Window { number: 1, end: Timestamp::from_millis(120_000) });
        assert_eq!(Window::at(rule, first.end).number, 2);
    }
}
