//! The windows: one main window, and a log window for each log that is looked at. Labels decide what a window may
//! call (capabilities/); what it shows is the page's business, told by its URL. Sizes and positions are kept by
//! tauri-plugin-window-state, one set for the main window and one for all log windows. The one that is there before a log is
//! opened is spare_window.rs's.

use crate::{
    closing,
    commands::SettingsDoor,
    events::{Frame, Streams},
    machines::{Machine, Machines},
    spare_window::{SpareWindow, Taken},
    web_process,
};
use futures::stream::{BoxStream, StreamExt};
use serde::Serialize;
use solti_model::{RunId, Theme};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tauri::{
    AppHandle, Manager, Runtime, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, Window, WindowEvent,
    window::Color,
};
use tauri_plugin_window_state::{StateFlags, WindowExt};
use tokio::sync::watch;

pub const MAIN: &str = "main";
/// The main window's, and every page's until it is drawn (ui/index.html).
const TITLE: &str = "Solti";
const LOG_PREFIX: &str = "log-";
/// The name under which the size and position of log windows are kept.
pub const LOG_PLACE: &str = "log";
/// What is kept of a window.
pub const KEPT: StateFlags = StateFlags::SIZE.union(StateFlags::POSITION).union(StateFlags::MAXIMIZED);

/// Managed where tauri-plugin-window-state is: the mock runtime of the tests has none to ask.
pub struct WindowMemory;

/// What each log window shows, by label.
#[derive(Default)]
pub struct LogWindows(Mutex<Table>);

#[derive(Default)]
struct Table {
    next: u32,
    by_label: HashMap<String, Shown>,
}

/// Where logs are shown that were asked for.
enum Place {
    /// A window has them already, and is asked for the row.
    There(String),
    Spare(Taken),
    /// One that has to be made, of this label.
    New(String),
}

struct Shown {
    /// Whose logs they are, whatever the main window turns to.
    machine: Machine,
    /// One log, or several as one; of a task whose attempts are followed, attempt 0.
    logs: Vec<RunId>,
    /// The row that was asked for last since the window was opened.
    jump: watch::Sender<Option<u64>>,
}

impl LogWindows {
    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while holding it; if something did, the table is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The window for these logs; `spare` is asked for one where none has them.
    fn place(
        &self,
        machine: &Machine,
        logs: &[RunId],
        row: Option<u64>,
        spare: impl FnOnce() -> Option<Taken>,
    ) -> Place {
        let mut table = self.table();
        let shows = |shown: &Shown| shown.machine == *machine && shown.logs == logs;
        if let Some((label, shown)) = table.by_label.iter().find(|(_, shown)| shows(shown)) {
            if row.is_some() {
                shown.jump.send_replace(row);
            }
            return Place::There(label.clone());
        }
        let place = spare().map_or_else(|| Place::New(table.new_label()), Place::Spare);
        let shown = Shown { machine: machine.clone(), logs: logs.to_vec(), jump: watch::Sender::new(None) };
        table.by_label.insert(place.label().to_owned(), shown);
        place
    }

    /// Whether a window of this label shows logs.
    pub fn has(&self, label: &str) -> bool {
        self.table().by_label.contains_key(label)
    }

    /// A label that no window has had.
    pub fn new_label(&self) -> String {
        self.table().new_label()
    }

    fn forget(&self, label: &str) {
        self.table().by_label.remove(label);
    }

    /// The rows that this window is asked for from its opening on; the last one when several came unseen.
    pub fn jumps(&self, label: &str) -> BoxStream<'static, u64> {
        let asked = self.table().by_label.get(label).map(|shown| shown.jump.subscribe());
        let Some(mut asked) = asked else { return futures::stream::empty().boxed() };
        // What came before the page listened counts too.
        asked.mark_changed();
        futures::stream::unfold(asked, |mut asked| async move {
            asked.changed().await.ok()?;
            let row = *asked.borrow_and_update();
            Some((row, asked))
        })
        .filter_map(std::future::ready)
        .boxed()
    }
}

impl Table {
    fn new_label(&mut self) -> String {
        self.next += 1;
        format!("{LOG_PREFIX}{}", self.next)
    }
}

impl Place {
    fn label(&self) -> &str {
        match self {
            Self::There(label) | Self::New(label) => label,
            Self::Spare(taken) => taken.label(),
        }
    }
}

