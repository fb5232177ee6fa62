//! The program itself, without a shim: what it runs, what it refuses, and what it says of either.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use solti_wasi::{Folder, NotStarted, Order, REPORT_FILE, Report};
use tempfile::TempDir;

/// A folder with an order and a module in it.
struct Place {
    dir: TempDir,
}

struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
    report: Option<Report>,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    /// From its text form.
    fn module(&self, text: &str) -> PathBuf {
        self.file("m.wasm", wat::parse_str(text).expect("a module"))
    }

    fn run(&self, order: &Order, module: &Path, arguments: &[&str]) -> Ended {
        let order = self.file("order", order.to_text());
        let mut command = Command::new(env!("CARGO_BIN_EXE_solti-wasi"));
        command.arg(order).arg(module).args(arguments).env_clear().env("SECRET_OF_THE_APP", "x");
        let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("it runs");
        let report = fs::read(self.path().join(REPORT_FILE)).ok();
        Ended {
            code: status.code(),
            out: String::from_utf8(stdout).expect("text"),
            err: String::from_utf8(stderr).expect("text"),
            report: report.map(|bytes| Report::parse(&bytes).expect("a whole report")),
        }
    }

    /// Of a module in text form, without anything.
    fn run_text(&self, text: &str) -> Ended {
        self.run(&Order::default(), &self.module(text), &[])
    }

    fn refused(&self, order: &Order, module: &Path) -> NotStarted {
        let ended = self.run(order, module, &[]);
        let Some(Report::NotStarted(failure)) = ended.report else { panic!("{}", ended.err) };
        assert_eq!((ended.code, &*ended.out), (Some(126), ""));
        assert_eq!(ended.err, format!("solti-wasi: {failure}\n"));
        failure
    }
}

/// Prints what `$print` is called with: the address of a text and its length.
const PRINT: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func $print (param $at i32) (param $len i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $len))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))"#;

#[test]
fn a_command_prints_and_ends_with_its_code() {
    let place = Place::new();
    let hello = format!(
        r#"(module {PRINT} (data (i32.const 100) "hello\n")
            (func (export "_start") (call $print (i32.const 100) (i32.const 6))))"#
    );
    let ended = place.run_text(&hello);
    assert_eq!((ended.code, &*ended.out, &*ended.err), (Some(0), "hello\n", ""));
    assert_eq!(ended.report, None, "a success says all by its code");
    for code in [1, 7, 125, 126, 134, 255] {
        let exits = format!(
            r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1)
                (func (export "_start") (call $exit (i32.const {code}))))"#
        );
        let ended = place.run_text(&exits);
        assert_eq!((ended.code, &*ended.err, ended.report), (Some(code), "", None));
    }
}

#[test]
fn what_is_no_command_is_refused_by_what_it_lacks() {
    let place = Place::new();
    let refused = |path: &Path| place.refused(&Order::default(), path);
    let shown = |path: &Path| path.display().to_string();

    let missing = place.path().join("missing.wasm");
    assert_eq!(refused(&missing), NotStarted::Missing { module: shown(&missing) });
    let NotStarted::Unreadable { said, .. } = refused(place.path()) else { panic!("a folder is no module") };
    assert_eq!(said, "it is not a file");
    let script = place.file("script", "#!/bin/sh\n");
    assert_eq!(refused(&script), NotStarted::NotWebAssembly { module: shown(&script) });
    assert_eq!(
        refused(&place.file("empty", "")),
        NotStarted::NotWebAssembly { module: shown(&place.path().join("empty")) }
    );
    let text = place.file("m.wat", ";; c\n (module)\n");
    assert_eq!(refused(&text), NotStarted::Text { module: shown(&text) });
    let damaged = place.file("damaged", b"\0asm\x01\0\0\0\x01\xff");
    assert!(matches!(refused(&damaged), NotStarted::Invalid { .. }));

    let library = place.module(r#"(module (func (export "add")))"#);
    assert_eq!(refused(&library), NotStarted::NoStart { component: false });
    let foreign = place.module(
        r#"(module (import "env" "one" (func)) (import "wasi_snapshot_preview1" "no_such" (func))
            (func (export "_start")))"#,
    );
    let names = vec!["env::one".to_owned(), "wasi_snapshot_preview1::no_such".to_owned()];
    assert_eq!(refused(&foreign), NotStarted::Imports { names });
    let library = place.module("(component)");
    assert_eq!(refused(&library), NotStarted::NoStart { component: true });
    let foreign = place.module(r#"(component (import "acme:shop/cart" (instance (export "add" (func)))))"#);
    assert_eq!(refused(&foreign), NotStarted::Imports { names: vec!["acme:shop/cart".into()] });
}

#[test]
fn a_pipe_in_the_place_of_a_module_is_not_waited_for() {
    let place = Place::new();
    let pipe = place.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("it runs").success());
    let failure = place.refused(&Order::default(), &pipe);
    assert!(matches!(failure, NotStarted::Unreadable { .. }), "{failure}");
}

