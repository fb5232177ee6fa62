//! Which machine each window is on, and the clients that reach the others.
//!
//! A client lives while a window is on its machine, so that what is said of the machine is what open streams have seen last.

use crate::client::{LinkError, with_kept};
use crate::machine::Machine;
use crate::remembered::Remembered;
use crate::tokens::Tokens;
use crate::watched::Watched;
use solti_api::{ApiError, DesktopApi, SettingsAccess, in_full};
use solti_http::HttpClient;
use solti_model::{Connection, Settings};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use tokio::runtime::Handle;
use tokio::sync::watch;

/// One for the app: which machine each of its windows is on, and a client for each machine that one is on.
pub struct Machines {
    here: Arc<dyn DesktopApi>,
    pub(crate) settings: Arc<dyn SettingsAccess>,
    pub(crate) tokens: Tokens,
    remembered: Remembered,
    /// The window that comes back to the machine that it was on.
    main: &'static str,
    table: Mutex<MachineTable>,
    /// How this machine is, where its engine is another program's.
    pub(crate) here_watched: OnceLock<Watched>,
    /// Counts the changes of what windows are told.
    pub(crate) news: watch::Sender<u64>,
    /// One change of the connections at a time: a token and its connection belong together.
    pub(crate) saving: tokio::sync::Mutex<()>,
    runtime: Handle,
}

#[derive(Default)]
pub(crate) struct MachineTable {
    /// Windows that are not on this machine, by name.
    pub(crate) seats: HashMap<String, Seat>,
    /// By the connection's name.
    pub(crate) links: HashMap<String, Link>,
    /// How many look at all machines.
    pub(crate) lookers: usize,
    /// Why some of those cannot even be tried, by the connection's name.
    pub(crate) untried: HashMap<String, String>,
    next: u64,
}

pub(crate) struct Seat {
    pub(crate) name: String,
    /// There is no connection of that name, or it is gone; a later one of that name is another machine.
    pub(crate) removed: bool,
}

/// A machine that at least one window is on.
pub(crate) struct Link {
    /// Another number is another client: streams of the one before do not come back.
    pub(crate) number: u64,
    connection: Connection,
    api: Arc<dyn DesktopApi>,
    pub(crate) watched: Watched,
}

impl Machines {
    /// `main` names the main window. What is done beside calls goes on in `runtime`.
    pub fn new(
        here: Arc<dyn DesktopApi>,
        settings: Arc<dyn SettingsAccess>,
        data_dir: &Path,
        main: &'static str,
        runtime: Handle,
    ) -> Arc<Self> {
        let followed = settings.watch_settings();
        let machines = Arc::new(Self {
            here,
            settings,
            tokens: Tokens::in_folder(data_dir),
            remembered: Remembered::in_folder(data_dir),
            main,
            table: Mutex::default(),
            here_watched: OnceLock::new(),
            news: watch::Sender::new(0),
            saving: tokio::sync::Mutex::default(),
            runtime,
        });
        machines.runtime.spawn(follow(Arc::downgrade(&machines), followed));
        machines
    }

    /// Windows are told how this machine is, whose engine is another program's at the other end of `client`.
    pub fn watch_here(&self, client: HttpClient) {
        self.here_watched.get_or_init(|| Watched::start(client, self.news.clone(), &self.runtime));
    }

    /// This machine, whatever a window is on: what closes with the app, what it notifies of.
    pub fn here(&self) -> &Arc<dyn DesktopApi> {
        &self.here
    }

    /// The machine that a window is on.
    pub fn of(&self, window: &str) -> Machine {
        self.table().seats.get(window).map_or(Machine::Here, |seat| Machine::Named(seat.name.clone()))
    }

