//! The program that runs containers: where it is, what it says of itself, and asking it something outside of any run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use serde_json::Value;
use solti_model::LocalImage;

use super::facts::Facts;
use crate::ask::{self, Said};

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

impl Engine {
    /// Where its program is; a few looks at folders.
    pub(crate) fn program(&self) -> Option<PathBuf> {
        ask::find_program(&self.env, self.kind.word())
    }

    pub(crate) async fn ask(&self, words: &[&str]) -> io::Result<Said> {
        let program = self.program().ok_or(io::ErrorKind::NotFound)?;
        ask::ask(&program, &self.env, words).await
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// Why it cannot be used, in a sentence.
    pub(crate) async fn facts(&self) -> Result<Facts, String> {
        let Some(program) = self.program() else { return Err(self.absent()) };
        let name = self.kind.word();
        let said = self.ask(&["info", "--format", "{{json .}}"]).await;
        let said = said.map_err(|error| format!("{name} cannot be asked: {error}"))?;
        let info: Value = serde_json::from_str(said.out.trim()).unwrap_or_default();
        let facts = said.well.then(|| Facts::of(self.kind, program, &info)).flatten();
        // Some clients write there what their daemon has not answered, and nothing else.
        let in_answer = || info.pointer("/ServerErrors/0").and_then(Value::as_str).map(str::to_owned);
        facts.ok_or_else(|| match last_words(&said.err).or_else(in_answer) {
            Some(words) => format!("{name} cannot be used: {words}"),
            None => format!("{name} does not say what it is"),
        })
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
            return Err(last_words(&said.err).unwrap_or_else(|| "it does not say why".to_owned()));
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

/// As [`ask::last_words`]. Podman writes some of its own as a log, of which the message counts.
pub(super) fn last_words(text: &str) -> Option<String> {
    let line = ask::last_words(text)?;
    let message = line.strip_prefix("time=").and_then(|line| line.split_once(" msg="));
    let message = message.and_then(|(_, quoted)| serde_json::from_str(quoted).ok());
    Some(message.unwrap_or_else(|| line.to_owned()))
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

    #[test]
    fn of_what_podman_writes_as_a_log_the_message_is_told() {
        let logged = r#"time="2026-11-29T15:19:24Z" level=error msg="invalid internal status, try \"podman system migrate\"""#;
        let told = "invalid internal status, try \"podman system migrate\"";
        assert_eq!(last_words(&format!("first\n{logged}\n")).as_deref(), Some(told));
        assert_eq!(last_words("one\n  two \n\n").as_deref(), Some("two"));
        assert_eq!(last_words("\n"), None);
    }
}
