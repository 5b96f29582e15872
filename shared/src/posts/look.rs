//! Looking at posts: one, and an author's.

use super::item::PostItem;
use super::view::{show, surroundings};
use super::{Post, Visibility};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::friends::sight::{Audience, can_see};
use crate::friends::{self, Slice};
use crate::ids::{PostId, UserId};
use crate::keys;
use crate::merge::{Run, merge};
use crate::store::{Page, Query, Within};

/// A post that is there for the viewer. One round trip, 4.5 R; one's own 3.5 R.
///
/// The counters and the viewer's like are read strongly, too: what somebody has just done is to
/// show.
pub async fn by_id(app: &App, viewer: UserId, id: PostId) -> Result<Post> {
    let mut deciding = vec![keys::post(id), keys::counters(id), keys::like(id, viewer)];
    if viewer != id.author {
        deciding.push(keys::relation(viewer, id.author));
    }
    let mut found = app.store.batch_get_both(&deciding, &[keys::profile(id.author)]).await?;
    let item = found.take::<PostItem>(&keys::post(id))?.ok_or(Error::NotFound)?;
    let bond = friends::bonds(&found, viewer, [id.author])?.remove(&id.author).unwrap_or_default();
    if !can_see(viewer, id.author, &bond, item.visibility.audience()) {
        return Err(Error::NotFound);
    }
    show(app, viewer, item, &found)
}

/// The posts of somebody that are there for the viewer, the newest first, older than the number
/// `before`. Two round trips.
///
/// One's own come from the table itself, so that what was just written is among them. Other
/// people's come from the index by their visibility, however many of another one there are in
/// between; whether each is still there, and for whom, is read strongly.
pub async fn by_author(
    app: &App,
    viewer: UserId,
    author: UserId,
    before: Option<&str>,
    limit: usize,
) -> Result<Slice<Post>> {
    if before.is_some_and(|number| PostId::of(author, number).is_err()) {
        return Err(Error::InvalidCursor);
    }
    if viewer == author {
        own(app, viewer, before, limit).await
    } else {
        others(app, viewer, author, before, limit).await
    }
}

async fn own(app: &App, viewer: UserId, before: Option<&str>, limit: usize) -> Result<Slice<Post>> {
    let page = newest(app, viewer, before, limit).await?;
    let around = page.items.iter().flat_map(|item| surroundings(viewer, item.post_id));
    let found = app.store.batch_get_both(&[], &around.collect::<Vec<_>>()).await?;
    let next = page.items.last().filter(|_| page.more).map(|item| item.post_id.number());
    let posts = page.items.into_iter().map(|item| show(app, viewer, item, &found));
    Ok((posts.collect::<Result<_>>()?, next))
}

async fn others(
    app: &App,
    viewer: UserId,
    author: UserId,
    before: Option<&str>,
    limit: usize,
) -> Result<Slice<Post>> {
    let (relation, profile) = (keys::relation(viewer, author), keys::profile(author));
    let who = [relation, profile.clone()];
    let who = app.store.batch_get(&who);
    let public = numbers(app, author, Visibility::Public, before, limit);
    let shared = numbers(app, author, Visibility::Friends, before, limit);
    let (who, public, shared) = tokio::try_join!(who, public, shared)?;
    let bond = friends::bonds(&who, viewer, [author])?.remove(&author).unwrap_or_default();
    if !who.has(&profile) || !can_see(viewer, author, &bond, Audience::Profile) {
        return Err(Error::NotFound);
    }
    let lists = if can_see(viewer, author, &bond, Audience::Friends) {
        vec![public, shared]
    } else if can_see(viewer, author, &bond, Audience::Public) {
        vec![public]
    } else {
        Vec::new()
    };
    let (ids, next) = merge(&lists, limit);
    let deciding: Vec<_> = ids.iter().copied().map(keys::post).collect();
    let around = ids.iter().flat_map(|&id| [keys::counters(id), keys::like(id, viewer)]);
    let mut found = app.store.batch_get_both(&deciding, &around.collect::<Vec<_>>()).await?;
    found.add(who);
    let mut posts = Vec::new();
    for id in ids {
        let Some(item) = found.take::<PostItem>(&keys::post(id))? else { continue };
        if can_see(viewer, author, &bond, item.visibility.audience()) {
            posts.push(show(app, viewer, item, &found)?);
        }
    }
    Ok((posts, next.map(PostId::number)))
}

/// An author's newest posts, whatever their visibility, older than this number. One round trip.
pub(crate) async fn newest(
    app: &App,
    author: UserId,
    before: Option<&str>,
    limit: usize,
) -> Result<Page<PostItem>> {
    let prefix = keys::posts(author);
    let before = before.map(|number| format!("{}{number}", prefix.sk));
    app.store.query(Query::last(&prefix, limit).beyond(before.as_deref())).await
}

/// Where the index has an author's newest posts with this visibility, older than this number.
/// One round trip, 0.5 R.
pub(crate) async fn numbers(
    app: &App,
    author: UserId,
    visibility: Visibility,
    before: Option<&str>,
    limit: usize,
) -> Result<Run<PostId>> {
    let partition = keys::posts_with(author, visibility);
    let page = app.store.query_index(&partition, Within::Below(before), limit).await?;
    let ids = page.items.iter().filter_map(|entry| PostId::of(author, &entry.place.sk).ok());
    Ok(Run { items: ids.collect(), more: page.more })
}
