//! The program that runs containers: where it is, what it says of itself, and asking it something outside of any run.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;

use serde_json::Value;
use solti_model::{ContainerEngine, LocalImage};

use crate::ask::{Said, ask, is_program, last_words};

/// Which engine, as their command lines differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// Without a daemon, as a rule without the rights of the superuser.
    Podman,
    /// A client of a daemon.
    Docker,
}

impl EngineKind {
    /// Its name, and that of its program.
    pub fn word(self) -> &'static str {
        match self {
            Self::Podman => "podman",
            Self::Docker => "docker",
        }
    }
}

/// An engine of this machine, which need not be there.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub kind: EngineKind,
    /// What its program is started with.
    pub env: BTreeMap<OsString, OsString>,
}

/// What it has said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub program: PathBuf,
    pub version: String,
    pub rootless: bool,
    pub runtime: Option<String>,
    pub cgroups: Option<String>,
}

impl Engine {
    /// Where its program is; a few looks at folders.
    pub(crate) fn program(&self) -> Option<PathBuf> {
        let path = self.env.get(OsStr::new("PATH"))?;
        let name = self.kind.word();
        let there = |folder: PathBuf| {
            let program = folder.join(name);
            (folder.is_absolute() && is_program(&program)).then_some(program)
        };
        std::env::split_paths(path).find_map(there)
    }

    pub(crate) async fn ask(&self, words: &[&str]) -> io::Result<Said> {
        let program = self.program().ok_or(io::ErrorKind::NotFound)?;
        ask(&program, &self.env, words).await
    }

    /// What it says of itself. For podman without the rights of the superuser this is also what has to come before the first
    /// container: the first command of a session leaves a process behind that holds the user's namespaces, and that must not belong
    /// to a run, with which it would be ended.
    ///
    /// # Errors
    /// Why it cannot be used, in a sentence.
    pub(crate) async fn facts(&self) -> Result<Facts, String> {
        let Some(program) = self.program() else { return Err(self.absent()) };
        let said = self.ask(&["info", "--format", "{{json .}}"]).await;
        let name = self.kind.word();
        let said = said.map_err(|error| format!("{name} cannot be asked: {error}"))?;
        let parsed: Value = serde_json::from_str(said.out.trim()).unwrap_or_default();
        let refused = || match last_words(&said.err) {
            Some(words) => format!("{name} cannot be used: {words}"),
            None => format!("{name} does not say what it is"),
        };
        let text = |pointer: &str| {
            parsed.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        match self.kind {
            EngineKind::Podman if said.well => Ok(Facts {
                program,
                version: text("/version/Version").ok_or_else(refused)?,
                rootless: parsed.pointer("/host/security/rootless").and_then(Value::as_bool).unwrap_or(false),
                runtime: text("/host/ociRuntime/name"),
                cgroups: text("/host/cgroupVersion"),
            }),
            EngineKind::Docker if said.well => Ok(Facts {
                program,
                // Only the daemon has one.
                version: text("/ServerVersion").ok_or_else(refused)?,
                rootless: parsed.pointer("/SecurityOptions").is_some_and(|all| {
                    all.as_array().is_some_and(|all| all.iter().any(|one| one == "name=rootless"))
                }),
                runtime: text("/DefaultRuntime"),
                cgroups: text("/CgroupVersion").map(|version| format!("v{version}")),
            }),
            EngineKind::Podman | EngineKind::Docker => Err(refused()),
        }
    }

    pub(crate) fn absent(&self) -> String {
        format!("{} is not installed, or not in the PATH of tasks", self.kind.word())
    }

    /// The images that it has.
    ///
    /// # Errors
    /// Why they cannot be listed, in a sentence.
    pub(crate) async fn images(&self, runner: &str) -> Result<Vec<LocalImage>, String> {
        if self.program().is_none() {
            return Ok(vec![]);
        }
        let format = "{{.Repository}}|{{.Tag}}|{{.Size}}";
        let said = self.ask(&["images", "--format", format]).await.map_err(|error| error.to_string())?;
        if !said.well {
            return Err(last_words(&said.err).unwrap_or("it does not say why").to_owned());
        }
        Ok(said.out.lines().filter_map(|line| image(line, runner)).collect())
    }
}

/// A line of the list; what has no name, or no tag, cannot be named by a task.
fn image(line: &str, runner: &str) -> Option<LocalImage> {
    let mut parts = line.split('|');
    let (repository, tag) = (parts.next()?, parts.next()?);
    if [repository, tag].contains(&"<none>") || repository.is_empty() {
        return None;
    }
    let size = parts.next().filter(|size| !size.is_empty()).map(str::to_owned);
    Some(LocalImage { name: format!("{repository}:{tag}"), runner: runner.to_owned(), size })
}

impl From<Facts> for ContainerEngine {
    fn from(Facts { program, version, rootless, runtime, cgroups }: Facts) -> Self {
        Self { program: program.display().to_string(), version, rootless, runtime, cgroups }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_no_task_could_name_are_left_out() {
        let name = |line: &str| image(line, "podman").map(|image| image.name);
        assert_eq!(
            name("docker.io/library/alpine|3.20|7.8 MB").as_deref(),
            Some("docker.io/library/alpine:3.20")
        );
        assert_eq!(name("<none>|<none>|7.8 MB"), None);
        assert_eq!(name("localhost/x|<none>|1 B"), None);
        assert_eq!(name(""), None);
    }
}
