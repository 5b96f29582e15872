//! `/v1/socket-tickets`.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use shared::accounts::ticket;
use shared::clock::Timestamp;
use shared::error::Result;
use shared::http::answer::Json;
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, Limited, SignedIn};
use utoipa::ToSchema;

use crate::Rest;

/// What opens a connection to the WebSocket API, once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SocketTicket {
    /// The ticket. Shown only here.
    #[schema(example = "dGlja2V0LXRvLXJpZGUtb24tdGhlLW1vY2stdHVydGxl")]
    ticket: String,
    /// Where to connect: the ticket is in it.
    #[schema(
        format = "uri",
        example = "wss://socket.example/prod?ticket=dGlja2V0LXRvLXJpZGUtb24tdGhlLW1vY2stdHVydGxl"
    )]
    url: String,
    /// Until when.
    expires_at: Timestamp,
}

/// Take a ticket to the WebSocket API
///
/// It opens one connection, within 60 seconds. A browser is not told why a connection could not be
/// made; if the session has ended, it learns so here.
#[utoipa::path(
    post,
    path = "/v1/socket-tickets",
    tag = "Chat",
    operation_id = "takeSocketTicket",
    security(("session" = [])),
    responses((status = 201, description = "The ticket.", body = SocketTicket), SignedIn, Limited, Always),
)]
pub(crate) async fn take(
    State(rest): State<Rest>,
    Viewer(viewer): Viewer,
) -> Result<(StatusCode, Json<SocketTicket>)> {
    let (ticket, expires_at) = ticket::issue(&rest.chat.app, viewer).await?;
    let ticket = ticket.reveal();
    let url = format!("{}?ticket={ticket}", rest.socket_url);
    Ok((StatusCode::CREATED, Json(SocketTicket { ticket, url, expires_at })))
}
