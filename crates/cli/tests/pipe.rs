//! `run --wait` and `logs` in the place of a program among others: its bytes, its input, its end.

mod support;

use rustix::process::Signal;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};
use support::{Place, Server, ended, error, lines, send, sha256};

/// Whatever a program prints, as it stands in a file.
fn odd_bytes() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..300_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    bytes.extend(b"crlf\r\nlone\rcr\n\n\0nul\n\xc3");
    bytes.extend(vec![b'x'; 3 << 20]);
    bytes.extend("\u{20ac}".bytes());
    bytes.extend(b"\nno end");
    bytes
}

#[test]
fn what_a_task_prints_comes_through_byte_for_byte() {
    let place = Place::new();
    let server = place.serve(&["--http", "127.0.0.1:0"]);
    fs::write(place.work().join("odd"), odd_bytes()).unwrap();
    let expected = sha256(&odd_bytes());
    let output = place.run(&["run", "--wait", "--", "cat", "odd"]);
    assert_eq!((output.status.code(), sha256(&output.stdout)), (Some(0), expected.clone()));
    let id = place.json(&["list", "--json"])["tasks"][0]["metadata"]["id"].as_str().unwrap().to_owned();
    for words in [&["logs", &id][..], &["logs", "-f", &id]] {
        assert_eq!(sha256(&place.run(words).stdout), expected, "{words:?}");
    }
    // The same from another machine.
    let url = server.lines.next();
    let there = |words: &[&str]| {
        let token = fs::read_to_string(place.data_dir().join("api/token")).unwrap();
        let words = [&["--url", &url], words].concat();
        place.command(&words).env("SOLTI_TOKEN", token.trim()).output().unwrap()
    };
    assert_eq!(sha256(&there(&["logs", &id]).stdout), expected);
    let cwd = place.work();
    let output = there(&["run", "--wait", "-C", cwd.to_str().unwrap(), "--", "cat", "odd"]);
    assert_eq!((output.status.code(), sha256(&output.stdout)), (Some(0), expected));
}

#[test]
fn a_pipeline_through_a_task_works() {
    let place = Place::new();
    let _server = place.serve(&[]);
    fs::write(place.work().join("odd"), odd_bytes()).unwrap();
    let mut run = place.command(&["run", "--wait", "--", "gzip", "-c", "odd"]).spawn().unwrap();
    let gunzip = Command::new("gunzip").stdin(run.stdout.take().unwrap()).output().unwrap();
    assert!(gunzip.status.success(), "{}", error(&gunzip));
    assert_eq!(sha256(&gunzip.stdout), sha256(&odd_bytes()));
    assert_eq!(ended(&mut run), Some(0));
}

#[test]
fn the_streams_of_a_task_stay_apart_and_nothing_is_added_to_them() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let script = "printf 'out 1 '; printf 'err 1\\r\\n' >&2; printf 'out 2'; printf 'err 2\\0' >&2";
    let output = place.run(&["run", "--wait", "--", "sh", "-c", script]);
    assert_eq!((&*output.stdout, &*output.stderr), (&b"out 1 out 2"[..], &b"err 1\r\nerr 2\0"[..]));
    let nothing = place.run(&["run", "--wait", "--", "true"]);
    assert_eq!((nothing.stdout.len(), nothing.stderr.len()), (0, 0));
    // All attempts, one behind the other.
    let script = "printf a; test -e again && exit 0; touch again; exit 1";
    let output = place.run(&["run", "--wait", "--retries", "1", "--", "sh", "-c", script]);
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b"aa"[..]));
}

#[test]
fn the_beginning_of_a_line_is_there_before_its_end() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.gate("gate");
    let script = "printf 'step 1 ... '; read x < gate; echo done";
    let mut run = place.command(&["run", "--wait", "--", "sh", "-c", script]).spawn().unwrap();
    let mut output = run.stdout.take().unwrap();
    let mut begun = [0; 11];
    output.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"step 1 ... ");
    let id = place.json(&["list", "--json"])["tasks"][0]["metadata"]["id"].as_str().unwrap().to_owned();
    assert_eq!(place.ok(&["logs", &id]), "step 1 ... ", "as far as it is");
    place.open_gate("gate");
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), ended(&mut run)), ("done\n", Some(0)));
}

