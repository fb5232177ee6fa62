//! `hooks`: what is called when tasks fail, succeed or fall silent.

use super::{each, in_options, print_json};
use crate::args::{Call, Hooks, Options};
use crate::error::CliError;
use crate::table::{self, Cell};
use crate::terminal::{harmless, say};
use crate::{order, server, show};
use serde::Serialize;
use solti_api::operations::{DeleteHook, ListHooks, Operations as _, SaveHook, TestHook};
use solti_http::HttpClient;
use solti_model::{CommandMode, DeliveryState, Hook, HookCall, HookDelivery, HookState, Webhook, quoted};
use std::io::Read as _;
use std::path::Path;

/// Where a secret is taken from that no file is named for: not from the command line, which others on the machine can see.
const SECRET: &str = "SOLTI_HOOK_SECRET";

/// Which word of `hooks set` sets which field.
const OPTIONS: [(&str, &str); 6] = [
    ("hook.name", "<NAME>"),
    ("hook.on", "--on"),
    ("hook.labels", "--label"),
    ("hook.call.webhook.url", "--post"),
    ("hook.call.webhook.secret", "the secret"),
    ("hook.call.command", "<COMMAND>"),
];

pub async fn hooks(options: &Options, command: Option<Hooks>) -> Result<u8, CliError> {
    let client = server::client(options).await?;
    match command {
        None => {
            let list = client.ask(ListHooks {}).await?;
            if options.json {
                print_json(&list)?;
                return Ok(0);
            }
            let rows: Vec<_> = list.hooks.iter().map(cells).collect();
            table::print(["HOOK", "CALLED FOR", "CALLS", "WAITING", "LAST"], 2, &rows)?;
            if list.waiting >= list.most_waiting {
                say!("{} calls wait; more are dropped", list.waiting);
            }
        }
        Some(Hooks::Set { name, on, label, only_named, secret_file, call }) => {
            let call = wanted(call, secret_file.as_deref())?;
            let labels = order::labels(label)?;
            let hook = Hook { name, on, labels, only_named, paused: false, call };
            let saved = client.ask(SaveHook { hook }).await.map_err(|error| in_options(error, &OPTIONS))?;
            told(options, &saved)?;
        }
        Some(Hooks::Test { name }) => {
            hook_named(&client, &name).await?;
            let call = client.ask(TestHook { name }).await?;
            if options.json {
                print_json(&call)?;
            } else {
                say!("{}", outcome(&call));
            }
            return Ok(u8::from(call.state != DeliveryState::Delivered));
        }
        Some(Hooks::Pause { name }) => pause(options, &client, &name, true).await?,
        Some(Hooks::Resume { name }) => pause(options, &client, &name, false).await?,
        Some(Hooks::Delete { names }) => {
            return each(options, "names", names, async |name| {
                // It is deleted when it is there no more; who has misspelt it wants to hear of it.
                hook_named(&client, &name).await?;
                client.ask(DeleteHook { name: name.clone() }).await?;
                Ok(name)
            })
            .await;
        }
    }
    Ok(0)
}

/// A hook as it was saved, where programs read that.
fn told(options: &Options, saved: &impl Serialize) -> Result<(), CliError> {
    if options.json { print_json(saved) } else { Ok(()) }
}

async fn pause(options: &Options, client: &HttpClient, name: &str, paused: bool) -> Result<(), CliError> {
    let hook = hook_named(client, name).await?;
    let saved = client.ask(SaveHook { hook: Hook { paused, ..hook } }).await?;
    told(options, &saved)
}

pub(super) async fn hook_named(client: &HttpClient, name: &str) -> Result<Hook, CliError> {
    let hooks = client.ask(ListHooks {}).await?.hooks;
    let found = hooks.into_iter().find(|HookState { hook, .. }| hook.name == name);
    found.map(|HookState { hook, .. }| hook).ok_or_else(|| CliError::NoSuchHook(name.into()))
}

fn wanted(call: Call, secret_file: Option<&Path>) -> Result<HookCall, CliError> {
    let Call { post, command } = call;
    let Some(url) = post else {
        let mut words = command.into_iter();
        let command = words.next().unwrap_or_default();
        return Ok(HookCall::Command(CommandMode { command, args: words.collect() }));
    };
    let secret = match secret_file {
        Some(path) => Some(read(path)?.trim_end_matches(['\r', '\n']).to_owned()),
        None => std::env::var(SECRET).ok().filter(|secret| !secret.is_empty()),
    };
    Ok(HookCall::Webhook(Webhook { url, secret }))
}

fn read(path: &Path) -> Result<String, CliError> {
    let failed = |source| CliError::Input { what: path.display().to_string(), source };
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        return Ok(text);
    }
    std::fs::read_to_string(path).map_err(failed)
}

fn cells(HookState { hook, has_secret, waiting, dropped, latest }: &HookState) -> [Cell; 5] {
    let on: Vec<_> = hook.on.iter().map(|event| event.word()).collect();
    let mut calls = match &hook.call {
        HookCall::Command(CommandMode { command, args }) => {
            std::iter::once(command).chain(args).map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
        }
        HookCall::Webhook(Webhook { url, .. }) if *has_secret => format!("{url}, signed"),
        HookCall::Webhook(Webhook { url, .. }) => url.clone(),
    };
    if hook.paused {
        calls = format!("paused: {calls}");
    }
    let waiting = match dropped {
        0 => waiting.to_string(),
        dropped => format!("{waiting} ({dropped} dropped)"),
    };
    let last =
        latest.first().map_or_else(String::new, |call| format!("{}: {}", show::ago(call.at), outcome(call)));
    [Cell::new(&hook.name), Cell::new(on.join(", ")), Cell::new(calls), Cell::new(waiting), Cell::new(last)]
}

fn outcome(call: &HookDelivery) -> String {
    let said = call.said.as_deref().map(harmless).unwrap_or_default();
    let state = match call.state {
        DeliveryState::Delivered => "delivered",
        DeliveryState::GivenUp => "failed",
        DeliveryState::Dropped => return "dropped: too many calls were pending".into(),
        DeliveryState::Waiting if call.being_tried => "being tried",
        DeliveryState::Waiting if call.tries == 0 => return "pending".into(),
        DeliveryState::Waiting => "pending after a failed try",
    };
    if said.is_empty() { state.into() } else { format!("{state} ({said})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_api::ApiError;
    use solti_model::FieldError;

    #[test]
    fn what_is_wrong_with_a_hook_is_told_of_the_word_that_says_it() {
        for (field, word) in [
            ("hook.call.webhook.url", "--post"),
            ("hook.call.webhook.secret", "the secret"),
            ("hook.call.command.args[2]", "<COMMAND>"),
            ("hook.name", "<NAME>"),
            ("hook.labels.team", "--label"),
        ] {
            let told = in_options(ApiError::invalid(field, "is wrong"), &OPTIONS);
            assert_eq!(told.to_string(), format!("{word}: is wrong"));
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_also_what_no_word_says() {
        let others = vec![
            FieldError::new("hook.color", "is not known"),
            FieldError::new("hook.labels.team", "is too long"),
        ];
        let error =
            ApiError::InvalidRequest { field: "hook.name".into(), message: "is wrong".into(), others };
        let told = in_options(error, &OPTIONS).to_string();
        assert_eq!(told, "<NAME>: is wrong\nhook.color: is not known\n--label: is too long");
        let unknown = in_options(ApiError::invalid("color", "is not known"), &OPTIONS);
        assert!(matches!(unknown, crate::error::CliError::Api(_)));
    }
}
