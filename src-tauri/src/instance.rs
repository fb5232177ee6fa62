//! One app per data folder. The lock on a file in the folder decides; where there is a session bus, the second
//! app also asks the first to come to the front (tauri-plugin-single-instance). Without a bus the plugin does
//! nothing and says nothing, which is why it is never the judge.

use crate::error::ShellError;
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use std::{
    fs::{File, OpenOptions},
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Holds the data folder for as long as it lives; the kernel lets go of it when the process dies.
#[derive(Debug)]
pub struct InstanceLock {
    _file: File,
}

impl InstanceLock {
    /// `None` when another app holds the folder.
    ///
    /// # Errors
    /// When the lock file can be neither made nor locked.
    pub fn acquire(data_dir: &Path) -> Result<Option<Self>, ShellError> {
        let path = data_dir.join("app.lock");
        let lock = || -> io::Result<Option<Self>> {
            // std opens with O_CLOEXEC: no task inherits the lock and keeps it.
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => Ok(Some(Self { _file: file })),
                Err(Errno::WOULDBLOCK) => Ok(None),
                Err(error) => Err(error.into()),
            }
        };
        lock().map_err(|source| ShellError::Lock { path: path.clone(), source })
    }
}

/// The bus name of the app that holds `data_dir`: apps on different folders do not stand in each other's way.
pub fn bus_name(data_dir: &Path) -> String {
    // DefaultHasher::new() has fixed keys: two runs of one build agree, and only those need to.
    let mut hasher = DefaultHasher::new();
    data_dir.hash(&mut hasher);
    format!("dev.solti.desktop.d{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_at_a_time() {
        let dir = tempfile::tempdir().expect("temp dir");
        let first = InstanceLock::acquire(dir.path()).expect("lock file").expect("free");
        assert!(InstanceLock::acquire(dir.path()).expect("lock file").is_none());
        drop(first);
        assert!(InstanceLock::acquire(dir.path()).expect("lock file").is_some());
    }

    #[test]
    fn folders_do_not_share_a_bus_name() {
        assert_eq!(bus_name(Path::new("/a")), bus_name(Path::new("/a")));
        assert_ne!(bus_name(Path::new("/a")), bus_name(Path::new("/b")));
    }
}
