//! Starts the editor that the settings name with a file that a log names.

use solti_model::EditorSettings;
use std::{
    io,
    path::{Component, Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tauri::async_runtime::spawn_blocking;
use thiserror::Error;
use tokio::{process::Command, time::timeout};

/// An editor that fails at once says so within this time; one that is still there afterwards is open.
const FAILS_WITHIN: Duration = Duration::from_secs(1);

#[derive(Debug, Error)]
pub enum EditorError {
    #[error("there is no file {}", .0.display())]
    NoFile(PathBuf),
    #[error("{program} cannot be started: {error}")]
    NotStarted { program: String, error: io::Error },
    #[error("{program} ended with {status}")]
    Failed { program: String, status: ExitStatus },
}

/// The file that a log means, as an absolute path: so no name is taken for an option.
pub fn resolve(name: &str, folder: &Path, home: &Path) -> PathBuf {
    let path = match name.strip_prefix("~/") {
        Some(rest) => home.join(rest),
        None => home.join(folder).join(name),
    };
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// Returns when the editor has started; its window comes when it likes. `search` is the `PATH` to look for it in.
pub async fn open(
    editor: &EditorSettings,
    file: PathBuf,
    line: u32,
    column: u32,
    search: Option<String>,
) -> Result<(), EditorError> {
    let Some(name) = file.to_str().filter(|_| file.is_absolute()) else {
        return Err(EditorError::NoFile(file));
    };
    // A folder, a pipe or a device is nothing for an editor.
    let looked = file.clone();
    let is_file = spawn_blocking(move || looked.metadata().is_ok_and(|found| found.is_file()));
    if !is_file.await.unwrap_or(false) {
        return Err(EditorError::NoFile(file));
    }
    let argv = editor.argv(name, line, column).unwrap_or_default();
    let Some((program, arguments)) = argv.split_first() else { return Err(EditorError::NoFile(file)) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // What ends the app by its terminal does not end the editor.
    command.process_group(0);
    if let Some(search) = search {
        command.env("PATH", search);
    }
    let program = program.clone();
    let mut child =
        command.spawn().map_err(|error| EditorError::NotStarted { program: program.clone(), error })?;
    match timeout(FAILS_WITHIN, child.wait()).await {
        Ok(Ok(status)) if !status.success() => Err(EditorError::Failed { program, status }),
        // Still there, or it has handed the file to a window that was: the runtime waits for it.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use solti_testing::until;
    use std::{fs, os::unix::fs::PermissionsExt};

    fn editor(command: &str) -> EditorSettings {
        EditorSettings { command: command.into() }
    }

    #[test]
    fn a_name_is_one_of_the_folder_of_the_run_and_never_an_option() {
        let resolved = |name| resolve(name, Path::new("/srv/x"), Path::new("/home/ada"));
        assert_eq!(resolved("src/main.rs"), Path::new("/srv/x/src/main.rs"));
        assert_eq!(resolved("./-rf"), Path::new("/srv/x/-rf"));
        assert_eq!(resolved("../y.py"), Path::new("/srv/x/../y.py"));
        assert_eq!(resolved("/etc/hosts"), Path::new("/etc/hosts"));
        assert_eq!(resolved("~/a.rs"), Path::new("/home/ada/a.rs"));
    }

    #[derive(Deserialize)]
    struct Known {
        file: String,
        line: u32,
        column: u32,
        editors: Vec<KnownEditor>,
    }

    #[derive(Deserialize)]
    struct KnownEditor {
        command: String,
        argv: Vec<String>,
    }

    #[tokio::test]
    async fn the_editors_that_are_offered_are_found_and_given_the_place() {
        let Known { file, line, column, editors } =
            serde_json::from_str(include_str!("../../tests/corpus/editors.json")).expect("cases");
        let dir = tempfile::tempdir().expect("a folder");
        let source = dir.path().join(file.trim_start_matches('/'));
        fs::create_dir_all(source.parent().expect("a folder")).expect("made");
        fs::write(&source, "").expect("written");
        let programs = dir.path().join("bin");
        fs::create_dir(&programs).expect("made");
        let search = programs.to_str().expect("text").to_owned();
        for KnownEditor { command, argv } in editors {
            let program = programs.join(&argv[0]);
            let told = programs.join("told");
            // Writes down what it is given.
            let script = format!(
                "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{0}.new'\n/bin/mv '{0}.new' '{0}'\n",
                told.display()
            );
            fs::write(&program, script).expect("written");
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
            open(&editor(&command), source.clone(), line, column, Some(search.clone()))
                .await
                .expect("opened");
            until("the editor was started", || told.exists()).await;
            let expected: String = argv[1..]
                .iter()
                .map(|word| word.replace(&file, &source.display().to_string()) + "\n")
                .collect();
            assert_eq!(fs::read_to_string(&told).expect("told"), expected, "{command}");
            fs::remove_file(&told).expect("removed");
        }
    }

    #[tokio::test]
    async fn the_editor_gets_the_place_and_only_files_that_are_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("a $(b) c.rs");
        fs::write(&file, "").expect("written");
        let told = dir.path().join("told");
        // Writes down what it is given.
        let script = dir.path().join("editor.sh");
        fs::write(&script, format!("printf '%s\\n' \"$@\" > {0}.new; mv {0}.new {0}", told.display()))
            .expect("written");
        let command = format!("sh {} -g {{file}}:{{line}}:{{column}}", script.display());
        open(&editor(&command), file.clone(), 3, 18, None).await.expect("opened");
        until("the editor was started", || told.exists()).await;
        let expected = format!("-g\n{}:3:18\n", file.display());
        assert_eq!(fs::read_to_string(&told).expect("told"), expected);

        for path in [dir.path().join("none.rs"), dir.path().to_owned(), PathBuf::from("/dev/null")] {
            let opened = open(&editor(&command), path, 1, 1, None).await;
            assert!(matches!(opened, Err(EditorError::NoFile(_))), "{opened:?}");
        }
        let opened = open(&editor("no-such-editor-here {file}"), file.clone(), 1, 1, None).await;
        assert!(matches!(opened, Err(EditorError::NotStarted { .. })), "{opened:?}");
        let opened = open(&editor("false {file}"), file, 1, 1, None).await;
        assert!(matches!(opened, Err(EditorError::Failed { .. })), "{opened:?}");
    }
}
