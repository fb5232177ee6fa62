//! `job` as it is written.

use crate::arg_values::{span, whole};
use clap::Subcommand;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub enum Job {
    /// List saved jobs, by name
    #[command(visible_alias = "ls")]
    List {
        /// Only jobs with this in their name or title
        #[arg(long, short)]
        text: Option<String>,
        /// How many at most
        #[arg(long, short = 'n', default_value_t = 1_000, value_parser = whole(1..=u32::MAX), allow_hyphen_values = true)]
        limit: u32,
    },
    /// Show a job, its schedules and how its runs went
    Show {
        /// The name of a job
        name: String,
        /// As it was saved then
        #[arg(long, value_parser = whole(1..=u32::MAX), allow_hyphen_values = true)]
        revision: Option<u32>,
    },
    /// Save a job that is written as JSON, also as `show --json` prints it
    Save {
        /// A file, or - for standard input
        file: PathBuf,
        /// Only when it is at this revision now; 0: when there is none
        #[arg(long, value_name = "REVISION", value_parser = whole(0..=u32::MAX), allow_hyphen_values = true)]
        expect: Option<u32>,
    },
    /// Run a job now and print the id of its task. Its secrets are taken from the keyring, or asked for at the terminal
    Run {
        /// Print the log until the task is over and exit with its exit code, as `solti run --wait` does
        #[arg(long, short)]
        wait: bool,
        // One argument: from its first value on clap takes no word for an option.
        /// The job, and values of its parameters, as in --date=2026-11-01; of a secret one, --NAME=@FILE has it read from a file (- is
        /// standard input)
        #[arg(required = true, trailing_var_arg = true, value_names = ["NAME", "--PARAMETER=VALUE"])]
        words: Vec<String>,
    },
    /// Keep secret parameters of a job in the keyring of the machine that runs it, for runs without a person too
    Secret {
        #[command(subcommand)]
        command: JobSecret,
    },
    /// Give a job another name; its tasks, revisions and schedules follow
    Rename {
        /// The name of a job
        name: String,
        /// Its name from then on
        to: String,
    },
    /// Delete jobs; their tasks stay, and their secrets are forgotten
    #[command(visible_alias = "rm")]
    Delete {
        /// The names of jobs
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// List the tasks of a job, newest first
    History {
        /// The name of a job
        name: String,
        /// How many at most
        #[arg(long, short = 'n', default_value_t = 50, value_parser = whole(1..=u32::MAX), allow_hyphen_values = true)]
        limit: u32,
    },
    /// When jobs are run by themselves, all or one
    Next {
        /// The name of a job; all when absent
        name: Option<String>,
        /// So far ahead, as in 12h or 30days
        #[arg(long, value_parser = span, default_value = "7days", allow_hyphen_values = true)]
        within: Duration,
        /// Have the next time of this job pass without a run
        #[arg(long, requires = "name")]
        skip: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum JobSecret {
    /// List the secret parameters of a job, and which are kept. Their values are not shown
    #[command(visible_alias = "ls")]
    List {
        /// The name of a job
        job: String,
    },
    /// Keep the value of one, which is asked for at the terminal
    Set {
        /// The name of a job
        job: String,
        /// The name of the secret parameter
        parameter: String,
        /// A file that holds it instead, or - for standard input; a line end behind it is left out
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Forget the value of one
    #[command(visible_alias = "rm")]
    Delete {
        /// The name of a job
        job: String,
        /// The name of the secret parameter
        parameter: String,
    },
}

/// Behind the name all words are of the job's parameters; without a value this one cannot be.
const WAIT: [&str; 2] = ["--wait", "-w"];

/// A run of a job, by its words.
#[derive(Debug, PartialEq, Eq)]
pub struct JobOrder {
    pub name: String,
    pub parameters: Vec<String>,
    /// Wherever that is written, but behind `--`.
    pub wait: bool,
}

impl JobOrder {
    pub fn of(wait: bool, words: &[String]) -> Self {
        let (name, words) = words.split_first().map_or(("", words), |(name, rest)| (name.as_str(), rest));
        let dashes = words.iter().position(|word| word == "--");
        let (words, plain) = match dashes {
            Some(at) => (&words[..at], &words[at + 1..]),
            None => (words, &[][..]),
        };
        let (orders, parameters): (Vec<_>, Vec<_>) =
            words.iter().partition(|word| WAIT.contains(&word.as_str()));
        Self {
            name: name.to_owned(),
            parameters: parameters.into_iter().chain(plain).cloned().collect(),
            wait: wait || !orders.is_empty(),
        }
    }
}

impl Job {
    /// Whether it stands for the task that it makes.
    pub fn waits(&self) -> bool {
        let Self::Run { wait, words } = self else { return false };
        JobOrder::of(*wait, words).wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::{CommandFactory as _, Parser as _};

    fn order(line: &[&str]) -> (Cli, JobOrder) {
        let cli = Cli::parse_from(line);
        let Command::Job { command: Job::Run { wait, words } } = &cli.command else {
            panic!("a run was written")
        };
        let order = JobOrder::of(*wait, words);
        (cli, order)
    }

    #[test]
    fn parameters_of_a_job_are_no_options() {
        let program = Cli::command();
        let longs = program.get_arguments().filter_map(|arg| arg.get_long()).map(str::to_owned);
        for long in longs.chain(["help", "version", "wait", "date"].map(str::to_owned)) {
            // As the first, and behind another.
            for before in [&[][..], &["--first=1"]] {
                let parameter = format!("--{long}=abc");
                let line = [&["solti", "job", "run", "nightly"], before, &[&parameter]].concat();
                let (cli, order) = order(&line);
                assert_eq!(order.name, "nightly");
                assert_eq!(order.parameters, [before, &[&parameter]].concat());
                assert!(!order.wait && !cli.options.json && !cli.options.no_start, "{parameter}");
                assert_ne!(cli.options.url.as_deref(), Some("abc"));
                assert_ne!(cli.options.token.as_deref(), Some("abc"));
            }
        }
        let (cli, order) = order(&["solti", "job", "run", "--json", "nightly", "--json=x"]);
        assert!(cli.options.json && order.parameters == ["--json=x"]);
        for wrong in [&["solti", "job", "run"][..], &["solti", "job", "run", "--date=today", "nightly"]] {
            assert!(Cli::try_parse_from(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_run_of_a_job_is_waited_for_wherever_that_is_written() {
        let order = |line: &str| {
            let (cli, JobOrder { name, parameters, wait }) = order(&line.split(' ').collect::<Vec<_>>());
            assert_eq!(name, "nightly");
            (wait, parameters, cli.command.code_of_own_failure())
        };
        let date = || vec!["--date=today".to_owned()];
        assert_eq!(order("solti job run --wait nightly --date=today"), (true, date(), 125));
        assert_eq!(order("solti job run nightly --date=today --wait"), (true, date(), 125));
        assert_eq!(order("solti job run nightly -w --date=today"), (true, date(), 125));
        let parameter = vec!["--wait=yes".to_owned()];
        assert_eq!(order("solti job run nightly -- --wait=yes"), (false, parameter, 1));
        assert_eq!(order("solti job run -- nightly --date=today"), (false, date(), 1));
    }
}
