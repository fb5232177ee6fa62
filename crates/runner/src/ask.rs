//! Asking a program something outside of any run.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use crate::resolve::may_execute;

/// Whoever is asked answers within a second, on a busy machine within a few; one that does not hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// More is no answer to anything that is asked here.
const MAX_ANSWER: u64 = 4 << 20;

/// What was answered.
#[derive(Debug)]
pub(crate) struct Said {
    pub well: bool,
    pub out: String,
    pub err: String,
}

/// With a limit of time and of what is read.
pub(crate) async fn ask(
    program: &Path,
    env: &BTreeMap<OsString, OsString>,
    words: &[&str],
) -> io::Result<Said> {
    ask_within(ANSWER_WITHIN, program, env, words).await
}

/// As [`ask`], of somebody who is known to take more or less time.
pub(crate) async fn ask_within(
    within: Duration,
    program: &Path,
    env: &BTreeMap<OsString, OsString>,
    words: &[&str],
) -> io::Result<Said> {
    let mut command = Command::new(program);
    command.args(words).env_clear().envs(env).current_dir("/").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let answered = async {
        let (out, err) = tokio::try_join!(text_of(out), text_of(err))?;
        Ok::<_, io::Error>(Said { well: child.wait().await?.success(), out, err })
    };
    timeout(within, answered).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Whether this user may execute what is there.
pub(crate) fn is_program(path: &Path) -> bool {
    path.is_file() && may_execute(path)
}

/// Where a program is that whoever has `env` would start by its bare name; a few looks at folders.
pub(crate) fn find_program(env: &BTreeMap<OsString, OsString>, name: &str) -> Option<PathBuf> {
    let there = |folder: PathBuf| {
        let program = folder.join(name);
        (folder.is_absolute() && is_program(&program)).then_some(program)
    };
    std::env::split_paths(env.get(OsStr::new("PATH"))?).find_map(there)
}

/// The last line that says something.
pub(crate) fn last_words(text: &str) -> Option<&str> {
    text.lines().map(str::trim).rfind(|line| !line.is_empty())
}

async fn text_of(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let mut bytes = vec![];
    if let Some(pipe) = pipe {
        pipe.take(MAX_ANSWER).read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
