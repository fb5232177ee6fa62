//! What a cluster costs: `cargo bench -p solti-api --bench slurm [-- submits | lines | waiting]`, with a cluster of its own
//! (`scripts/slurm.sh`), as the superuser. Wrong results panic; a missed aim is only marked. `SOLTI_BENCH_JOBS` is how many wait.

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../../../benches/shared/measure.rs"]
mod measure;

use common::{Engine, bash, command, spec, with_slurm};
use futures::StreamExt as _;
use measure::{Parts, median, report, share};
use serde_json::json;
use solti_api::ApiHandler as _;
use solti_model::{OutputEvent, TaskId, TaskPhase, TaskQuery};
use solti_supervisor::SupervisorConfig;
use solti_testing::TestCluster;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::process::Command;
use tokio::task::JoinSet;

const ROUNDS: usize = 3;
/// Tasks of a round.
const SUBMITS: usize = 500;
/// So many times as long as by hand, at most.
const AIM: f64 = 1.3;
const LINES: usize = 60;
const JOBS: usize = 10_000;
/// Submits of ours at a time.
const AT_ONCE: usize = 64;
/// How long the waiting is looked at, once all wait.
const LOOKED: Duration = Duration::from_secs(60);
/// Nothing of it takes so long.
const PATIENCE: Duration = Duration::from_secs(1_800);

fn main() {
    let Some(parts) = Parts::asked() else { return };
    let Some(cluster) = TestCluster::start(&[("MAX_JOBS", "40000")]) else { return };
    common::shim();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        if parts.wanted("lines") {
            Bench::open(&cluster).await.lines().await;
        }
        if parts.wanted("submits") {
            Bench::open(&cluster).await.submits().await;
        }
        if parts.wanted("waiting") {
            Bench::open(&cluster).await.waiting().await;
        }
    });
}

struct Bench<'a> {
    cluster: &'a TestCluster,
    engine: Engine,
    /// Ends with this.
    _dir: tempfile::TempDir,
    /// A letter for each call of `squeue`.
    calls: PathBuf,
}

impl<'a> Bench<'a> {
    async fn open(cluster: &'a TestCluster) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (env, calls) = (counted(cluster, dir.path()), dir.path().join("calls"));
        let runners = with_slurm(dir.path(), &cluster.shared, env);
        let engine = Engine::open_with_runners(SupervisorConfig::new(dir.path()), runners).await;
        Self { cluster, engine, _dir: dir, calls }
    }

    /// In a partition that starts nothing: what is measured is the submission. By hand it is a loop of a shell.
    async fn submits(&self) {
        let (mut ours, mut by_hand, mut all) = (vec![], vec![], vec![]);
        for round in 0..=ROUNDS {
            let began = Instant::now();
            self.by_hand().await;
            let hand = began.elapsed();
            self.none_waits().await;

            let began = Instant::now();
            let submitted = self.submit(SUBMITS, "closed", &format!("r{round}")).await;
            self.until_queued(SUBMITS).await;
            let own = began.elapsed();
            assert_eq!(submitted.len(), SUBMITS);
            self.none_waits().await;
            self.until_over(&submitted, None).await;

            let began = Instant::now();
            let ran = self.submit(SUBMITS, "main", &format!("x{round}")).await;
            self.until_over(&ran, Some(TaskPhase::Succeeded)).await;
            // The first round, in which all is looked at for the first time, does not count.
            if round > 0 {
                by_hand.push(hand);
                ours.push(own);
                all.push(began.elapsed());
            }
        }
        let (ours, by_hand, all) = (median(ours), median(by_hand), median(all));
        let ratio = ours.as_secs_f64() / by_hand.as_secs_f64();
        report(
            "500 tasks handed over",
            &format!("{ours:.2?}, by hand {by_hand:.2?}, ratio {ratio:.2}"),
            &format!("at most {AIM} times"),
            ratio <= AIM,
        );
        println!("  500 tasks from the submission to the last stored end: {all:.2?}");
    }

