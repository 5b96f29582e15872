//! What two people are to each other, and what each may do about it: the rules, and nothing else.
//!
//! A [`Bond`] is seen from one of the two; the other one sees it [mirrored](Bond::mirrored).
//! Whatever one of them does makes of one bond another, or is refused: [`Bond::after`].
//!
//! ```text
//!               ask                    accept, or ask too
//!   nothing ───────────▶ requested ────────────────────────▶ friends
//!      ▲  ▲                 │  │                                │
//!      │  └── cancel ───────┘  └─ reject: and for 30 days the   │
//!      │                          same one cannot ask again     │
//!      └──────────────────── unfriend ──────────────────────────┘
//! ```
//!
//! Blocking leads to nothing from everywhere, and nobody asks while one of them blocks.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// For how long after a rejection the same person cannot ask again.
pub const COOL_DOWN: Duration = Duration::from_hours(30 * 24);

/// One of the two, as the other one sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// Whose view it is.
    Me,
    /// The other one.
    Them,
}

/// What two people are to each other, as one of them sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bond {
    /// What ties them.
    #[serde(default)]
    pub tie: Tie,
    /// That my last request was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub my_rejection: Option<Rejection>,
    /// That I rejected their last request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub their_rejection: Option<Rejection>,
    /// Since when I block them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Timestamp>,
    /// Since when they block me.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<Timestamp>,
}

/// What ties two people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Tie {
    /// Nothing does.
    #[default]
    Nothing,
    /// One of them has asked.
    Requested {
        /// Who.
        by: Side,
        /// When.
        asked: Timestamp,
    },
    /// They are friends.
    Friends {
        /// Who had asked.
        by: Side,
        /// When.
        asked: Timestamp,
        /// Since when.
        since: Timestamp,
    },
}

/// That a request was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rejection {
    /// When it was made.
    pub asked: Timestamp,
    /// When it was rejected.
    pub at: Timestamp,
    /// Whether the request itself is gone: then only the time is left to be waited for.
    pub forgotten: bool,
}

/// What one of them does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Asks to be friends.
    Ask,
    /// Accepts their request.
    Accept,
    /// Rejects their request.
    Reject,
    /// Takes back their own request.
    Cancel,
    /// Ends the friendship.
    Unfriend,
    /// Blocks the other.
    Block,
    /// Blocks them no more.
    Unblock,
}

/// Why somebody may not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refused {
    /// There is nothing that they may see.
    NotFound,
    /// They block the other one themselves.
    Blocking,
    /// They are friends.
    AlreadyFriends,
    /// They have asked already.
    Pending,
    /// The request was answered in another way.
    Closed,
    /// They were rejected, and have to wait until then.
    TooSoon(Timestamp),
}

