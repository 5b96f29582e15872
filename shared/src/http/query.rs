//! What a query asks for.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::error::{Error, Result};
use crate::text::Refusal;

/// How many items a page has when nobody says.
const DEFAULT_LIMIT: usize = 20;

/// What the query of a request asks for.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

/// What can be read from a query. Parameters that it does not know do not matter.
pub trait FromQuery: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// `invalid-query` if it cannot be understood, `invalid-input` if it may not be.
    fn from_query(query: Parameters<'_>) -> Result<Self>;
}

impl<S: Sync, T: FromQuery> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        T::from_query(Parameters(parts.uri.query().unwrap_or_default())).map(Self)
    }
}

/// The parameters of a query.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a>(&'a str);

impl Parameters<'_> {
    /// The value of a parameter, which may be given once.
    pub fn get(self, name: &str) -> Result<Option<String>> {
        let mut values = form_urlencoded::parse(self.0.as_bytes()).filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Error::InvalidQuery(format!("{name} is given more than once"))),
            (value, None) => Ok(value.map(|(_, value)| value.into_owned())),
        }
    }

    /// The value of a parameter that must be given.
    pub fn required(self, name: &str) -> Result<String> {
        self.get(name)?.ok_or_else(|| Error::invalid(format!("/{name}"), Refusal::new("is required")))
    }

    /// The value of a parameter that is a whole number, 0 or more. One that is greater than all there
    /// can be is as good as the greatest.
    pub fn number(self, name: &str) -> Result<Option<u64>> {
        let Some(text) = self.get(name)? else { return Ok(None) };
        let (digits, is_negative) = whole(name, &text)?;
        if is_negative && digits.bytes().any(|byte| byte != b'0') {
            return Err(Error::invalid(format!("/{name}"), Refusal::new("must not be negative")));
        }
        Ok(Some(digits.parse().unwrap_or(u64::MAX)))
    }

    /// How many items it asks for: 20, if it does not say.
    pub fn limit(self) -> Result<usize> {
        let Some(text) = self.get("limit")? else { return Ok(DEFAULT_LIMIT) };
        let (digits, is_negative) = whole("limit", &text)?;
        match digits.parse() {
            Ok(limit @ 1..=100) if !is_negative => Ok(limit),
            _ => Err(Error::invalid("/limit", Refusal::new("must be 1 to 100"))),
        }
    }
}

/// The digits of a whole number, and whether it has a minus before them.
fn whole<'a>(name: &str, text: &'a str) -> Result<(&'a str, bool)> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::InvalidQuery(format!("{name} is not a whole number")));
    }
    Ok((digits, digits.len() < text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_outside_its_bounds_is_invalid_and_no_number_unreadable() {
        let limit = |text: &str| Parameters(&format!("limit={text}")).limit();
        assert_eq!(Parameters("").limit().unwrap(), 20);
        assert_eq!([limit("1").unwrap(), limit("100").unwrap()], [1, 100]);
        for outside in ["0", "101", "-1", "99999999999999999999999"] {
            assert!(matches!(limit(outside), Err(Error::Invalid(_))), "{outside}");
        }
        for unreadable in ["", "x", "1.5", "%2B1", "-", "٣"] {
            assert!(matches!(limit(unreadable), Err(Error::InvalidQuery(_))), "{unreadable}");
        }
    }

    #[test]
    fn a_number_may_be_great_but_not_negative() {
        let number = |text: &str| Parameters(&format!("after={text}")).number("after");
        assert_eq!(Parameters("").number("after").unwrap(), None);
        assert_eq!(
            [number("0").unwrap(), number("-0").unwrap(), number("7").unwrap()],
            [Some(0), Some(0), Some(7)]
        );
        assert_eq!(number("99999999999999999999999").unwrap(), Some(u64::MAX));
        assert!(matches!(number("-1"), Err(Error::Invalid(_))));
        assert!(matches!(number("1e3"), Err(Error::InvalidQuery(_))));
    }

    #[test]
    fn a_parameter_given_twice_is_refused() {
        assert!(matches!(Parameters("a=1&a=2").get("a"), Err(Error::InvalidQuery(_))));
        assert_eq!(Parameters("b=1&a=%20x").get("a").unwrap().as_deref(), Some(" x"));
        assert!(matches!(Parameters("b=1").required("a"), Err(Error::Invalid(_))));
    }
}
