//! `/v1/me/avatar`: one's own picture.

use axum::extract::State;
use serde::Serialize;
use shared::error::Result;
use shared::http::answer::{Created, NoContent};
use shared::http::body::Body;
use shared::http::caller::Viewer;
use shared::http::openapi::{Always, Limited, SignedIn, TakesBody};
use shared::profiles::avatar::{self, NewUpload, PictureLength, PictureType};
use utoipa::ToSchema;

use crate::Profiles;

shared::request! {
    /// The picture to be uploaded.
    pub(crate) struct NewAvatar {
        /// What type it is.
        content_type: PictureType,
        /// How many bytes it has.
        content_length: PictureLength,
    }
}

/// How to upload it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewAvatarUpload {
    /// The request to make.
    upload: NewUpload,
}

/// Upload a picture of me
///
/// Answers a request to make within five minutes, with the picture as its body: a PNG, JPEG or
/// WebP of at most 4096 x 4096 pixels that does not move. What was said of it here must be true
/// then. It is turned upright, cropped square and stripped of everything but its pixels, which
/// takes about a second; until then `avatarUpload` of `GET /v1/me` is pending, and failed, with a
/// code, if the picture cannot be used. Of several uploads the one asked for last is kept.
#[utoipa::path(
    post,
    path = "/v1/me/avatar",
    tag = "Profiles",
    operation_id = "uploadAvatar",
    request_body = NewAvatar,
    security(("session" = [])),
    responses(
        (status = 201, description = "Where to put it.", body = NewAvatarUpload,
            headers(("Location" = String, description = "`/v1/me`, where to see what becomes of it."))),
        SignedIn, TakesBody, Limited, Always,
    ),
)]
pub(crate) async fn upload(
    State(Profiles { app, pictures }): State<Profiles>,
    Viewer(viewer): Viewer,
    Body(picture): Body<NewAvatar>,
) -> Result<Created<NewAvatarUpload>> {
    let (kind, length) = (picture.content_type, picture.content_length);
    let upload = avatar::upload(&app, &pictures, viewer.user, kind, length).await?;
    Ok(Created { location: "/v1/me".into(), value: NewAvatarUpload { upload } })
}

/// Remove my picture
///
/// Also one that is still on its way.
#[utoipa::path(
    delete,
    path = "/v1/me/avatar",
    tag = "Profiles",
    operation_id = "removeAvatar",
    security(("session" = [])),
    responses((status = 204, description = "There is none."), SignedIn, Always),
)]
pub(crate) async fn remove(
    State(Profiles { app, pictures }): State<Profiles>,
    Viewer(viewer): Viewer,
) -> Result<NoContent> {
    avatar::remove(&app, &pictures, viewer.user).await?;
    Ok(NoContent)
}
