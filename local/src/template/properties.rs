//! Resources' properties as the template spells them, as far as they matter here.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Cors;
use super::source::DestinationProperties;
use crate::s3::CorsRule;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FunctionProperties {
    #[serde(default)]
    pub(super) environment: EnvironmentProperties,
    pub(super) timeout: Option<u64>,
    pub(super) role: Option<String>,
    pub(super) reserved_concurrent_executions: Option<Value>,
    pub(super) event_invoke_config: Option<EventInvokeProperties>,
    #[serde(default)]
    pub(super) events: BTreeMap<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EventInvokeProperties {
    pub(super) maximum_retry_attempts: Option<u32>,
    pub(super) destination_config: Option<DestinationProperties>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BucketProperties {
    pub(super) bucket_name: Option<String>,
    pub(super) cors_configuration: Option<BucketCorsProperties>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BucketCorsProperties {
    pub(super) cors_rules: Vec<CorsRule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DistributionProperties {
    pub(super) distribution_config: DistributionConfigProperties,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DistributionConfigProperties {
    pub(super) origins: Vec<OriginProperties>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OriginProperties {
    pub(super) domain_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EnvironmentProperties {
    pub(super) variables: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ApiProperties {
    #[serde(default)]
    pub(super) auth: AuthProperties,
    pub(super) cors_configuration: Option<Cors>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AuthProperties {
    pub(super) default_authorizer: Option<String>,
    #[serde(default)]
    pub(super) authorizers: HashMap<String, AuthorizerProperties>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AuthorizerProperties {
    pub(super) function_arn: String,
    pub(super) authorizer_payload_format_version: String,
    #[serde(default)]
    pub(super) enable_simple_responses: bool,
    pub(super) identity: IdentityProperties,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct IdentityProperties {
    pub(super) headers: Vec<String>,
    pub(super) reauthorize_every: Option<u64>,
}
