//! `run` and `submit`; with `run --wait` this program stands for the task: its input and output, its exit code, its Ctrl-C.

use super::hooks::hook_named;
use super::{in_words, of_option, option_of, preview, print, print_json};
use crate::args::{OWN_FAILURE, Options, Run};
use crate::ending::{EndRequest, Signals, is_reader_gone, reader_gone};
use crate::error::CliError;
use crate::input::{self, Input};
use crate::log_printer::{LogOptions, LogPrinter};
use crate::terminal::{harmless, say};
use crate::{order, server, show, task_ids};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};
use serde_json::json;
use solti_api::operations::{GetSummary, GetTaskRow, Operations as _, RunJob, StopTask};
use solti_api::{ApiError, ApiHandler as _, LogAccess as _, LogPosition, LogReading};
use solti_http::HttpClient;
use solti_model::{AfterTask, Slot, Stdin, StopMode, Task, TaskId, TaskRow, Waiting, machine_of_runner};
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Which option sets which field of the spec.
pub(super) const OPTIONS: [(&str, &str); 39] = [
    ("slot", "--lane"),
    ("timeout", "--timeout"),
    ("restart.intervalMs", "--interval"),
    ("restart", "--restart"),
    ("maxRetries", "--retries"),
    ("notBefore", "--at"),
    ("priority", "--priority"),
    ("after", "--after"),
    ("stall", "--silence"),
    ("notify", "--hook"),
    ("labels", "--label"),
    ("stdin", "--stdin"),
    ("runnerSelector.matchLabels.machine", "--machine"),
    ("runnerSelector", "--slurm"),
    ("cluster.partition", "--partition"),
    ("cluster.account", "--account"),
    ("cluster.qos", "--qos"),
    ("cluster.cpus", "--cpus"),
    ("cluster.gpus", "--gpus"),
    ("cluster.timeMinutes", "--time"),
    ("cluster.constraint", "--constraint"),
    ("cluster", "--slurm"),
    ("limits.memoryBytes", "--mem"),
    ("kind.subprocess.mode.command", "<COMMAND>"),
    ("kind.container.args", "<COMMAND>"),
    ("kind.wasm.args", "<COMMAND>"),
    ("kind.subprocess.cwd", "--cwd"),
    ("kind.subprocess.env", "--env"),
    ("kind.container.env", "--env"),
    ("kind.wasm.env", "--env"),
    ("kind.container.image", "--image"),
    ("kind.container.command", "--entrypoint"),
    ("kind.container.user", "--user"),
    ("kind.container.volumes", "--volume"),
    ("kind.container.network", "--network"),
    ("kind.container.workdir", "--workdir"),
    ("kind.wasm.module", "--wasm"),
    ("kind.wasm.dirs", "--dir"),
    // Those of its lane.
    ("machines", "--lane"),
];

/// What a task was asked to run on. No field tells an option for a machine from one for a cluster, nor that it is the lane which has neither.
struct Place {
    lane: Option<Slot>,
    slurm: bool,
    machine: bool,
}

impl Place {
    fn of(run: &Run) -> Self {
        Self { lane: run.lane.clone(), slurm: run.cluster.slurm, machine: run.machine.is_some() }
    }

    /// The option that has set a field.
    fn option_of(&self, field: &str) -> Option<String> {
        let option = option_of(field, &OPTIONS)?;
        let lane = self.lane.as_ref().map(|lane| format!("--lane {lane}"));
        Some(match &*option {
            "--lane" => lane.unwrap_or(option),
            "--slurm" if !self.slurm && self.machine => "--machine".to_owned(),
            "--slurm" if !self.slurm => lane.unwrap_or(option),
            _ => option,
        })
    }
}

