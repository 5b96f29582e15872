//! Which change of the table starts which job.

use serde::de::DeserializeOwned;
use serde_dynamo::{AttributeValue, Item};

use super::{Kind, PATIENCE};
use crate::environment::App;
use crate::error::{Error, Result};
use crate::friends::Edge;
use crate::keys::{self, PK, SK};
use crate::posts::PostItem;
use crate::store::Update;

/// A change of an item of the table.
#[derive(Clone, Debug)]
pub struct Change {
    /// The partition key, which tells whose it is.
    pub partition_key: String,
    /// The sort key, which tells what kind of item it is.
    pub sort_key: String,
    /// The item before, if there was one.
    pub old: Option<Item>,
    /// The item after, if there is one.
    pub new: Option<Item>,
}

impl Change {
    /// The change that a record of the stream tells of.
    #[must_use]
    pub fn new(keys: &Item, old: &Item, new: &Item) -> Self {
        let key = |name: &str| match keys.get(name) {
            Some(AttributeValue::S(key)) => key.clone(),
            _ => String::new(),
        };
        let image = |item: &Item| (!item.is_empty()).then(|| item.clone());
        Self { partition_key: key(PK), sort_key: key(SK), old: image(old), new: image(new) }
    }

    /// What the item was before and is after, read as what its sort key says it is.
    pub(crate) fn images<T: DeserializeOwned>(&self) -> Result<(Option<T>, Option<T>)> {
        Ok((read(self.old.as_ref())?, read(self.new.as_ref())?))
    }
}

/// A job to be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Start {
    /// What is to be done.
    pub work: Kind,
    /// Whether it is because two people ceased to be friends.
    pub has_ended: bool,
}

/// The jobs that a change starts.
///
/// A change may be told twice, late, and out of order with those of other items: all that it
/// decides is that something is to be looked at again.
pub fn started_by(change: &Change) -> Result<Vec<Start>> {
    if change.sort_key.starts_with("POST#") {
        let (old, new) = change.images::<PostItem>()?;
        let is_shared = |item: Option<&PostItem>| item.is_some_and(|item| item.visibility.is_shared());
        let Some(post) = new.as_ref().or(old.as_ref()).map(|item| item.post_id) else {
            return Ok(Vec::new());
        };
        let mut jobs = Vec::new();
        if is_shared(old.as_ref()) != is_shared(new.as_ref()) {
            jobs.push(Start { work: Kind::Distribute { post }, has_ended: false });
        }
        if new.is_none() {
            jobs.push(Start { work: Kind::Sweep { post }, has_ended: false });
        }
        return Ok(jobs);
    }
    if change.sort_key.starts_with("RELATION#") {
        let (old, new) = change.images::<Edge>()?;
        let are_friends = |edge: Option<&Edge>| edge.is_some_and(|edge| edge.bond.are_friends());
        let Some(edge) = new.as_ref().or(old.as_ref()) else { return Ok(Vec::new()) };
        // Both edges change at once: one of them is enough to be told of.
        let people = [edge.user_id, edge.peer_id];
        if people[0] < people[1] && are_friends(old.as_ref()) != are_friends(new.as_ref()) {
            let has_ended = new.is_none_or(|edge| !edge.bond.are_friends());
            return Ok(vec![Start { work: Kind::Reconcile { people }, has_ended }]);
        }
    }
    Ok(Vec::new())
}

/// Starts jobs, each from its beginning, whether it runs already or not. One round trip, 1 W
/// and one in the index each.
///
/// That two people ceased to be friends is remembered until the job is done, however often it is
/// started anew before.
pub async fn start(app: &App, jobs: impl IntoIterator<Item = Start>) -> Result<()> {
    let start = async |Start { work, has_ended }: Start| {
        let (id, due) = (work.id(), app.clock.now().after(PATIENCE));
        let update = Update::of(keys::job(&id))
            .creating()
            .set("work", work)
            .set("turn", app.ids.write_id())
            .set("attempts", 0)
            .set("due", due)
            .set_some("hasEnded", has_ended.then_some(true))
            .remove("progress")
            .indexed(keys::job_due(due, &id));
        app.store.update(update, &app.ids.write_id()).await.map(drop)
    };
    futures_util::future::try_join_all(jobs.into_iter().map(start)).await.map(drop)
}

fn read<T: DeserializeOwned>(image: Option<&Item>) -> Result<Option<T>> {
    image.cloned().map(serde_dynamo::from_item).transpose().map_err(Error::internal)
}
