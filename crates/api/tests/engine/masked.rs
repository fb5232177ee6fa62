//! What is secret about a task is in no answer about it, and is kept where the task is run again, changed or not.

use crate::common;
use common::{Engine, bash, spec};
use serde_json::json;
use solti_api::operations::{
    GetRunEnvironment, GetTaskRow, ListTasks, Operations as _, RerunTask, TaskEvents, ValidateSpec,
    WatchTasks,
};
use solti_api::{ApiError, ApiHandler};
use solti_model::{ListQuery, RunId, TaskKind, TaskQuery};
use tokio_stream::StreamExt as _;

const SECRET: &str = "xyzzy-4711-not-for-you";

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_shows_a_secret_and_a_changed_task_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let api = &engine.api;
    let mut changes = api.open(WatchTasks::all()).await.unwrap();
    let mut task = bash(r#"echo "$SENTRY_DSN $DATABASE_URL $*""#);
    task["subprocess"]["env"] = json!([
        {"key": "SENTRY_DSN", "value": SECRET},
        {"key": "DATABASE_URL", "value": format!("postgres://me:{SECRET}@db/x")},
    ]);
    task["subprocess"]["mode"]["script"]["args"] = json!([format!("--password={SECRET}")]);
    let id = api.submit_task(spec("secrets", task, json!({}))).await.unwrap();
    let shown = engine.finished(&id).await;

    let mut answers = vec![
        serde_json::to_string(&shown).unwrap(),
        serde_json::to_string(&api.query_tasks(TaskQuery::default()).await.unwrap()).unwrap(),
        serde_json::to_string(&api.ask(ListTasks { query: ListQuery::default() }).await.unwrap()).unwrap(),
        serde_json::to_string(&api.ask(GetTaskRow { id: id.clone() }).await.unwrap()).unwrap(),
        serde_json::to_string(&api.ask(TaskEvents { id: id.clone() }).await.unwrap()).unwrap(),
        serde_json::to_string(&api.ask(GetRunEnvironment { run: RunId::new(id.clone(), 1) }).await.unwrap())
            .unwrap(),
    ];
    loop {
        let change = changes.next().await.unwrap();
        answers.push(serde_json::to_string(&change).unwrap());
        if change.changed.iter().any(|row| row.task.status.phase.is_terminal()) {
            break;
        }
    }
    for answer in answers {
        assert!(!answer.contains(SECRET), "{answer}");
    }
    let by_secret = ListQuery { text: Some(SECRET.into()), ..ListQuery::default() };
    assert_eq!(
        api.ask(ListTasks { query: by_secret }).await.unwrap().total,
        0,
        "a secret can be guessed by looking for it"
    );
    let printed = |args: &str| format!("{SECRET} postgres://me:{SECRET}@db/x {args}");
    let with_password = printed(&format!("--password={SECRET}"));
    assert_eq!(engine.lines(&id).await, [with_password.as_str()], "the program itself has them");

    // Run again as it is, and from what an answer has shown, changed.
    let again = api.ask(RerunTask { id: id.clone() }).await.unwrap();
    engine.finished(&again).await;
    assert_eq!(engine.lines(&again).await, [with_password.as_str()]);
    let mut changed = shown.spec.clone();
    let TaskKind::Subprocess(subprocess) = &mut changed.kind else { panic!("a command") };
    subprocess.env[1].value = subprocess.env[1].value.replace("@db/", "@other/");
    api.ask(ValidateSpec { spec: (&changed).into() }).await.unwrap();
    let third = api.submit_task(changed).await.unwrap();
    engine.finished(&third).await;
    let other = with_password.replace("@db/", "@other/");
    assert_eq!(engine.lines(&third).await, [other.as_str()]);

    // What stands for a secret of a task that is gone is no secret.
    api.delete_task(&id).await.unwrap();
    let refused = api.submit_task(shown.spec).await.unwrap_err();
    assert!(
        matches!(&refused, ApiError::InvalidRequest { message, .. } if message.contains("gone")),
        "{refused:?}"
    );
}
