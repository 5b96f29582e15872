//! Which of somebody's uploads could not be used.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::MalformedId;

/// What is remembered of somebody's uploads that were refused: those among the 128 numbers up to
/// the highest of them.
///
/// A URL can be put to for five minutes, in which nobody gets more than two hours' allowance of
/// them, 120: so whatever can still be put to is remembered, and the profile hardly grows. What
/// was forgotten and comes once more is looked at once more, and refused once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RefusedUploads {
    /// The highest number.
    newest: u64,
    /// Its bit is the lowest; the next is of the number before it, and so on.
    bits: u128,
}

impl RefusedUploads {
    /// Whether this number is remembered.
    pub(super) fn has(self, number: u64) -> bool {
        let back = self.newest.checked_sub(number).and_then(|back| u32::try_from(back).ok());
        back.and_then(|back| self.bits.checked_shr(back)).is_some_and(|bits| bits & 1 == 1)
    }

    /// These and one more.
    #[must_use]
    pub(super) fn with(self, number: u64) -> Self {
        let newest = self.newest.max(number);
        let shifted = |bits: u128, by: u64| u32::try_from(by).ok().and_then(|by| bits.checked_shl(by));
        let before = shifted(self.bits, newest - self.newest).unwrap_or(0);
        Self { newest, bits: before | shifted(1, newest - number).unwrap_or(0) }
    }
}

impl fmt::Display for RefusedUploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:x}", self.newest, self.bits)
    }
}

impl FromStr for RefusedUploads {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let (newest, bits) = text.split_once('-').ok_or(MalformedId)?;
        let newest = newest.parse().map_err(|_| MalformedId)?;
        let bits = u128::from_str_radix(bits, 16).map_err(|_| MalformedId)?;
        Ok(Self { newest, bits })
    }
}

impl TryFrom<String> for RefusedUploads {
    type Error = MalformedId;

    fn try_from(text: String) -> Result<Self, MalformedId> {
        text.parse()
    }
}

impl From<RefusedUploads> for String {
    fn from(refused: RefusedUploads) -> Self {
        refused.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_refused_is_remembered_unless_128_numbers_came_after(
            numbers in prop::collection::vec(prop_oneof![1..300_u64, any::<u64>().prop_map(|n| n.max(1))], 0..200),
        ) {
            let refused = numbers.iter().fold(RefusedUploads::default(), |refused, number| refused.with(*number));
            let newest = numbers.iter().copied().max().unwrap_or(0);
            for number in (1..300).chain(numbers.iter().copied()) {
                let expected = numbers.contains(&number) && newest - number < 128;
                prop_assert_eq!(refused.has(number), expected, "{}", number);
            }
            prop_assert_eq!(refused.to_string().parse(), Ok(refused));
            prop_assert!(refused.to_string().len() <= 53);
        }
    }

    #[test]
    fn nothing_is_remembered_at_first() {
        assert!(!RefusedUploads::default().has(0) && !RefusedUploads::default().has(1));
    }
}