#[test]
fn a_trap_is_told_in_words_with_the_place_where_it_was() {
    let place = Place::new();
    for (body, words) in [
        ("unreachable", "it reached `unreachable`, as a panic or an abort does"),
        ("(drop (i32.load (i32.const 0x7fffffff)))", "it read or wrote outside of its memory"),
        ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", "it divided a whole number by zero"),
        ("(call $main)", "its calls are nested too deep (call stack exhausted)"),
        ("(call_indirect (i32.const 1))", "it called a function through an invalid pointer"),
        (
            "(drop (i32.trunc_f32_s (f32.const nan)))",
            "it converted to a whole number what is not a number, or is too large",
        ),
    ] {
        let ended = place.run_text(&format!(
            r#"(module (memory 1) (table 2 funcref) (func $main {body}) (func (export "_start") (call $main)))"#
        ));
        assert_eq!(ended.code, Some(134), "{body}: {}", ended.err);
        assert_eq!(ended.report, Some(Report::Trapped { what: words.into(), over_memory: None }), "{body}");
        assert!(ended.err.ends_with(&format!("solti-wasi: trapped: {words}\n")), "{}", ended.err);
        assert!(ended.err.contains("main"), "the function is named: {}", ended.err);
    }
}

#[test]
fn memory_is_held_to_its_limit() {
    let place = Place::new();
    let order = |pages: u64| Order { memory_bytes: Some(pages << 16), ..Order::default() };
    // Ends with 5 if it does not get nine pages more, as a program does that checks what it allocates.
    let grows = place.module(
        r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_start")
                (if (i32.eq (memory.grow (i32.const 9)) (i32.const -1)) (then (call $exit (i32.const 5))))))"#,
    );
    assert_eq!(place.run(&order(10), &grows, &[]).code, Some(0));
    let ended = place.run(&order(9), &grows, &[]);
    assert_eq!((ended.code, ended.report), (Some(5), Some(Report::OverMemory { limit: 9 << 16 })));
    let failure = place.refused(&order(3), &place.module(r#"(module (memory 4) (func (export "_start")))"#));
    assert_eq!(failure, NotStarted::Memory { needed: 4 << 16, limit: 3 << 16 });
    // Nobody looks whether it got the memory that it then writes to.
    let careless = place.module(
        r#"(module (memory (export "memory") 1) (func (export "_start")
            (drop (memory.grow (i32.const 9))) (i32.store (i32.const 0x80000) (i32.const 1))))"#,
    );
    let ended = place.run(&order(9), &careless, &[]);
    assert!(ended.err.ends_with("it had asked for more memory than its limit of 576 KiB\n"), "{}", ended.err);
}

