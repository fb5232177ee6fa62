//! Runs from start to end: exit codes, environment, directory, scripts, stop, timeout, doorbells, many at once.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use common::{Runs, command, env, runner, script, sh, wait, with, within};
use solti_model::{CustomRuntime, ScriptRuntime};
use solti_runner::{RunEnd, Runner, StopMode};

#[tokio::test]
async fn the_exit_code_arrives_zero_too() {
    let runs = Runs::new();
    for code in [0, 3, 255] {
        let (outcome, _) = runs.run(&format!("exit-{code}"), sh(&format!("exit {code}"))).await;
        assert_eq!(outcome.end, RunEnd::Exited { code });
        assert!(outcome.started_at_ms.unwrap() <= outcome.finished_at_ms);
    }
    let (outcome, _) = runs.run("signal", sh("kill -SEGV $$")).await;
    assert_eq!(outcome.end, RunEnd::Signaled { signal: libc::SIGSEGV });
}

#[tokio::test]
async fn environment_and_directory_arrive() {
    let runs = Runs::new();
    let dir = std::fs::canonicalize(runs.dir.path()).unwrap();
    let kind = with(sh(r#"echo "$A|$HOME|$PWD|$SOLTI_RUN_ID"; pwd -P"#), |task| {
        task.env = vec![env("A", "first"), env("A", "b c\n"), env("HOME", "/elsewhere")];
        task.cwd = Some(dir.to_str().unwrap().to_owned());
    });
    let (_, output) = runs.run("env", kind).await;
    let dir = dir.display();
    assert_eq!(output, format!("b c\n|/elsewhere|{dir}|{}\n{dir}\n", runs.run_id("env")));
}

#[tokio::test]
async fn without_a_directory_the_home_is_used() {
    let runs = Runs::new();
    let mut request = runs.request("home", with(sh("pwd -P"), |task| task.cwd = None));
    let home = std::fs::canonicalize(runs.dir.path()).unwrap();
    request.base_env.insert("HOME".into(), home.clone().into());
    wait(&mut runner().start(request).await.unwrap()).await;
    assert_eq!(runs.output("home"), format!("{}\n", home.display()));
}

#[tokio::test]
async fn the_tasks_own_path_finds_the_program() {
    let runs = Runs::new();
    let dir = runs.dir.path().join("bin");
    std::fs::create_dir(&dir).unwrap();
    std::os::unix::fs::symlink("/bin/echo", dir.join("say")).unwrap();
    let kind = with(command(&["say", "hi"]), |task| task.env = vec![env("PATH", dir.to_str().unwrap())]);
    assert_eq!(runs.run("path", kind).await.1, "hi\n");
    let relative = with(command(&["bin/say", "ho"]), |task| {
        task.cwd = Some(runs.dir.path().to_str().unwrap().to_owned());
    });
    assert_eq!(runs.run("relative", relative).await.1, "ho\n");
}

#[tokio::test]
async fn scripts_get_their_arguments_whatever_their_length() {
    let runs = Runs::new();
    let padding = "# 0123456789 0123456789 0123456789\n".repeat(30_000);
    let node_padding = padding.replace('#', "//");
    for (name, runtime, padding, text) in [
        ("bash", ScriptRuntime::Bash, &padding, "printf '%s|' \"$#\" \"$@\"; exit 7"),
        (
            "python",
            ScriptRuntime::Python,
            &padding,
            "import sys\ndef f(): return '|'.join(map(str, [len(sys.argv) - 1, *sys.argv[1:], '']))\n\
             assert sys.path[0] == '' and __name__ == '__main__'\n\
             assert open(__file__).read().endswith('sys.exit(7)') and sys.argv[0] == __file__ == f.__code__.co_filename\n\
             assert 'os' not in globals()\nprint(f(), end='')\nsys.exit(7)",
        ),
        (
            "node",
            ScriptRuntime::Node,
            &node_padding,
            "const a = process.argv.slice(1); process.stdout.write([a.length, ...a, ''].join('|'));\n\
             require('process').exitCode = 7",
        ),
    ] {
        for (length, body) in [("short", text.to_owned()), ("long", format!("{padding}{text}"))] {
            let task = format!("{name}-{length}");
            let (outcome, output) = runs.run(&task, script(runtime.clone(), &body, &["a b", "-c"])).await;
            assert_eq!(output, "2|a b|-c|", "{task}");
            assert_eq!(outcome.end, RunEnd::Exited { code: 7 }, "{task}");
        }
    }
}