    /// The same as a task's job, one `sbatch` after the other.
    async fn by_hand(&self) {
        let script = self.cluster.shared.join("by-hand.sh");
        std::fs::write(&script, "#!/bin/sh\nexec true\n").unwrap();
        let text = format!(
            "i=0; while [ $i -lt {SUBMITS} ]; do sbatch --parsable --export=NONE --no-requeue --nodes=1 --ntasks=1 \
             --open-mode=append --partition=closed --job-name=by-hand-$i --output=/dev/null --chdir=/ '{}' >/dev/null || exit 1; i=$((i+1)); done",
            script.display()
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &text]).env_clear().envs(self.cluster.env()).stdin(Stdio::null());
        assert!(shell.status().await.unwrap().success());
    }

    async fn submit(&self, many: usize, partition: &str, prefix: &str) -> Vec<TaskId> {
        let mut submitting = JoinSet::new();
        let mut ids = vec![];
        for n in 0..many {
            if submitting.len() >= AT_ONCE {
                ids.push(submitting.join_next().await.unwrap().unwrap());
            }
            let asked = json!({"cluster": {"partition": partition}});
            let spec = spec(&format!("{prefix}-{n}"), command("true", &[]), asked);
            let api = self.engine.api.clone();
            submitting.spawn(async move { api.submit_task(spec).await.unwrap() });
        }
        while let Some(submitted) = submitting.join_next().await {
            ids.push(submitted.unwrap());
        }
        ids
    }

    fn queued(&self) -> usize {
        self.cluster.ask("squeue", &["-h", "-p", "closed", "-t", "pending", "-o", "%i"]).lines().count()
    }

    /// By the cluster's own word: what is measured does not end before it is true.
    async fn until_queued(&self, many: usize) {
        until("all are queued", Duration::from_millis(20), async || self.queued() == many).await;
    }

    async fn none_waits(&self) {
        // Nobody has submitted anything else to it.
        self.cluster.ask("scancel", &["--partition=closed", "--state=PENDING"]);
        self.until_queued(0).await;
    }

    async fn until_over(&self, which: &[TaskId], phase: Option<TaskPhase>) {
        let open = [TaskPhase::Pending, TaskPhase::Running].to_vec();
        let query = || TaskQuery { status: open.clone(), limit: Some(1), ..TaskQuery::default() };
        until("all are over", Duration::from_millis(50), async || {
            self.engine.api.query_tasks(query()).await.unwrap().total == 0
        })
        .await;
        for id in which.iter().filter(|_| phase.is_some()) {
            assert_eq!(self.engine.finished(id).await.status.phase, phase.unwrap());
        }
    }

    /// From when a node prints a line to when a reader of the log here has it. The node is this machine: one clock.
    async fn lines(&self) {
        let text = format!("for i in $(seq {LINES}); do date +%s%N; sleep 0.3; done");
        let task = spec("lines", bash(&text), json!({"cluster": {}}));
        let id = self.engine.api.submit_task(task).await.unwrap();
        let mut log = self.engine.api.stream_task_logs(&id).await.unwrap();
        let mut late = vec![];
        while let Some(event) = log.next().await {
            if let OutputEvent::Chunk { line, .. } = event {
                let printed: u64 = line.to_string().parse().unwrap();
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
                late.push(Duration::from_nanos(since.saturating_sub(printed)));
            }
        }
        assert_eq!(late.len(), LINES, "no line is lost");
        let (p50, longest) = (share(&mut late, 50), share(&mut late, 100));
        report(
            "a line printed on a node, to a reader here",
            &format!("p50 {p50:.0?}, the longest {longest:.0?} of {LINES}"),
            "3 s",
            longest <= Duration::from_secs(3),
        );
    }

    async fn waiting(&self) {
        let jobs = std::env::var("SOLTI_BENCH_JOBS").map_or(JOBS, |jobs| jobs.parse().unwrap());
        let began = Instant::now();
        self.submit(jobs, "closed", "w").await;
        self.until_queued(jobs).await;
        println!("  {jobs} jobs handed over: {:.1?}", began.elapsed());
        // What the submissions leave to do is not what is asked about.
        tokio::time::sleep(Duration::from_secs(35)).await;
        let (calls, [own, children]) = (self.calls(), processor_time());
        let began = Instant::now();
        tokio::time::sleep(LOOKED).await;
        let (took, [own_after, children_after]) = (began.elapsed().as_secs_f64(), processor_time());
        let each_second = (self.calls() - calls) as f64 / took;
        let share_of = |before: Duration, after: Duration| (after - before).as_secs_f64() / took * 100.0;
        report(
            &format!("{jobs} waiting jobs: calls of squeue a second"),
            &format!("{each_second:.2}"),
            "1 at most",
            each_second <= 1.0,
        );
        let (own, children) = (share_of(own, own_after), share_of(children, children_after));
        report(
            "  the engine's share of a processor",
            &format!("{own:.1} % (and the squeue that it asks {children:.1} %)"),
            "below 5 %",
            own < 5.0,
        );
        self.engine.supervisor.shut_down().await;
        self.cluster.ask("scancel", &["--partition=closed", "--state=PENDING"]);
    }

    fn calls(&self) -> u64 {
        std::fs::metadata(&self.calls).map_or(0, |file| file.len())
    }
}

async fn until(what: &str, between: Duration, mut fits: impl AsyncFnMut() -> bool) {
    let waits = async {
        while !fits().await {
            tokio::time::sleep(between).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waits).await.is_ok(), "{what}");
}

/// The environment of the cluster's user, with a `squeue` that leaves a letter for each call.
fn counted(cluster: &TestCluster, dir: &Path) -> BTreeMap<OsString, OsString> {
    let mut env = cluster.env();
    let path = env.get(std::ffi::OsStr::new("PATH")).cloned().unwrap();
    let real = std::env::split_paths(&path).map(|folder| folder.join("squeue")).find(|file| file.exists());
    let bin = dir.join("bin");
    std::fs::create_dir(&bin).unwrap();
    let calls = dir.join("calls");
    let script =
        format!("#!/bin/sh\nprintf x >>'{}'\nexec '{}' \"$@\"\n", calls.display(), real.unwrap().display());
    std::fs::write(bin.join("squeue"), script).unwrap();
    std::fs::set_permissions(bin.join("squeue"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let paths = std::iter::once(bin).chain(std::env::split_paths(&path));
    env.insert("PATH".into(), std::env::join_paths(paths).unwrap());
    env
}

/// Of this process, which is the engine, and of those that it has started and that are over.
fn processor_time() -> [Duration; 2] {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<i64> =
        stat.rsplit(") ").next().unwrap().split(' ').filter_map(|field| field.parse().ok()).collect();
    // Behind the state, which is no number: utime is the eleventh.
    let ticks = |n: usize| {
        let ticks = u64::try_from(fields[n] + fields[n + 1]).unwrap();
        Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second())
    };
    [ticks(10), ticks(12)]
}
