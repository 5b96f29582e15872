//! CloudFormation's intrinsic functions, resolved for a deployment on this machine.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{TemplateError, websocket};

/// The value of `AWS::NoValue`: the property is left out.
const NO_VALUE: &str = "\u{0}no value";

/// What ARNs begin with here; the logical id follows.
const ARN_PREFIX: &str = "arn:aws:local:here:000000000000:";

/// The logical id of the resource that an ARN made here names.
#[must_use]
pub fn logical_id_of_arn(arn: &str) -> &str {
    let id = arn.strip_prefix(ARN_PREFIX).unwrap_or(arn);
    id.split('/').next().unwrap_or(id)
}

/// What the names of resources begin with that have none of their own.
const NAME_PREFIX: &str = "kith-";

/// The name a resource gets that has none of its own.
pub(super) fn physical_id(logical: &str) -> String {
    format!("{NAME_PREFIX}{logical}")
}

/// The name a bucket gets: theirs have no capitals.
pub(super) fn bucket_name(logical: &str) -> String {
    physical_id(logical).to_ascii_lowercase()
}

/// The logical id of the resource that got a name here.
pub(super) fn logical_id_of_name(name: &str) -> &str {
    name.strip_prefix(NAME_PREFIX).unwrap_or(name)
}

/// A template's YAML as JSON, with short forms such as `!Ref` made long.
pub(super) fn normalise(yaml: serde_norway::Value) -> Result<Value, TemplateError> {
    use serde_norway::Value as Yaml;
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => value.into(),
        Yaml::Number(number) => {
            serde_json::to_value(number).map_err(|error| TemplateError::wrong("a number", error))?
        }
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(normalise).collect::<Result<_, _>>()?),
        Yaml::Mapping(members) => {
            let mut object = Map::new();
            for (name, value) in members {
                let name = normalise(name)?;
                object.insert(super::text(&name), normalise(value)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let value = normalise(tagged.value)?;
            match (tag, value) {
                ("Ref" | "Condition", value) => json!({ tag: value }),
                ("GetAtt", Value::String(text)) => {
                    let (id, attribute) = text.split_once('.').unwrap_or((&text, ""));
                    json!({ "Fn::GetAtt": [id, attribute] })
                }
                (tag, value) => json!({ format!("Fn::{tag}"): value }),
            }
        }
    })
}

/// Resolves values of one template.
pub(super) struct Resolver {
    parameters: HashMap<String, Value>,
    conditions: HashMap<String, Value>,
    resources: HashMap<String, Value>,
    mappings: Value,
}

impl Resolver {
    /// For a template with these values for its parameters, and defaults for the others.
    pub(super) fn new(document: &Value, given: &[(&str, &str)]) -> Result<Self, TemplateError> {
        let object = |name: &str| document[name].as_object().cloned().unwrap_or_default();
        let declared = object("Parameters");
        if let Some((unknown, _)) = given.iter().find(|(name, _)| !declared.contains_key(*name)) {
            return Err(TemplateError::wrong("Parameters", format!("there is no {unknown}")));
        }
        let mut parameters = HashMap::new();
        for (name, parameter) in declared {
            let given = given.iter().find(|(given, _)| *given == name).map(|(_, value)| Value::from(*value));
            let value = given
                .or_else(|| parameter.get("Default").cloned())
                .ok_or_else(|| TemplateError::wrong(&name, "the parameter has no value"))?;
            let is_list = parameter["Type"] == "CommaDelimitedList";
            let list = || super::text(&value).split(',').map(|item| item.trim().into()).collect();
            parameters.insert(name, if is_list { Value::Array(list()) } else { value });
        }
        let mut resources = object("Resources");
        // SAM makes these, and others refer to them.
        let made: Vec<_> = resources.iter().flat_map(|(id, api)| websocket::route_ids(id, api)).collect();
        resources.extend(made.into_iter().map(|id| (id, Value::Null)));
        Ok(Self {
            parameters,
            conditions: object("Conditions").into_iter().collect(),
            resources: resources.into_iter().collect(),
            mappings: document["Mappings"].clone(),
        })
    }

    /// The value at a JSON Pointer, if there is one.
    pub(super) fn resolve_at(&self, document: &Value, pointer: &str) -> Result<Option<Value>, TemplateError> {
        document.pointer(pointer).map(|value| self.resolve(value)).transpose()
    }