#[test]
fn the_output_goes_on_when_the_server_is_killed_and_started_again() {
    let place = Place::new();
    place.gate("gate");
    let server = place.serve(&[]);
    let script = "printf 'half \\377'; read x < gate; printf 'done\\0'";
    let mut run = place.command(&["run", "--wait", "--", "sh", "-c", script]).spawn().unwrap();
    let mut output = run.stdout.take().unwrap();
    let mut begun = [0; 6];
    output.read_exact(&mut begun).unwrap();
    server.signal(Signal::KILL);
    server.ended();
    let _server = place.serve(&[]);
    place.open_gate("gate");
    let mut rest = vec![];
    output.read_to_end(&mut rest).unwrap();
    assert_eq!((&begun[..], &*rest, ended(&mut run)), (&b"half \xff"[..], &b"done\0"[..], Some(0)));
}

/// Runs with so many bytes at standard input, which then ends.
fn fed(place: &Place, words: &[&str], input: &[u8]) -> Output {
    let mut child = place.command(words).stdin(Stdio::piped()).spawn().unwrap();
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    let feeding = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    output
}

#[test]
fn what_is_given_to_read_goes_to_the_task() {
    let place = Place::new();
    let _server = place.serve(&[]);
    assert_eq!(fed(&place, &["run", "--wait", "--", "cat"], b"x\n").stdout, b"x\n");
    let large = fed(&place, &["run", "--wait", "--", "sha256sum"], &odd_bytes());
    assert_eq!(String::from_utf8_lossy(&large.stdout).split(' ').next().unwrap(), sha256(&odd_bytes()));
    assert!(fed(&place, &["run", "--wait", "-n", "--", "cat"], b"x\n").stdout.is_empty());
    assert!(place.run(&["run", "--wait", "--", "cat"]).stdout.is_empty());
    // Who does not read, and who reads a part, is left alone.
    assert_eq!(fed(&place, &["run", "--wait", "--", "true"], b"x").status.code(), Some(0));
    assert_eq!(fed(&place, &["run", "--wait", "--", "head", "-c", "2"], &odd_bytes()).stdout.len(), 2);
    fs::write(place.work().join("words"), "from a file\n").unwrap();
    let words = ["run", "--wait", "--stdin", "words", "--", "cat"];
    assert_eq!(place.ok(&words), "from a file\n");
    assert_eq!(fs::read_dir(place.data_dir().join("input")).unwrap().count(), 0, "nothing is left");
}

#[test]
fn input_is_handed_over_as_it_comes() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let mut run = place.command(&["run", "--wait", "--", "cat"]).stdin(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (run.stdin.take().unwrap(), run.stdout.take().unwrap());
    for line in [b"one\n", b"two\n"] {
        input.write_all(line).unwrap();
        let mut echoed = [0; 4];
        output.read_exact(&mut echoed).unwrap();
        assert_eq!(&echoed, line);
    }
    drop(input);
    assert_eq!(ended(&mut run), Some(0));
}

#[test]
fn input_that_cannot_be_read_to_its_end_is_no_end() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut ours = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut theirs, _) = listener.accept().unwrap();
    // Closed with something that was not read, a connection is reset.
    ours.write_all(b"unread").unwrap();
    theirs.write_all(b"a part\n").unwrap();
    theirs.peek(&mut [0]).unwrap();
    let mut run = place.command(&["run", "--wait", "--", "cat"]);
    let mut run = run.stdin(std::os::fd::OwnedFd::from(ours)).spawn().unwrap();
    let mut begun = [0; 7];
    run.stdout.as_mut().unwrap().read_exact(&mut begun).unwrap();
    drop(theirs);
    let output = run.wait_with_output().unwrap();
    assert_eq!((&begun[..], output.status.code()), (&b"a part\n"[..], Some(125)), "{}", error(&output));
    let said = "solti: standard input cannot be read: Connection reset by peer";
    assert!(error(&output).contains(said), "{}", error(&output));
    let directory = fs::File::open(place.work()).unwrap();
    let output = place.command(&["run", "--wait", "--", "cat"]).stdin(directory).output().unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(error(&output).contains("standard input cannot be read: Is a directory"), "{}", error(&output));
}