pub async fn run(options: &Options, run: Run) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    // Elsewhere there need not be such a directory.
    let here = match is_here(options, &run) {
        true => Some(std::env::current_dir().map_err(CliError::CurrentDir)?),
        false => None,
    };
    let (wait, after, place) = (run.wait, run.after.clone(), Place::of(&run));
    if run.cluster.preview {
        return preview::tell(options, &client, &order::from_words(run, here.as_deref())?).await;
    }
    let instead = run.at.as_ref().and_then(|coming| coming.instead.clone());
    let input = input_of(options, &run).await?;
    let mut spec = order::from_words(run, here.as_deref())?;
    spec.stdin = input.stdin();
    if let Some(instead) = instead {
        say!("solti: {instead}");
    }
    if let Some(advice) = order::meant_for_a_shell(&spec) {
        say!("solti: {} {}", harmless(&advice), harmless(&order::instead_of_a_shell(&spec)));
    }
    for name in spec.notify.iter().flat_map(|notify| &notify.hooks) {
        // It could never be called.
        hook_named(&client, name).await.map_err(|error| match error {
            CliError::NoSuchHook(_) => of_option("--hook", "notify.hooks", &error),
            other => other,
        })?;
    }
    for (given, when) in after {
        let task = task_ids::resolve(&client, &given).await.map_err(|error| match error {
            CliError::NoSuchTask(_) | CliError::AmbiguousId { .. } => of_option("--after", "after", &error),
            other => other,
        })?;
        spec.after.push(AfterTask { task, when });
    }
    // Before the task is there: an early Ctrl-C must not end this program alone.
    let signals = if wait { Some(Signals::listen()?) } else { None };
    let submitted = client.submit_task(spec).await;
    let id = submitted.map_err(|error| in_words(error, |field| place.option_of(field)))?;
    match signals {
        Some(signals) => {
            let attended = AttendedTask::new(&client, &id, options.json, signals);
            let ended = server::while_there(options, &client, attended.until_its_end(input)).await;
            ended.map_err(|error| error.leaving(&id))
        }
        None => tell(options, &id),
    }
}

/// Runs a job and stands for its task, which reads what the job says.
pub async fn attend(options: &Options, client: &HttpClient, order: RunJob) -> Result<u8, CliError> {
    let signals = Signals::listen()?;
    let id = client.ask(order).await?;
    let attended = AttendedTask::new(client, &id, options.json, signals);
    let ended =
        server::while_there(options, client, attended.until_its_end(Input::Stored(Stdin::None))).await;
    ended.map_err(|error| error.leaving(&id))
}

/// Whether its paths are this machine's.
fn is_here(options: &Options, run: &Run) -> bool {
    server::is_here(options) && run.machine.is_none()
}

/// What the task is to read: of this program's own only where it stands for the task, or `--stdin -` says so.
async fn input_of(options: &Options, run: &Run) -> Result<Input, CliError> {
    let own = run.stdin.as_ref().is_some_and(|file| file.as_os_str() == "-");
    if own && !run.wait {
        let instead = match server::is_here(options) && !run.is_repeated() && run.machine.is_none() {
            true => "With --wait it may be anything, --stdin FILE names a file",
            false => "--stdin FILE names a file on the machine that the task runs on",
        };
        return input::read(instead).await;
    }
    if let Some(file) = run.stdin.as_ref().filter(|_| !own) {
        return Ok(Input::Stored(Stdin::File(order::file(file, is_here(options, run))?)));
    }
    if run.no_stdin || !run.wait || !own && !input::is_given() {
        return Ok(Input::Stored(Stdin::None));
    }
    let instead = "-n leaves it out, --stdin FILE names a file there";
    match server::input_dir(options)? {
        // A pipe is read once, and on this machine.
        Some(dir) if !run.is_repeated() && run.machine.is_none() => match input::piped(&dir) {
            Ok(piped) => Ok(piped),
            // There are file systems without.
            Err(_) => input::read(instead).await,
        },
        _ => input::read(instead).await,
    }
}

pub async fn submit(options: &Options, file: &Path) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    let id = client.submit_task(order::from_file(file).await?).await?;
    tell(options, &id)
}

