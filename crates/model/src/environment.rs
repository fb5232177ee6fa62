//! What tasks inherit, what a run was given, and where each variable comes from. What is secret of a value (`secret.rs`) is in
//! none of these: it goes to the process alone.

use crate::secret::{masked_text, masked_variable};
use crate::{EnvVar, TaskId, TaskKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use ts_rs::TS;

/// The variables that a task inherits when it is started now; its own are added to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InheritedEnvironment {
    /// What came of asking the login shell.
    pub capture: ShellCapture,
    /// By name.
    pub variables: Vec<InheritedVariable>,
}

/// A variable that tasks inherit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct InheritedVariable {
    /// As the system has it; bytes that are not UTF-8 are replaced by U+FFFD.
    pub name: String,
    /// `None` for a secret one. Bytes that are not UTF-8 are replaced by U+FFFD.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<String>,
    /// Where it came from.
    pub origin: VariableOrigin,
}

impl InheritedVariable {
    /// As it may be shown and stored.
    #[must_use]
    pub fn masked(name: &OsStr, value: &OsStr, origin: VariableOrigin) -> Self {
        let name = name.to_string_lossy().into_owned();
        let value = masked_variable(&name, &value.to_string_lossy()).map(Into::into);
        Self { name, value, origin }
    }
}

/// Where an inherited variable came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum VariableOrigin {
    /// The app was started with it.
    App,
    /// The login shell set it, or set it otherwise.
    LoginShell,
}

/// What a run was started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunEnvironment {
    /// The run's number within its task.
    pub attempt: u32,
    /// By name.
    pub variables: Vec<RunVariable>,
}

/// A variable that a run was started with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunVariable {
    /// As the system has it; bytes that are not UTF-8 are replaced by U+FFFD.
    pub name: String,
    /// `None` for a secret one, and for a directory that only the user database knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub value: Option<String>,
    /// Where it came from.
    pub origin: RunVariableOrigin,
    /// Where one of that name came from that was inherited and has given way to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub instead_of: Option<VariableOrigin>,
}

/// Where a variable of a run came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RunVariableOrigin {
    /// The app was started with it.
    App,
    /// The login shell set it, or set it otherwise.
    LoginShell,
    /// Made for this run: its directory and its mark.
    Run,
    /// The task says so.
    Task,
}

impl RunEnvironment {
    /// What a run of this kind gets over what it inherits, in the order of `solti-runner`: the task's own win, but for the
    /// mark that its processes are found by.
    #[must_use]
    pub fn of(inherited: Vec<InheritedVariable>, kind: &TaskKind, id: &TaskId, attempt: u32) -> Self {
        let (own, cwd): (&[EnvVar], _) = match kind {
            TaskKind::Subprocess(task) => {
                let home = inherited.iter().find(|variable| variable.name == "HOME");
                (&task.env, task.cwd.clone().or_else(|| home?.value.clone()))
            }
            TaskKind::Container(task) => (&task.env, None),
            TaskKind::Wasm(task) => (&task.env, None),
        };
        // Nothing is handed into containers and to modules but what they are given.
        let is_process = matches!(kind, TaskKind::Subprocess(_));
        let inherited = if is_process { inherited } else { vec![] };
        let mut variables: BTreeMap<String, RunVariable> = inherited
            .into_iter()
            .map(|InheritedVariable { name, value, origin }| {
                let origin = match origin {
                    VariableOrigin::App => RunVariableOrigin::App,
                    VariableOrigin::LoginShell => RunVariableOrigin::LoginShell,
                };
                (name.clone(), RunVariable { name, value, origin, instead_of: None })
            })
            .collect();
        let mut set = |name: &str, value: Option<String>, origin| {
            let before = variables.get(name);
            let instead_of = match before.map(|variable| variable.origin) {
                Some(RunVariableOrigin::App) => Some(VariableOrigin::App),
                Some(RunVariableOrigin::LoginShell) => Some(VariableOrigin::LoginShell),
                _ => before.and_then(|variable| variable.instead_of),
            };
            let name = name.to_owned();
            variables.insert(name.clone(), RunVariable { name, value, origin, instead_of });
        };
        if is_process {
            let cwd = cwd.map(|cwd| masked_text(&cwd).into_owned());
            set("PWD", cwd, RunVariableOrigin::Run);
        }
        for EnvVar { key, value } in own {
            set(key, masked_variable(key, value).map(Into::into), RunVariableOrigin::Task);
        }
        set("SOLTI_RUN_ID", Some(format!("{id}/{attempt}")), RunVariableOrigin::Run);
        Self { attempt, variables: variables.into_values().collect() }
    }
}

