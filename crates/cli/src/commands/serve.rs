//! `serve`: the engine without a window, for servers and ssh. Holds the data folder as the app would; when it ends, its
//! tasks go on and the next holder takes them up.

use crate::args::{Options, Serve};
use crate::error::CliError;
use crate::serve_doors::ServeDoors;
use crate::server;
use crate::terminal::say;
use solti_api::guard::AccessToken;
use solti_doors::{Door, Keys, OpenDoor};
use solti_engine::{Config, DataLock, Engine, Holder, start_journal};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

pub async fn serve(options: &Options, serve: Serve) -> Result<u8, CliError> {
    let config = Config::open(server::data_dir(options)?)?;
    let data_dir = config.data_dir.clone();
    let doors = ServeDoors::of(serve, &data_dir)?;
    let _lock = DataLock::acquire(&data_dir, Holder::Serve { pid: std::process::id() })?
        .map_err(|holder| CliError::Held { holder, data_dir: data_dir.clone() })?;
    start_journal(&data_dir);
    // Before tasks run: from here on, ending is letting go of them.
    let ending = asked_to_end()?;
    let engine = Engine::open(&config).await?;
    let served = Served::start(&engine, &data_dir, doors).await;
    let result = match served {
        Ok(served) => {
            served.announce();
            ending.await;
            served.stop().await;
            Ok(0)
        }
        Err(error) => Err(error),
    };
    engine.detach().await;
    result
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

/// Everything that listens.
struct Served {
    socket: OpenDoor,
    over_tcp: Vec<OpenDoor>,
    /// Where the token is that callers over TCP need.
    token: Option<PathBuf>,
}

impl Served {
    async fn start(engine: &Engine, data_dir: &Path, mut doors: ServeDoors) -> Result<Self, CliError> {
        let folder = solti_doors::folder(data_dir);
        let token = match doors.token_file.take() {
            // A file that was named is to be there as it was meant.
            Some(file) => Ok(AccessToken::open_file(file).map_err(CliError::Token)?),
            None => AccessToken::open(&folder),
        };
        // The Unix socket needs none: its user can still look after the tasks.
        let (token, keys, over_tcp) = match token.map(Arc::new) {
            Ok(token) => (Some(token.path().to_owned()), Keys::with(&token), doors.over_tcp()),
            Err(source) => {
                CliError::Token(source).print(false);
                if !doors.over_tcp().is_empty() {
                    say!("solti: HTTP and gRPC stay shut without it");
                }
                (None, Keys::without_token(), vec![])
            }
        };
        let api = engine.api();
        let mut served = Self {
            socket: Door::Socket.open(&folder, &api, &keys).await?,
            over_tcp: vec![],
            token: token.filter(|_| !over_tcp.is_empty()),
        };
        for door in over_tcp {
            served.over_tcp.push(door.open(&folder, &api, &keys).await?);
        }
        Ok(served)
    }

    /// One line for each address on standard output: who started this program may wait for them.
    fn announce(&self) {
        let mut out = std::io::stdout().lock();
        // Who has gone need not know them.
        writeln!(out, "unix://{}", self.socket.address()).ok();
        for door in &self.over_tcp {
            writeln!(out, "{}", door.address()).ok();
        }
        if let Some(token) = &self.token {
            say!("solti: the token is in {}", token.display());
        }
        // All doors show the same one.
        if let Some(fingerprint) = self.over_tcp.iter().find_map(OpenDoor::fingerprint) {
            say!("solti: the certificate's fingerprint is {fingerprint}");
        }
    }

    async fn stop(self) {
        for door in self.over_tcp {
            door.shut().await;
        }
        self.socket.shut().await;
    }
}
