//! End-to-end tests: HTTP against the local stack, told as stories.
//!
//! Each has a stack of its own, kept in memory, on ports of its own. `harness` is how they
//! start one, speak to it, and make its storage fail; every answer that passes through it is
//! checked against the OpenAPI document.

mod harness;

mod accounts;
mod bad_input;
mod budgets;
mod contract;
mod durability;
mod faults;
mod gateway;
mod limits;
mod passwords;
mod profiles;
mod sessions;
