//! The icon in the desktop's tray: how many tasks of this machine run and wait, and what can be done without a window. It is offered over
//! the session bus (StatusNotifierItem, by ksni); a desktop without a bus or a tray shows nothing, which is no error, and a
//! panel that comes later takes it up. What closing a window does where there is a tray is in closing/.

use crate::{
    closing,
    tray_presence::TrayPresence,
    tray_recent::{NAMED, Recent, Recents},
    windows::{follow_log, open_form, open_main},
};
use futures::StreamExt;
use ksni::{
    Handle, Icon, MenuItem, OfflineReason, ToolTip, TrayMethods,
    menu::{Disposition, StandardItem},
};
use solti_api::{DesktopApi, SettingsAccess, lasting_changes};
use solti_machines::{Machine, Machines};
use solti_model::{Summary, TaskPhase};
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};
use tauri::{AppHandle, Manager, Runtime, async_runtime::spawn, image::Image, include_image};
use tokio::{join, select, sync::watch, time::sleep};

/// A panel draws each change anew: tasks that end by the hundred are told in steps.
const MIN_GAP: Duration = Duration::from_millis(500);

/// How many tasks there are to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    running: u64,
    waiting: u64,
}

impl Counts {
    fn of(summary: &Summary) -> Self {
        let count = |phase| summary.by_phase.get(&phase).copied().unwrap_or(0);
        Self { running: count(TaskPhase::Running), waiting: count(TaskPhase::Pending) }
    }

    fn words(self) -> String {
        format!("{} running, {} waiting", self.running, self.waiting)
    }
}

/// What the icon and its menu tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    counts: Counts,
    recents: Recents,
}

/// Follows the tasks and the setting until the engine ends.
pub fn start<R: Runtime>(app: &AppHandle<R>) {
    let app = app.clone();
    spawn(async move {
        let (reported, counts) = watch::channel(Known::default());
        let here = Arc::clone(app.state::<Arc<Machines>>().here());
        join!(count(&*here, reported), follow(&app, counts));
    });
}

async fn count(api: &(impl DesktopApi + ?Sized), reported: watch::Sender<Known>) {
    let mut changes = std::pin::pin!(lasting_changes(api));
    let (mut recents, mut first) = (Recents::default(), true);
    while let Some(change) = changes.next().await {
        recents.follow(api, &change, first).await;
        first = false;
        let now = Known { counts: Counts::of(&change.summary), recents: recents.clone() };
        reported.send_if_modified(|before| std::mem::replace(before, now.clone()) != now);
    }
}

async fn follow<R: Runtime>(app: &AppHandle<R>, mut counts: watch::Receiver<Known>) {
    let presence = app.state::<TrayPresence>().inner().clone();
    let mut settings = app.state::<Arc<dyn SettingsAccess>>().watch_settings();
    let mut offered: Option<Handle<Item<R>>> = None;
    loop {
        let wanted = settings.borrow_and_update().tray.show;
        let now = counts.borrow_and_update().clone();
        offered = match offered {
            None if wanted => offer(app, &presence, now).await,
            Some(handle) if !wanted => {
                withdraw(&presence, &handle).await;
                None
            }
            Some(handle) => {
                handle.update(|item| item.known = now).await;
                Some(handle)
            }
            None => None,
        };
        sleep(MIN_GAP).await;
        let open = select! {
            changed = settings.changed() => changed.is_ok(),
            changed = counts.changed(), if offered.is_some() => changed.is_ok(),
        };
        if !open {
            break;
        }
    }
    if let Some(handle) = offered {
        withdraw(&presence, &handle).await;
    }
}

/// Puts the icon on the bus, whether a panel is there already or not.
async fn offer<R: Runtime>(
    app: &AppHandle<R>,
    presence: &TrayPresence,
    known: Known,
) -> Option<Handle<Item<R>>> {
    presence.set_panel(true);
    let item = Item { app: app.clone(), presence: presence.clone(), known };
    match item.assume_sni_available(true).spawn().await {
        Ok(handle) => {
            presence.set_offered(true);
            Some(handle)
        }
        Err(error) => {
            tracing::info!("no icon in the tray: {error}");
            None
        }
    }
}

