//! `/v1/presence`.

use axum::extract::State;
use serde::Serialize;
use shared::environment::App;
use shared::error::{Error, Result};
use shared::http::answer::Json;
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn};
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::{FromQuery, Parameters, Query};
use shared::ids::UserId;
use shared::presence::{self, MOST_ASKED, Presence};
use shared::text::Refusal;
use utoipa::{IntoParams, ToSchema};

/// Whom somebody asks about.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// Their ids, with commas in between.
    #[param(style = Form, explode = false, min_items = 1, max_items = 50)]
    users: Vec<UserId>,
}

/// Whether friends are connected.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Presences {
    /// Each friend who was asked about.
    items: Vec<Presence>,
}

/// See who is online
///
/// Of those who are asked about, the viewer's friends are answered, in the order that they are named.
/// When a friend's first connection opens, or the last one closes, it is also told over the WebSocket
/// API. A connection that broke off without a goodbye counts until somebody tries to reach it, or for
/// two hours.
#[utoipa::path(
    get,
    path = "/v1/presence",
    tag = "Chat",
    operation_id = "listPresence",
    params(Asked),
    security(("session" = [])),
    responses(
        (status = 200, description = "Who is online.", body = Presences),
        (status = 400, description = "invalid-query", body = Problem, content_type = PROBLEM_JSON),
        (status = 422, description = "invalid-input", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Query(Asked { users }): Query<Asked>,
) -> Result<Json<Presences>> {
    let items = presence::of_friends(&app, viewer.user, &users).await?;
    Ok(Json(Presences { items }))
}

impl FromQuery for Asked {
    fn from_query(parameters: Parameters<'_>) -> Result<Self> {
        let refuse = |why: &'static str| Error::invalid("/users", Refusal::new(why));
        let text = parameters.required("users")?;
        let names: Vec<_> = text.split(',').collect();
        if names.len() > MOST_ASKED {
            return Err(refuse("may name 50 people at most"));
        }
        let users = names.into_iter().map(str::parse).collect::<Result<_, _>>();
        Ok(Self { users: users.map_err(|_| refuse("must be ids of people, with commas in between"))? })
    }
}
