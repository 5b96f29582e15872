//! Which change of the table starts which job.

use serde::de::DeserializeOwned;
use serde_dynamo::{AttributeValue, Item};

use super::{Job, Kind};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::friends::Edge;
use crate::keys::SK;
use crate::posts::PostItem;

/// A change of an item of the table.
#[derive(Clone, Debug)]
pub struct Change {
    /// The sort key, which tells what kind of item it is.
    pub sort_key: String,
    /// The item before, if there was one.
    pub old: Option<Item>,
    /// The item after, if there is one.
    pub new: Option<Item>,
}

/// The sort key among an item's keys.
#[must_use]
pub fn sort_key(keys: &Item) -> String {
    match keys.get(SK) {
        Some(AttributeValue::S(sort_key)) => sort_key.clone(),
        _ => String::new(),
    }
}

/// The jobs that a change starts.
///
/// A change may be told twice, late, and out of order with those of other items: all that it
/// decides is that something is to be looked at again.
pub fn started_by(change: &Change) -> Result<Vec<Kind>> {
    if change.sort_key.starts_with("POST#") {
        let (old, new) = (read::<PostItem>(change.old.as_ref())?, read::<PostItem>(change.new.as_ref())?);
        let is_shared = |item: Option<&PostItem>| item.is_some_and(|item| item.visibility.is_shared());
        let Some(post) = new.as_ref().or(old.as_ref()).map(|item| item.post_id) else {
            return Ok(Vec::new());
        };
        let mut jobs = Vec::new();
        if is_shared(old.as_ref()) != is_shared(new.as_ref()) {
            jobs.push(Kind::Distribute { post });
        }
        if new.is_none() {
            jobs.push(Kind::Sweep { post });
        }
        return Ok(jobs);
    }
    if change.sort_key.starts_with("RELATION#") {
        let (old, new) = (read::<Edge>(change.old.as_ref())?, read::<Edge>(change.new.as_ref())?);
        let are_friends = |edge: Option<&Edge>| edge.is_some_and(|edge| edge.bond.are_friends());
        let Some(edge) = new.as_ref().or(old.as_ref()) else { return Ok(Vec::new()) };
        // Both edges change at once: one of them is enough to be told of.
        let people = [edge.user_id, edge.peer_id];
        if people[0] < people[1] && are_friends(old.as_ref()) != are_friends(new.as_ref()) {
            return Ok(vec![Kind::Reconcile { people }]);
        }
    }
    Ok(Vec::new())
}

/// Starts jobs, each from its beginning, whether it runs already or not. One round trip, 1 W
/// and one in the index each.
pub async fn start(app: &App, jobs: impl IntoIterator<Item = Kind>) -> Result<()> {
    let start = async |work: Kind| {
        let job = Job::new(app, work);
        app.store.put(job.put()?, &app.ids.write_id()).await.map(drop)
    };
    futures_util::future::try_join_all(jobs.into_iter().map(start)).await.map(drop)
}

fn read<T: DeserializeOwned>(image: Option<&Item>) -> Result<Option<T>> {
    image.cloned().map(serde_dynamo::from_item).transpose().map_err(Error::internal)
}
