//! How long pages of a long list take: `cargo run --release -p solti-store --example bench_list -- [tasks] [rounds]`.

use solti_model::{
    AfterMain, BackoffState, CommandMode, ObjectMeta, Slot, SubprocessMode, SubprocessTask, Task, TaskId,
    TaskKind, TaskPhase, TaskQuery, TaskSpec, TaskStatus,
};
use solti_store::{Change, RowQuery, Store, StoreError, StoredTask};
use std::time::{Duration, Instant};

fn task(n: u64) -> StoredTask {
    let mode = SubprocessMode::Command(CommandMode {
        command: "/usr/bin/encode".to_owned(),
        args: vec!["--input".to_owned(), format!("/data/film-{n}.mkv")],
    });
    let kind = TaskKind::Subprocess(SubprocessTask {
        mode,
        env: vec![],
        cwd: None,
        fail_on_non_zero: true,
        after_main: AfterMain::Wait,
    });
    let slot = Slot::new(format!("lane-{}", n % 20)).expect("a legal name");
    let mut spec = TaskSpec::new(slot, kind);
    spec.labels.insert("name".to_owned(), format!("film {n}"));
    spec.labels.insert("project".to_owned(), format!("p{}", n % 7));
    let phase = TaskPhase::ALL[2 + (n % 5) as usize];
    StoredTask {
        task: Task {
            metadata: ObjectMeta {
                id: TaskId::generate(n, n),
                resource_version: n,
                created_at: n,
                updated_at: n,
            },
            spec,
            status: TaskStatus { phase, attempt: 1, exit_code: Some((n % 3) as i32), error: None },
        },
        backoff: BackoffState::default(),
        next_attempt_at: None,
        queue_order: n,
        stop_requested: false,
        queueing: solti_store::Queueing::default(),
        started_at: Some(n),
        finished_at: Some(n),
        unreadable: None,
    }
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!("{what:<28} p50 {:>10.3?}  p99 {:>10.3?}", at(50), at(99));
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let tasks = numbers.next().transpose()?.unwrap_or(100_000);
    let rounds = numbers.next().transpose()?.unwrap_or(500);
    let dir = tempfile::tempdir()?;
    let store = Store::open(dir.path())?;

    let start = Instant::now();
    for first in (0..tasks).step_by(1_000) {
        let batch = (first..tasks.min(first + 1_000)).map(|n| Change::from(task(n))).collect();
        store.apply(batch).await?;
    }
    println!("{tasks} tasks inserted in {:.1?}", start.elapsed());

    let terminal: Vec<_> = TaskPhase::ALL.into_iter().filter(|phase| phase.is_terminal()).collect();
    let slot = Slot::new("lane-3")?;
    let label = std::collections::BTreeMap::from([("project".to_owned(), "p3".to_owned())]);
    let deep = store.list(&RowQuery { limit: Some(1_000), ..RowQuery::default() }).await?.next;
    let lists = [
        ("newest", RowQuery::default()),
        ("a later page", RowQuery { cursor: deep, ..RowQuery::default() }),
        ("finished", RowQuery { phases: terminal.clone(), ..RowQuery::default() }),
        ("failed", RowQuery { phases: vec![TaskPhase::Failed], ..RowQuery::default() }),
        ("lane", RowQuery { slot: Some(slot), ..RowQuery::default() }),
        ("label", RowQuery { labels: label.clone(), ..RowQuery::default() }),
        ("exit code", RowQuery { exit_code: Some(2), ..RowQuery::default() }),
        ("since", RowQuery { since_ms: Some(tasks / 2), ..RowQuery::default() }),
        (
            "finished since",
            RowQuery { since_ms: Some(tasks / 4), phases: terminal.clone(), ..RowQuery::default() },
        ),
        (
            "finished with exit code",
            RowQuery { exit_code: Some(2), phases: terminal.clone(), ..RowQuery::default() },
        ),
        (
            "failed of a label",
            RowQuery { labels: label.clone(), phases: vec![TaskPhase::Failed], ..RowQuery::default() },
        ),
        (
            "failed, text",
            RowQuery {
                text: Some("FILM".to_owned()),
                phases: vec![TaskPhase::Failed],
                ..RowQuery::default()
            },
        ),
        ("text, many hits", RowQuery { text: Some("FILM".to_owned()), ..RowQuery::default() }),
        ("text, few hits", RowQuery { text: Some("film 777".to_owned()), ..RowQuery::default() }),
    ];
    for (what, query) in lists {
        let mut times = Vec::new();
        for _ in 0..rounds {
            let start = Instant::now();
            store.list(&query).await?;
            times.push(start.elapsed());
        }
        report(what, times);
    }

    let end = u32::try_from(tasks.saturating_sub(100))?;
    let offset = TaskQuery { status: terminal, offset: end, ..TaskQuery::default() };
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        store.query(&offset).await?;
        times.push(start.elapsed());
    }
    report("finished, last by offset", times);

    let mut times = Vec::new();
    for n in 0..rounds {
        let start = Instant::now();
        store.apply(vec![Change::from(task(tasks + n))]).await?;
        times.push(start.elapsed());
    }
    report("one durable insert", times);

    let start = Instant::now();
    let writes: Vec<_> = (0..rounds).map(|n| store.apply(vec![task(2 * tasks + n).into()])).collect();
    futures::future::join_all(writes).await.into_iter().collect::<Result<Vec<()>, StoreError>>()?;
    println!("{rounds} inserts at once in {:.1?}, {:?}", start.elapsed(), store.writer_stats());
    Ok(())
}
