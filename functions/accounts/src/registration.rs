//! `POST /v1/users`.

use axum::extract::State;
use serde::Serialize;
use shared::accounts::{Accounts, Email, Password, Registration, Session, Username, register as make};
use shared::error::Result;
use shared::http::answer::Created;
use shared::http::body::Body;
use shared::http::caller::{SourceAddress, UserAgent};
use shared::http::openapi::{Always, ChoosesPassword, Limited, TakesBody};
use shared::http::problem::{PROBLEM_JSON, Problem};
use shared::profiles::{Me, Name};
use utoipa::ToSchema;

shared::request! {
    /// A new account.
    pub(crate) struct NewUser {
        /// The name to be found by.
        username: Username,
        /// Where you can be reached.
        email: Email,
        /// The password.
        password: Password,
        /// The name you go by.
        #[schema(nullable = false)]
        name: Option<Name>,
    }
}

/// Oneself, and a session to go on with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedInUser {
    /// Oneself.
    pub(crate) user: Me,
    /// The session.
    pub(crate) session: Session,
}

/// Register
///
/// Makes an account and signs in. When the reply is lost, a second request is told that the
/// username is taken: sign in then.
#[utoipa::path(
    post,
    path = "/v1/users",
    tag = "Accounts",
    operation_id = "register",
    request_body = NewUser,
    responses(
        (status = 201, description = "The account, and a session of it.", body = SignedInUser,
            headers(("Location" = String, description = "The profile's path."))),
        (status = 409, description = "username-taken, email-taken", body = Problem, content_type = PROBLEM_JSON),
        TakesBody, ChoosesPassword, Limited, Always,
    ),
)]
pub(crate) async fn register(
    State(accounts): State<Accounts>,
    SourceAddress(address): SourceAddress,
    UserAgent(device): UserAgent,
    Body(new): Body<NewUser>,
) -> Result<Created<SignedInUser>> {
    let NewUser { username, email, password, name } = new;
    let request = Registration { username, email, password, name: name.unwrap_or_default(), device };
    let (user, session) = make(&accounts, request, &address).await?;
    Ok(Created { location: format!("/v1/users/{}", user.profile.id), value: SignedInUser { user, session } })
}
