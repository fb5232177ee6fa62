//! A program of the system that is asked.

use crate::ServiceError;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
/// With a password to be typed.
const A_PERSONS: Duration = Duration::from_secs(180);

pub(super) struct Program {
    command: String,
    words: Vec<String>,
    patience: Duration,
}

pub(super) struct Ran {
    pub success: bool,
    pub output: String,
}

impl Program {
    pub(super) fn new(program: &str, words: &[&str]) -> Self {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Self { command: program.to_owned(), words, patience: PATIENCE }
    }

    pub(super) fn for_a_person(self) -> Self {
        Self { patience: A_PERSONS, ..self }
    }

    fn shown(&self) -> String {
        format!("{} {}", self.command, self.words.join(" "))
    }

    async fn output(&self) -> Result<std::process::Output, ServiceError> {
        let mut command = Command::new(&self.command);
        // Its words are read, not shown.
        command.args(&self.words).env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
        match timeout(self.patience, command.output()).await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(source)) => Err(ServiceError::Run { command: self.shown(), source }),
            Err(_) => Err(ServiceError::Late { command: self.shown() }),
        }
    }

    pub(super) async fn run(&self) -> Result<Ran, ServiceError> {
        let output = self.output().await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(Ran { success: output.status.success(), output: text })
    }

    pub(super) async fn succeed(&self) -> Result<(), ServiceError> {
        let output = self.output().await?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let said = if said.is_empty() { output.status.to_string() } else { said };
        Err(ServiceError::Failed { command: self.shown(), said })
    }
}