#[test]
fn lines_of_utf_16_that_are_left_are_whole() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let text = "{\"level\":\"error\",\"n\":1}\n{\"level\":\"info\",\"n\":2}\n{\"level\":\"error\",\"n\":3}\n";
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    fs::write(place.work().join("log"), utf16(text)).unwrap();
    let id = place.json(&["run", "--json", "--", "cat", "log"])["taskId"].as_str().unwrap().to_owned();
    place.ok(&["wait", &id]);
    let logs = |words: &[&str]| place.run(&[&["logs"], words, &[&*id]].concat()).stdout;
    let errors: String = text.split_inclusive('\n').filter(|line| line.contains("error")).collect();
    assert_eq!(logs(&["--field", "level=error"]), utf16(&errors));
    assert_eq!(logs(&[]), utf16(text));
    let dated = logs(&["--timestamps"]);
    let units = dated.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let dated = char::decode_utf16(units).collect::<Result<String, _>>().unwrap();
    assert!(
        dated.lines().zip(text.lines()).all(|(dated, line)| dated.ends_with(&format!(" {line}"))),
        "{dated}"
    );
    assert_eq!(dated.lines().count(), 3);
}

#[test]
fn a_task_that_may_be_tried_again_reads_the_same_again_or_it_is_refused() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let script = "cat; test -e again && exit 0; touch again; exit 1";
    let words = ["run", "--wait", "--retries", "1", "--", "sh", "-c", script];
    assert_eq!(fed(&place, &words, b"x\n").stdout, b"x\nx\n");
    for (input, word) in [(&b"\xff"[..], "UTF-8"), (&vec![b'x'; (1 << 20) + 1], "1 MiB")] {
        let refused = fed(&place, &words, input);
        assert_eq!(refused.status.code(), Some(125));
        assert!(error(&refused).contains(word) && error(&refused).contains("--stdin"), "{}", error(&refused));
    }
}

#[test]
fn an_end_has_the_exit_code_that_a_shell_would_give_it() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let code = |words: &[&str]| place.run(&[&["run", "--wait", "--"], words].concat()).status.code();
    for (signal, expected) in [("TERM", 143), ("KILL", 137), ("SEGV", 139), ("PIPE", 141)] {
        assert_eq!(code(&["sh", "-c", &format!("kill -{signal} $$")]), Some(expected), "{signal}");
    }
    let file = place.work().join("no-run-bit");
    fs::write(&file, "#!/bin/sh\n").unwrap();
    let shebang = place.work().join("bad-shebang");
    fs::write(&shebang, "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(&shebang, fs::Permissions::from_mode(0o755)).unwrap();
    for (words, expected) in [
        (&["no-such-program-anywhere"][..], 127),
        (&["/no/such/file"], 127),
        (&["./no-run-bit"], 126),
        (&["./bad-shebang"], 126),
        (&["/"], 126),
        (&["sh", "-c", "exit 200"], 200),
    ] {
        assert_eq!(code(words), Some(expected), "{words:?}");
    }
    let id = place.task("kill -9 $$");
    assert_eq!(place.run(&["wait", &id]).status.code(), Some(137));
}

fn phase(place: &Place) -> serde_json::Value {
    place.json(&["list", "--json"])["tasks"][0]["status"]["phase"].clone()
}

#[test]
fn who_asks_the_program_to_end_ends_the_task() {
    let place = Place::new();
    let _server = place.serve(&[]);
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let script = "echo on; sleep 600";
        let mut run = place.command(&["run", "--wait", "--", "sh", "-c", script]).spawn().unwrap();
        assert_eq!(lines(&mut run).next(), "on");
        send(&run, signal);
        assert_eq!(ended(&mut run), Some(130), "{signal:?}");
        assert_eq!(phase(&place), "canceled", "{signal:?}");
    }
}