impl Bond {
    /// The same bond as the other one sees it.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        Self {
            tie: match self.tie {
                Tie::Nothing => Tie::Nothing,
                Tie::Requested { by, asked } => Tie::Requested { by: by.other(), asked },
                Tie::Friends { by, asked, since } => Tie::Friends { by: by.other(), asked, since },
            },
            my_rejection: self.their_rejection,
            their_rejection: self.my_rejection,
            blocked: self.blocked_by,
            blocked_by: self.blocked,
        }
    }

    /// The bond after I did something. Doing what is done already changes nothing.
    pub fn after(&self, act: Act, now: Timestamp) -> Result<Self, Refused> {
        match act {
            Act::Ask => self.after_asking(now),
            Act::Accept => self.after_accepting(now),
            Act::Reject => self.after_rejecting(now),
            Act::Cancel => self.after_cancelling(),
            Act::Unfriend if self.are_friends() => Ok(Self { tie: Tie::Nothing, ..self.clone() }),
            Act::Unfriend => Ok(self.clone()),
            Act::Block => Ok(Self {
                tie: Tie::Nothing,
                my_rejection: self.my_rejection.map(Rejection::forget),
                their_rejection: self.their_rejection.map(Rejection::forget),
                blocked: self.blocked.or(Some(now)),
                blocked_by: self.blocked_by,
            }),
            Act::Unblock => Ok(Self { blocked: None, ..self.clone() }),
        }
    }

    /// Whether they are friends.
    #[must_use]
    pub const fn are_friends(&self) -> bool {
        matches!(self.tie, Tie::Friends { .. })
    }

    /// Whether there is nothing to be remembered.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }

    fn after_asking(&self, now: Timestamp) -> Result<Self, Refused> {
        if self.blocked_by.is_some() {
            return Err(Refused::NotFound);
        }
        if self.blocked.is_some() {
            return Err(Refused::Blocking);
        }
        match self.tie {
            Tie::Friends { .. } => Err(Refused::AlreadyFriends),
            Tie::Requested { by: Side::Me, .. } => Err(Refused::Pending),
            Tie::Requested { by: Side::Them, asked } => Ok(Self::of_friends(Side::Them, asked, now)),
            Tie::Nothing => {
                let until = self.my_rejection.map(|rejection| rejection.at.after(COOL_DOWN));
                if let Some(until) = until.filter(|until| now < *until) {
                    return Err(Refused::TooSoon(until));
                }
                let tie = Tie::Requested { by: Side::Me, asked: now };
                Ok(Self { tie, my_rejection: None, ..self.clone() })
            }
        }
    }

    fn after_accepting(&self, now: Timestamp) -> Result<Self, Refused> {
        match self.tie {
            Tie::Requested { by: Side::Them, asked } => Ok(Self::of_friends(Side::Them, asked, now)),
            Tie::Friends { by: Side::Them, .. } => Ok(self.clone()),
            _ => Err(refusal_of(self.their_rejection)),
        }
    }

    fn after_rejecting(&self, now: Timestamp) -> Result<Self, Refused> {
        match self.tie {
            Tie::Requested { by: Side::Them, asked } => {
                let rejection = Rejection { asked, at: now, forgotten: false };
                Ok(Self { tie: Tie::Nothing, their_rejection: Some(rejection), ..self.clone() })
            }
            Tie::Friends { by: Side::Them, .. } => Err(Refused::Closed),
            _ if self.their_rejection.is_some_and(|rejection| !rejection.forgotten) => Ok(self.clone()),
            _ => Err(Refused::NotFound),
        }
    }

    fn after_cancelling(&self) -> Result<Self, Refused> {
        match self.tie {
            Tie::Requested { by: Side::Me, .. } => Ok(Self { tie: Tie::Nothing, ..self.clone() }),
            Tie::Friends { by: Side::Me, .. } => Err(Refused::Closed),
            _ => Err(refusal_of(self.my_rejection)),
        }
    }

    fn of_friends(by: Side, asked: Timestamp, since: Timestamp) -> Self {
        Self { tie: Tie::Friends { by, asked, since }, ..Self::default() }
    }
}

/// Why a request that is not pending cannot be answered or taken back.
fn refusal_of(rejection: Option<Rejection>) -> Refused {
    match rejection {
        Some(rejection) if !rejection.forgotten => Refused::Closed,
        _ => Refused::NotFound,
    }
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Me => Self::Them,
            Self::Them => Self::Me,
        }
    }
}

