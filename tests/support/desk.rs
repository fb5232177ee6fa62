//! A screen, a session bus and a data folder for one test, and the app on them.

use super::{APP, AppWindow, Owned, first_line, is_main, kept_logs, screen, spawn};
use serde_json::json;
use solti_testing::{free_port, shim, wait_until as until};
use std::{
    fs::{self, File},
    net::TcpStream,
    path::Path,
    process::{Command, ExitStatus, Stdio},
};
use tempfile::TempDir;
use thirtyfour::{Capabilities, WebDriver};

pub struct Desk {
    data: TempDir,
    /// Where a test's tasks work.
    work: TempDir,
    pub(super) display: String,
    bus: String,
    _screen: Owned,
    _bus: Owned,
}

impl Desk {
    pub fn new() -> Self {
        // The app looks for it beside itself.
        shim();
        let (screen, display) = first_line(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"])
                .stderr(Stdio::null()),
        );
        let (bus_process, bus) = first_line(
            Command::new("dbus-daemon")
                .args(["--session", "--nofork", "--print-address"])
                .stderr(Stdio::null()),
        );
        let data = tempfile::tempdir().expect("temp dir");
        kept_logs::keep_logs(data.path());
        Self {
            data,
            work: tempfile::tempdir().expect("temp dir"),
            display: format!(":{display}"),
            bus,
            _screen: screen,
            _bus: bus_process,
        }
    }

