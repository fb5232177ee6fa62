//! Asking Slurm by its own programs, as its user would. Each call has a limit of time: with its controller away, some of them wait for long.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use solti_model::{BatchCluster, ClusterPartition, ClusterPreview};

use super::answer::{Denial, denial, preview};
use super::job::{ACCOUNT_FIELDS, FORMAT, Job, accounted, jobs};
use super::offer;
use crate::StopMode;
use crate::ask::{Said, ask_within, find_program, last_words};
use crate::clock::now_ms;

/// An answer of a controller that is busy takes seconds; one that is away makes `squeue` wait for longer than anybody wants to.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Of who fills in a form.
const PREVIEWED_WITHIN: Duration = Duration::from_secs(5);
/// `sbatch` itself gives up before.
const SUBMITTED_WITHIN: Duration = Duration::from_secs(60);
/// Variables by which a user tells Slurm's programs what to show, to hand over or to ask back. They are for that user's own use of them:
/// here they would hide jobs, or change them.
const DEFAULTS_OF_USERS: [&str; 5] = ["SBATCH_", "SQUEUE_", "SCANCEL_", "SINFO_", "SACCT_"];
/// Accounting forgets nothing; what is looked for was submitted by this user's own engine, as a rule lately.
const LOOKED_BACK: &str = "now-90days";
/// How each look at the queue begins. Without `--all` the jobs of a hidden partition are missing.
const QUEUE: [&str; 5] = ["--noheader", "--all", "--states=all", "--format", FORMAT];
/// How Slurm's programs begin what they say of a number that has no name.
const NAMELESS: &str = "Invalid user";
/// How they say that there is no job of a number.
const UNKNOWN_JOB: &str = "Invalid job id";
/// How `sacct` says that the cluster keeps no accounts.
const NO_ACCOUNTS: &str = "accounting storage is disabled";

/// Slurm's programs, found in the `PATH` of tasks. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Client {
    env: BTreeMap<OsString, OsString>,
    /// This user's number.
    user: String,
}

/// What became of a job that was handed over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Submitted {
    As {
        number: String,
    },
    /// There is no such job, and will be none, for this reason.
    Refused(String),
    /// It may be there all the same.
    Unknown(String),
}

/// What came of asking about a job that is not handed over.
#[derive(Debug)]
pub(super) enum Previewed {
    As(ClusterPreview),
    /// The cluster would not take it, for this reason.
    Refused(String),
    /// Nobody has answered, for this reason, in a sentence.
    Unanswered(String),
}

/// What the accounts of a cluster say of a job.
#[derive(Debug)]
pub(super) enum Accounts {
    Know(Box<Job>),
    DoNot,
    /// There are none.
    NotKept,
}

/// Why one of Slurm's programs that only looks has no answer. Its `Display` is a sentence.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Unanswered {
    #[error("the cluster knows no such job")]
    NoSuchJob,
    #[error("the cluster keeps no accounts")]
    NoAccounts,
    #[error("{0}")]
    Other(String),
}

impl From<Unanswered> for String {
    fn from(why: Unanswered) -> Self {
        why.to_string()
    }
}

impl Client {
    pub(super) fn new(mut env: BTreeMap<OsString, OsString>) -> Self {
        env.retain(|key, _| !DEFAULTS_OF_USERS.iter().any(|own| key.to_string_lossy().starts_with(own)));
        // Times as numbers.
        env.insert("SLURM_TIME_FORMAT".into(), "%s".into());
        Self { env, user: rustix::process::geteuid().as_raw().to_string() }
    }

    /// Why nothing can be asked at all, in a sentence.
    pub(super) fn absent(&self) -> Option<String> {
        let there = find_program(&self.env, "sbatch").is_some();
        (!there).then(|| {
            "Slurm's programs (sbatch, squeue) are not installed, or not in the PATH of tasks".to_owned()
        })
    }

    /// Where jobs begin that say no directory.
    pub(super) fn home(&self) -> PathBuf {
        let home = self.env.get(OsStr::new("HOME")).map(PathBuf::from);
        home.filter(|home| home.is_absolute()).unwrap_or_else(|| "/".into())
    }

    async fn say(&self, program: &str, words: &[&str], within: Duration) -> Result<Said, String> {
        let path = find_program(&self.env, program).ok_or_else(|| format!("{program} is not installed"))?;
        let said = ask_within(within, &path, &self.env, words).await;
        said.map_err(|error| match error.kind() {
            std::io::ErrorKind::TimedOut => {
                format!("the cluster does not answer ({program} has waited {} s)", within.as_secs())
            }
            _ => format!("{program} cannot be asked: {error}"),
        })
    }

