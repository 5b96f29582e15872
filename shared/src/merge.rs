//! The newest of several lists that are read at once, the newest first.

use std::collections::BTreeSet;

/// The newest of some list.
#[derive(Debug)]
pub(crate) struct Run<T> {
    /// Which, the newest first: the greatest.
    pub(crate) items: Vec<T>,
    /// Whether the list goes on behind them.
    pub(crate) more: bool,
}

/// The newest of several lists, each once, and the last of them if there may be more behind.
///
/// A list that goes on says nothing of what is behind its last one: nothing older than that is
/// taken of any list.
pub(crate) fn merge<T: Ord + Clone>(lists: &[Run<T>], limit: usize) -> (Vec<T>, Option<T>) {
    let horizon = lists.iter().filter(|list| list.more).filter_map(|list| list.items.last()).max().cloned();
    let newest: BTreeSet<_> = lists.iter().flat_map(|list| &list.items).collect();
    let within = |item: &&T| horizon.as_ref().is_none_or(|horizon| *item >= horizon);
    let items: Vec<_> = newest.iter().rev().copied().filter(within).take(limit).cloned().collect();
    let goes_on = items.len() < newest.len() || lists.iter().any(|list| list.more);
    let last = items.last().cloned().filter(|_| goes_on);
    (items, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_from_behind_where_a_list_was_cut_off() {
        // The first list was cut off at 4, so a 3 of it may come before the second list's 1.
        let lists = || vec![Run { items: vec![6, 4], more: true }, Run { items: vec![5, 1], more: false }];
        assert_eq!(merge(&lists(), 10), (vec![6, 5, 4], Some(4)));
        assert_eq!(merge(&lists(), 2), (vec![6, 5], Some(5)));
    }

    #[test]
    fn what_is_in_two_lists_is_taken_once_and_the_end_is_the_end() {
        let lists = vec![
            Run { items: vec![3, 2, 1], more: false },
            Run { items: vec![2], more: false },
            Run { items: Vec::new(), more: false },
        ];
        assert_eq!(merge(&lists, 3), (vec![3, 2, 1], None));
        assert_eq!(merge::<u8>(&[], 3), (Vec::new(), None));
    }
}
