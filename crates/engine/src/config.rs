//! Where the data is kept and the shim is found: the environment, read once, before anything else.
//! Settings that a person changes in the window are data and live in the store.

use crate::EngineError;
use solti_logstore::first_file;
use solti_model::TaskId;
use solti_store::{FolderAccess, folder_access};
use solti_supervisor::RunFolders;
use std::{
    env,
    fs::{DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Overrides the data folder: a second, separate set of tasks.
const DATA_DIR: &str = "SOLTI_DATA_DIR";
/// Overrides where the shim is: a build tree, a test.
const SHIM: &str = "SOLTI_SHIM";
const SHIM_NAME: &str = "solti-shim";
/// Overrides where the program is that runs WebAssembly.
const WASI: &str = "SOLTI_WASI";
const WASI_NAME: &str = "solti-wasi";
/// Overrides where the program is that hands tasks to other machines.
const CLIENT: &str = "SOLTI_CLIENT";
const CLIENT_NAME: &str = "solti";

/// Where the data of one set of tasks is, and the program that runs them.
#[derive(Debug, Clone)]
pub struct Config {
    /// Exists, belongs to this user, and is readable by nobody else, unless it is only [located](Config::locate).
    pub data_dir: PathBuf,
    /// The program that owns a run.
    pub shim: PathBuf,
    /// The program that runs WebAssembly; need not be there.
    pub wasi: PathBuf,
    /// The program that hands tasks to other machines, `solti`; need not be there.
    pub client: PathBuf,
}

impl Config {
    /// With the programs where this one finds its own.
    fn in_folder(data_dir: PathBuf) -> Result<Self, EngineError> {
        Ok(Self {
            data_dir,
            shim: program(SHIM, SHIM_NAME)?,
            wasi: program(WASI, WASI_NAME)?,
            client: program(CLIENT, CLIENT_NAME)?,
        })
    }

    /// With a shim that is known, and the other programs beside that.
    #[must_use]
    pub fn with_shim(data_dir: impl Into<PathBuf>, shim: impl Into<PathBuf>) -> Self {
        let shim = shim.into();
        Self {
            data_dir: data_dir.into(),
            wasi: shim.with_file_name(WASI_NAME),
            client: shim.with_file_name(CLIENT_NAME),
            shim,
        }
    }

    /// Where the data and the shim are to be found, whatever their state.
    ///
    /// # Errors
    /// When nothing says where.
    pub fn locate() -> Result<Self, EngineError> {
        Self::in_folder(data_dir()?)
    }

    /// The folder that [`data_dir`] says, made where it is not there yet.
    ///
    /// # Errors
    /// When there is no data folder to be had, or no shim to run tasks with.
    pub fn from_env() -> Result<Self, EngineError> {
        Self::open(data_dir()?)
    }

    /// Makes the folder where it is not there yet.
    ///
    /// # Errors
    /// When the folder cannot be used, or there is no shim to run tasks with.
    pub fn open(data_dir: PathBuf) -> Result<Self, EngineError> {
        prepare(&data_dir).map_err(|source| EngineError::DataDir { path: data_dir.clone(), source })?;
        let this = Self::in_folder(data_dir)?;
        if this.shim.is_file() { Ok(this) } else { Err(EngineError::NoShim { path: this.shim }) }
    }
}

impl Config {
    /// The first file of a run's log. It is there when the run has printed something.
    #[must_use]
    pub fn log_file(&self, id: &TaskId, attempt: u32) -> PathBuf {
        first_file(&RunFolders::new(&self.data_dir).run(id, attempt))
    }
}

/// The data folder: `SOLTI_DATA_DIR`, or the platform's.
///
/// # Errors
/// When there is none to be had.
pub fn data_dir() -> Result<PathBuf, EngineError> {
    match env::var_os(DATA_DIR).filter(|dir| !dir.is_empty()) {
        Some(dir) => std::path::absolute(dir).map_err(EngineError::CurrentDir),
        None => usual_data_dir(),
    }
}

/// The platform's.
///
/// # Errors
/// When there is no home directory.
pub fn usual_data_dir() -> Result<PathBuf, EngineError> {
    Ok(dirs::data_dir().ok_or(EngineError::NoHome)?.join("solti"))
}

/// Makes the folder private, where that is Solti's to do.
fn prepare(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    match folder_access(dir)? {
        FolderAccess::Private => Ok(()),
        FolderAccess::Open(_) => std::fs::set_permissions(dir, Permissions::from_mode(0o700)),
        FolderAccess::Refused(why) => Err(io::Error::new(io::ErrorKind::PermissionDenied, why)),
    }
}

/// A program that is installed beside this one, unless the variable names another.
fn program(variable: &str, name: &str) -> Result<PathBuf, EngineError> {
    match env::var_os(variable).filter(|path| !path.is_empty()) {
        Some(path) => std::path::absolute(path).map_err(EngineError::CurrentDir),
        None => Ok(env::current_exe().map_err(EngineError::OwnPath)?.with_file_name(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_store::{DATABASE_FILE, LOCK_FILE};

    #[test]
    fn a_data_folder_open_to_others_is_closed_to_them() {
        let parent = tempfile::tempdir().expect("temp dir");
        let dir = parent.path().join("a/solti");
        prepare(&dir).expect("made");
        let mode = |dir: &Path| std::fs::metadata(dir).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);

        std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).expect("own folder");
        prepare(&dir).expect("prepared again");
        assert_eq!(mode(&dir), 0o700);
    }

    #[test]
    fn a_folder_that_is_not_ours_stays_as_it_is() {
        let parent = tempfile::tempdir().expect("temp dir");
        let mode = |dir: &Path| std::fs::metadata(dir).expect("there").permissions().mode() & 0o7777;
        let open = |name: &str, bits: u32, holds: &str| {
            let dir = parent.path().join(name);
            std::fs::create_dir(&dir).expect("made");
            if !holds.is_empty() {
                std::fs::write(dir.join(holds), "").expect("written");
            }
            std::fs::set_permissions(&dir, Permissions::from_mode(bits)).expect("own folder");
            (prepare(&dir).map_err(|error| error.to_string()), mode(&dir))
        };
        for (name, bits, holds) in [
            ("tmp", 0o1777, ""),
            ("used tmp", 0o1777, DATABASE_FILE),
            ("home", 0o755, "notes"),
            ("var", 0o777, "x"),
        ] {
            let (refused, mode) = open(name, bits, holds);
            assert!(refused.is_err_and(|why| why.contains("not Solti's own")), "{name}");
            assert_eq!(mode, bits, "{name}");
        }
        for (name, bits, holds) in [
            ("new", 0o755, ""),
            ("locked", 0o755, LOCK_FILE),
            ("database", 0o750, DATABASE_FILE),
            ("server", 0o755, "serve.toml"),
        ] {
            assert_eq!(open(name, bits, holds), (Ok(()), 0o700), "{name}");
        }
        assert_eq!(open("private", 0o700, "notes"), (Ok(()), 0o700));
    }

    #[test]
    fn a_data_folder_that_is_a_file_is_an_error() {
        let parent = tempfile::tempdir().expect("temp dir");
        let file = parent.path().join("solti");
        std::fs::write(&file, "").expect("written");
        assert!(prepare(&file).is_err());
    }
}
