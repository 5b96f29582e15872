//! Passwords: their rules, their hashes, and where hashing runs.

use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::phc::PasswordHash as PhcString;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use unicode_normalization::UnicodeNormalization;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};
use zxcvbn::feedback::Feedback;
use zxcvbn::{Score, zxcvbn};

use crate::error::{Error, FieldError, Result};
use crate::ids::Ids;
use crate::store;
use crate::text::{Parse, Refusal};

/// A password somebody chose: 10 to 128 characters of any kind, in NFC, never trimmed.
#[derive(Clone)]
pub struct Password(String);

/// A password somebody signs in with: whatever they typed, in NFC.
#[derive(Clone)]
pub struct Attempt(String);

/// An argon2id hash in PHC string format.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct PasswordHash(String);

/// The hash that a password is compared with where there is none: of 32 random bytes that
/// nobody kept, with the parameters of all others, so that it takes the same time.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$a2l0aC1uby1zdWNoLXVzZXI$uCxQVTt7sDfXcnPZpHxZ3xPNPhkpOZtmOCQ7VL4ScYk";

impl Password {
    /// Refuses a password that is too easily guessed by somebody who knows the `hints` (the
    /// username, the email, the name). Slow: up to some 10 ms.
    ///
    /// A score of 3 of 4 is needed: "safely unguessable", more than 10^8 guesses
    /// (<https://dropbox.tech/security/zxcvbn-realistic-password-strength-estimation>).
    fn check_strength(&self, hints: &[String], pointer: &str) -> Result<()> {
        let hints: Vec<_> = hints.iter().map(String::as_str).collect();
        let estimate = zxcvbn(&self.0, &hints);
        if estimate.score() >= Score::Three {
            return Ok(());
        }
        let warning = estimate.feedback().and_then(Feedback::warning);
        let words = warning.map_or_else(|| "This password is easy to guess.".to_owned(), |w| w.to_string());
        Err(Error::WeakPassword(FieldError::new(pointer, Refusal::new(words))))
    }
}

impl Parse for Password {
    fn parse(text: &str) -> Result<Self, Refusal> {
        if !(10..=128).contains(&text.chars().count()) {
            return Err(Refusal::new("must have 10 to 128 characters"));
        }
        Ok(Self(text.nfc().collect()))
    }
}

impl Parse for Attempt {
    fn parse(text: &str) -> Result<Self, Refusal> {
        Ok(Self(text.nfc().collect()))
    }
}

impl From<Password> for Attempt {
    fn from(password: Password) -> Self {
        Self(password.0)
    }
}

/// Hashes passwords and compares them, off the async threads.
///
/// A hash takes 19 MiB and some 25 ms of a processor: as many run at once as there are
/// processors, and the others wait.
#[derive(Clone, Debug)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    ids: Ids,
}

impl Passwords {
    /// With as many hashes at once as there are processors.
    #[must_use]
    pub fn new(ids: Ids) -> Self {
        let at_once = available_parallelism().map_or(1, usize::from);
        Self { permits: Arc::new(Semaphore::new(at_once)), ids }
    }

    /// The hash of the password chosen in the member at `pointer`, unless it is too easily
    /// guessed by somebody who knows the hints.
    pub async fn hash(
        &self,
        password: Password,
        hints: Vec<String>,
        pointer: &'static str,
    ) -> Result<PasswordHash> {
        let salt = self.ids.salt();
        self.run(move || {
            password.check_strength(&hints, pointer)?;
            let hash: PhcString =
                argon2()?.hash_password_with_salt(password.0.as_bytes(), &salt).map_err(Error::internal)?;
            Ok(PasswordHash(hash.to_string()))
        })
        .await
    }

    /// Whether the hash is of this password. Without a hash it is not, which takes as long.
    pub async fn verify(&self, attempt: Attempt, hash: Option<PasswordHash>) -> Result<bool> {
        self.run(move || {
            let text = hash.as_ref().map_or(NOBODYS_HASH, |hash| &hash.0);
            let stored = PhcString::new(text).map_err(Error::internal)?;
            let matches = argon2()?.verify_password(attempt.0.as_bytes(), &stored).is_ok();
            Ok(matches && hash.is_some())
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let queued = Instant::now();
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(Error::internal)?;
        // A request's patience is for storage, not for a queue of other people's passwords.
        store::Request::extend_current(queued.elapsed());
        let work = spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        work.await.map_err(Error::internal)?
    }
}

/// Argon2id with 19 MiB, two passes and one lane, as OWASP's password storage cheat sheet has it
/// (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>).
fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Gives a secret text a debug form that hides it, and a schema.
macro_rules! secret_text {
    ($name:ident, $schema:expr) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema
                    .schema_type(Type::String)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
                    .examples(["copper-Tuba-1967-drizzle"])
                    .into()
            }
        }

        impl ToSchema for $name {}
    };
}

secret_text!(
    Password,
    ObjectBuilder::new().min_length(Some(10)).max_length(Some(128)).description(Some(
        "Any Unicode, not trimmed. What zxcvbn scores below 3 is refused as weak-password."
    ))
);
secret_text!(Attempt, ObjectBuilder::new().description(Some("The password as it was chosen.")));

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn passwords() -> Passwords {
        Passwords::new(Ids::random(Clock::system()))
    }

    #[tokio::test]
    async fn a_password_matches_its_hash_however_its_accents_are_composed() {
        let chosen = Password::parse("crème-brûlée at Zoë's").unwrap();
        let hash = passwords().hash(chosen, vec![], "/password").await.unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.0);
        let typed: String = "crème-brûlée at Zoë's".nfd().collect();
        assert!(passwords().verify(Attempt::parse(&typed).unwrap(), Some(hash.clone())).await.unwrap());
        let other = Attempt::parse("creme-brulee at Zoe's").unwrap();
        assert!(!passwords().verify(other, Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn nobodys_hash_has_the_parameters_of_every_other_and_matches_nothing() {
        let stored = PhcString::new(NOBODYS_HASH).unwrap();
        let fresh = passwords()
            .hash(Password::parse("copper-Tuba-1967-drizzle").unwrap(), vec![], "/password")
            .await
            .unwrap();
        let fresh = PhcString::new(&fresh.0).unwrap();
        assert_eq!(
            (stored.algorithm, stored.version, &stored.params),
            (fresh.algorithm, fresh.version, &fresh.params)
        );
        assert_eq!(stored.hash.unwrap().as_bytes().len(), fresh.hash.unwrap().as_bytes().len());
        assert!(!passwords().verify(Attempt::parse("").unwrap(), None).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_easily_guessed_is_refused() {
        for weak in ["password123", "aaaaaaaaaaaa", "rosamunde1", "qwertyuiop"] {
            let refused = passwords().hash(Password::parse(weak).unwrap(), vec![], "/password").await;
            assert!(matches!(refused, Err(Error::WeakPassword(_))), "{weak}");
        }
    }

    #[tokio::test]
    async fn what_is_known_of_somebody_is_no_password_of_theirs() {
        let password = Password::parse("qzjxkvwpyb").unwrap();
        assert!(passwords().hash(password.clone(), vec![], "/password").await.is_ok());
        let refused = passwords().hash(password, vec!["qzjxkvwpyb".to_owned()], "/password").await;
        assert!(matches!(refused, Err(Error::WeakPassword(_))));
    }

    #[test]
    fn a_password_has_10_to_128_characters_and_is_not_trimmed() {
        assert!(Password::parse("123456789").is_err());
        assert!(Password::parse(&"é".repeat(129)).is_err());
        assert_eq!(Password::parse("  12345678").unwrap().0, "  12345678");
    }
}