/// What came of asking the login shell for its environment when the app started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ShellCapture {
    /// The shell has told its environment.
    Captured {
        /// Its path.
        shell: String,
        /// Milliseconds.
        #[ts(type = "number")]
        took_ms: u64,
        /// Why only a part was told, which tasks get all the same: half a sentence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        problem: Option<String>,
    },
    /// The setting says not to ask.
    Off,
    /// The app was started from a terminal and has its environment already.
    FromTerminal,
    /// Tasks get the app's own environment. `reason` is a sentence.
    Failed {
        /// Its path.
        shell: String,
        /// A sentence.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runs_variables_say_what_they_came_instead_of_and_hide_what_looks_secret() {
        let inherited = |name: &str, value: &str, origin| {
            InheritedVariable::masked(OsStr::new(name), OsStr::new(value), origin)
        };
        let all = vec![
            inherited("HOME", "/home/me", VariableOrigin::App),
            inherited("GH_TOKEN", "hush", VariableOrigin::LoginShell),
            inherited("PWD", "/", VariableOrigin::App),
            inherited("LANG", "C", VariableOrigin::LoginShell),
        ];
        let own = |key: &str, value: &str| EnvVar { key: key.into(), value: value.into() };
        let command = crate::CommandMode { command: "true".into(), args: vec![] };
        let kind = TaskKind::Subprocess(crate::SubprocessTask {
            mode: crate::SubprocessMode::Command(command),
            env: vec![own("LANG", "de"), own("LANG", "fr"), own("MY_KEY", "hush"), own("SOLTI_RUN_ID", "x")],
            cwd: None,
            fail_on_non_zero: true,
            after_main: crate::AfterMain::Wait,
        });
        let id = TaskId::new("t").expect("legal");
        let found = RunEnvironment::of(all, &kind, &id, 2);
        let shown: Vec<_> = found
            .variables
            .iter()
            .map(|found| (found.name.as_str(), found.value.as_deref(), found.origin, found.instead_of))
            .collect();
        use RunVariableOrigin::{App, LoginShell, Run, Task};
        assert_eq!(
            shown,
            [
                ("GH_TOKEN", None, LoginShell, None),
                ("HOME", Some("/home/me"), App, None),
                ("LANG", Some("fr"), Task, Some(VariableOrigin::LoginShell)),
                ("MY_KEY", None, Task, None),
                ("PWD", Some("/home/me"), Run, Some(VariableOrigin::App)),
                ("SOLTI_RUN_ID", Some("t/2"), Run, None),
            ]
        );
    }

    #[test]
    fn what_is_no_process_of_this_machine_inherits_nothing() {
        let home = InheritedVariable::masked(OsStr::new("HOME"), OsStr::new("/home/me"), VariableOrigin::App);
        let env = vec![EnvVar { key: "LANG".into(), value: "de".into() }];
        let kind = TaskKind::Wasm(crate::WasmTask { env, ..crate::WasmTask::of("/m.wasm") });
        let found = RunEnvironment::of(vec![home], &kind, &TaskId::new("t").expect("legal"), 1);
        let names: Vec<_> = found.variables.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["LANG", "SOLTI_RUN_ID"]);
    }
}
