//! Whether the shared folder is one: a job of its own writes a file there, which has to be seen here. It costs the cluster a job, so nobody
//! does it unasked.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

use solti_model::{FolderCheck, quoted};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout};

use super::client::{Client, Submitted};
use super::job::{Job, JobState};
use super::threads::{FOLDER_WITHIN, Threads};
use super::words::{pattern, waiting_words};
use crate::CheckFailure;
use crate::clock::now_ms;
use crate::run_dir::JOB_OUTPUT;

/// A job that waits for longer is taken out of the queue again.
const WITHIN: Duration = Duration::from_secs(20);
/// What a node has written is seen this much later on a network at most.
const SEEN_WITHIN: Duration = Duration::from_secs(5);
/// The same with all that it takes to ask; a caller far away waits for 30 s.
const ALL_WITHIN: Duration = Duration::from_secs(25);
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);
const SCRIPT: &str = "check.sh";
/// A name of a node is no longer.
const MAX_NAME: usize = 256;

/// A check of `shared`, in a folder of its own below `root`. `place` is given back when all of it is gone, which may be later.
pub(super) async fn check(
    client: &Client,
    threads: &Threads,
    shared: &Path,
    root: &Path,
    asked_for: &[String],
    place: OwnedSemaphorePermit,
) -> Result<FolderCheck, CheckFailure> {
    let name = format!("solti-check-{:x}-{:x}", std::process::id(), now_ms());
    let dir = root.join(&name);
    let (made, folder) = (dir.clone(), shared.display());
    on_the_folder(threads, shared, move || make(&made))
        .await?
        .map_err(|error| CheckFailure::Wrong(format!("{folder} cannot be used by this machine: {error}")))?;
    let looked = look_from_a_node(client, threads, shared, &dir, &name, asked_for);
    let checked = match timeout(ALL_WITHIN, looked).await {
        Ok(checked) => checked,
        Err(_) => {
            let within = ALL_WITHIN.as_secs();
            Err(CheckFailure::Unanswered(format!("the cluster does not answer (waited {within} s)")))
        }
    };
    let (client, threads, is_done) = (client.clone(), threads.clone(), checked.is_ok());
    tokio::spawn(async move {
        // One that waits or hangs, and what it has left.
        if !is_done && let Err(why) = client.cancel_all(&name).await {
            tracing::warn!("the job {name} may still be there: {why}");
        }
        if let Ok(Ok(Err(error))) = threads.spawn(move || fs::remove_dir_all(dir)).await {
            tracing::warn!("the folder of the job {name} cannot be removed: {error}");
        }
        drop(place);
    });
    checked
}

/// What is done with a folder that may hang.
async fn on_the_folder<T: Send + 'static>(
    threads: &Threads,
    shared: &Path,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CheckFailure> {
    let done = threads.within(FOLDER_WITHIN, work).await;
    done.map_err(|error| CheckFailure::Wrong(format!("{}: {error}", shared.display())))
}

/// A folder with all of it, or nothing.
fn make(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    fill(dir).inspect_err(|_| drop(fs::remove_dir_all(dir)))
}

/// A file that the node has to see, and what is to run there. The shim locks such files.
fn fill(dir: &Path) -> io::Result<()> {
    let file = fs::File::create(dir.join("here"))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|error| io::Error::other(format!("it has no file locks ({error})")))?;
    fs::write(dir.join(SCRIPT), script(dir))
}

/// Writes the node's name where it sees what was written here.
fn script(dir: &Path) -> String {
    let dir = dir.display().to_string();
    let dir = quoted(&dir);
    format!(
        "#!/bin/sh\n[ -e {dir}/here ] || exit 3\nprintf '%s\\n' \"$SLURMD_NODENAME\" >{dir}/new && mv {dir}/new {dir}/node\n"
    )
}

async fn look_from_a_node(
    client: &Client,
    threads: &Threads,
    shared: &Path,
    dir: &Path,
    name: &str,
    asked_for: &[String],
) -> Result<FolderCheck, CheckFailure> {
    let began = Instant::now();
    let script = dir.join(SCRIPT);
    let own = ["--parsable", "--no-requeue", "--time=1", "--chdir=/"].map(str::to_owned);
    // Slurm itself has to find the folder too.
    let places = [format!("--job-name={name}"), format!("--output={}", pattern(&dir.join(JOB_OUTPUT)))];
    let words: Vec<String> = asked_for.iter().cloned().chain(own).chain(places).collect();
    match client.submit(&words, &script).await {
        Submitted::As { .. } => {}
        Submitted::Refused(why) => {
            return Err(CheckFailure::Wrong(format!("the cluster refuses the test job: {why}")));
        }
        Submitted::Unknown(why) => return Err(CheckFailure::Unanswered(why)),
    }
    let (mut over, mut job) = (None::<Instant>, Job::default());
    loop {
        let dir = dir.join("node");
        let seen = on_the_folder(threads, shared, move || fs::read_to_string(dir)).await?;
        if let Ok(node) = seen {
            let node = node.trim().chars().take(MAX_NAME).collect();
            return Ok(FolderCheck { folder: shared.display().to_string(), node });
        }
        if over.is_some_and(|over| over.elapsed() > SEEN_WITHIN) {
            let node = &job.node;
            return Err(CheckFailure::Wrong(format!(
                "node {node} does not have {}, or what it writes there is not seen here",
                shared.display()
            )));
        }
        if over.is_none() {
            job = client.job(name).await.map_err(CheckFailure::Unanswered)?.unwrap_or(job);
            over = matches!(job.state, JobState::Over(_)).then(Instant::now);
        }
        if over.is_none() && began.elapsed() > WITHIN {
            let why = match job.state {
                JobState::Pending => waiting_words(&job),
                JobState::Running | JobState::Suspended | JobState::Over(_) => {
                    format!("it hangs on node {}", job.node)
                }
            };
            let within = WITHIN.as_secs();
            let sentence = format!("the test job was not over within {within} s: {why}");
            return Err(CheckFailure::Unanswered(sentence));
        }
        sleep(BETWEEN_LOOKS).await;
    }
}
