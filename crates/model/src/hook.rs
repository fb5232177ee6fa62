//! What is called when tasks end or fall silent, and what became of each call.

use crate::problems::Problems;
use crate::{CommandMode, SpecErrors, TaskId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Hooks that there can be.
pub const MAX_HOOKS: usize = 50;
/// Calls that wait at once, of all hooks together; more are dropped, and counted.
pub const MAX_WAITING_CALLS: u32 = 1_000;
/// How often a call is tried before it is given up: over about four hours.
pub const MAX_HOOK_TRIES: u32 = 10;
/// Of a name, in bytes.
const MAX_NAME: usize = 64;
/// Of everything else that is written, each in bytes.
const MAX_TEXT: usize = 4_096;
const MAX_ARGS: usize = 100;
const MAX_LABELS: usize = 20;

/// What is called, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hook {
    /// Letters, digits, `.`, `_` and `-`, 64 at most; no two have the same.
    pub name: String,
    /// What it is called for; something.
    pub on: Vec<HookEvent>,
    /// Of which tasks: those that have each of these labels, all when there is none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(optional, as = "Option<BTreeMap<String, String>>")]
    pub labels: BTreeMap<String, String>,
    /// Only of tasks whose own spec names it in `notify.hooks`. It is called for those whatever their labels.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub only_named: bool,
    /// Nothing is called; what happens meanwhile is not made up for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub paused: bool,
    /// What is called.
    pub call: HookCall,
}

/// What a hook is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HookEvent {
    /// A task has failed for good: by its program, by its timeout, or by having spent its retries.
    Failure,
    /// A task has succeeded.
    Success,
    /// A task has printed nothing for as long as its `stall` says.
    Silence,
    /// Somebody tries the hook.
    Test,
}

impl HookEvent {
    /// Those that a hook can be called for.
    pub const ALL: [Self; 3] = [Self::Failure, Self::Success, Self::Silence];

    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Success => "success",
            Self::Silence => "silence",
            Self::Test => "test",
        }
    }

    /// The event of a [`HookEvent::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Test]).find(|event| event.word() == word)
    }
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum HookCall {
    /// A program, run as a task of its own in the lane `hooks`: it reads what happened, as JSON, at its standard input. Answered with
    /// its secrets masked, as the command of a task; a mask that is given back stands for what it hides.
    Command(CommandMode),
    /// An address that is posted to.
    Webhook(Webhook),
}

/// An address that what happened is posted to, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Webhook {
    /// `https://…`, or `http://…`. Answered with its passwords and tokens masked; given back so, it is what it was.
    pub url: String,
    /// What each call is signed with (HMAC-SHA256). It is never answered. When absent, the one before stays; empty, there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub secret: Option<String>,
}

/// A hook and how its calls went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HookState {
    /// Without its secret.
    pub hook: Hook,
    /// Whether it signs.
    pub has_secret: bool,
    /// Calls that wait for their first try or for another one.
    pub waiting: u32,
    /// Calls that were never tried, because too many waited.
    #[ts(type = "number")]
    pub dropped: u64,
    /// The latest calls, newest first.
    pub latest: Vec<HookDelivery>,
}

/// All hooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HookList {
    /// In their order by name.
    pub hooks: Vec<HookState>,
    /// Calls of all hooks that wait.
    pub waiting: u32,
    /// As many can wait.
    pub most_waiting: u32,
}

/// One call of a hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HookDelivery {
    /// Which one: it is said with each try, so that a repeated one is told from another.
    #[ts(type = "number")]
    pub id: u64,
    /// The hook's name.
    pub hook: String,
    /// What for.
    pub event: HookEvent,
    /// Of which task; of a test none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub task: Option<TaskId>,
    /// When it was asked for, in Unix milliseconds.
    #[ts(type = "number")]
    pub at: u64,
    /// Tries so far.
    pub tries: u32,
    /// How it stands.
    pub state: DeliveryState,
    /// When it is tried again, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub next_at: Option<u64>,
    /// What came of the last try: the answer's status, the task that was made, or what went wrong. Absent while the first one is
    /// under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub said: Option<String>,
    /// The task that runs the hook's command. The call has arrived when that has succeeded, and is given up when it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub command_task: Option<TaskId>,
    /// A try is under way: the address has not answered yet, or the command's task is not over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub being_tried: bool,
}

/// How a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryState {
    /// It waits for its first try or for another one.
    Waiting,
    /// It arrived.
    Delivered,
    /// It was tried as often as it is.
    GivenUp,
    /// Too many waited.
    Dropped,
}

