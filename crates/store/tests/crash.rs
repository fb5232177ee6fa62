//! A process that is killed while it writes: whatever it was told is stored is there afterwards, and no half of anything.

mod support;

use solti_model::{TaskPhase, TaskQuery};
use solti_store::{Change, Store};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use support::{id, run, task};

const DIR: &str = "SOLTI_STORE_CRASH_DIR";

/// The process that is killed: writes pairs of tasks for ever, and prints the number of each pair once it is stored.
#[test]
#[ignore = "the other half of the test below, which starts it"]
fn endless_writer() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let store = Store::open(dir.as_ref()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for n in 0.. {
            // Many in flight, so that the kill meets groups; tickets are awaited in order.
            let tickets: Vec<_> = (n * 20..(n + 1) * 20).map(|pair| store.enqueue(pair_of(pair))).collect();
            for (pair, ticket) in (n * 20..).zip(tickets) {
                ticket.unwrap().await.unwrap();
                // Not println!: the test harness would hold it back.
                writeln!(std::io::stdout(), "stored {pair}").unwrap();
            }
        }
    });
}

fn pair_of(pair: u64) -> Vec<Change> {
    let (a, b) = (2 * pair, 2 * pair + 1);
    vec![
        task(a, TaskPhase::Running).into(),
        run(a, 1, TaskPhase::Running).into(),
        task(b, TaskPhase::Pending).into(),
        Change::SetMeta { key: "last".to_owned(), value: pair.to_string() },
    ]
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_was_told_is_stored() {
    for wanted in [1, 150, 600] {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "endless_writer", "--ignored", "--nocapture", "--test-threads=1"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let stored = |line: std::io::Result<String>| {
            line.ok().and_then(|line| line.rsplit_once("stored ")?.1.parse::<u64>().ok())
        };
        let mut reported = 0;
        while reported < wanted {
            let line = lines.next().expect("the writer goes on until it is killed");
            reported = stored(line).unwrap_or(reported);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What was in the pipe when it died was told as well.
        reported = lines.filter_map(stored).last().unwrap_or(reported);

        let store = Store::open(dir.path()).unwrap();
        store.check().await.unwrap();
        let last: u64 = store.meta("last").await.unwrap().unwrap().parse().unwrap();
        assert!(last >= reported, "told {reported}, found {last}");
        let total = store.query(&TaskQuery::default()).await.unwrap().total;
        assert_eq!(total, 2 * (last + 1), "every pair up to the last, whole");
        for pair in 0..=reported {
            assert!(store.task(&id(2 * pair + 1)).await.unwrap().is_some(), "pair {pair}");
            assert_eq!(store.runs(&id(2 * pair)).await.unwrap().len(), 1, "pair {pair}");
        }
    }
}