/// Says which task was made.
pub fn tell(options: &Options, id: &TaskId) -> Result<u8, CliError> {
    match options.json {
        true => print_json(&json!({"taskId": id}))?,
        false => print(&format!("{id}\n"))?,
    }
    Ok(0)
}

/// A log that is quiet for so long may be one whose main program has ended: who waits for it is told what for. A stream of changes
/// would take one of the server's few places for as long as the task runs.
const QUIET: Duration = Duration::from_secs(2);
/// At a task that is about to end.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// A stop that has not reached the server is asked for again.
const BETWEEN_REQUESTS: Duration = Duration::from_secs(1);
const QUESTION: &str =
    "solti: [s]top the task, [d]etach from it and let it go on, or Enter to keep waiting? ";
/// Of a person who has left the task to itself: what follows in a script must not take it for done.
const DETACHED: u8 = OWN_FAILURE;

/// What was done to end the task so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopping {
    No,
    Asked,
    Killed,
}

enum Choice {
    Stop,
    Detach,
    GoOn,
}

/// This program in the place of a task.
struct AttendedTask<'a> {
    client: &'a HttpClient,
    id: &'a TaskId,
    as_json: bool,
    signals: Signals,
    printer: LogPrinter,
    stopping: Stopping,
    /// The stop on its way to the server, and since when that has not answered to it.
    request: Option<BoxFuture<'a, Result<(), ApiError>>>,
    unanswered_since: Option<Instant>,
    /// Who asked for it; nobody where it is for want of a reader.
    asked_by: Option<EndRequest>,
    /// What the person at the terminal says to [`QUESTION`]. Everything else goes on meanwhile.
    answer: Option<JoinHandle<io::Result<String>>>,
    /// Why nothing is printed any more.
    lost: Option<io::Error>,
}

impl<'a> AttendedTask<'a> {
    fn new(client: &'a HttpClient, id: &'a TaskId, as_json: bool, signals: Signals) -> Self {
        let printer = LogPrinter::new(LogOptions { as_json, ..LogOptions::default() }, client, id);
        Self {
            client,
            id,
            as_json,
            signals,
            printer,
            stopping: Stopping::No,
            request: None,
            unanswered_since: None,
            asked_by: None,
            answer: None,
            lost: None,
        }
    }

