//! Liking a post, and who likes it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sight::look;
use crate::clock::Timestamp;
use crate::environment::App;
use crate::error::{Error, Result};
use crate::friends::sight::{Audience, READ_ON, can_see};
use crate::friends::{self, Slice};
use crate::ids::{PostId, UserId};
use crate::keys;
use crate::profiles::{ProfileItem, UserRef};
use crate::store::retry::Backoff;
use crate::store::{Condition, Put, Query, Transaction};

/// Somebody who likes a post.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Liker {
    /// Who.
    #[serde(flatten)]
    pub user: UserRef,
    /// Since when.
    pub liked_at: Timestamp,
}

/// The item at [`keys::like`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LikeItem {
    pub(crate) user_id: UserId,
    liked_at: Timestamp,
}

/// Likes a post; liking it twice changes nothing. Two round trips, 3 R, 6 W and one in the index.
///
/// The like and the count are one transaction, which holds only if the like is not there yet, so
/// however many likes and unlikes race, the count is the number of likes. It holds only as long
/// as the post is there for the viewer, too; if not, all of it is looked at again.
pub async fn like(app: &App, viewer: UserId, post: PostId) -> Result<()> {
    let key = keys::like(post, viewer);
    let mut pause = Backoff::default();
    loop {
        let (found, sight) = look(app, viewer, post, std::slice::from_ref(&key), &[]).await?;
        let sight = sight.ok_or(Error::NotFound)?;
        if found.has(&key) {
            return Ok(());
        }
        let item = LikeItem { user_id: viewer, liked_at: app.clock.now() };
        let place = keys::like_by(viewer, post);
        let transaction = Transaction::new(app.ids.write_id())
            .put(Put::new(&key, &item)?.if_absent().indexed(&place))
            .update(sight.count()?.increment("likeCount"));
        if app.store.transact(sight.must_hold(transaction)).await?.is_ok() {
            return Ok(());
        }
        pause.wait("somebody else is at the same post").await?;
    }
}

/// Likes a post no more; not liking it anyway changes nothing. Two round trips, 3 R, 4 W and one
/// in the index.
pub async fn unlike(app: &App, viewer: UserId, post: PostId) -> Result<()> {
    let key = keys::like(post, viewer);
    let mut pause = Backoff::default();
    loop {
        let (found, sight) = look(app, viewer, post, std::slice::from_ref(&key), &[]).await?;
        let sight = sight.ok_or(Error::NotFound)?;
        if !found.has(&key) {
            return Ok(());
        }
        let transaction = Transaction::new(app.ids.write_id())
            .delete_when(key.clone(), Condition::Exists)
            .update(sight.count()?.decrement("likeCount"));
        if app.store.transact(transaction).await?.is_ok() {
            return Ok(());
        }
        pause.wait("somebody else is at the same post").await?;
    }
}

/// Who likes a post, in the order of their ids, but for those whom the viewer blocks or is
/// blocked by. Two round trips.
///
/// Where to go on is behind somebody who is shown: a position must not tell who is hidden. Behind a page of
/// hidden people only a hundred are read on at a time, two round trips more.
pub async fn likers(
    app: &App,
    viewer: UserId,
    post: PostId,
    after: Option<&str>,
    limit: usize,
) -> Result<Slice<Liker>> {
    let prefix = keys::likes(post);
    let query = async |after: Option<&str>, many: usize| {
        app.store.query::<LikeItem>(Query::first(&prefix, many).beyond(after)).await
    };
    let (seen, mut page) = tokio::try_join!(look(app, viewer, post, &[], &[]), query(after, limit))?;
    seen.1.ok_or(Error::NotFound)?;
    loop {
        let last = page.items.last().filter(|_| page.more).map(|last| keys::like(post, last.user_id).sk);
        let mut likers = shown(app, viewer, page.items).await?;
        if !likers.is_empty() || last.is_none() {
            let goes_on = last.is_some() || likers.len() > limit;
            likers.truncate(limit);
            let next = likers.last().filter(|_| goes_on).map(|last| keys::like(post, last.user.id).sk);
            return Ok((likers, next));
        }
        page = query(last.as_deref(), READ_ON).await?;
    }
}

/// Those of whom the viewer may know. One round trip, 1.5 R each.
async fn shown(app: &App, viewer: UserId, page: Vec<LikeItem>) -> Result<Vec<Liker>> {
    let users: Vec<_> = page.iter().map(|like| like.user_id).collect();
    let mut found = friends::people(app, viewer, &users).await?;
    let bonds = friends::bonds(&found, viewer, users)?;
    let mut likers = Vec::new();
    for LikeItem { user_id, liked_at } in page {
        let is_there =
            bonds.get(&user_id).is_some_and(|bond| can_see(viewer, user_id, bond, Audience::Public));
        if is_there {
            let profile = found.take::<ProfileItem>(&keys::profile(user_id))?;
            let user = profile.map_or(UserRef::hidden(user_id), |profile| profile.into_ref(app));
            likers.push(Liker { user, liked_at });
        }
    }
    Ok(likers)
}
