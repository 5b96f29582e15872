//! The rules that every text a person sends goes through.
//!
//! Lengths are Unicode scalar values, counted as sent; then a text is trimmed and normalised
//! to NFC. Control characters other than newline and tab are refused, and so are the marks
//! that turn the direction of writing (UAX #9): they make a name read as another one.

use std::borrow::Cow;
use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// What [`clean`] takes, as the regular expression that JSON Schema understands.
pub(crate) const PATTERN: &str = r"^[^\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]*$";

/// Why a value was refused: the end of a sentence that begins with the value's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(Cow<'static, str>);

impl Refusal {
    /// A refusal in these words.
    pub fn new(words: impl Into<Cow<'static, str>>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value that is made from a text, once, where it enters.
pub trait Parse: Sized {
    /// The value, or why the text is none.
    fn parse(text: &str) -> Result<Self, Refusal>;
}

/// The text as Kith keeps it.
///
/// # Errors
/// When it is longer than `max` scalar values or has a character that is refused.
pub fn clean(text: &str, max: usize) -> Result<String, Refusal> {
    if text.chars().count() > max {
        return Err(Refusal::new(format!("must have at most {max} characters")));
    }
    is_clean(text)?;
    Ok(text.trim().nfc().collect())
}

/// Refuses a text with a character that is refused, and leaves it as it is.
pub(crate) fn is_clean(text: &str) -> Result<(), Refusal> {
    if text.chars().any(is_forbidden) {
        return Err(Refusal::new("must not have control or text direction characters"));
    }
    Ok(())
}

/// As much of a text that nobody typed for us (a `User-Agent`) as [`clean`] would take.
#[must_use]
pub fn salvage(text: &str, max: usize) -> String {
    let kept: String = text.chars().filter(|&c| !is_forbidden(c)).take(max).collect();
    kept.trim().nfc().collect()
}

/// Whether the character is a control other than newline and tab, or overrides direction.
fn is_forbidden(c: char) -> bool {
    let is_direction = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    is_direction || (c.is_control() && c != '\n' && c != '\t')
}

/// The same for a text of which something must be left once it is trimmed.
pub(crate) const PATTERN_NOT_BLANK: &str = r"^[^\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]*[^\s\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069][^\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]*$";

/// The text as Kith keeps it, which must say something.
///
/// # Errors
/// As for [`clean`], and when nothing but white space is in it.
pub fn clean_not_blank(text: &str, max: usize) -> Result<String, Refusal> {
    let text = clean(text, max)?;
    if text.is_empty() { Err(Refusal::new("must not be blank")) } else { Ok(text) }
}

/// The most bytes of a text, as JSON, that is to fit into a frame of 32 KiB with what is around it
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>).
const FRAMED: usize = 28 * 1024;

/// The same for a text that must also fit into a frame. Only normalisation can make one too long:
/// of a few characters it makes three.
pub(crate) fn clean_for_a_frame(text: &str, max: usize) -> Result<String, Refusal> {
    let text = clean_not_blank(text, max)?;
    let length = serde_json::to_string(&text).map_or(usize::MAX, |json| json.len());
    if length > FRAMED { Err(Refusal::new("must have at most 28 KiB as JSON")) } else { Ok(text) }
}

/// Declares a text type that goes through [`clean`] and may be empty; or, with `1..=`, through
/// [`clean_not_blank`]; or, with `framed`, through [`clean_for_a_frame`].
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $max:literal, $example:literal) => {
        $crate::text::text_type! { @ $(#[$doc])* $name, $max, $example, clean, PATTERN, 0, Default }
    };
    ($(#[$doc:meta])* $name:ident, 1..=$max:literal, $example:literal) => {
        $crate::text::text_type! { @ $(#[$doc])* $name, $max, $example, clean_not_blank, PATTERN_NOT_BLANK, 1, }
    };
    ($(#[$doc:meta])* $name:ident, framed 1..=$max:literal, $example:literal) => {
        $crate::text::text_type! { @ $(#[$doc])* $name, $max, $example, clean_for_a_frame, PATTERN_NOT_BLANK, 1, }
    };
    (@ $(#[$doc:meta])* $name:ident, $max:literal, $example:literal, $clean:ident, $pattern:ident, $min:literal, $($default:ident)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, $($default,)? PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MAX: usize = $max;

            /// Its text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl $crate::text::Parse for $name {
            fn parse(text: &str) -> Result<Self, $crate::text::Refusal> {
                $crate::text::$clean(text, Self::MAX).map(Self)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .min_length(($min > 0).then_some($min))
                    .max_length(Some(Self::MAX))
                    .pattern(Some($crate::text::$pattern))
                    .examples([$example])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    };
}

pub(crate) use text_type;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_trimmed_and_composed() {
        assert_eq!(clean("  Zoe\u{308} ", 10).unwrap(), "Zoë");
    }

    #[test]
    fn length_is_counted_as_sent() {
        assert!(clean("e\u{301}e\u{301}", 3).is_err());
        assert!(clean("   a", 3).is_err());
        assert!(clean("👩‍👩‍👧", 5).is_ok());
    }

    #[test]
    fn a_text_that_normalisation_makes_too_long_for_a_frame_is_refused() {
        assert!(clean_for_a_frame(&"🐇".repeat(4000), 4000).is_ok());
        assert!(clean_for_a_frame(&"\u{1d160}".repeat(4000), 4000).is_err());
        assert!(clean_for_a_frame(" ", 4000).is_err());
    }

    #[test]
    fn controls_and_direction_overrides_are_refused() {
        for bad in ["a\0b", "a\u{7f}", "a\rb", "\u{202e}evil", "a\u{2067}b", "\u{85}"] {
            assert!(clean(bad, 100).is_err(), "{bad:?}");
        }
        assert_eq!(clean("a\n\tb", 100).unwrap(), "a\n\tb");
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            if let Ok(once) = clean(&text, 1000) {
                // NFC may lengthen a text, which was counted as sent.
                prop_assert_eq!(clean(&once, 4000).unwrap(), once);
            }
        }

        #[test]
        fn what_is_salvaged_is_clean(text in any::<String>()) {
            let kept = salvage(&text, 50);
            prop_assert_eq!(clean(&kept, 200).unwrap(), kept);
        }
    }
}
