//! Whether some order of acts that were done at once explains what was answered and what is left.

use std::collections::HashSet;

use serde_json::Value;
use shared::clock::Timestamp;
use shared::friends::pair::{Act, Bond, Refused, Rejection, Side, Tie};

/// An act of one of two people, and the status and code it was answered with.
#[derive(Clone, Debug)]
pub(crate) struct Acted {
    pub(crate) side: Side,
    pub(crate) act: Act,
    pub(crate) status: u16,
    pub(crate) code: String,
}

/// One moment stands for all: nobody waits in a storm.
const NOW: Timestamp = Timestamp::from_millis(0);

/// The bond that an edge of the table holds, at no particular time.
pub(crate) fn timeless(edge: Option<&Value>) -> Bond {
    let bond: Bond =
        edge.map(|edge| serde_json::from_value(edge["bond"].clone()).unwrap()).unwrap_or_default();
    still(&bond)
}

/// Whether the acts, in some order, lead from one bond to the other with these answers.
pub(crate) fn some_order_explains(from: &Bond, acted: &[Acted], to: &Bond) -> bool {
    let mut seen = HashSet::new();
    search(from.clone(), 0, acted, to, &mut seen)
}

fn search(bond: Bond, done: u64, acted: &[Acted], to: &Bond, seen: &mut HashSet<(u64, Bond)>) -> bool {
    if done.count_ones() as usize == acted.len() {
        return bond == *to;
    }
    if !seen.insert((done, bond.clone())) {
        return false;
    }
    let open = acted.iter().enumerate().filter(|(place, _)| done >> place & 1 == 0);
    open.into_iter().any(|(place, acted_now)| {
        let done = done | 1 << place;
        // One that was not answered was done or was not.
        let unanswered = acted_now.status >= 500;
        if unanswered && search(bond.clone(), done, acted, to, seen) {
            return true;
        }
        let outcome = after(&bond, acted_now);
        match outcome {
            Ok(next) => (unanswered || acted_now.status < 300) && search(next, done, acted, to, seen),
            Err(refused) => acted_now.code == code(refused) && search(bond.clone(), done, acted, to, seen),
        }
    })
}

fn after(bond: &Bond, acted: &Acted) -> Result<Bond, Refused> {
    let next = match acted.side {
        Side::Me => bond.after(acted.act, NOW)?,
        Side::Them => bond.mirrored().after(acted.act, NOW)?.mirrored(),
    };
    Ok(still(&next))
}

const fn code(refused: Refused) -> &'static str {
    match refused {
        Refused::NotFound => "not-found",
        Refused::Blocking => "forbidden",
        Refused::AlreadyFriends => "already-friends",
        Refused::Pending => "request-pending",
        Refused::Closed => "request-closed",
        Refused::TooSoon(_) => "recently-rejected",
    }
}

/// The bond with all of its times alike.
fn still(bond: &Bond) -> Bond {
    let rejection = |rejection: Option<Rejection>| {
        rejection.map(|rejection| Rejection { asked: NOW, at: NOW, forgotten: rejection.forgotten })
    };
    Bond {
        tie: match bond.tie {
            Tie::Nothing => Tie::Nothing,
            Tie::Requested { by, .. } => Tie::Requested { by, asked: NOW },
            Tie::Friends { by, .. } => Tie::Friends { by, asked: NOW, since: NOW },
        },
        my_rejection: rejection(bond.my_rejection),
        their_rejection: rejection(bond.their_rejection),
        blocked: bond.blocked.map(|_| NOW),
        blocked_by: bond.blocked_by.map(|_| NOW),
    }
}
