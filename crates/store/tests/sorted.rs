//! Sorted lists: the order that is asked for, page by page, whatever comes and goes between the pages. The cases of the order are
//! also the page's (`ui/src/lib/shared/order.test.ts`).

mod support;

use serde::Deserialize;
use solti_model::{SortBy, Suspension, TaskPhase};
use solti_store::{Change, RowQuery, Store, StoreError};
use support::{id, labelled, ran, run, slot, task};

const CORPUS: &str = include_str!("../../../tests/corpus/sorted-rows.json");

#[derive(Deserialize)]
struct Corpus {
    now: u64,
    rows: Vec<Case>,
    orders: Vec<Expected>,
    took: Vec<Took>,
}

/// Which rows a filter by duration leaves.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Took {
    at_least_ms: Option<u64>,
    at_most_ms: Option<u64>,
    rows: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    n: u64,
    name: String,
    lane: String,
    phase: TaskPhase,
    exit_code: Option<i32>,
    /// Of the latest attempt: when it began, and when it ended.
    started_at: Option<u64>,
    ended_at: Option<u64>,
    suspension: Option<Suspension>,
    /// When the task was over.
    finished_at: Option<u64>,
    updated_at: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expected {
    sort: SortBy,
    #[serde(default)]
    reverse: bool,
    order: Vec<u64>,
}

fn stored(case: Case) -> Vec<Change> {
    let mut stored = labelled(task(case.n, case.phase), &[("name", &case.name)]);
    stored.task.spec.slot = slot(&case.lane);
    stored.task.status.exit_code = case.exit_code;
    stored.task.metadata.updated_at = case.updated_at;
    if let (Some(from), Some(to)) = (case.started_at, case.ended_at) {
        let [stored, Change::PutRun(mut attempt)] =
            <[Change; 2]>::try_from(ran(stored, (from, to), case.finished_at)).unwrap()
        else {
            unreachable!()
        };
        attempt.run.suspension = case.suspension;
        return vec![stored, Change::PutRun(attempt)];
    }
    (stored.started_at, stored.finished_at) = (case.started_at, case.finished_at);
    let mut changes = vec![];
    if let Some(from) = case.started_at {
        stored.task.status.attempt = 1;
        let mut attempt = run(case.n, 1, case.phase);
        (attempt.run.started_at, attempt.run.suspension) = (from, case.suspension);
        changes.push(attempt.into());
    }
    changes.insert(0, stored.into());
    changes
}

async fn store_of(changes: Vec<Change>) -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.apply(changes).await.unwrap();
    (dir, store)
}

#[tokio::test]
async fn a_filter_by_duration_counts_the_last_attempt_alone() {
    let corpus: Corpus = serde_json::from_str(CORPUS).unwrap();
    let (_dir, store) = store_of(corpus.rows.into_iter().flat_map(stored).collect()).await;
    for Took { at_least_ms, at_most_ms, rows } in corpus.took {
        let query =
            RowQuery { took_at_least_ms: at_least_ms, took_at_most_ms: at_most_ms, ..RowQuery::default() };
        let found = store.list(&query).await.unwrap().rows;
        let found: Vec<u64> = found.iter().map(|row| row.task.metadata.created_at).collect();
        assert_eq!(found, rows, "{at_least_ms:?} to {at_most_ms:?}");
    }
}

/// An attempt whose program could not be started took as long as it tried, not since an earlier one began.
#[tokio::test]
async fn an_attempt_that_did_not_start_is_the_last_one_all_the_same() {
    let failed = task(1, TaskPhase::Exhausted);
    let mut changes = ran(failed.clone(), (100, 200), Some(9_000));
    let mut second = run(1, 2, TaskPhase::Failed);
    (second.run.started_at, second.run.finished_at) = (8_990, Some(8_993));
    changes.push(second.into());
    let (_dir, store) = store_of(changes).await;
    assert_eq!(store.list(&RowQuery::default()).await.unwrap().rows[0].took_ms, Some(3));
}

#[tokio::test]
async fn every_order_is_kept_over_all_its_pages() {
    let corpus: Corpus = serde_json::from_str(CORPUS).unwrap();
    let now_ms = corpus.now;
    let (_dir, store) = store_of(corpus.rows.into_iter().flat_map(stored).collect()).await;
    for Expected { sort, reverse, order } in corpus.orders {
        for limit in [1, 3, 100] {
            let mut query =
                RowQuery { sort: Some(sort), reverse, now_ms, limit: Some(limit), ..RowQuery::default() };
            let mut seen = Vec::new();
            loop {
                let page = store.list(&query).await.unwrap();
                assert_eq!(page.total, order.len() as u64);
                seen.extend(page.rows.iter().map(|row| row.task.metadata.created_at));
                let Some(next) = page.next else { break };
                query.cursor = Some(next.to_string().parse().unwrap());
                // Time goes on, and the pages stay those of one list.
                query.now_ms += 5_000;
            }
            assert_eq!(seen, order, "{sort:?}, reverse: {reverse}, {limit} a page");
        }
    }
}

#[tokio::test]
async fn what_comes_and_goes_between_two_pages_moves_nothing_else() {
    let named = |n: u64| labelled(task(n, TaskPhase::Failed), &[("name", &format!("task {:02}", n % 10))]);
    let (_dir, store) = store_of((1..=40).map(|n| named(n).into()).collect()).await;
    let mut query = RowQuery {
        sort: Some(SortBy::Name),
        text: Some("task".into()),
        phases: vec![TaskPhase::Failed],
        limit: Some(7),
        ..RowQuery::default()
    };
    let (mut seen, mut newest) = (Vec::new(), 100);
    loop {
        let page = store.list(&query).await.unwrap();
        seen.extend(page.rows.iter().map(|row| row.task.metadata.created_at));
        let Some(next) = page.next else { break };
        query.cursor = Some(next);
        newest += 10;
        let last_seen = id(*seen.last().unwrap());
        store.apply(vec![named(newest).into(), Change::DeleteTask(last_seen)]).await.unwrap();
    }
    // The new ones are called `task 00`, and so stand before what has been read.
    let mut expected: Vec<u64> = (1..=40).collect();
    expected.sort_by_key(|n| (n % 10, std::cmp::Reverse(*n)));
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_cursor_of_another_order_is_refused() {
    let (_dir, store) = store_of((1..=9).map(|n| task(n, TaskPhase::Pending).into()).collect()).await;
    let sorted = |sort, reverse| RowQuery { sort, reverse, limit: Some(2), ..RowQuery::default() };
    let by_name = sorted(Some(SortBy::Name), false);
    let cursor = store.list(&by_name).await.unwrap().next;
    for other in [sorted(None, false), sorted(Some(SortBy::Name), true), sorted(Some(SortBy::Exit), false)] {
        let refused = store.list(&RowQuery { cursor: cursor.clone(), ..other }).await;
        assert!(matches!(refused, Err(StoreError::Cursor)), "{refused:?}");
    }
    let plain = store.list(&sorted(None, false)).await.unwrap().next;
    let refused = store.list(&RowQuery { cursor: plain, ..by_name }).await;
    assert!(matches!(refused, Err(StoreError::Cursor)), "{refused:?}");
}
