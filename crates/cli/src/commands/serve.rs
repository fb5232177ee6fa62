//! `serve`: the engine without a window, for servers and ssh. Holds the data folder as the app would; when it ends, its
//! tasks go on and the next holder takes them up.

use crate::args::{Options, Serve};
use crate::doors::Doors;
use crate::error::CliError;
use crate::server;
use solti_api::guard::{AccessToken, Auth, StandardGuards};
use solti_engine::{Config, DataLock, Engine, Holder, start_journal};
use solti_grpc::{Listener, ServerOptions, TlsIdentity};
use solti_http::{CertificateFiles, ServeOptions, TcpOptions, Tls, certificate_names};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub async fn serve(options: &Options, serve: Serve) -> Result<u8, CliError> {
    let config = Config::open(server::data_dir(options)?)?;
    let data_dir = config.data_dir.clone();
    let doors = Doors::of(serve, &data_dir)?;
    let _lock = DataLock::acquire(&data_dir, Holder::Serve { pid: std::process::id() })?
        .map_err(|holder| CliError::Held { holder, data_dir: data_dir.clone() })?;
    start_journal(&data_dir);
    // Before tasks run: from here on, ending is letting go of them.
    let ending = asked_to_end()?;
    let engine = Engine::open(&config).await?;
    let served = Served::start(&engine, &data_dir, doors).await;
    let result = match served {
        Ok(served) => {
            served.announce(&data_dir);
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
    http: solti_http::Serving,
    grpc: Option<Grpc>,
    /// Where the token is that callers over TCP need.
    token: Option<PathBuf>,
    /// Of the certificate, where there is one.
    fingerprint: Option<String>,
}

struct Grpc {
    url: String,
    close: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), solti_grpc::GrpcError>>,
}

impl Served {
    async fn start(engine: &Engine, data_dir: &Path, mut doors: Doors) -> Result<Self, CliError> {
        let dir = data_dir.join("api");
        let token = match doors.token_file.take() {
            // A file that was named is to be there as it was meant.
            Some(file) => Ok(AccessToken::open_file(file).map_err(CliError::Token)?),
            None => AccessToken::open(&dir),
        };
        // The Unix socket needs none: its user can still look after the tasks.
        let (token, guards) = match token {
            Ok(token) => {
                let token = Arc::new(token);
                let guards = StandardGuards::new(Auth::for_this_user(Arc::clone(&token)));
                (Some(token), guards)
            }
            Err(source) => {
                CliError::Token(source).print(false);
                if doors.http.take().is_some() | doors.grpc.take().is_some() {
                    eprintln!("solti: HTTP and gRPC stay shut without it");
                }
                (None, StandardGuards::new(Auth::without_token()))
            }
        };
        let tls = |address: SocketAddr| match &doors.certificate {
            Some(own) => Some(Ok(own.clone())),
            None if address.ip().is_loopback() => None,
            // Both doors have the same one, made where there is none yet.
            None => Some(CertificateFiles::generated(&dir, &certificate_names(address, &doors.hosts))),
        };
        let (http_tls, grpc_tls) =
            (doors.http.and_then(tls).transpose()?, doors.grpc.and_then(tls).transpose()?);
        let shown = http_tls.as_ref().or(grpc_tls.as_ref());
        let fingerprint = shown.map(CertificateFiles::fingerprint).transpose()?;
        let tcp = doors.http.map(|address| TcpOptions {
            allowed_hosts: doors.hosts,
            ..TcpOptions::new(address, http_tls.map_or(Tls::Off, Tls::Own))
        });
        let options = ServeOptions { socket: Some(server::socket(data_dir)), tcp, ..ServeOptions::default() };
        let http = solti_http::serve(engine.api(), &guards, options).await?;
        let grpc = match doors.grpc {
            Some(address) => Some(Grpc::start(engine, &guards, address, grpc_tls).await?),
            None => None,
        };
        Ok(Self { http, grpc, token: token.map(|token| token.path().to_owned()), fingerprint })
    }

    /// One line for each address on standard output: who started this program may wait for them.
    fn announce(&self, data_dir: &Path) {
        println!("unix://{}", server::socket(data_dir).display());
        if let Some(url) = self.http.url() {
            println!("{url}");
        }
        if let Some(grpc) = &self.grpc {
            println!("{}", grpc.url);
        }
        if let Some(token) = self.token.as_ref().filter(|_| self.http.url().is_some() || self.grpc.is_some())
        {
            eprintln!("solti: the token is in {}", token.display());
        }
        if let Some(fingerprint) = &self.fingerprint {
            eprintln!("solti: the certificate's fingerprint is {fingerprint}");
        }
    }

    async fn stop(self) {
        if let Some(grpc) = self.grpc {
            // Whoever ended already hears nothing of it.
            grpc.close.send(()).ok();
            match grpc.serving.await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!("gRPC ended early: {error}"),
                Err(error) => tracing::error!("gRPC ended early: {error}"),
            }
        }
        self.http.shut_down().await;
    }
}

impl Grpc {
    async fn start(
        engine: &Engine,
        guards: &StandardGuards,
        address: SocketAddr,
        certificate: Option<CertificateFiles>,
    ) -> Result<Self, CliError> {
        let failed = |source| CliError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let taken = listener.local_addr().map_err(failed)?;
        let scheme = if certificate.is_some() { "grpcs" } else { "grpc" };
        let (close, closing) = oneshot::channel();
        let options = ServerOptions {
            auth: Some(Arc::clone(&guards.auth)),
            tls: certificate.as_ref().map(identity).transpose()?,
            ..ServerOptions::default()
        };
        let api = Arc::new(guards.around(engine.api()));
        let closing = async move { drop(closing.await) };
        let serving = tokio::spawn(solti_grpc::serve(api, Listener::Tcp(listener), options, closing));
        Ok(Self { url: format!("{scheme}://{taken}"), close, serving })
    }
}

fn identity(files: &CertificateFiles) -> Result<TlsIdentity, CliError> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|source| CliError::Input { what: path.display().to_string(), source })
    };
    Ok(TlsIdentity { certificate_pem: read(&files.certificate)?, key_pem: read(&files.key)? })
}
