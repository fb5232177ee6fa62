//! One try of one call.

use super::body;
use super::kept::secret;
use crate::{ApiHandler as _, SupervisorApiAdapter};
use solti_model::{
    AdmissionStrategy, AfterMain, BackoffStrategy, CommandMode, EnvVar, Hook, HookCall, HookDelivery,
    HookEvent, RestartStrategy, Slot, Stdin, SubprocessMode, SubprocessTask, TaskId, TaskKind, TaskPhase,
    TaskSpec,
};
use solti_store::DueCall;
use solti_webhook::{Post, post, sign};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::timeout;

/// The lane of commands that hooks run.
const LANE: &str = "hooks";
/// The label of a task that a hook has made: no hook is called for it.
pub(super) const MADE_BY: &str = "solti.hook";
const COMMAND_TIMEOUT_MS: u64 = 5 * 60 * 1000;
const COMMAND_RETRIES: u32 = 3;
/// For a command that is tried out to end.
const TRIED_OUT: Duration = Duration::from_secs(5);
/// Of an answer that is shown, in bytes.
const SHOWN: usize = 200;

/// What came of it: `Ok` says that it arrived, `Err` why not.
pub(super) async fn send(api: &SupervisorApiAdapter, hook: &Hook, call: &DueCall) -> Result<String, String> {
    let body = body::of_try(&call.body, &call.delivery);
    match &hook.call {
        HookCall::Webhook(webhook) => post_to(&webhook.url, secret(hook), &call.delivery, body).await,
        HookCall::Command(command) => {
            let id = api.submit_task(task(hook, command, &call.delivery, body)?).await;
            let id = id.map_err(|error| error.to_string())?;
            match call.delivery.event {
                // Who tries it out is told how it ended, where that is soon.
                HookEvent::Test => timeout(TRIED_OUT, ended(api, &id)).await.unwrap_or(Ok(())),
                _ => Ok(()),
            }
            .map(|()| format!("task {}", id.as_str()))
        }
    }
}

/// # Errors
/// How the task has failed.
async fn ended(api: &SupervisorApiAdapter, id: &TaskId) -> Result<(), String> {
    let live = api.supervisor().follow(id).await.map_err(|error| error.to_string())?;
    if let Some(mut live) = live {
        // Where nobody tells of it any more, the store has what there is.
        drop(live.wait_for(|live| live.over).await);
    }
    let task = api.get_task_status(id).await.map_err(|error| error.to_string())?;
    // One that was deleted cannot be told of.
    let Some(status) = task.map(|task| task.status) else { return Ok(()) };
    match status.phase {
        TaskPhase::Pending | TaskPhase::Running | TaskPhase::Succeeded => Ok(()),
        phase => {
            let why = status.error.unwrap_or_else(|| phase.word().to_owned());
            Err(format!("task {}: {why}", id.as_str()))
        }
    }
}

async fn post_to(
    url: &str,
    secret: Option<&String>,
    call: &HookDelivery,
    body: String,
) -> Result<String, String> {
    let mut headers = vec![
        ("solti-event", call.event.word().to_owned()),
        ("solti-delivery", call.id.to_string()),
        ("solti-try", call.tries.to_string()),
    ];
    if let Some(secret) = secret {
        headers.push(("solti-signature", sign(secret, crate::local::now_ms(), body.as_bytes())));
    }
    let answer = post(Post { url, headers, body }).await.map_err(|error| error.to_string())?;
    let text = answer.text.trim();
    let text = text[..text.floor_char_boundary(SHOWN)].replace(char::is_control, " ");
    let said = if text.is_empty() { answer.status.to_string() } else { format!("{}: {text}", answer.status) };
    if (200..300).contains(&answer.status) { Ok(said) } else { Err(said) }
}

fn task(hook: &Hook, command: &CommandMode, call: &HookDelivery, body: String) -> Result<TaskSpec, String> {
    let mut env = vec![
        ("SOLTI_HOOK", hook.name.clone()),
        ("SOLTI_EVENT", call.event.word().to_owned()),
        ("SOLTI_DELIVERY", call.id.to_string()),
        ("SOLTI_TRY", call.tries.to_string()),
    ];
    env.extend(call.task.as_ref().map(|task| ("SOLTI_TASK_ID", task.as_str().to_owned())));
    let env = env.into_iter().map(|(key, value)| EnvVar { key: key.into(), value }).collect();
    let kind = TaskKind::Subprocess(SubprocessTask {
        mode: SubprocessMode::Command(command.clone()),
        env,
        cwd: None,
        fail_on_non_zero: true,
        after_main: AfterMain::Wait,
    });
    let name = format!("{}: {}, call {}", hook.name, call.event.word(), call.id);
    let labels = [("name", name), (MADE_BY, hook.name.clone())];
    let slot = Slot::new(LANE).map_err(|error| error.to_string())?;
    Ok(TaskSpec {
        timeout: Some(COMMAND_TIMEOUT_MS),
        // One that is tried out is tried once.
        restart: match call.event {
            HookEvent::Test => RestartStrategy::Never,
            HookEvent::Success | HookEvent::Failure | HookEvent::Silence => RestartStrategy::OnFailure,
        },
        backoff: BackoffStrategy::default(),
        max_retries: Some(COMMAND_RETRIES),
        admission: AdmissionStrategy::Queue,
        stdin: Stdin::Text(body),
        labels: labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<BTreeMap<_, _>>(),
        own_lane: Some(false),
        ..TaskSpec::new(slot, kind)
    })
}
