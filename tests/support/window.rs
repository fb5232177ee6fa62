//! The windows of the app, as a person sees and uses them.

use super::{APP, Desk, Owned, is_main, screen};
use serde_json::json;
use solti_testing::{PATIENCE, wait_until as until};
use std::{
    env, fs,
    future::Future,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use thirtyfour::{
    By, Key, TypingData, WebDriver, WebElement, WindowHandle,
    error::{WebDriverError, WebDriverErrorInner},
};

const PAUSE: Duration = Duration::from_millis(20);

/// What stands in the address of the window that waits for a log.
const SPARE: &str = "?view=spare";

/// The app, seen through its windows.
pub struct AppWindow<'a> {
    pub(super) desk: &'a Desk,
    /// Before the page: a page that is dropped asks its driver to end the session, and waits long for that.
    pub(super) _driver: Owned,
    pub(super) page: WebDriver,
    pub(super) main: WindowHandle,
}

fn css(test_id: &str) -> String {
    // `task-row[data-phase=running]` is the element of that id with that attribute.
    let (id, rest) = test_id.split_at(test_id.find(['[', ' ']).unwrap_or(test_id.len()));
    format!("[data-testid=\"{id}\"]{rest}")
}

/// Asks until there is an answer; an element that was drawn anew, or a page that was loaded anew, in between is no error.
pub(super) async fn eventually<T, F>(what: &str, ask: impl Fn() -> F) -> T
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
                | WebDriverErrorInner::NoSuchFrame(_)
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
        let of_desk = format!("SOLTI_DATA_DIR={}", self.desk.data().display());
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