#[test]
fn who_does_not_read_on_ends_the_task_whether_it_prints_or_not() {
    let place = Place::new();
    let _server = place.serve(&[]);
    for script in ["echo on; exec yes", "echo on; exec sleep 600"] {
        let mut run = place.command(&["run", "--wait", "--", "sh", "-c", script]).spawn().unwrap();
        let mut output = run.stdout.take().unwrap();
        output.read_exact(&mut [0; 3]).unwrap();
        drop(output);
        assert_eq!(ended(&mut run), Some(130), "{script}");
        assert_eq!(phase(&place), "canceled", "{script}");
    }
}

#[test]
fn a_server_that_goes_for_good_is_no_success() {
    let place = Place::new();
    let server: Server = place.serve(&[]);
    let mut run = place.command(&["run", "--wait", "--", "sh", "-c", "echo on; sleep 600"]).spawn().unwrap();
    assert_eq!(lines(&mut run).next(), "on");
    server.signal(Signal::KILL);
    server.ended();
    send(&run, Signal::TERM);
    assert_eq!(ended(&mut run), Some(125), "nobody knows of the task's end");
    let _server = place.serve(&[]);
    let id = place.json(&["list", "--json"])["tasks"][0]["metadata"]["id"].as_str().unwrap().to_owned();
    place.ok(&["stop", "--kill", &id]);
    place.run(&["wait", &id]);
}

#[test]
fn names_that_are_no_text_are_refused_in_words() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let odd = || std::ffi::OsString::from_vec(b"odd\xff".to_vec());
    fs::create_dir(place.work().join(odd())).unwrap();
    let refused = |command: &mut Command| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", error(&output));
        let said = error(&output);
        assert!(
            said.contains("is not UTF-8 text") && said.contains(r"odd\xFF") && said.lines().count() == 1,
            "{said}"
        );
    };
    refused(place.command(&["run", "--wait", "--", "cat"]).arg(odd()));
    refused(place.command(&["run", "--wait", "-C"]).arg(odd()).args(["--", "cat"]));
    refused(place.command(&["run", "--wait", "--", "cat"]).current_dir(place.work().join(odd())));
    refused(place.command(&["run", "--wait", "--env", "ODD", "--", "cat"]).env("ODD", odd()));
    // What clap reads as text itself.
    let output = place.command(&["logs"]).arg(odd()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(error(&output).contains("UTF-8"), "{}", error(&output));
}

#[test]
fn a_log_that_cannot_be_read_is_no_success() {
    let place = Place::new();
    let id = {
        let server = place.serve(&[]);
        let id = place.task("echo first");
        place.run(&["wait", &id]);
        server.signal(Signal::TERM);
        server.ended();
        id
    };
    let task = place.data_dir().join("runs").join(&id);
    for there in fs::read_dir(&task).unwrap() {
        let there = there.unwrap().path();
        let removed = if there.is_dir() { fs::remove_dir_all(&there) } else { fs::remove_file(&there) };
        removed.unwrap();
    }
    fs::create_dir(task.join("1.log")).unwrap();
    let _server = place.serve(&[]);
    for words in [&["logs", &id][..], &["logs", "-f", &id], &["logs", "-a", "1", &id]] {
        let output = place.run(words);
        let said = error(&output);
        assert!(said.contains("log file cannot be opened: "), "{said}");
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(1), &b""[..]), "{words:?}");
    }
}

