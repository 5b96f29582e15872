//! What the story is made of: who knows whom, and when who wrote what.

use std::time::Duration;

use shared::clock::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// A minute of one of the days before today, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At {
    days_ago: u32,
    minute: u32,
}

/// So many days ago at this time of the day.
pub(super) const fn at(days_ago: u32, hour: u32, minute: u32) -> At {
    At { days_ago, minute: 60 * hour + minute }
}

impl At {
    /// So many minutes later.
    pub(super) const fn later(self, minutes: u32) -> Self {
        Self { minute: self.minute + minutes, ..self }
    }

    /// When that is for whoever it is `now` for.
    pub(super) fn before(self, now: Timestamp) -> Timestamp {
        let today = now.millis().div_euclid(millis(DAY)) * millis(DAY);
        let ago = millis(DAY) * i64::from(self.days_ago);
        Timestamp::from_millis(today - ago + i64::from(self.minute) * 60_000)
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// For whom a post is, as the API calls it.
pub(super) const PUBLIC: &str = "public";
pub(super) const FRIENDS: &str = "friends";
pub(super) const PRIVATE: &str = "private";

/// What became of somebody's wish to be somebody else's friend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// They are friends.
    Accepted,
    /// They were told no.
    Rejected,
    /// They wait.
    Pending,
    /// They were blocked for it.
    Blocked,
}

/// Somebody asks somebody else to be friends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) at: At,
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    pub(super) outcome: Outcome,
}

/// Somebody writes a post, and others have something to say about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Post {
    pub(super) at: At,
    pub(super) by: &'static str,
    pub(super) visibility: &'static str,
    pub(super) text: &'static str,
    /// Who likes it.
    pub(super) likes: &'static [&'static str],
    /// So many minutes later who says what.
    pub(super) comments: &'static [(u32, &'static str, &'static str)],
}

/// Two people talk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chat {
    pub(super) at: At,
    pub(super) between: [&'static str; 2],
    /// So many minutes later who says what.
    pub(super) lines: &'static [(u32, &'static str, &'static str)],
    /// Who reads the last of it in the end.
    pub(super) read_by: &'static [&'static str],
}

/// Who has always known each other, as far as this story goes.
pub(super) const FRIENDSHIPS: [(&str, &[&str]); 8] = [
    ("maya", &["tomas", "lena", "zoe", "ines", "sam", "arjun", "amira"]),
    ("tomas", &["yuki", "omar", "sam", "ines", "dima"]),
    ("yuki", &["zoe", "omar", "dima", "lena"]),
    ("lena", &["arjun", "dima", "sam"]),
    ("arjun", &["sam", "amira", "omar"]),
    ("omar", &["zoe", "amira"]),
    ("ines", &["dima", "amira", "lena"]),
    ("sam", &["zoe", "bianca", "amira"]),
];

/// Who asked whom since.
pub(super) const REQUESTS: [Request; 6] = [
    Request { at: at(4, 9, 12), from: "bianca", to: "zoe", outcome: Outcome::Rejected },
    Request { at: at(4, 9, 14), from: "bianca", to: "omar", outcome: Outcome::Blocked },
    Request { at: at(4, 9, 16), from: "bianca", to: "lena", outcome: Outcome::Pending },
    Request { at: at(3, 23, 40), from: "dima", to: "amira", outcome: Outcome::Pending },
    Request { at: at(2, 19, 30), from: "amira", to: "zoe", outcome: Outcome::Accepted },
    Request { at: at(1, 8, 5), from: "yuki", to: "maya", outcome: Outcome::Pending },
];
