//! What the storage takes by itself, to compare with.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem};
use futures_util::future::try_join_all;
use local::Stack;

use crate::Failure;

/// How many transactions a second the storage takes, each of two items that are new and a condition
/// on a third, as a message is; so many at once, each in a partition of its own.
pub(crate) async fn transactions(stack: &Stack, at_once: usize, time: Duration) -> Result<f64, Failure> {
    let client = Client::new(stack.sdk());
    let tables = client.list_tables().send().await?;
    let table = tables.table_names().first().ok_or("there is no table")?;
    let started = Instant::now();
    let writers = (0..at_once).map(|writer| {
        let (client, table) = (client.clone(), table.clone());
        async move {
            let mut written = 0_u32;
            while started.elapsed() < time {
                let message = put(&table, writer, &format!("MESSAGE {written}"))?;
                let marker = put(&table, writer, &format!("SENT {written}"))?;
                let check = check(&table, writer)?;
                let items = vec![message, marker, check];
                client.transact_write_items().set_transact_items(Some(items)).send().await?;
                written += 1;
            }
            Ok::<_, Failure>(written)
        }
    });
    let written: u32 = try_join_all(writers).await?.into_iter().sum();
    Ok(f64::from(written) / started.elapsed().as_secs_f64())
}

fn put(table: &str, writer: usize, name: &str) -> Result<TransactWriteItem, Failure> {
    let put = Put::builder()
        .table_name(table)
        .item("PK", AttributeValue::S(format!("BENCH#{writer}")))
        .item("SK", AttributeValue::S(name.into()))
        .item("text", AttributeValue::S("What is the use of a book without conversations?".into()))
        .condition_expression("attribute_not_exists(PK)");
    Ok(TransactWriteItem::builder().put(put.build()?).build())
}

fn check(table: &str, writer: usize) -> Result<TransactWriteItem, Failure> {
    let check = ConditionCheck::builder()
        .table_name(table)
        .key("PK", AttributeValue::S(format!("BENCH#{writer}")))
        .key("SK", AttributeValue::S("RELATION".into()))
        .condition_expression("attribute_not_exists(PK)");
    Ok(TransactWriteItem::builder().condition_check(check.build()?).build())
}
