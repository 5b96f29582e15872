//! Changing a post.

use super::delete::not_yours;
use super::item::PostItem;
use super::view::show;
use super::{Post, PostText, Visibility};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::ids::{PostId, UserId};
use crate::keys;
use crate::store::retry::Backoff;
use crate::store::{Transaction, Update, Written};

/// What to change; what is not given stays.
#[derive(Clone, Debug, Default)]
pub struct PostEdit {
    /// What it says.
    pub text: Option<PostText>,
    /// For whom it is.
    pub visibility: Option<Visibility>,
}

/// Changes one's own post, if it still has one of the `expected` versions. Two round trips,
/// 3.5 R, and 1 W; with the visibility 4 W and two in the index.
///
/// A write that holds only if nobody wrote the post since it was read, otherwise all of it
/// starts again: of two edits that expect the same version one is refused. The visibility is
/// changed in the post and in its counters in one transaction, so that no like or comment slips
/// through by the older one.
pub async fn edit(
    app: &App,
    viewer: UserId,
    id: PostId,
    expected: Option<&[u64]>,
    edit: PostEdit,
) -> Result<Post> {
    if viewer != id.author {
        return Err(not_yours(app, viewer, id).await?);
    }
    let mut pause = Backoff::default();
    let counters = keys::counters(id);
    let deciding = [keys::post(id), counters.clone(), keys::like(id, viewer)];
    let author = [keys::profile(viewer)];
    loop {
        let mut found = app.store.batch_get_both(&deciding, &author).await?;
        let item = found.take::<PostItem>(&keys::post(id))?.ok_or(Error::NotFound)?;
        if expected.is_some_and(|versions| !versions.contains(&item.version)) {
            return Err(Error::VersionMismatch);
        }
        let changed = changed(app, &item, &edit);
        let Some(changed) = changed else { return show(app, viewer, item, &found) };
        let (put, id) = (changed.put()?.when(item.unchanged()), app.ids.write_id());
        let made = if changed.visibility == item.visibility {
            matches!(app.store.put(put, &id).await?, Written::Done(_))
        } else {
            let counters = Update::of(counters.clone()).set("visibility", changed.visibility);
            app.store.transact(Transaction::new(id).put(put).update(counters)).await?.is_ok()
        };
        if made {
            return show(app, viewer, changed, &found);
        }
        pause.wait("somebody else is at the same post").await?;
    }
}

/// The post as it is to be, unless nothing was given to be changed.
fn changed(app: &App, item: &PostItem, edit: &PostEdit) -> Option<PostItem> {
    if edit.text.is_none() && edit.visibility.is_none() {
        return None;
    }
    let mut changed = item.clone();
    if let Some(text) = &edit.text {
        changed.text = text.clone();
        changed.edited_at = Some(app.clock.now());
    }
    changed.visibility = edit.visibility.unwrap_or(item.visibility);
    changed.version += 1;
    Some(changed)
}
