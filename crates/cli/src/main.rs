//! `solti`: tasks from a terminal, over the Unix socket of the app or of `solti serve`, or another machine's API.
//!
//! Every command is one file in `commands/`; `args.rs` says how they are written. What a task is and does lives below:
//! this program only asks for it and shows it.

mod arg_values;
mod args;
mod args_cluster;
mod args_container;
mod args_wasm;
mod commands;
mod ending;
mod engine_start;
mod error;
mod input;
mod log_printer;
mod order;
mod reach;
mod relay;
mod screen;
mod serve_doors;
mod server;
mod show;
mod table;
mod task_ids;
mod terminal;
mod time;

use args::Cli;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _};
use error::CliError;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    // Rust ignores SIGPIPE: `solti list | head` ends with an error of the pipe, which `CliError` takes for an end.
    let cli = command_line();
    let as_json = cli.options.json;
    let own_failure = cli.command.code_of_own_failure();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::say!("solti: no threads to work with: {error}");
            return ExitCode::from(own_failure);
        }
    };
    let result = runtime.block_on(commands::carry_out(cli));
    // Reading standard input blocks a thread that nobody can end: it is not waited for.
    runtime.shutdown_background();
    match result {
        Ok(code) => ExitCode::from(code),
        // Whose exit code is a task's has none to give.
        Err(CliError::Output(error)) if ending::is_reader_gone(&error) => match own_failure {
            1 => ExitCode::SUCCESS,
            code => ExitCode::from(code),
        },
        Err(error) => {
            error.print(as_json);
            ExitCode::from(error.exit_code().unwrap_or(own_failure))
        }
    }
}

/// An empty variable is as good as none, of whatever type its option is.
fn without_empty(command: clap::Command) -> clap::Command {
    command.mut_args(|arg| {
        let empty = arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
        if empty { arg.env(None::<&str>) } else { arg }
    })
}

/// Which word is no text where one has to be: clap does not say.
fn not_utf8(words: &[OsString]) -> Option<CliError> {
    let odd = |at: &usize| words[*at].to_str().is_none();
    let is_wrong = |at: &usize| {
        let mut words = words.to_vec();
        words[*at] = words[*at].to_string_lossy().into_owned().into();
        let read = without_empty(Cli::command()).try_get_matches_from(words);
        !read.is_err_and(|error| error.kind() == ErrorKind::InvalidUtf8)
    };
    // Of several each alone mends nothing.
    let all = || (0..words.len()).filter(odd);
    let at = all().find(is_wrong).or_else(|| all().next())?;
    let option = words[..at].last().and_then(|word| word.to_str()).filter(|word| word.starts_with('-'));
    Some(CliError::NotUtf8 { option: option.map(ToOwned::to_owned), word: words[at].clone() })
}

/// The command line; one that is wrong is told, and ends the program.
fn command_line() -> Cli {
    let read = |command: clap::Command| {
        let mut command = command;
        let matches = command.try_get_matches_from_mut(std::env::args_os())?;
        Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    };
    let wrong = match read(without_empty(Cli::command())) {
        Ok(cli) => return cli,
        Err(wrong) => wrong,
    };
    if wrong.kind() == ErrorKind::InvalidUtf8
        && let Some(error) = not_utf8(&std::env::args_os().collect::<Vec<_>>())
    {
        error.print(false);
        std::process::exit(2);
    }
    if wrong.use_stderr() {
        // clap writes an option whose variable is set into the usage, as if it had to be given.
        let without = Cli::command().mut_args(|arg| arg.env(None::<&str>));
        if let Err(wrong) = read(without) {
            wrong.exit();
        }
        wrong.exit();
    }
    // The help or the version, which somebody wants to read.
    let printed = wrong.print().and_then(|()| io::stdout().flush());
    if let Err(error) = printed.map_err(CliError::from)
        && !matches!(&error, CliError::Output(error) if ending::is_reader_gone(error))
    {
        error.print(false);
        std::process::exit(1);
    }
    std::process::exit(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt as _;

    #[test]
    fn a_word_that_is_no_text_is_named_with_its_option() {
        let odd = || OsString::from_vec(b"a\xff".to_vec());
        let said = |words: Vec<OsString>| {
            let words: Vec<_> = ["solti".into()].into_iter().chain(words).collect();
            not_utf8(&words).expect("one is wrong").to_string()
        };
        // Of a path it may be.
        let name = vec!["run".into(), "-C".into(), odd(), "-N".into(), odd(), "true".into()];
        assert_eq!(said(name), r"-N: must be UTF-8 text, and is a\xFF");
        assert_eq!(said(vec!["logs".into(), odd()]), r"must be UTF-8 text: a\xFF");
        let joined = OsString::from_vec(b"--lane=\xff".to_vec());
        assert_eq!(said(vec!["run".into(), joined, "true".into()]), r"must be UTF-8 text: --lane=\xFF");
    }
}
