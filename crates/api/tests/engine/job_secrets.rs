//! Secret parameters of jobs: they reach the program, and nothing of ours that is stored, over a keyring that the test holds.

use crate::common::{Engine, bash, spec, within};
use async_trait::async_trait;
use serde_json::json;
use solti_api::operations::{
    DeleteJob, ForgetJobSecret, GetJob, KeepJobSecret, ListJobSecrets, Operations as _, RenameJob, RerunTask,
    RunJob, RunNow, SaveJob, StopTask,
};
use solti_api::{ApiError, ApiHandler as _};
use solti_model::{FiringOutcome, Job, JobName, JobSecrets, SecretText, StopMode, TaskId, TaskPhase};
use solti_supervisor::{Keyring, SupervisorConfig};
use solti_testing::now_ms;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

const SECRET: &str = "xyzzy-4713-in-no-file";

#[derive(Debug, Default)]
struct Fake {
    kept: Mutex<BTreeMap<(String, String), SecretText>>,
    broken: Mutex<Option<String>>,
}

impl Fake {
    fn works(&self) -> Result<(), String> {
        self.broken.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

fn key(job: &JobName, parameter: &str) -> (String, String) {
    (job.to_string(), parameter.to_owned())
}

#[async_trait]
impl Keyring for Fake {
    async fn read(&self, job: &JobName, parameter: &str) -> Result<Option<SecretText>, String> {
        self.works()?;
        Ok(self.kept.lock().unwrap().get(&key(job, parameter)).cloned())
    }

    async fn keep(&self, job: &JobName, parameter: &str, secret: &SecretText) -> Result<(), String> {
        self.works()?;
        self.kept.lock().unwrap().insert(key(job, parameter), secret.clone());
        Ok(())
    }

    async fn forget(&self, job: &JobName, parameter: Option<&str>) -> Result<(), String> {
        let goes = |(of, name): &(String, String)| {
            of == job.as_str() && parameter.is_none_or(|parameter| parameter == name)
        };
        self.kept.lock().unwrap().retain(|key, _| !goes(key));
        Ok(())
    }
}

async fn engine(dir: &Path, keyring: &Arc<Fake>) -> Engine {
    let keyring: Arc<dyn Keyring> = keyring.clone();
    Engine::open_with(SupervisorConfig { keyring, ..SupervisorConfig::new(dir) }).await
}

fn dump() -> JobName {
    JobName::new("dump").unwrap()
}

fn job(schedules: serde_json::Value) -> Job {
    let script = "echo ${#SOLTI_PARAM_PASSWORD} ${#PGPASSWORD} ${SOLTI_PARAM_PIN-none}";
    let mut kind = bash(script);
    kind["subprocess"]["env"] = json!([{"key": "PGPASSWORD", "value": "{{password}}{{password}}"}]);
    let json = json!({
        "name": "dump", "spec": {"slot": "dump", "kind": kind, "admission": "queue"}, "schedules": schedules,
        "parameters": [{"name": "password", "type": "secret", "required": true}, {"name": "pin", "type": "secret"}],
    });
    serde_json::from_value(json).unwrap()
}

async fn save(engine: &Engine, schedules: serde_json::Value) {
    engine.api.ask(SaveJob { job: job(schedules), expected_revision: None }).await.unwrap();
}

async fn run(engine: &Engine, given: &[(&str, &str)]) -> Result<TaskId, ApiError> {
    let parameters = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    engine.api.ask(RunJob { name: dump(), parameters }).await
}

/// Of what is stored in this folder.
fn stored(dir: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => all.extend(stored(&path)),
            path => all.extend(std::fs::read(path).unwrap_or_default()),
        }
    }
    all
}

