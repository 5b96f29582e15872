//! End-to-end tests: HTTP against the local stack, told as stories.
//!
//! Each has a stack of its own, kept in memory, on ports of its own. `harness` is how they
//! start one, speak to it, and make its storage fail; every answer that passes through it is
//! checked against the OpenAPI document.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_cmp,
    clippy::needless_pass_by_value,
    reason = "a test that meets what it did not expect fails, some print what they measured, units are counted in halves, and json!(…) is made to be passed"
)]

mod harness;

mod access;
mod accounts;
mod avatar_races;
mod avatars;
mod bad_input;
mod budgets;
mod chat;
mod chat_races;
mod chat_storm;
mod comments;
mod contract;
mod counts;
mod cursors;
mod demo;
mod documents;
mod durability;
mod faults;
mod feed;
mod friends;
mod gateway;
mod hidden;
mod hostile;
mod large;
mod limits;
mod notifications;
mod notifications_budgets;
mod notifications_races;
mod passwords;
mod posts;
mod presence;
mod profiles;
mod programs;
mod search;
mod sessions;
mod socket;
mod socket_ends;
mod socket_races;
mod strangers;
mod suggestions;
mod websocket;
