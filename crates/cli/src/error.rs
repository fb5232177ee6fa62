//! What can go wrong in this program itself, each in one sentence that says what to do.

use crate::terminal;
use solti_api::ApiError;
use solti_http::HttpError;
use solti_model::{Slot, TaskId};
use std::borrow::Cow;
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
    #[error(
        "no Solti is running here ({}), and an engine that a task starts would end with the task: start it outside of tasks, with `solti service enable` or `solti serve`", socket.display()
    )]
    InTask { socket: PathBuf },
    #[error("the engine could not be started in the background: {said}")]
    NoEngine { said: String },
    #[error("Solti runs here (process {pid}), but its socket {} does not answer; its log is {}", socket.display(), log.display())]
    NoSocket { pid: u32, socket: PathBuf, log: PathBuf },
    #[error(transparent)]
    Engine(#[from] solti_engine::EngineError),
    #[error(transparent)]
    Http(#[from] HttpError),
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
    /// What was to be `wanted`, as in "a task".
    #[error("{what} is not {wanted} in JSON: {said}")]
    NoJson { what: String, wanted: &'static str, said: String },
    #[error("{what} is not a job: {}", sentences(error))]
    NoJob { what: String, error: Box<ApiError> },
    #[error("{0} is not a parameter: write --NAME=VALUE, and options of solti before the name of the job")]
    JobParameter(String),
    #[error("--{0} needs a value: write --{0}=VALUE")]
    NoValue(String),
    #[error("--{0} is there twice; a parameter has one value")]
    TwoValues(String),
    #[error(
        "{0} is a secret, and others on this machine can see a command line: write --{0}=@FILE or --{0}=@-, leave it out to be asked, or keep it with `solti job secret set`"
    )]
    SecretWord(String),
    #[error("{name} is a secret, and could not be asked for at a terminal: write {instead}")]
    NotAsked { name: String, instead: String, source: io::Error },
    #[error("there is no job {0}; `solti job list` shows them")]
    NoSuchJob(String),
    #[error("job {job} has no secret parameter {parameter}; `solti job secret list {job}` shows them")]
    NoSuchSecret { job: String, parameter: String },
    #[error("there is no lane {0}: it was never used or set up; `solti lanes` shows them")]
    NoSuchLane(Slot),
    #[error("there is no hook {0}; `solti hooks` shows them")]
    NoSuchHook(String),
    #[error(transparent)]
    Field(#[from] solti_model::FieldError),
    #[error("no task has an id that begins with {0}; `solti list` shows them")]
    NoSuchTask(String),
    #[error("{prefix} could be {}{}: give more of it", matches.join(", "), if *more { ", or others" } else { "" })]
    AmbiguousId { prefix: String, matches: Vec<String>, more: bool },
    /// What the API says of fields, of the options that have set them.
    #[error("{said}")]
    Option { said: String, error: Box<ApiError> },
    #[error("{option}: {said}")]
    Range { option: &'static str, said: Cow<'static, str> },
    #[error("--env {0}: this variable is not set here; write {0}=VALUE")]
    NoVariable(String),
    /// Of a command line that is not understood for it.
    #[error("{}must be UTF-8 text{}{}", option.as_ref().map(|option| format!("{option}: ")).unwrap_or_default(),
        if option.is_some() { ", and is " } else { ": " }, shown(word))]
    NotUtf8 { option: Option<String>, word: std::ffi::OsString },
    #[error("{what} is not UTF-8 text, and a task is stored as text: {}", shown(word))]
    NoText { what: &'static str, word: std::ffi::OsString },
    #[error("standard input cannot be handed over to this task: {why}. {instead}")]
    Handover { why: &'static str, instead: &'static str },
    #[error("the task cannot be edited")]
    Editor(#[source] io::Error),
    #[error("the current directory is gone")]
    CurrentDir(#[source] io::Error),
    #[error("{} cannot be used", path.display())]
    RelayFile { path: PathBuf, source: io::Error },
    #[error("{machine} cannot be reached: {why}")]
    OtherMachine { machine: String, why: String },
    #[error(
        "the engine was ended, and nobody has started it again within {after} s. Tasks that run go on, and any command starts it"
    )]
    EngineEnded { after: u64 },
    #[error("the connection to the server ended before the task did")]
    Disconnected,
    /// Of a task that this program cannot stand for any longer.
    #[error("{why}. Task {id} goes on; `solti stop {id}` stops it")]
    LeftRunning { id: TaskId, why: String },
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

/// A sentence; of a document with several faults, a line for each. What has no place is of the whole document.
fn sentences(error: &ApiError) -> String {
    let ApiError::InvalidRequest { field, message, others } = error else { return error.to_string() };
    let first = if field.is_empty() { message.clone() } else { error.to_string() };
    std::iter::once(first).chain(others.iter().map(ToString::to_string)).collect::<Vec<_>>().join("\n")
}

/// A failure with its causes. The system's are told by their words: their numbers say nothing more.
pub fn in_full(error: &CliError) -> String {
    let mut text = solti_api::in_full(error);
    while let Some((at, end)) = text.find(" (os error ").and_then(|at| Some((at, at + text[at..].find(')')?)))
    {
        text.replace_range(at..=end, "");
    }
    text
}

impl CliError {
    /// Of this failure alone, whatever the command's own code for others is: EX_UNAVAILABLE of sysexits(3), or that of a command line
    /// which is not understood.
    pub fn exit_code(&self) -> Option<u8> {
        match self {
            Self::NotStarted { .. } | Self::InTask { .. } => Some(69),
            Self::Option { .. }
            | Self::Range { .. }
            | Self::Scheme(_)
            | Self::Http(HttpError::Url { .. } | HttpError::Fingerprint { .. })
            | Self::JobParameter(_)
            | Self::NoValue(_)
            | Self::TwoValues(_)
            | Self::SecretWord(_)
            | Self::NoVariable(_)
            | Self::NoText { .. }
            | Self::NotUtf8 { .. }
            | Self::Field(_) => Some(2),
            _ => None,
        }
    }

    /// What is said where that means that a task is left running, and nobody hears of it.
    pub fn leaving(self, id: &TaskId) -> Self {
        let why = match &self {
            Self::EngineEnded { after } => {
                format!("the engine was ended, and nobody has started it again within {after} s")
            }
            Self::Disconnected | Self::Api(ApiError::Unavailable { .. }) => in_full(&self),
            _ => return self,
        };
        Self::LeftRunning { id: id.clone(), why }
    }

    fn text(&self) -> String {
        match self {
            Self::Api(error) => sentences(error),
            other => in_full(other),
        }
    }

    /// What the API would say of it.
    fn of_the_api(&self) -> ApiError {
        let invalid = |field: &str| ApiError::invalid(field, in_full(self));
        match self {
            Self::Api(error) => error.clone(),
            Self::Option { error, .. } | Self::NoJob { error, .. } => (**error).clone(),
            Self::Deleted(id) => ApiError::TaskNotFound { id: id.clone() },
            Self::NoSuchTask(given) => match TaskId::new(given) {
                Ok(id) => ApiError::TaskNotFound { id },
                Err(error) => error.into(),
            },
            Self::AmbiguousId { .. } => invalid("id"),
            Self::NoSuchJob(_) | Self::NoSuchHook(_) => invalid("name"),
            Self::NoSuchLane(_) => invalid("slot"),
            Self::NoSuchSecret { .. } => invalid("parameter"),
            Self::Field(error) => error.clone().into(),
            Self::Range { option, said } => ApiError::invalid(option.trim_start_matches('-'), said.clone()),
            Self::NoJson { .. } => invalid("body"),
            Self::JobParameter(_)
            | Self::NoValue(_)
            | Self::TwoValues(_)
            | Self::SecretWord(_)
            | Self::NotAsked { .. } => invalid("parameters"),
            Self::Scheme(_) | Self::Http(HttpError::Url { .. }) => invalid("url"),
            Self::Http(HttpError::Fingerprint { .. }) => invalid("fingerprint"),
            Self::NoVariable(_) => invalid("env"),
            Self::Handover { .. } => invalid("stdin"),
            Self::Input { .. } | Self::NoText { .. } | Self::Config { .. } | Self::TokenFile { .. } => {
                invalid("file")
            }
            Self::Held { .. } | Self::NotToBeStopped { .. } | Self::NotEnded { .. } => {
                ApiError::Conflict { reason: in_full(self) }
            }
            // Something of this machine, or the way to the server.
            _ => ApiError::Unavailable { reason: in_full(self) },
        }
    }

    /// To standard error: a sentence, or the JSON of an error of the API.
    pub fn print(&self, as_json: bool) {
        let body = as_json.then(|| terminal::json(&self.of_the_api()).ok()).flatten();
        match body {
            Some(body) => terminal::say!("{body}"),
            None => terminal::say!("solti: {}", terminal::harmless_lines(&self.text())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use solti_model::FieldError;

    #[test]
    fn every_failure_is_an_error_of_the_api_where_json_is_asked_for() {
        let body = |error: CliError| serde_json::to_value(error.of_the_api()).expect("writes");
        let what = || "standard input".to_owned();
        let empty = CliError::NoJson { what: what(), wanted: "a task", said: "the document is empty".into() };
        let message = "standard input is not a task in JSON: the document is empty";
        assert_eq!(body(empty), json!({"error": "InvalidRequest", "field": "body", "message": message}));
        let missing = ApiError::invalid("name", "is required");
        let job = CliError::NoJob { what: what(), error: Box::new(missing.clone()) };
        assert_eq!(job.text(), "standard input is not a job: name: is required");
        assert_eq!(body(job), serde_json::to_value(missing).expect("writes"));
        let missing = io::Error::from_raw_os_error(2);
        let input = CliError::Input { what: "x".into(), source: missing };
        assert_eq!(input.text(), "x cannot be read: No such file or directory");
        for (error, code) in [
            (CliError::NotStarted { socket: "/s".into() }, "Unavailable"),
            (CliError::InTask { socket: "/s".into() }, "Unavailable"),
            (CliError::NoVariable("KEY".into()), "InvalidRequest"),
            (CliError::NoValue("t".into()), "InvalidRequest"),
            (CliError::Input { what: "x".into(), source: io::ErrorKind::NotFound.into() }, "InvalidRequest"),
            (CliError::CurrentDir(io::ErrorKind::NotFound.into()), "Unavailable"),
        ] {
            let text = error.text();
            let body = body(error);
            assert_eq!((&body["error"], &body["message"]), (&Value::from(code), &Value::from(text)));
        }
    }

    #[test]
    fn a_command_line_that_cannot_be_meant_so_has_one_exit_code() {
        let error = || Box::new(ApiError::invalid("timeout", "must be longer"));
        for wrong in [
            CliError::Option { said: "--timeout: must be longer".into(), error: error() },
            CliError::Range { option: "--before", said: "must be greater than --after".into() },
            CliError::Scheme("ftp://x".into()),
            CliError::JobParameter("x".into()),
            CliError::NoValue("x".into()),
            CliError::TwoValues("x".into()),
            CliError::SecretWord("x".into()),
            CliError::NoVariable("X".into()),
            CliError::NoText { what: "a variable", word: "x".into() },
            FieldError::new("name", "may hold letters").into(),
            HttpError::Fingerprint { text: "zz".into() }.into(),
        ] {
            assert_eq!(wrong.exit_code(), Some(2), "{wrong}");
        }
        assert_eq!(CliError::NoSuchJob("x".into()).exit_code(), None);
        assert_eq!(CliError::from(ApiError::invalid("timeout", "must be longer")).exit_code(), None);
    }
}
