//! Every failed start says in one sentence what was wrong and with which path, and runs nothing.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::{Runs, command, env, runner, script, sh, with};
use solti_model::{ContainerTask, CustomRuntime, ScriptRuntime, TaskKind, TaskSpec, WasmTask};
use solti_runner::{Runner, ShimRunner, Stage, StartError};

fn put(runs: &Runs, name: &str, text: &str, mode: u32) -> PathBuf {
    let path = runs.dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

async fn sentence(runs: &Runs, kind: TaskKind) -> String {
    let failure = runs.start("t", kind).await.expect_err("the start fails");
    std::fs::remove_dir_all(runs.run_dir("t")).ok();
    failure.to_string()
}

#[tokio::test]
async fn a_bad_program_is_named_with_its_reason() {
    let runs = Runs::new();
    let dir = runs.dir.path().display().to_string();
    let missing = with(command(&["no-such-program"]), |task| task.env = vec![env("PATH", "/bin:/usr/bin")]);
    assert_eq!(sentence(&runs, missing).await, "program not found: no-such-program (PATH has 2 entries)");
    assert_eq!(
        sentence(&runs, command(&["/no/such/program"])).await,
        "program not found: /no/such/program does not exist"
    );
    assert_eq!(sentence(&runs, command(&[&dir])).await, format!("program is a directory: {dir}"));
    let path = put(&runs, "plain", "#!/bin/sh\n", 0o644).display().to_string();
    assert_eq!(sentence(&runs, command(&[&path])).await, format!("not executable (no run bit): {path}"));
    let path = put(&runs, "orphan", "#!/no/such/shell -e\n", 0o755).display().to_string();
    assert_eq!(
        sentence(&runs, command(&[&path])).await,
        format!("bad interpreter: {path} asks for /no/such/shell, which does not exist")
    );
}

#[tokio::test]
async fn a_file_that_is_no_program_is_never_given_to_a_shell() {
    let runs = Runs::new();
    let trace = runs.dir.path().join("it-ran");
    let path = put(&runs, "no-mark", &format!("touch '{}'\n", trace.display()), 0o755).display().to_string();
    assert_eq!(
        sentence(&runs, command(&[&path])).await,
        format!("exec format error: {path} is not a program for this machine and has no #! line")
    );
    assert!(!trace.exists());
}

#[tokio::test]
async fn a_bad_directory_is_named_with_its_reason() {
    let runs = Runs::new();
    let file = put(&runs, "file", "", 0o644).display().to_string();
    let in_dir = |dir: &str| with(sh(":"), |task| task.cwd = Some(dir.to_owned()));
    assert_eq!(sentence(&runs, in_dir("/no/such")).await, "working directory does not exist: /no/such");
    assert_eq!(sentence(&runs, in_dir(&file)).await, format!("working directory is not a directory: {file}"));
}

#[tokio::test]
async fn too_many_arguments_are_told_as_such() {
    let runs = Runs::new();
    let many = vec!["x".repeat(100_000); 100];
    let words: Vec<&str> = std::iter::once("/bin/echo").chain(many.iter().map(String::as_str)).collect();
    assert_eq!(sentence(&runs, command(&words)).await, "argument list too long for /bin/echo");
}

#[tokio::test]
async fn a_missing_script_interpreter_is_named() {
    let runs = Runs::new();
    let ruby = ScriptRuntime::Custom(CustomRuntime { command: "no-ruby".into(), flag: "-e".into() });
    let kind = with(script(ruby, "puts 1", &[]), |task| task.env = vec![env("PATH", "/bin")]);
    assert_eq!(sentence(&runs, kind).await, "program not found: no-ruby (PATH has 1 entry)");
}

#[tokio::test]
async fn what_is_no_process_is_for_another_runner() {
    let runs = Runs::new();
    let container = TaskKind::Container(ContainerTask::of("a:b"));
    let wasm = TaskKind::Wasm(WasmTask::of("/m.wasm"));
    let accepts = |kind: &TaskKind| runner().accepts(&TaskSpec::new("s".parse().unwrap(), kind.clone()));
    for (kind, word) in [(container, "containers"), (wasm, "WebAssembly")] {
        let refusal = accepts(&kind).unwrap_err();
        assert!(refusal.message.starts_with(word) && refusal.field == "kind", "{refusal}");
        assert_eq!(sentence(&runs, kind).await, refusal.message);
    }
    assert_eq!(accepts(&sh(":")), Ok(()));
    // A script is refused before it is to start where its first line cannot be read.
    let text = "#!/usr/bin/env -S bash $X\ntrue\n";
    let refusal = accepts(&script(ScriptRuntime::Bash, text, &[])).unwrap_err();
    assert_eq!(refusal.field, "kind.subprocess.mode.script.body");
    assert!(refusal.message.contains("its first line has a $"), "{refusal}");
    assert_eq!(sentence(&runs, script(ScriptRuntime::Bash, text, &[])).await, refusal.message);
    assert_eq!(accepts(&script(ScriptRuntime::Bash, "#!/usr/bin/env -S A=1 bash -e\n", &[])), Ok(()));
}

#[tokio::test]
async fn a_run_folder_is_used_once_and_never_through_a_symlink() {
    let runs = Runs::new();
    runs.run("t", sh("exit 0")).await;
    let failure = runs.start("t", sh("exit 0")).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        format!("the run folder already holds a run: {}", runs.run_dir("t").display())
    );

    let target = runs.dir.path().join("target");
    std::fs::create_dir(&target).unwrap();
    let link = runs.run_dir("linked");
    std::fs::create_dir_all(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let failure = runs.start("linked", sh("exit 0")).await.unwrap_err();
    assert_eq!(failure.stage, Stage::RunDir);
    assert!(std::fs::read_dir(&target).unwrap().next().is_none(), "nothing was followed");
}

#[tokio::test]
async fn a_missing_or_dying_shim_is_a_failed_start() {
    let runs = Runs::new();
    for (name, shim) in [("missing", "/no/such/shim"), ("dying", "/bin/false")] {
        let runner = ShimRunner::new(shim);
        let failed = runner.start(runs.request(name, sh("exit 0"))).await.unwrap_err();
        let StartError::Failed(failure) = failed else { panic!("{failed}") };
        assert_eq!(failure.stage, Stage::Spawn, "{failure}");
        assert!(failure.to_string().contains(shim), "{failure}");
    }
}

#[tokio::test]
async fn folders_and_files_are_private() {
    let runs = Runs::new();
    let kind = script(ScriptRuntime::Bash, &format!("exit 0\n{}", "#\n".repeat(60_000)), &[]);
    runs.run("t", kind).await;
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(runs.dir.path().join("runs")), 0o700);
    assert_eq!(mode(runs.run_dir("t")), 0o700);
    assert_eq!(mode(runs.run_dir("t").join("script")), 0o600);
    assert!(!runs.run_dir("t").join("launch").exists());
}