impl Rejection {
    const fn forget(self) -> Self {
        Self { forgotten: true, ..self }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashSet;

    use super::*;

    const ACTS: [Act; 7] =
        [Act::Ask, Act::Accept, Act::Reject, Act::Cancel, Act::Unfriend, Act::Block, Act::Unblock];
    const NOW: Timestamp = Timestamp::from_millis(1_000);
    const LATER: Timestamp = Timestamp::from_millis(1_000 + 31 * 24 * 3_600_000);

    fn me_then(acts: &[(Side, Act)]) -> Bond {
        acts.iter().fold(Bond::default(), |bond, (side, act)| match side {
            Side::Me => bond.after(*act, NOW).unwrap(),
            Side::Them => bond.mirrored().after(*act, NOW).unwrap().mirrored(),
        })
    }

    /// Every bond that two people can come to, whatever they do, at two times.
    pub(in super::super) fn reachable() -> HashSet<Bond> {
        let mut found = HashSet::from([Bond::default()]);
        let mut open = vec![Bond::default()];
        while let Some(bond) = open.pop() {
            for (act, now) in ACTS.into_iter().flat_map(|act| [(act, NOW), (act, LATER)]) {
                let mine = bond.after(act, now).ok();
                let theirs = bond.mirrored().after(act, now).ok().map(|bond| bond.mirrored());
                for next in [mine, theirs].into_iter().flatten() {
                    if found.insert(next.clone()) {
                        open.push(next);
                    }
                }
            }
        }
        found
    }

    #[test]
    fn whatever_two_people_do_their_bond_makes_sense() {
        let bonds = reachable();
        assert!(bonds.len() > 100, "{}", bonds.len());
        for bond in bonds {
            assert_eq!(bond.mirrored().mirrored(), bond);
            let blocks = bond.blocked.is_some() || bond.blocked_by.is_some();
            assert!(!blocks || bond.tie == Tie::Nothing, "nothing ties those of whom one blocks: {bond:?}");
            if bond.are_friends() {
                assert!(bond.my_rejection.is_none() && bond.their_rejection.is_none(), "{bond:?}");
            }
            if let Tie::Requested { by: Side::Me, .. } = bond.tie {
                assert!(bond.my_rejection.is_none(), "{bond:?}");
            }
        }
    }

    #[test]
    fn doing_it_twice_is_the_same_as_once_or_is_refused() {
        for bond in reachable() {
            for act in ACTS {
                let Ok(once) = bond.after(act, NOW) else { continue };
                match once.after(act, LATER) {
                    Ok(twice) => assert_eq!(twice, once, "{act:?} after {bond:?}"),
                    Err(refused) => assert!(
                        matches!(
                            (act, refused),
                            (Act::Ask, Refused::Pending | Refused::AlreadyFriends)
                                | (Act::Cancel, Refused::NotFound | Refused::Closed)
                        ),
                        "{act:?} after {bond:?}: {refused:?}"
                    ),
                }
            }
        }
    }

    #[test]
    fn only_both_together_make_friends() {
        for bond in reachable().into_iter().filter(|bond| !bond.are_friends()) {
            for act in ACTS {
                let befriends = bond.after(act, NOW).is_ok_and(|bond| bond.are_friends());
                let may = matches!(bond.tie, Tie::Requested { by: Side::Them, .. })
                    && matches!(act, Act::Ask | Act::Accept);
                assert_eq!(befriends, may, "{act:?} after {bond:?}");
            }
        }
    }

    #[test]
    fn who_is_blocked_learns_nothing() {
        for bond in reachable().into_iter().filter(|bond| bond.blocked_by.is_some()) {
            for act in [Act::Ask, Act::Accept, Act::Reject, Act::Cancel] {
                assert_eq!(bond.after(act, NOW), Err(Refused::NotFound), "{act:?} after {bond:?}");
            }
        }
    }

    #[test]
    fn the_rejected_one_waits_and_the_other_one_need_not() {
        let rejected = me_then(&[(Side::Me, Act::Ask), (Side::Them, Act::Reject)]);
        let until = NOW.after(COOL_DOWN);
        assert_eq!(rejected.after(Act::Ask, NOW), Err(Refused::TooSoon(until)));
        assert!(rejected.after(Act::Ask, until).is_ok());
        assert!(rejected.mirrored().after(Act::Ask, NOW).is_ok());
        // Nor can the wait be cut short by blocking.
        let blocked = rejected.after(Act::Block, NOW).unwrap().after(Act::Unblock, NOW).unwrap();
        assert_eq!(blocked.after(Act::Ask, NOW), Err(Refused::TooSoon(until)));
        assert_eq!(blocked.after(Act::Cancel, NOW), Err(Refused::NotFound));
    }

    #[test]
    fn two_who_ask_each_other_are_friends() {
        let bond = me_then(&[(Side::Them, Act::Ask), (Side::Me, Act::Ask)]);
        assert_eq!(bond.tie, Tie::Friends { by: Side::Them, asked: NOW, since: NOW });
    }
}
