//! Making and removing files: one is made when its first byte is written, so that a run that prints nothing costs no
//! inode.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::LogError;

/// Made with mode 0600 and never in place of another file, be it a symbolic link.
#[derive(Debug)]
pub(crate) struct NewFile {
    path: PathBuf,
    file: Option<File>,
}

impl NewFile {
    /// To be made later.
    ///
    /// # Errors
    /// When something has the name already, so that nobody learns of it only after a child has begun to print.
    pub(crate) fn planned(path: PathBuf) -> Result<Self, LogError> {
        match std::fs::symlink_metadata(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Self { path, file: None }),
            Err(e) => Err(LogError::open(&path)(e)),
            Ok(_) => Err(LogError::open(&path)(io::ErrorKind::AlreadyExists.into())),
        }
    }

    /// Made at once.
    pub(crate) fn create(path: PathBuf) -> Result<Self, LogError> {
        let file = create(&path).map_err(LogError::open(&path))?;
        Ok(Self { path, file: Some(file) })
    }

    /// Makes the file if it is not there yet; a failure is tried again at the next call.
    pub(crate) fn get(&mut self) -> io::Result<&mut File> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => Ok(none.insert(create(&self.path)?)),
        }
    }

    /// The file, if it was made.
    pub(crate) fn made(&self) -> Option<&File> {
        self.file.as_ref()
    }

    /// The file, if it was made.
    pub(crate) fn into_made(self) -> Option<File> {
        self.file
    }

    /// Whether it was made, and has no name any more: what is written to it is gone with the last who has it open.
    pub(crate) fn is_removed(&self) -> bool {
        self.file.as_ref().and_then(|file| file.metadata().ok()).is_some_and(|about| about.nlink() == 0)
    }

    /// Takes back a file that could not be begun. Best effort: what stays holds nothing that a reader would take.
    pub(crate) fn discard(self) {
        if self.file.is_some() {
            std::fs::remove_file(&self.path).ok();
        }
    }

    /// Makes what was written durable.
    pub(crate) fn sync_data(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }
}

/// Removes a file; one that is not there is removed already.
pub(crate) fn remove_file(path: &Path) -> Result<(), LogError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(LogError::open(path)(e)),
        _ => Ok(()),
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}