impl DeliveryState {
    /// Each once.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Delivered, Self::GivenUp, Self::Dropped];

    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "givenUp",
            Self::Dropped => "dropped",
        }
    }

    /// The state of a [`DeliveryState::word`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl Hook {
    /// # Errors
    /// Every rule that is broken, with its field.
    pub fn validate(&self) -> Result<(), SpecErrors> {
        let mut problems = Problems::default();
        let mut wrong = |is_wrong: bool, field: &str, why: &str| {
            if is_wrong {
                problems.refuse(format!("hook.{field}"), why);
            }
        };
        let too_long = |text: &String| text.len() > MAX_TEXT;
        if let Err(why) = check_hook_name(&self.name) {
            wrong(true, "name", why);
        }
        let nothing = self.on.is_empty() || self.on.contains(&HookEvent::Test);
        wrong(nothing, "on", "must be one or more of failure, success, silence");
        let labels = &self.labels;
        wrong(labels.keys().any(|key| key.trim().is_empty()), "labels", "a key must not be empty");
        let long = labels.iter().any(|(key, value)| too_long(key) || too_long(value));
        wrong(labels.len() > MAX_LABELS || long, "labels", "are too many or too long");
        match &self.call {
            HookCall::Command(CommandMode { command, args }) => {
                let bad = command.trim().is_empty() || too_long(command);
                wrong(bad, "call.command.command", "must not be blank or too long");
                let bad = args.len() > MAX_ARGS || args.iter().any(too_long);
                wrong(bad, "call.command.args", "are too many or too long");
            }
            HookCall::Webhook(Webhook { url, secret }) => {
                let address = url::Url::parse(url).ok().filter(|url| url.host().is_some());
                let bad =
                    too_long(url) || !address.is_some_and(|url| matches!(url.scheme(), "http" | "https"));
                wrong(bad, "call.webhook.url", "must be an address that begins with https:// or http://");
                wrong(secret.as_ref().is_some_and(too_long), "call.webhook.secret", "is too long");
            }
        }
        problems.into_result()
    }

    /// Whether it is called for this of a task with these labels whose spec names these hooks.
    #[must_use]
    pub fn is_called(&self, event: HookEvent, labels: &BTreeMap<String, String>, named: &[String]) -> bool {
        let labelled = || self.labels.iter().all(|(key, value)| labels.get(key) == Some(value));
        let concerned = named.contains(&self.name) || (!self.only_named && labelled());
        !self.paused && concerned && self.on.contains(&event)
    }
}

/// What is wrong with a name, if anything.
///
/// # Errors
/// The reason.
pub(crate) fn check_hook_name(name: &str) -> Result<(), &'static str> {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(is_fine) {
        return Err("must be 1 to 64 of A–Z, a–z, digits, '.', '_' and '-'");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hook(with: serde_json::Value) -> Hook {
        let mut hook = json!({"name": "chat", "on": ["failure"],
            "call": {"webhook": {"url": "https://chat.example/x"}}});
        hook.as_object_mut().expect("an object").extend(with.as_object().expect("an object").clone());
        serde_json::from_value(hook).expect("a hook")
    }

    #[test]
    fn what_is_wrong_with_a_hook_names_the_field() {
        assert_eq!(hook(json!({})).validate(), Ok(()));
        for (with, field) in [
            (json!({"name": "a b"}), "hook.name"),
            (json!({"on": []}), "hook.on"),
            (json!({"on": ["test"]}), "hook.on"),
            (json!({"call": {"webhook": {"url": "ftp://x"}}}), "hook.call.webhook.url"),
            (json!({"call": {"webhook": {"url": "chat.example"}}}), "hook.call.webhook.url"),
            (json!({"call": {"command": {"command": " "}}}), "hook.call.command.command"),
        ] {
            assert_eq!(hook(with.clone()).validate().expect_err("is refused").first.field, field, "{with}");
        }
    }

    #[test]
    fn all_that_is_wrong_with_a_hook_is_told_at_once() {
        let with =
            json!({"name": "tést hook!", "on": [], "labels": {"": "x"}, "call": {"webhook": {"url": ""}}});
        let errors = hook(with).validate().expect_err("is refused");
        let fields: Vec<_> =
            [errors.first].into_iter().chain(errors.others).map(|error| error.field).collect();
        assert_eq!(fields, ["hook.name", "hook.on", "hook.labels", "hook.call.webhook.url"]);
    }

    #[test]
    fn a_hook_is_called_for_what_it_is_meant_for() {
        let labels = |team: &str| BTreeMap::from([("team".to_owned(), team.to_owned())]);
        let named = vec!["chat".to_owned()];
        let all = hook(json!({}));
        assert!(all.is_called(HookEvent::Failure, &labels("a"), &[]));
        assert!(!all.is_called(HookEvent::Success, &labels("a"), &[]));
        let of_a = hook(json!({"labels": {"team": "a"}}));
        assert!(of_a.is_called(HookEvent::Failure, &labels("a"), &[]));
        assert!(!of_a.is_called(HookEvent::Failure, &labels("b"), &[]));
        assert!(of_a.is_called(HookEvent::Failure, &labels("b"), &named), "the task asks for it");
        let only = hook(json!({"onlyNamed": true}));
        assert!(!only.is_called(HookEvent::Failure, &labels("a"), &[]));
        assert!(only.is_called(HookEvent::Failure, &labels("a"), &named));
        assert!(!hook(json!({"paused": true})).is_called(HookEvent::Failure, &labels("a"), &named));
    }
}
