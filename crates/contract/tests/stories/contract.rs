//! The stories of the six methods.

use crate::engine::{PATIENCE, bash, chunk, command, spec};
use crate::subjects::Subject;
use serde_json::{Value, json};
use solti_api::ApiError;
use solti_model::{OutputEvent, OutputStreamKind, Slot, TaskId, TaskPhase, TaskQuery, TaskSpec};
use tokio_stream::StreamExt as _;

async fn submit(subject: &Subject, slot: &str, kind: Value, more: Value) -> TaskId {
    subject.api.submit_task(spec(slot, kind, more)).await.unwrap()
}

async fn log(subject: &Subject, id: &TaskId) -> Vec<OutputEvent> {
    let events = subject.api.stream_task_logs(id).await.unwrap();
    tokio::time::timeout(PATIENCE, events.collect()).await.expect("the log ends")
}

pub async fn a_submitted_task_is_stored_runs_and_keeps_its_end(subject: &Subject) {
    let id = submit(subject, "s", bash("echo x; exit 3"), json!({})).await;
    let task = subject.api.get_task_status(&id).await.unwrap().expect("stored when the submit answers");
    assert_eq!(task.metadata.id, id);
    subject.engine.finished(&id).await;
    let task = subject.api.get_task_status(&id).await.unwrap().unwrap();
    let status = &task.status;
    assert_eq!((status.phase, status.attempt, status.exit_code), (TaskPhase::Failed, 1, Some(3)));
    assert!(status.error.is_some() && task.metadata.resource_version > 0);
    let runs = subject.api.list_task_runs(&id).await.unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].attempt, runs[0].phase, runs[0].exit_code), (1, TaskPhase::Failed, Some(3)));
    assert!(runs[0].finished_at >= Some(runs[0].started_at) && runs[0].started_at > 0);
    assert_eq!(runs[0].runner.as_deref(), Some("local"), "it says where it ran");
}

pub async fn what_is_read_back_is_what_was_submitted(subject: &Subject) {
    let full = json!({
        "timeout": 30_000, "restart": {"type": "always", "intervalMs": 3_600_000},
        "backoff": {"jitter": "equal", "firstMs": 7, "maxMs": 70, "factor": 1.1},
        "admission": "queue", "maxRetries": 3,
        "labels": {"name": "nightly ünïcode", "team": "a/b c"}
    });
    let kind = json!({"subprocess": {"mode": {"command": {"command": "true", "args": ["a b", "", "\"$X\"", "ü"]}},
        "env": [{"key": "K", "value": "v=1"}], "cwd": "/tmp", "failOnNonZero": false, "afterMain": "end"}});
    let sent: TaskSpec = spec("s", kind, full);
    let id = subject.api.submit_task(sent.clone()).await.unwrap();
    assert_eq!(subject.api.get_task_status(&id).await.unwrap().unwrap().spec, sent);
    subject.api.delete_task(&id).await.unwrap();
}

pub async fn the_log_after_a_submit_has_every_line_a_hundred_times(subject: &Subject) {
    let expected: Vec<_> = (1..=50).map(|n| n.to_string()).collect();
    for round in 0..100 {
        let id = submit(subject, &format!("r{round}"), command("seq", &["1", "50"]), json!({})).await;
        let log = log(subject, &id).await;
        let lines: Vec<_> = log.iter().filter_map(chunk).map(|(.., line)| line.to_owned()).collect();
        assert_eq!(lines, expected, "round {round}");
        assert!(matches!(log.first(), Some(OutputEvent::RunStarted { attempt: 1, .. })));
        assert!(matches!(log.last(), Some(OutputEvent::RunFinished { attempt: 1, exit_code: Some(0), .. })));
    }
}

pub async fn a_log_tells_attempts_in_order_and_both_streams(subject: &Subject) {
    let policy = json!({"restart": {"type": "onFailure"}, "maxRetries": 1,
                        "backoff": {"jitter": "none", "firstMs": 1, "maxMs": 1, "factor": 1.0}});
    let id = submit(subject, "s", bash("echo a; echo b; echo c >&2; exit 1"), policy).await;
    let log = log(subject, &id).await;
    for attempt in [1, 2] {
        let own: Vec<_> = log.iter().filter_map(chunk).filter(|(of, ..)| *of == attempt).collect();
        let of =
            |stream| own.iter().filter(move |(_, s, ..)| *s == stream).map(|(_, _, seq, line)| (*seq, *line));
        assert!(of(OutputStreamKind::Stdout).eq([(0, "a"), (1, "b")]), "{own:?}");
        assert!(of(OutputStreamKind::Stderr).eq([(0, "c")]), "{own:?}");
    }
    let marks = log.iter().filter_map(|event| match event {
        OutputEvent::RunStarted { attempt, .. } => Some((*attempt, "started", None)),
        OutputEvent::RunFinished { attempt, exit_code, .. } => Some((*attempt, "finished", *exit_code)),
        _ => None,
    });
    let expected =
        [(1, "started", None), (1, "finished", Some(1)), (2, "started", None), (2, "finished", Some(1))];
    assert!(marks.eq(expected), "{log:?}");
}

