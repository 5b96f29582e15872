//! Email addresses.

use std::fmt;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::text::{Parse, Refusal};

/// The longest address that can be delivered to, in bytes (RFC 5321, section 4.5.3.1.3 less
/// the angle brackets).
const MAX: usize = 254;

/// An email address in lower case: unique, whatever the case it was typed in.
///
/// Its debug form hides it, since debug output ends up in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Its text, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl Parse for Email {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let folded: String = text.trim().nfc().flat_map(char::to_lowercase).collect();
        if text.len() > MAX || folded.len() > MAX {
            return Err(Refusal::new("must have at most 254 bytes"));
        }
        // The address alone, without the name that mail programs put before it; and none that
        // is valid by the book but nobody's: no literal, no quotes, no domain of one label.
        let options = Options::default().without_display_text().without_domain_literal().with_required_tld();
        match EmailAddress::parse_with_options(&folded, options) {
            Ok(address) if !address.local_part().contains('"') && !folded.chars().any(char::is_control) => {
                Ok(Self(folded))
            }
            _ => Err(Refusal::new("must be an email address")),
        }
    }
}

impl PartialSchema for Email {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)))
            .max_length(Some(MAX))
            .description(Some("Unique whatever its case, and kept in lower case."))
            .examples(["alice@example.com"])
            .into()
    }
}

impl ToSchema for Email {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_folded_and_trimmed() {
        assert_eq!(Email::parse(" Alice@Example.COM ").unwrap().as_str(), "alice@example.com");
    }

    #[test]
    fn what_cannot_be_delivered_to_is_refused() {
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "alice",
            "alice@",
            "@example.com",
            "a b@example.com",
            "a@b",
            "a@[127.0.0.1]",
            "A <a@b.co>",
            "\"a b\"@b.co",
            &long,
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_email_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", Email::parse("alice@example.com").unwrap()), "Email(…)");
    }
}
