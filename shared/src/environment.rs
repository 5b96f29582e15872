//! What a function is given, by Lambda or by the local stack.
//!
//! Functions read no environment and build no AWS configuration themselves: so the local
//! stack can run all of them in one process, each with its own variables and clients.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, SharedHttpClient,
};
use aws_types::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use crate::clock::Clock;
use crate::ids::Ids;
use crate::profiles::PictureUrls;
use crate::store::Store;

/// Variables, an SDK configuration, a clock and a source of ids.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The function's variables, as template.yaml declares them.
    pub variables: Variables,
    /// How AWS is reached.
    pub sdk: SdkConfig,
    /// Where time comes from.
    pub clock: Clock,
    /// Where ids come from.
    pub ids: Ids,
}

impl Environment {
    /// The environment of a function that runs on Lambda. Only a `main.rs` calls it.
    pub fn on_lambda(variables: impl Iterator<Item = (String, String)>) -> Result<Self, BadVariable> {
        let clock = Clock::system();
        let ids = Ids::random(clock.clone());
        Self::new(Variables(variables.collect()), None, clock, ids)
    }

    /// An environment with these variables, among them those by which Lambda tells a function
    /// its region and credentials
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>).
    ///
    /// Credentials stay the same for as long as the function runs, so the SDK's chain of
    /// providers, which knows how to ask for others, is left out: it is megabytes of program.
    ///
    /// # Errors
    /// When one of those is missing.
    pub fn new(
        variables: Variables,
        http_client: Option<SharedHttpClient>,
        clock: Clock,
        ids: Ids,
    ) -> Result<Self, BadVariable> {
        let credentials = Credentials::new(
            variables.read::<String>("AWS_ACCESS_KEY_ID")?,
            variables.read::<String>("AWS_SECRET_ACCESS_KEY")?,
            variables.0.get("AWS_SESSION_TOKEN").cloned(),
            None,
            "environment",
        );
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(variables.read::<String>("AWS_REGION")?))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .service_config(variables.clone());
        sdk.set_http_client(http_client);
        Ok(Self { variables, sdk: sdk.build(), clock, ids })
    }
}

/// The variables of a function.
#[derive(Clone, Default)]
pub struct Variables(pub HashMap<String, String>);

impl Variables {
    /// A variable's value.
    ///
    /// # Errors
    /// When it is missing or cannot be read: the deployment is wrong, and says so at start.
    pub fn read<T: FromStr>(&self, name: &'static str) -> Result<T, BadVariable> {
        self.0.get(name).and_then(|value| value.parse().ok()).ok_or(BadVariable(name))
    }
}

/// Lets `AWS_ENDPOINT_URL_DYNAMODB` and the like say where a service is
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
impl LoadServiceConfig for Variables {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_ascii_uppercase().replace(' ', "_");
        self.0.get(&format!("{}_{service}", key.env())).filter(|value| !value.is_empty()).cloned()
    }
}

/// Shows only the names: among the values are credentials.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A variable is missing or cannot be read.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the environment variable {0} is missing or wrong")]
pub struct BadVariable(pub &'static str);

/// What every operation needs: the table, where pictures are, the time, and ids.
#[derive(Clone)]
pub struct App {
    /// The table.
    pub store: Store,
    /// Where people's pictures are seen.
    pub pictures: PictureUrls,
    /// Where time comes from.
    pub clock: Clock,
    /// Where ids come from.
    pub ids: Ids,
}

impl App {
    /// From an environment, whose `TABLE_NAME` says which table and whose `MEDIA_URL` where
    /// pictures are.
    pub fn new(environment: &Environment) -> Result<Self, BadVariable> {
        let table: String = environment.variables.read("TABLE_NAME")?;
        Ok(Self {
            store: Store::new(&environment.sdk, &table, environment.clock.clone()),
            pictures: PictureUrls::new(environment.variables.read("MEDIA_URL")?),
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