/// Takes the icon off the bus.
async fn withdraw<R: Runtime>(presence: &TrayPresence, handle: &Handle<Item<R>>) {
    presence.set_offered(false);
    handle.shutdown().await;
}

struct Item<R: Runtime> {
    app: AppHandle<R>,
    presence: TrayPresence,
    known: Known,
}

impl<R: Runtime> Item<R> {
    fn entry(label: &str, act: fn(&AppHandle<R>) -> tauri::Result<()>) -> MenuItem<Self> {
        StandardItem {
            label: label.to_owned(),
            activate: Box::new(move |item: &mut Self| item.act(act)),
            ..Default::default()
        }
        .into()
    }

    /// Opens the log of the task that is named. Without one the entry is there and not shown: what a menu has stays the same, and a
    /// click into one that a panel has open means what it shows.
    fn recent(recent: Option<&Recent>) -> MenuItem<Self> {
        let run = recent.map(|recent| recent.run.clone());
        StandardItem {
            label: recent.map(|recent| recent.label.clone()).unwrap_or_default(),
            visible: recent.is_some(),
            activate: Box::new(move |item: &mut Self| {
                let Some(run) = run.clone() else { return };
                item.act(move |app| follow_log(app, Machine::Here, run));
            }),
            ..Default::default()
        }
        .into()
    }

    /// Not on the bus's thread: the panel waits for that one.
    fn act(&self, act: impl FnOnce(&AppHandle<R>) -> tauri::Result<()> + Send + 'static) {
        let app = self.app.clone();
        spawn(async move {
            if let Err(error) = act(&app) {
                tracing::warn!("the tray asked for a window that was not shown: {error}");
            }
        });
    }
}

impl<R: Runtime> ksni::Tray for Item<R> {
    fn id(&self) -> String {
        "solti-desktop".to_owned()
    }

    fn title(&self) -> String {
        "Solti".to_owned()
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        if self.known.counts.running > 0 { RUNNING.clone() } else { IDLE.clone() }
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip { title: "Solti".to_owned(), description: self.known.counts.words(), ..Default::default() }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.act(open_main);
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let app = self.app.clone();
        let mut menu = vec![
            StandardItem {
                label: self.known.counts.words(),
                enabled: false,
                disposition: Disposition::Informative,
                ..Default::default()
            }
            .into(),
        ];
        let recents = self.known.recents.all();
        menu.extend((0..NAMED).map(|n| Self::recent(recents.get(n))));
        menu.extend([
            MenuItem::Separator,
            Self::entry("Show Solti", open_main),
            Self::entry("New task…", open_form),
            MenuItem::Separator,
            StandardItem {
                label: "Quit".to_owned(),
                activate: Box::new(move |_| {
                    let app = app.clone();
                    spawn(async move { closing::quit(&app).await });
                }),
                ..Default::default()
            }
            .into(),
        ]);
        menu
    }

    fn watcher_online(&self) {
        self.presence.set_panel(true);
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::info!("no tray shows the icon: {reason:?}");
        self.presence.set_panel(false);
        // One may come, or come back.
        true
    }
}

/// One colour that stands out from light and dark panels; a panel takes the size nearest to its own.
static IDLE: LazyLock<Vec<Icon>> = LazyLock::new(|| {
    pixmaps(&[
        include_image!("icons/tray-16x16.png"),
        include_image!("icons/tray-22x22.png"),
        include_image!("icons/tray-32x32.png"),
        include_image!("icons/tray-64x64.png"),
    ])
});
static RUNNING: LazyLock<Vec<Icon>> = LazyLock::new(|| {
    pixmaps(&[
        include_image!("icons/tray-running-16x16.png"),
        include_image!("icons/tray-running-22x22.png"),
        include_image!("icons/tray-running-32x32.png"),
        include_image!("icons/tray-running-64x64.png"),
    ])
});

/// The bus wants ARGB, in the order of the network.
fn pixmaps(images: &[Image<'_>]) -> Vec<Icon> {
    let argb = |pixel: &[u8; 4]| {
        let [r, g, b, a] = *pixel;
        [a, r, g, b]
    };
    let pixmap = |image: &Image<'_>| Icon {
        width: image.width() as i32,
        height: image.height() as i32,
        data: image.rgba().as_chunks().0.iter().flat_map(argb).collect(),
    };
    images.iter().map(pixmap).collect()
}
