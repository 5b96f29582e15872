//! Who may connect: what a Lambda authorizer answers, which is an IAM policy and a context
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html>).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::limits::MAX_AUTHORIZER_ANSWER;

/// What an authorizer decided.
#[derive(Debug, PartialEq)]
pub(super) enum Decision {
    /// The connection may be made, and its events have this in `requestContext.authorizer`.
    Allow(Map<String, Value>),
    /// It may not, because a statement says so.
    ExplicitDeny,
    /// It may not, because no statement allows it.
    Deny,
}

/// Its answer. What else there can be in a policy is not known here, and refused.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Answer {
    principal_id: String,
    policy_document: Policy,
    #[serde(default)]
    context: Option<Map<String, Value>>,
    #[serde(rename = "usageIdentifierKey")]
    _usage_identifier_key: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    #[serde(rename = "Version")]
    _version: Option<String>,
    statement: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: OneOrMany,
    resource: OneOrMany,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Reads what an authorizer answered about this ARN, or says why it cannot be used.
pub(super) fn decide(answer: &str, arn: &str) -> Result<Decision, String> {
    if answer.len() > MAX_AUTHORIZER_ANSWER {
        return Err(format!("an authorizer's answer has at most {MAX_AUTHORIZER_ANSWER} bytes"));
    }
    let answer: Answer = serde_json::from_str(answer).map_err(|error| error.to_string())?;
    let applies = |statement: &&Statement| {
        statement.action.matches("execute-api:Invoke") && statement.resource.matches(arn)
    };
    let effects = answer.policy_document.statement.iter().filter(applies).map(|statement| statement.effect);
    let effects: Vec<_> = effects.collect();
    if effects.contains(&Effect::Deny) {
        return Ok(Decision::ExplicitDeny);
    }
    if effects.is_empty() {
        return Ok(Decision::Deny);
    }
    let mut context = Map::new();
    for (name, value) in answer.context.unwrap_or_default() {
        // API Gateway hands on texts only, and knows nothing deeper.
        let text = match value {
            Value::String(text) => text,
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null => continue,
            Value::Array(_) | Value::Object(_) => return Err(format!("{name} in its context is no scalar")),
        };
        context.insert(name, text.into());
    }
    context.insert("principalId".into(), answer.principal_id.into());
    Ok(Decision::Allow(context))
}

impl OneOrMany {
    fn matches(&self, what: &str) -> bool {
        match self {
            Self::One(pattern) => matches(pattern, what),
            Self::Many(patterns) => patterns.iter().any(|pattern| matches(pattern, what)),
        }
    }
}

/// Whether a pattern in which `*` is any text and `?` any character fits all of a text
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>).
fn matches(pattern: &str, text: &str) -> bool {
    let mut letters = pattern.chars();
    match letters.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = letters.as_str();
            text.char_indices().map(|(at, _)| &text[at..]).chain([""]).any(|tail| matches(rest, tail))
        }
        Some(letter) => {
            let mut others = text.chars();
            let fits = others.next().is_some_and(|other| letter == '?' || letter == other);
            fits && matches(letters.as_str(), others.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:000000000000:kith-SocketApi/dev/$connect";

    fn decided(statements: &Value, context: &Value) -> Result<Decision, String> {
        let policy = json!({ "Version": "2012-10-17", "Statement": statements });
        let answer = json!({ "principalId": "p", "policyDocument": policy, "context": context });
        decide(&answer.to_string(), ARN)
    }

    fn statement(effect: &str, action: &str, resource: &str) -> Value {
        json!({ "Effect": effect, "Action": action, "Resource": [resource] })
    }

    #[test]
    fn what_a_policy_allows_is_allowed_unless_it_is_denied() {
        let allow = statement("Allow", "execute-api:Invoke", ARN);
        let deny = statement("Deny", "execute-api:*", "arn:aws:execute-api:*:*:*/???/$connect");
        let other = statement("Allow", "execute-api:Invoke", &ARN.replace("dev", "prod"));
        let none = json!({});
        let allowed = Decision::Allow(json!({ "principalId": "p" }).as_object().unwrap().clone());
        assert_eq!(decided(&json!([allow]), &none), Ok(allowed));
        assert_eq!(decided(&json!([allow, deny]), &none), Ok(Decision::ExplicitDeny));
        assert_eq!(decided(&json!([other]), &none), Ok(Decision::Deny));
        assert_eq!(decided(&json!([]), &none), Ok(Decision::Deny));
    }

    #[test]
    fn a_context_becomes_texts_and_has_nothing_deeper() {
        let allow = json!([statement("Allow", "*", "*")]);
        let context = json!({ "text": "a", "number": 1, "truth": true, "null": null });
        let expected = json!({ "text": "a", "number": "1", "truth": "true", "principalId": "p" });
        let expected = Decision::Allow(expected.as_object().unwrap().clone());
        assert_eq!(decided(&allow, &context), Ok(expected));
        assert!(decided(&allow, &json!({ "deep": {} })).unwrap_err().contains("deep"));
    }

    #[test]
    fn what_is_no_policy_is_an_error() {
        assert!(decide("{}", ARN).is_err() && decide("null", ARN).is_err());
        assert!(decide(&json!({ "isAuthorized": true }).to_string(), ARN).is_err());
        let long = json!({ "text": "x".repeat(MAX_AUTHORIZER_ANSWER) });
        assert!(decided(&json!([statement("Allow", "*", "*")]), &long).unwrap_err().contains("8192"));
    }

    #[test]
    fn patterns_have_wildcards() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c*", "ac", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*c", "abcd", false),
            ("*ż*", "aźż", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
