//! How much there is to be looked at.

use serde::Serialize;
use utoipa::ToSchema;

use super::ConversationId;
use super::membership::Membership;
use crate::environment::App;
use crate::error::Result;
use crate::ids::UserId;
use crate::store::Within;
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
    let (conversations, notifications, friend_requests) = tokio::try_join!(
        conversations(app, viewer),
        notifications::count_unseen(app, viewer),
        friends::count_requests(app, viewer, MOST),
    )?;
    Ok(Unread { conversations, notifications, friend_requests })
}

async fn conversations(app: &App, viewer: UserId) -> Result<usize> {
    let page = app.store.query_index(&keys::memberships(viewer, true), Within::Below(None), MOST).await?;
    let ids: Vec<ConversationId> =
        page.items.iter().filter_map(|entry| Some(keys::conversation_at(&entry.place.sk)?.0)).collect();
    let keys: Vec<_> = ids.iter().map(|&id| keys::membership(viewer, id)).collect();
    let mut found = app.store.batch_get(&keys).await?;
    let mut count = 0;
    for key in &keys {
        let membership = found.take::<Membership>(key)?;
        count += usize::from(membership.is_some_and(|membership| membership.is_unread()));
    }
    Ok(count)
}