/// What it is given, and nothing of the program that runs it.
#[test]
fn a_module_sees_what_it_is_given_and_nothing_else() {
    let place = Place::new();
    let counts = |function: &str| {
        format!(
            r#"(module
                (import "wasi_snapshot_preview1" "{function}" (func $sizes (param i32 i32) (result i32)))
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1)
                (func (export "_start") (drop (call $sizes (i32.const 0) (i32.const 4)))
                    (call $exit (i32.load (i32.const 0)))))"#
        )
    };
    let env = vec![("A".to_owned(), "b".to_owned()), ("C".to_owned(), "d".to_owned())];
    let order = Order { env, ..Order::default() };
    let variables = place.module(&counts("environ_sizes_get"));
    assert_eq!(place.run(&order, &variables, &[]).code, Some(2));
    assert_eq!(place.run(&Order::default(), &variables, &[]).code, Some(0));
    let arguments = place.module(&counts("args_sizes_get"));
    assert_eq!(place.run(&order, &arguments, &["x", ""]).code, Some(3), "with its own name");

    // Ends with the number of the error: 8 is "there is no such descriptor".
    let folders = place.module(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_prestat_get" (func $get (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_start") (call $exit (call $get (i32.const 3) (i32.const 0)))))"#,
    );
    assert_eq!(place.run(&Order::default(), &folders, &[]).code, Some(8));
    let folder =
        |host: PathBuf| Folder { host: host.display().to_string(), guest: "/data".into(), read_only: false };
    let order = |host| Order { folders: vec![folder(host)], ..Order::default() };
    assert_eq!(place.run(&order(place.path().to_owned()), &folders, &[]).code, Some(0));
    let missing = place.path().join("missing");
    let NotStarted::Folder { host, guest, said } = place.refused(&order(missing.clone()), &folders) else {
        panic!("a folder that is not there was opened")
    };
    assert_eq!((Path::new(&host), &*guest), (&*missing, "/data"));
    assert!(said.contains("No such file"), "{said}");
}

/// `wasi:cli/run` and what it prints by, in full.
fn component(body: &str) -> String {
    format!(
        r#"(component
            (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
            (alias export $error "error" (type $error-type))
            (import "wasi:io/streams@0.2.0" (instance $streams
                (alias outer 1 $error-type (type $outer-error))
                (export "error" (type $e (eq $outer-error)))
                (export "output-stream" (type $out (sub resource)))
                (type $failure (variant (case "last-operation-failed" (own $e)) (case "closed")))
                (export "stream-error" (type $stream-error (eq $failure)))
                (export "[method]output-stream.blocking-write-and-flush" (func
                    (param "self" (borrow $out)) (param "contents" (list u8))
                    (result (result (error $stream-error)))))))
            (alias export $streams "output-stream" (type $out-type))
            (import "wasi:cli/stdout@0.2.0" (instance $stdout
                (alias outer 1 $out-type (type $outer-out))
                (export "output-stream" (type $out (eq $outer-out)))
                (export "get-stdout" (func (result (own $out))))))
            (import "wasi:cli/exit@0.2.0" (instance $exit
                (export "exit" (func (param "status" (result))))))
            (core module $libc (memory (export "memory") 1) (data (i32.const 100) "hello\n"))
            (core instance $libc (instantiate $libc))
            (alias core export $libc "memory" (core memory $memory))
            (alias export $stdout "get-stdout" (func $get-of-host))
            (alias export $streams "[method]output-stream.blocking-write-and-flush" (func $write-of-host))
            (alias export $exit "exit" (func $exit-of-host))
            (core func $get (canon lower (func $get-of-host)))
            (core func $write (canon lower (func $write-of-host) (memory $memory)))
            (core func $leave (canon lower (func $exit-of-host)))
            (core module $main
                (import "host" "memory" (memory 1))
                (import "host" "get" (func $get (result i32)))
                (import "host" "write" (func $write (param i32 i32 i32 i32)))
                (import "host" "exit" (func $exit (param i32)))
                (func (export "run") (result i32)
                    (call $write (call $get) (i32.const 100) (i32.const 6) (i32.const 0))
                    {body}))
            (core instance $main (instantiate $main (with "host" (instance
                (export "memory" (memory $memory))
                (export "get" (func $get)) (export "write" (func $write)) (export "exit" (func $leave))))))
            (alias core export $main "run" (core func $started))
            (func $run (result (result)) (canon lift (core func $started)))
            (instance $run (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $run)))"#
    )
}

#[test]
fn a_component_runs_like_a_module() {
    let place = Place::new();
    for (body, code) in [
        ("(i32.const 0)", 0),
        ("(i32.const 1)", 1),
        // Its interface has success and failure, and no numbers.
        ("(call $exit (i32.const 1)) unreachable", 1),
        ("unreachable", 134),
    ] {
        let ended = place.run_text(&component(body));
        assert_eq!((ended.code, &*ended.out), (Some(code), "hello\n"), "{body}: {}", ended.err);
        assert_eq!(matches!(ended.report, Some(Report::Trapped { .. })), code == 134, "{body}");
    }
}

