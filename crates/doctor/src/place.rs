//! The data folder: whose it is, who may read it, how much room there is, and whether an app holds it.

use crate::words::bytes;
use solti_model::Finding;
use solti_store::free_bytes;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

pub(crate) fn data_folder(dir: &Path) -> Finding {
    const WHAT: &str = "Data folder";
    let shown = dir.display();
    let found = match std::fs::metadata(dir) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Finding::warning(
                WHAT,
                format!("{shown} is not there"),
                "It is made when the app starts for the first time.",
            );
        }
        Err(error) => return Finding::problem(WHAT, format!("{shown}: {error}"), "See to its permissions."),
    };
    if let Some((said, advice)) = fault(&found) {
        return Finding::problem(WHAT, format!("{shown} {said}"), advice);
    }
    let writable = rustix::fs::access(dir, rustix::fs::Access::WRITE_OK);
    if let Err(error) = writable {
        return Finding::problem(
            WHAT,
            format!("{shown} cannot be written to: {error}"),
            "Nothing new is kept until it can. See to its permissions, and whether its disk is mounted read-only.",
        );
    }
    Finding::ok(WHAT, format!("{shown}, for you alone"))
}

fn fault(found: &Metadata) -> Option<(String, &'static str)> {
    if !found.is_dir() {
        return Some(("is no folder".into(), "Move what is there away."));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Some(("belongs to another user".into(), "Give it to the user who runs the app."));
    }
    let mode = found.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        (format!("is open to others (mode {mode:o})"), "The app closes it to them at its next start.")
    })
}

pub(crate) fn free_space(dir: &Path, min_free: u64) -> Finding {
    const WHAT: &str = "Free space";
    // Of a folder that is not made yet, the disk is that of the one above it.
    let there = dir.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("/"));
    let free = match free_bytes(there) {
        Ok(free) => free,
        Err(error) => return Finding::warning(WHAT, format!("not known: {error}"), "Nothing to be done."),
    };
    let said = format!("{} free on its disk", bytes(free));
    if free == 0 {
        return Finding::problem(WHAT, said, "Nothing new is kept until there is space. Free some.");
    }
    if free < min_free {
        let advice = format!(
            "Logs are shortened until {} are free. Free some space, or lower the limit in the settings.",
            bytes(min_free)
        );
        return Finding::warning(WHAT, said, advice);
    }
    Finding::ok(WHAT, said)
}

/// The process that holds a data folder, if one does. Asked of the kernel's list of locks: taking the lock, if only for a
/// moment, would turn an app away that starts just then.
pub fn holder_of(dir: &Path) -> Option<u32> {
    let inode = dir.join("app.lock").metadata().ok()?.ino();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    holder(&locks, inode)?.parse().ok()
}

pub(crate) fn app(dir: &Path) -> Finding {
    const WHAT: &str = "App";
    match holder_of(dir) {
        Some(pid) => Finding::ok(WHAT, format!("running on this folder, process {pid}")),
        None => Finding::ok(WHAT, "not running on this folder"),
    }
}

/// The process that holds the file with `flock`, from `/proc/locks` (proc(5)): `1: FLOCK ADVISORY WRITE 4711 08:02:1234 0 EOF`.
fn holder(locks: &str, inode: u64) -> Option<&str> {
    locks.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let (kind, pid) = (words.next()?, words.nth(2)?);
        let file = words.next()?.rsplit(':').next()?;
        (kind == "FLOCK" && file.parse() == Ok(inode)).then_some(pid)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_lock_is_found_by_the_file() {
        let locks =
            "1: POSIX  ADVISORY  READ 9 08:02:77 0 EOF\n2: FLOCK  ADVISORY  WRITE 4711 08:02:77 0 EOF\n";
        assert_eq!(holder(locks, 77), Some("4711"));
        assert_eq!(holder(locks, 7), None);
    }

    #[test]
    fn a_folder_open_to_others_is_a_problem() {
        let dir = tempfile::tempdir().expect("temp dir");
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).expect("own folder");
        assert_eq!(data_folder(dir.path()).state, solti_model::FindingState::Ok);
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("own folder");
        let finding = data_folder(dir.path());
        assert!(finding.said.contains("755") && finding.advice.is_some(), "{finding:?}");
    }

    #[test]
    fn little_space_is_told_before_there_is_none() {
        let dir = tempfile::tempdir().expect("temp dir");
        assert_eq!(free_space(dir.path(), 0).state, solti_model::FindingState::Ok);
        assert_eq!(free_space(dir.path(), u64::MAX).state, solti_model::FindingState::Warning);
        assert_eq!(free_space(&dir.path().join("not/made/yet"), 0).state, solti_model::FindingState::Ok);
    }
}