/// One message to a window that shows a log already: the row that was asked for last.
#[derive(Debug, Serialize)]
pub struct JumpFrame {
    frame: u64,
    row: u64,
}

impl Frame for JumpFrame {
    type Item = u64;

    fn first(row: u64) -> Self {
        Self { frame: 0, row }
    }

    fn fold(&mut self, row: u64) {
        self.row = row;
    }

    fn seal(&mut self, frame: u64) {
        self.frame = frame;
    }
}

/// Whether the form for a new task was asked for from outside the page, and not opened yet.
#[derive(Default)]
pub struct FormAsk(watch::Sender<bool>);

impl FormAsk {
    /// An item each time the page has to open the form.
    pub fn asks(&self) -> BoxStream<'static, ()> {
        let sender = self.0.clone();
        futures::stream::unfold((sender, self.0.subscribe()), |(sender, mut asked)| async move {
            asked.wait_for(|asked| *asked).await.ok()?;
            sender.send_replace(false);
            Some(((), (sender, asked)))
        })
        .boxed()
    }
}

/// One message to the main window: open the form for a new task.
#[derive(Debug, Serialize)]
pub struct FormFrame {
    frame: u64,
}

impl Frame for FormFrame {
    type Item = ();

    fn first((): ()) -> Self {
        Self { frame: 0 }
    }

    fn fold(&mut self, (): ()) {}

    fn seal(&mut self, frame: u64) {
        self.frame = frame;
    }
}

/// Shows the main window with the form for a new task.
pub fn open_form<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    app.state::<FormAsk>().0.send_replace(true);
    open_main(app)
}

/// Shows the main window, making it when it was closed.
pub fn open_main<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    if let Some(window) = app.get_webview_window(MAIN) {
        return bring_forward(&window);
    }
    // Before its page asks anything.
    app.state::<Arc<Machines>>().come_back();
    web_process::build(app, |app| {
        builder(app, MAIN, "index.html").title(TITLE).inner_size(1180.0, 760.0).min_inner_size(520.0, 360.0)
    })?;
    Ok(())
}

/// Shows the log of one attempt, at `row` if one is given: the window that has it already, else a new one.
pub fn open_log<R: Runtime>(
    app: &AppHandle<R>,
    machine: Machine,
    log: RunId,
    row: Option<u64>,
) -> tauri::Result<()> {
    let RunId { task: id, attempt } = &log;
    let at = row.map(|row| format!("&row={row}")).unwrap_or_default();
    // An id needs no escaping: its letters are all legal in a URL.
    let page = format!("?view=log&task={id}&attempt={attempt}{at}");
    let title = format!("Log · attempt {attempt}");
    show(app, machine, std::slice::from_ref(&log), row, &page, &title)
}

/// Shows the log of a task: of this attempt, the latest, and of later ones as they begin. The window that does so already, else a
/// new one.
pub fn follow_log<R: Runtime>(app: &AppHandle<R>, machine: Machine, latest: RunId) -> tauri::Result<()> {
    let RunId { task, attempt } = latest;
    let page = format!("?view=log&task={task}&attempt={attempt}&follows");
    // Whichever attempt it is at by the time that it is asked for again.
    show(app, machine, &[RunId::new(task, 0)], None, &page, &format!("Log · attempt {attempt}"))
}

/// Shows several logs as one.
pub fn open_merged<R: Runtime>(app: &AppHandle<R>, machine: Machine, logs: Vec<RunId>) -> tauri::Result<()> {
    let sources: String = logs.iter().map(|log| format!("&source={}:{}", log.task, log.attempt)).collect();
    show(app, machine, &logs, None, &format!("?view=merged{sources}"), "Logs")
}

