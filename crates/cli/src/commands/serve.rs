//! `serve`: the engine without a window, for servers and ssh. Holds the data folder as the app would; when it ends, its
//! tasks go on and the next holder takes them up.

use crate::args::{Options, Serve};
use crate::error::CliError;
use crate::serve_doors::ServeDoors;
use crate::server;
use crate::terminal::say;
use futures::StreamExt as _;
use solti_api::Owner;
use solti_api::guard::AccessToken;
use solti_doors::{Behind, Door, DoorFlags, Doors, Keys, OpenDoor};
use solti_engine::{Config, DataLock, Engine, Holder, start_journal};
use solti_model::{DoorState, DoorStates};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

/// In the folder of the doors, as the API calls it.
const TOKEN: &str = "token";

pub async fn serve(options: &Options, serve: Serve) -> Result<u8, CliError> {
    let (standby, background) = (serve.standby, serve.background);
    if background {
        // Out of the terminal's session: what ends that does not end the engine. It fails for the leader of one, which has none.
        rustix::process::setsid().ok();
    }
    let config = Config::open(server::data_dir(options)?)?;
    let data_dir = config.data_dir.clone();
    let doors = ServeDoors::of(serve, &data_dir)?;
    let ending = asked_to_end()?;
    outlive_other_signals();
    tokio::pin!(ending);
    let holder = Holder::Serve { pid: std::process::id() };
    let _lock = match DataLock::acquire(&data_dir, holder)? {
        Ok(lock) => lock,
        Err(_) if background => return Ok(0),
        Err(other) if standby => {
            say!("solti: {other} holds the tasks in {}; waiting until it ends", data_dir.display());
            let folder = data_dir.clone();
            let free = spawn_blocking(move || DataLock::wait(&folder, holder));
            tokio::select! {
                lock = free => lock.map_err(std::io::Error::other)??,
                () = &mut ending => return Ok(0),
            }
        }
        Err(holder) => return Err(CliError::Held { holder, data_dir }),
    };
    start_journal(&data_dir);
    let engine = Engine::open(&config).await?;
    let by_settings = (standby || background) && doors.say_nothing();
    let served = match by_settings {
        true => Served::as_the_settings_say(&engine, &data_dir).await,
        false => Served::named(&engine, &data_dir, doors).await,
    };
    let result = match served {
        Ok(served) => {
            served.announce();
            if background {
                let_go_of_output()?;
            }
            ending.await;
            served.stop().await;
            Ok(0)
        }
        Err(error) => Err(error),
    };
    engine.detach().await;
    result
}

/// Why a file that somebody chose holds no token. That another one is made where it is deleted is said of our own alone.
fn token_file(path: PathBuf, error: &std::io::Error) -> CliError {
    let said = error.to_string();
    CliError::TokenFile { path, said: said.split("; ").next().unwrap_or_default().to_owned() }
}

/// Whoever has started this program reads no more; a terminal that is gone must not be written to.
fn let_go_of_output() -> std::io::Result<()> {
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    Ok(rustix::stdio::dup2_stderr(&nowhere)?)
}

