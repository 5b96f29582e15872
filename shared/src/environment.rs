//! What a function is given, by Lambda or by the local stack.
//!
//! Functions read no environment and build no AWS configuration themselves: so the local
//! stack can run all of them in one process, each with its own variables and clients.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use aws_config::{BehaviorVersion, SdkConfig};

use crate::clock::Clock;
use crate::ids::Ids;
use crate::store::Store;

/// Variables, an SDK configuration, a clock and a source of ids.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The function's variables, as template.yaml declares them.
    pub variables: HashMap<String, String>,
    /// How AWS is reached.
    pub sdk: SdkConfig,
    /// Where time comes from.
    pub clock: Clock,
    /// Where ids come from.
    pub ids: Ids,
}

impl Environment {
    /// The environment of a function that runs on Lambda. Only a `main.rs` calls it.
    pub async fn on_lambda(variables: impl Iterator<Item = (String, String)>) -> Self {
        let clock = Clock::system();
        Self {
            variables: variables.collect(),
            sdk: aws_config::load_defaults(BehaviorVersion::latest()).await,
            ids: Ids::random(clock.clone()),
            clock,
        }
    }

    /// A variable's value.
    ///
    /// # Errors
    /// When it is missing or cannot be read: the deployment is wrong, and says so at start.
    pub fn variable<T: FromStr>(&self, name: &'static str) -> Result<T, BadVariable> {
        self.variables.get(name).and_then(|value| value.parse().ok()).ok_or(BadVariable(name))
    }
}

/// A variable is missing or cannot be read.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the environment variable {0} is missing or wrong")]
pub struct BadVariable(pub &'static str);

/// What every operation needs: the table, the time, and ids.
#[derive(Clone)]
pub struct App {
    /// The table.
    pub store: Store,
    /// Where time comes from.
    pub clock: Clock,
    /// Where ids come from.
    pub ids: Ids,
}

impl App {
    /// From an environment, whose `TABLE_NAME` says which table.
    pub fn new(environment: &Environment) -> Result<Self, BadVariable> {
        let table: String = environment.variable("TABLE_NAME")?;
        Ok(Self {
            store: Store::new(&environment.sdk, &table, environment.clock.clone()),
            clock: environment.clock.clone(),
            ids: environment.ids.clone(),
        })
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("App")
    }
}
