//! Reading a feed.

use super::entry::EntryItem;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::friends::sight::can_see;
use crate::friends::{self, Slice};
use crate::ids::{PostId, UserId};
use crate::keys;
use crate::merge::{Run, merge};
use crate::posts::{Post, PostItem, newest, show, surroundings};
use crate::store::{Page, Query};

/// The posts of the viewer's friends and their own, the newest first, behind the position
/// `after`. Two round trips; 3.5 R for each post by a different friend, 1.5 R for one's own, and
/// the entries.
///
/// The viewer's own come from the table itself, so that what was just written is among them.
/// Of each entry it is read, strongly, whether its post is there still and for the viewer: a page
/// may be short.
pub async fn read(app: &App, viewer: UserId, after: Option<&str>, limit: usize) -> Result<Slice<Post>> {
    let after = after.map(|position| parse(position).ok_or(Error::InvalidCursor)).transpose()?;
    let (others, own) = tokio::try_join!(entries(app, viewer, after, limit), own(app, viewer, after, limit))?;
    let own_run = Run { items: own.items.iter().map(|item| item.post_id).collect(), more: own.more };
    let (ids, next) = merge(&[others, own_run], limit);

    let mut deciding = Vec::new();
    for id in ids.iter().filter(|id| id.author != viewer) {
        deciding.extend([keys::post(*id), keys::relation(viewer, id.author)]);
    }
    let around: Vec<_> = ids.iter().flat_map(|&id| surroundings(viewer, id)).collect();
    let mut found = app.store.batch_get_both(&deciding, &around).await?;
    let authors = ids.iter().map(|id| id.author).filter(|&author| author != viewer);
    let bonds = friends::bonds(&found, viewer, authors)?;

    let mut own = own.items;
    let mut posts = Vec::new();
    for id in ids {
        let item = if id.author == viewer {
            let place = own.iter().position(|item| item.post_id == id);
            place.map(|place| own.swap_remove(place))
        } else {
            let is_friend = bonds.get(&id.author).filter(|bond| bond.are_friends());
            let item = found.take::<PostItem>(&keys::post(id))?;
            item.zip(is_friend)
                .filter(|(item, bond)| can_see(viewer, id.author, bond, item.visibility.audience()))
                .map(|(item, _)| item)
        };
        if let Some(item) = item {
            posts.push(show(app, viewer, item, &found)?);
        }
    }
    Ok((posts, next.map(|id| id.to_string())))
}

/// The viewer's entries, behind this post.
async fn entries(app: &App, viewer: UserId, after: Option<PostId>, limit: usize) -> Result<Run<PostId>> {
    let prefix = keys::feed(viewer);
    let after = after.map(|post| keys::feed_entry(viewer, post).sk);
    let query = Query::last(&prefix, limit).beyond(after.as_deref()).eventually();
    let page = app.store.query::<EntryItem>(query).await?;
    // They expire in their own order: behind one that has, there is none that has not.
    let more = page.more && page.items.len() == limit;
    Ok(Run { items: page.items.into_iter().map(|entry| entry.post_id).collect(), more })
}

/// The viewer's own posts, behind this one, by whomever that is.
async fn own(app: &App, viewer: UserId, after: Option<PostId>, limit: usize) -> Result<Page<PostItem>> {
    // Of two posts of the same number, the one by the greater author comes first.
    let beyond = |post: PostId| {
        if post.author > viewer { format!("{}~", post.number()) } else { post.number() }
    };
    let number = after.map(beyond);
    newest(app, viewer, number.as_deref(), limit).await
}

fn parse(position: &str) -> Option<PostId> {
    position.parse().ok()
}
