//! The command line as it is written.

mod hooks;
mod job;
mod lanes;
mod reading;
mod relay;

use crate::arg_values::{address, after, delay, id, lane, machine, pair, span_from, whole};
use crate::args_cluster::Cluster;
use crate::args_container::Container;
use crate::args_wasm::Wasm;
use crate::time::{Coming, coming, moment};
use clap::{Args, Parser, Subcommand, ValueEnum};
use solti_model::{AfterWhen, MAX_PRIORITY, MAX_RETRIES, Slot, Stall};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

pub use hooks::{Call, Hooks};
pub use job::{Job, JobOrder, JobSecret};
pub use lanes::{Awake, Lanes, Rules};
pub use reading::{List, Logs, Runs, Stream};
pub use relay::Relay;

/// Long and batch tasks on this machine or another: run, list, follow, stop.
///
/// Talks to the app, or to `solti serve`, over a Unix socket in the data folder, and starts the engine in the background where neither
/// runs; --url reaches another machine.
#[derive(Debug, Parser)]
#[command(name = "solti", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub options: Options,
    #[command(subcommand)]
    pub command: Command,
}

/// Over what every command takes, in its help.
const OF_ALL: &str = "Options of all commands";

/// What every command takes.
#[derive(Debug, Args)]
pub struct Options {
    /// The server: unix:///path, http://127.0.0.1:7654, https://host:port or ssh://host
    #[arg(long, env = "SOLTI_URL", global = true, help_heading = OF_ALL, value_name = "URL")]
    pub url: Option<String>,
    /// Shown to a server on the network; better in the variable than here
    #[arg(long, env = "SOLTI_TOKEN", global = true, help_heading = OF_ALL, hide_env_values = true, value_name = "TOKEN")]
    pub token: Option<String>,
    /// SHA-256 of an https server's own certificate, as its settings show it
    #[arg(long, env = "SOLTI_FINGERPRINT", global = true, help_heading = OF_ALL, value_name = "SHA256")]
    pub fingerprint: Option<String>,
    /// The data folder whose server is meant
    #[arg(long, env = "SOLTI_DATA_DIR", global = true, help_heading = OF_ALL, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Print JSON for programs: one document, or a line for each event of a log
    #[arg(long, global = true, help_heading = OF_ALL)]
    pub json: bool,
    /// Where no Solti is running here, say so and exit with 69 instead of starting its engine in the background
    #[arg(long, global = true, help_heading = OF_ALL)]
    pub no_start: bool,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "a program reads one command line")]
