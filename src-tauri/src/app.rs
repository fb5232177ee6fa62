//! The Tauri app: its state, its plugins, its one event loop. Generic over the runtime, so that the commands are
//! tested without a display; what is specific to the real one is in [`run`].

use crate::{
    app_info::AppInfo,
    arguments::{self, Arguments},
    caret,
    closing::{self, CloseGate},
    commands,
    error::ShellError,
    events::Streams,
    instance,
    log_link::LogLink,
    notify, receive_queues,
    say::say,
    shutdown, tray,
    tray_presence::TrayPresence,
    windows::{self, FormAsk, LogWindows, MAIN, SpareWindow, WindowMemory},
};
use solti_api::{DesktopApi, SettingsAccess};
use solti_doors::Doors;
use solti_engine::{Config, DataLock, Engine};
use solti_machines::Machines;
use solti_model::InheritedEnvironment;
use std::{path::Path, sync::Arc};
use tauri::{
    AppHandle, Builder, Context, Manager, RunEvent, Runtime, Window, WindowEvent, Wry,
    async_runtime::{block_on, handle, spawn},
    plugin::TauriPlugin,
    webview::PageLoadEvent,
};

/// tauri.conf.json, the capabilities and the page, as built in.
#[must_use]
pub fn context<R: Runtime>() -> Context<R> {
    tauri::generate_context!()
}

/// What the commands reach.
pub struct Parts {
    pub api: Arc<dyn DesktopApi>,
    pub settings: Arc<dyn SettingsAccess>,
    /// What tasks inherit.
    pub environment: InheritedEnvironment,
    pub config: Config,
    pub info: AppInfo,
}

/// Everything between a page and `parts`.
#[must_use]
pub fn assemble<R: Runtime>(builder: Builder<R>, parts: Parts) -> Builder<R> {
    let (settings, runtime) = (Arc::clone(&parts.settings), handle().inner().clone());
    let machines = Machines::new(parts.api, settings, &parts.config.data_dir, MAIN, runtime);
    builder
        .manage(machines)
        .manage(parts.settings)
        .manage(parts.environment)
        .manage(Arc::new(Doors::new(&parts.config.data_dir)))
        .manage(parts.config)
        .manage(parts.info)
        .manage(Streams::default())
        .manage(LogWindows::default())
        .manage(SpareWindow::default())
        .manage(CloseGate::default())
        .manage(FormAsk::default())
        .manage(TrayPresence::default())
        .invoke_handler(commands::handler())
        .on_window_event(on_window_event)
        .on_page_load(|webview, load| {
            receive_queues::make_ordinary();
            let spare = webview.state::<SpareWindow>();
            match load.event() {
                // A page that is loaded anew has forgotten the streams of the one before.
                PageLoadEvent::Started => webview.state::<Streams>().close_window(webview.label()),
                PageLoadEvent::Finished if spare.is(webview.label()) => {}
                PageLoadEvent::Finished => windows::follow_with_a_spare(webview.app_handle()),
            }
        })
}

/// What comes before a window closes, and what it leaves behind when it is gone.
fn on_window_event<R: Runtime>(window: &Window<R>, event: &WindowEvent) {
    match event {
        WindowEvent::CloseRequested { api, .. } => closing::requested(window, api),
        WindowEvent::Destroyed => {
            window.state::<Streams>().close_window(window.label());
            windows::gone(window);
        }
        _ => {}
    }
}

/// Runs until the last window is closed, or longer where the tray keeps it. `lock` is let go of last.
pub fn run(config: &Config, arguments: Arguments, lock: DataLock) -> Result<(), ShellError> {
    let engine = block_on(Engine::open(config))?;
    let parts = Parts {
        api: engine.api(),
        settings: engine.settings(),
        environment: engine.environment(),
        config: config.clone(),
        info: AppInfo::new(&config.data_dir).after(engine.recovery()),
    };
    let (served, followed) = (engine.api(), engine.settings().watch_settings());
    let data_dir = config.data_dir.clone();
    let flags = arguments.doors();
    let app = assemble(Builder::default(), parts)
        .plugin(single_instance(&config.data_dir))
        .plugin(tauri_plugin_dialog::init())
        .setup(move |app| {
            let spare = app.state::<SpareWindow>().inner().clone();
            app.handle().plugin(windows::remember_places(&data_dir, spare))?;
            app.manage(WindowMemory);
            caret::stand_still();
            shutdown::on_signals(app.handle());
            let doors = Arc::clone(&app.state::<Arc<Doors>>());
            spawn(async move { doors.follow(served, followed, flags).await });
            notify::start(app.handle());
            tray::start(app.handle());
            open(app.handle(), arguments.handed_on())?;
            Ok(())
        })
        .build(context())?;
    app.run_return(move |app, event| match event {
        // Without a code it is the last window that has gone.
        RunEvent::ExitRequested { code: None, api, .. } if app.state::<CloseGate>().is_resident() => {
            api.prevent_exit();
        }
        RunEvent::Exit => {
            // Before the lock goes: the next app must not find a name on the bus that nobody answers to.
            tauri_plugin_single_instance::destroy(app);
            // The timer needs the runtime, so it is made inside.
            block_on(async { engine.detach().await });
        }
        _ => {}
    });
    drop(lock);
    Ok(())
}

/// Shows what the program's arguments ask for: the form for a new task, a line of a log, else the main window.
fn open(app: &AppHandle<Wry>, args: Vec<String>) -> tauri::Result<()> {
    if arguments::asks_for_form(&args) {
        return windows::open_form(app);
    }
    match LogLink::among(args) {
        Some(LogLink { machine, run, row }) => windows::open_log(app, machine, run, Some(row)),
        None => windows::open_main(app),
    }
}

/// Asks the app that holds the data folder to show itself. Without a session bus nobody hears it, which is no error.
pub fn call_first(config: &Config) {
    // The plugin finds the name taken, delivers the call and ends this process from within.
    let built = Builder::<Wry>::new().plugin(single_instance(&config.data_dir)).build(context());
    if let Err(error) = built {
        say(&format!("it did not answer: {error}"));
    }
}

fn single_instance(data_dir: &Path) -> TauriPlugin<Wry> {
    tauri_plugin_single_instance::Builder::new()
        .dbus_id(instance::bus_name(data_dir))
        .callback(|app: &AppHandle<Wry>, args, _cwd| {
            if let Err(error) = open(app, args) {
                tracing::warn!("a window was asked for and not shown: {error}");
            }
        })
        .build()
}
