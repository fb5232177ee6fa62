//! `hooks`, and the silence that a task is told of, as they are written.

use crate::arg_values::{pair, span_from, split};
use clap::{Args, Subcommand};
use solti_model::{HookEvent, MIN_SILENT_MS, Stall, StallThen};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub enum Hooks {
    /// Set up a hook, in the place of the one of that name
    // clap puts what has to be one of several before the name, and forgets the dashes.
    #[command(override_usage = "solti hooks set [OPTIONS] <NAME> <--post <ADDRESS>|-- <COMMAND>...>")]
    Set {
        /// What to call it
        name: String,
        /// What it is called for: failure, success, silence
        #[arg(long, value_delimiter = ',', default_value = "failure", value_parser = event)]
        on: Vec<HookEvent>,
        /// Only for tasks with this label
        #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
        label: Vec<(String, String)>,
        /// Only for tasks that name it (`solti run --hook`)
        #[arg(long)]
        only_named: bool,
        /// What calls of --post are signed with, in a file (- is standard input); else it is that of SOLTI_HOOK_SECRET, or the one before
        #[arg(long, value_name = "FILE", requires = "post", conflicts_with = "command")]
        secret_file: Option<PathBuf>,
        #[command(flatten)]
        call: Call,
    },
    /// Call a hook once, to try it
    Test {
        /// Its name
        name: String,
    },
    /// Call nothing until it is resumed
    Pause {
        /// Its name
        name: String,
    },
    /// Call it again
    Resume {
        /// Its name
        name: String,
    },
    /// Remove hooks, and their calls that wait
    #[command(visible_alias = "rm")]
    Delete {
        /// Their names
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Call {
    /// The address that is posted to
    #[arg(long, value_name = "ADDRESS")]
    pub post: Option<String>,
    /// A program and its arguments, run as a task of its own: it reads what happened, as JSON, at its standard input
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

fn event(word: &str) -> Result<HookEvent, String> {
    let known = HookEvent::ALL.into_iter().find(|event| event.word() == word);
    known.ok_or_else(|| format!("is not one of {}", HookEvent::ALL.map(HookEvent::word).join(", ")))
}

pub fn silence(text: &str) -> Result<Stall, String> {
    let (time, then) = split(text, "a time", StallThen::ALL.map(StallThen::word), StallThen::from_word)?;
    let time = span_from(Duration::from_millis(MIN_SILENT_MS))(time)?;
    let silent_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    Ok(Stall { silent_ms, then: then.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser as _;

    fn set(line: &[&str]) -> Result<(Option<String>, Call), clap::Error> {
        let cli = Cli::try_parse_from([&["solti"][..], line].concat())?;
        let Command::Hooks { command: Some(Hooks::Set { call, .. }) } = cli.command else {
            panic!("a hook was set")
        };
        Ok((cli.options.url, call))
    }

    #[test]
    fn the_address_of_a_hook_is_not_that_of_the_server() {
        let (url, call) = set(&["hooks", "set", "h", "--post", "https://x.example"]).expect("legal");
        assert_eq!((url, call.post.as_deref()), (None, Some("https://x.example")));
        let line = ["--url", "unix:///s", "hooks", "set", "h", "--post", "https://x.example"];
        let (url, call) = set(&line).expect("legal");
        assert_eq!((url.as_deref(), call.post.as_deref()), (Some("unix:///s"), Some("https://x.example")));
        let (_, call) = set(&["hooks", "set", "h", "--", "page", "--url"]).expect("legal");
        assert_eq!((call.post, call.command), (None, vec!["page".to_owned(), "--url".to_owned()]));
        for wrong in [
            &["hooks", "set", "h"][..],
            &["hooks", "set", "h", "--url", "https://x.example"],
            &["hooks", "set", "h", "--post", "https://x.example", "--", "page"],
            &["hooks", "set", "h", "--secret-file", "f", "--", "page"],
        ] {
            assert!(set(wrong).is_err(), "{wrong:?}");
        }
    }
}
