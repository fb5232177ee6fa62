//! A run folder, the shim in it, and what it left behind. Every wait is bounded.

use std::fs::{self, File};
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use solti_shim::cgroup::Unenforced;
use solti_shim::control::{REPLY_LEN, Reply, Request};
use solti_shim::exit_record::{EndFlags, ExitRecord, RunEnd, RunState, Usage};
use solti_shim::launch::LaunchSpec;
use solti_shim::layout;
use solti_shim::start_report::{LEN, StartFailure, StartReport};
use solti_shim::tree::{Membership, Process};
pub use solti_testing::PATIENCE;
use tempfile::TempDir;

/// A launch that is not made yet.
pub struct Plan {
    pub folder: TempDir,
    pub spec: LaunchSpec,
}

/// A shim whose child runs.
pub struct Running {
    pub folder: TempDir,
    pub child_pid: u32,
    /// Of the run's limits.
    pub unenforced: Unenforced,
    shim: Guarded,
    /// See [`Plan::start_with_fifo`].
    fifo: Option<File>,
}

/// A shim that a failing test does not leave behind, nor anything of its run.
struct Guarded {
    shim: Child,
    run_id: String,
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if !matches!(self.shim.try_wait(), Ok(Some(_))) {
            self.shim.kill().ok();
            self.shim.wait().ok();
            let left = Membership { run_id: &self.run_id, not_before_ticks: 0 };
            for process in left.members().unwrap_or_default() {
                process.signal(libc::SIGKILL).ok();
            }
        }
    }
}

/// A run that is over.
pub struct Ended {
    pub folder: TempDir,
    pub end: RunEnd,
    pub flags: EndFlags,
    pub record: ExitRecord,
    pub log: Vec<u8>,
}

impl Plan {
    pub fn program(argv: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The name of a fresh folder is as unique as the id of a run must be.
        let run_id = format!("{}/1", folder.path().file_name().unwrap().to_string_lossy());
        let spec = LaunchSpec {
            run_id,
            argv: argv.iter().map(Into::into).collect(),
            env: vec![("PATH".into(), "/usr/bin:/bin".into())],
            cwd: None,
            timeout_ms: None,
            // For who ends on TERM; who does not, and shall be killed, sets less.
            grace_ms: 60_000,
            after_main: solti_shim::launch::AfterMain::Wait,
            limits: solti_shim::launch::Limits::default(),
            stdin: None,
            cleanup: None,
            cluster: false,
            segments: solti_logstore::SegmentSizes::default(),
        };
        Self { folder, spec }
    }

    pub fn sh(script: &str) -> Self {
        Self::program(&["/bin/sh", "-c", script])
    }

    pub fn start(self) -> Running {
        let (report, shim) = self.launch();
        match report {
            Ok(StartReport::Started { child_pid, unenforced, .. }) => {
                let shim = Guarded { shim, run_id: self.spec.run_id };
                Running { folder: self.folder, child_pid, unenforced, shim, fifo: None }
            }
            other => panic!("did not start: {other:?}"),
        }
    }

    pub fn run(self) -> Ended {
        self.start().wait()
    }

    /// For starts that must fail.
    pub fn fail(self) -> (StartFailure, Ended) {
        let (report, mut shim) = self.launch();
        let Ok(StartReport::Failed(failure)) = report else { panic!("started: {report:?}") };
        assert!(!wait_for(&mut shim).success());
        (failure, Ended::read(self.folder))
    }

    fn launch(&self) -> (io::Result<StartReport>, Child) {
        let dir = self.folder.path();
        let mut options = File::options();
        let mut launch =
            options.write(true).create_new(true).mode(0o600).open(dir.join(layout::LAUNCH)).unwrap();
        launch.write_all(&self.spec.encode()).unwrap();
        let (reader, shim) = spawn_shim(dir);
        (read_report(reader), shim)
    }
}

