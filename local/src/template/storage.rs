//! Where data is: tables, and buckets.

use serde_json::Value;

use super::properties::{BucketProperties, DistributionProperties};
use super::{TemplateError, intrinsics, logical_id_of_arn, read};
use crate::s3::CorsRule;

/// An `AWS::DynamoDB::Table`.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its properties as DynamoDB's own API takes them.
    pub properties: Value,
    /// The attribute after whose time an item goes.
    pub ttl_attribute: Option<String>,
}

/// An `AWS::S3::Bucket`.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What pages of other origins may do, by the first rule that fits.
    pub cors: Vec<CorsRule>,
}

impl Table {
    pub(super) fn read(id: &str, mut properties: Value) -> Self {
        let name =
            properties["TableName"].as_str().map_or_else(|| intrinsics::physical_id(id), str::to_owned);
        let ttl = properties["TimeToLiveSpecification"]["AttributeName"].as_str().map(str::to_owned);
        properties["TableName"] = name.clone().into();
        Self { name, properties, ttl_attribute: ttl }
    }
}

impl Bucket {
    pub(super) fn read(id: &str, properties: Value) -> Result<Self, TemplateError> {
        let properties: BucketProperties = read(id, properties)?;
        Ok(Self {
            name: properties.bucket_name.unwrap_or_else(|| intrinsics::bucket_name(id)),
            cors: properties.cors_configuration.map(|cors| cors.cors_rules).unwrap_or_default(),
        })
    }
}

/// The logical id of the bucket that an `AWS::CloudFront::Distribution` shows.
pub(super) fn origin(id: &str, properties: Value) -> Result<String, TemplateError> {
    let properties: DistributionProperties = read(id, properties)?;
    match properties.distribution_config.origins.as_slice() {
        [origin] => Ok(logical_id_of_arn(&origin.domain_name).to_owned()),
        _ => Err(TemplateError::wrong(id, "the local stack serves distributions of one origin")),
    }
}
