//! The embedded S3: s3s for the protocol and the signatures, in front of files of our own.
//!
//! | file | what is in it |
//! |---|---|
//! | `front.rs` | what a request passes before s3s, and an answer after it |
//! | `cors.rs` | what other origins may do |
//! | `presigned.rs` | what S3 asks of a presigned URL and s3s does not |
//! | `operations.rs` | the operations that there are |
//! | `listing.rs` | a bucket's list in pages |
//! | `conditions.rs` | `If-Match` and the like |
//! | `upload.rs` | a body that is put: whole, and what its sender meant |
//! | `storage.rs` | the objects on disk |
//! | `disk.rs` | files that appear whole or not at all |
//! | `outbox.rs` | events on their way to a subscriber |
//! | `elsewhere.rs` | the S3 that is used in its place, if one is |
//! | `event.rs` | the event that S3 sends |
//!
//! What S3 can do beyond that is refused with `NotImplemented` (501), never passed over in
//! silence. s3s logs each refusal, even a missing key, as an error: the log's filter should
//! leave the target `s3s` out.

mod conditions;
mod cors;
mod disk;
pub mod elsewhere;
mod event;
mod front;
mod listing;
mod operations;
mod outbox;
mod presigned;
mod storage;
#[cfg(test)]
mod tests;
mod upload;

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use shared::clock::Clock;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::template::Template;
pub use cors::CorsRule;
use disk::Disk;
use front::Front;
use operations::Operations;
use outbox::Outbox;
pub use outbox::{Filter, Notification};
use storage::Store;

/// How long requests that are being answered may take when it stops.
const GRACE: Duration = Duration::from_millis(300);

/// A bucket, as the template declares it.
#[derive(Clone, Debug, Default)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What other origins may do; the first rule that matches counts.
    pub cors: Vec<CorsRule>,
    /// Whether somebody is told of new objects, and of which.
    pub notifies: Option<Filter>,
}

/// The one pair of credentials that it knows. A session token that comes with them is not
/// looked at.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// The access key's id.
    pub id: String,
    /// The secret key. Nobody but this machine's owner has use for it.
    pub secret: String,
}

/// A running S3.
#[derive(Debug)]
pub struct EmbeddedS3 {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    /// Deletes a temporary folder at the end.
    _folder: Option<TempDir>,
}

/// The buckets of a template, each with whoever is told of new objects.
#[must_use]
pub fn buckets(template: &Template) -> Vec<Bucket> {
    let filter = |name: &str| {
        let mut subscriptions = template.functions.values().flat_map(|function| &function.subscriptions);
        let subscription = subscriptions.find(|subscription| subscription.bucket == name)?;
        Some(Filter { prefix: subscription.prefix.clone(), suffix: String::new() })
    };
    let buckets = template.buckets.values().map(|bucket| Bucket {
        name: bucket.name.clone(),
        cors: bucket.cors.clone(),
        notifies: filter(&bucket.name),
    });
    buckets.collect()
}

impl EmbeddedS3 {
    /// Starts one on the data in this folder, or on none that will be kept. The receiver gets
    /// the events of the buckets that notify, at first those that nobody was done with.
    ///
    /// # Errors
    /// If the folder cannot be used, or if no bucket can have one of the names.
    pub async fn start(
        folder: Option<&Path>,
        listener: TcpListener,
        buckets: Vec<Bucket>,
        key: AccessKey,
        clock: Clock,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Notification>), Box<dyn Error + Send + Sync>> {
        if let Some(bucket) = buckets.iter().find(|bucket| !s3s::path::check_bucket_name(&bucket.name)) {
            return Err(format!("{} is no name for a bucket", bucket.name).into());
        }
        let temporary = if folder.is_none() { Some(TempDir::with_prefix("kith-")?) } else { None };
        let folder = folder.or(temporary.as_ref().map(TempDir::path)).ok_or("there is no folder")?;
        let (root, durable) = (folder.to_owned(), temporary.is_none());
        let declared = buckets.clone();
        let open = tokio::task::spawn_blocking(move || {
            let disk = Arc::new(Disk::open(&root, durable)?);
            let store = Store::open(Arc::clone(&disk), declared.iter().map(|bucket| bucket.name.as_str()))?;
            let subscribers =
                declared.into_iter().filter_map(|bucket| Some((bucket.name, bucket.notifies?))).collect();
            let (outbox, notifications) = Outbox::open(disk, subscribers)?;
            Ok::<_, std::io::Error>((store, outbox, notifications))
        });
        let (store, outbox, notifications) = open.await??;

        let address = listener.local_addr()?;
        let front = Front::new(Operations::new(store, outbox, clock.clone()), buckets, key, clock);
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(front::serve(front, listener, stopped));
        Ok((Self { address, stop: Some(stop), server, _folder: temporary }, notifications))
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How it is reached from this machine. It takes addresses in path style only, which an SDK
    /// uses by itself since this is no name but an IP address.
    #[must_use]
    pub fn endpoint(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Ends it, once what is being answered is answered or 300 ms have passed. What it has
    /// answered is on disk already.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = tokio::time::timeout(GRACE, &mut self.server).await;
    }
}

impl Drop for EmbeddedS3 {
    fn drop(&mut self) {
        self.server.abort();
    }
}
