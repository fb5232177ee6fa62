//! `job` as it is written.

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
        #[arg(long, short = 'n', default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Show a job, its schedules and how its runs went
    Show {
        name: String,
        /// As it was saved then
        #[arg(long)]
        revision: Option<u32>,
    },
    /// Save a job that is written as JSON, also as `show --json` prints it
    Save {
        /// A file, or - for standard input
        file: PathBuf,
        /// Only when it is at this revision now; 0: when there is none
        #[arg(long, value_name = "REVISION")]
        expect: Option<u32>,
    },
    /// Run a job now and print the id of its task. Its secrets are taken from the keyring, or asked for at the terminal
    Run {
        /// Print the log until the task is over and exit with its exit code, as `solti run --wait` does
        #[arg(long, short)]
        wait: bool,
        name: String,
        /// Values of its parameters, as in --date=2026-11-01; of a secret one, --NAME=@FILE has it read from a file (- is standard input)
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "--PARAMETER=VALUE")]
        parameters: Vec<String>,
    },
    /// Keep secret parameters of a job in the keyring of the machine that runs it, for runs without a person too
    Secret {
        #[command(subcommand)]
        command: JobSecret,
    },
    /// Give a job another name; its tasks, revisions and schedules follow
    Rename { name: String, to: String },
    /// Delete jobs; their tasks stay, and their secrets are forgotten
    #[command(visible_alias = "rm")]
    Delete {
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// List the tasks of a job, newest first
    History {
        name: String,
        #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// When jobs are run by themselves, all or one
    Next {
        name: Option<String>,
        /// So far ahead, as in 12h or 30days
        #[arg(long, value_parser = humantime::parse_duration, default_value = "7days")]
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
    List { job: String },
    /// Keep the value of one, which is asked for at the terminal
    Set {
        job: String,
        parameter: String,
        /// A file that holds it instead, or - for standard input; a line end behind it is left out
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Forget the value of one
    #[command(visible_alias = "rm")]
    Delete { job: String, parameter: String },
}

/// Behind the name all words are of the job's parameters; without a value this one cannot be.
const WAIT: [&str; 2] = ["--wait", "-w"];

impl Job {
    /// Whether it stands for the task that it makes.
    pub fn waits(&self) -> bool {
        let Self::Run { wait, parameters, .. } = self else { return false };
        *wait || parameters.iter().any(|word| WAIT.contains(&word.as_str()))
    }

    /// Has an order to wait stand where it belongs, also when it was written behind the name of the job.
    pub fn ordered(mut self) -> Self {
        if let Self::Run { wait, parameters, .. } = &mut self {
            let words = parameters.len();
            parameters.retain(|word| !WAIT.contains(&word.as_str()));
            *wait |= parameters.len() < words;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Job;
    use crate::args::{Cli, Command};
    use clap::Parser as _;

    #[test]
    fn parameters_of_a_job_are_no_options() {
        let cli = Cli::parse_from(["solti", "job", "run", "nightly", "--date=2026-11-01", "--json=x"]);
        let Command::Job { command: Job::Run { name, parameters, wait: false } } = cli.command else {
            panic!("a run was written")
        };
        assert_eq!(
            (name.as_str(), &parameters[..]),
            ("nightly", &["--date=2026-11-01".into(), "--json=x".into()][..])
        );
        let cli = Cli::parse_from(["solti", "job", "run", "--json", "nightly"]);
        assert!(cli.options.json);
    }

    #[test]
    fn a_run_of_a_job_is_waited_for_wherever_that_is_written() {
        let order = |line: &str| {
            let cli = Cli::parse_from(line.split(' '));
            let own_failure = cli.command.code_of_own_failure();
            let Command::Job { command } = cli.command else { panic!("a job was written") };
            let Job::Run { wait, parameters, .. } = command.ordered() else { panic!("a run was written") };
            (wait, parameters, own_failure)
        };
        let date = || vec!["--date=today".to_owned()];
        assert_eq!(order("solti job run --wait nightly --date=today"), (true, date(), 125));
        assert_eq!(order("solti job run nightly --date=today --wait"), (true, date(), 125));
        let parameter = vec!["--wait=yes".to_owned()];
        assert_eq!(order("solti job run nightly -- --wait=yes"), (false, parameter, 1));
    }
}
