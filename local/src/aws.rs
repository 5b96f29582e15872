//! How AWS is reached from here: by the functions, and by this program itself.

use std::collections::HashMap;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_types::SdkConfig;
use shared::Environment;
use shared::clock::Clock;
use shared::environment::{BadVariable, Variables};
use shared::ids::Ids;

use crate::dynamodb::Embedded;
use crate::s3::AccessKey;

/// What Lambda would tell a function of its region and credentials. With credentials the SDK
/// does not ask this machine for an instance's.
const DEFAULTS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_REGION", "us-east-1")];

/// Where services are, and with which credentials.
#[derive(Clone, Debug)]
pub struct Aws {
    variables: HashMap<String, String>,
    http_client: Option<SharedHttpClient>,
    clock: Clock,
    ids: Ids,
}

impl Aws {
    /// DynamoDB and S3 at these endpoints. What is `given` has Lambda's variables for other
    /// credentials or another region, for services elsewhere.
    #[must_use]
    pub fn new(
        (dynamodb, s3): (&str, &str),
        given: &HashMap<String, String>,
        http_client: Option<SharedHttpClient>,
        (clock, ids): (Clock, Ids),
    ) -> Self {
        let mut variables: HashMap<_, _> =
            DEFAULTS.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        // A table's stream is where the table is, unless somebody says otherwise.
        variables.insert("AWS_ENDPOINT_URL_DYNAMODB_STREAMS".into(), dynamodb.into());
        variables.extend(given.clone());
        variables.insert("AWS_ENDPOINT_URL_DYNAMODB".into(), dynamodb.into());
        variables.insert("AWS_ENDPOINT_URL_S3".into(), s3.into());
        // The SDK's own client, which loads the machine's certificates, is needed for TLS only.
        let plain = || {
            let tls = [dynamodb, s3].iter().any(|endpoint| endpoint.starts_with("https:"));
            (!tls).then(plain_http_client)
        };
        Self { variables, http_client: http_client.or_else(plain), clock, ids }
    }

    /// The same, watched for writes to the embedded DynamoDB.
    #[must_use]
    pub fn watched_by(mut self, dynamodb: &Embedded) -> Self {
        self.http_client = self.http_client.map(|client| dynamodb.watch(client));
        self
    }

    /// The environment of a function with these variables of its own.
    pub fn environment(&self, own: &HashMap<String, String>) -> Result<Environment, BadVariable> {
        let mut variables = self.variables.clone();
        variables.extend(own.clone());
        let (http_client, clock) = (self.http_client.clone(), self.clock.clone());
        Environment::new(Variables(variables), http_client, clock, self.ids.clone())
    }

    /// The same for this program itself.
    pub fn sdk(&self) -> Result<SdkConfig, BadVariable> {
        self.environment(&HashMap::new()).map(|environment| environment.sdk)
    }

    /// What calls are signed with.
    #[must_use]
    pub fn access_key(&self) -> AccessKey {
        let variable = |name| self.variables.get(name).cloned().unwrap_or_default();
        AccessKey { id: variable("AWS_ACCESS_KEY_ID"), secret: variable("AWS_SECRET_ACCESS_KEY") }
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }
}

/// A client without TLS, for what is on this machine.
#[must_use]
pub fn plain_http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().build_http()
}
