//! Objects on disk: one file each, a line of JSON and then the body.
//!
//! A file is named by the SHA-256 of its key, so that no key can lead out of its bucket's
//! folder, or be too long for a file name. To list a bucket, the first line of all its files is
//! read: fine for what a laptop holds, and nothing needs to be kept in step.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use s3s::crypto::{Checksum as _, Sha256};
use s3s::{S3Error, S3ErrorCode};
use serde::{Deserialize, Serialize};
use shared::clock::Timestamp;

use super::disk::Disk;

/// More than the longest key and S3's 2 KB of metadata can make of the first line.
const LONGEST_HEADER: u64 = 64 * 1024;

/// What is known of an object beside its body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Object {
    pub(super) key: String,
    /// The body's bytes.
    pub(super) size: u64,
    /// The MD5 of the body in hex, without quotes, as S3 has it for a single PUT.
    pub(super) etag: String,
    pub(super) last_modified: Timestamp,
    pub(super) content_type: String,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    /// The `x-amz-meta-` headers, without that prefix.
    pub(super) metadata: BTreeMap<String, String>,
}

/// Why there is no such object.
#[derive(Debug, thiserror::Error)]
pub(super) enum StorageError {
    #[error("there is no such bucket")]
    NoSuchBucket,
    #[error("there is no such key")]
    NoSuchKey,
    #[error("the data folder cannot be used: {0}")]
    Disk(#[from] io::Error),
}

impl From<StorageError> for S3Error {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::NoSuchBucket => {
                Self::with_message(S3ErrorCode::NoSuchBucket, "The specified bucket does not exist")
            }
            StorageError::NoSuchKey => {
                Self::with_message(S3ErrorCode::NoSuchKey, "The specified key does not exist.")
            }
            StorageError::Disk(error) => Self::internal_error(error),
        }
    }
}

/// The objects of all buckets. Its functions block.
#[derive(Debug)]
pub(super) struct Store {
    disk: Arc<Disk>,
    buckets: HashMap<String, PathBuf>,
    sequence: Mutex<Sequence>,
}

/// Numbers the PUTs: which run of the stack, and which PUT of that run.
#[derive(Debug)]
struct Sequence {
    run: u32,
    put: u32,
}

impl Store {
    /// Opens the store with these buckets. Other buckets' objects stay on the disk, unseen.
    pub(super) fn open<'a>(disk: Arc<Disk>, buckets: impl Iterator<Item = &'a str>) -> io::Result<Self> {
        let buckets = buckets
            .map(|name| Ok((name.to_owned(), disk.folder(&format!("buckets/{name}"))?)))
            .collect::<io::Result<_>>()?;
        let sequence = Mutex::new(Sequence::start(&disk)?);
        Ok(Self { disk, buckets, sequence })
    }

    /// Puts an object in place, and returns its sequencer: of two PUTs on a key, the one whose
    /// object stays has the greater.
    pub(super) fn put(&self, bucket: &str, object: &Object, body: &[u8]) -> Result<String, StorageError> {
        let path = self.path(bucket, &object.key)?;
        let mut header = serde_json::to_vec(object).map_err(io::Error::from)?;
        header.push(b'\n');
        let staged = self.disk.stage(&[&header, body])?;
        // Held until the object is in place, or the sequencers would not tell which came last.
        let mut sequence = self.sequence.lock().unwrap_or_else(PoisonError::into_inner);
        let sequencer = sequence.next();
        staged.place(&path)?;
        Ok(sequencer)
    }

    /// An object, its body still to be read.
    pub(super) fn get(&self, bucket: &str, key: &str) -> Result<Found, StorageError> {
        match Found::open(&self.path(bucket, key)?) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(StorageError::NoSuchKey),
            found => Ok(found?),
        }
    }

    /// Deletes an object. That it is absent already is fine.
    pub(super) fn delete(&self, bucket: &str, key: &str) -> Result<(), StorageError> {
        Ok(self.disk.remove(&self.path(bucket, key)?)?)
    }

    /// The objects of a bucket whose keys start with `prefix` and come after `after`, by the
    /// bytes of their keys.
    pub(super) fn list(&self, bucket: &str, prefix: &str, after: &str) -> Result<Vec<Object>, StorageError> {
        let mut objects = Vec::new();
        for entry in fs::read_dir(self.bucket(bucket)?)? {
            let path = entry?.path();
            // A desktop puts files of its own anywhere.
            if path.file_name().is_some_and(|name| name.len() != 64) {
                continue;
            }
            match Found::open(&path) {
                // It was deleted in between.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                found => objects.push(found?.object),
            }
        }
        objects.retain(|object| object.key.starts_with(prefix) && object.key.as_str() > after);
        objects.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Ok(objects)
    }

    /// Whether there is such a bucket, and its folder.
    pub(super) fn bucket(&self, name: &str) -> Result<&Path, StorageError> {
        self.buckets.get(name).map(PathBuf::as_path).ok_or(StorageError::NoSuchBucket)
    }

    fn path(&self, bucket: &str, key: &str) -> Result<PathBuf, StorageError> {
        let digest = Bytes::from_owner(Sha256::checksum(key.as_bytes()));
        Ok(self.bucket(bucket)?.join(format!("{digest:x}")))
    }
}

