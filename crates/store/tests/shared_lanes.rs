//! The lanes that tasks share are known also while nothing is in them.

mod support;

use solti_model::{Slot, TaskPhase};
use solti_store::{Change, Store};
use support::{id, task};

fn into_lane(n: u64, slot: &str, own: Option<bool>) -> Change {
    let mut stored = task(n, TaskPhase::Succeeded);
    stored.task.spec.slot = Slot::new(slot).unwrap();
    stored.task.spec.own_lane = own;
    stored.task.metadata.created_at = n * 100_000;
    stored.into()
}

async fn names(store: &Store) -> Vec<String> {
    store.shared_lanes().await.unwrap().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn those_used_last_come_first_and_those_of_one_task_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let tasks = vec![
        into_lane(1, "etl", None),
        into_lane(2, "web", Some(false)),
        into_lane(3, "echo-x7kp2", None),
        into_lane(4, "alone", Some(true)),
        into_lane(5, "build-x7kp2", Some(false)),
        into_lane(6, "etl", None),
    ];
    store.apply(tasks).await.unwrap();
    assert_eq!(names(&store).await, ["etl", "build-x7kp2", "web"]);
    store.apply((1..=6).map(|n| Change::DeleteTask(id(n))).collect()).await.unwrap();
    store.apply(vec![Change::ForgetLane(Slot::new("web").unwrap())]).await.unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(names(&store).await, ["etl", "build-x7kp2"]);
}

#[tokio::test]
async fn there_are_no_more_than_a_person_can_look_through() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.apply((1..=250).map(|n| into_lane(n, &format!("day-of-{n}"), None)).collect()).await.unwrap();
    let names = names(&store).await;
    assert_eq!((names.len(), names[0].as_str(), names[199].as_str()), (200, "day-of-250", "day-of-51"));
}

#[tokio::test]
async fn the_lanes_of_an_earlier_version_are_told_by_their_tasks_and_names() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let lanes = ["etl", "echo-x7kp2", "sleep-abcde", "py-tests", "py-tests", "make-0123abcd"];
    let tasks = lanes.iter().zip(1..).map(|(slot, n)| into_lane(n, slot, None)).collect();
    store.apply(tasks).await.unwrap();
    drop(store);
    let db = rusqlite::Connection::open(dir.path().join("solti.db")).unwrap();
    db.execute_batch("DROP TABLE shared_lanes; PRAGMA user_version = 10").unwrap();
    drop(db);
    let store = Store::open(dir.path()).unwrap();
    let mut found = names(&store).await;
    found.sort();
    assert_eq!(found, ["etl", "py-tests"]);
}
