//! What the first start of this version costs somebody with many tasks: a database of 0.1.0 that holds 1,000,000 of them is brought to
//! the format of now, beside a copy of its file. `cargo bench -p solti-store`.

#[path = "../../../benches/shared/measure.rs"]
mod measure;

use measure::{Parts, median, report};
use rusqlite::Connection;
use solti_store::{RowQuery, Store};
use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, Instant},
};

const TASKS: u64 = 1_000_000;
const ROUNDS: usize = 3;
/// As `texts_anew` says.
const MOST_SECONDS: f64 = 30.0;

/// Each a copy of a task that 0.1.0 has run, with its runs and events, and a script in every fourth.
const FILL: &str = "
CREATE TEMP TABLE more AS
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1) SELECT n FROM numbers;
INSERT INTO tasks SELECT n + 1000, printf('0%017d', n), 'build', phase, resource_version, created_at + n, updated_at + n, attempt,
    exit_code, error, 0, NULL, NULL, n + 1000, 0, started_at + n, finished_at + n FROM more, tasks WHERE num = 1;
INSERT INTO task_specs SELECT n + 1000, CASE n % 4
    WHEN 0 THEN replace(spec, '\"slot\":\"build\"', '\"slot\":\"build\",\"labels\":{\"branch\":\"b' || (n % 50) || '\"}')
    ELSE spec END FROM more, task_specs WHERE num = 1;
INSERT INTO task_text SELECT n + 1000, folded FROM more, task_text WHERE num = 1;
INSERT INTO runs SELECT n + 1000, attempt, phase, started_at + n, finished_at + n, exit_code, error, boot_id, pid, 0, cpu_ms,
    peak_memory_bytes, read_bytes, written_bytes, environment FROM more, runs WHERE num = 1;
INSERT INTO events (num, at, attempt, kind, detail)
    SELECT n + 1000, at + n, attempt, kind, detail FROM more, events WHERE num = 1;
";

fn main() {
    let Some(parts) = Parts::asked() else { return };
    if !parts.wanted("upgrade") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let old = folder.path().join("old.db");
    fill(&old);
    let size = fs::metadata(&old).expect("written").len();
    let (mut copies, mut upgrades) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let data = folder.path().join(format!("data{round}"));
        fs::create_dir(&data).expect("a folder");
        let began = Instant::now();
        let copy = data.join("solti.db");
        fs::copy(&old, &copy).expect("room on the disk");
        File::open(&copy).and_then(|file| file.sync_all()).expect("on the disk");
        copies.push(began.elapsed());
        let began = Instant::now();
        let store = Store::open(&data).expect("a database of 0.1.0");
        upgrades.push(began.elapsed());
        check(&store);
        drop(store);
        fs::remove_dir_all(&data).expect("own folder");
    }
    let (copied, upgraded) = (seconds(median(copies)), seconds(median(upgrades)));
    let figure = format!(
        "{upgraded:.1} s, a copy of its {} MiB {copied:.1} s: {:.1} times",
        size >> 20,
        upgraded / copied
    );
    let aim = format!("at most {MOST_SECONDS} s");
    report("1,000,000 tasks of 0.1.0 taken over", &figure, &aim, upgraded <= MOST_SECONDS);
}

fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}

fn fill(path: &Path) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/solti-0.1.0.db");
    fs::copy(fixture, path).expect("the fixture");
    let database = Connection::open(path).expect("a database");
    database.pragma_update(None, "synchronous", "off").expect("set");
    for statement in FILL
        .split_inclusive(";\n")
        .filter(|statement| statement.contains("AS") || statement.contains("INSERT"))
    {
        let parameters: &[u64] = if statement.contains("?1") { &[TASKS] } else { &[] };
        database
            .execute(statement, rusqlite::params_from_iter(parameters.iter().map(|n| n.cast_signed())))
            .expect("filled");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn check(store: &Store) {
    let page = store.list(&RowQuery::default()).await.expect("a page");
    assert_eq!(page.total, TASKS + 3, "all tasks are there");
}