    /// The answer of a program that only looks.
    async fn look(&self, program: &str, words: &[&str]) -> Result<String, Unanswered> {
        let said = self.say(program, words, ANSWER_WITHIN).await;
        answer(program, said.map_err(Unanswered::Other)?)
    }

    /// As [`look`](Self::look), at what is this user's.
    async fn look_at_own(&self, program: &str, words: &[&str]) -> Result<String, Unanswered> {
        let said = self.say_of_own(program, words).await;
        answer(program, said.map_err(Unanswered::Other)?)
    }

    /// Asks about what is this user's. A number that has no name at the moment, as while a directory service is away, is nobody to
    /// Slurm's programs, some of which then answer with nothing: so they are asked by the other words alone.
    async fn say_of_own(&self, program: &str, words: &[&str]) -> Result<Said, String> {
        let own = [words, &["--user", &self.user]].concat();
        let said = self.say(program, &own, ANSWER_WITHIN).await?;
        match said.err.contains(NAMELESS) {
            true => self.say(program, words, ANSWER_WITHIN).await,
            false => Ok(said),
        }
    }

    /// All jobs of this user that the controller still knows.
    ///
    /// # Errors
    /// Why it cannot be asked, in a sentence. It says nothing of any job.
    pub(super) async fn jobs(&self) -> Result<HashMap<String, Job>, String> {
        Ok(jobs(&self.look_at_own("squeue", &QUEUE).await?))
    }

    /// A job by its name, also one that the controller has forgotten, where the cluster keeps accounts.
    ///
    /// # Errors
    /// Why it is not known whether there is one.
    pub(super) async fn job(&self, name: &str) -> Result<Option<Job>, String> {
        let words = [&QUEUE[..], &["--name", name]].concat();
        let found = self.look_at_own("squeue", &words).await.map(|answer| jobs(&answer).remove(name))?;
        match found {
            Some(job) => Ok(Some(job)),
            None => Ok(match self.accounted(name).await? {
                Accounts::Know(job) => Some(*job),
                Accounts::DoNot | Accounts::NotKept => None,
            }),
        }
    }

