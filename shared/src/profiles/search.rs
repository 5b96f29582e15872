//! Finding people by the beginning of their username or of a word of their name.
//!
//! Every username and every word of a name has an entry in the table, folded so that case and
//! accents do not matter, under a partition of its first two letters. Entries are written in
//! the transaction that writes the profile, so they are never of a name that nobody has.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{Found, Name, ProfileItem, Relation};
use crate::accounts::Username;
use crate::environment::App;
use crate::error::Result;
use crate::friends;
use crate::friends::pair::Bond;
use crate::friends::sight::{Audience, READ_ON, can_see};
use crate::ids::UserId;
use crate::keys::{self, Key};
use crate::store::{Put, Query};
use crate::text::{Parse, Refusal};

/// The fewest letters that can be looked for.
const FEWEST: usize = 2;
/// The most words of one name that have entries. 64 characters hold 32 words of one letter,
/// which have none anyway.
const MOST_WORDS: usize = 16;

/// What is looked for: words, each the beginning of a username or of a word of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    words: Vec<String>,
    text: String,
}

impl SearchQuery {
    /// The most characters of a query: as many as a name has.
    pub const MAX: usize = Name::MAX;

    /// The words as they are looked for, which tell one list from another.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The word that leads to the fewest entries, as far as can be told.
    fn longest(&self) -> &str {
        self.words.iter().max_by_key(|word| word.chars().count()).map_or("", String::as_str)
    }

    /// Whether somebody's entries have a beginning for each of the words.
    fn matches(&self, entries: &BTreeSet<String>) -> bool {
        self.words.iter().all(|word| entries.iter().any(|entry| entry.starts_with(word)))
    }
}

impl Parse for SearchQuery {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let words: Vec<_> = words(&crate::text::clean(text, Self::MAX)?).collect();
        if words.iter().all(|word| word.chars().count() < FEWEST) {
            return Err(Refusal::new("must have a word of 2 or more letters"));
        }
        let text = words.join(" ");
        Ok(Self { words, text })
    }
}

/// The item at [`keys::search_entry`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchEntry {
    /// The username or word of the name, folded.
    word: String,
    user_id: UserId,
}

/// Which people a query finds, in the order of what was found, but for those who block the
/// viewer. Two round trips, 2 R for each person and 1 R for the entries.
///
/// Answers up to `limit` of them, and where to go on behind them: a position is the sort key of an entry
/// whose owner the viewer may know of, and says no more than that one shows. Behind a page of entries of
/// others only a hundred are read on at a time, two round trips more.
pub async fn search(
    app: &App,
    viewer: UserId,
    query: &SearchQuery,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<Found>, Option<String>)> {
    let prefix = keys::search_prefix(query.longest());
    let (mut after, mut many) = (after.map(str::to_owned), limit);
    loop {
        let entries = Query::first(&prefix, many).beyond(after.as_deref());
        let page = app.store.query::<SearchEntry>(entries).await?;
        let last = page.items.last().filter(|_| page.more);
        let last = last.map(|last| keys::search_entry(last.user_id, &last.word).sk);
        let (found, place, is_full) = look(app, viewer, query, page.items, limit).await?;
        if place.is_some() || last.is_none() {
            return Ok((found, place.filter(|_| last.is_some() || is_full)));
        }
        (after, many) = (last, READ_ON);
    }
}

/// Whom of these entries' owners a query finds, up to so many; the place of the last one of whom the viewer
/// may know; and whether there are entries behind that many.
async fn look(
    app: &App,
    viewer: UserId,
    query: &SearchQuery,
    page: Vec<SearchEntry>,
    limit: usize,
) -> Result<(Vec<Found>, Option<String>, bool)> {
    let people: BTreeSet<_> = page.iter().map(|entry| entry.user_id).collect();
    let of_person = |&user| [keys::profile(user), keys::relation(viewer, user)];
    let wanted: Vec<_> = people.iter().flat_map(of_person).collect();
    let profiles = app.store.batch_get(&wanted).await?;
    let bonds = friends::bonds(&profiles, viewer, people)?;

    let (mut found, mut place) = (Vec::new(), None);
    for SearchEntry { word, user_id } in page {
        if found.len() == limit {
            return Ok((found, place, true));
        }
        let Some(profile) = profiles.peek::<ProfileItem>(&keys::profile(user_id))? else { continue };
        let is_there = |bond: &&Bond| can_see(viewer, user_id, bond, Audience::Profile);
        let Some(bond) = bonds.get(&user_id).filter(is_there) else { continue };
        place = Some(keys::search_entry(user_id, &word).sk);
        let entries = entries(&profile.username, &profile.name);
        // Somebody found by two words is shown with the first, on whichever page that is.
        let first = entries.iter().find(|entry| entry.starts_with(query.longest()));
        if first == Some(&word) && query.matches(&entries) {
            found.push(Found { user: profile.into_ref(app), relation: Relation::of(user_id, viewer, bond) });
        }
    }
    Ok((found, place, false))
}