    pub fn work(&self) -> &Path {
        self.work.path()
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Where a panel would be, were there one.
    pub fn bus(&self) -> &str {
        &self.bus
    }

    /// As for a person who has started a window system and nothing else.
    pub fn without_a_bus(mut self) -> Self {
        self.bus = format!("unix:path={}", self.work.path().join("no-bus").display());
        self
    }

    /// Waits until the app has so many main windows, seen from outside.
    pub fn see_windows_on_screen(&self, count: usize) {
        until(&format!("{count} windows on the screen"), || {
            screen::count_windows(&self.display, is_main).expect("a screen") == count
        });
    }

    /// Waits until so many other windows can be seen.
    pub fn see_log_windows_on_screen(&self, count: usize) {
        until(&format!("{count} log windows on the screen"), || {
            screen::count_windows(&self.display, |title| !is_main(title)).expect("a screen") == count
        });
    }

    /// Waits until a window of that title can be seen.
    pub fn see_titled(&self, title: &str) {
        until(&format!("a window {title:?}"), || {
            screen::count_windows(&self.display, |titled| titled == title).expect("a screen") == 1
        });
    }

    /// Waits until this text is what the middle mouse button pastes.
    pub fn see_primary(&self, text: &str) {
        until(&format!("{text:?} is selected for all"), || {
            screen::primary(&self.display).expect("a screen").as_deref() == Some(text)
        });
    }

    /// Ends the process that was the last to be started for a page.
    pub fn kill_last_page(&self) {
        let newest = self.processes().1.into_iter().max().and_then(|pid| i32::try_from(pid).ok());
        let page = newest.and_then(rustix::process::Pid::from_raw).expect("a page");
        rustix::process::kill_process(page, rustix::process::Signal::KILL).expect("it lives");
    }

    /// The app and the processes that draw its pages.
    fn processes(&self) -> (u32, Vec<u32>) {
        let pids = || {
            let entries = fs::read_dir("/proc").expect("/proc").flatten();
            entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        };
        let data = self.data.path().to_string_lossy().into_owned();
        let is_app = |pid: &u32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == Path::new(APP))
                && String::from_utf8_lossy(&environment).contains(&data)
        };
        let app = pids().find(is_app).expect("the app runs");
        let is_page = |pid: &u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.contains("(WebKitWebProces)")
                && stat
                    .rsplit(") ")
                    .next()
                    .is_some_and(|rest| rest.split(' ').nth(1) == Some(&app.to_string()))
        };
        (app, pids().filter(is_page).collect())
    }

    /// Waits until the app has threads of this name and none of them is a real-time one.
    pub fn see_ordinary_threads(&self, name: &str) {
        let policy = |stat: &str| {
            // proc_pid_stat(5): field 41, counted on from the state, which is the third.
            let (name_part, rest) = stat.rsplit_once(") ")?;
            name_part.ends_with(&format!("({name}")).then(|| rest.split(' ').nth(38)?.parse::<u32>().ok())?
        };
        until("the threads are ordinary ones", || {
            let tasks =
                fs::read_dir(format!("/proc/{}/task", self.processes().0)).expect("it runs").flatten();
            let stats = tasks.filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
            let policies: Vec<u32> = stats.filter_map(|stat| policy(&stat)).collect();
            !policies.is_empty() && policies.iter().all(|policy| *policy == 0)
        });
    }

    /// Waits until nothing draws a page of the app any more.
    pub fn see_no_web_process(&self) {
        until("the app draws no page", || self.processes().1.is_empty());
    }

    /// What the app and its pages take, each shared page counted by its share, in kB.
    pub fn memory(&self) -> u64 {
        let (app, pages) = self.processes();
        let pss = |pid: u32| {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0)
        };
        pages.into_iter().chain([app]).map(pss).sum()
    }

    /// The app's surroundings, and nothing of the person's who runs the test.
    pub(super) fn surround(&self, command: &mut Command) {
        command
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("SOLTI_DATA_DIR", self.data.path())
            .env_remove("SOLTI_SHIM")
            .env("SHELL", "/bin/sh")
            .env("XDG_CONFIG_HOME", self.work.path().join(".config"))
            .env("XDG_CACHE_HOME", self.work.path().join(".cache"))
            .env("XDG_DATA_HOME", self.work.path().join(".data"))
            .env("GDK_BACKEND", "x11")
            .env("NO_AT_BRIDGE", "1")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
    }

    /// Starts the app and waits for its main window.
    pub async fn open(&self) -> AppWindow<'_> {
        let port = free_port();
        let mut command = Command::new("WebKitWebDriver");
        command.arg(format!("--port={port}")).arg("--host=127.0.0.1");
        self.surround(&mut command);
        let driver = spawn(&mut command);
        until("the driver listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        let mut wanted = Capabilities::new();
        wanted.set("webkitgtk:browserOptions", json!({"binary": APP, "args": []})).expect("JSON");
        let page = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.expect("the app opens");
        let main = page.window().await.expect("a window");
        AppWindow { desk: self, _driver: driver, page, main }
    }

    /// Starts the app as a person does, without a driver, with one more variable.
    pub fn start(&self, arguments: &[&str], (name, value): (&str, &str)) -> Running {
        let mut command = Command::new(APP);
        self.surround(&mut command);
        command.args(arguments).env_remove("TAURI_WEBVIEW_AUTOMATION").env(name, value);
        Running(spawn(&mut command))
    }

    /// Waits until something is drawn: an empty window has one color.
    pub fn see_drawn(&self) {
        const DRAWN: usize = 20;
        // The screen begins anew when its last window has gone, and does not answer meanwhile.
        until("something is drawn", || {
            screen::count_colors(&self.display).is_ok_and(|colors| colors > DRAWN)
        });
    }

    /// What the app that runs was told of how to draw.
    pub fn renderer(&self) -> Option<String> {
        let environment = fs::read(format!("/proc/{}/environ", self.processes().0)).expect("it runs");
        let told = String::from_utf8_lossy(&environment).into_owned();
        told.split('\0').find_map(|told| told.strip_prefix("SOLTI_RENDERER=")).map(str::to_owned)
    }

    /// Waits until no app holds the data folder.
    pub fn see_app_gone(&self) {
        self.wait_for_end();
    }

    /// Starts the app again beside the one that runs, and returns how it ended and what it said.
    pub fn start_again(&self) -> (ExitStatus, String) {
        self.start_again_with(&[])
    }

    /// The same, with arguments.
    pub fn start_again_with(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let mut command = Command::new(APP);
        self.surround(&mut command);
        command.args(arguments).env_remove("TAURI_WEBVIEW_AUTOMATION");
        let output = command.output().expect("the app starts");
        (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Waits until no app holds the data folder.
    pub(super) fn wait_for_end(&self) {
        let lock = File::open(self.data.path().join("app.lock")).expect("the app has run");
        until("the app lets go of its data", || {
            rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockShared).is_ok()
        });
    }
}

/// An app that nothing drives; it ends with this.
pub struct Running(#[allow(dead_code, reason = "held")] Owned);
