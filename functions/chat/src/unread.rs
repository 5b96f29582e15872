//! `/v1/unread`.

use axum::extract::State;
use shared::chat::{self, Unread};
use shared::environment::App;
use shared::error::Result;
use shared::http::answer::Json;
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn};

/// Count what is new
///
/// Each count stops at 100.
#[utoipa::path(
    get,
    path = "/v1/unread",
    tag = "Chat",
    operation_id = "countUnread",
    security(("session" = [])),
    responses((status = 200, description = "How much there is to be looked at.", body = Unread), SignedIn, Always),
)]
pub(crate) async fn count(State(app): State<App>, Viewer(viewer): Viewer) -> Result<Json<Unread>> {
    chat::unread(&app, viewer.user).await.map(Json)
}
