//! Calls of hooks: none is lost and none made twice unsaid, whenever the program ends.

mod support;

use solti_model::{DeliveryState, HookDelivery, HookEvent, TaskPhase};
use solti_store::{Change, NewCall, Store};
use support::{id, task};

async fn open(dir: &std::path::Path) -> Store {
    Store::open(dir).unwrap()
}

fn finished(n: u64) -> [Change; 2] {
    let event = Change::Event {
        task_id: id(n),
        at: n,
        attempt: None,
        kind: "finished".into(),
        detail: Some("failed".into()),
    };
    [task(n, TaskPhase::Failed).into(), event]
}

fn call(n: u64, hook: &str) -> NewCall {
    NewCall {
        hook: hook.into(),
        event: HookEvent::Failure,
        task: Some(id(n)),
        at: n,
        body: format!("{{\"n\":{n}}}"),
        dropped: false,
    }
}

#[tokio::test]
async fn what_happened_is_dealt_with_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    assert_eq!(store.hooks_seen().await.unwrap(), (0, 0));
    let queued = Change::Event { task_id: id(1), at: 1, attempt: None, kind: "queued".into(), detail: None };
    let [first, ended] = finished(1);
    store.apply(vec![first, queued, ended]).await.unwrap();
    store.apply(finished(2).into()).await.unwrap();
    let (seen, _) = store.hooks_seen().await.unwrap();
    let (events, upto) = store.hook_events(seen, 1).await.unwrap();
    assert_eq!((events.len(), events[0].task_id.clone(), upto), (1, id(1), 2));
    let calls = vec![call(1, "chat")];
    store.apply(vec![Change::QueueCalls { seen: Some(upto), calls }]).await.unwrap();
    drop(store);

    let store = open(dir.path()).await;
    let (seen, last) = store.hooks_seen().await.unwrap();
    let (events, upto) = store.hook_events(seen, 10).await.unwrap();
    assert_eq!((events.len(), events[0].task_id.clone(), upto), (1, id(2), last));
    let (due, next) = store.due_calls(5, 10).await.unwrap();
    assert_eq!((due.len(), due[0].body.as_str(), due[0].delivery.tries, next), (1, "{\"n\":1}", 0, None));
}

#[tokio::test]
async fn a_call_is_due_again_when_it_says_and_one_of_each_hook_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let calls =
        vec![call(1, "chat"), call(2, "chat"), call(3, "mail"), NewCall { dropped: true, ..call(4, "mail") }];
    store.apply(vec![Change::QueueCalls { seen: None, calls }]).await.unwrap();
    let (due, _) = store.due_calls(10, 10).await.unwrap();
    let hooks: Vec<_> = due.iter().map(|call| (call.delivery.hook.as_str(), call.delivery.id)).collect();
    assert_eq!(hooks, [("chat", 1), ("mail", 3)]);

    let first = due[0].delivery.clone();
    let later = HookDelivery { tries: 1, next_at: Some(60), said: Some("502".into()), ..first };
    store.apply(vec![Change::CallTried(later.clone())]).await.unwrap();
    assert_eq!(store.hook_call(1).await.unwrap().as_ref(), Some(&later));
    // One that waits for its next try is in nobody's way.
    let (due, next) = store.due_calls(10, 10).await.unwrap();
    assert_eq!((due[0].delivery.id, next), (2, Some(60)));
    let done = HookDelivery { tries: 2, state: DeliveryState::Delivered, next_at: None, ..later };
    store.apply(vec![Change::CallTried(done)]).await.unwrap();
    let (due, _) = store.due_calls(100, 10).await.unwrap();
    assert!(due.iter().all(|call| call.delivery.id != 1));
    let counts = store.hook_counts(Some("mail")).await.unwrap();
    assert_eq!((counts.waiting, counts.dropped), (1, 1));
    assert_eq!(store.hook_counts(None).await.unwrap().waiting, 2);
    store.apply(vec![Change::ForgetCalls("chat".into())]).await.unwrap();
    assert_eq!(store.hook_calls("chat", 10).await.unwrap(), []);
}

#[tokio::test]
async fn of_the_calls_that_are_over_the_latest_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let calls = (1..=80).map(|n| call(n, "chat")).collect();
    store.apply(vec![Change::QueueCalls { seen: None, calls }]).await.unwrap();
    for mut delivery in store.hook_calls("chat", 100).await.unwrap().into_iter().rev().take(70) {
        (delivery.state, delivery.next_at) = (DeliveryState::Delivered, None);
        store.apply(vec![Change::CallTried(delivery)]).await.unwrap();
    }
    let kept = store.hook_calls("chat", 100).await.unwrap();
    assert_eq!((kept.len(), kept.last().unwrap().id), (60, 21), "fifty that are over, and ten that wait");
}

/// A database of the last release: what ended before there were hooks calls none.
#[tokio::test]
async fn an_earlier_database_calls_no_hook_for_its_past() {
    let dir = tempfile::tempdir().unwrap();
    let fixture = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/solti-0.1.0.db");
    std::fs::copy(fixture, dir.path().join("solti.db")).unwrap();
    let store = open(dir.path()).await;
    let (seen, last) = store.hooks_seen().await.unwrap();
    assert!(seen > 0 && seen == last, "{seen} of {last}");
    assert_eq!(store.hook_events(seen, 10).await.unwrap().0, []);
    store.apply(finished(1_000).into()).await.unwrap();
    assert_eq!(store.hook_events(seen, 10).await.unwrap().0.len(), 1);
}

/// A command's call is over when its task is, whoever looks and whenever.
#[tokio::test]
async fn a_call_whose_task_is_over_is_found_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let calls = (1..=4).map(|n| call(n, "page")).collect();
    store.apply(vec![Change::QueueCalls { seen: None, calls }]).await.unwrap();
    let tasks = [(11, TaskPhase::Running), (12, TaskPhase::Exhausted), (13, TaskPhase::Pending)];
    store.apply(tasks.map(|(n, phase)| task(n, phase).into()).into()).await.unwrap();
    // The first three have a task that is there, the fourth one that was deleted.
    for delivery in store.hook_calls("page", 10).await.unwrap() {
        let command_task = Some(id(10 + delivery.id));
        let handed = HookDelivery { tries: 1, next_at: None, command_task, ..delivery };
        store.apply(vec![Change::CallTried(handed)]).await.unwrap();
    }
    drop(store);

    let store = open(dir.path()).await;
    assert_eq!(store.due_calls(100, 10).await.unwrap(), (vec![], None));
    let ended = store.ended_calls().await.unwrap();
    let found: Vec<_> =
        ended.iter().map(|call| (call.delivery.id, call.task.as_ref().map(|task| task.phase))).collect();
    assert_eq!(found, [(2, Some(TaskPhase::Exhausted)), (4, None)]);
}
