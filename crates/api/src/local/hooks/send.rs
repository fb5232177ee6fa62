//! One try of one call.

use super::body;
use super::kept::secret;
use crate::SupervisorApiAdapter;
use solti_model::{
    AdmissionStrategy, AfterMain, BackoffStrategy, CommandMode, EnvVar, Hook, HookCall, HookDelivery,
    HookEvent, RestartStrategy, Slot, Stdin, SubprocessMode, SubprocessTask, TaskId, TaskKind, TaskSpec,
};
use solti_store::DueCall;
use solti_webhook::{Post, post, sign};
use std::collections::BTreeMap;

/// The lane of commands that hooks run.
const LANE: &str = "hooks";
/// The label of a task that a hook has made: no hook is called for it.
pub(super) const MADE_BY: &str = "solti.hook";
const COMMAND_TIMEOUT_MS: u64 = 5 * 60 * 1000;
const COMMAND_RETRIES: u32 = 3;
/// Of an answer that is shown, in bytes.
const SHOWN: usize = 200;

/// What came of a try that did not fail.
pub(super) enum Sent {
    /// It arrived, and this was answered.
    Arrived(String),
    /// This task runs the command; how that ends is what comes of it.
    Task(TaskId),
}

/// # Errors
/// Why it did not arrive.
pub(super) async fn send(api: &SupervisorApiAdapter, hook: &Hook, call: &DueCall) -> Result<Sent, String> {
    let body = body::of_try(&call.body, &call.delivery);
    match &hook.call {
        HookCall::Webhook(webhook) => {
            post_to(&webhook.url, secret(hook), &call.delivery, body).await.map(Sent::Arrived)
        }
        HookCall::Command(command) => {
            // As it is: the masks in the body are text of it, and stand for nothing that would have to be put back.
            let id = api.supervisor().submit(task(hook, command, &call.delivery, body)?).await;
            id.map(Sent::Task).map_err(|error| error.to_string())
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