/// `page` is the address of the page, from the `?` on.
fn show<R: Runtime>(
    app: &AppHandle<R>,
    machine: Machine,
    logs: &[RunId],
    row: Option<u64>,
    page: &str,
    title: &str,
) -> tauri::Result<()> {
    let (windows, machines) = (app.state::<LogWindows>(), app.state::<Arc<Machines>>());
    let spare = app.state::<SpareWindow>();
    let page = format!("{page}{}", parameter(&machine));
    let place = windows.place(&machine, logs, row, || spare.take());
    let label = place.label().to_owned();
    match place {
        // It may be on its way up in another call; that one shows it.
        Place::There(label) => app.get_webview_window(&label).map_or(Ok(()), |window| bring_forward(&window)),
        Place::Spare(taken) if let Some(window) = app.get_webview_window(&label) => {
            machines.seat(&label, machine);
            taken.show(&window, page);
            spare.follows(app);
            window.set_title(title)?;
            window.set_background_color(ground(app))?;
            put_in_place(window)
        }
        Place::Spare(_) | Place::New(_) => {
            // Before its page asks anything.
            machines.seat(&label, machine);
            let (made, title) = (label.clone(), title.to_owned());
            let built = web_process::build(app, move |app| log_builder(app, &made, &page).title(&title));
            if built.is_err() {
                windows.forget(&label);
                machines.leave(&label);
            }
            put_in_place(built?)
        }
    }
}

/// Shows a log window where the last one was. In the event loop: elsewhere each step would wait for it, and it might wait for
/// what the plugin holds meanwhile.
fn put_in_place<R: Runtime>(window: WebviewWindow<R>) -> tauri::Result<()> {
    let app = window.app_handle().clone();
    app.run_on_main_thread(move || {
        // Shown first: without a window manager a window that is not hears nothing of its new size.
        let shown = bring_forward(&window).and_then(|()| match window.try_state::<WindowMemory>() {
            Some(_) => window.restore_state(KEPT),
            None => Ok(()),
        });
        if let Err(error) = shown {
            tracing::warn!("window {} was not shown: {error}", window.label());
        }
    })
}

/// What says in a page's address whose logs it shows.
fn parameter(machine: &Machine) -> String {
    let Machine::Named(name) = machine else { return String::new() };
    let mut parameter = "&machine=".to_owned();
    for byte in name.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' => parameter.push(byte.into()),
            other => parameter.push_str(&format!("%{other:02X}")),
        }
    }
    parameter
}

/// The name under which a window's size and position are kept.
pub fn remembered_as(label: &str) -> &str {
    if label.starts_with(LOG_PREFIX) { LOG_PLACE } else { label }
}

/// The windows that a person has open.
pub fn open_windows<R: Runtime>(app: &AppHandle<R>) -> impl Iterator<Item = WebviewWindow<R>> {
    let spare = app.state::<SpareWindow>().inner().clone();
    app.webview_windows().into_values().filter(move |window| !spare.is(window.label()))
}

pub fn is_any_open<R: Runtime>(app: &AppHandle<R>) -> bool {
    open_windows(app).next().is_some()
}

/// What comes before a window closes, and what it leaves behind when it is gone.
pub fn on_event<R: Runtime>(window: &Window<R>, event: &WindowEvent) {
    match event {
        WindowEvent::CloseRequested { api, .. } => closing::requested(window, api),
        WindowEvent::Destroyed => {
            window.state::<Streams>().close_window(window.label());
            window.state::<LogWindows>().forget(window.label());
            window.state::<Arc<Machines>>().leave(window.label());
            let (app, spare) = (window.app_handle(), window.state::<SpareWindow>());
            spare.forget(window.label());
            if open_windows(app).all(|open| open.label() == window.label()) {
                spare.drop_with_the_last(app);
            }
        }
        _ => {}
    }
}

/// A log window with this address, which is a query.
pub fn log_builder<'a, R: Runtime>(
    app: &'a AppHandle<R>,
    label: &str,
    address: &str,
) -> WebviewWindowBuilder<'a, R, AppHandle<R>> {
    builder(app, label, &format!("index.html{address}")).inner_size(960.0, 640.0).min_inner_size(420.0, 240.0)
}

fn builder<'a, R: Runtime>(
    app: &'a AppHandle<R>,
    label: &str,
    page: &str,
) -> WebviewWindowBuilder<'a, R, AppHandle<R>> {
    let window = WebviewWindowBuilder::new(app, label, WebviewUrl::App(page.into()))
        // The title is the page's: it knows the task's name and state.
        .on_document_title_changed(|window, title| {
            if title == TITLE && window.label() != MAIN {
                return; // Of a page whose view is not there yet.
            }
            if let Err(error) = window.set_title(&title) {
                tracing::debug!("title not set: {error}");
            }
        })
        .on_navigation(is_own);
    match ground(app) {
        Some(color) => window.background_color(color),
        None => window,
    }
}

