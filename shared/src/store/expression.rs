//! Conditions and updates as data, rendered for DynamoDB.
//!
//! Every name and value becomes a placeholder, so that no reserved word matters and nothing a
//! person sent is ever part of an expression.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;

use super::row::{Attributes, to_attribute};
use super::{TTL, WRITE_ID};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::ids::WriteId;
use crate::keys::{GSI1PK, GSI1SK, IndexKey, Key, PK};

/// What must hold of an item for a write to happen.
#[derive(Debug)]
pub enum Condition {
    /// There is an item.
    Exists,
    /// There is none.
    Absent,
    /// There is none, or one whose time was over then.
    AbsentOrExpired(Timestamp),
    /// The attribute has this value.
    Equals(&'static str, AttributeValue),
    /// The attribute has one of these values, of which there are 1 to 100.
    OneOf(&'static str, Vec<AttributeValue>),
    /// The attribute is smaller than this, or absent.
    BelowOrUnset(&'static str, AttributeValue),
    /// The last write was this one.
    WrittenBy(WriteId),
    /// This write has not been made yet.
    NotWritten(WriteId),
    /// All of them hold.
    All(Vec<Condition>),
}

impl Condition {
    /// The attribute has this value.
    pub fn equals(name: &'static str, value: impl Serialize) -> Result<Self> {
        Ok(Self::Equals(name, to_attribute(value)?))
    }

    /// The attribute has one of these values; of more than 100, one of the first 100.
    pub fn one_of(name: &'static str, values: &[impl Serialize]) -> Result<Self> {
        let values = values.iter().take(100).map(to_attribute).collect::<Result<_>>()?;
        Ok(Self::OneOf(name, values))
    }

    /// The number is smaller than this, or absent.
    pub fn below_or_unset(name: &'static str, limit: impl Serialize) -> Result<Self> {
        Ok(Self::BelowOrUnset(name, to_attribute(limit)?))
    }

    fn render(&self, expression: &mut Expression) -> String {
        match self {
            Self::Exists => format!("attribute_exists({})", expression.name(PK)),
            Self::Absent => format!("attribute_not_exists({})", expression.name(PK)),
            Self::AbsentOrExpired(now) => {
                let (key, ttl) = (expression.name(PK), expression.name(TTL));
                let now = expression.value(AttributeValue::N(now.epoch_seconds().to_string()));
                format!("(attribute_not_exists({key}) OR {ttl} <= {now})")
            }
            Self::Equals(name, value) => {
                format!("{} = {}", expression.name(name), expression.value(value.clone()))
            }
            Self::OneOf(name, values) => {
                let values: Vec<_> = values.iter().map(|value| expression.value(value.clone())).collect();
                format!("{} IN ({})", expression.name(name), values.join(", "))
            }
            Self::BelowOrUnset(name, limit) => {
                let (name, limit) = (expression.name(name), expression.value(limit.clone()));
                format!("(attribute_not_exists({name}) OR {name} < {limit})")
            }
            Self::WrittenBy(id) => {
                let id = expression.value(AttributeValue::S(id.as_str().to_owned()));
                format!("{} = {id}", expression.name(WRITE_ID))
            }
            Self::NotWritten(id) => {
                let name = expression.name(WRITE_ID);
                let id = expression.value(AttributeValue::S(id.as_str().to_owned()));
                format!("(attribute_not_exists({name}) OR {name} <> {id})")
            }
            Self::All(conditions) => {
                let parts: Vec<_> = conditions.iter().map(|part| part.render(expression)).collect();
                parts.join(" AND ")
            }
        }
    }
}

/// A change to some attributes of one item.
#[derive(Debug)]
pub struct Update {
    pub(super) key: Key,
    actions: Vec<Action>,
    conditions: Vec<Condition>,
    creating: bool,
    failure: Option<Error>,
}

#[derive(Debug)]
enum Action {
    Set(&'static str, AttributeValue),
    Increment(&'static str),
    Decrement(&'static str),
    Copy(&'static str, &'static str),
    Remove(&'static str),
}

impl Update {
    /// A change to the item at `key`, which must exist.
    #[must_use]
    pub fn of(key: Key) -> Self {
        Self { key, actions: Vec::new(), conditions: Vec::new(), creating: false, failure: None }
    }

    /// Makes the item if there is none.
    #[must_use]
    pub fn creating(mut self) -> Self {
        self.creating = true;
        self
    }

    /// Sets an attribute.
    #[must_use]
    pub fn set(mut self, name: &'static str, value: impl Serialize) -> Self {
        match to_attribute(value) {
            Ok(value) => self.actions.push(Action::Set(name, value)),
            Err(error) => self.failure = Some(error),
        }
        self
    }

    /// Sets an attribute, if there is a value to set it to.
    #[must_use]
    pub fn set_some(self, name: &'static str, value: Option<impl Serialize>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Moves the item to this place in the index.
    #[must_use]
    pub fn indexed(self, place: IndexKey) -> Self {
        self.set(GSI1PK, place.pk).set(GSI1SK, place.sk)
    }

    /// Sets when the item expires.
    #[must_use]
    pub fn expire_at(self, time: Timestamp) -> Self {
        self.set(TTL, time.epoch_seconds())
    }

    /// Adds one to a number, which counts from 0 if it is not there.
    ///
    /// Safe to repeat, as the write id is part of every update's condition.
    #[must_use]
    pub fn increment(mut self, name: &'static str) -> Self {
        self.actions.push(Action::Increment(name));
        self
    }

    /// Takes one from a number, which must be there.
    #[must_use]
    pub fn decrement(mut self, name: &'static str) -> Self {
        self.actions.push(Action::Decrement(name));
        self
    }

    /// Sets a number to what another one was before, 0 if that is not there.
    #[must_use]
    pub fn copy(mut self, to: &'static str, from: &'static str) -> Self {
        self.actions.push(Action::Copy(to, from));
        self
    }

    /// Takes an attribute away.
    #[must_use]
    pub fn remove(mut self, name: &'static str) -> Self {
        self.actions.push(Action::Remove(name));
        self
    }

    /// Happens only if this holds as well.
    #[must_use]
    pub fn when(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// The update as DynamoDB takes it: the key and its three expressions.
    pub(super) fn render(self, id: &WriteId) -> Result<(Key, String, Rendered)> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let mut conditions = self.conditions;
        if !self.creating {
            conditions.push(Condition::Exists);
        }
        conditions.push(Condition::NotWritten(id.clone()));

        let mut expression = Expression::default();
        let condition = Condition::All(conditions).render(&mut expression);
        let (mut sets, mut removes) = (Vec::new(), Vec::new());
        for action in self.actions {
            match action {
                Action::Set(name, value) => {
                    sets.push(format!("{} = {}", expression.name(name), expression.value(value)));
                }
                Action::Increment(name) => {
                    let name = expression.name(name);
                    let zero = expression.value(AttributeValue::N("0".into()));
                    let one = expression.value(AttributeValue::N("1".into()));
                    sets.push(format!("{name} = if_not_exists({name}, {zero}) + {one}"));
                }
                Action::Decrement(name) => {
                    let name = expression.name(name);
                    let one = expression.value(AttributeValue::N("1".into()));
                    sets.push(format!("{name} = {name} - {one}"));
                }
                Action::Copy(to, from) => {
                    let (to, from) = (expression.name(to), expression.name(from));
                    let zero = expression.value(AttributeValue::N("0".into()));
                    sets.push(format!("{to} = if_not_exists({from}, {zero})"));
                }
                Action::Remove(name) => removes.push(expression.name(name)),
            }
        }
        let mark = expression.value(AttributeValue::S(id.as_str().to_owned()));
        sets.push(format!("{} = {mark}", expression.name(WRITE_ID)));
        let mut update = format!("SET {}", sets.join(", "));
        if !removes.is_empty() {
            update.push_str(" REMOVE ");
            update.push_str(&removes.join(", "));
        }
        Ok((self.key, update, expression.rendered(condition)))
    }
}

/// A condition as DynamoDB takes it, with the placeholders of everything rendered with it.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) condition: String,
    pub(super) names: HashMap<String, String>,
    pub(super) values: Option<Attributes>,
}

/// A condition on its own.
pub(super) fn render(condition: &Condition) -> Rendered {
    let mut expression = Expression::default();
    let text = condition.render(&mut expression);
    expression.rendered(text)
}

/// Placeholders given out so far.
#[derive(Debug, Default)]
struct Expression {
    names: HashMap<String, String>,
    values: Attributes,
}

impl Expression {
    fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    fn rendered(self, condition: String) -> Rendered {
        let values = (!self.values.is_empty()).then_some(self.values);
        Rendered { condition, names: self.names, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ids::Ids;

    #[test]
    fn an_update_needs_its_item_and_is_made_once() {
        let id = Ids::from_source(Clock::system(), |bytes| bytes.fill(0)).write_id();
        let key = Key { pk: "a".into(), sk: "b".into() };
        let update = Update::of(key).set("name", "x").increment("version").remove("status");
        let (_, text, rendered) = update.render(&id).unwrap();
        assert_eq!(
            text,
            "SET #name = :v1, #version = if_not_exists(#version, :v2) + :v3, #writeId = :v4 REMOVE #status"
        );
        assert_eq!(
            rendered.condition,
            "attribute_exists(#PK) AND (attribute_not_exists(#writeId) OR #writeId <> :v0)"
        );
    }
}