/// The words of a process, as everybody on the machine can read them.
fn words_of(pid: u32) -> String {
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words).replace('\0', " ")
}

#[tokio::test]
async fn the_text_of_a_script_is_in_no_process_list() {
    let runs = Runs::new();
    let custom = |command: &str, flag: &str| {
        ScriptRuntime::Custom(CustomRuntime { command: command.into(), flag: flag.into() })
    };
    let shell = "secret=hunter2; echo \"$#:$1|$2\"; sleep 600";
    for (name, runtime, text) in [
        ("bash", ScriptRuntime::Bash, shell),
        ("sh", custom("sh", "-c"), "secret=hunter2; echo \"$(($# + 1)):$0|$1\"; sleep 600"),
        ("zsh", custom("zsh", "-ec"), "secret=hunter2; echo \"$(($# + 1)):$0|$1\"; sleep 600"),
        (
            "python",
            ScriptRuntime::Python,
            "secret='hunter2'\nimport sys,time\nprint(len(sys.argv)-1,'|'.join(sys.argv[1:]),sep=':',flush=True)\ntime.sleep(600)",
        ),
        (
            "node",
            ScriptRuntime::Node,
            "const secret='hunter2', a=process.argv.slice(1); console.log(a.length+':'+a.join('|')); setTimeout(()=>{},600000)",
        ),
        (
            "module",
            ScriptRuntime::Node,
            "import fs from 'node:fs'; const secret='hunter2', a=process.argv.slice(1); console.log(a.length+':'+a.join('|')); \
             await new Promise(() => setTimeout(()=>{},600000))",
        ),
        (
            "perl",
            custom("perl", "-e"),
            "my $secret='hunter2'; $|=1; print scalar(@ARGV),':',join('|',@ARGV),\"\\n\"; sleep 600",
        ),
        (
            "ruby",
            custom("ruby", "-e"),
            "secret='hunter2'; puts \"#{ARGV.size}:#{ARGV.join('|')}\"; $stdout.flush; sleep 600",
        ),
    ] {
        let program = runtime.program().to_owned();
        if Command::new(&program).arg("--version").output().is_err() {
            println!("skipped: there is no {program} here");
            continue;
        }
        let task = format!("hidden-{name}");
        let mut handle = runs.start(&task, script(runtime, text, &["a b", "c"])).await.unwrap();
        within("output", handle.doorbell().rung()).await.unwrap();
        assert_eq!(runs.output(&task), "2:a b|c\n", "{task}");
        assert!(!words_of(handle.pid).contains("hunter2"), "{}", words_of(handle.pid));
        let mode = std::fs::metadata(runs.run_dir(&task).join("script")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        handle.controller().stop(StopMode::Kill).await;
        wait(&mut handle).await;
    }
}

#[tokio::test]
async fn an_error_in_a_script_names_its_file_and_its_line() {
    let runs = Runs::new();
    for (name, runtime, text, said) in [
        (
            "bash",
            ScriptRuntime::Bash,
            "true\nno-such-command-here",
            "FILE: line 2: no-such-command-here: command not found",
        ),
        (
            "python",
            ScriptRuntime::Python,
            "def f():\n    raise ValueError(1)\nf()",
            "File \"FILE\", line 2, in f\n    raise ValueError(1)",
        ),
        ("node", ScriptRuntime::Node, "\nthrow new Error('boom')", "FILE:2\nthrow new Error"),
    ] {
        let task = format!("error-{name}");
        let (outcome, output) = runs.run(&task, script(runtime, text, &[])).await;
        assert_ne!(outcome.end, RunEnd::Exited { code: 0 });
        let said = said.replace("FILE", runs.run_dir(&task).join("script").to_str().unwrap());
        assert!(output.contains(&said), "{output}");
    }
}

#[tokio::test]
async fn options_in_the_first_line_of_a_script_count() {
    let runs = Runs::new();
    let (outcome, output) =
        runs.run("set-e", script(ScriptRuntime::Bash, "#!/bin/bash -eu\nfalse\necho on", &[])).await;
    assert_eq!((outcome.end, output.as_str()), (RunEnd::Exited { code: 1 }, ""));
    let text = "#!/usr/bin/env -S python3 -O\nimport sys\nprint(sys.flags.optimize)";
    assert_eq!(runs.run("optimize", script(ScriptRuntime::Python, text, &[])).await.1, "1\n");
    // What `env` is to change is changed too, and its quotes are read.
    let text = "#!/usr/bin/env -S -u HOME A='b c' bash \"-eu\"\necho \"$A ${HOME-none} $1\"\nfalse\necho on";
    let (outcome, output) = runs.run("env", script(ScriptRuntime::Bash, text, &["x y"])).await;
    assert_eq!((outcome.end, output.as_str()), (RunEnd::Exited { code: 1 }, "b c none x y\n"));
    let text = "#!/usr/bin/env -S -i A=1 python3 -O\nimport os, sys\nprint(sorted(os.environ.items())[0], sys.flags.optimize)";
    assert_eq!(runs.run("empty", script(ScriptRuntime::Python, text, &[])).await.1, "('A', '1') 1\n");
    let text = "#!/usr/bin/env -S A=1 node\nconsole.log(process.env.A, process.argv.length)";
    assert_eq!(runs.run("node", script(ScriptRuntime::Node, text, &["x"])).await.1, "1 2\n");
}

#[tokio::test]
async fn what_loads_a_script_leaves_nothing_that_its_interpreter_complains_of() {
    let runs = Runs::new();
    let text = "#!/usr/bin/env -S python3 -X dev -W error\nprint(1)";
    assert_eq!(runs.run("python", script(ScriptRuntime::Python, text, &[])).await.1, "1\n");
    let text = "#!/usr/bin/env -S node --throw-deprecation --pending-deprecation\nconsole.log(1)";
    assert_eq!(runs.run("node", script(ScriptRuntime::Node, text, &[])).await.1, "1\n");
}

#[tokio::test]
async fn what_keeps_a_first_line_from_being_read_is_named() {
    let runs = Runs::new();
    for (name, text, word) in [
        ("crlf", "#!/bin/bash -eu\r\necho on\r\n", "CR LF"),
        ("bom", "\u{feff}#!/bin/bash\necho on\n", "byte order mark"),
        ("quote", "#!/usr/bin/env -S bash \"-e\necho on\n", "not closed"),
        ("through", "#!/usr/bin/nice bash -e\necho on\n", "through /usr/bin/nice"),
    ] {
        let failure = runs.start(name, script(ScriptRuntime::Bash, text, &[])).await.unwrap_err().to_string();
        assert!(failure.starts_with("the script cannot be run: ") && failure.contains(word), "{failure}");
    }
    let text = "\u{feff}#!/usr/bin/env -S python3 -O\r\nimport sys\r\nprint(sys.flags.optimize)\r\n";
    assert_eq!(runs.run("python", script(ScriptRuntime::Python, text, &[])).await.1, "1\n");
    for (name, text) in [
        ("node", "\u{feff}#!/usr/bin/env node\nconsole.log(1)"),
        ("module", "\u{feff}#!/usr/bin/env node\nimport 'fs'\nconsole.log(1)"),
    ] {
        assert_eq!(runs.run(name, script(ScriptRuntime::Node, text, &[])).await.1, "1\n", "{name}");
    }
}

#[tokio::test]
async fn what_python_prints_is_there_at_once() {
    let runs = Runs::new();
    // Ended without a chance to write what it holds back.
    let text = "import os\nprint('printed')\nos._exit(3)";
    for (name, kind) in
        [("script", script(ScriptRuntime::Python, text, &[])), ("command", command(&["python3", "-c", text]))]
    {
        let (outcome, output) = runs.run(name, kind).await;
        assert_eq!((outcome.end, output.as_str()), (RunEnd::Exited { code: 3 }, "printed\n"), "{name}");
    }
    let kind = with(script(ScriptRuntime::Python, text, &[]), |task| {
        task.env = vec![env("PYTHONUNBUFFERED", "")];
    });
    assert_eq!(runs.run("otherwise", kind).await.1, "", "the task's own word holds");
}

#[tokio::test]
async fn a_custom_interpreter_gets_its_own_flag() {
    let runs = Runs::new();
    let custom =
        |flag: &str| ScriptRuntime::Custom(CustomRuntime { command: "printf".into(), flag: flag.into() });
    let (_, output) = runs.run("flag", script(custom("<%s>"), "the text", &["more"])).await;
    assert_eq!(output, "<the text><more>");
    let failure = runs.start("long", script(custom("%s"), &"x".repeat(200_000), &[])).await.unwrap_err();
    assert!(failure.to_string().starts_with("argument list too long for "), "{failure}");
    assert!(!runs.run_dir("long").exists(), "a start that failed early leaves nothing");
}

#[tokio::test]
async fn a_stop_ends_the_whole_tree() {
    let runs = Runs::new();
    let mut handle = runs.start("stop", sh("sleep 1000 & echo $!; wait")).await.unwrap();
    within("output", handle.doorbell().rung()).await.unwrap();
    let sleeper: u32 = runs.output("stop").trim().parse().unwrap();
    handle.controller().stop(StopMode::Graceful).await;
    let outcome = wait(&mut handle).await;
    assert_eq!(outcome.end, RunEnd::Stopped { code: None, signal: Some(libc::SIGTERM) });
    assert!(!common::is_alive(sleeper));
    // The run is over: neither of these hangs or panics.
    handle.controller().stop(StopMode::Kill).await;
    assert_eq!(wait(&mut handle).await, outcome);
}

#[tokio::test]
async fn a_kill_does_not_wait_for_the_grace() {
    let runs = Runs::new();
    let mut request = runs.request("kill", sh("trap '' TERM; echo ready; while :; do sleep 1000; done"));
    request.grace = Duration::from_secs(3_600);
    let mut handle = runner().start(request).await.unwrap();
    within("output", handle.doorbell().rung()).await.unwrap();
    handle.controller().stop(StopMode::Graceful).await;
    handle.controller().stop(StopMode::Kill).await;
    let outcome = wait(&mut handle).await;
    assert_eq!(outcome.end, RunEnd::Stopped { code: None, signal: Some(libc::SIGKILL) });
}

#[tokio::test]
async fn a_timeout_is_told_as_one() {
    let runs = Runs::new();
    let mut request = runs.request("timeout", sh("trap 'exit 5' TERM; while :; do sleep 0.05; done"));
    request.timeout = Some(Duration::from_secs(3));
    let outcome = wait(&mut runner().start(request).await.unwrap()).await;
    assert_eq!(outcome.end, RunEnd::TimedOut { code: Some(5), signal: None });
    assert!(outcome.duration >= Duration::from_secs(3));
}

#[tokio::test]
async fn the_doorbell_rings_for_each_output_and_ends_with_the_run() {
    let runs = Runs::new();
    let pipe = runs.dir.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let text = format!("exec 3<>'{}'; echo one; read _ <&3; echo two; read _ <&3", pipe.display());
    let mut handle = runs.start("bell", sh(&text)).await.unwrap();
    let mut bell = handle.doorbell();
    for expected in ["one\n", "one\ntwo\n"] {
        while within("a doorbell", bell.rung()).await.unwrap() < expected.len() as u64 {}
        assert_eq!(runs.output("bell"), expected);
        std::fs::write(&pipe, "go\n").unwrap();
    }
    assert_eq!(within("the last doorbell", bell.rung()).await, None);
    assert_eq!(wait(&mut handle).await.end, RunEnd::Exited { code: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_at_once_end_each_in_its_own_way() {
    let runs = std::sync::Arc::new(Runs::new());
    let all = (0..100).map(|i| {
        let runs = runs.clone();
        tokio::spawn(async move {
            let (outcome, output) = runs.run(&format!("n{i}"), sh(&format!("echo {i}; exit {i}"))).await;
            assert_eq!((outcome.end, output), (RunEnd::Exited { code: i }, format!("{i}\n")));
        })
    });
    for one in all.collect::<Vec<_>>() {
        within("the end of all runs", one).await.unwrap();
    }
}

#[tokio::test]
async fn an_ended_shim_is_no_zombie() {
    let runs = Runs::new();
    let mut handle = runs.start("zombie", sh("read x; :")).await.unwrap();
    let shim = handle_shim(&runs);
    wait(&mut handle).await;
    within("the shim to be reaped", async {
        // Reaping comes right after the end is told, in the run's own task.
        while std::path::Path::new(&format!("/proc/{shim}")).exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// From the exit record, as the child may have ended.
fn handle_shim(runs: &Runs) -> u32 {
    let bytes = std::fs::read(runs.run_dir("zombie").join("exit")).unwrap();
    solti_shim::exit_record::ExitRecord::decode(&bytes).unwrap().shim_pid
}

#[tokio::test]
async fn a_program_gets_the_limit_of_open_files_that_it_is_to_have() {
    let runs = Runs::new();
    let runner = runner().with_open_files(Some(321));
    let mut handle = runner.start(runs.request("t", sh("ulimit -Sn"))).await.unwrap();
    wait(&mut handle).await;
    assert_eq!(runs.output("t"), "321\n");
}