impl Sequence {
    /// Every run has the next number, so that sequencers grow whatever the clock does.
    fn start(disk: &Disk) -> io::Result<Self> {
        let path = disk.path("runs");
        let runs = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            runs => runs?.trim().parse().map_err(|_| damaged(&path))?,
        };
        let run = u32::wrapping_add(runs, 1);
        disk.stage(&[run.to_string().as_bytes()])?.place(&path)?;
        Ok(Self { run, put: 0 })
    }

    fn next(&mut self) -> String {
        self.put = self.put.wrapping_add(1);
        format!("{:08X}{:08X}", self.run, self.put)
    }
}

/// An object in an open file, which stays what it is when another takes its place.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) object: Object,
    file: File,
    /// Where the body starts.
    start: u64,
}

impl Found {
    /// This part of the body.
    pub(super) fn read(&mut self, range: &Range<u64>) -> io::Result<Vec<u8>> {
        let length = range.end.saturating_sub(range.start);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        self.file.seek(SeekFrom::Start(self.start + range.start))?;
        (&self.file).take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn open(path: &Path) -> io::Result<Self> {
        let mut reader = BufReader::new(File::open(path)?).take(LONGEST_HEADER);
        let mut header = Vec::new();
        let start = reader.read_until(b'\n', &mut header)? as u64;
        let object: Object = serde_json::from_slice(&header).map_err(|_| damaged(path))?;
        let file = reader.into_inner().into_inner();
        if file.metadata()?.len() != start + object.size {
            return Err(damaged(path));
        }
        Ok(Self { object, file, start })
    }
}

fn damaged(path: &Path) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("{} is damaged", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(root: &Path) -> Store {
        Store::open(Arc::new(Disk::open(root, false).unwrap()), ["a"].into_iter()).unwrap()
    }

    fn object(key: &str, size: u64) -> Object {
        Object {
            key: key.into(),
            size,
            etag: String::new(),
            last_modified: Timestamp::from_millis(0),
            content_type: "text/plain".into(),
            cache_control: None,
            content_disposition: None,
            content_encoding: None,
            metadata: BTreeMap::new(),
        }
    }

    #[test]
    fn a_reader_keeps_the_object_that_it_opened() {
        let root = tempfile::tempdir().unwrap();
        let store = open(root.path());
        store.put("a", &object("key", 3), b"old").unwrap();
        let mut found = store.get("a", "key").unwrap();
        store.put("a", &object("key", 5), b"newer").unwrap();
        assert_eq!(found.read(&(0..3)).unwrap(), b"old");
        assert_eq!(store.get("a", "key").unwrap().read(&(1..4)).unwrap(), b"ewe");
    }

    #[test]
    fn sequencers_grow_over_a_restart() {
        let root = tempfile::tempdir().unwrap();
        let mut sequencers = Vec::new();
        for _ in 0..2 {
            let store = open(root.path());
            for _ in 0..2 {
                sequencers.push(store.put("a", &object("key", 0), b"").unwrap());
            }
        }
        assert!(sequencers.is_sorted_by(|one, next| one < next), "{sequencers:?}");
    }

    #[test]
    fn a_file_that_was_cut_short_is_an_error_and_no_object() {
        let root = tempfile::tempdir().unwrap();
        let store = open(root.path());
        store.put("a", &object("key", 4), b"body").unwrap();
        let path = store.path("a", "key").unwrap();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(matches!(store.get("a", "key"), Err(StorageError::Disk(_))));
    }
}
