//! Lists: pages without gaps or doubles, exact totals, and counters that never drift from what they count.

mod support;

use proptest::prelude::*;
use solti_model::{TaskId, TaskPhase, TaskQuery};
use solti_store::{Change, RowQuery, Store, StoreError, StoredTask};
use std::collections::BTreeMap;
use support::{id, in_slot, labelled, row_ids, slot, task};

async fn store_of(tasks: impl IntoIterator<Item = StoredTask>) -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.apply(tasks.into_iter().map(Change::from).collect()).await.unwrap();
    (dir, store)
}

#[tokio::test]
async fn paging_has_no_gaps_and_no_doubles_while_tasks_come_and_go() {
    for phases in [vec![], vec![TaskPhase::Pending], vec![TaskPhase::Pending, TaskPhase::Failed]] {
        let (_dir, store) = store_of((0..100).map(|n| task(n, TaskPhase::Pending))).await;
        let mut query = RowQuery { phases, limit: Some(7), ..RowQuery::default() };
        let mut seen: Vec<TaskId> = Vec::new();
        let mut newest = 1_000;
        loop {
            let page = store.list(&query).await.unwrap();
            seen.extend(row_ids(&page.rows));
            let Some(next) = page.next else { break };
            // A cursor goes to the window and back as text.
            query.cursor = Some(next.to_string().parse().unwrap());
            newest += 1;
            let last_seen = seen.last().unwrap().clone();
            let batch = vec![task(newest, TaskPhase::Pending).into(), Change::DeleteTask(last_seen)];
            store.apply(batch).await.unwrap();
        }
        assert_eq!(seen, (0..100).rev().map(id).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_cursor_of_someone_else_is_refused() {
    for text in ["", "-1", "0", "abc", "99999999999999999999"] {
        let parsed = text.parse::<solti_store::RowCursor>();
        assert!(matches!(parsed, Err(StoreError::Cursor)), "{text}");
    }
}

#[tokio::test]
async fn filters_combine() {
    let mut failed = labelled(in_slot(task(3, TaskPhase::Failed), "b"), &[("team", "x"), ("env", "prod")]);
    failed.task.status.exit_code = Some(3);
    let mut ok = labelled(task(4, TaskPhase::Succeeded), &[("team", "x"), ("env", "dev")]);
    ok.task.status.exit_code = Some(0);
    let named = labelled(task(5, TaskPhase::Failed), &[("name", "Ночная 100%_сборка")]);
    let (_dir, store) =
        store_of([task(1, TaskPhase::Pending), task(2, TaskPhase::Running), failed, ok, named]).await;
    let found = async |query: RowQuery| {
        let page = store.list(&query).await.unwrap();
        assert_eq!(page.total, page.rows.len() as u64, "{query:?}");
        page.rows.iter().map(|row| row.task.metadata.created_at).collect::<Vec<_>>()
    };
    let none = RowQuery::default;
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };

    assert_eq!(found(none()).await, [5, 4, 3, 2, 1]);
    let twice = vec![TaskPhase::Failed, TaskPhase::Running, TaskPhase::Failed];
    assert_eq!(found(RowQuery { phases: twice, ..none() }).await, [5, 3, 2]);
    assert_eq!(found(RowQuery { phases: TaskPhase::ALL.to_vec(), ..none() }).await, [5, 4, 3, 2, 1]);
    assert_eq!(found(RowQuery { slot: Some(slot("b")), ..none() }).await, [3]);
    let failed_in_a = RowQuery { slot: Some(slot("a")), phases: vec![TaskPhase::Failed], ..none() };
    assert_eq!(found(failed_in_a).await, [5]);
    assert_eq!(found(RowQuery { labels: labels(&[("team", "x")]), ..none() }).await, [4, 3]);
    assert_eq!(found(RowQuery { labels: labels(&[("team", "x"), ("env", "dev")]), ..none() }).await, [4]);
    assert_eq!(found(RowQuery { labels: labels(&[("team", "nobody")]), ..none() }).await, [0; 0]);
    assert_eq!(found(RowQuery { labels: labels(&[("name", "Ночная 100%_сборка")]), ..none() }).await, [5]);
    let failed_of_team =
        RowQuery { labels: labels(&[("team", "x")]), phases: vec![TaskPhase::Failed], ..none() };
    assert_eq!(found(failed_of_team).await, [3]);
    assert_eq!(found(RowQuery { exit_code: Some(0), ..none() }).await, [4]);
    assert_eq!(found(RowQuery { exit_code: Some(3), slot: Some(slot("a")), ..none() }).await, [0; 0]);
    assert_eq!(found(RowQuery { since_ms: Some(4), ..none() }).await, [5, 4]);

    let text = |text: &str| RowQuery { text: Some(text.to_owned()), ..RowQuery::default() };
    assert_eq!(found(text("ECHO 4")).await, [4]);
    assert_eq!(found(text("ночная")).await, [5]);
    assert_eq!(found(text("100%_")).await, [5]);
    assert_eq!(found(text("echo 5")).await, [5], "the command of a task that has a name");
    assert_eq!(found(text("%")).await, [5], "no wildcards");
    assert_eq!(found(text("  ")).await, [5, 4, 3, 2, 1]);
    assert_eq!(found(RowQuery { labels: labels(&[("team", "x")]), ..text("echo") }).await, [4, 3]);
}

#[tokio::test]
async fn the_contracts_query_pages_by_offset() {
    let (_dir, store) = store_of((0..1_200).map(|n| {
        let phase = if n % 2 == 0 { TaskPhase::Succeeded } else { TaskPhase::Failed };
        in_slot(task(n, phase), if n % 3 == 0 { "a" } else { "b" })
    }))
    .await;
    let created = async |query: TaskQuery| {
        let page = store.query(&query).await.unwrap();
        (page.items.iter().map(|task| task.metadata.created_at).collect::<Vec<_>>(), page.total)
    };
    let newest: Vec<u64> = (0..1_200).rev().collect();

    let (items, total) = created(TaskQuery::default()).await;
    assert_eq!((&items[..], total), (&newest[..100], 1_200));
    let (items, total) = created(TaskQuery { limit: Some(5_000), ..TaskQuery::default() }).await;
    assert_eq!((items.len(), total), (1_000, 1_200));
    let both = vec![TaskPhase::Failed, TaskPhase::Succeeded];
    let query = TaskQuery { status: both, limit: Some(10), offset: 1_195, ..TaskQuery::default() };
    assert_eq!(created(query).await, (vec![4, 3, 2, 1, 0], 1_200));
    let query =
        TaskQuery { slot: Some(slot("a")), status: vec![TaskPhase::Failed], limit: Some(2), offset: 1 };
    assert_eq!(created(query).await, (vec![1_191, 1_185], 200));
    assert_eq!(created(TaskQuery { limit: Some(0), ..TaskQuery::default() }).await, (vec![], 1_200));
    assert_eq!(created(TaskQuery { offset: u32::MAX, ..TaskQuery::default() }).await, (vec![], 1_200));
}

#[derive(Debug, Clone)]
enum Step {
    Put { n: u64, phase: TaskPhase, lane: u8, label: u8 },
    Delete { n: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let phase = prop::sample::select(TaskPhase::ALL.to_vec());
    prop_oneof![
        4 => (0..12_u64, phase, 0..3_u8, 0..3_u8)
            .prop_map(|(n, phase, lane, label)| Step::Put { n, phase, lane, label }),
        1 => (0..12_u64).prop_map(|n| Step::Delete { n }),
    ]
}

/// What the store should hold: phase, lane and label of each task; `None` of one that was deleted, which does not come back.
type Expected = BTreeMap<u64, Option<(TaskPhase, u8, u8)>>;

/// Carries out a batch on the expectation, or leaves it as it was where the batch is illegal.
fn expect(expected: &mut Expected, batch: &[Step]) -> bool {
    let mut after = expected.clone();
    for step in batch {
        match *step {
            Step::Put { n, phase, lane, label } => {
                let Some(stored) = after.entry(n).or_insert(Some((phase, lane, label))) else { continue };
                if stored.0.is_terminal() && stored.0 != phase {
                    return false;
                }
                stored.0 = phase;
            }
            Step::Delete { n } => {
                if let Some(stored) = after.get_mut(&n) {
                    *stored = None;
                }
            }
        }
    }
    *expected = after;
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn counters_and_totals_equal_a_recount(batches in prop::collection::vec(prop::collection::vec(step(), 1..8), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (_dir, store) = store_of([]).await;
            let mut expected = Expected::new();
            for batch in &batches {
                let changes = batch.iter().map(|step| match *step {
                    Step::Put { n, phase, lane, label } => {
                        let stored = in_slot(task(n, phase), &format!("lane{lane}"));
                        labelled(stored, &[("l", &label.to_string()), ("name", "x")]).into()
                    }
                    Step::Delete { n } => Change::DeleteTask(id(n)),
                });
                let applied = store.apply(changes.collect()).await;
                assert_eq!(applied.is_ok(), expect(&mut expected, batch), "{applied:?}");
            }

            let expected: Vec<_> = expected.into_values().flatten().collect();
            let counts = store.counts().await.unwrap();
            for phase in TaskPhase::ALL {
                let recount = expected.iter().filter(|task| task.0 == phase).count() as u64;
                assert_eq!(counts[&phase], recount, "{phase:?}");
                for lane in 0..3 {
                    let query = RowQuery {
                        phases: vec![phase],
                        slot: Some(slot(&format!("lane{lane}"))),
                        ..RowQuery::default()
                    };
                    let page = store.list(&query).await.unwrap();
                    let recount = expected.iter().filter(|task| task.0 == phase && task.1 == lane).count();
                    assert_eq!((page.total, page.rows.len()), (recount as u64, recount), "{query:?}");
                }
            }
            let labels = store.labels().await.unwrap();
            let kept: BTreeMap<_, _> = labels.into_iter().map(|label| (label.value, label.count)).collect();
            let mut recount = BTreeMap::new();
            for (_, _, label) in &expected {
                *recount.entry(label.to_string()).or_insert(0) += 1;
            }
            assert_eq!(kept, recount);
            store.check().await.unwrap();
        });
    }
}

/// Numbers so far apart that the search for a text is shared out between two threads.
#[tokio::test]
async fn a_text_is_found_across_a_long_list_page_by_page_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let named = |n: u64| labelled(task(n, TaskPhase::Pending), &[("name", "Нужная")]);
    for number in [0, 80_000, 150_000] {
        let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
        let store = Store::open(dir.path()).unwrap();
        store.apply(vec![task(number, TaskPhase::Pending).into(), named(number + 1).into()]).await.unwrap();
        drop(store);
        // As if many had been there and were deleted.
        let next = number + 70_000;
        db.execute("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'tasks'", [next as i64]).unwrap();
    }
    let store = Store::open(dir.path()).unwrap();
    store.apply(vec![named(300_000).into(), named(300_001).into()]).await.unwrap();
    let mut query = RowQuery { text: Some("нужная".into()), limit: Some(2), ..RowQuery::default() };
    let mut seen: Vec<TaskId> = Vec::new();
    loop {
        let page = store.list(&query).await.unwrap();
        assert_eq!(page.total, 5);
        seen.extend(row_ids(&page.rows));
        let Some(next) = page.next else { break };
        query.cursor = Some(next);
    }
    assert_eq!(seen, [300_001, 300_000, 150_001, 80_001, 1].map(id));
    query = RowQuery { text: Some("echo".into()), limit: Some(3), ..RowQuery::default() };
    let all = store.list(&query).await.unwrap();
    assert_eq!((all.total, all.rows.len(), all.next.is_some()), (8, 3, true));
    query.limit = None;
    let all = store.list(&query).await.unwrap();
    assert_eq!((all.total, all.rows.len(), all.next.is_some()), (8, 8, false));
}
