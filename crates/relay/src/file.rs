//! Small files that are whole or not there, for this user alone.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// An order holds a script of 2 MiB at most, and a text to be read of 1 MiB.
const MOST: u64 = 16 << 20;

/// What a file says; `None` when there is none.
///
/// # Errors
/// What the system says; `InvalidData` for what cannot be read.
pub fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes)?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Puts a file in the place of the one before. It is on the disk when this returns.
///
/// # Errors
/// What the system says; the one before is as it was.
pub fn write<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    solti_whole_file::write(path, &serde_json::to_vec(value)?, solti_whole_file::PRIVATE)
}
