//! Small files that are replaced as a whole: a token, a certificate, an order. Whoever reads one finds what was there before or what is
//! there now, also when several write it at once, on one machine or on several that share the folder.

#![warn(missing_docs, unreachable_pub)]

use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// For this user alone.
pub const PRIVATE: u32 = 0o600;
/// The same of a program.
pub const PRIVATE_PROGRAM: u32 = 0o700;
/// For everybody to read.
pub const READABLE: u32 = 0o644;

/// Puts a file with these bytes in the place of what is at `path`, whose folder has to be there. `mode`: the permissions of the file,
/// whatever those of the one before. The bytes are on the disk when this returns.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("token");
/// solti_whole_file::write(&path, b"secret", solti_whole_file::PRIVATE)?;
/// assert_eq!(std::fs::read(&path)?, b"secret");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// What the system says; what was at `path` is as it was.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    // Of a bare name it is the empty path, which no folder has.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let make = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path);
    let fresh = tempfile::Builder::new().prefix(".new-").make_in(folder, make)?;
    // Not by way of `fresh`, whose errors name its own path, and have no number any more.
    let mut file = fresh.as_file();
    file.write_all(bytes)?;
    // Set here and not when it is made: the mask of this process must not take bits away.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    fresh.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        fs::read_dir(folder).unwrap().map(name).collect()
    }

    #[test]
    fn many_write_at_once_and_each_reader_finds_one_of_them_whole() {
        const WRITERS: u8 = 8;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shim");
        write(&path, &[0; 100_000], PRIVATE).unwrap();
        std::thread::scope(|threads| {
            for writer in 1..=WRITERS {
                let path = &path;
                threads.spawn(move || {
                    for _ in 0..20 {
                        write(path, &[writer; 100_000], PRIVATE_PROGRAM).expect("nobody takes its file away");
                        let found = fs::read(path).unwrap();
                        assert!(found.len() == 100_000 && found.iter().all(|byte| *byte == found[0]));
                    }
                });
            }
        });
        assert_eq!(names(folder.path()), ["shim"]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, PRIVATE_PROGRAM);
    }

    #[test]
    fn what_cannot_be_put_in_place_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        fs::create_dir(&taken).unwrap();
        fs::write(taken.join("in it"), "").unwrap();
        write(&taken, b"new", PRIVATE).unwrap_err();
        assert_eq!(names(folder.path()), ["taken"]);
        let no_folder = write(&folder.path().join("none/file"), b"new", PRIVATE).unwrap_err();
        assert_eq!(no_folder.raw_os_error(), Some(2), "{no_folder}");
    }
}