    /// A job by its number, whatever keeps it out of the lists. One of another name is another job: a controller that has lost all it knew
    /// counts from the beginning.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub(super) async fn numbered(&self, number: &str, name: &str) -> Result<Option<Job>, String> {
        if number.is_empty() {
            return Ok(None);
        }
        match self.look("squeue", &[&QUEUE[..], &["--jobs", number]].concat()).await {
            Ok(answer) => Ok(jobs(&answer).remove(name)),
            Err(Unanswered::NoSuchJob) => Ok(None),
            Err(why) => Err(why.into()),
        }
    }

    /// The same from the accounts alone.
    pub(super) async fn accounted(&self, name: &str) -> Result<Accounts, String> {
        let words = ["-nXP", "--name", name, "-S", LOOKED_BACK, "-o", ACCOUNT_FIELDS];
        match self.look_at_own("sacct", &words).await {
            Ok(answer) => Ok(accounted(&answer).map_or(Accounts::DoNot, |job| Accounts::Know(Box::new(job)))),
            Err(Unanswered::NoAccounts) => Ok(Accounts::NotKept),
            Err(why) => Err(why.into()),
        }
    }

    pub(super) async fn submit(&self, words: &[String], script: &Path) -> Submitted {
        let script = script.display().to_string();
        let words: Vec<&str> = words.iter().map(String::as_str).chain([&*script]).collect();
        match self.say("sbatch", &words, SUBMITTED_WITHIN).await {
            Ok(said) if said.well => {
                // `number`, or `number;cluster`.
                let number = said.out.trim().split(';').next().unwrap_or_default().to_owned();
                Submitted::As { number }
            }
            Ok(said) => match denial(&said.err) {
                Denial::Refused(reason) => Submitted::Refused(reason),
                Denial::Trouble(why) => Submitted::Unknown(format!("the cluster cannot take it now: {why}")),
            },
            Err(why) => Submitted::Unknown(why),
        }
    }

    /// When and where it would start what asks for `words`.
    pub(super) async fn preview(&self, words: &[String]) -> Previewed {
        let own = ["--test-only", "--wrap=true"];
        let words: Vec<&str> = words.iter().map(String::as_str).chain(own).collect();
        let said = match self.say("sbatch", &words, PREVIEWED_WITHIN).await {
            Ok(said) => said,
            Err(why) => return Previewed::Unanswered(why),
        };
        match preview(&said.err, now_ms()).filter(|_| said.well) {
            Some(preview) => Previewed::As(preview),
            None => match denial(&said.err) {
                Denial::Refused(reason) => Previewed::Refused(reason),
                Denial::Trouble(why) => Previewed::Unanswered(format!("the cluster cannot be asked: {why}")),
            },
        }
    }

    /// A partition by its name; `None` where there is none, or nobody can say.
    pub(super) async fn partition(&self, name: &str) -> Option<ClusterPartition> {
        // Hidden ones too; `--partition` beside it is refused.
        let words = ["--all", "--noheader", "--format", offer::FORMAT];
        let said = self.say("sinfo", &words, PREVIEWED_WITHIN).await.ok().filter(|said| said.well)?;
        offer::partitions(&said.out).into_iter().find(|one| one.name == name)
    }

    /// Asks the cluster to end a job: one that waits at once, one that runs by its shim, or with everything of it.
    ///
    /// # Errors
    /// Why it is not known whether the cluster has heard it.
    pub(super) async fn end(&self, name: &str, mode: StopMode) -> Result<(), String> {
        let waits = ["--state=PENDING", "--name", name];
        let gently = ["--batch", "--signal=TERM", "--state=RUNNING", "--name", name];
        let hard = ["--full", "--signal=KILL", "--state=RUNNING", "--name", name];
        let all = ["--name", name];
        let calls: [&[&str]; 2] = match mode {
            StopMode::Graceful => [&waits, &gently],
            StopMode::Kill => [&hard, &all],
        };
        for words in calls {
            self.cancel(words).await?;
        }
        Ok(())
    }

    /// Takes a job away whatever it does.
    pub(super) async fn cancel_all(&self, name: &str) -> Result<(), String> {
        self.cancel(&["--name", name]).await
    }

    async fn cancel(&self, words: &[&str]) -> Result<(), String> {
        let said = self.say_of_own("scancel", words).await?;
        // What there is no such job for is over already.
        let over = ["already completing", UNKNOWN_JOB, "Job/step already"];
        if said.well || over.iter().any(|words| said.err.contains(words)) {
            return Ok(());
        }
        Err(format!(
            "the cluster cannot be asked: {}",
            last_words(&said.err).unwrap_or("scancel does not say why")
        ))
    }

    /// What a user of this number is called.
    pub(super) async fn user_name(&self, number: &str) -> String {
        match self.say("id", &["-un", number], ANSWER_WITHIN).await {
            Ok(said) if said.well && !said.out.trim().is_empty() => said.out.trim().to_owned(),
            _ => format!("user {number}"),
        }
    }

    /// What the cluster offers to this user.
    ///
    /// # Errors
    /// Why it cannot be said, in a sentence.
    pub(super) async fn offer(&self) -> Result<BatchCluster, String> {
        let version = self.look("sbatch", &["--version"]).await?;
        let shown = self.look("sinfo", &["--noheader", "--format", offer::FORMAT]).await?;
        // With those that are hidden, where they may be seen.
        let all = self.look("sinfo", &["--all", "--noheader", "--format", offer::FORMAT]).await;
        let all = all.unwrap_or_else(|_| shown.clone());
        let user = self.user_name(&self.user).await;
        let user = format!("user={user}");
        let words = ["-nP", "show", "associations", &*user, "format=account,qos"];
        // Where no accounts are kept there are none to choose from.
        let associations = self.look("sacctmgr", &words).await.unwrap_or_default();
        Ok(offer::cluster(version.trim(), &shown, &all, &associations))
    }
}