/// The entries that a new profile needs.
pub(crate) fn puts(user: UserId, username: &Username, name: &Name) -> Result<Vec<Put>> {
    entries(username, name).iter().map(|word| put(user, word)).collect()
}

/// The entries that a profile needs once it is called otherwise, and the keys of those it
/// needs no more.
pub(crate) fn changes(old: &ProfileItem, new: &ProfileItem) -> Result<(Vec<Put>, Vec<Key>)> {
    let (before, after) = (entries(&old.username, &old.name), entries(&new.username, &new.name));
    let puts = after.difference(&before).map(|word| put(new.user_id, word)).collect::<Result<_>>()?;
    let gone = before.difference(&after).map(|word| keys::search_entry(old.user_id, word)).collect();
    Ok((puts, gone))
}

fn put(user_id: UserId, word: &str) -> Result<Put> {
    Put::new(&keys::search_entry(user_id, word), &SearchEntry { word: word.to_owned(), user_id })
}

/// What somebody is found by: their username, and the words of their name.
fn entries(username: &Username, name: &Name) -> BTreeSet<String> {
    let of_name = words(name.as_str()).filter(|word| word.chars().count() >= FEWEST).take(MOST_WORDS);
    of_name.chain([username.as_str().to_owned()]).collect()
}

/// The words of a text, folded.
fn words(text: &str) -> impl Iterator<Item = String> {
    let folded = fold(text);
    let words: Vec<_> = folded
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

/// A text without case, accents, apostrophes and other variants: `Zoë O’STRAẞE` and
/// `zoe ostrasse` are one.
fn fold(text: &str) -> String {
    let plain = text.nfkd().filter(|&c| !is_combining_mark(c) && !['\'', '’', 'ʼ'].contains(&c));
    plain.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries_of(username: &str, name: &str) -> Vec<String> {
        entries(&Username::parse(username).unwrap(), &Name::parse(name).unwrap()).into_iter().collect()
    }

    #[test]
    fn a_person_is_found_by_username_and_by_each_word_of_the_name() {
        assert_eq!(
            entries_of("white_rabbit", "Zoë  O'Straße-Ñandú J."),
            ["nandu", "ostrasse", "white_rabbit", "zoe"]
        );
        assert_eq!(entries_of("alice", "Alice"), ["alice"]);
    }

    #[test]
    fn case_and_accents_do_not_matter() {
        for same in ["zoë", "ZOE", "Zoe\u{308}", "ｚｏｅ"] {
            assert_eq!(fold(same), "zoe", "{same}");
        }
        assert_eq!(fold("STRASSE"), fold("straße"));
    }

    #[test]
    fn a_query_needs_a_word_of_two_letters() {
        for bad in ["", "a", "a b", "- -", "é", &"x".repeat(65)] {
            assert!(SearchQuery::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(SearchQuery::parse(" Al LIDD ").unwrap().words, ["al", "lidd"]);
    }

    proptest! {
        #[test]
        fn everybody_is_found_by_any_beginning_of_their_words(name in "\\PC{0,64}") {
            let Ok(name) = Name::parse(&name) else { return Ok(()) };
            let entries = entries(&Username::parse("someone").unwrap(), &name);
            for word in &entries {
                let beginning: String = word.chars().take(2).collect();
                if let Ok(query) = SearchQuery::parse(&beginning) {
                    prop_assert!(query.matches(&entries), "{beginning:?} in {entries:?}");
                }
            }
        }
    }
}
