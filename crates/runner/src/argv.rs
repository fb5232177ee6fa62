//! From a task to the words, the environment and the directory of its process.
//!
//! A script's text goes to its interpreter as one argument after the interpreter's flag. The kernel limits one argument
//! to 128 KiB, a script may have 2 MiB: a longer text is put into a file of the run folder, and the interpreter is told
//! so in a way that keeps its arguments where they are with a short text. Looking programs up is `resolve.rs`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use solti_model::{ScriptMode, ScriptRuntime, SubprocessMode, SubprocessTask, TaskKind};

use crate::{Stage, StartCause, StartFailure, UnsupportedKind, resolve};

/// The script's text in the run folder, when it is too long for an argument.
pub const SCRIPT: &str = "script";
/// A longer script goes into a file.
const MAX_INLINE_SCRIPT: usize = 100 * 1024;
/// Linux's MAX_ARG_STRLEN, with the NUL at the end.
const MAX_ARGUMENT: usize = 128 * 1024;

/// All that a process is started with.
#[derive(Debug)]
pub struct Invocation {
    /// `argv[0]` is the resolved program.
    pub argv: Vec<OsString>,
    pub env: BTreeMap<OsString, OsString>,
    pub cwd: PathBuf,
    /// To be written to [`SCRIPT`] before the start.
    pub script: Option<String>,
}

pub fn accepts(kind: &TaskKind) -> Result<&SubprocessTask, UnsupportedKind> {
    match kind {
        TaskKind::Subprocess(task) => Ok(task),
        TaskKind::Container(_) => Err(UnsupportedKind::Container),
        TaskKind::Wasm(_) => Err(UnsupportedKind::Wasm),
    }
}

/// `run_dir` is absolute.
pub fn invocation(
    kind: &TaskKind,
    base_env: BTreeMap<OsString, OsString>,
    run_dir: &Path,
) -> Result<Invocation, StartFailure> {
    let task = accepts(kind)
        .map_err(|kind| StartFailure::new(Stage::Resolve, 0, "", StartCause::Unsupported(kind)))?;
    let mut env = base_env;
    let cwd = match &task.cwd {
        Some(cwd) => PathBuf::from(cwd),
        None => resolve::home(env.get(OsStr::new("HOME")).map(OsString::as_os_str))
            .map_err(|error| StartFailure::system(Stage::Chdir, "the home directory", &error))?,
    };
    env.insert("PWD".into(), cwd.clone().into());
    env.extend(task.env.iter().map(|var| (OsString::from(&var.key), OsString::from(&var.value))));

    resolve::check_cwd(&cwd)?;
    let path = env.get(OsStr::new("PATH")).map(OsString::as_os_str);
    let (mut argv, script) = match &task.mode {
        SubprocessMode::Command(mode) => {
            let words = std::iter::once(&mode.command).chain(&mode.args).map(OsString::from).collect();
            (words, None)
        }
        SubprocessMode::Script(script) => script_words(script, run_dir)?,
    };
    let program: &mut Vec<OsString> = &mut argv;
    let resolved = resolve::program(&program[0], path, &cwd)?;
    program[0] = resolved.into();
    check_lengths(&argv, &env)?;
    Ok(Invocation { argv, env, cwd, script })
}

/// The words, with the bare interpreter first, and the text for the script file if there is to be one.
fn script_words(
    script: &ScriptMode,
    run_dir: &Path,
) -> Result<(Vec<OsString>, Option<String>), StartFailure> {
    let text = script.text().map_err(|error| {
        let cause = StartCause::BadScript { problem: error.message };
        StartFailure::new(Stage::Resolve, 0, script.runtime.program(), cause)
    })?;
    let flag = script.runtime.flag();
    let is_long = text.len() > MAX_INLINE_SCRIPT;
    let file = run_dir.join(SCRIPT);
    let mut words: Vec<OsString> = vec![script.runtime.program().into()];
    match &script.runtime {
        ScriptRuntime::Bash if is_long => words.push(file.into()),
        ScriptRuntime::Bash => words.extend([flag.into(), text.as_str().into(), "bash".into()]),
        ScriptRuntime::Python if is_long => words.extend([flag.into(), python_loader(&file).into()]),
        ScriptRuntime::Node if is_long => {
            words.extend([flag.into(), node_loader(&file).into(), "--".into()]);
        }
        ScriptRuntime::Node => words.extend([flag.into(), text.as_str().into(), "--".into()]),
        // Only a custom interpreter's own flag is known, so its text stays an argument whatever its length.
        ScriptRuntime::Python | ScriptRuntime::Custom(_) => words.extend([flag.into(), text.as_str().into()]),
    }
    words.extend(script.args.iter().map(OsString::from));
    let in_file = is_long && !matches!(script.runtime, ScriptRuntime::Custom(_));
    Ok((words, in_file.then_some(text)))
}

/// Runs the file as if its text stood after `-c`: given as a plain path, `sys.path[0]` would be the run folder.
/// The path is in hexadecimal, which needs no quoting.
fn python_loader(file: &Path) -> String {
    let path = hex(file);
    format!("exec(compile(open(bytes.fromhex('{path}'),'rb').read(),'<script>','exec'))")
}

/// Runs the file as if its text stood after `-e`: given as a plain path, it would shift `process.argv` by one.
fn node_loader(file: &Path) -> String {
    let path = hex(file);
    format!(
        "require('vm').runInThisContext(require('fs').readFileSync(Buffer.from('{path}','hex'),'utf8'),\
         {{filename:'[script]',importModuleDynamically:(require('vm').constants||{{}}).USE_MAIN_CONTEXT_DEFAULT_LOADER}})"
    )
}

fn hex(path: &Path) -> String {
    path.as_os_str().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The limit of one string; that of all together is known to the kernel only.
fn check_lengths(argv: &[OsString], env: &BTreeMap<OsString, OsString>) -> Result<(), StartFailure> {
    let longest_word = argv.iter().map(|word| word.len() + 1).max();
    let longest_variable = env.iter().map(|(key, value)| key.len() + value.len() + 2).max();
    if longest_word.max(longest_variable).is_some_and(|len| len > MAX_ARGUMENT) {
        let program = argv.first().cloned().unwrap_or_default();
        return Err(StartFailure::new(Stage::Exec, libc::E2BIG, program, StartCause::ArgumentsTooLong));
    }
    Ok(())
}
