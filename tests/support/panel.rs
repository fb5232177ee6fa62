//! A desktop's panel, as far as it matters to an icon in the tray: it collects icons as panels do
//! (`org.kde.StatusNotifierWatcher`), reads what they show, and uses their menus, all over the session bus.

use super::window::eventually;
use solti_testing::PATIENCE;
use std::collections::HashMap;
use tokio::sync::watch;
use zbus::{
    Connection, Proxy, connection, interface,
    proxy::CacheProperties,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

pub struct Panel {
    bus: Connection,
    registered: watch::Receiver<Option<String>>,
}

struct Watcher(watch::Sender<Option<String>>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, service: String) {
        self.0.send_replace(Some(service));
    }

    #[zbus(property)]
    fn registered_status_notifier_items(&self) -> Vec<String> {
        self.0.borrow().iter().cloned().collect()
    }

    #[zbus(property)]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }

    #[zbus(property)]
    fn protocol_version(&self) -> i32 {
        0
    }
}

impl Panel {
    pub async fn on(bus: &str) -> Self {
        let (told, registered) = watch::channel(None);
        let bus = connection::Builder::address(bus)
            .and_then(|builder| builder.serve_at("/StatusNotifierWatcher", Watcher(told)))
            .and_then(|builder| builder.name("org.kde.StatusNotifierWatcher"))
            .expect("a bus");
        Self { bus: bus.build().await.expect("the only panel on it"), registered }
    }

    /// The icon that is there, or the next that comes.
    pub async fn icon(&self) -> TrayIcon {
        let mut registered = self.registered.clone();
        let service = tokio::time::timeout(PATIENCE, registered.wait_for(Option::is_some)).await;
        let service = service.expect("an icon in time").expect("the panel is there").clone().expect("some");
        let item = proxy(&self.bus, &service, "/StatusNotifierItem", "org.kde.StatusNotifierItem").await;
        let menu: OwnedObjectPath = item.get_property("Menu").await.expect("a menu");
        let menu = proxy(&self.bus, &service, menu.as_str(), "com.canonical.dbusmenu").await;
        TrayIcon { item, menu }
    }

    /// The panel goes, as when a desktop is restarted.
    pub async fn leave(self) {
        self.bus.close().await.expect("closed");
    }
}

async fn proxy(bus: &Connection, service: &str, path: &str, interface: &str) -> Proxy<'static> {
    let builder = zbus::proxy::Builder::<Proxy<'static>>::new(bus)
        .destination(service.to_owned())
        .and_then(|builder| builder.path(path.to_owned()))
        .and_then(|builder| builder.interface(interface.to_owned()))
        .expect("names");
    builder.cache_properties(CacheProperties::No).build().await.expect("the icon is on the bus")
}

/// Width, height, and the pixels.
pub type Pixmap = (i32, i32, Vec<u8>);

pub struct TrayIcon {
    item: Proxy<'static>,
    menu: Proxy<'static>,
}

/// One line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    id: i32,
    pub label: String,
    pub enabled: bool,
}

impl TrayIcon {
    pub async fn tool_tip(&self) -> String {
        let (_, _, title, words): (String, Vec<Pixmap>, String, String) =
            self.item.get_property("ToolTip").await.expect("a tool tip");
        format!("{title}: {words}")
    }

    pub async fn see_tool_tip(&self, wanted: &str) {
        eventually(&format!("the tray says {wanted:?}"), || async {
            Ok((self.tool_tip().await == wanted).then_some(()))
        })
        .await;
    }

    pub async fn see_gone(&self) {
        eventually("the icon goes", || async {
            Ok(self.item.get_property::<String>("Title").await.is_err().then_some(()))
        })
        .await;
    }

    pub async fn pixmaps(&self) -> Vec<Pixmap> {
        self.item.get_property("IconPixmap").await.expect("pictures")
    }

    /// A click on the icon.
    pub async fn activate(&self) {
        self.item.call_method("Activate", &(0, 0)).await.expect("taken");
    }

    /// What the menu shows, without its separators.
    pub async fn entries(&self) -> Vec<Entry> {
        let items: Vec<(i32, HashMap<String, OwnedValue>)> = self
            .menu
            .call("GetGroupProperties", &(Vec::<i32>::new(), Vec::<String>::new()))
            .await
            .expect("items");
        let entry = |(id, properties): (i32, HashMap<String, OwnedValue>)| {
            let label: String = properties.get("label")?.try_clone().ok()?.try_into().ok()?;
            if properties.get("visible").is_some_and(|value| **value == Value::Bool(false)) {
                return None;
            }
            let enabled = properties.get("enabled").is_none_or(|value| **value != Value::Bool(false));
            Some(Entry { id, label, enabled })
        };
        items.into_iter().filter_map(entry).collect()
    }

    /// The menu, once it is as it should be.
    pub async fn see_entries(&self, what: &str, wanted: impl Fn(&[Entry]) -> bool) -> Vec<Entry> {
        eventually(&format!("the tray's menu names {what}"), || async {
            let entries = self.entries().await;
            Ok(wanted(&entries).then_some(entries))
        })
        .await
    }

    pub async fn choose(&self, label: &str) {
        let entries = self.entries().await;
        let entry = entries.iter().find(|entry| entry.label == label);
        let entry = entry.unwrap_or_else(|| panic!("{label} is not among {entries:?}"));
        let event = (entry.id, "clicked", Value::from(0), 0_u32);
        self.menu.call_method("Event", &event).await.expect("taken");
    }
}
