//! What a task runs: a command, a script, a container or a WebAssembly module.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The largest script body, in bytes after base64 decoding.
pub const MAX_SCRIPT_BYTES: usize = 2 * 1024 * 1024;

/// What a task runs. `{"subprocess":{…}}`, `{"container":{…}}` or `{"wasm":{…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum TaskKind {
    Subprocess(SubprocessTask),
    Container(ContainerTask),
    Wasm(WasmTask),
}

impl TaskKind {
    /// The word for the kind, as it stands in the JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Subprocess(_) => "subprocess",
            Self::Container(_) => "container",
            Self::Wasm(_) => "wasm",
        }
    }
}

/// A process of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubprocessTask {
    pub mode: SubprocessMode,
    /// Added to the environment of the app; a later entry of the same key wins.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<EnvVar>>")]
    pub env: Vec<EnvVar>,
    /// Absolute directory to run in; the home directory when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub cwd: Option<String>,
    /// Whether an exit code other than 0 is a failure.
    #[serde(default = "yes")]
    #[ts(optional, as = "Option<bool>")]
    pub fail_on_non_zero: bool,
    /// What becomes of the processes that are left when the main program ends by itself.
    #[serde(default, skip_serializing_if = "AfterMain::is_default")]
    #[ts(optional, as = "Option<AfterMain>")]
    pub after_main: AfterMain,
}

fn yes() -> bool {
    true
}

/// What becomes of the processes that a program has started and left behind. Either way the exit code is the program's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AfterMain {
    /// The run lasts until none of them holds its output open any more; the timeout holds meanwhile, and a stop ends them. Those
    /// that have closed it, as a daemon does, are left alone.
    #[default]
    Wait,
    /// They are ended, and heard to their end: TERM, a grace, KILL.
    End,
}

impl AfterMain {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum SubprocessMode {
    Command(CommandMode),
    Script(ScriptMode),
}

/// A program and its arguments, handed over as they are: no shell reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommandMode {
    pub command: String,
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub args: Vec<String>,
}

/// A script, run by an interpreter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScriptMode {
    pub runtime: ScriptRuntime,
    /// Standard base64 of UTF-8 text, at most [`MAX_SCRIPT_BYTES`] decoded.
    pub body: String,
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub args: Vec<String>,
}

/// `"bash"`, `"python"`, `"node"` or `{"custom":{"command":"ruby","flag":"-e"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum ScriptRuntime {
    Bash,
    Python,
    Node,
    Custom(CustomRuntime),
}

impl ScriptRuntime {
    /// The interpreter's program name.
    pub fn program(&self) -> &str {
        match self {
            Self::Bash => "bash",
            Self::Python => "python3",
            Self::Node => "node",
            Self::Custom(custom) => &custom.command,
        }
    }

    /// The flag after which the interpreter takes a program text.
    pub fn flag(&self) -> &str {
        match self {
            Self::Bash | Self::Python => "-c",
            Self::Node => "-e",
            Self::Custom(custom) => &custom.flag,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomRuntime {
    pub command: String,
    pub flag: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerTask {
    pub image: String,
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub command: Vec<String>,
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub args: Vec<String>,
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<EnvVar>>")]
    pub env: Vec<EnvVar>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WasmTask {
    pub module: String,
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub args: Vec<String>,
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<EnvVar>>")]
    pub env: Vec<EnvVar>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvVar {
    pub key: String,
    pub value: String,
}