fn answer(program: &str, said: Said) -> Result<String, Unanswered> {
    if said.well {
        return Ok(said.out);
    }
    for (words, why) in [(UNKNOWN_JOB, Unanswered::NoSuchJob), (NO_ACCOUNTS, Unanswered::NoAccounts)] {
        if said.err.contains(words) {
            return Err(why);
        }
    }
    let why = last_words(&said.err).unwrap_or("it does not say why");
    let why = why.trim_start_matches(&*format!("{program}: ")).trim_start_matches("error: ");
    let why = why.trim_start_matches("slurm_load_jobs error: ");
    Err(Unanswered::Other(format!("the cluster cannot be asked: {why}")))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// Stand-ins for Slurm's programs, as shell scripts; `variables` are those of the user.
    fn client(folder: &Path, programs: &[(&str, &str)], variables: &[(&str, &str)]) -> Client {
        for (name, script) in programs {
            let path = folder.join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("made a program");
        }
        let path = format!("{}:/usr/bin:/bin", folder.display());
        let all = [&[("PATH", &*path)], variables].concat();
        Client::new(all.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }

    const LINE: &str = "echo '7|RUNNING|None|n1|1795982088|1|100M|N/A|secret|solti-a-1'";

    #[tokio::test]
    async fn what_a_user_tells_slurms_programs_for_own_use_does_not_reach_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = [
            ("SQUEUE_PARTITION", "closed"),
            ("SBATCH_ARRAY_INX", "0-1"),
            ("SCANCEL_INTERACTIVE", "1"),
            ("SINFO_PARTITION", "closed"),
            ("SACCT_FORMAT", "x"),
        ];
        let kept = [("SLURM_CONF", "/etc/slurm.conf"), ("SLURM_CLUSTERS", "here")];
        let client = client(folder.path(), &[("squeue", "env >&2; exit 1")], &[&own[..], &kept].concat());
        let said = client.say("squeue", &[], ANSWER_WITHIN).await.expect("it is asked").err;
        let seen: Vec<_> = said.lines().filter_map(|line| line.split_once('=')).collect();
        assert!(own.iter().all(|(key, _)| seen.iter().all(|(other, _)| other != key)), "{said}");
        assert!(kept.iter().all(|one| seen.contains(one)) && seen.contains(&("SLURM_TIME_FORMAT", "%s")));
    }

    #[tokio::test]
    async fn the_jobs_of_a_hidden_partition_are_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let squeue = format!("case \" $* \" in *' --all '*) {LINE} ;; esac");
        let client = client(folder.path(), &[("squeue", &squeue)], &[]);
        assert!(client.jobs().await.expect("an answer").contains_key("solti-a-1"));
        assert_eq!(client.job("solti-a-1").await.expect("an answer").expect("a job").number, "7");
        assert!(client.numbered("7", "solti-a-1").await.expect("an answer").is_some());
        assert!(client.numbered("7", "solti-b-1").await.expect("an answer").is_none(), "another's number");
    }

    #[tokio::test]
    async fn a_cluster_without_accounts_is_told_from_one_that_does_not_answer() {
        let folder = tempfile::tempdir().expect("a folder");
        let client = |said: &str| {
            let sacct = format!("echo '{said}' >&2; exit 1");
            client(folder.path(), &[("sacct", &sacct)], &[])
        };
        let none = client("Slurm accounting storage is disabled").accounted("solti-a-1").await;
        assert!(matches!(none, Ok(Accounts::NotKept)), "{none:?}");
        let away = client("sacct: error: Problem talking to the database: Connection refused");
        let away = away.accounted("solti-a-1").await.expect_err("nobody knows");
        assert_eq!(away, "the cluster cannot be asked: Problem talking to the database: Connection refused");
    }

    #[tokio::test]
    async fn a_number_that_the_controller_does_not_know_is_no_job() {
        let folder = tempfile::tempdir().expect("a folder");
        let unknown = "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1";
        let known = client(folder.path(), &[("squeue", unknown)], &[]).numbered("7", "solti-a-1").await;
        assert_eq!(known, Ok(None));
        let away = "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1";
        let known = client(folder.path(), &[("squeue", away)], &[]).numbered("7", "solti-a-1").await;
        assert!(known.is_err(), "who does not answer knows it perhaps");
    }

    #[tokio::test]
    async fn a_user_whose_number_has_no_name_is_asked_about_without_it() {
        let folder = tempfile::tempdir().expect("a folder");
        // squeue, unlike the others, takes it for an answer.
        let nameless = |code: u8, then: &str| {
            format!(
                "case \" $* \" in *' --user '*) echo 'error: Invalid user: 64987' >&2; exit {code} ;; esac\n{then}"
            )
        };
        let cancelled = folder.path().join("cancelled");
        let (squeue, scancel) =
            (nameless(0, LINE), nameless(1, &format!("echo \"$*\" >>{}", cancelled.display())));
        let client = client(folder.path(), &[("squeue", &squeue), ("scancel", &scancel)], &[]);
        assert!(client.jobs().await.expect("an answer").contains_key("solti-a-1"));
        client.cancel_all("solti-a-1").await.expect("it is heard");
        assert_eq!(fs::read_to_string(cancelled).expect("it was asked"), "--name solti-a-1\n");
    }
}