/// Done at the first signal that ends programs.
fn asked_to_end() -> Result<impl Future<Output = ()>, CliError> {
    let on = |kind, name| signal(kind).map_err(|error| CliError::Signal(name, error));
    let mut terminate = on(SignalKind::terminate(), "SIGTERM")?;
    let mut interrupt = on(SignalKind::interrupt(), "Ctrl-C")?;
    let mut hangup = on(SignalKind::hangup(), "SIGHUP")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// The real-time signals of Linux that libc leaves to programs.
const REAL_TIME: RangeInclusive<i32> = 34..=64;

/// What is meant for another process, or sent to see whether this one lives, ends it no more than its tasks. Handlers, which no program
/// that is started inherits.
fn outlive_other_signals() {
    use rustix::process::Signal;
    let named = [
        Signal::USR1,
        Signal::USR2,
        Signal::ALARM,
        Signal::VTALARM,
        Signal::PROF,
        Signal::IO,
        Signal::POWER,
        Signal::STKFLT,
    ];
    for number in named.map(Signal::as_raw).into_iter().chain(REAL_TIME) {
        // Without it the signal ends this process as it ends any other.
        signal(SignalKind::from_raw(number)).ok();
    }
}

/// Everything that listens.
enum Served {
    /// As the settings say: the doors of the app.
    BySettings { doors: Arc<Doors>, socket: String },
    Named {
        socket: Box<OpenDoor>,
        over_tcp: Vec<OpenDoor>,
        /// Where the token is that callers over TCP need.
        token: Option<PathBuf>,
        /// Whoever follows them hears of their end by it.
        _states: watch::Sender<DoorStates>,
    },
}

impl Served {
    async fn as_the_settings_say(engine: &Engine, data_dir: &Path) -> Result<Self, CliError> {
        let doors = Arc::new(Doors::new(data_dir));
        let behind = Behind { api: engine.api(), settings: engine.settings(), engine: engine.info() };
        let followed = Arc::clone(&doors);
        tokio::spawn(async move { followed.follow(behind, DoorFlags::default()).await });
        let mut states = doors.states();
        while let Some(DoorStates { socket, .. }) = states.next().await {
            match socket {
                DoorState::Shut => {}
                DoorState::Open { address, .. } => return Ok(Self::BySettings { doors, socket: address }),
                DoorState::Failed { problem } => return Err(CliError::NoEngine { said: problem }),
            }
        }
        // The sender is in `doors`.
        Err(CliError::Disconnected)
    }

    async fn named(engine: &Engine, data_dir: &Path, mut doors: ServeDoors) -> Result<Self, CliError> {
        let folder = solti_doors::folder(data_dir);
        let token = match doors.token_file.take() {
            // A file that was named is to be there as it was meant.
            Some(file) => {
                let opened = AccessToken::open_file(file.clone());
                Ok(opened.map_err(|error| token_file(file, &error))?)
            }
            None => AccessToken::open(&folder),
        };
        // The Unix socket needs none: its user can still look after the tasks.
        let (states, reported) = watch::channel(DoorStates::default());
        let token = token.map(Arc::new);
        let owner = Owner {
            engine: engine.info(),
            settings: engine.settings(),
            doors: reported,
            token: token.as_ref().ok().cloned(),
        };
        let (token, keys, named) = match token {
            Ok(token) => (Some(token.path().to_owned()), Keys::with(&token), doors.over_tcp()),
            Err(source) => {
                CliError::Token { path: folder.join(TOKEN), source }.print(false);
                if !doors.over_tcp().is_empty() {
                    say!("solti: HTTP and gRPC stay shut without it");
                }
                (None, Keys::without_token(), vec![])
            }
        };
        let api = engine.api();
        let socket = Door::Socket.open(&folder, &api, &keys.clone().for_owner(owner)).await?;
        states.send_modify(|states| states.socket = socket.state());
        let token = token.filter(|_| !named.is_empty());
        let mut over_tcp = vec![];
        for door in named {
            let open = door.open(&folder, &api, &keys).await?;
            states.send_modify(|states| match door {
                Door::Grpc { .. } => states.grpc = open.state(),
                Door::Http { .. } | Door::Socket => states.http = open.state(),
            });
            over_tcp.push(open);
        }
        Ok(Self::Named { socket: Box::new(socket), over_tcp, token, _states: states })
    }

    /// One line for each address on standard output: who started this program may wait for them.
    fn announce(&self) {
        let mut out = std::io::stdout().lock();
        match self {
            // Who has gone need not know them.
            Self::BySettings { socket, .. } => drop(writeln!(out, "unix://{socket}")),
            Self::Named { socket, over_tcp, token, .. } => {
                writeln!(out, "unix://{}", socket.address()).ok();
                for door in over_tcp {
                    writeln!(out, "{}", door.address()).ok();
                }
                if let Some(token) = token {
                    say!("solti: the token is in {}", token.display());
                }
                // All doors show the same one.
                if let Some(fingerprint) = over_tcp.iter().find_map(OpenDoor::fingerprint) {
                    say!("solti: the certificate's fingerprint is {fingerprint}");
                }
            }
        }
    }

    async fn stop(self) {
        match self {
            Self::BySettings { doors, .. } => doors.shut().await,
            Self::Named { socket, over_tcp, .. } => {
                for door in over_tcp {
                    door.shut().await;
                }
                socket.shut().await;
            }
        }
    }
}
