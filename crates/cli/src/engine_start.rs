//! Makes sure that somebody answers at the socket of a data folder: where nobody holds it, the engine is started in the background, as
//! `solti serve --background` of this very program. Of two callers at once only one's engine gets the folder; the other finds it held
//! and waits for its socket. Within a task it would end with the task, as all does that a task has started: there the user's service manager
//! is asked to start it.

use crate::ending::status_words;
use crate::error::CliError;
use crate::reach::connect;
use crate::terminal::{harmless_lines, say};
use solti_doors::socket;
use solti_engine::journal_file;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{ChildStderr, Command};
use tokio::time::{Instant, sleep, timeout};

/// For an engine that starts: it may have a database to check, and asks the login shell.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between the end of an engine and the start of another that was waiting for it, as `solti serve --standby` does, nobody is there.
const HANDOVER: Duration = Duration::from_secs(1);
/// Between two looks at a socket that is not there yet.
const PAUSE: Duration = Duration::from_millis(20);
/// Of what an engine that does not start has said last.
const WORDS: usize = 4 * 1024;
/// They are who calls, and not whom a task is to be told of.
const CALLERS_OWN: [&str; 4] = ["SOLTI_URL", "SOLTI_TOKEN", "SOLTI_FINGERPRINT", RUN_MARK];
/// Every process of a task has it.
const RUN_MARK: &str = "SOLTI_RUN_ID";
/// For the service manager to take an order.
const ORDERED_WITHIN: Duration = Duration::from_secs(10);

/// Returns when the server of a data folder listens, having started it if need be and allowed.
///
/// # Errors
/// [`CliError::NotStarted`] where nobody is and `no_start` is set; [`CliError::InTask`] where a task would have to start it;
/// [`CliError::NoEngine`] where it does not start.
pub async fn be_there(data_dir: &Path, no_start: bool) -> Result<(), CliError> {
    let socket = socket(data_dir);
    let began = Instant::now();
    let late = began + PATIENCE;
    let mut ordered = false;
    loop {
        match connect(&socket).await {
            Ok(_) => return Ok(()),
            Err(CliError::NoServer { socket }) if no_start => {
                if began.elapsed() >= HANDOVER {
                    return Err(CliError::NotStarted { socket });
                }
            }
            Err(CliError::NoServer { .. }) if ordered && Instant::now() < late => {}
            Err(CliError::NoServer { socket }) if is_in_task() && Instant::now() < late => {
                if !order(data_dir).await {
                    return Err(CliError::InTask { socket });
                }
                ordered = true;
                let log = journal_file(data_dir);
                say!(
                    "solti: no Solti was running here, so the service manager was asked to start its engine outside of this task; its log is {}",
                    log.display()
                );
            }
            Err(CliError::NoServer { .. }) if Instant::now() < late => {
                if let Some(pid) = start(data_dir).await? {
                    tell(pid, data_dir);
                    return Ok(());
                }
            }
            // Whoever holds the folder opens its socket as soon as the tasks are taken up.
            Err(CliError::NoSocket { .. }) if Instant::now() < late => {}
            Err(error) => return Err(error),
        }
        sleep(PAUSE).await;
    }
}

fn tell(pid: u32, data_dir: &Path) {
    let log = journal_file(data_dir);
    say!(
        "solti: no Solti was running here, so its engine was started in the background (process {pid}); its log is {}",
        log.display()
    );
}

fn is_in_task() -> bool {
    std::env::var_os(RUN_MARK).is_some()
}

/// Has the user's service manager start the engine as a unit of its own, which is nobody's descendant here; `false` where there is no
/// manager that does.
async fn order(data_dir: &Path) -> bool {
    let Ok(program) = std::env::current_exe() else { return false };
    let mut command = Command::new("systemd-run");
    command.args(["--user", "--quiet", "--collect", "--description=Solti: runs tasks without a window"]);
    // As in the unit of `solti service`: what else is in its group are shims.
    command.args(["--property=KillMode=process", "--working-directory=/"]);
    for (name, value) in std::env::vars_os() {
        let is_ours =
            name.to_str().is_some_and(|name| name.starts_with("SOLTI_") && !CALLERS_OWN.contains(&name));
        if is_ours {
            let mut setting = OsString::from("--setenv=");
            setting.extend([name.as_os_str(), OsStr::new("="), value.as_os_str()]);
            command.arg(setting);
        }
    }
    command.arg("--").arg(program).arg("--data-dir").arg(data_dir).args(["serve", "--background"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let ordered = timeout(ORDERED_WITHIN, command.status()).await;
    matches!(ordered, Ok(Ok(status)) if status.success())
}

/// The process of the engine once it listens; `None` where another one was first.
async fn start(data_dir: &Path) -> Result<Option<u32>, CliError> {
    let failed = |error: io::Error| CliError::NoEngine { said: error.to_string() };
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.arg("--data-dir").arg(data_dir).args(["serve", "--background"]);
    for variable in CALLERS_OWN {
        command.env_remove(variable);
    }
    // Wherever the caller is, that folder may be removed or unmounted later.
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut engine = command.spawn().map_err(failed)?;
    let pid = engine.id();
    let words = tokio::spawn(words(engine.stderr.take()));
    let mut line = String::new();
    if let Some(output) = engine.stdout.take() {
        let mut output = BufReader::new(output);
        match timeout(PATIENCE, output.read_line(&mut line)).await {
            Ok(read) => drop(read.map_err(failed)?),
            Err(_) => {
                let said = format!("it has not said within {} s that it is ready", PATIENCE.as_secs());
                return Err(CliError::NoEngine { said });
            }
        }
    }
    if line.starts_with("unix://") {
        return Ok(pid);
    }
    let ended = engine.wait().await.map_err(failed)?;
    if ended.success() {
        return Ok(None);
    }
    let words = words.await.unwrap_or_default();
    // Its own errors come last, after what its log says.
    let said = words.lines().rev().find_map(|line| line.strip_prefix("solti: ")).unwrap_or(words.trim());
    let said = if said.is_empty() { status_words(ended) } else { harmless_lines(said) };
    Err(CliError::NoEngine { said })
}

/// What it says until it is ready or ends; read to the end, so that it never waits for a reader.
async fn words(stderr: Option<ChildStderr>) -> String {
    let Some(mut stderr) = stderr else { return String::new() };
    let mut text = Vec::new();
    // What cannot be read is not told.
    while let Ok(1..) = stderr.read_buf(&mut text).await {
        text.drain(..text.len().saturating_sub(WORDS));
    }
    String::from_utf8_lossy(&text).into_owned()
}