pub async fn a_log_is_followed_while_it_grows(subject: &Subject) {
    let work = tempfile::tempdir().unwrap();
    let gate = work.path().join("gate");
    assert!(std::process::Command::new("mkfifo").arg(&gate).status().unwrap().success());
    let mut kind = bash("echo before; read -r _ < gate; echo after");
    kind["subprocess"]["cwd"] = json!(work.path());
    let id = submit(subject, "s", kind, json!({})).await;
    let mut events = subject.api.stream_task_logs(&id).await.unwrap();
    let followed = tokio::time::timeout(PATIENCE, async {
        let mut lines = vec![];
        while let Some(event) = events.next().await {
            if let Some((.., line)) = chunk(&event) {
                lines.push(line.to_owned());
                // The first line is here while the program still waits for this.
                if lines.len() == 1 {
                    std::fs::write(&gate, "go\n").unwrap();
                }
            }
        }
        lines
    });
    assert_eq!(followed.await.expect("the log ends"), ["before", "after"]);
}

pub async fn bytes_that_are_no_text_become_replacement_characters(subject: &Subject) {
    let id =
        submit(subject, "s", command("printf", &["a\\377b\\n\\303\\274\\r\\n\\n\\001"]), json!({})).await;
    let lines: Vec<_> =
        log(subject, &id).await.iter().filter_map(chunk).map(|(.., line)| line.to_owned()).collect();
    assert_eq!(lines, ["a\u{fffd}b", "ü\r", "", "\u{1}"]);
}

pub async fn lists_are_newest_first_filtered_and_counted_in_full(subject: &Subject) {
    let mut ids = vec![];
    for n in 0..6 {
        let kind = command("sh", &["-c", &format!("exit {}", n % 2)]);
        let id =
            submit(subject, if n < 4 { "front" } else { "back" }, kind, json!({"admission": "queue"})).await;
        subject.engine.finished(&id).await;
        ids.insert(0, id);
    }
    let page = async |slot: Option<&str>, status: Vec<TaskPhase>, limit, offset| {
        let query = TaskQuery { slot: slot.map(|slot| Slot::new(slot).unwrap()), status, limit, offset };
        let page = subject.api.query_tasks(query).await.unwrap();
        (page.items.into_iter().map(|task| task.metadata.id).collect::<Vec<_>>(), page.total)
    };
    assert_eq!(page(None, vec![], None, 0).await, (ids.clone(), 6));
    assert_eq!(page(None, vec![], Some(2), 3).await, (ids[3..5].to_vec(), 6));
    assert_eq!(page(Some("back"), vec![], None, 0).await, (ids[..2].to_vec(), 2));
    assert_eq!(page(Some("none"), vec![], None, 0).await, (vec![], 0));
    assert_eq!(page(None, vec![TaskPhase::Failed], Some(1), 0).await, (ids[..1].to_vec(), 3));
    assert_eq!(page(Some("front"), vec![TaskPhase::Succeeded], None, 0).await.1, 2);
    assert_eq!(page(None, vec![], None, 99).await, (vec![], 6));
}

pub async fn limits_have_a_default_and_are_clamped(subject: &Subject) {
    for n in 0..101 {
        submit(subject, &format!("l{n}"), command("true", &[]), json!({})).await;
    }
    let listed = async |limit| {
        let page = subject.api.query_tasks(TaskQuery { limit, ..TaskQuery::default() }).await.unwrap();
        (page.items.len(), page.total)
    };
    assert_eq!(listed(None).await, (100, 101));
    assert_eq!(listed(Some(u32::MAX)).await, (101, 101));
}

pub async fn a_busy_lane_refuses_and_names_who_is_in_it(subject: &Subject) {
    let first = submit(subject, "lane", command("sleep", &["600"]), json!({})).await;
    subject.engine.running(&first).await;
    let error = subject.api.submit_task(spec("lane", command("true", &[]), json!({}))).await.unwrap_err();
    assert_eq!(
        error,
        ApiError::SlotBusy {
            slot: Slot::new("lane").unwrap(),
            running: first.clone(),
            reason: format!("lane lane is busy with task {first}"),
        }
    );
    assert_eq!(subject.api.query_tasks(TaskQuery::default()).await.unwrap().total, 1);
    subject.api.delete_task(&first).await.unwrap();
}

pub async fn a_bad_spec_is_refused_by_field_and_not_stored(subject: &Subject) {
    // Built by hand: the parser would refuse it before it is sent.
    let mut bad = spec("s", command("true", &[]), json!({}));
    bad.timeout = Some(0);
    let mut no_runner = spec("s", command("true", &[]), json!({}));
    no_runner.kind = serde_json::from_value(json!({"container": {"image": "a:b"}})).unwrap();
    for (spec, at) in [(bad, "timeout"), (no_runner, "kind")] {
        let error = subject.api.submit_task(spec).await.unwrap_err();
        assert!(matches!(&error, ApiError::InvalidRequest { field, .. } if field == at), "{error:?}");
    }
    assert_eq!(subject.api.query_tasks(TaskQuery::default()).await.unwrap().total, 0);
}

pub async fn what_is_not_there_is_not_found_but_can_be_deleted(subject: &Subject) {
    let id = TaskId::new("nobody").unwrap();
    assert_eq!(subject.api.get_task_status(&id).await.unwrap(), None);
    let not_found = ApiError::TaskNotFound { id: id.clone() };
    assert_eq!(subject.api.list_task_runs(&id).await.unwrap_err(), not_found);
    assert_eq!(subject.api.stream_task_logs(&id).await.err(), Some(not_found));
    subject.api.delete_task(&id).await.unwrap();
}

pub async fn a_delete_stops_the_task_and_leaves_nothing(subject: &Subject) {
    let id = submit(subject, "s", bash("echo x; sleep 600"), json!({})).await;
    subject.engine.running(&id).await;
    for _ in 0..2 {
        subject.api.delete_task(&id).await.unwrap();
    }
    assert_eq!(subject.api.get_task_status(&id).await.unwrap(), None);
    assert!(!subject.engine.supervisor.folders().task(&id).exists());
}
