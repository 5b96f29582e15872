//! `PUT /v1/me/password`.

use axum::extract::State;
use shared::accounts::{Accounts, Attempt, Password, PasswordChange, change_password};
use shared::error::Result;
use shared::http::answer::NoContent;
use shared::http::body::Body;
use shared::http::caller::{SourceAddress, Viewer};
use shared::http::openapi::{Always, ChoosesPassword, Limited, SignedIn, TakesBody};
use shared::http::problem::{PROBLEM_JSON, Problem};

shared::request! {
    /// A new password.
    pub(crate) struct NewPassword {
        /// The one you have.
        current_password: Attempt,
        /// The one you want.
        new_password: Password,
    }
}

/// Change my password
///
/// Ends every other session. When the reply is lost, the change may have been made: the new
/// password signs in then.
#[utoipa::path(
    put,
    path = "/v1/me/password",
    tag = "Accounts",
    operation_id = "changePassword",
    request_body = NewPassword,
    security(("session" = [])),
    responses(
        (status = 204, description = "It is changed."),
        (status = 403, description = "wrong-password", body = Problem, content_type = PROBLEM_JSON),
        SignedIn, TakesBody, ChoosesPassword, Limited, Always,
    ),
)]
pub(crate) async fn change(
    State(accounts): State<Accounts>,
    Viewer(viewer): Viewer,
    SourceAddress(address): SourceAddress,
    Body(new): Body<NewPassword>,
) -> Result<NoContent> {
    let change = PasswordChange { current: new.current_password, new: new.new_password };
    change_password(&accounts, viewer, change, &address).await?;
    Ok(NoContent)
}
