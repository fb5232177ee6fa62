//! Compiled code on the disk: a folder of its own, one file for what was compiled of the same bytes by the same compiler for the same
//! processor. What was used longest ago goes when all together take too much.
//!
//! Such a file is executed as it is. So it is believed only where nobody but this user can have written it.
#![expect(unsafe_code, reason = "compiled code is taken from files")]

use std::fs::{self, DirBuilder, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::OFlags;
use rustix::process::geteuid;
use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;
use wasmtime::{Engine, Module, ModuleVersionStrategy};

use crate::code::Code;

/// Of the engine whose code this is.
pub fn engine_version() -> &'static str {
    ModuleVersionStrategy::WasmtimeVersion.as_str()
}
const ENDING: &str = "cwasm";
/// What is being written, until it is whole.
const PART: &str = "part";
/// A part that is older was left by a program that was killed.
const PART_LASTS: std::time::Duration = std::time::Duration::from_secs(3600);

/// The folder, which is this user's alone.
pub struct Cache {
    folder: PathBuf,
    most: u64,
}

/// Where the code of one module is, or would be.
pub struct Slot<'a> {
    cache: &'a Cache,
    path: PathBuf,
}

impl Cache {
    /// Makes the folder where there is none. `most`: of all files together, in bytes.
    ///
    /// # Errors
    /// What the system says, or that others may write in it.
    pub fn open(folder: &Path, most: u64) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let found = fs::symlink_metadata(folder)?;
        if !found.is_dir() || !is_private(&found) {
            let why = "it is not a folder of this user alone";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        Ok(Self { folder: folder.to_owned(), most })
    }

    /// The place for the code of a module with these bytes.
    pub fn slot(&self, engine: &Engine, bytes: &[u8]) -> Slot<'_> {
        let mut compiler = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut compiler);
        let name: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let path = self.folder.join(format!("{name}-{:016x}.{ENDING}", compiler.finish()));
        Slot { cache: self, path }
    }

    /// Removes what was used longest ago until all others and `more` fit.
    fn make_room(&self, more: u64) -> io::Result<()> {
        let mut kept = vec![];
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            // Another program may just have removed it.
            let Ok(found) = fs::symlink_metadata(&path) else { continue };
            let used = found.modified()?;
            let is_part = path.extension().is_some_and(|ending| ending == PART);
            if !is_part {
                kept.push((used, found.len(), path));
            } else if SystemTime::now().duration_since(used).is_ok_and(|age| age > PART_LASTS) {
                fs::remove_file(path).ok();
            }
        }
        kept.sort();
        let mut sum: u64 = kept.iter().map(|(_, len, _)| len).sum();
        for (_, len, path) in kept {
            if sum.saturating_add(more) <= self.most {
                break;
            }
            // Whoever has it open goes on with it.
            fs::remove_file(path).ok();
            sum -= len;
        }
        Ok(())
    }
}

impl Slot<'_> {
    /// The code, if it is there and can be believed.
    pub fn load(&self, engine: &Engine, is_component: bool) -> Option<Code> {
        let flags = OFlags::NOFOLLOW.bits().cast_signed();
        let file = File::options().read(true).custom_flags(flags).open(&self.path).ok()?;
        let found = file.metadata().ok()?;
        if !found.is_file() || !is_private(&found) {
            return None;
        }
        // The very file that was looked at, whatever has its name by now.
        let open = format!("/proc/self/fd/{}", file.as_raw_fd());
        let loaded = match is_component {
            // SAFETY: a file of this user alone in a folder of this user alone, written as a whole by `store` below of what this
            // engine has serialized; nobody changes one afterwards. The engine checks that it is of its own version and settings.
            true => unsafe { Component::deserialize_file(engine, open) }.map(Code::Component),
            // SAFETY: as above.
            false => unsafe { Module::deserialize_file(engine, open) }.map(Code::Module),
        };
        let code = loaded.ok()?;
        // What is used last stays longest.
        file.set_modified(SystemTime::now()).ok();
        Some(code)
    }

    /// Keeps the code, as a whole or not at all.
    pub fn store(&self, code: &[u8]) -> io::Result<()> {
        let len = code.len() as u64;
        if len > self.cache.most {
            return Ok(());
        }
        self.cache.make_room(len)?;
        let part = self.path.with_extension(format!("{}.{PART}", std::process::id()));
        let written = write_whole(&part, code).and_then(|()| fs::rename(&part, &self.path));
        if written.is_err() {
            fs::remove_file(&part).ok();
        }
        written
    }
}

