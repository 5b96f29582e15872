//! Writing a post.

use super::item::{Counters, PostItem};
use super::view::{show, surroundings};
use super::{Post, PostText, Visibility};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::idempotency::{self, Key};
use crate::ids::{PostId, UserId};
use crate::keys;
use crate::store::{Put, Transaction};

/// What a post is to be.
#[derive(Clone, Debug)]
pub struct NewPost {
    /// What it says.
    pub text: PostText,
    /// For whom.
    pub visibility: Visibility,
}

/// Writes a post. One round trip, 1 R, 4 W and one in the index; with a key 2 W more.
///
/// One transaction of the post, its counters and the key, so there is all of it or nothing; a
/// repetition after a lost reply is made once, by the transaction's token. With a key, also one
/// that comes a day later: the key is taken already, and what was made with it is the answer.
/// That friends find the post in their feeds is brought about by the stream, later.
pub async fn create(app: &App, viewer: UserId, new: NewPost, key: Option<&Key>) -> Result<Post> {
    let item = PostItem::new(app.ids.post_id(viewer), new.text.clone(), new.visibility);
    let [itself, counters] = items(&item)?;
    let mut transaction = Transaction::new(app.ids.write_id()).put(itself).put(counters);
    if let Some(key) = key {
        let asked = fingerprint(&new);
        transaction = transaction.put(idempotency::claim(app, viewer, key, &asked, &item.post_id)?);
    }
    let own = [keys::profile(viewer)];
    let (made, found) = tokio::join!(app.store.transact(transaction), app.store.batch_get(&own));
    // What was written is not to be called unavailable because its author's name is.
    let found = found.unwrap_or_default();
    match (made?, key) {
        (Ok(()), _) => show(app, viewer, item, &found),
        (Err(mut refusals), Some(_)) if refusals.of(2) => {
            let id = idempotency::original::<PostId>(refusals.item(2), &fingerprint(&new))?;
            original(app, viewer, id).await
        }
        (Err(_), _) => Err(Error::internal("there is a post with a new id")),
    }
}

/// A new post as its two items, of which neither may be there yet.
pub fn post(id: PostId, new: &NewPost) -> Result<[Put; 2]> {
    items(&PostItem::new(id, new.text.clone(), new.visibility))
}

fn items(item: &PostItem) -> Result<[Put; 2]> {
    let counters = Put::new(&keys::counters(item.post_id), &Counters::new(item.visibility))?;
    Ok([item.put()?.if_absent(), counters.if_absent()])
}

/// What tells one wish from another.
fn fingerprint(new: &NewPost) -> idempotency::Fingerprint {
    idempotency::Fingerprint::of(&["post", new.text.as_str(), new.visibility.as_str()])
}

/// The viewer's own post, as it is now.
async fn original(app: &App, viewer: UserId, id: PostId) -> Result<Post> {
    let mut wanted = surroundings(viewer, id).to_vec();
    wanted.push(keys::post(id));
    let mut found = app.store.batch_get(&wanted).await?;
    let item = found.take::<PostItem>(&keys::post(id))?.ok_or(Error::NotFound)?;
    show(app, viewer, item, &found)
}
