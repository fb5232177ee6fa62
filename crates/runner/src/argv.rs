//! From a task to the words, the environment and the directory of its process.
//!
//! How a script's text reaches its interpreter is `script.rs`, looking programs up `resolve.rs`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use solti_model::{AfterMain, FieldError, SubprocessMode, SubprocessTask, TaskKind};

use crate::{Stage, StartCause, StartFailure, resolve, script};

/// Linux's MAX_ARG_STRLEN, with the NUL at the end.
const MAX_ARGUMENT: usize = 128 * 1024;

/// All that a process is started with.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// `argv[0]` is the resolved program.
    pub argv: Vec<OsString>,
    pub env: BTreeMap<OsString, OsString>,
    pub cwd: PathBuf,
    /// To be written into the run folder before the start, by name.
    pub files: Vec<(&'static str, String)>,
    pub after_main: AfterMain,
}

/// Variables of a container, in the run folder.
pub(crate) const ENV_FILE: &str = "env";

pub(crate) fn subprocess(kind: &TaskKind) -> Result<&SubprocessTask, FieldError> {
    match kind {
        TaskKind::Subprocess(task) => Ok(task),
        TaskKind::Container(_) | TaskKind::Wasm(_) => Err(of_another_runner(kind)),
    }
}

/// Whether it is a process that can be started as it is written down.
pub(crate) fn accepts(kind: &TaskKind) -> Result<(), FieldError> {
    match &subprocess(kind)?.mode {
        SubprocessMode::Script(script) => script::check(script),
        SubprocessMode::Command(_) => Ok(()),
    }
}

/// What a runner says of a task whose kind is not its own.
pub(crate) fn of_another_runner(kind: &TaskKind) -> FieldError {
    FieldError::new("kind", format!("{} are for another runner", kind.in_words()))
}

/// `run_dir` is absolute.
pub(crate) fn invocation(
    kind: &TaskKind,
    base_env: BTreeMap<OsString, OsString>,
    run_dir: &Path,
) -> Result<Invocation, StartFailure> {
    let task = subprocess(kind).map_err(StartFailure::refused)?;
    let mut env = base_env;
    let cwd = match &task.cwd {
        Some(cwd) => PathBuf::from(cwd),
        None => resolve::home(env.get(OsStr::new("HOME")).map(OsString::as_os_str))
            .map_err(|error| StartFailure::system(Stage::Chdir, "the home directory", &error))?,
    };
    env.insert("PWD".into(), cwd.clone().into());
    add_variables(task, &mut env);
    resolve::check_cwd(&cwd)?;
    let path = env.get(OsStr::new("PATH")).map(OsString::as_os_str);
    let (mut argv, files) = words(task, run_dir)?;
    let program: &mut Vec<OsString> = &mut argv;
    let resolved = resolve::program(&program[0], path, &cwd)?;
    program[0] = resolved.into();
    check_lengths(&argv, &env)?;
    Ok(Invocation { argv, env, cwd, files, after_main: task.after_main })
}

/// The same for another machine, where nothing can be looked up from here: a program without a path is found there, by the shim. The
/// environment has the task's own variables alone, and an empty `cwd` is where that machine begins. `run_dir` is that machine's.
pub(crate) fn elsewhere(kind: &TaskKind, run_dir: &Path) -> Result<Invocation, StartFailure> {
    let task = subprocess(kind).map_err(StartFailure::refused)?;
    let mut env = BTreeMap::new();
    add_variables(task, &mut env);
    let (argv, files) = words(task, run_dir)?;
    check_lengths(&argv, &env)?;
    let cwd = task.cwd.as_ref().map(PathBuf::from).unwrap_or_default();
    Ok(Invocation { argv, env, cwd, files, after_main: task.after_main })
}

/// The task's own variables, and what makes a program hand on at once what it prints.
fn add_variables(task: &SubprocessTask, env: &mut BTreeMap<OsString, OsString>) {
    let program = match &task.mode {
        SubprocessMode::Command(mode) => &mode.command,
        SubprocessMode::Script(script) => script.runtime.program(),
    };
    if script::is_python(program) {
        let (key, value) = script::UNBUFFERED;
        env.entry(key.into()).or_insert_with(|| value.into());
    }
    env.extend(task.env.iter().map(|var| (OsString::from(&var.key), OsString::from(&var.value))));
}

type Files = Vec<(&'static str, String)>;

/// The words, with the program as the task names it, and the files that they need.
fn words(task: &SubprocessTask, run_dir: &Path) -> Result<(Vec<OsString>, Files), StartFailure> {
    let (words, script) = match &task.mode {
        SubprocessMode::Command(mode) => {
            (std::iter::once(&mode.command).chain(&mode.args).map(OsString::from).collect(), None)
        }
        SubprocessMode::Script(script) => script::words(script, run_dir)?,
    };
    Ok((words, script.map(|text| (script::SCRIPT, text)).into_iter().collect()))
}

/// The limit of one string; that of all together is known to the kernel only.
pub(crate) fn check_lengths(
    argv: &[OsString],
    env: &BTreeMap<OsString, OsString>,
) -> Result<(), StartFailure> {
    let longest_word = argv.iter().map(|word| word.len() + 1).max();
    let longest_variable = env.iter().map(|(key, value)| key.len() + value.len() + 2).max();
    if longest_word.max(longest_variable).is_some_and(|len| len > MAX_ARGUMENT) {
        let program = argv.first().cloned().unwrap_or_default();
        return Err(StartFailure::new(Stage::Exec, libc::E2BIG, program, StartCause::ArgumentsTooLong));
    }
    Ok(())
}
