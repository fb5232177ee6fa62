//! What the program is called with. `solti` is the command line for tasks; this is only what concerns the window.

use crate::log_link::LogLink;
use clap::{Parser, Subcommand};
use solti_doors::DoorFlags;
use std::net::SocketAddr;

/// Run long and batch work on this machine, and lose nothing of it.
///
/// Without arguments it opens its window, or calls the one that is open to the front. For tasks from a terminal there is `solti`.
#[derive(Debug, Parser)]
#[command(name = "solti-desktop", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Serve the API over HTTP on this address while the app runs, as in 127.0.0.1:7654
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// Serve the API over gRPC on this address while the app runs, as in 127.0.0.1:7655
    #[arg(long, value_name = "ADDRESS")]
    grpc: Option<SocketAddr>,
    /// Draw the window without the graphics card, where it stays blank otherwise
    #[arg(long)]
    pub safe_renderer: bool,
    /// Open the form for a new task
    #[arg(long, conflicts_with = "link")]
    pub new_task: bool,
    /// A line of a log to open, as the window copies it: solti://log/<task>/<attempt>/<line>
    #[arg(value_name = "LINK", value_parser = link)]
    pub link: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say how all that the app stands on is, without a window
    Doctor {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// The option as the app that runs already is handed it.
const NEW_TASK: &str = "--new-task";

/// Whether the form for a new task is asked for.
pub fn asks_for_form(args: &[String]) -> bool {
    args.iter().skip(1).any(|arg| arg == NEW_TASK)
}

impl Arguments {
    /// What the app that runs is handed of them, after the program's name.
    pub fn handed_on(&self) -> Vec<String> {
        let program = Some(String::new());
        let form = self.new_task.then(|| NEW_TASK.to_owned());
        program.into_iter().chain(form).chain(self.link.clone()).collect()
    }

    /// The API for as long as this app runs, whatever the settings say.
    pub fn doors(&self) -> DoorFlags {
        DoorFlags { http: self.http, grpc: self.grpc }
    }
}

/// Read where it is opened, also by the app that runs already.
fn link(text: &str) -> Result<String, &'static str> {
    match LogLink::among([text.to_owned()]) {
        Some(_) => Ok(text.to_owned()),
        None => Err("a link to a line is as in solti://log/<task>/<attempt>/<line>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from([&["solti-desktop"], words].concat())
    }

    #[test]
    fn each_door_may_be_opened_by_a_flag_with_an_address() {
        let none = parse(&["solti://log/t/1/1"]).expect("a link");
        assert_eq!(none.doors(), DoorFlags::default());
        let both = parse(&["--grpc", "127.0.0.1:2", "--http", "0.0.0.0:1"]).expect("two addresses").doors();
        assert_eq!((both.http, both.grpc), ("0.0.0.0:1".parse().ok(), "127.0.0.1:2".parse().ok()));
        for wrong in [&["--http"][..], &["--grpc", "7655"], &["--http", "localhost:1"]] {
            let said = parse(wrong).expect_err("refused").to_string();
            assert!(said.contains(wrong[0]), "{wrong:?}: {said}");
        }
    }

    #[test]
    fn the_doctor_is_asked_by_its_name() {
        let asked = parse(&["doctor", "--json"]).expect("a command").command;
        assert!(matches!(asked, Some(Command::Doctor { json: true })), "{asked:?}");
    }

    #[test]
    fn a_new_task_is_asked_for_alike_by_the_first_and_by_the_second() {
        let asked = parse(&["--new-task"]).expect("an option");
        assert!(asked.new_task && asks_for_form(&asked.handed_on()));
        assert!(!asks_for_form(&parse(&["solti://log/t/1/1"]).expect("a link").handed_on()));
        assert!(parse(&["--new-task", "solti://log/t/1/1"]).is_err(), "one of the two");
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for wrong in ["--bogus", "nonsense", "solti://log/t", "https://example.org"] {
            let said = parse(&[wrong]).expect_err("refused").to_string();
            assert!(said.contains(wrong), "{wrong}: {said}");
        }
    }
}