/// Starts the shim on a folder as it is.
pub fn spawn_shim(dir: &Path) -> (PipeReader, Child) {
    let (reader, writer) = io::pipe().unwrap();
    let fd = writer.as_raw_fd();
    let mut command = Command::new(env!("CARGO_BIN_EXE_solti-shim"));
    command.arg(dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // SAFETY: dup2 and fcntl are async-signal-safe and work on integers.
    unsafe {
        command.pre_exec(move || {
            let result =
                if fd == 3 { libc::fcntl(3, libc::F_SETFD, 0) } else { libc::dup2(fd, layout::STATUS_FD) };
            if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
        });
    }
    (reader, command.spawn().unwrap())
}

pub fn read_report(mut reader: PipeReader) -> io::Result<StartReport> {
    let mut bytes = [0; LEN];
    reader.read_exact(&mut bytes)?;
    assert_eq!(reader.read(&mut [0])?, 0, "the status pipe is closed after one report");
    StartReport::decode(&bytes).map_err(io::Error::other)
}

pub fn wait_for(shim: &mut Child) -> std::process::ExitStatus {
    assert!(ends_within(shim.id(), PATIENCE), "the shim is still there");
    shim.wait().unwrap()
}

/// Waits for a process that need not be our child.
pub fn ends_within(pid: u32, patience: Duration) -> bool {
    // SAFETY: integers in, a new descriptor or -1 out.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid as libc::pid_t, 0) };
    if fd < 0 {
        return true;
    }
    // SAFETY: a descriptor just returned by the kernel that nobody else owns.
    let fd = unsafe { OwnedFd::from_raw_fd(fd as i32) };
    let mut slot = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid slot.
    unsafe { libc::poll(&raw mut slot, 1, patience.as_millis() as i32) == 1 }
}

pub fn is_alive(pid: u32) -> bool {
    Process::find(pid).is_some_and(|process| !process.zombie)
}

impl Running {
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    pub fn shim_pid(&self) -> u32 {
        self.shim.shim.id()
    }

    pub fn run_id(&self) -> String {
        self.shim.run_id.clone()
    }

    pub fn connect(&self) -> Control {
        Control::connect(self.dir())
    }

    /// Waits on the doorbell until the log has this many lines, and gives them.
    pub fn lines(&self, count: usize) -> Vec<String> {
        let mut control = self.connect();
        control.send(Request::Subscribe { main_ended: false });
        loop {
            let reply = control.receive();
            let log = fs::read_to_string(self.dir().join("output.log")).unwrap_or_default();
            if log.matches('\n').count() >= count {
                return log.lines().map(str::to_owned).collect();
            }
            assert!(matches!(reply, Reply::Doorbell { .. }), "ended with {log:?}");
        }
    }

    pub fn pids(&self, count: usize) -> Vec<u32> {
        self.lines(count).iter().map(|line| line.trim().parse().unwrap()).collect()
    }

    pub fn stop(&self) {
        let mut control = self.connect();
        control.send(Request::Stop);
        assert_eq!(control.receive(), Reply::Accepted);
    }

    pub fn wait(self) -> Ended {
        self.wait_for_code(0)
    }

    /// As a job of a cluster, the shim exits as its program did.
    pub fn wait_for_code(mut self, code: i32) -> Ended {
        assert_eq!(wait_for(&mut self.shim.shim).code(), Some(code));
        Ended::read(self.folder)
    }

    pub fn until_gone(mut self) {
        wait_for(&mut self.shim.shim);
    }
}

/// The bytes of a run's log.
fn all_segments(folder: &Path) -> Vec<u8> {
    let names = std::iter::once("output.log".to_owned()).chain((1..).map(|n| format!("output.{n}.log")));
    names.map_while(|name| fs::read(folder.join(name)).ok()).flatten().collect()
}

impl Ended {
    pub fn read(folder: TempDir) -> Self {
        let record = ExitRecord::decode(&fs::read(folder.path().join(layout::EXIT)).unwrap()).unwrap();
        let RunState::Final { end, flags, .. } = record.state else { panic!("not final: {record:?}") };
        let log = all_segments(folder.path());
        Self { folder, end, flags, record, log }
    }

    pub fn duration(&self) -> Duration {
        let RunState::Final { duration_us, .. } = self.record.state else { unreachable!() };
        Duration::from_micros(duration_us)
    }

    pub fn usage(&self) -> Usage {
        let RunState::Final { usage, .. } = self.record.state else { unreachable!() };
        usage.expect("recorded")
    }

    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// A client of the control socket.
pub struct Control(pub UnixStream);

impl Control {
    pub fn connect(dir: &Path) -> Self {
        let dir = layout::open_run_dir(dir).unwrap();
        let stream = UnixStream::connect(layout::socket_path(dir.as_fd())).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    pub fn send(&mut self, request: Request) {
        self.0.write_all(&request.encode()).unwrap();
    }

    pub fn receive(&mut self) -> Reply {
        let mut bytes = [0; REPLY_LEN];
        self.0.read_exact(&mut bytes).unwrap();
        Reply::decode(&bytes).unwrap()
    }
}

/// A script in a folder of its own.
pub fn script(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
    let path = folder.join(name);
    File::options()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    path
}

pub fn took(started: Instant, at_least: Duration) {
    let took = started.elapsed();
    assert!(took >= at_least, "took {took:?}, expected {at_least:?} at least");
}

/// Programs that wait for the test: they read a line from `fifo`, the test writes one each time they may go on.
impl Plan {
    pub fn start_with_fifo(mut self) -> Running {
        let path = self.folder.path().join("fifo");
        let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
        // SAFETY: a C string and an integer.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        // Open for both, so that neither side ever waits for the other to open or sees an end of file.
        let fifo = File::options().read(true).write(true).open(path).unwrap();
        self.spec.cwd = Some(self.folder.path().into());
        Running { fifo: Some(fifo), ..self.start() }
    }
}

impl Running {
    pub fn release_fifo(&self) {
        self.fifo.as_ref().unwrap().write_all(b"go\n").unwrap();
    }
}