fn is_stored(dir: &Path) -> bool {
    stored(dir).windows(SECRET.len()).any(|window| window == SECRET.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_reaches_its_program_and_is_stored_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Arc::new(Fake::default());
    let engine = engine(dir.path(), &keyring).await;
    save(&engine, json!([])).await;
    let missing = run(&engine, &[]).await.unwrap_err();
    assert!(
        matches!(&missing, ApiError::InvalidRequest { field, message, .. }
            if field == "parameters.password" && message.contains("solti job secret set dump password")),
        "{missing:?}"
    );
    let id = run(&engine, &[("password", SECRET)]).await.unwrap();
    assert_eq!(engine.finished(&id).await.status.phase, TaskPhase::Succeeded);
    let (once, twice) = (SECRET.len(), 2 * SECRET.len());
    assert_eq!(engine.lines(&id).await, [format!("{once} {twice} none")]);
    // The answer has no place for it, and again there is none to give.
    let shown = serde_json::to_string(&engine.api.get_task_status(&id).await.unwrap()).unwrap();
    assert!(!shown.contains(SECRET), "{shown}");
    let again = engine.api.ask(RerunTask { id: id.clone() }).await.unwrap_err();
    assert!(
        matches!(&again, ApiError::InvalidRequest { field, .. } if field == "parameters.password"),
        "{again:?}"
    );

    let keep = |parameter: &str, value: &str| KeepJobSecret {
        name: dump(),
        parameter: parameter.to_owned(),
        value: value.to_owned(),
    };
    engine.api.ask(keep("password", SECRET)).await.unwrap();
    let wrong = engine.api.ask(keep("date", "x")).await.unwrap_err();
    assert!(matches!(&wrong, ApiError::InvalidRequest { field, .. } if field == "parameter"), "{wrong:?}");
    let listed = engine.api.ask(ListJobSecrets { name: dump() }).await.unwrap();
    assert_eq!(listed, JobSecrets { kept: vec!["password".into()], why_not: None });
    let id = engine.api.ask(RerunTask { id }).await.unwrap();
    engine.finished(&id).await;
    assert_eq!(engine.lines(&id).await, [format!("{once} {twice} none")]);
    engine.supervisor.shut_down().await;
    assert!(!is_stored(dir.path()), "it is in a file of ours");

    engine_forgets(&keyring, dir.path()).await;
}

async fn engine_forgets(keyring: &Arc<Fake>, dir: &Path) {
    let engine = engine(dir, keyring).await;
    engine.api.ask(ForgetJobSecret { name: dump(), parameter: "password".into() }).await.unwrap();
    assert_eq!(engine.api.ask(ListJobSecrets { name: dump() }).await.unwrap().kept, [""; 0]);
    keyring.keep(&dump(), "pin", &SecretText::new("1")).await.unwrap();
    engine.api.ask(DeleteJob { name: dump() }).await.unwrap();
    assert!(keyring.kept.lock().unwrap().is_empty(), "with the job");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_waited_over_a_restart_asks_the_keyring_and_says_what_it_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Arc::new(Fake::default());
    let (busy, kept, lacking) = {
        let engine = engine(dir.path(), &keyring).await;
        save(&engine, json!([])).await;
        let busy = spec("dump", bash("sleep 600"), json!({"admission": "queue"}));
        let busy = engine.api.submit_task(busy).await.unwrap();
        let kept = run(&engine, &[("password", SECRET)]).await.unwrap();
        let lacking = run(&engine, &[("password", SECRET)]).await.unwrap();
        engine.supervisor.shut_down().await;
        (busy, kept, lacking)
    };
    assert!(!is_stored(dir.path()), "it is in a file of ours");
    let engine = engine(dir.path(), &keyring).await;
    engine
        .api
        .ask(KeepJobSecret { name: dump(), parameter: "password".into(), value: SECRET.into() })
        .await
        .unwrap();
    engine.api.ask(RunNow { id: kept.clone() }).await.unwrap();
    assert_eq!(engine.finished(&kept).await.status.phase, TaskPhase::Succeeded);
    *keyring.broken.lock().unwrap() = Some("it is locked".into());
    engine.api.ask(RunNow { id: lacking.clone() }).await.unwrap();
    let task = engine.finished(&lacking).await;
    let error = task.status.error.unwrap_or_default();
    assert_eq!(task.status.phase, TaskPhase::Failed);
    assert!(
        error.contains("the parameter password is a secret") && error.contains("it is locked"),
        "{error}"
    );
    engine.api.ask(StopTask { id: busy.clone(), mode: StopMode::Kill }).await.unwrap();
    engine.finished(&busy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_takes_secrets_from_the_keyring_or_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Arc::new(Fake::default());
    let engine = engine(dir.path(), &keyring).await;
    let now = now_ms();
    save(&engine, json!([{"id": "bare", "at": now + 300}])).await;
    let came_of = async |schedule: &str| {
        let mut changes = engine.supervisor.job_changes();
        within("what comes of the schedule", async {
            loop {
                let detail = engine.api.ask(GetJob { name: dump(), revision: None }).await.unwrap().unwrap();
                let found = detail.firings.into_iter().find(|firing| firing.schedule.as_str() == schedule);
                if let Some(found) = found {
                    return found;
                }
                changes.changed().await.unwrap();
            }
        })
        .await
    };
    let refused = came_of("bare").await;
    assert_eq!((refused.outcome, refused.task), (FiringOutcome::Refused, None));
    let reason = refused.reason.unwrap_or_default();
    assert!(reason.starts_with("parameters.password: is a secret"), "{reason}");
    engine
        .api
        .ask(KeepJobSecret { name: dump(), parameter: "password".into(), value: SECRET.into() })
        .await
        .unwrap();
    let now = now_ms();
    save(&engine, json!([{"id": "kept", "at": now + 300}])).await;
    let started = came_of("kept").await;
    assert_eq!(started.outcome, FiringOutcome::Started, "{started:?}");
    let id = started.task.unwrap();
    engine.finished(&id).await;
    assert_eq!(engine.lines(&id).await, [format!("{} {} none", SECRET.len(), 2 * SECRET.len())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_follows_a_job_to_its_new_name() {
    let dir = tempfile::tempdir().unwrap();
    let keyring = Arc::new(Fake::default());
    let engine = engine(dir.path(), &keyring).await;
    save(&engine, json!([])).await;
    let keep = KeepJobSecret { name: dump(), parameter: "password".into(), value: SECRET.into() };
    engine.api.ask(keep).await.unwrap();
    let to = JobName::new("backup").unwrap();
    engine.api.ask(RenameJob { name: dump(), to: to.clone() }).await.unwrap();
    let kept: Vec<_> = keyring.kept.lock().unwrap().keys().cloned().collect();
    assert_eq!(kept, [key(&to, "password")]);
    let id = engine.api.ask(RunJob { name: to, parameters: BTreeMap::new() }).await.unwrap();
    engine.finished(&id).await;
    let doubled = SECRET.len() * 2;
    assert_eq!(engine.lines(&id).await, [format!("{} {doubled} none", SECRET.len())]);
}
