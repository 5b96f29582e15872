//! Keys of notifications. All that one is about is in its key: whoever finds it in the index knows
//! what to read to show it.

use super::{IndexKey, Key, of_user, partition};
use crate::ids::{FriendRequestId, NotificationId, PostId, UserId};
use crate::notifications::Cause;

/// What somebody is notified of for this cause.
pub(crate) fn notification(cause: Cause) -> Key {
    let about = match cause {
        Cause::Asked { request } => format!("REQUEST#{request}"),
        Cause::Accepted { request } => format!("ACCEPTED#{request}"),
        Cause::Commented { post, comment, author } => format!("COMMENT#{post}#{comment}#{author}"),
        Cause::Liked { post, liker } => format!("LIKE#{post}#{liker}"),
    };
    Key { pk: notifications(cause.recipient()), sk: format!("NOTIFICATION#{about}") }
}

/// For which cause there is a notification at this key.
pub(crate) fn cause_at(key: &Key) -> Option<Cause> {
    let parts: Vec<&str> = key.sk.strip_prefix("NOTIFICATION#")?.split('#').collect();
    let request = |text: &str| text.parse::<FriendRequestId>().ok();
    match parts[..] {
        ["REQUEST", id] => Some(Cause::Asked { request: request(id)? }),
        ["ACCEPTED", id] => Some(Cause::Accepted { request: request(id)? }),
        ["COMMENT", post, comment, author] => Some(Cause::Commented {
            post: post.parse().ok()?,
            comment: comment.parse().ok()?,
            author: author.parse().ok()?,
        }),
        ["LIKE", post, liker] => Some(Cause::Liked { post: post.parse().ok()?, liker: liker.parse().ok()? }),
        _ => None,
    }
}

/// Where the index has somebody's notifications.
pub(crate) fn notifications(user: UserId) -> String {
    format!("{}#NOTIFICATIONS", partition(user))
}

/// Where in that list one is.
pub(crate) fn notification_in(user: UserId, id: NotificationId) -> IndexKey {
    IndexKey { pk: notifications(user), sk: id.to_string() }
}

/// The post that a like, a comment or the counters in this partition are about.
pub(crate) fn post_about(pk: &str) -> Option<PostId> {
    pk.strip_prefix("POST#")?.parse().ok()
}

/// Up to which notification somebody has seen theirs.
pub(crate) fn seen(user: UserId) -> Key {
    of_user(user, "SEEN".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::ids::Ids;

    #[test]
    fn a_key_says_for_which_cause_it_is() {
        let ids = Ids::random(Clock::system());
        let [one, other] = [ids.user_id(), ids.user_id()];
        let (request, post) = (FriendRequestId { sender: one, recipient: other }, ids.post_id(one));
        for cause in [
            Cause::Asked { request },
            Cause::Accepted { request },
            Cause::Commented { post, comment: ids.comment_id(), author: other },
            Cause::Liked { post, liker: other },
        ] {
            assert_eq!(cause_at(&notification(cause)), Some(cause));
        }
        let key = |sk: &str| Key { pk: notifications(one), sk: sk.into() };
        for other in ["NOTIFICATION#LIKE", "NOTIFICATION#LIKE#x#y", "NOTIFICATION#SHOUT#x", "PROFILE"] {
            assert_eq!(cause_at(&key(other)), None, "{other}");
        }
    }
}
