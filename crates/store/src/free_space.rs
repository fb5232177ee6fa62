use std::io;
use std::path::Path;

/// Bytes that this user may still write to the disk that `path` is on, which has to exist.
///
/// # Errors
/// Of the system, where the disk cannot be asked.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