/// A file system of this size, unmounted when dropped; only root may have one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(options: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(dir.path());
        let is_mounted =
            mount.stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success());
        if !is_mounted {
            println!("skipped: a file system can be mounted by root only");
        }
        is_mounted.then(|| Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        std::process::Command::new("umount").arg("-l").arg(self.0.path()).status().ok();
    }
}

#[tokio::test]
async fn a_full_disk_puts_a_start_off_and_nothing_has_run() {
    // No room for the folder; for the record, the socket or the script in it; for the script's text.
    for (options, inodes) in
        (1..8).map(|n| (format!("size=1m,nr_inodes={n}"), n)).chain([("size=16k".into(), 0)])
    {
        let Some(disk) = SmallDisk::mount(&options) else { return };
        let runs = Runs::new();
        let ran = runs.dir.path().join("ran");
        let text = format!("touch '{}'\n{}", ran.display(), "#\n".repeat(60_000));
        let mut request = runs.request("t", script(ScriptRuntime::Bash, &text, &[]));
        request.run_dir = disk.0.path().join("t/1");
        match common::runner().start(request).await {
            Err(StartError::Failed(failure)) => {
                assert_eq!(failure.shortage().as_deref(), Some("the disk is full"), "{options}: {failure}");
                assert!(!ran.exists(), "{options}");
            }
            Err(StartError::Unknown(error)) => panic!("{options}: {error}"),
            Ok(mut handle) => {
                assert!(inodes > 4, "{options}: there was room");
                common::wait(&mut handle).await;
            }
        }
    }
}
