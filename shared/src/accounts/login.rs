//! What somebody types to say who they are.

use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::{Email, Username};
use crate::ids::{UserId, digest};
use crate::keys::{self, Key};
use crate::text::{Parse, Refusal};

/// A username or an email address.
#[derive(Clone, Debug)]
pub enum Login {
    /// It has no `@`.
    Username(Username),
    /// It has one.
    Email(Email),
    /// It is neither, so nobody has it: answered like any other unknown login.
    Nobody(String),
}

impl Login {
    /// The most bytes a login may have: those of an email.
    const MAX: usize = 254;

    /// Where it says whose login this is.
    ///
    /// A login that nobody can have gets a key too, so that it takes the same time.
    #[must_use]
    pub fn lock(&self) -> Key {
        match self {
            Self::Username(name) => keys::username(name),
            Self::Email(email) => keys::email(email),
            Self::Nobody(text) => keys::nobody(text),
        }
    }

    /// An id that nobody has, always the same for the same login.
    ///
    /// An unknown login goes the same way as a known one with it, and is limited like one.
    #[must_use]
    pub fn phantom(&self) -> UserId {
        let key = self.lock();
        let mut bytes = [0; 16];
        for (byte, source) in bytes.iter_mut().zip(digest(&[b"phantom", key.pk.as_bytes()]).bytes()) {
            *byte = source;
        }
        UserId::from_bytes(bytes)
    }
}

impl Parse for Login {
    fn parse(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() || text.len() > Self::MAX {
            return Err(Refusal::new("must have 1 to 254 bytes"));
        }
        if text.contains('@') {
            return Ok(Email::parse(text).map_or_else(|_| Self::Nobody(text.into()), Self::Email));
        }
        Ok(Username::parse(text.trim()).map_or_else(|_| Self::Nobody(text.into()), Self::Username))
    }
}

impl PartialSchema for Login {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(Self::MAX))
            .description(Some("Username or email, in any case."))
            .examples(["alice"])
            .into()
    }
}

impl ToSchema for Login {}
