//! Shows windows: the one that is there already, the spare one, or one that is made.

use super::{
    address,
    builder::{ground, log_window, main_window},
    form_ask::FormAsk,
    label::MAIN,
    log_windows::{LogWindows, Place},
    main_leaving::{MainLeaving, Wanted},
    memory,
    spare::SpareWindow,
    spare_maker, spare_shown, web_process,
};
use solti_machines::{Machine, Machines};
use solti_model::RunId;
use std::sync::Arc;
use tauri::{AppHandle, Manager, Runtime, WebviewWindow};

/// Shows the main window with the form for a new task.
pub fn open_form<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    if app.get_webview_window(MAIN).is_some() && app.state::<MainLeaving>().comes_after(Wanted::Form) {
        return Ok(());
    }
    app.state::<FormAsk>().ask();
    open_main(app)
}

/// Shows the main window, making it when it was closed.
pub fn open_main<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    let leaving = app.state::<MainLeaving>();
    if let Some(window) = app.get_webview_window(MAIN) {
        return if leaving.comes_after(Wanted::Main) { Ok(()) } else { bring_forward(&window) };
    }
    if leaving.end() == Some(Wanted::Form) {
        app.state::<FormAsk>().ask();
    }
    // Before its page asks anything.
    app.state::<Arc<Machines>>().come_back();
    web_process::build(app, main_window)?;
    Ok(())
}

/// The main window is gone: opens what was asked for while it left.
pub fn open_next<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<()> {
    match app.state::<MainLeaving>().end() {
        Some(Wanted::Main) => open_main(app),
        Some(Wanted::Form) => open_form(app),
        None => Ok(()),
    }
}

/// Shows the log of one attempt, at `row` if one is given: the window that has it already, else a new one.
pub fn open_log<R: Runtime>(
    app: &AppHandle<R>,
    machine: Machine,
    log: RunId,
    row: Option<u64>,
) -> tauri::Result<()> {
    let (page, title) = (address::of_log(&machine, &log, row), format!("Log · attempt {}", log.attempt));
    show(app, machine, std::slice::from_ref(&log), row, page, &title)
}

/// Shows the log of a task: of this attempt, the latest, and of later ones as they begin. The window that does so already, else a
/// new one.
pub fn follow_log<R: Runtime>(app: &AppHandle<R>, machine: Machine, latest: RunId) -> tauri::Result<()> {
    let (page, title) = (address::of_task(&machine, &latest), format!("Log · attempt {}", latest.attempt));
    // Whichever attempt it is at by the time that it is asked for again.
    show(app, machine, &[RunId::new(latest.task, 0)], None, page, &title)
}

/// Shows several logs as one, at `row` of their merged order if one is given.
pub fn open_merged<R: Runtime>(
    app: &AppHandle<R>,
    machine: Machine,
    logs: Vec<RunId>,
    row: Option<u64>,
) -> tauri::Result<()> {
    let page = address::of_logs(&machine, &logs, row);
    show(app, machine, &logs, row, page, "Logs")
}

fn show<R: Runtime>(
    app: &AppHandle<R>,
    machine: Machine,
    logs: &[RunId],
    row: Option<u64>,
    page: String,
    title: &str,
) -> tauri::Result<()> {
    let (windows, machines) = (app.state::<LogWindows>(), app.state::<Arc<Machines>>());
    let spare = app.state::<SpareWindow>();
    let place = windows.place(&machine, logs, row, &spare);
    let label = place.label().to_owned();
    match place {
        // It may be on its way up in another call; that one shows it.
        Place::There(label) => app.get_webview_window(&label).map_or(Ok(()), |window| bring_forward(&window)),
        Place::Spare(taken) if let Some(window) = app.get_webview_window(&label) => {
            machines.seat(&label, machine);
            spare_shown::show(taken, &window, page);
            spare_maker::follow_with_a_spare(app);
            window.set_title(title)?;
            window.set_background_color(ground(app))?;
            put_in_place(window)
        }
        Place::Spare(_) | Place::New(_) => {
            // Before its page asks anything.
            machines.seat(&label, machine);
            let (made, title) = (label.clone(), title.to_owned());
            let built = web_process::build(app, move |app| log_window(app, &made, &page).title(&title));
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
        let shown = bring_forward(&window).and_then(|()| memory::put_back(&window));
        if let Err(error) = shown {
            tracing::warn!("window {} was not shown: {error}", window.label());
        }
    })
}

fn bring_forward<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}