#[test]
fn since_is_a_moment_or_refused() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let id = place.task("echo now");
    place.run(&["wait", &id]);
    let logs = |since: &str, zone: &str| {
        let output = place.command(&["logs", &id, "--since", since]).env("TZ", zone).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for (since, shown) in [
        ("2000-01-01T00:00:00+14:00", "now\n"),
        ("2000-01-01 00:00", "now\n"),
        ("2199-01-01T00:00:00-11:30", ""),
        ("2199-01-01", ""),
    ] {
        assert_eq!(logs(since, "Asia/Kolkata"), (Some(0), shown.to_owned()), "{since}");
    }
    for since in ["2000-01-01T00:00:00+99:00", "2000-01-01T00:00 CET", "yesterday", "12:00"] {
        assert_eq!(logs(since, "UTC").0, Some(2), "{since}");
    }
    let mut command = place.command(&["logs", "-t", &id]);
    let line = command.env("TZ", "IST-5:30").output().unwrap().stdout;
    let line = String::from_utf8(line).unwrap();
    assert!(line.ends_with("+05:30 now\n"), "{line}");
}

#[test]
fn on_a_terminal_a_line_is_shown_as_far_as_it_is_and_steers_nothing() {
    let place = Place::new();
    let _server = place.serve(&[]);
    place.gate("gate");
    let (ours, theirs) = support::terminal();
    let script = "printf 'step 1 ... '; read x < gate; printf '50%%\\r\\033]0;title\\007STEP'; printf 'err\\033[31' >&2";
    let mut command = place.command(&["run", "--wait", "--", "sh", "-c", script]);
    let end = || Stdio::from(theirs.try_clone().unwrap());
    let mut run = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    drop((command, theirs));
    let shown = support::Shown::by(ours);
    shown.wait_for("step 1 ... ");
    place.open_gate("gate");
    assert_eq!(ended(&mut run), Some(0));
    let shown = shown.until_its_end();
    assert!(shown.contains("STEP") && shown.contains("err\u{241b}[31"), "{shown:?}");
    assert!(!shown.contains("\x1b]") && !shown.contains("title"), "{shown:?}");
    assert!(shown.ends_with("\r\n"), "what comes next has a row of its own: {shown:?}");
}

#[test]
fn a_terminal_gets_the_text_of_a_log_and_a_pipe_its_bytes() {
    let place = Place::new();
    let _server = place.serve(&[]);
    let utf16: Vec<u8> =
        "h\u{e9}llo\r\n\u{65e5}\u{672c}\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    // In Windows' Cyrillic, enough of it to be told from others.
    let cyrillic: Vec<u8> = b"\xcf\xf0\xe8\xe2\xe5\xf2, \xec\xe8\xf0! \xdd\xf2\xee \xf0\xf3\xf1\xf1\xea\xe8\xe9 \xf2\xe5\xea\xf1\xf2.\n".repeat(20);
    for (name, bytes, said) in [
        ("utf16", utf16, ["h\u{e9}llo", "\u{65e5}\u{672c}"]),
        (
            "cyrillic",
            cyrillic,
            [
                "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}",
                "\u{440}\u{443}\u{441}\u{441}\u{43a}\u{438}\u{439}",
            ],
        ),
    ] {
        fs::write(place.work().join(name), &bytes).unwrap();
        let piped = place.run(&["run", "--wait", "--", "cat", name]);
        assert_eq!(piped.stdout, bytes, "{name}");
        let id = place.json(&["list", "--json"])["tasks"][0]["metadata"]["id"].as_str().unwrap().to_owned();
        assert_eq!(place.run(&["logs", &id]).stdout, bytes, "{name}");
        for words in [&["run", "--wait", "--", "cat", name][..], &["logs", &id]] {
            let (ours, theirs) = support::terminal();
            let mut command = place.command(words);
            let end = || Stdio::from(theirs.try_clone().unwrap());
            let mut run = command.stdout(end()).stderr(end()).spawn().unwrap();
            drop((command, theirs));
            let shown = support::Shown::by(ours);
            assert_eq!(ended(&mut run), Some(0));
            let shown = shown.until_its_end();
            assert!(said.iter().all(|word| shown.contains(word)), "{words:?}: {shown:?}");
            assert!(!shown.contains('\u{fffd}') && !shown.contains('\u{2400}'), "{words:?}: {shown:?}");
        }
    }
}
