//! Creating the template's tables, wherever DynamoDB is.

use std::error::Error;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters as _;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, Projection,
    StreamSpecification, TimeToLiveSpecification, TimeToLiveStatus,
};
use serde_json::Value;

use crate::template::Table;

/// How long a table may take to be there.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// Creates a table as the template declares it, unless there is one of its name.
///
/// One whose items expire as declared is not described, which takes the embedded DynamoDB seconds if
/// it is large, as it counts all of its items for that.
pub async fn create(client: &Client, table: &Table) -> Result<(), String> {
    if is_complete(client, table).await {
        return Ok(());
    }
    let properties = &table.properties;
    let mut request = client
        .create_table()
        .table_name(&table.name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(key_schema(&properties["KeySchema"])?));
    for definition in list(&properties["AttributeDefinitions"]) {
        let definition = AttributeDefinition::builder()
            .attribute_name(text(&definition["AttributeName"]))
            .attribute_type(text(&definition["AttributeType"]).into());
        request = request.attribute_definitions(definition.build().map_err(|error| error.to_string())?);
    }
    for index in list(&properties["GlobalSecondaryIndexes"]) {
        let projection =
            Projection::builder().projection_type(text(&index["Projection"]["ProjectionType"]).into());
        let index = GlobalSecondaryIndex::builder()
            .index_name(text(&index["IndexName"]))
            .set_key_schema(Some(key_schema(&index["KeySchema"])?))
            .projection(projection.build());
        request = request.global_secondary_indexes(index.build().map_err(|error| error.to_string())?);
    }
    if let Some(view) = properties["StreamSpecification"]["StreamViewType"].as_str() {
        let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(view.into());
        request = request.stream_specification(stream.build().map_err(|error| error.to_string())?);
    }
    match request.send().await {
        Ok(_) => {}
        Err(error) if error.code() == Some("ResourceInUseException") => {}
        Err(error) => return Err(root(&error)),
    }
    let exists = client.wait_until_table_exists().table_name(&table.name).wait(READY_WITHIN).await;
    exists.map_err(|error| root(&error))?;
    if let Some(attribute) = &table.ttl_attribute {
        let ttl = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true);
        let ttl = ttl.build().map_err(|error| error.to_string())?;
        let request = client.update_time_to_live().table_name(&table.name).time_to_live_specification(ttl);
        match request.send().await {
            // DynamoDB says so of a table that has it already.
            Err(error) if error.code() != Some("ValidationException") => {
                return Err(root(&error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether there is a table of this name, whose items expire as is declared: that comes last when one
/// is made.
async fn is_complete(client: &Client, table: &Table) -> bool {
    let Some(attribute) = &table.ttl_attribute else { return false };
    let described = client.describe_time_to_live().table_name(&table.name).send().await;
    // What is wrong, if something is, whoever creates it will find.
    let ttl = described.ok().and_then(|described| described.time_to_live_description);
    ttl.is_some_and(|ttl| {
        ttl.time_to_live_status == Some(TimeToLiveStatus::Enabled)
            && ttl.attribute_name.as_ref() == Some(attribute)
    })
}

/// The cause of all causes, which is what a person can do something about.
pub(crate) fn root(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn key_schema(value: &Value) -> Result<Vec<KeySchemaElement>, String> {
    let element = |element: &Value| {
        KeySchemaElement::builder()
            .attribute_name(text(&element["AttributeName"]))
            .key_type(text(&element["KeyType"]).into())
            .build()
            .map_err(|error| error.to_string())
    };
    list(value).iter().map(element).collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