    async fn until_its_end(mut self, mut input: Input) -> Result<u8, CliError> {
        let Self { client, id, .. } = self;
        if io::stderr().is_terminal() {
            say!("solti: task {id}");
        }
        let (mut unreadable, mut unread) = (Some(input.hand_over()), None);
        let how = LogReading { after: LogPosition::default(), unfinished: !self.as_json, follow: true };
        let mut log = client.read_log(id, how).await?.map(|(_, event)| event).boxed();
        let reader_gone = reader_gone();
        tokio::pin!(reader_gone);
        let (mut main_ended, mut waits) = (None, None);
        while self.lost.is_none() {
            tokio::select! {
                () = tokio::time::sleep(QUIET) => {
                    if self.answer.is_some() && !self.printer.is_asking() {
                        // It is out of sight.
                        let asked = self.printer.ask(QUESTION);
                        self.printed(asked);
                    }
                    let row = client.ask(GetTaskRow { id: id.clone() }).await.ok().flatten();
                    let waiting = row.as_ref().and_then(|row| row.waiting.as_ref()).map(std::mem::discriminant);
                    if let Some(row) = row.as_ref().filter(|_| waiting != waits) {
                        let reported = self.say_what_for(row).await;
                        waits = waiting;
                        self.printed(reported);
                    }
                    let said = row.and_then(|row| row.main_ended);
                    if let Some(now) = said.filter(|said| main_ended.as_ref() != Some(said)) {
                        let reported = self.printer.say(&format!("solti: {}", harmless(&now.text)));
                        main_ended = Some(now);
                        self.printed(reported);
                    }
                }
                event = self.printer.next(&mut log) => match event {
                    Ok(None) => break,
                    Ok(Some(_)) => {}
                    Err(error) => self.printed(Err(error)),
                },
                () = &mut reader_gone => self.printed(Err(io::ErrorKind::BrokenPipe.into())),
                asked = self.signals.next() => self.is_to_end(asked),
                // The task would take what it has for all there is.
                failed = result_of(&mut unreadable) => {
                    (unreadable, unread) = (None, Some(failed));
                    if self.stopping == Stopping::No {
                        self.stop(None);
                    }
                }
                answered = result_of(&mut self.request) => {
                    self.request = None;
                    self.answered(answered)?;
                }
                said = result_of(&mut self.answer) => {
                    self.answer = None;
                    // Who cannot be asked after all keeps waiting.
                    let line = said.ok().and_then(Result::ok).unwrap_or_default();
                    self.printer.answered(line.ends_with('\n')).ok();
                    match choice(&line) {
                        Choice::GoOn => {}
                        Choice::Stop => self.stop(Some(EndRequest::Interrupt)),
                        Choice::Detach => {
                            say!("solti: task {id} goes on; `solti logs -f {id}` follows it");
                            return Ok(DETACHED);
                        }
                    }
                }
            }
        }
        if self.answer.take().is_some() && self.lost.is_none() {
            say!("solti: the task has ended");
        }
        let task = match self.lost {
            Some(_) => self.over().await?,
            None => client.get_task_status(id).await?.ok_or_else(|| CliError::Deleted(id.clone()))?,
        };
        if !task.status.phase.is_terminal() {
            return Err(CliError::Disconnected);
        }
        if let Some(error) = self.lost.filter(|error| !is_reader_gone(error)) {
            return Err(error.into());
        }
        if let Some(failed) = unread {
            return Err(failed.into());
        }
        if let Some(end) = show::bad_end(&task.status) {
            say!("solti: {end}");
        }
        Ok(task.status.shell_code())
    }

    /// Tells what keeps the task from being started: nobody waits without a word.
    async fn say_what_for(&mut self, row: &TaskRow) -> io::Result<()> {
        let held = match row.waiting {
            Some(Waiting::Held) => self.client.ask(GetSummary {}).await.is_ok_and(|summary| summary.held),
            _ => false,
        };
        let machine = match row.waiting {
            // Only the run knows whether it is one or a cluster.
            Some(Waiting::Cluster { .. }) => {
                let runs = self.client.list_task_runs(self.id).await.unwrap_or_default();
                let runner = runs.last().and_then(|run| run.runner.as_deref());
                runner.and_then(machine_of_runner).map(ToOwned::to_owned)
            }
            _ => None,
        };
        match show::what_for(row, held, machine.as_deref()) {
            Some(words) => self.printer.say(&format!("solti: {words}")),
            None => Ok(()),
        }
    }

    /// A program whose output nobody takes would end, and so does the task. Its end is waited for.
    fn printed(&mut self, printed: io::Result<()>) {
        let Err(error) = printed else { return };
        self.lost.get_or_insert(error);
        if self.stopping == Stopping::No {
            self.stop(None);
        }
    }

