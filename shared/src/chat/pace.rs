//! How much somebody may say in a conversation.
//!
//! The count travels with what is counted: each message says how many its two people have sent within
//! its minute, and the next one, which is written only where it is the next, counts on from there. So
//! counting costs nothing, and however many devices somebody writes with at once, none gets past it.
//! Changes are counted in the same way, by the item that holds the last revision.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ConversationId;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::limits::{Exceeded, Rule};

/// For how long it is counted before it begins anew, in seconds.
const WINDOW: u64 = 60;

/// How many messages, and how many changes, one person may make in one conversation within a minute.
#[derive(Clone, Copy, Debug)]
pub struct Allowance(pub u32);

/// How many the two people of a conversation have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pace {
    /// Since when.
    since: Timestamp,
    /// By the one whose id comes first, and by the other.
    used: [u32; 2],
}

impl Allowance {
    /// The count with one more by this person.
    ///
    /// # Errors
    /// [`Error::RateLimited`] if it was used up.
    pub(super) fn take(
        self,
        before: Option<Pace>,
        (conversation, user): (ConversationId, UserId),
        now: Timestamp,
    ) -> Result<Pace> {
        let window = Duration::from_secs(WINDOW);
        let counts = before.filter(|pace| pace.since <= now && now < pace.since.after(window));
        let mut pace = counts.unwrap_or(Pace { since: now, used: [0, 0] });
        let end = pace.since.after(window);
        let [one, other] = &mut pace.used;
        let count = if user == conversation.people()[0] { one } else { other };
        if *count >= self.0 {
            let rule = Rule { name: "messages", allowance: self.0, window: WINDOW };
            return Err(Error::RateLimited(Exceeded { rule, retry_after: end.since(now) }));
        }
        *count += 1;
        Ok(pace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: &str = "01JZZ3W0Q5E8T4C9M2R7B6N1KD-01JZZ3W1B6F9V5D0N3S8C7P2ME";

    #[test]
    fn each_has_an_allowance_of_their_own_in_each_minute() {
        let conversation: ConversationId = IDS.parse().unwrap();
        let [one, other] = conversation.people();
        let at = |seconds: i64| Timestamp::from_millis(1000 * seconds);
        let take = |before, user, now| Allowance(2).take(before, (conversation, user), at(now));
        let first = take(None, one, 100).unwrap();
        let second = take(Some(first), one, 110).unwrap();
        let Err(Error::RateLimited(exceeded)) = take(Some(second), one, 130) else {
            panic!("it should be used up");
        };
        assert_eq!(exceeded.retry_after, Duration::from_secs(30));
        let third = take(Some(second), other, 130).unwrap();
        assert_eq!(third.used, [2, 1]);
        assert_eq!(take(Some(third), one, 160).unwrap(), Pace { since: at(160), used: [1, 0] });
        // A clock that was ahead does not make anybody wait for it.
        assert_eq!(take(Some(third), one, 90).unwrap().used, [1, 0]);
    }
}
