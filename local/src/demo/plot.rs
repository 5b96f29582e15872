//! Everything that happens, by the minute.

use std::collections::BTreeMap;

use shared::clock::Timestamp;

use super::chats::CHATS;
use super::people::{PEOPLE, Person};
use super::posts::POSTS;
use super::story::{Chat, FRIENDSHIPS, Outcome, Post, REQUESTS, Request, at};

/// When those became friends who always were.
const FIRST: super::story::At = at(6, 5, 30);

/// Somebody does something.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// Asks somebody to be friends, and has their answer.
    Asks(Request),
    /// Writes the post at this place.
    Writes(usize),
    /// Likes it.
    Likes(usize, &'static str),
    /// Says about it what stands at this place of its comments.
    Comments(usize, usize),
    /// Says in a chat what stands at this place of its lines.
    Says(&'static Chat, usize),
    /// Reads all of it.
    Reads(&'static Chat, &'static str),
    /// Says what they are up to.
    IsUpTo(&'static Person),
}

/// When people registered, for whoever it is `now` for.
pub(super) fn beginning(now: Timestamp) -> Timestamp {
    at(6, 5, 0).before(now)
}

/// All of it in its order. What happens in one minute does not depend on each other.
pub(super) fn plot(now: Timestamp) -> BTreeMap<Timestamp, Vec<Act>> {
    let mut plot = BTreeMap::<_, Vec<_>>::new();
    let mut add = |at: super::story::At, act| plot.entry(at.before(now)).or_default().push(act);
    for (from, all) in FRIENDSHIPS {
        for to in all {
            add(FIRST, Act::Asks(Request { at: FIRST, from, to, outcome: Outcome::Accepted }));
        }
    }
    for request in REQUESTS {
        add(request.at, Act::Asks(request));
    }
    for (place, Post { at, likes, comments, .. }) in POSTS.iter().enumerate() {
        add(*at, Act::Writes(place));
        for who in *likes {
            add(at.later(2), Act::Likes(place, who));
        }
        for (number, (minutes, ..)) in comments.iter().enumerate() {
            add(at.later(*minutes), Act::Comments(place, number));
        }
    }
    for chat in &CHATS {
        for (number, (minutes, ..)) in chat.lines.iter().enumerate() {
            add(chat.at.later(*minutes), Act::Says(chat, number));
        }
        let last = chat.lines.last().map_or(0, |(minutes, ..)| *minutes);
        for who in chat.read_by {
            add(chat.at.later(last + 1), Act::Reads(chat, who));
        }
    }
    for (minutes, person) in (0..).zip(PEOPLE.iter().filter(|person| !person.status.is_empty())) {
        add(at(1, 17, 0).later(9 * minutes), Act::IsUpTo(person));
    }
    plot
}

/// What happens last of all.
pub(super) fn last() -> Option<(&'static Chat, usize)> {
    let chat = CHATS.last()?;
    Some((chat, chat.lines.len().checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_777_887_000_005);

    fn are_friends(one: &str, other: &str) -> bool {
        let accepted = REQUESTS.iter().filter(|request| request.outcome == Outcome::Accepted);
        let made = accepted.map(|request| (request.from, request.to));
        let old = FRIENDSHIPS.iter().flat_map(|(from, all)| all.iter().map(move |to| (*from, *to)));
        old.chain(made).any(|pair| pair == (one, other) || pair == (other, one))
    }

    #[test]
    fn the_last_line_is_the_last_thing_that_happens() {
        let plot = plot(NOW);
        let (time, acts) = plot.last_key_value().unwrap();
        let is_last =
            |chat, number| last().is_some_and(|last| std::ptr::eq(last.0, chat) && last.1 == number);
        assert!(matches!(acts[..], [Act::Says(chat, number)] if is_last(chat, number)), "{acts:?}");
        assert!(*time < NOW && beginning(NOW) < *plot.first_key_value().unwrap().0);
    }

    #[test]
    fn who_answers_does_so_later() {
        for Post { comments, .. } in &POSTS {
            assert!(comments.is_sorted_by(|one, next| 0 < one.0 && one.0 < next.0), "{comments:?}");
        }
        for Chat { lines, .. } in &CHATS {
            assert!(lines.is_sorted_by(|one, next| one.0 < next.0), "{lines:?}");
        }
    }

    #[test]
    fn everybody_may_do_what_they_do() {
        let blocked = |one: &str, other: &str| {
            let block = |request: &Request| request.outcome == Outcome::Blocked;
            REQUESTS.iter().any(|request| {
                block(request) && [(one, other), (other, one)].contains(&(request.from, request.to))
            })
        };
        for post in &POSTS {
            for who in post.likes.iter().chain(post.comments.iter().map(|(_, who, _)| who)) {
                let may = match post.visibility {
                    "public" => !blocked(who, post.by),
                    "friends" => *who == post.by || are_friends(who, post.by),
                    _ => *who == post.by,
                };
                assert!(may, "{who} and {}", post.text);
            }
        }
        for chat in &CHATS {
            assert!(are_friends(chat.between[0], chat.between[1]), "{:?}", chat.between);
            assert!(chat.lines.iter().all(|(_, who, _)| chat.between.contains(who)), "{:?}", chat.between);
        }
    }

    #[test]
    fn nothing_is_said_twice_in_the_same_words() {
        let posts = POSTS.iter().map(|post| (post.by, post.text));
        let comments = POSTS.iter().flat_map(|post| post.comments.iter().map(|(_, who, text)| (*who, *text)));
        let all: Vec<_> = posts.chain(comments).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "that is how it is found again");
    }
}