    /// The task at its end, without the rest of its log, which may be long.
    async fn over(&mut self) -> Result<Task, CliError> {
        loop {
            match self.client.get_task_status(self.id).await {
                Ok(Some(task)) if task.status.phase.is_terminal() => return Ok(task),
                Ok(None) => return Err(CliError::Deleted(self.id.clone())),
                Ok(Some(_)) | Err(ApiError::Unavailable { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            tokio::select! {
                () = tokio::time::sleep(BETWEEN_LOOKS) => {}
                asked = self.signals.next() => self.stop(Some(asked)),
                answered = result_of(&mut self.request) => {
                    self.request = None;
                    self.answered(answered)?;
                }
            }
        }
    }

    /// Somebody wants this program to end. A person is asked first what becomes of the task; another signal is an answer too.
    fn is_to_end(&mut self, asked: EndRequest) {
        let was_asking = self.answer.take().is_some();
        let asks = asked == EndRequest::Interrupt
            && !was_asking
            && self.stopping == Stopping::No
            && io::stdin().is_terminal()
            && io::stderr().is_terminal();
        if asks && self.printer.ask(QUESTION).is_ok() {
            self.answer = Some(tokio::task::spawn_blocking(|| {
                let mut line = String::new();
                io::stdin().read_line(&mut line).map(|_| line)
            }));
            return;
        }
        // Where that fails the next thing that is printed fails too.
        self.printer.finish().ok();
        self.stop(Some(asked));
    }

    /// Asks for the end, and harder each time.
    fn stop(&mut self, asked_by: Option<EndRequest>) {
        self.stopping = match self.stopping {
            Stopping::No => Stopping::Asked,
            Stopping::Asked | Stopping::Killed => Stopping::Killed,
        };
        self.asked_by = asked_by;
        self.request_stop(Duration::ZERO);
    }

    fn request_stop(&mut self, pause: Duration) {
        let mode = if self.stopping == Stopping::Killed { StopMode::Kill } else { StopMode::Graceful };
        let (client, order) = (self.client, StopTask { id: self.id.clone(), mode });
        self.request = Some(
            async move {
                tokio::time::sleep(pause).await;
                client.ask(order).await
            }
            .boxed(),
        );
    }

    /// What the server says to a stop. One that is away is asked again when it is back.
    fn answered(&mut self, answer: Result<(), ApiError>) -> Result<(), CliError> {
        match answer {
            Ok(()) if self.stopping == Stopping::Asked => {
                let words = match self.asked_by {
                    Some(EndRequest::Interrupt) => "solti: stopping; Ctrl-C again kills",
                    Some(EndRequest::Terminate | EndRequest::Quit | EndRequest::HangUp) | None => {
                        "solti: stopping the task and waiting for its end"
                    }
                };
                self.printer.say(words).ok();
            }
            Ok(()) => {}
            // It ended meanwhile: its log says the rest.
            Err(ApiError::Conflict { .. }) => {}
            Err(error @ ApiError::Unavailable { .. }) => {
                if self.unanswered_since.is_none() {
                    let words = "solti: the server does not answer; the task is stopped when it does";
                    self.printer.say(words).ok();
                }
                if self.unanswered_since.get_or_insert_with(Instant::now).elapsed() >= server::TO_BE_BACK {
                    return Err(error.into());
                }
                self.request_stop(BETWEEN_REQUESTS);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
        self.unanswered_since = None;
        Ok(())
    }
}

/// What comes of it, if it is there. Can be dropped and called again.
async fn result_of<F: Future + Unpin>(future: &mut Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

fn choice(line: &str) -> Choice {
    match line.trim().chars().next() {
        Some('s' | 'S' | 'y' | 'Y') => Choice::Stop,
        Some('d' | 'D') => Choice::Detach,
        _ => Choice::GoOn,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_lane_cannot_run_is_told_of_the_lane() {
        let lane = || Some(Slot::new("etl").expect("legal"));
        let said = |lane, slurm, machine, field: &str| Place { lane, slurm, machine }.option_of(field);
        for field in ["slot", "machines", "runnerSelector", "spec.runnerSelector"] {
            assert_eq!(said(lane(), false, false, field).as_deref(), Some("--lane etl"), "{field}");
        }
        assert_eq!(said(lane(), false, true, "runnerSelector").as_deref(), Some("--machine"));
        assert_eq!(said(lane(), true, false, "runnerSelector").as_deref(), Some("--slurm"));
        let machine = "runnerSelector.matchLabels.machine";
        assert_eq!(said(None, false, true, machine).as_deref(), Some("--machine"));
        assert_eq!(
            said(None, false, false, "kind.subprocess.mode.command.command").as_deref(),
            Some("<COMMAND>")
        );
        assert_eq!(said(None, false, false, "bogus"), None);
    }
}
