//! What can go wrong in this program itself, each in one sentence that says what to do.

use crate::terminal;
use solti_api::{ApiError, in_full};
use solti_model::TaskId;
use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("no Solti is running here ({}): open the app, or start `solti serve`", socket.display())]
    NoServer { socket: PathBuf },
    #[error("no Solti is running here ({}), and --no-start keeps its engine from being started", socket.display())]
    NotStarted { socket: PathBuf },
    #[error("the engine could not be started in the background: {said}")]
    NoEngine { said: String },
    #[error("Solti runs here (process {pid}), but its socket {} does not answer; its log is {}", socket.display(), log.display())]
    NoSocket { pid: u32, socket: PathBuf, log: PathBuf },
    #[error(transparent)]
    Engine(#[from] solti_engine::EngineError),
    #[error(transparent)]
    Http(#[from] solti_http::HttpError),
    #[error(transparent)]
    Service(#[from] solti_service::ServiceError),
    #[error(transparent)]
    Door(#[from] solti_doors::DoorError),
    #[error("{holder} holds the tasks in {}: use it, stop it, or name another folder with --data-dir", data_dir.display())]
    Held { holder: solti_engine::Holder, data_dir: PathBuf },
    #[error("{holder} holds the tasks: quit it in its window, or by its icon in the panel")]
    NotToBeStopped { holder: solti_engine::Holder },
    #[error("the engine (process {pid}) cannot be ended")]
    NotEnded { pid: u32, source: io::Error },
    #[error("{}, {said}", path.display())]
    Config { path: PathBuf, said: String },
    #[error("the API's token, {}, can be neither read nor made", path.display())]
    Token { path: PathBuf, source: io::Error },
    /// Of a file that somebody chose, which may be there for something else.
    #[error("{} cannot be the token's file: {said}", path.display())]
    TokenFile { path: PathBuf, said: String },
    #[error("the manual pages cannot be written into {}", dir.display())]
    Pages { dir: PathBuf, source: io::Error },
    #[error("--url {0}: must begin with unix://, https://, http:// or ssh://")]
    Scheme(String),
    #[error("{what} cannot be read")]
    Input { what: String, source: io::Error },
    #[error("{what} is not a task in JSON")]
    Json { what: String, source: serde_json::Error },
    #[error("{what} is not a job: {said}")]
    JobJson { what: String, said: String },
    #[error("{0} is not a parameter: write --NAME=VALUE, and options of solti before the name of the job")]
    JobParameter(String),
    #[error(
        "{0} is a secret, and others on this machine can see a command line: write --{0}=@FILE or --{0}=@-, leave it out to be asked, or keep it with `solti job secret set`"
    )]
    SecretWord(String),
    #[error(
        "{name} is a secret, and could not be asked for at a terminal: write --{name}=@FILE or --{name}=@-, or keep it with `solti job secret set`"
    )]
    NotAsked { name: String, source: io::Error },
    #[error("there is no job {0}; `solti job list` shows them")]
    NoSuchJob(String),
    #[error("job {job} has no secret parameter {parameter}; `solti job secret list {job}` shows them")]
    NoSuchSecret { job: String, parameter: String },
    #[error("there is no hook {0}; `solti hooks` shows them")]
    NoSuchHook(String),
    #[error(transparent)]
    Field(#[from] solti_model::FieldError),
    #[error("no task has an id that begins with {0}; `solti list` shows them")]
    NoSuchTask(String),
    #[error("{prefix} could be {}{}: give more of it", matches.join(", "), if *more { ", or others" } else { "" })]
    AmbiguousId { prefix: String, matches: Vec<String>, more: bool },
    /// What the API says of a field, of the option that has set it.
    #[error("{option}: {said}")]
    Option { option: &'static str, said: String, error: Box<ApiError> },
    #[error("{option}: {said}")]
    Range { option: &'static str, said: &'static str },
    #[error("--env {0}: this variable is not set here; write {0}=VALUE")]
    NoVariable(String),
    #[error("{what} is not UTF-8 text, and a task is stored as text: {}", shown(word))]
    NoText { what: &'static str, word: std::ffi::OsString },
    #[error(
        "standard input cannot be handed over to this task: {0}. -n leaves it out, --stdin FILE names a file there"
    )]
    Handover(&'static str),
    #[error("the task cannot be edited")]
    Editor(#[source] io::Error),
    #[error("the current directory is gone")]
    CurrentDir(#[source] io::Error),
    #[error("{} cannot be used", path.display())]
    RelayFile { path: PathBuf, source: io::Error },
    #[error("{machine} cannot be reached: {why}")]
    OtherMachine { machine: String, why: String },
    #[error("the connection to the server ended before the task did")]
    Disconnected,
    #[error("task {0} was deleted")]
    Deleted(TaskId),
    #[error("{0} cannot be waited for")]
    Signal(&'static str, #[source] io::Error),
    #[error("the server's socket {} cannot be used", socket.display())]
    Socket { socket: PathBuf, source: io::Error },
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
    #[error("the output cannot be written")]
    Shape(#[from] serde_json::Error),
}

/// With what is no text as escapes.
fn shown(word: &std::ffi::OsStr) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let mut text = String::new();
    for chunk in word.as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02X}")));
    }
    text
}

impl CliError {
    /// Of this failure alone, whatever the command's own code for others is: EX_UNAVAILABLE of sysexits(3).
    pub fn exit_code(&self) -> Option<u8> {
        match self {
            Self::NotStarted { .. } => Some(69),
            _ => None,
        }
    }

    /// A sentence; of a task with several faults, a line for each.
    fn text(&self) -> String {
        let others = match self {
            Self::Api(ApiError::InvalidRequest { others, .. }) => &others[..],
            _ => &[],
        };
        let lines = std::iter::once(in_full(self)).chain(others.iter().map(ToString::to_string));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// What the API would say of it, where it has a word for that.
    fn of_the_api(&self) -> Option<ApiError> {
        let invalid = |field: &str| Some(ApiError::invalid(field, self.to_string()));
        match self {
            Self::Api(error) => Some(error.clone()),
            Self::Option { error, .. } => Some((**error).clone()),
            Self::Deleted(id) => Some(ApiError::TaskNotFound { id: id.clone() }),
            Self::NoSuchTask(given) => match TaskId::new(given) {
                Ok(id) => Some(ApiError::TaskNotFound { id }),
                Err(error) => Some(error.into()),
            },
            Self::AmbiguousId { .. } => invalid("id"),
            Self::NoSuchJob(_) | Self::NoSuchHook(_) => invalid("name"),
            Self::NoSuchSecret { .. } => invalid("parameter"),
            Self::Field(error) => Some(error.clone().into()),
            _ => None,
        }
    }

    /// To standard error: a sentence, or the JSON of an error of the API.
    pub fn print(&self, as_json: bool) {
        let body = self.of_the_api().filter(|_| as_json).and_then(|error| terminal::json(&error).ok());
        match body {
            Some(body) => terminal::say!("{body}"),
            None => terminal::say!("solti: {}", terminal::harmless_lines(&self.text())),
        }
    }
}
