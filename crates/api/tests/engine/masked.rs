//! What is secret about a task is in no answer about it, and is kept where the task is run again, changed or not.

use crate::common;
use common::{Engine, bash, command, spec};
use serde_json::json;
use solti_api::operations::{
    EditTask, GetJob, GetRunEnvironment, GetSummary, GetTaskRow, ListTasks, Operations as _, PageRuns,
    RerunTask, RunJob, SaveJob, TaskEvents, UncheckedSpec, ValidateSpec, WatchTasks,
};
use solti_api::{ApiError, ApiHandler};
use solti_model::{HistoryQuery, Job, JobName, ListQuery, RunId, TaskKind, TaskQuery, TaskSpec};
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

#[tokio::test(flavor = "multi_thread")]
async fn no_place_of_a_task_shows_a_secret_and_none_loses_it() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let api = &engine.api;
    let more = json!({
        "labels": {"name": format!("of https://u:{SECRET}@h"), "api_token": SECRET},
        "stdin": {"text": format!("user: me\npassword: {SECRET}\n")},
    });
    let args = [
        "-c",
        "cat; echo \"$@\"",
        "sh",
        "-u",
        &format!("me:{SECRET}"),
        &format!("{{\"token\":\"{SECRET}\"}}"),
    ];
    let id = api.submit_task(spec("places", command("sh", &args), more)).await.unwrap();
    let shown = engine.finished(&id).await;
    let no_program = command(&format!("postgres://u:{SECRET}@h/db"), &[]);
    let failed = api.submit_task(spec("failed", no_program, json!({}))).await.unwrap();
    let error = engine.finished(&failed).await.status.error.unwrap();
    assert!(error.starts_with("program not found: "), "{error}");
    assert!(error.contains("/postgres://u:••••••@h/db"), "{error}");
    for id in [&id, &failed] {
        for answer in [
            serde_json::to_string(&api.get_task_status(id).await.unwrap()).unwrap(),
            serde_json::to_string(&api.ask(GetTaskRow { id: id.clone() }).await.unwrap()).unwrap(),
            serde_json::to_string(&api.ask(TaskEvents { id: id.clone() }).await.unwrap()).unwrap(),
            serde_json::to_string(&api.list_task_runs(id).await.unwrap()).unwrap(),
            serde_json::to_string(
                &api.ask(PageRuns { id: id.clone(), query: HistoryQuery::default() }).await.unwrap(),
            )
            .unwrap(),
        ] {
            assert!(!answer.contains(SECRET), "{answer}");
        }
    }
    let summary = serde_json::to_string(&api.ask(GetSummary {}).await.unwrap()).unwrap();
    assert!(!summary.contains(SECRET), "{summary}");

    let printed = engine.lines(&id).await;
    assert!(printed.contains(&format!("password: {SECRET}")), "{printed:?}");
    let again = api.submit_task(shown.spec).await.unwrap();
    engine.finished(&again).await;
    assert_eq!(engine.lines(&again).await, printed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mask_stands_for_the_secret_that_was_read_also_when_its_task_was_edited_since() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let api = &engine.api;
    let mut kind = bash("echo A=$A_TOKEN B=$B_TOKEN");
    kind["subprocess"]["env"] =
        json!([{"key": "A_TOKEN", "value": "secret-a"}, {"key": "B_TOKEN", "value": "secret-b"}]);
    let later = json!({"notBefore": 4_102_444_800_000_u64});
    let id = api.submit_task(spec("swapped", kind, later)).await.unwrap();
    let read = api.get_task_status(&id).await.unwrap().unwrap();
    let edit = async |change: &dyn Fn(&mut TaskSpec)| {
        let now = api.get_task_status(&id).await.unwrap().unwrap();
        let (mut spec, resource_version) = (now.spec, now.metadata.resource_version);
        change(&mut spec);
        api.ask(EditTask { id: id.clone(), spec: UncheckedSpec::from(&spec), resource_version })
            .await
            .unwrap();
    };
    let env = |spec: &mut TaskSpec, change: &dyn Fn(&mut Vec<solti_model::EnvVar>)| {
        let TaskKind::Subprocess(subprocess) = &mut spec.kind else { panic!("a command") };
        change(&mut subprocess.env);
    };
    edit(&|spec| env(spec, &|env| env.reverse())).await;
    let mut now = TaskSpec { not_before: None, ..read.spec };
    let again = api.submit_task(now.clone()).await.unwrap();
    engine.finished(&again).await;
    assert_eq!(engine.lines(&again).await, ["A=secret-a B=secret-b"]);

    // One that the task does not hold any more is no other, and one under a harmless name would be shown.
    edit(&|spec| env(spec, &|env| env[1].value = "secret-c".into())).await;
    let refused = api.submit_task(now.clone()).await.unwrap_err();
    assert!(
        matches!(&refused, ApiError::InvalidRequest { field, .. } if field == "kind.subprocess.env[0].value"),
        "{refused:?}"
    );
    env(&mut now, &|env| {
        env.remove(0);
        env[0].key = "X".into();
    });
    let refused = api.submit_task(now).await.unwrap_err();
    assert!(
        matches!(&refused, ApiError::InvalidRequest { field, message, .. } if field == "kind.subprocess.env[0].value" && message.contains("would be shown")),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_shows_no_secret_of_its_defaults_and_is_run_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let engine = Engine::open(dir.path()).await;
    let api = &engine.api;
    let mut kind = bash("echo $SOLTI_PARAM_API_TOKEN $SOLTI_PARAM_URL");
    kind["subprocess"]["cwd"] = json!("/");
    let job = json!({
        "name": "j", "notes": format!("log in with token={SECRET}"),
        "spec": {"slot": "j", "admission": "queue", "kind": kind},
        "parameters": [
            {"name": "api_token", "type": "text", "default": SECRET},
            {"name": "url", "type": "text", "default": format!("postgres://u:{SECRET}@h")},
        ],
        "schedules": [{"cron": "0 0 1 1 *", "parameters": {"api_token": SECRET}}],
    });
    let job: Job = serde_json::from_value(job).unwrap();
    let saved = api.ask(SaveJob { job, expected_revision: None }).await.unwrap();
    let name = JobName::new("j").unwrap();
    let read = api.ask(GetJob { name: name.clone(), revision: None }).await.unwrap().unwrap().job;
    for shown in [&saved, &read] {
        let shown = serde_json::to_string(shown).unwrap();
        assert!(!shown.contains(SECRET), "{shown}");
    }
    let unchanged = api.ask(SaveJob { job: read.clone(), expected_revision: None }).await.unwrap();
    assert_eq!(unchanged.revision, 1, "it is what it was");
    // As a form sends them that shows the defaults.
    let default =
        |parameter: &solti_model::Parameter| (parameter.name.clone(), parameter.default.clone().unwrap());
    let parameters = read.parameters.iter().map(default).collect();
    let id = api.ask(RunJob { name, parameters }).await.unwrap();
    engine.finished(&id).await;
    assert_eq!(engine.lines(&id).await, [format!("{SECRET} postgres://u:{SECRET}@h")]);
}
