//! Session tokens.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::ids::{Secret, SessionId, UserId};

/// What somebody signed in shows: `kith_` and, in base64url, their id and 32 random bytes.
///
/// Opaque and revocable. The table keeps only a digest of the random part, so whoever reads
/// the table cannot sign in; the prefix lets secret scanners find a token that leaked.
#[derive(Clone)]
pub struct Token {
    user: UserId,
    secret: Secret,
}

const PREFIX: &str = "kith_";

impl Token {
    /// The token of a new session.
    #[must_use]
    pub const fn new(user: UserId, secret: Secret) -> Self {
        Self { user, secret }
    }

    /// Reads a token; anything that is none is nobody's.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (user, secret) = bytes.split_first_chunk::<16>()?;
        Some(Self { user: UserId::from_bytes(*user), secret: Secret::from_bytes(secret.try_into().ok()?) })
    }

    /// Whose session it opens.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// Which session it opens.
    #[must_use]
    pub fn session(&self) -> SessionId {
        SessionId::of_secret(&self.secret)
    }
}

impl Serialize for Token {
    /// Shows the secret: only ever to the one who just signed in.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = self.user.to_bytes().to_vec();
        bytes.extend(self.secret.as_bytes());
        serializer.collect_str(&format_args!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl PartialSchema for Token {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^kith_[A-Za-z0-9_-]{64}$"))
            .examples([format!("kith_{}", "AZf_wvi3aiRmCiyg5YfULA".repeat(3).split_at(64).0)])
            .description(Some("Opaque. Shown only here and only once; send it as `Authorization: Bearer …`."))
            .into()
    }
}

impl ToSchema for Token {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_read_back() {
        let token = Token::new(UserId::from_bytes([1; 16]), Secret::from_bytes([2; 32]));
        let text = serde_json::to_value(&token).unwrap();
        let read = Token::parse(text.as_str().unwrap()).unwrap();
        assert_eq!((read.user(), read.session()), (token.user(), token.session()));
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    proptest! {
        #[test]
        fn no_text_makes_parsing_panic(text in any::<String>()) {
            let _ = Token::parse(&text);
            let _ = Token::parse(&format!("kith_{text}"));
        }
    }
}
