//! Linux: systemd's user manager, else XDG autostart.
//! <https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html>
//! <https://specifications.freedesktop.org/autostart-spec/latest/>

mod program;
mod text;

use crate::{ServiceError, ServiceKind, ServiceStatus};
use program::{Program, Ran};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

const UNIT: &str = "solti.service";
const ENTRY: &str = "dev.solti.engine.desktop";

/// The engine of one data folder, as this user's session starts it. There is one such entry for each user.
#[derive(Debug, Clone)]
pub struct Service {
    /// `solti`.
    program: PathBuf,
    /// When it is not the usual one.
    data_dir: Option<PathBuf>,
    config: PathBuf,
}

impl Service {
    /// # Errors
    /// When this user has no folder for settings.
    pub fn new(program: PathBuf, data_dir: Option<PathBuf>) -> Result<Self, ServiceError> {
        let config = dirs::config_dir().ok_or(ServiceError::NoHome)?;
        Ok(Self { program, data_dir, config })
    }

    fn unit(&self) -> PathBuf {
        self.config.join("systemd/user").join(UNIT)
    }

    fn entry(&self) -> PathBuf {
        self.config.join("autostart").join(ENTRY)
    }

    /// # Errors
    /// When the service manager is there and does not say.
    pub async fn status(&self) -> Result<ServiceStatus, ServiceError> {
        if !has_manager().await {
            let file = self.entry();
            let enabled = file.is_file();
            return Ok(ServiceStatus {
                kind: ServiceKind::Autostart,
                enabled,
                running: None,
                lingers: None,
                file,
            });
        }
        let says =
            async |question| systemctl(&[question, "--quiet", UNIT]).run().await.map(|ran| ran.success);
        Ok(ServiceStatus {
            kind: ServiceKind::Systemd,
            enabled: says("is-enabled").await?,
            running: Some(says("is-active").await?),
            lingers: lingers().await,
            file: self.unit(),
        })
    }

    /// Starts the engine at each log-in from now on, with systemd now too: where somebody holds the data folder, it waits for their end.
    ///
    /// # Errors
    /// When it cannot be set up.
    pub async fn enable(&self) -> Result<(), ServiceError> {
        if !self.program.is_file() {
            return Err(ServiceError::NoProgram { path: self.program.clone() });
        }
        let data_dir = self.data_dir.as_deref();
        if !has_manager().await {
            return write(&self.entry(), &text::entry(&self.program, data_dir)?);
        }
        write(&self.unit(), &text::unit(&self.program, data_dir)?)?;
        systemctl(&["daemon-reload"]).succeed().await?;
        systemctl(&["enable", "--now", UNIT]).succeed().await?;
        // One from before there was a manager would start a second one.
        remove(&self.entry())
    }

    /// Starts it no more, and ends the one that the unit runs; tasks go on, and whoever is attached takes its place.
    ///
    /// # Errors
    /// When it cannot be undone.
    pub async fn disable(&self) -> Result<(), ServiceError> {
        remove(&self.entry())?;
        if has_manager().await && self.unit().is_file() {
            systemctl(&["disable", "--now", UNIT]).succeed().await?;
            remove(&self.unit())?;
            systemctl(&["daemon-reload"]).succeed().await?;
            return Ok(());
        }
        remove(&self.unit())
    }

    /// Has the user's manager run from boot on and after log-out. The system may ask the person for a password.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub async fn linger(&self) -> Result<(), ServiceError> {
        Program::new("loginctl", &["enable-linger"]).for_a_person().succeed().await.map(drop)
    }
}

fn systemctl(words: &[&str]) -> Program {
    Program::new("systemctl", &[&["--user"], words].concat())
}

/// Whether this user has a service manager that answers.
async fn has_manager() -> bool {
    systemctl(&["show", "--property=Version"]).run().await.is_ok_and(|ran| ran.success)
}

/// `None` where nobody knows.
async fn lingers() -> Option<bool> {
    let asked = Program::new("loginctl", &["show-user", "--property=Linger", "--value", &user()]).run().await;
    match asked {
        Ok(Ran { success: true, output }) => match output.trim() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        // It knows nobody without a session.
        _ => None,
    }
}

/// By the number: it takes one as well as a name.
fn user() -> String {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").map(|own| own.uid().to_string()).unwrap_or_default()
}

fn write(path: &Path, text: &str) -> Result<(), ServiceError> {
    let failed = |source| ServiceError::File { path: path.to_owned(), source };
    fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).map_err(failed)?;
    solti_whole_file::write(path, text.as_bytes(), solti_whole_file::READABLE).map_err(failed)
}

fn remove(path: &Path) -> Result<(), ServiceError> {
    let gone = |error: &io::Error| error.kind() == ErrorKind::NotFound;
    match fs::remove_file(path) {
        Err(source) if !gone(&source) => Err(ServiceError::File { path: path.to_owned(), source }),
        _ => Ok(()),
    }
}