    /// What answers the commands of a window.
    ///
    /// # Errors
    /// `Unavailable` when its machine has been removed, or cannot be tried at all.
    pub fn api(&self, window: &str) -> Result<Arc<dyn DesktopApi>, ApiError> {
        let mut table = self.table();
        let Some(Seat { name, removed }) = table.seats.get(window) else { return Ok(Arc::clone(&self.here)) };
        let gone = ApiError::Unavailable {
            reason: format!("the connection of this window, {name}, is not in the settings"),
        };
        if *removed {
            return Err(gone);
        }
        if let Some(link) = table.links.get(name) {
            return Ok(Arc::clone(&link.api));
        }
        // It could not be tried before.
        let Some(connection) = self.connection(name) else { return Err(gone) };
        let link = self.link(connection, &mut table.next)?;
        let api = Arc::clone(&link.api);
        table.links.insert(link.connection.name.clone(), link);
        Ok(api)
    }

    /// What answers for a machine, whichever one a window is on.
    ///
    /// # Errors
    /// `Unavailable` when no connection has that name, or it cannot be tried at all.
    pub fn api_of(&self, machine: &Machine) -> Result<Arc<dyn DesktopApi>, ApiError> {
        let Machine::Named(name) = machine else { return Ok(Arc::clone(&self.here)) };
        if let Some(link) = self.table().links.get(name) {
            return Ok(Arc::clone(&link.api));
        }
        let unknown = || ApiError::Unavailable { reason: format!("no connection is named {name}") };
        // Nobody else is on it: this client is gone with whoever has asked for it.
        Ok(Arc::new(with_kept(&self.tokens, &self.connection(name).ok_or_else(unknown)?)?))
    }

    /// Puts a window on a machine; one that it is on already is tried again without a pause. The main window comes back to it.
    ///
    /// # Errors
    /// `InvalidRequest` for a name that no connection has; `Unavailable` when it cannot be tried at all. The window then
    /// stays where it is.
    pub fn choose(&self, window: &str, machine: Machine) -> Result<(), ApiError> {
        // One step: a link without a window is dropped by whoever looks at the table next.
        let mut table = self.table();
        if let Machine::Named(name) = &machine {
            let unknown = || ApiError::invalid("machine", format!("no connection is named {name}"));
            let connection = self.connection(name).ok_or_else(unknown)?;
            match table.links.get(name) {
                Some(link) => link.watched.try_now(),
                None => {
                    let link = self.link(connection, &mut table.next)?;
                    table.links.insert(name.clone(), link);
                }
            }
        }
        self.sit(&mut table, window, &machine);
        drop(table);
        self.tell();
        if window == self.main {
            self.remember(&machine);
        }
        Ok(())
    }

    /// Puts a main window that is made on the machine that the one before was on, if that is still there.
    pub fn come_back(&self) {
        let machine = self.remembered.machine();
        if machine == Machine::Here {
            return;
        }
        if let Err(error) = self.choose(self.main, machine) {
            tracing::info!("the window is on this machine: {error}");
        }
    }

    fn remember(&self, machine: &Machine) {
        if let Err(error) = self.remembered.set(machine) {
            tracing::warn!("the next start will not know which machine was shown: {error}");
        }
    }

    /// As [`Self::choose`], for a window of whose machine something is asked for: when it is not there, the window says so.
    pub fn seat(&self, window: &str, machine: Machine) {
        self.sit(&mut self.table(), window, &machine);
        self.tell();
    }

    fn sit(&self, table: &mut MachineTable, window: &str, machine: &Machine) {
        match machine {
            Machine::Here => table.seats.remove(window),
            Machine::Named(name) => {
                let removed = self.connection(name).is_none();
                table.seats.insert(window.to_owned(), Seat { name: name.clone(), removed })
            }
        };
        table.drop_unused();
    }

    /// The window is gone.
    pub fn leave(&self, window: &str) {
        let mut table = self.table();
        if table.seats.remove(window).is_some() {
            table.drop_unused();
            drop(table);
            self.tell();
        }
    }

