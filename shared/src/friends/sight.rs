//! Who sees what: the one decision that every path asks.

use super::pair::Bond;
use crate::ids::UserId;

/// For whom something of somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Everybody but those whom they block: their profile, of which even who blocks them must
    /// know whom they block.
    Profile,
    /// Everybody unless one of the two blocks the other.
    Public,
    /// Their friends.
    Friends,
    /// Nobody else.
    Private,
}

/// How many are looked at at once behind a page of which nobody is there for the viewer: that costs no more,
/// and tells no more, however small the pages are that somebody asks for.
pub(crate) const READ_ON: usize = 100;

/// Whether something of an owner is there for a viewer, who sees this bond to them: the one
/// decision that every path to it asks. Of what is not, nothing may show that it exists.
#[must_use]
pub fn can_see(viewer: UserId, owner: UserId, bond: &Bond, audience: Audience) -> bool {
    if viewer == owner {
        return true;
    }
    match audience {
        Audience::Profile => bond.blocked_by.is_none(),
        Audience::Public => bond.blocked_by.is_none() && bond.blocked.is_none(),
        Audience::Friends => bond.are_friends(),
        Audience::Private => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::pair::tests::reachable;
    use super::*;

    #[test]
    fn a_smaller_audience_sees_no_more() {
        let [viewer, owner] = [1, 2].map(|byte| UserId::from_bytes([byte; 16]));
        let audiences = [Audience::Profile, Audience::Public, Audience::Friends, Audience::Private];
        for bond in reachable() {
            let seen = audiences.map(|audience| can_see(viewer, owner, &bond, audience));
            assert!(seen.is_sorted_by(|wider, smaller| *wider || !*smaller), "{bond:?}: {seen:?}");
            assert_eq!(
                seen,
                [
                    bond.blocked_by.is_none(),
                    bond.blocked_by.is_none() && bond.blocked.is_none(),
                    bond.are_friends(),
                    false,
                ]
            );
            assert!(audiences.iter().all(|audience| can_see(owner, owner, &bond, *audience)));
        }
    }
}