/// A component succeeds here if it is denied a socket.
#[test]
fn there_is_no_network() {
    let asks = r#"(component
        (import "wasi:sockets/network@0.2.0" (instance $network
            (type $codes (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout"
                "concurrency-conflict" "not-in-progress" "would-block" "invalid-state" "new-socket-limit"
                "address-not-bindable" "address-in-use" "remote-unreachable" "connection-refused" "connection-reset"
                "connection-aborted" "datagram-too-large" "name-unresolvable" "temporary-resolver-failure"
                "permanent-resolver-failure"))
            (export "error-code" (type (eq $codes)))
            (type $families (enum "ipv4" "ipv6"))
            (export "ip-address-family" (type (eq $families)))))
        (alias export $network "error-code" (type $code))
        (alias export $network "ip-address-family" (type $family))
        (import "wasi:sockets/tcp@0.2.0" (instance $tcp (export "tcp-socket" (type (sub resource)))))
        (alias export $tcp "tcp-socket" (type $socket))
        (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
            (alias outer 1 $code (type $outer-code))
            (export "error-code" (type $code (eq $outer-code)))
            (alias outer 1 $family (type $outer-family))
            (export "ip-address-family" (type $family (eq $outer-family)))
            (alias outer 1 $socket (type $outer-socket))
            (export "tcp-socket" (type $socket (eq $outer-socket)))
            (export "create-tcp-socket" (func (param "address-family" $family)
                (result (result (own $socket) (error $code)))))))
        (core module $libc (memory (export "memory") 1))
        (core instance $libc (instantiate $libc))
        (alias core export $libc "memory" (core memory $memory))
        (alias export $create "create-tcp-socket" (func $create-of-host))
        (core func $made (canon lower (func $create-of-host) (memory $memory)))
        (core module $main
            (import "host" "memory" (memory 1))
            (import "host" "create" (func $create (param i32 i32)))
            (func (export "run") (result i32)
                (call $create (i32.const 0) (i32.const 0))
                (i32.eqz (i32.and
                    (i32.eq (i32.load8_u (i32.const 0)) (i32.const 1))
                    (i32.eq (i32.load8_u (i32.const 4)) (i32.const 1))))))
        (core instance $main (instantiate $main (with "host" (instance
            (export "memory" (memory $memory)) (export "create" (func $made))))))
        (alias core export $main "run" (core func $started))
        (func $run (result (result)) (canon lift (core func $started)))
        (instance $run (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $run)))"#;
    let ended = Place::new().run_text(asks);
    assert_eq!((ended.code, &*ended.err), (Some(0), ""));
}

#[test]
fn compiled_code_is_kept_and_taken_again() {
    let place = Place::new();
    let cache = place.path().join("cache");
    let order = Order { cache: Some(cache.display().to_string()), ..Order::default() };
    let files = || {
        let entries = fs::read_dir(&cache).expect("made").map(|entry| entry.expect("an entry").path());
        let mut found: Vec<_> =
            entries.map(|path| (fs::metadata(&path).expect("there").ino(), path)).collect();
        found.sort();
        found
    };
    let module = place.module(r#"(module (func (export "_start")))"#);
    assert_eq!(place.run(&order, &module, &[]).code, Some(0));
    let first = files();
    assert_eq!(first.len(), 1);
    assert_eq!(place.run(&order, &module, &[]).code, Some(0));
    assert_eq!(files(), first, "it is the same file");
    // Another text under the same name is other code.
    let module = place.module(&component("(i32.const 1)"));
    assert_eq!(place.run(&order, &module, &[]).code, Some(1));
    assert_eq!(place.run(&order, &module, &[]).code, Some(1));
    assert_eq!(files().len(), 2);
    // Without a place for it, it runs all the same.
    let nowhere = Order { cache: Some("/proc/no-folder".into()), ..Order::default() };
    let ended = place.run(&nowhere, &module, &[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("/proc/no-folder is not used for compiled code"), "{}", ended.err);
}

#[test]
fn who_calls_it_by_hand_is_told_what_it_is() {
    let say = |words: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_solti-wasi")).args(words).output().expect("it runs")
    };
    let version = say(&["--version"]);
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    assert!(
        version.starts_with(&format!("solti-wasi {} (wasmtime ", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
    assert!(String::from_utf8_lossy(&say(&["--help"]).stdout).starts_with("usage: "));
    for wrong in [&[][..], &["/nowhere/order", "m.wasm"]] {
        assert_eq!(say(wrong).status.code(), Some(2));
    }
}