fn write_whole(path: &Path, code: &[u8]) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(code)?;
    // A machine that is switched off must not leave a file that is shorter than its name promises.
    file.sync_data()
}

/// Whether it is this user's, and nobody else may write in it.
fn is_private(found: &fs::Metadata) -> bool {
    found.uid() == geteuid().as_raw() && found.mode() & 0o022 == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    fn module(exported: &str) -> Vec<u8> {
        wat::parse_str(format!("(module (func (export \"{exported}\")))")).expect("a module")
    }

    fn stored(cache: &Cache, engine: &Engine, exported: &str) -> PathBuf {
        let bytes = module(exported);
        let slot = cache.slot(engine, &bytes);
        let code = Module::from_binary(engine, &bytes).expect("compiled").serialize().expect("serialized");
        slot.store(&code).expect("kept");
        slot.path
    }

    #[test]
    fn what_was_compiled_is_found_again_by_this_user_alone() {
        let parent = tempfile::tempdir().expect("a folder");
        let engine = Engine::default();
        let cache = Cache::open(&parent.path().join("cache"), 1 << 20).expect("made");
        let path = stored(&cache, &engine, "a");
        let mode = |path: &Path| fs::metadata(path).expect("there").mode() & 0o777;
        assert_eq!((mode(&path), mode(&cache.folder)), (0o600, 0o700));

        let bytes = module("a");
        let loads = || cache.slot(&engine, &bytes).load(&engine, false).is_some();
        assert!(loads());
        assert!(cache.slot(&engine, &module("b")).load(&engine, false).is_none(), "of other bytes");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o622)).expect("own file");
        assert!(!loads(), "others could have written it");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("own file");
        let elsewhere = parent.path().join("elsewhere");
        fs::rename(&path, &elsewhere).expect("moved");
        std::os::unix::fs::symlink(&elsewhere, &path).expect("linked");
        assert!(!loads(), "a link may lead anywhere");
    }

    #[test]
    fn what_is_damaged_is_compiled_again() {
        let parent = tempfile::tempdir().expect("a folder");
        let engine = Engine::default();
        let cache = Cache::open(parent.path(), 1 << 20).expect("opened");
        let path = stored(&cache, &engine, "a");
        for text in ["", "no code"] {
            fs::write(&path, text).expect("own file");
            assert!(cache.slot(&engine, &module("a")).load(&engine, false).is_none());
        }
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let parent = tempfile::tempdir().expect("a folder");
        let engine = Engine::default();
        let at = |path: &Path, ago: u64| {
            let file = File::options().write(true).open(path).expect("there");
            file.set_modified(SystemTime::now() - Duration::from_secs(ago)).expect("own file");
        };
        let cache = Cache::open(parent.path(), u64::MAX).expect("opened");
        let (one, other) = (stored(&cache, &engine, "a"), stored(&cache, &engine, "b"));
        at(&one, 9_000);
        at(&other, 10_000);
        let left = parent.path().join("x.1.part");
        fs::write(&left, "").expect("written");
        at(&left, 9_000);
        assert!(cache.slot(&engine, &module("b")).load(&engine, false).is_some(), "used just now");

        let len = fs::metadata(&one).expect("there").len();
        let cache = Cache::open(parent.path(), len * 5 / 2).expect("opened");
        let third = stored(&cache, &engine, "c");
        assert!(!one.exists() && other.exists() && third.exists() && !left.exists());
    }

    #[test]
    fn a_folder_that_others_may_write_in_is_not_used() {
        let parent = tempfile::tempdir().expect("a folder");
        fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o777)).expect("own folder");
        assert!(Cache::open(parent.path(), 1).is_err());
    }
}
