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
    renderer::Renderer,
    say::say,
    shutdown,
    there::There,
    tray,
    tray_presence::TrayPresence,
    windows::{self, FormAsk, LogWindows, MAIN, MainLeaving, SpareWindow, WindowMemory},
};
use solti_api::{DesktopApi, SettingsAccess};
use solti_doors::Doors;
use solti_engine::{Config, DataLock, Holder};
use solti_holding::{Seat, sit_down};
use solti_http::HttpClient;
use solti_machines::Machines;
use solti_model::InheritedEnvironment;
use std::{path::Path, sync::Arc};
use tauri::{
    AppHandle, Builder, Context, Manager, RunEvent, Runtime, Window, WindowEvent, Wry,
    async_runtime::{block_on, handle},
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
    pub doors: Arc<Doors>,
    /// The engine behind `api`, where it is another program's.
    pub there: Option<HttpClient>,
}

impl Parts {
    fn of(seat: &Seat, config: &Config, renderer: &Renderer) -> Self {
        let info = AppInfo::new(&config.data_dir).drawn(renderer.drawing());
        match seat {
            Seat::Held(held) => Self {
                api: held.engine().api(),
                settings: held.engine().settings(),
                environment: held.engine().environment(),
                config: config.clone(),
                info: info.after(held.engine().info().recovered),
                doors: Arc::clone(held.doors()),
                there: None,
            },
            Seat::Attached(attached) => Self {
                api: attached.api(),
                settings: attached.settings(),
                environment: attached.engine().environment.clone(),
                config: config.clone(),
                info: info.after(attached.engine().recovered.clone()),
                doors: Arc::clone(attached.doors()),
                there: Some(attached.client().clone()),
            },
        }
    }
}

/// Everything between a page and `parts`.
#[must_use]
pub fn assemble<R: Runtime>(builder: Builder<R>, parts: Parts) -> Builder<R> {
    let (settings, runtime) = (Arc::clone(&parts.settings), handle().inner().clone());
    let machines = Machines::new(parts.api, settings, &parts.config.data_dir, MAIN, runtime);
    if let Some(client) = &parts.there {
        machines.watch_here(client.clone());
    }
    builder
        .manage(machines)
        .manage(There(parts.there))
        .manage(parts.settings)
        .manage(parts.environment)
        .manage(parts.doors)
        .manage(parts.config)
        .manage(parts.info)
        .manage(Streams::default())
        .manage(LogWindows::default())
        .manage(MainLeaving::default())
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

/// Runs until the last window is closed, or longer where the tray keeps it. The data folder is let go of last.
pub fn run(
    config: &Config,
    arguments: Arguments,
    lock: Result<DataLock, Holder>,
    renderer: &Arc<Renderer>,
) -> Result<(), ShellError> {
    let seat = block_on(sit_down(config, lock, arguments.doors()))?;
    let parts = Parts::of(&seat, config, renderer);
    let data_dir = config.data_dir.clone();
    let app = assemble(Builder::default(), parts)
        .manage(Arc::clone(renderer))
        .plugin(single_instance(&config.data_dir))
        .plugin(tauri_plugin_dialog::init())
        .setup(move |app| {
            let spare = app.state::<SpareWindow>().inner().clone();
            app.handle().plugin(windows::remember_places(&data_dir, spare))?;
            app.manage(WindowMemory);
            caret::stand_still();
            shutdown::on_signals(app.handle());
            notify::start(app.handle());
            tray::start(app.handle());
            open(app.handle(), arguments.handed_on())?;
            Ok(())
        })
        .build(context())?;
    let mut seat = Some(seat);
    app.run_return(move |app, event| match event {
        // Without a code it is the last window that has gone.
        RunEvent::ExitRequested { code: None, api, .. } if app.state::<CloseGate>().is_resident() => {
            api.prevent_exit();
        }
        // Here it can be found no more.
        RunEvent::WindowEvent { label, event: WindowEvent::Destroyed, .. } if label == MAIN => {
            if let Err(error) = windows::open_next(app) {
                tracing::warn!("the main window was not opened again: {error}");
            }
        }
        RunEvent::Exit => {
            // Before the lock goes: the next app must not find a name on the bus that nobody answers to.
            tauri_plugin_single_instance::destroy(app);
            // The timer needs the runtime, so it is made inside.
            block_on(async {
                match seat.take() {
                    Some(Seat::Held(held)) => held.let_go().await,
                    Some(Seat::Attached(attached)) => attached.let_go().await,
                    None => {}
                }
            });
        }
        _ => {}
    });
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
