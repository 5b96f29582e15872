//! Usernames.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::text::{Parse, Refusal};

/// Names that would pass for the service itself, or for a part of an address.
const RESERVED: [&str; 32] = [
    "abuse",
    "account",
    "accounts",
    "admin",
    "administrator",
    "anonymous",
    "api",
    "deleted",
    "everyone",
    "help",
    "info",
    "kith",
    "legal",
    "me",
    "mod",
    "moderator",
    "news",
    "noreply",
    "null",
    "official",
    "postmaster",
    "privacy",
    "root",
    "security",
    "settings",
    "staff",
    "status",
    "support",
    "system",
    "team",
    "undefined",
    "webmaster",
];

/// A username: 3 to 30 of `a-z`, `0-9` and `_`, kept in lower case, not a reserved word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// Its text, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Parse for Username {
    fn parse(text: &str) -> Result<Self, Refusal> {
        if !(3..=30).contains(&text.chars().count()) {
            return Err(Refusal::new("must have 3 to 30 characters"));
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(Refusal::new("must consist of letters a to z, digits and _"));
        }
        let folded = text.to_ascii_lowercase();
        if RESERVED.contains(&folded.as_str()) {
            return Err(Refusal::new("is a reserved word"));
        }
        Ok(Self(folded))
    }
}

impl FromStr for Username {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        Self::parse(text)
    }
}

impl PartialSchema for Username {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(3))
            .max_length(Some(30))
            .pattern(Some("^[A-Za-z0-9_]*$"))
            .description(Some("Unique whatever its case, and kept in lower case. Some words are reserved."))
            .examples(["alice"])
            .into()
    }
}

impl ToSchema for Username {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_is_folded() {
        assert_eq!(Username::parse("Alice_99").unwrap().as_str(), "alice_99");
    }

    #[test]
    fn other_letters_lengths_and_reserved_words_are_refused() {
        for bad in ["al", "", "a b c", "alicé", "K\u{212a}ith", "ali\n", "Admin", &"a".repeat(31)] {
            assert!(Username::parse(bad).is_err(), "{bad:?}");
        }
    }
}