pub enum Command {
    /// Run a command as a task
    Run(Run),
    /// Submit a task that is written as JSON
    Submit {
        /// A file, or - for standard input
        file: PathBuf,
    },
    /// List tasks, newest first unless they are sorted
    #[command(visible_alias = "ls")]
    List(List),
    /// Show a task and its runs
    Show {
        /// The id of a task, or its beginning
        #[arg(value_parser = id)]
        id: String,
    },
    /// List runs of a task by the page: the latest ones, or those around an attempt
    Runs(Runs),
    /// Print the log of a task
    Logs(Logs),
    /// Wait until tasks are over; the exit code is that of the first that did not succeed, and 125 of one that cannot be waited for
    Wait {
        /// The ids of tasks, or their beginnings
        #[arg(required = true, value_name = "ID", value_parser = id)]
        ids: Vec<String>,
    },
    /// Stop tasks: first they are asked, after a grace they are killed
    Stop {
        /// The ids of tasks, or their beginnings
        #[arg(required = true, value_name = "ID", value_parser = id)]
        ids: Vec<String>,
        /// Kill at once
        #[arg(long)]
        kill: bool,
    },
    /// Keep tasks that wait from starting until they are released
    Hold {
        /// The ids of tasks, or their beginnings
        #[arg(required_unless_present = "all", value_name = "ID", value_parser = id)]
        ids: Vec<String>,
        /// Let nothing start in any lane
        #[arg(long, conflicts_with = "ids")]
        all: bool,
    },
    /// Let held tasks start again
    Release {
        /// The ids of tasks, or their beginnings
        #[arg(required_unless_present_any = ["all", "lane"], value_name = "ID", value_parser = id)]
        ids: Vec<String>,
        /// All that are held, one by one or by `hold --all`
        #[arg(long, conflicts_with_all = ["ids", "lane"])]
        all: bool,
        /// All that are held in this lane
        #[arg(long, short, conflicts_with = "ids", value_parser = lane)]
        lane: Option<Slot>,
    },
    /// Set the priority of a task that waits: the highest in a lane goes first
    Priority {
        /// The id of a task, or its beginning
        #[arg(value_parser = id)]
        id: String,
        /// From -100 to 100; 0 is that of a task which was given none
        #[arg(allow_hyphen_values = true, value_parser = whole(-MAX_PRIORITY..=MAX_PRIORITY))]
        priority: i32,
    },
    /// Move a task that waits within its lane, among those of its priority
    #[command(override_usage = "solti move [OPTIONS] <ID> <--first|--last|--before <ID>|--after <ID>>")]
    Move {
        /// The id of a task, or its beginning
        #[arg(value_parser = id)]
        id: String,
        #[command(flatten)]
        to: MoveTo,
    },
    /// Start tasks that wait now, whatever they wait for, past the capacity of their lanes
    RunNow {
        /// The ids of tasks, or their beginnings
        #[arg(required = true, value_name = "ID", value_parser = id)]
        ids: Vec<String>,
    },
    /// Begin the next attempt of tasks that wait for it
    Retry {
        /// The ids of tasks, or their beginnings
        #[arg(required = true, value_name = "ID", value_parser = id)]
        ids: Vec<String>,
    },
    /// Change a task that has not been started, in an editor or by a file
    Edit {
        /// The id of a task, or its beginning
        #[arg(value_parser = id)]
        id: String,
        /// What the task is to be, as JSON, or - for standard input; without it $VISUAL or $EDITOR is opened
        file: Option<PathBuf>,
    },
    /// Have the processes of running tasks stand still, and their timeouts with them
    Suspend {
        /// The ids of tasks, or their beginnings
        #[arg(required = true, value_name = "ID", value_parser = id)]
        ids: Vec<String>,
    },
    /// Have suspended tasks go on
    Resume {
        /// The ids of tasks, or their beginnings
        #[arg(required = true, value_name = "ID", value_parser = id)]
        ids: Vec<String>,
    },
    /// Submit a task again, as a new one
    Rerun {
        /// The id of a task, or its beginning
        #[arg(value_parser = id)]
        id: String,
    },
    /// Delete tasks with their runs and logs; running ones are stopped first
    #[command(visible_alias = "rm")]
    Delete {
        /// The ids of tasks, or their beginnings
        #[arg(required = true, value_name = "ID", value_parser = id)]
        ids: Vec<String>,
    },
    /// List where tasks run: this machine's processes, container engines, WebAssembly, a Slurm cluster
    Runners,
    /// When what waits will probably start, and what is in the lanes will probably end
    Queue {
        /// In this lane alone
        #[arg(value_parser = lane)]
        lane: Option<Slot>,
    },
    /// List lanes, or set one up
    Lanes {
        #[command(subcommand)]
        command: Option<Lanes>,
    },
    /// List what is called when tasks fail, succeed or fall silent, or set it up
    Hooks {
        #[command(subcommand)]
        command: Option<Hooks>,
    },
    /// Say what has ended, failed, was missed or is held since some time
    Digest {
        /// 12h (ago), "2026-11-23 10:00" by this clock, or with an offset 2026-11-23T10:00:00+01:00
        #[arg(long, value_parser = moment, default_value = "24h", allow_hyphen_values = true)]
        since: SystemTime,
    },
    /// Saved jobs: run, list and save them, and see when they are run by themselves
    Job {
        #[command(subcommand)]
        command: Job,
    },
    /// Run tasks here without a window, until stopped; tasks go on when it ends
    Serve(Serve),
    /// Have the engine started when you log in, without a window
    Service {
        #[command(subcommand)]
        command: Service,
    },
    /// Speak to the server's Unix socket through standard input and output (what ssh:// runs at the other end)
    Connect,
    /// Follow a run on another machine for the engine, which starts this as the program of its run here
    #[command(hide = true)]
    Relay(Relay),
    /// Look at what tasks need here: folders, space, database, shim
    Doctor {
        /// Also have a job of the Slurm cluster write into the shared folder, and look whether that is seen here
        #[arg(long)]
        cluster: bool,
    },
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands into a folder
    Man {
        /// The folder, which is made where it is missing
        dir: Option<PathBuf>,
    },
}