    /// A resource, unless its condition does not hold.
    pub(super) fn resolve_resource(
        &self,
        id: &str,
        resource: &Value,
    ) -> Result<Option<Value>, TemplateError> {
        if let Some(condition) = resource["Condition"].as_str()
            && !self.condition(condition)?
        {
            return Ok(None);
        }
        let mut resource = resource.clone();
        if let Some(object) = resource.as_object_mut() {
            object.remove("Condition");
        }
        self.resolve(&resource).map(Some).map_err(|error| TemplateError::wrong(id, error))
    }

    fn resolve(&self, value: &Value) -> Result<Value, TemplateError> {
        match value {
            Value::Object(object) if object.len() == 1 => match object.iter().next() {
                Some((name, argument))
                    if name == "Ref" || name == "Condition" || name.starts_with("Fn::") =>
                {
                    self.call(name, argument)
                }
                _ => self.resolve_members(object),
            },
            Value::Object(object) => self.resolve_members(object),
            Value::Array(items) => {
                let items = items.iter().map(|item| self.resolve(item)).collect::<Result<Vec<_>, _>>()?;
                Ok(Value::Array(items.into_iter().filter(|item| item != NO_VALUE).collect()))
            }
            scalar => Ok(scalar.clone()),
        }
    }

    fn resolve_members(&self, object: &Map<String, Value>) -> Result<Value, TemplateError> {
        let mut resolved = Map::new();
        for (name, value) in object {
            let value = self.resolve(value)?;
            if value != NO_VALUE {
                resolved.insert(name.clone(), value);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Value, TemplateError> {
        let wrong = || TemplateError::wrong(name, format!("{argument} is not what it takes"));
        if name == "Fn::If" {
            let [condition, yes, no] = argument.as_array().map(Vec::as_slice).ok_or_else(wrong)? else {
                return Err(wrong());
            };
            let holds = self.condition(condition.as_str().ok_or_else(wrong)?)?;
            return self.resolve(if holds { yes } else { no });
        }
        if let ("Ref" | "Condition" | "Fn::GetAtt" | "Fn::Sub", Some(text)) = (name, argument.as_str()) {
            return match name {
                "Ref" => self.reference(text),
                "Condition" => self.condition(text).map(Value::from),
                "Fn::GetAtt" => Err(wrong()),
                _ => self.substitute(text, &Map::new()).map(Value::from),
            };
        }
        let argument = self.resolve(argument)?;
        let list = argument.as_array().map(Vec::as_slice).ok_or_else(wrong)?;
        match (name, list) {
            ("Fn::GetAtt", [id, attribute]) => self.attribute(&super::text(id), &super::text(attribute)),
            ("Fn::Sub", [Value::String(text), Value::Object(values)]) => {
                self.substitute(text, values).map(Value::from)
            }
            ("Fn::Join", [separator, Value::Array(items)]) => {
                let items: Vec<_> = items.iter().map(super::text).collect();
                Ok(items.join(&super::text(separator)).into())
            }
            ("Fn::Select", [index, Value::Array(items)]) => {
                let index: usize = super::text(index).parse().map_err(|_| wrong())?;
                items.get(index).cloned().ok_or_else(wrong)
            }
            ("Fn::Split", [separator, text]) => {
                Ok(super::text(text).split(&super::text(separator)).collect::<Vec<_>>().into())
            }
            ("Fn::FindInMap", [map, first, second]) => {
                let pointer = format!("/{}/{}/{}", super::text(map), super::text(first), super::text(second));
                self.mappings.pointer(&pointer).cloned().ok_or_else(wrong)
            }
            ("Fn::Equals", [left, right]) => Ok((super::text(left) == super::text(right)).into()),
            ("Fn::Not", [Value::Bool(value)]) => Ok((!value).into()),
            ("Fn::And", values) => Ok(values.iter().all(|value| *value == true).into()),
            ("Fn::Or", values) => Ok(values.iter().any(|value| *value == true).into()),
            _ => Err(wrong()),
        }
    }

    fn condition(&self, name: &str) -> Result<bool, TemplateError> {
        let condition = self
            .conditions
            .get(name)
            .ok_or_else(|| TemplateError::wrong("Conditions", format!("there is no {name}")))?;
        self.resolve(condition).map(|value| value == true)
    }

    fn reference(&self, name: &str) -> Result<Value, TemplateError> {
        let pseudo = match name {
            "AWS::NoValue" => NO_VALUE,
            "AWS::Region" => "us-east-1",
            "AWS::AccountId" => "000000000000",
            "AWS::Partition" => "aws",
            "AWS::StackName" => "kith-local",
            "AWS::URLSuffix" => "amazonaws.com",
            _ => {
                if let Some(value) = self.parameters.get(name) {
                    return Ok(value.clone());
                }
                let resource = self.resources.get(name);
                let resource =
                    resource.ok_or_else(|| TemplateError::wrong("Ref", format!("there is no {name}")))?;
                let property = |pointer| resource.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
                let named = property("/Properties/TableName").or_else(|| property("/Properties/BucketName"));
                let made = || {
                    if resource["Type"] == "AWS::S3::Bucket" { bucket_name(name) } else { physical_id(name) }
                };
                return Ok(named.unwrap_or_else(made).into());
            }
        };
        Ok(pseudo.into())
    }

    fn attribute(&self, id: &str, attribute: &str) -> Result<Value, TemplateError> {
        if !self.resources.contains_key(id) {
            return Err(TemplateError::wrong("Fn::GetAtt", format!("there is no {id}")));
        }
        Ok(match attribute {
            "Arn" => format!("{ARN_PREFIX}{id}").into(),
            other => format!("{ARN_PREFIX}{id}/{other}").into(),
        })
    }

    /// Puts values in place of `${…}`; `${!…}` stays as `${…}`.
    fn substitute(&self, text: &str, values: &Map<String, Value>) -> Result<String, TemplateError> {
        let (mut result, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) =
                after.split_once('}').ok_or_else(|| TemplateError::wrong("Fn::Sub", "a ${ is not closed"))?;
            result.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                result.extend(["${", literal, "}"]);
            } else if let Some(value) = values.get(name) {
                result.push_str(&super::text(value));
            } else if let Some((id, attribute)) = name.split_once('.') {
                result.push_str(&super::text(&self.attribute(id, attribute)?));
            } else {
                result.push_str(&super::text(&self.reference(name)?));
            }
            rest = after;
        }
        result.push_str(rest);
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"
Parameters:
  Stage: {Type: String, Default: dev}
  Origins: {Type: CommaDelimitedList}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsNotDev: !Not [!Condition IsDev]
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Never: {Type: AWS::SNS::Topic, Condition: IsNotDev}
Values:
  Origins: !Ref Origins
  Sub: !Sub "${Stage}-${Table}-${Table.Arn}-${!left}"
  SubMap: !Sub ["${X}", {X: !Ref Stage}]
  Join: !Join ["-", [a, !Select [1, !Split [".", "x.y"]]]]
  If: !If [IsDev, 1, 2]
  Gone: !If [IsDev, !Ref "AWS::NoValue", 2]
  Long: {Fn::GetAtt: [Table, StreamArn]}
"#;

    fn resolved(parameters: &[(&str, &str)]) -> Result<Value, TemplateError> {
        let document = normalise(serde_norway::from_str(TEMPLATE).unwrap())?;
        let resolver = Resolver::new(&document, parameters)?;
        assert!(resolver.resolve_resource("Never", &document["Resources"]["Never"])?.is_none());
        Ok(resolver.resolve_at(&document, "/Values")?.unwrap())
    }

    #[test]
    fn intrinsics_are_resolved() {
        let expected = json!({
            "Origins": ["a", "b"],
            "Sub": "dev-kith-Table-arn:aws:local:here:000000000000:Table-${left}",
            "SubMap": "dev",
            "Join": "a-y",
            "If": 1,
            "Long": "arn:aws:local:here:000000000000:Table/StreamArn",
        });
        assert_eq!(resolved(&[("Origins", "a, b")]).unwrap(), expected);
    }

    #[test]
    fn a_parameter_needs_a_value_and_must_exist() {
        assert!(resolved(&[]).unwrap_err().to_string().contains("Origins"));
        assert!(resolved(&[("Origins", "*"), ("Nope", "1")]).unwrap_err().to_string().contains("Nope"));
    }
}
