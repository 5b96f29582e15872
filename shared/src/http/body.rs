//! Request bodies: JSON objects whose broken rules are all reported at once.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use http::header::CONTENT_TYPE;
use serde_json::{Map, Number, Value};

use super::json;
use crate::chat::{Seq, bound};
use crate::error::{Error, FieldError, Result};
use crate::profiles::avatar::PictureLength;
use crate::text::{Parse, Refusal};

/// The longest body a function takes, in bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// How many unknown members are named in an answer, and how long a name may be, in bytes: the answer is
/// not to become longer than what is answered.
const MOST_UNKNOWN: usize = 20;
const LONGEST_NAME: usize = 100;

/// A body read as `T`.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Sync, T: FromFields> FromRequest<S> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let is_json = request.headers().get(CONTENT_TYPE).is_some_and(|value| is_json(value.as_bytes()));
        let bytes = to_bytes(request.into_body(), MAX_BODY).await.map_err(|_| Error::BodyTooLarge)?;
        if !is_json {
            return Err(Error::UnsupportedMediaType);
        }
        from_members(members(&bytes)?).map(Self)
    }
}

/// Reads a message of a WebSocket as `T`, beside the member by which it was routed.
pub fn read_beside<T: FromFields>(bytes: &[u8], routing: &str) -> Result<T> {
    if bytes.len() > MAX_BODY {
        return Err(Error::BodyTooLarge);
    }
    let mut members = members(bytes)?;
    members.remove(routing);
    from_members(members)
}

fn members(bytes: &[u8]) -> Result<Map<String, Value>> {
    match json::parse(bytes)? {
        Value::Object(members) => Ok(members),
        _ => Err(Error::invalid("", Refusal::new("must be an object"))),
    }
}

fn from_members<T: FromFields>(members: Map<String, Value>) -> Result<T> {
    let mut fields = Fields { members, errors: Vec::new() };
    let value = T::from_fields(&mut fields);
    fields.refuse_the_rest();
    match value {
        Some(value) if fields.errors.is_empty() => Ok(value),
        _ => Err(Error::Invalid(fields.errors)),
    }
}

