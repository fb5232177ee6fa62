//! A desk for one test: a screen, a session bus and a data folder of its own, and the real app on them, driven
//! through WebKitWebDriver as a person drives it. Nothing of it is shared, so tests neither meet each other nor the
//! app of whoever runs them.
//!
//! With SOLTI_SCREENSHOTS set to a folder, `AppWindow::look` leaves pictures there.

#![allow(dead_code, unused_imports, reason = "the tests and the benchmark use a part each")]

mod headless;
pub mod panel;
mod screen;
mod server;

pub use headless::Headless;
pub use server::Server;

use serde_json::json;
use solti_testing::{PATIENCE, free_port, shim, wait_until as until};
use std::{
    env,
    fs::{self, File},
    future::Future,
    io::{BufRead, BufReader},
    net::TcpStream,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use thirtyfour::{
    By, Capabilities, Key, TypingData, WebDriver, WebElement, WindowHandle,
    error::{WebDriverError, WebDriverErrorInner},
};

const PAUSE: Duration = Duration::from_millis(20);

/// What stands in the address of the window that waits for a log.
const SPARE: &str = "?view=spare";

const APP: &str = env!("CARGO_BIN_EXE_solti-desktop");

/// A child that does not outlive the test.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        // The group: a driver's app goes with the driver. Tasks have sessions of their own and stay, as they should.
        if let Some(group) = rustix::process::Pid::from_raw(self.0.id() as i32) {
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
        }
        self.0.wait().ok();
    }
}

fn spawn(command: &mut Command) -> Owned {
    let name = command.get_program().to_string_lossy().into_owned();
    Owned(command.process_group(0).spawn().unwrap_or_else(|error| panic!("{name}: {error}; run `make deps`")))
}

