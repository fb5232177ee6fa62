//! The real program in a data folder of its own, with the real shim.

#![allow(dead_code, reason = "each test file uses its own part")]

#[path = "../../../../tests/support/kept_logs.rs"]
mod kept_logs;

use serde_json::Value;
use solti_testing::PATIENCE;
pub use solti_testing::shim;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;

/// A data folder, and a directory to work in beside it.
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("work")).unwrap();
        let place = Self { dir };
        fs::create_dir(place.data_dir()).unwrap();
        fs::set_permissions(place.data_dir(), fs::Permissions::from_mode(0o700)).unwrap();
        kept_logs::keep_logs(&place.data_dir());
        place
    }

    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_solti"));
        for variable in
            ["SOLTI_URL", "SOLTI_TOKEN", "SOLTI_FINGERPRINT", "SOLTI_RUN_ID", "NO_COLOR", "COLUMNS"]
        {
            command.env_remove(variable);
        }
        command.env("SOLTI_DATA_DIR", self.data_dir()).env("SOLTI_SHIM", shim()).args(words);
        command.current_dir(self.work()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Standard output of a command that must succeed.
    pub fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", error(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.ok(words)).unwrap()
    }

    /// The id of a task that is run and not waited for.
    pub fn task(&self, script: &str) -> String {
        self.ok(&["run", "--", "sh", "-c", script]).trim().to_owned()
    }

    pub fn serve(&self, words: &[&str]) -> Server {
        self.serve_with(words, &[])
    }

    /// With these variables, which its tasks inherit.
    pub fn serve_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Server {
        self.server(
            self.command(&["serve"]).args(words).envs(variables.iter().copied()).stderr(Stdio::null()),
        )
    }

    /// With a standard error that nobody reads: what it writes there is refused.
    pub fn serve_unheard(&self) -> Server {
        self.server(self.command(&["serve"]).stderr(Stdio::piped()))
    }

    fn server(&self, command: &mut Command) -> Server {
        let mut child = command.spawn().unwrap();
        drop(child.stderr.take());
        let lines = lines(&mut child);
        let first = lines.next();
        assert!(first.starts_with("unix://"), "{first}");
        Server { child, lines }
    }

    /// Something a script can wait for: `read x < NAME` goes on after [`Place::open_gate`].
    pub fn gate(&self, name: &str) {
        assert!(Command::new("mkfifo").arg(self.work().join(name)).status().unwrap().success());
    }

    /// Returns when the script has reached the gate and gone through.
    pub fn open_gate(&self, name: &str) {
        fs::write(self.work().join(name), "go\n").unwrap();
    }
}

pub struct Server {
    child: Child,
    pub lines: Lines,
}

impl Server {
    pub fn signal(&self, signal: rustix::process::Signal) {
        send(&self.child, signal);
    }

    /// The exit code; `None` after a signal.
    pub fn ended(mut self) -> Option<i32> {
        ended(&mut self.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Lines of a program as they come.
pub struct Lines(mpsc::Receiver<String>);

impl Lines {
    pub fn next(&self) -> String {
        self.0.recv_timeout(PATIENCE).expect("a line comes")
    }

    pub fn rest(&self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            match self.0.recv_timeout(PATIENCE) {
                Ok(line) => lines.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => return lines,
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the program does not end"),
            }
        }
    }
}

pub fn lines(child: &mut Child) -> Lines {
    let output = child.stdout.take().unwrap();
    lines_of(output)
}

/// Of standard error.
pub fn errors(child: &mut Child) -> Lines {
    let output = child.stderr.take().unwrap();
    lines_of(output)
}

fn lines_of(output: impl std::io::Read + Send + 'static) -> Lines {
    let (reported, heard) = mpsc::sync_channel(1_000);
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if reported.send(line).is_err() {
                return;
            }
        }
    });
    Lines(heard)
}

pub fn send(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, signal).unwrap();
}

/// The exit code; `None` after a signal. A program that does not end is killed, and the test told.
pub fn ended(child: &mut Child) -> Option<i32> {
    let (reported, heard) = mpsc::sync_channel::<()>(1);
    let pid = rustix::process::Pid::from_child(child);
    let watch = std::thread::spawn(move || {
        let hangs = heard.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout);
        if hangs {
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).ok();
        }
        hangs
    });
    let status = child.wait().unwrap();
    drop(reported);
    assert!(!watch.join().unwrap(), "the program does not end");
    status.code()
}

pub fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn stderr_of(child: &mut Child) -> String {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    text
}

/// For this user alone.
pub fn private(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// In hexadecimal, by the tool that a person would take.
pub fn sha256(bytes: &[u8]) -> String {
    let mut child = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, bytes) = (child.stdin.take().unwrap(), bytes.to_vec());
    let feeding = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

/// A terminal: our side of it, and the program's.
pub fn terminal() -> (fs::File, fs::File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, vec![]).unwrap();
    let theirs = fs::OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    (ours.into(), theirs)
}

/// What a program has written to a terminal.
pub struct Shown(mpsc::Receiver<Vec<u8>>, std::cell::RefCell<Vec<u8>>);

impl Shown {
    pub fn by(mut terminal: fs::File) -> Self {
        let (reported, heard) = mpsc::sync_channel(1024);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Ends with an error when nobody has the other side any more.
            while let Ok(len @ 1..) = terminal.read(&mut bytes) {
                if reported.send(bytes[..len].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self(heard, Default::default())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.1.borrow()).into_owned()
    }

    pub fn wait_for(&self, text: &str) {
        while !self.text().contains(text) {
            let more = self.0.recv_timeout(PATIENCE);
            self.1.borrow_mut().extend(more.unwrap_or_else(|_| panic!("{text:?} comes: {:?}", self.text())));
        }
    }

    pub fn until_its_end(self) -> String {
        while let Ok(more) = self.0.recv_timeout(PATIENCE) {
            self.1.borrow_mut().extend(more);
        }
        self.text()
    }
}
