//! How much there is to be looked at.

use serde::Serialize;
use utoipa::ToSchema;

use super::ConversationId;
use super::membership::Membership;
use crate::environment::App;
use crate::error::Result;
use crate::ids::UserId;
use crate::store::{Found, Within};
use crate::{friends, keys, notifications};

/// The most that is counted of anything.
const MOST: usize = 100;

/// How much there is to be looked at. Each stops at 100: then there are 100 or more.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// Conversations with messages that are not read.
    #[schema(maximum = 100)]
    pub conversations: usize,
    /// Notifications that were not seen.
    #[schema(maximum = 100)]
    pub notifications: usize,
    /// Friend requests that wait for an answer.
    #[schema(maximum = 100)]
    pub friend_requests: usize,
}

/// How much there is for the viewer. Two round trips, 1 R for each, up to 3 R for a notification, and the
/// index.
///
/// The index says what may count, and the items themselves whether it does: what was just read, or
/// answered, counts no more.
pub async fn unread(app: &App, viewer: UserId) -> Result<Unread> {
    let (conversations, unseen, asking) = tokio::try_join!(
        conversations(app, viewer),
        notifications::unseen(app, viewer),
        friends::asking(app, viewer, MOST),
    )?;
    let memberships = conversations.iter().map(|&id| keys::membership(viewer, id));
    let relations = asking.iter().map(|&peer| keys::relation(viewer, peer));
    let deciding: Vec<_> = memberships.chain(relations).chain(unseen.deciding()).collect();
    let found = app.store.batch_get(&deciding).await?;
    Ok(Unread {
        conversations: count_unread(&found, viewer, &conversations)?,
        notifications: unseen.count(app, &found).await?,
        friend_requests: friends::count_asking(&found, viewer, &asking)?,
    })
}

/// What the viewer may not have read, as far as the index knows. One round trip, 0.5 R per 4 KB.
async fn conversations(app: &App, viewer: UserId) -> Result<Vec<ConversationId>> {
    let page = app.store.query_index(&keys::memberships(viewer, true), Within::Below(None), MOST).await?;
    let id = |position: &str| Some(keys::conversation_at(position)?.0);
    Ok(page.items.iter().filter_map(|entry| id(&entry.place.sk)).collect())
}

fn count_unread(found: &Found, viewer: UserId, conversations: &[ConversationId]) -> Result<usize> {
    let mut count = 0;
    for &id in conversations {
        let membership = found.peek::<Membership>(&keys::membership(viewer, id))?;
        count += usize::from(membership.is_some_and(|membership| membership.is_unread()));
    }
    Ok(count)
}
