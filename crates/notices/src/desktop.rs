//! Shows notices on the desktop and hears what somebody does about them: the notification service over the session bus.
//! <https://specifications.freedesktop.org/notification-spec/latest/>

use crate::rules::{About, Act, Notice};
use futures::stream::{BoxStream, StreamExt as _};
use std::collections::{HashMap, VecDeque};
use zbus::{Connection, Message, Proxy, connection, proxy::CacheProperties, zvariant::Value};

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// What a click beside the buttons means.
const CLICK: &str = "default";
/// Of notices that are shown so many are known: a service may not tell which it has put away.
const KNOWN: usize = 100;

/// What somebody wants done about a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What the notice was about; `None` where it told of several tasks.
    pub about: Option<About>,
    /// What is to be done.
    pub act: Act,
}

/// The desktop's notification service. Without a bus or a service nobody hears of anything, which is no error; one that comes
/// later is found by the next notice.
#[derive(Default)]
pub struct Desktop {
    /// Of another bus than the session's.
    address: Option<String>,
    service: Option<Service>,
}

struct Service {
    proxy: Proxy<'static>,
    heard: BoxStream<'static, Heard>,
    shown: Shown,
}

/// By what a notification is known: its number, and whoever counts. Another service that takes the place of one begins anew.
type Key = (String, u32);

/// What a service tells of.
enum Heard {
    Chosen(Key, String),
    Closed(Key),
}

impl Desktop {
    /// That of the bus at this address.
    pub fn at(address: &str) -> Self {
        Self { address: Some(address.to_owned()), service: None }
    }

    /// Shows a notice. One about a task takes the place of an earlier one about the same.
    ///
    /// # Errors
    /// Where there is no bus, or no service on it.
    pub async fn show(&mut self, notice: Notice) -> zbus::Result<()> {
        let service = match &mut self.service {
            Some(service) => service,
            none => none.insert(Service::find(self.address.as_deref()).await?),
        };
        let shown = service.show(notice).await;
        if shown.is_err() {
            // The bus may have gone; the next one is looked for.
            self.service = None;
        }
        shown
    }

    /// What somebody does next about a notice; waits for ever where none is shown. Nothing is lost by dropping it.
    pub async fn chosen(&mut self) -> Choice {
        loop {
            let Some(service) = &mut self.service else { return std::future::pending().await };
            match service.heard.next().await {
                Some(Heard::Chosen(key, action)) => {
                    if let Some(choice) = service.shown.choice(&key, &action) {
                        return choice;
                    }
                }
                Some(Heard::Closed(key)) => service.shown.forget(&key),
                None => self.service = None,
            }
        }
    }
}

impl Service {
    async fn find(address: Option<&str>) -> zbus::Result<Self> {
        let bus = match address {
            Some(address) => connection::Builder::address(address)?.build().await?,
            None => Connection::session().await?,
        };
        let proxy: Proxy<'static> = zbus::proxy::Builder::new(&bus)
            .destination(NAME)?
            .path(PATH)?
            .interface(NAME)?
            .cache_properties(CacheProperties::No)
            .build()
            .await?;
        // Before the first is shown, so that no answer is missed.
        let signals = proxy.receive_all_signals().await?;
        let heard = signals.filter_map(|signal| async move { heard(&signal) }).boxed();
        Ok(Self { proxy, heard, shown: Shown::default() })
    }

    async fn show(&mut self, notice: Notice) -> zbus::Result<()> {
        // Each time: it may be another service than it was.
        let can: Vec<String> = self.proxy.call("GetCapabilities", &()).await?;
        let has = |what: &str| can.iter().any(|one| one == what);
        let acts = if has("actions") { notice.acts() } else { &[] };
        let click = acts.first().map(|first| [CLICK, first.words()]);
        let buttons = acts.iter().flat_map(|act| [act.key(), act.words()]);
        let actions: Vec<&str> = click.into_iter().flatten().chain(buttons).collect();
        let body = if has("body-markup") { as_markup(&notice.body) } else { harmless(&notice.body) };
        let title = harmless(&notice.title);
        let hints = HashMap::from([("desktop-entry", Value::from("solti-desktop"))]);
        let before = self.shown.id_about(notice.about.as_ref());
        let told = ("Solti", before, "", &*title, &*body, actions, hints, -1i32);
        let answer = self.proxy.call_method("Notify", &told).await?;
        let id: u32 = answer.body().deserialize()?;
        if let Some(owner) = answer.header().sender() {
            self.shown.note((owner.to_string(), id), notice);
        }
        Ok(())
    }
}

fn heard(signal: &Message) -> Option<Heard> {
    let header = signal.header();
    let key = |id| Some((header.sender()?.to_string(), id));
    match header.member()?.as_str() {
        "ActionInvoked" => {
            let (id, action) = signal.body().deserialize::<(u32, String)>().ok()?;
            Some(Heard::Chosen(key(id)?, action))
        }
        "NotificationClosed" => {
            let (id, _) = signal.body().deserialize::<(u32, u32)>().ok()?;
            Some(Heard::Closed(key(id)?))
        }
        _ => None,
    }
}

/// What is shown, the latest last.
#[derive(Default)]
struct Shown(VecDeque<(Key, Notice)>);

impl Shown {
    fn note(&mut self, key: Key, notice: Notice) {
        self.forget(&key);
        if self.0.len() == KNOWN {
            self.0.pop_front();
        }
        self.0.push_back((key, notice));
    }

    fn forget(&mut self, key: &Key) {
        self.0.retain(|(shown, _)| shown != key);
    }

    /// The number of a notice about the same task; 0 for none.
    fn id_about(&self, about: Option<&About>) -> u32 {
        let Some(About { run, .. }) = about else { return 0 };
        let is_same = |notice: &Notice| notice.about.as_ref().is_some_and(|shown| shown.run.task == run.task);
        self.0.iter().rfind(|(_, notice)| is_same(notice)).map_or(0, |((_, id), _)| *id)
    }

    fn choice(&self, key: &Key, action: &str) -> Option<Choice> {
        let (_, notice) = self.0.iter().find(|(shown, _)| shown == key)?;
        let acts = notice.acts();
        let act = if action == CLICK { acts.first() } else { acts.iter().find(|act| act.key() == action) };
        Some(Choice { about: notice.about.clone(), act: *act? })
    }
}

/// Without characters that are none of a text.
fn harmless(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\t' => c,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(shown).collect()
}

/// A text as the markup that the body of a notification is: what a task has written must not become links and pictures.
fn as_markup(text: &str) -> String {
    let mut markup = String::with_capacity(text.len());
    for c in harmless(text).chars() {
        match c {
            '&' => markup.push_str("&amp;"),
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            c => markup.push(c),
        }
    }
    markup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_task_says_is_no_markup() {
        let said = "<img src=\"file:///etc/passwd\"/> & <a href='x'>y</a>\x1b[31m\n2 > 1";
        let shown = "&lt;img src=\"file:///etc/passwd\"/&gt; &amp; &lt;a href='x'&gt;y&lt;/a&gt;\u{fffd}[31m\n2 &gt; 1";
        assert_eq!(as_markup(said), shown);
    }
}
