//! `/v1/notifications`.

use axum::extract::State;
use serde::Serialize;
use shared::environment::App;
use shared::error::Result;
use shared::http::answer::{Json, NoContent};
use shared::http::body::Body;
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn, TakesBody, TakesPage};
use shared::http::page::{List, PageQuery};
use shared::http::query::Query;
use shared::ids::NotificationId;
use shared::notifications::{self, Listed, Notification};
use utoipa::ToSchema;

/// A page of notifications.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Notifications {
    /// Some of them; there may be fewer than asked for, even none, while `nextCursor` is set.
    items: Vec<Notification>,
    /// What to send as `cursor` for the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    /// How many there are that were not seen, in all the list; 100 means 100 or more.
    #[schema(maximum = 100)]
    unseen_count: usize,
}

/// List my notifications
///
/// What others did that concerns you, the newest first. One goes when its cause does: a like that is
/// taken back, a comment or a post that is deleted, a request that is answered or taken back, a
/// friendship that ends; and there is none by anybody whom you block or who blocks you.
#[utoipa::path(
    get,
    path = "/v1/notifications",
    tag = "Notifications",
    operation_id = "listNotifications",
    params(PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them.", body = Notifications),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Notifications>> {
    let list = List(viewer.user, &["notifications"]);
    let after = list.after(&query)?;
    let Listed { items, next, unseen } =
        notifications::list(&app, viewer.user, after.as_deref(), query.limit).await?;
    let next_cursor = next.map(|position| list.cursor(&position));
    Ok(Json(Notifications { items, next_cursor, unseen_count: unseen }))
}

shared::request! {
    /// How far somebody has looked.
    pub(crate) struct SeenUpTo {
        /// Up to which notification.
        up_to: NotificationId,
    }
}

/// Mark my notifications as seen
///
/// Up to one of them, and only ever forward.
#[utoipa::path(
    put,
    path = "/v1/notifications/seen",
    tag = "Notifications",
    operation_id = "markNotificationsSeen",
    request_body = SeenUpTo,
    security(("session" = [])),
    responses(
        (status = 204, description = "They are seen up to there, or further."),
        SignedIn, TakesBody, Always,
    ),
)]
pub(crate) async fn mark_seen(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Body(body): Body<SeenUpTo>,
) -> Result<NoContent> {
    notifications::mark_seen(&app, viewer.user, body.up_to).await?;
    Ok(NoContent)
}