/// Whether a content type is `application/json`, with whatever parameters.
fn is_json(content_type: &[u8]) -> bool {
    let essence = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

/// A value made from the members of an object. [`request!`](crate::request) implements it.
pub trait FromFields: Sized {
    /// Takes its members; `None` if some of them broke their rules, which `fields` noted.
    fn from_fields(fields: &mut Fields) -> Option<Self>;
}

/// The members of an object, while they are being taken.
#[derive(Debug)]
pub struct Fields {
    members: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Takes the member that a Rust field of this name stands for.
    pub fn take<T: Field>(&mut self, field: &str) -> Option<T> {
        let name = camel_case(field);
        let member = self.members.remove(&name);
        T::from_member(member)
            .map_err(|refusal| self.errors.push(FieldError::new(pointer(&name), refusal)))
            .ok()
    }

    /// Drops the members that were not taken, whatever they are.
    pub fn ignore_the_rest(&mut self) {
        self.members.clear();
    }

    fn refuse_the_rest(&mut self) {
        let unknown = self.members.keys().take(MOST_UNKNOWN).map(|name| {
            if name.len() <= LONGEST_NAME {
                FieldError::new(pointer(name), Refusal::new("is not known here"))
            } else {
                FieldError::new(
                    "",
                    Refusal::new("has a member with a very long name, which is not known here"),
                )
            }
        });
        self.errors.extend(unknown);
    }
}

/// A value made from one member.
pub trait Field: Sized {
    /// The value, or which rule the member breaks; `None` is an absent member.
    fn from_member(member: Option<Value>) -> Result<Self, Refusal>;
}

impl<T: Parse> Field for T {
    fn from_member(member: Option<Value>) -> Result<Self, Refusal> {
        match member {
            Some(Value::String(text)) => T::parse(&text),
            Some(Value::Null) => Err(Refusal::new("must not be null")),
            Some(_) => Err(Refusal::new("must be a string")),
            None => Err(Refusal::new("is required")),
        }
    }
}

impl<T: Parse> Field for Option<T> {
    fn from_member(member: Option<Value>) -> Result<Self, Refusal> {
        member.map(|member| T::from_member(Some(member))).transpose()
    }
}

impl Field for Seq {
    fn from_member(member: Option<Value>) -> Result<Self, Refusal> {
        whole_number(member).map(|number| Self(bound(number)))
    }
}

impl Field for PictureLength {
    fn from_member(member: Option<Value>) -> Result<Self, Refusal> {
        whole_number(member).and_then(Self::new)
    }
}

/// A member that is a whole number and not negative.
fn whole_number(member: Option<Value>) -> Result<u64, Refusal> {
    match member {
        Some(Value::Number(number)) => {
            whole(&number).ok_or_else(|| Refusal::new("must be a whole number, and not negative"))
        }
        Some(Value::Null) => Err(Refusal::new("must not be null")),
        Some(_) => Err(Refusal::new("must be a number")),
        None => Err(Refusal::new("is required")),
    }
}

/// A whole number that is not negative; to JSON Schema, 5.0 is one as well. One that is greater than
/// all that there can be of anything is as good as the greatest.
fn whole(number: &Number) -> Option<u64> {
    let spelt_out = |float: f64| {
        let digits = (float.fract() == 0.0 && float >= 0.0).then(|| format!("{:.0}", float.abs()))?;
        Some(digits.parse().unwrap_or(u64::MAX))
    };
    number.as_u64().or_else(|| spelt_out(number.as_f64()?))
}

/// The JSON Pointer (RFC 6901) of a member of the body.
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn camel_case(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

/// Declares what a route takes: a struct of [`Field`]s, its schema, and how it is read.
///
/// Its members are named in camel case; any other member is refused. Where a member may be
/// left out, its field is an `Option` and says `#[schema(nullable = false)]`.
#[macro_export]
macro_rules! request {
    ($(#[$doc:meta])* $visibility:vis struct $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, utoipa::ToSchema)]
        #[schema(rename_all = "camelCase")]
        $visibility struct $name {
            $($(#[$field_doc])* $field: $type,)*
        }

        impl $crate::http::body::FromFields for $name {
            fn from_fields(fields: &mut $crate::http::body::Fields) -> Option<Self> {
                $(let $field = fields.take(stringify!($field));)*
                Some(Self { $($field: $field?),* })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use axum::body::Body as RawBody;

    use super::*;
    use crate::accounts::Username;
    use crate::profiles::Name;

    request! {
        /// Something to read.
        pub(crate) struct Example {
            /// Must be there.
            user_name: Username,
            /// May be there.
            #[schema(nullable = false)]
            full_name: Option<Name>,
        }
    }

    async fn read_body(body: &'static str) -> Result<Example> {
        let request = Request::post("/").header(CONTENT_TYPE, "Application/JSON; charset=utf-8");
        let request = request.body(RawBody::from(body)).unwrap();
        Body::from_request(request, &()).await.map(|Body(example)| example)
    }

    #[tokio::test]
    async fn members_are_named_in_camel_case_and_may_be_left_out() {
        let example = read_body(r#"{"userName":"Alice"}"#).await.unwrap();
        assert_eq!((example.user_name.as_str(), example.full_name), ("alice", None));
    }

    #[test]
    fn whole_numbers_have_many_spellings() {
        let read = |text: &str| whole_number(Some(serde_json::from_str(text).unwrap())).ok();
        for (text, number) in [("5", 5), ("5.0", 5), ("5e0", 5), ("-0.0", 0), ("1e30", u64::MAX)] {
            assert_eq!(read(text), Some(number), "{text}");
        }
        assert!(["-1", "-1.0", "0.5", "null", "\"5\"", "[]"].iter().all(|bad| read(bad).is_none()));
    }

    #[tokio::test]
    async fn every_broken_rule_is_reported_at_once() {
        let Err(Error::Invalid(errors)) = read_body(r#"{"userName":7,"fullName":null,"a/b":1}"#).await else {
            panic!("it should be invalid");
        };
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/userName", "/fullName", "/a~1b"]);
    }
}