pub struct Desk {
    data: TempDir,
    /// Where a test's tasks work.
    work: TempDir,
    display: String,
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
        Self {
            data: tempfile::tempdir().expect("temp dir"),
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
    fn surround(&self, command: &mut Command) {
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
    fn wait_for_end(&self) {
        let lock = File::open(self.data.path().join("app.lock")).expect("the app has run");
        until("the app lets go of its data", || {
            rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockShared).is_ok()
        });
    }
}

/// An app that nothing drives; it ends with this.
pub struct Running(#[allow(dead_code, reason = "held")] Owned);

/// Starts a program that says on its first line where it can be reached.
fn first_line(command: &mut Command) -> (Owned, String) {
    let mut child = spawn(command.stdout(Stdio::piped()));
    let mut line = String::new();
    let out = child.0.stdout.take().expect("piped");
    BufReader::new(out).read_line(&mut line).expect("it says where it is");
    (child, line.trim().to_owned())
}

/// The app, seen through its windows.
pub struct AppWindow<'a> {
    desk: &'a Desk,
    /// Before the page: a page that is dropped asks its driver to end the session, and waits long for that.
    _driver: Owned,
    page: WebDriver,
    main: WindowHandle,
}

/// A log window has the name of its task first.
fn is_main(title: &str) -> bool {
    title == "Solti" || title.starts_with("Solti · ")
}

fn css(test_id: &str) -> String {
    // `task-row[data-phase=running]` is the element of that id with that attribute.
    let (id, rest) = test_id.split_at(test_id.find(['[', ' ']).unwrap_or(test_id.len()));
    format!("[data-testid=\"{id}\"]{rest}")
}

/// Asks until there is an answer; an element that was drawn anew in between is no error.
async fn eventually<T, F>(what: &str, ask: impl Fn() -> F) -> T
where
    F: Future<Output = Result<Option<T>, WebDriverError>>,
{
    let limit = Instant::now() + PATIENCE;
    loop {
        let last = match ask().await {
            Ok(Some(found)) => return found,
            Ok(None) => None,
            Err(error) => match *error {
                WebDriverErrorInner::NoSuchElement(_)
                | WebDriverErrorInner::StaleElementReference(_)
                | WebDriverErrorInner::ElementNotInteractable(_)
                | WebDriverErrorInner::ElementClickIntercepted(_) => Some(error),
                _ => panic!("{what}: {error}"),
            },
        };
        assert!(Instant::now() < limit, "waited in vain: {what}; last answer: {last:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

impl AppWindow<'_> {
    pub async fn see(&self, test_id: &str) -> WebElement {
        eventually(test_id, || async { self.page.find(By::Css(css(test_id))).await.map(Some) }).await
    }

    pub async fn see_text(&self, test_id: &str, text: &str) -> String {
        eventually(&format!("{text:?} in {test_id}"), || async {
            // The driver's own reading leaves out text in an element that clips what overflows.
            let found =
                self.page.find(By::Css(css(test_id))).await?.prop("textContent").await?.unwrap_or_default();
            Ok(found.contains(text).then_some(found))
        })
        .await
    }

    pub async fn see_none(&self, test_id: &str) {
        eventually(&format!("no {test_id}"), || async {
            Ok(self.page.find_all(By::Css(css(test_id))).await?.is_empty().then_some(()))
        })
        .await;
    }

    /// A click that ends the app, maybe before the driver has answered; what becomes of it shows in what follows.
    pub async fn click_last(&self, test_id: &str) {
        self.see(test_id).await.click().await.ok();
    }

    pub async fn click(&self, test_id: &str) {
        eventually(&format!("click {test_id}"), || async {
            self.page.find(By::Css(css(test_id))).await?.click().await.map(Some)
        })
        .await;
    }

    /// Replaces what the field holds.
    pub async fn write(&self, test_id: &str, text: &str) {
        eventually(&format!("write into {test_id}"), || async {
            let field = self.page.find(By::Css(css(test_id))).await?;
            field.click().await?;
            field.send_keys(Key::Control + "a").await?;
            field.send_keys(text).await.map(Some)
        })
        .await;
    }

    /// Presses keys where the element takes them.
    pub async fn press(&self, test_id: &str, keys: impl Fn() -> TypingData) {
        eventually(&format!("press keys in {test_id}"), || async {
            let element = self.page.find(By::Css(css(test_id))).await?;
            element.send_keys(keys()).await.map(Some)
        })
        .await;
    }

    /// Clicks at the left or the right edge of what an element shows, by where it is: the driver takes text in an element
    /// that clips for invisible.
    pub async fn click_edge(&self, test_id: &str, right: bool, shift: bool) {
        let script = format!(
            "const box = document.querySelector('{}').getBoundingClientRect();
             return [{right} ? box.right - 1 : box.left + 1, box.top + box.height / 2].map(Math.round)",
            css(test_id)
        );
        let at = self.run(&script).await;
        let (x, y) = (at[0].as_i64().expect("a number"), at[1].as_i64().expect("a number"));
        let mut hand = self.page.action_chain();
        if shift {
            hand = hand.key_down(Key::Shift);
        }
        hand = hand.move_to(x, y).click();
        if shift {
            hand = hand.key_up(Key::Shift);
        }
        hand.perform().await.expect("clicked");
    }

    /// Presses keys one after the other, wherever the focus is.
    pub async fn type_keys(&self, keys: impl Into<TypingData>) {
        self.page.action_chain().send_keys(keys).perform().await.expect("typed");
    }

    /// Presses a key while another is held down.
    pub async fn type_chord(&self, held: Key, key: impl Into<TypingData>) {
        let hand = self.page.action_chain().key_down(held.clone()).send_keys(key).key_up(held);
        hand.perform().await.expect("typed");
    }

    /// A chord that closes the window, maybe before the driver has answered; what becomes of it shows in what follows.
    pub async fn type_last_chord(&self, held: Key, key: impl Into<TypingData>) {
        self.page.action_chain().key_down(held).send_keys(key).perform().await.ok();
    }

    /// Clicks twice so many pixels right of where an element begins.
    pub async fn double_click_in(&self, test_id: &str, right: i64) {
        let (x, y) = self.left_of(test_id).await;
        self.page.action_chain().move_to(x + right, y).double_click().perform().await.expect("clicked");
    }

    /// Clicks so many pixels right of where an element begins, with Control held.
    pub async fn control_click_in(&self, test_id: &str, right: i64) {
        let (x, y) = self.left_of(test_id).await;
        let hand = self.page.action_chain().key_down(Key::Control).move_to(x + right, y).click();
        hand.key_up(Key::Control).perform().await.expect("clicked");
    }

    /// Draws an element so many pixels to the right.
    pub async fn draw_right(&self, test_id: &str, by: i64) {
        let (x, y) = self.left_of(test_id).await;
        let hand = self.page.action_chain().move_to(x, y).click_and_hold().move_to(x + by, y).release();
        hand.perform().await.expect("drawn");
    }

    /// Turns the wheel over the log window that is uppermost, with Control held.
    pub fn turn_wheel_with_control(&self, up: bool) {
        screen::turn_wheel_with_control(&self.desk.display, |title| !is_main(title), up).expect("a screen");
    }

    /// Hears from now on what windows ask of the window manager.
    pub fn hear_requests(&self) -> screen::Requests {
        screen::hear_requests(&self.desk.display).expect("a screen")
    }

    /// Presses the mouse on an element, draws it down to just above the lower edge of the log, and holds it there.
    pub async fn drag_to_lower_edge(&self, test_id: &str) {
        let (x, y) = self.left_of(test_id).await;
        let edge = "return Math.round(document.querySelector('[data-testid=log-pane]').getBoundingClientRect().bottom)";
        let bottom = self.run(edge).await.as_i64().expect("a number") - 4;
        let hand = self.page.action_chain().move_to(x, y).click_and_hold();
        hand.move_to(x + 10, bottom).perform().await.expect("drawn");
    }

    /// Lets the mouse go.
    pub async fn let_go(&self) {
        self.page.action_chain().release().perform().await.expect("let go");
    }

    /// Where an element begins, half-way down.
    async fn left_of(&self, test_id: &str) -> (i64, i64) {
        let script = format!(
            "const box = document.querySelector('{}').getBoundingClientRect();
             return [box.left + 1, box.top + box.height / 2].map(Math.round)",
            css(test_id)
        );
        let at = self.run(&script).await;
        (at[0].as_i64().expect("a number"), at[1].as_i64().expect("a number"))
    }

    /// Waits until the page says that a JavaScript expression is true.
    pub async fn see_true(&self, what: &str, expression: &str) {
        let script = format!("return !!({expression})");
        eventually(what, || async {
            let answer = self.page.execute(script.clone(), Vec::new()).await?;
            Ok((answer.json() == true).then_some(()))
        })
        .await;
    }

    /// Gives the current window another size.
    pub async fn resize(&self, width: u32, height: u32) {
        self.page.set_window_rect(0, 0, width, height).await.expect("another size");
    }

    pub async fn attribute(&self, test_id: &str, name: &str) -> String {
        self.see(test_id).await.attr(name).await.expect("readable").unwrap_or_default()
    }

    /// Submits through the form and returns the new task's id.
    pub async fn submit(&self, command: &str) -> String {
        self.click("new-task").await;
        self.see("submit-form").await;
        self.write("field-command", command).await;
        self.write("field-cwd", &self.desk.work().to_string_lossy()).await;
        self.look("form").await;
        self.click("submit").await;
        self.see_none("submit-form").await;
        // Newest first.
        self.attribute("task-row", "data-task-id").await
    }

    pub async fn see_phase(&self, id: &str, phase: &str) {
        self.see(&format!("task-row[data-task-id=\"{id}\"][data-phase=\"{phase}\"]")).await;
    }

    /// Opens the log window of the selected task and turns to it.
    pub async fn open_log(&self) {
        self.click("open-log").await;
        self.turn_to_other().await;
    }

    /// Runs a script as `sh print.sh` in the desk's folder, and opens its log once it is in this phase. Returns the task's id.
    pub async fn open_log_of(&self, script: &str, phase: &str) -> String {
        std::fs::write(self.desk.work().join("print.sh"), script).expect("written");
        let id = self.submit("sh print.sh").await;
        self.see_phase(&id, phase).await;
        self.click(&format!("task-row[data-task-id=\"{id}\"]")).await;
        self.open_log().await;
        id
    }

    /// The windows that a person has open, and the one that waits for a log, once it does: the driver sees it like any other.
    async fn windows(&self) -> Result<(Vec<WindowHandle>, Option<WindowHandle>), WebDriverError> {
        let before = self.page.window().await;
        let (mut open, mut spare) = (Vec::new(), None);
        for window in self.page.windows().await? {
            let told = async {
                self.page.switch_to_window(window.clone()).await?;
                let script = "return [location.search, performance.getEntriesByName('waiting').length]";
                self.page.execute(script, Vec::new()).await
            };
            match told.await {
                Ok(told) if told.json()[0] != SPARE => open.push(window),
                Ok(told) if told.json()[1] != 0 => spare = Some(window),
                Ok(_) => {}
                Err(error) if matches!(*error, WebDriverErrorInner::NoSuchWindow(_)) => {}
                Err(error) => return Err(error),
            }
        }
        // It may have been closed.
        if let Ok(before) = before {
            self.page.switch_to_window(before).await.ok();
        }
        Ok((open, spare))
    }

    /// Turns to the window beside the main one, once it is there.
    pub async fn turn_to_other(&self) {
        let log = eventually("a log window", || async {
            Ok(self.windows().await?.0.into_iter().find(|window| *window != self.main))
        })
        .await;
        self.page.switch_to_window(log).await.expect("the log window is there");
    }

    pub async fn turn_to_main(&self) {
        self.page.switch_to_window(self.main.clone()).await.expect("the main window is there");
    }

    /// Turns to the main window that has been opened since the one before was closed.
    pub async fn turn_to_new_main(&self) {
        let main = eventually("a new main window", || async {
            Ok(self.windows().await?.0.into_iter().find(|window| *window != self.main))
        })
        .await;
        self.page.switch_to_window(main).await.expect("the main window is there");
    }

    /// Turns to the window whose address holds this, once it is there.
    pub async fn turn_to(&self, address: &str) {
        eventually(&format!("a window of {address}"), || async {
            for window in self.page.windows().await? {
                self.page.switch_to_window(window).await?;
                let at = self.page.execute("return location.search", Vec::new()).await?;
                if at.json().as_str().is_some_and(|at| at.contains(address)) {
                    return Ok(Some(()));
                }
            }
            Ok(None)
        })
        .await;
    }

    pub async fn see_windows(&self, count: usize) {
        eventually(&format!("{count} windows"), || async {
            Ok((self.windows().await?.0.len() == count).then_some(()))
        })
        .await;
    }

    /// Waits until a spare log window is there and its page waits for a log.
    pub async fn see_spare(&self) -> WindowHandle {
        eventually("a spare log window", || async { Ok(self.windows().await?.1) }).await
    }

    /// The current one.
    pub async fn window(&self) -> WindowHandle {
        self.page.window().await.expect("a window")
    }

    /// Calls a command as the page would, and waits for its answer. `args` is JavaScript.
    pub async fn call(&self, command: &str, args: &str) -> serde_json::Value {
        let script = format!(
            "const done = arguments[0];
             window.__TAURI_INTERNALS__.invoke('{command}', {args}).then(done, (error) => done({{ refused: error }}));"
        );
        self.page.execute_async(script, Vec::new()).await.expect("a script runs").json().clone()
    }

    /// Runs a script in the current page and returns what it returns.
    pub async fn run(&self, script: &str) -> serde_json::Value {
        self.page.execute(script, Vec::new()).await.expect("a script runs").json().clone()
    }

    /// As [`AppWindow::run`], for a script that answers later, by its first argument.
    pub async fn run_async(&self, script: &str) -> serde_json::Value {
        self.page.execute_async(script, Vec::new()).await.expect("a script runs").json().clone()
    }

    /// Closes the main window by its cross; log windows stay.
    pub fn close_main(&self) {
        assert_eq!(screen::close_windows(&self.desk.display, is_main).expect("a screen"), 1);
    }

    /// Answers the system's dialog that asks where to save, once it is there.
    pub fn save_as(&self, file: &Path) {
        let dialog = |title: &str| title == "Save log";
        let shown = || screen::count_windows(&self.desk.display, dialog).expect("a screen");
        until("the dialog is there", || shown() == 1);
        let path = file.to_str().expect("ASCII");
        screen::type_into(&self.desk.display, "Save log", path).expect("a screen");
        until("the dialog is gone", || shown() == 0);
    }

    /// Closes all other windows by their crosses and turns to the main one.
    pub async fn close_logs(&self) {
        self.turn_to_main().await;
        screen::close_windows(&self.desk.display, |title| !is_main(title)).expect("a screen");
        self.see_windows(1).await;
    }

    /// Waits until the app has ended by itself.
    pub fn ended(self) {
        self.desk.wait_for_end();
    }

    /// The same where another program holds the data folder.
    pub fn gone(self) {
        let of_desk = format!("SOLTI_DATA_DIR={}", self.desk.data.path().display());
        until("the app is gone", || {
            !fs::read_dir("/proc").expect("listed").flatten().any(|process| {
                let is_app =
                    fs::read_link(process.path().join("exe")).is_ok_and(|program| program == Path::new(APP));
                let environment = fs::read(process.path().join("environ")).unwrap_or_default();
                is_app && environment.split(|byte| *byte == 0).any(|entry| entry == of_desk.as_bytes())
            })
        });
    }

    /// Takes a picture of the current window, where somebody wants to look at it.
    pub async fn look(&self, name: &str) {
        if let Some(folder) = env::var_os("SOLTI_SCREENSHOTS").map(PathBuf::from) {
            fs::create_dir_all(&folder).expect("a folder for pictures");
            let file = folder.join(format!("{name}.png"));
            // The driver never answers for a second window: then ImageMagick, if there is one, takes the screen.
            let taken = tokio::time::timeout(Duration::from_secs(3), self.page.screenshot(&file)).await;
            if taken.is_err() {
                let display = &self.desk.display;
                let mut import = Command::new("import");
                import.args(["-display", display, "-window", "root"]).arg(file).status().ok();
            }
        }
    }
}
