//! Files that appear whole or not at all.
//!
//! A file is written under `partial/`, and renamed to its place once it is on the disk; a rename
//! within one file system is atomic (POSIX `rename`). So whoever opens a file finds all of its
//! old or all of its new content, and a crash leaves litter in `partial/` only.

use std::fs::{self, File};
use std::io::{ErrorKind, Result, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A folder to write such files in. Its functions block.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    /// Whether to wait for the disk, so that what is written outlives a power cut.
    durable: bool,
}

impl Disk {
    /// Opens a folder, made if need be, and removes what a crash left half written.
    pub(super) fn open(root: &Path, durable: bool) -> Result<Self> {
        let disk = Self { root: root.to_owned(), durable };
        match fs::remove_dir_all(disk.partial()) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::create_dir_all(disk.partial())?;
        Ok(disk)
    }

    /// What has this name in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A folder in this one, made if need be.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join(name);
        fs::create_dir_all(&path)?;
        for ancestor in path.ancestors().skip(1).take_while(|ancestor| ancestor.starts_with(&self.root)) {
            self.settle(ancestor)?;
        }
        Ok(path)
    }

    /// Writes these parts, one after the other, to a file that is nowhere yet.
    pub(super) fn stage(&self, parts: &[&[u8]]) -> Result<Staged<'_>> {
        let mut file = NamedTempFile::new_in(self.partial())?;
        for part in parts {
            file.write_all(part)?;
        }
        if self.durable {
            file.as_file().sync_all()?;
        }
        Ok(Staged { disk: self, file })
    }

    /// Deletes a file. That it is absent already is fine.
    pub(super) fn remove(&self, path: &Path) -> Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => path.parent().map_or(Ok(()), |folder| self.settle(folder)),
        }
    }

    fn partial(&self) -> PathBuf {
        self.path("partial")
    }

    /// Waits until the disk knows which files are in a folder.
    fn settle(&self, folder: &Path) -> Result<()> {
        if !self.durable {
            return Ok(());
        }
        // Not every system can open a folder; one that cannot needs no such wait.
        File::open(folder).map_or(Ok(()), |folder| folder.sync_all())
    }
}

/// A file that is written, and not in its place yet; dropped, it is gone.
#[derive(Debug)]
pub(super) struct Staged<'a> {
    disk: &'a Disk,
    file: NamedTempFile,
}

impl Staged<'_> {
    /// Puts it in its place, in the stead of what is there.
    pub(super) fn place(self, path: &Path) -> Result<()> {
        self.file.persist(path).map_err(|error| error.error)?;
        path.parent().map_or(Ok(()), |folder| self.disk.settle(folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_left_half_written_is_removed() {
        let root = tempfile::tempdir().unwrap();
        let disk = Disk::open(root.path(), true).unwrap();
        std::mem::forget(disk.stage(&[b"half"]).unwrap());
        assert_eq!(fs::read_dir(disk.partial()).unwrap().count(), 1);
        let disk = Disk::open(root.path(), true).unwrap();
        assert_eq!(fs::read_dir(disk.partial()).unwrap().count(), 0);
    }

    #[test]
    fn a_staged_file_that_is_dropped_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let disk = Disk::open(root.path(), false).unwrap();
        drop(disk.stage(&[b"never mind"]).unwrap());
        assert_eq!(fs::read_dir(disk.partial()).unwrap().count(), 0);
    }
}
