//! Looking at comments: one, and a post's.

use super::Comment;
use super::item::CommentItem;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::friends::sight::{Audience, can_see};
use crate::friends::{self, Slice, people};
use crate::ids::{CommentId, PostId, UserId};
use crate::keys;
use crate::posts::sight::{Sight, look};
use crate::profiles::ProfileItem;
use crate::store::Query;

/// In which order comments are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    Oldest,
    /// The newest first.
    Newest,
}

/// A comment that is there for the viewer. Two round trips, 5 R; one's own one, 2.5 R to 3.5 R.
pub async fn by_id(app: &App, viewer: UserId, post: PostId, id: CommentId) -> Result<Comment> {
    let seen = see(app, viewer, post, id).await?;
    Ok(seen.item.into_comment(app, seen.author))
}

/// A comment that is there for somebody.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) item: CommentItem,
    pub(super) author: Option<ProfileItem>,
    /// The post it is on.
    pub(super) sight: Sight,
}

/// Reads, strongly, a comment that is there for the viewer. One round trip, 3.5 R, if it is
/// theirs.
///
/// Who else made it is known only once it is read, so it takes a second round trip to know
/// whether they block each other, and 1.5 R.
pub(super) async fn see(app: &App, viewer: UserId, post: PostId, id: CommentId) -> Result<Seen> {
    let (key, own) = (keys::comment(post, id), keys::profile(viewer));
    let (deciding, decorating) = (std::slice::from_ref(&key), std::slice::from_ref(&own));
    let (mut found, sight) = look(app, viewer, post, deciding, decorating).await?;
    let item = found.take::<CommentItem>(&key)?;
    let (sight, item) = sight.zip(item).ok_or(Error::NotFound)?;
    let author = item.author_id;
    if author == viewer {
        return Ok(Seen { item, author: found.take(&own)?, sight });
    }
    let (relation, profile) = (keys::relation(viewer, author), keys::profile(author));
    let mut found = app.store.batch_get_both(&[relation], std::slice::from_ref(&profile)).await?;
    let bond = friends::bonds(&found, viewer, [author])?.remove(&author).unwrap_or_default();
    if !can_see(viewer, author, &bond, Audience::Public) {
        return Err(Error::NotFound);
    }
    Ok(Seen { item, author: found.take(&profile)?, sight })
}

/// The comments on a post, but for those by somebody whom the viewer blocks or is blocked by,
/// behind the position `after` in the order asked for. Two round trips.
pub async fn on_post(
    app: &App,
    viewer: UserId,
    post: PostId,
    order: Order,
    after: Option<&str>,
    limit: usize,
) -> Result<Slice<Comment>> {
    let prefix = keys::comments(post);
    let query = match order {
        Order::Oldest => Query::first(&prefix, limit),
        Order::Newest => Query::last(&prefix, limit),
    };
    let (seen, page) = tokio::try_join!(
        look(app, viewer, post, &[], &[]),
        app.store.query::<CommentItem>(query.beyond(after))
    )?;
    seen.1.ok_or(Error::NotFound)?;
    let authors: Vec<_> = page.items.iter().map(|item| item.author_id).collect();
    let found = people(app, viewer, &authors).await?;
    let bonds = friends::bonds(&found, viewer, authors)?;
    let next = page.items.last().filter(|_| page.more).map(|last| keys::comment(post, last.comment_id).sk);
    let mut comments = Vec::new();
    for item in page.items {
        let author = item.author_id;
        if bonds.get(&author).is_some_and(|bond| can_see(viewer, author, bond, Audience::Public)) {
            let profile = found.peek::<ProfileItem>(&keys::profile(author))?;
            comments.push(item.into_comment(app, profile));
        }
    }
    Ok((comments, next))
}
