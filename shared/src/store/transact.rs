//! Several writes, all or none.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put as SdkPut, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update as SdkUpdate,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::expression::{Rendered, render};
use super::row::key_attributes;
use super::write::{Written, judge, split};
use super::{Condition, Put, Row, Store, Update, retry};
use crate::error::{Error, Result};
use crate::ids::WriteId;
use crate::keys::Key;

/// Writes that happen together or not at all. At most 100 of them; each costs double.
#[derive(Debug)]
pub struct Transaction {
    id: WriteId,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Put(Put),
    Update(Update),
    Delete(Key, Option<Condition>),
    Check(Key, Condition),
}

/// Which parts' conditions did not hold, by their place, and the items that stood against them.
#[derive(Debug)]
pub struct Refusals(Vec<Option<Against>>);

/// What stood against a part: an item, or that there is none.
#[derive(Debug)]
struct Against(Option<Row>);

impl Refusals {
    /// Whether the part at this place (from 0, in the order added) was refused.
    #[must_use]
    pub fn of(&self, place: usize) -> bool {
        self.0.get(place).is_some_and(Option::is_some)
    }

    /// The item that the part at this place was refused because of, if there was one.
    #[must_use]
    pub fn item(&mut self, place: usize) -> Option<Row> {
        self.0.get_mut(place)?.as_mut()?.0.take()
    }
}

impl Transaction {
    /// No writes yet. The id is also the client token, under which DynamoDB makes the
    /// transaction once however often it is sent within 10 minutes.
    #[must_use]
    pub fn new(id: WriteId) -> Self {
        Self { id, parts: Vec::new() }
    }

    /// Adds a whole item.
    #[must_use]
    pub fn put(mut self, put: Put) -> Self {
        self.parts.push(Part::Put(put));
        self
    }

    /// Adds a change.
    #[must_use]
    pub fn update(mut self, update: Update) -> Self {
        self.parts.push(Part::Update(update));
        self
    }

    /// Adds taking an item away; there may be none.
    #[must_use]
    pub fn delete(mut self, key: Key) -> Self {
        self.parts.push(Part::Delete(key, None));
        self
    }

    /// Adds taking an item away of which this holds.
    #[must_use]
    pub fn delete_when(mut self, key: Key, condition: Condition) -> Self {
        self.parts.push(Part::Delete(key, Some(condition)));
        self
    }

    /// Adds that this must hold of an item that is not written. Costs as much as a write of it.
    #[must_use]
    pub fn check(mut self, key: Key, condition: Condition) -> Self {
        self.parts.push(Part::Check(key, condition));
        self
    }
}

impl Store {
    /// Makes all the writes, or none because some conditions did not hold.
    /// One round trip, 2 W per KB of each item.
    pub async fn transact(&self, transaction: Transaction) -> Result<Result<(), Refusals>> {
        let id = transaction.id;
        let items: Vec<_> =
            transaction.parts.into_iter().map(|part| self.item(part, &id)).collect::<Result<_>>()?;
        let send = || {
            self.client
                .transact_write_items()
                .client_request_token(id.as_str())
                .set_transact_items(Some(items.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
        };
        match retry::until_deadline_if(send, is_passing).await {
            Ok(_) => Ok(Ok(())),
            Err(failed) => match failed.into_refusal()? {
                TransactWriteItemsError::TransactionCanceledException(cancelled)
                    if cancelled.cancellation_reasons().iter().any(is_refusal) =>
                {
                    Ok(outcome(cancelled.cancellation_reasons.unwrap_or_default(), &id))
                }
                other => Err(Error::internal(other)),
            },
        }
    }

    fn item(&self, part: Part, id: &WriteId) -> Result<TransactWriteItem> {
        let on_failure = ReturnValuesOnConditionCheckFailure::AllOld;
        let item = TransactWriteItem::builder();
        let item = match part {
            Part::Put(mut put) => {
                put.mark(id);
                let (condition, names, values) = split(put.condition.as_ref().map(render));
                let put = SdkPut::builder()
                    .table_name(&*self.table)
                    .set_item(Some(put.item))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(on_failure)
                    .build();
                item.put(put.map_err(Error::internal)?)
            }
            Part::Update(update) => {
                let (key, text, Rendered { condition, names, values }) = update.render(id)?;
                let update = SdkUpdate::builder()
                    .table_name(&*self.table)
                    .set_key(Some(key_attributes(&key)))
                    .update_expression(text)
                    .condition_expression(condition)
                    .set_expression_attribute_names(Some(names))
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(on_failure)
                    .build();
                item.update(update.map_err(Error::internal)?)
            }
            Part::Delete(key, condition) => {
                let (condition, names, values) = split(condition.as_ref().map(render));
                let delete = Delete::builder()
                    .table_name(&*self.table)
                    .set_key(Some(key_attributes(&key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(on_failure);
                item.delete(delete.build().map_err(Error::internal)?)
            }
            Part::Check(key, condition) => {
                let Rendered { condition, names, values } = render(&condition);
                let check = ConditionCheck::builder()
                    .table_name(&*self.table)
                    .set_key(Some(key_attributes(&key)))
                    .condition_expression(condition)
                    .set_expression_attribute_names(Some(names))
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(on_failure)
                    .build();
                item.condition_check(check.map_err(Error::internal)?)
            }
        };
        Ok(item.build())
    }
}

/// Whether a failed transaction may succeed later: it met another one, or was throttled.
///
/// A transaction of which a condition failed as well has its answer.
fn is_passing(error: &SdkError<TransactWriteItemsError, HttpResponse>) -> bool {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let reasons = cancelled.cancellation_reasons();
            let passes = |reason: &CancellationReason| {
                matches!(
                    reason.code(),
                    Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
                )
            };
            reasons.iter().any(passes) && !reasons.iter().any(is_refusal)
        }
        _ => retry::is_passing(error),
    }
}

fn is_refusal(reason: &CancellationReason) -> bool {
    reason.code() == Some("ConditionalCheckFailed")
}

/// The refusals, unless each is this transaction's own effect: then it was made before, and
/// is being repeated after DynamoDB has forgotten its token.
fn outcome(reasons: Vec<CancellationReason>, id: &WriteId) -> Result<(), Refusals> {
    let mut own = true;
    let refusals = reasons.into_iter().map(|reason| {
        let refused = is_refusal(&reason);
        match judge(reason.item, id) {
            Written::Done(row) => refused.then_some(Against(Some(row))),
            Written::Refused(row) => {
                own &= !refused;
                refused.then_some(Against(row))
            }
        }
    });
    let refusals = Refusals(refusals.collect());
    if own { Ok(()) } else { Err(refusals) }
}
