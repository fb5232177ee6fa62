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
    /// A process of this machine.
    Subprocess(SubprocessTask),
    /// A container.
    Container(ContainerTask),
    /// A WebAssembly module.
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

    /// What a sentence calls tasks of the kind.
    pub fn in_words(&self) -> &'static str {
        match self {
            Self::Subprocess(_) => "commands and scripts",
            Self::Container(_) => "containers",
            Self::Wasm(_) => "WebAssembly modules",
        }
    }
}

/// A process of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubprocessTask {
    /// What is executed.
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

/// What a process executes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum SubprocessMode {
    /// A program with arguments.
    Command(CommandMode),
    /// A script.
    Script(ScriptMode),
}

/// A program and its arguments, handed over as they are: no shell reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CommandMode {
    /// A name that is looked up in PATH, or a path.
    pub command: String,
    /// Without the program's own name.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub args: Vec<String>,
}

/// A script, run by an interpreter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScriptMode {
    /// What runs it.
    pub runtime: ScriptRuntime,
    /// Standard base64 of UTF-8 text, at most [`MAX_SCRIPT_BYTES`] decoded.
    pub body: String,
    /// What the script is given.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub args: Vec<String>,
}

/// `"bash"`, `"python"`, `"node"` or `{"custom":{"command":"ruby","flag":"-e"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum ScriptRuntime {
    /// `bash -c`.
    Bash,
    /// `python3 -c`.
    Python,
    /// `node -e`.
    Node,
    /// Any other.
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

/// An interpreter of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomRuntime {
    /// A name that is looked up in PATH, or a path.
    pub command: String,
    /// Behind it the interpreter takes a program text.
    pub flag: String,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerTask {
    /// Its name and tag.
    pub image: String,
    /// Instead of the image's own entry point.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub command: Vec<String>,
    /// Behind the command.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub args: Vec<String>,
    /// Set in the container.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<EnvVar>>")]
    pub env: Vec<EnvVar>,
    /// What of this machine it sees beside its image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Volume>>")]
    pub volumes: Vec<Volume>,
    /// `none`, `host`, `bridge` or the name of a network; what the engine has by default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub network: Option<String>,
    /// A name or a number, also with a group as in `1000:1000`; the image's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub user: Option<String>,
    /// Absolute directory in the container to run in; the image's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub workdir: Option<String>,
    /// When the image is fetched from its registry.
    #[serde(default, skip_serializing_if = "PullPolicy::is_default")]
    #[ts(optional, as = "Option<PullPolicy>")]
    pub pull: PullPolicy,
}

impl ContainerTask {
    /// The image with its own program, and nothing else.
    pub fn of(image: impl Into<String>) -> Self {
        Self {
            image: image.into(),
            command: vec![],
            args: vec![],
            env: vec![],
            volumes: vec![],
            network: None,
            user: None,
            workdir: None,
            pull: PullPolicy::default(),
        }
    }
}

/// A directory, a file or a named volume of this machine, as a container sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Volume {
    /// An absolute path of this machine, which is there, or the name of a volume, which the engine makes where there is none.
    pub source: String,
    /// The absolute path in the container.
    pub target: String,
    /// Whether the container may only read it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub read_only: bool,
}

impl Volume {
    /// Whether it is a path of this machine, and no named volume.
    pub fn is_path(&self) -> bool {
        self.source.starts_with('/')
    }
}

/// When an image is fetched from its registry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PullPolicy {
    /// Where it is not on this machine yet.
    #[default]
    Missing,
    /// Before each run, where the registry has a newer one.
    Always,
    /// Never: it has to be on this machine.
    Never,
}

impl PullPolicy {
    /// The word for it, as it stands in the JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Always => "always",
            Self::Never => "never",
        }
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A WebAssembly module or component, run as a command. It sees no network, and of this machine what is given to it here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WasmTask {
    /// Its absolute path.
    pub module: String,
    /// What it is given.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub args: Vec<String>,
    /// Set for it; it sees no others.
    #[serde(default)]
    #[ts(optional, as = "Option<Vec<EnvVar>>")]
    pub env: Vec<EnvVar>,
    /// Folders of this machine that it sees; none when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<WasmDir>>")]
    pub dirs: Vec<WasmDir>,
}

impl WasmTask {
    /// The module without arguments, and nothing else.
    pub fn of(module: impl Into<String>) -> Self {
        Self { module: module.into(), args: vec![], env: vec![], dirs: vec![] }
    }
}

/// A folder of this machine, as a WebAssembly module sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WasmDir {
    /// Its absolute path, which is there.
    pub host: String,
    /// What the module calls it, as in `/data` or `.`.
    pub guest: String,
    /// Whether the module may only read in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(optional, as = "Option<bool>")]
    pub read_only: bool,
}

/// A variable of a task's environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvVar {
    /// Not empty, and without `=`.
    pub key: String,
    /// May be empty.
    pub value: String,
}
