//! `/v1/users` and `/v1/usernames`: other people's profiles.

use axum::extract::State;
use shared::accounts::Username;
use shared::environment::App;
use shared::error::{Error, Result};
use shared::http::answer::Json;
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, SignedIn, TakesPage};
use shared::http::page::{List, PageOf, PageQuery};
use shared::http::path::PathId;
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::http::query::{FromQuery, Parameters, Query};
use shared::ids::UserId;
use shared::profiles::search::{self, SearchQuery};
use shared::profiles::{self, Found, Profile};
use shared::text::Parse as _;
use utoipa::IntoParams;

/// What to look for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// The beginning of a username or of a word of a name, two or more letters; several words
    /// must all fit. Case and accents do not matter.
    #[param(value_type = String, min_length = 2, max_length = 64, example = "ali")]
    query: SearchQuery,
}

/// Search for people
///
/// By the beginning of a username or of a word of a name. Somebody who blocks you is not found.
#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "Profiles",
    operation_id = "searchUsers",
    params(Search, PageQuery),
    security(("session" = [])),
    responses(
        (status = 200, description = "A page of them, by what was found.", body = PageOf<Found>),
        SignedIn, TakesPage, Always,
    ),
)]
pub(crate) async fn search(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Query(Search { query }): Query<Search>,
    Query(page): Query<PageQuery>,
) -> Result<Json<PageOf<Found>>> {
    let list = List(viewer.user, &["users", query.as_str()]);
    let after = page.cursor.as_deref().map(|cursor| list.position(cursor)).transpose()?;
    let (items, next) = search::search(&app, viewer.user, &query, after.as_deref(), page.limit).await?;
    Ok(Json(PageOf::of_slice(&list, (items, next))))
}

impl FromQuery for Search {
    fn from_query(parameters: Parameters<'_>) -> Result<Self> {
        let query = SearchQuery::parse(&parameters.required("query")?);
        let query = query.map_err(|refusal| Error::invalid("/query", refusal))?;
        Ok(Self { query })
    }
}

/// Read a profile
///
/// Anybody's but that of somebody who blocks you; `relation` says what they are to you.
#[utoipa::path(
    get,
    path = "/v1/users/{userId}",
    tag = "Profiles",
    operation_id = "getUser",
    params(("userId" = UserId, Path, description = "Whose.")),
    security(("session" = [])),
    responses(
        (status = 200, description = "The profile.", body = Profile),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn by_id(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(user): PathId<UserId>,
) -> Result<Json<Profile>> {
    profiles::by_id(&app, viewer.user, user).await.map(Json)
}

/// Find a profile by username
///
/// The same as by id, for whoever knows only the name.
#[utoipa::path(
    get,
    path = "/v1/usernames/{username}",
    tag = "Profiles",
    operation_id = "getUserByUsername",
    params(("username" = Username, Path, description = "Whose, in any case.")),
    security(("session" = [])),
    responses(
        (status = 200, description = "The profile.", body = Profile),
        (status = 404, description = "not-found", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, Always,
    ),
)]
pub(crate) async fn by_username(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    PathId(username): PathId<Username>,
) -> Result<Json<Profile>> {
    profiles::by_username(&app, viewer.user, &username).await.map(Json)
}
