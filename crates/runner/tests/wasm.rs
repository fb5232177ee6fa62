//! WebAssembly under the real shim: what modules get, how they end, why they do not start, and that a restart of the app changes none of it.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{Runs, env, runner, wait};
use solti_logstore::{LogView, RowNo, Stream};
use solti_model::{ResourceLimits, Stdin, TaskKind, TaskSpec, WasmDir, WasmTask};
use solti_runner::{
    Attached, RunEnd, RunOutcome, RunRequest, Runner, StartCause, StopMode, WasmNotStarted, WasmRunner,
};
use solti_testing::{until, wasi, wasm_of_c, within};

struct Modules {
    runs: Runs,
    runner: WasmRunner,
}

impl Modules {
    fn new() -> Self {
        let runs = Runs::new();
        let runner = WasmRunner::new(wasi(), runner(), runs.dir.path());
        Self { runs, runner }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> WasmTask {
        let path = self.runs.dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        WasmTask::of(path.to_str().unwrap())
    }

    /// From its text form.
    fn text(&self, name: &str, text: &str) -> WasmTask {
        self.file(name, wat::parse_str(text).unwrap())
    }

    /// From C; `None` where that cannot be compiled.
    fn c(&self, name: &str, text: &str) -> Option<WasmTask> {
        let path = self.runs.dir.path().join(name);
        wasm_of_c(text, &path).then(|| WasmTask::of(path.to_str().unwrap()))
    }

    fn request(&self, task: &str, module: WasmTask) -> RunRequest {
        self.runs.request(task, TaskKind::Wasm(module))
    }

    async fn run(&self, request: RunRequest) -> RunOutcome {
        let mut handle = self.runner.start(request).await.unwrap();
        wait(&mut handle).await
    }

    /// The same end after a restart of the app.
    async fn found_again(&self, task: &str) -> RunOutcome {
        let attached = self.runner.attach(&self.runs.run_dir(task), &self.runs.run_id(task)).await.unwrap();
        let Attached::Finished(outcome) = attached else { panic!("{attached:?}") };
        outcome
    }

    fn lines(&self, task: &str, stream: Stream) -> Vec<String> {
        let mut view = LogView::open(&self.runs.run_dir(task)).unwrap();
        let rows = view.rows(RowNo::new(0), 1000, 1000).unwrap();
        let of_it = rows.iter().filter(|row| row.stream == stream);
        of_it.map(|row| String::from_utf8_lossy(&row.bytes).trim_end().to_owned()).collect()
    }
}

fn dir(host: &Path, guest: &str, read_only: bool) -> WasmDir {
    WasmDir { host: host.to_str().unwrap().into(), guest: guest.into(), read_only }
}

fn not_started(outcome: &RunOutcome) -> (WasmNotStarted, String) {
    match &outcome.end {
        RunEnd::StartFailed(failure) => match &failure.cause {
            StartCause::Wasm(cause) => (cause.clone(), failure.to_string()),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Says what it is given, and ends with 7.
const SAYS: &str = r#"
    #include <stdio.h>
    #include <stdlib.h>
    extern char **environ;
    int main(int argc, char **argv) {
        for (int i = 1; i < argc; i++) printf("argument %s\n", argv[i]);
        for (char **one = environ; *one; one++) printf("variable %s\n", *one);
        char line[100];
        while (fgets(line, sizeof line, stdin)) printf("read %s", line);
        fprintf(stderr, "to the side\n");
        return 7;
    }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_module_gets_what_its_task_says_and_nothing_of_the_app() {
    let it = Modules::new();
    let Some(module) = it.c("says.wasm", SAYS) else { return };
    let module = WasmTask {
        args: vec!["a b".into(), String::new()],
        env: vec![env("TOKEN", "s3cret\nof two lines"), env("PATH", "/opt"), env("TOKEN", "s3cret")],
        ..module
    };
    let request = RunRequest { stdin: Stdin::Text("one\ntwo".into()), ..it.request("says", module) };
    let outcome = it.run(request).await;
    assert_eq!(outcome.end, RunEnd::Exited { code: 7 });
    let run = it.runs.run_id("says");
    assert_eq!(
        it.lines("says", Stream::Stdout),
        [
            "argument a b",
            "argument",
            "variable PATH=/opt",
            &format!("variable SOLTI_RUN_ID={run}"),
            "variable TOKEN=s3cret",
            "read one",
            "read two"
        ]
    );
    assert_eq!(it.lines("says", Stream::Stderr), ["to the side"]);
    assert!(outcome.usage.is_some_and(|usage| usage.cpu_us > 0), "{:?}", outcome.usage);
}

/// Copies the first line of a file into another one; ends with 3 where it cannot read, with 4 where it cannot write.
const COPIES: &str = r#"
    #include <stdio.h>
    int main(int argc, char **argv) {
        char line[100];
        FILE *from = fopen(argv[1], "r");
        if (!from || !fgets(line, sizeof line, from)) return 3;
        FILE *to = fopen(argv[2], "w");
        if (!to || fputs(line, to) < 0 || fclose(to)) return 4;
        return 0;
    }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_module_sees_the_folders_that_it_was_given_and_no_others() {
    let it = Modules::new();
    let Some(module) = it.c("copies.wasm", COPIES) else { return };
    let root = it.runs.dir.path();
    let [given, out] = ["given", "out"].map(|name| root.join(name));
    fs::create_dir(&given).unwrap();
    fs::create_dir(&out).unwrap();
    fs::write(given.join("a"), "text\n").unwrap();
    fs::write(root.join("secret"), "hush\n").unwrap();
    // What leads out of a folder leads nowhere.
    std::os::unix::fs::symlink(root.join("secret"), given.join("link")).unwrap();

    let cases: [(&str, &str, Vec<WasmDir>, i32); 6] = [
        ("/in/a", "/out/b", vec![dir(&given, "/in", true), dir(&out, "/out", false)], 0),
        ("/in/a", "/in/b", vec![dir(&given, "/in", true)], 4),
        ("/in/a", "/in/b", vec![], 3),
        ("/in/../secret", "/out/b", vec![dir(&given, "/in", true), dir(&out, "/out", false)], 3),
        ("/in/link", "/out/b", vec![dir(&given, "/in", true), dir(&out, "/out", false)], 3),
        ("a", "b", vec![dir(&given, ".", false)], 0),
    ];
    for (n, (from, to, dirs, code)) in cases.into_iter().enumerate() {
        let task = WasmTask { args: vec![from.into(), to.into()], dirs, ..module.clone() };
        let outcome = it.run(it.request(&format!("copies{n}"), task)).await;
        assert_eq!(outcome.end, RunEnd::Exited { code }, "{from} {to}");
    }
    assert_eq!(fs::read(out.join("b")).unwrap(), b"text\n");
    assert_eq!(fs::read(given.join("b")).unwrap(), b"text\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_started_has_failed_to_start_and_says_why() {
    let it = Modules::new();
    let missing = WasmTask::of("/nowhere/m.wasm");
    let foreign = it.text("foreign.wasm", r#"(module (import "env" "f" (func)) (func (export "_start")))"#);
    let library = it.text("library.wasm", r#"(module (func (export "add")))"#);
    let script = it.file("script.wasm", "#!/bin/sh\nexit 0\n");
    let folder = WasmTask {
        dirs: vec![dir(Path::new("/nowhere"), "/data", false)],
        ..it.text("folder.wasm", r#"(module (func (export "_start")))"#)
    };
    for (task, module, sentence) in [
        ("missing", missing, "the module does not exist: /nowhere/m.wasm"),
        ("foreign", foreign, "the module asks for what WASI does not have: env::f"),
        ("library", library, "the module is a library: it exports no function _start"),
        ("script", script, "not WebAssembly: "),
        ("folder", folder, "the folder that the module sees as /data cannot be opened: /nowhere"),
    ] {
        let outcome = it.run(it.request(task, module)).await;
        let (_, said) = not_started(&outcome);
        assert!(said.starts_with(sentence), "{said}");
        assert_eq!(it.lines(task, Stream::Stderr), [format!("solti-wasi: {said}")]);
        assert_eq!(it.found_again(task).await.end, outcome.end, "after a restart of the app");
    }
    // A module's own word for it is its own.
    let own = it.text(
        "own.wasm",
        r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const 126))))"#,
    );
    assert_eq!(it.run(it.request("own", own)).await.end, RunEnd::Exited { code: 126 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_is_a_failure_in_words() {
    let it = Modules::new();
    let traps = "int main(int argc, char **argv) { volatile int *p = (int *)0x7ffffff0; return *p; }";
    let Some(module) = it.c("traps.wasm", traps) else { return };
    let outcome = it.run(it.request("traps", module)).await;
    let why = "trapped: it read or wrote outside of its memory";
    assert_eq!(outcome.end, RunEnd::ExitedBecause { code: 134, why: why.into() });
    assert_eq!(outcome.end.describe(None).as_deref(), Some(why));
    assert_eq!(it.found_again("traps").await.end, outcome.end);
    let said = it.lines("traps", Stream::Stderr);
    assert_eq!(said.last(), Some(&format!("solti-wasi: {why}")));
    assert!(said.iter().any(|line| line.contains("main")), "where it was: {said:?}");
}

/// Takes a mebibyte at a time, up to 64, and ends with 5 when it gets none.
const TAKES: &str = r#"
    #include <stdlib.h>
    #include <string.h>
    int main(void) {
        for (int i = 0; i < 64; i++) {
            char *volatile block = malloc(1 << 20);
            if (!block) return 5;
            memset(block, i, 1 << 20);
        }
        return 0;
    }"#;

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_limited_and_the_limit_is_named() {
    let it = Modules::new();
    let Some(module) = it.c("takes.wasm", TAKES) else { return };
    let with = |task: &str, memory_bytes| {
        let limits = ResourceLimits { memory_bytes, ..ResourceLimits::default() };
        RunRequest { limits, ..it.request(task, module.clone()) }
    };
    assert_eq!(it.run(with("free", None)).await.end, RunEnd::Exited { code: 0 });
    assert_eq!(it.run(with("enough", Some(80 << 20))).await.end, RunEnd::Exited { code: 0 });
    let mut handle = it.runner.start(with("little", Some(32 << 20))).await.unwrap();
    assert!(!handle.unenforced.memory, "it is kept wherever it runs");
    let why = "exit 5; it had asked for more memory than its limit of 32 MiB";
    assert_eq!(wait(&mut handle).await.end, RunEnd::ExitedBecause { code: 5, why: why.into() });
    let outcome = it.run(with("none", Some(1 << 16))).await;
    assert!(matches!(not_started(&outcome).0, WasmNotStarted::Memory { limit: 65_536, .. }), "{outcome:?}");
}

const LOOPS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1) (data (i32.const 0) "\10\00\00\00\03\00\00\00") (data (i32.const 16) "on\n")
    (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (loop $for-ever (br $for-ever))))"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_without_an_end_is_ended_by_its_timeout_and_by_a_stop() {
    let it = Modules::new();
    let module = it.text("loops.wasm", LOOPS);
    let timeout = Some(Duration::from_millis(300));
    let outcome = it.run(RunRequest { timeout, ..it.request("times", module.clone()) }).await;
    assert_eq!(outcome.end, RunEnd::TimedOut { code: None, signal: Some(libc::SIGTERM) });

    let mut handle = it.runner.start(it.request("stops", module)).await.unwrap();
    until("it has begun", || it.runs.output("stops") == "on\n").await;
    handle.controller().stop(StopMode::Graceful).await;
    assert_eq!(wait(&mut handle).await.end, RunEnd::Stopped { code: None, signal: Some(libc::SIGTERM) });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_is_in_the_log_at_once_and_a_restart_of_the_app_loses_nothing() {
    let it = Modules::new();
    let text = r#"
        #include <stdio.h>
        #include <stdlib.h>
        int main(void) {
            printf("without an end of line"); fflush(stdout);
            while (fopen("/gate/open", "r") == NULL);
            abort();
        }"#;
    let Some(module) = it.c("waits.wasm", text) else { return };
    let gate = it.runs.dir.path().join("gate");
    fs::create_dir(&gate).unwrap();
    let module = WasmTask { dirs: vec![dir(&gate, "/gate", true)], ..module };
    let handle = it.runner.start(it.request("waits", module)).await.unwrap();
    until("it has printed", || it.runs.output("waits") == "without an end of line").await;
    drop(handle);
    let attached = it.runner.attach(&it.runs.run_dir("waits"), &it.runs.run_id("waits")).await.unwrap();
    let Attached::Running(mut handle) = attached else { panic!("{attached:?}") };
    fs::write(gate.join("open"), "").unwrap();
    let why = "trapped: it reached `unreachable`, as a panic or an abort does";
    assert_eq!(wait(&mut handle).await.end, RunEnd::ExitedBecause { code: 134, why: why.into() });
}

#[tokio::test(flavor = "multi_thread")]
async fn compiled_code_is_kept_once_for_all_runs_at_a_time() {
    let it = Modules::new();
    let module = it.text("m.wasm", r#"(module (func (export "_start")))"#);
    let all = (0..8).map(|n| it.run(it.request(&format!("m{n}"), module.clone())));
    for outcome in within("all have ended", futures::future::join_all(all)).await {
        assert_eq!(outcome.end, RunEnd::Exited { code: 0 });
    }
    let kept = fs::read_dir(it.runs.dir.path().join("wasm-cache")).unwrap();
    let kept: Vec<PathBuf> = kept.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_program_modules_are_refused_and_the_runner_says_why() {
    let it = Modules::new();
    let spec = TaskSpec::new("s".parse().unwrap(), TaskKind::Wasm(WasmTask::of("/m.wasm")));
    assert_eq!(it.runner.accepts(&spec), Ok(()));
    let engine = it.runner.about().await.wasm.unwrap();
    assert_eq!(Path::new(&engine.program), wasi());
    assert!(engine.version.contains("wasmtime"), "{engine:?}");

    let runner = WasmRunner::new("/nowhere/solti-wasi", runner(), it.runs.dir.path());
    let refused = runner.accepts(&spec).unwrap_err();
    assert_eq!(refused.field, "kind.wasm");
    assert!(refused.message.starts_with("/nowhere/solti-wasi is missing"), "{refused}");
    assert_eq!(runner.about().await.unavailable, Some(refused.message));
}