/// Of a command whose exit code is a task's, as env(1) and timeout(1) have it.
pub const OWN_FAILURE: u8 = 125;

impl Command {
    /// A command whose exit code is a task's has another one for what went wrong on the way.
    pub fn code_of_own_failure(&self) -> u8 {
        match self {
            Self::Run(Run { wait: true, .. }) | Self::Wait { .. } => OWN_FAILURE,
            Self::Job { command } if command.waits() => OWN_FAILURE,
            _ => 1,
        }
    }
}

#[derive(Debug, Args)]
pub struct Run {
    /// Print the log until the task is over and exit with its exit code (124: timed out, 130: stopped, 125: solti failed).
    ///
    /// 126 and 127 are of a program that cannot be executed, or is not there; 128 and more of one that a signal has killed. What
    /// this program is given to read goes to the task.
    #[arg(long, short)]
    pub wait: bool,
    /// Give the task nothing to read
    #[arg(long, short = 'n', conflicts_with = "stdin")]
    pub no_stdin: bool,
    /// A file for the task to read, on the machine that it runs on; - is standard input here, which --wait hands over by itself
    #[arg(long, value_name = "FILE")]
    pub stdin: Option<PathBuf>,
    /// What to call the task; the command when absent
    #[arg(long, short = 'N')]
    pub name: Option<String>,
    /// The lane to run in; one of its own when absent
    #[arg(long, short, value_parser = lane)]
    pub lane: Option<Slot>,
    /// What to do when the lane is busy
    #[arg(long, value_enum, default_value_t = WhenBusy::Queue)]
    pub when_busy: WhenBusy,
    /// Run it on another machine, by the name of its connection in the settings; paths are that machine's
    #[arg(long, value_name = "NAME", value_parser = machine)]
    pub machine: Option<String>,
    /// The directory to run in; the current one when absent, the home directory there with --url or --machine
    #[arg(long, short = 'C', conflicts_with_all = ["image", "wasm"])]
    pub cwd: Option<PathBuf>,
    /// A variable; KEY alone takes the value that it has here
    #[arg(long, short, value_name = "KEY[=VALUE]")]
    pub env: Vec<OsString>,
    /// How long it may take, as in 90s or 2h
    #[arg(long, short, value_parser = span_from(Duration::from_millis(1)), allow_hyphen_values = true)]
    pub timeout: Option<Duration>,
    /// What becomes of processes that are left when the command ends
    #[arg(long, value_enum, default_value_t = AfterMain::Wait)]
    pub after_main: AfterMain,
    /// Repeat a failed attempt up to this many times, with growing pauses
    #[arg(long, value_name = "TIMES", value_parser = whole(1..=MAX_RETRIES), allow_hyphen_values = true)]
    pub retries: Option<u32>,
    /// Run it again when it ends; with --retries, after failures when absent
    #[arg(long, value_enum)]
    pub restart: Option<Restart>,
    /// With --restart always, the pause between a success and the next run, as in 5s or 1h
    #[arg(long, value_name = "TIME", value_parser = span_from(Duration::ZERO), requires = "restart", allow_hyphen_values = true)]
    pub interval: Option<Duration>,
    /// Do not start it before this time: 22:00 (the next one), "2026-11-23 10:00" by this clock, or with an offset 2026-11-23T10:00:00+01:00
    #[arg(long, value_name = "TIME", value_parser = coming, allow_hyphen_values = true)]
    pub at: Option<Coming>,
    /// Do not start it for so long, as in 90s or 2h
    #[arg(long = "in", value_name = "TIME", value_parser = delay, conflicts_with = "at", allow_hyphen_values = true)]
    pub delay: Option<Duration>,
    /// Of those that wait in a lane the one with the highest goes first
    #[arg(long, allow_hyphen_values = true, value_parser = whole(-MAX_PRIORITY..=MAX_PRIORITY), default_value_t = 0)]
    pub priority: i32,
    /// Start it after another task has succeeded, or as said behind a colon: ended, failed, started
    #[arg(long, value_name = "ID[:WHEN]", value_parser = after)]
    pub after: Vec<(String, AfterWhen)>,
    /// What becomes of it when the machine is restarted; held if it waited, over if it ran, when absent
    #[arg(long, value_enum)]
    pub after_reboot: Option<AfterReboot>,
    /// Keep this computer from sleeping while it runs: on-mains (the default), or always, on its battery too
    #[arg(long, value_enum, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "on-mains")]
    pub keep_awake: Option<Awake>,
    /// Tell when it prints nothing for so long, as in 10m; behind a colon what else is done: notify, stop, restart
    #[arg(long, value_name = "TIME[:THEN]", value_parser = hooks::silence, allow_hyphen_values = true)]
    pub silence: Option<Stall>,
    /// Call this hook for it, whatever its labels
    #[arg(long, value_name = "NAME")]
    pub hook: Vec<String>,
    /// A label to find it by, and to choose hooks by; for several, give it several times
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    pub label: Vec<(String, String)>,
    #[command(flatten)]
    pub container: Container,
    #[command(flatten)]
    pub wasm: Wasm,
    #[command(flatten)]
    pub cluster: Cluster,
    /// The command and its arguments, as they are: no shell reads them
    #[arg(required_unless_present_any = ["image", "wasm"], trailing_var_arg = true, value_name = "COMMAND")]
    pub argv: Vec<OsString>,
}