/// What fills a window until its page has drawn: `--bg` of ui/src/lib/design/tokens.css, where the theme is not the desktop's.
fn ground<R: Runtime>(app: &AppHandle<R>) -> Option<Color> {
    match app.state::<SettingsDoor>().settings().theme {
        Theme::System => None,
        Theme::Light => Some(Color(0xff, 0xff, 0xff, 0xff)),
        Theme::Dark => Some(Color(0x15, 0x17, 0x1c, 0xff)),
    }
}

/// Whether a page may go there: to the app's own pages only, whatever a log or a task's name says.
fn is_own(url: &Url) -> bool {
    let dev = cfg!(dev) && url.host_str() == Some("localhost") && url.port() == Some(1420);
    dev || url.scheme() == "tauri" || (url.scheme() == "http" && url.host_str() == Some("tauri.localhost"))
}

fn bring_forward<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

#[cfg(test)]
mod tests {
    use super::*;
    use solti_model::TaskId;

    const HERE: Machine = Machine::Here;

    fn log(attempt: u32) -> Vec<RunId> {
        vec![RunId::new(TaskId::new("t").expect("legal"), attempt)]
    }

    /// The label of the window for these logs, and whether it has to be made.
    fn place_of(windows: &LogWindows, machine: &Machine, logs: &[RunId], row: Option<u64>) -> (String, bool) {
        let place = windows.place(machine, logs, row, || None);
        (place.label().to_owned(), matches!(place, Place::New(_)))
    }

    #[test]
    fn a_log_has_one_window() {
        let windows = LogWindows::default();
        let (first, new) = place_of(&windows, &HERE, &log(1), None);
        assert!(new);
        assert_eq!(place_of(&windows, &HERE, &log(1), None), (first.clone(), false));
        assert_ne!(place_of(&windows, &HERE, &log(2), None).0, first);
        assert_ne!(place_of(&windows, &HERE, &[log(1), log(2)].concat(), None).0, first);
        let there = Machine::Named("build".into());
        assert_ne!(place_of(&windows, &there, &log(1), None).0, first, "two machines share a window");
        windows.forget(&first);
        assert!(place_of(&windows, &HERE, &log(1), None).1, "a closed window is still taken for open");
    }

    #[tokio::test]
    async fn a_window_hears_of_the_row_that_was_asked_for_last() {
        let windows = LogWindows::default();
        let (label, _) = place_of(&windows, &HERE, &log(1), Some(3));
        place_of(&windows, &HERE, &log(1), Some(5));
        place_of(&windows, &HERE, &log(1), None);
        let mut jumps = windows.jumps(&label);
        // The first row is in the page's address.
        assert_eq!(jumps.next().await, Some(5));
        place_of(&windows, &HERE, &log(1), Some(9));
        assert_eq!(jumps.next().await, Some(9));
        windows.forget(&label);
        assert_eq!(jumps.next().await, None);
    }

    #[tokio::test]
    async fn the_form_is_asked_for_once_also_before_the_page_listens() {
        let form = FormAsk::default();
        form.0.send_replace(true);
        let mut asks = form.asks();
        assert_eq!(asks.next().await, Some(()));
        let mut reloaded = form.asks();
        assert!(futures::poll!(reloaded.next()).is_pending(), "a page that is loaded anew opens it again");
        form.0.send_replace(true);
        assert_eq!(asks.next().await, Some(()));
    }

    #[test]
    fn a_machines_name_stands_whole_in_an_address() {
        let named = |name: &str| parameter(&Machine::Named(name.into()));
        assert_eq!(parameter(&HERE), "");
        assert_eq!(named("build-1"), "&machine=build-1");
        assert_eq!(named("Mü & co"), "&machine=M%C3%BC%20%26%20co");
    }

    #[test]
    fn a_page_cannot_leave_the_app() {
        let own = |url: &str| is_own(&url.parse().expect("a URL"));
        assert!(own("tauri://localhost/index.html?view=log"));
        assert!(!own("https://example.com/"));
        assert!(!own("file:///etc/passwd"));
        assert!(!own("http://localhost:8080/"));
    }
}
