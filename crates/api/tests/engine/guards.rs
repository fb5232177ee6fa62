//! What stands between a transport and the handler: who is let in, what is counted and noted, and in which order.

use crate::common;
use async_trait::async_trait;
use common::{Engine, command, spec};
use serde_json::json;
use solti_api::guard::{
    AccessToken, Auth, Call, Caller, Guard, Guarded, Metrics, Origin, Outcome, PresentedToken, RateLimit,
    StandardGuards,
};
use solti_api::operations::{GetSummary, OperationName, Operations as _, RerunTask};
use solti_api::{ApiError, ApiHandler};
use solti_model::{Task, TaskId, TaskPage, TaskQuery, TaskRun, TaskSpec};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use tokio_stream::StreamExt as _;

const OWN_UID: u32 = 4711;

fn network(token: Option<&str>) -> Arc<Caller> {
    let origin = Origin::Network { address: Ipv4Addr::LOCALHOST.into() };
    Arc::new(Caller { origin, token: token.map(PresentedToken::new) })
}

fn from(origin: Origin) -> Arc<Caller> {
    Arc::new(Caller { origin, token: None })
}

fn guards(dir: &std::path::Path, rate: RateLimit) -> (StandardGuards, Arc<AccessToken>) {
    let token = Arc::new(AccessToken::open(&dir.join("api")).unwrap());
    let auth = Arc::new(Auth::new(Arc::clone(&token), OWN_UID));
    (StandardGuards { auth, rate: Arc::new(rate), metrics: Arc::default() }, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_known_or_knows_the_token_gets_through() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let (guards, token) = guards(dir.path(), RateLimit::default());
    let api = guards.around(Arc::new(engine.api.clone()));
    let ask = |caller: Arc<Caller>| caller.scope(api.query_tasks(TaskQuery::default()));
    let first = token.text();
    ask(network(Some(&first))).await.expect("with the token");
    ask(from(Origin::App)).await.expect("the app");
    ask(from(Origin::Socket { uid: OWN_UID })).await.expect("this user");
    for stranger in [
        network(None),
        network(Some("")),
        network(Some(&first[1..])),
        from(Origin::Socket { uid: OWN_UID + 1 }),
        from(Origin::Unknown),
    ] {
        assert_eq!(ask(stranger.clone()).await, Err(ApiError::Unauthenticated), "{stranger:?}");
    }
    assert_eq!(api.query_tasks(TaskQuery::default()).await, Err(ApiError::Unauthenticated), "nobody said");
    let second = token.rotate().unwrap();
    assert_eq!(ask(network(Some(&first))).await, Err(ApiError::Unauthenticated), "the old token");
    ask(network(Some(&second))).await.expect("the new token");
    assert!(!format!("{:?}", network(Some(&second))).contains(&second), "no token in a log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_over_its_rate_is_told_when_to_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let (guards, token) = guards(dir.path(), RateLimit::new(1, 3));
    let api = guards.around(Arc::new(engine.api.clone()));
    let token = token.text();
    let ask = || network(Some(&token)).scope(api.ask(GetSummary {}));
    for _ in 0..3 {
        ask().await.expect("within the burst");
    }
    let refused = ask().await.expect_err("over it");
    assert!(matches!(refused, ApiError::RateLimited { retry_after_ms: 1..=1_001 }), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_refusals_log_bytes_and_tasks_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let (guards, _) = guards(dir.path(), RateLimit::default());
    let api = guards.around(Arc::new(engine.api.clone()));
    let task = spec("s", command("printf", &["12345\n123\n"]), json!({}));
    let id = from(Origin::App).scope(api.submit_task(task)).await.unwrap();
    let events = from(Origin::App).scope(api.stream_task_logs(&id)).await.unwrap();
    events.collect::<Vec<_>>().await;
    network(None).scope(api.delete_task(&id)).await.unwrap_err();
    let metrics: &Metrics = &guards.metrics;
    let text = metrics.render(&engine.api.ask(GetSummary {}).await.unwrap());
    for line in [
        r#"solti_requests_total{operation="submit_task",outcome="ok"} 1"#,
        r#"solti_requests_total{operation="delete_task",outcome="Unauthenticated"} 1"#,
        r#"solti_request_seconds_count{operation="stream_task_logs"} 1"#,
        r#"solti_log_bytes_total 8"#,
        r#"solti_tasks{phase="succeeded"} 1"#,
        r#"solti_tasks{phase="failed"} 0"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in:\n{text}");
    }
}

/// Writes down what it is asked and told; refuses what it is given.
struct Notes {
    name: &'static str,
    refuses: Option<OperationName>,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Guard for Notes {
    fn before(&self, call: &Call) -> Result<(), ApiError> {
        self.notes.lock().unwrap().push(format!("{}? {}", self.name, call.operation.word()));
        match self.refuses {
            Some(operation) if operation == call.operation => {
                Err(ApiError::PermissionDenied { reason: "not today".into() })
            }
            _ => Ok(()),
        }
    }

    fn after(&self, call: &Call, outcome: Outcome<'_>) {
        let made = match outcome {
            Outcome::Done(Some(made)) => made.to_string(),
            _ => String::new(),
        };
        let about = call.task.as_ref().map(ToString::to_string).unwrap_or_default();
        let note = format!("{}! {about} {} {made}", self.name, outcome.word());
        self.notes.lock().unwrap().push(note.trim_end().to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guards_are_asked_in_order_and_told_in_the_opposite_one_also_of_refusals() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let notes = Arc::new(Mutex::new(vec![]));
    let guard =
        |name, refuses| Arc::new(Notes { name, refuses, notes: Arc::clone(&notes) }) as Arc<dyn Guard>;
    let guards = vec![guard("a", None), guard("b", Some(OperationName::RerunTask)), guard("c", None)];
    let api = Guarded::new(Arc::new(engine.api.clone()), guards);
    let reported = || std::mem::take(&mut *notes.lock().unwrap());

    let id = api.submit_task(spec("s", command("true", &[]), json!({}))).await.unwrap();
    let made = [format!("c!  ok {id}"), format!("b!  ok {id}"), format!("a!  ok {id}")];
    assert_eq!(
        reported(),
        [&["a? submit_task", "b? submit_task", "c? submit_task"].map(String::from)[..], &made].concat()
    );

    assert_eq!(api.ask(RerunTask { id: id.clone() }).await.unwrap_err().code(), "PermissionDenied");
    let refused = ["b", "a"].map(|name| format!("{name}! {id} PermissionDenied"));
    assert_eq!(reported(), [&["a? rerun_task", "b? rerun_task"].map(String::from)[..], &refused].concat());

    let unknown = TaskId::new("unknown").unwrap();
    drop(api.list_task_runs(&unknown).await.unwrap_err());
    assert_eq!(
        reported()[3..],
        ["c! unknown TaskNotFound", "b! unknown TaskNotFound", "a! unknown TaskNotFound"]
    );
}

/// Never answers.
struct Mute;

#[async_trait]
impl ApiHandler for Mute {
    async fn submit_task(&self, _: TaskSpec) -> Result<TaskId, ApiError> {
        std::future::pending().await
    }

    async fn get_task_status(&self, _: &TaskId) -> Result<Option<Task>, ApiError> {
        std::future::pending().await
    }

    async fn query_tasks(&self, _: TaskQuery) -> Result<TaskPage<Task>, ApiError> {
        std::future::pending().await
    }

    async fn list_task_runs(&self, _: &TaskId) -> Result<Vec<TaskRun>, ApiError> {
        std::future::pending().await
    }

    async fn delete_task(&self, _: &TaskId) -> Result<(), ApiError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn guards_hear_of_a_caller_who_goes_away_before_the_answer() {
    let notes = Arc::default();
    let guard = Notes { name: "a", refuses: None, notes: Arc::clone(&notes) };
    let api = Guarded::new(Arc::new(Mute), vec![Arc::new(guard)]);
    let mut asked = api.query_tasks(TaskQuery::default());
    assert!(futures::poll!(&mut asked).is_pending());
    drop(asked);
    assert_eq!(*notes.lock().unwrap(), ["a? query_tasks", "a!  abandoned"]);
}
