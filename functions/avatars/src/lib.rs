//! What becomes of the pictures that people upload of themselves.
//!
//! S3 says that an object was created, and this looks at it: a picture that can be used becomes
//! three squares that everybody sees, and its owner's profile shows them; of any other the
//! owner is told why not. [`picture`] is how one is checked and made square;
//! [`shared::profiles::avatar`] has the rules of which one counts.
//!
//! S3 delivers an event at least once, in any order, and Lambda tries one that failed twice
//! more. All of it may be repeated.

use aws_lambda_events::s3::{S3Event, S3EventRecord};
use lambda_runtime::LambdaEvent;
use picture::squares;
use shared::environment::{App, BadVariable, Environment};
use shared::error::Result;
use shared::objects::{Bucket, Objects};
use shared::profiles::avatar::{self, OpenUpload, Pictures, Squares, UnusablePicture, UploadKey};
use shared::store::Request;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// The function.
#[derive(Clone, Debug)]
pub struct Avatars {
    app: App,
    objects: Objects,
    media: Bucket,
}

impl Avatars {
    /// With this table, and the bucket that `MEDIA_BUCKET` names. Where uploads are, each event
    /// says itself: to be told in advance, the function would have to be made after the bucket
    /// that has to be made after it.
    pub fn new(environment: &Environment) -> Result<Self, BadVariable> {
        let objects = Objects::new(environment);
        let media = objects.bucket(&environment.variables.read::<String>("MEDIA_BUCKET")?);
        Ok(Self { app: App::new(environment)?, objects, media })
    }

    /// Opens its connections, so that the first event need not wait for them.
    pub async fn warm_up(&self) {
        self.app.store.warm_up().await;
    }

    /// Settles every upload of an event, or fails so that the event comes again.
    pub async fn handle(&self, event: LambdaEvent<S3Event>) -> Result<(), lambda_runtime::Error> {
        for record in &event.payload.records {
            let request = Request::current_or_start();
            let settled = request.scope(self.settle(record)).await;
            let (request_id, cost) = (&event.context.request_id, request.cost());
            match &settled {
                Ok(outcome) => tracing::info!(
                    target: "kith::request",
                    request_id,
                    route = "avatars",
                    outcome,
                    calls = cost.calls,
                    round_trips = cost.round_trips,
                    read_units = cost.read_units,
                    write_units = cost.write_units,
                    object_calls = cost.object_calls,
                    "answered"
                ),
                Err(error) => {
                    tracing::error!(request_id, cause = error.chain(), "an upload could not be settled");
                }
            }
            settled?;
        }
        Ok(())
    }

    /// Settles one upload; answers in a word what became of it.
    async fn settle(&self, record: &S3EventRecord) -> Result<&'static str> {
        let (bucket, key) = (record.s3.bucket.name.as_deref(), record.s3.object.key.as_deref());
        // S3 encodes keys as forms do, which changes nothing about those that are made here.
        let (Some(bucket), Some(Ok(key))) = (bucket, key.map(str::parse::<UploadKey>)) else {
            return Ok("none of ours");
        };
        let pictures = Pictures::new(self.objects.bucket(bucket), self.media.clone());
        let Some(upload) = avatar::open(&self.app, &pictures, key).await? else {
            return Ok("settled before");
        };
        match render(&upload).await? {
            Ok(squares) => {
                let is_shown = avatar::accept(&self.app, &pictures, &upload, squares).await?;
                Ok(if is_shown { "accepted" } else { "too late" })
            }
            Err(code) => {
                avatar::refuse(&self.app, &pictures, &upload, code).await?;
                Ok("refused")
            }
        }
    }
}

/// Makes squares of an upload, off the async threads.
async fn render(upload: &OpenUpload) -> Result<Result<Squares, UnusablePicture>> {
    let Some(bytes) = upload.bytes.clone() else { return Ok(Err(UnusablePicture::TooLarge)) };
    let Some(kind) = upload.kind else { return Ok(Err(UnusablePicture::OtherType)) };
    let started = Instant::now();
    let rendered = spawn_blocking(move || squares(&bytes, kind)).await;
    // This was no waiting for storage.
    Request::extend_current(started.elapsed());
    rendered.or_else(|panic| {
        // A decoder that a picture can crash must not be given it again.
        tracing::error!(cause = %panic, "a picture crashed its decoder");
        Ok(Err(UnusablePicture::Damaged))
    })
}