impl Run {
    /// Whether the task may have further attempts.
    pub fn is_repeated(&self) -> bool {
        self.retries.is_some() || self.restart.is_some_and(|restart| restart != Restart::Never)
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum WhenBusy {
    /// Wait behind it
    Queue,
    /// Refuse
    Refuse,
    /// Stop what runs there
    Replace,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AfterMain {
    /// The task lasts until they have closed its output
    Wait,
    /// They are asked to end, after a grace they are killed
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Restart {
    /// Never
    Never,
    /// After a failure or a timeout, with growing pauses
    OnFailure,
    /// After a success too: a service
    Always,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AfterReboot {
    /// It goes on by itself
    Start,
    /// It waits until it is released
    Hold,
    /// It is over
    End,
}

/// Where a task is moved to.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct MoveTo {
    /// To the front
    #[arg(long)]
    pub first: bool,
    /// To the end
    #[arg(long)]
    pub last: bool,
    /// Before this task
    #[arg(long, value_name = "ID", value_parser = id)]
    pub before: Option<String>,
    /// Behind this task
    #[arg(long, value_name = "ID", value_parser = id)]
    pub after: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Service {
    /// Start it at each log-in, and now; where the app or another server runs, it takes over when that ends
    Enable {
        /// Have it run from boot on and after you log out, too. The system may ask for a password
        #[arg(long)]
        linger: bool,
    },
    /// Start it no more, and end the one that was started so; tasks go on
    Disable,
    /// End the engine that runs without a window now, whoever started it; tasks go on, and the next engine takes them up
    Stop,
    /// Say whether it is started at log-in, and whether it runs
    Status,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// A file that says the same and more, instead of serve.toml in the data folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Serve HTTP on this address too, as in 127.0.0.1:7654; beyond this machine with TLS
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub http: Option<SocketAddr>,
    /// Serve gRPC on this address too, as in 127.0.0.1:7655; beyond this machine with TLS
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub grpc: Option<SocketAddr>,
    /// A name under which others address this machine
    #[arg(long, value_name = "NAME", value_parser = host_name)]
    pub host: Vec<String>,
    /// Stand in for the app: wait while it holds the data folder, and open the doors of its Settings where no flag and no file
    /// names one
    #[arg(long)]
    pub standby: bool,
    /// As --standby, started by another command: does not wait, and lets go of its terminal once it is ready
    #[arg(long, hide = true, conflicts_with = "standby")]
    pub background: bool,
}

/// A name or an address, of which a port may be a part.
pub fn host_name(text: &str) -> Result<String, &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => Ok(text.into()),
        false => Err("must be as in build.example.org, without a scheme and a path"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    /// clap fills both from one word, and says nothing.
    #[test]
    fn no_option_of_a_command_is_one_of_all_commands() {
        use clap::CommandFactory as _;
        fn names(arg: &clap::Arg) -> Vec<String> {
            let id = arg.get_id().as_str().to_owned();
            let longs =
                arg.get_long_and_visible_aliases().into_iter().flatten().map(|long| format!("--{long}"));
            let shorts =
                arg.get_short_and_visible_aliases().into_iter().flatten().map(|short| format!("-{short}"));
            std::iter::once(id).chain(longs).chain(shorts).collect()
        }
        fn look(command: &clap::Command, global: &[String]) {
            for command in command.get_subcommands() {
                for name in command.get_arguments().flat_map(names) {
                    assert!(!global.contains(&name), "{name} of {}", command.get_name());
                }
                look(command, global);
            }
        }
        let cli = Cli::command();
        let global: Vec<_> = cli.get_arguments().filter(|arg| arg.is_global_set()).flat_map(names).collect();
        assert!(["url", "--url", "--no-start"].iter().all(|name| global.iter().any(|it| it == name)));
        look(&cli, &global);
    }

    #[test]
    fn every_word_of_a_command_is_explained_and_those_of_all_stand_apart() {
        use clap::CommandFactory as _;
        fn look(command: &clap::Command) {
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                assert!(arg.get_help().is_some(), "{} of {}", arg.get_id(), command.get_name());
            }
            command.get_subcommands().for_each(look);
        }
        let mut cli = Cli::command();
        look(&cli);
        cli.build();
        let list = cli.find_subcommand_mut("list").expect("there").render_help().to_string();
        let (own, of_all) = list.split_once(OF_ALL).expect("a heading");
        for global in ["--url", "--token", "--fingerprint", "--data-dir", "--json", "--no-start"] {
            assert!(of_all.contains(global) && !own.contains(&format!("{global} ")), "{global}: {list}");
        }
        for usage in ["hooks set [OPTIONS] <NAME> <--post", "move [OPTIONS] <ID> <--first"] {
            let name = usage.split(" [").next().expect("a name");
            let command = name
                .split(' ')
                .fold(&mut cli, |command, word| command.find_subcommand_mut(word).expect("there"));
            let usage = format!("solti {usage}");
            assert!(command.render_usage().to_string().contains(&usage), "{}", command.render_usage());
        }
    }

    #[test]
    fn what_follows_the_command_is_the_commands_own() {
        for line in ["solti run --wait -- make -j8 --wait", "solti run --wait make -j8 --wait"] {
            let cli = Cli::parse_from(line.split(' '));
            let Command::Run(run) = cli.command else { panic!("a run was written") };
            assert_eq!((run.wait, run.argv), (true, vec!["make".into(), "-j8".into(), "--wait".into()]));
        }
    }

    #[test]
    fn a_task_is_told_what_to_wait_for() {
        let line = "solti run --after 01a --after 01b:ended --in 2h --priority -5 make";
        let Command::Run(run) = Cli::parse_from(line.split(' ')).command else { panic!("a run was written") };
        let after = vec![("01a".to_owned(), AfterWhen::Succeeded), ("01b".to_owned(), AfterWhen::Ended)];
        assert_eq!((run.after, run.delay, run.priority), (after, Some(Duration::from_secs(7_200)), -5));
        for wrong in [
            "solti run --after 01a:later make",
            "solti run --in 2h --at 22:00 make",
            "solti run --priority 101 make",
            "solti move 01a",
            "solti move 01a --first --last",
            "solti hold",
            "solti hold --all 01a",
            "solti release",
        ] {
            assert!(Cli::try_parse_from(wrong.split(' ')).is_err(), "{wrong}");
        }
        let Command::Priority { priority, .. } = Cli::parse_from(["solti", "priority", "01a", "-3"]).command
        else {
            panic!("a priority was written")
        };
        assert_eq!(priority, -3);
    }

    #[test]
    fn a_flag_that_is_none_is_refused_and_not_run() {
        for line in ["solti run --bogus x", "solti run --wait -Z make", "solti run --wiat make -j8"] {
            let refused = Cli::try_parse_from(line.split(' ')).expect_err("refused");
            assert_eq!(refused.kind(), clap::error::ErrorKind::UnknownArgument, "{line}");
        }
        let odd = Cli::parse_from(["solti", "run", "--", "--odd-name", "x"]);
        let Command::Run(run) = odd.command else { panic!("a run was written") };
        assert_eq!(run.argv, ["--odd-name", "x"]);
    }
}
