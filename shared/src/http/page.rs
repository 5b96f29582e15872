//! Lists: from where, and where to go on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::query::{FromQuery, Parameters};
use crate::error::{Error, Result};
use crate::ids::{UserId, digest};

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageOf<T> {
    /// The items; there may be fewer than asked for, even none, while `nextCursor` is set.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> PageOf<T> {
    /// The page of a whole, sorted list that the query asks for.
    ///
    /// `position` is an item's place in the sort order, as a text that sorts the same way and
    /// tells nothing the item does not show.
    pub fn of_sorted(
        list: &List<'_>,
        query: &PageQuery,
        items: Vec<T>,
        position: impl Fn(&T) -> String,
    ) -> Result<Self> {
        let after = list.after(query)?;
        let mut rest =
            items.into_iter().filter(|item| after.as_ref().is_none_or(|after| position(item) > *after));
        let items: Vec<_> = rest.by_ref().take(query.limit).collect();
        let end = if rest.next().is_some() { items.last() } else { None };
        let next_cursor = end.map(|item| list.cursor(&position(item)));
        Ok(Self { items, next_cursor })
    }
}

impl<T> PageOf<T> {
    /// A page that goes on behind this position, if there is one.
    #[must_use]
    pub fn of_slice(list: &List<'_>, (items, next): (Vec<T>, Option<String>)) -> Self {
        Self { items, next_cursor: next.map(|position| list.cursor(&position)) }
    }
}

/// Which list it is: who sees it, its route, and whatever else sets it apart. Its cursors fit no other.
///
/// A cursor begins with a digest of the list and the position, so that one of another list, or
/// one that lost a letter on its way, is told apart. It is no secret: whoever makes one up gets
/// a position, and what they could see there anyway.
#[derive(Debug)]
pub struct List<'a>(pub UserId, pub &'a [&'a str]);

impl List<'_> {
    const MARK: usize = 8;

    /// The cursor of a position.
    #[must_use]
    pub fn cursor(&self, position: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}{position}", self.mark(position)))
    }

    /// Behind which position the page is that the query asks for.
    pub fn after(&self, query: &PageQuery) -> Result<Option<String>> {
        query.cursor.as_deref().map(|cursor| self.position(cursor)).transpose()
    }

    /// The position in a cursor of this list.
    pub fn position(&self, cursor: &str) -> Result<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Error::InvalidCursor)?;
        let text = String::from_utf8(bytes).map_err(|_| Error::InvalidCursor)?;
        let (mark, position) = text.split_at_checked(Self::MARK).ok_or(Error::InvalidCursor)?;
        if mark == self.mark(position) { Ok(position.to_owned()) } else { Err(Error::InvalidCursor) }
    }

    fn mark(&self, position: &str) -> String {
        let Self(viewer, route) = self;
        let viewer = viewer.to_bytes();
        let parts = route.iter().chain([&position]).map(|part| part.as_bytes());
        let parts: Vec<_> = [viewer.as_slice()].into_iter().chain(parts).collect();
        digest(&parts)[..Self::MARK].to_owned()
    }
}

/// Which page of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items at most.
    #[param(minimum = 1, maximum = 100, default = 20, required = false)]
    pub limit: usize,
    /// Where to go on: `nextCursor` of the page before.
    #[param(nullable = false)]
    pub cursor: Option<String>,
}

impl FromQuery for PageQuery {
    fn from_query(query: Parameters<'_>) -> Result<Self> {
        Ok(Self { limit: query.limit()?, cursor: query.get("cursor")? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALICE: UserId = UserId::from_bytes([1; 16]);

    #[test]
    fn a_cursor_fits_only_its_own_list() {
        let list = List(ALICE, &["likes", "post"]);
        let cursor = list.cursor("42");
        assert_eq!(list.position(&cursor).unwrap(), "42");
        let others = [
            List(UserId::from_bytes([2; 16]), &["likes", "post"]),
            List(ALICE, &["likes", "other"]),
            List(ALICE, &["likesp", "ost"]),
        ];
        for other in others {
            assert!(matches!(other.position(&cursor), Err(Error::InvalidCursor)), "{other:?}");
        }
        assert!(matches!(list.position(&cursor[..cursor.len() - 2]), Err(Error::InvalidCursor)));
    }

    #[test]
    fn pages_bring_every_item_once() {
        let list = List(ALICE, &["numbers"]);
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let query = PageQuery { limit: 3, cursor };
            let page =
                PageOf::of_sorted(&list, &query, (0..10).collect(), |n: &u32| format!("{n:03}")).unwrap();
            seen.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn no_text_makes_a_cursor_panic(text in any::<String>()) {
            let _ = List(ALICE, &["sessions"]).position(&text);
        }
    }
}
