//! What a mapping's filters want, as Lambda documents it
//! (<https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>).
//!
//! A pattern has the shape of the record. Its leaves are lists of rules, of which one must hold;
//! of its fields all must. A rule that is not documented for Lambda is an error, and so is
//! `numeric` on a number of DynamoDB's: those are texts in a record, so it would never hold
//! (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html>).

use serde_json::{Map, Value};

/// A pattern that records are held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern(Vec<Condition>);

/// What a pattern asks of an object; all that it asks must hold.
#[derive(Clone, Debug, PartialEq)]
enum Condition {
    /// Of the field of this name.
    Field(String, Wish),
    /// `$or`: that one of these fits.
    Or(Vec<Pattern>),
}

/// What is asked of a field.
#[derive(Clone, Debug, PartialEq)]
enum Wish {
    /// That the object in it fits.
    Object(Pattern),
    /// That one of these holds for the value in it.
    OneOf(Vec<Rule>),
}

/// A rule for a value.
#[derive(Clone, Debug, PartialEq)]
enum Rule {
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
    AnythingBut(Vec<Value>),
    Exists(bool),
    /// All of these comparisons.
    Numeric(Vec<(Comparison, f64)>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Pattern {
    /// Reads a pattern's JSON text.
    ///
    /// # Errors
    /// One sentence that says what Lambda or the local stack would not understand.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        let object = value.as_object().ok_or("a pattern is an object")?;
        Self::read("", object)
    }

    /// Whether a record is wanted.
    #[must_use]
    pub fn matches(&self, record: &Value) -> bool {
        self.fits(Some(record))
    }

    fn read(place: &str, object: &Map<String, Value>) -> Result<Self, String> {
        if object.is_empty() {
            return Err(format!("{place:?} asks for nothing"));
        }
        object.iter().map(|(name, value)| Condition::read(name, value)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether this object fits. One that is not there can, if nothing else is asked of it.
    fn fits(&self, object: Option<&Value>) -> bool {
        if let Some(Value::Array(items)) = object {
            return items.iter().any(|item| self.fits(Some(item)));
        }
        self.0.iter().all(|condition| match condition {
            Condition::Field(name, wish) => wish.fits(object.and_then(|object| object.get(name))),
            Condition::Or(patterns) => patterns.iter().any(|pattern| pattern.fits(object)),
        })
    }
}

impl Condition {
    fn read(name: &str, value: &Value) -> Result<Self, String> {
        match value {
            Value::Array(patterns) if name == "$or" => {
                let pattern = |pattern: &Value| {
                    let object = pattern.as_object().ok_or("$or is a list of patterns")?;
                    Pattern::read(name, object)
                };
                patterns.iter().map(pattern).collect::<Result<_, _>>().map(Self::Or)
            }
            Value::Array(rules) if rules.is_empty() => Err(format!("{name:?} allows nothing")),
            Value::Array(rules) => {
                let rules: Vec<_> = rules.iter().map(Rule::read).collect::<Result<_, _>>()?;
                if name == "N" && rules.iter().any(Rule::is_about_a_number) {
                    return Err(
                        "a number of DynamoDB's is a text in the record: compare it with texts".into()
                    );
                }
                Ok(Self::Field(name.to_owned(), Wish::OneOf(rules)))
            }
            Value::Object(object) => {
                Ok(Self::Field(name.to_owned(), Wish::Object(Pattern::read(name, object)?)))
            }
            _ => Err(format!("{name:?} must be an object or a list")),
        }
    }
}

impl Wish {
    fn fits(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Object(pattern) => pattern.fits(value),
            Self::OneOf(rules) => rules.iter().any(|rule| rule.holds(value)),
        }
    }
}

impl Rule {
    fn read(rule: &Value) -> Result<Self, String> {
        let object = match rule {
            Value::Object(object) => object,
            Value::Array(_) => return Err("a list within a list is no rule".into()),
            scalar => return Ok(Self::Equals(scalar.clone())),
        };
        let wrong = || format!("the rule {rule} is not understood");
        let mut members = object.iter();
        let (Some((name, value)), None) = (members.next(), members.next()) else { return Err(wrong()) };
        let text = || value.as_str().map(str::to_owned).ok_or_else(wrong);
        match (name.as_str(), value) {
            ("prefix", _) => text().map(Self::Prefix),
            ("suffix", _) => text().map(Self::Suffix),
            ("equals-ignore-case", _) => text().map(|text| Self::EqualsIgnoreCase(text.to_lowercase())),
            ("exists", Value::Bool(exists)) => Ok(Self::Exists(*exists)),
            ("anything-but", Value::Array(values))
                if !values.is_empty()
                    && values.iter().all(|value| value.is_string() || value.is_number()) =>
            {
                Ok(Self::AnythingBut(values.clone()))
            }
            ("anything-but", Value::String(_) | Value::Number(_)) => {
                Ok(Self::AnythingBut(vec![value.clone()]))
            }
            ("numeric", Value::Array(parts)) if matches!(parts.len(), 2 | 4) => {
                let comparison = |pair: &[Value]| match pair {
                    [operator, number] => {
                        let operator = Comparison::read(operator.as_str().unwrap_or_default());
                        Some((operator?, number.as_f64()?))
                    }
                    _ => None,
                };
                let comparisons: Option<_> = parts.chunks(2).map(comparison).collect();
                comparisons.map(Self::Numeric).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }

    fn is_about_a_number(&self) -> bool {
        match self {
            Self::Numeric(_) => true,
            Self::Equals(value) => value.is_number(),
            Self::AnythingBut(values) => values.iter().any(Value::is_number),
            _ => false,
        }
    }

    /// Whether it holds for this value; for a list, whether it does for something in it.
    fn holds(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists(exists), value) => *exists == value.is_some_and(is_leaf),
            (_, None) => false,
            (Self::AnythingBut(values), Some(value)) => {
                is_leaf(value) && each(value).all(|value| !values.contains(value))
            }
            (rule, Some(value)) => each(value).any(|value| rule.holds_for(value)),
        }
    }

    fn holds_for(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Equals(wanted) => wanted == value,
            Self::EqualsIgnoreCase(wanted) => text.is_some_and(|text| text.to_lowercase() == *wanted),
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::Numeric(comparisons) => value.as_f64().is_some_and(|number| {
                comparisons.iter().all(|(comparison, bound)| comparison.holds(number, *bound))
            }),
            // They are about more than one value.
            Self::AnythingBut(_) | Self::Exists(_) => false,
        }
    }
}

impl Comparison {
    fn read(operator: &str) -> Option<Self> {
        Some(match operator {
            "=" => Self::Equal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    #[expect(clippy::float_cmp, reason = "a pattern's number is meant exactly")]
    fn holds(self, number: f64, bound: f64) -> bool {
        match self {
            Self::Equal => number == bound,
            Self::Less => number < bound,
            Self::LessOrEqual => number <= bound,
            Self::Greater => number > bound,
            Self::GreaterOrEqual => number >= bound,
        }
    }
}

/// Whether rules apply to a value: of objects nothing is said but through their fields, so
/// `exists` is only true of what is in them.
fn is_leaf(value: &Value) -> bool {
    !value.is_object()
}

/// The values of a list, or the one.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(values) => values.iter(),
        value => std::slice::from_ref(value).iter(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> Value {
        json!({
            "eventName": "MODIFY",
            "userIdentity": { "type": "Service", "principalId": "dynamodb.amazonaws.com" },
            "dynamodb": {
                "SizeBytes": 120,
                "Keys": { "PK": { "S": "USER#1#POSTS" }, "SK": { "S": "POST#2" } },
                "NewImage": {
                    "text": { "S": "" },
                    "likes": { "N": "12" },
                    "gone": { "NULL": true },
                    "tags": { "SS": ["one", "two"] },
                    "list": { "L": [{ "S": "first" }, { "N": "2" }] },
                    "map": { "M": { "inner": { "S": "Deep" } } },
                },
            },
        })
    }

    #[track_caller]
    fn matches(pattern: &Value) -> bool {
        Pattern::parse(&pattern.to_string()).unwrap().matches(&record())
    }

    /// Whether a rule holds for an attribute of the new image.
    #[track_caller]
    fn image(attribute: &str, kind: &str, rule: Value) -> bool {
        let rule = if rule.is_array() { rule } else { json!([rule]) };
        matches(&json!({ "dynamodb": { "NewImage": { attribute: { kind: rule } } } }))
    }

    #[test]
    fn all_fields_must_fit_and_one_of_a_fields_rules() {
        assert!(matches(&json!({ "eventName": ["INSERT", "MODIFY"] })));
        assert!(!matches(&json!({ "eventName": ["INSERT", "REMOVE"] })));
        let both = |sk: &str| json!({ "eventName": ["MODIFY"], "dynamodb": { "Keys": { "SK": { "S": [{ "prefix": sk }] } } } });
        assert!(matches(&both("POST#")));
        assert!(!matches(&both("COMMENT#")));
        assert!(matches(&json!({ "userIdentity": { "type": ["Service"] } })), "what expired");
    }

    #[test]
    fn texts_are_compared_whole_by_their_ends_and_without_case() {
        let key = |rule: Value| matches(&json!({ "dynamodb": { "Keys": { "PK": { "S": [rule] } } } }));
        assert!(key(json!("USER#1#POSTS")) && !key(json!("USER#1")));
        assert!(key(json!({ "prefix": "USER#" })) && !key(json!({ "prefix": "user#" })));
        assert!(key(json!({ "suffix": "#POSTS" })) && !key(json!({ "suffix": "#FEED" })));
        assert!(key(json!({ "equals-ignore-case": "user#1#Posts" })));
        assert!(key(json!({ "anything-but": ["A", "B"] })) && key(json!({ "anything-but": "A" })));
        assert!(!key(json!({ "anything-but": ["A", "USER#1#POSTS"] })));
        assert!(image("text", "S", json!("")), "an empty text is a text");
    }

    #[test]
    fn what_is_missing_only_fits_where_that_is_asked_for() {
        assert!(image("likes", "N", json!({ "exists": true })));
        assert!(!image("likes", "N", json!({ "exists": false })));
        assert!(image("nothing", "S", json!({ "exists": false })));
        assert!(!image("nothing", "S", json!({ "anything-but": "x" })));
        assert!(matches(&json!({ "dynamodb": { "OldImage": { "a": { "S": [{ "exists": false }] } } } })));
        let branch = json!({ "dynamodb": { "NewImage": [{ "exists": true }] } });
        assert!(!matches(&branch), "only leaves exist, as AWS documents it");
    }

    #[test]
    fn numbers_are_compared_where_the_record_has_numbers() {
        let size = |rule: Value| matches(&json!({ "dynamodb": { "SizeBytes": [rule] } }));
        assert!(size(json!(120)) && size(json!({ "numeric": ["=", 120] })));
        assert!(size(json!({ "numeric": [">", 100, "<=", 120] })));
        assert!(!size(json!({ "numeric": ["<", 120] })) && size(json!({ "numeric": [">=", 120] })));
        assert!(image("likes", "N", json!("12")), "a number of DynamoDB's is a text");
    }

    #[test]
    fn truth_values_lists_and_maps_are_looked_into() {
        assert!(image("gone", "NULL", json!(true)));
        assert!(image("tags", "SS", json!("two")) && !image("tags", "SS", json!("three")));
        assert!(!image("tags", "SS", json!({ "anything-but": "two" })));
        let list = json!({ "dynamodb": { "NewImage": { "list": { "L": { "S": ["first"] } } } } });
        assert!(matches(&list));
        let map = json!({ "dynamodb": { "NewImage": { "map": { "M": { "inner": { "S": ["Deep"] } } } } } });
        assert!(matches(&map));
    }

    #[test]
    fn one_of_several_fields_may_fit() {
        let or =
            |name: &str| json!({ "$or": [{ "eventName": [name] }, { "dynamodb": { "SizeBytes": [1] } }] });
        assert!(matches(&or("MODIFY")) && !matches(&or("INSERT")));
        let within = json!({ "dynamodb": { "Keys": { "$or": [{ "PK": { "S": ["x"] } }, { "SK": { "S": ["POST#2"] } }] } } });
        assert!(matches(&within));
    }

    #[test]
    fn what_lambda_would_not_understand_is_an_error() {
        for bad in [
            "",
            "[]",
            "{}",
            r#"{"a": 1}"#,
            r#"{"a": "x"}"#,
            r#"{"a": []}"#,
            r#"{"a": [["x"]]}"#,
            r#"{"a": {}}"#,
            r#"{"a": [{"wildcard": "x*"}]}"#,
            r#"{"a": [{"cidr": "10.0.0.0/8"}]}"#,
            r#"{"a": [{"prefix": 1}]}"#,
            r#"{"a": [{"prefix": "x", "suffix": "y"}]}"#,
            r#"{"a": [{"exists": "true"}]}"#,
            r#"{"a": [{"anything-but": {"prefix": "x"}}]}"#,
            r#"{"a": [{"numeric": [">"]}]}"#,
            r#"{"a": [{"numeric": ["~", 1]}]}"#,
            r#"{"$or": [1]}"#,
            r#"{"n": {"N": [{"numeric": ["=", 1]}]}}"#,
            r#"{"n": {"N": [1]}}"#,
        ] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