    pub(crate) fn table(&self) -> MutexGuard<'_, MachineTable> {
        // Nothing panics while holding it; if something did, the table is still whole.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connection(&self, name: &str) -> Option<Connection> {
        self.settings.settings().connections.into_iter().find(|connection| connection.name == name)
    }

    fn tell(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    fn link(&self, connection: Connection, next: &mut u64) -> Result<Link, LinkError> {
        let client = with_kept(&self.tokens, &connection)?;
        *next += 1;
        let watched = Watched::start(client.clone(), self.news.clone(), &self.runtime);
        Ok(Link { number: *next, connection, api: Arc::new(client), watched })
    }

    /// Makes the client of a machine anew, if it has one: its connection or its token is another one now.
    pub(crate) fn renew(&self, table: &mut MachineTable, name: &str) {
        if table.links.remove(name).is_none() {
            return;
        }
        let Some(connection) = self.connection(name) else { return };
        match self.link(connection, &mut table.next) {
            Ok(link) => drop(table.links.insert(name.to_owned(), link)),
            // Whoever calls it is told.
            Err(error) => tracing::warn!("{name} cannot be reached: {}", in_full(&error)),
        }
    }

    /// A client for each machine that has none yet, while somebody looks at all of them.
    fn link_looked_at(&self, table: &mut MachineTable) {
        if table.lookers == 0 {
            return;
        }
        table.untried.clear();
        for connection in self.settings.settings().connections {
            let name = connection.name.clone();
            if table.links.contains_key(&name) {
                continue;
            }
            match self.link(connection, &mut table.next) {
                Ok(link) => drop(table.links.insert(name, link)),
                Err(error) => drop(table.untried.insert(name, in_full(&error))),
            }
        }
    }

    /// Brings the table and the tokens to what the settings say. The main window leaves a machine that is gone; a log window
    /// stays and says so.
    pub(crate) fn settle(&self) {
        let connections = self.settings.settings().connections;
        if let Err(error) = self.tokens.keep_only(&connections) {
            tracing::warn!("tokens of removed connections are still there: {error}");
        }
        let named = |name: &str| connections.iter().find(|connection| connection.name == name);
        if let Machine::Named(name) = self.remembered.machine()
            && named(&name).is_none()
        {
            self.remember(&Machine::Here);
        }
        let mut table = self.table();
        table.seats.retain(|window, seat| {
            seat.removed |= named(&seat.name).is_none();
            !(seat.removed && window == self.main)
        });
        let differs = |(name, link): &(&String, &Link)| named(name) != Some(&link.connection);
        let changed: Vec<String> = table.links.iter().filter(differs).map(|(name, _)| name.clone()).collect();
        for name in changed {
            self.renew(&mut table, &name);
        }
        self.link_looked_at(&mut table);
        table.drop_unused();
        drop(table);
        self.tell();
    }
}

/// Somebody looks at all machines: each is reached, or tried, until this is dropped.
pub(crate) struct LookAtAll(Arc<Machines>);

impl LookAtAll {
    pub(crate) fn of(machines: &Arc<Machines>) -> Self {
        let mut table = machines.table();
        table.lookers += 1;
        machines.link_looked_at(&mut table);
        drop(table);
        machines.tell();
        Self(Arc::clone(machines))
    }
}

impl Drop for LookAtAll {
    fn drop(&mut self) {
        let mut table = self.0.table();
        table.lookers -= 1;
        table.drop_unused();
        drop(table);
        self.0.tell();
    }
}

impl MachineTable {
    fn drop_unused(&mut self) {
        if self.lookers > 0 {
            return;
        }
        self.untried.clear();
        let seats = &self.seats;
        self.links.retain(|name, _| seats.values().any(|seat| !seat.removed && seat.name == *name));
    }
}

/// Settles after every change of the connections, for as long as somebody has the machines.
async fn follow(machines: Weak<Machines>, mut settings: watch::Receiver<Settings>) {
    let mut known = settings.borrow_and_update().connections.clone();
    while settings.changed().await.is_ok() {
        let now = settings.borrow_and_update().connections.clone();
        if now == known {
            continue;
        }
        known = now;
        let Some(machines) = machines.upgrade() else { return };
        let _one = machines.saving.lock().await;
        machines.settle();
    }
}

#[cfg(test)]
mod tests;
